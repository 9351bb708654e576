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
    """The calls of each day, counted from the first of the file (0). Raises KeyError, ValueError for another file.

    Internet support has its own agents, hence its own line. Where the log has lost when a caller was served (it says
    0), he was when he left the line, nobody knows by whom and until when.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    first = min((date.fromisoformat(row["day"]) for row in rows), default=date.min)
    days: dict[int, list[TracedCall]] = {}
    for row in rows:
        if row["outcome"] == "phantom" or (row["outcome"] == "abandoned" and not row["joined_queue_s"]):
            continue
        number = (date.fromisoformat(row["day"]) - first).days
        joined, left, begun, ended = (
            number * DAY + float(row[key]) if row[key] else None
            for key in ("joined_queue_s", "left_queue_s", "service_start_s", "service_end_s")
        )
        agent = row["agent"]
        if begun is not None and begun <= number * DAY:
            if left is None:
                continue
            begun, ended, agent = left, None, ""
        queue = "internet" if row["type"] == "IN" else "bank"
        call = TracedCall(f"{number}-{row['call']}", queue, int(row["priority"]), joined, left, begun, ended, agent)
        days.setdefault(number, []).append(call)
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
                ended = max(call.ended, max(call.begun, call.joined or 0.0) + 0.001)  # after its own begin
                found.append(Moment(ended, ENDS, next(serial), call))
        elif call.left is not None:
            found.append(Moment(max(call.left, call.joined or 0.0), LEAVES, next(serial), call))
    return iter(sorted(found))


def simulated(
    agents: int, *, days: int, seed: int, load: float = 0.95, talk: float = 180.0, sigma: float | None = None,
    patience: float = 0.0, hours: float = 10.0,
) -> dict[int, list[TracedCall]]:  # fmt: skip
    """Days of so many `hours` of a centre with Poisson arrivals, served in order of arrival.

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
            if at > day * DAY + 28_800.0 + hours * 3600.0:
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
