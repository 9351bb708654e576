"""Calls of browsers whose connection ends: some come back, some do not."""

from softacd.calls.lost_connection import MUSIC_AFTER, RETURN_SECONDS
from softacd.sip.transport import Flow, Transport
from tests.calls.test_phone_calls import phone
from tests.calls.test_replaces import replaces
from tests.calls.world import SWITCH, Peer, Ring, World, shop


def in_a_call() -> tuple[World, Ring, Peer]:
    """A phone talks to a browser, whose connection then ends."""
    world = shop(agents=2)
    caller, browser = phone(world, "101"), phone(world, "102")
    browser.connection = 1
    browser.register()
    call = caller.dial("102")
    browser.answer()
    lose(world, browser)
    return world, call, browser


def lose(world: World, browser: Peer) -> None:
    flow = Flow(Transport.WS, SWITCH, browser.address, browser.connection)
    browser.connection += 1
    world.switch.flow_failed(flow, world.now)
    world.settle()


def test_who_comes_back_goes_on_talking() -> None:
    world, call, browser = in_a_call()
    world.advance(2.0)
    browser.register()
    world.advance(RETURN_SECONDS + 1)
    assert not call.over
    phone(world, "101").hang_up()
    assert browser.calls[-1].over


def test_who_does_not_come_back_is_gone() -> None:
    world, call, _ = in_a_call()
    world.advance(RETURN_SECONDS - 1)
    assert not call.over
    world.advance(2.0)
    assert call.over


def test_another_page_is_not_who_was_talking() -> None:
    world, call, browser = in_a_call()
    browser.register(contact="another.invalid:5060")
    world.advance(RETURN_SECONDS + 1)
    assert call.over


def test_a_second_loss_counts_anew() -> None:
    world, call, browser = in_a_call()
    browser.register()
    world.advance(1.0)
    lose(world, browser)
    world.advance(RETURN_SECONDS + 1)
    assert call.over


def hears_music(world: World) -> bool:
    return not world.bridges and any("music" in clip for playing in world.playing.values() for clip in playing.clips)


def test_whoever_it_talked_to_hears_music_until_it_is_back() -> None:
    world, call, browser = in_a_call()
    world.advance(MUSIC_AFTER - 0.6)
    assert world.bridges, "a hiccup is not heard"
    world.advance(1.2)
    assert hears_music(world)
    browser.register()
    world.advance(1.0)
    assert world.bridges
    assert not world.playing
    assert not call.over


def test_a_page_loaded_anew_takes_the_call_up_again() -> None:
    """It has another contact and another connection, and knows the dialog the page before was in."""
    world, call, browser = in_a_call()
    before = browser.calls[-1]
    browser.register(contact="another.invalid:5060")
    world.advance(3.0)
    assert hears_music(world)
    after = browser.dial("102", from_="102", headers=(("Replaces", replaces(before)),))
    assert after.status == 200
    world.advance(RETURN_SECONDS + 5)
    assert world.bridges
    assert not call.over
    assert not after.over
    phone(world, "101").hang_up()
    assert after.over
    world.assert_clean()
