"""8 kHz to 16 kHz and back, for many streams at once: one product with the matrix of a half-band filter.

The filter (64 taps at 16 kHz, Kaiser window) passes 300 to 3,400 Hz flat and stops the image of what lies above
4,600 Hz by more than 60 dB; it delays by 2 ms.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]

NARROW: Final = 160
"""Samples of 20 ms at 8 kHz."""
TAPS: Final = 64
NARROW_HISTORY: Final = TAPS // 2 - 1
"""Samples of the past the way up needs, at 8 kHz."""
WIDE_HISTORY: Final = TAPS - 1
"""Samples of the past the way down needs, at 16 kHz."""
ROWS: Final = 16
"""Streams in one product: few enough that the library's own threads are not woken."""


def _filter() -> Matrix:
    at = np.arange(TAPS) - (TAPS - 1) / 2
    taps = np.sinc(at / 2) * np.kaiser(TAPS, 7.0)
    normal: Matrix = (taps / taps.sum()).astype(np.float32)
    return normal


FILTER: Final = _filter()


def _up() -> Matrix:
    taps = FILTER[::-1] * 2
    matrix = np.zeros((NARROW_HISTORY + NARROW, 2 * NARROW), np.float32)
    for at in range(NARROW):
        # every second sample of the 16 kHz line is a zero: half of the taps meet a sample, for either phase
        matrix[at : at + TAPS // 2, 2 * at] = taps[1::2]
        matrix[at : at + TAPS // 2, 2 * at + 1] = taps[0::2]
    return matrix


def _down() -> Matrix:
    taps = FILTER[::-1]
    matrix = np.zeros((WIDE_HISTORY + 2 * NARROW, NARROW), np.float32)
    for at in range(NARROW):
        matrix[2 * at : 2 * at + TAPS, at] = taps
    return matrix


_UP: Final = _up()
_DOWN: Final = _down()


def up(samples: Matrix) -> Matrix:
    """Rows of `NARROW_HISTORY` samples of the past and 160 new ones, as rows of 320."""
    return _product(samples, _UP)


def down(samples: Matrix) -> Matrix:
    """Rows of `WIDE_HISTORY` samples of the past and 320 new ones, as rows of 160."""
    return _product(samples, _DOWN)


def _product(samples: Matrix, matrix: Matrix) -> Matrix:
    if len(samples) <= ROWS:
        return samples @ matrix
    return np.concatenate([samples[at : at + ROWS] @ matrix for at in range(0, len(samples), ROWS)])


class Histories:
    """The past of one stream, in both directions of the conversion."""

    __slots__ = ("narrow", "wide")

    def __init__(self) -> None:
        self.narrow = np.zeros(NARROW_HISTORY, np.float32)
        self.wide = np.zeros(WIDE_HISTORY, np.float32)


def widened(rows: Matrix, histories: list[Histories]) -> Matrix:
    """20 ms of several streams from 8 to 16 kHz: (n, 160) to (n, 320)."""
    line = np.concatenate([np.stack([history.narrow for history in histories]), rows], axis=1)
    for history, row in zip(histories, line, strict=True):
        history.narrow = row[-NARROW_HISTORY:]
    return up(line)


def narrowed(rows: Matrix, histories: list[Histories]) -> Matrix:
    """20 ms of several streams from 16 to 8 kHz: (n, 320) to (n, 160)."""
    line = np.concatenate([np.stack([history.wide for history in histories]), rows], axis=1)
    for history, row in zip(histories, line, strict=True):
        history.wide = row[-WIDE_HISTORY:]
    return down(line)
