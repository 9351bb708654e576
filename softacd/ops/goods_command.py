"""`softacd goods`: what the shop sells; always through the API of the switch that runs."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar
from urllib.parse import quote, urlencode

import click
import msgspec

from softacd.calls.customers import PutReport
from softacd.calls.goods import Bookmark, Goods, GoodsCard, Received, Supply
from softacd.ops.api_client import ApiClient, ApiError, served_at
from softacd.ops.configuration_option import find_configuration, read_or_exit
from softacd.ops.csv_table import CsvError, CsvProblem
from softacd.ops.goods_csv import GoodsReader, Row

A = TypeVar("A")
BATCH = 300
MOST_SHOWN = 50
_CONFIG = click.option("--config", type=click.Path(path_type=Path), help="Configuration of the switch.")


@click.group()
def goods() -> None:
    """What the shop sells: stock, deliveries, promises to call back. Asks the switch that runs."""


@goods.command("import")
@click.argument("file", type=click.File("rb"))
@_CONFIG
def import_(file: BinaryIO, config: Path | None) -> None:
    """Create or change the articles of a CSV FILE ("-": standard input).

    Columns: sku, and any of name, stock, supplier_comment, buyer_comment, alternatives (parted by |). The same file
    again changes nothing. Rows that are wrong are told with line and column and left out; the exit status is then 1.
    """
    _import(file, _client(config), Goods, "goods")


@goods.command("import-supplies")
@click.argument("file", type=click.File("rb"))
@_CONFIG
def import_supplies(file: BinaryIO, config: Path | None) -> None:
    """Create or change the deliveries of a CSV FILE ("-": standard input).

    Columns: reference, sku, supplier, quantity, promised, and received where it has come (dates like 2026-11-27).
    """
    _import(file, _client(config), Supply, "supplies")


@goods.command()
@click.argument("words", nargs=-1)
@_CONFIG
def find(words: tuple[str, ...], config: Path | None) -> None:
    """List articles whose number or name contains all WORDS, those at hand first."""
    found = _ask(_client(config), "GET", "/api/v1/goods?" + urlencode({"q": " ".join(words)}), list[Goods])
    for one in found:
        click.echo(f"{one.sku:<16} {one.stock:>6}  {one.name}")
    if not found:
        raise SystemExit(1)


@goods.command()
@click.argument("sku")
@_CONFIG
def show(sku: str, config: Path | None) -> None:
    """Tell all that is known of the article SKU."""
    card = _ask(_client(config), "GET", f"/api/v1/goods/{quote(sku, safe='')}", GoodsCard)
    click.echo("\n".join(_told(card)))


@goods.command()
@click.argument("reference")
@click.option("--day", default=None, help="The day it came (2026-11-27); without: today.")
@_CONFIG
def receive(reference: str, day: str | None, config: Path | None) -> None:
    """The delivery REFERENCE has come: its pieces are at hand, and promises for them are due."""
    path = f"/api/v1/supplies/{quote(reference, safe='')}/receive"
    received = _ask(_client(config), "POST", path, Received, {"day": day})
    click.echo(f"{received.goods.sku}: {received.goods.stock} at hand")
    for task in received.tasks:
        click.echo(_task(task))


@goods.command()
@click.option("--agent", default="", help="Only this agent's.")
@click.option("--due", is_flag=True, help="Only those whose article has come.")
@_CONFIG
def promises(agent: str, due: bool, config: Path | None) -> None:
    """List promises to call back that are not kept yet."""
    query = urlencode({"agent": agent, "due": str(due).lower()})
    for one in _ask(_client(config), "GET", f"/api/v1/bookmarks?{query}", list[Bookmark]):
        click.echo(_task(one))


def _import(file: BinaryIO, client: ApiClient, kind: type[Row], what: str) -> None:
    from rich.console import Console
    from rich.progress import Progress

    name = getattr(file, "name", "-")
    totals = [0, 0, 0]
    problems: list[CsvProblem] = []
    try:
        reader = GoodsReader(file, kind)
        size = os.fstat(file.fileno()).st_size if name not in ("-", "<stdin>") else None
        console = Console(stderr=True)
        with Progress(transient=True, console=console, disable=not console.is_terminal) as progress:
            task = progress.add_task(f"importing {what}", total=size)
            for lines, batch in _batches(reader, problems):
                report = _ask(client, "PUT", f"/api/v1/{what}", PutReport, {what: batch})
                totals = [
                    total + more
                    for total, more in zip(totals, (report.created, report.updated, report.unchanged), strict=True)
                ]
                problems += [
                    reader.problem(lines[one.row], one.field, one.message, one.expected) for one in report.problems
                ]
                progress.update(task, completed=reader.octets_read)
    except CsvError as error:
        raise click.ClickException(f"{name}:{error.problem}") from None
    for problem in sorted(problems)[:MOST_SHOWN]:
        click.echo(f"{name}:{problem}", err=True)
    if len(problems) > MOST_SHOWN:
        click.echo(f"... and {len(problems) - MOST_SHOWN} more", err=True)
    wrong = f", {len(problems)} wrong and left out" if problems else ""
    click.echo(f"{totals[0]} created, {totals[1]} changed, {totals[2]} as they were{wrong}")
    if problems:
        raise SystemExit(1)


def _batches(reader: GoodsReader[Row], problems: list[CsvProblem]) -> Iterator[tuple[list[int], list[Row]]]:
    lines: list[int] = []
    batch: list[Row] = []
    for row in reader.rows():
        if isinstance(row, CsvProblem):
            problems.append(row)
            continue
        lines.append(row.line)
        batch.append(row.made)
        if len(batch) == BATCH:
            yield lines, batch
            lines, batch = [], []
    if batch:
        yield lines, batch


def _told(card: GoodsCard) -> Iterator[str]:
    one = card.goods
    yield f"{one.sku}  {one.name}"
    yield f"  at hand: {one.stock}"
    for coming in card.expected:
        supply = coming.supply
        late = f", by {coming.cautious} at the latest" if coming.cautious != coming.likely else ""
        yield (
            f"  {supply.quantity} from {supply.supplier}: promised {supply.promised}, likely {coming.likely}{late}"
            f" ({supply.reference})"
        )
    for supplier in card.suppliers:
        if supplier.deliveries:
            yield (
                f"  {supplier.name}: {supplier.on_time:.0%} of {supplier.deliveries} deliveries on time,"
                f" usually {supplier.usual_delay_days} days late"
            )
    if one.supplier_comment:
        yield f"  supplier: {one.supplier_comment}"
    if one.buyer_comment:
        yield f"  buyer: {one.buyer_comment}"
    for other in card.alternatives:
        yield f"  instead: {other.sku}  {other.name}, {other.stock} at hand"
    if card.bookmarks:
        yield f"  {card.bookmarks} customers wait for it"


def _task(one: Bookmark) -> str:
    state = "due" if one.arrived else "waits"
    return f"{one.id:>6}  {state:<6} {one.sku:<16} {one.number:<16} {one.agent}  {one.note}".rstrip()


def _client(config: Path | None) -> ApiClient:
    configuration = read_or_exit(find_configuration(config), show_warnings=False).configuration
    try:
        return ApiClient(served_at(configuration.web.address()), configuration.web.token, timeout=60.0)
    except ApiError as error:
        raise click.ClickException(str(error)) from None


def _ask(client: ApiClient, method: str, path: str, kind: type[A], body: object = None) -> A:
    try:
        answer = client.send(method, path, b"" if body is None else msgspec.json.encode(body))
        return msgspec.json.decode(answer, type=kind)
    except ApiError as error:
        raise click.ClickException(str(error)) from None
    except msgspec.DecodeError as error:
        raise click.ClickException(f"{client.url} does not answer like softacd: {error}") from None
