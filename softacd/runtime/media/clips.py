"""Sound files: <root>/<name>.wav, read once and kept encoded. The first root that has a name wins."""

import importlib
import importlib.util
import wave
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from softacd.rtp.clips import Clip, ClipError, from_samples
from softacd.rtp.g711 import Samples

RATE = 8000


class ClipLibrary:
    """All sounds that can be played. `get` is quick for what was loaded before; `preload` loads everything.

    `roots` are directories, the owner's own packs before the shipped one.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self.roots = tuple(Path(root) for root in roots)
        self._clips: dict[str, Clip] = {}

    def __len__(self) -> int:
        return len(self._clips)

    def get(self, name: str) -> Clip:
        """The clip `name` ("prompts/en/welcome"). Raises ClipError, which says what is wrong with which file."""
        clip = self._clips.get(name)
        if clip is None:
            clip = self._clips[name] = self._load(name)
        return clip

    def preload(self) -> list[ClipError]:
        """Load every file below the roots; what could not be loaded, for the log."""
        errors = []
        for root in self.roots:
            for path in sorted(root.rglob("*.wav")):
                try:
                    self.get(path.relative_to(root).with_suffix("").as_posix())
                except ClipError as error:
                    errors.append(error)
        return errors

    def forget(self) -> None:
        """Read every file anew when it is next asked for; sounds being played go on as they were."""
        self._clips = {}

    def _load(self, name: str) -> Clip:
        relative = PurePosixPath(name)
        # A name comes from configuration or the API: it must not reach outside the roots.
        if not name or relative.is_absolute() or ".." in relative.parts or "\0" in name:
            raise ClipError(f"{name!r} is not the name of a clip")
        for root in self.roots:
            path = root / f"{relative}.wav"
            if path.is_file():
                return from_samples(name, read_wav(path))
        raise ClipError(f"unknown clip: {name}")


def read_wav(path: Path) -> Samples:
    """Samples of a WAV file, mixed down to mono. Raises ClipError for what is not 16-bit PCM.

    Files of another rate than 8 kHz are resampled when the soxr library is installed and refused otherwise.
    """
    try:
        with wave.open(str(path), "rb") as sound:
            channels, width, rate = sound.getnchannels(), sound.getsampwidth(), sound.getframerate()
            data = sound.readframes(sound.getnframes())
    except (wave.Error, EOFError, OSError) as error:
        raise ClipError(f"{path}: not a WAV file that can be read ({error})") from None
    if width != 2:
        raise ClipError(f"{path}: {8 * width}-bit samples; convert it to 16-bit PCM")
    samples: Samples = np.frombuffer(data[: len(data) // (2 * channels) * 2 * channels], "<i2").astype(np.int16)
    if channels > 1:
        samples = samples.reshape(-1, channels).mean(axis=1).astype(np.int16)
    return samples if rate == RATE else _resampled(samples, rate, path)


def _resampled(samples: Samples, rate: int, path: Path) -> Samples:
    if importlib.util.find_spec("soxr") is None:
        raise ClipError(f"{path}: {rate} Hz; convert it to {RATE} Hz (sox IN -r {RATE} -c 1 -b 16 OUT)")
    resampled: Samples = importlib.import_module("soxr").resample(samples, rate, RATE)
    return resampled
