"""How good the estimates were, and what is learned from it.

An estimate is a distribution; three of its quantiles are told (low, expected, high). When a caller is answered, his
actual wait says on which side of each it fell, and the level read from the next distributions moves a little: towards
10 % of waits below low, half below expected, 90 % below high (adaptive conformal inference: Gibbs and Candès, 2021).
Whatever the model gets wrong in a steady way is corrected by this.
"""

from typing import Final

import msgspec

TARGETS: Final = (0.1, 0.5, 0.9)
_BOUNDS: Final = ((0.01, 0.35), (0.2, 0.8), (0.65, 0.995))
_STEP = 0.02
_FADING = 0.97


class LearnedScore(msgspec.Struct, frozen=True):
    """What a WaitScore has learned; also what is shown of it. Errors in seconds, over some 30 recent waits."""

    levels: tuple[float, float, float] = TARGETS
    scored: int = 0
    absolute_error: float = 0.0
    coverage: float = 0.0
    """Share of actual waits within the range that was estimated: 0.8 is intended."""


class WaitScore:
    """The record of one queue's estimates."""

    __slots__ = ("_absolute", "_covered", "_levels", "_weight", "scored")

    def __init__(self, learned: LearnedScore | None = None) -> None:
        learned = learned or LearnedScore()
        self._levels = list(learned.levels)
        self.scored = learned.scored
        self._weight = float(min(learned.scored, 1 / (1 - _FADING)))
        self._absolute = learned.absolute_error * self._weight
        self._covered = learned.coverage * self._weight

    @property
    def levels(self) -> tuple[float, float, float]:
        """Quantile levels to read low, expected and high from."""
        low, middle, high = self._levels
        return low, middle, high

    @property
    def coverage(self) -> float:
        """Share of recent waits within their estimated range, 0 to 1; 0 before the first."""
        return self._covered / self._weight if self._weight else 0.0

    def score(self, estimated: tuple[float, float, float], actual: float, *, ended: bool) -> None:
        """Low, expected and high came out as `actual` seconds.

        With `ended` False the caller left after `actual` without an answer: his wait would have been longer, so it
        tells only of the estimates it has exceeded.
        """
        for index, (seconds, target, (floor, ceiling)) in enumerate(zip(estimated, TARGETS, _BOUNDS, strict=True)):
            if ended or actual > seconds:
                moved = self._levels[index] + _STEP * (target - (actual <= seconds))
                self._levels[index] = min(max(moved, floor), ceiling)
        if ended:
            low, expected, high = estimated
            self.scored += 1
            self._weight = self._weight * _FADING + 1.0
            self._absolute = self._absolute * _FADING + abs(actual - expected)
            self._covered = self._covered * _FADING + (low <= actual <= high)

    def learned(self) -> LearnedScore:
        """What survives a restart and is shown."""
        return LearnedScore(
            levels=self.levels,
            scored=self.scored,
            absolute_error=self._absolute / self._weight if self._weight else 0.0,
            coverage=self.coverage,
        )
