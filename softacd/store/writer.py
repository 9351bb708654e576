"""Write-behind: rows wait in memory for at most 250 ms, go to the database in one transaction, to the spool in need.

Nobody who writes waits or sees an error. A call that ended is written at once (within 20 ms when calls end in quick
succession), together with its legs and whatever else waits, so that the death of the process costs at most the commit
in progress.
While the database fails, rows move to the spool (a file) and are tried again with growing pauses, oldest first; when
the spool cannot take them either they stay in memory, up to a bound, and then the least valuable are turned away and
counted.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from functools import partial

import msgspec
import structlog
from sqlalchemy import Connection, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from softacd.calls.records import AnyRecord, CallRecord
from softacd.store.bulk import insert_rows
from softacd.store.database import Database
from softacd.store.errors import blames_row, explain
from softacd.store.missed import handle_conversations
from softacd.store.recovery import Recovery, interrupt_open_calls
from softacd.store.spool import Spool, encode, printable
from softacd.store.statements import Statements
from softacd.store.tables import CALLS, KINDS, TOPICS, Row, nodes, stored_values
from softacd.store.topics import set_topics

BATCH_ROWS = 200
BATCH_SECONDS = 0.25
GROUP_SECONDS = 0.02
"""Calls that end within so long after a commit share the next; one that ends in a quiet moment waits for nobody."""
SPOOL_ROWS = 500
QUEUE_ROWS = 50_000
HEARTBEAT_SECONDS = 5.0
"""While calls live, the moment the node is known to have lived is written this often."""
RETRY_SECONDS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Pauses between attempts while the database fails; the last one repeats."""
ROW_EPOCH = 1_735_689_600_000
"""2025-01-01 UTC in ms: row numbers count from here."""

log = structlog.get_logger(__name__)


class StoreStatus(msgspec.Struct, frozen=True):
    """How the store is doing. `failing` is the alarm; `error` and `remedy` then say why and what the owner can do."""

    queued: int
    """Rows in memory."""
    written: int
    """Rows put into the database since start."""
    lag_ms: int
    """Age of the oldest row in memory."""
    spooled: int
    """Rows waiting in the spool file."""
    failing: bool
    error: str = ""
    remedy: str = ""
    dropped: int = 0
    """Rows turned away since start because the queue was full; gone."""
    rejected: int = 0
    """Rows the database refuses, kept in the file beside the spool."""
    commits: int = 0
    commit_ms: float = 0.0
    """How long the last transaction took."""


class Writer:
    """The one that writes. Everything but `run` is called in the loop's thread and returns at once."""

    def __init__(
        self, database: Database, engine: AsyncEngine, spool: Spool, node: int, *, wall: Callable[[], int]
    ) -> None:
        self.recovery = Recovery()
        self._database = database
        self._engine = engine
        self._spool = spool
        self._node = node
        self._wall = wall
        self._statements = Statements(engine.dialect)
        self._connection: AsyncConnection | None = None
        self._bulk = database.open_bulk()
        self._lock = asyncio.Lock()
        self._queue: deque[Row] = deque()
        self._open: set[str] = set()
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._next_row = self._first_row(wall())
        self._accepted = self._settled = self._written = self._dropped = self._commits = 0
        self._commit_ms = 0.0
        self._error = self._remedy = ""
        self._attempts = 0
        self._retry_at = 0.0
        self._save_at = 0.0
        self._beat_at = 0.0
        self._group_until = 0.0
        self._urgent = False
        self._recovered = False
        self._closing = self._ended = False

    # --- handing rows over ----------------------------------------------------------------------------------------

    def write(self, record: AnyRecord) -> None:
        """Take a snapshot of the record and see that it is written. Never blocks, never raises."""
        kind = KINDS.get(type(record))
        queue = self._queue
        if kind is None or self._closing or len(queue) >= QUEUE_ROWS * kind.admission:
            self._dropped += 1
            return
        self._accepted += 1
        queue.append(Row(kind, self._row_number() if kind.append else 0, kind.values(record), time.monotonic()))
        if isinstance(record, CallRecord):
            if record.ended:
                self._open.discard(record.id)
                self._urgent = True
                self._hurry()
                return
            self._open.add(record.id)
        if len(queue) >= BATCH_ROWS:
            self._wake.set()
        elif self._timer is None:
            self._wake_in(BATCH_SECONDS)

    async def flush(self) -> None:
        """Return when everything written so far is in the database or the spool, or neither takes it (see `status`)."""
        if self._settled >= self._accepted or self._ended:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((self._accepted, done))
        self._retry_at = self._save_at = 0.0
        self._wake.set()
        await done

    def status(self) -> StoreStatus:
        """Return how it goes."""
        return StoreStatus(
            queued=len(self._queue),
            written=self._written,
            lag_ms=int((time.monotonic() - self._queue[0].queued_at) * 1000) if self._queue else 0,
            spooled=self._spool.pending,
            failing=self.failing,
            error=self._error,
            remedy=self._remedy,
            dropped=self._dropped,
            rejected=self._spool.rejected,
            commits=self._commits,
            commit_ms=round(self._commit_ms, 3),
        )

    @property
    def failing(self) -> bool:
        """True from the first failed attempt until one succeeds."""
        return self._attempts > 0

    def stop(self) -> None:
        """Take no more rows; `run` ends after one last attempt for those it has."""
        self._closing = True
        self._retry_at = self._save_at = 0.0
        self._wake.set()

    # --- the task that writes -------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Write until stopped."""
        try:
            while not (self._closing and not self._work_left()):
                await self._wake.wait()
                self._wake.clear()
                self._cancel_timer()
                while self._work_left():
                    accepted = self._accepted
                    self._urgent = False
                    self._group_until = time.monotonic() + GROUP_SECONDS
                    if not await self._attempt():
                        await self._save()
                        # Nobody is kept waiting for a database that does not answer.
                        self._tell(accepted)
                        break
                    if not (self._closing or self._waiting or self._spool.pending or len(self._queue) >= BATCH_ROWS):
                        break
                if self._closing and (self.failing or not self._work_left()):
                    break
                self._arm()
            if self._queue:
                log.error("rows lost: neither database nor spool takes them", rows=len(self._queue))
        finally:
            self._closing = self._ended = True
            self._cancel_timer()
            self._tell(self._accepted)
            await self.disconnect()
            if self._bulk is not None:
                await self._bulk.close()

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Give the writing connection inside a transaction. Raises what the database raises."""
        async with self._lock:
            try:
                if self._connection is None:
                    self._connection = await self._engine.connect()
                async with self._connection.begin():
                    yield self._connection
            except BaseException as error:
                if not blames_row(error):
                    await self.disconnect()
                raise

    async def recover(self) -> None:
        """Put what the last run left in order: its spool first, then the calls it left open."""
        spooled = 0
        if not self._recovered:
            while self._spool.pending:
                spooled += await self._replay()
            async with self.transaction() as connection:
                found = await interrupt_open_calls(connection, self._node, self._open)
                highest = [(await connection.execute(select(func.max(t.c.row)))).scalar() or 0 for t in _APPENDED]
                begun = {"started": self._wall(), "closed": 0}
                await connection.execute(update(nodes).where(nodes.c.number == self._node).values(begun))
                if self._bulk is None:
                    await connection.run_sync(self._beat)
            if self._bulk is not None:
                await self._bulk.transaction(self._beat)  # its thread and connection are there from the start
            # A clock that was set back must not give out row numbers twice.
            self._next_row = max(self._next_row, self._first_row(ROW_EPOCH + (max(highest) >> 22) + 1))
            self.recovery = msgspec.structs.replace(found, spooled=spooled, rejected=self._spool.rejected)
            self._recovered = True

    def failed(self, error: BaseException) -> None:
        """Remember that an attempt failed and when to try again."""
        first = not self.failing
        self._attempts += 1
        self._error, self._remedy = explain(error, self._database.path)
        pause = RETRY_SECONDS[min(self._attempts, len(RETRY_SECONDS)) - 1]
        self._retry_at = time.monotonic() + pause
        if first:
            log.error("store is failing", database=self._database.where, error=self._error, remedy=self._remedy)

    def _work_left(self) -> bool:
        beat_due = bool(self._open) and time.monotonic() >= self._beat_at
        return bool(self._queue) or self._spool.pending > 0 or beat_due

    async def _attempt(self) -> bool:
        """Write one batch, from the spool if that holds older rows. Return False when the database fails."""
        if time.monotonic() < self._retry_at:
            return False
        try:
            if not self._recovered:
                await self.recover()
            elif self._spool.pending:
                await self._replay()
            else:
                await self._write_queue()
        except (SQLAlchemyError, OSError) as error:
            self.failed(error)
            return False
        except Exception as error:
            # A fault of ours must not end the writing of call records: it is reported, and tried again.
            log.exception("store writer fault")
            self.failed(error)
            return False
        if self.failing:
            log.info("store works again", database=self._database.where, attempts=self._attempts)
            self._attempts = 0
            self._error = self._remedy = ""
        return True

    async def _write_queue(self) -> None:
        queue = self._queue
        batch = [queue[index] for index in range(min(BATCH_ROWS, len(queue)))]
        started = time.monotonic()
        await self._store(batch)
        for _ in batch:
            queue.popleft()
        self._settle(len(batch))
        self._commits += 1
        self._commit_ms = (time.monotonic() - started) * 1000

    async def _replay(self) -> int:
        rows, offset = await asyncio.to_thread(self._spool.read, SPOOL_ROWS)
        await self._store(rows)
        await asyncio.to_thread(self._spool.done, len(rows), offset)
        return len(rows)

    async def _store(self, rows: list[Row]) -> None:
        """Put rows into the database in one transaction; rows it refuses are put aside, the others still go in."""
        try:
            await self._insert(rows)
        except Exception as error:
            if not blames_row(error):
                raise
            for row in rows:
                await self._store_alone(row)

    async def _store_alone(self, row: Row) -> None:
        try:
            await self._insert([msgspec.structs.replace(row, values=printable(row.values))])
        except Exception as error:
            if not blames_row(error):
                raise
            log.error("row refused by the database", table=row.kind.name, error=explain(error, None)[0])
            await asyncio.to_thread(self._spool.reject, encode(row))

    async def _insert(self, rows: list[Row]) -> None:
        work = partial(self._insert_all, rows)
        if self._bulk is None:
            async with self.transaction() as connection:
                await connection.run_sync(work)
        else:
            async with self._lock:
                try:
                    await self._bulk.transaction(work)
                except BaseException as error:
                    if not blames_row(error):
                        await self._bulk.disconnect()
                    raise
        self._written += len(rows)

    def _insert_all(self, rows: list[Row], connection: Connection) -> None:
        """Put rows in, with what follows from them; in the bulk thread, or in the loop for a server."""
        by_table: dict[str, list[tuple[object, ...]]] = {}
        for row in rows:
            by_table.setdefault(row.kind.name, []).append(stored_values(row, self._node))
        for table, values in by_table.items():
            insert_rows(connection, self._statements.inserts[table], values)
        handle_conversations(connection, (row.values for row in rows if row.kind is CALLS))
        set_topics(connection, (row.values for row in rows if row.kind is TOPICS))
        if time.monotonic() >= self._beat_at:
            self._beat(connection)

    async def note_end(self, connection: AsyncConnection) -> None:
        """Remember that this run ended in order."""
        at = self._wall()
        await connection.execute(update(nodes).where(nodes.c.number == self._node).values(alive=at, closed=at))

    def _beat(self, connection: Connection) -> None:
        connection.execute(update(nodes).where(nodes.c.number == self._node).values(alive=self._wall()))
        self._beat_at = time.monotonic() + HEARTBEAT_SECONDS

    async def _save(self) -> None:
        """Move what waits in memory to the spool, so that it survives this process."""
        queue = self._queue
        while queue and time.monotonic() >= self._save_at:
            rows = [queue[index] for index in range(min(SPOOL_ROWS, len(queue)))]
            try:
                saved = await asyncio.to_thread(self._spool.append, rows)
            except (OSError, ValueError, TypeError) as error:
                log.warning("spool cannot be written", path=str(self._spool.path), error=str(error))
                saved = 0
            if saved < len(rows):
                self._save_at = time.monotonic() + RETRY_SECONDS[2]
            for _ in range(saved):
                queue.popleft()
            self._settle(saved)

    async def disconnect(self) -> None:
        """Give the connection up; the next transaction opens a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(SQLAlchemyError, OSError):
                await connection.invalidate()
                await connection.close()

    # --- bookkeeping ------------------------------------------------------------------------------------------------

    def _settle(self, rows: int) -> None:
        self._settled += rows
        self._tell(self._settled)

    def _tell(self, settled: int) -> None:
        waiting = self._waiting
        self._waiting = [entry for entry in waiting if entry[0] > settled]
        for target, done in waiting:
            if target <= settled and not done.done():
                done.set_result(None)

    def _hurry(self) -> None:
        """Have what waits written now, or with the next group."""
        pause = self._group_until - time.monotonic()
        if pause > 0:
            self._wake_in(pause)
        else:
            self._wake.set()

    def _arm(self) -> None:
        if self._urgent and not self.failing:
            self._hurry()
        elif self._queue or self._spool.pending or (self._open and self.failing):
            self._wake_in(max(BATCH_SECONDS, self._retry_at - time.monotonic()) if self.failing else BATCH_SECONDS)
        elif self._open:
            self._wake_in(HEARTBEAT_SECONDS)

    def _wake_in(self, seconds: float) -> None:
        self._cancel_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._wake.set)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _first_row(self, at: int) -> int:
        """Row numbers: ms since 2025 in the high bits, ten bits of node, twelve of counter that carry into the ms."""
        return max(at - ROW_EPOCH, 0) << 12

    def _row_number(self) -> int:
        self._next_row += 1
        return (self._next_row >> 12 << 22) | (self._node << 12) | (self._next_row & 0xFFF)


_APPENDED = tuple(kind.table for kind in KINDS.values() if kind.append)
