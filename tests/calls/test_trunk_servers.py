"""A carrier with several servers: the next one is tried before the next carrier, and a dead one is passed over."""

from tests.calls.test_outside_calls import NUMBER, outside_shop
from tests.calls.test_queue_calls import phone
from tests.calls.world import Peer, Ring, World, shop

FIRST, SECOND = ("198.51.100.1", 5060), ("198.51.100.11", 5062)


def two_servers() -> tuple[World, Peer, Peer]:
    world = shop()
    second = world.peer("alpha-2", SECOND)
    world.switch.resolved("alpha", (FIRST, SECOND), world.now)
    return world, world.peers[FIRST], second


def unavailable(peer: Peer, call: Ring, now: float) -> None:
    peer.stack.respond(call.transaction, 503, now=now)  # type: ignore[arg-type] # an INVITE that came


def test_a_server_without_service_is_followed_by_the_carriers_next() -> None:
    world, first, second = two_servers()
    first.behaviour = unavailable
    call = world.peers["203.0.113.1", 5060].dial("069123456")
    assert len(second.calls) == 1
    second.answer()
    assert call.status == 200
    assert not world.peers["198.51.100.2", 5060].calls
    second.hang_up()
    world.assert_clean()


def test_a_silent_server_is_passed_over_for_a_minute() -> None:
    world, first, second = two_servers()
    first.mute = True
    second.behaviour = lambda peer, call, now: peer.stack.respond(call.transaction, 486, now=now) and None  # type: ignore[arg-type]
    phone = world.peers["203.0.113.1", 5060]
    phone.dial("069123456")
    world.advance(9)
    assert len(second.calls) == 1
    world.log.clear()
    phone.dial("069123456")
    assert len(second.calls) == 2
    assert "switch -> alpha INVITE" not in world.log
    world.advance(61)
    world.log.clear()
    world.switch.resolved("alpha", (FIRST, SECOND), world.now)
    phone.dial("069123456")
    assert "switch -> alpha INVITE" in world.log
    world.advance(120)


def test_when_all_its_servers_fail_the_next_carrier_is_tried_once() -> None:
    world, first, second = two_servers()
    first.behaviour = second.behaviour = unavailable
    beta = world.peers["198.51.100.2", 5060]
    world.peers["203.0.113.1", 5060].dial("069123456")
    assert len(beta.calls) == 1
    assert [line for line in world.log if line.endswith("INVITE") and line.startswith("switch")] == [
        "switch -> alpha INVITE",
        "switch -> alpha-2 INVITE",
        "switch -> beta INVITE",
    ]


def test_the_called_partys_refusal_is_no_reason_to_ask_another_server() -> None:
    world, first, second = two_servers()
    first.behaviour = lambda peer, call, now: peer.stack.respond(call.transaction, 486, now=now) and None  # type: ignore[arg-type]
    assert world.peers["203.0.113.1", 5060].dial("069123456").status == 486
    assert not second.calls


def test_both_servers_may_bring_calls() -> None:
    _, _, second = two_servers()
    call = second.dial("37322000111", from_="37369000001")
    assert call.status == 200


def ringing_outside(keep_alive: float) -> tuple[World, Peer, Ring]:
    """Phone 101 hears alpha ring; alpha answers OPTIONS when they are asked every so many seconds."""
    world = outside_shop(alpha={"keep_alive_seconds": keep_alive, "answer_timeout": 60.0}, trunks=("alpha", "beta"))
    world.advance(1.0)
    call = phone(world, "101").dial(NUMBER)
    alpha = phone(world, "alpha")
    alpha.respond(alpha.calls[-1], 180)
    world.advance(3.0)
    return world, alpha, call


def test_a_carrier_lost_while_it_rings_is_followed_by_the_next_within_ten_seconds() -> None:
    world, alpha, call = ringing_outside(keep_alive=30.0)
    alpha.mute = True
    world.advance(10.0)
    beta = phone(world, "beta")
    assert len(beta.calls) == 1
    beta.answer()
    assert call.status == 200
    assert world.events("trunk-failed") == ["trunk-failed alpha: 408"]


def test_a_carrier_that_answers_options_may_ring_as_long_as_it_likes() -> None:
    world, alpha, call = ringing_outside(keep_alive=30.0)
    world.log.clear()
    world.advance(50.0)
    asked = world.log.count("switch -> alpha OPTIONS")
    assert 8 <= asked <= 12
    alpha.answer()
    assert call.status == 200
    world.log.clear()
    world.advance(20.0)
    assert world.log.count("switch -> alpha OPTIONS") <= 1, "who talks is not asked"


def test_of_a_carrier_that_is_never_asked_nothing_is_known() -> None:
    world, alpha, call = ringing_outside(keep_alive=0.0)
    alpha.mute = True
    world.advance(40.0)
    assert not phone(world, "beta").calls
    assert "switch -> alpha OPTIONS" not in world.log
    alpha.mute = False
    alpha.answer()
    assert call.status == 200
