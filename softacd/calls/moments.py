"""Moments as people write them."""

import re
from datetime import datetime, timedelta

from softacd.calls.hours import DAYS

_OF_WEEK = re.compile(r"([a-z]{3})[a-z]*\s+(\d{1,2}):(\d{2})")
_OF_DAY = re.compile(r"(\d{1,2}):(\d{2})")


def moment(text: str, now: datetime) -> datetime:
    """ "Sat 18:05" (the next one), "18:05" (today) or "2026-06-01 18:05", in the zone of the aware `now`.

    Raises ValueError, which tells what can be written.
    """
    wanted = text.strip().lower()
    try:
        if (found := _OF_WEEK.fullmatch(wanted)) is not None:
            at = _clock(now + timedelta((DAYS.index(found[1]) - now.weekday()) % 7), found[2], found[3])
            return at if at >= now else at + timedelta(7)
        if (found := _OF_DAY.fullmatch(wanted)) is not None:
            return _clock(now, found[1], found[2])
        at = datetime.fromisoformat(wanted.upper())
        at = at.astimezone(now.tzinfo) if at.tzinfo is not None else at.replace(tzinfo=now.tzinfo)
        at.timestamp()
    except (ValueError, OverflowError):
        raise ValueError(f'{text[:40]!r} is no moment; write "Sat 18:05", "18:05" or "2026-06-01 18:05"') from None
    return at


def _clock(day: datetime, hour: str, minute: str) -> datetime:
    return day.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
