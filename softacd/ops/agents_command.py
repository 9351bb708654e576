"""`softacd agents times`: how agents spent their time. Reads the store, also of a running softacd."""

import time
from pathlib import Path

import click
import msgspec
from rich.table import Table
from rich.text import Text

from softacd.calls.agent_times import AgentTimes, add_up
from softacd.calls.records import AgentTime
from softacd.ops.calls_command import ask_store, console, moment_option, where
from softacd.ops.calls_words import duration, plain
from softacd.store import History

DAY = 86_400_000


@click.group()
def agents() -> None:
    """Who takes calls: how they spent their time."""


@agents.command()
@click.argument("agent", metavar="[NAME]", required=False)
@where
@moment_option("--since", 'Only times since then: "8h", "today" (unless given), "2026-06-01 08:00".', "today")
@moment_option("--before", "Only times that began before then.", None)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def times(
    agent: str | None, config: Path | None, store: str | None, since: int, before: int | None, as_json: bool
) -> None:
    """Tell how NAME, or everybody, spent the time, by status and reason.

    What a running softacd has not written yet (less than a quarter of an hour) is not in it.
    """
    until = int(time.time() * 1000) if before is None else before

    async def ask(history: History) -> list[AgentTime]:
        return await history.agent_times(agent=agent, since=since, before=until)

    found: dict[str, list[AgentTime]] = {}
    for row in ask_store(config, store, ask):
        found.setdefault(row.agent, []).append(row)
    sums = [add_up(name, rows, since=since, before=until) for name, rows in sorted(found.items())]
    if as_json:
        for one in sums:
            click.echo(msgspec.json.encode(one))
    elif not sums:
        click.echo("No time of agents is recorded there.", err=True)
    else:
        console().print(times_table(sums))


def times_table(sums: list[AgentTimes]) -> Table:
    """A line a status and reason, an agent's own sum above them."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("Agent", "Status", "Paid"):
        table.add_column(title, no_wrap=True)
    for title in ("Time", "Idle", "Ringing", "Talk", "Hold", "Wrap-up", "Own calls"):
        table.add_column(title, no_wrap=True, justify="right")
    for one in sums:
        table.add_row(Text(plain(one.agent), "bold"), "logged in", duration(one.paid_ms), duration(one.logged_in_ms))
        for row in one.statuses:
            parts = (row.idle_ms, row.ringing_ms, row.talk_ms, row.hold_ms, row.wrap_up_ms, row.own_call_ms)
            table.add_row(
                "",
                Text(plain(f"{row.status}: {row.reason}" if row.reason else row.status)),
                "yes" if row.paid else "no",
                duration(row.total_ms),
                *(duration(part) if part else "" for part in parts),
            )
    return table
