"""What simulated people say and how their ears tell who speaks: signatures, clips, levels. Pure functions of samples.

Samples are numpy int16, mono, 8,000 a second. A *signature* is a soft bell whose note lies a quarter tone beside the
tempered scale, so that neither music nor speech is taken for one: each voice begins with its own.
"""

import wave
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

RATE = 8000
FRAME = RATE // 50  # samples of a 20 ms packet
WINDOW = RATE // 5  # samples a listener judges at a time: resolves the quarter tone (10 Hz) everywhere in the band
SIGNATURES = 30

Samples = NDArray[np.int16]

_PURITY = 0.8  # share of a window's energy that must be the bell's
_AUDIBLE = 0.005  # of full scale: quieter windows are nobody


class SoundError(Exception):
    """A sound file cannot be used; the text names the file and the remedy."""


class Found(msgspec.Struct, frozen=True):
    """Where a clip was heard: `at` in seconds from the start, `likeness` the normalised correlation, 0..1."""

    at: float
    likeness: float


def frequency(signature: int) -> float:
    """Note of a signature (0..29) in Hz, from 538 to 2,874. Raises ValueError outside the range."""
    if not 0 <= signature < SIGNATURES:
        raise ValueError(f"signature {signature} is not in 0..{SIGNATURES - 1}")
    return 440.0 * float(2.0 ** ((signature + 3.5) / 12.0))


def bell(signature: int, seconds: float = 0.7, loudness: float = 0.25) -> Samples:
    """Give the bell of a signature; `loudness` is its peak, 0..1 of full scale. Raises ValueError."""
    at = np.arange(int(seconds * RATE)) / RATE
    attack = np.minimum(1.0, at / 0.015)
    release = np.minimum(1.0, (seconds - at) / 0.05)
    tone = np.sin(2 * np.pi * frequency(signature) * at) * attack * release * np.exp(-1.2 * at)
    return np.asarray(tone * loudness * 32767, dtype=np.int16)


def silence(seconds: float) -> Samples:
    """Give `seconds` of digital silence."""
    return np.zeros(int(seconds * RATE), dtype=np.int16)


def _probes() -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
    window = np.hanning(WINDOW)
    at = np.arange(WINDOW) / RATE
    notes = np.array([frequency(signature) for signature in range(SIGNATURES)])
    waves = np.exp(-2j * np.pi * np.outer(notes, at)) * window
    return window, waves.astype(np.complex128)


_HANN, _NOTES = _probes()
_NOTE_ENERGY = 2.0 * float(np.sum(_HANN**2)) / float(np.sum(_HANN)) ** 2


def recognise(window: Samples) -> int | None:
    """Tell whose bell fills these `WINDOW` samples; None for music, speech, several at once or silence.

    Raises ValueError for another number of samples.
    """
    if len(window) != WINDOW:
        raise ValueError(f"a window is {WINDOW} samples, not {len(window)}")
    samples = window.astype(np.float64)
    energy = float(np.sum(np.square(samples * _HANN)))
    if energy < float(np.sum(_HANN**2)) * (_AUDIBLE * 32767) ** 2:
        return None
    strengths = np.abs(_NOTES @ samples)
    best = int(np.argmax(strengths))
    return best if float(strengths[best]) ** 2 * _NOTE_ENERGY >= _PURITY * energy else None


def find(clip: Samples, heard: Samples) -> Found | None:
    """Give the place in `heard` most like `clip`, by normalised cross-correlation.

    None when `heard` is shorter than the clip, or nothing but silence.
    """
    if not 0 < len(clip) <= len(heard):
        return None
    wanted = clip.astype(np.float64)
    given = heard.astype(np.float64)
    size = 1 << (len(given) + len(wanted) - 2).bit_length()
    products = np.fft.irfft(np.fft.rfft(given, size) * np.conj(np.fft.rfft(wanted, size)), size)
    products = products[: len(given) - len(wanted) + 1]
    running = np.concatenate(([0.0], np.cumsum(np.square(given))))
    energies = (running[len(wanted) :] - running[: -len(wanted)]) * float(np.sum(np.square(wanted)))
    floor = len(wanted) * (_AUDIBLE * 32767) ** 2 * float(np.sum(np.square(wanted)))
    likeness = np.where(energies > floor, products / np.sqrt(np.maximum(energies, 1.0)), 0.0)
    best = int(np.argmax(likeness))
    return Found(best / RATE, float(likeness[best])) if likeness[best] > 0 else None


def loudness(samples: Samples) -> float:
    """Root mean square of the samples, 0..1 of full scale; 0 for none."""
    if not len(samples):
        return 0.0
    return float(np.sqrt(np.mean(np.square(samples.astype(np.float64))))) / 32767


def read_clip(path: Path) -> Samples:
    """Read a WAV file of 8 kHz, mono, 16 bit. Raises SoundError."""
    try:
        with wave.open(str(path), "rb") as file:
            if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (RATE, 1, 2):
                raise SoundError(f"{path}: expected 8 kHz, mono, 16 bit: convert it with sox IN -r 8000 -c 1 -b 16 OUT")
            return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.int16)
    except (OSError, EOFError, wave.Error) as error:
        raise SoundError(f"{path}: cannot be read: {error}") from error


def write_wav(path: Path, samples: Samples) -> None:
    """Write samples as a WAV file of 8 kHz, mono, 16 bit. Raises SoundError."""
    try:
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(samples.astype("<i2").tobytes())
    except OSError as error:
        raise SoundError(f"{path}: cannot be written: {error}") from error
