"""The demonstration itself: opens the shop, starts the switch, lets people call, watches, closes, and gives account."""

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Self

import msgspec

from softacd.calls.records import CallRecord
from softacd.calls.views import Snapshot
from softacd.ops.demo.accounts import Account, AgentView, CallerView, Clips, explain
from softacd.ops.demo.api import Api, ApiError
from softacd.ops.demo.cast import AgentActor, CallerStory
from softacd.ops.demo.leaks import LINGER, Opened, opened
from softacd.ops.demo.shop import DOMAIN, SWITCH_HOST, Shop, open_shop, write_configuration
from softacd.ops.demo.switch_process import SwitchError, SwitchProcess
from softacd.ops.model import shipped_sounds
from softacd.simulate import sound
from softacd.simulate.carrier import SimulatedCarrier
from softacd.simulate.people import FIRST_CALLER_SIGNATURE, Habits, People
from softacd.simulate.phone import SimulatedPhone
from softacd.simulate.voice import Metronome
from softacd.store.store import Store

READY_WITHIN = 15.0
SETTLE_WITHIN = 5.0
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


class Stage:
    """One demonstration; `async with` opens the shop and closes it whatever happens."""

    def __init__(self, directory: Path, *, seed: int, habits: Habits) -> None:
        self.directory = directory
        self.stories: list[CallerStory] = []
        self.actors: list[AgentActor] = []
        self.shop: Shop = open_shop(_free_port("127.0.0.1"), _free_port("127.0.0.1"), _free_port("127.0.0.11"))
        self.api = Api(SWITCH_HOST, self.shop.web_port, self.shop.token)
        self._random = Random(seed)
        self._people = People(
            self._random,
            carriers=tuple(carrier.name for carrier in self.shop.carriers),
            keys="".join(queue.key for queue in self.shop.queues),
            habits=habits,
        )
        self._metronome = Metronome()
        self._carriers: dict[str, SimulatedCarrier] = {}
        self._phones: list[SimulatedPhone] = []
        self._switch: SwitchProcess | None = None
        self._before: Opened | None = None
        self._began = time.monotonic()
        self._callers: set[asyncio.Task[None]] = set()
        sounds = shipped_sounds()
        if not sounds:
            raise DemoError(
                "the sounds are missing from this installation: install the package, or run from its source"
            )
        self._sounds = sounds[0]

    @property
    def switch(self) -> SwitchProcess:
        """The switch's process. Raises DemoError before it is started."""
        if self._switch is None:
            raise DemoError("the switch is not started")
        return self._switch

    # --- open ---------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def _open(self) -> None:
        configuration = write_configuration(self.shop, self.directory)
        for carrier in self.shop.carriers:
            accounts = {carrier.username: carrier.password}
            self._carriers[carrier.name] = await SimulatedCarrier(
                carrier.name, host=carrier.host, accounts=accounts, metronome=self._metronome
            ).start(self.shop.carrier_port)
        self._switch = await SwitchProcess.start(configuration, self.directory / "softacd.log")
        await self._ready("the switch's API answers", self._api_answers)
        for agent in self.shop.agents:
            actor = AgentActor(agent, self._clip(agent.clip), self._people.agent)
            phone = SimulatedPhone(
                agent.phone,
                domain=DOMAIN,
                registrar=(SWITCH_HOST, self.shop.sip_port),
                password=agent.password,
                host="127.0.0.1",
                metronome=self._metronome,
                display_name=agent.display_name,
                on_call=actor.on_call,
            )
            self.actors.append(actor)
            self._phones.append(await phone.start())
        await asyncio.gather(*(phone.register() for phone in self._phones))
        for carrier in self.shop.carriers:
            simulated = self._carriers[carrier.name]
            await self._ready(f"trunk {carrier.name} registers", lambda s=simulated, c=carrier: s.reaches(c.username))  # type: ignore[misc]  # mypy cannot infer the defaults
        self._before = await self._opened()

    async def _ready(self, what: str, condition: Callable[[], object]) -> None:
        """Wait until `condition` gives something true."""
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            if not self.switch.running:
                raise SwitchError(f"the switch ended while it was awaited that {what}{self.switch.tail()}")
            if await asyncio.to_thread(condition):
                return
            await asyncio.sleep(0.05)
        raise SwitchError(f"{what}: not within {READY_WITHIN:g} s{self.switch.tail()}")

    def _api_answers(self) -> bool:
        with suppress(ApiError):
            self.api.snapshot()
            return True
        return False

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
        carrier = next(carrier for carrier in self.shop.carriers if carrier.name == plan.carrier)
        story = CallerStory(index, plan, carrier.number)
        self.stories.append(story)
        task = asyncio.get_running_loop().create_task(story.play(self._carriers[carrier.name], carrier.username))
        self._callers.add(task)
        task.add_done_callback(self._callers.discard)

    async def snapshot(self) -> Snapshot | None:
        """Ask what the switch does now; None when it does not answer in time."""
        with suppress(ApiError):
            return await asyncio.to_thread(self.api.snapshot)
        return None

    # --- account ------------------------------------------------------------------------------------------------

    async def account(self, say: Callable[[str], None]) -> Result:
        """Check what is left open, stop the switch, and lay every call's views together.

        Raises SwitchError, ApiError, GaugeError, StoreError.
        """
        left = await self._left(say)
        await asyncio.gather(*(phone.unregister() for phone in self._phones), return_exceptions=True)
        exit_status = await self.switch.stop()
        for carrier in self.shop.carriers:
            left[f"registration at {carrier.name}"] = int(self._carriers[carrier.name].reaches(carrier.username))
        records = await self._records()
        left["rows"] = sum(not record.ended for record in records)
        clips = Clips(
            greeting=self._clip("prompts/en/welcome"),
            menu=self._clip("prompts/en/menu-main"),
            notice=self._clip("prompts/en/recording-notice"),
            music=self._clip("music/default"),
        )
        accounts = await asyncio.to_thread(self._explain, records, clips)
        recording, recorded_call = self._write_recording(accounts)
        return Result(accounts, left, exit_status, time.monotonic() - self._began, recording, recorded_call)

    async def _opened(self) -> Opened:
        metrics = await asyncio.to_thread(self.api.metrics)
        return opened(metrics, self.switch.descriptors(), self.switch.threads())

    async def _left(self, say: Callable[[str], None]) -> dict[str, int]:
        """What is open that was not before the first call, once it has had time to close."""
        assert self._before is not None  # noqa: S101 - set when the shop opened
        begun = time.monotonic()
        told = False
        while True:
            now = await self._opened()
            left = now.left(self._before)
            waited = time.monotonic() - begun
            patience = LINGER if now.finished_too and set(_open(left)) <= {"transactions"} else SETTLE_WITHIN
            if not _open(left) or waited > patience:
                return left
            if waited > SETTLE_WITHIN and not told:
                told = True
                say("waiting for finished SIP transactions to expire (32 s, RFC 3261)")
            await asyncio.sleep(0.25)

    async def _records(self) -> list[CallRecord]:
        history = await Store.open_for_reading(f"sqlite:///{self.directory / 'data' / 'softacd.db'}")
        try:
            return await history.calls(limit=10_000)
        finally:
            await history.close()

    def _explain(self, records: list[CallRecord], clips: Clips) -> list[Account]:
        accounts = []
        for story in self.stories:
            number = story.plan.number
            accounts.append(
                explain(
                    _caller_view(story),
                    [view for actor in self.actors if (view := _agent_view(actor, story)) is not None],
                    [record for record in records if record.caller == number],
                    self.shop.queue_of(story.plan.key),
                    clips,
                )
            )
        return accounts

    def _write_recording(self, accounts: list[Account]) -> tuple[Path | None, str]:
        """Write what the caller heard whose call shows most: greeting, notice, music, agent; the longest of those."""
        best: tuple[tuple[int, float], CallerStory, Account] | None = None
        for story, account in zip(self.stories, accounts, strict=True):
            if story.call is None or story.call.voice is None or not account.heard.agent:
                continue
            heard = account.heard
            rank = sum(map(bool, (heard.greeting, heard.notice, heard.music))), min(account.wait, 12.0)
            if best is None or rank > best[0]:
                best = rank, story, account
        if best is None or best[1].call is None or best[1].call.voice is None:
            return None, ""
        path = self.directory / "caller.wav"
        sound.write_wav(path, best[1].call.voice.ear.samples)
        return path, best[2].call_id

    # --- close --------------------------------------------------------------------------------------------------

    async def _close(self) -> None:
        for task in self._callers:
            task.cancel()
        await asyncio.gather(*self._callers, return_exceptions=True)
        for phone in self._phones:
            await phone.stop()
        if self._switch is not None and self._switch.running:
            with suppress(SwitchError):
                await self._switch.stop()
        for carrier in self._carriers.values():
            await carrier.stop()


def _open(left: dict[str, int]) -> list[str]:
    return [name for name, count in left.items() if count]


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
    return AgentView(
        agent=actor.agent.name,
        signature=actor.agent.signature,
        seconds=call.time_of("ended") - call.time_of("talking"),
        hung_up_first=call.ended_by == "here",
        heard_caller=story.plan.signature in bells,
    )


def _free_port(host: str) -> int:
    """Give a port that is free for UDP and TCP on `host` at this moment."""
    for _ in range(50):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, socket.socket() as second:
            probe.bind((host, 0))
            port = int(probe.getsockname()[1])
            with suppress(OSError):
                second.bind((host, port))
                return port
    raise DemoError(f"no free port on {host}")
