"""The list of whom to call back: a row a caller, whose it is, and when it is closed."""

import pytest

from softacd.calls.missed import MissedCaller
from softacd.calls.records import Direction, MessageRecord, MissedOwner, Outcome
from softacd.store import Store
from tests.store.shop import MORNING, Call, OpenStore

MINUTE = 60_000
ANN = "+37369123456"


@pytest.fixture
async def store(open_store: OpenStore, call: Call) -> Store:
    """Ann was missed twice in two spellings, a withheld number twice, another caller once."""
    store = await open_store()

    def missed(name: str, minute: int, caller: str, **fields: object) -> None:
        at = MORNING + minute * MINUTE
        store.write(call(name, started=at, ended=at + 5, caller=caller, **{"outcome": Outcome.MISSED, **fields}))

    missed("n1-1", 1, "069123456", outcome=Outcome.ABANDONED, queue="sales", wait_ms=9_000)
    missed("n1-2", 2, ANN, outcome=Outcome.ABANDONED, queue="support", wait_ms=4_000,
           customer="17", caller_name="VIP Ann", category="vip")  # fmt: skip
    missed("n1-3", 3, "anonymous")
    missed("n1-4", 4, "anonymous")
    missed("n1-5", 5, "+40721000000")
    return store


async def row(store: Store, number: str) -> MissedCaller:
    return next(row for row in await store.missed_callers() if row.number == number)


async def test_a_row_for_each_caller_with_count_and_first_and_last_time(store: Store) -> None:
    rows = await store.missed_callers()
    assert [(row.number, row.count) for row in rows] == [
        ("+40721000000", 1), ("anonymous", 1), ("anonymous", 1), (ANN, 2),
    ]  # fmt: skip
    ann = rows[-1]
    assert (ann.first, ann.last) == (MORNING + MINUTE, MORNING + 2 * MINUTE)
    assert (ann.calls, ann.queues, ann.queue) == (("n1-2", "n1-1"), ("support", "sales"), "support")
    assert (ann.name, ann.category, ann.customer, ann.waited_ms) == ("VIP Ann", "vip", "17", 9_000)
    assert (ann.owner, ann.assigned) == ("", False)


async def test_a_row_names_the_messages_its_caller_has_left_and_that_are_kept(store: Store) -> None:
    for number, removed in ((1, 0), (2, 0), (3, 7)):
        left = MORNING + 2 * MINUTE + number
        store.write(MessageRecord(f"n1-2-{number}", "sales", "n1-2", ANN, "", left, f"x/{number}.wav", removed=removed))
    assert (await row(store, ANN)).messages == ("n1-2-2", "n1-2-1")
    assert (await row(store, "+40721000000")).messages == ()
    story = await store.call("n1-2")
    assert story is not None
    assert [message.id for message in story.messages] == ["n1-2-1", "n1-2-2", "n1-2-3"]


async def test_only_of_one_queue(store: Store) -> None:
    assert [row.number for row in await store.missed_callers(queue="sales")] == [ANN]


@pytest.mark.parametrize(
    ("owned", "owner", "assigned"),
    [
        ([(1, "bob", False)], "bob", False),
        ([(1, "bob", False), (2, "ann", False)], "ann", False),
        ([(1, "eve", True), (2, "ann", False)], "eve", True),
        ([(1, "eve", True), (3, "bob", True)], "bob", True),
        ([(1, "bob", False), (3, "", True)], "", True),
        ([(0, "old", True)], "", False),
    ],
)
async def test_its_owner(store: Store, owned: list[tuple[int, str, bool]], owner: str, assigned: bool) -> None:
    for minute, name, decided in owned:
        store.write(MissedOwner("069 123 456", MORNING + minute * MINUTE, name, decided))
    found = await row(store, ANN)
    assert (found.owner, found.assigned) == (owner, assigned)


@pytest.mark.parametrize(
    "conversation",
    [
        {"direction": Direction.OUTGOING, "caller": "101", "called": "069123456"},
        {"direction": Direction.INCOMING, "caller": ANN},
    ],
)
async def test_it_closes_itself_when_either_side_gets_through(
    store: Store, call: Call, conversation: dict[str, object]
) -> None:
    store.write(call("n1-9", started=MORNING + 9 * MINUTE, connected=MORNING + 9 * MINUTE + 1, **conversation))
    assert ANN not in {row.number for row in await store.missed_callers()}
    store.write(call("n1-10", started=MORNING + 10 * MINUTE, ended=MORNING + 11 * MINUTE, outcome=Outcome.ABANDONED))
    assert (await row(store, ANN)).count == 1, "missed again, it is a row again"
