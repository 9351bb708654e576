"""How long conversations last, learned one by one: a histogram on a logarithmic scale that starts from a belief.

Without any history it is the belief alone (a lognormal around three minutes, as wide as its mean); every conversation
weighs as one, the belief as `BELIEF_WEIGHT`, and old conversations fade, so that a change of season is followed within
some hundred calls. A single monstrous call moves one bucket, not the mean.
"""

from math import sqrt
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EDGES: Final[Array] = np.geomspace(2.0, 4 * 3600.0, 61)
"""Bounds of the buckets in seconds; neighbours are 16 % apart."""
MIDDLES: Final[Array] = np.sqrt(EDGES[:-1] * EDGES[1:])
_MOMENTS: Final[Array] = np.array([[1.0] * len(MIDDLES), MIDDLES, np.square(MIDDLES), np.log(MIDDLES)])
"""With bucket weights: their sum, and the sums of durations, of their squares and of their logarithms."""

_CELLS: Final = 512
"""The distribution is looked up in so many cells, evenly spaced in the logarithm: 1.7 % apart."""
_PER_CELL: Final = _CELLS / float(np.log(EDGES[-1] / EDGES[0]))
_FIRST: Final = float(np.log(EDGES[0])) * _PER_CELL - 0.5
_AT: Final[Array] = np.linspace(0.0, len(MIDDLES), _CELLS + 1)
_BELOW: Final = np.minimum(_AT.astype(np.intp), len(MIDDLES) - 1)
_PART: Final[Array] = _AT - _BELOW

BELIEF_MEAN = 180.0
BELIEF_SIGMA = 0.83  # of the logarithm: standard deviation as large as the mean
BELIEF_WEIGHT = 3.0
FADING = 0.995
"""What one conversation leaves of the weight of those before it: a memory of some 200 conversations."""
_TINY = 1e-3


def _belief() -> Array:
    centre = np.log(BELIEF_MEAN) - BELIEF_SIGMA**2 / 2
    weights = np.exp(-0.5 * ((np.log(MIDDLES) - centre) / BELIEF_SIGMA) ** 2)
    return np.asarray(weights * (BELIEF_WEIGHT / weights.sum()), dtype=np.float64)


_BELIEF: Final[Array] = _belief()


class LearnedTimes(msgspec.Struct, frozen=True):
    """What a TalkTimes has learned, for the store: bucket weights without the belief, and conversations seen."""

    weights: tuple[float, ...] = ()
    seen: int = 0


class TalkTimes:
    """The distribution of one kind of conversation, in seconds."""

    __slots__ = ("_table", "_weights", "deviation", "mean", "mean_log", "seen")

    def __init__(self, learned: LearnedTimes | None = None) -> None:
        """Start from the belief, or from what was learned before; weights of another shape are disregarded."""
        self._weights = np.zeros(len(MIDDLES))
        self.seen = 0
        if learned is not None and len(learned.weights) == len(MIDDLES):
            self._weights[:] = learned.weights
            self.seen = learned.seen
        self._refresh()

    def learned(self) -> LearnedTimes:
        """What survives a restart."""
        return LearnedTimes(tuple(float(weight) for weight in self._weights), self.seen)

    def learn(self, seconds: float) -> None:
        """One conversation lasted this long; a quarter of its weight goes to each neighbouring bucket."""
        bucket = int(EDGES.searchsorted(seconds)) - 1
        bucket = min(max(bucket, 0), len(MIDDLES) - 1)
        weights = self._weights
        weights *= FADING
        weights[bucket] += 0.5
        weights[max(bucket - 1, 0)] += 0.25
        weights[min(bucket + 1, len(MIDDLES) - 1)] += 0.25
        self.seen += 1
        self._refresh()

    def _refresh(self) -> None:
        weights = self._weights + _BELIEF
        total, mean, square, logarithm = (_MOMENTS @ weights).tolist()
        self.mean = mean / total
        self.deviation = sqrt(max(square / total - self.mean**2, 0.0))
        self.mean_log = logarithm / total
        weights /= total
        cumulative = np.zeros(len(MIDDLES) + 1)
        np.add.accumulate(weights, out=cumulative[1:])
        self._table = np.minimum(cumulative[_BELOW] + _PART * weights[_BELOW], 1.0)

    def shorter_than(self, seconds: Array) -> Array:
        """Probability, for each duration, that a conversation ends within it."""
        cells = np.log(np.maximum(seconds, _TINY))
        cells *= _PER_CELL
        cells -= _FIRST
        return self._table.take(cells.astype(np.intp), mode="clip")

    def ended_within(self, elapsed: Array, further: Array) -> Array:
        """Probability that conversations lasting `elapsed` (shape n by 1) end within `further` (n by m) more seconds.

        Durations not above 0 have probability 0. A conversation longer than nearly all known is expected to last half
        as long again.
        """
        further = np.maximum(further, 0.0)
        so_far = self.shorter_than(elapsed)
        left = 1.0 - so_far
        ended = self.shorter_than(elapsed + further)
        ended -= so_far
        if np.minimum.reduce(left, axis=None) > _TINY:
            ended /= left
            return ended
        beyond = 1.0 - np.exp(-further / np.maximum(0.5 * elapsed, 1.0))
        return np.where(left > _TINY, ended / np.maximum(left, _TINY), beyond)
