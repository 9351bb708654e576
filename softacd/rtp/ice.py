"""The lite side of ICE (RFC 8445 section 2.5): connectivity checks are answered, never sent, and the peer chooses.

The switch has one address a stream, its candidate. The peer, a full agent, checks the ways it finds to it; what is
heard from is authentic by the password of the description, and the way it nominates is where we send.
"""

from typing import NamedTuple

from softacd.rtp import stun
from softacd.rtp.latch import Address
from softacd.rtp.vocabulary import IceCredentials

SOURCES_KEPT = 16
"""Ways a peer may have checked at a time: its addresses, times its NATs."""


class Check(NamedTuple):
    """What comes of a STUN datagram: `reply` to its source, b"" for none; `nominated` when the source is now chosen."""

    reply: bytes = b""
    nominated: bool = False


_NOTHING = Check()


class LiteAgent:
    """ICE of one stream. `selected` is where to send, once known; `sources` are where media may come from."""

    __slots__ = ("_credentials", "malformed", "refused", "selected", "sources")

    def __init__(self, credentials: IceCredentials) -> None:
        self._credentials = {credentials.ufrag: credentials.password.encode()}
        self.selected: Address | None = None
        self.sources: dict[Address, None] = {}
        self.refused = 0
        """Checks answered with an error."""
        self.malformed = 0

    def restart(self, credentials: IceCredentials) -> None:
        """Take new credentials (section 9); the ones before go on to be valid until the next restart."""
        if credentials.ufrag in self._credentials:
            return
        latest = list(self._credentials.items())[-1:]
        self._credentials = {**dict(latest), credentials.ufrag: credentials.password.encode()}

    def receive(self, data: bytes, source: Address) -> Check:
        """A STUN datagram from `source`."""
        try:
            message = stun.parse(data)
        except stun.StunError:
            self.malformed += 1
            return _NOTHING
        if message.kind != stun.BINDING_REQUEST:
            return _NOTHING  # keep-alives (indications), and answers to what we never asked
        username = message.value(stun.USERNAME)
        if username is None or not message.signed:
            return self._refuse(message, 400, None)
        ours = username.partition(b":")[0].decode("ascii", "replace")
        key = self._credentials.get(ours)
        if key is None or not stun.authentic(data, message, key):
            return self._refuse(message, 401, None)
        unknown = message.not_understood()
        if unknown:
            return self._refuse(message, 420, key, unknown)
        if message.value(stun.ICE_CONTROLLED) is not None:
            return self._refuse(message, 487, key)  # section 7.3.1.1: a lite agent is the controlled one
        self._remember(source)
        chosen = message.value(stun.USE_CANDIDATE) is not None or self.selected is None
        nominated = chosen and source != self.selected
        if nominated:
            self.selected = source
        return Check(stun.success(message.transaction, source, key), nominated)

    def _remember(self, source: Address) -> None:
        if source not in self.sources:
            if len(self.sources) >= SOURCES_KEPT:
                oldest = next(known for known in self.sources if known != self.selected)
                del self.sources[oldest]
            self.sources[source] = None

    def _refuse(self, message: stun.Message, code: int, key: bytes | None, unknown: list[int] | None = None) -> Check:
        self.refused += 1
        return Check(stun.failure(message.transaction, code, key, unknown or ()))
