"""The shop under test: `softacd run` in its own process on loopback addresses of this test run, seen from outside."""

import asyncio
import http.client
import json
import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import msgspec

from softacd.calls.records import CallEvent, CallRecord, LegRecord, Outcome, Segment, TraceRow
from softacd.calls.views import AgentView, Snapshot, TrunkView
from softacd.ops.demo.api import Api, ApiError
from softacd.ops.demo.leaks import Opened, opened
from softacd.ops.demo.switch_process import SwitchProcess
from tests.certificates import Certificates
from tests.interop.phones import Phone, Phones, until
from tests.interop.tones import write_clip

DOMAIN = "shop.softacd.internal"
AGENTS = ("ann", "bob", "carol", "dan", "eve", "finn", "gus", "hana", "ivo", "jana")
"""Phones 101 to 110, in this order."""
OFFICE = {"201": 2300, "202": 2400}
"""Phones of nobody who takes calls of queues, and their tones."""
NUMBERS = {"alpha": "+37322000111", "beta": "+37322000222"}
GREETING, MENU, NOTICE, MUSIC, SORRY, STATUS, RINGBACK = 520, 610, 730, 840, 950, 1030, 425
"""What callers hear where, as tones (Hz): each prompt of these tests is one."""
CLIPS = {
    "prompts/en/welcome": (GREETING, 0.8),
    "prompts/en/menu-main": (MENU, 2.0),
    "prompts/en/recording-notice": (NOTICE, 0.6),
    "music/default": (MUSIC, 4.0),
    "prompts/en/no-agents": (SORRY, 0.6),
    **{
        f"prompts/en/status-{name}": (STATUS, 0.6)
        for name in ("available", "break", "lunch", "not-ready", "logged-out")
    },
}
AGENT_TONES = dict(zip(AGENTS, range(1100, 2100, 100), strict=True))
READY_WITHIN = 20.0
SETTLE_WITHIN = 14.0
OPENED_LATER = {"files": 15, "threads": 6}
"""What the database opens at first use and keeps: five connections at most, each three files and a thread; a worker."""

Settings = dict[str, Any]


def own_host(number: int) -> str:
    """A loopback address of this process alone, so that runs beside each other never meet. `number`: 1 to 250."""
    pid = os.getpid()
    return f"127.{64 + (pid >> 8) % 128}.{pid % 256}.{number}"


def free_port(host: str) -> int:
    """A port free for UDP and TCP on `host` at this moment."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind((host, 0))
            port = int(udp.getsockname()[1])
            try:
                tcp.bind((host, port))
            except OSError:
                continue
            return port


def settings(**changes: Settings) -> Settings:
    """The shop's configuration as one tree; `changes` are merged into it, section by section.

    Two trunks (replaced by tests that have a carrier), ten agents and their phones, two phones of the office, three
    queues; callers go through greeting, menu, notice and queue.
    """
    tree: Settings = {
        "server": {"node": "it", "data_directory": "data"},
        "sip": {
            "listen": [f"{transport}:{own_host(1)}:{free_port(own_host(1))}" for transport in ("udp", "tcp")],
            "domain": DOMAIN,
        },
        "media": {"host": own_host(1), "sounds": ["sounds"]},
        "web": {"listen": f"{own_host(1)}:{free_port(own_host(1))}", "token": secrets.token_urlsafe(24)},
        "log": {"level": "info", "format": "json"},
        "trunks": {
            name: {"host": own_host(2 + index), "keep_alive_seconds": 0, "numbers": [number]}
            for index, (name, number) in enumerate(NUMBERS.items())
        },
        "dial_plan": {"outside": ["0ZXXXXXXX"], "trunks": list(NUMBERS)},
        "phones": {
            **{extension: {"password": secrets.token_urlsafe(12)} for extension in OFFICE},
            **{
                str(101 + index): {"password": secrets.token_urlsafe(12), "display_name": name.capitalize()}
                for index, name in enumerate(AGENTS)
            },
        },
        "agents": {name: {"phone": str(101 + index)} for index, name in enumerate(AGENTS)},
        "queues": {
            "sales": {"number": "601", "agents": list(AGENTS[:5]), **QUICK},
            "support": {"number": "602", "agents": list(AGENTS[5:]), **QUICK},
            "accounts": {"number": "603", "agents": list(AGENTS), **QUICK},
        },
        "flows": {"main": {"start": "greeting", "steps": _steps()}},
        "numbers": {number: {"flow": "main"} for number in NUMBERS.values()},
    }
    _merge(tree, changes)
    return tree


def listening(certificates: Certificates) -> tuple[dict[str, str], Settings]:
    """Where the shop listens, by transport, and its section [sip]."""
    host = own_host(1)
    where = {transport: f"{host}:{free_port(host)}" for transport in ("udp", "tcp", "tls")}
    certificate, key = certificates.sign("shop", f"IP:{host}")
    return where, {
        "listen": [f"{transport}:{address}" for transport, address in where.items()],
        "certificate": str(certificate),
        "private_key": str(key),
        "authorities": str(certificates.authority),
    }


QUICK: Settings = {"ring": 4, "ring_seconds": 5, "wrap_up_seconds": 0, "announce_first": 60, "no_answer_delay": 0.2}
"""Every queue's settings, but for what a test changes."""


def _steps() -> Settings:
    queues = {"1": "sales", "2": "support", "3": "accounts"}
    steps: Settings = {
        "greeting": {"do": "say", "prompts": ["prompts/en/welcome"], "then": "menu"},
        "menu": {
            "do": "menu",
            "prompts": ["prompts/en/menu-main"],
            "choices": {key: f"notice-{queue}" for key, queue in queues.items()},
        },
        "sorry": {"do": "say", "prompts": ["prompts/en/no-agents"]},
    }
    for queue in queues.values():
        steps[f"notice-{queue}"] = {"do": "say", "prompts": ["prompts/en/recording-notice"], "then": f"wait-{queue}"}
        steps[f"wait-{queue}"] = {"do": "queue", "queue": queue, "then": "sorry"}
    return steps


def _merge(tree: Settings, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        if isinstance(value, Mapping) and isinstance(tree.get(name), dict):
            _merge(tree[name], value)
        elif value is None:
            tree.pop(name, None)
        else:
            tree[name] = value


def as_toml(tree: Mapping[str, Any], path: tuple[str, ...] = ()) -> str:
    """A tree of settings as TOML; a value in JSON is one in TOML, but for a table."""
    plain = [f"{json.dumps(name)} = {_value(value)}" for name, value in tree.items() if not isinstance(value, dict)]
    header = [f"[{'.'.join(map(json.dumps, path))}]"] if path and plain else []
    tables = [as_toml(value, (*path, name)) for name, value in tree.items() if isinstance(value, dict)]
    return "\n".join((*header, *plain, *tables))


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)} = {_value(one)}" for name, one in value.items()) + "}"
    return f"[{', '.join(map(_value, value))}]" if isinstance(value, list) else json.dumps(value)


class Story(msgspec.Struct):
    """Everything the API tells of one call."""

    call: CallRecord
    legs: list[LegRecord]
    events: list[CallEvent]
    trace: list[TraceRow]
    segments: list[Segment] = []

    def kinds(self, *of: str) -> list[str]:
        """What happened, in order: "kind detail", only of these kinds when any are named."""
        return [f"{event.kind} {event.detail}".strip() for event in self.events if not of or event.kind in of]


class _Calls(msgspec.Struct):
    calls: list[CallRecord]


class Shop:
    """One running switch, for `async with`. Left without an error, it must have closed everything and must end well."""

    def __init__(self, directory: Path, tree: Settings, *, tones: bool = True) -> None:
        """`tones`: prompts are tones and short; False: the shipped recordings."""
        self.directory = directory
        self.tree = tree
        self.log = directory / "softacd.log"
        self.host, port = tree["sip"]["listen"][0].split(":")[1:]
        self.sip_port = int(port)
        self.tcp_port = int(tree["sip"]["listen"][1].rpartition(":")[2])
        web_host, web_port = tree["web"]["listen"].split(":")
        self._web = (web_host, int(web_port))
        self.api = Api(web_host, int(web_port), tree["web"]["token"])
        self._tones = tones
        self._process: SwitchProcess | None = None
        self._before: Opened | None = None
        self._lingering = {"timers"}
        self.complaints_expected = False

    # --- life --------------------

    async def __aenter__(self) -> Self:
        self.directory.mkdir(parents=True, exist_ok=True)
        if self._tones:
            for name, (frequency, seconds) in CLIPS.items():
                write_clip(self.directory / "sounds" / f"{name}.wav", frequency, seconds)
        else:
            (self.directory / "sounds").mkdir()
        await self.start()
        return self

    async def start(self) -> None:
        """Start the switch with its configuration as it stands in `tree`."""
        configuration = self.directory / "softacd.toml"
        configuration.touch(mode=0o600)
        configuration.write_text(as_toml(self.tree), encoding="utf-8")
        self._process = await SwitchProcess.start(configuration, self.log)
        try:
            await self.until("its API answers", self._answers, READY_WITHIN)
            self._before = await self.opened()
        except BaseException:
            await self.kill()
            raise

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None or not self.process.running:
            await self.kill()
            print("\n".join(self.complaints()), self.process.tail(12))
            return
        try:
            left = await self.left_open()
            assert not left, f"left open by the switch: {left}"
        finally:
            status = await self.process.stop()
        assert status == 0, self.process.tail(20)
        assert self.complaints_expected or not self.complaints(), "\n".join(self.complaints())

    async def kill(self) -> None:
        """End it with SIGKILL, if it lives."""
        if self.process.running:
            os.kill(self.process.pid, 9)
        await until(lambda: not self.process.running, 5, lambda: "the switch survives SIGKILL")

    @property
    def process(self) -> SwitchProcess:
        """The switch's process."""
        assert self._process is not None, "the switch was never started"
        return self._process

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(*self._web, timeout=2)
        try:
            connection.request("GET", "/healthz", headers={"Connection": "close"})
            return connection.getresponse().status in (200, 503)  # 503: a trunk that is down, as some tests want it
        except OSError:
            return False
        finally:
            connection.close()

    def logged(self) -> list[dict[str, Any]]:
        """The switch's log, line by line; what is no JSON (a traceback) under "event"."""
        lines = []
        for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                lines.append(dict(json.loads(line)))
            except ValueError:
                lines.append({"event": line, "level": "error"})
        return lines

    def complaints(self) -> list[str]:
        """Errors the switch logged: in these tests there is no reason for any."""
        return [str(line) for line in self.logged() if line.get("level") in ("error", "critical")]

    # --- what is open --------------------

    async def opened(self) -> Opened:
        """Count what is open now."""
        await asyncio.sleep(0.3)  # the connection of the last question closes at the switch's end too
        descriptors, threads = self.process.descriptors(), self.process.threads()
        return opened(await asyncio.to_thread(self.api.metrics), descriptors, threads)

    async def count_from_here(self) -> None:
        """What is open now (phones' TCP connections) is not a leak."""
        self._before = await self.opened()

    def may_linger(self, *names: str) -> None:
        """These may still be open at the end, besides calls' deadlines, the last of which are past after 8 s."""
        self._lingering.update(names)

    def nothing_may_linger(self) -> None:
        """Wait for the last deadline of the last call as well."""
        self._lingering.clear()

    async def left_open(self) -> dict[str, int]:
        """What is open and was not at the start, once it had its time to close; {} when nothing is."""
        assert self._before is not None
        deadline = time.monotonic() + SETTLE_WITHIN
        while True:
            left = (await self.opened()).left(self._before)
            still = {
                name: count
                for name, count in left.items()
                if count > OPENED_LATER.get(name, 0) and name not in self._lingering
            }
            if not still or time.monotonic() > deadline:
                return still

    # --- the API --------------------

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """One request with the token: status and decoded body."""
        return await asyncio.to_thread(self._ask, method, path, body)

    def _ask(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(*self._web, timeout=5)
        try:
            headers = {"Authorization": f"Bearer {self.tree['web']['token']}", "Connection": "close"}
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"null")
        finally:
            connection.close()

    async def snapshot(self) -> Snapshot:
        """Everything now."""
        return await asyncio.to_thread(self.api.snapshot)

    async def agent(self, name: str) -> AgentView:
        """One agent now."""
        return next(agent for agent in (await self.snapshot()).agents if agent.name == name)

    async def available(self, *agents: str) -> None:
        """Set agents to available."""
        for name in agents:
            status, answer = await self.ask("PUT", f"/api/v1/agents/{name}/status", {"status": "available"})
            assert status == 200, answer

    async def calls(self) -> list[CallRecord]:
        """Every call's record, oldest first."""
        page = msgspec.json.decode(await asyncio.to_thread(self.api.get, "/api/v1/calls?limit=500"), type=_Calls)
        return page.calls[::-1]

    async def ended_calls(self, count: int, seconds: float = 6.0) -> list[CallRecord]:
        """Wait until so many calls have ended in the records."""
        ended: list[CallRecord] = []
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ended = [call for call in await self.calls() if call.outcome is not Outcome.OPEN]
            if len(ended) >= count:
                return ended
            await asyncio.sleep(0.1)
        raise AssertionError(f"{len(ended)} of {count} calls ended: {ended}")

    async def story(self, call: str) -> Story:
        """Everything of one call as it is now: of one that ended, all."""
        return msgspec.json.decode(await asyncio.to_thread(self.api.get, f"/api/v1/calls/{call}"), type=Story)

    async def until(self, what: str, condition: Callable[[], bool], seconds: float = 6.0) -> None:
        """Wait for something the API tells. Raises AssertionError with the end of the switch's log."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if await asyncio.to_thread(condition):
                    return
            except ApiError:
                pass
            assert self.process.running, f"the switch ended before {what}{self.process.tail()}"
            await asyncio.sleep(0.05)
        raise AssertionError(f"waited {seconds:g} s until {what}{self.process.tail()}")

    async def until_agent(self, name: str, seconds: float = 6.0, **wanted: str) -> None:
        """Wait until an agent's view has these values (`status="available"`, `state="idle"`)."""

        def so() -> bool:
            view = next(agent for agent in self.api.snapshot().agents if agent.name == name)
            return all(getattr(view, field) == value for field, value in wanted.items())

        await self.until(f"{name} is {wanted}", so, seconds)

    async def until_registered(self, trunk: str) -> None:
        """Wait until the switch is registered at a carrier."""

        def view() -> TrunkView:
            return next(view for view in self.api.snapshot().trunks if view.name == trunk)

        try:
            await self.until(f"trunk {trunk} is registered", lambda: view().state == "registered")
        except AssertionError as error:
            raise AssertionError(f"{error}: {view()}") from None

    # --- phones of the house --------------------

    def uri(self, dialled: str, transport: str = "udp") -> str:
        """What a phone of the house dials."""
        if transport == "tcp":
            return f"sip:{dialled}@{self.host}:{self.tcp_port};transport=tcp"
        return f"sip:{dialled}@{self.host}:{self.sip_port}"

    async def phone_of(self, phones: Phones, agent: str, **options: Any) -> Phone:
        """The registered phone of an agent, humming the agent's tone."""
        return await self.phone(phones, self.tree["agents"][agent]["phone"], AGENT_TONES[agent], **options)

    async def office_phone(self, phones: Phones, extension: str = "201", **options: Any) -> Phone:
        """A registered phone of the office."""
        return await self.phone(phones, extension, OFFICE[extension], **options)

    async def phone(self, phones: Phones, extension: str, frequency: int, **options: Any) -> Phone:
        """A registered phone of the house."""
        port = self.tcp_port if options.get("transport") == "tcp" else self.sip_port
        return await phones.phone(
            extension,
            self.tree["phones"][extension]["password"],
            domain=DOMAIN,
            registrar=f"{self.host}:{port}",
            frequency=frequency,
            **options,
        )

    async def phones_of(self, phones: Phones, *agents: str) -> list[Phone]:
        """Registered phones of several agents."""
        return [await self.phone_of(phones, agent) for agent in agents]
