"""What a waiting caller is told: place in line and waiting time, rounded as people speak, never counting up.

A time told is a promise: its end (now plus the longest minute said) is remembered. Later announcements stay within it,
to the nearest minute, unless agents have left since. When even the lower end of the estimate lies beyond the promise,
there is nothing honest to say: no time is told until the estimate fits again. An estimate that is not trusted is never
told, nor is more than `LONGEST_MINUTES`.
"""

from math import ceil, floor

import msgspec

from softacd.acd.wait_time import WaitEstimate

LONGEST_MINUTES = 60
"""Beyond this people are better served by a call-back than by a figure."""
COARSE_MINUTES = 10
"""From here on people speak in fives."""
_A_MINUTE = 60.0
_NEARLY_A_MINUTE = 75.0


class WaitAnnouncement(msgspec.Struct, frozen=True):
    """Language-neutral words. Without a time `minutes_low` and `minutes_high` are None.

    Equal minutes mean "about so many minutes"; different ones "between ... and ..."; from 0, "less than ...".
    """

    position: int | None = None
    minutes_low: int | None = None
    minutes_high: int | None = None
    less_than_a_minute: bool = False


class WaitAnnouncer:
    """The announcements to one caller."""

    __slots__ = ("_promised", "_said", "_staffed")

    def __init__(self) -> None:
        self._promised: float | None = None  # when the wait told last is over
        self._said: int | None = None  # the longest minute said last
        self._staffed = 0

    def announce(self, position: int | None, estimate: WaitEstimate | None, now: float) -> WaitAnnouncement | None:
        """What to say now; None when there is nothing to say. `position` None leaves the place in line unsaid."""
        minutes = None if estimate is None or not estimate.trusted else self._minutes(estimate, now)
        if minutes is None:
            return None if position is None else WaitAnnouncement(position)
        low, high = minutes
        return WaitAnnouncement(position, low, high, less_than_a_minute=(low, high) == (0, 1))

    def _minutes(self, estimate: WaitEstimate, now: float) -> tuple[int, int] | None:
        """The range to tell; (0, 1) is less than a minute. Remembers it as promised."""
        if self._promised is not None and estimate.staffed < self._staffed:
            self._promised = self._said = None
        low, high = _spoken(estimate)
        promised = now + high * 60
        if self._promised is not None and self._said is not None:
            left = self._promised - now
            if estimate.low > max(left, 0.0):
                return None
            limit = min(self._said, max(ceil(left / 60 - 0.5), 1))
            if limit < high:
                high, promised = limit, self._promised  # rounding must not shorten what was promised
            if high == 1 and estimate.expected > _NEARLY_A_MINUTE:
                return None
            low = 0 if high == 1 else min(low, high)
            promised = min(promised, self._promised)
        if high > LONGEST_MINUTES:
            return None
        self._promised = promised
        self._said = high
        self._staffed = estimate.staffed
        return low, high


def _spoken(estimate: WaitEstimate) -> tuple[int, int]:
    """Whole minutes around the estimate: outwards, in fives when many, one number when they are neighbours."""
    if estimate.high <= _NEARLY_A_MINUTE or (estimate.expected <= _A_MINUTE / 2 and estimate.high <= 2 * _A_MINUTE):
        return 0, 1
    low, high = floor(estimate.low / 60), ceil(estimate.high / 60)
    if high > COARSE_MINUTES:
        low, high = (low // 5 * 5 if low >= COARSE_MINUTES else low), -(-high // 5) * 5
    if low > 0 and high - low <= 1:
        return high, high
    return low, high
