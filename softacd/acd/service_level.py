"""How well a queue was served since the start of the day: counts and waits, kept as the callers leave."""

from bisect import bisect_left
from typing import Final

import msgspec

from softacd.acd.vocabulary import Exit

WAIT_BOUNDS: Final = (5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1200.0)
"""Upper bounds in seconds (inclusive) of the buckets that count waits; the last bucket has no bound."""


_ANSWERED: Final = Exit.ANSWERED


class ServiceLevelReport(msgspec.Struct, frozen=True):
    """The day so far of one queue. Waits in seconds; `waits` counts answered callers by WAIT_BOUNDS."""

    threshold: float
    offered: int
    answered: int
    answered_in_time: int
    abandoned: int
    abandoned_early: int
    """Of the abandoned, those who left within the threshold."""
    exits: dict[Exit, int]
    service_level: float | None
    """Answered within the threshold, of all answered, abandoned or sent away as waiting too long: 0 to 1."""
    average_wait: float | None
    longest_wait: float
    waits: tuple[int, ...]


class ServiceLevel:
    """Counts of one queue since `start_day`."""

    __slots__ = ("_answered_in_time", "_early", "_exits", "_longest", "_offered", "_total", "_waits", "threshold")

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self.start_day(0)

    def start_day(self, waiting: int) -> None:
        """Count from zero; the `waiting` callers in line now are offered on the new day."""
        self._offered = waiting
        self._exits = dict.fromkeys(Exit, 0)
        self._answered_in_time = 0
        self._early = 0
        self._total = 0.0
        self._longest = 0.0
        self._waits = [0] * (len(WAIT_BOUNDS) + 1)

    def joined(self) -> None:
        """A caller came, whatever becomes of him."""
        self._offered += 1

    def exited(self, exit_: Exit, waited: float) -> None:
        """A caller left after `waited` seconds."""
        self._exits[exit_] += 1
        if exit_ is _ANSWERED or exit_ is Exit.PICKED_UP:
            if waited <= self.threshold:
                self._answered_in_time += 1
            self._total += waited
            if waited > self._longest:
                self._longest = waited
            self._waits[bisect_left(WAIT_BOUNDS, waited)] += 1
        elif exit_ is Exit.ABANDONED and waited <= self.threshold:
            self._early += 1

    def report(self) -> ServiceLevelReport:
        """The counts now."""
        answered = self._exits[Exit.ANSWERED] + self._exits[Exit.PICKED_UP]
        abandoned = self._exits[Exit.ABANDONED]
        judged = answered + abandoned + self._exits[Exit.TOO_LONG]
        return ServiceLevelReport(
            threshold=self.threshold,
            offered=self._offered,
            answered=answered,
            answered_in_time=self._answered_in_time,
            abandoned=abandoned,
            abandoned_early=self._early,
            exits=dict(self._exits),
            service_level=self._answered_in_time / judged if judged else None,
            average_wait=self._total / answered if answered else None,
            longest_wait=self._longest,
            waits=tuple(self._waits),
        )
