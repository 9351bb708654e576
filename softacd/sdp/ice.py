"""ICE in session descriptions (RFC 8839) as its lite side needs it: our candidate, and whether the peer is an agent."""

import msgspec

from softacd.sdp.description import Attribute, MediaDescription, SessionDescription

# RFC 8445 section 5.1.2.1: a host candidate (126), the highest local preference, component 1
_PRIORITY = (126 << 24) | (65_535 << 8) | 255


class LocalIce(msgspec.Struct, frozen=True):
    """Our user name fragment and password (RFC 8839 section 5.4: at least 4 and 22 characters, letters and digits)."""

    ufrag: str
    password: str

    def __repr__(self) -> str:
        return f"LocalIce(ufrag={self.ufrag!r}, password=***)"

    def attributes(self, host: str, port: int) -> list[Attribute]:
        """Of the media line; the session says `ice-lite`."""
        return [
            Attribute("ice-ufrag", self.ufrag),
            Attribute("ice-pwd", self.password),
            Attribute("candidate", f"1 1 udp {_PRIORITY} {host} {port} typ host"),
            Attribute("end-of-candidates"),
        ]


def remote_ufrag(session: SessionDescription, media: MediaDescription) -> str:
    """The peer's user name fragment; "" when it speaks no ICE with us.

    Two lite sides never check each other: such a peer's address is taken from its description.
    """
    if session.attribute("ice-lite") is not None:
        return ""
    password = media.attribute("ice-pwd") or session.attribute("ice-pwd")
    ufrag = media.attribute("ice-ufrag") or session.attribute("ice-ufrag")
    return ufrag if ufrag and password else ""
