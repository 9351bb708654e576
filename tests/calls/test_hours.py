"""Opening hours against the calendar: weeks, zones, nights, holidays, exceptions, the clock's changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.calls.hours import HoursSettings, Opening, closed_days, days, open_day, opening, opens_at, spans, within

CHISINAU = ZoneInfo("Europe/Chisinau")
OFFICE = HoursSettings(
    name="office",
    week={"mon-fri": "09:00-13:00, 14:00-18:00", "sat": "10:00-14:00"},
    zone="Europe/Chisinau",
    holidays="MD",
    closed=("2026-07-01..2026-07-14", "12-31"),
    open=("2026-12-26 10:00-15:00", "2026-01-07 12:00-13:00"),
)


def christmas(country: str, day: date) -> str:
    return "Christmas" if country == "MD" and (day.month, day.day) in ((1, 7), (12, 25)) else ""


@pytest.mark.parametrize(
    ("moment", "wanted", "why"),
    [
        ("2026-05-18 09:00", Opening.OPEN, ""),  # a Monday
        ("2026-05-18 08:59", Opening.CLOSED, ""),
        ("2026-05-18 12:59", Opening.OPEN, ""),
        ("2026-05-18 13:00", Opening.CLOSED, ""),
        ("2026-05-18 17:59", Opening.OPEN, ""),
        ("2026-05-18 18:00", Opening.CLOSED, ""),
        ("2026-05-23 10:00", Opening.OPEN, ""),
        ("2026-05-24 12:00", Opening.CLOSED, ""),
        ("2026-07-01 10:00", Opening.HOLIDAY, "closed on 2026-07-01..2026-07-14"),
        ("2026-07-15 10:00", Opening.OPEN, ""),
        ("2027-12-31 10:00", Opening.HOLIDAY, "closed on 12-31"),
        ("2026-12-25 10:00", Opening.HOLIDAY, "Christmas"),
        ("2026-12-26 10:00", Opening.OPEN, ""),
        ("2026-12-26 09:59", Opening.CLOSED, ""),
        ("2026-01-07 12:30", Opening.OPEN, ""),  # an exception goes before a holiday
    ],
)
def test_the_office(moment: str, wanted: Opening, why: str) -> None:
    local = datetime.fromisoformat(moment).replace(tzinfo=CHISINAU)
    assert opening(OFFICE, local.astimezone(UTC), christmas) == (wanted, why)


def test_a_night_belongs_to_the_day_it_begins_on() -> None:
    night = HoursSettings(name="night", week={"fri": "22:00-06:00"})
    for moment, wanted in (
        ("2026-05-22 21:59", Opening.CLOSED),
        ("2026-05-22 22:00", Opening.OPEN),
        ("2026-05-23 05:59", Opening.OPEN),
        ("2026-05-23 06:00", Opening.CLOSED),
        ("2026-05-22 05:00", Opening.CLOSED),
    ):
        assert opening(night, datetime.fromisoformat(moment).replace(tzinfo=UTC))[0] is wanted


def test_summer_time_moves_the_hours_with_the_clocks_of_the_house() -> None:
    for moment, wanted in (
        ("2026-03-27 07:00", Opening.OPEN),  # 09:00 in winter
        ("2026-03-30 06:00", Opening.OPEN),  # 09:00 in summer
        ("2026-03-27 06:30", Opening.CLOSED),
    ):
        assert opening(OFFICE, datetime.fromisoformat(moment).replace(tzinfo=UTC))[0] is wanted


def test_when_it_opens_next() -> None:
    saturday = datetime(2026, 5, 23, 20, 0, tzinfo=CHISINAU)
    assert opens_at(OFFICE, saturday, christmas) == datetime(2026, 5, 25, 9, 0, tzinfo=CHISINAU)
    assert opens_at(HoursSettings(name="never", week={}), saturday) is None


@pytest.mark.parametrize(
    "text", ["9:00-18:00", "09:00", "09:00-25:00", "24:00-24:30", "09:00-09:00", "", "09:00-24:30"]
)
def test_no_span(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no span of time|has no length"):
        spans(text)


@pytest.mark.parametrize("text", ["monday", "mon-", "-fri", "", "mon-xyz"])
def test_no_day(text: str) -> None:
    with pytest.raises(ValueError, match="is no day of the week"):
        days(text)


def test_days_may_run_over_the_end_of_the_week() -> None:
    assert days("sat-mon") == (5, 6, 0)
    assert days("mon, wed") == (0, 2)


@pytest.mark.parametrize("text", ["2026-13-01", "2026-07-14..2026-07-01", "07-32", "x", "2026-07-01..07-14"])
def test_no_closed_day(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        closed_days(text)


@pytest.mark.parametrize("text", ["2026-12-26", "2026-12-26 10-15", "x 10:00-15:00"])
def test_no_open_day(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        open_day(text)


@given(st.integers(0, 15 * 366 * 1440))
def test_it_opens_when_it_is_said_to_open_and_not_before(minute: int) -> None:
    now = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    hours = HoursSettings(name="x", week={"mon-fri": "09:00-18:00"}, zone="Europe/Chisinau")
    if opening(hours, now)[0] is Opening.OPEN:
        return
    then = opens_at(hours, now)
    assert then is not None
    assert opening(hours, then)[0] is Opening.OPEN
    assert opening(hours, then.astimezone(UTC) - timedelta(minutes=1))[0] is not Opening.OPEN


def test_a_time_of_day_past_midnight() -> None:
    at = datetime(2026, 5, 18, 1, 30, tzinfo=UTC)
    assert within("22:00-02:00", at)
    assert not within("02:00-22:00", at)
