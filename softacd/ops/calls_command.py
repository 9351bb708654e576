"""`softacd calls`: the calls of the past, and how one of them went. Reads the store, also of a running softacd."""

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
import msgspec
from rich.console import Console

from softacd.calls.missed import MissedCaller
from softacd.calls.records import CallRecord, Outcome
from softacd.ops.calls_view import calls_table, ladder, missed_table
from softacd.ops.calls_words import plain
from softacd.store import CallDetail, History, Store, StoreError

if TYPE_CHECKING:
    from softacd.ops.model import Configuration

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])

PIPED_WIDTH = 160
"""Columns when the output is no terminal: nothing is cut for the program that reads it."""
_AGO = re.compile(r"(\d+)\s*(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _moment(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    """Wall-clock milliseconds of "90m", "2h", "3d", "1w" ago, "today", "yesterday" or a local date and time."""
    if value is None:
        return None
    text = value.strip().lower()
    now = datetime.now().astimezone()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        if ago := _AGO.fullmatch(text):
            at = now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        elif text in ("today", "yesterday"):
            at = today - timedelta(days=text == "yesterday")
        else:
            at = datetime.fromisoformat(text.upper()).astimezone()
    except (ValueError, OverflowError):
        known = '"90m", "2h", "3d", "1w", "today", "yesterday", "2026-06-01" or "2026-06-01 08:00"'
        raise click.BadParameter(f'"{plain(value)}" is no moment; write {known}') from None
    return int(at.timestamp() * 1000)


def where(command: F) -> F:
    """Add the two options that say which store."""
    given_file = click.Path(path_type=Path)
    command = click.option("--store", metavar="URL", help='The store itself ("sqlite:///var/softacd.db").')(command)
    return click.option("--config", type=given_file, help="Configuration that names the store.")(command)


def moment_option(name: str, text: str, default: str | None) -> Callable[[F], F]:
    """Add an option for a moment, as `_moment` reads it."""
    return click.option(name, metavar="WHEN", callback=_moment, default=default, help=text)


@click.group(invoke_without_command=True)
@where
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000), help="Most calls shown.")
@click.option("--outcome", type=click.Choice([outcome.value for outcome in Outcome]), help="Only calls that ended so.")
@click.option("--missed", is_flag=True, help="Whom to call back: missed calls nobody has handled.")
@click.option("--number", metavar="DIGITS", help="Only calls with this number, in any spelling, or its last digits.")
@click.option("--agent", metavar="NAME", help="Only this agent's calls.")
@moment_option("--since", 'Only calls since then: "2h", "today", "2026-06-01 08:00".', None)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def calls(
    ctx: click.Context,
    config: Path | None,
    store: str | None,
    limit: int,
    outcome: str | None,
    missed: bool,
    number: str | None,
    agent: str | None,
    since: int | None,
    as_json: bool,
) -> None:
    """List calls, newest first; `softacd calls show ID` tells how one went."""
    ctx.obj = (config, store)
    if ctx.invoked_subcommand is not None:
        return

    if missed:
        _list_missed(config, store, limit, as_json=as_json)
        return

    async def ask(history: History) -> list[CallRecord]:
        return await history.calls(limit=limit, outcome=outcome, number=number, agent=agent, since=since)

    found = ask_store(config, store, ask)
    if as_json:
        for record in found:
            click.echo(msgspec.json.encode(record))
        return
    if not found:
        click.echo("No such call.", err=True)
        return
    screen = console()
    screen.print(calls_table(found, width=screen.width))


def _list_missed(config: Path | None, store: str | None, limit: int, *, as_json: bool) -> None:
    """Whom to call back, with what each is worth where the configuration is known."""
    settings = None if store else _configuration(config)

    async def ask(history: History) -> list[MissedCaller]:
        return await history.missed_callers()

    found = ask_store(config, store, ask)[:limit]
    if settings is not None:
        worth = {queue.name: queue.missed_value for queue in settings.queues if queue.missed_value is not None}
        found = [
            msgspec.structs.replace(row, value=max(worth.get(queue, settings.missed.value) for queue in row.queues))
            for row in found
        ]
    if as_json:
        for row in found:
            click.echo(msgspec.json.encode(row))
    elif not found:
        click.echo("No missed call is open.", err=True)
    else:
        console().print(missed_table(found, currency=settings.missed.currency if settings is not None else ""))


@calls.command()
@click.argument("call", metavar="ID")
@where
@click.option("--json", "as_json", is_flag=True, help="Everything known, as one JSON object.")
@click.pass_obj
def show(obj: tuple[Path | None, str | None], call: str, config: Path | None, store: str | None, as_json: bool) -> None:
    """Tell how call ID went: verdict, ladder of its SIP messages, legs. The end of an id is enough if it is unique."""

    found = one_call(call, config or obj[0], store or obj[1])
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)))
        return
    console().print(ladder(found))


def one_call(call: str, config: Path | None, store: str | None) -> CallDetail:
    """The call of this id, or of the only id that begins or ends so. Raises ClickException."""

    async def ask(history: History) -> CallDetail | list[CallRecord]:
        return await history.call(call) or await history.find(call)

    found = ask_store(config, store, ask)
    if isinstance(found, CallDetail):
        return found
    if found:
        names = ", ".join(plain(record.id) for record in found)
        raise click.ClickException(f"{plain(call)} is the beginning or end of several calls' ids: {names}")
    raise click.ClickException(f"there is no call {plain(call)}; `softacd calls` lists them")


def ask_store(config: Path | None, store: str | None, ask: Callable[[History], Awaitable[T]]) -> T:
    """The answer of the store, which is opened for reading. Raises ClickException."""

    async def read(url: str) -> T:
        history = await Store.open_for_reading(url)
        try:
            return await ask(history)
        finally:
            await history.close()

    try:
        return asyncio.run(read(store or _configuration(config).store.url))
    except StoreError as error:
        raise click.ClickException(str(error)) from error


def _configuration(config: Path | None) -> "Configuration":
    from softacd.ops.configuration_option import find_configuration, read_or_exit

    return read_or_exit(find_configuration(config), show_warnings=False).configuration


def console() -> Console:
    """A terminal, or wide lines for the program that reads them."""
    return Console() if sys.stdout.isatty() else Console(width=PIPED_WIDTH)
