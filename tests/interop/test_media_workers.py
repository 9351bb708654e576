"""Media in worker processes, with real phones: conversations as ever, and a worker killed in the middle of them."""

import os
import signal
import time
from pathlib import Path

import pytest

from softacd.calls.records import Outcome
from tests.interop.conftest import Switch
from tests.interop.phones import Phones
from tests.interop.shop import MUSIC, Settings, Shop, settings
from tests.interop.test_phones import connect, talk
from tests.interop.test_phones import (
    test_a_phone_calls_another_both_hold_and_resume_and_keys_pass as test_hold_and_keys,
)
from tests.interop.test_supervision import (
    test_a_queue_s_conversation_is_recorded_with_each_party_in_its_own_ear as test_recorded,
)
from tests.interop.test_supervision import test_a_supervisor_listens_whispers_and_barges_in as test_supervised
from tests.interop.test_transfer import (
    test_an_agent_asks_a_colleague_first_and_then_connects_them as test_attended_transfer,
)

__all__ = ["test_attended_transfer", "test_hold_and_keys", "test_recorded", "test_supervised"]

pytestmark = pytest.mark.interop


@pytest.fixture
def switch(tmp_path: Path) -> Switch:
    """The shop with two media workers."""

    def make(*, tones: bool = True, **changes: Settings) -> Shop:
        changes["media"] = {**changes.get("media", {}), "workers": 2}
        return Shop(tmp_path / "shop", settings(**changes), tones=tones)

    return make


def workers(shop: Shop) -> list[int]:
    """Process ids of the switch's children that carry media."""
    threads = Path(f"/proc/{shop.process.pid}/task").iterdir()
    children = " ".join((thread / "children").read_text(encoding="ascii") for thread in threads)
    return [
        child
        for child in map(int, children.split())
        if b"media-worker" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
    ]


async def test_a_killed_worker_s_conversation_goes_on_at_another(switch: Switch, phones: Phones) -> None:
    async with switch() as shop:
        shop.complaints_expected = True  # that a worker has died is one
        ann, bob = await shop.phone_of(phones, "ann"), await shop.phone_of(phones, "bob")
        dialling, answered = await connect(ann, bob, shop.uri("102"))
        first = workers(shop)
        assert len(first) == 2
        for victim in first:  # one of them carries the call, and then perhaps the other
            os.kill(victim, signal.SIGKILL)
            killed = time.monotonic()
            for line in (dialling, answered):
                line.forget()
            await shop.until("two workers again", lambda gone=victim: len(set(workers(shop)) - {gone}) == 2, 10)
            await talk(dialling, answered)
            assert time.monotonic() - killed < 10
        assert not set(first) & set(workers(shop))
        await answered.call.hold()
        await dialling.until_hears(MUSIC)
        await answered.call.resume()
        await talk(dialling, answered)
        await dialling.hang_up()
        await answered.over()
        (call,) = await shop.ended_calls(1)
        assert call.outcome is Outcome.ANSWERED
        moved = (await shop.story(call.id)).kinds("media-moved")
        assert sorted(set(moved)) == ["media-moved phone:101", "media-moved phone:102"]
        # whoever calls now finds everything as before
        dialling, answered = await connect(bob, ann, shop.uri("101"))
        await answered.hang_up()
        await dialling.over()
