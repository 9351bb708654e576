"""`softacd customers`: who is known and who is not served; on a running switch through its API, else in the file."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, TextIO

import click
import msgspec

from softacd.calls.customers import Block, Customer, Found, PutReport
from softacd.ops.configuration_option import find_configuration, read_or_exit
from softacd.ops.customers_access import Access, AccessError, open_access
from softacd.ops.customers_csv import CsvError, CsvProblem, CustomerReader, write_customers

MOST_SHOWN = 50
"""Problems told one by one; the rest are counted."""
BATCH_ROWS = 300
BATCH_OCTETS = 400_000
"""A request of the API holds at most so much; its limit is 1 MB."""
_AHEAD = re.compile(r"(\d{1,6})\s*([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_CONFIG = click.option("--config", type=click.Path(path_type=Path), help="Configuration of the switch.")


def _until(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int:
    """Wall-clock ms of "30m", "12h", "7d", "4w" from now, or of a local date and time; 0 for none."""
    if value is None:
        return 0
    text = value.strip()
    now = datetime.now().astimezone()
    try:
        if ahead := _AHEAD.fullmatch(text.lower()):
            at = now + timedelta(**{_UNITS[ahead[2]]: int(ahead[1])})
        else:
            at = datetime.fromisoformat(text.upper()).astimezone()
    except (ValueError, OverflowError):
        known = '"30m", "12h", "7d", "4w", "2027-01-31" or "2027-01-31 18:00"'
        raise click.BadParameter(f"{value!r} is no moment; write {known}") from None
    if at <= now:
        raise click.BadParameter(f"{at:%Y-%m-%d %H:%M} is not in the future")
    return int(at.timestamp() * 1000)


@click.group()
def customers() -> None:
    """Customers and the blacklist. A running switch takes changes at once, for the next call."""


@customers.command("import")
@click.argument("file", type=click.File("rb"))
@_CONFIG
def import_(file: BinaryIO, config: Path | None) -> None:
    """Create or change the customers of a CSV FILE ("-": standard input).

    Columns: numbers (several parted by |), and any of external_id, name, category, manager, language, notes. A
    customer is known again by external_id, else by any number; the same file again changes nothing. Rows that are wrong
    are told with line and column and left out; the exit status is then 1.
    """
    name = getattr(file, "name", "-")
    with _access(config) as access:
        try:
            report, problems = _import(CustomerReader(file), access, _size(name))
        except CsvError as error:
            raise click.ClickException(f"{name}:{error.problem}") from None
    for problem in problems[:MOST_SHOWN]:
        click.echo(f"{name}:{problem}", err=True)
    if len(problems) > MOST_SHOWN:
        click.echo(f"... and {len(problems) - MOST_SHOWN} more", err=True)
    wrong = f", {len(problems)} wrong and left out" if problems else ""
    click.echo(f"{report.created} created, {report.updated} changed, {report.unchanged} as they were{wrong}")
    if problems:
        raise SystemExit(1)


@customers.command()
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=False), default="-")
@_CONFIG
def export(file: TextIO, config: Path | None) -> None:
    """Write every customer as CSV to FILE, else to standard output; `import` takes it back."""
    with _access(config) as access:
        count = write_customers(file, access.customers())
    click.echo(f"{count} customers written", err=True)


@customers.command()
@click.argument("number")
@_CONFIG
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def find(number: str, config: Path | None, as_json: bool) -> None:
    """Tell whose NUMBER is, in any spelling, and whether it is served. Exit status 1 when nothing is known of it."""
    with _access(config) as access:
        found = access.find(number)
    if as_json:
        click.echo(msgspec.json.encode(found))
    else:
        click.echo(_told(found))
    if found.customer is None and found.block is None:
        raise SystemExit(1)


@customers.command()
@click.argument("number")
@click.option("--until", callback=_until, metavar="WHEN", help='Until then: "12h", "7d", "2027-01-31"; else for ever.')
@click.option("--reason", default="", help="Why, for those who look at the list.")
@_CONFIG
def block(number: str, until: int, reason: str, config: Path | None) -> None:
    """Serve NUMBER no longer, from its next call on."""
    with _access(config) as access:
        click.echo(_blocked(access.block(number, until, reason)))


@customers.command()
@click.argument("number")
@_CONFIG
def unblock(number: str, config: Path | None) -> None:
    """Serve NUMBER again."""
    with _access(config) as access:
        removed = access.unblock(number)
    if removed is None:
        raise click.ClickException(f"{number} is not on the blacklist")
    click.echo(f"{removed.number} is served again")


@customers.command()
@_CONFIG
def blocked(config: Path | None) -> None:
    """List the blacklist, newest first."""
    with _access(config) as access:
        for entry in access.blocks():
            click.echo(_blocked(entry))


@contextmanager
def _access(config: Path | None) -> Iterator[Access]:
    configuration = read_or_exit(find_configuration(config), show_warnings=False).configuration
    try:
        access = open_access(configuration, lambda: time.time_ns() // 1_000_000)
        try:
            yield access
        finally:
            access.close()
    except AccessError as error:
        raise click.ClickException(str(error)) from None


def _import(reader: CustomerReader, access: Access, size: int | None) -> tuple[PutReport, list[CsvProblem]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    created = updated = unchanged = 0
    problems: list[CsvProblem] = []
    columns = (
        TextColumn("importing"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=size)
        for lines, batch in _batches(reader, problems):
            report = access.put(batch)
            created += report.created
            updated += report.updated
            unchanged += report.unchanged
            problems += [
                CsvProblem(lines[told.row], reader.columns.get(told.field, 0), told.field, told.message, told.expected)
                for told in report.problems
            ]
            done = created + updated + unchanged
            progress.update(
                task, completed=reader.octets_read, description=f"{done:,} customers, {len(problems)} wrong"
            )
    return PutReport(created, updated, unchanged), sorted(problems)


def _batches(reader: CustomerReader, problems: list[CsvProblem]) -> Iterator[tuple[list[int], list[Customer]]]:
    """Customers by the batch with the lines they stand on; what is wrong goes to `problems`."""
    lines: list[int] = []
    batch: list[Customer] = []
    octets = 0
    for row in reader.rows():
        if isinstance(row, CsvProblem):
            problems.append(row)
            continue
        lines.append(row.line)
        batch.append(row.customer)
        octets += 200 + 6 * len(row.customer.notes)  # a letter is six octets at most in JSON
        if len(batch) == BATCH_ROWS or octets > BATCH_OCTETS:
            yield lines, batch
            lines, batch, octets = [], [], 0
    if batch:
        yield lines, batch


def _size(name: str) -> int | None:
    return None if name in ("-", "<stdin>") or not Path(name).is_file() else Path(name).stat().st_size


def _told(found: Found) -> str:
    """What is known of a number, a line each."""
    lines = [found.number]
    customer = found.customer
    if customer is None:
        lines.append("  nobody's we know")
    else:
        lines.append(
            f"  {_plain(customer.name) or 'no name'}" + (f" ({customer.category})" if customer.category else "")
        )
        fields = {
            "numbers": ", ".join(customer.numbers),
            "manager": customer.manager,
            "language": customer.language,
            "external id": customer.external_id,
            "notes": customer.notes,
        }
        lines += [f"  {name}: {_plain(value)}" for name, value in fields.items() if value]
    if found.block is not None:
        lines.append(f"  {_blocked(found.block)}")
    return "\n".join(lines)


def _blocked(block: Block) -> str:
    when = "for ever"
    if block.until:
        when = f"until {datetime.fromtimestamp(block.until / 1000).astimezone():%Y-%m-%d %H:%M}"
    return f"{block.number} is blocked {when}" + (f": {_plain(block.reason)}" if block.reason else "")


def _plain(text: str) -> str:
    """On one line, without what could steer the terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
