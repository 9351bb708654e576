"""From an empty file to the tables this program knows, and never further than it knows."""

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine

from softacd.store import Store, StoreError, migration
from softacd.store.tables import SCHEMA, metadata
from tests.store.shop import Call, OpenStore


async def test_the_migrations_make_the_tables_the_program_expects(open_store: OpenStore) -> None:
    store = await open_store()

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async with store._engine().connect() as connection:
        assert await connection.run_sync(differences) == []


def test_the_newest_migration_is_the_one_the_program_knows() -> None:
    script = ScriptDirectory(str(migration.SCRIPTS))
    assert script.get_heads() == [SCHEMA], "one line of revisions, and `SCHEMA` names its end"


async def test_the_second_start_changes_nothing(open_store: OpenStore, path: Path, call: Call) -> None:
    store = await open_store()
    store.write(call("n1-1", ended=5))
    await store.close()
    with sqlite3.connect(path) as other:
        before = other.execute("PRAGMA schema_version").fetchone()
    store = await open_store()
    with sqlite3.connect(path) as other:
        assert other.execute("PRAGMA schema_version").fetchone() == before
    assert [record.id for record in await store.calls()] == ["n1-1"]


async def test_calls_of_the_first_revision_stay_readable(
    open_store: OpenStore, path: Path, url: str, call: Call
) -> None:
    store = await open_store()
    store.write(call("n1-1", ended=5))
    await store.close()
    config = Config()
    config.set_main_option("script_location", str(migration.SCRIPTS))
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    engine.dispose()
    with sqlite3.connect(path) as other:
        assert "customer" not in [row[1] for row in other.execute("PRAGMA table_info(calls)")]
    store = await open_store()
    store.write(call("n1-2", ended=6, customer="7", category="vip", caller_name="VIP Ann"))
    [second, first] = sorted(await store.calls(), key=lambda record: record.id, reverse=True)
    assert (first.id, first.customer) == ("n1-1", "")
    assert (second.customer, second.category, second.caller_name) == ("7", "vip", "VIP Ann")


async def test_a_migration_that_fails_leaves_nothing_behind(
    open_store: OpenStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE half (x)")
        connection.exec_driver_sql("CREATE TABLE half (x)")

    with monkeypatch.context() as patch:
        patch.setattr(migration, "_upgrade", half)
        with pytest.raises(StoreError, match="half already exists"):
            await open_store()
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    assert await (await open_store()).calls() == []


def content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


async def set_revision(open_store: OpenStore, path: Path, revision: str) -> None:
    await (await open_store()).close()
    with sqlite3.connect(path) as other:
        other.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    other.close()


async def test_a_newer_database_is_left_alone(open_store: OpenStore, path: Path, url: str) -> None:
    await set_revision(open_store, path, "9999")
    for opening in (open_store, lambda: Store.open_for_reading(url)):
        with pytest.raises(StoreError, match="a newer softacd wrote it") as refused:
            await opening()
        assert "that version" in refused.value.remedy


async def test_reading_migrates_nothing(open_store: OpenStore, path: Path, url: str) -> None:
    with pytest.raises(StoreError, match="no such database"):
        await Store.open_for_reading(url)
    assert content(path) is None, "looking makes no file"
    put(path, b"")
    with pytest.raises(StoreError, match="not a softacd database"):
        await Store.open_for_reading(url)
    assert content(path) == b""


async def test_an_older_database_is_not_read_but_explained(
    open_store: OpenStore, path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await (await open_store()).close()
    monkeypatch.setattr(migration, "SCHEMA", "9999")
    with pytest.raises(StoreError, match=f"older revision {SCHEMA}") as refused:
        await Store.open_for_reading(url)
    assert "Start this version" in refused.value.remedy


async def test_a_file_that_is_no_database(open_store: OpenStore, path: Path, url: str) -> None:
    picture = b"a holiday picture " * 1000
    put(path, picture)
    for opening in (open_store, lambda: Store.open_for_reading(url)):
        with pytest.raises(StoreError, match="not a database") as refused:
            await opening()
        assert "backup" in refused.value.remedy
    assert content(path) == picture
