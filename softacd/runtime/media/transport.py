"""ICE and DTLS of one stream: what arrives on its port is told apart (RFC 7983); only the peer's sound comes through.

A stream has a transport when its keys come from a handshake. Its socket is never connected, for a browser may come
from another address at any moment: the checks of ICE say so, and the packets themselves prove whose they are.
"""

from softacd.rtp.ice import LiteAgent
from softacd.rtp.latch import Address
from softacd.rtp.session import Session
from softacd.rtp.vocabulary import DtlsPeer, IceCredentials
from softacd.runtime.media.handshakes import Handshakes, Secured
from softacd.runtime.media.secure import SecureChannel

STUN = range(4)
DTLS = range(20, 64)
RTP = range(128, 192)
"""First octets (RFC 7983 section 7)."""
RTCP = range(192, 224)
"""Second octets of RTCP among RTP (RFC 5761 section 4)."""


class Arrival:
    """What `Transport.admit` found: the length of an RTP packet, now plain, in the buffer; or what else to do."""

    __slots__ = ("length", "moved", "reply", "rtcp")

    def __init__(self) -> None:
        self.length = 0
        self.reply = b""
        """To be sent to the datagram's source."""
        self.rtcp = b""
        """An RTCP packet, plain."""
        self.moved = False
        """The peer is to be sent to at another address now."""


class Transport:
    """Whose datagrams a stream believes. `secure` is there once the keys are."""

    __slots__ = ("_arrival", "_handshakes", "_session", "agent", "peer", "secure", "unknown")

    def __init__(self, session: Session, handshakes: Handshakes) -> None:
        self._session = session
        self._handshakes = handshakes
        self._arrival = Arrival()
        self.agent: LiteAgent | None = None
        self.peer: DtlsPeer | None = None
        self.secure: SecureChannel | None = None
        self.unknown = 0
        """Datagrams that were nobody's: of no protocol expected here, or from a way nobody has checked."""

    def agree(self, peer: DtlsPeer, ice: IceCredentials | None) -> None:
        """Take what was agreed. Another certificate or part begins a new association (RFC 8842 section 5.5)."""
        if ice is None:
            self.agent = None
            self._session.latch.follow(None)
        elif self.agent is None:
            self.agent = LiteAgent(ice)
            self._session.latch.follow(self.agent.sources)
        else:
            self.agent.restart(ice)
        if peer != self.peer:
            self.peer = peer
            self.secure = None
            self._handshakes.begin(self._session.stream, peer)

    def secured(self, outcome: Secured) -> bool:
        """Take the keys of a handshake; whether they are those waited for."""
        if outcome.peer != self.peer:
            return False
        self.secure = SecureChannel(outcome.keys)
        return True

    def close(self) -> None:
        """The stream is over."""
        self._handshakes.end(self._session.stream)

    def admit(self, buffer: bytearray, length: int, source: Address) -> Arrival:
        """Judge the first `length` octets of `buffer`. The same object is returned every time."""
        arrival = self._arrival
        arrival.length, arrival.reply, arrival.rtcp, arrival.moved = 0, b"", b"", False
        first = buffer[0] if length else 255
        agent, secure = self.agent, self.secure
        if first in RTP:
            if secure is not None and (agent is None or source in agent.sources):
                if length > 1 and buffer[1] in RTCP:
                    arrival.rtcp = secure.open_rtcp(bytes(buffer[:length]))
                else:
                    arrival.length = secure.open(buffer, length)
                return arrival
        elif first in DTLS:
            if agent is None:
                if self._session.latch.plausible(source):
                    self._handshakes.receive(self._session.stream, source, bytes(buffer[:length]))
                    return arrival
            elif source in agent.sources:
                self._handshakes.receive(self._session.stream, None, bytes(buffer[:length]))
                return arrival
        elif first in STUN and agent is not None:
            check = agent.receive(bytes(buffer[:length]), source)
            arrival.reply = check.reply
            if check.nominated:
                self._session.latch.chosen = source
                arrival.moved = True
            return arrival
        self.unknown += 1
        return arrival
