"""The store as the driver, the web and the terminal use it."""

from pathlib import Path

import msgspec
import pytest

from softacd.calls.records import (
    AgentAlarm,
    AgentEvent,
    AgentTime,
    AnyRecord,
    CallBackEvent,
    CallBackState,
    CallEvent,
    LegRecord,
    Outcome,
    PhoneEvent,
    TraceRow,
)
from softacd.store import Store, StoreError
from tests.store.shop import MORNING, Call, OpenStore, Wall


async def test_what_was_written_is_read_at_once(open_store: OpenStore, call: Call) -> None:
    store = await open_store()
    record = call("n1-1", trunk="alpha")
    store.write(record)
    assert await store.calls() == [record]

    record.outcome = Outcome.ABANDONED
    record.ended = MORNING + 9_000
    assert (await store.calls())[0].outcome is Outcome.OPEN, "the store keeps what it was given, not the object"
    store.write(record)
    assert await store.calls() == [record]


async def test_a_call_with_everything_that_happened_in_it(open_store: OpenStore, call: Call) -> None:
    store = await open_store()
    record = call("n1-7")
    leg = LegRecord(
        id="n1-7-a", call="n1-7", party="trunk:alpha", number="+37369123456", outgoing=False, started=MORNING,
        ended=MORNING + 5, codec="PCMA", packets_lost=-1, jitter_ms=1.25, round_trip_ms=20.5, strangers=3,
    )  # fmt: skip
    events = [CallEvent("n1-7", MORNING + at, "key", str(at)) for at in (30, 10, 20)]
    messages = [TraceRow("n1-7", MORNING + at, at == 1, "trunk:alpha", "INVITE", "1 INVITE") for at in (0, 1, 1)]
    others = CallEvent("n1-8", MORNING, "key", "another call's")
    rows: list[AnyRecord] = [record, leg, *events, *messages, others]
    for row in rows:
        store.write(row)

    detail = await store.call("n1-7")
    assert detail is not None
    assert detail.call == record
    assert detail.legs == [leg]
    assert detail.events == sorted(events, key=lambda event: event.at)
    assert detail.trace == messages, "messages of one millisecond stay in the order they were sent"


async def test_an_id_may_be_shortened_while_it_is_unique(open_store: OpenStore, call: Call) -> None:
    store = await open_store()
    for name in ("n1-19a4-1", "n1-19a4-2", "n1-77%-1"):
        store.write(call(name))
    for fragment, found in {
        "n1-19a4-1": "n1-19a4-1", "4-2": "n1-19a4-2", "n1-77": "n1-77%-1", "%-1": "n1-77%-1",
        "n1-19": None, "-1": None, "%": None, "nothing": None, "": None,
    }.items():  # fmt: skip
        detail = await store.call(fragment)
        assert (detail and detail.call.id) == found, fragment
    assert {record.id for record in await store.find("n1-19")} == {"n1-19a4-1", "n1-19a4-2"}


async def test_what_ended_is_never_opened_again(open_store: OpenStore, call: Call) -> None:
    store = await open_store()
    store.write(call("n1-1", ended=MORNING + 5, outcome=Outcome.ANSWERED))
    store.write(call("n1-1"))
    assert (await store.calls())[0].outcome is Outcome.ANSWERED


async def test_agents_come_back_as_they_were(open_store: OpenStore, wall: Wall) -> None:
    store = await open_store()
    for at, agent, status in (
        (1, "ann", "available"),
        (3, "ann", "lunch"),
        (2, "bob", "available"),
        (2, "ann", "break"),
    ):
        store.write(AgentEvent(agent, MORNING + at, status, "idle", reason=f"at {at}"))
    await store.close()
    store = await open_store()
    statuses = await store.last_statuses()
    assert {name: (event.status, event.reason) for name, event in statuses.items()} == {
        "ann": ("lunch", "at 3"),
        "bob": ("available", "at 2"),
    }


async def test_phones_keep_what_their_users_chose(open_store: OpenStore) -> None:
    store = await open_store()
    store.write(PhoneEvent("101", MORNING, do_not_disturb=True))
    store.write(PhoneEvent("101", MORNING + 1, forward_busy="102"))
    store.write(PhoneEvent("102", MORNING, forward_always="+37369123456"))
    await store.close()
    assert await (await open_store()).last_choices() == {
        "101": PhoneEvent("101", MORNING + 1, forward_busy="102"),
        "102": PhoneEvent("102", MORNING, forward_always="+37369123456"),
    }


async def test_open_call_backs_outlive_the_program_as_they_were_last(open_store: OpenStore) -> None:
    store = await open_store()
    asked = CallBackEvent("n1-1", MORNING, CallBackState.WAITING, "sales", "+37369123456", arrived=MORNING)
    tried = msgspec.structs.replace(asked, at=MORNING + 1, state=CallBackState.PAUSING, attempts=1)
    done = CallBackEvent("n1-2", MORNING, CallBackState.SERVED, "sales", "+37369000002")
    for event in (asked, done, tried):
        store.write(event)
    await store.close()
    assert await (await open_store()).call_backs() == [tried]


async def test_two_events_of_one_millisecond_the_later_written_counts(open_store: OpenStore) -> None:
    store = await open_store()
    for status in ("available", "break", "lunch"):
        store.write(AgentEvent("ann", MORNING, status, "idle"))
    assert (await store.last_statuses())["ann"].status == "lunch"


async def test_a_missed_call_is_handled_by_hand(open_store: OpenStore, call: Call) -> None:
    store = await open_store()
    for name in ("n1-1", "n1-2"):
        store.write(call(name, ended=MORNING + 5, outcome=Outcome.ABANDONED))
    store.write(call("n1-3", ended=MORNING + 5, outcome=Outcome.MISSED, caller="+40721000000"))
    store.write(call("n1-4", ended=MORNING + 5, outcome=Outcome.ANSWERED))

    assert await store.handle_missed("n1-4", MORNING + 10) == 0, "it was answered"
    assert await store.handle_missed("n1-1", MORNING + 10) == 1
    assert await store.handle_missed("n1-1", MORNING + 11) == 0, "once is enough"
    assert {record.id for record in await store.calls(missed_open=True)} == {"n1-2", "n1-3"}
    assert await store.handle_missed("069123456", MORNING + 12) == 1
    assert {record.id for record in await store.calls(missed_open=True)} == {"n1-3"}
    assert {record.id: record.missed_handled for record in await store.calls()} == {
        "n1-1": MORNING + 10, "n1-2": MORNING + 12, "n1-3": 0, "n1-4": 0,
    }  # fmt: skip


async def test_only_one_softacd_writes_a_database(open_store: OpenStore) -> None:
    await open_store()
    with pytest.raises(StoreError, match=r"another softacd uses it \(process \d+\)") as refused:
        await open_store(node="n2")
    assert "store.url" in refused.value.remedy


async def test_closing_writes_what_waits(open_store: OpenStore, call: Call) -> None:
    store = await open_store()
    for number in range(1000):
        store.write(CallEvent("n1-1", MORNING, "key", str(number)))
    await store.close()
    await store.close()
    assert store.status().queued == 0
    store.write(call("too late"))
    assert store.status().dropped == 1
    await store.flush()
    with pytest.raises(StoreError, match="closed"):
        await store.calls()
    reopened = await open_store()
    assert (await reopened.call("n1-1")) is None
    assert reopened.recovery.describe() == ""
    reopened.write(call("n1-1"))
    detail = await reopened.call("n1-1")
    assert detail is not None
    assert [event.detail for event in detail.events] == [str(number) for number in range(1000)]


async def test_rows_of_two_nodes_never_collide(open_store: OpenStore, wall: Wall) -> None:
    numbers: list[int] = []
    for node in ("n1", "n2", "n1"):
        store: Store = await open_store(node=node)
        numbers += [store._writer._row_number() for _ in range(5000)]
        store.write(CallEvent("c", MORNING, "key", node))
        await store.close()
    assert len(set(numbers)) == len(numbers)


async def test_row_numbers_grow_although_the_clock_was_set_back(open_store: OpenStore, wall: Wall) -> None:
    store = await open_store()
    store.write(CallEvent("n1-1", MORNING, "key", "first"))
    before = store._writer._row_number()
    await store.close()
    wall.now = 0
    store = await open_store()
    assert store._writer._row_number() > before


async def test_a_node_may_be_called_anything(open_store: OpenStore, path: Path) -> None:
    await open_store(node="../Главный офис/1")
    assert path.with_name("softacd.db..._Главный_офис_1.spool") in path.parent.iterdir()


async def test_agents_times_are_found_by_agent_and_by_when_they_began(open_store: OpenStore) -> None:
    store = await open_store()
    rows = [
        AgentTime("ann", MORNING, MORNING + 900_000, "available", idle_ms=900_000),
        AgentTime("bob", MORNING, MORNING + 5, "lunch", paid=False),
        AgentTime("ann", MORNING + 900_000, MORNING + 950_000, "not-ready", "doctor", paid=False, idle_ms=50_000),
    ]
    for row in reversed(rows):
        store.write(row)
    store.write(AgentAlarm("ann", MORNING + 960_000, "not-ready", "doctor", MORNING + 900_000, 60_000))
    assert await store.agent_times(agent="ann") == [rows[0], rows[2]]
    assert await store.agent_times(since=MORNING + 1) == [rows[2]]
    assert len(await store.agent_times(before=MORNING + 900_000)) == 2
    assert len(await store.everything(AgentAlarm)) == 1
