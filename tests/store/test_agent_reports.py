"""Reports of agents: time in statuses and states, cut where the period begins and ends."""

import pytest

from softacd.calls.records import AgentEvent, Segment
from softacd.calls.reports import StatusTime
from softacd.store import Store
from softacd.store.agent_reports import agent_figures, status_times
from softacd.store.reports import Terms
from tests.store.shop import MORNING, OpenStore

MINUTE = 60_000


@pytest.fixture
async def store(open_store: OpenStore) -> Store:
    """An hour of ann's from five minutes before the period on, and bob, who never came."""
    store = await open_store()

    def ann(minute: float, status: str, state: str = "idle", reason: str = "") -> None:
        store.write(AgentEvent("ann", MORNING + int(minute * MINUTE), status, state, reason))

    ann(-30, "logged-out")
    ann(-5, "available")
    ann(10, "available", "offered")
    ann(10.1, "available", "ringing")
    ann(10.5, "available", "talking")
    ann(14.5, "available", "held")
    ann(15.5, "available", "talking")
    ann(20.5, "available", "wrap-up")
    ann(21.5, "available", "idle")
    ann(25, "available", "ringing")
    ann(25.5, "not-ready", "idle", "not answered")
    ann(30, "break", "idle", "doctor")
    ann(40, "break", "idle", "smoke")
    ann(45, "break", "idle", "doctor")
    ann(50, "available", "idle")
    ann(52, "available", "own-call")
    ann(58, "available", "idle")
    ann(70, "logged-out")
    store.write(
        Segment("n1-1", 1, "agent:ann", "ann", MORNING + 630_000, MORNING + 1_230_000, 540_000, 60_000, "caller")
    )
    store.write(Segment("n1-0", 1, "agent:ann", "ann", MORNING - 1, MORNING + 1, 7_000, 0, "caller"))
    store.write(Segment("n1-2", 1, "agent:eve", "eve", MORNING + 1, MORNING + 9_001, 9_000, 0, "caller"))
    store.write(Segment("n1-3", 1, "phone:105", "", MORNING + 1, MORNING + 9_001, 9_000, 0, "caller"))
    return store


TERMS = Terms(since=MORNING, before=MORNING + 60 * MINUTE, agents=("ann", "bob"))


async def test_an_hour_of_an_agent(store: Store) -> None:
    rows, total = await store.ask(lambda connection: agent_figures(connection, TERMS))
    assert [row.name for row in rows] == ["ann", "bob", "eve"], "those configured, and who has talked"
    ann = rows[0]
    assert (ann.rung, ann.conversations, ann.talk_s, ann.hold_s, ann.wrap_up_s) == (2, 1, 540.0, 60.0, 60.0)
    assert ann.handling_mean_s == 660.0
    assert ann.staffed_s == 3600.0
    assert ann.paused_s == 24.5 * 60
    assert ann.available_s == 35.5 * 60
    assert (ann.ringing_s, ann.own_calls_s) == (60.0, 360.0)
    assert ann.idle_s == (10 + 3.5 + 2 + 2) * 60
    assert ann.occupancy == round(11 / 35.5, 4)
    assert (rows[1].staffed_s, rows[1].occupancy, rows[1].conversations) == (0.0, None, 0)
    assert rows[2].talk_s == 9.0
    assert (total.conversations, total.talk_s, total.staffed_s, total.occupancy) == (2, 549.0, 3600.0, ann.occupancy)


async def test_time_in_each_status_by_reason(store: Store) -> None:
    assert await store.ask(lambda connection: status_times(connection, TERMS)) == [
        StatusTime("ann", "available", "", 35.5 * 60, 2),
        StatusTime("ann", "break", "doctor", 15 * 60.0, 2),
        StatusTime("ann", "break", "smoke", 5 * 60.0, 1),
        StatusTime("ann", "not-ready", "not answered", 4.5 * 60, 1),
    ]


async def test_an_account_ends_with_the_present(store: Store) -> None:
    now = Terms(since=MORNING, before=MORNING + 24 * 60 * MINUTE, agents=("ann",), now=MORNING + 5 * MINUTE)
    assert await store.ask(lambda connection: status_times(connection, now)) == [
        StatusTime("ann", "available", "", 300.0, 0)
    ]
    later = Terms(since=MORNING + 60 * MINUTE, before=MORNING + 90 * MINUTE, agents=("ann",))
    assert await store.ask(lambda connection: status_times(connection, later)) == [
        StatusTime("ann", "available", "", 600.0, 0),
        StatusTime("ann", "logged-out", "", 1200.0, 1),
    ]
    future = Terms(since=MORNING + 60 * MINUTE, before=MORNING + 90 * MINUTE, agents=("ann",), now=MORNING)
    assert await store.ask(lambda connection: status_times(connection, future)) == []
