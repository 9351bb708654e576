"""Jitter buffer for codecs whose packets must be decoded in their order: G.722 and Opus. See softacd.rtp.jitter.

Packets wait undecoded; at every turn so many are decoded as 20 ms need. A gap is bridged by the decoder, which knows
the voice best; a packet that comes after its turn is dropped.
"""

from typing import Final

import numpy as np

from softacd.rtp.codec import WIDE_FRAME, WIDE_RATE, CodecError, Decoder
from softacd.rtp.g711 import Samples
from softacd.rtp.jitter import Depth

HELD: Final = 2
LONGEST_GAP: Final = 5
"""Frames a decoder is asked to bridge, 100 ms; then it is silent."""
LOST_SECONDS: Final = 1.0
"""A packet further than this from what is expected is a new beginning."""
RISE: Final = ((np.arange(WIDE_FRAME) + 0.5) / WIDE_FRAME).astype(np.float32)


class PacketBuffer:
    """The sound of one peer between arrival and playout. `clock_rate` is that of its RTP timestamps."""

    __slots__ = (
        "_decoder",
        "_end",
        "_frame",
        "_lost",
        "_missing",
        "_next",
        "_packets",
        "_playing",
        "_ready",
        "_scale",
        "concealed",
        "depth",
    )

    def __init__(self, decoder: Decoder, clock_rate: int, held: int = HELD) -> None:
        self.depth = Depth(held)
        self.concealed = 0
        """Frames, or parts of them, made up because sound was missing."""
        self._decoder = decoder
        self._scale = clock_rate / WIDE_RATE
        self._frame = clock_rate // 50
        self._lost = int(LOST_SECONDS * clock_rate)
        self._packets: dict[int, bytes] = {}  # by timestamps that do not wrap
        self._next = 0  # timestamp of the sound after what is in `_ready`
        self._end = 0  # timestamp of the newest packet, and its length as far as it is known
        self._ready: Samples = np.zeros(0, np.int16)
        self._playing = False
        self._missing = LONGEST_GAP

    def __len__(self) -> int:
        """Packets waiting."""
        return len(self._packets)

    def put(self, timestamp: int, payload: bytes) -> None:
        """A packet of voice with its RTP timestamp."""
        ahead = (timestamp - self._next + 0x8000_0000 & 0xFFFF_FFFF) - 0x8000_0000
        if (not self._playing and not self._packets) or not -self._lost < ahead < self._lost:
            self._packets.clear()
            self._playing = False
            self._next = self._end = timestamp
            ahead = 0
        if ahead < 0:
            if self._playing:
                if self.depth.too_late():
                    self._playing = False
                return
            self._next += ahead
            ahead = 0
        at = self._next + ahead
        self._packets[at] = payload
        self._end = max(self._end, at + self._frame)

    def take(self) -> Samples | None:
        """20 ms (`WIDE_FRAME` samples) to be played now; None for silence."""
        if not self._playing:
            if self._waiting < self.depth.held:
                return self._conceal()
            self._playing = True
            self.depth.begin()
        frame = self._cut()
        if frame is None:
            self._playing = False
            return self._conceal()
        left_out = self.depth.settle(self._waiting + 1)
        for _ in range(left_out):
            after = self._cut()
            if after is None:
                break
            frame = (frame + (after.astype(np.float32) - frame) * RISE).astype(np.int16)
        return frame

    @property
    def _waiting(self) -> int:
        """Whole frames in hand."""
        return int((self._end - self._next) / self._scale + len(self._ready)) // WIDE_FRAME if self._packets else 0

    def _cut(self) -> Samples | None:
        """The next 20 ms of the line, None when nothing more has come."""
        ready = self._ready
        while len(ready) < WIDE_FRAME:
            if not self._packets:
                if not len(ready):
                    return None
                ready = np.concatenate([ready, np.zeros(WIDE_FRAME - len(ready), np.int16)])
                break
            part = self._decode()
            ready = np.concatenate([ready, part]) if len(ready) else part
        self._ready = ready[WIDE_FRAME:]
        return ready[:WIDE_FRAME]

    def _decode(self) -> Samples:
        """The sound at `_next`: of a packet, or made up for one that has not come."""
        payload = self._packets.pop(self._next, None)
        if payload is not None:
            try:
                samples = self._decoder.decode(payload)
            except CodecError:
                samples = self._made_up(WIDE_FRAME)
            else:
                self._missing = 0
            self._next += max(int(len(samples) * self._scale), 1)
            if self._packets and min(self._packets) < self._next:
                # two packets of the same time, or a sender that counts wrongly: go on where it does
                self._packets = {at: kept for at, kept in self._packets.items() if at >= self._next}
            return samples
        gap = max(int((min(self._packets) - self._next) / self._scale), 1)
        samples = self._made_up(min(gap, WIDE_FRAME))
        self._next = min(self._next + round(len(samples) * self._scale), min(self._packets))
        return samples

    def _made_up(self, samples: int) -> Samples:
        self.concealed += 1
        self._missing += 1
        whole = self._decoder.conceal(WIDE_FRAME) if self._missing <= LONGEST_GAP else np.zeros(WIDE_FRAME, np.int16)
        return whole[:samples]

    def _conceal(self) -> Samples | None:
        if self._missing >= LONGEST_GAP:
            return None
        return self._made_up(WIDE_FRAME)
