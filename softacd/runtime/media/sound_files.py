"""Sound files as owners have them: WAV, FLAC, Opus, Ogg of any rate, and the headerless files of Asterisk's packs."""

import wave
from pathlib import Path
from typing import Final

import av
import numpy as np
import soxr  # type: ignore[import-untyped]  # it brings no types

from softacd.rtp.clips import ClipError
from softacd.rtp.codec import WIDE_RATE
from softacd.rtp.g711 import Samples, decode
from softacd.runtime.media.sound_names import CODED, RAW_G711, RAW_PCM

NARROW_RATE: Final = 8000
MOST_SECONDS: Final = 30 * 60


def read(path: Path) -> tuple[Samples, Samples | None]:
    """The sound of a file, mixed down to mono: at 8 kHz, and at 16 kHz where the file has more than 8.

    Raises ClipError, which names the file and what is wrong with it.
    """
    suffix = path.suffix.lower()
    try:
        if suffix in RAW_PCM:
            data = path.read_bytes()
            samples, rate = np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.int16), RAW_PCM[suffix]
        elif suffix in RAW_G711:
            samples, rate = decode(RAW_G711[suffix], path.read_bytes()), NARROW_RATE
        else:
            samples, rate = _plain_wav(path) or _decoded(path, CODED.get(suffix))
    except (OSError, av.FFmpegError) as error:
        raise ClipError(f"{path}: not a sound that can be read ({error})") from None
    if len(samples) > rate * MOST_SECONDS:
        raise ClipError(f"{path}: longer than {MOST_SECONDS // 60} minutes")
    if rate == NARROW_RATE:
        return samples, None
    wide = samples if rate == WIDE_RATE else _resampled(samples, rate, WIDE_RATE)
    return _resampled(samples, rate, NARROW_RATE), wide if rate > NARROW_RATE else None


def _resampled(samples: Samples, rate: int, wanted: int) -> Samples:
    resampled: Samples = soxr.resample(samples, rate, wanted)
    return resampled


def _plain_wav(path: Path) -> tuple[Samples, int] | None:
    """A WAV file of 16-bit PCM, by far the commonest, without a detour; None for any other."""
    if path.suffix.lower() != ".wav":
        return None
    try:
        with wave.open(str(path), "rb") as sound:
            channels, width, rate = sound.getnchannels(), sound.getsampwidth(), sound.getframerate()
            data = sound.readframes(sound.getnframes())
    except (wave.Error, EOFError):
        return None
    if width != 2:
        return None
    samples = np.frombuffer(data[: len(data) // (2 * channels) * 2 * channels], "<i2").astype(np.int16)
    return (samples if channels == 1 else samples.reshape(-1, channels).mean(axis=1).astype(np.int16)), rate


def _decoded(path: Path, form: str | None) -> tuple[Samples, int]:
    """Any other file, by FFmpeg."""
    with av.open(str(path), format=form) as container:
        if not container.streams.audio:
            raise ClipError(f"{path}: there is no sound in it")
        stream = container.streams.audio[0]
        rate = int(stream.rate or NARROW_RATE)
        resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
        parts: list[Samples] = []
        length = 0
        for frame in container.decode(stream):
            for made in resampler.resample(frame):
                parts.append(made.to_ndarray().reshape(-1).astype(np.int16))
                length += len(parts[-1])
            if length > rate * MOST_SECONDS:
                break
        parts += [made.to_ndarray().reshape(-1).astype(np.int16) for made in resampler.resample(None)]
    return (np.concatenate(parts) if parts else np.zeros(0, np.int16)), rate
