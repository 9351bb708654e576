"""G.722 and Opus with real phones: who speaks what to whom, and what each ear hears of it."""

import asyncio

import pytest

from softacd.calls.records import LegRecord
from tests.interop.conftest import Switch
from tests.interop.phones import Phone, Phones
from tests.interop.shop import AGENT_TONES, AGENTS, MUSIC, Shop

pytestmark = pytest.mark.interop

OPUS, G722, PCMA, PCMU = "opus/48000/2", "g722/16000/1", "pcma", "pcmu"
EVERYTHING = ["OPUS", "G722", "PCMA", "PCMU"]


async def phone_of(shop: Shop, phones: Phones, name: str, *codecs: str) -> Phone:
    return await shop.phone_of(phones, name, codecs=codecs)


async def legs_of(shop: Shop, caller: str) -> dict[str, LegRecord]:
    """The accounts of both legs of a call that has ended."""
    for _ in range(50):
        of_caller = [call for call in await shop.ended_calls(1) if call.caller == caller]
        if of_caller:
            return {leg.party.partition(":")[2]: leg for leg in (await shop.story(of_caller[-1].id)).legs}
        await asyncio.sleep(0.1)
    raise AssertionError(f"no call of {caller} has ended")


def wide(*extensions: str) -> dict[str, dict[str, list[str]]]:
    return {extension: {"codecs": EVERYTHING} for extension in extensions}


PAIRS = (("ann", "bob"), ("carol", "dan"), ("eve", "finn"))
TRANSCODED = (
    ((OPUS,), (PCMA,), ("OPUS", "PCMA")),
    ((G722,), (PCMU,), ("G722", "PCMU")),
    ((OPUS,), (G722,), ("OPUS", "G722")),
)
RELAYED = (
    ((OPUS,), (OPUS, PCMA), ("OPUS", "OPUS")),
    ((G722, PCMA), (PCMA, G722), ("G722", "G722")),
    ((OPUS, PCMA), (PCMA,), ("PCMA", "PCMA")),
)
Spoken = tuple[tuple[str, ...], tuple[str, ...], tuple[str, str]]
"""Codecs of the phone that calls and of the one that answers, and what each then speaks."""


@pytest.mark.parametrize("kinds", [TRANSCODED, RELAYED], ids=["transcoded", "relayed"])
async def test_two_phones_hear_each_other_and_agree_where_they_can(
    switch: Switch, phones: Phones, kinds: tuple[Spoken, ...]
) -> None:
    """Three conversations at once."""
    async with switch(phones=wide(*(str(101 + index) for index in range(6)))) as shop:
        await asyncio.gather(*(converse(shop, phones, *pair, *kind) for pair, kind in zip(PAIRS, kinds, strict=True)))


async def converse(
    shop: Shop,
    phones: Phones,
    caller: str,
    called: str,
    calls: tuple[str, ...],
    answers: tuple[str, ...],
    spoken: tuple[str, str],
) -> None:
    ann = await phone_of(shop, phones, caller, *calls)
    bob = await phone_of(shop, phones, called, *answers)
    numbers = [str(101 + AGENTS.index(name)) for name in (caller, called)]
    calling = await ann.dial(shop.uri(numbers[1]))
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
    await calling.hang_up()
    legs = await legs_of(shop, numbers[0])
    assert tuple(legs[number].codec for number in numbers) == spoken
    assert [legs[number].packets_lost for number in numbers] == [0, 0]


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
