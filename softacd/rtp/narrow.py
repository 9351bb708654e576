"""A wide codec's voice for those who listen in G.711: recordings and whoever looks for keys."""

from typing import Final

import numpy as np

from softacd.rtp.codec import CodecError, Decoder
from softacd.rtp.g711 import encode
from softacd.rtp.outbound import Tap
from softacd.rtp.resample import FILTER, WIDE_HISTORY, Matrix

NARROW_RATE: Final = 8000
LISTENED: Final = "PCMA"


class Narrower:
    """A tap that decodes what it hears, in the order it comes, and tells `taps` in A-law, with timestamps at 8 kHz."""

    __slots__ = ("_decoder", "_past", "_step", "_taps")

    def __init__(self, decoder: Decoder, clock_rate: int, taps: tuple[Tap, ...]) -> None:
        self._decoder = decoder
        self._step = clock_rate // NARROW_RATE
        self._taps = taps
        self._past: Matrix = np.zeros(WIDE_HISTORY, np.float32)

    def hear(self, timestamp: int, payload: bytes, now: float) -> None:
        """Take a packet of voice; one that cannot be decoded is as good as lost."""
        try:
            samples = self._decoder.decode(payload)
        except CodecError:
            return
        line = np.concatenate([self._past, samples.astype(np.float32)])
        self._past = line[-WIDE_HISTORY:]
        narrow = np.convolve(line, FILTER, "valid")[::2]
        heard = encode(LISTENED, np.clip(narrow, -32768, 32767).astype(np.int16))
        for tap in self._taps:
            tap(timestamp // self._step, heard, now)
