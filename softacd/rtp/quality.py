"""How well a voice was heard, as the E-model estimates it (ITU-T G.107, from measured loss, jitter and delay).

R = Ro - Is - Id - Ie,eff, with the default of everything that is not measured here (Ro - Is = 93.2); a listener's
opinion from 1 (bad) to 4.5 follows from R (annex B). It is the narrow-band scale: 4.4 is the best a telephone can have.
"""

from math import log2
from typing import Final

DEFAULT_R: Final = 93.2
"""R of a G.711 call with nothing wrong (G.107 section 7.7)."""
IMPAIRMENT: Final = {"PCMU": (0.0, 25.1), "PCMA": (0.0, 25.1), "G722": (0.0, 25.1), "OPUS": (0.0, 25.1)}
"""Ie and Bpl by codec: G.711 with concealment (G.113 appendix I). Wide codecs have no values on this scale: taken as
G.711's, from whose quality they do not fall short."""
UNKNOWN: Final = (0.0, 25.1)
BUFFERED_JITTERS: Final = 2.0
"""A receiver holds back twice the jitter."""


def rating(codec: str, loss: float, delay_ms: float) -> float:
    """R, 0 to 93.2: `loss` is the share of packets lost, 0 to 1, at random; `delay_ms` one way, mouth to ear."""
    ie, robustness = IMPAIRMENT.get(codec, UNKNOWN)
    percent = 100 * min(max(loss, 0.0), 1.0)
    equipment = ie + (95 - ie) * percent / (percent + robustness)  # section 7.5, BurstR = 1
    return min(max(DEFAULT_R - _delay_impairment(delay_ms) - equipment, 0.0), DEFAULT_R)


def _delay_impairment(delay_ms: float) -> float:
    """Idd (section 7.4.3): nothing below 100 ms."""
    if delay_ms <= 100:
        return 0.0
    x = log2(delay_ms / 100)
    return float(25 * ((1 + x**6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2))


def opinion(r: float) -> float:
    """MOS of R (annex B), 1 to 4.5."""
    if r <= 0:
        return 1.0
    if r >= 100:
        return 4.5
    return max(1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6, 1.0)


def mos(codec: str, *, packets: int, lost: int, jitter_ms: float, round_trip_ms: float | None, packet_ms: int) -> float:
    """MOS of one direction: `packets` expected, `lost` of them not come (duplicates make it negative); 0: no packet.

    One way is half of the round trip, one packet, and what a receiver holds back against jitter.
    """
    if packets <= 0:
        return 0.0
    delay = (round_trip_ms or 0.0) / 2 + packet_ms + BUFFERED_JITTERS * jitter_ms
    return round(opinion(rating(codec, max(lost, 0) / packets, delay)), 2)
