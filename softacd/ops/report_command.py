"""`softacd report`: figures of a period in the terminal, or as a file. Reads the store, also of a running softacd."""

import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from softacd.calls.reports import AnyReport, CallReport, ReportPeriodError
from softacd.ops.calls_command import ask_store, console
from softacd.ops.calls_words import plain
from softacd.ops.configuration_option import find_configuration, read_or_exit
from softacd.ops.report_desk import ReportDesk
from softacd.store import History
from softacd.web.report_files import as_csv, as_json, as_xlsx, heading, table_of, title_of
from softacd.web.reports import make_report

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

KINDS = ("queue", "agent", "hour", "day", "topic", "trunk", "number", "status")
WRITERS = {".csv": as_csv, ".xlsx": as_xlsx, ".json": as_json}
BAR = 20
_LEFT_OUT = frozenset({"talk_s", "hold_s", "wrap_up_s", "others", "answer_mean_s"})
"""Columns of calls that files have and the terminal has no room for."""


def _day(_ctx: click.Context, _param: click.Parameter, value: str | None) -> date | int | None:
    """A date, or how many days before today."""
    if value is None:
        return None
    word = value.strip().lower()
    if word in ("today", "yesterday"):
        return 0 if word == "today" else 1
    if word.endswith("d") and word[:-1].isascii() and word[:-1].isdigit() and len(word) < 6:
        return int(word[:-1])
    try:
        return date.fromisoformat(word)
    except ValueError:
        known = '"2026-06-01", "today", "yesterday" or "7d" (so many days ago)'
        raise click.BadParameter(f'"{plain(value)}" is no day; write {known}') from None


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--from", "first", metavar="DAY", callback=_day, help='First day: "2026-06-01", "yesterday", "7d".')
@click.option("--to", "last", metavar="DAY", callback=_day, help="Last day, which counts whole; by default today.")
@click.option("--queue", default="", metavar="NAME", help="Only calls of this queue.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write a file: .xlsx, .csv or .json.")
@click.option("--json", "as_json_", is_flag=True, help="The report as JSON.")
@click.option("--config", type=click.Path(path_type=Path), help="Configuration of the switch.")
def report(
    kind: str,
    first: date | int | None,
    last: date | int | None,
    queue: str,
    output: Path | None,
    as_json_: bool,
    config: Path | None,
) -> None:
    """Show what was offered, answered and lost, or what agents did: by KIND, for days of the shop's time zone."""
    if output is not None and output.suffix.lower() not in WRITERS:
        raise click.UsageError(f"--output must end in {', '.join(WRITERS)}")
    path = find_configuration(config)
    configuration = read_or_exit(path, show_warnings=False).configuration

    async def ask(history: History) -> AnyReport:
        desk = ReportDesk(history, lambda: configuration, lambda: time.time_ns() // 1_000_000)
        today = desk.today()
        return await make_report(desk, kind, _date(first, today), _date(last, today), queue)

    try:
        made = ask_store(path, configuration.store.url, ask)
    except ReportPeriodError as error:
        raise click.UsageError(f"{error}. {error.remedy}") from None
    if output is not None:
        try:
            output.write_bytes(WRITERS[output.suffix.lower()](made))
        except OSError as error:
            raise click.ClickException(f"{output}: {error.strerror}") from None
        click.echo(f"{title_of(made)}: {len(made.rows)} rows in {output}")
    elif as_json_:
        click.echo(as_json(made))
    else:
        console().print(table(made))


def _date(given: date | int | None, today: date) -> date | None:
    return today - timedelta(days=given) if isinstance(given, int) else given


def table(made: AnyReport) -> "RenderableType":
    """The rows, the total, and for calls a bar of each: answered, abandoned, others."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from softacd.calls.reports import columns_of

    calls = isinstance(made, CallReport)
    columns = [column for column in columns_of(made) if not (calls and column in _LEFT_OUT)]
    drawn = Table(
        box=box.SIMPLE, title=Text(plain(title_of(made))), title_justify="left", title_style="bold", header_style="dim"
    )
    words = {"name", "agent", "status", "reason"}
    for column in columns:
        title = heading(made, column).replace(", s", "").replace(", mean", "")
        drawn.add_column(
            title, justify="left" if column in words else "right", style="cyan" if column == "name" else ""
        )
    if calls:
        drawn.add_column("", min_width=BAR, no_wrap=True)
    rows, total = table_of(made)
    places = [list(columns_of(made)).index(column) for column in columns]
    most = max((row.offered for row in made.rows), default=1) if isinstance(made, CallReport) else 1
    for number, cells in enumerate(rows):
        shown = [Text(_cell(columns[at], cells[place])) for at, place in enumerate(places)]
        drawn.add_row(*shown, *([_bar(made, number, most)] if isinstance(made, CallReport) else ()))
    if total is not None:
        drawn.add_section()
        drawn.add_row(
            "total", *(_cell(columns[at], total[place]) for at, place in enumerate(places) if at), style="bold"
        )
    if isinstance(made, CallReport):
        drawn.caption = Text.assemble(("━ answered  ", "green"), ("━ abandoned  ", "red"), ("━ others", "bright_black"))
        drawn.caption_justify = "left"
    return drawn


def _bar(made: CallReport, number: int, most: int) -> "Text":
    from rich.text import Text

    row = made.rows[number]
    answered, abandoned, full = (
        round(BAR * some / max(most, 1)) for some in (row.answered, row.abandoned, row.offered)
    )
    bar = Text("━" * answered, style="green")
    bar.append("━" * abandoned, style="red")
    bar.append("━" * max(0, full - answered - abandoned), style="bright_black")
    return bar


def _cell(column: str, value: object) -> str:
    match value:
        case None:
            return "-"
        case str():
            return plain(value) or ("-" if column in ("name", "reason") else "")
        case float() if column in ("service_level", "occupancy"):
            return f"{value:.0%}"
        case float() if column == "missed_money":
            return f"{value:,.0f}"
        case float() if value >= 600:
            minutes = round(value / 60)
            return f"{minutes // 60}:{minutes % 60:02} h"
        case float():
            return f"{value:.1f} s"
        case _:
            return f"{value:,}"
