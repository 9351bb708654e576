"""Whether somebody speaks, by how loud what comes is against the noise of the line. Sans-IO; packets of G.711."""

from typing import Final

import numpy as np

from softacd.rtp.g711 import CODECS, decode

LEAST_POWER: Final = 100.0**2
"""Mean square of the quietest voice believed: -50 dBov."""
LOUDEST_NOISE: Final = 300.0**2
"""Mean square above which nothing is taken for the noise of a line: -41 dBov."""
ABOVE_NOISE: Final = 8.0
"""How much stronger than the noise voice is: 9 dB."""
FORGETTING: Final = 1.01
"""The noise is the quietest packet lately: it is believed to grow by so much with each packet that is louder."""
PACKETS: Final = 2
"""Loud packets in a row that are voice; a single one is a click."""

_CODES: Final = np.arange(256, dtype=np.uint8).tobytes()
_POWER: Final = {codec: np.square(decode(codec, _CODES).astype(np.float32)) for codec in CODECS}


class VoiceActivity:
    """One ear. `voiced` are the seconds of voice heard so far."""

    __slots__ = ("_last", "_noise", "_row", "voiced")

    def __init__(self, now: float) -> None:
        self.voiced = 0.0
        self._last = now
        self._noise = LEAST_POWER / ABOVE_NOISE
        self._row = 0

    def hear(self, codec: str, payload: bytes, now: float) -> None:
        """Take a packet of voice, noise or silence."""
        if not payload:
            return
        power = float(_POWER[codec][np.frombuffer(payload, np.uint8)].mean())
        if power > max(LEAST_POWER, self._noise * ABOVE_NOISE):
            self._row += 1
            if self._row >= PACKETS:
                self.voiced += len(payload) / 8000 * (PACKETS if self._row == PACKETS else 1)
                self._last = now
        else:
            self._row = 0
        self._noise = min(max(power, 1.0), self._noise * FORGETTING, LOUDEST_NOISE)

    def quiet(self, now: float) -> float:
        """Seconds since voice was heard, or since the beginning; what does not come at all is silence too."""
        return now - self._last
