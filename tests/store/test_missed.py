"""The list of missed calls closes itself."""

from typing import Any

import pytest

from softacd.calls.records import MISSED_OUTCOMES, Direction, Outcome
from softacd.store import Store
from softacd.store.history import missed_open_calls
from softacd.store.tables import MISSED_OPEN
from tests.store.shop import MORNING, Call, OpenStore

LATER = MORNING + 600_000


@pytest.fixture
async def store(open_store: OpenStore, call: Call) -> Store:
    """Two missed calls of one caller and one of another."""
    store = await open_store()
    store.write(call("n1-1", ended=MORNING + 5, outcome=Outcome.ABANDONED))
    store.write(call("n1-2", started=MORNING + 60_000, ended=MORNING + 60_005, outcome=Outcome.MISSED))
    store.write(call("n1-3", ended=MORNING + 5, outcome=Outcome.MISSED, caller="+40721000000"))
    await store.flush()
    return store


async def still_open(store: Store) -> set[str]:
    return {record.id for record in await store.calls(missed_open=True)}


@pytest.mark.parametrize(
    ("conversation", "left"),
    [
        ({"direction": Direction.OUTGOING, "caller": "101", "called": "069123456"}, {"n1-3"}),
        ({"direction": Direction.INCOMING, "caller": "069123456", "called": "+37322000111"}, {"n1-3"}),
        ({"direction": Direction.OUTGOING, "caller": "101", "called": "0040721000000"}, {"n1-1", "n1-2"}),
        ({"direction": Direction.INTERNAL, "caller": "101", "called": "069123456"}, {"n1-1", "n1-2", "n1-3"}),
        ({"direction": Direction.OUTGOING, "caller": "101", "called": ""}, {"n1-1", "n1-2", "n1-3"}),
    ],
)
async def test_a_conversation_closes_the_callers_missed_calls(
    store: Store, call: Call, conversation: dict[str, Any], left: set[str]
) -> None:
    store.write(call("n1-9", started=LATER, connected=LATER + 4_000, **conversation))
    assert await still_open(store) == left
    handled = {record.id: record.missed_handled for record in await store.calls()}
    assert all(handled[name] == LATER + 4_000 for name in {"n1-1", "n1-2", "n1-3"} - left)


async def test_it_does_so_although_the_conversation_goes_on(store: Store, call: Call) -> None:
    record = call("n1-9", started=LATER, connected=LATER + 4_000)
    store.write(record)
    assert await still_open(store) == {"n1-3"}
    record.ended = LATER + 90_000
    record.outcome = Outcome.ANSWERED
    store.write(record)
    assert {call.id: call.missed_handled for call in await store.calls()}["n1-1"] == LATER + 4_000


async def test_trying_in_vain_closes_nothing(store: Store, call: Call) -> None:
    store.write(call("n1-9", started=LATER, ended=LATER + 9, direction=Direction.OUTGOING, called="+37369123456",
                     caller="101", outcome=Outcome.NO_ANSWER))  # fmt: skip
    assert await still_open(store) == {"n1-1", "n1-2", "n1-3"}


async def test_who_gets_through_and_then_misses_again_is_on_the_list_again(store: Store, call: Call) -> None:
    store.write(call("n1-8", started=LATER, connected=LATER + 1))
    store.write(call("n1-9", started=LATER + 60_000, ended=LATER + 70_000, outcome=Outcome.ABANDONED))
    assert await still_open(store) == {"n1-3", "n1-9"}


async def test_missed_and_reached_in_one_batch(store: Store, call: Call) -> None:
    store.write(call("n1-8", started=MORNING + 100, ended=MORNING + 200, outcome=Outcome.MISSED, caller="+373681"))
    store.write(call("n1-9", started=LATER, connected=LATER + 1, caller="+373681"))
    assert "n1-8" not in await still_open(store)


async def test_the_switch_does_not_open_it_again(store: Store, call: Call) -> None:
    assert await store.handle_missed("n1-1", LATER) == 1
    store.write(call("n1-1", ended=MORNING + 5, outcome=Outcome.ABANDONED))  # written once more, unhandled
    assert "n1-1" not in await still_open(store)


def test_missed_is_what_the_records_call_missed_and_who_was_cut_off() -> None:
    for outcome in Outcome:
        assert (f"'{outcome}'" in MISSED_OPEN) is (outcome in MISSED_OUTCOMES or outcome is Outcome.INTERRUPTED)


async def test_closing_does_not_slow_down_with_the_history(store: Store) -> None:
    """The question runs beside every conversation: it must not read every missed call there ever was."""
    for count in (1, 5, 200):
        keys = ", ".join(f"'{number:07}'" for number in range(count))
        question = f"SELECT id FROM calls WHERE caller_key IN ({keys}) AND {missed_open_calls()}"  # noqa: S608 - our own
        statement = question.replace(":direction_1", "'incoming'")
        async with store._engine().connect() as connection:
            plan = (await connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement)).all()
        assert [step[-1] for step in plan] == ["SEARCH calls USING INDEX calls_missed_caller (caller_key=?)"]
