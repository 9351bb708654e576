"""A third phone stack: pyVoIP, simple and a little wrong, takes a call of the queue."""

import asyncio
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from softacd.calls.records import Outcome
from tests.interop.conftest import Switch
from tests.interop.phones import Phones
from tests.interop.shop import AGENT_TONES, free_port

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(importlib.util.find_spec("pyVoIP") is None, reason="pyvoip is not installed"),
]


class Told:
    """The facts a phone's process tells."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.facts: list[dict[str, Any]] = []

    async def until(self, event: str, seconds: float = 8.0) -> dict[str, Any]:
        """Wait for a fact of this kind."""
        async with asyncio.timeout(seconds):
            while True:
                assert self._process.stdout is not None
                line = await self._process.stdout.readline()
                assert line, f"the phone ended before {event!r}: {self.facts}"
                self.facts.append(json.loads(line))
                if self.facts[-1]["event"] == event:
                    return self.facts[-1]


@pytest.mark.parametrize("leaver", ["caller", "agent"])
async def test_a_pyvoip_phone_takes_a_call_of_the_queue(switch: Switch, phones: Phones, leaver: str) -> None:
    # pyVoIP sends mu-law whatever it agreed to, so mu-law is what we agree to; the caller speaks A-law: transcoded
    async with switch(phones={"101": {"codecs": ["PCMU"]}}) as shop:
        caller = await shop.office_phone(phones, codecs=("pcma",))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).with_name("pyvoip_phone.py")),
            *(shop.host, str(shop.sip_port), "101", shop.tree["phones"]["101"]["password"]),
            *(str(free_port("127.0.0.1")), str(AGENT_TONES["ann"]), "1.5" if leaver == "agent" else "0"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            told = Told(process)
            assert (await told.until("started"))["status"] == "REGISTERED"
            await shop.available("ann")
            waiting = await (await caller.dial(shop.uri("601"))).established()
            await told.until("answered")
            await waiting.until_hears(AGENT_TONES["ann"])
            heard = await told.until("heard")
            while heard["share"] < 0.7:
                heard = await told.until("heard")
            assert heard["frequency"] == caller.frequency
            if leaver == "caller":
                await waiting.hang_up()
            await told.until("over")
            await waiting.over()
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), 5)
            except TimeoutError:
                process.kill()
                await process.wait()
        (call,) = await shop.ended_calls(1)
        assert (call.outcome, call.agent) == (Outcome.ANSWERED, "ann")
        assert call.ended_by == ("caller" if leaver == "caller" else "called")
        assert {leg.codec for leg in (await shop.story(call.id)).legs} == {"PCMA", "PCMU"}
