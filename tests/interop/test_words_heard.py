"""What a caller hears, in words: the provider's self-service and queue by a real carrier, understood by a recogniser.

Needs faster-whisper and the folder of a multilingual model for it (CTranslate2 format) in SOFTACD_WHISPER; both are
large and no dependency: without them the test is skipped. Prompt ids are what the quick tests assert.
"""

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.interop.conftest import Switch
from tests.interop.kamailio import Kamailio, needs_kamailio
from tests.interop.phones import Line, Phones, until
from tests.interop.shop import NUMBERS, Settings
from tests.interop.tones import RATE, last, loudness
from tests.runtime.web_source import WebService

MODEL = os.environ.get("SOFTACD_WHISPER", "")
pytestmark = [
    pytest.mark.interop,
    pytest.mark.slow,
    needs_kamailio,
    pytest.mark.skipif(not Path(MODEL, "model.bin").is_file(), reason="SOFTACD_WHISPER names no folder of a model"),
]

PROVIDER: Settings = {
    "provider": {
        "start": "menu",
        "steps": {
            "menu": {
                "do": "menu",
                "prompts": ["welcome", "menu-main"],
                "choices": {"1": "notice", "3": "contract"},
            },
            "notice": {"do": "record-notice", "then": "busy"},
            "busy": {"do": "say", "prompts": ["all-agents-busy"], "then": "sales"},
            "sales": {"do": "queue", "queue": "sales"},
            "contract": {"do": "collect", "prompts": ["enter-contract"], "into": "contract", "then": "pin"},
            "pin": {"do": "collect", "prompts": ["enter-pin"], "into": "pin", "masked": True, "then": "ask"},
            "ask": {
                "do": "lookup", "source": "billing", "path": "/", "send": {"pin": "{pin}"},
                "save": {"balance": "balance"}, "then": "tell", "missing": "wrong",
            },
            "tell": {"do": "say", "prompts": ["balance-is", "money:{balance} USD"]},
            "wrong": {"do": "say", "prompts": ["not-recognised"], "then": "menu"},
        },
    }
}  # fmt: skip


def balance(method: str, path: str, body: Any) -> tuple[int, bytes]:
    """The billing system of the tests."""
    return (200, json.dumps({"balance": 50}).encode()) if body["pin"] == "1234" else (404, b"")


class Listener:
    """Understands what a line has heard."""

    def __init__(self) -> None:
        whisper = pytest.importorskip("faster_whisper", reason="faster-whisper is not installed")
        self._model = whisper.WhisperModel(MODEL, device="cpu", compute_type="int8", cpu_threads=2)

    def understand(self, pcm: bytes) -> str:
        """The words in 8 kHz sound, in small letters without marks."""
        narrow = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
        at = np.arange(0, len(narrow) - 1, 0.5)
        wide = np.interp(at, np.arange(len(narrow)), narrow).astype(np.float32)
        found, _ = self._model.transcribe(wide, language="en", beam_size=5)
        return re.sub(r"[^a-z0-9$ ]", "", " ".join(part.text for part in found).lower())


async def pause(line: Line, seconds: float = 12.0) -> bytes:
    """Everything heard until it was quiet for a second; what comes afterwards is heard anew."""
    await until(lambda: loudness(last(line.heard)) > 200, seconds, lambda: f"{line} hears nothing")
    quiet = 0.0
    size = -1
    for _ in range(round(seconds / 0.1)):
        await asyncio.sleep(0.1)
        silent = len(line.heard) == size or loudness(last(line.heard, 0.2)) < 60
        quiet = quiet + 0.1 if silent else 0.0
        size = len(line.heard)
        if quiet >= 1.0:
            break
    heard = bytes(line.heard)
    line.forget()
    return heard


async def test_the_provider_in_words(switch: Switch, phones: Phones, tmp_path: Path) -> None:
    listener = Listener()
    async with (
        WebService(balance) as billing,
        Kamailio(tmp_path) as carrier,
        switch(
            tones=False,
            trunks={"beta": carrier.trunk_settings()},
            flows={**PROVIDER, "main": None},
            sources={"billing": {"url": billing.url}},
            numbers={NUMBERS["beta"]: {"flow": "provider"}, NUMBERS["alpha"]: {"flow": "provider"}},
        ) as shop,
    ):
        await shop.until_registered("beta")
        outside = await carrier.outside_phone(phones)
        shop.may_linger("sockets")
        caller = await (await outside.dial(carrier.number())).established()
        caller.be_quiet()
        heard = {"menu": await pause(caller)}
        await caller.press("3")
        heard["contract"] = await pause(caller)
        await caller.press("12345#")
        heard["pin"] = await pause(caller)
        await caller.press("9999#")
        heard["wrong"] = await pause(caller)
        await caller.press("3")
        await pause(caller)
        await caller.press("12345#")
        await pause(caller)
        await caller.press("1234#")
        heard["balance"] = await pause(caller)
        await caller.over(6)

        waiting = await (await outside.dial(carrier.number())).established()
        waiting.be_quiet()
        await pause(waiting)
        await waiting.press("1")
        await asyncio.sleep(9)
        heard["queue"] = bytes(waiting.heard)[: 9 * RATE * 2]
        await waiting.hang_up()
        words = {name: await asyncio.to_thread(listener.understand, pcm) for name, pcm in heard.items()}
    print(words)
    for name, wanted in {
        "menu": ("thank you for calling", "sales", "press"),
        "contract": ("contract number", "pound key"),
        "pin": ("your code",),
        "wrong": ("not right", "thank you for calling"),
        "balance": ("your account holds?", "50|fifty"),
        "queue": ("recorded", "agents are busy"),
    }.items():
        for word in wanted:
            assert re.search(word, words[name]), (name, word, words[name])
    assert all(loudness(pcm) > 100 for pcm in heard.values())
