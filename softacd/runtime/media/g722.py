"""G.722 at 64 kbit/s (ITU-T G.722, RFC 3551 section 4.5.2) by PyAV: 16 kHz of sound in one octet per 1/8000 s."""

from typing import Any, Final

import av
import numpy as np

from softacd.rtp.codec import WIDE_FRAME, WIDE_RATE, CodecError, WideCodec
from softacd.rtp.g711 import Samples

FADE: Final = 0.6
"""What is left of a lost 20 ms each time they are repeated."""


class G722Encoder:
    """20 ms in, 160 octets out."""

    def __init__(self) -> None:
        context: Any = av.CodecContext.create("g722", "w")
        context.sample_rate, context.layout, context.format = WIDE_RATE, "mono", "s16"
        self._context = context

    def encode(self, samples: Samples) -> bytes:
        """The payload of `WIDE_FRAME` samples."""
        if len(samples) != WIDE_FRAME:
            raise ValueError(f"{len(samples)} samples are not {WIDE_FRAME}")
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples, np.int16).reshape(1, WIDE_FRAME), format="s16", layout="mono"
        )
        frame.sample_rate = WIDE_RATE
        return b"".join(bytes(packet) for packet in self._context.encode(frame))


class G722Decoder:
    """Octets in, two samples for each out."""

    def __init__(self) -> None:
        context: Any = av.CodecContext.create("g722", "r")
        context.sample_rate, context.layout = WIDE_RATE, "mono"
        self._context = context
        self._last = np.zeros(WIDE_FRAME, np.int16)

    def decode(self, payload: bytes) -> Samples:
        """The samples of one packet. Raises CodecError."""
        if not payload:
            raise CodecError("an empty packet")
        try:
            frames = self._context.decode(av.Packet(payload))
        except av.FFmpegError as error:
            raise CodecError(f"not a G.722 packet ({error})") from None
        samples: Samples = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])
        self._last = np.concatenate([self._last, samples])[-WIDE_FRAME:]
        return samples

    def conceal(self, samples: int) -> Samples:
        """The last 20 ms once more, lower each time (G.722 appendices III and IV do it with more art)."""
        self._last = (self._last * FADE).astype(np.int16)
        return self._last[-samples:]


G722: Final = WideCodec(G722Decoder, G722Encoder, divisible=True)
