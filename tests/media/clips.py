"""The sound assets as a player finds them, read independently of the recipes that made them."""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MEDIA = Path(__file__).parents[2] / "media"
RATE = 8000

Samples = NDArray[np.float64]


def read(name: str) -> Samples:
    """A clip by the name a flow plays it by, in -1..1; fails on anything but 8 kHz mono 16-bit PCM."""
    with wave.open(str(MEDIA / f"{name}.wav"), "rb") as file:
        assert file.getparams()[:3] == (1, 2, RATE), f"{name} is not 8 kHz mono 16-bit"
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64) / 32768


def clips() -> list[str]:
    """Every clip below media/."""
    return sorted(str(path.relative_to(MEDIA).with_suffix("")) for path in MEDIA.rglob("*.wav"))


def decibels(amplitude: float) -> float:
    return float(20 * np.log10(max(amplitude, 1e-10)))


def loudness(samples: Samples) -> float:
    """RMS in dBFS of the 20 ms frames that sound: those within 25 dB of the loudest."""
    power = (samples.reshape(-1, RATE // 50) ** 2).mean(axis=1)
    return decibels(float(np.sqrt(power[power > power.max() / 316].mean())))
