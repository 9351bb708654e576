"""How well a carrier has served lately: calls it could not take, and how its voice arrived. Pure; time is an argument.

Both are averages that forget: of each call the newest counts a fifth, and what is old fades, so that a carrier that was
avoided is tried again.
"""

from enum import IntEnum
from math import exp

WEIGHT = 0.2
"""What the newest call counts."""
FADES_SECONDS = 900.0
"""After so long without a call a bad experience counts 37 % of what it did."""
ENOUGH_PACKETS = 250
"""Fewer say nothing about a voice: five seconds of it."""
FAIR, POOR = 8.0, 25.0
"""Penalties from which a carrier is no longer good, or fair: a call in five lost, or 5 % of the packets."""


class Grade(IntEnum):
    """What people are shown, and what orders carriers: the smaller the better."""

    GOOD = 0
    FAIR = 1
    POOR = 2


class TrunkQuality:
    """One carrier's."""

    __slots__ = ("_fades_from", "_failed", "_voice")

    def __init__(self) -> None:
        self._failed = 0.0  # share of the calls, 0..1
        self._voice = 0.0  # penalty of the voice, about points of the R factor (ITU-T G.107)
        self._fades_from = 0.0

    def call(self, now: float, *, taken: bool) -> None:
        """A call was taken, whoever answered it then, or could not be taken."""
        self._fade(now)
        self._failed += WEIGHT * ((0.0 if taken else 1.0) - self._failed)

    def voice(self, now: float, *, received: int, lost: int, jitter_ms: float) -> None:
        """How the voice of one leg arrived: packets and milliseconds."""
        if received < ENOUGH_PACKETS:
            return
        self._fade(now)
        share = lost / (received + lost)
        # G.711 with concealment loses some 25 points of R at 5 % loss at random; jitter beyond the buffer is loss too
        penalty = 500.0 * share + max(0.0, jitter_ms - 30.0) / 2
        self._voice += WEIGHT * (min(penalty, 100.0) - self._voice)

    def penalty(self, now: float) -> float:
        """0 for a carrier without fault, 100 and more for one that takes no call."""
        self._fade(now)
        return 100.0 * self._failed + self._voice

    def grade(self, now: float) -> Grade:
        """The penalty in words."""
        penalty = self.penalty(now)
        return Grade.POOR if penalty >= POOR else Grade.FAIR if penalty >= FAIR else Grade.GOOD

    def _fade(self, now: float) -> None:
        if self._fades_from and now > self._fades_from:
            kept = exp((self._fades_from - now) / FADES_SECONDS)
            self._failed *= kept
            self._voice *= kept
        self._fades_from = now
