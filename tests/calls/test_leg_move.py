"""A leg whose media goes on at another port: its device is told, and a leg without media ends."""

from softacd.rtp.vocabulary import Port, PortsLost, SetRemote, StreamLost, StreamMoved
from softacd.sdp.description import SessionDescription
from tests.calls.test_leg_session import methods, talk
from tests.calls.test_queue_calls import phone
from tests.calls.world import Peer, World

ELSEWHERE = Port("192.0.2.1", 40_000, 2)


def stream_of(world: World, peer: Peer) -> int:
    """The stream that talks to a phone."""
    leg = next(iter(world.switch.services.phone_legs[peer.name]))
    return leg.stream


def test_the_device_is_offered_the_new_port_and_the_call_goes_on() -> None:
    world, call, callee = talk(())
    agreed = len([command for command in world.media if isinstance(command, SetRemote)])
    world.switch.handle_media(StreamMoved(stream_of(world, callee), ELSEWHERE), world.now)
    world.advance(0.1)
    assert methods(callee) == ["INVITE", "INVITE"]
    before, after = (SessionDescription.parse(request.body) for request in callee.requests)
    assert after.media[0].port == 40_000 != before.media[0].port
    assert after.origin.version == before.origin.version + 1, "RFC 3264 section 8: what changed has a new version"
    assert "switch -> 102 ACK" in world.log
    assert len([command for command in world.media if isinstance(command, SetRemote)]) == agreed
    assert not call.over
    phone(world, "101").hang_up(call)
    world.assert_clean()


def test_one_that_meets_another_offer_is_made_again() -> None:
    world, call, callee = talk(())
    callee.refuses["INVITE"] = (491, ())
    world.switch.handle_media(StreamMoved(stream_of(world, callee), ELSEWHERE), world.now)
    world.advance(0.1)
    world.advance(4.1)
    assert methods(callee) == ["INVITE", "INVITE", "INVITE"]
    assert not call.over


def test_a_device_that_does_not_follow_has_no_call_any_longer() -> None:
    world, call, callee = talk(())
    callee.refuses["INVITE"] = (488, ())
    world.switch.handle_media(StreamMoved(stream_of(world, callee), ELSEWHERE), world.now)
    world.advance(1)
    assert call.over
    world.assert_clean()


def test_a_call_whose_media_is_lost_ends() -> None:
    world, call, callee = talk(())
    world.switch.handle_media(StreamLost(stream_of(world, callee)), world.now)
    world.advance(1)
    assert call.over
    world.assert_clean()


def test_ports_of_a_dead_worker_are_offered_to_nobody() -> None:
    world, _, _ = talk(())
    services = world.switch.services
    services.offer_ports([Port("192.0.2.1", 50_000 + 2 * index, 7) for index in range(8)])
    world.switch.handle_media(PortsLost(7), world.now)
    assert all(port.worker != 7 for port in services.ports)
    services.return_port(Port("192.0.2.1", 50_100, 7))
    assert all(port.worker != 7 for port in services.ports)


def test_all_legs_of_a_call_have_ports_of_one_worker() -> None:
    world, _, _ = talk(())
    services = world.switch.services
    services.ports.clear()
    services.lose_ports(0)
    for index in range(40):
        services.offer_ports([Port("192.0.2.1", 50_000 + 2 * index, 1 + index % 2)])
    for call in ("t-1", "t-2", "t-3", "t-4"):
        assert len({services.take_port(call).worker for _ in range(4)}) == 1
    assert len({services.take_port(f"t-{number}").worker for number in range(9)}) == 2
