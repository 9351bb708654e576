"""Experience corrects reckoning, gives ranges that hold, and survives a restart."""

import random

import msgspec
import pytest

from softacd.acd.wait_mix import LearnedMix, WaitMix


def taught(times: int, factor: float) -> WaitMix:
    """Waits are `factor` times what was reckoned, give or take a third."""
    chance = random.Random(7)
    mix = WaitMix()
    for _ in range(times):
        reckoned = chance.uniform(10.0, 300.0)
        mix.learn(mix.features(reckoned, 2.0, 0.0), reckoned * factor * chance.lognormvariate(0.0, 0.3))
    return mix


def test_it_begins_with_what_was_reckoned() -> None:
    mix = WaitMix()
    low, expected, high = mix.estimate(mix.features(100.0, 3.0, 0.0))
    assert expected == pytest.approx(100.0)
    assert low < 60 < 160 < high


@pytest.mark.parametrize("factor", [0.4, 1.0, 2.5])
def test_a_steady_error_is_unlearned_and_the_range_holds_four_of_five(factor: float) -> None:
    mix = taught(600, factor)
    chance = random.Random(8)
    inside = 0
    for _ in range(500):
        reckoned = chance.uniform(30.0, 300.0)
        low, expected, high = mix.estimate(mix.features(reckoned, 2.0, 0.0))
        assert 0.0 <= low <= expected <= high
        assert expected == pytest.approx(reckoned * factor, rel=0.3)
        inside += low <= reckoned * factor * chance.lognormvariate(0.0, 0.3) <= high
    assert 0.7 <= inside / 500 <= 0.9


def test_the_pace_of_the_line_is_measured_only_while_somebody_waits() -> None:
    mix = WaitMix()
    mix.line_began(0.0)
    for number in range(1, 40):
        mix.answered(60.0, number * 10.0, others_wait=number < 39)
    mix.answered(0.0, 10_000.0, others_wait=False)  # nobody waited in between: no interval
    fast, slow = mix.learned().intervals
    assert fast == pytest.approx(10.0, abs=0.5)
    assert 10.0 < slow < 20.0


def test_what_was_learned_goes_through_the_store() -> None:
    mix = taught(100, 2.0)
    stored = msgspec.json.decode(msgspec.json.encode(mix.learned()), type=LearnedMix)
    features = mix.features(120.0, 3.0, 0.0)
    assert WaitMix(stored).estimate(features) == pytest.approx(mix.estimate(features))
    assert WaitMix(LearnedMix(weights=(1.0, 2.0))).seen == 0
