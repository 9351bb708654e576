"""Sound ready to be sent: clips encoded once in every codec, joined into the sequence a Play command names."""

from collections.abc import Callable, Mapping

import numpy as np

from softacd.rtp.g711 import CODECS, SILENCE, Samples, encode

MAX_SAMPLES = 8000 * 60 * 30


class ClipError(Exception):
    """A clip cannot be played; the text is for the operator and travels in PlayEnded."""


class Clip:
    """One sound, 8 kHz mono, in every codec: one byte per sample, so a position means the same in all of them."""

    __slots__ = ("encoded", "name", "samples")

    def __init__(self, name: str, encoded: Mapping[str, bytes]) -> None:
        self.name = name
        self.encoded = dict(encoded)
        self.samples = len(next(iter(self.encoded.values())))

    @property
    def seconds(self) -> float:
        return self.samples / 8000

    def __repr__(self) -> str:
        return f"<Clip {self.name} {self.seconds:.2f} s>"


ClipSource = Callable[[str], Clip]
"""Finds a clip by name; raises ClipError."""


def from_samples(name: str, samples: Samples) -> Clip:
    """The clip of linear `samples` (int16, 8 kHz mono). Raises ClipError when empty or longer than half an hour."""
    if not samples.size:
        raise ClipError(f"{name}: the sound is empty")
    if samples.size > MAX_SAMPLES:
        raise ClipError(f"{name}: longer than {MAX_SAMPLES // 8000 // 60} minutes")
    contiguous = np.ascontiguousarray(samples, np.int16)
    return Clip(name, {codec: encode(codec, contiguous) for codec in CODECS})


def join(clips: list[Clip]) -> Clip:
    """One clip after the other without a gap."""
    if len(clips) == 1:
        return clips[0]
    encoded = {codec: b"".join(clip.encoded[codec] for clip in clips) for codec in CODECS}
    return Clip(" ".join(clip.name for clip in clips), encoded)


class Playout:
    """The position of one listener in a clip."""

    __slots__ = ("_data", "_position", "_silence", "clip", "loop", "play")

    def __init__(self, play: int, clip: Clip, *, loop: bool = False, position: int = 0) -> None:
        self.play = play
        self.clip = clip
        self.loop = loop
        self._position = position % clip.samples
        self._data = b""
        self._silence = b""

    def speak(self, codec: str) -> bool:
        """Go on in `codec`; whether the clip exists in it."""
        self._data = self.clip.encoded.get(codec, b"")
        self._silence = SILENCE.get(codec, b"")
        return bool(self._data)

    def next_payload(self, samples: int) -> bytes:
        """The next `samples` samples, the end filled up with silence; b"" when the clip is over."""
        at = self._position
        payload = self._data[at : at + samples]
        self._position = at + samples
        if len(payload) == samples:
            return payload
        if self.loop:
            while len(payload) < samples:
                self._position = samples - len(payload)
                payload += self._data[: self._position]
            self._position %= len(self._data)
            return payload
        return payload + self._silence * (samples - len(payload)) if payload else b""
