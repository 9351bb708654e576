"""Call-progress tones have their frequencies and cadences, and loop without a click."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from softacd.calls.prompts import Tone
from tests.media.clips import RATE, Samples, clips, decibels, read

# Frequency in Hz (0 is silence) and seconds: ETSI TR 101 041, ITU-T E.180.
CADENCES = {
    Tone.RINGBACK: [(425, 1.0), (0, 4.0)],
    Tone.BUSY: [(425, 0.5), (0, 0.5)],
    Tone.CONGESTION: [(425, 0.25), (0, 0.25)],
    Tone.DIAL: [(425, 1.0)],
    Tone.CALL_WAITING: [(425, 0.2), (0, 0.6), (425, 0.2), (0, 3.0)],
    Tone.NOT_IN_SERVICE: [(950, 0.33), (1400, 0.33), (1800, 0.33), (0, 1.01)],
    Tone.BEEP: [(1000, 0.4), (0, 0.1)],
    Tone.CONNECTED: [(659, 0.12), (880, 0.16), (0, 0.1)],
}


def pitch(samples: Samples) -> float:
    """The strongest frequency, to about 1 Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8 * RATE))
    return float(spectrum.argmax()) / 8


def test_every_tone_is_there_and_none_is_nameless() -> None:
    assert {name for name in clips() if name.startswith("tones/")} == set(Tone)


@pytest.mark.parametrize("tone", list(Tone))
def test_a_tone_keeps_its_cadence(tone: Tone) -> None:
    samples = read(tone)
    start = 0
    for frequency, seconds in CADENCES[tone]:
        part = samples[start : start + round(seconds * RATE)]
        middle = part[80:-80]
        if frequency:
            assert abs(pitch(middle) - frequency) < 2
            assert abs(decibels(float(np.sqrt((middle**2).mean()))) - -20) < 0.3
        else:
            assert not part.any()
        start += len(part)
    assert 0 <= len(samples) - start < 160
    assert len(samples) % 160 == 0


@pytest.mark.parametrize("tone", list(Tone))
def test_a_tone_loops_without_a_click(tone: Tone) -> None:
    samples = read(tone)
    steps = np.abs(np.diff(samples))
    assert abs(samples[0] - samples[-1]) <= steps.max() + 1 / 32768


def test_the_recipe_makes_these_very_files(recipe: Callable[[str], Any]) -> None:
    for name, made in recipe("build_tones").tones().items():
        shipped = read(f"tones/{name}")
        assert np.abs(np.rint(made * 32767) - shipped * 32768).max() <= 1, name
