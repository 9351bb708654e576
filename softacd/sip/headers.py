"""Header names and the structured header values: NameAddress, Via, CSeq (RFC 3261 section 20)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import msgspec

from softacd.sip.errors import MalformedError
from softacd.sip.grammar import format_parameters, is_token, parse_number, parse_parameters, quote, unquote
from softacd.sip.uri import SipUri

# As written on the wire; the key everywhere inside is the lower-case long form.
# fmt: off
_KNOWN = (
    "Accept", "Accept-Encoding", "Accept-Language", "Alert-Info", "Allow", "Allow-Events",
    "Authentication-Info", "Authorization", "Call-ID", "Call-Info", "Contact", "Content-Disposition",
    "Content-Encoding", "Content-Language", "Content-Length", "Content-Type", "CSeq", "Date", "Diversion",
    "Error-Info", "Event", "Expires", "From", "History-Info", "In-Reply-To", "Max-Forwards", "MIME-Version",
    "Min-Expires", "Min-SE", "Organization", "P-Asserted-Identity", "P-Called-Party-ID", "P-Charging-Vector",
    "P-Early-Media", "P-Preferred-Identity", "Path", "Priority", "Privacy", "Proxy-Authenticate",
    "Proxy-Authorization", "Proxy-Require", "RAck", "Reason", "Record-Route", "Refer-Sub", "Refer-To",
    "Referred-By", "Remote-Party-ID", "Replaces", "Reply-To", "Require", "Retry-After", "Route", "RSeq",
    "Server", "Service-Route", "Session-Expires", "SIP-ETag", "SIP-If-Match", "Subject", "Subscription-State",
    "Supported", "Timestamp", "To", "Unsupported", "User-Agent", "Via", "Warning", "WWW-Authenticate",
)
# fmt: on
# RFC 3261 section 7.3.3 and the registry of compact forms.
_COMPACT = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
    "y": "identity",
}  # fmt: skip

DISPLAY_NAMES: dict[str, str] = {name.lower(): name for name in _KNOWN}
# Spellings met on the wire -> key; others take the slow way through `canonical_name`.
SPELLINGS: dict[str, str] = {
    spelling: name.lower() for name in _KNOWN for spelling in (name, name.lower(), name.upper(), name.title())
} | {spelling: key for short, key in _COMPACT.items() for spelling in (short, short.upper())}

# Headers whose grammar is a comma separated list (RFC 3261 section 7.3.1); never split dates and credentials.
# fmt: off
LISTS = frozenset((
    "accept", "accept-encoding", "accept-language", "alert-info", "allow", "allow-events", "call-info",
    "contact", "content-encoding", "content-language", "diversion", "error-info", "history-info", "in-reply-to",
    "p-asserted-identity", "p-preferred-identity", "path", "proxy-require", "reason", "record-route",
    "remote-party-id", "require", "route", "service-route", "supported", "unsupported", "via", "warning",
))
# fmt: on
# Headers that may stand only once in a message (RFC 3261 section 7.3.1, RFC 4475 section 3.3.8).
SINGLE = ("from", "to", "call-id", "cseq", "max-forwards", "content-length", "content-type", "expires")

_NAME_ADDRESS = re.compile(r"(?:\"((?:[^\"\\]|\\.)*)\"|([^<\"]*))[ \t]*<([^<>]*)>(.*)", re.DOTALL)
_VIA = re.compile(
    r"SIP[ \t]*/[ \t]*\d+\.\d+[ \t]*/[ \t]*([A-Za-z0-9\-.!%*_+`'~]+)[ \t]+"
    r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._]+)[ \t]*(?::[ \t]*(\d{1,5}))?[ \t]*(;.*)?",
    re.IGNORECASE | re.DOTALL,
)
_CSEQ = re.compile(r"(\d{1,10})[ \t]+([A-Za-z0-9\-.!%*_+`'~]+)")

# The values of a dialog come again with each of its messages: what was read is kept for a while.
_KEPT = 2048
_LONGEST_KEPT = 200


def canonical_name(name: str) -> str:
    """The key of a header name in any spelling. Raises MalformedError when it is not a token."""
    key = SPELLINGS.get(name)
    if key is None:
        # Whitespace is allowed between the name and the colon (RFC 3261 section 7.3.1).
        stripped = name.rstrip(" \t")
        if not is_token(stripped):
            raise MalformedError(f"bad header name {name[:40]!r}")
        key = SPELLINGS.get(stripped) or SPELLINGS.get(stripped.lower()) or stripped.lower()
    return key


class CSeq(NamedTuple):
    """`number` 0..2**31-1 and `method` (RFC 3261 section 8.1.1.5)."""

    number: int
    method: str


def parse_cseq(value: str) -> CSeq:
    """Raises MalformedError when it is not `number method` with the number below 2**31."""
    return _cseq(value) if len(value) <= _LONGEST_KEPT else _read_cseq(value)


def _read_cseq(value: str) -> CSeq:
    match = _CSEQ.fullmatch(value)
    if match is None:
        raise MalformedError("bad CSeq")
    number = int(match.group(1))
    if number >= 2**31:
        raise MalformedError("CSeq of 2**31 or more")
    return CSeq(number, match.group(2))


_cseq = lru_cache(maxsize=_KEPT)(_read_cseq)


class NameAddress(msgspec.Struct, frozen=True, gc=False):
    """The value of From, To, Contact, Route, Refer-To and their like (RFC 3261 section 20.10).

    `display_name` is unquoted; `parameters` are the header's, not the URI's, with raw values (None for a flag). Equal
    texts are read once and share one object: nobody may change its parameters.
    """

    display_name: str
    uri: SipUri
    parameters: dict[str, str | None] = msgspec.field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> NameAddress:
        """Parse a name-addr or addr-spec with its parameters. Raises MalformedError."""
        return _name_address(text) if len(text) <= _LONGEST_KEPT else _read_name_address(text)

    def __str__(self) -> str:
        display = f"{quote(self.display_name)} " if self.display_name else ""
        return f"{display}<{self.uri}>{format_parameters(self.parameters) if self.parameters else ''}"

    @property
    def tag(self) -> str:
        """The tag parameter, "" when absent."""
        return self.parameters.get("tag") or ""

    def with_tag(self, tag: str) -> NameAddress:
        """The same address carrying `tag` ("" removes it) and no other header parameter."""
        return NameAddress(self.display_name, self.uri, {"tag": tag} if tag else {})


def _read_name_address(text: str) -> NameAddress:
    text = text.strip(" \t")
    if "<" not in text:
        # Without brackets every semicolon belongs to the header, and "?" or "," may not occur (section 20).
        address, semicolon, rest = text.partition(";")
        address = address.rstrip(" \t")
        if "?" in address or "," in address:
            raise MalformedError("URI with '?' or ',' needs angle brackets")
        return NameAddress("", SipUri.parse(address), parse_parameters(";" + rest) if semicolon else {})
    match = _NAME_ADDRESS.fullmatch(text)
    if match is None:
        raise MalformedError(f"bad name or address {text[:60]!r}")
    quoted, plain, address, rest = match.groups()
    display = plain.strip(" \t") if quoted is None else unquote(f'"{quoted}"')
    return NameAddress(display, SipUri.parse(address), parse_parameters(rest) if rest else {})


_name_address = lru_cache(maxsize=_KEPT)(_read_name_address)


class Via(msgspec.Struct, frozen=True, gc=False):
    """One hop of Via (RFC 3261 section 20.42). `transport` upper case, `port` None when absent."""

    transport: str
    host: str
    port: int | None
    parameters: dict[str, str | None]

    @classmethod
    def parse(cls, text: str) -> Via:
        """Raises MalformedError. The version is not looked at: the request line's counts, and is answered 505."""
        match = _VIA.fullmatch(text.strip(" \t"))
        if match is None:
            raise MalformedError(f"bad Via {text[:60]!r}")
        transport, host, port, parameters = match.groups()
        number = None if port is None else parse_number(port, 65535, "port in Via")
        return cls(transport.upper(), host.lower(), number, parse_parameters(parameters) if parameters else {})

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        return f"SIP/2.0/{self.transport} {self.host}{port}{format_parameters(self.parameters)}"

    @property
    def branch(self) -> str:
        """The branch parameter, "" when absent (RFC 2543)."""
        return self.parameters.get("branch") or ""

    @property
    def sent_by(self) -> str:
        """host:port as section 17.2.3 compares it, the default port written out."""
        port = self.port or (5061 if self.transport in ("TLS", "WSS") else 5060)
        return f"{self.host}:{port}"
