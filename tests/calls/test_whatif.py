"""A dry run: what would become of a call, without anything happening."""

import pytest

from softacd.acd.snapshot import QueueSnapshot
from softacd.acd.vocabulary import Status
from softacd.calls.caller import Caller
from softacd.calls.emergency import switch_emergency
from softacd.calls.flow_steps import CallBackStep, QueueStep
from softacd.calls.hours import HoursSettings
from softacd.calls.model import DialPlan, EmergencySettings, NumberSettings
from softacd.calls.orders import close_hours
from softacd.calls.whatif import what_if
from softacd.calls.whatif_answer import QueueForecast, StepForecast, WhatIf
from tests.calls.flows import CALLED, flow, world_of
from tests.calls.test_queue_calls import enter_queue, phone, ringing
from tests.calls.world import World, shop

ANN = "0690001"
VIP = Caller("+37369000001", "17", "Ann", "vip", "VIP", 10, "a3", "ro")
OFFICE = HoursSettings(name="office", week={"mon-fri": "09:00-18:00"})
TUESDAY_NOON = 1_700_000_000_000 - 10 * 3600 * 1000  # the virtual clock begins on Tuesday 2023-11-14 at 22:13 UTC
SUNDAY_NOON = TUESDAY_NOON + 5 * 86400 * 1000


def state(world: World) -> tuple[list[QueueSnapshot], int, list[str], int]:
    exchange = world.switch.exchange
    return (
        world.switch.distributor.queues(world.now),
        len(world.records),
        list(exchange.calls),
        len(exchange.services.deadlines),
    )


def asked(
    world: World, caller: str = ANN, called: str = "+37322000111", keys: str = "", at: int = TUESDAY_NOON
) -> WhatIf:
    before = state(world)
    sent = len(world.log)
    answer = what_if(world.switch.exchange, caller, called, at, keys, world.now)
    world.settle()
    assert (state(world), len(world.log)) == (before, sent), "a dry run changes nothing"
    return answer


def queue_of(answer: WhatIf) -> QueueForecast:
    (queue,) = [step.queue for step in answer.steps if step.queue is not None]
    return queue


def step_of(answer: WhatIf, name: str) -> StepForecast:
    return next(step for step in answer.steps if step.name == name)


def test_the_way_to_the_phones_that_would_ring() -> None:
    answer = asked(shop(agents=3, ring=2), keys="1")
    assert answer.verdict == "Enters flow main and rings a1, a2 in sales."
    assert [step.name for step in answer.steps] == ["greeting", "menu", "notice", "sales", "closed"]
    assert [(one.agent, one.rings, one.why) for one in queue_of(answer).standings] == [
        ("a1", True, "idle 0 s, level 1"),
        ("a2", True, "idle 0 s, level 1"),
        ("a3", False, "idle 0 s, level 1; 2 ring already"),
    ]
    assert (answer.trunk, answer.number, answer.local) == ("alpha", "37322000111", "2023-11-14 12:13")


def test_it_says_what_really_happens_then() -> None:
    world = shop(agents=5, ring=3)
    enter_queue(world, "beta", "0777777")
    world.advance(7)
    queue = queue_of(asked(world, keys="1"))
    before = set(ringing(world))
    enter_queue(world, caller=ANN)
    assert queue.outcome == "rings"
    assert set(ringing(world)) - before == {f"10{name[1]}" for name in queue.rings}
    assert queue.place == 2


def test_who_talks_and_who_wraps_up_does_not_ring() -> None:
    world = shop(agents=2, ring=1, wrap_up=20.0)
    call = enter_queue(world, "beta", "0777777")
    phone(world, ringing(world)[0]).answer()
    assert queue_of(asked(world, keys="1")).rings == ("a2",)
    world.switch.desk.set_status("a2", Status.LUNCH, "", world.now)
    world.settle()
    next(peer for peer in world.peers.values() if peer.name == "beta").hang_up(call)
    world.advance(8)
    answer = asked(world, keys="1")
    assert answer.verdict == "Enters flow main and waits in sales, place 1."
    assert [one.why for one in queue_of(answer).standings] == ["in wrap-up for 12 s more", "at lunch"]


def test_who_is_known_who_is_not_served_and_numbers_of_nobody() -> None:
    blocked = Caller("+37369000002", blacklisted=True)
    world = shop(manager_patience_seconds=10.0, lookup={ANN: VIP, "0690002": blocked}.get)
    answer = asked(world, keys="1")
    assert (answer.known, answer.name, answer.category, answer.customer) == (True, "VIP Ann", "vip", "17")
    assert (answer.priority, answer.manager, answer.language) == (10, "a3", "ro")
    assert answer.verdict == "Enters flow main and rings a3 in sales."
    assert queue_of(answer).meant_for == "a3"
    refused = asked(world, "0690002")
    assert (refused.verdict, refused.blacklisted) == ("The caller is on the blacklist: refused with 603.", True)
    assert (refused.flow, refused.steps) == ("", ())
    nobody = asked(world, "0699999", called="+4930123")
    assert (nobody.verdict, nobody.known) == ("+4930123 is no number of ours: refused with 404.", False)


def test_a_full_queue_sends_him_its_own_way() -> None:
    world = shop(step=QueueStep(queue="sales", exits={"full": "closed"}), max_callers=1, available=False)
    enter_queue(world)
    answer = asked(world, "0777777", keys="1")
    assert answer.verdict == "Enters flow main and leaves sales at once, full: the queue lets him go at once."
    assert [(lead.label, lead.step) for lead in step_of(answer, "sales").leads] == [("full", "closed")]


def test_without_keys_every_choice_is_shown() -> None:
    menu = step_of(asked(shop()), "menu")
    assert [(lead.label, lead.step, lead.pressed) for lead in menu.leads] == [
        ("1", "notice", True),
        ("2", "closed", True),
    ]


HOUSE = """
start = "who"
[steps.who]
do = "branch"
otherwise = "ask"
[[steps.who.cases]]
value = "{category}"
is = ["vip"]
then = "in"
[steps.ask]
do = "collect"
prompts = ["enter-contract"]
into = "contract"
then = "judge"
otherwise = "judge"
[steps.judge]
do = "branch"
otherwise = "in"
[[steps.judge.cases]]
value = "{contract}"
starts = ["9"]
then = "sub"
[steps.sub]
do = "flow"
flow = "after-hours"
then = "in"
[steps.in]
do = "queue"
queue = "sales"
"""
SHUT = flow('start = "no"\n[steps.no]\ndo = "say"\nprompts = ["closed"]\n', "after-hours")


def house(**queue: object) -> World:
    """A house with hours, a flow for when it is closed, and mobile phones for emergencies."""
    return world_of(
        flow(HOUSE),
        SHUT,
        lookup={ANN: VIP}.get,
        settings={
            "numbers": (NumberSettings(CALLED, "main", hours="office", closed="after-hours"),),
            "hours": (OFFICE,),
            "emergency": EmergencySettings(numbers=("069111111", "069222222"), seconds=10),
        },
        **queue,
    )


def test_hours_are_those_of_the_moment_asked_about() -> None:
    world = house()
    assert asked(world).hours == "office: open"
    shut = asked(world, at=SUNDAY_NOON)
    assert (shut.flow, shut.hours) == ("after-hours", "office: closed")
    assert shut.verdict == "Enters flow after-hours (office: closed) and reaches no queue."
    close_hours(world.switch.exchange, "office", closed=True, now=world.now)
    world.settle()
    assert asked(world).hours == "office: closed (closed by hand)"


def test_branches_are_decided_where_that_can_be_known() -> None:
    world = house()
    known = asked(world)
    assert [step.name for step in known.steps] == ["who", "in"]
    assert step_of(known, "who").known == "{category} = vip"
    stranger = asked(world, "0699999")
    assert [step.name for step in stranger.steps] == ["who", "ask", "judge", "sub", "no", "in"]
    assert len(step_of(stranger, "judge").leads) == 2, "what is asked for on the way is not known before"
    assert [(lead.label, lead.flow, lead.step) for lead in step_of(stranger, "sub").leads] == [
        ("", "after-hours", "no"),
        ("afterwards", "main", "in"),
    ]


def test_in_emergency_mode_the_mobile_phones_are_called() -> None:
    world = house()
    switch_emergency(world.switch.exchange, on=True, by="api", now=world.now)
    world.settle()
    answer = asked(world)
    assert (answer.emergency, queue_of(answer).outcome) == (True, "emergency")
    assert "069111111, 069222222 are called" in answer.verdict


@pytest.mark.parametrize(("at", "outcome"), [(TUESDAY_NOON, "rings"), (SUNDAY_NOON, "closed")])
def test_a_queue_has_hours_of_its_own(at: int, outcome: str) -> None:
    world = shop(changes={"hours": (OFFICE,)}, hours="office")
    assert queue_of(asked(world, keys="1", at=at)).outcome == outcome


def test_who_asked_to_be_called_back_has_his_place_and_keeps_it() -> None:
    steps = {"later": CallBackStep(prompts=("prompts/en/callback-accepted",), confirm=False)}
    plan = DialPlan(outside=("0XXXXXX",))
    world = shop(step=QueueStep(queue="sales", keys={"1": "later"}), more_steps=steps, available=False, dial_plan=plan)
    first = enter_queue(world, caller=ANN)
    world.press(min(world.open_streams), "1")
    world.settle()
    phone(world, "alpha").hang_up(first)
    world.advance(5)
    enter_queue(world, "beta", "0777777")
    assert len(world.switch.desk.call_backs) == 1
    assert queue_of(asked(world, "0788888", keys="1")).place == 3
    assert queue_of(asked(world, keys="1")).place == 1
    assert len(world.switch.desk.call_backs) == 1
