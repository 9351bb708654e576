"""The same promises on PostgreSQL: set SOFTACD_TEST_POSTGRESQL to the URL of a database that may be emptied."""

import os
from pathlib import Path

import pytest
from sqlalchemy import text

from softacd.calls.records import AgentEvent, CallEvent, LegRecord, Outcome, TraceRow
from softacd.store import Store, StoreError
from softacd.store.database import Database
from tests.store.shop import MORNING, Call, OpenStore, Wall

URL = os.environ.get("SOFTACD_TEST_POSTGRESQL", "")

pytestmark = pytest.mark.skipif(not URL, reason="SOFTACD_TEST_POSTGRESQL names no database")


@pytest.fixture
async def store(open_store: OpenStore, tmp_path: Path) -> Store:
    empty = Database(URL)
    async with empty.open_writer().begin() as connection:
        await connection.execute(text("DROP SCHEMA public CASCADE"))
        await connection.execute(text("CREATE SCHEMA public"))
    await empty.close()
    return await open_store(url=URL, spool=tmp_path / "n1.spool")


async def test_calls_are_replaced_and_never_opened_again(store: Store, call: Call) -> None:
    store.write(call("n1-1"))
    store.write(call("n1-1", ended=MORNING + 5, outcome=Outcome.ABANDONED))
    store.write(call("n1-1"))
    assert [record.outcome for record in await store.calls()] == [Outcome.ABANDONED]


async def test_a_conversation_closes_missed_calls(store: Store, call: Call) -> None:
    store.write(call("n1-1", ended=MORNING + 5, outcome=Outcome.ABANDONED))
    assert len(await store.calls(missed_open=True)) == 1
    store.write(call("n1-2", started=MORNING + 60_000, connected=MORNING + 61_000, caller="069123456"))
    assert await store.calls(missed_open=True) == []
    assert len(await store.calls(number="+37369123456")) == 2


async def test_whatever_strangers_send_is_kept(store: Store, call: Call) -> None:
    store.write(call("n1-1"))
    store.write(TraceRow("n1-1", MORNING, True, "trunk:alpha", "INVITE \udce9\x00", "1 INVITE"))
    store.write(LegRecord(id="n1-1-a", call="n1-1", party="p", number="", outgoing=True, started=2**70))
    store.write(CallEvent("n1-1", MORNING, "key", "2"))
    store.write(AgentEvent("ann", MORNING, "lunch", "idle"))
    detail = await store.call("n1-1")
    assert detail is not None
    assert detail.trace[0].line == "INVITE \\udce9\\x00"
    assert (len(detail.legs), len(detail.events)) == (1, 1)
    assert (await store.last_statuses())["ann"].status == "lunch"
    assert not store.status().failing


async def test_the_next_start_marks_what_was_cut(store: Store, open_store: OpenStore, call: Call, wall: Wall) -> None:
    store.write(call("n1-1", connected=MORNING))
    wall.now += 9_000
    await store.close()
    store = await open_store(url=URL)
    assert [record.talk_ms for record in store.recovery.interrupted] == [9_000]
    reader = await Store.open_for_reading(URL)
    assert [record.outcome for record in await reader.calls()] == [Outcome.INTERRUPTED]
    await reader.close()


async def test_one_node_is_one_program(store: Store, open_store: OpenStore) -> None:
    with pytest.raises(StoreError, match='another softacd works with it as node "n1"') as refused:
        await open_store(url=URL)
    assert "server.node" in refused.value.remedy
    other = await open_store(url=URL, node="n2")
    assert other.recovery.interrupted == ()
    await store.close()
    await open_store(url=URL)
