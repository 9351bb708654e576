"""The session description as data: `SessionDescription.parse(bytes)` and `.serialise()` (RFC 8866).

Only what offer/answer needs is taken apart. Attributes and lines that mean nothing here are kept as they came, in
order, so that parsing and serialising a description loses nothing a negotiation looks at. Parsing is tolerant where
phones in use are sloppy (bare LF, missing `s=`/`t=`, white space at line ends) and strict where a guess would send
media to the wrong place.
"""

from enum import StrEnum
from functools import lru_cache

import msgspec

from softacd.sdp.errors import SdpError

MAX_BYTES = 65_536
MAX_MEDIA = 32
LONGEST_COMMON = 48
"""Attributes longer than this are somebody's own: keys, candidates, fingerprints."""


class Direction(StrEnum):
    """Direction of a media stream as its writer sees it (RFC 3264 section 5.1, RFC 8866 section 6.7)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def sends(self) -> bool:
        return self in {Direction.SENDRECV, Direction.SENDONLY}

    @property
    def receives(self) -> bool:
        return self in {Direction.SENDRECV, Direction.RECVONLY}

    @property
    def mirrored(self) -> "Direction":
        """The same agreement seen from the other end."""
        return direction_of(sends=self.receives, receives=self.sends)


_DIRECTIONS = {direction.value: direction for direction in Direction}


def direction_of(*, sends: bool, receives: bool) -> Direction:
    """The direction of an end that `sends` and `receives`."""
    if sends:
        return Direction.SENDRECV if receives else Direction.SENDONLY
    return Direction.RECVONLY if receives else Direction.INACTIVE


class Origin(msgspec.Struct, frozen=True):
    """The `o=` line (RFC 8866 section 5.2): who made the session, and which revision of it this is."""

    user: str
    session_id: str
    version: int
    network: str
    address_type: str
    address: str

    def line(self) -> str:
        return f"o={self.user} {self.session_id} {self.version} {self.network} {self.address_type} {self.address}"


class Connection(msgspec.Struct, frozen=True):
    """The `c=` line (RFC 8866 section 5.7). `host` is without the multicast suffixes /ttl/count."""

    address_type: str
    host: str

    def line(self) -> str:
        return f"c=IN {self.address_type} {self.host}"


class Attribute(msgspec.Struct, frozen=True):
    """An `a=` line: a flag (`value` is None) or a value."""

    name: str
    value: str | None = None

    def line(self) -> str:
        return f"a={self.name}" if self.value is None else f"a={self.name}:{self.value}"


class MediaDescription(msgspec.Struct, frozen=True):
    """One `m=` section (RFC 8866 section 5.14). `formats` are payload types for RTP profiles, opaque otherwise."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    connection: Connection | None = None
    attributes: tuple[Attribute, ...] = ()
    others: tuple[str, ...] = ()
    """Lines of other types (i=, b=, k=), verbatim."""

    def attribute(self, name: str) -> str | None:
        """Value of the first attribute `name`; "" for a flag, None when it is absent."""
        return _first(self.attributes, name)

    def values(self, name: str) -> list[str]:
        """Values of every attribute `name`, in order."""
        return [attribute.value or "" for attribute in self.attributes if attribute.name == name]

    def lines(self) -> list[str]:
        lines = [f"m={self.kind} {self.port} {self.protocol} {' '.join(self.formats)}"]
        lines += [line for line in self.others if line.startswith("i=")]
        if self.connection is not None:
            lines.append(self.connection.line())
        lines += [line for line in self.others if not line.startswith("i=")]
        lines += [attribute.line() for attribute in self.attributes]
        return lines


class SessionDescription(msgspec.Struct, frozen=True):
    """A whole description. `times` are the values of the t= lines; `others` further session lines, verbatim."""

    origin: Origin
    connection: Connection | None = None
    name: str = "-"
    times: tuple[str, ...] = ("0 0",)
    attributes: tuple[Attribute, ...] = ()
    media: tuple[MediaDescription, ...] = ()
    others: tuple[str, ...] = ()

    def attribute(self, name: str) -> str | None:
        """Value of the first session attribute `name`; "" for a flag, None when it is absent."""
        return _first(self.attributes, name)

    def direction(self, media: MediaDescription) -> Direction:
        """Direction of `media`: its own, else the session's, else sendrecv (RFC 8866 section 6.7)."""
        for attributes in (media.attributes, self.attributes):
            for attribute in attributes:
                if attribute.name in _DIRECTIONS and attribute.value is None:
                    return _DIRECTIONS[attribute.name]
        return Direction.SENDRECV

    @staticmethod
    def parse(body: bytes) -> "SessionDescription":
        """Take `body` apart. Raises SdpError with status 400 when it is not a usable description."""
        return _parse(body)

    def serialise(self) -> bytes:
        """The description as bytes, lines in the order RFC 8866 section 5 demands."""
        lines = ["v=0", self.origin.line(), f"s={self.name}"]
        lines += [line for line in self.others if line[0] in "iuep"]
        if self.connection is not None:
            lines.append(self.connection.line())
        lines += [line for line in self.others if line[0] == "b"]
        lines += [f"t={time}" for time in self.times]
        lines += [line for line in self.others if line[0] not in "iuepb"]
        lines += [attribute.line() for attribute in self.attributes]
        for media in self.media:
            lines += media.lines()
        return ("\r\n".join(lines) + "\r\n").encode("utf-8", "surrogateescape")


def _first(attributes: tuple[Attribute, ...], name: str) -> str | None:
    for attribute in attributes:
        if attribute.name == name:
            return attribute.value or ""
    return None


class _Section:
    """What is gathered for the session or for one `m=` line while the lines go by."""

    __slots__ = ("attributes", "connection", "media", "others")

    def __init__(self, media: tuple[str, int, str, tuple[str, ...]] | None) -> None:
        self.media = media
        self.connection: Connection | None = None
        self.attributes: list[Attribute] = []
        self.others: list[str] = []


def _parse(body: bytes) -> SessionDescription:
    if len(body) > MAX_BYTES:
        raise SdpError(f"session description of {len(body)} bytes is longer than {MAX_BYTES}")
    if b"\0" in body:
        raise SdpError("session description contains a NUL byte")
    lines = body.decode("utf-8", "surrogateescape").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    session = _Section(None)
    section = session
    sections: list[_Section] = []
    origin: Origin | None = None
    name = "-"
    times: list[str] = []
    version_seen = False
    for number, raw in enumerate(lines, 1):
        line = raw.rstrip(" \t")
        if not line:
            continue
        kind, value = line[0], line[2:]
        if line[1:2] != "=" or not kind.isalpha():
            raise SdpError(f"line {number} of the session description is not <letter>=<value>")
        if not version_seen or kind == "v":
            # RFC 8866 section 5.1: the version comes first; a second one would begin a second description.
            if version_seen or kind != "v" or value.strip() != "0":
                raise SdpError("session description does not begin with the one line v=0")
            version_seen = True
        elif kind == "a":
            section.attributes.append(_common(value) if len(value) <= LONGEST_COMMON else _attribute(value))
        elif kind == "m":
            if len(sections) == MAX_MEDIA:
                raise SdpError(f"session description has more than {MAX_MEDIA} media lines")
            section = _Section(_media_line(value, number))
            sections.append(section)
        elif kind == "c":
            section.connection = _connection_line(value, number)
        elif section is not session:
            section.others.append(line)
        elif kind == "o":
            origin = _origin_line(value, number)
        elif kind == "s":
            name = value or "-"
        elif kind == "t":
            times.append(value)
        else:
            session.others.append(line)
    if origin is None:
        raise SdpError("session description has no o= line")
    media = tuple(_media(section, session) for section in sections)
    return SessionDescription(
        origin,
        session.connection,
        name,
        tuple(times) or ("0 0",),
        tuple(session.attributes),
        media,
        tuple(session.others),
    )


def _media(section: _Section, session: _Section) -> MediaDescription:
    assert section.media is not None  # noqa: S101 - only `m=` lines make the sections given here
    kind, port, protocol, formats = section.media
    # RFC 8866 section 5.7: a c= line per media, or one for the session. A refused stream (port 0) needs none.
    if port and section.connection is None and session.connection is None:
        raise SdpError(f"m={kind} has no connection address, neither its own nor the session's")
    return MediaDescription(
        kind, port, protocol, formats, section.connection, tuple(section.attributes), tuple(section.others)
    )


def _attribute(value: str) -> Attribute:
    attribute, colon, text = value.partition(":")
    return Attribute(attribute.strip(), text.strip() if colon else None)


_common = lru_cache(maxsize=1024)(_attribute)
"""Nearly every description says the same few things in the same words."""


def _origin_line(value: str, number: int) -> Origin:
    parts = value.split()
    if len(parts) != 6:
        raise SdpError(f"o= on line {number} has {len(parts)} fields instead of 6")
    user, session_id, version, network, address_type, address = parts
    revision = decimal(version)
    if revision is None:
        raise SdpError(f"o= on line {number}: the session version is not a number")
    return Origin(user, session_id, revision, network, address_type, address)


def _connection_line(value: str, number: int) -> Connection:
    parts = value.split()
    if len(parts) != 3 or parts[0].upper() != "IN" or parts[1].upper() not in {"IP4", "IP6"}:
        raise SdpError(f"c= on line {number} is not IN IP4 or IN IP6 with an address")
    return Connection(parts[1].upper(), parts[2].partition("/")[0])


def _media_line(value: str, number: int) -> tuple[str, int, str, tuple[str, ...]]:
    parts = value.split()
    if len(parts) < 4:
        raise SdpError(f"m= on line {number} has {len(parts)} fields, fewer than 4")
    port = decimal(parts[1].partition("/")[0])  # <port>/<number of ports>: the number is for layered codings
    if port is None or port > 65_535:
        raise SdpError(f"m= on line {number}: {parts[1]!r} is not a port")
    return parts[0].lower(), port, parts[2].upper(), tuple(parts[3:])


def decimal(text: str) -> int | None:
    """`text` as a plain decimal number of sane length; None for anything else int() would take ("+1", " 1", "1_0")."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else None
