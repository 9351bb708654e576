"""Opening hours, the emergency mode, the sources flows ask, and the webhooks."""

from collections.abc import Callable
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from softacd.calls.hours import DAYS, closed_days, days, open_day, spans
from softacd.ops.calendars import UnknownCountryError, known_country
from softacd.ops.checks.flow_steps import CUSTOMERS, check_outside_number
from softacd.ops.configuration_errors import KeyPath, quoted
from softacd.ops.draft import Draft


def check_house(draft: Draft) -> None:
    """Check what concerns the house as a whole."""
    if draft.server is not None and draft.server.time_zone:
        _check_zone(draft, draft.server.time_zone, ("server", "time_zone"))
    for name in draft.hours:
        _check_hours(draft, name)
    for number in draft.numbers.values():
        path: KeyPath = ("numbers", number.number)
        if number.hours:
            draft.refer((*path, "hours"), number.hours, "hours", "hours")
        if number.closed:
            draft.refer((*path, "closed"), number.closed, "flows", "flow")
            if not number.hours:
                draft.error((*path, "closed"), "is never taken", "hours")
    for queue in draft.queues.values():
        if queue.hours:
            draft.refer(("queues", queue.name, "hours"), queue.hours, "hours", "hours")
    if draft.emergency is not None:
        for index, outside in enumerate(draft.emergency.numbers):
            check_outside_number(draft, outside, ("emergency", "numbers", index))
    for source in draft.sources.values():
        _check_source(draft, source.name, source.url, source.database)
    for webhook in draft.webhooks.values():
        check_address(draft, webhook.url, ("webhooks", webhook.name), "secret_file", "what is told of calls")


def _check_zone(draft: Draft, name: str, path: KeyPath) -> None:
    try:
        ZoneInfo(name)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError of old; a folder's name is an OSError
        draft.error(path, f"there is no time zone {quoted(name)}", 'one like "Europe/Chisinau"')
    except KeyError:
        draft.error(path, f"there is no time zone {quoted(name)}", 'one like "Europe/Chisinau"')


def _check_hours(draft: Draft, name: str) -> None:
    hours = draft.hours[name]
    path: KeyPath = ("hours", name)
    if hours.zone:
        _check_zone(draft, hours.zone, (*path, "zone"))
    for named, times in hours.week.items():
        _read(draft, (*path, "week", named), days, named, f"days like {', '.join(DAYS)} or mon-fri")
        _read(draft, (*path, "week", named), spans, times, 'times like "09:00-13:00, 14:00-18:00"')
    for index, entry in enumerate(hours.closed):
        _read(draft, (*path, "closed", index), closed_days, entry, '"2026-12-31", "2026-07-01..2026-07-14" or "12-25"')
    for index, entry in enumerate(hours.open):
        _read(draft, (*path, "open", index), open_day, entry, '"2026-12-26 10:00-15:00"')
    if hours.holidays:
        try:
            known_country(hours.holidays)
        except UnknownCountryError as error:
            draft.error((*path, "holidays"), str(error), 'a country like "MD", with a region like "DE-BY"')


def _read(draft: Draft, path: KeyPath, read: Callable[[str], object], text: str, expected: str) -> None:
    try:
        read(text)
    except ValueError as error:
        draft.error(path, str(error), expected)


def _check_source(draft: Draft, name: str, url: str, database: str) -> None:
    path: KeyPath = ("sources", name)
    if name == CUSTOMERS:
        draft.error(path, "is the customer base", "another name")
    if bool(url) == bool(database):
        draft.error(path, "is two things" if url else "is nothing", "either url or database")
    if url:
        check_address(draft, url, path, "token_file", "what callers enter")
    if database and not (draft.document.directory / database).expanduser().is_file():
        draft.error((*path, "database"), f"there is no file {database}", "an SQLite file")


def check_address(draft: Draft, url: str, path: KeyPath, secret: str, what: str) -> None:
    """An address of the web that holds no `secret`; `what` crosses the network."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        draft.error((*path, "url"), f"got {quoted(url)}", 'an address like "https://billing.example/api"')
    elif parts.username is not None or parts.password is not None:
        draft.error((*path, "url"), "holds a name or a password", secret)
    elif parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        draft.warn((*path, "url"), f"{what} crosses the network unencrypted", "https")
