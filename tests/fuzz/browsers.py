"""What is fuzzed of browsers' legs: checks of ICE, what arrives on their port, handshakes."""

from collections.abc import Callable

from softacd.rtp import stun
from softacd.rtp.ice import LiteAgent
from softacd.rtp.latch import Address
from softacd.rtp.outbound import Outbound
from softacd.rtp.session import Session
from softacd.rtp.vocabulary import DtlsPeer, IceCredentials
from softacd.runtime.media.dtls import MTU, Association, Identity
from softacd.runtime.media.handshakes import Handshakes
from softacd.runtime.media.transport import Transport

SOURCE = ("192.0.2.99", 40_000)
KEY = b"p" * 24
CONTEXT = Identity.create().context()
CHECK = bytes.fromhex(  # RFC 5769 section 2.1
    "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b151263b"
    "36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf"
)
CLIENT_HELLO = bytes.fromhex(
    "16fefd0000000000000000005e010000520000000000000052fefd" + "ab" * 32 + "000000"
    "04c02b00ff01000024000d00080006040305030603000a00080006001d00170018000e0009000600010008000700"
)


def checks(data: bytes) -> None:
    """Whatever comes on a stream's port makes nobody the peer who does not know the password, and gets a short answer.

    A good check is answered so that it can be read again, whatever other attributes it carries.
    """
    agent = LiteAgent(IceCredentials("ours", "p" * 24))
    reply = agent.receive(data, SOURCE).reply
    assert agent.selected is None
    assert len(reply) <= 128
    reply = agent.receive(
        stun.request(bytes(12), [(stun.USERNAME, b"ours:x"), (0x8099, data[:400])], KEY), SOURCE
    ).reply
    assert stun.mapped_address(stun.parse(reply)) == SOURCE
    assert agent.selected == SOURCE


def arrivals(data: bytes) -> None:
    """Octets on a port that expects a browser are told apart; without keys none of them is sound."""
    session = Session(1, Outbound(1, 1, 1), [], 0.0)
    handshakes = _Handshakes()
    transport = Transport(session, handshakes)
    transport.agree(DtlsPeer((("sha-256", bytes(32)),)), IceCredentials("ours", "p" * 24))
    buffer = bytearray(2048)
    for piece in (data[:1500], data[:1]):
        buffer[: len(piece)] = piece
        arrival = transport.admit(buffer, len(piece), SOURCE)
        assert (arrival.length, arrival.rtcp, arrival.moved) == (0, b"", False)
    assert not handshakes.received  # from a way nobody has checked


def handshake(data: bytes) -> None:
    """Datagrams that are no handshake give no keys, and do not stop the one that is."""
    association = Association(CONTEXT, DtlsPeer((("sha-256", bytes(32)),)))
    association.receive(data)
    assert association.keys is None
    assert all(len(datagram) <= MTU for datagram in association.outgoing)


class _Handshakes(Handshakes):
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    def begin(self, stream: int, peer: DtlsPeer) -> None:
        del stream, peer

    def receive(self, stream: int, source: Address | None, data: bytes) -> None:
        del stream, source
        self.received.append(data)


TARGETS: dict[str, Callable[[bytes], None]] = {"checks": checks, "arrivals": arrivals, "handshake": handshake}
SEEDS: dict[str, list[bytes]] = {
    "checks": [CHECK, CHECK[:20]],
    "arrivals": [CHECK, CLIENT_HELLO, b"\x80\x00" + bytes(170), b"\x80\xc8" + bytes(60)],
    "handshake": [CLIENT_HELLO, CLIENT_HELLO + CLIENT_HELLO],
}
