"""Reports over HTTP: figures of calls and of agents in a period, as JSON, CSV and XLSX."""

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Annotated, Literal

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter, QueryParameter

from softacd.calls.reports import AgentReport, AnyReport, CallReport, ReportKind, Reports, StatusReport
from softacd.web.errors import API_ROOT
from softacd.web.report_files import CSV_TYPE, XLSX_TYPE, as_csv, as_xlsx, file_name

First = Annotated[date | None, QueryParameter(description="First day, of the shop (2026-06-01); left out: `last`.")]
Last = Annotated[
    date | None, QueryParameter(description="Last day, which counts whole; left out: today, and so both: today alone.")
]
OfQueue = Annotated[
    str, QueryParameter(max_length=64, description="Only calls of this queue; without meaning for agents.")
]
Kind = Annotated[ReportKind, PathParameter(description="By what the calls are grouped.")]
FileKind = Annotated[
    Literal["queue", "day", "hour", "topic", "trunk", "number", "agent", "status"],
    PathParameter(description="Which report."),
]


def report_handlers(reports: Reports) -> list[HTTPRouteHandler]:
    """The paths under /reports."""

    @get(f"{API_ROOT}/reports/{{kind:str}}", tags=["reports"], summary="Figures of calls in a period")
    async def calls(kind: Kind, first: First = None, last: Last = None, queue: OfQueue = "") -> CallReport:
        """Return a row for each queue, day, hour, topic, trunk or number, and the total. 400: no such period."""
        return await reports.calls(kind, first, last, queue)

    @get(f"{API_ROOT}/reports/agent", tags=["reports"], summary="Figures of agents in a period")
    async def agents(first: First = None, last: Last = None) -> AgentReport:
        """Return a row for each agent, and the total. 400: no such period."""
        return await reports.agents(first, last)

    @get(f"{API_ROOT}/reports/status", tags=["reports"], summary="Time agents spent in each status")
    async def statuses(first: First = None, last: Last = None) -> StatusReport:
        """Return how long each agent was in each status, by reason. 400: no such period."""
        return await reports.statuses(first, last)

    @get(f"{API_ROOT}/reports/{{kind:str}}/csv", tags=["reports"], summary="A report as CSV", media_type=CSV_TYPE)
    async def csv(kind: FileKind, first: First = None, last: Last = None, queue: OfQueue = "") -> Response[bytes]:
        """Return a file of comma-separated values: headings are the fields' names, a row a group, no total."""
        return await _file(await make_report(reports, kind, first, last, queue), as_csv, "csv", CSV_TYPE)

    @get(f"{API_ROOT}/reports/{{kind:str}}/xlsx", tags=["reports"], summary="A report as XLSX", media_type=XLSX_TYPE)
    async def xlsx(kind: FileKind, first: First = None, last: Last = None, queue: OfQueue = "") -> Response[bytes]:
        """Return a spreadsheet: title, rows, total, and a chart of days, hours and queues."""
        return await _file(await make_report(reports, kind, first, last, queue), as_xlsx, "xlsx", XLSX_TYPE)

    return [calls, agents, statuses, csv, xlsx]


async def make_report(reports: Reports, kind: str, first: date | None, last: date | None, queue: str = "") -> AnyReport:
    """The report of a kind by its word. Raises as `Reports`, ValueError when there is no such kind."""
    if kind == "agent":
        return await reports.agents(first, last)
    if kind == "status":
        return await reports.statuses(first, last)
    return await reports.calls(ReportKind(kind), first, last, queue)


async def _file(report: AnyReport, write: Callable[[AnyReport], bytes], suffix: str, kind: str) -> Response[bytes]:
    # A spreadsheet of a year's numbers takes some hundred milliseconds: not in the loop.
    content = await asyncio.to_thread(write, report)
    disposition = f'attachment; filename="{file_name(report, suffix)}"'
    return Response(content, media_type=kind, headers={"Content-Disposition": disposition})
