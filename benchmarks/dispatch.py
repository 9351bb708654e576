"""From the event to the wire: how soon the next caller's INVITE leaves, and how soon caller and agent hear each other.

softacd stands beside Asterisk's app_queue in the same run when `tools/asterisk` has fetched it, under the same calls;
callers and phones are in this process (`benchmarks.ends`). One round is three callers of a queue with one agent:

1. one waits, the agent is made ready (HTTP API; Asterisk's manager): the INVITE leaves;
2. while they talk another enters and waits; the agent hangs up, there is no wrap-up: his INVITE leaves;
3. the agent is free, a third enters: his INVITE leaves.

Each time the agent answers, and both speak: their packets leave every 20 ms from a moment of their own, so that with a
switch that needs no time at all one is heard within 10 ms in the median, and both within 14. The moments of all events
are drawn at random, for Asterisk over more than the second after which it looks again. Then ten phones ring together,
one is answered and nine stop: the CPU until all ring and that of the whole call, by INVITE.

`python -m benchmarks.dispatch [--smoke]`
"""

import os
import random
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks import asterisk
from benchmarks.centres import AGENTS, AsteriskCentre, Centre, SoftacdCentre
from benchmarks.ends import Call, Ends
from benchmarks.harness import CALIBRATION, Figures, Progress, calibrate, figure, table
from benchmarks.sides import ROUNDS, own_core, process_cpu_seconds
from benchmarks.signalling import percentile

PEER = "Asterisk"
YARDSTICK = f"{ROUNDS:,} rounds of the {CALIBRATION}"
GOAL_MS = 1.5
PACKET_MS = 20.0
PART_OF_PEER = 50
"""Asterisk's p99 from ready to INVITE, over ours, at least."""
CPU_PART_OF_PEER = 5
PATIENCE = 5.0
PAUSES = (0.05, 0.2)
PEER_PAUSES = (0.1, 1.15)
"""Seconds before an event, at least and at most."""
RING_PAUSE = 0.1


class Times(msgspec.Struct):
    """What one centre took, in ms each; CPU too, by INVITE when ten ring: until all do, and for the whole call."""

    ready: list[float] = []
    hung_up: list[float] = []
    entered: list[float] = []
    caller_hears: list[float] = []
    both_hear: list[float] = []
    cpu_until_ringing: float = 0.0
    cpu_of_call: float = 0.0


class Bench:
    """One centre and its callers and phones."""

    def __init__(self, centre: Centre, ends: Ends, pauses: tuple[float, float], chance: random.Random) -> None:
        self._centre = centre
        self._ends = ends
        self._pauses = pauses
        self._chance = chance
        self._callers = 0
        self.times = Times()

    def round(self) -> None:
        """The three callers. Raises RuntimeError when one of them rings nowhere or hears nobody."""
        centre, ends, times = self._centre, self._ends, self.times
        centre.ready(False)
        first = self._enter(centre.alone)
        self._pause()
        began = time.perf_counter_ns()
        centre.begin(True)
        phone = self._rung("an agent was ready")
        times.ready.append(_ms(phone.at - began))
        centre.confirm()
        self._talk(first, phone)

        second = self._enter(centre.alone)
        self._pause()
        began = ends.agent_hangs_up(phone)
        phone = self._rung("an agent had hung up")
        times.hung_up.append(_ms(phone.at - began))
        self._talk(second, phone)
        ends.caller_hangs_up(second)

        self._pause()
        third = self._enter(centre.alone)
        phone = self._rung("a caller had entered")
        times.entered.append(_ms(phone.at - third.at))
        self._talk(third, phone)
        ends.caller_hangs_up(third)
        ends.caller_hangs_up(first)
        ends.serve(0.05)

    def ring_together(self, calls: int) -> None:
        """So many callers for ten agents."""
        self._centre.ready(True)
        self._ends.serve(1.2)
        until_ringing = whole = 0.0
        for _ in range(calls):
            before = process_cpu_seconds(self._centre.pid)
            self._ends.rung.clear()
            caller = self._enter(self._centre.together)
            if not self._ends.serve(PATIENCE, lambda: len(self._ends.rung) >= AGENTS):
                raise RuntimeError(f"{self._centre.name} rang {len(self._ends.rung)} of {AGENTS} phones")
            self._ends.serve(RING_PAUSE)
            until_ringing += process_cpu_seconds(self._centre.pid) - before
            phones = list(self._ends.rung)
            self._ends.answer(phones[0])
            if not self._over(phones[1:]):
                raise RuntimeError(f"{self._centre.name} did not stop the other phones")
            self._ends.caller_hangs_up(caller)
            if not self._over(phones):
                raise RuntimeError(f"{self._centre.name} did not end the agent's call")
            self._ends.serve(RING_PAUSE)
            whole += process_cpu_seconds(self._centre.pid) - before
        self.times.cpu_until_ringing = until_ringing / (calls * AGENTS) * 1000
        self.times.cpu_of_call = whole / (calls * AGENTS) * 1000

    def _over(self, calls: list[Call]) -> bool:
        return self._ends.serve(PATIENCE, lambda: all(call.over for call in calls))

    def _enter(self, number: str) -> Call:
        self._callers += 1
        self._ends.rung.clear()
        return self._ends.call(self._centre.caller(self._callers), number)

    def _pause(self) -> None:
        self._ends.serve(self._chance.uniform(*self._pauses))
        if self._ends.rung:
            raise RuntimeError(f"{self._centre.name} rang a phone whose agent was not free")

    def _rung(self, when: str) -> Call:
        if not self._ends.serve(PATIENCE, lambda: bool(self._ends.rung)):
            raise RuntimeError(f"{self._centre.name} rang no phone within {PATIENCE:g} s after {when}")
        return self._ends.rung.pop()

    def _talk(self, caller: Call, phone: Call) -> None:
        """The agent answers after a moment; until both have heard each other."""
        self._ends.serve(self._chance.uniform(0.02, 0.06))
        began = self._ends.answer(phone)
        if not self._ends.serve(PATIENCE, lambda: bool(caller.voice.heard and phone.voice.heard)):
            raise RuntimeError(f"{self._centre.name} did not let caller and agent hear each other")
        self.times.caller_hears.append(_ms(caller.voice.heard - began))
        self.times.both_hear.append(_ms(max(caller.voice.heard, phone.voice.heard) - began))


def measure(centre: Centre, rounds: int, rings: int, pauses: tuple[float, float], progress: Progress) -> Times:
    """Everything of one centre. Raises RuntimeError when it does not do its work."""
    chance = random.Random(7)
    with centre, Ends(centre.port, centre.carrier_port, centre.phone_port, chance) as ends:
        bench = Bench(centre, ends, pauses, chance)
        bench.round()
        bench.times = Times()  # the first round only warms up
        for number in range(rounds):
            progress(f"{centre.name}: round {number + 1} of {rounds}")
            bench.round()
        progress(f"{centre.name}: {AGENTS} phones ring together")
        bench.ring_together(rings)
        return bench.times


def run(
    rounds: int = 100,
    peer_rounds: int = 30,
    rings: int = 40,
    *,
    beside: bool = True,
    progress: Progress = lambda text: None,
) -> Figures:
    """Measure so many rounds, and so many calls that ring ten phones; `beside`: Asterisk too, where it is."""
    cores = os.sched_getaffinity(0)
    prefix = own_core()
    try:
        with tempfile.TemporaryDirectory(prefix="softacd-bench-") as name:
            theirs = None
            if beside and asterisk.folder() is not None:
                theirs = measure(AsteriskCentre(Path(name, "peer"), prefix), peer_rounds, rings, PEER_PAUSES, progress)
            yardstick = calibrate(3) * ROUNDS * 1000
            ours = measure(SoftacdCentre(Path(name, "ours"), prefix), rounds, rings, PAUSES, progress)
    finally:
        os.sched_setaffinity(0, cores)
    return figures_of(ours, theirs, yardstick)


def figures_of(ours: Times, theirs: Times | None, yardstick: float) -> Figures:
    """The figures; `yardstick`: ms of some rounds of the calibration loop."""
    figures: Figures = {}
    for scene, name, median in (
        ("ready to INVITE", "ready", GOAL_MS),
        ("agent hung up to INVITE", "hung_up", GOAL_MS),
        ("caller entered to INVITE", "entered", GOAL_MS),
        ("answered to caller hears", "caller_hears", PACKET_MS),
        ("answered to both hear", "both_hear", PACKET_MS),
    ):
        for percent in (50, 99):
            value = percentile(sorted(getattr(ours, name)), percent)
            peer = percentile(sorted(getattr(theirs, name)), percent) if theirs is not None else None
            goal = median if percent == 50 else None
            if percent == 99 and peer is not None and name in ("ready", "hung_up"):
                goal = peer / PART_OF_PEER
            figures[f"{scene}: p{percent}"] = figure(value, "ms", goal=goal, beside=peer, ratio_to=PEER)
            if peer is not None:
                figures[f"{scene}: {PEER}'s p{percent}"] = figure(peer, "ms")
    for name, attribute in (("until all ring", "cpu_until_ringing"), ("of the whole call", "cpu_of_call")):
        peer_cpu = getattr(theirs, attribute) if theirs is not None else None
        figures[f"ten phones ring, CPU of an INVITE: {name}"] = figure(
            getattr(ours, attribute),
            "ms",
            goal=peer_cpu / CPU_PART_OF_PEER if peer_cpu else None,
            beside=peer_cpu or yardstick,
            ratio_to=PEER if peer_cpu else YARDSTICK,
        )
        if peer_cpu is not None:
            figures[f"ten phones ring, CPU of an INVITE: {PEER}'s {name}"] = figure(peer_cpu, "ms")
    return figures


def _ms(nanoseconds: int) -> float:
    return nanoseconds / 1e6


if __name__ == "__main__":
    shown: Progress = lambda text: print(text, file=sys.stderr)  # noqa: E731 - a function of one print
    smoke = "--smoke" in sys.argv
    print(table(run(rounds=2, rings=2, beside=False, progress=shown) if smoke else run(progress=shown)))
