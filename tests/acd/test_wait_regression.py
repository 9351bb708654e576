"""Experience corrects the reckoned distribution, its figure is the cheapest, and it survives a restart."""

import random

import msgspec
import numpy as np
import pytest

from softacd.acd.answer_curve import TIMES
from softacd.acd.handling_time import Array
from softacd.acd.wait_regression import LearnedRegression, WaitRegression, figure_to_tell, level
from softacd.acd.wait_score import WaitScore

SIGNS = 2


def reckoned(middle: float) -> Array:
    """Logits of waits around `middle` seconds, give or take a third."""
    return np.log(TIMES / middle) * 5.0


def signs(middle: float) -> Array:
    return np.array([1.0, np.log(middle / 100.0)])


def growing(regression: WaitRegression, middle: float) -> Array:
    return np.maximum.accumulate(regression.chances(reckoned(middle), signs(middle)))


def taught(times: int, factor: float) -> WaitRegression:
    """Waits are `factor` times what was reckoned."""
    chance = random.Random(7)
    regression = WaitRegression(SIGNS)
    for _ in range(times):
        middle = chance.uniform(20.0, 300.0)
        chances = regression.chances(reckoned(middle), signs(middle))
        regression.learn(chances, signs(middle), middle * factor * chance.lognormvariate(0.0, 0.3))
    return regression


def test_it_begins_with_what_was_reckoned() -> None:
    chances = growing(WaitRegression(SIGNS), 100.0)
    np.testing.assert_allclose(chances, 1.0 / (1.0 + np.exp(-reckoned(100.0))))
    assert level(chances, 0.5) == pytest.approx(100.0, rel=0.03)
    assert figure_to_tell(chances) == pytest.approx(95.0, abs=8.0)  # the mode is before the median


@pytest.mark.parametrize("factor", [0.4, 2.5])
def test_a_steady_error_is_unlearned(factor: float) -> None:
    regression = taught(1500, factor)
    before = after = 0.0
    for middle in range(30, 250, 10):
        actual = middle * factor
        before += abs(actual - middle)
        after += abs(actual - level(growing(regression, middle), 0.5))
    assert after < 0.3 * before


def test_with_its_score_the_range_holds_four_of_five() -> None:
    regression, score, chance = WaitRegression(SIGNS), WaitScore(), random.Random(8)
    inside = []
    for _ in range(3000):
        middle = chance.uniform(30.0, 250.0)
        actual = middle * chance.lognormvariate(0.2, 0.5)
        chances = regression.chances(reckoned(middle), signs(middle))
        low, high = (level(np.maximum.accumulate(chances), one) for one in (score.low, score.high))
        inside.append(low <= actual <= high)
        regression.learn(chances, signs(middle), actual)
        score.score(low, middle, high, actual)
    assert sum(inside[1000:]) / 2000 == pytest.approx(0.8, abs=0.03)


def test_levels_are_read_between_the_times() -> None:
    even = np.minimum(TIMES / 100.0, 1.0)
    assert level(even, 0.1) == pytest.approx(10.0)
    assert level(even, 0.005) == pytest.approx(0.5)
    assert level(even, 0.615) == pytest.approx(61.5)
    assert level(even * 0.5, 0.9) == TIMES[-1]


def test_the_figure_costs_least() -> None:
    """Against the cost by brute force: mean absolute error, and what being near saves."""
    chance = random.Random(9)
    for middle in (15.0, 60.0, 200.0):
        waits = [middle * chance.lognormvariate(0.0, 0.8) for _ in range(4000)]
        chances = np.array([sum(wait <= limit for wait in waits) / len(waits) for limit in TIMES])

        def cost(figure: float, waits: list[float] = waits) -> float:
            return sum(abs(wait - figure) - 8.0 * (abs(wait - figure) <= 10.0) for wait in waits) / len(waits)

        best = min(cost(figure) for figure in np.linspace(0.0, 3 * middle, 100))
        assert cost(figure_to_tell(chances)) <= best + 0.02 * middle


def test_it_stays_sane_whatever_it_is_taught() -> None:
    regression, chance = WaitRegression(SIGNS), random.Random(1)
    for _ in range(3000):
        wild = np.array([1.0, chance.choice([-3.0, 0.0, 3.0])])
        regression.learn(regression.chances(reckoned(100.0), wild), wild, chance.choice([0.0, 5.0, 50_000.0]))
        chances = np.maximum.accumulate(regression.chances(reckoned(100.0), wild))
        assert np.all(np.isfinite(chances))
        assert np.all((chances >= 0.0) & (chances <= 1.0))
        assert 0.0 <= figure_to_tell(chances) <= TIMES[-1]


def test_what_was_learned_goes_through_the_store() -> None:
    regression = taught(100, 2.0)
    stored = msgspec.json.decode(msgspec.json.encode(regression.learned()), type=LearnedRegression)
    again = WaitRegression(SIGNS, stored)
    assert again.seen == 100
    np.testing.assert_array_equal(growing(again, 120.0), growing(regression, 120.0))
    for strange in (LearnedRegression(((1.0,),), ((1.0,),), 9), LearnedRegression((), (), 9)):
        assert WaitRegression(SIGNS, strange).seen == 0
