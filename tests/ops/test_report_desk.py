"""The shop's days as moments."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from softacd.ops.report_desk import midnight, offsets

HOUR = 3_600_000


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Chisinau", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe"]
)
def test_offsets_tell_local_time_of_every_half_hour_of_a_year(zone: str) -> None:
    since, before = midnight(date(2026, 1, 1), zone), midnight(date(2027, 1, 1), zone)
    found = offsets(zone, since, before)
    assert len(found) == (1 if zone in ("UTC", "Asia/Kathmandu") else 3)
    there = ZoneInfo(zone)
    for at in range(since, before, HOUR // 2):
        offset = [ms for begins, ms in found if begins <= at][-1]
        local = datetime.fromtimestamp(at / 1000, there)
        assert datetime.fromtimestamp((at + offset) / 1000, UTC).replace(tzinfo=None) == local.replace(tzinfo=None)


def test_midnight_is_the_shops() -> None:
    assert midnight(date(2026, 6, 1), "Europe/Chisinau") == 1_780_300_800_000 - 11 * HOUR
    assert midnight(date(2026, 6, 1), "UTC") == 1_780_300_800_000 - 8 * HOUR
    machine = midnight(date(2026, 6, 1), "")
    assert datetime.fromtimestamp(machine / 1000).astimezone().strftime("%Y-%m-%d %H:%M") == "2026-06-01 00:00"
