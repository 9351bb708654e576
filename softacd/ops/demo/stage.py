"""The demonstration itself: lets people call in a house, and gives account of every call."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Protocol, Self

import msgspec

from softacd.calls.records import CallRecord
from softacd.calls.views import Snapshot
from softacd.ops.demo.accounts import Account, Clips, explain
from softacd.ops.demo.api import ApiError
from softacd.ops.demo.cast import AgentActor, CallerStory, Rings
from softacd.ops.demo.house import House
from softacd.ops.demo.shop import CARRIERS, QUEUES
from softacd.ops.demo.witness import Witness
from softacd.ops.model import shipped_sounds
from softacd.simulate import sound
from softacd.simulate.people import FIRST_CALLER_SIGNATURE, Habits, People

MOST_AT_ONCE = sound.SIGNATURES - FIRST_CALLER_SIGNATURE
"""Callers at once: so many bells there are to tell them apart."""


class DemoError(Exception):
    """The demonstration could not be held; the text says what is missing and the remedy."""


class Result(msgspec.Struct, frozen=True):
    """What came of it. `left` names what stayed open, 0 where nothing did."""

    accounts: list[Account]
    left: dict[str, int]
    exit_status: int
    seconds: float
    recording: Path | None
    recorded_call: str
    rings: Rings
    breaks: int
    """Agents took, by dialling the code."""
    lateness: float
    """The most a timer of the simulated parties came late, in seconds."""


class Stage:
    """One demonstration; `async with` opens the house and closes it whatever happens."""

    def __init__(self, directory: Path, *, seed: int, habits: Habits) -> None:
        sounds = shipped_sounds()
        if not sounds:
            raise DemoError(
                "the sounds are missing from this installation: install the package, or run from its source"
            )
        self._sounds = sounds[0]
        self.directory = directory
        self.stories: list[CallerStory] = []
        self._people = People(
            Random(seed), carriers=CARRIERS, keys="".join(queue.key for queue in QUEUES), habits=habits
        )
        self.actors: list[AgentActor] = []
        self.house = House(directory)
        for agent in self.house.shop.agents:
            self.actors.append(AgentActor(agent, self._clip(agent.clip), self._people.agent))
        self.house.on_call = {actor.agent.phone: actor.on_call for actor in self.actors}
        self._witness = Witness(
            Clips(
                greeting=self._clip("prompts/en/welcome"),
                notice=self._clip("prompts/en/recording-notice"),
                music=self._clip("music/default"),
            ),
            self.actors,
        )
        self._began = time.monotonic()
        self._callers: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.house.__aenter__()
        for actor in self.actors:
            actor.phone = self.house.phones[actor.agent.phone]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._callers:
            task.cancel()
        await asyncio.gather(*self._callers, return_exceptions=True)
        await self._witness.close()
        await self.house.close()

    def _clip(self, name: str) -> sound.Samples:
        return sound.read_clip(self._sounds / f"{name}.wav")

    # --- play ---------------------------------------------------------------------------------------------------

    async def play(self, *, calls: int | None, seconds: float | None) -> None:
        """Let callers come until so many have called, or so long; then wait until the last has hung up."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds if seconds is not None else None
        index = 0
        while (calls is None or index < calls) and (until is None or loop.time() < until):
            if len(self._callers) < MOST_AT_ONCE:
                self._send_caller(index)
                index += 1
            await asyncio.sleep(self._people.pause())
        await self.finish()

    async def finish(self) -> None:
        """Wait until the callers on the line have hung up."""
        if self._callers:
            await asyncio.wait(self._callers)

    def hurry(self) -> None:
        """Let every caller hang up now."""
        for story in self.stories:
            if story.call is not None:
                story.call.hang_up()

    def _send_caller(self, index: int) -> None:
        plan = self._people.caller(index)
        carrier = next(carrier for carrier in self.house.shop.carriers if carrier.name == plan.carrier)
        story = CallerStory(index, plan, carrier.number)
        self.stories.append(story)
        task = asyncio.get_running_loop().create_task(story.play(self.house.carriers[carrier.name], carrier.username))
        self._callers.add(task)
        task.add_done_callback(self._callers.discard)
        task.add_done_callback(lambda _: self._witness.ended(story))

    async def snapshot(self) -> Snapshot | None:
        """Ask what the switch does now; None when it does not answer in time."""
        with suppress(ApiError):
            return await asyncio.to_thread(self.house.api.snapshot)
        return None

    # --- account ------------------------------------------------------------------------------------------------

    async def account(self, say: Callable[[str], None]) -> Result:
        """Check what is left open, stop the switch, and lay every call's views together.

        Raises SwitchError, ApiError, GaugeError, StoreError.
        """
        house = self.house
        for actor in self.actors:
            actor.going_home = True
        # What was heard is looked at while the switch forgets the last legs.
        listening = asyncio.ensure_future(self._witness.finish())
        left = await house.left_open(say)
        await listening
        exit_status = await house.stop_switch()
        left["registrations"] = sum(map(house.registered, house.carriers))
        records = await self._records()
        left["open records"] = sum(not record.ended for record in records)
        accounts = self._explain(records)
        recording, recorded_call = self._write_recording(accounts)
        seconds = time.monotonic() - self._began
        breaks = sum(actor.breaks for actor in self.actors)
        return Result(
            accounts, left, exit_status, seconds, recording, recorded_call, self._witness.rings, breaks, house.lateness
        )

    async def _records(self) -> list[CallRecord]:
        from softacd.store.store import Store  # slow to import: not before the first caller can call

        history = await Store.open_for_reading(self.house.store_url)
        try:
            return await every_call(history)
        finally:
            await history.close()

    def _explain(self, records: list[CallRecord]) -> list[Account]:
        by_caller: dict[str, list[CallRecord]] = {}
        for record in records:
            by_caller.setdefault(record.caller, []).append(record)
        accounts = []
        for story in self.stories:
            lived = self._witness.lived[story.index]
            own = by_caller.get(story.plan.number, [])
            accounts.append(
                explain(lived.view, lived.heard, lived.agents, own, self.house.shop.queue_of(story.plan.key))
            )
        return accounts

    def _write_recording(self, accounts: list[Account]) -> tuple[Path | None, str]:
        best = self._witness.recording
        if best is None:
            return None, ""
        path = self.directory / "caller.wav"
        sound.write_wav(path, best.samples)
        return path, accounts[best.index].call_id


class Calls(Protocol):
    """Who can be asked for calls, as the store."""

    async def calls(self, *, limit: int, before: int | None = None) -> list[CallRecord]:
        """As `History.calls`."""


async def every_call(history: Calls, page: int = 10_000) -> list[CallRecord]:
    """All calls, newest first, asked for page by page; so many may begin in one millisecond at most."""
    found: dict[str, CallRecord] = {}
    before: int | None = None
    while True:
        some = await history.calls(limit=page, before=before)
        new = {record.id: record for record in some if record.id not in found}
        found |= new
        if len(some) < page or not new:
            return list(found.values())
        before = some[-1].started + 1  # others of this millisecond may be on the next page
