"""What remembering costs: handing a record over, the loop's time a row, the wait for the commit that makes a call safe.

A call is what a queue call leaves: its record three times (begun, connected, ended), two legs, a conversation, twelve
events, thirty SIP messages. The same rows are then written by sqlite3 alone in one transaction of 200 after the other,
which is as fast as this file can be written. Run it: `python -m benchmarks.store`.
"""

import asyncio
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

import msgspec
import uvloop
from sqlalchemy.dialects.sqlite import aiosqlite

from benchmarks.harness import Figures, figure, table
from softacd.calls.records import (
    AnyRecord,
    CallEvent,
    CallRecord,
    Direction,
    LegRecord,
    Outcome,
    Segment,
    TraceRow,
)
from softacd.store import Store
from softacd.store.statements import Statements
from softacd.store.tables import KINDS, Row, stored_values
from softacd.store.writer import BATCH_ROWS

EVENTS, MESSAGES = 12, 30
NOON = 1_780_315_200_000
SQLITE = "sqlite3 alone"


def left_by(number: int) -> list[AnyRecord]:
    """Every record of one call, in the order they are made."""
    start = NOON + number * 40
    call = CallRecord(
        f"n1-{start:x}-{number:x}", Direction.INCOMING, start, f"+3736{number % 10**7:07}", "+37322000111", "alpha",
        queue="sales",
    )  # fmt: skip
    messages = [
        TraceRow(call.id, start + step, bool(step & 1), "trunk:alpha", "180 Ringing", "1 INVITE")
        for step in range(MESSAGES)
    ]
    events = [CallEvent(call.id, start + step, "announced", "position-1 wait-2") for step in range(EVENTS)]
    legs = [LegRecord(f"{call.id}-{leg}", call.id, "agent:ann", "101", True, start, ended=start + 9) for leg in "ab"]
    talk = Segment(call.id, 1, "agent:ann", "ann", start, start + 9, 9, 0, "caller")
    connected = msgspec.structs.replace(call, connected=start + 5, agent="ann")
    ended = msgspec.structs.replace(connected, ended=start + 9, outcome=Outcome.ANSWERED, talk_ms=4)
    return [call, *messages[:20], *events, connected, *messages[20:], talk, *legs, ended]


async def through_the_store(directory: Path, calls: int) -> tuple[float, float, float, list[float]]:
    """Return seconds per record handed over, the loop's CPU and the clock's seconds a row, and waits for commits."""
    records = [record for number in range(calls) for record in left_by(number)]
    store = await Store.open(f"sqlite:///{directory}/store.db", node="n1", wall=lambda: NOON)
    handing = 0.0
    began, cpu_began = time.perf_counter(), time.thread_time()
    for start in range(0, len(records), 2_000):
        at = time.perf_counter()
        for record in records[start : start + 2_000]:
            store.write(record)
        handing += time.perf_counter() - at
        await store.flush()
    clock, cpu = time.perf_counter() - began, time.thread_time() - cpu_began
    waits = []
    for number in range(calls, calls + 200):
        at = time.perf_counter()
        for record in left_by(number):
            store.write(record)
        await store.flush()
        waits.append(time.perf_counter() - at)
    await store.close()
    rows = len(records)
    return handing / rows, cpu / rows, clock / rows, waits


def through_sqlite(directory: Path, calls: int) -> tuple[float, list[float]]:
    """Return the clock's seconds a row in batches, and the time of each transaction of one call."""
    path = directory / "alone.db"
    asyncio.run(_empty(path))
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=NORMAL")
    inserts = Statements(aiosqlite.dialect()).inserts
    number_of_row = iter(range(1, 10**9))
    rows = [_bound(record, next(number_of_row)) for number in range(calls) for record in left_by(number)]
    began = time.perf_counter()
    for start in range(0, len(rows), BATCH_ROWS):
        _transaction(connection, inserts, rows[start : start + BATCH_ROWS])
    clock = time.perf_counter() - began
    waits = []
    for number in range(calls, calls + 200):
        one = [_bound(record, next(number_of_row)) for record in left_by(number)]
        at = time.perf_counter()
        _transaction(connection, inserts, one)
        waits.append(time.perf_counter() - at)
    connection.close()
    return clock / len(rows), waits


def _transaction(
    connection: sqlite3.Connection, inserts: dict[str, str], rows: list[tuple[str, tuple[object, ...]]]
) -> None:
    by_table: dict[str, list[tuple[object, ...]]] = {}
    for name, values in rows:
        by_table.setdefault(name, []).append(values)
    connection.execute("BEGIN IMMEDIATE")
    for name, several in by_table.items():
        connection.executemany(inserts[name], several)
    connection.execute("COMMIT")


def _bound(record: AnyRecord, number: int) -> tuple[str, tuple[object, ...]]:
    kind = KINDS[type(record)]
    return kind.name, stored_values(Row(kind, number, kind.values(record), 0.0), 1)


async def _empty(path: Path) -> None:
    await (await Store.open(f"sqlite:///{path}", node="n1", wall=lambda: NOON)).close()


def run(calls: int = 1_000) -> Figures:
    """Microseconds a row and milliseconds a commit, beside sqlite3 alone on the same disk."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        handed, cpu, clock, waits = uvloop.run(through_the_store(directory, calls))
        alone, alone_waits = through_sqlite(directory, calls)
    figures: Figures = {
        "handing a record over": figure(handed * 1e6, "us", goal=5.0),
        "loop thread a row": figure(cpu * 1e6, "us", goal=30.0),
        "written, a row": figure(clock * 1e6, "us", beside=alone * 1e6, ratio_to=SQLITE),
    }
    for title, share in (("p50", 50), ("p99", 99)):
        mine, theirs = (statistics.quantiles(each, n=100)[share - 1] * 1e3 for each in (waits, alone_waits))
        figures[f"an ended call is safe {title}"] = figure(
            mine, "ms", goal=10.0 if share == 50 else None, beside=theirs, ratio_to=SQLITE
        )
    return figures


if __name__ == "__main__":
    print(table(run()))
