"""What can go wrong in signalling, each error with the SIP answer it deserves.

SipError              something a peer sent: answer `status`, count it
  MalformedError      400, breaks the grammar of RFC 3261 section 25
  TooLargeError       513, exceeds the configured limits
  UriSchemeError      416
  VersionError        505
StackMisuseError      something the transaction user did: a programming error, never sent to a peer
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from softacd.sip.message import Request


class SipError(Exception):
    """A peer sent something that cannot be served; `status` (400..699) is the answer it gets.

    `request` is as much of the request as could be read, None for responses and unreadable datagrams: enough
    to address the answer when its Via, From, To, Call-ID and CSeq are there.
    """

    status = 400

    def __init__(self, reason: str, *, request: Request | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.request = request


class MalformedError(SipError):
    """The bytes break the grammar; RFC 3261 section 16.3 step 1 answers 400."""


class TooLargeError(SipError):
    """Longer than this element reads (RFC 3261 section 21.5.7)."""

    status = 513


class UriSchemeError(SipError):
    """A Request-URI this element cannot route (RFC 3261 section 8.2.2.1)."""

    status = 416


class VersionError(SipError):
    """Another major version of SIP (RFC 3261 section 21.5.6)."""

    status = 505


class StackMisuseError(RuntimeError):
    """The transaction user asked for something the protocol forbids, such as a second final response."""
