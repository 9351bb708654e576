"""The live socket of the desk: a snapshot, then numbered deltas, resumed where it broke (see docs/desk.md).

What changed is looked at soon after something happened, at most ten times a second however much happens, and once a
second for what no record tells of. A difference is written once for everybody who may see the same. A watcher has no
queue but the number of the last difference it was sent: one that lags too far gets a fresh snapshot instead of the
differences, and nobody else waits for it.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec
import structlog
from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.handlers import WebsocketRouteHandler

from softacd.acd.vocabulary import State
from softacd.calls.control import Check, Control
from softacd.calls.goods import Bookmark
from softacd.calls.records import AgentEvent, AnyRecord, CallEvent, CallRecord, MissedOwner, TopicChosen
from softacd.calls.users import Role
from softacd.web.errors import API_ROOT
from softacd.web.feed import PUSHED
from softacd.web.live_state import HouseFigures, Journal, LiveState, live_state, message, snapshot_for
from softacd.web.principal import Principal, principal_of, watch_session

log = structlog.get_logger("softacd.web")

PAUSE_SECONDS = 0.1
"""Between two looks at what changed; the first look after a quiet time comes at once."""
SOON_SECONDS = 0.01
TICK_SECONDS = 1.0
MOST_BEHIND = 100
"""Differences a watcher may lag; one that lags more gets a snapshot."""
GOING_AWAY, POLICY_VIOLATION, TRY_AGAIN_LATER = 1001, 1008, 1013
_ASK = "snapshot"
_TOLD = (CallRecord, CallEvent, Bookmark, MissedOwner, TopicChosen)
"""Records that are told as events beside the deltas, to the agents they are of and to supervisors who ask for them."""
EVENTS = frozenset(str(PUSHED[type_].__struct_config__.tag) for type_ in _TOLD)

Socket = WebSocket[Any, Any, Any]


class Speed:
    """How long agents' phones take to ring, and voices to come, from the records of what happened. Times in ms."""

    __slots__ = ("_answered", "_audio", "_free", "_queued", "_ring")

    def __init__(self) -> None:
        self._free: dict[str, int] = {}  # agent -> since when he is free
        self._queued: dict[str, int] = {}  # call -> since when it waits
        self._answered: dict[tuple[str, str], int] = {}
        self._ring: deque[int] = deque(maxlen=1000)
        self._audio: deque[int] = deque(maxlen=1000)

    def observe(self, record: AnyRecord | Bookmark) -> None:
        """Take what happened."""
        if isinstance(record, AgentEvent):
            self._agent(record)
        elif isinstance(record, CallRecord):
            if record.ended:
                self._queued.pop(record.id, None)
            elif record.queued:
                self._queued[record.id] = record.queued
        elif isinstance(record, CallEvent) and record.kind == "audio":
            party = record.detail.partition(" from ")[0].partition(":")[2]
            if (answered := self._answered.pop((record.call, party), None)) is not None:
                self._audio.append(max(0, record.at - answered))

    def figures(self) -> HouseFigures:
        """The worst but one in a hundred of each."""
        return HouseFigures(_p99(self._ring), _p99(self._audio))

    def _agent(self, event: AgentEvent) -> None:
        match event.state:
            case State.IDLE:
                self._free[event.agent] = event.at
            case State.RINGING if event.call in self._queued and event.agent in self._free:
                since = max(self._free.pop(event.agent), self._queued[event.call])
                self._ring.append(max(0, event.at - since))
            case State.TALKING:
                self._answered.setdefault((event.call, event.agent), event.at)
            case State.WRAP_UP | State.OWN_CALL:
                self._answered = {key: at for key, at in self._answered.items() if key[1] != event.agent}


def _p99(values: deque[int]) -> int | None:
    return sorted(values)[(len(values) * 99) // 100] if values else None


class LiveFeed:
    """What changes, and who watches. `wall` gives ms since 1970."""

    def __init__(self, control: Control, wall: Callable[[], int]) -> None:
        self._control = control
        self.wall = wall
        self._speed = Speed()
        self._events: list[tuple[str, AnyRecord | Bookmark]] = []
        self._alarms: tuple[Check, ...] = ()
        self._timer: asyncio.TimerHandle | None = None
        self._ticking: asyncio.TimerHandle | None = None
        self._looked = 0.0
        self.journal = Journal(wall())
        self.watchers: set[LiveSession] = set()
        self.closed = False
        self.snapshots = 0
        """Snapshots sent because a watcher lagged."""

    def observe(self, record: AnyRecord | Bookmark) -> None:
        """Something happened. Cheap where nobody watches."""
        self._speed.observe(record)
        if not self.watchers:
            return
        if isinstance(record, _TOLD):
            self._events.append((str(PUSHED[type(record)].__struct_config__.tag), msgspec.structs.replace(record)))
        if self._timer is None:
            loop = asyncio.get_running_loop()
            wait = max(SOON_SECONDS, self._looked + PAUSE_SECONDS - loop.time())
            self._timer = loop.call_later(wait, self.look)

    def join(self, watcher: "LiveSession") -> None:
        """Somebody watches from now on."""
        if not self.watchers:
            self._alarms = self._find_alarms()
        self.watchers.add(watcher)
        self.look()
        if self._ticking is None:
            self._ticking = asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick)

    def leave(self, watcher: "LiveSession") -> None:
        """And no longer."""
        self.watchers.discard(watcher)

    def close(self) -> None:
        """Send everybody away."""
        self.closed = True
        for timer in (self._timer, self._ticking):
            if timer is not None:
                timer.cancel()
        for watcher in self.watchers:
            watcher.news.set()

    def look(self) -> None:
        """See what changed, and wake who watches."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._looked = asyncio.get_running_loop().time()
        state = live_state(self._control.snapshot(), self._control.house(), self._alarms, self._speed.figures())
        happened, self._events = self._events, []
        events = [self._told(kind, record, state) for kind, record in happened]
        if self.journal.take(state, self.wall(), events) is not None:
            for watcher in self.watchers:
                watcher.news.set()

    def _told(self, kind: str, record: AnyRecord | Bookmark, after: LiveState) -> tuple[str, str, frozenset[str]]:
        """An event as JSON, and whose it is. What happens to callers nobody has reached is everybody's."""
        before = self.journal.state
        call = getattr(record, "id" if isinstance(record, CallRecord) else "call", "")
        nobody: frozenset[str] = frozenset()
        owners = before.owners.get(call, nobody) | after.owners.get(call, nobody) | {getattr(record, "agent", "")}
        if isinstance(record, MissedOwner):
            owners = frozenset(after.sections["agents"])
        return kind, message(kind, self.journal.seq + 1, self.wall(), record), owners - {""}

    def _tick(self) -> None:
        """What no record tells of: forecasts, carriers, alarms."""
        self._ticking = None
        if not self.watchers or self.closed:
            return
        self._ticking = asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick)
        try:
            self._alarms = self._find_alarms()
            self.look()
        except Exception as error:
            log.error("internal error", where="live", exc_info=error)

    def _find_alarms(self) -> tuple[Check, ...]:
        return tuple(check for check in self._control.health() if not check.healthy)


class LiveSession:
    """One watcher, from its handshake to its close."""

    def __init__(
        self, socket: Socket, feed: LiveFeed, principal: Principal, events: frozenset[str], beat: float
    ) -> None:
        self._socket = socket
        self._feed = feed
        self._agent = None if principal.may(Role.SUPERVISOR) else principal.agent
        self._wanted = events
        self._beat = beat
        self._asked = False
        self._over = False
        self._gone = False
        self._seq = 0
        self.news = asyncio.Event()

    async def run(self, since: int) -> None:
        """Push until either side ends it."""
        self._feed.join(self)
        self._seq = since
        self._asked = not (since and self._feed.journal.holds(since))
        listening = asyncio.create_task(self._listen())
        try:
            await self._push()
        except WebSocketDisconnect:
            pass
        finally:
            self._feed.leave(self)
            listening.cancel()

    def end(self) -> None:
        """The session it was opened by has ended."""
        self._over = True
        self.news.set()

    async def _push(self) -> None:
        journal = self._feed.journal
        while True:
            self.news.clear()
            if self._gone:
                return
            if self._over:
                await self._socket.close(POLICY_VIOLATION, "the session has ended")
                return
            if self._feed.closed:
                await self._socket.close(GOING_AWAY, "the switch stops")
                return
            if not self._asked and journal.seq - self._seq > MOST_BEHIND:
                self._feed.snapshots += 1
                self._asked = True
            if self._asked:
                self._asked = False
                self._seq = journal.seq
                data = snapshot_for(journal.state, self._agent)
                await self._socket.send_text(message("snapshot", self._seq, self._feed.wall(), data))
            else:
                await self._push_new()
            if self.news.is_set() or journal.seq != self._seq:
                continue
            try:
                async with asyncio.timeout(self._beat):
                    await self.news.wait()
            except TimeoutError:
                await self._socket.send_text(message("heartbeat", self._seq, self._feed.wall(), None))

    async def _push_new(self) -> None:
        for difference in self._feed.journal.after(self._seq):
            self._seq = difference.seq
            agent = self._agent
            text = difference.for_board() if agent is None else difference.for_agent(agent)
            if text:
                await self._socket.send_text(text)
            for kind, event, owners in difference.events:
                if kind in self._wanted and (agent is None or agent in owners):
                    await self._socket.send_text(event)

    async def _listen(self) -> None:
        """Take what the watcher says: the word `snapshot`, or its leaving."""
        try:
            while True:
                if await self._socket.receive_text() == _ASK:
                    self._asked = True
                    self.news.set()
        except WebSocketDisconnect:
            self._gone = True
            self.news.set()


def live_handlers(feed: LiveFeed, *, watchers: int, heartbeat: float) -> list[WebsocketRouteHandler]:
    """The path /live. `watchers` may watch at once; each hears something at least every `heartbeat` seconds."""

    @websocket(f"{API_ROOT}/live")
    async def live(socket: Socket) -> None:
        await socket.accept()
        principal = principal_of(socket.scope)
        asked = socket.query_params.get("events")
        names = frozenset(asked.split(",")) - {""} if asked is not None else EVENTS
        try:
            since = int(socket.query_params.get("since", "0"))
            if strays := names - EVENTS:
                raise ValueError(f"{min(strays)!r} is none of {', '.join(sorted(EVENTS))}")
        except ValueError as error:
            await socket.close(POLICY_VIOLATION, f"since is a number, events are names: {error}"[:120])
            return
        if len(feed.watchers) >= watchers:
            await socket.close(TRY_AGAIN_LATER, f"{watchers} watch already")
            return
        session = LiveSession(socket, feed, principal, names, heartbeat)
        with watch_session(socket.scope, session.end):
            await session.run(since)

    return [live]
