"""How long one decision of the distributor takes: a caller comes, an agent answers, an agent is free.

Each decision is timed alone, from the event to the finished list of commands, in floors of 10, 100 and 1,000 agents,
with ready agents and no line, and with every agent busy and 1,000 callers in line. Run it: `python -m
benchmarks.distributor`.
"""

import gc
import time
from itertools import count

from benchmarks.harness import CALIBRATION, Figures, calibrate, figure, table
from softacd.acd.distributor import Distributor
from softacd.acd.model import AgentSettings, QueueSettings, TierSettings
from softacd.acd.vocabulary import (
    AnyCommand,
    AnyEvent,
    CallerJoined,
    DeviceChanged,
    Offer,
    OfferAnswered,
    TalkEnded,
    WrapUpFinished,
)

SIZES = (10, 100, 1_000)
WAITING = 1_000
RING = 4
GOAL_US = 10.0
"""A whole decision, p50, with 100 agents."""


class Floor:
    """A distributor with `agents` agents in each of `queues` queues, and a stopwatch around its decisions."""

    def __init__(self, agents: int, queues: int = 1) -> None:
        names = [f"agent-{number}" for number in range(agents)]
        tiers = tuple(TierSettings(name) for name in names)
        self.queues = [f"queue-{number}" for number in range(queues)]
        self.now = 0.0
        self.distributor = Distributor(
            [QueueSettings(name=name, ring=RING, wrap_up_seconds=15.0, tiers=tiers) for name in self.queues],
            [AgentSettings(name=name, phone=name, available_at_start=True) for name in names],
            self.now,
        )
        for name in names:
            self.now += 0.001
            self.distributor.handle(DeviceChanged(name, reachable=True), self.now)
        self._numbers = count()
        self.times: dict[str, list[int]] = {}

    def decide(self, what: str, event: AnyEvent) -> list[AnyCommand]:
        """Take one event a millisecond later and note the nanoseconds under `what`."""
        self.now += 0.001
        handle, clock = self.distributor.handle, time.perf_counter_ns
        began = clock()
        commands = handle(event, self.now)
        taken = clock() - began
        self.times.setdefault(what, []).append(taken)
        return commands

    def join(self, what: str) -> list[Offer]:
        """A new caller, the queues taking turns; answers with the offers made."""
        number = next(self._numbers)
        queue = self.queues[number % len(self.queues)]
        commands = self.decide(what, CallerJoined(f"caller-{number}", queue))
        return [command for command in commands if isinstance(command, Offer)]


def ready_agents(agents: int, rounds: int, queues: int = 1) -> Floor:
    """Nobody waits: each four phones ring, the first answers, the others stop, the talk ends."""
    floor = Floor(agents, queues)
    for _ in range(rounds):
        offer = floor.join("four phones ring")[0]
        floor.decide("answered, three stop", OfferAnswered(offer.agent, offer.caller))
        floor.decide("talk ends", TalkEnded(offer.agent, offer.caller))
        floor.decide("agent is free", WrapUpFinished(offer.agent))
    return floor


def rush_hour(agents: int, rounds: int, queues: int = 1) -> Floor:
    """Everybody talks and 1,000 callers wait: each agent who comes free rings for the first of them."""
    floor = Floor(agents, queues)
    talks: list[Offer] = []
    for _ in range(agents):
        for offer in floor.join("filling")[:1]:
            floor.decide("filling", OfferAnswered(offer.agent, offer.caller))
            talks.append(offer)
    for _ in range(WAITING):
        floor.join("filling")
    floor.times.clear()
    for number in range(rounds):
        talk = talks[number % len(talks)]
        floor.decide("talk ends", TalkEnded(talk.agent, talk.caller))
        commands = floor.decide("free agent rings", WrapUpFinished(talk.agent))
        offer = next(command for command in commands if isinstance(command, Offer))
        floor.decide("answered", OfferAnswered(offer.agent, offer.caller))
        talks[number % len(talks)] = offer
        floor.join("caller joins")
    return floor


def percentile(times: list[int], share: float) -> float:
    """Microseconds not exceeded by `share` of the times."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] / 1000


def run(rounds: int = 3_000) -> Figures:
    """Median and 99th percentile of every decision, in microseconds; the ratio is to one calibration round.

    A figure is named "AGENTS ready|busy [xQUEUES]: decision": ready agents and no line, or all busy and 1,000 callers
    in line, in one queue or with every agent in that many.
    """
    figures: Figures = {}
    yardstick = calibrate() * 1e6
    was_enabled = gc.isenabled()
    gc.disable()  # as the running program does: it collects between turns
    try:
        for scene, title in ((ready_agents, " ready"), (rush_hour, " busy")):
            for agents, queues in (*((size, 1) for size in SIZES), (100, 6)):
                floor = scene(agents, rounds, queues)
                where = f"{agents}{title}" + (f" x{queues}" if queues > 1 else "")
                for what, times in floor.times.items():
                    goal = GOAL_US if (agents, queues) == (100, 1) else None
                    figures[f"{where}: {what} p50"] = figure(
                        percentile(times, 0.5), "us", goal=goal, beside=yardstick, ratio_to=CALIBRATION
                    )
                    figures[f"{where}: {what} p99"] = figure(
                        percentile(times, 0.99), "us", beside=yardstick, ratio_to=CALIBRATION
                    )
                gc.collect()
    finally:
        if was_enabled:
            gc.enable()
    return figures


if __name__ == "__main__":
    print(table(run()))
