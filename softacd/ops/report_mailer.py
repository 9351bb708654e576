"""Mails saved reports when they are due, and alarms when a part of the switch fails."""

import asyncio
import ssl
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import msgspec
import structlog

from softacd.calls.control import Check, UnknownNameError
from softacd.calls.reports import AnyReport
from softacd.ops.calendars import local_time
from softacd.ops.configuration_files import write_file
from softacd.ops.mail import MailError, message, send
from softacd.ops.mail_settings import SavedReport
from softacd.ops.model import Configuration
from softacd.ops.report_desk import ReportDesk
from softacd.ops.report_schedule import days_of, last_due, next_due
from softacd.web.report_files import CSV_TYPE, XLSX_TYPE, as_csv, as_xlsx, file_name, heading, table_of, title_of
from softacd.web.reports import make_report
from softacd.web.saved_reports import MailedReport, SavedReportView

FILE = "reports-sent.json"
"""In the data directory: which report was mailed for which moment."""
LOOK_SECONDS = 20.0
RETRY_MS = 600_000
GIVE_UP_MS = 12 * 3_600_000
"""After so long a report that cannot be mailed is left out; the next one comes."""
ALARM_LOOKS = 3
"""Looks in a row at which something fails before it is mailed: what heals by itself within a minute is no mail."""
MOST_LINES = 200

log = structlog.get_logger(__name__)


class ReportMailer:
    """Looks at the clock from time to time. What was sent outlives a restart, so that nothing is sent twice."""

    def __init__(
        self,
        desk: ReportDesk,
        configuration: Callable[[], Configuration],
        checks: Callable[[], Iterable[Check]],
        wall: Callable[[], int],
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._desk = desk
        self._configuration = configuration
        self._checks = checks
        self._wall = wall
        self._context = context
        self._sent: dict[str, int] | None = None
        self._retry: dict[str, int] = {}
        self._failing: dict[str, int] = {}
        self._told: set[str] = set()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()
            await self.look_for_alarms()

    # --- reports -----------------------------------------------------------------------------------------------

    async def look(self) -> None:
        """Mail what is due. A report that is new is first mailed at its next moment, not for one that is past."""
        now = self._wall()
        sent = self._read()
        for report in self._configuration().reports:
            if not report.to:
                continue
            due = self._ms(last_due(report, self._local(now)))
            if report.name not in sent:
                self._note(report.name, due)
            if sent[report.name] >= due or self._retry.get(report.name, 0) > now:
                continue
            try:
                await self.mail(report.name)
            except MailError as error:
                log.error("a report could not be mailed", report=report.name, error=str(error))
                self._retry[report.name] = now + RETRY_MS
                if now - due < GIVE_UP_MS:
                    continue
            except Exception:
                log.exception("a report could not be made", report=report.name)
                self._retry[report.name] = now + RETRY_MS
                if now - due < GIVE_UP_MS:
                    continue
            self._note(report.name, due)

    async def mail(self, name: str) -> MailedReport:
        """Make a saved report and mail it now. Raises UnknownNameError, MailError and what making it raises."""
        settings = self._configuration()
        report = next((saved for saved in settings.reports if saved.name == name), None)
        if report is None:
            raise UnknownNameError(f"no report {name!r} is saved")
        if not report.to or not settings.mail.server:
            raise MailError(f"report {name} goes to nobody", f"Name addresses in reports.{name}.to, and [mail] server.")
        first, last = days_of(report.period, self._desk.today())
        made = await make_report(self._desk, report.report, first, last, report.queue)
        write, suffix, kind = (as_csv, "csv", CSV_TYPE) if report.format == "csv" else (as_xlsx, "xlsx", XLSX_TYPE)
        content = await asyncio.to_thread(write, made)
        title = title_of(made)
        mail = message(settings.mail, report.to, f"{settings.server.name}: {title}", as_text(made), self._wall() / 1000)
        main, _, sub = kind.partition("/")
        mail.add_attachment(content, maintype=main, subtype=sub, filename=file_name(made, suffix))
        await send(settings.mail, mail, self._context)
        log.info("report mailed", report=name, to=list(report.to))
        return MailedReport(name, title, list(report.to))

    def saved(self) -> list[SavedReportView]:
        """Every saved report, and when it is mailed next."""
        now = self._local(self._wall())
        return [self._seen(report, now) for report in self._configuration().reports]

    def _seen(self, report: SavedReport, now: datetime) -> SavedReportView:
        first, last = days_of(report.period, now.date())
        due = self._ms(next_due(report, now)) if report.to else 0
        return SavedReportView(
            report.name, report.report, report.period, first, last, report.queue, list(report.to), report.every,
            report.at, report.format, due,
        )  # fmt: skip

    def _local(self, wall: int) -> datetime:
        return local_time(self._desk.zone)(wall)

    @staticmethod
    def _ms(moment: datetime) -> int:
        return round(moment.timestamp() * 1000)

    @property
    def _file(self) -> Path:
        return Path(self._configuration().server.data_directory) / FILE

    def _read(self) -> dict[str, int]:
        if self._sent is None:
            try:
                self._sent = msgspec.json.decode(self._file.read_bytes(), type=dict[str, int])
            except FileNotFoundError:
                self._sent = {}
            except (OSError, msgspec.DecodeError) as error:
                log.warning("which reports were mailed is not known", error=str(error))
                self._sent = {}
        return self._sent

    def _note(self, name: str, due: int) -> None:
        sent = self._read()
        sent[name] = due
        self._retry.pop(name, None)
        known = {report.name for report in self._configuration().reports}
        try:
            kept = {one: at for one, at in sent.items() if one in known}
            write_file(self._file, msgspec.json.encode(kept).decode(), 0o600)
        except OSError as error:
            log.warning("it cannot be kept that a report was mailed", report=name, error=str(error))

    # --- alarms ------------------------------------------------------------------------------------------------

    async def look_for_alarms(self) -> None:
        """Mail once what fails for a while, and once when it works again."""
        settings = self._configuration()
        if not settings.mail.alarms or not settings.mail.server:
            return
        for check in self._checks():
            failing = 0 if check.healthy else self._failing.get(check.name, 0) + 1
            self._failing[check.name] = failing
            if failing >= ALARM_LOOKS and check.name not in self._told:
                await self._alarm(check, f"{check.name} fails: {check.detail}")
                self._told.add(check.name)
            elif not failing and check.name in self._told:
                await self._alarm(check, f"{check.name} works again")
                self._told.discard(check.name)

    async def _alarm(self, check: Check, text: str) -> None:
        settings = self._configuration()
        subject = f"{settings.server.name}: {text.partition(':')[0]}"
        mail = message(settings.mail, settings.mail.alarms, subject, f"{text}\n", time.time())
        try:
            await send(settings.mail, mail, self._context)
        except MailError as error:
            log.error("an alarm could not be mailed", check=check.name, error=str(error))


def as_text(report: AnyReport) -> str:
    """The rows for who reads mail as text."""
    from softacd.calls.reports import columns_of

    wanted = ("name", "agent", "status", "reason", "offered", "answered", "abandoned", "service_level", "wait_mean_s",
              "conversations", "staffed_s", "occupancy", "seconds", "times", "missed_money")  # fmt: skip
    columns = list(columns_of(report))
    places = [columns.index(column) for column in wanted if column in columns]
    rows, total = table_of(report)
    table = [[heading(report, columns[place]) for place in places]]
    table += [[_cell(columns[place], row[place]) for place in places] for row in rows[:MOST_LINES]]
    if total is not None:
        table.append(["Total", *(_cell(columns[place], total[place]) for place in places[1:])])
    widths = [max(len(row[at]) for row in table) for at in range(len(places))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    more = [f"and {len(rows) - MOST_LINES} more rows in the file"] if len(rows) > MOST_LINES else []
    return "\n".join([title_of(report), "", *lines, *more, ""])


def _cell(column: str, value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float) and column in ("service_level", "occupancy"):
        return f"{value:.1%}"
    return " ".join(str(value).split()) or "-"
