"""Bringing a database to the revision this program knows."""

from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from softacd.store.errors import StoreError
from softacd.store.tables import SCHEMA

SCRIPTS = Path(__file__).parent / "migrations"


async def revision(engine: AsyncEngine) -> str:
    """Return the revision the database is at, "" for an empty one."""
    async with engine.connect() as connection:
        try:
            row = (await connection.execute(text("SELECT version_num FROM alembic_version"))).first()
        except (OperationalError, ProgrammingError) as error:
            if "alembic_version" in str(error.orig):
                return ""
            raise
    return str(row[0]) if row else ""


async def migrate(reader: AsyncEngine, writer: AsyncEngine, where: str) -> None:
    """Bring the database to `SCHEMA` in one transaction. Raises StoreError when a newer softacd wrote it."""
    present = await revision(reader)
    if present == SCHEMA:
        return
    if present and present not in _known():
        raise newer(where, present)
    async with writer.begin() as connection:
        await connection.run_sync(_upgrade)


async def check(engine: AsyncEngine, where: str) -> None:
    """Raise StoreError unless the database is at `SCHEMA`; change nothing."""
    present = await revision(engine)
    if present == SCHEMA:
        return
    if not present:
        raise StoreError(where, "this is not a softacd database", "Start softacd once, or check store.url.")
    if present in _known():
        remedy = "Start this version of softacd once: it brings the database up to date."
        raise StoreError(where, f"the database is at the older revision {present}", remedy)
    raise newer(where, present)


def newer(where: str, present: str) -> StoreError:
    """Say that the database belongs to a later version."""
    remedy = "Run that version, or restore the backup made before it was installed."
    return StoreError(where, f"a newer softacd wrote it (revision {present}, this one knows {SCHEMA})", remedy)


def _known() -> set[str]:
    from alembic.script import ScriptDirectory  # 0.2 s to import, and only needed to migrate

    return {script.revision for script in ScriptDirectory(str(SCRIPTS)).walk_revisions()}


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
