"""What the media core knows of codecs that are more than a table: G.722 and Opus, given to it by its owner.

Both carry 16 kHz of sound here (Opus is told to), so that one rate serves all that is wider than G.711. A decoder and
an encoder belong to one direction of one stream: they remember what came before.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, Protocol

from softacd.rtp.g711 import Samples

WIDE_RATE: Final = 16_000
"""Samples a second of what decoders give and encoders take."""
WIDE_FRAME: Final = 320
"""Samples of 20 ms at that rate."""


class CodecError(ValueError):
    """A payload that cannot be decoded. It is taken for lost."""


class Decoder(Protocol):
    """Turns one stream's payloads, in order, into samples."""

    def decode(self, payload: bytes) -> Samples:
        """Samples of one packet. Raises CodecError."""

    def conceal(self, samples: int) -> Samples:
        """So many samples (a multiple of 160 up to 320) in place of what was lost, fading with every call."""


class Encoder(Protocol):
    """Turns samples into one stream's payloads."""

    def encode(self, samples: Samples) -> bytes:
        """The payload of 20 ms (`WIDE_FRAME` samples)."""


class WideCodec(NamedTuple):
    """How to make both, and whether a payload is one byte per 1/8000 s (G.722), which may be cut anywhere."""

    decoder: Callable[[], Decoder]
    encoder: Callable[[], Encoder]
    divisible: bool


WideCodecs = Mapping[str, WideCodec]
"""By encoding name in capitals: "G722", "OPUS"."""
