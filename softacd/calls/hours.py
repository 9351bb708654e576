"""Opening hours: what the owner wrote, and whether a house is open at a moment. Pure: the calendar is injected."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


class HoursSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When something is open: by the week, but for holidays and exceptions."""

    name: str
    """Their name."""
    week: dict[str, str] = {}
    """Days -> times: `mon-fri = "09:00-18:00"`, `sat = "10:00-13:00, 14:00-16:00"`; a span may end after midnight
    ("22:00-06:00"). A day not named is closed."""
    zone: str = ""
    """Time zone ("Europe/Chisinau"); empty: `server.time_zone`."""
    holidays: str = ""
    """Country whose public holidays are closed ("MD", "UA", "RO"), with a region where it matters ("DE-BY")."""
    closed: tuple[str, ...] = ()
    """Days closed besides: "2026-12-31", "2026-07-01..2026-07-14", "12-25" (every year)."""
    open: tuple[str, ...] = ()
    """Days with other hours, also on holidays: "2026-12-26 10:00-15:00"."""
    code: str = ""
    """Feature code that closes at once, until it is dialled again; for phones with `manager`."""


class Opening(StrEnum):
    """Whether it is open."""

    OPEN = "open"
    CLOSED = "closed"
    HOLIDAY = "holiday"


class Span(NamedTuple):
    """From a minute of the day to another, which may lie in the next day (above 1440)."""

    begin: int
    end: int


HolidayName = Callable[[str, date], str]
"""Country and day -> the name of the public holiday, "" when it is none."""


def no_holidays(country: str, day: date) -> str:
    """The calendar of a country without any."""
    del country, day
    return ""


@lru_cache(maxsize=512)
def spans(text: str) -> tuple[Span, ...]:
    """Reads "09:00-13:00, 14:00-18:00". Raises ValueError naming the part that is wrong."""
    found = []
    for part in text.split(","):
        match = _SPAN.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"{part.strip()!r} is no span of time")
        hours, minutes, last_hours, last_minutes = map(int, match.groups())
        begin, end = hours * 60 + minutes, last_hours * 60 + last_minutes
        if end > 1440:
            raise ValueError(f"{part.strip()!r} is no span of time")
        if begin == end:
            raise ValueError(f"{part.strip()!r} has no length")
        found.append(Span(begin, end if end > begin else end + 1440))
    return tuple(found)


@lru_cache(maxsize=512)
def days(text: str) -> tuple[int, ...]:
    """Reads "mon", "mon-fri", "sat, sun" as weekdays from 0. Raises ValueError."""
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        last = last if dash else first
        if first not in DAYS or last not in DAYS:
            raise ValueError(f"{part.strip()!r} is no day of the week")
        begin, end = DAYS.index(first), DAYS.index(last)
        found += [day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)]
    return tuple(found)


@lru_cache(maxsize=512)
def closed_days(text: str) -> tuple[str, str]:
    """Reads one entry of `closed` as the first and the last day, ISO or "MM-DD". Raises ValueError."""
    first, dots, last = text.partition("..")
    last = last if dots else first
    for day in (first, last):
        date.fromisoformat(f"2024-{day}" if len(day) == 5 else day)
    if len(first) != len(last) or first > last:
        raise ValueError(f"{text!r}: the first day must come before the last")
    return first, last


@lru_cache(maxsize=512)
def open_day(text: str) -> tuple[str, tuple[Span, ...]]:
    """Reads one entry of `open` as a day and its spans. Raises ValueError."""
    day, _, hours = text.partition(" ")
    date.fromisoformat(day)
    return day, spans(hours)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def opening(settings: HoursSettings, moment: datetime, holiday: HolidayName = no_holidays) -> tuple[Opening, str]:
    """Whether it is open at an aware `moment`, and why not: the holiday's name, or "" outside the hours."""
    local = moment.astimezone(_zone(settings.zone)) if settings.zone else moment
    minute = local.hour * 60 + local.minute
    today = local.date()
    why = ""
    closing = Opening.CLOSED
    for day, passed in ((today, 0), (today - timedelta(1), 1440)):  # yesterday's hours may end today
        hours, reason = _of_day(settings, day, holiday)
        if any(span.begin <= minute + passed < span.end for span in hours):
            return Opening.OPEN, ""
        if not passed and reason:
            closing, why = Opening.HOLIDAY, reason
    return closing, why


def _of_day(settings: HoursSettings, day: date, holiday: HolidayName) -> tuple[tuple[Span, ...], str]:
    """The spans that begin on a day; and why it is closed beyond the week's plan."""
    iso = day.isoformat()
    special = [hours for entry in settings.open for that, hours in (open_day(entry),) if that == iso]
    if special:
        return special[0], ""
    for entry in settings.closed:
        first, last = closed_days(entry)
        if first <= (iso[5:] if len(first) == 5 else iso) <= last:
            return (), f"closed on {entry}"
    if settings.holidays and (name := holiday(settings.holidays, day)):
        return (), name
    found: tuple[Span, ...] = ()
    for named, hours in settings.week.items():
        if day.weekday() in days(named):
            found += spans(hours)
    return found, ""


def within(span: str, moment: datetime) -> bool:
    """Whether the time of day of a local moment lies in "08:00-12:30", also past midnight. Raises ValueError."""
    minute = moment.hour * 60 + moment.minute
    return any(one.begin <= minute < one.end or one.begin <= minute + 1440 < one.end for one in spans(span))


def opens_at(settings: HoursSettings, moment: datetime, holiday: HolidayName = no_holidays) -> datetime | None:
    """When it opens next after a moment at which it is closed, within a month; None: not so soon."""
    local = moment.astimezone(_zone(settings.zone)) if settings.zone else moment
    for ahead in range(32):
        day = local.date() + timedelta(ahead)
        for span in sorted(_of_day(settings, day, holiday)[0]):
            begin = datetime.combine(day, time(span.begin // 60, span.begin % 60), local.tzinfo)
            if begin > local:
                return begin
    return None
