"""Why callers called: said during the call, in the wrap-up or after it, and what happens where it is required."""

import pytest

from softacd.acd.vocabulary import State
from softacd.calls.control import NotPossibleError
from softacd.calls.records import MissedOwner, TopicChosen
from softacd.calls.snapshot import snapshot
from tests.calls.test_known_callers import ANN, known_shop
from tests.calls.test_queue_calls import enter_queue, phone
from tests.calls.world import Ring, World, shop

TOPICS = ("delivery", "invoice")


def talking(**queue: object) -> tuple[World, Ring, str]:
    """a1 talks to a caller; the world, the caller's call and its id."""
    world = shop(agents=1, **{"topics": TOPICS, "topic_required": True, **queue})
    caller = enter_queue(world)
    phone(world, "101").answer()
    return world, caller, next(iter(world.switch.exchange.calls))


def wrapping_up(**queue: object) -> tuple[World, str]:
    world, caller, call = talking(**queue)
    phone(world, "alpha").hang_up(caller)
    assert world.switch.distributor.agent("a1").state is State.WRAP_UP
    return world, call


def said(world: World) -> list[tuple[str, str, str]]:
    return [(record.call, record.topic, record.agent) for record in world.records if isinstance(record, TopicChosen)]


def test_said_during_the_call_it_stands_in_its_record_and_the_wrap_up_may_be_ended() -> None:
    world, caller, call = talking()
    world.switch.desk.topics.choose(call, "sales", "delivery", "a1", world.now)
    assert snapshot(world.switch, world.now).calls[0].topic == "delivery"
    phone(world, "alpha").hang_up(caller)
    world.switch.desk.finish_wrap_up("a1", world.now)
    world.settle()
    assert world.switch.distributor.agent("a1").state is State.IDLE
    assert (world.calls()[0].topic, said(world)) == ("delivery", [(call, "delivery", "a1")])
    assert world.events("topic", "topic-missing") == ["topic delivery"]
    world.assert_clean()


def test_a_required_topic_keeps_the_wrap_up_from_being_ended_early() -> None:
    world, call = wrapping_up()
    assert snapshot(world.switch, world.now).agents[0].topic_owed == call
    with pytest.raises(NotPossibleError, match=f"POST /api/v1/calls/{call}/topic: delivery, invoice"):
        world.switch.desk.finish_wrap_up("a1", world.now)
    world.switch.desk.topics.choose(call, "sales", "invoice", "a1", world.now)
    assert snapshot(world.switch, world.now).agents[0].topic_owed == ""
    world.switch.desk.finish_wrap_up("a1", world.now)
    assert world.switch.distributor.agent("a1").state is State.IDLE


def test_the_time_of_the_wrap_up_ends_it_all_the_same_and_the_topic_is_noted_as_missing() -> None:
    world, call = wrapping_up()
    world.advance(5)
    assert world.switch.distributor.agent("a1").state is State.IDLE
    assert world.events("topic-missing") == ["topic-missing a1"]
    world.switch.desk.topics.choose(call, "sales", "invoice", "a1", world.now)  # better late
    world.settle()
    assert said(world) == [(call, "invoice", "a1")]
    world.assert_clean()


def test_where_it_is_not_required_nothing_is_owed() -> None:
    world, _ = wrapping_up(topic_required=False)
    world.switch.desk.finish_wrap_up("a1", world.now)
    world.settle()
    assert world.events("topic-missing") == []


def test_by_feature_code_the_agent_dials_its_place_in_the_list() -> None:
    world, call = wrapping_up()
    phone(world, "101").dial("*453")
    phone(world, "101").dial("*473")
    assert said(world) == []
    phone(world, "101").dial("*472")
    assert said(world) == [(call, "invoice", "a1")]
    assert "feature topic: thank-you" in world.events("feature")


@pytest.mark.parametrize(
    ("queue", "topic", "why"),
    [
        ("sales", "weather", "'weather' is no topic of queue sales; choose delivery, invoice"),
        ("", "invoice", "no topics for a call that was in no queue"),
    ],
)
def test_what_is_no_topic_is_refused_with_the_list(queue: str, topic: str, why: str) -> None:
    world, _, call = talking()
    with pytest.raises(NotPossibleError, match=why):
        world.switch.desk.topics.choose(call, queue, topic, "a1", world.now)
    assert said(world) == []


def test_a_line_that_died_ends_no_conversation_and_owes_nothing() -> None:
    world, _, _ = talking()
    bye = (("Reason", "Q.850;cause=38"),)
    phone(world, "101").send(phone(world, "101").calls[-1], "BYE", headers=bye)
    assert world.events("cut-off") == ["cut-off a1"]
    assert world.events("topic-missing") == []
    assert snapshot(world.switch, world.now).agents[0].topic_owed == ""


def owners(world: World) -> list[tuple[str, str, bool]]:
    return [(one.caller, one.owner, one.assigned) for one in world.records if isinstance(one, MissedOwner)]


def test_a_missed_caller_is_the_task_of_the_agent_who_let_it_ring_and_costs_what_the_queue_says() -> None:
    world = shop(agents=1, missed_value=350.0)
    caller = enter_queue(world)
    phone(world, "alpha").hang_up(caller)
    world.settle()
    assert owners(world) == [("0690001", "a1", False)]
    [queue] = snapshot(world.switch, world.now).queues
    assert (queue.missed, queue.missed_value, queue.missed_cost) == (1, 350.0, 350.0)


def test_a_missed_customer_is_the_task_of_his_manager() -> None:
    world = known_shop(agents=2, ring=1)
    caller = enter_queue(world, caller=ANN)
    phone(world, "alpha").hang_up(caller)
    world.settle()
    assert owners(world) == [(ANN, "a2", False)]


def test_who_was_answered_is_nobodys_task() -> None:
    world, caller, _ = talking()
    phone(world, "alpha").hang_up(caller)
    world.settle()
    assert owners(world) == []
    assert not world.switch.desk.missed
