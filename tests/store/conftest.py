"""Stores in temporary directories, on a wall clock the test sets."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from softacd.calls.records import CallRecord, Direction
from softacd.store import Store
from tests.store.shop import Call, OpenStore, Wall


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "softacd.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture
async def open_store(url: str, wall: Wall) -> AsyncIterator[OpenStore]:
    opened: list[Store] = []

    async def open_one(**options: Any) -> Store:
        store = await Store.open(options.pop("url", url), node=options.pop("node", "n1"), wall=wall, **options)
        opened.append(store)
        return store

    yield open_one
    for store in opened:
        await store.close()


@pytest.fixture
def call(wall: Wall) -> Call:
    """Make a call record: incoming, from outside, starting now, unless told otherwise."""

    def make(name: str, **fields: Any) -> CallRecord:
        given = {"direction": Direction.INCOMING, "started": wall(), "caller": "+37369123456", "called": "+37322000111"}
        return CallRecord(id=name, **{**given, **fields})

    return make
