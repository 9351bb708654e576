"""Call-backs: a place in line kept without a caller, as transcripts between the switch and its peers."""

from typing import Any

import pytest

from softacd.acd.vocabulary import State, Status
from softacd.calls.flow_steps import CallBackStep, QueueStep, SayStep, Step
from softacd.calls.model import DialPlan
from softacd.calls.records import CallBackEvent, CallBackState, Direction, Outcome
from softacd.calls.snapshot import snapshot
from softacd.sip.transaction import ClientTransaction
from tests.calls.test_queue_calls import enter_queue, phone, ringing
from tests.calls.world import Ring, World, shop

ANN = "0690001"
OPEN = DialPlan(outside=("0XXXXXX", "0XXXXXXXX"))
STEPS: dict[str, Step] = {
    "call-me": CallBackStep(then="bye", otherwise="sorry", confirm=False),
    "bye": SayStep(prompts=("prompts/en/goodbye",)),
    "sorry": SayStep(prompts=("prompts/en/not-allowed",)),
}


def callback_shop(**settings: Any) -> World:
    """One agent; a waiting caller who presses 9 is called back."""
    step = QueueStep(queue="sales", keys={"9": "call-me"}, then="closed")
    return shop(step=step, more_steps=STEPS, **{"agents": 1, "ring": 1, "wrap_up": 0, "dial_plan": OPEN, **settings})


def ask(world: World, caller: str = ANN) -> None:
    """A caller waits, presses 9, hears that it is noted, is hung up on."""
    call = enter_queue(world, "alpha", caller)
    stream = max(world.playing)
    world.press(stream, "9")
    assert world.finish_play(stream) == ("prompts/en/callback-accepted",)
    assert world.finish_play(stream) == ("prompts/en/goodbye",)
    assert call.over


def states(world: World) -> list[str]:
    return [record.state.value for record in world.records if isinstance(record, CallBackEvent)]


def busy(world: World) -> Ring:
    """The agent talks with somebody."""
    call = enter_queue(world, "beta", "0777777")
    phone(world, "101").answer()
    return call


def outgoing(world: World, carrier: str = "alpha") -> dict[str, Ring]:
    """Who is being called outside now."""
    return {
        call.transaction.request.uri.user: call
        for call in phone(world, carrier).calls
        if not isinstance(call.transaction, ClientTransaction) and not call.over and not call.dialog
    }


def in_line(world: World) -> list[bool]:
    return [one.call_back for one in world.switch.distributor.queues(world.now)[0].waiting]


def test_who_asked_is_called_when_an_agent_is_free_and_the_two_are_connected() -> None:
    world = callback_shop()
    other = busy(world)
    ask(world)
    world.advance(60)
    assert outgoing(world) == {}, "nobody is called before an agent is there for him"
    phone(world, "beta").hang_up(other)
    assert ringing(world) == ["101"]
    invite = [request for request in phone(world, "101").requests if request.method == "INVITE"][-1]
    assert str(invite.from_).startswith(f'"Call-back" <sip:{ANN}@')
    assert outgoing(world) == {}
    phone(world, "101").answer()
    customer = outgoing(world)[ANN]
    assert world.switch.distributor.agent("a1").state is State.TALKING
    phone(world, "alpha").answer(customer)
    assert world.bridges
    world.advance(30)
    phone(world, "alpha").hang_up(customer)
    [record] = [one for one in world.calls() if one.direction is Direction.OUTGOING]
    assert (record.called, record.agent, record.queue, record.outcome) == (ANN, "a1", "sales", Outcome.ANSWERED)
    assert record.talk_ms == 30_000
    assert states(world) == ["waiting", "ringing", "served"]
    assert world.switch.distributor.agent("a1").state is State.IDLE
    assert len(world.switch.desk.call_backs) == 0
    world.assert_clean()


def test_it_keeps_its_place_before_who_came_later_and_behind_who_came_earlier() -> None:
    world = callback_shop()
    other = busy(world)
    first = enter_queue(world, "alpha", "0666666")
    world.advance(5)
    ask(world)
    world.advance(5)
    enter_queue(world, "beta", "0888888")
    assert in_line(world) == [False, True, False]
    phone(world, "beta").hang_up(other)
    phone(world, "101").answer()
    phone(world, "alpha").hang_up(first)
    phone(world, "101").answer()
    assert list(outgoing(world)) == [ANN]


def test_two_call_backs_and_one_agent_make_one_attempt() -> None:
    world = callback_shop()
    other = busy(world)
    ask(world)
    ask(world, "0690002")
    phone(world, "beta").hang_up(other)
    phone(world, "101").answer()
    world.advance(5)
    assert list(outgoing(world)) == [ANN]
    assert in_line(world) == [True]


def test_who_does_not_answer_is_tried_again_later_and_given_up_in_the_end() -> None:
    world = callback_shop(call_back_attempts=2, call_back_retry_seconds=120.0)
    other = busy(world)
    ask(world)
    phone(world, "beta").hang_up(other)
    phone(world, "101").answer()
    phone(world, "alpha").respond(outgoing(world)[ANN], 486)
    assert phone(world, "101").calls[-1].over
    assert world.switch.distributor.agent("a1").ready, "the agent is free at once"
    assert states(world)[-1] == "pausing"
    world.advance(119)
    assert ringing(world) == []
    world.advance(2)
    assert ringing(world) == ["101"]
    phone(world, "101").answer()
    phone(world, "alpha").respond(outgoing(world)[ANN], 486)
    assert states(world) == ["waiting", "ringing", "pausing", "waiting", "ringing", "failed"]
    world.assert_clean()
    assert ringing(world) == []


def test_an_agent_who_hangs_up_while_it_rings_ends_the_attempt_only() -> None:
    world = callback_shop(call_back_retry_seconds=60.0)
    other = busy(world)
    ask(world)
    phone(world, "beta").hang_up(other)
    phone(world, "101").answer()
    customer = outgoing(world)[ANN]
    phone(world, "alpha").respond(customer, 180)
    phone(world, "101").hang_up()
    assert customer.cancelled
    assert world.switch.distributor.agent("a1").state is State.IDLE
    assert states(world)[-1] == "pausing"
    world.advance(61)
    assert ringing(world) == ["101"]


def test_a_customer_who_calls_again_takes_his_own_place() -> None:
    world = callback_shop()
    busy(world)
    ask(world)
    world.advance(30)
    enter_queue(world, "beta", "0888888")
    enter_queue(world, "alpha", ANN)
    line = world.switch.distributor.queues(world.now)[0].waiting
    assert [world.switch.exchange.calls[one.caller].record.caller for one in line] == [ANN, "0888888"]
    assert states(world) == ["waiting", "called-again"]
    assert len(world.switch.desk.call_backs) == 0


def test_who_hangs_up_while_it_is_confirmed_has_asked_all_the_same() -> None:
    world = callback_shop()
    busy(world)
    call = enter_queue(world)
    world.press(max(world.playing), "9")
    assert in_line(world) == [], "his line is not free yet"
    phone(world, "alpha").hang_up(call)
    assert in_line(world) == [True]


def test_a_hidden_number_cannot_be_called_back() -> None:
    world = callback_shop()
    busy(world)
    enter_queue(world, "alpha", "anonymous")
    stream = max(world.playing)
    world.press(stream, "9")
    assert world.playing[stream].clips == ("prompts/en/not-allowed",)
    assert states(world) == []


@pytest.mark.parametrize("in_flight", [False, True])
def test_it_survives_a_restart(in_flight: bool) -> None:
    world = callback_shop()
    other = busy(world)
    ask(world)
    if in_flight:
        phone(world, "beta").hang_up(other)
        phone(world, "101").answer()
        assert outgoing(world)
    newest = {record.id: record for record in world.records if isinstance(record, CallBackEvent)}
    after = callback_shop()
    after.switch.restore_call_backs(newest.values(), after.now)
    after.settle()
    assert ringing(after) == ["101"]
    phone(after, "101").answer()
    phone(after, "alpha").answer(outgoing(after)[ANN])
    assert states(after)[-1] == "served"


def test_what_was_finished_before_a_restart_stays_so() -> None:
    world = callback_shop()
    done = [CallBackEvent(f"x-{one}", 0, one, "sales", ANN) for one in set(CallBackState) - CallBackState.open()]
    world.switch.restore_call_backs(done, world.now)
    assert len(world.switch.desk.call_backs) == 0


def test_a_queue_that_is_removed_takes_its_call_backs_along() -> None:
    world = callback_shop()
    busy(world)
    ask(world)
    switch = world.switch
    switch.configure(switch.exchange.settings, (), tuple(switch.exchange.agents.values()), world.now)
    world.settle()
    assert states(world) == ["waiting", "closed"]


def test_a_stop_while_one_is_being_offered() -> None:
    world = callback_shop()
    world.switch.desk.set_status("a1", Status.AVAILABLE, "", world.now)
    other = busy(world)
    ask(world)
    phone(world, "beta").hang_up(other)
    assert ringing(world) == ["101"]
    world.switch.stop(world.now)
    world.settle()
    assert not world.switch.exchange.calls
    assert ringing(world) == []


# --- the number is confirmed or entered --------------------


def asking(world: World, caller: str = ANN) -> tuple[Ring, int]:
    """A waiting caller has pressed 9: his call and his stream."""
    call = enter_queue(world, "alpha", caller)
    stream = max(world.playing)
    world.press(stream, "9")
    return call, stream


def hears(world: World, stream: int) -> list[str]:
    return [clip.removeprefix("prompts/en/") for clip in world.playing[stream].clips]


def confirming_shop(**settings: Any) -> World:
    steps = {**STEPS, "call-me": CallBackStep(then="bye", otherwise="sorry")}
    step = QueueStep(queue="sales", keys={"9": "call-me"}, then="closed")
    return shop(step=step, more_steps=steps, **{"agents": 1, "ring": 1, "wrap_up": 0, "dial_plan": OPEN, **settings})


def test_the_number_is_told_and_taken_by_key_and_keeps_the_place() -> None:
    world = confirming_shop()
    busy(world)
    call, stream = asking(world)
    assert hears(world, stream) == [
        "callback-number", *(f"digits/{digit}" for digit in ANN), "callback-confirm"
    ]  # fmt: skip
    world.press(stream, "1")
    assert hears(world, stream) == ["callback-accepted"]
    world.finish_play(stream)
    world.finish_play(stream)
    assert call.over
    assert in_line(world) == [True]
    assert world.events("call-back-asked") == [f"call-back-asked sales: {ANN}"]


def test_another_number_is_entered_judged_and_confirmed() -> None:
    world = confirming_shop()
    busy(world)
    _, stream = asking(world)
    world.press(stream, "2")
    assert hears(world, stream) == ["callback-enter-number"]
    for key in "881000#":
        world.press(stream, key)
    assert hears(world, stream) == ["entry-invalid", "callback-enter-number"]
    for key in "069555":
        world.press(stream, key)
    world.press(stream, "*")
    for key in "069111222":
        world.press(stream, key)
    world.advance(4.1)
    assert hears(world, stream)[-1] == "callback-confirm"
    world.press(stream, "1")
    assert world.events("call-back-asked") == ["call-back-asked sales: 069111222"]
    assert world.events("call-back-refused") == ["call-back-refused 881000 is not open in the dial plan"]


@pytest.mark.parametrize("caller", ["anonymous", "+88123456789", "112"])
def test_a_number_that_is_hidden_or_dear_is_never_called_but_another_may_be_entered(caller: str) -> None:
    world = confirming_shop()
    busy(world)
    call, stream = asking(world, caller)
    assert hears(world, stream) == ["callback-enter-number"]
    for _ in range(3):
        for key in "900#":
            world.press(stream, key)
    assert hears(world, stream) == ["not-allowed"]
    world.finish_play(stream)
    assert call.over
    assert in_line(world) == []
    assert not states(world)


def test_who_confirms_nothing_is_not_called() -> None:
    world = confirming_shop()
    busy(world)
    _, stream = asking(world)
    world.press(stream, "7")
    for _ in range(2):
        world.finish_play(stream)
        world.advance(6.1)
    assert hears(world, stream) == ["not-allowed"]
    assert not states(world)


def test_without_confirmation_a_dear_number_is_refused_too() -> None:
    world = callback_shop()
    busy(world)
    _, stream = asking(world, "+88123456789")
    assert hears(world, stream) == ["not-allowed"]


def test_a_call_back_counts_against_the_ceilings_of_flows() -> None:
    plan = DialPlan(outside=OPEN.outside, flow_calls_an_hour=1)
    world = callback_shop(dial_plan=plan, call_back_retry_seconds=60.0)
    other = busy(world)
    ask(world)
    ask(world, "0690002")
    phone(world, "beta").hang_up(other)
    phone(world, "101").answer()
    phone(world, "alpha").answer(outgoing(world)[ANN])
    phone(world, "101").hang_up()
    phone(world, "101").answer()
    assert outgoing(world) == {}, "the second would be one too many within an hour"
    assert world.switch.exchange.tolls.refused
    assert states(world)[-1] == "pausing"


def test_the_offer_is_made_with_the_announcements_and_only_if_the_wait_is_long_and_trusted() -> None:
    def told(**settings: Any) -> bool:
        step = QueueStep(queue="sales", keys={"9": "call-me"}, offer=("callback-offer",), then="closed", **settings)
        world = shop(step=step, more_steps=STEPS, agents=1, ring=1, wrap_up=0, announce_first=3.0)
        busy(world)
        enter_queue(world, "alpha", ANN)
        stream = max(world.playing)
        world.advance(3.1)
        return "callback-offer" in hears(world, stream)

    assert told()
    assert not told(offer_above_seconds=30.0), "nothing is known of this queue yet"


def test_views_tell_who_waits_on_the_line_and_who_is_called_back() -> None:
    world = callback_shop()
    busy(world)
    ask(world)
    enter_queue(world, "alpha", "0666666")
    world.advance(9)
    (view,) = snapshot(world.switch, world.now).queues
    assert (view.waiting, view.call_backs) == (1, 1)
    assert view.longest_wait_s < 10
    assert world.switch.desk.figure("sales", "waiting", world.now) == "1"
