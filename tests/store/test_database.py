"""Reaching the database: URLs, files, locks, and errors that name a remedy."""

import importlib.util
import os
import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from softacd.store import StoreError
from softacd.store.database import Database
from tests.store.shop import OpenStore


@pytest.mark.parametrize("url", ["", "softacd.db", "mysql://u:s3cret@h/d", "://", "sqlite", "http://u:s3cret@h"])
def test_what_is_no_url_of_ours(url: str) -> None:
    with pytest.raises(StoreError) as refused:
        Database(url)
    assert "sqlite:///" in refused.value.remedy
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_memory_is_no_place_to_remember(url: str) -> None:
    with pytest.raises(StoreError, match="without a file"):
        Database(url)


@pytest.mark.parametrize("url", ["sqlite:///var/x.db", "sqlite+aiosqlite:///var/x.db"])
def test_a_file(url: str) -> None:
    assert Database(url).path == Path("var/x.db")


def test_a_password_is_never_shown() -> None:
    database = Database("postgresql://softacd:s3cret@localhost/softacd")
    assert database.where == "postgresql+asyncpg://softacd:***@localhost/softacd"
    assert database.path is None


@pytest.mark.skipif(importlib.util.find_spec("asyncpg") is not None, reason="asyncpg is installed here")
async def test_postgresql_without_its_driver_says_what_to_install(open_store: OpenStore) -> None:
    with pytest.raises(StoreError, match="asyncpg is not installed") as refused:
        await open_store(url="postgresql://softacd:s3cret@localhost/softacd")
    assert "pip install asyncpg" in refused.value.remedy
    assert "s3cret" not in str(refused.value)


async def test_strange_names_and_folders_that_are_not_there_yet(open_store: OpenStore, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "50% off #1 café.db"
    store = await open_store(url=f"sqlite:///{path}")
    assert await store.calls() == []
    assert "50% off #1 café.db" in [file.name for file in path.parent.iterdir()]


async def test_the_owner_alone_reads_who_called(open_store: OpenStore, path: Path) -> None:
    await open_store()
    files = list(path.parent.iterdir())
    assert {file.name for file in files} >= {"softacd.db", "softacd.db-wal", "softacd.db.lock", "softacd.db.n1.spool"}
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


async def test_it_writes_ahead_and_survives_the_death_of_the_process(open_store: OpenStore) -> None:
    store = await open_store()
    async with store._writer.transaction() as connection:
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar() == "wal"
        assert (await connection.execute(text("PRAGMA synchronous"))).scalar() == 1  # NORMAL


async def test_a_folder_that_cannot_be_made(open_store: OpenStore, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError) as refused:
        await open_store(url=f"sqlite:///{tmp_path}/file/softacd.db")
    assert str(tmp_path / "file") in refused.value.remedy


async def test_the_lock_names_its_holder_and_goes_with_it(open_store: OpenStore, path: Path) -> None:
    store = await open_store()
    assert path.with_name("softacd.db.lock").read_text() == str(os.getpid())
    with pytest.raises(StoreError, match=f"process {os.getpid()}"):
        await open_store()
    await store.close()
    await open_store()
