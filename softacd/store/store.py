"""The store: what is remembered of calls and agents, behind the truth that lives in memory."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self

import structlog
from sqlalchemy import func, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from softacd.calls.missed import MissedCaller
from softacd.calls.records import (
    AgentEvent,
    AgentSeat,
    AgentTime,
    AnyRecord,
    CallBackEvent,
    CallRecord,
    HouseEvent,
    MessageRecord,
    MissedOwner,
    Outcome,
    PhoneEvent,
    Rating,
    RecordingRecord,
)
from softacd.calls.users import AuditEntry
from softacd.store import migration
from softacd.store.database import Database
from softacd.store.errors import StoreError, explain
from softacd.store.history import FAR, CallDetail, History, T
from softacd.store.missed import handle_call, handle_numbers
from softacd.store.recovery import Recovery
from softacd.store.spool import Spool
from softacd.store.tables import nodes
from softacd.store.users import UserTable
from softacd.store.writer import StoreStatus, Writer

MOST_NODES = 1023
_NOT_IN_NAMES = re.compile(r"[^\w.-]")

log = structlog.get_logger(__name__)


class Store(History):
    """The one store of a running softacd: `write` and forget; ask, and get what was written.

    Raises StoreError only at `open` and where a human asks something; see `status` for how the writing goes.
    """

    def __init__(self, database: Database, writer: Writer) -> None:
        """Use `open`."""
        super().__init__(database)
        self._writer = writer
        self._task: asyncio.Task[None] | None = None
        self.users = UserTable(database, self._engine, writer.transaction)
        """Who may use the desk."""

    @classmethod
    async def open(cls, url: str, *, node: str, wall: Callable[[], int], spool: Path | None = None) -> Self:
        """Open the database of this node, bring it up to date and put in order what the last run left.

        `wall` gives wall-clock milliseconds. `spool` is the file that takes rows while the database does not, by
        default beside an SQLite file, nowhere for PostgreSQL. Raises StoreError (where, cause, remedy); but a known
        database that merely cannot be written (disk full) opens, failing, and recovers when it can.
        """
        database = Database(url)
        if spool is None and database.path is not None:
            spool = database.path.with_name(f"{database.path.name}.{_NOT_IN_NAMES.sub('_', node)}.spool")
        try:
            engine, reader = database.open_writer(), database.open_reader()
            await database.claim(node)
            await migration.migrate(reader, engine, database.where)
            number = await _node_number(reader, engine, node, database.where)
            waiting = Spool(spool)
            await asyncio.to_thread(waiting.find)
        except (SQLAlchemyError, OSError) as error:
            await database.close()
            raise StoreError(database.where, *explain(error, database.path)) from error
        except BaseException:
            await database.close()
            raise
        writer = Writer(database, engine, waiting, number, wall=wall)
        try:
            await writer.recover()
        except (SQLAlchemyError, OSError) as error:
            # A call centre without history is better than none: calls are taken, rows wait.
            writer.failed(error)
            writer.recovery = Recovery(pending=explain(error, database.path)[0])
        store = cls(database, writer)
        store._task = asyncio.create_task(writer.run(), name="store writer")
        return store

    @classmethod
    async def open_for_reading(cls, url: str) -> History:
        """Open a database, perhaps of a running softacd, and change nothing in it. Raises StoreError."""
        database = Database(url)
        try:
            await migration.check(database.open_reader(), database.where)
        except (SQLAlchemyError, OSError) as error:
            await database.close()
            raise StoreError(database.where, *explain(error, database.path)) from error
        except BaseException:
            await database.close()
            raise
        return History(database)

    @property
    def recovery(self) -> Recovery:
        """What this start found."""
        return self._writer.recovery

    def write(self, record: AnyRecord) -> None:
        """Have a record written. In the loop's thread; never blocks, never raises; the record may change afterwards.

        Calls and legs replace what was written with their id (an ended one is never replaced by an open one);
        everything else is added. A conversation closes the missed calls of the same outside number.
        """
        self._writer.write(record)

    async def flush(self) -> None:
        """Return when everything written so far is safe in the database or the spool, or cannot be (see `status`)."""
        await self._writer.flush()

    def status(self) -> StoreStatus:
        """Return how the writing goes; an alarm when `failing`."""
        return self._writer.status()

    async def close(self) -> None:
        """Write what waits, note the orderly end, close everything. Never raises; twice is harmless."""
        if self._task is None:
            return
        task, self._task = self._task, None
        self._writer.stop()
        await task
        try:
            async with self._writer.transaction() as connection:
                await self._writer.note_end(connection)
        except (SQLAlchemyError, OSError) as error:
            log.warning("store closed while failing", error=explain(error, self._database.path)[0])
        await self._writer.disconnect()
        await super().close()

    async def handle_missed(self, call_or_number: str, at: int) -> int:
        """Mark missed calls as handled at `at` (wall-clock ms): one by its id, or all of a number that began before.

        Return how many were open and now are not. Raises StoreError when the database does not take it.
        """
        await self._settle()
        try:
            async with self._writer.transaction() as connection:
                handled = await connection.run_sync(handle_call, call_or_number, at)
                return handled or await connection.run_sync(handle_numbers, [(call_or_number, at)])
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(self._database.where, *explain(error, self._database.path)) from error

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
        """As `History.calls`, with everything written until now."""
        await self._settle()
        return await super().calls(
            limit=limit,
            since=since,
            outcome=outcome,
            number=number,
            agent=agent,
            queue=queue,
            missed_open=missed_open,
            before=before,
        )

    async def call(self, id: str) -> CallDetail | None:  # noqa: A002 - the record's own name for it
        """As `History.call`, with everything written until now."""
        await self._settle()
        return await super().call(id)

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
        """As `History.recordings`, with everything written until now."""
        await self._settle()
        return await super().recordings(
            limit=limit,
            since=since,
            before=before,
            agent=agent,
            queue=queue,
            kept=kept,
            plain=plain,
            oldest_first=oldest_first,
        )

    async def last_statuses(self) -> dict[str, AgentEvent]:
        """As `History.last_statuses`, with everything written until now."""
        await self._settle()
        return await super().last_statuses()

    async def agent_times(self, *, agent: str | None = None, since: int = 0, before: int = FAR) -> list[AgentTime]:
        """As `History.agent_times`, with everything written until now."""
        await self._settle()
        return await super().agent_times(agent=agent, since=since, before=before)

    async def last_seats(self) -> list[AgentSeat]:
        """As `History.last_seats`, with everything written until now."""
        await self._settle()
        return await super().last_seats()

    async def last_choices(self) -> dict[str, PhoneEvent]:
        """As `History.last_choices`, with everything written until now."""
        await self._settle()
        return await super().last_choices()

    async def last_switches(self) -> list[HouseEvent]:
        """As `History.last_switches`, with everything written until now."""
        await self._settle()
        return await super().last_switches()

    async def messages(self, box: str | None = None, *, removed: bool = False) -> list[MessageRecord]:
        """As `History.messages`, with everything written until now."""
        await self._settle()
        return await super().messages(box, removed=removed)

    async def ratings(
        self, *, limit: int = 50, since: int | None = None, before: int | None = None, low: bool = False
    ) -> list[Rating]:
        """As `History.ratings`, with everything written until now."""
        await self._settle()
        return await super().ratings(limit=limit, since=since, before=before, low=low)

    async def missed_owners(self) -> list[MissedOwner]:
        """As `History.missed_owners`, with everything written until now."""
        await self._settle()
        return await super().missed_owners()

    async def missed_callers(self, *, queue: str | None = None) -> list[MissedCaller]:
        """As `History.missed_callers`, with everything written until now."""
        await self._settle()
        return await super().missed_callers(queue=queue)

    async def call_backs(self) -> list[CallBackEvent]:
        """As `History.call_backs`, with everything written until now."""
        await self._settle()
        return await super().call_backs()

    async def ask(self, question: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """As `History.ask`, with everything written until now."""
        await self._settle()
        return await super().ask(question)

    async def audit(
        self, *, limit: int = 100, before: int | None = None, since: int | None = None, user: str | None = None
    ) -> list[AuditEntry]:
        """As `History.audit`, with everything written until now."""
        await self._settle()
        return await super().audit(limit=limit, before=before, since=since, user=user)

    async def _settle(self) -> None:
        if not self._writer.failing:
            await self._writer.flush()


async def _node_number(reader: AsyncEngine, writer: AsyncEngine, node: str, where: str) -> int:
    """Return this node's number, 1..1023, given at its first start: it is part of every row number."""
    async with reader.connect() as connection:
        known = (await connection.execute(select(nodes.c.number).where(nodes.c.name == node))).scalar()
    if known is not None:
        return int(known)
    async with writer.begin() as connection:
        number = int((await connection.execute(select(func.max(nodes.c.number)))).scalar() or 0) + 1
        if number > MOST_NODES:
            raise StoreError(where, f"{MOST_NODES} nodes have used it", "Give this node the name of a former one.")
        await connection.execute(insert(nodes).values(number=number, name=node, started=0, alive=0, closed=0))
    return number
