"""Sound ready to be sent: clips encoded once in every codec, joined into the sequence a Play command names."""

from collections.abc import Callable, Mapping

import numpy as np

from softacd.rtp.codec import WideCodecs
from softacd.rtp.g711 import CODECS, SILENCE, Samples, decode, encode
from softacd.rtp.track import WideTrack

MAX_SAMPLES = 8000 * 60 * 30
FRAME = 160
MESSAGES = "messages"
"""The folder of clips that callers have left: few are heard twice."""


class ClipError(Exception):
    """A clip cannot be played; the text is for the operator and travels in PlayEnded."""


class Clip:
    """One sound, 8 kHz mono, in every codec of one byte a sample, so that a position means the same in all of them.

    Other codecs are made of it when somebody speaks them: of `wide`, the sound at 16 kHz, where the source had it.
    """

    __slots__ = ("_tracks", "encoded", "name", "samples", "wide")

    def __init__(self, name: str, encoded: Mapping[str, bytes], wide: Samples | None = None) -> None:
        self.name = name
        self.encoded = dict(encoded)
        self.wide = wide
        self.samples = len(next(iter(self.encoded.values())))
        self._tracks: dict[str, WideTrack] = {}

    @property
    def seconds(self) -> float:
        return self.samples / 8000

    def track(self, codec: str, wide: WideCodecs) -> WideTrack | None:
        """The sound in a codec that is not one byte a sample; None when `codec` is not known."""
        track = self._tracks.get(codec)
        if track is None and codec in wide:
            samples = self.wide if self.wide is not None else decode("PCMU", self.encoded["PCMU"])
            track = self._tracks[codec] = WideTrack(wide[codec], samples, wide=self.wide is not None)
        return track

    def __repr__(self) -> str:
        return f"<Clip {self.name} {self.seconds:.2f} s>"


ClipSource = Callable[[str], Clip]
"""Finds a clip by name; raises ClipError."""


def from_samples(name: str, samples: Samples, wide: Samples | None = None) -> Clip:
    """The clip of linear `samples` (int16, 8 kHz mono), and of the same at 16 kHz where there is more to hear.

    Raises ClipError when empty or longer than half an hour.
    """
    if not samples.size:
        raise ClipError(f"{name}: the sound is empty")
    if samples.size > MAX_SAMPLES:
        raise ClipError(f"{name}: longer than {MAX_SAMPLES // 8000 // 60} minutes")
    contiguous = np.ascontiguousarray(samples, np.int16)
    return Clip(name, {codec: encode(codec, contiguous) for codec in CODECS}, wide)


def join(clips: list[Clip]) -> Clip:
    """One clip after the other without a gap."""
    if len(clips) == 1:
        return clips[0]
    encoded = {codec: b"".join(clip.encoded[codec] for clip in clips) for codec in CODECS}
    wide = None
    if all(clip.wide is not None for clip in clips):
        wide = np.concatenate([clip.wide for clip in clips if clip.wide is not None])
    return Clip(" ".join(clip.name for clip in clips), encoded, wide)


class Playout:
    """The position of one listener in a clip. `wide` are the codecs beside G.711."""

    __slots__ = ("_data", "_position", "_silence", "_track", "_wide", "clip", "loop", "play")

    def __init__(
        self, play: int, clip: Clip, *, loop: bool = False, position: int = 0, wide: WideCodecs | None = None
    ) -> None:
        self.play = play
        self.clip = clip
        self.loop = loop
        self._position = position % clip.samples
        self._data = b""
        self._silence = b""
        self._track: WideTrack | None = None
        self._wide = wide or {}

    def speak(self, codec: str) -> bool:
        """Go on in `codec`; whether the clip exists in it."""
        self._data = self.clip.encoded.get(codec, b"")
        self._silence = SILENCE.get(codec, b"")
        self._track = None if self._data else self.clip.track(codec, self._wide)
        return bool(self._data) or self._track is not None

    def shared_sound(self, samples: int) -> bytes:
        """The whole sound, where it is repeated for ever in an octet a sample and at least so long; b"" otherwise."""
        return self._data if self.loop and len(self._data) >= samples else b""

    @property
    def position(self) -> int:
        """Samples from the beginning of the sound to the next."""
        return self._position

    def move(self, position: int) -> None:
        """Go on at `position`."""
        self._position = position

    def next_payload(self, samples: int) -> bytes:
        """The next `samples` samples, the end filled up with silence; b"" when the clip is over."""
        at = self._position
        if self._track is not None:
            return self._next_of(self._track, at, samples)
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

    def _next_of(self, track: WideTrack, at: int, samples: int) -> bytes:
        """The same of a sound in frames of 20 ms, the last of which is filled up with silence."""
        end = track.frames * FRAME
        if at >= end:
            if not self.loop:
                return b""
            at %= end
        self._position = at + samples
        payload = track.cut(at, samples)
        if self.loop and self._position >= end:
            self._position -= end
            if track.divisible and len(payload) < samples:
                payload += track.cut(0, samples - len(payload))
        return payload
