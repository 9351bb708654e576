"""Batches into SQLite by a thread with a connection of its own: the event loop wakes once a batch, not at each step."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError


class Bulk:
    """One thread, one connection, one transaction a batch."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    async def transaction(self, work: Callable[[Connection], None]) -> None:
        """Do `work` in the thread, inside a transaction. Raises what the database or `work` raises."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._transaction, work)

    async def disconnect(self) -> None:
        """Give the connection up; the next transaction opens a new one."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)

    async def close(self) -> None:
        """Give everything up; nothing can be written afterwards."""
        await self.disconnect()
        self._thread.shutdown(wait=False)
        self._engine.dispose()

    def _transaction(self, work: Callable[[Connection], None]) -> None:
        if self._connection is None:
            self._connection = self._engine.connect()
        with self._connection.begin():
            work(self._connection)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()


def insert_rows(connection: Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Execute `statement` for each of `rows`. Raises what `Connection.exec_driver_sql` raises.

    To SQLite they go straight to its driver: there are a few tables a batch, and many batches a second.
    """
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        connection.exec_driver_sql(statement, list(rows))
        return
    try:
        driver.executemany(statement, rows)
    except sqlite3.Error as error:
        raise DBAPIError.instance(statement, None, error, sqlite3.Error, dialect=connection.dialect) from error
