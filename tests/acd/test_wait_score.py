"""The score counts what came out, and bends the ends of the range towards what is intended."""

import random

import pytest

from softacd.acd.wait_score import TARGETS, WaitScore


def test_by_hand() -> None:
    score = WaitScore()
    score.score(10.0, 20.0, 40.0, 30.0)
    assert (score.scored, score.absolute_error, score.coverage) == (1, 10.0, 1.0)
    assert score.low > TARGETS[0]
    assert score.high < TARGETS[1]
    score.score(10.0, 20.0, 40.0, 50.0)
    assert score.coverage == pytest.approx(0.5, abs=0.01)
    assert score.absolute_error == pytest.approx(20.0, abs=0.5)


def test_levels_make_a_biased_distribution_right() -> None:
    """Waits are uniform over 0 to 100 s; the model believes in 0 to 60 s: four of five are covered none the less."""
    score, chance = WaitScore(), random.Random(3)
    inside = []
    for _ in range(6000):
        low, high = 100.0 * score.low**2, 110.0 * score.high
        actual = chance.uniform(0.0, 100.0)
        inside.append(low <= actual <= high)
        score.score(low, (low + high) / 2, high, actual)
    assert score.low == pytest.approx(0.316, abs=0.05)
    assert score.high == pytest.approx(0.818, abs=0.05)
    assert sum(inside[1000:]) / 5000 == pytest.approx(0.8, abs=0.02)


def test_it_survives_a_restart() -> None:
    score = WaitScore()
    for actual in range(100):
        score.score(10.0, 20.0, 40.0, float(actual))
    again = WaitScore(score.learned())
    assert (again.low, again.high) == (score.low, score.high)
    assert again.coverage == pytest.approx(score.coverage)
    again.score(10.0, 20.0, 40.0, 20.0)
    score.score(10.0, 20.0, 40.0, 20.0)
    assert again.coverage == pytest.approx(score.coverage, abs=0.01)
