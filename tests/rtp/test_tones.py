"""DTMF tones by their frequencies."""

import numpy as np
import pytest

from softacd.rtp.tones import FREQUENCIES, PAUSE_MS, dtmf


@pytest.mark.parametrize("key", list(FREQUENCIES))
def test_each_key_has_its_two_frequencies_at_equal_level(key: str) -> None:
    samples = dtmf(key, 100)
    assert samples.size == 8 * (100 + PAUSE_MS)
    time = np.arange(800) / 8000
    level = {
        frequency: abs(np.exp(-2j * np.pi * frequency * time) @ samples[:800])
        for pair in FREQUENCIES.values()
        for frequency in pair
    }
    loudest = sorted(level, key=level.__getitem__)[-2:]
    assert set(loudest) == set(FREQUENCIES[key])
    assert level[loudest[0]] > 4 * sorted(level.values())[-3]
    assert not samples[800:].any()


def test_short_presses_are_made_long_enough_to_be_detected() -> None:
    assert dtmf("1", 10).size == 8 * (40 + PAUSE_MS)


def test_no_key() -> None:
    with pytest.raises(ValueError, match="'E' is not"):
        dtmf("E", 100)
