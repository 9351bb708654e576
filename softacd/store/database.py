"""Reaching the database a URL names: SQLite in write-ahead-log mode, or PostgreSQL.

SQLite runs with `journal_mode=WAL` and `synchronous=NORMAL`: a commit is handed to the operating system, so it survives
the death of the process by any signal, and readers never wait for the writer. A power cut may take back the commits
since the last checkpoint, but never damages the file (https://sqlite.org/pragma.html#pragma_synchronous).
"""

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from softacd.store.bulk import Bulk
from softacd.store.errors import StoreError

BUSY_SECONDS = 2.0
"""How long a question waits for another program's lock before it fails."""

WRITER_BUSY_SECONDS = 0.25
"""The same for the writer: until it gives up and moves rows to the spool, they are in memory only."""

READERS = 4


class Database:
    """Where the database is, and the two ways in: `writer` (one connection, exclusive) and `reader` (read-only)."""

    __slots__ = ("_claim", "_lock", "path", "reader", "url", "where", "writer")

    def __init__(self, url: str) -> None:
        """Understand `url` ("sqlite:///var/softacd.db", "postgresql://user@host/name"). Raises StoreError."""
        self.url = _normalise(url)
        self.where = self.url.render_as_string(hide_password=True)
        self.path: Path | None = None
        if self.url.get_backend_name() == "sqlite":
            if self.url.database in (None, "", ":memory:"):
                raise StoreError(self.where, "an SQLite URL without a file", 'Name one: "sqlite:///var/softacd.db".')
            self.path = Path(str(self.url.database))
            self.where = str(self.path)
        self._lock: int | None = None
        self._claim: AsyncConnection | None = None
        self.writer: AsyncEngine | None = None
        self.reader: AsyncEngine | None = None

    def open_writer(self) -> AsyncEngine:
        """Make the file if need be, take the exclusive lock and return the writing engine. Raises StoreError."""
        if self.path is not None:
            self._take_file(self.path)
        self.writer = self._engine("rwc", readers=0)
        return self.writer

    def open_bulk(self) -> Bulk | None:
        """Return the way in for batches: SQLite's own; None on a server, whose driver works in the loop anyway."""
        if self.path is None:
            return None
        engine = create_engine(
            self._sqlite_url("rwc").set(drivername="sqlite+pysqlite"),
            pool_size=1,
            max_overflow=0,
            connect_args={"timeout": WRITER_BUSY_SECONDS, "check_same_thread": False},
        )
        _prepare_sqlite(engine, writing=True)
        return Bulk(engine)

    def open_reader(self) -> AsyncEngine:
        """Return the read-only engine. Raises StoreError when there is no such file."""
        if self.path is not None and not self.path.exists():
            raise StoreError(self.where, "there is no such database", "Start softacd once, or check store.url.")
        self.reader = self._engine("ro", readers=READERS)
        return self.reader

    async def claim(self, node: str) -> None:
        """See that nobody else is this node: its open calls would be taken for cut ones. Raises StoreError.

        An SQLite file is for one program anyway; on a server the claim lives as long as a connection kept for it.
        """
        if self.path is not None or self.reader is None:
            return
        self._claim = await self.reader.connect()
        claimed = text("SELECT pg_try_advisory_lock(hashtext('softacd'), hashtext(:node))")
        if not (await self._claim.execute(claimed, {"node": node})).scalar():
            remedy = "Stop that one, or give this one its own server.node."
            raise StoreError(self.where, f'another softacd works with it as node "{node}"', remedy, in_use=True)
        await self._claim.commit()

    async def close(self) -> None:
        """Close every connection and give the lock back."""
        claim, self._claim = self._claim, None
        if claim is not None:
            with contextlib.suppress(SQLAlchemyError, OSError):
                await claim.invalidate()
                await claim.close()
        for engine in (self.reader, self.writer):
            if engine is not None:
                await engine.dispose()
        self.reader = self.writer = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _take_file(self, path: Path) -> None:
        try:
            path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            # Who called whom is personal: the owner alone reads it. The -wal and -shm files inherit this.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            lock = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            remedy = f"Let the user softacd runs as write to {path.parent}, or name another place in store.url."
            raise StoreError(self.where, error.strerror or str(error), remedy) from error
        try:
            # The kernel gives the lock back when the process dies, however it dies.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(lock)
            remedy = "Stop that one, or give this one its own store.url."
            raise StoreError(self.where, f"another softacd uses it (process {holder})", remedy, in_use=True) from error
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode("ascii"), 0)
        self._lock = lock

    def _engine(self, mode: str, *, readers: int) -> AsyncEngine:
        url = self.url
        options: dict[str, Any] = {"pool_size": readers or 1, "max_overflow": 0, "pool_timeout": 10}
        if self.path is not None:
            url = self._sqlite_url(mode)
            options["connect_args"] = {"timeout": BUSY_SECONDS if readers else WRITER_BUSY_SECONDS}
        else:
            options["pool_pre_ping"] = True
        try:
            engine = create_async_engine(url, **options)
        except ImportError as error:
            remedy = f'Install it beside softacd ("pip install {error.name}"), or use "sqlite:///var/softacd.db".'
            raise StoreError(self.where, f"the driver {error.name} is not installed", remedy) from error
        if self.path is not None:
            _prepare_sqlite(engine.sync_engine, writing=not readers)
        return engine

    def _sqlite_url(self, mode: str) -> URL:
        """SQLite's own URI form: the only way to ask for a read-only connection."""
        quoted = str(Path(str(self.path)).absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        return self.url.set(database=f"file:{quoted}", query={"mode": mode, "uri": "true"})


def _normalise(written: str) -> URL:
    try:
        url = make_url(written)
        if url.get_backend_name() == "sqlite":
            return url.set(drivername="sqlite+aiosqlite")
        if url.get_backend_name() in ("postgresql", "postgres"):
            return url.set(drivername="postgresql+asyncpg")
    except (ArgumentError, NoSuchModuleError, ValueError):
        pass
    # The text is not repeated: it may hold a password in a place nobody can find it.
    remedy = 'Write "sqlite:///var/softacd.db" or "postgresql://user:password@host/database".'
    raise StoreError("store.url", "not a URL of SQLite or PostgreSQL", remedy)


def _prepare_sqlite(engine: Engine, *, writing: bool) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        # We begin transactions ourselves, so that a migration is one transaction too.
        connection.isolation_level = None
        cursor = connection.cursor()
        if writing:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=NORMAL")
            cursor.execute("PRAGMA journal_size_limit=16777216")
        cursor.close()

    # IMMEDIATE: the write lock is taken at once, where waiting for it is allowed, not in mid-transaction.
    begin = "BEGIN IMMEDIATE" if writing else "BEGIN"

    @event.listens_for(engine, "begin")
    def begun(connection: Any) -> None:
        connection.exec_driver_sql(begin)
