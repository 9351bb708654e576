"""8 and 16 kHz: what telephones carry passes, what would be an image or an alias does not, whatever the cut."""

import numpy as np
import pytest

from softacd.rtp.resample import NARROW, Histories, Matrix, narrowed, widened


def tone(frequency: int, rate: int) -> Matrix:
    return (8000 * np.sin(2 * np.pi * frequency * np.arange(rate) / rate)).astype(np.float32)


def decibels(samples: Matrix) -> float:
    return float(10 * np.log10(np.mean(np.square(samples.astype(np.float64))) / (8000**2 / 2) + 1e-12))


def wider(samples: Matrix) -> Matrix:
    history = Histories()
    parts = [widened(samples[None, at : at + NARROW], [history])[0] for at in range(0, len(samples), NARROW)]
    return np.concatenate(parts)[1600:]


def narrower(samples: Matrix) -> Matrix:
    history = Histories()
    step = 2 * NARROW
    parts = [narrowed(samples[None, at : at + step], [history])[0] for at in range(0, len(samples), step)]
    return np.concatenate(parts)[800:]


@pytest.mark.parametrize("frequency", [300, 1000, 3000, 3400])
def test_speech_passes_both_ways_at_its_level(frequency: int) -> None:
    assert decibels(wider(tone(frequency, 8000))) == pytest.approx(0, abs=0.1)
    assert decibels(narrower(tone(frequency, 16_000))) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("frequency", [4600, 5000, 6000, 7500])
def test_what_a_narrow_line_cannot_carry_does_not_alias(frequency: int) -> None:
    assert decibels(narrower(tone(frequency, 16_000))) < -60


def test_the_way_up_adds_no_image() -> None:
    spectrum = np.abs(np.fft.rfft(wider(tone(1000, 8000))[:8000] * np.hanning(8000)))
    assert spectrum[2400:].max() < spectrum.max() / 1000  # 2 Hz a bin: above 4,800 Hz


def test_streams_do_not_mix() -> None:
    rows = np.stack([tone(300 + 10 * row, 8000)[:NARROW] for row in range(40)])
    together = widened(rows, [Histories() for _ in rows])
    for row, samples in zip(rows, together, strict=True):
        assert np.allclose(widened(row[None], [Histories()])[0], samples, atol=0.5)
