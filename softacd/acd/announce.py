"""What a waiting caller is told: place in line and waiting time, rounded as people speak."""

from math import ceil

import msgspec

from softacd.acd.wait_time import WaitEstimate


class WaitAnnouncement(msgspec.Struct, frozen=True):
    """Language-neutral words. `minutes_high` is None when no time is told."""

    position: int | None = None
    minutes_low: int | None = None
    minutes_high: int | None = None
    less_than_a_minute: bool = False


class WaitAnnouncer:
    """One caller's announcements; what was promised is never exceeded."""

    def __init__(self) -> None:
        self._promised: float | None = None

    def announce(self, position: int, estimate: WaitEstimate | None, now: float) -> WaitAnnouncement | None:
        """What to say now."""
        if estimate is None or not estimate.trusted:
            return WaitAnnouncement(position=position)
        end = now + estimate.expected
        if self._promised is not None:
            end = min(end, self._promised)
        self._promised = end
        minutes = ceil(max(0.0, end - now) / 60)
        if end - now < 50:
            return WaitAnnouncement(position=position, minutes_low=0, minutes_high=1, less_than_a_minute=True)
        return WaitAnnouncement(position=position, minutes_low=minutes, minutes_high=minutes)
