"""Key presses heard as tones (ITU-T Q.23, Q.24), for peers that did not agree to telephone-events.

All streams of a tick are judged together: their newest 20 ms, every 10 ms, are the rows of a matrix, and one product
with the sines and cosines of the keypad's frequencies gives the energy of each row at each frequency.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from softacd.rtp.g711 import CODECS, decode

RATE: Final = 8000
WINDOW: Final = 160
HOP: Final = 80
PAD: Final = "123A456B789C*0#D"
LOW: Final = (697.0, 770.0, 852.0, 941.0)
HIGH: Final = (1209.0, 1336.0, 1477.0, 1633.0)

LEAST_POWER: Final = 40.0**2
"""Mean square of the quietest tones believed: about -55 dBm0 each, far below the -29 dBm0 Q.24 asks for."""
SHARE: Final = 0.45
"""Part of a window's energy that must lie at the two frequencies: speech and music spread theirs."""
PURE: Final = 0.75
"""Part above which a window counts as pure: there is little noise beside the tones."""
TWIST: Final = 10.0
"""Ratio of the powers of the two tones at most: 10 dB either way (Q.24: 4 and 8 dB)."""
CLEAR: Final = 5.0
"""Ratio of a tone's power to that of any other frequency of its group at least: 7 dB."""
ENOUGH: Final = 21
PURE_WEIGHT: Final = 7
EVEN_WEIGHT: Final = 5
NOISY_WEIGHT: Final = 3
"""What windows in a row that say the same must add up to: three pure ones, 40 ms of clear tone (Q.24: operate from 40
ms, not below 24 ms), five in noise whose two tones are as strong as each other, 60 ms, or seven others, 80 ms. Vowels
of synthetic voices stay on two frequencies for 60 ms, the lower one by far the stronger."""
EVEN: Final = 2.5
"""Ratio of the powers of two tones that are as strong as each other at most: 4 dB, what Q.24 has keypads keep."""
MISSES: Final = 3
"""Windows in a row without it after which a key is released: 40 ms (Q.24: interruptions of 10 ms are bridged)."""

BATCH: Final = 96
"""Rows judged in one matrix product: they stay in the cache, and the product in this thread."""

Matrix = npt.NDArray[np.float32]

_TAPER: Final = np.hamming(WINDOW).astype(np.float32)
"""Tapered, a frequency reads little of its neighbours 73 Hz away and of what lies beyond."""
_TAPERED: Final = float(np.sum(np.square(_TAPER)))
_SCALE: Final = float(2 * _TAPERED / np.sum(_TAPER) ** 2)
"""Power at a frequency, from its correlation, as a part of the tapered window's energy."""
_ANGLES: Final = 2 * np.pi * np.arange(WINDOW)[:, None] / RATE * np.array(LOW + HIGH)
_BASIS: Final = np.concatenate([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1).astype(np.float32)
_CODES: Final = np.arange(256, dtype=np.uint8).tobytes()
_LINEAR: Final = np.concatenate([decode(codec, _CODES) for codec in CODECS]).astype(np.float32)
"""Linear value of each code of each codec, one codec after the other."""
_LAWS: Final = {codec: 256 * index for index, codec in enumerate(CODECS)}
_COLUMNS: Final = np.arange(WINDOW)


def judge(windows: Matrix) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The key each row of 160 samples holds, as an index into PAD, -1 for none; and how much that counts."""
    tapered = windows * _TAPER
    energy = np.einsum("ij,ij->i", tapered, tapered)
    correlation = np.square(tapered @ _BASIS)
    power = correlation[:, :8] + correlation[:, 8:]
    ordered_low, ordered_high = np.sort(power[:, :4], axis=1), np.sort(power[:, 4:], axis=1)
    low, high = ordered_low[:, 3], ordered_high[:, 3]
    tones = (low + high) * _SCALE
    believed = (
        (energy > LEAST_POWER * _TAPERED)
        & (tones > SHARE * energy)
        & (low < TWIST * high)
        & (high < TWIST * low)
        & (low > CLEAR * ordered_low[:, 2])
        & (high > CLEAR * ordered_high[:, 2])
    )
    key = power[:, :4].argmax(1) * 4 + power[:, 4:].argmax(1)
    even = np.where((low < EVEN * high) & (high < EVEN * low), EVEN_WEIGHT, NOISY_WEIGHT)
    return np.where(believed, key, -1), np.where(tones > PURE * energy, PURE_WEIGHT, even)


class Listener:
    """One stream's ear: what it heard since the last judgement, and the key that is down."""

    __slots__ = ("_hits", "_key", "_last", "_law", "_misses", "heard", "stream")

    def __init__(self, stream: int) -> None:
        self.stream = stream
        self.heard = bytearray()
        """Samples not judged yet, as they came."""
        self._law = 0
        self._last = -1
        self._hits = 0
        self._misses = 0
        self._key = -1

    def hear(self, codec: str, timestamp: int, payload: bytes, now: float) -> None:
        """Take a packet of voice."""
        del timestamp, now
        law = _LAWS.get(codec)
        if law is None:
            return
        if law != self._law:
            self.heard.clear()
            self._law = law
        self.heard += payload

    @property
    def law(self) -> int:
        """Where the codec's values begin in the table."""
        return self._law

    def follow(self, judged: Iterable[tuple[int, int]]) -> str:
        """What judged windows, in order, say: the keys pressed, each once."""
        pressed = ""
        for key, weight in judged:
            self._hits = self._hits + weight if key == self._last else weight
            self._last = key
            if key == self._key:
                self._misses = 0
                continue
            self._misses += 1
            if self._misses >= MISSES:
                self._key = -1
            if key >= 0 and self._hits >= ENOUGH:
                self._key = key
                self._misses = 0
                pressed += PAD[key]
        return pressed


def detect(listeners: Iterable[Listener]) -> list[tuple[Listener, str]]:
    """Judge everything the listeners heard since the last call; keys pressed, for those who heard any."""
    heard: list[tuple[Listener, int]] = []
    starts: list[int] = []
    laws: list[int] = []
    parts: list[bytes] = []
    end = 0
    for listener in listeners:
        samples = listener.heard
        count = (len(samples) - WINDOW) // HOP + 1
        if count < 1:
            continue
        heard.append((listener, count))
        part = bytes(samples)
        parts.append(part)
        starts += range(end, end + count * HOP, HOP)
        laws += [listener.law] * count
        end += len(part)
        del samples[: count * HOP]
    if not heard:
        return []
    codes = np.frombuffer(b"".join(parts), np.uint8)
    judged: list[tuple[int, int]] = []
    for at in range(0, len(starts), BATCH):
        places = np.array(starts[at : at + BATCH])[:, None] + _COLUMNS
        values = codes[places] + np.array(laws[at : at + BATCH])[:, None]
        keys, weights = judge(_LINEAR[values])
        judged += zip(keys.tolist(), weights.tolist(), strict=True)
    found: list[tuple[Listener, str]] = []
    at = 0
    for listener, count in heard:
        pressed = listener.follow(judged[at : at + count])
        at += count
        if pressed:
            found.append((listener, pressed))
    return found
