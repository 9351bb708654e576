"""Reports the owner has saved, over HTTP: what they are, and mailing one now."""

from datetime import date
from typing import Annotated, Protocol

import msgspec
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter

from softacd.web.errors import API_ROOT


class SavedReportView(msgspec.Struct, frozen=True):
    """A report the owner has saved in the configuration."""

    name: str
    """Its name."""
    report: str
    """Which report: "queue", "agent", ..."""
    period: str
    """"yesterday", "last-week", ..."""
    first: date
    """First day, if it were made now."""
    last: date
    """Last day, if it were made now."""
    queue: str
    """Only calls of this queue; empty: all."""
    to: list[str]
    """Addresses it is mailed to."""
    every: str
    """"day", "week" or "month"."""
    at: str
    """Time of day at which it is mailed."""
    format: str
    """"xlsx" or "csv"."""
    next: int
    """When it is mailed next, ms since 1970-01-01 UTC; 0: it is not."""


class MailedReport(msgspec.Struct, frozen=True):
    """A report that the mail server has taken."""

    name: str
    """Its name."""
    title: str
    """What it is of."""
    to: list[str]
    """Whom it goes to."""


class SavedReports(Protocol):
    """Who keeps saved reports and mails them."""

    def saved(self) -> list[SavedReportView]:
        """Every saved report."""

    async def mail(self, name: str) -> MailedReport:
        """Make one and mail it now. Raises UnknownNameError, and errors with `http_status`, `cause` and `remedy`."""


def saved_report_handlers(saved: SavedReports) -> list[HTTPRouteHandler]:
    """The paths under /saved-reports."""

    @get(f"{API_ROOT}/saved-reports", tags=["reports"], summary="Reports the owner has saved")
    async def reports() -> list[SavedReportView]:
        """Return the reports of the configuration: of which days, for whom, and when they are mailed next."""
        return saved.saved()

    @post(f"{API_ROOT}/saved-reports/{{name:str}}/mail", tags=["reports"], summary="Mail a report now", status_code=200)
    async def mail(name: Annotated[str, PathParameter(description="The saved report's name.")]) -> MailedReport:
        """Make the report and mail it. 404: none of this name; 503: the mail server does not take it."""
        return await saved.mail(name)

    return [reports, mail]
