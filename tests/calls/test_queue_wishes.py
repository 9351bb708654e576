"""Whom a caller is meant for, and the ways out of a queue: as transcripts between the switch and its peers."""

import pytest

from softacd.acd.vocabulary import State, Status
from softacd.calls.acquaintance import MOST, Acquaintances
from softacd.calls.caller import Caller
from softacd.calls.flow_steps import DialStep, QueueStep, RingStep, SayStep, Step
from softacd.calls.records import CallEvent, Outcome
from softacd.calls.snapshot import snapshot
from tests.calls.test_queue_calls import enter_queue, phone, ringing
from tests.calls.test_transfer import refer
from tests.calls.world import Ring, World, shop

ANN = "0690001"


def notes(world: World, kind: str) -> list[str]:
    return [record.detail for record in world.records if isinstance(record, CallEvent) and record.kind == kind]


def talk(world: World, agent: str, caller: str = ANN) -> tuple[Ring, Ring]:
    """A caller of the queue speaks with this phone for 20 seconds."""
    call = enter_queue(world, caller=caller)
    answered = phone(world, agent).answer()
    world.advance(20)
    return call, answered


def test_a_customer_with_a_manager_rings_him_alone_and_then_everybody() -> None:
    world = shop(manager_patience_seconds=10.0)
    world.switch.exchange.lookup = {ANN: Caller("+37369000001", "17", "Ann", manager="a3")}.get
    enter_queue(world, caller=ANN)
    assert ringing(world) == ["103"]
    assert notes(world, "meant-for") == ["a3 for 10 s"]
    enter_queue(world, "beta", "0777777")  # who has no manager rings the others
    assert set(ringing(world)) == {"101", "102", "103", "104", "105"}
    world.advance(10)
    phone(world, "103").respond(phone(world, "103").calls[-1], 486)
    waiting = world.switch.distributor.queues(world.now)[0].waiting
    assert "a3" not in {agent for one in waiting for agent in one.ringing}


def test_a_manager_who_is_away_does_not_keep_his_customers_waiting() -> None:
    world = shop(manager_patience_seconds=10.0)
    world.switch.desk.set_status("a3", Status.BREAK, "", world.now)
    world.switch.exchange.lookup = {ANN: Caller("+37369000001", "17", "Ann", manager="a3")}.get
    enter_queue(world, caller=ANN)
    assert ringing(world) == ["101", "102", "104", "105"]


def test_who_calls_again_rings_the_agent_he_spoke_with_last() -> None:
    world = shop(last_agent_seconds=250.0, wrap_up=0)
    call, _ = talk(world, "102")
    phone(world, "alpha").hang_up(call)
    world.advance(200)
    again = enter_queue(world, caller=ANN)
    assert ringing(world) == ["102"]
    phone(world, "alpha").hang_up(again)
    world.advance(70)
    enter_queue(world, caller=ANN)
    assert len(ringing(world)) == 4, "that was too long ago"


def test_without_the_setting_nobody_is_preferred() -> None:
    world = shop(wrap_up=0)
    call, _ = talk(world, "102")
    phone(world, "alpha").hang_up(call)
    enter_queue(world, caller=ANN)
    assert len(ringing(world)) == 4
    assert notes(world, "meant-for") == []


def test_when_the_agents_line_dies_the_caller_comes_back_to_him_ahead_of_the_queue() -> None:
    world = shop(agents=2, ring=1, wrap_up=60.0)
    caller, talking = talk(world, "101")
    other, _ = talk(world, "102", "0777777")
    waiting = enter_queue(world, "beta", "0888888")
    stream = next(number for number, leg in world.switch.services.streams.items() if leg.party == "agent:a1")
    world.switch.services.streams[stream].on_lost(408, "the device vanished", world.now)
    world.switch.settle(world.now)
    world.settle()
    assert notes(world, "cut-off") == ["a1"]
    assert not caller.over
    assert phone(world, "101").calls[-1] is not talking, "his phone rings again, without a wrap-up"
    first = world.switch.distributor.queues(world.now)[0].waiting[0]
    assert first.ringing == ("a1",)
    phone(world, "101").answer()
    assert world.switch.distributor.agent("a1").state is State.TALKING
    phone(world, "alpha").hang_up(caller)
    [record] = [one for one in world.calls() if one.caller == ANN]
    assert (record.outcome, record.agent) == (Outcome.ANSWERED, "a1")
    phone(world, "beta").hang_up(waiting)
    phone(world, "alpha").hang_up(other)


def test_another_may_pick_up_who_was_cut_off_and_hand_him_back() -> None:
    world = shop(agents=2, ring=1, wrap_up=0, patience_seconds=8.0)
    caller, _ = talk(world, "101")
    stream = next(number for number, leg in world.switch.services.streams.items() if leg.party == "agent:a1")
    world.switch.services.streams[stream].on_lost(408, "the device vanished", world.now)
    world.switch.settle(world.now)
    world.settle()
    assert ringing(world) == ["101"]
    phone(world, "101").respond(phone(world, "101").calls[-1], 486)
    assert ringing(world) == ["102"], "who is busy does not keep him waiting"
    helping = phone(world, "102").answer()
    world.advance(15)
    refer(phone(world, "102"), helping, "<sip:101@shop.test>")
    assert ringing(world) == ["101"]
    phone(world, "101").answer()
    assert not caller.over
    phone(world, "alpha").hang_up(caller)
    world.assert_clean()


def test_a_caller_whose_own_line_died_goes_ahead_when_he_calls_again() -> None:
    world = shop(agents=1, ring=1, wrap_up=0)
    caller, _ = talk(world, "101")
    phone(world, "alpha").send(caller, "BYE", headers=(("Reason", 'Q.850;cause=41;text="Temporary failure"'),))
    talk(world, "101", "0777777")
    enter_queue(world, "beta", "0888888")
    enter_queue(world, caller=ANN)
    line = world.switch.distributor.queues(world.now)[0].waiting
    assert [world.switch.exchange.calls[one.caller].record.caller for one in line] == [ANN, "0888888"]
    assert notes(world, "meant-for") == ["a1 for 20 s"]


@pytest.mark.parametrize("reason", ["", "Q.850;cause=16", "SIP;cause=200"])
def test_who_hung_up_was_not_cut_off(reason: str) -> None:
    world = shop(agents=1, ring=1, wrap_up=0)
    caller, _ = talk(world, "101")
    phone(world, "alpha").send(caller, "BYE", headers=(("Reason", reason),) if reason else ())
    enter_queue(world, caller=ANN)
    assert notes(world, "meant-for") == []


def test_skills_come_from_the_flow_and_from_the_customers_language() -> None:
    skills = {"a1": {"cars": 2}, "a2": {"cars": 2, "ro": 1}, "a3": {"ro": 1}, "a4": {"cars": 1, "ro": 1}}
    world = shop(step=QueueStep(queue="sales", skills={"cars": 2}, then="closed"), skills=skills, language_skills=True)
    world.switch.exchange.lookup = {ANN: Caller("+37369000001", "17", "Ann", language="ro")}.get
    enter_queue(world, caller=ANN)
    assert ringing(world) == ["102"]
    enter_queue(world, "beta", "0777777")
    assert ringing(world) == ["101", "102"]


def test_a_key_leads_out_of_the_queue() -> None:
    step = QueueStep(queue="sales", keys={"2": "elsewhere"}, then="closed")
    world = shop(step=step, more_steps={"elsewhere": SayStep(prompts=("prompts/en/goodbye",))})
    caller = enter_queue(world)
    stream = next(iter(world.playing))
    world.press(stream, "7")
    assert len(ringing(world)) == 4, "a key that is not offered changes nothing"
    world.press(stream, "2")
    assert ringing(world) == []
    assert world.playing[stream].clips == ("prompts/en/goodbye",)
    world.press(stream, "2")
    assert notes(world, "queue-left") == ["sales: key after 0.0 s"]
    phone(world, "alpha").hang_up(caller)
    world.assert_clean()


def test_each_exit_has_its_own_way_and_overflow_goes_to_an_outside_number() -> None:
    step = QueueStep(queue="sales", exits={"full": "full", "too-long": "partner"}, then="closed")
    steps: dict[str, Step] = {
        "full": SayStep(prompts=("prompts/en/queue-full",)),
        "partner": DialStep(number="069111222", then="closed"),
    }
    world = shop(step=step, more_steps=steps, max_callers=1, max_wait_seconds=30.0, available=False)
    first = enter_queue(world)
    second = enter_queue(world, "beta", "0777777")
    assert world.playing[max(world.playing)].clips == ("prompts/en/queue-full",)
    phone(world, "beta").hang_up(second)
    world.advance(31)
    outgoing = phone(world, "alpha").calls[-1]
    assert notes(world, "ring") == ["069111222"]
    phone(world, "alpha").answer(outgoing)
    assert world.bridges
    phone(world, "alpha").hang_up(first)
    world.assert_clean()


def test_a_queue_overflows_into_another_step_of_the_same_queue_and_into_a_phone() -> None:
    step = QueueStep(queue="sales", exits={"too-long": "once-more"}, then="closed")
    world = shop(
        step=step,
        more_steps={
            "once-more": QueueStep(queue="sales", priority=5, then="desk"),
            "desk": RingStep(extension="101"),
        },
        max_wait_seconds=30.0,
        available=False,
    )
    enter_queue(world)
    world.advance(31)
    assert notes(world, "queue-joined") == ["sales", "sales"]
    world.advance(31)
    assert ringing(world) == ["101"]


def test_an_outside_number_that_does_not_answer_leads_on() -> None:
    step = QueueStep(queue="sales", exits={"too-long": "partner"})
    world = shop(
        step=step,
        more_steps={"partner": DialStep(number="069111222", then="closed")},
        max_wait_seconds=30.0,
        available=False,
    )
    enter_queue(world)
    world.advance(31)
    phone(world, "alpha").respond(phone(world, "alpha").calls[-1], 486)
    assert world.playing[max(world.playing)].clips == ("prompts/en/no-agents",)


def test_who_is_foretold_too_long_a_wait_leaves_at_once() -> None:
    step = QueueStep(queue="sales", exits={"predicted-too-long": "sorry"}, then="closed")
    world = shop(
        step=step,
        more_steps={"sorry": SayStep(prompts=("prompts/en/all-agents-busy",))},
        agents=1,
        max_predicted_seconds=60.0,
        wrap_up=0,
    )
    for number in range(30):  # the estimator learns that a conversation takes five minutes
        call = enter_queue(world, caller=f"06911{number:02}")
        phone(world, "101").answer()
        world.advance(200)
        phone(world, "alpha").hang_up(call)
        phone(world, "101").register()
    enter_queue(world)
    phone(world, "101").answer()
    enter_queue(world, "beta", "0777777")
    estimate = notes(world, "queue-left")[-1]
    assert estimate == "sales: predicted-too-long after 0.0 s"
    assert world.playing[max(world.playing)].clips == ("prompts/en/all-agents-busy",)


def test_an_agent_in_a_call_of_his_own_is_shown_so() -> None:
    world = shop()
    phone(world, "101").dial("102")
    agents = {agent.name: agent for agent in snapshot(world.switch, world.now).agents}
    assert (agents["a1"].state, agents["a3"].state) == ("own-call", "idle")


def test_the_callers_remembered_are_bounded_and_the_oldest_is_forgotten() -> None:
    known = Acquaintances()
    for number in range(MOST + 5):
        known.met(str(number), "ann", float(number))
    assert len(known) == MOST
    settings = shop(last_agent_seconds=1e6).switch.exchange.queues["sales"]
    assert known.wish(settings, "4", None, 1e5).agent == ""
    assert known.wish(settings, "5", None, 1e5).agent == "ann"


def test_every_decision_is_recorded_with_its_reasons() -> None:
    world = shop(agents=2, ring=1, wrap_up=30)
    enter_queue(world)
    assert notes(world, "why") == ["place 1: a1: idle 0 s, level 1 | a2: idle 0 s, level 1; 1 ring already"]
    phone(world, "101").answer()
    enter_queue(world, "beta", "0777777")
    enter_queue(world, "alpha", "0888888")
    assert notes(world, "why")[-1] == ("place 2: nobody | a1: in conversation since 0 s; a2: rings for another caller")
    world.switch.settle(world.now)
    assert len(notes(world, "why")) == 3
