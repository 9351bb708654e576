"""Reports as files: CSV for programs, XLSX for people."""

import csv
import io
from typing import Any

import msgspec
import xlsxwriter  # type: ignore[import-untyped] # it has no types

from softacd.calls.reports import AgentReport, AnyReport, CallReport, ReportKind, columns_of

CSV_TYPE = "text/csv"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

TITLES = {
    "offered": "Offered",
    "answered": "Answered",
    "abandoned": "Abandoned",
    "others": "Others",
    "within_target": "Within target",
    "service_level": "Service level",
    "wait_mean_s": "Wait, mean, s",
    "wait_p90_s": "Wait, 90 %, s",
    "wait_longest_s": "Wait, longest, s",
    "answer_mean_s": "Answered after, mean, s",
    "talk_s": "Conversation, s",
    "hold_s": "On hold, s",
    "wrap_up_s": "Wrap-up, s",
    "handling_mean_s": "Handling, mean, s",
    "lost_callers": "Lost callers",
    "missed_money": "Missed money",
    "rung": "Rung",
    "conversations": "Conversations",
    "own_calls_s": "Own calls, s",
    "idle_s": "Idle, s",
    "ringing_s": "Ringing, s",
    "available_s": "Available, s",
    "paused_s": "Paused, s",
    "staffed_s": "Logged in, s",
    "occupancy": "Occupancy",
    "agent": "Agent",
    "status": "Status",
    "reason": "Reason",
    "seconds": "Time, s",
    "times": "Times",
}
"""Column -> its heading for people."""
_SHARES = frozenset({"service_level", "occupancy"})
_CHARTED = ("answered", "abandoned", "others")
_WIDTH = 14


def title_of(report: AnyReport) -> str:
    """What a report is of, and of when."""
    if isinstance(report, CallReport):
        of = f"Calls by {report.kind}" + (f", queue {report.queue}" if report.queue else "")
    else:
        of = "Agents" if isinstance(report, AgentReport) else "Time in each status"
    period = f"{report.first}" if report.first == report.last else f"{report.first} to {report.last}"
    return f"{of}, {period}" + (f" ({report.time_zone})" if report.time_zone else "")


def kind_of(report: AnyReport) -> str:
    """Its word: "queue", "hour", "agent", "status"."""
    if isinstance(report, CallReport):
        return report.kind.value
    return "agent" if isinstance(report, AgentReport) else "status"


def file_name(report: AnyReport, suffix: str) -> str:
    """A name for its file, of letters, digits and hyphens."""
    return f"softacd-{kind_of(report)}-{report.first}-{report.last}.{suffix}"


def heading(report: AnyReport, column: str) -> str:
    """The heading of a column for people."""
    if column == "name":
        return kind_of(report).capitalize()
    if column == "missed_money" and isinstance(report, CallReport) and report.currency:
        return f"{TITLES[column]}, {report.currency}"
    return TITLES[column]


def table_of(report: AnyReport) -> tuple[list[list[Any]], list[Any] | None]:
    """The rows' cells, and those of the total where there is one."""
    columns = columns_of(report)
    rows = [[getattr(row, column) for column in columns] for row in report.rows]
    total = getattr(report, "total", None)
    return rows, None if total is None else [getattr(total, column) for column in columns]


def as_csv(report: AnyReport) -> bytes:
    """Comma, UTF-8, CR LF (RFC 4180); columns by the names they have in JSON, a row a group, no total."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns_of(report))
    writer.writerows([["" if cell is None else _plain(cell) for cell in row] for row in table_of(report)[0]])
    return text.getvalue().encode()


def _plain(cell: Any) -> Any:
    """Text that a spreadsheet would take for a formula is told as text: carriers and callers may choose it."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "-", "@", "\t", "\r") else cell


def as_xlsx(report: AnyReport) -> bytes:
    """One sheet: title, headings that stay, rows with a filter, the total, and for days and hours a chart."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    bold = book.add_format({"bold": True})
    head = book.add_format({"bold": True, "text_wrap": True, "bottom": 1, "valign": "top"})
    formats = {column: book.add_format({"num_format": _format(column)}) for column in columns_of(report)}
    sheet = book.add_worksheet(kind_of(report))
    sheet.write_string(0, 0, title_of(report), bold)
    columns = columns_of(report)
    for place, column in enumerate(columns):
        sheet.write_string(2, place, heading(report, column), head)
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, len(columns) - 1, _WIDTH)
    sheet.freeze_panes(3, 1)
    rows, total = table_of(report)
    for line, row in enumerate(rows, 3):
        for place, (column, cell) in enumerate(zip(columns, row, strict=True)):
            _write(sheet, line, place, cell, formats[column])
    if rows:
        sheet.autofilter(2, 0, 2 + len(rows), len(columns) - 1)
    if total is not None:
        line = 3 + len(rows)
        sheet.write_string(line, 0, "Total", bold)
        for place, (column, cell) in enumerate(zip(columns, total, strict=True)):
            if column != "name":
                form = book.add_format({"bold": True, "top": 1, "num_format": _format(column)})
                _write(sheet, line, place, cell, form)
    if isinstance(report, CallReport) and rows and report.kind in (ReportKind.DAY, ReportKind.HOUR, ReportKind.QUEUE):
        chart = book.add_chart({"type": "column", "subtype": "stacked"})
        for column in _CHARTED:
            place = columns.index(column)
            chart.add_series(
                {
                    "name": TITLES[column],
                    "categories": [sheet.get_name(), 3, 0, 2 + len(rows), 0],
                    "values": [sheet.get_name(), 3, place, 2 + len(rows), place],
                }
            )
        chart.set_title({"name": title_of(report), "name_font": {"size": 11}})
        chart.set_legend({"position": "bottom"})
        sheet.insert_chart(5 + len(rows), 0, chart, {"x_scale": 1.6})
    book.close()
    return content.getvalue()


def _format(column: str) -> str:
    if column in _SHARES:
        return "0.0%"
    if column == "missed_money":
        return "#,##0.00"
    return "0.0" if column.endswith("_s") or column == "seconds" else "0"


def _write(sheet: Any, line: int, place: int, cell: Any, form: Any) -> None:
    if isinstance(cell, str):
        sheet.write_string(line, place, cell)
    elif cell is None:
        sheet.write_blank(line, place, None)
    else:
        sheet.write_number(line, place, cell, form)


def as_json(report: AnyReport) -> bytes:
    """As the API tells it."""
    return msgspec.json.encode(report)
