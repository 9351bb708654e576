"""Calls of a trace, real or simulated, as the events that a switch would have seen at their own times.

A trace tells who joined a line and who was served by whom, not which agents sat at their desks. That is inferred from
the past alone: an agent is there since his first call of the day, and away when he has left a caller waiting whom he
could have served for `AWAY_SECONDS`, until he is seen again.
"""

import csv
import heapq
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import count
from math import log
from pathlib import Path
from random import Random
from typing import NamedTuple

AWAY_SECONDS = 20.0
DAY = 86_400.0


class TracedCall(NamedTuple):
    """One call; times in seconds since the first midnight. `joined` None: served without a line."""

    name: str
    queue: str
    priority: int
    joined: float | None
    left: float | None
    begun: float | None
    ended: float | None
    agent: str


class Moment(NamedTuple):
    """Something seen at `at`; `kind` orders what happens in one second: arrivals, ends, starts, exits."""

    at: float
    kind: int
    serial: int
    call: TracedCall


JOINS, ENDS, BEGINS, LEAVES = range(4)


def read_trace(path: Path) -> dict[int, list[TracedCall]]:
    """The calls of each day (counted from 0). Internet support has its own agents, hence its own line."""
    days: dict[int, list[TracedCall]] = {}
    first: date | None = None
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            day = date.fromisoformat(row["day"])
            first = first or day
            number = (day - first).days
            if row["outcome"] == "phantom" or (row["outcome"] == "abandoned" and not row["joined_queue_s"]):
                continue

            def moment(key: str, row: dict[str, str] = row, number: int = number) -> float | None:
                return number * DAY + float(row[key]) if row[key] else None

            days.setdefault(number, []).append(
                TracedCall(
                    f"{number}-{row['call']}",
                    "internet" if row["type"] == "IN" else "bank",
                    int(row["priority"] == "2"),
                    moment("joined_queue_s"),
                    moment("left_queue_s"),
                    moment("service_start_s"),
                    moment("service_end_s"),
                    row["agent"],
                )
            )
    return days


def moments(calls: Iterable[TracedCall]) -> Iterator[Moment]:
    """The calls' events in order of time."""
    found: list[Moment] = []
    serial = count()
    for call in calls:
        if call.joined is not None:
            found.append(Moment(call.joined, JOINS, next(serial), call))
        if call.begun is not None:
            found.append(Moment(max(call.begun, call.joined or 0.0), BEGINS, next(serial), call))
            if call.ended is not None:
                found.append(Moment(max(call.ended, call.begun, call.joined or 0.0) + 0.001, ENDS, next(serial), call))
        elif call.left is not None:
            found.append(Moment(max(call.left, call.joined or 0.0), LEAVES, next(serial), call))
    return iter(sorted(found))


def simulated(
    agents: int, *, days: int, seed: int, load: float = 0.95, talk: float = 180.0, sigma: float | None = None,
    patience: float = 0.0,
) -> dict[int, list[TracedCall]]:  # fmt: skip
    """Days of ten hours of a centre with Poisson arrivals, served in order of arrival.

    Talks are exponential, or log-normal with this `sigma` of the logarithm; `patience` is the mean time to hanging up
    (0: nobody does).
    """
    random = Random(seed)
    found: dict[int, list[TracedCall]] = {}
    for day in range(days):
        free = [(day * DAY + 28_800.0, f"agent-{number}") for number in range(agents)]
        heapq.heapify(free)
        at = day * DAY + 28_800.0
        calls = found[day] = []
        for number in count():
            at += random.expovariate(agents * load / talk)
            if at > day * DAY + 64_800.0:
                break
            seconds = random.expovariate(1 / talk)
            if sigma is not None:
                seconds = random.lognormvariate(log(talk) - sigma**2 / 2, sigma)
            gives_up = at + random.expovariate(1 / patience) if patience else float("inf")
            ready, agent = free[0]
            begun = max(at, ready)
            name = f"{day}-{number}"
            if gives_up < begun:
                calls.append(TracedCall(name, "bank", 0, at, gives_up, None, None, ""))
                continue
            heapq.heapreplace(free, (begun + seconds, agent))
            waited = begun > at
            calls.append(
                TracedCall(
                    name, "bank", 0, at if waited else None, begun if waited else None, begun, begun + seconds, agent
                )
            )
    return found
