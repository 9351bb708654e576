"""Opus (RFC 6716, RFC 7587) by libopus itself, the one PyAV's wheels bring, called without a detour.

PyAV's own way through FFmpeg decodes at 48 kHz only and hands out frames; libopus decodes at whatever rate is asked
for and conceals what was lost. The library is called with the interpreter locked: 10 to 50 us are less than a switch
of threads costs.
"""

import ctypes
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from softacd.rtp.codec import WIDE_FRAME, WIDE_RATE, CodecError, WideCodec
from softacd.rtp.g711 import Samples

VOIP: Final = 2048
SET_BITRATE, SET_COMPLEXITY, SET_INBAND_FEC, SET_PACKET_LOSS = 4002, 4010, 4012, 4014
"""opus_defines.h."""
BITRATE: Final = 24_000
"""Bits a second: wideband speech without audible loss (RFC 7587 section 3.1.1: 16 to 20 kbit/s)."""
COMPLEXITY: Final = 1
LOSS_PERCENT: Final = 5
"""Loss the encoder prepares its in-band correction for."""
MOST: Final = 1275
"""Octets of the longest packet (RFC 6716 section 3.4)."""
LONGEST: Final = WIDE_RATE * 120 // 1000
"""Samples of the longest packet: 120 ms."""


class OpusMissingError(ImportError):
    """libopus is not where it should be."""


@cache
def _library() -> Any:
    """libopus. Raises OpusMissingError."""
    spec = find_spec("av")
    if spec is None or spec.origin is None:
        raise OpusMissingError("Opus needs the package av (PyAV)")
    package = Path(spec.origin).parent
    places = [package.parent / "av.libs", package / ".dylibs", package.parent]
    found = next((path for place in places for path in sorted(place.glob("libopus*.so*"))), None)
    try:
        library = ctypes.PyDLL(str(found) if found else "libopus.so.0")
    except OSError as error:
        raise OpusMissingError(f"libopus is neither in PyAV's wheel nor installed ({error})") from None
    pointer, integer = ctypes.c_void_p, ctypes.c_int
    library.opus_encoder_create.restype = library.opus_decoder_create.restype = pointer
    library.opus_encoder_create.argtypes = [ctypes.c_int32, integer, integer, pointer]
    library.opus_decoder_create.argtypes = [ctypes.c_int32, integer, pointer]
    library.opus_encoder_ctl.argtypes = [pointer, integer]  # the value follows as a variable argument
    library.opus_encoder_destroy.argtypes = library.opus_decoder_destroy.argtypes = [pointer]
    library.opus_encode.argtypes = [pointer, pointer, integer, pointer, ctypes.c_int32]
    library.opus_decode.argtypes = [pointer, ctypes.c_char_p, ctypes.c_int32, pointer, integer, integer]
    return library


class OpusEncoder:
    """20 ms of 16 kHz mono speech in, one packet out."""

    def __init__(self) -> None:
        library = _library()
        self._encode, self._destroy = library.opus_encode, library.opus_encoder_destroy
        error = ctypes.c_int()
        self._state = library.opus_encoder_create(WIDE_RATE, 1, VOIP, ctypes.byref(error))
        if error.value or not self._state:
            raise MemoryError(f"libopus made no encoder ({error.value})")
        for what, value in (
            (SET_BITRATE, BITRATE),
            (SET_COMPLEXITY, COMPLEXITY),
            (SET_INBAND_FEC, 1),
            (SET_PACKET_LOSS, LOSS_PERCENT),
        ):
            library.opus_encoder_ctl(self._state, what, ctypes.c_int32(value))
        self._packet = ctypes.create_string_buffer(MOST)
        self._place = ctypes.addressof(self._packet)

    def encode(self, samples: Samples) -> bytes:
        """The packet of `WIDE_FRAME` samples."""
        if len(samples) != WIDE_FRAME:
            raise ValueError(f"{len(samples)} samples are not {WIDE_FRAME}")
        contiguous = np.ascontiguousarray(samples, np.int16)
        size = self._encode(self._state, contiguous.ctypes.data, WIDE_FRAME, self._place, MOST)
        if size < 0:
            raise CodecError(f"libopus could not encode ({size})")
        return self._packet.raw[:size]

    def __del__(self) -> None:
        state, self._state = getattr(self, "_state", None), None
        if state:
            self._destroy(state)


class OpusDecoder:
    """Packets of any length and bandwidth in, 16 kHz mono out."""

    def __init__(self) -> None:
        library = _library()
        self._decode, self._destroy = library.opus_decode, library.opus_decoder_destroy
        error = ctypes.c_int()
        self._state = library.opus_decoder_create(WIDE_RATE, 1, ctypes.byref(error))
        if error.value or not self._state:
            raise MemoryError(f"libopus made no decoder ({error.value})")
        self._samples = np.zeros(LONGEST, np.int16)
        self._place = self._samples.ctypes.data

    def decode(self, payload: bytes) -> Samples:
        """The samples of one packet. Raises CodecError."""
        if not payload:
            raise CodecError("an empty packet")
        count = self._decode(self._state, payload, len(payload), self._place, LONGEST, 0)
        if count < 0:
            raise CodecError(f"not an Opus packet ({count})")
        return self._samples[:count].copy()

    def conceal(self, samples: int) -> Samples:
        """What libopus makes of a loss; a multiple of 2.5 ms."""
        count = self._decode(self._state, None, 0, self._place, samples, 0)
        return self._samples[: max(count, 0)].copy()

    def __del__(self) -> None:
        state, self._state = getattr(self, "_state", None), None
        if state:
            self._destroy(state)


OPUS: Final = WideCodec(OpusDecoder, OpusEncoder, divisible=False)
