"""Waiting times foretold on a trace of calls: what is read, who is scored, and how good it is on real calls."""

import csv
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.wait_oracle import Oracle
from benchmarks.wait_time import ASTERISK, ORACLE, OURS, replay
from benchmarks.wait_trace import BEGINS, DAY, ENDS, JOINS, LEAVES, TracedCall, moments, read_trace, simulated
from softacd.ops.bench_command import bench

COLUMNS = (
    "day", "call", "priority", "type", "joined_queue_s", "left_queue_s", "outcome", "service_start_s", "service_end_s",
    "agent",
)  # fmt: skip
REAL = Path(__file__).parents[3] / "shared" / "data" / "anonymous-bank-1999" / "calls-01-to-14.csv"
Row = dict[str, str]


def row(day: date, call: str, **values: str) -> Row:
    return dict.fromkeys(COLUMNS, "") | {"day": day.isoformat(), "call": call, "priority": "0", "type": "PS"} | values


def rows_of(calls: list[TracedCall], day: date, number: int) -> Iterator[Row]:
    def clock(at: float | None) -> str:
        return "" if at is None else str(round(at - number * DAY, 3))

    for call in calls:
        yield row(
            day,
            call.name,
            joined_queue_s=clock(call.joined),
            left_queue_s=clock(call.left),
            outcome="abandoned" if call.begun is None else "answered",
            service_start_s=clock(call.begun),
            service_end_s=clock(call.ended),
            agent=call.agent,
        )


def written(path: Path, rows: list[Row]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def foretold(trace: Path, learn_days: int) -> dict[str, dict[str, float]]:
    out = trace.with_suffix(".json")
    command = ["wait-time", "--trace", str(trace), "--learn-days", str(learn_days), "--json", str(out)]
    result = CliRunner().invoke(bench, command)
    assert result.exit_code == 0, result.output
    reports: dict[str, dict[str, float]] = json.loads(out.read_text(encoding="utf-8"))
    return reports


def test_any_days_of_any_year_in_any_order(tmp_path: Path) -> None:
    days = [date(2031, 12, 30) + timedelta(days=number) for number in (0, 1, 4)]  # over the year's end, with a gap
    centre = simulated(3, days=3, seed=5, patience=600.0, hours=4.0)
    rows = [one for number, day in enumerate(days) for one in rows_of(centre[number], day, number)]
    learned_one = foretold(written(tmp_path / "days.csv", rows), 1)
    assert (
        foretold(written(tmp_path / "reversed.csv", sorted(rows, key=lambda one: one["day"], reverse=True)), 1)
        == learned_one
    )
    served = [sum(call.begun is not None and call.joined is not None for call in calls) for calls in centre.values()]
    assert set(learned_one) >= {OURS, ASTERISK, "last to enter service", "head of line", "queue length"}
    for report in learned_one.values():
        assert set(report) == {"mae_s", "within_10s", "within_30s", "coverage_80", "n"}
        assert report["n"] == sum(served[1:])
        assert 0 <= report["within_10s"] <= report["within_30s"] <= 1
    assert foretold(tmp_path / "days.csv", 4)[OURS]["n"] == served[2]  # days of the calendar, not of the file
    assert foretold(tmp_path / "days.csv", 0)[OURS]["n"] == sum(served)
    result = CliRunner().invoke(bench, ["wait-time", "--trace", str(tmp_path / "days.csv"), "--learn-days", "9"])
    assert result.exit_code == 1
    assert "after day 9" in result.output


def test_what_the_log_has_lost_is_not_made_up(tmp_path: Path) -> None:
    day = date(2031, 3, 1)
    queued = {"joined_queue_s": "100", "left_queue_s": "130", "outcome": "answered", "agent": "ann"}
    rows = [
        row(day, "1", **queued, service_start_s="129", service_end_s="200"),
        row(day, "2", **queued, service_start_s="0", service_end_s="0"),
        row(day, "3", outcome="answered", service_start_s="0", service_end_s="0", agent="ann"),
        row(day, "4", outcome="abandoned"),
        row(day, "5", outcome="phantom", joined_queue_s="5", left_queue_s="9"),
    ]
    whole, lost = read_trace(written(tmp_path / "lost.csv", rows))[0]
    assert (whole.begun, whole.ended, whole.agent) == (129.0, 200.0, "ann")
    assert (lost.joined, lost.begun, lost.ended, lost.agent) == (100.0, 130.0, None, "")


def test_events_come_in_order_and_who_ends_is_free_for_who_begins() -> None:
    calls = [
        TracedCall("a", "bank", 0, None, None, 0.0, 50.0, "ann"),
        TracedCall("b", "bank", 0, 10.0, 50.0, 50.0, 50.0, "ann"),
        TracedCall("c", "bank", 0, 20.0, 30.0, None, None, ""),
    ]
    seen = [(moment.kind, moment.call.name) for moment in moments(calls)]
    assert seen == [(BEGINS, "a"), (JOINS, "b"), (JOINS, "c"), (LEAVES, "c"), (ENDS, "a"), (BEGINS, "b"), (ENDS, "b")]


def test_who_knows_the_truth_is_right_on_average() -> None:
    oracle = Oracle(4, 100.0, None, 0.0)
    assert oracle.expected([1.0, 50.0, 300.0, 7.0], 0) == pytest.approx(
        25.0 * 0.693, rel=0.25
    )  # exponential: memoryless
    assert oracle.expected([1.0, 50.0], 0) == 0.0
    assert oracle.expected([1.0] * 4, 39) == pytest.approx(1000.0, rel=0.1)


@pytest.mark.parametrize("sigma", [None, 0.8])
def test_in_a_steady_centre_it_is_nearly_the_best_possible(sigma: float | None) -> None:
    centre = simulated(3, days=8, seed=3, sigma=sigma, patience=600.0)
    found = replay(centre, 4, credit=0.0, oracle=Oracle(3, 180.0, sigma, 600.0))
    best, ours = (found.scores[name].report() for name in (ORACLE, OURS))
    assert ours["n"] > 1000
    assert ours["mae_s"] <= 1.05 * best["mae_s"]
    assert 0.77 <= ours["coverage_80"] <= 0.83


@pytest.mark.skipif(not REAL.is_file(), reason="the trace of real calls is not beside the project")
def test_on_real_calls_it_keeps_its_goals(tmp_path: Path) -> None:
    found = replay(read_trace(REAL), 9)
    asterisk, ours = (found.scores[name].report() for name in (ASTERISK, OURS))
    assert ours["n"] == asterisk["n"] > 2000
    assert ours["mae_s"] <= 0.75 * asterisk["mae_s"]
    assert ours["within_10s"] >= 1.3 * asterisk["within_10s"]
    assert 0.77 <= ours["coverage_80"] <= 0.83
