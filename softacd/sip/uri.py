"""SIP, SIPS and tel URIs (RFC 3261 section 19.1, RFC 3966); other schemes are kept opaque."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote as percent_encode
from urllib.parse import unquote_to_bytes as percent_decode_to_bytes

import msgspec

from softacd.sip.errors import MalformedError
from softacd.sip.grammar import format_parameters, parse_parameters

# What may stand unescaped in a user part: unreserved and user-unreserved (RFC 3261 section 25.1).
_USER_SAFE = "-_.!~*'()&=+$,;?/"
_SIP = re.compile(
    r"(sips?):(?:([^@:<>\"\s\x00-\x1f\x7f]+)(?::([^@<>\"\s\x00-\x1f\x7f]*))?@)?"
    r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._]+)(?::(\d{1,5}))?((?:;[^;?@<>\"\s\x00-\x1f\x7f]*)*)(?:\?([^@<>\"\s\x00-\x1f\x7f]*))?",
    re.IGNORECASE,
)
_TEL = re.compile(r"tel:([0-9A-Fa-f*#+\-.()]+)((?:;[^;<>\"\s\x00-\x1f\x7f]*)*)", re.IGNORECASE)
_OTHER = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):([^<>\"\s\x00-\x1f\x7f]+)")

# The same few come again and again: what was read is kept for a while.
_KEPT = 2048
_LONGEST_KEPT = 200


class SipUri(msgspec.Struct, frozen=True, gc=False):
    """One URI. `scheme` is lower case: "sip", "sips", "tel" or any other, whose text is then in `opaque`.

    `user` is unescaped ("" when absent; the number of a tel URI), `host` lower case with the brackets of an IPv6
    literal kept, `port` 1..65535 or None, `parameters` lower-case names with raw values (None for a flag),
    `headers` the raw text after "?". Equal texts are read once and share one object: nobody may change its parameters.
    """

    scheme: str = "sip"
    user: str = ""
    host: str = ""
    port: int | None = None
    parameters: dict[str, str | None] = msgspec.field(default_factory=dict)
    headers: str = ""
    password: str = ""
    opaque: str = ""

    @classmethod
    def parse(cls, text: str) -> SipUri:
        """Parse an absolute URI. Raises MalformedError (400) when it is none."""
        return _uri(text) if len(text) <= _LONGEST_KEPT else _read_uri(text)

    def __str__(self) -> str:
        if self.opaque:
            return f"{self.scheme}:{self.opaque}"
        parameters = format_parameters(self.parameters) if self.parameters else ""
        user = self.user
        if self.scheme == "tel":
            return f"tel:{user}{parameters}"
        if user and not (user.isalnum() and user.isascii()):
            user = percent_encode(user, safe=_USER_SAFE, errors="surrogateescape")
        if self.password:
            user = f"{user}:{self.password}"
        return (
            f"{self.scheme}:{user}{'@' if user else ''}{self.host}"
            f"{'' if self.port is None else f':{self.port}'}{parameters}{f'?{self.headers}' if self.headers else ''}"
        )

    @property
    def is_sip(self) -> bool:
        """Whether the scheme is one this stack can send requests to."""
        return self.scheme in ("sip", "sips")

    @property
    def address_of_record(self) -> str:
        """Canonical for the location service: no parameters, headers, or port 5060 (RFC 3261 section 10.3)."""
        port = "" if self.port in (None, 5060) else f":{self.port}"
        return f"sip:{self.user}@{self.host}{port}"

    def matches(self, other: SipUri) -> bool:
        """URI equality as RFC 3261 section 19.1.4 defines it.

        user, ttl, method, maddr and transport must agree when either side has them; any other parameter only
        when both have it.
        """
        if (
            self.scheme != other.scheme
            or self.user != other.user
            or self.password != other.password
            or self.host != other.host
            or self.port != other.port
            or self.opaque != other.opaque
            or sorted(self.headers.lower().split("&")) != sorted(other.headers.lower().split("&"))
        ):
            return False
        mine, theirs = self.parameters, other.parameters
        if not mine and not theirs:
            return True
        for name in mine.keys() | theirs.keys():
            both = name in mine and name in theirs
            if both:
                if (mine[name] or "").lower() != (theirs[name] or "").lower():
                    return False
            elif name in ("user", "ttl", "method", "maddr", "transport"):
                return False
        return True


def _unescape(user: str) -> str:
    """Escapes and octets that are no UTF-8 by themselves may make some together: the user is one text of octets."""
    return percent_decode_to_bytes(user.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def _read_uri(text: str) -> SipUri:
    match = _SIP.fullmatch(text)
    if match is None:
        return _parse_other(text)
    scheme, user, password, host, port, parameters, headers = match.groups()
    number = None
    if port is not None:
        number = int(port)
        if number > 65535:
            raise MalformedError("port above 65535 in a URI")
    return SipUri(
        scheme.lower(),
        "" if user is None else _unescape(user) if "%" in user else user,
        host.lower(),
        number,
        parse_parameters(parameters) if parameters else {},
        headers or "",
        password or "",
    )


_uri = lru_cache(maxsize=_KEPT)(_read_uri)


def _parse_other(text: str) -> SipUri:
    match = _TEL.fullmatch(text)
    if match is not None:
        return SipUri(scheme="tel", user=match.group(1), parameters=parse_parameters(match.group(2)))
    match = _OTHER.fullmatch(text)
    if match is None or match.group(1).lower() in ("sip", "sips", "tel"):
        raise MalformedError(f"bad URI {text[:60]!r}")
    return SipUri(scheme=match.group(1).lower(), opaque=match.group(2))
