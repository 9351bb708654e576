"""Carriers played by SIPp: a static one, one that has us register, one with early media; and fifty calls at once."""

import asyncio
import contextlib
import time
from pathlib import Path

import pytest
from baresip import BaresipError

from softacd.calls.records import Direction, Outcome
from tests.interop.conftest import Switch
from tests.interop.phones import Line, Phone, Phones, until
from tests.interop.shop import AGENT_TONES, AGENTS, MUSIC, NOTICE, NUMBERS, free_port, own_host
from tests.interop.sipp import Sipp, needs_raw_sockets, needs_sipp
from tests.interop.tones import last, loudness, moments
from tests.interop.wire import Wire

pytestmark = [pytest.mark.interop, needs_sipp]
HUM = 390


@needs_raw_sockets
async def test_a_static_carrier_brings_a_caller_who_presses_keys_by_info(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    host = own_host(30)
    port = free_port(host)
    alpha = {"host": host, "port": port, "numbers": [NUMBERS["alpha"]]}
    async with switch(trunks={"alpha": alpha}) as shop:
        (ann,) = await shop.phones_of(phones, "ann")
        await shop.available("ann")
        with Wire(host, 30) as wire:
            async with Sipp(
                *("caller", tmp_path, "-s", NUMBERS["alpha"], "-m", "1"),
                host=host,
                port=port,
                to=f"{shop.host}:{shop.sip_port}",
                frequency=HUM,
                keys={"from": "06911", "called": NUMBERS["alpha"], "digit": "1"},
            ) as carrier:
                agent = await (await ann.rings()).answer()
                await agent.until_hears(HUM)
                await asyncio.sleep(1.0)
                await agent.hang_up()
                counted = await carrier.done(5)
            (ear,) = wire.heard().values()
        assert (counted.succeeded, counted.failed, counted.retransmissions) == (1, 0, 0)
        assert len(moments(ear, NOTICE)) >= 4
        assert 0.7 < len(moments(ear, ann.frequency)) * 0.1 < 2.5
        (call,) = await shop.ended_calls(1)
        assert (call.trunk, call.keys, call.outcome, call.agent) == ("alpha", "1", Outcome.ANSWERED, "ann")
        assert (call.caller, call.called) == ("06911001", NUMBERS["alpha"])


@needs_raw_sockets
@pytest.mark.skipif(not Path("/usr/share/sip-tester/dtmf_2833_1.pcap").exists(), reason="SIPp's recordings are missing")
async def test_a_caller_without_an_offer_whose_media_change_source_as_recorded(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    host = own_host(30)
    port = free_port(host)
    async with switch(trunks={"alpha": {"host": host, "port": port}}) as shop:
        (ann,) = await shop.phones_of(phones, "ann")
        await shop.available("ann")
        async with Sipp(
            *("recorded_caller", tmp_path, "-s", NUMBERS["alpha"], "-m", "1"),
            host=host,
            port=port,
            to=f"{shop.host}:{shop.sip_port}",
            keys={"from": "069222333"},
        ) as carrier:
            agent = await (await ann.rings()).answer()
            await until(lambda: loudness(last(agent.heard, 1.0)) > 300, 6, lambda: "speech is heard")
            counted = await carrier.done(12)
            await agent.over()
        assert (counted.succeeded, counted.failed) == (1, 0)
        (call,) = await shop.ended_calls(1)
        assert (call.keys, call.outcome, call.ended_by) == ("1", Outcome.ANSWERED, "caller")


async def test_a_carrier_that_has_us_register_is_given_a_correct_digest_and_reaches_us_by_our_contact(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    host = own_host(30)
    port = free_port(host)
    alpha = {"host": host, "port": port, "username": "shop-account", "password": "sesame", "register": True}
    async with (
        Sipp("registrar", tmp_path, "-m", "1", host=host, port=port) as registrar,
        switch(trunks={"alpha": {**alpha, "domain": "carrier.example"}}) as shop,
    ):
        await shop.until_registered("alpha")
        await registrar.done(5)
        contact = registrar.logged()[-1].removeprefix("sip:")
        async with Sipp(
            *("caller", tmp_path, "-s", contact, "-m", "1"),
            host=host,
            port=free_port(host),  # not the port we know: the contact, which only this carrier knows, proves the call
            to=f"{shop.host}:{shop.sip_port}",
            frequency=HUM,
            keys={"from": "06911", "called": NUMBERS["alpha"], "digit": "1"},
        ) as carrier:
            await shop.until("a caller waits", lambda: [c.phase for c in shop.api.snapshot().calls] == ["queue"])
            (live,) = (await shop.snapshot()).calls
            assert (live.trunk, live.queue) == ("alpha", "sales")
            status, _ = await shop.ask("POST", f"/api/v1/calls/{live.id}/hang-up")
            assert status == 202
            assert (await carrier.done(5)).succeeded == 1


async def test_a_stranger_on_the_carriers_machine_gets_no_call_through(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    host = own_host(30)
    async with switch(trunks={"alpha": {"host": host, "port": free_port(host)}}) as shop:
        async with Sipp(
            *("caller", tmp_path, "-s", NUMBERS["alpha"], "-m", "1"),
            host=host,
            port=free_port(host),
            to=f"{shop.host}:{shop.sip_port}",
            keys={"from": "06911", "called": NUMBERS["alpha"], "digit": "1"},
        ) as stranger:
            with pytest.raises(AssertionError):
                await stranger.done(5)
        assert await shop.calls() == []


async def test_what_a_carrier_plays_before_the_answer_is_heard_by_the_phone_that_dialled(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    host = own_host(30)
    port = free_port(host)
    alpha = {
        "host": host,
        "port": port,
        "caller_id": "+37322000999",
        "numbers": ["+37322000111", "+37322000999"],
        "codecs": ["PCMA"],
    }
    async with (
        Sipp("early_media", tmp_path, "-m", "1", host=host, port=port, frequency=HUM) as carrier,
        switch(trunks={"alpha": alpha}, numbers={"*": {"flow": "main"}}) as shop,
    ):
        ann = await shop.phone_of(phones, "ann", codecs=("pcma",))
        dialling = await ann.dial(shop.uri("069123456"))
        await dialling.until_hears(HUM)
        assert not dialling.up
        await dialling.established()
        await dialling.until_hears(HUM)
        await dialling.over()
        assert (await carrier.done(5)).succeeded == 1
        assert "+37322000999" in carrier.logged()[0]
        (call,) = await shop.ended_calls(1)
        assert (call.direction, call.outcome, call.ended_by) == (Direction.OUTGOING, Outcome.ANSWERED, "called")
        assert call.talk_ms == pytest.approx(1500, abs=300)


# --- fifty calls at once --------------------

CARRIERS = 5
CALLS = 10
"""Of each carrier."""
TALK = 2.0


class Worker:
    """An agent who answers whatever rings, talks, hangs up, and remembers who was heard."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        self.talks: list[Line] = []
        self.too_late = 0
        phone.on_ring = self._work

    async def _work(self, line: Line) -> None:
        try:
            await line.answer()
        except BaresipError:  # another was faster: the ringing ended before our answer
            self.too_late += 1
            return
        with contextlib.suppress(TimeoutError):
            await line.over(TALK)
        if line.ended:  # answered too late: told so at once
            self.too_late += 1
            return
        self.talks.append(line)
        await line.hang_up()


@pytest.mark.slow
@needs_raw_sockets
async def test_fifty_calls_at_once_through_menu_and_queue(switch: Switch, phones: Phones, tmp_path: Path) -> None:
    """SIPp's callers, baresip's ten agents: no failure, both ears right, no port or task left after."""
    hosts = [own_host(30 + number) for number in range(CARRIERS)]
    ports = [free_port(host) for host in hosts]
    trunks = {f"c{number}": {"host": hosts[number], "port": ports[number]} for number in range(CARRIERS)}
    hums = [300 + 25 * number for number in range(CARRIERS)]
    async with (
        switch(
            trunks={"alpha": None, "beta": None, **trunks},
            dial_plan={"trunks": None},
            numbers={"*": {"flow": "main"}},
            queues={"accounts": {"wrap_up_seconds": 0.3}},
        ) as shop,
        contextlib.AsyncExitStack() as stack,
    ):
        workers = [Worker(phone) for phone in await shop.phones_of(phones, *AGENTS)]
        wire = stack.enter_context(Wire(hosts[0], 30))
        carriers = [
            await stack.enter_async_context(
                Sipp(
                    *("caller", tmp_path, "-s", NUMBERS["alpha"], "-m", str(CALLS), "-l", str(CALLS), "-r", "5"),
                    host=hosts[number],
                    port=ports[number],
                    to=f"{shop.host}:{shop.sip_port}",
                    frequency=hums[number],
                    keys={"from": f"0690{number}", "called": NUMBERS["alpha"], "digit": "3"},
                )
            )
            for number in range(CARRIERS)
        ]
        await shop.until("fifty wait", lambda: sum(c.phase == "queue" for c in shop.api.snapshot().calls) == 50, 20)
        await shop.available(*AGENTS)
        counted = [await carrier.done(60) for carrier in carriers]
        assert [(one.succeeded, one.failed) for one in counted] == [(CALLS, 0)] * CARRIERS

        calls = await shop.ended_calls(CARRIERS * CALLS)
        assert {call.outcome for call in calls} == {Outcome.ANSWERED}
        assert {call.ended_by for call in calls} == {"called"}
        assert sorted(call.caller for call in calls) == sorted(
            f"0690{number}00{call}" for number in range(CARRIERS) for call in range(1, CALLS + 1)
        )
        # every caller heard the agent of the record, and nobody else
        ears = wire.heard()
        ports_of_ours = {caller: int(port) for carrier in carriers for caller, port in map(str.split, carrier.logged())}
        for call in calls:
            carrier = int(call.caller[4])
            ear = ears[hosts[carrier], ports_of_ours[call.caller]]
            voices = {name for name, tone in AGENT_TONES.items() if len(moments(ear, tone)) > 3}
            assert voices == {call.agent}, f"{call.id}: {voices} instead of {call.agent}"
            assert len(moments(ear, AGENT_TONES[call.agent])) * 0.1 == pytest.approx(TALK, abs=0.6)
            assert moments(ear, NOTICE), "the notice was played"
            assert moments(ear, MUSIC), "music was played"
        # every agent heard, in each talk, the hum of that caller's carrier
        assert sum(len(worker.talks) for worker in workers) == CARRIERS * CALLS
        for worker in workers:
            assert worker.talks, f"{worker.phone} took no call"
            for line in worker.talks:
                carrier = int((line.call.peer or "").partition("0690")[2][0])
                heard = {number for number, hum in enumerate(hums) if len(moments(line.heard, hum)) > 3}
                assert heard == {carrier}
                assert len(moments(line.heard, hums[carrier])) * 0.1 == pytest.approx(TALK, abs=0.6)
        shop.nothing_may_linger()


@pytest.mark.slow
async def test_a_stop_with_fifty_callers_waiting_tells_each_of_them(switch: Switch, tmp_path: Path) -> None:
    host = own_host(30)
    port = free_port(host)
    async with switch(trunks={"alpha": {"host": host, "port": port}}) as shop:
        async with Sipp(
            *("caller", tmp_path, "-s", NUMBERS["alpha"], "-m", "50", "-l", "50", "-r", "25"),
            host=host,
            port=port,
            to=f"{shop.host}:{shop.sip_port}",
            frequency=HUM,
            keys={"from": "06911", "called": NUMBERS["alpha"], "digit": "2"},
        ) as carrier:
            await shop.until("fifty wait", lambda: sum(c.phase == "queue" for c in shop.api.snapshot().calls) == 50, 20)
            begun = time.monotonic()
            assert await shop.process.stop() == 0
            assert time.monotonic() - begun < 3.0
            counted = await carrier.done(5)
        assert (counted.succeeded, counted.failed) == (50, 0)
        await shop.start()
        calls = await shop.calls()
        assert len(calls) == 50
        assert {(call.outcome, call.ended_by, bool(call.ended)) for call in calls} == {(Outcome.MISSED, "switch", True)}
