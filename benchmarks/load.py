"""What a load of calls did, and the search for the highest rate that passes clean."""

from typing import Protocol

import msgspec

from benchmarks.harness import Progress
from benchmarks.sipp import Counted

RATE = 100
"""Calls a second at which the cost of one is measured."""
FIRST_RATE = 50
LAST_RATE = 3200


class Load(msgspec.Struct, frozen=True):
    """What `calls` calls at one rate did."""

    callers: Counted
    bridged: int
    cpu_ms: float
    """Of all threads, for each call."""
    main_ms: float
    """Of the main thread, for each call."""
    yardstick_ms: float
    """Of the calibration loop's rounds, just before."""
    busy: float
    """Share of one core used while the load ran, 0..1 (and above, with several threads on several cores)."""
    received: float
    """SIP messages received, for each call; 0 where it cannot be known."""
    sent: float
    retransmissions: float
    """Of all three, for the whole load."""
    left_open: float
    """Dialogs and streams still held when all calls had ended."""
    memory: float
    """Megabytes afterwards."""

    @property
    def clean(self) -> bool:
        """Nobody failed, and nobody had to repeat himself."""
        return not self.callers.failed and not self.retransmissions and self.bridged == self.callers.succeeded


class Loadable(Protocol):
    """What calls can be brought to."""

    def load(self, rate: int, seconds: float) -> Load:
        """Bring `rate` calls a second for `seconds`."""


def sustained(bench: Loadable, usual: Load, seconds: float, progress: Progress) -> tuple[int, Load | None]:
    """The highest rate that passes clean, within 10 %: doubled until one does not, then halved in between."""
    good, best = (RATE, usual) if usual.clean else (0, None)
    rate, bad = (RATE * 2, 0) if best is not None else (FIRST_RATE, RATE)
    while rate <= LAST_RATE and (not bad or bad - good > good * 0.1):
        progress(f"{rate} calls/s, {good} passed clean")
        load = bench.load(rate, seconds)
        if load.clean and load.callers.rate > rate * 0.8:
            good, best = rate, load
        else:
            bad = rate
        rate = (good + bad) // 2 if bad else rate * 2
        if rate <= good:
            break
    return good, best
