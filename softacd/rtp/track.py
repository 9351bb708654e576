"""A clip in a codec that remembers: encoded frame by frame, when a listener first gets there, and kept for the others.

So neither the start of the program nor the first listener waits for a long piece of music to be encoded. Every frame
is encoded right after the one before it, once more if need be, so that it fits whoever comes along.
"""

from typing import Final

import numpy as np

from softacd.rtp.codec import WIDE_FRAME, Encoder, WideCodec
from softacd.rtp.g711 import Samples
from softacd.rtp.resample import NARROW, NARROW_HISTORY, up

HEARD_BEFORE: Final = 3
"""Frames an encoder hears before it begins in the middle."""
RUNS: Final = 16
"""Encoders kept for as many places that are being encoded."""


class WideTrack:
    """The payloads of 20 ms of a clip; positions are samples at 8 kHz, as everywhere in clips."""

    __slots__ = ("_codec", "_encoders", "_frames", "_samples", "frames")

    def __init__(self, codec: WideCodec, samples: Samples, *, wide: bool) -> None:
        """`samples` at 16 kHz when `wide`, else at 8 kHz."""
        self._codec = codec
        self._encoders: dict[int, Encoder] = {}  # by the frame each would encode next
        length = WIDE_FRAME if wide else NARROW
        self.frames = -(-len(samples) // length)
        padded = np.zeros(self.frames * length, np.int16)
        padded[: len(samples)] = samples
        self._samples = padded
        self._frames: list[bytes | None] = [None] * self.frames

    @property
    def divisible(self) -> bool:
        """Whether packets of any length can be cut from it."""
        return self._codec.divisible

    def cut(self, at: int, samples: int) -> bytes:
        """The payload of a packet at sample `at`: `samples` octets of G.722 ("" beyond the end), or one Opus packet."""
        frame = at // NARROW
        if not self._codec.divisible:
            return self.frame(frame) if frame < self.frames else b""
        last = min((at + samples - 1) // NARROW, self.frames - 1)
        line = b"".join(self.frame(number) for number in range(frame, last + 1))
        begin = at - frame * NARROW
        return line[begin : begin + samples]

    def frame(self, number: int) -> bytes:
        """The payload of frame `number`."""
        payload = self._frames[number]
        if payload is None:
            payload = self._frames[number] = self._encode(number)
        return payload

    def _encode(self, number: int) -> bytes:
        encoder = self._encoders.pop(number, None)
        if encoder is None:
            encoder = self._codec.encoder()
            for before in range(number - HEARD_BEFORE, number):
                encoder.encode(self._linear(before % self.frames))  # before the first comes the last: it may be a loop
            if len(self._encoders) >= RUNS:
                del self._encoders[next(iter(self._encoders))]
        if number + 1 < self.frames and self._frames[number + 1] is None:
            self._encoders[number + 1] = encoder
        return encoder.encode(self._linear(number))

    def _linear(self, number: int) -> Samples:
        """Frame `number` at 16 kHz."""
        samples = self._samples
        if len(samples) == self.frames * WIDE_FRAME:
            return samples[number * WIDE_FRAME : (number + 1) * WIDE_FRAME]
        line = np.zeros((1, NARROW_HISTORY + NARROW), np.float32)
        begin = number * NARROW - NARROW_HISTORY
        known = samples[max(begin, 0) : (number + 1) * NARROW]
        line[0, len(line[0]) - len(known) :] = known
        linear: Samples = np.clip(up(line)[0], -32768, 32767).astype(np.int16)
        return linear
