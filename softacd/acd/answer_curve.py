"""How many callers the agents of a queue will answer within any time from now: expectation and variance."""

from collections.abc import Sequence
from math import ceil
from typing import Final, NamedTuple, TypeVar

import numpy as np

from softacd.acd.handling_time import Array, TalkTimes

TIMES: Final[Array] = np.array(
    [
        2, 4, 6, 8, 10, 13, 16, 20, 23, 27, 30, 33, 38, 47, 58, 71, 87, 107, 131, 161, 198, 243, 299, 367, 451, 554,
        700, 900, 1200, 1700, 2500, 3600, 5400, 8100, 14_400,
    ],
    dtype=np.float64,
)  # fmt: skip
"""Seconds from now at which the curve is known."""
_STEPS: Final[Array] = np.diff(TIMES, prepend=0.0)
Row = TypeVar("Row", float, tuple[float, float])
SAMPLE = 16
"""Of more agents in conversation than this, evenly spread ones (by how long they talk) stand for their neighbours."""


class Talkers(NamedTuple):
    """Agents in conversations of one kind, the longest first.

    Each has talked for `elapsed` seconds; `paces` multiply the durations of `talk` (1: as everybody). An agent can
    answer again `after` seconds from the end of the conversation. Each stands for `weight` agents (see `spread`).
    """

    talk: TalkTimes
    elapsed: Sequence[float]
    paces: Sequence[float]
    after: float = 0.0
    weight: float = 1.0


class AnswerCurve(NamedTuple):
    """Expected number of answers within TIMES and its variance, of `staffed` agents."""

    expected: Array
    variance: Array
    staffed: int


def answer_curve(
    talking: Sequence[Talkers],
    free: Sequence[tuple[float, float]],
    *,
    cycle: float,
    irregularity: float,
    answer_delay: float,
) -> AnswerCurve:
    """Add up the agents: those in conversations, and those who will be free at a known time.

    Each of `free` is (in how many seconds (0: now), probability that he is at his desk and will answer).
    `answer_delay` is the mean time in seconds from being free to having answered, `cycle` that from one answer of an
    agent to the next, `irregularity` its squared coefficient of variation. Each agent's first answer is reckoned with
    its distribution, the later ones as a renewal process: s seconds on, s / cycle answers less half of what is missing
    to irregularity 1 (as in the renewal theorem), with a variance in proportion to the irregularity.
    """
    staffed = len(free)
    hands = 0.0
    expected = np.zeros(len(TIMES))
    variance = np.zeros(len(TIMES))
    delay = max(answer_delay, 0.1)
    if free:
        some, weight = spread(free)
        sure = np.array(some)
        waits = np.maximum(TIMES - sure[:, :1], 0.0)
        _add(sure[:, 1:] * (1.0 - np.exp(waits / -delay)), weight, expected, variance)
        hands += weight * float(sure[:, 1].sum())
    for group in talking:
        hands += len(group.elapsed) * group.weight
        staffed += round(len(group.elapsed) * group.weight)
        rows, weight = spread(group.elapsed)
        elapsed = np.array(rows)[:, None]
        pace = np.array(spread(group.paces)[0])[:, None]
        first = group.talk.ended_within(elapsed / pace, (TIMES - (group.after + delay)) / pace)
        _add(first, weight * group.weight, expected, variance)
    if not hands:
        return AnswerCurve(expected, variance, 0)
    irregularity = min(max(irregularity, 0.05), 2.0)
    middles = expected.copy()
    middles[1:] += expected[:-1]
    middles *= _STEPS
    steady = np.add.accumulate(middles)
    steady *= 0.5 / (cycle * hands)
    later = steady - (1.0 - irregularity) / 2 * (1.0 - np.exp(-2.0 * steady))
    later *= hands
    np.maximum(later, 0.0, out=later)
    expected += later
    variance += later * irregularity
    return AnswerCurve(expected, variance, staffed)


def spread(values: Sequence[Row]) -> tuple[Sequence[Row], float]:
    """At most SAMPLE of them, evenly spread, and for how many each stands."""
    many = len(values)
    if many <= SAMPLE:
        return values, 1.0
    chosen = min(SAMPLE, ceil(many / 2))
    return [values[(2 * number + 1) * many // (2 * chosen)] for number in range(chosen)], many / chosen


def _add(first: Array, weight: float, expected: Array, variance: Array) -> None:
    """Add agents whose first answer has come by TIMES with probability `first` (agents by times)."""
    expected += weight * np.add.reduce(first)
    variance += weight * np.add.reduce(first * (1.0 - first))
