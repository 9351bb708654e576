"""G.711 (ITU-T G.711, RFC 3551 section 4.5.14): A-law and mu-law as tables.

`encode`/`decode` work on whole numpy arrays of 16-bit linear samples; `TRANSCODE` maps one law to the other for
`bytes.translate`, the quickest way through one packet.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]

SILENCE: Final = {"PCMU": b"\xff", "PCMA": b"\xd5"}
"""The code of the smallest positive sample: digital silence."""


def _decoded_pcmu() -> Samples:
    """Linear value of each of the 256 mu-law codes (G.711 table 2, codes are sent inverted)."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent = ((code >> 4) & 7).astype(np.int32)
    mantissa = (code & 15).astype(np.int32)
    magnitude = (((mantissa << 3) + 132) << exponent) - 132
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _decoded_pcma() -> Samples:
    """Linear value of each of the 256 A-law codes (G.711 table 1, even bits are sent inverted)."""
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent = ((code >> 4) & 7).astype(np.int32)
    mantissa = (code & 15).astype(np.int32)
    linear = np.where(exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 264) << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, linear, -linear).astype(np.int16)


def _encoder(decoded: Samples, silence: int) -> npt.NDArray[np.uint8]:
    """Nearest code for every 16-bit sample, indexed by the sample's bits as an unsigned number."""
    order = np.argsort(decoded, kind="stable")
    levels = decoded[order].astype(np.int32)
    samples = np.arange(-32768, 32768)
    above = np.clip(np.searchsorted(levels, samples), 1, 255)
    nearer_below = (samples - levels[above - 1]) <= (levels[above] - samples)
    codes = order[np.where(nearer_below, above - 1, above)].astype(np.uint8)
    # Two codes are as near to nothing (+0 and -0, or +8 and -8): take the one silence is sent as.
    codes[samples == 0] = silence
    return np.roll(codes, -32768)


_DECODED: Final = {"PCMU": _decoded_pcmu(), "PCMA": _decoded_pcma()}
_ENCODERS: Final = {name: _encoder(decoded, SILENCE[name][0]) for name, decoded in _DECODED.items()}
_DECODED_BITS: Final = {name: decoded.view(np.uint16) for name, decoded in _DECODED.items()}

TRANSCODE: Final = {
    (source, target): _ENCODERS[target][_DECODED_BITS[source]].tobytes()
    for source in _DECODED
    for target in _ENCODERS
    if source != target
}
"""(from, to) -> table for bytes.translate."""

CODECS: Final = tuple(_DECODED)


def decode(name: str, payload: bytes | bytearray | memoryview) -> Samples:
    """Linear samples of `payload` in codec `name` ("PCMU" or "PCMA"); KeyError for another name."""
    return _DECODED[name].take(np.frombuffer(payload, np.uint8))


def encode(name: str, samples: Samples) -> bytes:
    """`samples` (int16) in codec `name` ("PCMU" or "PCMA"), one byte each; KeyError for another name."""
    return _ENCODERS[name].take(samples.view(np.uint16)).tobytes()
