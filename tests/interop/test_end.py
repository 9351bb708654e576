"""The end of the switch, orderly or not, with calls up: who is told, what is remembered, what the next start says."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from softacd.calls.records import CallRecord, Outcome
from tests.interop.conftest import Switch
from tests.interop.kamailio import Kamailio, needs_kamailio
from tests.interop.phones import Line, Phone, Phones, until
from tests.interop.shop import GREETING, MUSIC, Shop
from tests.interop.test_phones import connect, talk

pytestmark = pytest.mark.interop


async def one_of_each(shop: Shop, phones: Phones, outside: Phone, carrier: Kamailio) -> dict[str, Line]:
    """A caller with an agent, one in the queue whose agent's phone rings, one in the greeting, two phones talking."""
    ann, bob, carol, dan = await shop.phones_of(phones, "ann", "bob", "carol", "dan")
    await shop.available("ann")
    talking = await (await outside.dial(carrier.number())).established()
    await talking.press("1")
    agent = await (await ann.rings()).answer()
    await talk(talking, agent)
    waiting = await (await outside.dial(carrier.number())).established()
    await waiting.press("1")
    await waiting.until_hears(MUSIC)
    await shop.available("bob")
    ringing = await bob.rings()
    inside, other = await connect(carol, dan, shop.uri("104"))
    greeted = await (await outside.dial(carrier.number())).established()
    await greeted.until_hears(GREETING)
    return {
        "talking": talking, "agent": agent, "waiting": waiting, "ringing": ringing, "inside": inside, "other": other,
        "greeted": greeted,
    }  # fmt: skip


@needs_kamailio
async def test_a_stop_tells_every_party_flushes_the_records_and_deregisters(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    async with Kamailio(tmp_path) as carrier, switch(trunks={"beta": carrier.trunk_settings()}) as shop:
        await shop.until_registered("beta")
        outside = await carrier.outside_phone(phones)
        lines = await one_of_each(shop, phones, outside, carrier)
        begun = time.monotonic()
        assert await shop.process.stop() == 0
        assert time.monotonic() - begun < 3.0  # every peer answers at once: nothing to wait for
        await asyncio.gather(*(line.over(0.5) for line in lines.values()))
        assert not shop.complaints()
        # the carrier does not know us any more
        refused = await outside.dial(carrier.number())
        await refused.over()
        assert refused.cause.startswith("480")

        await shop.start()
        assert not [line for line in shop.logged() if "did not end in order" in str(line["event"])]
        calls = {(call.caller, call.queue): call for call in await shop.calls()}
        assert {call.outcome for call in calls.values()} <= {Outcome.ANSWERED, Outcome.MISSED, Outcome.ABANDONED}
        assert len(calls) == 4 - 1  # two of the outside callers were in the queue
        assert all(call.ended and call.ended_by == "switch" for call in await shop.calls())
        # the agents are as they left
        assert (await shop.agent("ann")).status == "available"
        await shop.until_registered("beta")


async def test_a_second_signal_stops_at_once(switch: Switch, phones: Phones) -> None:
    async with switch() as shop:
        ann, bob = await shop.phones_of(phones, "ann", "bob")
        await connect(ann, bob, shop.uri("102"))
        # phones that answer nothing any more: the switch would wait for them
        os.kill(shop.process.pid, signal.SIGSTOP)
        os.kill(shop.process.pid, signal.SIGTERM)
        await phones.close()
        os.kill(shop.process.pid, signal.SIGCONT)
        await until(
            lambda: any("stopping" in str(line["event"]) for line in shop.logged()), 3, lambda: "it begins to stop"
        )
        begun = time.monotonic()
        os.kill(shop.process.pid, signal.SIGTERM)
        await until(lambda: not shop.process.running, 2, lambda: "it goes on")
        assert time.monotonic() - begun < 0.5


async def test_after_a_kill_what_had_ended_is_there_and_the_next_start_tells_the_rest(
    switch: Switch, phones: Phones
) -> None:
    async with switch() as shop:
        caller = await shop.office_phone(phones)
        ann, bob, carol = await shop.phones_of(phones, "ann", "bob", "carol")
        await shop.available("ann")
        before = await ended_calls(shop, caller, ann, 3)
        talking, _ = await connect(bob, carol, shop.uri("103"))
        waiting = await (await caller.dial(shop.uri("602"))).established()
        await waiting.until_hears(MUSIC)
        last = await (await caller.dial(shop.uri("601"))).established()
        agent = await (await ann.rings()).answer()
        await talk(last, agent)
        await agent.hang_up()
        await last.over()
        await shop.kill()  # the moment the last call has ended

        await shop.start()
        found = next(line for line in shop.logged() if "did not end in order" in str(line["event"]))
        assert "2 calls" in str(found["found"]), found
        calls = await shop.calls()
        assert [(call.id, call.outcome) for call in calls[:3]] == [(call.id, Outcome.ANSWERED) for call in before]
        interrupted = [call for call in calls if call.outcome is Outcome.INTERRUPTED]
        assert {call.caller for call in interrupted} == {"102", "201"}
        assert all(call.ended for call in calls)
        ended = calls[-1]
        assert (ended.outcome, ended.agent, ended.ended_by) == (Outcome.ANSWERED, "ann", "called")
        for leg in (await shop.story(ended.id)).legs:  # with what was heard of whom
            assert min(leg.ended, leg.packets_sent, leg.packets_received) > 0, leg
            assert leg.mos > 3, leg
        assert (await shop.agent("ann")).status == "available"

        # the phones' registrations were in memory: they register again and work goes on
        for line in (talking, waiting):
            await line.close()
        for phone in (caller, ann):
            await phone.agent.register(timeout=5)
        again = await (await caller.dial(shop.uri("601"))).established()
        await (await ann.rings()).answer()
        await talk(again, ann.lines[-1])
        await again.hang_up()


async def ended_calls(shop: Shop, caller: Phone, agent: Phone, count: int) -> list[CallRecord]:
    """Have some calls made and answered; their records."""
    for _ in range(count):
        line = await (await caller.dial(shop.uri("601"))).established()
        answered = await (await agent.rings()).answer()
        await asyncio.sleep(0.2)
        await line.hang_up()
        await answered.over()
    return await shop.ended_calls(count)
