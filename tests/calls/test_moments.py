"""Moments as people write them, in the zone of the switch."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from softacd.calls.moments import moment

FRIDAY = datetime(2026, 6, 5, 12, 0, tzinfo=ZoneInfo("Europe/Chisinau"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sat 18:05", "2026-06-06T18:05:00+03:00"),
        ("saturday 18:05", "2026-06-06T18:05:00+03:00"),
        ("Fri 11:00", "2026-06-12T11:00:00+03:00"),
        ("Fri 13:00", "2026-06-05T13:00:00+03:00"),
        ("9:30", "2026-06-05T09:30:00+03:00"),
        ("2026-12-24 18:05", "2026-12-24T18:05:00+02:00"),
        ("2026-12-24T16:05Z", "2026-12-24T18:05:00+02:00"),
    ],
)
def test_moments(text: str, expected: str) -> None:
    assert moment(text, FRIDAY).isoformat() == expected


@pytest.mark.parametrize("text", ["someday", "Xyz 10:00", "25:00", "Sat 18:60", "", "0001-01-01 00:00+14:00"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        moment(text, FRIDAY)
