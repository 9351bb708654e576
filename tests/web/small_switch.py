"""A small switch in memory behind the real server, on a port of the system's choosing, and real clients."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection, connect

from softacd.acd.explain import Standing
from softacd.acd.vocabulary import State, Status
from softacd.calls.control import Check, Choices, Figures, LentPhone, NotPossibleError, UnknownNameError
from softacd.calls.missed import MissedCaller
from softacd.calls.records import (
    AgentEvent,
    AgentTime,
    AnyRecord,
    CallEvent,
    CallRecord,
    Direction,
    LegRecord,
    MessageRecord,
    Outcome,
    Rating,
    RecordingRecord,
    Segment,
    TraceRow,
)
from softacd.calls.users import AuditEntry
from softacd.calls.views import (
    AgentView,
    BanView,
    CallView,
    HoursView,
    HouseView,
    PhoneView,
    QueueView,
    Snapshot,
    TrunkView,
)
from softacd.calls.whatif_answer import Lead, QueueForecast, StepForecast, WhatIf
from softacd.web import WebServer

TOKEN = "correct-horse-battery-staple"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
NOW = 1_790_000_000_000
S = 1000


def a_record(name: str, started: int = NOW, caller: str = "+37322123456", **fields: Any) -> CallRecord:
    """An incoming call's record."""
    return CallRecord(name, Direction.INCOMING, started, caller, "+37322000111", **fields)


class SmallSwitch:
    """Implements Control: two agents, one queue, one trunk, one call; what is asked of it really changes it."""

    def __init__(self) -> None:
        self.agents = {
            "ann": AgentView("ann", "Ann", "101", "available", "talking", "", NOW - 60 * S, True, "n1-7", 12),
            "bob": AgentView("bob", "Bob", "102", "available", "wrap-up", "", NOW - 9 * S, True, "", 4),
            "Женя": AgentView("Женя", "Женя", "103", "lunch", "idle", "", NOW, False, "", 0),
        }
        self.calls = {
            "n1-7": CallView("n1-7", "incoming", "+37322123456", "+37322000111", "alpha", "talking", NOW - 60 * S,
                             "sales", 0, None, "ann", NOW - 90 * S),
        }  # fmt: skip
        self.checks = [Check("sip", healthy=True), Check("store", healthy=True, detail="data/softacd.db")]
        self.phones = [PhoneView("101", "", ("sip:101@127.0.0.1:5070",), 1), PhoneView("102", "", (), 0)]
        self.transfers: list[tuple[str, str, bool]] = []
        self.lent: dict[str, str] = {}
        self.rights: list[str] = []
        self.closed_queues: set[str] = set()
        self.emergency = False
        self.closed = False
        self.banned = {"192.0.2.66": BanView("192.0.2.66", NOW - 5 * S, NOW + 55 * S, 55.0, 1, "credentials")}
        self.extended: list[tuple[str, float]] = []
        self.supervised: list[tuple[str, str]] = []
        self.observers: list[Callable[[AnyRecord], None]] = []
        self.topics: list[tuple[str, str, str, str]] = []
        self.asked: list[tuple[str, str, str, str]] = []
        self.owners: list[tuple[str, str]] = []
        self.left = [
            MessageRecord("n1-5-1", "sales", "n1-5", "069000001", "", NOW - 50 * S, "2026-09-21/n1-5-1.wav", 4.5, NOW),
            MessageRecord("n1-6-1", "103", "n1-6", "069000002", "Vip", NOW - 40 * S, "2026-09-21/n1-6-1.wav", 9.0),
        ]
        self.broken: Exception | None = None

    def snapshot(self) -> Snapshot:
        if self.broken is not None:
            raise self.broken
        return Snapshot(
            at=NOW,
            trunks=(
                TrunkView("alpha", "registered", NOW, "", True, 12.5, 1, NOW, 0),
                TrunkView("beta", "backing-off", NOW, "503", None, None, 0, 0, 3),
            ),
            phones=tuple(self.phones),
            queues=(
                QueueView(
                    "sales",
                    "600",
                    2,
                    74.5,
                    0,
                    2,
                    2,
                    31,
                    27,
                    2,
                    0.875,
                    95.0,
                    22.5,
                    0.8,
                    ("delivery", "invoice"),
                    True,
                    3,
                    350.0,
                    1050.0,
                ),
                QueueView("support", "601", 0, 0.0, 1, 1, 2, 0, 0, 0, None, None),
            ),
            agents=tuple(self.agents.values()),
            calls=tuple(self.calls.values()),
            currency="MDL",
            missed_value=100.0,
        )

    def health(self) -> list[Check]:
        return list(self.checks)

    def figures(self) -> Figures:
        return Figures(
            {"sip_messages_received_total": 1234, "odd name!": 1},
            {"rtp_ports_in_use": 4, "calls": 99},  # "calls" is the snapshot's name: told once, by the snapshot
        )

    def _agent(self, name: str) -> AgentView:
        if name not in self.agents:
            raise UnknownNameError(f"there is no agent {name!r}")
        return self.agents[name]

    def _in_wrap_up(self, name: str) -> AgentView:
        agent = self._agent(name)
        if agent.state != State.WRAP_UP:
            raise NotPossibleError(f"{name} is {agent.state}, not in wrap-up")
        return agent

    def agents_of(self, call: str) -> frozenset[str]:
        live = {self.calls[call].agent} if call in self.calls else set()
        return frozenset(live | {agent.name for agent in self.agents.values() if agent.call == call} - {""})

    def phone_of(self, agent: str) -> str:
        return self.agents[agent].phone if agent in self.agents else ""

    def lend_phone(self, agent: str, name: str, password: str) -> LentPhone:
        view = self._agent(agent)
        self.lent[name] = password
        return LentPhone(view.phone, view.display_name, f"sip:{view.phone}@softacd.internal")

    def recall_phone(self, name: str) -> None:
        self.lent.pop(name, None)

    def set_status(self, agent: str, status: Status, reason: str = "") -> None:
        self.agents[agent] = msgspec.structs.replace(self._agent(agent), status=status.value, reason=reason)
        self.tell(AgentEvent(agent, NOW, status.value, self.agents[agent].state, reason))

    def sign_on(self, agent: str, phone: str) -> None:
        if phone == "102":
            raise NotPossibleError("bob is at phone 102; log bob out first")
        self.agents[agent] = msgspec.structs.replace(self._agent(agent), phone=phone, status="available")

    def account(self, agent: str) -> AgentTime | None:
        return AgentTime(self._agent(agent).name, NOW - 60 * S, NOW, "available", talk_ms=60 * S)

    def what_if(self, caller: str, called: str, at: str, keys: str) -> WhatIf:
        if at == "someday":
            raise ValueError("'someday' is no moment")
        self.asked.append((caller, called, at, keys))
        standings = (Standing("ann", False, "in conversation since 60 s"), Standing("bob", True, "idle 3 s"))
        queue = QueueForecast("sales", "rings", place=1, standings=standings)
        step = StepForecast("main", "in", "queue", "sales", "", (Lead("1", "main", "in", pressed=True),), queue)
        return WhatIf(caller, called, NOW, "2026-09-21 16:53", "Enters flow main.", flow="main", steps=(step,))

    def finish_wrap_up(self, agent: str) -> None:
        self.agents[agent] = msgspec.structs.replace(self._in_wrap_up(agent), state="idle")

    def extend_wrap_up(self, agent: str, seconds: float) -> None:
        self._in_wrap_up(agent)
        self.extended.append((agent, seconds))

    def set_topic(self, call: str, queue: str, topic: str, agent: str) -> None:
        if topic not in ("delivery", "invoice"):
            raise NotPossibleError(f"{topic!r} is no topic of queue {queue}")
        self.topics.append((call, queue, topic, agent))

    def own_missed(self, caller: str, owner: str) -> None:
        self._agent(owner)
        self.owners.append((caller, owner))

    def choose(self, extension: str, choices: Choices) -> None:
        phone = next((phone for phone in self.phones if phone.extension == extension), None)
        if phone is None:
            raise UnknownNameError(f"there is no phone {extension!r}")
        if choices.forward_always == "nowhere":
            raise NotPossibleError("nowhere is no number")
        changed = {name: value for name, value in msgspec.structs.asdict(choices).items() if value is not None}
        self.phones[self.phones.index(phone)] = msgspec.structs.replace(phone, **changed)

    def house(self) -> HouseView:
        return HouseView(self.emergency, (HoursView("office", not self.closed, "", self.closed, 0),))

    def switch_emergency(self, on: bool) -> None:
        if on and self.closed:
            raise NotPossibleError("no mobile phones are configured")
        self.emergency = on

    def close_hours(self, name: str, closed: bool) -> None:
        if name != "office":
            raise UnknownNameError(f"no hours are named {name!r}")
        self.closed = closed

    def close_queue(self, name: str, closed: bool) -> None:
        if name not in ("sales", "support"):
            raise UnknownNameError(f"no queue is named {name!r}")
        (self.closed_queues.add if closed else self.closed_queues.discard)(name)

    def move(self, call: str, queue: str) -> None:
        if call not in self.calls:
            raise UnknownNameError(f"no call {call!r} lives")
        raise NotPossibleError(f"call {call} waits in no queue now, so not in {queue}")

    def take_over(self, call: str, extension: str) -> None:
        if call not in self.calls:
            raise UnknownNameError(f"no call {call!r} lives")
        self.supervised.append((call, f"taken over by {extension}"))

    def transfer(self, call: str, number: str, *, callers_leg: bool, by: str = "") -> None:
        if call not in self.calls:
            raise UnknownNameError(f"no call {call!r} lives")
        if number == "nowhere":
            raise NotPossibleError("nowhere is no number")
        self.transfers.append((call, number, callers_leg))
        self.rights.append(by)

    def hang_up(self, call: str) -> None:
        if call not in self.calls:
            raise UnknownNameError(f"no call {call!r} lives")
        del self.calls[call]
        self.tell(a_record(call, NOW - 90 * S, ended=NOW, outcome=Outcome.ANSWERED))

    def bans(self) -> tuple[BanView, ...]:
        return tuple(self.banned.values())

    def lift_ban(self, source: str) -> BanView:
        if source not in self.banned:
            raise UnknownNameError(f"{source!r} is not banned")
        return self.banned.pop(source)

    def messages(self, mailbox: str = "") -> list[MessageRecord]:
        if mailbox not in ("", "sales", "103"):
            raise UnknownNameError(f"there is no mailbox {mailbox!r}")
        return [message for message in self.left if mailbox in ("", message.box)]

    def _message(self, name: str) -> MessageRecord:
        for message in self.left:
            if message.id == name:
                return message
        raise UnknownNameError(f"there is no message {name!r}")

    def mark_message(self, message: str, heard: bool) -> None:
        self._message(message).heard = NOW if heard else 0

    def remove_message(self, message: str) -> None:
        self.left.remove(self._message(message))

    def record(self, call: str, order: str) -> None:
        if call not in self.calls:
            raise UnknownNameError(f"no call {call!r} lives")
        if order == "resume":
            raise NotPossibleError("it is not paused")
        self.supervised.append((call, order))

    def monitor(self, call: str, extension: str, mode: str) -> None:
        if call not in self.calls:
            raise UnknownNameError(f"no call {call!r} lives")
        self.supervised.append((call, f"{mode} at {extension}"))

    def watch(self, observer: Callable[[AnyRecord], None]) -> Callable[[], None]:
        self.observers.append(observer)
        return lambda: self.observers.remove(observer)

    def tell(self, record: AnyRecord) -> None:
        for observer in self.observers:
            observer(record)


@dataclass
class Story:
    call: CallRecord
    legs: list[LegRecord] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    events: list[CallEvent] = field(default_factory=list)
    trace: list[TraceRow] = field(default_factory=list)
    recordings: list[RecordingRecord] = field(default_factory=list)
    messages: list[MessageRecord] = field(default_factory=list)
    ratings: list[Rating] = field(default_factory=list)


@dataclass
class Condition:
    queued: int = 3
    written: int = 500
    lag_ms: int = 250
    spooled: int = 0
    failing: bool = False


class SmallHistory:
    """Implements History over a list, newest first."""

    def __init__(self) -> None:
        self.stories: list[Story] = []
        self.missed: list[MissedCaller] = []
        self.times: list[AgentTime] = []
        self.audited: list[AuditEntry] = []
        self.broken: Exception | None = None

    async def calls(
        self,
        *,
        limit: int = 50,
        since: int | None = None,
        outcome: Outcome | str | None = None,
        number: str | None = None,
        agent: str | None = None,
        queue: str | None = None,
        missed_open: bool = False,
        before: int | None = None,
    ) -> list[CallRecord]:
        if self.broken is not None:
            raise self.broken
        found = [
            story.call
            for story in sorted(self.stories, key=lambda story: (-story.call.started, story.call.id))
            if (since is None or story.call.started >= since)
            and (before is None or story.call.started < before)
            and (outcome is None or story.call.outcome == outcome)
            and (number is None or story.call.caller.endswith(number))
            and (agent is None or story.call.agent == agent)
            and (queue is None or story.call.queue == queue)
            and (not missed_open or (story.call.outcome == Outcome.ABANDONED and not story.call.missed_handled))
        ]
        return found[:limit]

    async def agent_times(self, *, agent: str | None = None, since: int = 0, before: int = 0) -> list[AgentTime]:
        return [row for row in self.times if row.agent == agent and since <= row.started < before]

    async def missed_callers(self, *, queue: str | None = None) -> list[MissedCaller]:
        return [row for row in self.missed if queue is None or queue in row.queues]

    async def call(self, id: str, /) -> Story | None:  # noqa: A002 - as in the protocol
        return next((story for story in self.stories if story.call.id == id), None)

    async def recordings(
        self,
        *,
        limit: int = 50,
        since: int | None = None,
        before: int | None = None,
        agent: str | None = None,
        queue: str | None = None,
        kept: bool = False,
    ) -> list[RecordingRecord]:
        found = [record for story in self.stories for record in story.recordings]
        found.sort(key=lambda record: -record.started)
        return [
            record
            for record in found
            if (since is None or record.started >= since)
            and (before is None or record.started < before)
            and (agent is None or record.agent == agent)
            and (queue is None or record.queue == queue)
            and (not kept or not record.removed)
        ][:limit]

    async def ratings(
        self, *, limit: int = 50, since: int | None = None, before: int | None = None, low: bool = False
    ) -> list[Rating]:
        found = sorted((one for story in self.stories for one in story.ratings), key=lambda one: -one.at)
        return [
            one
            for one in found
            if (since is None or one.at >= since) and (before is None or one.at < before) and (one.low or not low)
        ][:limit]

    async def audit(
        self, *, limit: int = 100, before: int | None = None, since: int | None = None, user: str | None = None
    ) -> list[AuditEntry]:
        return [
            entry
            for entry in sorted(self.audited, key=lambda entry: -entry.at)
            if (before is None or entry.at < before)
            and (since is None or entry.at >= since)
            and (user is None or entry.user == user)
        ][:limit]

    def status(self) -> Condition:
        return Condition()


class Running:
    """A server that runs, and the ways to it."""

    def __init__(
        self, server: WebServer, switch: SmallSwitch, history: SmallHistory, client: httpx.AsyncClient
    ) -> None:
        self.server = server
        self.switch = switch
        self.history = history
        self.client = client

    async def get(self, path: str, **parameters: Any) -> Any:
        """GET with the token; the decoded body of a 200."""
        answer = await self.client.get(path, params=parameters, headers=BEARER)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def watch(self, query: str = "", **options: Any) -> connect:
        """A WebSocket client that has the token in its header."""
        host, port = self.server.address
        options.setdefault("additional_headers", BEARER)
        return connect(f"ws://{host}:{port}/api/v1/events{query}", **options)


async def next_event(socket: ClientConnection) -> Any:
    """The next message of a watcher, decoded."""
    return msgspec.json.decode(await socket.recv())
