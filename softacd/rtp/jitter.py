"""Jitter buffer: packets in as the network delivers them, 20 ms of sound out at every tick of ours.

Only what must be in step with others goes through here (mixing); a plain conversation is relayed as it comes. The
buffer holds back as little as the network allows: it grows by a frame when sound came too late and shrinks when it
has had more in hand than it needed for a while, which also takes up the drift between the peer's clock and ours.
"""

from typing import Final, NamedTuple

import numpy as np

from softacd.rtp.g711 import SILENCE, decode, encode

FRAME = 160
"""Samples taken at a time: 20 ms."""
LEAST = 1
MOST = 10
"""Frames held back, at least and at most: 20 to 200 ms."""
FADE = (0.8, 0.4, 0.1)
"""What is left of the last frame while sound is missing: 60 ms are bridged, then it is silent (RFC 7655 aside, G.711
appendix I also mutes after 60 ms)."""
SETTLED = 250
"""Frames over which the buffer must have had one to spare before it shrinks: 5 s."""
RISE: Final = ((np.arange(FRAME) + 0.5) / FRAME).astype(np.float32)
"""How one sound takes the place of another within a frame."""
LOST = 8000
"""A packet further than this from what is expected is a new beginning."""


class Frame(NamedTuple):
    """20 ms of sound: 160 bytes in the stream's codec, and how loud to take them (1.0; less where they stand in)."""

    payload: bytes
    gain: float


class Depth:
    """How much is held back: a frame more when sound came too late, one less when there was always more in hand."""

    __slots__ = ("_since", "_spare", "held", "late")

    def __init__(self, held: int) -> None:
        self.held = held
        """Frames held back now."""
        self.late = 0
        """Packets that came after their turn."""
        self._spare = MOST
        self._since = 0

    def begin(self) -> None:
        """Playout begins: measure anew."""
        self._spare = MOST
        self._since = 0

    def too_late(self) -> bool:
        """A packet came after its turn; whether more is held back from now on."""
        self.late += 1
        if self.held >= MOST:
            return False
        self.held += 1
        return True

    def settle(self, waiting: int) -> int:
        """Frames to be dropped at a turn with `waiting` whole frames in hand."""
        self._spare = min(self._spare, waiting - self.held)
        self._since += 1
        if waiting > MOST + 2:
            return waiting - self.held
        drop = 0
        if self._since >= SETTLED:
            if self._spare >= 1:
                drop = 1  # the peer's clock is faster than ours, or a burst has piled up
            elif self._spare == 0 and self.held > LEAST:
                self.held -= 1
            self.begin()
        return drop


class JitterBuffer:
    """The sound of one peer in G.711 between arrival and playout; `codec` is "PCMA" or "PCMU"."""

    __slots__ = (
        "_buffer",
        "_known",
        "_last",
        "_missing",
        "_next",
        "_playing",
        "codec",
        "concealed",
        "depth",
        "silence",
    )

    def __init__(self, codec: str, held: int = 2) -> None:
        self.codec = codec
        self.silence = silence = SILENCE[codec]
        self.depth = Depth(held)
        self.concealed = 0
        """Frames made up because sound was missing."""
        self._buffer = bytearray()
        self._known = bytearray()  # 1 for each sample that has come
        self._next = 0  # timestamp of the first sample of the buffer
        self._playing = False
        self._last = silence * FRAME
        self._missing = len(FADE)

    def __len__(self) -> int:
        return len(self._buffer)

    def put(self, timestamp: int, payload: bytes) -> None:
        """A packet of voice with its RTP timestamp."""
        start = (timestamp - self._next + 0x8000_0000 & 0xFFFF_FFFF) - 0x8000_0000
        if not self._playing and not self._buffer:
            self._next = timestamp
            start = 0
        elif not -LOST < start < LOST:
            self._buffer.clear()
            self._known.clear()
            self._playing = False
            self._next = timestamp
            start = 0
        if start < 0 and not self._playing:
            self._buffer[:0] = self.silence * -start
            self._known[:0] = bytes(-start)
            self._next = timestamp
            start = 0
        elif start < 0:
            if self.depth.too_late():
                self._playing = False  # wait until so much is in hand: a frame or two are made up
            payload = payload[-start:]
            start = 0
            if not payload:
                return
        end = start + len(payload)
        missing = end - len(self._buffer)
        if missing > 0:
            self._buffer += self.silence * missing
            self._known += bytes(missing)
        self._buffer[start:end] = payload
        self._known[start:end] = b"\1" * len(payload)

    def take(self) -> Frame | None:
        """The frame to be played now; None for silence."""
        waiting = len(self._buffer)
        if not self._playing:
            if waiting < self.depth.held * FRAME:
                return self._conceal()
            self._playing = True
            self.depth.begin()
        if waiting < FRAME:
            # Nothing in hand: the peer is silent, or the network holds it back. Begin again when it speaks.
            self._buffer.clear()
            self._known.clear()
            self._playing = False
            return self._conceal()
        left_out = self.depth.settle(waiting // FRAME)
        if left_out:
            self._leave_out(left_out)
        payload, known = bytes(self._buffer[:FRAME]), self._known[:FRAME]
        self._drop(FRAME)
        if 0 in known:
            if 1 not in known:
                return self._conceal()
            self.concealed += 1
        self._last = payload
        self._missing = 0
        return Frame(payload, 1.0)

    def _leave_out(self, frames: int) -> None:
        """Leave out `frames` of sound without a seam: what would have come now fades into what comes instead."""
        before = decode(self.codec, self._buffer[:FRAME])
        self._drop(frames * FRAME)
        after = decode(self.codec, self._buffer[:FRAME])
        if len(after) == FRAME:
            self._buffer[:FRAME] = encode(
                self.codec, (before + (after.astype(np.float32) - before) * RISE).astype(np.int16)
            )

    def _drop(self, samples: int) -> None:
        del self._buffer[:samples]
        del self._known[:samples]
        self._next = self._next + samples & 0xFFFF_FFFF

    def _conceal(self) -> Frame | None:
        if self._missing >= len(FADE):
            return None
        gain = FADE[self._missing]
        self._missing += 1
        self.concealed += 1
        return Frame(self._last, gain)
