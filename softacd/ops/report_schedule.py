"""When saved reports are due, and which days they are of. Pure: moments are told."""

from datetime import date, datetime, timedelta

from softacd.ops.mail_settings import Every, Period, SavedReport


def last_due(report: SavedReport, now: datetime) -> datetime:
    """The newest moment at or before `now` (local, with or without a zone) at which it was due."""
    day = _anchor(report.every, now.date())
    due = datetime.combine(day, report.time(), now.tzinfo)
    if due > now:
        due = datetime.combine(_anchor(report.every, day - timedelta(days=1)), report.time(), now.tzinfo)
    return due


def next_due(report: SavedReport, now: datetime) -> datetime:
    """The first moment after `now` at which it is due."""
    due = last_due(report, now)
    step = {"day": 1, "week": 7, "month": 31}[report.every]
    following = _anchor(report.every, due.date() + timedelta(days=step))
    return datetime.combine(following, report.time(), now.tzinfo)


def _anchor(every: Every, day: date) -> date:
    """The newest day at or before `day` on which something of this rhythm is due."""
    match every:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)


def days_of(period: Period, today: date) -> tuple[date, date]:
    """First and last day of a period seen from `today`."""
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    match period:
        case "today":
            return today, today
        case "yesterday":
            return today - timedelta(days=1), today - timedelta(days=1)
        case "this-week":
            return monday, today
        case "last-week":
            return monday - timedelta(days=7), monday - timedelta(days=1)
        case "this-month":
            return first, today
        case "last-month":
            end = first - timedelta(days=1)
            return end.replace(day=1), end
