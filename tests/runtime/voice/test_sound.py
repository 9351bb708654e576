"""The finishing of spoken clips."""

import numpy as np
import pytest

from softacd.runtime.voice import sound
from softacd.runtime.voice.sound import RATE, finish
from tests.media.clips import loudness


def test_a_finished_prompt_is_level_and_closed_with_a_pause() -> None:
    """A loud burst inside a second of quiet becomes a level clip without the quiet."""
    time = np.arange(RATE // 2) / RATE
    burst = np.sin(2 * np.pi * 440 * time) * (0.2 + 0.8 * np.sin(2 * np.pi * 3 * time) ** 2)
    rendered = np.pad(burst, (RATE // 2, RATE // 2))
    whole, part = finish(rendered, closes=True), finish(rendered, closes=False)
    for finished, seconds in ((whole, 0.8), (part, 0.57)):
        assert len(finished) % 160 == 0
        assert abs(len(finished) / RATE - seconds) < 0.05
        assert abs(loudness(finished) - -20) < 0.5


def test_silence_is_no_prompt() -> None:
    with pytest.raises(ValueError, match="nothing is heard"):
        finish(np.zeros(RATE), closes=True)


def test_the_limiter_holds_its_ceiling() -> None:
    noise = np.random.default_rng(7).standard_normal(RATE) * 0.4
    noise[::997] = 3.0
    limited = sound.limit(noise, 0.5)
    assert np.abs(limited).max() <= 0.5 + 1e-9
    # Where nothing is near the ceiling, nothing changes.
    quiet = np.random.default_rng(7).uniform(-0.4, 0.4, RATE)
    assert np.array_equal(sound.limit(quiet, 0.5), quiet)
