"""What the estimator of waiting times costs: one update and one estimate, alone, with a long line.

CPU time, the smallest of several repetitions: what the work itself costs, whatever else the machine does.
"""

import time
from collections.abc import Callable
from itertools import count, cycle
from random import Random

from benchmarks.harness import Figures, figure, table
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

CALLERS = 100
QUEUE = "bank"


class House:
    """A queue with a long line; all agents talk. It has learned from a thousand calls."""

    def __init__(self, agents: int, callers: int = CALLERS) -> None:
        self._names = [f"agent-{number}" for number in range(agents)]
        tiers = tuple(TierSettings(name) for name in self._names)
        settings = [QueueSettings(name=QUEUE, tiers=tiers, ageing_seconds=90.0)]
        self.estimator = WaitTimeEstimator(settings, [AgentSettings(name=name, phone=name) for name in self._names])
        self._random = Random(1)
        self._turns = cycle(self._names)
        self._numbers = count()
        self.line: list[tuple[str, float]] = []
        self.now = 0.0
        for name in self._names:
            self.estimator.observe(DeviceChanged(name, reachable=True), 0.0)
        for _ in range(callers):
            self.join()
        for number in range(1000):
            name = self._names[number % agents]
            if number >= agents:
                self.end(name)
            self.answer(name)
            self.join()

    def join(self) -> None:
        self.now += self._random.expovariate(len(self._names) / 360.0)
        caller = f"caller-{next(self._numbers)}"
        self.line.append((caller, self.now))
        self.estimator.observe(CallerJoined(caller, QUEUE, self._random.randrange(3)), self.now)

    def answer(self, agent: str) -> None:
        self.now += 0.001
        caller, joined = self.line.pop(0)
        waited = self.now - joined
        self.estimator.observe(Connect(caller, agent, QUEUE, waited), self.now)
        self.estimator.observe(CallerExited(caller, QUEUE, Exit.ANSWERED, waited), self.now)
        self.estimator.observe(AgentChanged(agent, Status.AVAILABLE, State.TALKING, caller=caller), self.now)

    def end(self, agent: str) -> None:
        self.now += self._random.expovariate(len(self._names) / 360.0)
        self.estimator.observe(AgentChanged(agent, Status.AVAILABLE, State.IDLE), self.now)

    def turn(self) -> None:
        """Five updates: the agent whose turn it is ends and answers; somebody joins."""
        agent = next(self._turns)
        self.end(agent)
        self.answer(agent)
        self.join()

    def estimate(self, later: float) -> None:
        """One estimate of somebody in line, after so many seconds."""
        self.now += later
        self.estimator.estimate(self._random.choice(self.line)[0], self.now)


def cheapest(repeats: int, times: int, work: Callable[[], None]) -> float:
    """Microseconds of CPU of one call of `work`: the smallest mean of several series."""
    series = []
    for _ in range(repeats):
        began = time.thread_time_ns()
        for _ in range(times):
            work()
        series.append((time.thread_time_ns() - began) / times / 1000)
    return min(series)


def run(agents: tuple[int, ...] = (20, 100), *, repeats: int = 7, times: int = 300) -> Figures:
    """A mean update (an agent ends, answers the next caller; another caller joins), and estimates anywhere in line.

    Estimates are taken with the agents known, and when they must be reckoned anew after a second.
    """
    figures: Figures = {}
    for many in agents:
        scene = f"{many} agents, {CALLERS} callers waiting"
        house = House(many)
        for title, work, share in (
            ("one update", house.turn, 1 / 5),
            ("one estimate", lambda house=house: house.estimate(0.0001), 1),
            ("one estimate, the agents reckoned anew", lambda house=house: house.estimate(1.01), 1),
        ):
            figures[f"{scene}: {title}"] = figure(cheapest(repeats, times, work) * share, "us", goal=30.0)
    return figures


if __name__ == "__main__":
    print(table(run()))
