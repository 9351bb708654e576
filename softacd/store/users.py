"""Users of the desk and their sessions in the database: few rows, each change written before it is answered."""

import secrets
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from softacd.calls.users import AuditEntry, SessionRecord, User
from softacd.store import migration
from softacd.store.database import Database
from softacd.store.errors import StoreError, explain
from softacd.store.tables import audit, sessions, users
from softacd.store.writer import ROW_EPOCH

R = TypeVar("R", User, SessionRecord)


class UserTable:
    """Reads by `reader`, writes in `transaction`. Everything raises StoreError when the database does not answer."""

    def __init__(
        self,
        database: Database,
        reader: Callable[[], AsyncEngine],
        transaction: Callable[[], AbstractAsyncContextManager[AsyncConnection]],
    ) -> None:
        self._database = database
        self._reader = reader
        self._transaction = transaction

    async def all(self) -> list[User]:
        """Every user, by name."""
        return await self._read(User, users)

    async def sessions(self) -> list[SessionRecord]:
        """Every session that was not ended."""
        return await self._read(SessionRecord, sessions)

    async def put(self, user: User) -> None:
        """Create a user, or replace the one of this name."""
        await self._write(delete(users).where(users.c.name == user.name), insert(users).values(**_columns(user)))

    async def remove(self, name: str) -> None:
        """Forget a user and his sessions."""
        await self._write(delete(sessions).where(sessions.c.user == name), delete(users).where(users.c.name == name))

    async def begin(self, session: SessionRecord) -> None:
        """Keep a session."""
        await self._write(insert(sessions).values(**_columns(session)))

    async def touch(self, seen: Iterable[tuple[str, int]]) -> None:
        """Note when sessions were used last: (key, ms)."""
        await self._write(*(update(sessions).where(sessions.c.key == key).values(seen=at) for key, at in seen))

    async def end(self, keys: Iterable[str]) -> None:
        """Forget sessions."""
        await self._write(delete(sessions).where(sessions.c.key.in_(list(keys))))

    async def note(self, entry: AuditEntry) -> None:
        """Keep what was done on the command line: rows of no node (nodes count from 1, see `Writer`)."""
        row = (max(entry.at - ROW_EPOCH, 0) << 22) | secrets.randbelow(1 << 12)
        await self._write(insert(audit).values(row=row, **_columns(entry)))

    async def _read(self, record: type[R], table: Table) -> list[R]:
        try:
            async with self._reader().connect() as connection:
                rows = (await connection.execute(select(table).order_by(*table.primary_key))).mappings().all()
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(self._database.where, *explain(error, self._database.path)) from error
        return [msgspec.convert({name: row[name] for name in record.__struct_fields__}, record) for row in rows]

    async def _write(self, *statements: Any) -> None:
        if not statements:
            return
        try:
            async with self._transaction() as connection:
                for statement in statements:
                    await connection.execute(statement)
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(self._database.where, *explain(error, self._database.path)) from error


@asynccontextmanager
async def open_users(url: str, node: str) -> AsyncIterator[UserTable]:
    """The users of a database no softacd works with, without what a start of the switch puts in order there.

    Raises StoreError, with `in_use` when one does.
    """
    database = Database(url)
    try:
        engine, reader = database.open_writer(), database.open_reader()
        await database.claim(node)
        await migration.migrate(reader, engine, database.where)
        yield UserTable(database, lambda: reader, engine.begin)
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(database.where, *explain(error, database.path)) from error
    finally:
        await database.close()


def _columns(record: User | SessionRecord | AuditEntry) -> dict[str, Any]:
    """Its fields as the driver takes them."""
    return {
        name: str(value) if isinstance(value, str) else value for name, value in msgspec.structs.asdict(record).items()
    }
