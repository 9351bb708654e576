"""Messages with real phones: left where nobody answers, shown by the lamp of a PJSIP phone, heard and deleted by it."""

import asyncio
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from softacd.calls.records import Outcome
from tests.interop.conftest import Switch
from tests.interop.phones import Phones
from tests.interop.pjsua import PjsuaPhone, needs_pjsua
from tests.interop.shop import DOMAIN, OFFICE, Shop
from tests.interop.tones import purity, write_clip

pytestmark = pytest.mark.interop

LEAVE, REVIEW, SAVED, RECEIVED, MENU, DELETED, DOWN = 1150, 1250, 1350, 1450, 1550, 1650, 1750
BEEP = 1000
"""The shipped tone."""
SPOKEN = {
    "leave-message": LEAVE,
    "message-review": REVIEW,
    "message-saved": SAVED,
    "received-at": RECEIVED,
    "message-menu": MENU,
    "message-deleted": DELETED,
    "service-unavailable": DOWN,
}
MAILBOX = {"bob": {"number": "801", "phones": ["102"], "answers": True, "silence_seconds": 1.0, "pin": "2468"}}


def speak_tones(directory: Path) -> None:
    """Prompts of these tests, each a tone."""
    for name, frequency in SPOKEN.items():
        write_clip(directory / "shop" / "sounds" / "prompts" / "en" / f"{name}.wav", frequency, 1.0)


def sound_of(shop: Shop, file: str) -> bytes:
    """The samples of a message, which has one channel."""
    with wave.open(str(shop.directory / "data" / "messages" / file)) as sound:
        assert (sound.getnchannels(), sound.getframerate()) == (1, 8000)
        return sound.readframes(sound.getnframes())


@needs_pjsua
async def test_a_message_lights_the_lamp_and_is_heard_and_deleted_by_a_phone(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    speak_tones(tmp_path)
    async with switch(mailboxes=MAILBOX) as shop, PjsuaPhone.of(shop, "102", 1300, lamp=True) as bob:
        await bob.until("messages", new=0, old=0)
        office = await shop.office_phone(phones)
        await shop.count_from_here()
        caller = await office.dial(shop.uri("102"))
        bob.do("hang-up", call=await bob.rings(), status=486)
        await caller.established()
        await caller.until_hears(LEAVE)
        await caller.until_hears(BEEP)
        await asyncio.sleep(3.0)  # the caller hums
        caller.be_quiet()
        await caller.until_hears(REVIEW, 8)
        await caller.press("1")
        await caller.until_hears(SAVED)
        await caller.over()
        await bob.until("messages", new=1, old=0)
        status, answer = await shop.ask("GET", "/api/v1/messages?mailbox=bob")
        (message,) = answer["messages"]
        assert (status, answer["new"], message["caller"], message["box"]) == (200, 1, "201", "bob")
        assert message["seconds"] > 2
        assert purity(sound_of(shop, message["file"])[8000:16_000], OFFICE["201"]) > 0.7
        (record,) = await shop.ended_calls(1)
        assert (record.id, record.outcome) == (message["call"], Outcome.SERVED)

        bob.do("dial", uri=f"sip:*97@{DOMAIN}")
        await bob.talks(1)
        bob.do("press", digits="2468")
        await bob.until_hears(RECEIVED, seconds=10)
        await bob.until_hears(OFFICE["201"], seconds=15)
        await bob.until("messages", new=0, old=1)
        await bob.until_hears(MENU, seconds=10)
        since = len(bob.facts)
        bob.do("press", digits="7")
        await bob.until_hears(DELETED)
        await bob.until("messages", new=0, old=0, since=since)
        assert (await shop.ask("GET", "/api/v1/messages"))[1]["messages"] == []
        assert not list((shop.directory / "data" / "messages").rglob("*.wav"))
        bob.do("hang-up", call=1)
        (_, heard) = await shop.ended_calls(2)
        assert heard.keys == "xxxx7"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for some seconds of sound."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40k", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=False, capture_output=True)


async def test_who_speaks_onto_a_full_disk_is_told_so_and_the_call_goes_on(
    switch: Switch, phones: Phones, tmp_path: Path, small_disk: Path
) -> None:
    speak_tones(tmp_path)
    media = {"messages": str(small_disk), "recordings_least_free_mb": 0}
    async with switch(mailboxes=MAILBOX, media=media) as shop:
        office = await shop.office_phone(phones)
        await shop.count_from_here()
        caller = await (await office.dial(shop.uri("801"))).established()
        await caller.until_hears(LEAVE)
        await caller.until_hears(DOWN, 10)
        await caller.over()
        (record,) = await shop.ended_calls(1)
        story = await shop.story(record.id)
        assert "No space left" in " ".join(story.kinds("message-impossible"))
        again = await (await office.dial(shop.uri("801"))).established()
        await again.until_hears(LEAVE)
        await again.hang_up()
