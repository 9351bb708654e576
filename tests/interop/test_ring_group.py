"""A queue rings a group of real phones: four at once, the first answer wins, the rest show no missed call."""

import asyncio
import contextlib
import time
from collections.abc import Sequence

import pytest
from baresip.errors import StaleHandleError

from softacd.calls.records import Outcome
from tests.interop.conftest import Switch
from tests.interop.phones import Line, Phones, until
from tests.interop.shop import AGENTS, MUSIC
from tests.interop.test_phones import talk

pytestmark = pytest.mark.interop
FIVE = AGENTS[:5]


async def test_four_of_five_ring_and_the_first_answer_silences_the_rest(switch: Switch, phones: Phones) -> None:
    async with switch() as shop:
        caller = await shop.office_phone(phones)
        group = await shop.phones_of(phones, *FIVE)
        waiting = await (await caller.dial(shop.uri("601"))).established()
        await waiting.until_hears(MUSIC)
        for agent in FIVE:
            await shop.available(agent)
        # at once: no phone may wait for some timer of the switch
        await until(lambda: sum(len(phone.ringing) for phone in group) == 4, 0.4, lambda: f"{[p.lines for p in group]}")
        await asyncio.sleep(0.4)
        ringing = [phone.ringing[0] for phone in group if phone.ringing]
        assert len(ringing) == 4
        assert len(phones.received("INVITE")) == 4

        winner = ringing[2]
        await winner.answer()
        await asyncio.gather(*(line.over(2) for line in ringing if line is not winner))
        await talk(waiting, winner)
        await until(lambda: len(phones.received("CANCEL")) == 3, 1, lambda: "three phones are told")
        cancels = phones.received("CANCEL")
        assert all('Reason: SIP;cause=200;text="Call completed elsewhere"' in text for text in cancels)
        states = {agent.name: agent.state for agent in (await shop.snapshot()).agents if agent.name in FIVE}
        assert sorted(states.values()) == ["idle"] * 4 + ["talking"]

        await waiting.hang_up()
        await winner.over()
        (call,) = await shop.ended_calls(1)
        assert (call.outcome, call.queue, call.ended_by) == (Outcome.ANSWERED, "sales", "caller")
        assert shop.tree["agents"][call.agent]["phone"] == winner.phone.user
        assert call.wait_ms == call.connected - call.queued
        assert call.talk_ms == pytest.approx(call.ended - call.connected, abs=5)
        story = await shop.story(call.id)
        assert len(story.kinds("offered")) == 4
        assert sum("answered-elsewhere" in event for event in story.kinds("withdrawn")) == 3


async def the_one_left(lines: Sequence[Line]) -> Line:
    """Wait until all but one of the calls are over."""
    await until(lambda: sum(not line.ended for line in lines) == 1, 3, lambda: f"{lines}")
    return next(line for line in lines if not line.ended)


async def pick_up_at_once(line: Line) -> None:
    """Pick up without waiting for the conversation. On a slow machine the CANCEL may have reached this phone before."""
    with contextlib.suppress(StaleHandleError):
        await line.call.answer()


async def test_two_phones_answer_at_the_same_moment_and_one_is_told_too_late(switch: Switch, phones: Phones) -> None:
    async with switch() as shop:
        caller = await shop.office_phone(phones)
        ann, bob = await shop.phones_of(phones, "ann", "bob")
        await shop.available("ann", "bob")
        for _ in range(3):
            waiting = await caller.dial(shop.uri("601"))
            lines = await asyncio.gather(ann.rings(), bob.rings())
            await asyncio.gather(*(pick_up_at_once(line) for line in lines))
            winner = await the_one_left(lines)
            await talk(waiting, winner)
            await waiting.hang_up()
            await winner.over()
        calls = await shop.ended_calls(3)
        assert all(call.outcome is Outcome.ANSWERED and call.agent in ("ann", "bob") for call in calls)
        assert {agent.state for agent in (await shop.snapshot()).agents if agent.name in ("ann", "bob")} == {"idle"}


async def test_who_does_not_answer_twice_is_paused_and_who_rejects_is_spared(switch: Switch, phones: Phones) -> None:
    sales = {"ring_seconds": 1, "no_answer_limit": 2, "no_answer_delay": 0.2, "busy_delay": 30, "ring": 1}
    async with switch(queues={"sales": sales}) as shop:
        caller = await shop.office_phone(phones)
        ann, bob = await shop.phones_of(phones, "ann", "bob")
        await shop.available("ann", "bob")
        waiting = await (await caller.dial(shop.uri("601"))).established()
        first = await ann.rings()  # the longest idle
        await first.over(3)
        rejecting = await bob.rings()
        await rejecting.call.reject()
        second = await ann.rings()
        await second.over(3)
        await shop.until_agent("ann", status="not-ready", state="idle")
        assert (await shop.agent("bob")).status == "available"
        assert [len(ann.lines), len(bob.lines)] == [2, 1]
        assert not waiting.ended
        await shop.available("ann")
        await (await ann.rings()).answer()
        await talk(waiting, ann.lines[-1])
        await ann.lines[-1].hang_up()
        await waiting.over()
        (call,) = await shop.ended_calls(1)
        assert (call.outcome, call.agent, call.ended_by) == (Outcome.ANSWERED, "ann", "called")
        assert "refused bob: busy (486)" in (await shop.story(call.id)).kinds()


async def test_the_next_caller_rings_when_the_wrap_up_is_over_and_not_before(switch: Switch, phones: Phones) -> None:
    async with switch(queues={"sales": {"wrap_up_seconds": 1.5}}) as shop:
        callers = [await shop.office_phone(phones, extension) for extension in ("201", "202")]
        (ann,) = await shop.phones_of(phones, "ann")
        await shop.available("ann")
        first = await callers[0].dial(shop.uri("601"))
        await (await ann.rings()).answer()
        second = await (await callers[1].dial(shop.uri("601"))).established()
        await talk(first, ann.lines[0])
        await ann.lines[0].hang_up()
        ended = time.monotonic()
        await shop.until_agent("ann", state="wrap-up")
        line = await ann.rings(4)
        assert time.monotonic() - ended == pytest.approx(1.5, abs=0.3)
        await line.answer()
        await talk(second, line)
        await second.hang_up()
        await line.over()
        await shop.until_agent("ann", state="wrap-up")
        finish = await (await ann.dial(shop.uri("*45"))).established()
        await shop.until_agent("ann", 1.0, state="idle")
        await finish.over()
        # the switch's own account of it, to the millisecond
        ended_ms = (await shop.ended_calls(2))[0].ended
        offered = next(
            event for event in (await shop.story((await shop.calls())[1].id)).events if event.kind == "offered"
        )
        assert offered.at - ended_ms == pytest.approx(1500, abs=20)


async def test_a_caller_who_gives_up_leaves_no_phone_ringing(switch: Switch, phones: Phones) -> None:
    async with switch() as shop:
        caller = await shop.office_phone(phones)
        group = await shop.phones_of(phones, *FIVE)
        await shop.available(*FIVE)
        waiting = await (await caller.dial(shop.uri("601"))).established()
        await until(lambda: sum(len(phone.ringing) for phone in group) == 4, 3, lambda: "four phones ring")
        await waiting.hang_up()
        await until(lambda: not any(phone.ringing for phone in group), 2, lambda: "phones still ring")
        await until(lambda: len(phones.received("CANCEL")) == 4, 1, lambda: "four phones are told")
        cancels = phones.received("CANCEL")
        assert not any("completed elsewhere" in text for text in cancels)  # they show a missed call: nobody answered
        (call,) = await shop.ended_calls(1)
        assert (call.outcome, call.agent) == (Outcome.ABANDONED, "")
        assert [agent.state for agent in (await shop.snapshot()).agents[:5]] == ["idle"] * 5
        (queue,) = [queue for queue in (await shop.snapshot()).queues if queue.name == "sales"]
        assert (queue.offered, queue.answered, queue.abandoned) == (1, 0, 1)
