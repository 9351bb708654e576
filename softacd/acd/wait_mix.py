"""What experience adds to reckoning: the reckoned wait beside what the line has lately done, weighed by what came true.

Reckoning from agents and conversations is right as far as the agents do what their status says. Lines know better how
fast they move. So the logarithms of the reckoned wait, of the place, of the recent intervals between answers and of
recent waits are weighed together, by recursive least squares with forgetting (Haykin, Adaptive Filter Theory, chapter
10), which begins with the reckoned wait alone and moves away from it only as far as the waits of answered callers
demand. The range around it, and the middle, follow the errors by the quantile steps of `wait_score`, on the logarithmic
scale: 10 % of waits below the low end, half below the middle, 90 % below the high end, whatever the errors look like.
"""

from math import exp, log
from typing import Final

import msgspec

OFFSET: Final = 20.0
"""Seconds added before taking logarithms: a second more or less counts little in a wait of ten."""
FORGETTING = 0.998
"""What one wait leaves of the weight of those before it: a memory of some 500 waits."""
STUBBORNNESS = 20.0
"""How many waits the first belief, that reckoning alone is right, weighs."""
INTERVAL_MEMORY = (8.0, 40.0)
WAITS_MEMORY = 6.0
NEEDED = 20
"""Waits to learn from before experience is asked."""
_TARGETS = (0.1, 0.5, 0.9)
_STEP = 0.03
_LONGEST_INTERVAL = 600.0
FEATURES = 6


class LearnedMix(msgspec.Struct, frozen=True):
    """What a WaitMix has learned, for the store; lists of another length are disregarded."""

    weights: tuple[float, ...] = ()
    confidence: tuple[tuple[float, ...], ...] = ()
    quantiles: tuple[float, float, float] = (-0.7, 0.0, 0.6)
    seen: int = 0
    intervals: tuple[float, float] = (30.0, 30.0)
    waits: float = 60.0


class WaitMix:
    """One queue's experience."""

    __slots__ = ("_confidence", "_fast", "_last_answer", "_quantiles", "_slow", "_waits", "_weights", "seen")

    def __init__(self, learned: LearnedMix | None = None) -> None:
        learned = learned or LearnedMix()
        known = len(learned.weights) == FEATURES == len(learned.confidence)
        self._weights = list(learned.weights) if known else [1.0] + [0.0] * (FEATURES - 1)
        self._confidence = (
            [list(row) for row in learned.confidence]
            if known
            else [[(row == column) / STUBBORNNESS for column in range(FEATURES)] for row in range(FEATURES)]
        )
        self._quantiles = list(learned.quantiles)
        self.seen = learned.seen if known else 0
        self._fast, self._slow = learned.intervals
        self._waits = learned.waits
        self._last_answer: float | None = None

    def learned(self) -> LearnedMix:
        """What survives a restart."""
        low, middle, high = self._quantiles
        return LearnedMix(
            tuple(self._weights), tuple(map(tuple, self._confidence)), (low, middle, high), self.seen,
            (self._fast, self._slow), self._waits,
        )  # fmt: skip

    def line_began(self, now: float) -> None:
        """Somebody waits where nobody did: from now on intervals between answers tell how fast the line moves."""
        self._last_answer = now

    def answered(self, waited: float, now: float, *, others_wait: bool) -> None:
        """A caller was answered after this wait."""
        self._waits += (waited - self._waits) / WAITS_MEMORY
        if self._last_answer is not None:
            interval = min(now - self._last_answer, _LONGEST_INTERVAL)
            fast, slow = INTERVAL_MEMORY
            self._fast += (interval - self._fast) / fast
            self._slow += (interval - self._slow) / slow
        self._last_answer = now if others_wait else None

    def features(self, reckoned: float, places: float, waited: float) -> tuple[float, ...]:
        """What the estimate for a caller rests on: `places` from the first (1), who has `waited` so long already."""
        return (
            log(reckoned + OFFSET),
            1.0,
            log(places),
            log(self._fast * places + OFFSET),
            log(self._slow * places + OFFSET),
            log(max(self._waits - waited, 0.0) + OFFSET),
        )

    def estimate(self, features: tuple[float, ...]) -> tuple[float, float, float]:
        """Low, expected and high seconds."""
        centre = sum(weight * feature for weight, feature in zip(self._weights, features, strict=True))
        low, middle, high = sorted(self._quantiles)
        longest = log(4 * 3600.0)
        return (
            max(exp(min(centre + low, longest)) - OFFSET, 0.0),
            max(exp(min(centre + middle, longest)) - OFFSET, 0.0),
            max(exp(min(centre + high, longest)) - OFFSET, 0.0),
        )

    def learn(self, features: tuple[float, ...], actual: float) -> None:
        """The caller with these features was answered `actual` seconds later."""
        self.seen += 1
        target = log(actual + OFFSET)
        error = target - sum(weight * feature for weight, feature in zip(self._weights, features, strict=True))
        for index, share in enumerate(_TARGETS):
            self._quantiles[index] += _STEP * (share - (error <= self._quantiles[index]))
        confidence = self._confidence
        spread = [sum(one * other for one, other in zip(row, features, strict=True)) for row in confidence]
        scale = FORGETTING + sum(one * other for one, other in zip(spread, features, strict=True))
        for index, gain in enumerate(spread):
            self._weights[index] += gain / scale * error
        for row, one in zip(confidence, spread, strict=True):
            for column, other in enumerate(spread):
                row[column] = (row[column] - one * other / scale) / FORGETTING
        largest = max(confidence[index][index] for index in range(FEATURES))
        if largest > 1.0:  # nothing new for long: what is not exercised must not become doubtful without bound
            for row in confidence:
                row[:] = [value / largest for value in row]
