"""When reports are due, and of which days they are."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.ops.mail_settings import SavedReport, is_address
from softacd.ops.report_schedule import days_of, last_due, next_due

CHISINAU = ZoneInfo("Europe/Chisinau")


@pytest.mark.parametrize(
    ("every", "now", "last", "following"),
    [
        ("day", "2026-06-03 07:59", "2026-06-02 08:00", "2026-06-03 08:00"),
        ("day", "2026-06-03 08:00", "2026-06-03 08:00", "2026-06-04 08:00"),
        ("week", "2026-06-03 12:00", "2026-06-01 08:00", "2026-06-08 08:00"),
        ("week", "2026-06-01 07:00", "2026-05-25 08:00", "2026-06-01 08:00"),
        ("month", "2026-06-01 07:00", "2026-05-01 08:00", "2026-06-01 08:00"),
        ("month", "2026-02-28 12:00", "2026-02-01 08:00", "2026-03-01 08:00"),
        ("month", "2027-01-01 07:00", "2026-12-01 08:00", "2027-01-01 08:00"),
    ],
)
def test_due(every: str, now: str, last: str, following: str) -> None:
    report = SavedReport("r", "queue", every=every, at="08:00")  # type: ignore[arg-type] # a literal of the table
    at = datetime.fromisoformat(now)
    assert last_due(report, at) == datetime.fromisoformat(last)
    assert next_due(report, at) == datetime.fromisoformat(following)


@given(
    now=st.datetimes(datetime.fromisoformat("2025-01-01"), datetime.fromisoformat("2030-01-01")),
    every=st.sampled_from(["day", "week", "month"]),
    hour=st.integers(0, 23),
)
def test_every_moment_is_between_two_due_ones(now: datetime, every: str, hour: int) -> None:
    report = SavedReport("r", "queue", every=every, at=f"{hour:02}:30")  # type: ignore[arg-type] # as above
    last, following = last_due(report, now), next_due(report, now)
    assert last <= now < following
    assert last_due(report, following) == following
    assert last_due(report, following - timedelta(minutes=1)) == last


def test_the_shops_hour_counts() -> None:
    report = SavedReport("r", "queue", at="08:00")
    due = last_due(report, datetime(2026, 10, 26, 9, tzinfo=CHISINAU))
    assert due.astimezone(ZoneInfo("UTC")).hour == 6, "winter has begun"


@pytest.mark.parametrize(
    ("period", "days"),
    [
        ("today", ("2026-06-03", "2026-06-03")),
        ("yesterday", ("2026-06-02", "2026-06-02")),
        ("this-week", ("2026-06-01", "2026-06-03")),
        ("last-week", ("2026-05-25", "2026-05-31")),
        ("this-month", ("2026-06-01", "2026-06-03")),
        ("last-month", ("2026-05-01", "2026-05-31")),
    ],
)
def test_periods(period: str, days: tuple[str, str]) -> None:
    first, last = days_of(period, date(2026, 6, 3))  # type: ignore[arg-type] # a literal of the table
    assert (first.isoformat(), last.isoformat()) == days


@pytest.mark.parametrize("text", ["a@b", "Ann@shop.example", "ион@магазин.example"])
def test_addresses(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize("text", ["", "a", "a@", "@b", "a@b\nBcc: c@d", "a b@c", "a@b, c@d", "<a@b>"])
def test_what_is_no_address(text: str) -> None:
    assert not is_address(text)
