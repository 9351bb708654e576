"""How long one decision of the distributor takes: a caller comes, an agent answers, an agent is free.

Each decision is timed alone, from the event to the finished list of commands, in floors of 10 to 10,000 agents, with
ready agents and no line, and with every agent busy and 1,000 callers in line. Every scene is repeated, and the best
repetition counts: what else the machine does can only make a decision slower. Run it: `python -m
benchmarks.distributor`; `python -m benchmarks.distributor_gate` compares with the committed baseline.
"""

import gc
import time
from itertools import count

from benchmarks.harness import CALIBRATION, Figures, calibrate, figure, table, yardstick
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

SIZES = (10, 100, 1_000, 10_000)
WAITING = 1_000
RING = 4
GOALS_US = {100: (10.0, 30.0), 1_000: (12.0, 40.0), 10_000: (24.0, 80.0)}
"""Agents -> what a whole decision may take, p50 and p99."""
REPEATS = 5


class Floor:
    """A distributor with `agents` agents in each of `queues` queues, and a stopwatch around its decisions."""

    def __init__(self, agents: int, queues: int = 1, *, paced: bool = False) -> None:
        """`paced`: take the yardstick before every decision."""
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
        self.pace: list[int] | None = [] if paced else None

    def decide(self, what: str, event: AnyEvent) -> list[AnyCommand]:
        """Take one event a millisecond later and note the nanoseconds under `what`."""
        self.now += 0.001
        handle, clock = self.distributor.handle, time.perf_counter_ns
        if self.pace is not None:
            self.pace.append(yardstick())
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


def ready_agents(agents: int, rounds: int, queues: int = 1, *, paced: bool = False) -> Floor:
    """Nobody waits: each four phones ring, the first answers, the others stop, the talk ends."""
    floor = Floor(agents, queues, paced=paced)
    for _ in range(rounds):
        offer = floor.join("four phones ring")[0]
        floor.decide("answered, three stop", OfferAnswered(offer.agent, offer.caller))
        floor.decide("talk ends", TalkEnded(offer.agent, offer.caller))
        floor.decide("agent is free", WrapUpFinished(offer.agent))
    return floor


def rush_hour(agents: int, rounds: int, queues: int = 1, *, paced: bool = False) -> Floor:
    """Everybody talks and 1,000 callers wait: each agent who comes free rings for the first of them."""
    floor = Floor(agents, queues, paced=paced)
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


def best(figures: dict[str, float], name: str, value: float) -> None:
    """Keep the least value of this name."""
    figures[name] = min(figures.get(name, value), value)


def measure(sizes: tuple[tuple[int, int], ...], rounds: int, repeats: int) -> tuple[dict[str, float], dict[str, float]]:
    """Microseconds of every decision by "AGENTS ready|busy [xQUEUES]: decision pNN", and decisions a second by scene.

    `sizes` are (agents, queues). Of `repeats` repetitions the best one of each figure.
    """
    times: dict[str, float] = {}
    seconds: dict[str, float] = {}
    rates: dict[str, float] = {}
    was_enabled = gc.isenabled()
    gc.disable()  # as the running program does: it collects between turns
    try:
        for _ in range(repeats):
            for scene, title in ((ready_agents, " ready"), (rush_hour, " busy")):
                for agents, queues in sizes:
                    floor = scene(agents, rounds, queues)
                    where = f"{agents}{title}" + (f" x{queues}" if queues > 1 else "")
                    for what, taken in floor.times.items():
                        for share, name in ((0.5, "p50"), (0.99, "p99"), (0.999, "p99.9")):
                            best(times, f"{where}: {what} {name}", percentile(taken, share))
                    everything = [one for taken in floor.times.values() for one in taken]
                    best(seconds, where, sum(everything) / len(everything) / 1e9)
                    gc.collect()
    finally:
        if was_enabled:
            gc.enable()
    for where, mean in seconds.items():
        rates[where] = 1.0 / mean
    return times, rates


def run(rounds: int = 2_000, repeats: int = REPEATS) -> Figures:
    """Median, 99th and 99.9th percentile of every decision in microseconds, and decisions a second.

    A figure is named "AGENTS ready|busy [xQUEUES]: decision": ready agents and no line, or all busy and 1,000 callers
    in line, in one queue or with every agent in that many. The ratio is to one calibration round.
    """
    figures: Figures = {}
    one_round = calibrate() * 1e6
    times, rates = measure((*((size, 1) for size in SIZES), (100, 6)), rounds, repeats)
    one_round = min(one_round, calibrate() * 1e6)
    for name, value in times.items():
        where, _, what = name.partition(": ")
        agents, several = int(where.split()[0]), "x" in where
        goals = dict(zip(("p50", "p99"), GOALS_US.get(agents, ()), strict=False))
        figures[name] = figure(
            value,
            "us",
            goal=None if several else goals.get(what.rpartition(" ")[2]),
            beside=one_round,
            ratio_to=CALIBRATION,
        )
    for where, rate in rates.items():
        figures[f"{where}: decisions a second"] = figure(rate, "/s", better="higher")
    return figures


if __name__ == "__main__":
    print(table(run()))
