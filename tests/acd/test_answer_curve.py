"""The curve against what can be reckoned by hand or by throwing dice."""

import random

import numpy as np
import pytest

from softacd.acd.answer_curve import SAMPLE, TIMES, Talkers, answer_curve
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
    curve = answer_curve([], [], cycle=200.0, irregularity=1.0, answer_delay=5.0)
    assert curve.staffed == 0
    assert not curve.expected.any()


def test_a_wrap_up_that_ends_in_a_minute_gives_one_answer_then() -> None:
    curve = answer_curve([], [(60.0, 1.0)], cycle=200.0, irregularity=0.2, answer_delay=3.0)
    assert at(curve.expected, 58.0) == 0.0
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
    talkers = Talkers(times, sorted(elapsed, reverse=True), [1.0] * len(elapsed), wrap_up)
    irregularity = (times.deviation / cycle) ** 2
    curve = answer_curve([talkers], [], cycle=cycle, irregularity=irregularity, answer_delay=delay)
    for limit in (120.0, 300.0, 600.0):
        mean = sum(thrown(limit) for _ in range(4000)) / 4000
        assert at(curve.expected, limit) == pytest.approx(mean, rel=0.15, abs=0.15)


def test_many_agents_are_their_sample() -> None:
    times, dice = taught(100.0, 200.0), random.Random(2)
    ages = sorted((dice.uniform(0, 200) for _ in range(SAMPLE)), reverse=True)
    many = [age for age in ages for _ in range(10)]
    few, crowd = (
        answer_curve(
            [Talkers(times, elapsed, [1.0] * len(elapsed), 10.0)], [], cycle=170.0, irregularity=0.3, answer_delay=5.0
        )
        for elapsed in (ages, many)
    )
    assert crowd.staffed == 10 * few.staffed
    np.testing.assert_allclose(crowd.expected, 10 * few.expected, rtol=0.03, atol=0.3)
    np.testing.assert_allclose(crowd.variance, 10 * few.variance, rtol=0.05, atol=0.3)


def test_quick_agents_answer_sooner_and_who_may_be_absent_counts_in_part() -> None:
    times = taught(100.0, 200.0)
    quick, usual = (
        answer_curve([Talkers(times, [10.0], [pace])], [], cycle=150.0, irregularity=1.0, answer_delay=5.0)
        for pace in (0.5, 1.0)
    )
    assert at(quick.expected, 80.0) > at(usual.expected, 80.0) + 0.2
    half, whole = (
        answer_curve([], [(0.0, chance)], cycle=150.0, irregularity=1.0, answer_delay=5.0) for chance in (0.5, 1.0)
    )
    np.testing.assert_allclose(half.expected, whole.expected / 2)
    assert half.staffed == whole.staffed == 1


def test_answers_only_come_with_time() -> None:
    times = TalkTimes()
    talkers = Talkers(times, [300.0, 60.0, 10.0], [1.0, 2.0, 0.3], 10.0)
    curve = answer_curve([talkers], [(0.0, 1.0), (20.0, 1.0)], cycle=200.0, irregularity=1.0, answer_delay=5.0)
    assert np.all(np.diff(curve.expected) >= 0.0)
    assert np.all(curve.variance >= 0.0)
    assert curve.staffed == 5
