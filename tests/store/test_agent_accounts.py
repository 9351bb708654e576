"""A killed run has not written the last minutes of its agents' time: the next one does."""

from functools import partial

from softacd.calls.records import AgentEvent, AgentTime
from softacd.store import Store
from softacd.store.agent_accounts import unwritten
from tests.store.shop import MORNING, OpenStore

MINUTE = 60_000


async def left(store: Store, alive: int) -> list[AgentTime]:
    last = (await store.last_statuses()).values()
    return await store.ask(partial(unwritten, last=last, alive=alive))


async def test_the_time_since_the_last_account_is_told_by_states(open_store: OpenStore) -> None:
    store = await open_store()
    store.write(AgentTime("ann", MORNING - 5 * MINUTE, MORNING, "available", idle_ms=5 * MINUTE))
    for minutes, state in ((-5, "idle"), (2, "ringing"), (3, "talking"), (8, "wrap-up"), (9, "idle")):
        store.write(AgentEvent("ann", MORNING + minutes * MINUTE, "available", state))
    (found,) = await left(store, MORNING + 10 * MINUTE)
    assert found == AgentTime(
        "ann", MORNING, MORNING + 10 * MINUTE, "available", idle_ms=3 * MINUTE, ringing_ms=MINUTE, talk_ms=5 * MINUTE,
        wrap_up_ms=MINUTE,
    )  # fmt: skip


async def test_a_status_that_began_after_the_last_account_counts_from_its_beginning(open_store: OpenStore) -> None:
    store = await open_store()
    store.write(AgentEvent("ann", MORNING, "available", "idle"))
    store.write(AgentEvent("ann", MORNING + MINUTE, "not-ready", "idle", "doctor"))
    store.write(AgentEvent("bob", MORNING, "available", "idle"))
    store.write(AgentEvent("bob", MORNING + MINUTE, "logged-out", "idle"))
    (found,) = await left(store, MORNING + 3 * MINUTE)
    assert found == AgentTime("ann", MORNING + MINUTE, MORNING + 3 * MINUTE, "not-ready", "doctor", idle_ms=2 * MINUTE)


async def test_no_more_than_a_quarter_of_an_hour_can_be_missing_and_nothing_is_told_twice(
    open_store: OpenStore,
) -> None:
    store = await open_store()
    store.write(AgentEvent("ann", MORNING - 600 * MINUTE, "available", "idle"))
    (found,) = await left(store, MORNING)
    assert (found.started, found.idle_ms) == (MORNING - 16 * MINUTE, 16 * MINUTE)
    store.write(found)
    assert await left(store, MORNING) == []
