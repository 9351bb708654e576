"""Durations learned: from a belief to the truth, fading, robust, and consistent as a distribution."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.acd.handling_time import BELIEF_MEAN, LearnedTimes, TalkTimes

SPAN = np.linspace(0.0, 4000.0, 400)


def chance(times: TalkTimes, elapsed: float, further: float) -> float:
    return float(times.ended_within(np.array([[elapsed]]), np.array([[further]]))[0, 0])


def test_without_history_the_belief() -> None:
    times = TalkTimes()
    assert times.seen == 0
    assert times.mean == pytest.approx(BELIEF_MEAN, rel=0.02)
    assert times.deviation == pytest.approx(BELIEF_MEAN, rel=0.1)
    assert 0.4 < chance(times, 0.0, 130.0) < 0.6


def test_a_few_conversations_outweigh_the_belief_and_new_habits_the_old() -> None:
    times = TalkTimes()
    for _ in range(30):
        times.learn(600.0)
    assert times.mean == pytest.approx(600.0, rel=0.15)
    for _ in range(400):
        times.learn(60.0)
    assert times.mean == pytest.approx(60.0, rel=0.6)


def test_one_monstrous_call_moves_little() -> None:
    times = TalkTimes()
    for _ in range(50):
        times.learn(120.0)
    before = chance(times, 0.0, 180.0)
    times.learn(10_000.0)
    assert chance(times, 0.0, 180.0) == pytest.approx(before, abs=0.05)


@given(
    st.lists(st.floats(0.0, 50_000.0), max_size=30),
    st.floats(0.0, 50_000.0),
)
def test_it_is_a_distribution_at_any_age(seen: list[float], elapsed: float) -> None:
    times = TalkTimes()
    for seconds in seen:
        times.learn(seconds)
    chances = times.ended_within(np.array([[elapsed]]), SPAN[None, :])[0]
    assert chances[0] == 0.0
    assert np.all(np.diff(chances) >= -1e-9)
    assert np.all((chances >= 0.0) & (chances <= 1.0))
    assert times.ended_within(np.array([[elapsed]]), np.array([[-5.0]]))[0, 0] == 0.0
    assert chance(times, elapsed, 100_000_000.0) > 0.99


def test_what_was_learned_comes_back_and_a_strange_shape_does_not() -> None:
    times = TalkTimes()
    for seconds in (30.0, 200.0, 900.0):
        times.learn(seconds)
    again = TalkTimes(times.learned())
    assert again.learned() == times.learned()
    assert again.mean == times.mean
    assert TalkTimes(LearnedTimes((1.0, 2.0), 9)).seen == 0
