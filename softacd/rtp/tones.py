"""Tones made here: DTMF for peers that did not agree to telephone-events (ITU-T Q.23, Q.24)."""

import numpy as np

from softacd.rtp.g711 import Samples

_LOW = (697, 770, 852, 941)
_HIGH = (1209, 1336, 1477, 1633)
_PAD = ("123A", "456B", "789C", "*0#D")
FREQUENCIES = {key: (_LOW[row], _HIGH[column]) for row, keys in enumerate(_PAD) for column, key in enumerate(keys)}
"""Key -> low and high frequency in Hz (Q.23)."""

PAUSE_MS = 60
_LEVEL = 6_000
"""Peak of each of the two frequencies, about -12 dBFS together: inside the -4 to -28 dBm0 of Q.24 receivers."""


def dtmf(digits: str, duration_ms: int, clock_rate: int = 8000) -> Samples:
    """16-bit samples of `digits`, each `duration_ms` long (40 at least) and followed by a pause.

    Raises ValueError for a character that is no key.
    """
    pause = np.zeros(PAUSE_MS * clock_rate // 1000, np.int16)
    time = np.arange(max(duration_ms, 40) * clock_rate // 1000) / clock_rate
    parts: list[Samples] = []
    for digit in digits.upper():
        if digit not in FREQUENCIES:
            raise ValueError(f"{digit!r} is not a DTMF digit")
        low, high = FREQUENCIES[digit]
        wave = np.sin(2 * np.pi * low * time) + np.sin(2 * np.pi * high * time)
        parts += [(wave * _LEVEL).astype(np.int16), pause]
    return np.concatenate(parts) if parts else pause
