"""Write-behind: when rows go to the database, and what becomes of them while it does not take any."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection

from softacd.calls.records import AgentEvent, CallEvent, LegRecord, Outcome, TraceRow
from softacd.store import Store, StoreError, database, writer
from tests.store.shop import MORNING, Call, OpenStore, Wall


def count(path: Path, table: str) -> int:
    """Look into the file with another program's eyes."""
    with sqlite3.connect(path) as other:
        number: int = other.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - our own names
    other.close()
    return number


async def until(condition: Any, seconds: float = 5.0) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "it did not happen in time"
        await asyncio.sleep(0.005)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for locks and between attempts for a moment only."""
    monkeypatch.setattr(database, "WRITER_BUSY_SECONDS", 0.02)
    monkeypatch.setattr(writer, "RETRY_SECONDS", (0.02, 0.02, 0.02))


@pytest.fixture
def locked(path: Path) -> Any:
    """Another program that keeps the database locked until `.rollback()`."""
    other = sqlite3.connect(path, isolation_level=None)
    yield other
    other.close()


async def test_rows_are_gathered_and_go_together(open_store: OpenStore, path: Path) -> None:
    store = await open_store()
    for number in range(writer.BATCH_ROWS - 1):
        store.write(CallEvent("n1-1", MORNING, "key", str(number)))
    for _ in range(20):
        await asyncio.sleep(0)
    assert store.status().queued == writer.BATCH_ROWS - 1, "nothing hurries"
    await until(lambda: store.status().queued == 0)
    status = store.status()
    assert (status.commits, status.written, status.lag_ms) == (1, writer.BATCH_ROWS - 1, 0)
    assert count(path, "call_events") == writer.BATCH_ROWS - 1


async def test_a_full_batch_goes_at_once(open_store: OpenStore, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(writer, "BATCH_SECONDS", 3600.0)
    store = await open_store()
    for number in range(writer.BATCH_ROWS):
        store.write(CallEvent("n1-1", MORNING, "key", str(number)))
    await until(lambda: store.status().queued == 0)
    assert count(path, "call_events") == writer.BATCH_ROWS


async def test_the_end_of_a_call_goes_at_once_with_all_that_waits(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch, call: Call, path: Path
) -> None:
    monkeypatch.setattr(writer, "BATCH_SECONDS", 3600.0)
    store = await open_store()
    store.write(CallEvent("n1-1", MORNING, "key", "2"))
    store.write(call("n1-1"))
    await asyncio.sleep(0.05)
    assert count(path, "calls") == 0
    store.write(call("n1-1", ended=MORNING + 5, outcome=Outcome.MISSED))
    await until(lambda: store.status().queued == 0)
    assert (count(path, "calls"), count(path, "call_events"), store.status().commits) == (1, 1, 1)


async def test_a_full_disk_costs_nothing(open_store: OpenStore, impatient: None, call: Call, path: Path) -> None:
    store = await open_store()
    store.write(call("n1-0"))
    await store.flush()

    def fill(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    bulk = store._writer._bulk
    assert bulk is not None
    await bulk.transaction(fill)

    for number in range(300):
        store.write(CallEvent("n1-0", MORNING + number, "note", "x" * 400))
    store.write(call("n1-0", ended=MORNING + 5, outcome=Outcome.ANSWERED))
    await store.flush()
    status = store.status()
    assert status.failing
    assert "disk is full" in status.error
    assert "Free some space" in status.remedy
    assert (status.queued, status.dropped) == (0, 0)
    assert status.spooled >= 101, "what the database did not take is in the spool"
    assert (await store.calls())[0].outcome is Outcome.OPEN, "what is there can still be read"

    # The limit lives in the connection that failed, and that is gone: there is space again.
    await until(lambda: not store.status().failing)
    await store.flush()
    await until(lambda: store.status().spooled == 0)
    assert (count(path, "call_events"), count(path, "calls")) == (300, 1)
    assert (await store.calls())[0].outcome is Outcome.ANSWERED
    assert store.status().error == ""


async def test_a_locked_database_is_waited_for_in_order(
    open_store: OpenStore, impatient: None, call: Call, locked: sqlite3.Connection
) -> None:
    store = await open_store()
    locked.execute("BEGIN IMMEDIATE")
    store.write(call("n1-1"))
    await store.flush()
    assert (store.status().failing, store.status().spooled) == (True, 1)
    assert "locked" in store.status().error
    with pytest.raises(StoreError, match="locked") as refused:
        await store.handle_missed("n1-1", MORNING)
    assert "End the program" in refused.value.remedy
    for step in ("menu", "queue"):
        store.write(CallEvent("n1-1", MORNING, step))
    store.write(call("n1-1", ended=MORNING + 5, outcome=Outcome.ABANDONED))
    await store.flush()
    assert (store.status().queued, store.status().spooled) == (0, 4)

    locked.execute("ROLLBACK")
    await until(lambda: not store.status().failing and store.status().spooled == 0)
    detail = await store.call("n1-1")
    assert detail is not None
    assert detail.call.outcome is Outcome.ABANDONED
    assert [event.kind for event in detail.events] == ["menu", "queue"]


async def test_what_the_spool_holds_survives_the_program(
    open_store: OpenStore, impatient: None, call: Call, locked: sqlite3.Connection
) -> None:
    store = await open_store()
    locked.execute("BEGIN IMMEDIATE")
    store.write(call("n1-1"))
    store.write(TraceRow("n1-1", MORNING, True, "trunk:alpha", "INVITE"))
    store.write(call("n1-1", ended=MORNING + 5, outcome=Outcome.BUSY))
    await store.close()
    assert store.status().spooled == 3
    locked.execute("ROLLBACK")

    store = await open_store()
    assert store.recovery.spooled == 3
    assert store.recovery.interrupted == ()
    assert store.recovery.describe() == "3 rows kept in the spool went into the database."
    detail = await store.call("n1-1")
    assert detail is not None
    assert (detail.call.outcome, len(detail.trace)) == (Outcome.BUSY, 1)
    await store.close()
    store = await open_store()
    assert store.recovery.spooled == 0


async def test_replaying_the_same_spool_twice_changes_nothing(
    open_store: OpenStore, impatient: None, call: Call, locked: sqlite3.Connection, path: Path
) -> None:
    store = await open_store()
    locked.execute("BEGIN IMMEDIATE")
    store.write(CallEvent("n1-1", MORNING, "menu"))
    store.write(call("n1-1", ended=MORNING + 5, outcome=Outcome.BUSY))
    await store.close()
    locked.execute("ROLLBACK")
    kept = (path.parent / "softacd.db.n1.spool").read_bytes()
    store = await open_store()
    await store.close()
    (path.parent / "softacd.db.n1.spool").write_bytes(kept)
    store = await open_store()
    assert store.recovery.spooled == 2
    assert (count(path, "call_events"), count(path, "calls")) == (1, 1)


async def test_it_opens_although_the_database_takes_nothing_and_recovers_later(
    open_store: OpenStore, impatient: None, call: Call, locked: sqlite3.Connection, wall: Wall
) -> None:
    store = await open_store()
    store.write(call("n1-1", queued=MORNING))
    await store.close()

    locked.execute("BEGIN IMMEDIATE")
    wall.now += 60_000
    store = await open_store()
    assert "recovered later" in store.recovery.describe()
    assert store.status().failing
    store.write(call("n1-2"))
    await store.flush()
    locked.execute("ROLLBACK")
    await until(lambda: not store.status().failing and store.status().spooled == 0)
    assert [record.id for record in store.recovery.interrupted] == ["n1-1"], "the call that lives now is not cut"
    assert {record.id: record.outcome for record in await store.calls()} == {
        "n1-1": Outcome.INTERRUPTED,
        "n1-2": Outcome.OPEN,
    }


async def test_without_database_and_spool_the_least_valuable_is_turned_away(
    open_store: OpenStore, impatient: None, monkeypatch: pytest.MonkeyPatch, call: Call, locked: sqlite3.Connection
) -> None:
    monkeypatch.setattr(writer, "QUEUE_ROWS", 100)
    store = await open_store()
    store._writer._spool.limit = 0
    locked.execute("BEGIN IMMEDIATE")
    for number in range(100):
        store.write(TraceRow("n1-1", MORNING, True, "phone:101", str(number)))
    assert (store.status().queued, store.status().dropped) == (50, 50)
    for number in range(100):
        store.write(CallEvent("n1-1", MORNING, "note", str(number)))
    assert store.status().queued == 80
    for number in range(50):
        store.write(call(f"n1-{number}", ended=MORNING))
    assert (store.status().queued, store.status().dropped) == (100, 150)
    await store.flush()
    assert (store.status().queued, store.status().failing) == (100, True)
    locked.execute("ROLLBACK")
    await until(lambda: store.status().queued == 0)
    assert len(await store.calls()) == 20


async def test_one_bad_row_does_not_stop_the_others(open_store: OpenStore, call: Call, path: Path) -> None:
    store = await open_store()
    store.write(call("n1-1"))
    store.write(TraceRow("n1-1", MORNING, True, "trunk:alpha", "INVITE \udce9\x00", "1 INVITE"))
    store.write(LegRecord(id="n1-1-a", call="n1-1", party="p", number="", outgoing=True, started=2**70))
    store.write(AgentEvent("ann", MORNING, "available", None))  # type: ignore[arg-type]  # a fault of ours
    store.write(CallEvent("n1-1", MORNING, "key", "2"))
    await store.flush()
    detail = await store.call("n1-1")
    assert detail is not None
    assert detail.trace[0].line.startswith("INVITE \\udce9")
    assert "\x00" not in detail.trace[0].line
    assert detail.legs[0].started == 2**63 - 1
    assert [event.detail for event in detail.events] == ["2"]
    assert not store.status().failing


async def test_what_the_database_refuses_is_put_aside(
    open_store: OpenStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await open_store()
    async with store._writer.transaction() as connection:
        await connection.exec_driver_sql(
            "CREATE TRIGGER no_sevens BEFORE INSERT ON call_events WHEN new.detail = '7' "
            "BEGIN SELECT RAISE(ABORT, 'no sevens'); END"
        )
    for number in range(10):
        store.write(CallEvent("n1-1", MORNING, "key", str(number)))
    await store.flush()
    assert (store.status().rejected, store.status().failing, store.status().queued) == (1, False, 0)
    assert count(path, "call_events") == 9
    refused = (path.parent / "softacd.db.n1.spool.rejected").read_bytes()
    assert msgspec.json.decode(refused)["record"]["detail"] == "7"


async def test_something_that_is_no_record_is_counted(open_store: OpenStore) -> None:
    store = await open_store()
    store.write("hello")  # type: ignore[arg-type]  # a fault of ours
    assert store.status().dropped == 1


async def test_while_calls_live_the_node_is_known_to_live(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch, call: Call, wall: Wall, path: Path
) -> None:
    monkeypatch.setattr(writer, "HEARTBEAT_SECONDS", 0.03)
    store = await open_store()

    def alive() -> int:
        with sqlite3.connect(path) as other:
            return int(other.execute("SELECT alive FROM nodes").fetchone()[0])

    store.write(call("n1-1"))
    await store.flush()
    wall.now += 30_000
    await until(lambda: alive() == MORNING + 30_000)
    store.write(call("n1-1", ended=MORNING + 30_000))
    await store.flush()
    await asyncio.sleep(0.04)
    commits = store.status().commits
    wall.now += 1
    await asyncio.sleep(0.1)
    assert store.status().commits == commits, "no call, no heartbeat"


async def test_a_fault_of_ours_is_reported_and_ends_nothing(
    open_store: OpenStore, impatient: None, monkeypatch: pytest.MonkeyPatch, call: Call
) -> None:
    store = await open_store()

    def broken(*_: object) -> int:
        raise AttributeError("a fault of ours")

    with monkeypatch.context() as patch:
        patch.setattr(writer, "handle_conversations", broken)
        store.write(call("n1-1", ended=MORNING))
        await store.flush()
        assert store.status().error == "a fault of ours"
    await until(lambda: not store.status().failing)
    assert len(await store.calls()) == 1


async def test_nothing_is_lost_of_ten_thousand_calls_written_while_others_read(
    open_store: OpenStore, url: str, call: Call, wall: Wall
) -> None:
    store = await open_store()
    reader = await Store.open_for_reading(url)
    seen: list[int] = []

    async def look() -> None:
        while len(seen) < 40 or seen[-1] < 10_000:
            newest = await reader.calls(limit=1)
            seen.append(int(newest[0].id[3:]) if newest else 0)

    looking = asyncio.create_task(look())
    for number in range(1, 10_001):
        store.write(call(f"n1-{number}", started=MORNING + number, ended=MORNING + number))
        if number % 50 == 0:
            await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await looking
    await reader.close()
    assert seen == sorted(seen), "a reader never sees time go back"
    assert store.status().dropped == 0
    assert len(await store.calls(limit=10_000)) == 10_000
