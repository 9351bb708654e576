"""Recordings and supervisors, with real phones: what is in the file's two ears, and who hears whom."""

import asyncio
import io
import time
import urllib.request
import wave
from typing import Any

import numpy as np
import pytest

from tests.interop.conftest import Switch
from tests.interop.phones import Line, Phone, Phones, until
from tests.interop.shop import Shop
from tests.interop.tones import loudness, purity

pytestmark = pytest.mark.interop


async def talk(shop: Shop, phones: Phones, *others: str) -> tuple[Line, Line, list[Phone]]:
    """Jana dials the queue and Ann answers; their lines, and the phones of whoever else is there."""
    jana, ann, *more = await shop.phones_of(phones, "jana", "ann", *others)
    await shop.available("ann")
    calling = await jana.dial(shop.uri("601"))
    await calling.established()
    answered = await (await ann.rings()).answer()
    await asyncio.gather(calling.until_hears(ann.frequency), answered.until_hears(jana.frequency))
    return calling, answered, more


async def order(shop: Shop, what: str, **body: str) -> None:
    """Order something about the only call that lives."""
    (call,) = (await shop.snapshot()).calls
    status, answer = await shop.ask("POST", f"/api/v1/calls/{call.id}/{what}", body)
    assert status == 202, answer


async def recordings_of(shop: Shop) -> list[dict[str, Any]]:
    """The accounts of all recordings, once every one of them has ended."""
    deadline = time.monotonic() + 5
    while True:
        _, story = await shop.ask("GET", "/api/v1/recordings")
        found: list[dict[str, Any]] = story["recordings"]
        if all(account["ended"] for account in found) or time.monotonic() > deadline:
            return found
        await asyncio.sleep(0.05)


def fetch(shop: Shop, recording: str) -> tuple[bytes, bytes]:
    """The file of a recording as its left and its right ear."""
    host, token = shop.tree["web"]["listen"], shop.tree["web"]["token"]
    request = urllib.request.Request(
        f"http://{host}/api/v1/recordings/{recording}", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - our own API
        assert answer.headers["Content-Type"] == "audio/wav"
        content = answer.read()
    with wave.open(io.BytesIO(content)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(-1, 2)
    return samples[:, 0].tobytes(), samples[:, 1].tobytes()


async def test_a_queue_s_conversation_is_recorded_with_each_party_in_its_own_ear(
    switch: Switch, phones: Phones
) -> None:
    async with switch(queues={"sales": {"record": True}}) as shop:
        calling, answered, _ = await talk(shop, phones)
        await asyncio.sleep(1.0)
        await order(shop, "recording", do="pause")
        await asyncio.sleep(1.5)
        await order(shop, "recording", do="resume")
        await asyncio.sleep(1.0)
        await calling.hang_up()
        await answered.over()
        (call,) = await shop.ended_calls(1)
        recording = f"{call.id}-1"
        (account,) = await recordings_of(shop)
        assert (account["id"], account["party"], account["queue"], account["agent"]) == (
            recording,
            "phone:110",
            "sales",
            "ann",
        )
        assert account["pauses"] == 1
        assert 1400 < account["paused_ms"] < 2500
        left, right = await asyncio.to_thread(fetch, shop, recording)
        assert len(left) / 16_000 == pytest.approx(account["seconds"], abs=0.01)
        assert 2.0 < account["seconds"] < call.talk_ms / 1000 - 0.8
        second = 16_000
        assert purity(left[second // 2 : second], calling.phone.frequency) > 0.9
        assert purity(right[second // 2 : second], answered.phone.frequency) > 0.9
        assert purity(left[-second:], calling.phone.frequency) > 0.9
        assert purity(right[-second:], answered.phone.frequency) > 0.9


async def test_a_supervisor_listens_whispers_and_barges_in(switch: Switch, phones: Phones) -> None:
    async with switch() as shop:
        calling, answered, (eve,) = await talk(shop, phones, "eve")
        await order(shop, "monitor", phone="105")
        supervising = await (await eve.rings()).answer()

        async def levels() -> dict[str, set[int]]:
            """Who is heard where, by the tones each hums."""
            hums = {line.phone.frequency for line in (calling, answered, supervising)}
            for line in (calling, answered, supervising):
                line.forget()
            await asyncio.sleep(1.0)
            heard = {}
            for name, line in (("caller", calling), ("agent", answered), ("supervisor", supervising)):
                pcm = bytes(line.heard[-8000:])
                heard[name] = {hum for hum in hums if loudness(pcm) > 60 and purity(pcm, hum) > 0.2}
            return heard

        caller, agent, supervisor = calling.phone.frequency, answered.phone.frequency, eve.frequency
        assert await levels() == {"caller": {agent}, "agent": {caller}, "supervisor": {caller, agent}}
        await order(shop, "monitor", phone="105", mode="whisper")
        assert await levels() == {"caller": {agent}, "agent": {caller, supervisor}, "supervisor": {caller, agent}}
        await supervising.press("3")
        await asyncio.sleep(0.5)
        assert await levels() == {
            "caller": {agent, supervisor},
            "agent": {caller, supervisor},
            "supervisor": {caller, agent},
        }
        await supervising.hang_up()
        assert await levels() == {"caller": {agent}, "agent": {caller}, "supervisor": set()}
        await order(shop, "monitor", phone="105", mode="whisper")
        supervising = await (await eve.rings()).answer()
        await until(lambda: not supervising.hears_nothing, 4, lambda: f"{supervising} hears nothing")
        await order(shop, "monitor", phone="105", mode="take-over")
        await answered.over()
        assert await levels() == {"caller": {supervisor}, "agent": set(), "supervisor": {caller}}
        await calling.hang_up()
        await supervising.over()
        (call,) = await shop.ended_calls(1)
        story = await shop.story(call.id)
        assert story.kinds("taken-over") == ["taken-over agent:ann by 105"]
        assert [segment.agent for segment in story.segments] == ["ann", "eve"]
