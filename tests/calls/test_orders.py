"""What the API orders of the living switch."""

import msgspec
import pytest

from softacd.acd.vocabulary import Status
from softacd.calls.call import Call
from softacd.calls.control import Choices, NotPossibleError, UnknownNameError
from softacd.calls.model import EmergencySettings
from softacd.calls.orders import (
    choose,
    close_hours,
    close_queue,
    house_view,
    move_caller,
    order_emergency,
    take_over,
    transfer_party,
)
from softacd.calls.snapshot import snapshot
from tests.calls.test_house import house
from tests.calls.test_queue_calls import enter_queue, phone
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


def two_queues(**changes: bool) -> World:
    """A second queue beside "sales", with agent a5 alone in it; nobody else is there."""
    world = shop(**changes)
    exchange = world.switch.exchange
    sales = exchange.queues["sales"]
    support = msgspec.structs.replace(
        sales, name="support", number="601", tiers=tuple(tier for tier in sales.tiers if tier.agent == "a5")
    )
    world.switch.configure(exchange.settings, (sales, support), tuple(exchange.agents.values()), world.now)
    world.settle()
    return world


def test_a_waiting_caller_is_moved_to_another_queue() -> None:
    world = two_queues(available=False)
    caller = enter_queue(world)
    call = only_call(world)
    with pytest.raises(UnknownNameError, match="nowhere"):
        move_caller(call, "nowhere", world.now)
    with pytest.raises(NotPossibleError, match="already"):
        move_caller(call, "sales", world.now)
    move_caller(call, "support", world.now)
    world.switch.settle(world.now)
    world.settle()
    waiting = {queue.name: queue.waiting for queue in snapshot(world.switch, world.now).queues}
    assert waiting == {"sales": 0, "support": 1}
    assert call.record.queue == "support"
    world.switch.desk.set_status("a5", Status.AVAILABLE, "", world.now)
    world.switch.settle(world.now)
    world.settle()
    talk = phone(world, "105").answer()
    phone(world, "105").hang_up(talk)
    assert caller.over
    world.assert_clean()


def test_who_talks_or_a_closed_queue_is_no_matter_for_moving() -> None:
    world, caller, agent, talk = talking()
    with pytest.raises(NotPossibleError, match="waits in no queue"):
        move_caller(only_call(world), "sales", world.now)
    agent.hang_up(talk)
    assert caller.over
    world = two_queues(available=False)
    enter_queue(world)
    close_queue(world.switch.exchange, "support", True, world.now)
    with pytest.raises(NotPossibleError, match="closed by hand"):
        move_caller(only_call(world), "support", world.now)


def test_a_queue_closed_by_hand_keeps_who_waits_and_takes_nobody_else() -> None:
    world = shop(available=False)
    exchange = world.switch.exchange
    first = enter_queue(world)
    close_queue(exchange, "sales", True, world.now)
    second = enter_queue(world, carrier="beta", caller="0690002")
    (view,) = snapshot(world.switch, world.now).queues
    assert (view.closed, view.waiting) == (True, 1), "the second is told that nobody is there"
    phone(world, "beta").hang_up(second)
    phone(world, "alpha").hang_up(first)
    world.settle()
    inside = phone(world, "101").dial("600")
    assert snapshot(world.switch, world.now).queues[0].waiting == 0
    phone(world, "101").hang_up(inside)
    close_queue(exchange, "sales", False, world.now)
    third = enter_queue(world)
    assert snapshot(world.switch, world.now).queues[0].waiting == 1
    phone(world, "alpha").hang_up(third)
    with pytest.raises(UnknownNameError, match="there are: sales"):
        close_queue(exchange, "sale", True, world.now)
    switched = [(event.name, event.on) for event in exchange.house.events()]
    assert switched == [("closed-queue:sales", False)], "it survives a restart"


def test_a_supervisor_takes_a_conversation_over() -> None:
    world, caller, _, talk = talking()
    call = only_call(world)
    with pytest.raises(UnknownNameError):
        take_over(call, "999", world.now)
    with pytest.raises(NotPossibleError, match="at 101 already"):
        take_over(call, "101", world.now)
    take_over(call, "105", world.now)
    world.switch.settle(world.now)
    world.settle()
    assert not talk.over, "the agent goes on until the supervisor has answered"
    phone(world, "105").answer()
    assert talk.over
    assert not caller.over
    phone(world, "alpha").hang_up(caller)
    world.assert_clean()


def test_who_transfers_with_a_phone_s_rights_dials_what_it_may() -> None:
    world, caller, _, talk = talking()
    exchange = world.switch.exchange
    inside = tuple(
        msgspec.structs.replace(one, outside=False) if one.extension == "101" else one
        for one in exchange.settings.phones
    )
    settings = msgspec.structs.replace(exchange.settings, phones=inside)
    queues, agents = tuple(exchange.queues.values()), tuple(exchange.agents.values())
    world.switch.configure(settings, queues, agents, world.now)
    call = only_call(world)
    with pytest.raises(NotPossibleError):
        transfer_party(call, "069222222", world.now, callers_leg=True, by="101")
    transfer_party(call, "105", world.now, callers_leg=True, by="101")
    world.switch.settle(world.now)
    world.settle()
    phone(world, "105").answer()
    assert talk.over
    phone(world, "alpha").hang_up(caller)
    world.assert_clean()
