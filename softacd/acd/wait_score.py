"""How good the estimates were, and what is learned from it.

An estimate is a distribution; its range is read at two levels of it. When a caller is answered, his actual wait says
on which side of each end it fell, and the level read from the next distributions moves a little: towards 10 % of waits
below low and 90 % below high (adaptive conformal inference: Gibbs and Candès, 2021). Whatever the model gets wrong in
a steady way about its own certainty is corrected by this. Callers who hang up are not counted: nobody knows how long
they would have waited.
"""

from typing import Final

import msgspec

TARGETS: Final = (0.1, 0.9)
_BOUNDS: Final = ((0.01, 0.35), (0.65, 0.99))
_STEP = 0.01
_FADING = 0.97


class LearnedScore(msgspec.Struct, frozen=True):
    """What a WaitScore has learned; also what is shown of it. Errors in seconds, over some 30 recent waits."""

    ends: tuple[float, float] = TARGETS
    """Levels at which low and high are read."""
    scored: int = 0
    absolute_error: float = 0.0
    coverage: float = 0.0
    """Share of actual waits within the range that was estimated: 0.8 is intended."""


class WaitScore:
    """The record of one queue's estimates."""

    __slots__ = ("_absolute", "_covered", "_weight", "high", "low", "scored")

    def __init__(self, learned: LearnedScore | None = None) -> None:
        learned = learned or LearnedScore()
        self.low, self.high = learned.ends
        self.scored = learned.scored
        self._weight = float(min(learned.scored, 1 / (1 - _FADING)))
        self._absolute = learned.absolute_error * self._weight
        self._covered = learned.coverage * self._weight

    @property
    def coverage(self) -> float:
        """Share of recent waits within their estimated range, 0 to 1; 0 before the first."""
        return self._covered / self._weight if self._weight else 0.0

    @property
    def absolute_error(self) -> float:
        """Mean absolute error of recent estimates in seconds; 0 before the first."""
        return self._absolute / self._weight if self._weight else 0.0

    def score(self, low: float, expected: float, high: float, actual: float) -> None:
        """The estimate was `low`, `expected`, `high`; the caller was answered after `actual` seconds."""
        self.low = _moved(self.low, TARGETS[0], actual <= low, _BOUNDS[0])
        self.high = _moved(self.high, TARGETS[1], actual <= high, _BOUNDS[1])
        self.scored += 1
        self._weight = self._weight * _FADING + 1.0
        self._absolute = self._absolute * _FADING + abs(actual - expected)
        self._covered = self._covered * _FADING + (low <= actual <= high)

    def learned(self) -> LearnedScore:
        """What survives a restart and is shown."""
        return LearnedScore((self.low, self.high), self.scored, self.absolute_error, self.coverage)


def _moved(level: float, target: float, below: bool, bounds: tuple[float, float]) -> float:
    return min(max(level + _STEP * (target - below), bounds[0]), bounds[1])
