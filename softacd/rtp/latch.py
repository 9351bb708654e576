"""Who may send on a stream: the address agreed on, or the first source that proves itself (RFC 4961).

Behind a NAT the address in SDP is not the one packets come from. A stream with `latch` therefore takes the first
source that sends a valid packet of the agreed codec; from then on every other source is a stranger. With ICE the
peer's checks say which sources are its own, and which of them it wants to be sent to.
"""

from collections.abc import Container
from typing import NamedTuple

Address = tuple[str, int]

UNSPECIFIED = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, never bound to

LINGER_SECONDS = 1.0
"""After a re-negotiation to a new address, packets of the old one still under way cannot win the latch this long."""


class Verdict(NamedTuple):
    """Whether the packet is the peer's, and whether it has just made its source the peer."""

    accepted: bool
    latched: bool = False


_STRANGER = Verdict(accepted=False)
_PEER = Verdict(accepted=True)
_NEW_PEER = Verdict(accepted=True, latched=True)


class Latch:
    """The source of one stream. `peer` is where packets are accepted from and sent to, once known."""

    __slots__ = ("_avoid", "_avoid_until", "_free", "_ways", "agreed", "chosen", "peer", "strangers")

    def __init__(self) -> None:
        self.agreed: Address | None = None
        """Host and RTP port of the SDP."""
        self.peer: Address | None = None
        self.strangers = 0
        self.chosen: Address | None = None
        """Where ICE says to send."""
        self._ways: Container[Address] | None = None
        self._free = True
        self._avoid: Address | None = None
        self._avoid_until = 0.0

    @property
    def destination(self) -> Address | None:
        """Where to send: the peer once known, the agreed address before that; None before any agreement.

        Without `latch` the peer is sent to where it asked, even when it sends from another port.
        """
        if self._ways is not None:
            return self.chosen
        return self.peer if self.peer is not None and self._free else self.agreed

    def follow(self, ways: Container[Address] | None) -> None:
        """Believe the sources in `ways`, those ICE has checked, and no address agreed on; None: no longer."""
        if (ways is None) != (self._ways is None):
            self.peer = self.chosen = None
        self._ways = ways

    def plausible(self, source: Address) -> bool:
        """Whether `source` may be the peer, before it has proved itself: worth a handshake."""
        if self.agreed is None:
            return False
        return source == self.peer or source == self.agreed or self._free or source[0] == self.agreed[0]

    def agree(self, host: str, port: int, *, free: bool, now: float) -> bool:
        """Take the address of an offer or answer; whether it is another one, so that the peer is unknown again."""
        self._free = free
        if host in UNSPECIFIED:
            return False  # hold in the old style (RFC 3264 section 8.4): the peer has not moved
        if self.agreed == (host, port):
            return False
        if self.peer is not None:
            self._avoid, self._avoid_until = self.peer, now + LINGER_SECONDS
        self.agreed = (host, port)
        self.peer = None
        return True

    def consider(self, source: Address, now: float, *, valid: bool) -> Verdict:
        """Judge a packet from `source`. `valid`: it is a packet of the agreed codec (Inbound.acceptable)."""
        if self._ways is not None:
            return self._consider_checked(source, valid=valid)
        if self.agreed is None:
            return _STRANGER  # too early to tell, so not counted: it may be early media of the peer to be
        if self.peer is not None:
            if source == self.peer:
                return _PEER
        elif valid:
            known = source == self.agreed
            if known or (
                (self._free or source[0] == self.agreed[0]) and not (source == self._avoid and now < self._avoid_until)
            ):
                self.peer = source
                return _NEW_PEER
        self.strangers += 1
        return _STRANGER

    def _consider_checked(self, source: Address, *, valid: bool) -> Verdict:
        if self._ways is None or source not in self._ways:
            self.strangers += 1
            return _STRANGER
        known = self.peer
        if known is None and not valid:
            return _STRANGER
        self.peer = source
        return _PEER if known is not None else _NEW_PEER
