"""Nothing of the inside is told outside: no address, name, header or program of a phone reaches a carrier."""

from softacd.sdp.negotiation import LocalMedia
from softacd.sip.events import Transmit
from softacd.sip.transport import Flow, Transport
from tests.calls.world import SWITCH, Peer, Ring, World, shop

INSIDE = "10.9.8.7"
SEEN_AT = ("203.0.113.1", 5060)


class Indoors(Peer):
    """A phone that writes the address it has behind its router everywhere."""

    @property
    def flow(self) -> Flow:
        return Flow(Transport.UDP, (INSIDE, 5060), SWITCH)

    def local(self, call: Ring | None = None) -> LocalMedia:
        del call
        return LocalMedia(host=INSIDE, port=40_000, session_id=1, codecs=("PCMA", "PCMU"))


class Wire(World):
    """Remembers every octet that left."""

    sent: list[tuple[tuple[str, int], bytes]]

    def _deliver(self, item: Transmit) -> None:
        self.sent.append((item.flow.remote, item.data))
        super()._deliver(item)


def test_a_call_out_tells_the_carrier_nothing_of_the_phone() -> None:
    world = shop()
    world.__class__ = Wire
    assert isinstance(world, Wire)
    world.sent = []
    old = world.peers[SEEN_AT]
    phone = Indoors(world, "101", SEEN_AT, old.credentials)
    world.peers[SEEN_AT] = phone
    phone.register()
    call = phone.dial("069123456")
    carrier = world.peers["198.51.100.1", 5060]
    carrier.answer()
    assert call.status == 200
    phone.hang_up()
    outside = b"".join(data for remote, data in world.sent if remote == carrier.address)
    assert b"INVITE sip:069123456@" in outside
    assert b"BYE " in outside
    call_id = call.transaction.request.call_id.encode()
    for secret in (INSIDE.encode(), SEEN_AT[0].encode(), call_id, b"User-Agent: 101", b"shop.test", b"sip:101@"):
        assert secret not in outside, secret


def test_a_call_in_tells_the_phones_nothing_of_the_carrier_and_each_other() -> None:
    world = shop(agents=2)
    world.__class__ = Wire
    assert isinstance(world, Wire)
    world.sent = []
    first, second = world.peers["203.0.113.1", 5060], world.peers["203.0.113.2", 5060]
    first.dial("102")
    second.answer()
    first.hang_up()
    to_second = b"".join(data for remote, data in world.sent if remote == second.address)
    assert b"INVITE " in to_second
    for secret in (first.address[0].encode(), b"198.51.100.", b"User-Agent: 101"):
        assert secret not in to_second, secret
