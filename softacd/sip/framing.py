"""Messages out of a byte stream: TCP and TLS (RFC 3261 section 18.3) with the keep-alive of RFC 5626 section 3.5.1."""

import re

from softacd.sip.errors import MalformedError, TooLargeError
from softacd.sip.limits import Limits

PING = b"\r\n\r\n"
PONG = b"\r\n"
_CONTENT_LENGTH = re.compile(rb"\r\n(?:content-length|l)[ \t]*:[ \t]*(?:\r\n[ \t]+)?([^\r\n]*)", re.IGNORECASE)


class StreamFramer:
    """Cuts one direction of one connection into messages.

    A stream whose framing is broken cannot be resynchronised: after MalformedError or TooLargeError the
    driver closes the connection.
    """

    __slots__ = ("_buffer", "_limits", "_needed", "_searched", "pings")

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._buffer = bytearray()
        self._needed = 0  # octets of the message whose head is complete, 0 while the head is not
        self._searched = 0  # where the search for the end of the head continues
        self.pings = 0  # keep-alives waiting for a PONG

    def feed(self, data: bytes) -> list[bytes]:
        """Add what the socket gave; return the messages completed by it, oldest first.

        `pings` counts the double CRLFs received: the driver answers each with PONG and sets it to 0.
        Raises MalformedError when a head has no or a bad Content-Length, TooLargeError beyond the limits.
        """
        buffer = self._buffer
        buffer += data
        messages: list[bytes] = []
        while buffer:
            if not self._needed and not self._frame_head():
                break
            if len(buffer) < self._needed:
                break
            messages.append(bytes(buffer[: self._needed]))
            del buffer[: self._needed]
            self._needed = self._searched = 0
        return messages

    def _frame_head(self) -> bool:
        """Skip keep-alives and look for the end of the head; True when the message's size is known."""
        buffer = self._buffer
        while buffer.startswith(b"\r\n"):
            if buffer.startswith(PING):
                self.pings += 1
                del buffer[:4]
            elif len(buffer) >= 4 or (len(buffer) == 3 and buffer[2] != 13):
                del buffer[:2]  # a PONG, or an empty line before a message (RFC 3261 section 7.5)
            else:
                return False
        end = buffer.find(b"\r\n\r\n", max(0, self._searched - 3))
        if end < 0:
            self._searched = len(buffer)
            if len(buffer) > self._limits.head_bytes:
                raise TooLargeError(f"head of more than {self._limits.head_bytes} bytes")
            return False
        lengths = _CONTENT_LENGTH.findall(bytes(buffer[: end + 2]))
        if len(lengths) != 1:
            # RFC 3261 section 20.14: mandatory on a stream; without it the next message cannot be found.
            raise MalformedError("a stream needs exactly one Content-Length")
        text = lengths[0].strip(b" \t")
        if not text.isdigit() or len(text) > 9:
            raise MalformedError("bad Content-Length")
        self._needed = end + 4 + int(text)
        if self._needed > self._limits.message_bytes:
            raise TooLargeError(f"message of {self._needed} bytes")
        return True
