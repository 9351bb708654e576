"""8 kHz mono WAV files, levels in dBFS, and the finishing that makes spoken clips sound alike and join without seams.

Samples are float64 arrays in -1..1 at `RATE`. Levels are relative to full scale as an RMS figure, so that a
full-scale sine is -3 dBFS and, with G.711's +3.14 dBm0 overload point (ITU-T G.711, A-law), -20 dBFS is -13.9 dBm0.
"""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

RATE = 8000
FRAME = 160
"""20 ms: one packet. Every clip is a whole number of frames, so a sequence never has a short packet inside."""
TARGET = -20.0
"""dBFS of a prompt while it sounds."""
CEILING = -3.5
"""dBFS no prompt peaks above."""
LEAD = 0.02
"""Seconds kept before the first sound: a fade-in, short enough that words join."""
JOIN = 0.05
"""Seconds after a part of a sentence, before the next word."""
PAUSE = 0.3
"""Seconds after a whole sentence, before the next sentence."""


def decibels(value: float) -> float:
    """Amplitude ratio in dB; nothing is quieter than -200 dB."""
    return float(20 * np.log10(max(value, 1e-10)))


def active_level(samples: Samples) -> float:
    """RMS in dBFS over the 20 ms frames within 25 dB of the loudest one.

    Pauses between sentences do not count, as in ITU-T P.56, so long and short prompts compare.
    """
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    power = (frames**2).mean(axis=1)
    active = power[power >= power.max() * 10**-2.5]
    return decibels(float(np.sqrt(active.mean())))


def limit(samples: Samples, ceiling: float, reach: int = 40) -> Samples:
    """Hold every peak at or below `ceiling` (linear) by a gain that moves smoothly over `reach` samples (5 ms)."""
    wanted = np.minimum(1.0, ceiling / np.maximum(np.abs(samples), 1e-9))
    padded = np.pad(wanted, reach, constant_values=1.0)
    lowest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).min(axis=1)
    window = np.hanning(reach + 2)[1:-1]
    window /= window.sum()
    # The minimum reaches `reach` samples to both sides and the mean only half as far: the ceiling holds.
    smooth = np.convolve(np.pad(lowest, reach, mode="edge"), window, mode="same")[reach:-reach]
    return np.asarray(samples * smooth, dtype=np.float64)


def level(samples: Samples, target: float, ceiling: float) -> Samples:
    """Bring the active level to `target` dBFS with no peak above `ceiling` dBFS."""
    result = samples
    for _ in range(8):  # the limiter takes a little level away, which the next turn gives back
        gain = 10 ** ((target - active_level(result)) / 20)
        result = limit(result * gain, 10 ** (ceiling / 20))
        if abs(active_level(result) - target) < 0.05:
            break
    return result


def without_rumble(samples: Samples) -> Samples:
    """Fade out what lies below 200 Hz, where a telephone carries nothing but noise (ITU-T G.712: from 300 Hz)."""
    spectrum = np.fft.rfft(samples)
    frequency = np.fft.rfftfreq(len(samples), 1 / RATE)
    spectrum *= np.clip((frequency - 80) / 120, 0, 1)
    return np.fft.irfft(spectrum, len(samples))


def finish(samples: Samples, closes: bool) -> Samples:
    """Trim the silence, fade the ends, bring to the common level and add the pause that belongs after the text.

    `closes`: the text ends a sentence. Raises ValueError when nothing is heard.
    """
    if not len(samples) or not np.abs(samples).max() > 1e-4:
        raise ValueError("nothing is heard")
    samples = np.pad(samples, RATE // 10)
    samples = level(without_rumble(samples), TARGET, CEILING)
    window = np.hanning(82)[1:-1]
    envelope = np.sqrt(np.convolve(samples**2, window / window.sum(), mode="same"))
    heard = np.flatnonzero(envelope > 10 ** ((TARGET - 28) / 20))
    first = max(int(heard[0]) - int(LEAD * RATE), 0)
    last = min(int(heard[-1]) + int(LEAD * RATE), len(samples))
    clip = samples[first:last].copy()
    ramp = np.sin(np.linspace(0, np.pi / 2, int(LEAD * RATE))) ** 2
    clip[: len(ramp)] *= ramp
    clip[-len(ramp) :] *= ramp[::-1]
    clip = level(clip, TARGET, CEILING)
    after = (PAUSE if closes else JOIN) - LEAD
    return whole_frames(np.pad(clip, (0, int(after * RATE))))


def whole_frames(samples: Samples) -> Samples:
    """Pad with silence to a whole number of 20 ms frames."""
    return np.pad(samples, (0, -len(samples) % FRAME))


def write(path: Path, samples: Samples) -> None:
    """Write a 16-bit mono WAV file at 8 kHz, creating its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = np.rint(np.clip(samples, -1, 1) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(data.tobytes())


def read(path: Path) -> Samples:
    """Read back what `write` wrote. Raises ValueError for any other format."""
    with wave.open(str(path), "rb") as file:
        if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (1, 2, RATE):
            raise ValueError(f"{path}: not 8 kHz mono 16-bit")
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64) / 32767
