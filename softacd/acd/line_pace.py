"""What a line has lately done: how far apart its answers came while somebody waited, and how long those had waited."""

from typing import Final

import msgspec

MEMORY: Final = (8.0, 40.0)
"""Intervals that the quick and the slow average remember."""
WAITS_MEMORY: Final = 5.0
LONGEST_INTERVAL: Final = 600.0


class LearnedLinePace(msgspec.Struct, frozen=True):
    """Seconds between answers (quick and slow average) and of recent waits, for the store."""

    quick: float = 30.0
    slow: float = 30.0
    waits: float = 60.0


class LinePace:
    """One queue's recent past."""

    __slots__ = ("_last_answer", "quick", "since", "slow", "waits")

    def __init__(self, learned: LearnedLinePace | None = None) -> None:
        learned = learned or LearnedLinePace()
        self.quick, self.slow, self.waits = learned.quick, learned.slow, learned.waits
        self.since = 0.0
        """When the present line, or else the last one, began."""
        self._last_answer: float | None = None

    def learned(self) -> LearnedLinePace:
        """What survives a restart."""
        return LearnedLinePace(self.quick, self.slow, self.waits)

    def began(self, now: float) -> None:
        """Somebody waits where nobody did: from now on intervals between answers tell how fast the line moves."""
        self.since = self._last_answer = now

    def answered(self, waited: float, now: float, *, others_wait: bool) -> None:
        """A caller was answered after this wait."""
        self.waits += (waited - self.waits) / WAITS_MEMORY
        if self._last_answer is not None:
            interval = min(now - self._last_answer, LONGEST_INTERVAL)
            self.quick += (interval - self.quick) / MEMORY[0]
            self.slow += (interval - self.slow) / MEMORY[1]
        self._last_answer = now if others_wait else None
