"""What the API orders of the living switch."""

import msgspec
import pytest

from softacd.calls.call import Call
from softacd.calls.control import Choices, NotPossibleError, UnknownNameError
from softacd.calls.model import EmergencySettings
from softacd.calls.orders import choose, close_hours, house_view, order_emergency, transfer_party
from softacd.calls.snapshot import snapshot
from tests.calls.test_house import house
from tests.calls.test_queue_calls import phone
from tests.calls.test_transfer import segments, talking
from tests.calls.world import World, shop


def only_call(world: World) -> Call:
    (call,) = world.switch.exchange.calls.values()
    return call


def order(world: World, number: str, *, callers_leg: bool = True) -> None:
    transfer_party(only_call(world), number, world.now, callers_leg=callers_leg)
    world.switch.settle(world.now)
    world.settle()


def test_the_caller_is_transferred_and_the_agent_is_free() -> None:
    world, caller, _, talk = talking()
    world.advance(60)
    order(world, "105")
    assert not talk.over, "the agent waits for the outcome"
    phone(world, "105").answer()
    assert talk.over
    world.advance(30)
    phone(world, "alpha").hang_up(caller)
    assert [(part.agent, part.talk_ms) for part in segments(world)] == [("a1", 60_000), ("a5", 30_000)]
    world.assert_clean()


def test_the_called_party_goes_elsewhere_and_the_caller_leaves() -> None:
    world = shop(available=False)
    call = phone(world, "101").dial("102")
    talk = phone(world, "102").answer()
    order(world, "105", callers_leg=False)
    phone(world, "105").answer()
    assert call.over
    assert not talk.over
    phone(world, "102").hang_up(talk)
    world.assert_clean()


def test_a_transfer_nobody_answers_gives_the_party_back() -> None:
    world, caller, agent, talk = talking()
    order(world, "105")
    phone(world, "105").respond(phone(world, "105").calls[-1], 486)
    assert not talk.over
    agent.hang_up(talk)
    assert caller.over
    world.assert_clean()


@pytest.mark.parametrize("number", ["999", "*40", "*701", ""])
def test_a_number_that_leads_nowhere_changes_nothing(number: str) -> None:
    world, caller, _, talk = talking()
    with pytest.raises(NotPossibleError):
        order(world, number)
    assert not talk.over
    assert not caller.over


def test_only_a_conversation_is_transferred() -> None:
    world = shop(available=False)
    phone(world, "101").dial("102")
    with pytest.raises(NotPossibleError, match="no conversation"):
        order(world, "105")


def test_choices_are_checked_before_anything_changes() -> None:
    world = shop(available=False)
    exchange = world.switch.exchange
    with pytest.raises(UnknownNameError, match="'999'"):
        choose(exchange, "999", Choices(do_not_disturb=True), world.now)
    with pytest.raises(NotPossibleError, match="'998'"):
        choose(exchange, "101", Choices(do_not_disturb=True, forward_busy="998"), world.now)
    choose(exchange, "101", Choices(forward_busy="105"), world.now)
    view = snapshot(world.switch, world.now).phones[0]
    assert (view.do_not_disturb, view.forward_busy) == (False, "105")
    choose(exchange, "101", Choices(forward_busy=""), world.now)
    assert exchange.phone_book.of("101").forward_busy == ""


def test_hours_are_closed_over_the_api_and_the_emergency_switched() -> None:
    world = house()
    exchange = world.switch.exchange
    close_hours(exchange, "office", True, world.now)
    view = house_view(exchange, world.now)
    assert (view.hours[0].open, view.hours[0].why, view.hours[0].closed_by_hand) == (False, "closed by hand", True)
    close_hours(exchange, "office", False, world.now)
    assert house_view(exchange, world.now).hours[0].open
    with pytest.raises(UnknownNameError, match="there are: office"):
        close_hours(exchange, "night", True, world.now)
    order_emergency(exchange, True, world.now)
    assert house_view(exchange, world.now).emergency
    exchange.settings = msgspec.structs.replace(exchange.settings, emergency=EmergencySettings())
    with pytest.raises(NotPossibleError, match=r"emergency\.numbers is empty"):
        order_emergency(exchange, True, world.now)
    assert [event.by for event in exchange.house.events()] == ["api", "api"]
