"""Public holidays and local time, for opening hours."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo


class UnknownCountryError(LookupError):
    """No calendar of holidays for this country or region."""


def known_country(name: str) -> None:
    """Raises UnknownCountryError for a country or region without a calendar."""
    _calendar(name)


def holiday_name(country: str, day: date) -> str:
    """The name of the public holiday on a day in a country ("MD", "DE-BY"), "" when it is none."""
    try:
        return str(_calendar(country).get(day) or "")
    except UnknownCountryError:
        return ""


@lru_cache(maxsize=32)
def _calendar(name: str) -> dict[date, str]:
    import holidays  # heavy: only who has hours with holidays loads it

    country, _, region = name.partition("-")
    try:
        found: dict[date, str] = holidays.country_holidays(country, subdiv=region or None)
    except NotImplementedError:
        raise UnknownCountryError(f"no holidays are known for {name!r}") from None
    return found


def local_time(zone: str) -> Callable[[int], datetime]:
    """From wall-clock milliseconds to the time in a zone; "" is the machine's."""
    if not zone:
        return lambda wall: datetime.fromtimestamp(wall / 1000, UTC).astimezone()
    there = ZoneInfo(zone)
    return lambda wall: datetime.fromtimestamp(wall / 1000, there)
