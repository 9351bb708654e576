"""A carrier with several servers: the next one is tried before the next carrier, and a dead one is passed over."""

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
