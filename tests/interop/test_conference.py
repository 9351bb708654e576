"""A conference with real phones: each ear holds every other mouth and never its own."""

import asyncio

import numpy as np
import pytest

from tests.interop.conftest import Switch
from tests.interop.phones import Line, Phones, until
from tests.interop.shop import AGENT_TONES, MUSIC
from tests.interop.tones import RATE, loudness, purity

pytestmark = pytest.mark.interop

NAMES = ("ann", "bob", "carol", "dan")


def holds(line: Line, seconds: float = 1.0) -> set[str]:
    """Whose tones the latest second of an ear holds."""
    pcm = bytes(line.heard[-round(seconds * RATE) * 2 :])
    if loudness(pcm) < 60:
        return set()
    return {name for name in NAMES if purity(pcm, AGENT_TONES[name]) > 0.15}


async def until_holds(line: Line, *names: str) -> None:
    """Wait until an ear holds these mouths and no other."""
    await until(
        lambda: holds(line, 0.5) == set(names), 6.0, lambda: f"{line} waits for {names}, holds {holds(line, 0.5)}"
    )


def clicks(pcm: bytes, frequencies: set[int]) -> int:
    """Samples that lie far off what the tones alone would be: steps in the sound."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    at = np.arange(len(samples)) / RATE
    basis = np.concatenate([[np.cos(2 * np.pi * f * at), np.sin(2 * np.pi * f * at)] for f in sorted(frequencies)])
    parts, *_ = np.linalg.lstsq(basis.T, samples, rcond=None)
    rest = samples - basis.T @ parts
    return int(np.sum(np.abs(rest) > 2500))


async def test_four_phones_in_one_room_one_by_transfer_one_muted(switch: Switch, phones: Phones) -> None:
    async with switch(
        conferences={"board": {"number": "800", "pin": "4711"}},
        phones={"102": {"codecs": ["OPUS", "PCMA"]}, "103": {"codecs": ["G722", "PCMA"]}},
    ) as shop:
        ann, dan = await shop.phones_of(phones, "ann", "dan")
        bob = await shop.phone_of(phones, "bob", codecs=("opus/48000/2",))
        carol = await shop.phone_of(phones, "carol", codecs=("g722/16000/1",))
        lines: dict[str, Line] = {}
        for name, phone in (("ann", ann), ("bob", bob), ("carol", carol)):
            line = lines[name] = await (await phone.dial(shop.uri("800"))).established()
            await asyncio.sleep(0.3)
            await line.press("4711")
            if name == "ann":
                await line.until_hears(MUSIC)
        await until_holds(lines["ann"], "bob", "carol")
        await until_holds(lines["bob"], "ann", "carol")
        await until_holds(lines["carol"], "ann", "bob")
        # dan is called by ann's colleague and transferred in, without a PIN
        eve = await shop.phone_of(phones, "eve")
        calling = await dan.dial(shop.uri("105"))
        answered = await (await eve.rings()).answer()
        await calling.established()
        await answered.call.transfer(shop.uri("800"))
        lines["dan"] = calling
        await until_holds(lines["dan"], "ann", "bob", "carol")
        await until_holds(lines["ann"], "bob", "carol", "dan")
        await lines["bob"].press("*")
        await until_holds(lines["ann"], "carol", "dan")
        await until_holds(lines["bob"], "ann", "carol", "dan")
        await lines["dan"].hang_up()
        await lines["bob"].hang_up()
        await until_holds(lines["carol"], "ann")
        await asyncio.sleep(1.0)
        lines["ann"].forget()
        await asyncio.sleep(1.3)
        quiet = bytes(lines["ann"].heard[-RATE * 2 :])
        assert clicks(quiet, {AGENT_TONES["carol"]}) == 0
        await lines["carol"].hang_up()
        await lines["ann"].until_hears(MUSIC)
        await lines["ann"].hang_up()
        ended = await shop.ended_calls(4)
        assert {call.outcome.value for call in ended} == {"answered"}
