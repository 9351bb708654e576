"""The demonstration itself: lets people call in a house, and gives account of every call."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Self

import msgspec

from softacd.calls.records import CallRecord
from softacd.calls.views import Snapshot
from softacd.ops.demo.accounts import Account, AgentView, CallerView, Clips, Heard, explain, listen
from softacd.ops.demo.api import ApiError
from softacd.ops.demo.cast import AgentActor, CallerStory, Rings
from softacd.ops.demo.house import House
from softacd.ops.demo.shop import CARRIERS, QUEUES
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
        listening = asyncio.ensure_future(asyncio.to_thread(self._listen))
        left = await house.left_open(say)
        exit_status = await house.stop_switch()
        left["registrations"] = sum(map(house.registered, house.carriers))
        records = await self._records()
        left["open records"] = sum(not record.ended for record in records)
        accounts = self._explain(records, await listening)
        recording, recorded_call = self._write_recording(accounts)
        rings = Rings()
        for made in (made for actor in self.actors for made in actor.calls):
            rings.add(made)
        seconds = time.monotonic() - self._began
        breaks = sum(actor.breaks for actor in self.actors)
        return Result(accounts, left, exit_status, seconds, recording, recorded_call, rings, breaks, house.lateness)

    def _listen(self) -> list[tuple[CallerView, Heard]]:
        clips = Clips(
            greeting=self._clip("prompts/en/welcome"),
            notice=self._clip("prompts/en/recording-notice"),
            music=self._clip("music/default"),
        )
        views = [_caller_view(story) for story in self.stories]
        return [(view, listen(view, clips)) for view in views]

    async def _records(self) -> list[CallRecord]:
        from softacd.store.store import Store  # slow to import: not before the first caller can call

        history = await Store.open_for_reading(self.house.store_url)
        try:
            return await history.calls(limit=10_000)
        finally:
            await history.close()

    def _explain(self, records: list[CallRecord], heard: list[tuple[CallerView, Heard]]) -> list[Account]:
        accounts = []
        for story, (view, sounds) in zip(self.stories, heard, strict=True):
            agents = [seen for actor in self.actors if (seen := _agent_view(actor, story)) is not None]
            own = [record for record in records if record.caller == story.plan.number]
            accounts.append(explain(view, sounds, agents, own, self.house.shop.queue_of(story.plan.key)))
        return accounts

    def _write_recording(self, accounts: list[Account]) -> tuple[Path | None, str]:
        """Write what the caller heard whose call shows most: greeting, notice, music, agent; the longest of those."""
        best: tuple[tuple[int, float], CallerStory, Account] | None = None
        for story, account in zip(self.stories, accounts, strict=True):
            if story.call is None or story.call.voice is None or not account.heard.agent:
                continue
            heard = account.heard
            # The most sounds; among equals the longest stay in menu and queue.
            stay = 2 * story.plan.think + min(account.wait, 10.0)
            rank = sum(map(bool, (heard.greeting, heard.notice, heard.music))), stay
            if best is None or rank > best[0]:
                best = rank, story, account
        if best is None or best[1].call is None or best[1].call.voice is None:
            return None, ""
        path = self.directory / "caller.wav"
        sound.write_wav(path, best[1].call.voice.ear.samples)
        return path, best[2].call_id


def _caller_view(story: CallerStory) -> CallerView:
    call = story.call
    voice = call.voice if call is not None else None
    if call is None or voice is None:
        return CallerView(
            story.plan, False, None, 0.0, False, 0, story.failure or "never called", sound.silence(0), None, ()
        )
    start = voice.ear.started
    return CallerView(
        plan=story.plan,
        answered=bool(call.time_of("talking")),
        pressed=story.pressed - start if story.pressed else None,
        ended=call.time_of("ended") - start,
        ended_by_caller=call.ended_by == "here",
        status=call.status,
        failure=story.failure,
        heard=voice.ear.samples,
        hearing=voice.ear.report(),
        bells=tuple(voice.ear.speakers()),
    )


def _agent_view(actor: AgentActor, story: CallerStory) -> AgentView | None:
    call = actor.answered(story.plan.number)
    if call is None or call.voice is None:
        return None
    bells = {signature for _, signature in call.voice.ear.speakers()}
    ended = call.time_of("ended")
    hold = call.time_of("hold")
    return AgentView(
        agent=actor.agent.name,
        signature=actor.agent.signature,
        seconds=ended - call.time_of("talking"),
        held=(call.time_of("resume") or ended) - hold if hold else 0.0,
        hung_up_first=call.ended_by == "here",
        heard_caller=story.plan.signature in bells,
    )
