"""Asking for calls."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from softacd.calls.records import CallRecord, Direction, Outcome, RecordingRecord, Segment
from softacd.store import Store, StoreError
from tests.store.shop import MORNING, Call, OpenStore

INCOMING, OUTGOING, INTERNAL = Direction


@pytest.fixture
async def store(open_store: OpenStore, call: Call) -> Store:
    """A morning's calls, named by their minute."""
    store = await open_store()

    def at(minute: int, **fields: Any) -> CallRecord:
        started = MORNING + minute * 60_000
        return call(f"n1-{minute}", started=started, ended=started + 1_000, **fields)

    for record in (
        at(1, outcome=Outcome.ABANDONED, queue="sales"),
        at(2, outcome=Outcome.ANSWERED, queue="sales", agent="ann", caller="+40721000000", connected=MORNING + 120_500),
        at(3, outcome=Outcome.MISSED, caller="anonymous"),
        at(4, outcome=Outcome.ANSWERED, direction=INTERNAL, caller="101", called="102", connected=MORNING + 240_500),
        at(5, outcome=Outcome.BUSY, direction=OUTGOING, caller="101", called="069123456"),
        at(
            6,
            outcome=Outcome.ANSWERED,
            queue="support",
            agent="bob",
            caller="+40700100101",
            connected=MORNING + 360_500,
        ),
        at(7, outcome=Outcome.MISSED, caller="+380671234567"),
    ):
        store.write(record)
    store.write(Segment("n1-6", 1, "agent:ann", "ann", MORNING, MORNING + 1, 1, 0, "transfer"))
    return store


async def minutes(store: Store, **question: Any) -> list[int]:
    return [int(record.id[3:]) for record in await store.calls(**question)]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ({}, [7, 6, 5, 4, 3, 2, 1]),
        ({"limit": 2}, [7, 6]),
        ({"limit": 0}, [7]),
        ({"since": MORNING + 5 * 60_000}, [7, 6, 5]),
        ({"before": MORNING + 5 * 60_000}, [4, 3, 2, 1]),
        ({"before": MORNING + 5 * 60_000, "limit": 2}, [4, 3]),
        ({"outcome": Outcome.ANSWERED}, [6, 4, 2]),
        ({"outcome": "busy"}, [5]),
        ({"queue": "sales"}, [2, 1]),
        ({"agent": "ann"}, [6, 2]),  # she took 6 and passed it on to bob
        ({"agent": "bob"}, [6]),
        ({"agent": "ann", "queue": "sales"}, [2]),
        ({"missed_open": True}, [7, 3, 1]),
        ({"number": "+37369123456"}, [5, 1]),  # whoever called whom
        ({"number": "069 123 456"}, [5, 1]),
        ({"number": "+380671234567"}, [7]),
        ({"number": "0571234567"}, []),  # another town's number with the same ending
        ({"number": "101"}, [6, 5, 4]),  # an extension, or the last digits
        ({"number": "102"}, [4]),
        ({"number": "anonymous"}, [3]),
        ({"number": "%"}, []),
        ({"number": ""}, [7, 6, 5, 4, 3, 2, 1]),
    ],
)
async def test_questions(store: Store, question: dict[str, Any], answer: list[int]) -> None:
    assert await minutes(store, **question) == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ({}, "dcba"), ({"limit": 2}, "dc"), ({"oldest_first": True, "limit": 2}, "ab"), ({"kept": True}, "dba"),
        ({"agent": "ann"}, "ca"), ({"queue": "sales"}, "ba"), ({"since": MORNING + 2}, "dc"),
        ({"before": MORNING + 2}, "ba"), ({"before": MORNING + 3, "kept": True, "oldest_first": True}, "ab"),
    ],
)  # fmt: skip
async def test_recordings(open_store: OpenStore, question: dict[str, Any], answer: str) -> None:
    store = await open_store()
    for number, (agent, queue, removed) in enumerate(
        (("ann", "sales", 0), ("bob", "sales", 0), ("ann", "support", 7), ("bob", "support", 0))
    ):
        name = "abcd"[number]
        record = RecordingRecord(name, f"n1-{name}", "agent:x", queue, agent, MORNING + number, f"{name}.wav")
        store.write(record)
        record.ended, record.octets, record.removed = MORNING + 60_000, 960_000, removed
        store.write(record)
    assert "".join(each.id for each in await store.recordings(**question)) == answer


async def test_page_by_page(store: Store) -> None:
    pages: list[list[int]] = []
    before = None
    while page := await store.calls(limit=3, before=before):
        pages.append([int(record.id[3:]) for record in page])
        before = page[-1].started
    assert pages == [[7, 6, 5], [4, 3, 2], [1]]


async def test_numbers_that_share_an_ending_do_not_hide_the_one_asked_for(open_store: OpenStore, call: Call) -> None:
    store = await open_store()
    store.write(call("n1-0", caller="+380671234567", started=MORNING))
    for number in range(1, 60):
        store.write(call(f"n1-{number}", caller="+380571234567", started=MORNING + number))
    assert await minutes(store, number="0671234567", limit=5) == [0]


async def test_another_program_reads_while_this_one_writes(store: Store, url: str, call: Call) -> None:
    reader = await Store.open_for_reading(url)
    assert not isinstance(reader, Store)
    async with store._writer.transaction():  # a writer in the middle of its work
        assert len(await reader.calls()) == len(await reader.calls(limit=50)) > 0
    store.write(call("n1-8", started=MORNING + 480_000))
    await store.flush()
    assert (await reader.calls(limit=1))[0].id == "n1-8"
    assert (await reader.call("n1-6")).segments[0].agent == "ann"  # type: ignore[union-attr]  # it is there
    await reader.close()
    with pytest.raises(StoreError, match="closed"):
        await reader.calls()


async def test_who_reads_cannot_write(store: Store, url: str) -> None:
    await store.flush()
    reader = await Store.open_for_reading(url)
    async with reader._engine().connect() as connection:
        with pytest.raises(OperationalError, match="readonly"):
            await connection.execute(text("DELETE FROM calls"))
    await reader.close()
    assert len(await store.calls()) == 7


async def test_a_database_that_breaks_says_so(store: Store) -> None:
    await store.flush()
    async with store._writer.transaction() as connection:
        await connection.exec_driver_sql("DROP TABLE segments")
    with pytest.raises(StoreError, match="no such table"):
        await store.call("n1-6")
