"""The score counts what came out, and bends the quantile levels towards what is intended."""

import random

import pytest

from softacd.acd.wait_score import TARGETS, WaitScore


def test_by_hand() -> None:
    score = WaitScore()
    score.score((10.0, 20.0, 40.0), 30.0, ended=True)
    learned = score.learned()
    assert (learned.scored, learned.absolute_error, learned.coverage) == (1, 10.0, 1.0)
    low, middle, high = learned.levels
    assert low > TARGETS[0]
    assert middle > TARGETS[1]
    assert high < TARGETS[2]


def test_who_gave_up_tells_only_of_what_he_has_exceeded() -> None:
    score = WaitScore()
    score.score((10.0, 20.0, 40.0), 15.0, ended=False)
    low, middle, high = score.levels
    assert low > TARGETS[0]
    assert (middle, high) == TARGETS[1:]
    assert score.scored == 0


def test_levels_make_a_biased_distribution_right() -> None:
    """Waits are uniform over 0 to 100 s; the model believes in 0 to 50 s: its levels must rise."""
    score, chance = WaitScore(), random.Random(3)
    inside = []
    for _ in range(3000):
        low, middle, high = (50.0 * level for level in score.levels)
        actual = chance.uniform(0.0, 100.0)
        inside.append(low <= actual <= high)
        score.score((low, middle, high), actual, ended=True)
    assert score.levels[0] == pytest.approx(0.2, abs=0.1)
    assert score.levels[1] == pytest.approx(0.8, abs=0.1)
    assert score.levels[2] > 0.98


def test_it_survives_a_restart() -> None:
    score = WaitScore()
    for actual in range(100):
        score.score((10.0, 20.0, 40.0), float(actual), ended=True)
    again = WaitScore(score.learned())
    assert again.levels == score.levels
    assert again.coverage == pytest.approx(score.coverage)
    again.score((10.0, 20.0, 40.0), 20.0, ended=True)
    score.score((10.0, 20.0, 40.0), 20.0, ended=True)
    assert again.coverage == pytest.approx(score.coverage, abs=0.01)
