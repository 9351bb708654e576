"""A carrier that is Asterisk, with registration and as a static trunk, over UDP, TCP and TLS."""

import asyncio
from pathlib import Path

import pytest

from softacd.calls.records import Direction, Outcome
from tests.certificates import Certificates
from tests.interop.asterisk import (
    OUTSIDE,
    SECOND_ACCOUNT,
    SECOND_NUMBER,
    AsteriskCarrier,
    Transport,
    needs_asterisk,
)
from tests.interop.conftest import Switch
from tests.interop.phones import Line, Phone, Phones, until
from tests.interop.pjsua import PjsuaPhone, needs_pjsua
from tests.interop.shop import DOMAIN, GREETING, MUSIC, NUMBERS, Shop, listening
from tests.interop.test_phones import talk

pytestmark = [pytest.mark.interop, needs_asterisk]


@pytest.mark.parametrize("register", [True, False], ids=["registered", "static"])
@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_calls_both_ways_hold_and_keys(
    switch: Switch, phones: Phones, certificates: Certificates, tmp_path: Path, transport: Transport, register: bool
) -> None:
    where, sip = listening(certificates)
    async with (
        AsteriskCarrier(
            tmp_path, transport=transport, register=register, certificates=certificates, shop=where[transport]
        ) as carrier,
        switch(sip=sip, trunks={"beta": carrier.trunk_settings()}, dial_plan={"trunks": ["beta"]}) as shop,
    ):
        if register:
            await shop.until_registered("beta")
        ann = await shop.phone_of(phones, "ann")
        await shop.available("ann")
        outside = await carrier.outside_phone(phones)
        if transport != "udp":
            shop.may_linger("sockets", "files")  # connections with the carrier stay open, one a direction
        await shop.count_from_here()

        caller = await (await outside.dial(carrier.number())).established()
        await caller.until_hears(GREETING)
        await caller.press("1")
        agent = await (await ann.rings()).answer()
        assert OUTSIDE in (agent.call.peer or "")
        await talk(caller, agent)
        await agent.call.hold()
        await caller.until_hears(MUSIC)
        await agent.call.resume()
        await talk(caller, agent)
        await caller.press("73")
        await agent.press("#")
        await until(lambda: (agent.digits, caller.digits) == ("73", "#"), 3, lambda: f"{agent.digits} {caller.digits}")
        await caller.hang_up()
        await agent.over()

        dialling = await ann.dial(shop.uri(OUTSIDE))
        ringing = await outside.rings()
        assert NUMBERS["beta"] in (ringing.call.peer or "")
        await ringing.answer()
        await dialling.established()
        await talk(dialling, ringing)
        await ringing.call.hold()
        await dialling.until_hears(MUSIC)
        await ringing.call.resume()
        await talk(dialling, ringing)
        await ringing.hang_up()
        await dialling.over()
        first, second = await shop.ended_calls(2)
        assert (first.direction, first.outcome, first.agent) == (Direction.INCOMING, Outcome.ANSWERED, "ann")
        assert (first.caller, first.called) == (OUTSIDE, NUMBERS["beta"])
        assert (second.direction, second.outcome, second.trunk) == (Direction.OUTGOING, Outcome.ANSWERED, "beta")


async def with_ann(shop: Shop, carrier: AsteriskCarrier, outside: Phone, ann: Phone) -> tuple[Line, Line]:
    """A subscriber's call that ann has taken from the queue."""
    caller = await (await outside.dial(carrier.number())).established()
    await caller.until_hears(GREETING)
    await caller.press("1")
    agent = await (await ann.rings()).answer()
    await talk(caller, agent)
    return caller, agent


@pytest.mark.parametrize("attended", [False, True], ids=["blind", "attended"])
async def test_a_carriers_caller_is_transferred(switch: Switch, phones: Phones, tmp_path: Path, attended: bool) -> None:
    async with AsteriskCarrier(tmp_path) as carrier, switch(trunks={"beta": carrier.trunk_settings()}) as shop:
        await shop.until_registered("beta")
        ann, bob = await shop.phones_of(phones, "ann", "bob")
        await shop.available("ann")
        outside = await carrier.outside_phone(phones)
        caller, agent = await with_ann(shop, carrier, outside, ann)
        if attended:
            await agent.call.hold()
            await caller.until_hears(MUSIC)
            asking = await ann.dial(shop.uri("102"))
            second = await (await bob.rings()).answer()
            await asking.established()
            await agent.call.attended_transfer(asking.call, timeout=5)
        else:
            transfer = asyncio.create_task(agent.call.transfer(f"sip:102@{DOMAIN}"))
            second = await (await bob.rings()).answer()
            await transfer
        await talk(caller, second)
        await agent.over()
        await caller.hang_up()
        await second.over()
        call = next(call for call in await shop.ended_calls(1 + attended) if call.direction is Direction.INCOMING)
        assert [segment.party for segment in (await shop.story(call.id)).segments] == ["agent:ann", "phone:102"]


async def test_registrations_are_refreshed_while_calls_come(switch: Switch, phones: Phones, tmp_path: Path) -> None:
    async with (
        AsteriskCarrier(tmp_path, expires=2) as carrier,
        switch(trunks={"beta": carrier.trunk_settings()}) as shop,
    ):
        await shop.until_registered("beta")
        outside = await carrier.outside_phone(phones)
        callers = []
        for _ in range(20):
            callers.append(await (await outside.dial(carrier.number())).established())
            await asyncio.sleep(0.25)
        for caller in callers:
            await caller.hang_up()
        assert len(await shop.ended_calls(20)) == 20
        (view,) = [trunk for trunk in (await shop.snapshot()).trunks if trunk.name == "beta"]
        assert (view.state, view.failures) == ("registered", 0)
        bindings = await carrier.ask("pjsip show contacts")
        assert bindings.count("sip:") == 2, bindings  # ours and the subscriber's: a refresh is no second registration


async def test_a_carrier_lost_in_mid_ring_is_followed_by_the_next(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    """Over a connection its loss is known at once; ringing or not, nobody has answered yet."""
    async with (
        AsteriskCarrier(tmp_path, transport="tcp", trunk="alpha", number=24) as lost,
        AsteriskCarrier(tmp_path) as carrier,
        switch(trunks={"alpha": lost.trunk_settings(), "beta": carrier.trunk_settings()}) as shop,
    ):
        await shop.until_registered("alpha")
        await shop.until_registered("beta")
        ann = await shop.phone_of(phones, "ann")
        first = await lost.outside_phone(phones)
        second = await carrier.outside_phone(phones)
        await shop.count_from_here()
        shop.may_linger("sockets", "files", "transactions")
        dialling = await ann.dial(shop.uri(OUTSIDE))
        await first.rings()
        await lost.kill()
        ringing = await (await second.rings(8)).answer()
        await dialling.established()
        await talk(dialling, ringing)
        await dialling.hang_up()
        await ringing.over()
        (call,) = await shop.ended_calls(1)
        assert (call.trunk, call.outcome) == ("beta", Outcome.ANSWERED)


async def test_a_carrier_lost_in_mid_call_ends_the_call_and_is_registered_with_again(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    """Its sound stops, it does not answer whether it is still there: the agent is not left with a dead line."""
    async with (
        AsteriskCarrier(tmp_path) as carrier,
        switch(trunks={"beta": carrier.trunk_settings(keep_alive_seconds=2)}, media={"rtp_timeout_seconds": 1}) as shop,
    ):
        shop.may_linger("transactions")
        await shop.until_registered("beta")
        ann = await shop.phone_of(phones, "ann")
        await shop.available("ann")
        outside = await carrier.outside_phone(phones)
        caller, agent = await with_ann(shop, carrier, outside, ann)
        await carrier.kill()
        await agent.over(15)  # a second of silence, then eight for the answer to OPTIONS
        (call,) = await shop.ended_calls(1)
        assert (call.outcome, call.agent) == (Outcome.ANSWERED, "ann")
        await caller.hang_up()
        await carrier.start()
        await outside.agent.register(timeout=5)
        await shop.until("the carrier is there again", lambda: shop.api.snapshot().trunks[1].reachable is True, 20)
        again = await (await outside.dial(carrier.number())).established()
        await again.until_hears(GREETING)
        await again.hang_up()


async def test_two_accounts_each_with_its_number(switch: Switch, phones: Phones, tmp_path: Path) -> None:
    """Asterisk calls the contact a registration has told, whatever was dialled: the account says the number."""
    account = {"username": SECOND_ACCOUNT, "numbers": [SECOND_NUMBER]}
    async with AsteriskCarrier(tmp_path, second=True) as carrier:
        trunk = carrier.trunk_settings(accounts=[{**account, "password": carrier.password}])
        async with switch(
            trunks={"beta": trunk},
            dial_plan={"trunks": ["beta"]},
            numbers={SECOND_NUMBER: {"flow": "direct"}},
            flows={"direct": {"start": "ring", "steps": {"ring": {"do": "ring", "extension": "102"}}}},
            phones={"102": {"caller_id": SECOND_NUMBER}},
        ) as shop:
            await shop.until_registered("beta")
            bob = await shop.phone_of(phones, "bob")
            outside = await carrier.outside_phone(phones)
            await asyncio.sleep(0.5)
            assert (await carrier.ask("pjsip show contacts")).count("sip:") == 3
            caller = await outside.dial(f"sip:{SECOND_NUMBER}@{carrier.host}:{carrier.port}")
            agent = await (await bob.rings()).answer()
            await caller.established()
            await talk(caller, agent)
            await caller.hang_up()
            await agent.over()
            dialling = await bob.dial(shop.uri(OUTSIDE))
            ringing = await (await outside.rings()).answer()
            assert SECOND_NUMBER in (ringing.call.peer or "")
            await dialling.established()
            await dialling.hang_up()
            await ringing.over()
            first, _ = await shop.ended_calls(2)
            assert first.called == SECOND_NUMBER


@needs_pjsua
async def test_sessions_are_refreshed_at_the_least_interval(switch: Switch, phones: Phones, tmp_path: Path) -> None:
    """90 s is the least there is (RFC 4028 section 4): refreshed after half of it, and the voices go on.

    Asterisk and PJSIP ask for it, each as the caller of a call of its own.
    """
    async with (
        AsteriskCarrier(tmp_path, timers="always") as carrier,
        switch(trunks={"beta": carrier.trunk_settings()}) as shop,
        PjsuaPhone.of(shop, "201", 1100, timer=90) as dan,
    ):
        await shop.until_registered("beta")
        ann, bob = await shop.phones_of(phones, "ann", "bob")
        await shop.available("ann")
        outside = await carrier.outside_phone(phones)
        caller, agent = await with_ann(shop, carrier, outside, ann)
        dan.do("dial", uri=shop.uri("102"))
        called = await (await bob.rings()).answer()
        await asyncio.sleep(50)
        await talk(caller, agent)
        await asyncio.gather(dan.until_hears(bob.frequency), called.until_hears(dan.frequency))
        dan.do("hang-up")
        await called.over()
        await caller.hang_up()
        await agent.over()
        refreshed = set()
        for call in await shop.ended_calls(2):
            rows = (await shop.story(call.id)).trace
            begun = rows[0].at
            refreshed |= {row.party for row in rows if row.at > begun + 40_000 and row.line in ("INVITE", "UPDATE")}
        assert refreshed == {"trunk:beta", "phone:201"}
