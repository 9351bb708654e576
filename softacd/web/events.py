"""The live stream as a WebSocket, and the same events for those who would rather ask.

A watcher gets a snapshot first (or, with `since`, what it missed) and then every event. It may send the word `snapshot`
to get a fresh one. A watcher that does not keep up is closed with 1013; one that takes nothing at all is cut by the
kernel (see `server.STUCK_SECONDS`).
"""

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import Request, WebSocket, get, websocket
from litestar.exceptions import ValidationException, WebSocketDisconnect
from litestar.handlers import HTTPRouteHandler, WebsocketRouteHandler
from litestar.params import QueryParameter

from softacd.calls.control import Control
from softacd.calls.users import Role
from softacd.web.errors import API_ROOT
from softacd.web.feed import TYPES, AuditPushed, Feed, LiveEvent, OvertakenError, RecordPushed, Watcher
from softacd.web.gate import EVENTS_SUBPROTOCOL
from softacd.web.principal import Principal, principal_of, watch_session

Socket = WebSocket[Any, Any, Any]

# RFC 6455 section 7.4.1 and the IANA registry of close codes
GOING_AWAY = 1001
POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013

_AT_ONCE = 16
"""Events sent before others get a turn: the loop that answers SIP must not wait for a watcher's backlog."""
_ASK = "snapshot"


class EventPage(msgspec.Struct, frozen=True):
    """Events after a number."""

    last: int
    """Number to ask with next time."""
    complete: bool
    """False: some of the events asked for are no longer kept; fetch a snapshot."""
    events: list[RecordPushed]
    """In order of their numbers."""


def event_handlers(
    control: Control, feed: Feed, *, watchers: int, heartbeat: float
) -> list[HTTPRouteHandler | WebsocketRouteHandler]:
    """`watchers` may watch at once; a watcher hears something at least every `heartbeat` seconds."""

    @get(f"{API_ROOT}/events", tags=["events"], summary="Events since a number")
    async def events(
        request: Request[Any, Any, Any],
        since: Annotated[
            int, QueryParameter(description="Number of the last event seen; 0 or none: only tells the newest number.")
        ] = 0,
        types: Annotated[
            str, QueryParameter(description=f"Comma-separated types; none: all of {', '.join(TYPES)}.")
        ] = "",
        limit: Annotated[int, QueryParameter(ge=1, le=1000, description="At most so many.")] = 200,
    ) -> EventPage:
        """Return events after number `since`, oldest first.

        The same path as a WebSocket pushes a snapshot and then every event, resumes with `?since=`, and closes with
        1013 when the watcher is too slow and 1001 when the switch stops. The token may be given there as the
        subprotocol "bearer.TOKEN" beside "softacd.v1", or as `?token=`.
        """
        try:
            wanted = parse_types(types)
        except ValueError as error:
            raise ValidationException(f"types: {error}") from None
        wanted = permitted(wanted, principal_of(request.scope))
        if since == 0:
            return EventPage(feed.last, True, [])
        complete = feed.holds(since)
        place = Watcher(since if complete else feed.oldest, wanted, _nothing)
        found: list[RecordPushed] = []
        while len(found) < limit and (entry := feed.next_for(place)) is not None:
            found.append(entry.event)
        return EventPage(place.seq, complete, found)

    @websocket(f"{API_ROOT}/events")
    async def live(socket: Socket) -> None:
        offered = socket.scope.get("subprotocols") or []
        await socket.accept(subprotocols=EVENTS_SUBPROTOCOL if EVENTS_SUBPROTOCOL in offered else None)
        try:
            since = int(socket.query_params.get("since", "0"))
            types = parse_types(socket.query_params.get("types", ""))
        except ValueError as error:
            await socket.close(POLICY_VIOLATION, f"since is a number, types are names: {error}"[:120])
            return
        if len(feed.watchers) >= watchers:
            await socket.close(TRY_AGAIN_LATER, f"{watchers} watch already")
            return
        types = permitted(types, principal_of(socket.scope))
        session = _Session(socket, control, feed, types, heartbeat)
        with watch_session(socket.scope, session.end):
            await session.run(since)

    return [events, live]


def parse_types(text: str) -> frozenset[type[RecordPushed]]:
    """`call,agent` as types; every type of record when empty. Raises ValueError naming the one it does not know."""
    if not text:
        return frozenset(TYPES.values())
    names = [name.strip() for name in text.split(",")]
    if strays := [name for name in names if name not in TYPES]:
        raise ValueError(f"{strays[0]!r} is none of {', '.join(TYPES)}")
    return frozenset(TYPES[name] for name in names)


def permitted(types: frozenset[type[RecordPushed]], principal: Principal) -> frozenset[type[RecordPushed]]:
    """The types somebody may see: the audit log is the administrators'."""
    return types if principal.may(Role.ADMINISTRATOR) else types - {AuditPushed}


class _Session:
    """One WebSocket that watches, from its handshake to its close."""

    def __init__(
        self, socket: Socket, control: Control, feed: Feed, types: frozenset[type[RecordPushed]], heartbeat: float
    ) -> None:
        self._socket = socket
        self._control = control
        self._feed = feed
        self._heartbeat = heartbeat
        self._news = asyncio.Event()
        self._asked = False
        self._gone = False
        self._ended = False
        self._watcher = Watcher(0, types, self._news.set)

    async def run(self, since: int) -> None:
        """Push until either side ends it."""
        if since and self._feed.holds(since):
            self._watcher.seq = since
        else:
            self._asked = True
            self._watcher.seq = self._feed.last
        self._feed.watchers.add(self._watcher)
        listening = asyncio.create_task(self._listen())
        try:
            await self._push()
        except WebSocketDisconnect:
            pass
        finally:
            self._feed.watchers.discard(self._watcher)
            listening.cancel()

    def end(self) -> None:
        """The session it was opened by has ended."""
        self._ended = True
        self._news.set()

    async def _push(self) -> None:
        while not self._gone:
            self._news.clear()
            if self._asked:
                self._asked = False
                # what the snapshot already tells need not be told again
                event = self._feed.snapshot(self._control.snapshot())
                self._watcher.seq = event.seq
                await self._send(event)
            try:
                await self._push_new()
            except OvertakenError as error:
                self._feed.dropped += 1
                await self._socket.close(TRY_AGAIN_LATER, f"{error}; take a fresh snapshot"[:120])
                return
            if self._ended:
                await self._socket.close(POLICY_VIOLATION, "the session has ended")
                return
            if self._feed.closed:
                await self._socket.close(GOING_AWAY, "the switch stops")
                return
            try:
                async with asyncio.timeout(self._heartbeat):
                    await self._news.wait()
            except TimeoutError:
                await self._send(self._feed.heartbeat())

    async def _push_new(self) -> None:
        sent = 0
        while (entry := self._feed.next_for(self._watcher)) is not None:
            await self._socket.send_text(entry.text())
            sent += 1
            if sent % _AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _send(self, event: LiveEvent) -> None:
        await self._socket.send_text(msgspec.json.encode(event).decode())

    async def _listen(self) -> None:
        """Take what the watcher says: the word `snapshot`, or its leaving."""
        try:
            while True:
                if await self._socket.receive_text() == _ASK:
                    self._asked = True
                    self._news.set()
        except WebSocketDisconnect:
            self._gone = True
            self._news.set()


def _nothing() -> None:
    """Wake nobody: for a place in the ring that is used at once."""
