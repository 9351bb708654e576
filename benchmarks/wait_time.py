"""Estimators of waiting times on the same events: Asterisk's, the literature's, and ours.

Without a trace the suite simulates centres whose truth is known, beside a predictor that knows it. With one (`softacd
bench wait-time --trace CSV --learn-days N`) it replays real calls; everybody learns all the time, and callers of the
days after N are scored: those who stood in line and were served, at the moment of joining. Each estimator sees every
event at its own time only.

Estimators without a range of their own get one from the 10th and 90th percentile of their last 200 errors.
"""

import time
from bisect import bisect_left, insort
from collections import deque
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import wait_cost
from benchmarks.harness import Figures, Result, figure, machine, table, versions
from benchmarks.wait_oracle import Oracle
from benchmarks.wait_trace import (
    AWAY_SECONDS,
    BEGINS,
    ENDS,
    JOINS,
    Moment,
    TracedCall,
    moments,
    read_trace,
    simulated,
)
from softacd.acd.model import AgentSettings, QueueSettings, TierSettings
from softacd.acd.vocabulary import (
    AgentChanged,
    CallerExited,
    CallerJoined,
    Connect,
    DeviceChanged,
    Exit,
    State,
    Status,
)
from softacd.acd.wait_time import WaitTimeEstimator

OURS = "softacd"
ASTERISK = "asterisk"
ORACLE = "knows the parameters"
OLD_ERRORS = 200
CREDIT = 90.0
"""Seconds of waiting that each step of priority of the trace is credited with: a caller overtakes those of the step
below who came up to 90 s before, and hardly ever others."""


class Score(msgspec.Struct):
    """Errors of one estimator in seconds."""

    errors: list[float] = []
    covered: int = 0

    def report(self) -> dict[str, float]:
        """What `--json` writes."""
        many = max(len(self.errors), 1)
        return {
            "mae_s": round(sum(map(abs, self.errors)) / many, 2),
            "within_10s": round(sum(abs(error) <= 10 for error in self.errors) / many, 4),
            "within_30s": round(sum(abs(error) <= 30 for error in self.errors) / many, 4),
            "coverage_80": round(self.covered / many, 4),
            "n": len(self.errors),
        }


class Errors:
    """The last errors of an estimator without a range, sorted."""

    def __init__(self) -> None:
        self._order: deque[float] = deque()
        self._sorted: list[float] = []

    def learn(self, error: float) -> None:
        insort(self._sorted, error)
        self._order.append(error)
        if len(self._order) > OLD_ERRORS:
            del self._sorted[bisect_left(self._sorted, self._order.popleft())]

    def range(self, expected: float) -> tuple[float, float]:
        if not self._sorted:
            return 0.0, 2 * expected
        last = len(self._sorted) - 1
        return max(expected + self._sorted[round(last * 0.1)], 0.0), expected + self._sorted[round(last * 0.9)]


class Line:
    """What the simple estimators know of one queue."""

    def __init__(self) -> None:
        self.waiting: dict[str, tuple[float, float]] = {}  # name -> rank, joined
        self.holdtime = 0
        self.last_wait = 0.0
        self.served = 0
        self.talked = 0.0
        self.waited = 0.0
        self.abandoned = 0

    def estimates(self, name: str, staffed: int, now: float) -> dict[str, float]:
        """Every simple estimate for a caller who has just joined."""
        rank = self.waiting[name]
        ahead = sum(other < rank for other in self.waiting.values())
        others = [joined for one, (_, joined) in self.waiting.items() if one != name]
        talk = (self.talked + 3 * 180.0) / (self.served + 3)
        rate = max(staffed, 1) / talk
        leaving = (self.abandoned + 1) / (self.waited + 900.0)
        return {
            ASTERISK: float(self.holdtime),
            "asterisk as spoken": 60.0 * round((self.holdtime + 30) / 60),
            "last to enter service": self.last_wait,
            "head of line": max((now - joined for joined in others), default=0.0),
            "queue length": (ahead + 1) / rate,
            "queue length refined": sum(1 / (rate + place * leaving) for place in range(ahead + 1)),
        }


class Replay:
    """All estimators beside each other."""

    def __init__(self, *, credit: float = CREDIT, oracle: Oracle | None = None) -> None:
        self.credit = credit
        self.oracle = oracle
        self.tiers: dict[str, list[str]] = {}
        self.estimator = WaitTimeEstimator([], [])
        self.lines: dict[str, Line] = {}
        self.idle: dict[str, float] = {}  # agent -> since when
        self.talking: dict[str, float] = {}  # agent -> since when
        self.serving: dict[str, str] = {}  # agent -> the queue he served last
        self.scores: dict[str, Score] = {}
        self.errors: dict[str, Errors] = {}
        self.open: dict[str, dict[str, tuple[float, float, float]]] = {}
        self.costs: list[int] = []

    def day(self, calls: list[TracedCall], *, scored: bool) -> None:
        """One day; nobody is at his desk when it begins."""
        midnight = min((moment.at for moment in moments(calls)), default=0.0)
        for agent in (*self.idle, *self.talking):
            self._tell(AgentChanged(agent, Status.LOGGED_OUT, State.IDLE), midnight)
        self.idle.clear()
        self.talking.clear()
        for moment in moments(calls):
            self._see_who_is_away(moment.at)
            self._take(moment, scored=scored)

    def _tell(self, item: Any, now: float) -> None:
        self.estimator.observe(item, now)

    def _settle(self, queue: str, agent: str = "") -> None:
        """A queue or an agent seen for the first time."""
        known = self.tiers.setdefault(queue, [])
        self.lines.setdefault(queue, Line())
        if agent and agent not in known:
            known.append(agent)
        elif queue in self.estimator._settings:  # noqa: SLF001 - whether it has been told already
            return
        names = sorted({name for tiers in self.tiers.values() for name in tiers})
        self.estimator.configure(
            [
                QueueSettings(
                    name=name,
                    wrap_up_seconds=0.0,
                    ageing_seconds=self.credit,
                    tiers=tuple(TierSettings(one) for one in tiers),
                )
                for name, tiers in self.tiers.items()
            ],
            [AgentSettings(name=name, phone=name) for name in names],
        )
        if agent:
            self._tell(DeviceChanged(agent, reachable=True), 0.0)

    def _see_who_is_away(self, now: float) -> None:
        for agent, since in list(self.idle.items()):
            queue = self.serving[agent]
            waiting = [joined for _, joined in self.lines[queue].waiting.values()]
            if waiting and now - max(since, min(waiting)) > AWAY_SECONDS:
                del self.idle[agent]
                self._tell(AgentChanged(agent, Status.BREAK, State.IDLE), now)

    def _take(self, moment: Moment, *, scored: bool) -> None:
        now, call = moment.at, moment.call
        self._settle(call.queue, call.agent if moment.kind == BEGINS else "")
        line = self.lines[call.queue]
        if moment.kind == JOINS:
            line.waiting[call.name] = (now - call.priority * self.credit, now)
            began = time.thread_time_ns()
            self._tell(CallerJoined(call.name, call.queue, call.priority), now)
            ours = self.estimator.estimate(call.name, now)
            self.costs.append(time.thread_time_ns() - began)
            staffed = sum(name in self.idle or name in self.talking for name in self.tiers[call.queue])
            told = {}
            for name, expected in line.estimates(call.name, staffed, now).items():
                told[name] = (expected, *self.errors.setdefault(name, Errors()).range(expected))
            if self.oracle is not None:
                elapsed = [now - since for since in self.talking.values()]
                truth = self.oracle.expected(elapsed, len(line.waiting) - 1)
                told[ORACLE] = (truth, *self.errors.setdefault(ORACLE, Errors()).range(truth))
            if ours is not None:
                told[OURS] = (ours.expected, ours.low, ours.high)
            else:
                told[OURS] = told["queue length"]
            self.open[call.name] = told
        elif moment.kind == BEGINS:
            waited = 0.0 if call.joined is None else now - call.joined
            line.holdtime = (3 * line.holdtime + int(waited)) >> 2
            if call.joined is not None:
                line.last_wait = waited
                line.waited += waited
                line.waiting.pop(call.name, None)
                self._judge(call.name, waited, scored=scored)
            if call.agent:
                self.idle.pop(call.agent, None)
                self.talking[call.agent] = now
                self.serving[call.agent] = call.queue
                self._tell(Connect(call.name, call.agent, call.queue, waited), now)
            if call.joined is not None:
                self._tell(CallerExited(call.name, call.queue, Exit.ANSWERED, waited), now)
            if call.agent:
                self._tell(AgentChanged(call.agent, Status.AVAILABLE, State.TALKING, caller=call.name), now)
        elif moment.kind == ENDS:
            line.served += 1
            line.talked += now - (call.begun or now)
            if call.agent in self.talking:
                del self.talking[call.agent]
                self.idle[call.agent] = now
                self._tell(AgentChanged(call.agent, Status.AVAILABLE, State.IDLE), now)
        else:
            waited = now - (call.joined or now)
            line.waiting.pop(call.name, None)
            line.abandoned += 1
            line.waited += waited
            self.open.pop(call.name, None)
            self._tell(CallerExited(call.name, call.queue, Exit.ABANDONED, waited), now)

    def _judge(self, caller: str, waited: float, *, scored: bool) -> None:
        for name, (expected, low, high) in self.open.pop(caller).items():
            if name in self.errors:
                self.errors[name].learn(waited - expected)
            if scored:
                score = self.scores.setdefault(name, Score())
                score.errors.append(waited - expected)
                score.covered += low <= waited <= high


def replay(
    days: dict[int, list[TracedCall]], learn_days: int, *, credit: float = CREDIT, oracle: Oracle | None = None
) -> Replay:
    """All days in order; those from the `learn_days`-th on are scored (calendar days, the first being 1)."""
    everything = Replay(credit=credit, oracle=oracle)
    for number, calls in sorted(days.items()):
        everything.day(calls, scored=number >= learn_days)
    return everything


def figures_of(found: Replay, scene: str) -> Figures:
    """The table of one replay, with the goals beside ours."""
    figures: Figures = {}
    reports = {name: score.report() for name, score in found.scores.items()}
    asterisk = reports[ASTERISK]
    for name, report in reports.items():
        ours = name == OURS
        figures[f"{scene}: {name}, mean absolute error"] = figure(
            report["mae_s"], "s", goal=0.75 * asterisk["mae_s"] if ours else None, beside=asterisk["mae_s"],
            ratio_to="Asterisk's formula",
        )  # fmt: skip
        figures[f"{scene}: {name}, within 10 s"] = figure(
            100 * report["within_10s"], "%", goal=130 * asterisk["within_10s"] if ours else None, better="higher",
            beside=100 * asterisk["within_10s"], ratio_to="Asterisk's formula",
        )  # fmt: skip
        figures[f"{scene}: {name}, within 30 s"] = figure(100 * report["within_30s"], "%", better="higher")
        figures[f"{scene}: {name}, in the 80 % range"] = figure(100 * report["coverage_80"], "%", better="higher")
    costs = sorted(found.costs)
    figures[f"{scene}: joining, agents reckoned anew, and an estimate, p50"] = figure(
        costs[len(costs) // 2] / 1000, "us"
    )
    return figures


def measure(trace: Path, learn_days: int) -> tuple[Result, dict[str, dict[str, float]]]:
    """A replayed trace as figures, and as what `--json` writes. Raises KeyError, ValueError for another file."""
    began = time.monotonic()
    found = replay(read_trace(trace), learn_days)
    if ASTERISK not in found.scores:
        raise ValueError(f"nobody who queued was served after day {learn_days}")
    figures = figures_of(found, trace.stem)
    result = Result("wait-time", machine(), versions(), figures, seconds=round(time.monotonic() - began, 2))
    return result, {name: score.report() for name, score in found.scores.items()}


TALK, PATIENCE, SIGMA = 180.0, 600.0, 0.8
"""Of the simulated centres: mean talk and mean patience in seconds, spread of the logarithm of log-normal talks."""


def run(days: int = 12, hours: float = 10.0, repeats: int = 7) -> Figures:
    """Simulated centres: exponential and log-normal talks, 3, 8 and 50 agents; the second half of the days is scored.

    A day of a large centre has so many calls that a sixth of the days is enough. Last, what the estimator costs.
    """
    figures: Figures = {}
    for agents, many in ((3, days), (8, days), (50, max(days // 6, 1))):
        for title, sigma in (("exponential", None), ("log-normal", SIGMA)):
            scene = f"{agents} agents, {title}"
            centre = simulated(agents, days=many, seed=agents, talk=TALK, sigma=sigma, patience=PATIENCE, hours=hours)
            oracle = Oracle(agents, TALK, sigma, PATIENCE)
            found = replay(centre, many // 2, credit=0.0, oracle=oracle)
            figures |= figures_of(found, scene)
            best, ours = (found.scores[name].report()["mae_s"] for name in (ORACLE, OURS))
            figures[f"{scene}: {OURS}, error to the best possible"] = figure(ours / best, "", goal=1.05)
    figures |= wait_cost.run(repeats=repeats)
    return figures


if __name__ == "__main__":
    print(table(run()))
