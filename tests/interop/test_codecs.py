"""G.722 and Opus with real phones: who speaks what to whom, and what each ear hears of it."""

import asyncio

import pytest

from softacd.calls.records import LegRecord
from tests.interop.conftest import Switch
from tests.interop.phones import Line, Phone, Phones
from tests.interop.shop import AGENT_TONES, MUSIC, Shop

pytestmark = pytest.mark.interop

OPUS, G722, PCMA, PCMU = "opus/48000/2", "g722/16000/1", "pcma", "pcmu"
EVERYTHING = ["OPUS", "G722", "PCMA", "PCMU"]


async def phone_of(shop: Shop, phones: Phones, name: str, *codecs: str) -> Phone:
    return await shop.phone_of(phones, name, codecs=codecs)


async def legs_of(shop: Shop, calling: Line) -> dict[str, LegRecord]:
    await calling.hang_up()
    (call,) = await shop.ended_calls(1)
    legs: dict[str, LegRecord] = {}
    for _ in range(30):  # a leg's record is complete when its stream is closed
        legs = {leg.party.partition(":")[2]: leg for leg in (await shop.story(call.id)).legs if leg.ended}
        if len(legs) == 2:
            break
        await asyncio.sleep(0.1)
    return legs


def wide(*extensions: str) -> dict[str, dict[str, list[str]]]:
    return {extension: {"codecs": EVERYTHING} for extension in extensions}


@pytest.mark.parametrize(
    ("calls", "answers", "spoken"),
    [
        ((OPUS,), (PCMA,), ("OPUS", "PCMA")),
        ((G722,), (PCMU,), ("G722", "PCMU")),
        ((OPUS,), (G722,), ("OPUS", "G722")),
        ((OPUS,), (OPUS, PCMA), ("OPUS", "OPUS")),
        ((G722, PCMA), (PCMA, G722), ("G722", "G722")),
        ((OPUS, PCMA), (PCMA,), ("PCMA", "PCMA")),
    ],
    ids=lambda value: "+".join(value).replace("/", "-"),
)
async def test_two_phones_hear_each_other_and_agree_where_they_can(
    switch: Switch, phones: Phones, calls: tuple[str, ...], answers: tuple[str, ...], spoken: tuple[str, str]
) -> None:
    async with switch(phones=wide("101", "102")) as shop:
        ann = await phone_of(shop, phones, "ann", *calls)
        bob = await phone_of(shop, phones, "bob", *answers)
        calling = await ann.dial(shop.uri("102"))
        answered = await (await bob.rings()).answer()
        await calling.established()
        await asyncio.gather(calling.until_hears(bob.frequency), answered.until_hears(ann.frequency))
        await calling.press("5")
        await answered.press("9")
        await asyncio.sleep(0.6)
        assert (calling.digits, answered.digits) == ("9", "5")
        await asyncio.gather(calling.until_hears(bob.frequency), answered.until_hears(ann.frequency))
        await answered.call.hold()
        await calling.until_hears(MUSIC)
        await answered.call.resume()
        await asyncio.gather(calling.until_hears(bob.frequency), answered.until_hears(ann.frequency))
        legs = await legs_of(shop, calling)
        assert (legs["101"].codec, legs["102"].codec) == spoken
        assert legs["101"].packets_lost == legs["102"].packets_lost == 0


@pytest.mark.parametrize("codec", [OPUS, G722])
async def test_a_caller_with_a_wide_codec_goes_through_music_and_queue(
    switch: Switch, phones: Phones, codec: str
) -> None:
    """Music, then an agent without that codec, recorded, and a supervisor who listens."""
    async with switch(phones=wide("110"), queues={"sales": {"record": True}}) as shop:
        jana = await phone_of(shop, phones, "jana", codec)
        ann, eve = await shop.phones_of(phones, "ann", "eve")
        calling = await jana.dial(shop.uri("601"))
        await calling.established()
        await calling.until_hears(MUSIC)
        await shop.available("ann")
        answered = await (await ann.rings()).answer()
        await asyncio.gather(calling.until_hears(AGENT_TONES["ann"]), answered.until_hears(jana.frequency))
        (call,) = (await shop.snapshot()).calls
        await shop.ask("POST", f"/api/v1/calls/{call.id}/monitor", {"phone": "105"})
        supervising = await (await eve.rings()).answer()
        await asyncio.sleep(1.5)
        assert calling.hears(ann.frequency)
        assert answered.hears(jana.frequency)
        assert not supervising.hears_nothing
        await supervising.hang_up()
        await asyncio.sleep(1.0)
        assert calling.hears(ann.frequency)
        assert answered.hears(jana.frequency)
        await calling.hang_up()
        await shop.ended_calls(1)
        _, story = await shop.ask("GET", "/api/v1/recordings")
        assert story["recordings"][0]["seconds"] > 2
