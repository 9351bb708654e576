"""`softacd explain CALL`: why these phones rang for a caller, and why the others did not."""

from pathlib import Path

import click
from rich.console import Group
from rich.table import Table
from rich.text import Text

from softacd.calls.records import CallEvent
from softacd.ops.calls_command import console, one_call, where
from softacd.ops.calls_words import plain, verdict
from softacd.store import CallDetail

MILESTONES = frozenset(
    {"queue-joined", "meant-for", "announced", "refused", "withdrawn", "connected", "queue-left", "cut-off"}
)
"""What is told between the decisions, so that each is seen in its place."""


@click.command()
@click.argument("call", metavar="CALL")
@where
def explain(call: str, config: Path | None, store: str | None) -> None:
    """Tell of every decision about CALL who rang and why, and why the others did not. The end of an id is enough."""
    console().print(told(one_call(call, config, store)))


def told(detail: CallDetail) -> Group:
    """The decisions in the order they were made, each agent on a line of his own."""
    began = detail.call.started
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    decisions = 0
    for event in detail.events:
        at = f"+{(event.at - began) / 1000:.3f}"
        if event.kind == "why":
            decisions += 1
            for first, (mark, agent, why) in enumerate(_lines(event)):
                table.add_row("" if first else at, mark, Text.assemble((agent, "bold"), f" {why}"))
        elif event.kind in MILESTONES:
            table.add_row(at, "", Text(f"{plain(event.kind).replace('-', ' ')}: {plain(event.detail)}", style="italic"))
    head = Text(verdict(detail.call, detail.events, detail.segments))
    if not decisions:
        return Group(head, Text("No queue decided anything about this call.", style="dim"))
    return Group(head, Text(), table)


def _lines(event: CallEvent) -> list[tuple[str, str, str]]:
    """Mark, agent and why of every agent in one decision; the place in line first."""
    place, _, rest = plain(event.detail).partition(": ")
    ringing, _, others = rest.partition(" | ")
    lines = [("", place, "in line")]
    for mark, part in (("rings", ringing), ("", others)):
        for one in filter(None, part.split("; ")):
            agent, colon, why = one.partition(": ")
            if colon:
                lines.append((mark, agent, why))
            elif agent == "nobody":
                lines.append(("", "nobody", "rings"))
            elif agent.endswith(" more"):
                lines.append(("", agent, "do not ring"))
            else:  # the second half of a sentence about the agent before
                before = lines[-1]
                lines[-1] = (before[0], before[1], f"{before[2]}; {agent}")
    return lines
