"""The desk under load: what a hundred agents and twenty wallboards cost while calls come and go.

The HTTP server runs in a process of its own, over a house that is simulated (agents ring, talk and wrap up, callers
wait) and served by the real live socket with real sessions. CPU is that process's own clock with everybody watching,
less the same house with nobody. A delay is from the event to the page that has read it, both by one wall clock.
`python -m benchmarks.desk [seconds] [agents] [boards] [calls a second]`
"""

import asyncio
import hashlib
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import uvloop
from websockets.asyncio.client import connect

from benchmarks.harness import Figures, figure
from softacd.acd.vocabulary import State
from softacd.calls.control import Check
from softacd.calls.records import AgentEvent, AnyRecord, CallEvent, CallRecord, Direction
from softacd.calls.users import Role, SessionRecord, User
from softacd.calls.views import AgentView, CallView, HouseView, PhoneView, QueueView, Snapshot, TrunkView
from softacd.web.server import WebServer, WebServerSettings

QUEUES = 10
STEPS = (State.OFFERED, State.RINGING, State.TALKING, State.WRAP_UP, State.IDLE)
EVENTS_A_STEP = 3
SHORTEST_S = 0.4


def wall() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def secret_of(name: str) -> str:
    """The cookie of a simulated user."""
    return f"session-of-{name}"


class Users:
    """The store of users: everybody has signed in already."""

    def __init__(self, agents: int) -> None:
        self._users = [User(f"a{n}", Role.AGENT, f"a{n}") for n in range(agents)] + [User("board", Role.SUPERVISOR)]

    async def all(self) -> list[User]:
        return self._users

    async def sessions(self) -> list[SessionRecord]:
        now = wall()
        return [
            SessionRecord(hashlib.sha256(secret_of(user.name).encode()).hexdigest(), user.name, "", now, now)
            for user in self._users
        ]

    async def touch(self, seen: Iterable[tuple[str, int]]) -> None:
        for _ in seen:
            pass


class House:
    """A simulated house: what the live socket asks of a switch."""

    def __init__(self, agents: int) -> None:
        self.agents = {
            f"a{n}": AgentView(f"a{n}", f"Agent {n}", str(100 + n), "available", "idle", "", wall(), True, "", 0)
            for n in range(agents)
        }
        self.calls: dict[str, CallView] = {}
        self.observers: list[Callable[[AnyRecord], None]] = []
        self.made = 0

    def snapshot(self) -> Snapshot:
        waiting = len(self.calls)
        queues = tuple(
            QueueView(f"q{n}", str(600 + n), waiting, 0.0, 5, 5, 10, self.made, self.made, 0, 0.9, None)
            for n in range(QUEUES)
        )
        phones = tuple(PhoneView(view.phone, "", ("udp:192.0.2.1:5060",), 0) for view in self.agents.values())
        trunks = (TrunkView("alpha", "static", 0, "", True, 10.0, waiting, 0, 0),)
        return Snapshot(wall(), trunks, phones, queues, tuple(self.agents.values()), tuple(self.calls.values()))

    def house(self) -> HouseView:
        return HouseView(False, ())

    def health(self) -> list[Check]:
        return [Check("sip", healthy=True)]

    def watch(self, observer: Callable[[AnyRecord], None]) -> Callable[[], None]:
        self.observers.append(observer)
        return lambda: None

    async def live(self, rate: float) -> None:
        """Calls come, `rate` a second, each to an agent who is free."""
        going: set[asyncio.Task[None]] = set()
        free = list(self.agents)
        random.shuffle(free)
        while True:
            await asyncio.sleep(1 / rate)
            if free:
                task = asyncio.create_task(self._call(free.pop(0), free))
                going.add(task)
                task.add_done_callback(going.discard)

    async def _call(self, agent: str, free: list[str]) -> None:
        self.made += 1
        name = f"n1-{self.made}"
        record = CallRecord(name, Direction.INCOMING, wall(), "+37369123456", "+37322000111", queue="q0", queued=wall())
        self.calls[name] = CallView(
            name, "incoming", record.caller, record.called, "alpha", "queue", wall(), "q0", 1, None, "", wall()
        )
        self._tell(record)
        for step in STEPS:
            held = name if step not in (State.WRAP_UP, State.IDLE) else ""
            now = wall()
            self.agents[agent] = msgspec.structs.replace(self.agents[agent], state=step.value, since=now, call=held)
            if held:
                self.calls[name] = msgspec.structs.replace(self.calls[name], agent=agent, phase=step.value)
            else:
                self.calls.pop(name, None)
            self._tell(AgentEvent(agent, now, "available", step.value, "", held))
            for number in range(EVENTS_A_STEP):
                self._tell(CallEvent(name, now, step.value, str(number)))
            await asyncio.sleep(SHORTEST_S + random.expovariate(1.0))
        record.ended = wall()
        self._tell(record)
        free.append(agent)

    def _tell(self, record: AnyRecord) -> None:
        for observer in self.observers:
            observer(record)


class _History:
    """Nothing is asked of it."""


async def serve(agents: int, rate: float) -> None:
    """The server's process: tells its port, then its CPU seconds for each line it is sent."""
    house: Any = House(agents)
    history: Any = _History()
    users: Any = Users(agents)
    server = WebServer(WebServerSettings(port=0, desk=""), house, history, version="0", users=users)
    await server.start()
    living = asyncio.create_task(house.live(rate))
    print(json.dumps(server.address[1]), flush=True)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(json.dumps(used.ru_utime + used.ru_stime), flush=True)
    living.cancel()
    await server.stop()


class Watching:
    """All pages."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.delays: list[int] = []
        self.up = 0

    async def page(self, user: str, events: str) -> None:
        """One page: reads what it is told, and how old it is."""
        headers = {"Cookie": f"softacd_session={secret_of(user)}", "Origin": f"http://127.0.0.1:{self._port}"}
        url = f"ws://127.0.0.1:{self._port}/api/v1/live{events}"
        async with connect(url, additional_headers=headers, proxy=None, compression=None) as socket:
            last = 0
            async for text in socket:
                message = msgspec.json.decode(text)
                if message["type"] == "snapshot":
                    self.up += 1
                    last = message["at"]
                elif message["type"] == "delta":
                    now = wall()
                    fresh = [one["since"] for one in message["data"].get("agents", ()) if one["since"] > last]
                    self.delays += [now - since for since in fresh]
                    last = max([last, *fresh])


def run(seconds: float = 20.0, agents: int = 100, boards: int = 20, rate: float = 5.0) -> Figures:
    """CPU of the desk in % of a core, and how old a change is when a page has read it."""
    command = [sys.executable, "-m", "benchmarks.desk", "serve", str(agents), str(rate)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        return uvloop.run(_measure(child, seconds, agents, boards))
    finally:
        child.kill()  # it has nothing to keep
        child.communicate()


async def _measure(child: "subprocess.Popen[str]", seconds: float, agents: int, boards: int) -> Figures:
    loop = asyncio.get_running_loop()

    orders, answers = child.stdin, child.stdout
    if orders is None or answers is None:
        raise RuntimeError("the server's process has no pipes")

    async def ask() -> tuple[float, float]:
        orders.write("\n")
        orders.flush()
        return float(await loop.run_in_executor(None, answers.readline)), time.monotonic()

    port = int(await loop.run_in_executor(None, answers.readline))
    watching = Watching(port)
    await asyncio.sleep(seconds / 4)  # the house fills
    before = await ask()
    await asyncio.sleep(seconds / 4)
    quiet = await ask()
    users = [(f"a{number}", "") for number in range(agents)] + [("board", "?events=")] * boards
    pages = [asyncio.create_task(watching.page(*user)) for user in users]
    while watching.up < len(pages):
        if any(page.done() for page in pages):
            raise RuntimeError("a page could not watch")
        await asyncio.sleep(0.05)
    watching.delays.clear()
    begun = await ask()
    await asyncio.sleep(seconds)
    ended = await ask()
    for page in pages:
        page.cancel()
    await asyncio.gather(*pages, return_exceptions=True)
    alone = 100 * (quiet[0] - before[0]) / (quiet[1] - before[1])
    share = 100 * (ended[0] - begun[0]) / (ended[1] - begun[1])
    delays = sorted(watching.delays)
    if not delays:
        raise RuntimeError("no page was told of any change")
    return {
        "desk_cpu": figure(max(0.0, share - alone), "% of a core", goal=15.0),
        "desk_house_alone": figure(alone, "% of a core"),
        "desk_delay_p50": figure(delays[len(delays) // 2], "ms"),
        "desk_delay_p99": figure(delays[len(delays) * 99 // 100], "ms", goal=200.0),
    }


def main() -> None:
    """Serve, or measure and print."""
    if sys.argv[1:2] == ["serve"]:
        uvloop.run(serve(int(sys.argv[2]), float(sys.argv[3])))
        return
    asked = sys.argv[1:]
    found = run(*[float(asked[0])] if asked else [], *map(int, asked[1:3]), *map(float, asked[3:4]))
    for name, value in found.items():
        print(f"{name:<20} {value.value:>10} {value.unit}")


if __name__ == "__main__":
    main()
