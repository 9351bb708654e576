"""Makes reports: the owner's days, targets and values in; figures of the store out."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from softacd.calls.reports import (
    AgentFigures,
    AgentReport,
    CallFigures,
    CallReport,
    ReportKind,
    ReportPeriodError,
    StatusReport,
)
from softacd.ops.calendars import local_time
from softacd.ops.model import Configuration
from softacd.store.agent_reports import agent_figures, status_times
from softacd.store.history import History
from softacd.store.reports import Terms, call_figures

MOST_DAYS = 800
"""Two years and the days around them."""
DAY_MS = 86_400_000


class ReportDesk:
    """Implements `softacd.calls.reports.Reports` over a store, running or not."""

    def __init__(self, history: History, configuration: Callable[[], Configuration], wall: Callable[[], int]) -> None:
        """`configuration` is asked anew each time; `wall` gives wall-clock ms."""
        self._history = history
        self._configuration = configuration
        self._wall = wall

    async def calls(self, kind: ReportKind, first: date | None, last: date | None, queue: str = "") -> CallReport:
        """Figures of calls; without days, of today. Raises ReportPeriodError and StoreError."""
        first, last = self._period(first, last)
        terms = self._terms(first, last, queue)

        async def question(connection: AsyncConnection) -> tuple[list[CallFigures], CallFigures]:
            return await call_figures(connection, kind, terms)

        rows, total = await self._history.ask(question)
        configuration = self._configuration()
        return CallReport(kind, first, last, self.zone, queue, configuration.missed.currency, rows, total)

    async def agents(self, first: date | None, last: date | None) -> AgentReport:
        """Figures of agents. Raises as `calls`."""
        first, last = self._period(first, last)
        terms = self._terms(first, last)

        async def question(connection: AsyncConnection) -> tuple[list[AgentFigures], AgentFigures]:
            return await agent_figures(connection, terms)

        rows, total = await self._history.ask(question)
        return AgentReport(first, last, self.zone, rows, total)

    async def statuses(self, first: date | None, last: date | None) -> StatusReport:
        """Time spent in each status. Raises as `calls`."""
        first, last = self._period(first, last)
        terms = self._terms(first, last)
        rows = await self._history.ask(lambda connection: status_times(connection, terms))
        return StatusReport(first, last, self.zone, rows)

    def today(self) -> date:
        """The day it is in the shop."""
        return local_time(self.zone)(self._wall()).date()

    @property
    def zone(self) -> str:
        """The shop's time zone by name; empty: the machine's."""
        return self._configuration().server.time_zone

    def _period(self, first: date | None, last: date | None) -> tuple[date, date]:
        last = last or (max(first, self.today()) if first else self.today())
        first = first or last
        if first > last:
            raise ReportPeriodError(f"the period begins on {first} and ends before, on {last}")
        if (last - first).days >= MOST_DAYS:
            raise ReportPeriodError(f"{first} to {last} is more than {MOST_DAYS} days")
        if not 1970 < first.year <= last.year < 9999:
            raise ReportPeriodError(f"{first} to {last} is no period of calls")
        return first, last

    def _terms(self, first: date, last: date, queue: str = "") -> Terms:
        configuration = self._configuration()
        since, before = midnight(first, self.zone), midnight(last + timedelta(days=1), self.zone)
        queues = configuration.queues
        return Terms(
            since=since,
            before=before,
            offsets=offsets(self.zone, since, before),
            queue=queue,
            targets={known.name: known.service_level_seconds for known in queues},
            values={known.name: known.missed_value for known in queues if known.missed_value is not None},
            value=configuration.missed.value,
            agents=tuple(agent.name for agent in configuration.agents),
            now=self._wall(),
        )


def midnight(day: date, zone: str) -> int:
    """Wall-clock ms at which a day begins in a zone ("" is the machine's)."""
    there = ZoneInfo(zone) if zone else None
    begins = datetime.combine(day, time_of_day(), there)
    return round((begins if there else begins.astimezone()).timestamp() * 1000)


def offsets(zone: str, since: int, before: int) -> tuple[tuple[int, int], ...]:
    """(from, ms): since when local time is how far ahead of UTC, for a period of wall-clock ms; to the minute."""
    local = local_time(zone)

    def ahead(at: int) -> int:
        offset = local(at).utcoffset() or timedelta()
        return round(offset.total_seconds() * 1000)

    found = [(since, ahead(since))]
    at = since
    while at < before:
        following = min(at + DAY_MS, before)
        if ahead(following) != found[-1][1]:
            early, late = at // 60_000, following // 60_000  # minutes; the clocks change on one of them
            while late - early > 1:
                middle = (early + late) // 2
                if ahead(middle * 60_000) == found[-1][1]:
                    early = middle
                else:
                    late = middle
            found.append((late * 60_000, ahead(late * 60_000)))
        at = following
    return tuple(found)
