"""The curve against what can be reckoned by hand or by throwing dice."""

import random

import numpy as np
import pytest

from softacd.acd.answer_curve import SAMPLE, TIMES, Outlook, answer_curve, answered_by
from softacd.acd.handling_time import Array, TalkTimes


def at(curve: Array, seconds: float) -> float:
    return float(np.interp(seconds, TIMES, curve))


def taught(*seconds: float) -> TalkTimes:
    times = TalkTimes()
    for _ in range(60):
        for one in seconds:
            times.learn(one)
    return times


def test_nobody_answers_nobody() -> None:
    curve = answer_curve([], 5.0)
    assert curve.staffed == 0
    assert not curve.expected.any()


def test_a_wrap_up_that_ends_in_a_minute_gives_one_answer_then() -> None:
    curve = answer_curve([Outlook(free_in=60.0, cycle=200.0, irregularity=0.2)], 3.0)
    assert at(curve.expected, 55.0) == 0.0
    assert at(curve.expected, 75.0) == pytest.approx(1.0, abs=0.05)
    assert at(curve.expected, 60.0 + 2000.0) == pytest.approx(2000 / 200 + 0.6, abs=0.3)


def test_it_agrees_with_dice() -> None:
    """Four agents in conversations of different age; two of them answer again before the time is over."""
    times, dice = taught(60.0, 100.0, 150.0, 300.0), random.Random(1)
    elapsed, delay, wrap_up = (5.0, 40.0, 90.0, 200.0), 4.0, 10.0
    ages = [60.0, 100.0, 150.0, 300.0]

    def thrown(limit: float) -> float:
        count = 0
        for age in elapsed:
            talk = dice.choice([one for one in ages if one > age])
            now = talk - age + wrap_up + delay
            while now <= limit:
                count += 1
                now += dice.choice(ages) + wrap_up + delay
        return count

    cycle = times.mean + wrap_up + delay
    outlooks = [Outlook(0.0, cycle, (times.deviation / cycle) ** 2, times, age, wrap_up) for age in elapsed]
    curve = answer_curve(outlooks, delay)
    for limit in (120.0, 300.0, 600.0):
        mean = sum(thrown(limit) for _ in range(4000)) / 4000
        assert at(curve.expected, limit) == pytest.approx(mean, rel=0.15, abs=0.15)


def test_many_agents_are_their_sample() -> None:
    times, dice = taught(100.0, 200.0), random.Random(2)
    one = [Outlook(0.0, 170.0, 0.3, times, dice.uniform(0, 200), 10.0) for _ in range(SAMPLE)]
    crowd = answer_curve(one * 10, 5.0)
    few = answer_curve(one, 5.0)
    assert crowd.staffed == 10 * few.staffed
    np.testing.assert_allclose(crowd.expected, 10 * few.expected, rtol=0.03, atol=0.3)


def test_the_chance_of_an_answer_grows_with_time_and_shrinks_with_the_place() -> None:
    times = TalkTimes()
    curve = answer_curve([Outlook(0.0, 200.0, 1.0, times, age, 10.0) for age in (10.0, 60.0, 300.0)], 5.0)
    before = np.ones_like(TIMES)
    for place in (1.0, 2.0, 4.0, 9.5):
        chances = answered_by(curve, np.full_like(TIMES, place))
        assert np.all(np.diff(chances) >= 0.0)
        assert np.all(chances <= before + 1e-12)
        assert chances[0] < 0.01
        assert chances[-1] > 0.99
        before = chances
