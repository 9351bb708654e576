"""Forwards, pick-up and parking by real phones: dialled codes, real transfers, and every ear asked."""

import asyncio

import pytest

from softacd.calls.records import Outcome
from tests.interop.conftest import Switch
from tests.interop.phones import Phones
from tests.interop.shop import DOMAIN, MUSIC
from tests.interop.test_phones import connect, talk
from tests.interop.test_transfer import with_ann

pytestmark = pytest.mark.interop


async def test_a_phone_forwards_its_calls_by_code(switch: Switch, phones: Phones) -> None:
    async with switch() as shop:
        caller = await shop.office_phone(phones)
        ann, bob = await shop.phones_of(phones, "ann", "bob")
        await (await ann.dial(shop.uri("*21102"))).over(8.0)
        dialling, answered = await connect(caller, bob, shop.uri("101"))
        assert not ann.ringing
        await dialling.hang_up()
        await answered.over()


async def test_a_colleague_picks_a_ringing_call_up(switch: Switch, phones: Phones) -> None:
    async with switch() as shop:
        caller = await shop.office_phone(phones)
        ann, bob = await shop.phones_of(phones, "ann", "bob")
        dialling = await caller.dial(shop.uri("101"))
        ringing = await ann.rings()
        picked = await (await bob.dial(shop.uri("*8101"))).established()
        await dialling.established()
        await ringing.over()
        await talk(dialling, picked)
        await picked.hang_up()
        await dialling.over()


async def test_a_call_is_parked_by_transfer_and_fetched_by_a_colleague(switch: Switch, phones: Phones) -> None:
    async with switch() as shop:
        caller = await shop.office_phone(phones)
        ann, bob = await shop.phones_of(phones, "ann", "bob")
        waiting, agent = await with_ann(shop, caller, ann)
        transfer = asyncio.create_task(agent.call.transfer(f"sip:*70@{DOMAIN}"))
        await waiting.until_hears(MUSIC)
        await transfer
        fetched = await (await bob.dial(shop.uri("*701"))).established()
        await talk(waiting, fetched)
        await waiting.hang_up()
        await fetched.over()


async def test_a_colleague_picks_up_what_the_queue_rings(switch: Switch, phones: Phones) -> None:
    async with switch() as shop:
        caller = await shop.office_phone(phones)
        ann, bob = await shop.phones_of(phones, "ann", "bob")
        await shop.available("ann")
        waiting = await (await caller.dial(shop.uri("601"))).established()
        ringing = await ann.rings()
        picked = await (await bob.dial(shop.uri("*8101"))).established()
        await ringing.over()
        await talk(waiting, picked)
        assert [text for text in phones.received("CANCEL") if "Call completed elsewhere" in text]
        await shop.until_agent("ann", state="idle")
        await waiting.hang_up()
        await picked.over()
        call = next(call for call in await shop.ended_calls(2) if call.called == "601")
        assert (call.outcome, call.queue, call.agent) == (Outcome.ANSWERED, "sales", "bob")


async def test_a_caller_hears_of_the_forward_and_a_phone_of_who_forwarded(switch: Switch, phones: Phones) -> None:
    async with switch() as shop:
        ann, bob, carol = await shop.phones_of(phones, "ann", "bob", "carol")
        forwarding = await (await ann.dial(shop.uri("*67103"))).established()
        await forwarding.over()
        dialling = await bob.dial(shop.uri("101"))
        await (await ann.rings()).call.reject()
        answered = await (await carol.rings()).answer()
        await dialling.established()
        await talk(dialling, answered)
        assert [text for text in phones.trace if text.startswith("RX") and "SIP/2.0 181" in text]
        assert [text for text in phones.received("INVITE") if "Diversion: <sip:101@" in text]
        await dialling.hang_up()
        await answered.over()
        await shop.ended_calls(2)


async def test_an_agent_signs_on_at_another_phone_takes_a_call_and_says_why_she_is_away(
    switch: Switch, phones: Phones
) -> None:
    reasons = {"doctor": {"code": "1", "paid": False}}
    async with switch(agents={"carol": {"code": "7"}}, reasons=reasons) as shop:
        desk, caller = await shop.office_phone(phones), await shop.office_phone(phones, "202")
        own = await shop.phone_of(phones, "carol")
        await (await desk.dial(shop.uri("*487"))).over(8.0)
        view = await shop.agent("carol")
        assert (view.phone, view.status) == ("201", "available")
        waiting = await (await caller.dial(shop.uri("601"))).established()
        agent = await (await desk.rings()).answer()
        await talk(waiting, agent)
        assert not own.ringing
        await waiting.hang_up()
        await agent.over()
        await (await desk.dial(shop.uri("*431"))).over(8.0)
        view = await shop.agent("carol")
        assert (view.status, view.reason) == ("not-ready", "doctor")
        await (await desk.dial(shop.uri("*44"))).over(8.0)
        assert (await shop.agent("carol")).phone == "103"
        status, times = await shop.ask("GET", "/api/v1/agents/carol/times")
        assert status == 200
        spent = {one["status"]: one for one in times["statuses"]}
        assert spent["available"]["talk_ms"] > 0
        assert (spent["not-ready"]["reason"], spent["not-ready"]["paid"]) == ("doctor", False)
        assert 0 < times["paid_ms"] < times["logged_in_ms"]
