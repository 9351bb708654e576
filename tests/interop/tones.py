"""What mouths say and how ears judge it: pure tones of whole Hertz, 8 kHz, 16 bit, little-endian, mono."""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 8000
WINDOW = 0.4
"""Seconds an ear judges at a time."""


def tone(frequency: int, seconds: float = 1.0, *, peak: int = 8000, rate: int = RATE, channels: int = 1) -> bytes:
    """A sine as PCM. One second of a whole number of Hertz can be repeated without a seam."""
    at = np.arange(round(seconds * rate)) / rate
    sine = (np.sin(2 * np.pi * frequency * at) * peak).astype("<i2")
    return bytes(np.repeat(sine, channels).tobytes())


def narrowed(pcm: bytes, rate: int, channels: int) -> bytes:
    """PCM of a wide codec's phone at 8 kHz, its first channel: the mean of every sample's neighbours."""
    step = rate // RATE
    if step <= 1 and channels <= 1:
        return pcm
    whole = len(pcm) // (2 * channels * step)
    samples = np.frombuffer(pcm[: whole * 2 * channels * step], "<i2").reshape(whole, step, channels)
    return bytes(samples[:, :, 0].mean(axis=1).astype("<i2").tobytes())


def purity(pcm: bytes | bytearray, frequency: int) -> float:
    """Share of the sound's energy that lies at `frequency` (Goertzel), 0..1; 0 for silence."""
    samples: NDArray[np.float64] = np.frombuffer(pcm[: len(pcm) // 2 * 2], dtype="<i2").astype(np.float64)
    energy = float(np.sum(np.square(samples)))
    if energy < len(samples) * 50.0**2:  # 50 of 32,767: comfort noise and the codec's idle steps
        return 0.0
    at = np.arange(len(samples)) / RATE
    projection = abs(np.sum(samples * np.exp(-2j * np.pi * frequency * at))) ** 2
    return float(2 * projection / (len(samples) * energy))


def loudness(pcm: bytes | bytearray) -> float:
    """Root mean square, 0..32767."""
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], dtype="<i2").astype(np.float64)
    return float(np.sqrt(np.mean(np.square(samples)))) if len(samples) else 0.0


def last(pcm: bytes | bytearray, seconds: float = WINDOW) -> bytes:
    """The latest sound."""
    return bytes(pcm[-round(seconds * RATE) * 2 :])


def moments(pcm: bytes | bytearray, frequency: int, *, least: float = 0.6) -> list[float]:
    """Seconds from the start at which a window of `WINDOW` / 4 holds this tone."""
    step = round(WINDOW / 4 * RATE) * 2
    return [
        at / 2 / RATE for at in range(0, len(pcm) - step + 1, step) if purity(pcm[at : at + step], frequency) > least
    ]


def write_clip(path: Path, frequency: int, seconds: float) -> None:
    """A tone as a WAV file the switch can play."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(tone(frequency, seconds))


def from_alaw(data: bytes) -> bytes:
    """G.711 A-law to PCM, by the book (ITU-T G.711): the test's own, so that the product's tables are judged too."""
    return _ALAW[np.frombuffer(data, dtype=np.uint8)].tobytes()


def to_alaw(pcm: bytes) -> bytes:
    """PCM to G.711 A-law: the nearest value of the table."""
    order = np.argsort(_ALAW, kind="stable")
    levels = _ALAW[order].astype(np.int32)
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.int32)
    above = np.clip(np.searchsorted(levels, samples), 1, 255)
    nearer = np.where(samples - levels[above - 1] < levels[above] - samples, above - 1, above)
    return bytes(order[nearer].astype(np.uint8).tobytes())


def _alaw_level(code: int) -> int:
    code ^= 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    magnitude = (mantissa << 4) + 8 if not exponent else ((mantissa << 4) + 0x108) << (exponent - 1)
    return magnitude if code & 0x80 else -magnitude


_ALAW = np.array([_alaw_level(code) for code in range(256)], dtype="<i2")
