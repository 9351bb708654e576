"""What experience adds to reckoning: the whole distribution of a wait, corrected by what became of those before.

For each of TIMES the chance that the caller is answered by then is a logistic regression: the logit that was reckoned
from agents and conversations, plus what a few signs of the line (how fast it moves, how long others have waited, who
may overtake) have proved to change about it. This is distribution regression (Foresi and Peracchi, 1995), learned
online: one step of Newton's method a wait, with the bound 1/4 in place of each logistic variance (Böhning, 1992), so
that all times share one matrix, and with forgetting. Without experience it is the reckoning alone.

From the distribution come the range, by its levels, and the figure that is told: the one with the least expected
cost, where a second of error costs a second and being within NEAR seconds saves NEARNESS.
"""

import msgspec
import numpy as np

from softacd.acd.answer_curve import TIMES
from softacd.acd.handling_time import Array

FORGETTING = 0.999
"""What one wait leaves of the weight of those before it: a memory of some thousand waits."""
STUBBORNNESS = 30.0
"""How many waits the first belief, that reckoning alone is right, weighs."""
CERTAINTY = 2.0
_SLOPE = 0.8
"""With experience a reckoned logit counts as CERTAINTY * tanh(_SLOPE / CERTAINTY * logit): agents do not always do
what their status says, and what was reckoned as certain must leave experience something to say."""
EXPERIENCE = 100.0
"""Waits after which the reckoned logit counts half as it is, half as above."""
NEAR = 10.0
NEARNESS = 8.0
"""Who is told a figure within NEAR seconds of the truth calls it right; seconds of error that this is worth."""
_SOFTNESS = 4.0
"""Width of the margin around NEAR, in seconds, so that the figure moves smoothly."""
_STEPS = 8
_FARTHEST = 40.0


def _costs() -> tuple[Array, Array, Array]:
    """Figures that may be told, and their cost as a linear function of the chances at TIMES: constants, matrix."""
    figures = np.concatenate((np.arange(0.0, 60.0, 2.0), np.geomspace(60.0, TIMES[-1], 110)))
    bounds = np.concatenate(([0.0], TIMES, [1.5 * TIMES[-1]]))
    costs = np.zeros((len(figures), len(bounds) - 1))
    for step in range(_STEPS):  # waits spread evenly between two of TIMES
        waits = bounds[:-1] + np.diff(bounds) * (step + 0.5) / _STEPS
        errors = np.abs(figures[:, None] - waits)
        costs += errors - NEARNESS * np.clip((NEAR + _SOFTNESS - errors) / (2 * _SOFTNESS), 0.0, 1.0)
    costs /= _STEPS
    return figures, costs[:, -1].copy(), costs[:, :-1] - costs[:, 1:]


_FIGURES, _CONSTANTS, _COSTS = _costs()


class LearnedRegression(msgspec.Struct, frozen=True):
    """What a WaitRegression has learned, for the store; matrices of another shape are disregarded."""

    weights: tuple[tuple[float, ...], ...] = ()  # a row for each of TIMES
    doubt: tuple[tuple[float, ...], ...] = ()
    seen: int = 0


class WaitRegression:
    """One queue's experience. `signs` are arrays of the length given; the first should be constant 1."""

    __slots__ = ("_doubt", "_weights", "seen")

    def __init__(self, signs: int, learned: LearnedRegression | None = None) -> None:
        self._weights = np.zeros((len(TIMES), signs))
        self._doubt = np.eye(signs) * (4.0 / STUBBORNNESS)
        self.seen = 0
        if learned is not None and learned.seen:
            weights, doubt = np.array(learned.weights), np.array(learned.doubt)
            if weights.shape == self._weights.shape and doubt.shape == self._doubt.shape:
                self._weights, self._doubt, self.seen = weights, doubt, learned.seen

    def learned(self) -> LearnedRegression:
        """What survives a restart."""
        return LearnedRegression(
            tuple(tuple(row) for row in self._weights.tolist()),
            tuple(tuple(row) for row in self._doubt.tolist()),
            self.seen,
        )

    def chances(self, reckoned: Array, signs: Array) -> Array:
        """Chance of being answered by each of TIMES, from the reckoned logits; not yet made to grow with time."""
        experience = self.seen / (self.seen + EXPERIENCE)
        humble = np.tanh(reckoned * (_SLOPE / CERTAINTY))
        humble *= CERTAINTY * experience
        logits = self._weights @ signs
        logits += humble
        logits += reckoned * (1.0 - experience)
        np.minimum(logits, _FARTHEST, out=logits)
        np.maximum(logits, -_FARTHEST, out=logits)
        np.negative(logits, out=logits)
        np.exp(logits, out=logits)
        logits += 1.0
        return np.reciprocal(logits, out=logits)

    def learn(self, chances: Array, signs: Array, actual: float) -> None:
        """A caller with these signs, to whom `chances` were given, was answered `actual` seconds later."""
        self.seen += 1
        doubt = self._doubt
        gain = doubt @ signs
        scale = 4.0 + float(signs @ gain)
        self._weights += ((actual <= TIMES) - chances)[:, None] * (gain * (4.0 / scale))
        doubt -= gain[:, None] * (gain / scale)
        doubt /= FORGETTING
        average = float(doubt.trace()) / len(gain)
        if average > 4.0 / STUBBORNNESS:  # what is not exercised must not become doubtful without bound
            doubt *= 4.0 / STUBBORNNESS / average


def level(growing: Array, chance: float) -> float:
    """Seconds by which the caller is answered with this chance; `growing` are the chances at TIMES."""
    index = int(growing.searchsorted(chance))
    if index == len(TIMES):
        return float(TIMES[-1])
    before, time_before = (float(growing[index - 1]), float(TIMES[index - 1])) if index else (0.0, 0.0)
    here = float(growing[index])
    if here <= before:
        return time_before
    return time_before + (float(TIMES[index]) - time_before) * (chance - before) / (here - before)


def figure_to_tell(growing: Array) -> float:
    """The figure of least cost in seconds."""
    costs = _COSTS @ growing
    costs += _CONSTANTS
    return float(_FIGURES[costs.argmin()])
