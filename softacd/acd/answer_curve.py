"""How many callers the agents of a queue will answer within any time from now: expectation and variance."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from softacd.acd.handling_time import Array, TalkTimes

TIMES: Final[Array] = np.concatenate(([0.0], np.geomspace(1.0, 4 * 3600.0, 95)))
"""Seconds from now at which the curve is known."""
_STEPS: Final[Array] = np.diff(TIMES)
SAMPLE = 64
"""Of more agents in conversation than this, evenly spread ones (by how long they talk) stand for their neighbours."""


class Outlook(NamedTuple):
    """What one staffed agent will do next.

    `free_in` seconds he is free for certain (0: now), or, when `talk` is given, as soon as the conversation that lasts
    `elapsed` already is over and `after_talk` more seconds have passed. `pace` multiplies the durations of `talk`.
    `cycle` is the mean time from one answer of his to the next, `irregularity` its squared coefficient of variation.
    """

    free_in: float
    cycle: float
    irregularity: float = 1.0
    talk: TalkTimes | None = None
    elapsed: float = 0.0
    after_talk: float = 0.0
    pace: float = 1.0


class AnswerCurve(NamedTuple):
    """Expected number of answers within TIMES and its variance, of `staffed` agents."""

    expected: Array
    variance: Array
    staffed: int


def answer_curve(outlooks: Sequence[Outlook], answer_delay: float) -> AnswerCurve:
    """Add up the agents.

    `answer_delay` is the mean time in seconds from being free to having answered. Each agent's first answer is
    reckoned with its distribution, the later ones as a renewal process: s seconds on, s / cycle answers less half of
    what is missing to irregularity 1 (as in the renewal theorem), with a variance in proportion to the irregularity.
    """
    delay = max(answer_delay, 0.1)
    expected = np.zeros(len(TIMES))
    variance = np.zeros(len(TIMES))
    free = [outlook for outlook in outlooks if outlook.talk is None]
    if free:
        waits = TIMES[None, :] - np.array([outlook.free_in for outlook in free])[:, None]
        first = np.where(waits >= 0.0, 1.0 - np.exp(-np.maximum(waits, 0.0) / delay), 0.0)
        _add(first, free, expected, variance)
    by_talk: dict[int, list[Outlook]] = {}
    for outlook in outlooks:
        if outlook.talk is not None:
            by_talk.setdefault(id(outlook.talk), []).append(outlook)
    for group in by_talk.values():
        talk = group[0].talk
        if talk is None:
            continue
        weight = 1.0
        if len(group) > SAMPLE:
            group.sort(key=lambda outlook: outlook.elapsed / outlook.pace)
            chosen = [group[(2 * number + 1) * len(group) // (2 * SAMPLE)] for number in range(SAMPLE)]
            group, weight = chosen, len(group) / SAMPLE
        pace = np.array([outlook.pace for outlook in group])[:, None]
        elapsed = np.array([outlook.elapsed for outlook in group])[:, None]
        after = np.array([outlook.after_talk for outlook in group])[:, None] + delay
        first = talk.ended_within(elapsed / pace, (TIMES[None, :] - after) / pace)
        _add(first, group, expected, variance, weight)
    return AnswerCurve(expected, variance, len(outlooks))


def _add(first: Array, outlooks: Sequence[Outlook], expected: Array, variance: Array, weight: float = 1.0) -> None:
    """Add agents whose first answer has come by TIMES with probability `first` (agents by times).

    Each stands for `weight` agents.
    """
    cycles = np.array([outlook.cycle for outlook in outlooks])[:, None]
    irregularity = np.clip(np.array([outlook.irregularity for outlook in outlooks]), 0.05, 2.0)[:, None]
    areas = np.zeros_like(first)
    np.cumsum((first[:, 1:] + first[:, :-1]) / 2 * _STEPS, axis=1, out=areas[:, 1:])
    steady = areas / cycles
    later = np.maximum(steady - (1.0 - irregularity) / 2 * (1.0 - np.exp(-2.0 * steady)), 0.0)
    expected += weight * (first + later).sum(axis=0)
    variance += weight * (first * (1.0 - first) + later * irregularity).sum(axis=0)


def answered_by(curve: AnswerCurve, places: Array) -> Array:
    """Probability that the caller is answered by each of TIMES, when he is answered by the `places`-th answer.

    `places` (shape of TIMES, may vary with time) need not be whole. The number of answers is taken as normal with the
    continuity correction, the normal distribution as logistic (error below 0.01).
    """
    distance = (curve.expected - places + 0.5) / np.sqrt(curve.variance + 0.01)
    return np.maximum.accumulate(1.0 / (1.0 + np.exp(np.clip(-1.702 * distance, -60.0, 60.0))))
