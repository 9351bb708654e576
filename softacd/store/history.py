"""Asking the store: which calls there were, what happened in one of them, what agents last said of themselves."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Select, and_, func, or_, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from softacd.calls.missed import MissedCaller
from softacd.calls.records import (
    AgentEvent,
    AgentSeat,
    AgentTime,
    CallBackEvent,
    CallBackState,
    CallEvent,
    CallRecord,
    Direction,
    HouseEvent,
    LegRecord,
    MessageRecord,
    MissedOwner,
    Outcome,
    PhoneEvent,
    Rating,
    RecordingRecord,
    Segment,
    TraceRow,
)
from softacd.calls.users import AuditEntry
from softacd.store.database import Database
from softacd.store.errors import StoreError, explain
from softacd.store.missed_list import missed_callers
from softacd.store.numbers import KEY_DIGITS, number_key, same_number
from softacd.store.tables import (
    KINDS,
    MISSED_OPEN,
    R,
    agent_times,
    calls,
    from_row,
    messages,
    ratings,
    recordings,
    segments,
)
from softacd.store.tables import missed_owners as owners

T = TypeVar("T")

FAR = 2**53
"""Later than any moment, wall-clock ms."""
MAXIMUM = 10_000
"""Most calls one question answers."""


class CallDetail(msgspec.Struct, frozen=True):
    """Everything known of one call, each list in order of time."""

    call: CallRecord
    legs: list[LegRecord]
    events: list[CallEvent]
    trace: list[TraceRow]
    segments: list[Segment] = []
    """Its conversations."""
    recordings: list[RecordingRecord] = []
    messages: list[MessageRecord] = []
    ratings: list[Rating] = []


def missed_open_calls() -> ColumnElement[bool]:
    """A caller from outside whom nobody talked to (gave up, found nobody, cut off while waiting), not handled yet."""
    incoming = calls.c.direction == Direction.INCOMING.value
    return and_(text(MISSED_OPEN), incoming, text("(outcome || '' <> 'interrupted' OR connected = 0)"))


class History:
    """The questions; every one raises StoreError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
        """Return calls, newest first, at most `limit` (1..10000).

        `since` and `before` bound the start, wall-clock ms (`before` excluded: the start of the last call of a page
        asks for the next). `agent` is who talked in it, last or before a transfer. `number` is the caller's or the
        called party's in any spelling, an extension, or at least the last digits. `missed_open` leaves the missed
        calls nobody has handled.
        """
        wanted: list[ColumnElement[bool]] = []
        if since is not None:
            wanted.append(calls.c.started >= since)
        if before is not None:
            wanted.append(calls.c.started < before)
        if outcome is not None:
            wanted.append(calls.c.outcome == str(outcome))
        if agent is not None:
            talked = select(segments.c.row).where(segments.c.call == calls.c.id, segments.c.agent == agent)
            wanted.append(or_(calls.c.agent == agent, talked.exists()))
        if queue is not None:
            wanted.append(calls.c.queue == queue)
        if missed_open:
            wanted.append(missed_open_calls())
        check: Callable[[CallRecord], bool] | None = None
        if number:
            digits = number_key(number)
            if len(digits) < KEY_DIGITS:
                ending = digits or number
                wanted.append(
                    or_(
                        calls.c.caller.endswith(ending, autoescape=True),
                        calls.c.called.endswith(ending, autoescape=True),
                    )
                )
            else:
                wanted.append(or_(calls.c.caller_key == digits, calls.c.called_key == digits))

                def check(record: CallRecord) -> bool:
                    return same_number(record.caller, number) or same_number(record.called, number)

        limit = max(1, min(limit, MAXIMUM))
        newest_first = _select(CallRecord).where(*wanted).order_by(calls.c.started.desc(), calls.c.id.desc())
        found = await self._all(CallRecord, newest_first.limit(limit if check is None else MAXIMUM))
        return found if check is None else [record for record in found if check(record)][:limit]

    async def call(self, id: str) -> CallDetail | None:  # noqa: A002 - the record's own name for it
        """Return everything of the call with this id, or whose id alone begins or ends so; else None."""
        found = await self.find(id, limit=2)
        if len(found) != 1:
            return None
        record = found[0]
        return CallDetail(
            call=record,
            legs=await self._of_call(LegRecord, record.id, "started", "id"),
            events=await self._of_call(CallEvent, record.id, "at", "row"),
            trace=await self._of_call(TraceRow, record.id, "at", "row"),
            segments=await self._of_call(Segment, record.id, "number", "row"),
            recordings=await self._of_call(RecordingRecord, record.id, "started", "id"),
            messages=await self._of_call(MessageRecord, record.id, "left", "id"),
            ratings=await self._of_call(Rating, record.id, "at", "row"),
        )

    async def find(self, fragment: str, limit: int = 10) -> list[CallRecord]:
        """Return the call with this id, or else those whose id begins or ends with `fragment`, newest first."""
        exact = await self._all(CallRecord, _select(CallRecord).where(calls.c.id == fragment))
        if exact or not fragment:
            return exact
        either = or_(calls.c.id.startswith(fragment, autoescape=True), calls.c.id.endswith(fragment, autoescape=True))
        return await self._all(
            CallRecord, _select(CallRecord).where(either).order_by(calls.c.started.desc()).limit(limit)
        )

    async def recordings(
        self,
        *,
        limit: int = 50,
        since: int | None = None,
        before: int | None = None,
        agent: str | None = None,
        queue: str | None = None,
        kept: bool = False,
        plain: bool = False,
        oldest_first: bool = False,
    ) -> list[RecordingRecord]:
        """Return recordings, newest first unless `oldest_first`, at most `limit` (1..10000).

        `since` and `before` bound the start as in `calls`; `kept` leaves those whose file has not been removed,
        `plain` those that are complete and still WAV.
        """
        columns = recordings.c
        wanted: list[ColumnElement[bool]] = []
        if since is not None:
            wanted.append(columns.started >= since)
        if before is not None:
            wanted.append(columns.started < before)
        if agent is not None:
            wanted.append(columns.agent == agent)
        if queue is not None:
            wanted.append(columns.queue == queue)
        if kept:
            wanted.append(columns.removed == 0)
        if plain:
            wanted += [columns.file.like("%.wav"), columns.ended != 0, columns.octets != 0]
        order = (columns.started, columns.id) if oldest_first else (columns.started.desc(), columns.id.desc())
        found = _select(RecordingRecord).where(*wanted).order_by(*order)
        return await self._all(RecordingRecord, found.limit(max(1, min(limit, MAXIMUM))))

    async def last_statuses(self) -> dict[str, AgentEvent]:
        """Return the newest event of each agent by name: what to set them to after a start."""
        return {event.agent: event for event in await self._newest(AgentEvent, "agent")}

    async def agent_times(self, *, agent: str | None = None, since: int = 0, before: int = FAR) -> list[AgentTime]:
        """Return how agents spent their time, in order; `since` <= start < `before`, wall-clock ms.

        A time that passes a quarter of an hour by the clock is in pieces, cut within about a second of it.
        """
        columns = agent_times.c
        wanted: list[ColumnElement[bool]] = [columns.started >= since, columns.started < before]
        if agent is not None:
            wanted.append(columns.agent == agent)
        found = _select(AgentTime).where(*wanted).order_by(columns.started, columns.row)
        return await self._all(AgentTime, found)

    async def last_seats(self) -> list[AgentSeat]:
        """Return where each agent last signed on or left: who sat where before a start."""
        return await self._newest(AgentSeat, "agent")

    async def last_choices(self) -> dict[str, PhoneEvent]:
        """Return the newest event of each phone by extension: what its user had chosen before a start."""
        return {event.extension: event for event in await self._newest(PhoneEvent, "extension")}

    async def last_switches(self) -> list[HouseEvent]:
        """Return the newest event of each switch of the house: what was on before a start."""
        return await self._newest(HouseEvent, "name")

    async def messages(self, box: str | None = None, *, removed: bool = False) -> list[MessageRecord]:
        """Return the messages of a box, or of all, oldest first; those removed only if asked."""
        columns = messages.c
        wanted = [] if box is None else [columns.box == box]
        if not removed:
            wanted.append(columns.removed == 0)
        return await self._all(MessageRecord, _select(MessageRecord).where(*wanted).order_by(columns.left, columns.id))

    async def ratings(
        self, *, limit: int = 50, since: int | None = None, before: int | None = None, low: bool = False
    ) -> list[Rating]:
        """Return what callers said, newest first; only what needs a look, if asked."""
        columns = ratings.c
        wanted: list[ColumnElement[bool]] = []
        if since is not None:
            wanted.append(columns.at >= since)
        if before is not None:
            wanted.append(columns.at < before)
        if low:
            wanted.append(columns.low.is_(True))
        found = _select(Rating).where(*wanted).order_by(columns.at.desc(), columns.row.desc())
        return await self._all(Rating, found.limit(max(1, min(limit, MAXIMUM))))

    async def missed_owners(self) -> list[MissedOwner]:
        """Return the newest owner of each caller."""
        return await self._newest(MissedOwner, "caller")

    async def missed_callers(self, *, queue: str | None = None) -> list[MissedCaller]:
        """Return whom nobody has reached yet, a row a caller, who called last first; of the newest 10000 calls.

        `queue` leaves the callers one of whose missed calls was in it.
        """
        found = await self.calls(limit=MAXIMUM, missed_open=True)
        if not found:
            return []
        since = min(record.started for record in found)
        left = _select(MessageRecord).where(messages.c.left >= since, messages.c.removed == 0)
        rows = missed_callers(
            found,
            await self._all(MissedOwner, _select(MissedOwner).where(owners.c.at >= since)),
            await self._all(MessageRecord, left),
        )
        return rows if queue is None else [row for row in rows if queue in row.queues]

    async def call_backs(self) -> list[CallBackEvent]:
        """Return the newest event of each call-back that is still to be made: what to go on with after a start."""
        return [event for event in await self._newest(CallBackEvent, "id") if event.state in CallBackState.open()]

    async def ask(self, question: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Return the answer to a question of several statements, put over one connection."""
        try:
            async with self._engine().connect() as connection:
                return await question(connection)
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(self._database.where, *explain(error, self._database.path)) from error

    async def audit(
        self, *, limit: int = 100, before: int | None = None, since: int | None = None, user: str | None = None
    ) -> list[AuditEntry]:
        """Return what was done, newest first, at most `limit`; `since` and `before` (excluded) bound the moment."""
        columns = KINDS[AuditEntry].table.c
        wanted: list[ColumnElement[bool]] = []
        if before is not None:
            wanted.append(columns.at < before)
        if since is not None:
            wanted.append(columns.at >= since)
        if user is not None:
            wanted.append(columns.user == user)
        newest = _select(AuditEntry).where(*wanted).order_by(columns.at.desc(), columns.row.desc())
        return await self._all(AuditEntry, newest.limit(min(limit, MAXIMUM)))

    async def everything(self, record: type[R]) -> list[R]:
        """Return every record of one kind, in no particular order: to export, or to compare two stores."""
        return await self._all(record, _select(record))

    async def close(self) -> None:
        """Close the connections."""
        await self._database.close()

    def _engine(self) -> AsyncEngine:
        if self._database.reader is None:
            raise StoreError(self._database.where, "the store is closed", "Open it again.")
        return self._database.reader

    async def _newest(self, record: type[R], name: str) -> list[R]:
        """Return the newest record of each `name`; of several of one millisecond the one written last."""
        kind = KINDS[record]
        columns = kind.table.c
        age = func.row_number().over(partition_by=columns[name], order_by=(columns.at.desc(), columns.row.desc()))
        ranked = select(*(columns[column] for column in kind.columns), age.label("age")).subquery()
        newest = select(*(ranked.c[column] for column in kind.columns)).where(ranked.c.age == 1)
        return await self._all(record, newest)

    async def _of_call(self, record: type[R], call: str, *order: str) -> list[R]:
        columns = KINDS[record].table.c
        return await self._all(
            record, _select(record).where(columns.call == call).order_by(*(columns[o] for o in order))
        )

    async def _all(self, record: type[R], statement: Select[Any]) -> list[R]:
        async def rows(connection: AsyncConnection) -> list[R]:
            return [from_row(record, row) for row in (await connection.execute(statement)).all()]

        return await History.ask(self, rows)


def _select(record: type[R]) -> Select[Any]:
    kind = KINDS[record]
    return select(*(kind.table.c[name] for name in kind.columns))
