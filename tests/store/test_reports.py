"""Reports of calls: each figure beside one reckoned here, call by call."""

import random
from collections.abc import Callable, Iterable
from datetime import datetime
from statistics import mean
from zoneinfo import ZoneInfo

import pytest

from softacd.calls.records import AgentEvent, CallRecord, Direction, Outcome
from softacd.calls.reports import CallFigures, ReportKind
from softacd.store import Store
from softacd.store.reports import Terms, call_figures
from tests.store.shop import MORNING, Call, OpenStore

HOUR = 3_600_000
DAY = 24 * HOUR
BUCHAREST = ZoneInfo("Europe/Bucharest")
END_OF_SUMMER = 1_792_890_000_000
"""2026-10-25 01:00 UTC: the clocks of Bucharest go back from four to three in every edition of the zones."""
TERMS = Terms(
    since=MORNING,
    before=MORNING + DAY,
    targets={"sales": 20.0, "support": 5.0},
    values={"sales": 350.0, "support": 50.0},
    value=100.0,
)


def a_day(seed: int, begin: int = MORNING, hours: int = 24) -> list[CallRecord]:
    """Calls of all kinds, some before the day and some after it."""
    draw = random.Random(seed)
    made = []
    for number in range(300):
        started = begin + draw.randrange(-HOUR, (hours + 1) * HOUR)
        direction = draw.choices(list(Direction), [8, 1, 1])[0]
        queue = draw.choice(["sales", "support", "closed-down", ""])
        outcome = draw.choice([Outcome.ANSWERED, Outcome.ABANDONED, Outcome.MISSED, Outcome.SERVED, Outcome.FAILED])
        wait = draw.randrange(40_000) if queue else 0
        answered = outcome is Outcome.ANSWERED
        made.append(
            CallRecord(
                f"n1-{number}", direction, started,
                # Who is answered calls from elsewhere: that he got through would close what was missed of him.
                draw.choice(["anonymous", *(f"+3732210{answered:d}00{digit}" for digit in range(8))]),
                draw.choice(["+37322000111", "+37322000222"]),
                trunk=draw.choice(["alpha", "beta"]), queue=queue, queued=started if queue else 0,
                connected=started + wait if answered else 0, ended=started + wait + 60_000, wait_ms=wait,
                talk_ms=draw.randrange(90_000) if answered else 0, hold_ms=draw.randrange(9_000) if answered else 0,
                outcome=outcome, topic=draw.choice(["", "invoice", "delivery"]),
                # Handled already: whether somebody got through is another test's business.
                missed_handled=0 if draw.random() < 0.7 else started + HOUR,
            )
        )  # fmt: skip
    return made


def reckoned(name: str, calls: list[CallRecord], terms: Terms) -> CallFigures:
    """The same by plain Python."""
    answered = [call for call in calls if call.connected]
    lost = [call for call in calls if not call.connected and call.outcome in ("abandoned", "missed")]
    queued = [call for call in calls if call.queue]
    in_queue = [call for call in answered if call.queue]
    within = [call for call in in_queue if call.wait_ms <= terms.targets.get(call.queue, terms.target) * 1000]
    judged = len(in_queue) + sum(bool(call.queue) for call in lost)
    worth: dict[str, float] = {}
    for call in lost:
        if not call.missed_handled and call.direction is Direction.INCOMING:
            who = call.id if call.caller == "anonymous" else call.caller
            worth[who] = max(worth.get(who, 0.0), terms.values.get(call.queue, terms.value))
    waits = sorted(call.wait_ms for call in queued)
    talk, hold = (sum(getattr(call, name) for call in calls) / 1000 for name in ("talk_ms", "hold_ms"))
    return CallFigures(
        name, len(calls), len(answered), len(lost), len(calls) - len(answered) - len(lost), len(within),
        round(len(within) / judged, 4) if judged else None,
        round(mean(waits) / 1000, 1) if waits else None,
        round(waits[-(-9 * len(waits) // 10) - 1] / 1000, 1) if waits else None,
        round(waits[-1] / 1000, 1) if waits else None,
        round(mean(call.wait_ms for call in in_queue) / 1000, 1) if in_queue else None,
        round(talk, 1), round(hold, 1), 0.0, round((talk + hold) / len(answered), 1) if answered else None,
        len(worth), sum(worth.values()),
    )  # fmt: skip


def grouped(calls: Iterable[CallRecord], key: Callable[[CallRecord], str]) -> dict[str, list[CallRecord]]:
    groups: dict[str, list[CallRecord]] = {}
    for call in calls:
        groups.setdefault(key(call), []).append(call)
    return dict(sorted(groups.items()))


@pytest.fixture
async def store(open_store: OpenStore) -> Store:
    return await open_store()


KEYS: dict[ReportKind, Callable[[CallRecord], str]] = {
    ReportKind.QUEUE: lambda call: call.queue,
    ReportKind.TOPIC: lambda call: call.topic,
    ReportKind.TRUNK: lambda call: call.trunk,
    ReportKind.NUMBER: lambda call: call.called,
    ReportKind.DAY: lambda call: f"{datetime.fromtimestamp(call.started / 1000, ZoneInfo('UTC')):%Y-%m-%d}",
    ReportKind.HOUR: lambda call: f"{datetime.fromtimestamp(call.started / 1000, ZoneInfo('UTC')):%H}",
}


@pytest.mark.parametrize("queue", ["", "sales"])
@pytest.mark.parametrize("kind", list(ReportKind))
async def test_every_figure_is_what_the_calls_say(store: Store, kind: ReportKind, queue: str) -> None:
    day = a_day(7)
    for record in day:
        store.write(record)
    terms = Terms(TERMS.since, TERMS.before, queue=queue, targets=TERMS.targets, values=TERMS.values, value=TERMS.value)
    rows, total = await store.ask(lambda connection: call_figures(connection, kind, terms))
    counted = [
        call
        for call in day
        if terms.since <= call.started < terms.before
        and (
            call.queue and call.direction is not Direction.OUTGOING
            if kind is ReportKind.QUEUE or queue
            else call.direction is Direction.INCOMING
        )
        and (not queue or call.queue == queue)
    ]
    assert len(counted) > 20
    expected = [reckoned(name, calls, terms) for name, calls in grouped(counted, KEYS[kind]).items()]
    assert [row.name for row in rows] == [row.name for row in expected]
    assert rows == expected
    assert total == reckoned("", counted, terms)


async def test_hours_and_days_are_the_shops_own_when_clocks_go_back(store: Store) -> None:
    night = a_day(3, END_OF_SUMMER, hours=8)
    for record in night:
        store.write(record)
    terms = Terms(
        since=END_OF_SUMMER - HOUR,
        before=END_OF_SUMMER + 8 * HOUR,
        offsets=((END_OF_SUMMER - DAY, 3 * HOUR), (END_OF_SUMMER, 2 * HOUR)),
    )
    rows, _ = await store.ask(lambda connection: call_figures(connection, ReportKind.HOUR, terms))
    incoming = [
        call for call in night if call.direction is Direction.INCOMING and terms.since <= call.started < terms.before
    ]
    local = grouped(incoming, lambda call: f"{datetime.fromtimestamp(call.started / 1000, BUCHAREST):%H}")
    assert {row.name: row.offered for row in rows} == {name: len(calls) for name, calls in local.items()}
    assert "03" in local, "the hour there is twice"


async def test_wrap_up_is_accounted_to_the_call_it_followed(store: Store, call: Call) -> None:
    def ann(seconds: float, state: str, of: str = "") -> None:
        store.write(AgentEvent("ann", MORNING + int(seconds * 1000), "available", state, call=of))

    for name, queue in (("n1-1", "sales"), ("n1-2", "support")):
        store.write(call(name, queue=queue, connected=MORNING + 1, ended=MORNING + 2, talk_ms=10_000))
    store.write(AgentEvent("bob", MORNING + 11_000, "available", "idle"))
    ann(0, "talking", "n1-1")
    ann(10, "wrap-up", "n1-1")
    ann(12, "after-call", "n1-1")
    ann(15, "wrap-up", "n1-1")
    ann(20.5, "idle")
    ann(30, "wrap-up", "n1-2")
    ann(31, "idle")
    rows, total = await store.ask(lambda connection: call_figures(connection, ReportKind.QUEUE, TERMS))
    assert [(row.name, row.wrap_up_s, row.handling_mean_s) for row in rows] == [
        ("sales", 10.5, 20.5),
        ("support", 1.0, 11.0),
    ]
    assert total.wrap_up_s == 11.5


async def test_nothing_is_a_row_of_nothing(store: Store) -> None:
    rows, total = await store.ask(lambda connection: call_figures(connection, ReportKind.QUEUE, TERMS))
    assert rows == []
    assert total == reckoned("", [], TERMS)


async def test_who_got_through_since_is_not_lost(store: Store, call: Call) -> None:
    store.write(call("n1-1", queue="sales", ended=MORNING + 9, outcome=Outcome.ABANDONED))
    rows, _ = await store.ask(lambda connection: call_figures(connection, ReportKind.QUEUE, TERMS))
    assert (rows[0].lost_callers, rows[0].missed_money) == (1, 350.0)
    store.write(call("n1-2", started=MORNING + 60_000, connected=MORNING + 61_000, ended=MORNING + 62_000))
    rows, _ = await store.ask(lambda connection: call_figures(connection, ReportKind.QUEUE, TERMS))
    assert (rows[0].abandoned, rows[0].lost_callers, rows[0].missed_money) == (1, 0, 0.0)
