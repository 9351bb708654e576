"""Recording of one stream, sans-IO: what its peer says on the left, what its peer hears on the right; or, for a message
somebody leaves, only what he says, and when he has fallen silent.

Packets are laid onto a time line by their RTP timestamps, so that reordering, loss and silence cost nothing but their
place. Nothing is decoded here: pieces of both sides leave in the codec they came in, for a writer off the hot path.
"""

from typing import NamedTuple

from softacd.rtp.g711 import SILENCE, TRANSCODE
from softacd.rtp.voice_activity import VoiceActivity

RATE = 8000
HOLD = 3200
"""Samples a packet may come late: what is younger than this is not written yet."""
TOLERANCE = 2000
"""Samples between a packet's place by its timestamp and by the clock above which the clock is believed (the source
restarted, was silent without its timestamps running, or its clock has drifted away)."""
MARK = 3200
"""Samples of the mark that stands for a pause."""


class Piece(NamedTuple):
    """The next stretch of recording `recording` of stream `stream`, to be appended to the file `path`.

    `left` and `right` are equally long, one byte a sample, in the codecs named. `mark` asks for the sound of a pause
    after them. After the `last` one nothing more comes. `mono`: there is no right side. `voiced` are the seconds of
    voice on the left up to here, counted only where silence is listened for.
    """

    stream: int
    recording: int
    path: str
    left: bytes
    right: bytes
    left_codec: str
    right_codec: str
    mark: bool = False
    last: bool = False
    mono: bool = False
    voiced: float = 0.0


class Track:
    """One side: the samples from `base` on that have not been taken yet, in the codec heard first."""

    __slots__ = ("_anchored", "_buffer", "_offset", "_silence", "base", "codec")

    def __init__(self) -> None:
        self.codec = "PCMA"
        self.base = 0
        self._buffer = bytearray()
        self._silence = SILENCE["PCMA"]
        self._offset = 0  # place less timestamp
        self._anchored = False

    def put(self, codec: str, timestamp: int, payload: bytes, place: int) -> None:
        """Lay a packet down; `place` is where the clock would put it (samples since the recording began)."""
        if codec != self.codec:
            if not self.base and not self._buffer:
                self.codec = codec
                self._silence = SILENCE[codec]
            else:
                payload = payload.translate(TRANSCODE[codec, self.codec])
        at = (timestamp + self._offset) & 0xFFFF_FFFF
        if not self._anchored or not -TOLERANCE < at - place < TOLERANCE:
            self._offset = (place - timestamp) & 0xFFFF_FFFF
            self._anchored = True
            at = place
        start = at - self.base
        if start < 0:  # later than HOLD: its place has been written
            payload = payload[-start:]
            start = 0
        buffer = self._buffer
        missing = start - len(buffer)
        if missing > 0:
            buffer += self._silence * missing
        buffer[start : start + len(payload)] = payload

    @property
    def end(self) -> int:
        """Where what has come ends."""
        return self.base + len(self._buffer)

    def take(self, upto: int) -> bytes:
        """Everything before `upto` that was not taken yet, silence where nothing came."""
        size = max(upto - self.base, 0)
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        self.base += size
        return taken + self._silence * (size - len(taken))

    def resume(self, base: int) -> None:
        """Go on at `base` after a pause."""
        self._buffer.clear()
        self.base = base
        self._anchored = False


class Recording:
    """One recording under way. `said` and `heard` are the taps of its stream."""

    __slots__ = (
        "_began",
        "_ear",
        "_left",
        "_patience",
        "_paused",
        "_right",
        "_told",
        "mono",
        "number",
        "path",
        "stream",
    )

    def __init__(
        self, stream: int, number: int, path: str, now: float, *, mono: bool = False, silence_seconds: float = 0.0
    ) -> None:
        """`mono`: what the peer hears is left out. `silence_seconds` of silence are told by `fell_silent`; 0: none."""
        self.stream = stream
        self.mono = mono
        self._ear = VoiceActivity(now) if mono or silence_seconds else None
        self._patience = silence_seconds
        self._told = False
        self.number = number
        self.path = path
        self._began = now
        self._paused = False
        self._left = Track()
        self._right = Track()

    def said(self, codec: str, timestamp: int, payload: bytes, now: float) -> None:
        """A packet of the peer."""
        if not self._paused and codec in SILENCE:
            self._left.put(codec, timestamp, payload, self._place(now))
            if self._ear is not None:
                self._ear.hear(codec, payload, now)

    def heard(self, codec: str, timestamp: int, payload: bytes, now: float) -> None:
        """A packet to the peer."""
        if not self._paused and not self.mono and codec in SILENCE:
            self._right.put(codec, timestamp, payload, self._place(now))

    @property
    def voiced(self) -> float:
        """Seconds of voice heard so far; 0 where nobody listens for it."""
        return self._ear.voiced if self._ear is not None else 0.0

    def fell_silent(self, now: float) -> float:
        """Seconds of silence, once when they have become as many as asked for, and again after voice; else 0."""
        if self._ear is None or not self._patience:
            return 0.0
        quiet = self._ear.quiet(now)
        told, self._told = self._told, quiet >= self._patience
        return quiet if self._told and not told else 0.0

    def piece(self, now: float) -> Piece | None:
        """What has settled by `now`; None when nothing has."""
        upto = self._place(now) - HOLD
        if self._paused or upto <= self._left.base:
            return None
        return self._cut(upto)

    def pause(self, now: float) -> Piece | None:
        """Leave out what comes from now on; what had come. None when it pauses already."""
        if self._paused:
            return None
        piece = self._cut(self._filled(now))
        self._paused = True
        return piece

    def resume(self, now: float) -> Piece | None:
        """Go on, after the mark of a pause; None when it does not pause."""
        if not self._paused:
            return None
        self._paused = False
        base = self._left.base + MARK
        for track in (self._left, self._right):
            track.resume(base)
        self._began = now - base / RATE
        return Piece(self.stream, self.number, self.path, b"", b"", self._left.codec, self._right.codec, mark=True)

    def end(self, now: float) -> Piece:
        """The last piece."""
        upto = self._left.base if self._paused else self._filled(now)
        return self._cut(upto)._replace(last=True)

    def _place(self, now: float) -> int:
        return round((now - self._began) * RATE)

    def _filled(self, now: float) -> int:
        """Where the recording ends: now, or the end of a packet that has just come."""
        return max(self._place(now), self._left.end, self._right.end)

    def _cut(self, upto: int) -> Piece:
        left, right = self._left, self._right
        heard = b"" if self.mono else right.take(upto)
        return Piece(
            self.stream, self.number, self.path, left.take(upto), heard, left.codec, right.codec,
            mono=self.mono, voiced=self.voiced,
        )  # fmt: skip
