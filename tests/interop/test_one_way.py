"""A carrier that answers and stays mute: named while the call lives and in its record, and in the end hung up on."""

import asyncio
from pathlib import Path

import pytest

from tests.interop.conftest import Switch
from tests.interop.phones import Phones
from tests.interop.shop import free_port, own_host
from tests.interop.sipp import Sipp, needs_sipp

pytestmark = [pytest.mark.interop, needs_sipp]


async def test_a_mute_carrier_is_named_and_a_dead_one_hung_up_on(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    host = own_host(31)
    port = free_port(host)
    beta = {"host": host, "port": port, "caller_id": "+37322000222", "numbers": ["+37322000222"], "codecs": ["PCMA"]}
    async with (
        Sipp("mute_carrier", tmp_path, "-m", "1", host=host, port=port) as carrier,
        switch(
            trunks={"beta": beta, "alpha": None},
            numbers={"*": {"flow": "main"}, "+37322000111": None},
            dial_plan={"trunks": ["beta"]},
            media={"no_audio_seconds": 2, "dead_seconds": 6},
        ) as shop,
    ):
        ann = await shop.phone_of(phones, "ann")
        dialling = await (await ann.dial(shop.uri("069123456"))).established()
        await asyncio.sleep(4.0)
        assert dialling.up
        (living,) = (await shop.snapshot()).calls
        assert {leg.party: leg.fault for leg in living.legs} == {"phone:101": "", "trunk:beta": "sent no audio"}
        await dialling.over(8)
        assert (await carrier.done(5)).succeeded == 1
        (call,) = await shop.ended_calls(1)
        story = await shop.story(call.id)
        assert story.kinds("no-audio") == ["no-audio trunk beta sent no audio"]
        faults = {leg.party: (leg.fault, leg.reason) for leg in story.legs}
        fault, reason = faults["trunk:beta"]
        assert fault == "sent no audio"
        assert reason in ("neither voice nor reports for 6 s", "neither voice nor reports for 7 s")  # once a second
        assert faults["phone:101"][0] == ""
        assert 5_000 < call.talk_ms < 9_000
