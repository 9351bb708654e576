"""Transfers by the phones' own keys: blind and attended, to a colleague and to the outside; who hears whom after."""

import asyncio
from pathlib import Path

import pytest
from baresip.errors import TransferFailed

from softacd.calls.records import Outcome
from tests.interop.conftest import Switch
from tests.interop.kamailio import OUTSIDE, Kamailio, needs_kamailio
from tests.interop.phones import Line, Phone, Phones
from tests.interop.shop import DOMAIN, MUSIC, Shop
from tests.interop.test_phones import talk

pytestmark = pytest.mark.interop


async def with_ann(shop: Shop, caller: Phone, ann: Phone) -> tuple[Line, Line]:
    """A caller whom ann took from the queue."""
    await shop.available("ann")
    waiting = await (await caller.dial(shop.uri("601"))).established()
    agent = await (await ann.rings()).answer()
    await talk(waiting, agent)
    return waiting, agent


async def test_an_agent_hands_a_caller_on_blindly(switch: Switch, phones: Phones) -> None:
    async with switch() as shop:
        caller = await shop.office_phone(phones)
        ann, bob = await shop.phones_of(phones, "ann", "bob")
        waiting, agent = await with_ann(shop, caller, ann)
        transfer = asyncio.create_task(agent.call.transfer(f"sip:102@{DOMAIN}"))
        second = await (await bob.rings()).answer()
        await transfer
        await talk(waiting, second)
        await agent.over()
        await shop.until_agent("ann", state="idle")
        await shop.until_agent("bob", state="own-call")
        assert (await shop.agent("ann")).call == ""
        await waiting.hang_up()
        await second.over()
        (call,) = await shop.ended_calls(1)
        assert (call.outcome, call.ended_by) == (Outcome.ANSWERED, "caller")
        assert call.wait_ms < 2000
        story = await shop.story(call.id)
        assert [segment.party for segment in story.segments] == ["agent:ann", "phone:102"]
        assert story.segments[0].ended_by == "transfer"
        assert sum(segment.talk_ms for segment in story.segments) == call.talk_ms
        assert story.segments[0].ended <= story.segments[1].started


async def test_a_blind_transfer_to_nobody_leaves_the_caller_with_the_agent(switch: Switch, phones: Phones) -> None:
    async with switch() as shop:
        caller = await shop.office_phone(phones)
        (ann,) = await shop.phones_of(phones, "ann")
        waiting, agent = await with_ann(shop, caller, ann)
        with pytest.raises(TransferFailed):
            await agent.call.transfer(f"sip:999@{DOMAIN}", timeout=5)
        assert not agent.ended
        await talk(waiting, agent)
        await agent.hang_up()
        await waiting.over()


async def test_an_agent_asks_a_colleague_first_and_then_connects_them(switch: Switch, phones: Phones) -> None:
    async with switch() as shop:
        caller = await shop.office_phone(phones)
        ann, bob = await shop.phones_of(phones, "ann", "bob")
        waiting, agent = await with_ann(shop, caller, ann)
        await agent.call.hold()
        await waiting.until_hears(MUSIC)
        asking = await ann.dial(shop.uri("102"))
        asked = await (await bob.rings()).answer()
        await asking.established()
        await talk(asking, asked)
        await agent.call.attended_transfer(asking.call, timeout=5)
        await talk(waiting, asked)
        await asyncio.gather(agent.over(), asking.over())
        await shop.until_agent("ann", state="idle")
        await asked.hang_up()
        await waiting.over()
        calls = await shop.ended_calls(2)
        assert [call.outcome for call in calls] == [Outcome.ANSWERED, Outcome.ANSWERED]
        parties = [segment.party for segment in (await shop.story(calls[0].id)).segments]
        assert parties == ["agent:ann", "phone:102"]


@needs_kamailio
async def test_an_agent_hands_an_outside_caller_on_to_a_colleague_and_the_outside_hears(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    async with (
        Kamailio(tmp_path) as carrier,
        switch(trunks={"beta": carrier.trunk_settings()}, dial_plan={"trunks": ["beta"]}) as shop,
    ):
        await shop.until_registered("beta")
        ann, bob = await shop.phones_of(phones, "ann", "bob")
        outside = await carrier.outside_phone(phones)
        await shop.available("ann")
        waiting = await (await outside.dial(carrier.number())).established()
        await waiting.press("1")
        agent = await (await ann.rings()).answer()
        await talk(waiting, agent)
        transfer = asyncio.create_task(agent.call.transfer(f"sip:102@{DOMAIN}"))
        ringing = await bob.rings()
        assert OUTSIDE in (ringing.call.peer or "")  # bob sees who calls, not who hands on
        await ringing.answer()
        await transfer
        await talk(waiting, ringing)
        await ringing.hang_up()
        await waiting.over()
        (call,) = await shop.ended_calls(1)
        assert (call.outcome, call.caller) == (Outcome.ANSWERED, OUTSIDE)


async def test_an_agent_hands_a_caller_on_to_another_queue(switch: Switch, phones: Phones) -> None:
    async with switch() as shop:
        caller = await shop.office_phone(phones)
        ann, finn = await shop.phones_of(phones, "ann", "finn")  # finn is of the support queue
        waiting, agent = await with_ann(shop, caller, ann)
        transfer = asyncio.create_task(agent.call.transfer(f"sip:602@{DOMAIN}"))
        await waiting.until_hears(MUSIC)
        await transfer
        await shop.until_agent("ann", state="idle")
        (live,) = (await shop.snapshot()).calls
        assert (live.phase, live.queue, live.position) == ("queue", "support", 1)
        await shop.available("finn")
        second = await (await finn.rings()).answer()
        await talk(waiting, second)
        await second.hang_up()
        await waiting.over()
        (call,) = await shop.ended_calls(1)
        assert (call.queue, call.agent, call.outcome) == ("support", "finn", Outcome.ANSWERED)
        assert [segment.agent for segment in (await shop.story(call.id)).segments] == ["ann", "finn"]
        figures = {queue.name: (queue.offered, queue.answered) for queue in (await shop.snapshot()).queues}
        assert (figures["sales"], figures["support"]) == ((1, 1), (1, 1))


@needs_kamailio
async def test_an_agent_connects_a_colleague_with_an_outside_number_after_asking(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    async with (
        Kamailio(tmp_path) as carrier,
        switch(trunks={"beta": carrier.trunk_settings()}, dial_plan={"trunks": ["beta"]}) as shop,
    ):
        await shop.until_registered("beta")
        caller = await shop.office_phone(phones)
        (ann,) = await shop.phones_of(phones, "ann")
        outside = await carrier.outside_phone(phones)
        waiting, agent = await with_ann(shop, caller, ann)
        asking = await ann.dial(shop.uri(OUTSIDE))
        asked = await (await outside.rings()).answer()
        await asking.established()
        await talk(asking, asked)
        await agent.call.attended_transfer(asking.call, timeout=5)
        await talk(waiting, asked)
        await asyncio.gather(agent.over(), asking.over())
        (trunk,) = [trunk for trunk in (await shop.snapshot()).trunks if trunk.name == "beta"]
        assert trunk.calls == 1
        await waiting.hang_up()
        await asked.over()
        await shop.ended_calls(2)
        (trunk,) = [trunk for trunk in (await shop.snapshot()).trunks if trunk.name == "beta"]
        assert trunk.calls == 0
