"""Texts of a flow heard by a real phone: spoken by a program of this machine, and replaced when it breaks down."""

from pathlib import Path

import pytest

from tests.interop.conftest import Switch
from tests.interop.kamailio import Kamailio, needs_kamailio
from tests.interop.phones import Phones
from tests.interop.shop import GREETING, NUMBERS, Settings
from tests.runtime.voice.test_engines import ROBOT

pytestmark = [pytest.mark.interop, needs_kamailio]

ROBOT_TONE = 509
"""Hz the robot speaks in: 0.2 radians a sample at 16 kHz."""
TEXTS: Settings = {
    "texts": {
        "start": "dear",
        "steps": {
            "dear": {"do": "say", "prompts": ["text:Dear {caller}"], "fallback": "menu-main", "then": "sorry"},
            "sorry": {"do": "say", "prompts": ["text:crash"], "fallback": "welcome"},
        },
    }
}


async def test_a_caller_hears_a_text_spoken_and_the_fallback_when_the_voice_breaks_down(
    switch: Switch, phones: Phones, tmp_path: Path
) -> None:
    async with (
        Kamailio(tmp_path) as carrier,
        switch(
            trunks={"beta": carrier.trunk_settings()},
            flows=TEXTS,
            voices={"en": {"engine": "command", "command": list(ROBOT), "timeout_seconds": 10.0}},
            numbers={NUMBERS["beta"]: {"flow": "texts"}},
        ) as shop,
    ):
        await shop.until_registered("beta")
        outside = await carrier.outside_phone(phones)
        caller = await (await outside.dial(carrier.number())).established()
        await caller.until_hears(ROBOT_TONE, 10)
        await caller.until_hears(GREETING, 10)
        await caller.over(5)
        (call,) = await shop.ended_calls(1)
        (told,) = (await shop.story(call.id)).kinds("unspeakable")
        assert told.endswith("ended with status 1: the robot has broken down")
