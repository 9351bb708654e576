"""A carrier that is Kamailio: we register with digest, its subscriber calls the shop, the shop calls its subscriber."""

import asyncio
import socket
import time
from pathlib import Path

import pytest

from softacd.calls.records import Direction, Outcome
from tests.certificates import Certificates
from tests.interop.conftest import Switch
from tests.interop.kamailio import DOMAIN, OUTSIDE, Kamailio, needs_kamailio, needs_kamailio_tls
from tests.interop.phones import Phones, until
from tests.interop.shop import DOMAIN as SHOP_DOMAIN
from tests.interop.shop import GREETING, MENU, MUSIC, NOTICE, NUMBERS, Shop, listening, own_host
from tests.interop.test_phones import talk
from tests.interop.tones import moments

pytestmark = [pytest.mark.interop, needs_kamailio]


async def ready(shop: Shop) -> int:
    """How many agents the sales queue could ring now."""
    return next(queue.ready for queue in (await shop.snapshot()).queues if queue.name == "sales")


@pytest.mark.parametrize("leaver", ["caller", "agent"])
async def test_a_subscriber_goes_through_greeting_menu_and_queue_to_an_agent(
    switch: Switch, phones: Phones, tmp_path: Path, leaver: str
) -> None:
    async with Kamailio(tmp_path) as carrier, switch(trunks={"beta": carrier.trunk_settings()}) as shop:
        await shop.until_registered("beta")
        (ann,) = await shop.phones_of(phones, "ann")
        outside = await carrier.outside_phone(phones)
        await shop.count_from_here()

        caller = await (await outside.dial(carrier.number())).established()
        await caller.until_hears(GREETING)
        await caller.until_hears(MENU)
        await caller.press("1")  # while the menu is being told
        await caller.until_hears(NOTICE)
        await caller.until_hears(MUSIC)
        (live,) = (await shop.snapshot()).calls
        assert (live.phase, live.queue, live.position, live.trunk) == ("queue", "sales", 1, "beta")
        await shop.available("ann")
        agent = await ann.rings(1)
        assert OUTSIDE in (agent.call.peer or "")
        await agent.answer()
        await talk(caller, agent)

        for holder, held in ((agent, caller), (caller, agent)):
            await holder.call.hold()
            await held.until_hears(MUSIC)
            await holder.call.resume()
            await talk(caller, agent)
        await caller.press("73")
        await agent.press("#")
        await until(lambda: (agent.digits, caller.digits) == ("73", "#"), 3, lambda: f"{agent.digits} {caller.digits}")
        first, second = (caller, agent) if leaver == "caller" else (agent, caller)
        await first.hang_up()
        await second.over(2)

        (call,) = await shop.ended_calls(1)
        assert (call.direction, call.outcome, call.trunk) == (Direction.INCOMING, Outcome.ANSWERED, "beta")
        assert (call.caller, call.called) == (OUTSIDE, NUMBERS["beta"])
        assert (call.queue, call.agent, call.keys) == ("sales", "ann", "1")
        assert call.ended_by == ("caller" if leaver == "caller" else "called")
        assert call.started <= call.answered < call.queued < call.connected < call.ended
        assert call.wait_ms == call.connected - call.queued
        assert call.talk_ms + call.hold_ms == pytest.approx(call.ended - call.connected, abs=5)
        assert call.hold_ms > 400
        story = await shop.story(call.id)
        assert {leg.party for leg in story.legs} == {"trunk:beta", "agent:ann"}
        assert all(leg.packets_lost == 0 and leg.strangers == 0 for leg in story.legs)
        assert [row.line for row in story.trace if row.party == "trunk:beta"][:3] == ["INVITE", "100 Trying", "200 OK"]


async def test_prompts_are_cut_by_the_first_key_and_music_by_the_agent(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    async with Kamailio(tmp_path) as carrier, switch(trunks={"beta": carrier.trunk_settings()}) as shop:
        await shop.until_registered("beta")
        (ann,) = await shop.phones_of(phones, "ann")
        await shop.available("ann")
        outside = await carrier.outside_phone(phones)
        caller = await (await outside.dial(carrier.number())).established()
        await caller.until_hears(GREETING)
        await caller.press("9")  # no choice: told so, and asked again
        await caller.press("1")
        agent = await ann.rings()
        await asyncio.sleep(0.5)
        await agent.answer()
        await talk(caller, agent)
        heard = bytes(caller.heard)
        assert not [at for at in moments(heard, MUSIC) if at > moments(heard, ann.frequency)[0]]
        assert len(moments(heard, GREETING)) * 0.1 < 0.8  # it is 0.8 s long, and was cut
        await caller.hang_up()
        await agent.over()
        (call,) = await shop.ended_calls(1)
        assert (call.keys, call.outcome) == ("91", Outcome.ANSWERED)


async def test_an_agent_calls_out_with_the_shops_number(switch: Switch, phones: Phones, tmp_path: Path) -> None:
    async with (
        Kamailio(tmp_path) as carrier,
        switch(trunks={"beta": carrier.trunk_settings()}, dial_plan={"trunks": ["beta"]}) as shop,
    ):
        await shop.until_registered("beta")
        ann, bob = await shop.phones_of(phones, "ann", "bob")
        await shop.available("ann", "bob")
        outside = await carrier.outside_phone(phones)

        dialling = await ann.dial(shop.uri(OUTSIDE))
        ringing = await outside.rings()
        assert NUMBERS["beta"] in (ringing.call.peer or "")
        assert await ready(shop) == 1  # ann has a call of her own: no queue rings her
        await ringing.answer()
        await dialling.established()
        await talk(dialling, ringing)
        await ringing.call.hold()
        await dialling.until_hears(MUSIC)
        await ringing.call.resume()
        await talk(dialling, ringing)
        await dialling.press("5")
        await until(lambda: ringing.digits == "5", 2, lambda: f"{ringing.digits!r}")
        await ringing.hang_up()
        await dialling.over()
        assert await ready(shop) == 2

        rejected = await bob.dial(shop.uri(OUTSIDE))
        await (await outside.rings()).call.reject()
        await rejected.over()
        assert rejected.cause.startswith("486")
        forbidden = await bob.dial(shop.uri("00800123456"))
        await forbidden.over()
        assert forbidden.cause.startswith("404")

        calls = await shop.ended_calls(3)
        assert [call.outcome for call in calls] == [Outcome.ANSWERED, Outcome.BUSY, Outcome.REFUSED]
        assert (calls[0].direction, calls[0].trunk, calls[0].caller, calls[0].called, calls[0].ended_by) == (
            Direction.OUTGOING,
            "beta",
            "101",
            OUTSIDE,
            "called",
        )


async def test_the_second_carrier_takes_the_call_when_the_first_is_dead(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:  # reads nothing, answers nothing
        deaf.bind((own_host(21), 0))
        alpha = {"host": deaf.getsockname()[0], "port": deaf.getsockname()[1], "progress_timeout": 0.7}
        async with (
            Kamailio(tmp_path) as carrier,
            switch(trunks={"alpha": alpha, "beta": carrier.trunk_settings()}) as shop,
        ):
            shop.may_linger(
                "transactions"
            )  # an INVITE that hears nothing at all lives for 64*T1 (RFC 3261 section 9.1)
            await shop.until_registered("beta")
            (ann,) = await shop.phones_of(phones, "ann")
            outside = await carrier.outside_phone(phones)
            begun = time.monotonic()
            dialling = await ann.dial(shop.uri(OUTSIDE))
            ringing = await outside.rings(3)
            assert time.monotonic() - begun == pytest.approx(0.7, abs=0.4)
            assert NUMBERS["beta"] in (ringing.call.peer or "")  # the identity of the carrier that took it
            await ringing.answer()
            await dialling.established()
            await talk(dialling, ringing)
            await dialling.hang_up()
            await ringing.over()
            (call,) = await shop.ended_calls(1)
            assert (call.trunk, call.outcome) == ("beta", Outcome.ANSWERED)
            assert (await shop.story(call.id)).kinds("trunk-tried", "trunk-failed") == [
                "trunk-tried alpha",
                "trunk-failed alpha: 408",
                "trunk-tried beta",
            ]


async def test_a_carrier_that_wants_sha_256(switch: Switch, phones: Phones, tmp_path: Path) -> None:
    async with (
        Kamailio(tmp_path, algorithm="SHA-256") as carrier,
        switch(trunks={"beta": carrier.trunk_settings()}) as shop,
    ):
        await shop.until_registered("beta")


async def test_a_wrong_password_is_told_and_not_hammered(switch: Switch, phones: Phones, tmp_path: Path) -> None:
    async with (
        Kamailio(tmp_path) as carrier,
        switch(trunks={"beta": carrier.trunk_settings(password="wrong")}) as shop,
    ):
        await shop.until("the carrier has refused", lambda: shop.api.snapshot().trunks[1].state == "rejected")
        first = (await shop.snapshot()).trunks[1].failures
        await asyncio.sleep(1.5)
        view = (await shop.snapshot()).trunks[1]
        assert view.failures == first
        assert view.cause


async def test_a_carrier_that_restarts_and_forgets_finds_us_registered_again(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    carrier = Kamailio(tmp_path, expires=2)
    async with carrier, switch(trunks={"beta": carrier.trunk_settings()}) as shop:
        await shop.until_registered("beta")
        outside = await carrier.outside_phone(phones)
        await carrier.stop()
        await carrier.start()
        await outside.agent.register(timeout=5)
        await asyncio.sleep(2.0)  # we refresh after three quarters of the time granted
        caller = await (await outside.dial(carrier.number())).established()
        await caller.until_hears(GREETING)
        await caller.hang_up()


@needs_kamailio_tls
async def test_a_carrier_over_tls_and_a_phone_over_tls(
    switch: Switch, phones: Phones, certificates: Certificates, tmp_path: Path
) -> None:
    where, sip = listening(certificates)
    async with (
        Kamailio(tmp_path, certificates=certificates) as carrier,
        switch(sip=sip, trunks={"beta": carrier.trunk_settings()}, dial_plan={"trunks": ["beta"]}) as shop,
    ):
        shop.may_linger("sockets", "files")
        await shop.until_registered("beta")
        ann = await phones.phone(
            "101",
            shop.tree["phones"]["101"]["password"],
            domain=SHOP_DOMAIN,
            registrar=where["tls"],
            frequency=1100,
            transport="tls",
        )
        outside = await carrier.outside_phone(phones)
        dialling = await ann.dial(f"sip:{OUTSIDE}@{where['tls']};transport=tls")
        ringing = await (await outside.rings()).answer()
        await dialling.established()
        await talk(dialling, ringing)
        await dialling.call.hold()
        await ringing.until_hears(MUSIC)
        await dialling.call.resume()
        await talk(dialling, ringing)
        await dialling.hang_up()
        await ringing.over()
        await shop.available("ann")
        caller = await (await outside.dial(carrier.number())).established()
        await caller.until_hears(GREETING)
        await caller.press("1")
        agent = await (await ann.rings()).answer()
        await talk(caller, agent)
        await caller.hang_up()
        await agent.over()
        await shop.ended_calls(2)


async def test_a_carrier_reached_only_through_its_outbound_proxy(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    async with Kamailio(tmp_path) as carrier:
        trunk = carrier.trunk_settings(host=DOMAIN, proxy=carrier.host)
        async with switch(trunks={"beta": trunk}, dial_plan={"trunks": ["beta"]}) as shop:
            shop.complaints_expected = True  # its name is an example
            await shop.until_registered("beta")
            ann = await shop.phone_of(phones, "ann")
            outside = await carrier.outside_phone(phones)
            dialling = await ann.dial(shop.uri(OUTSIDE))
            ringing = await (await outside.rings()).answer()
            await dialling.established()
            await talk(dialling, ringing)
            await ringing.hang_up()
            await dialling.over()
            caller = await (await outside.dial(carrier.number())).established()
            await caller.until_hears(GREETING)
            await caller.hang_up()
            await shop.ended_calls(2)
