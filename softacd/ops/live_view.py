"""The live view of a switch as a terminal shows it: a pure function from a Snapshot to something rich can print.

`render` draws one picture and knows no clock, no network and no screen; `softacd top` and `softacd demo` call it once a
second. Below `WIDE` columns everything stands in one column (made for 80x24); from there on agents stand beside the
queues (made for 120x40). With `height` given, agents and then calls are cut to fit and the cut is told.
"""

import io
import re
from datetime import UTC, datetime

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from softacd.calls.views import TRUNK_UP, AgentView, Snapshot, TrunkView
from softacd.ops.live_columns import (
    AGENT_COLUMNS,
    CALL_COLUMNS,
    QUEUE_COLUMNS,
    QUIET,
    Scene,
    agent_word,
    clock,
    service_level_column,
    tabulate,
)

__all__ = ["WIDE", "agent_word", "clock", "export_svg", "render"]

WIDE = 116
"""Columns from which agents are shown beside queues."""
_GAP = 2
_LEAST_ROWS = 2

_TRUNK_ON_ITS_WAY = frozenset(
    {"unregistered", "registering", "resolving", "backing-off", "stopping", "leaving", "deregistering"}
)


def render(
    snapshot: Snapshot,
    *,
    width: int,
    now: int | None = None,
    height: int | None = None,
    name: str = "softacd",
) -> RenderableType:
    """Draw `snapshot` for a terminal of `width` columns (and at most `height` rows, when given).

    `now` is the wall clock in milliseconds since 1970-01-01 UTC, as in the snapshot; None takes the snapshot's own
    time. Clocks in the picture run against `now`. Any width from 40 up gives a picture; narrow ones leave columns out.
    """
    at = snapshot.at if now is None else now
    wide = width >= WIDE
    left = (width + _GAP) // 2 + 2 if wide else width
    right = width - left - _GAP if wide else width
    trunk_lines = [_trunk_line(trunk, snapshot.trunks, width) for trunk in snapshot.trunks]
    agent_rows, call_rows = _share(
        None if height is None else height - 2 - len(trunk_lines or " "),
        len(snapshot.queues or " ") + 2,
        len(snapshot.agents),
        len(snapshot.calls),
        beside=wide,
    )
    scene = Scene(at, {call.id: call for call in snapshot.calls})

    trunks = Group(_heading("Trunks"), *(trunk_lines or [_hint("no trunk: nobody can call in from outside")]))
    columns = (*QUEUE_COLUMNS, service_level_column(left))
    queues = tabulate(columns, snapshot.queues, scene, width=left, room=None, what="queues")
    agents = tabulate(
        AGENT_COLUMNS,
        _those_who_work_first(snapshot.agents, agent_rows),
        scene,
        width=right,
        room=agent_rows,
        what="agents",
    )
    calls = tabulate(
        CALL_COLUMNS,
        sorted(snapshot.calls, key=lambda call: (call.started, call.id)),
        scene,
        width=width,
        room=call_rows,
        what="calls",
    )
    lines = Group(_heading("Queues"), queues if snapshot.queues else _hint("no queue is configured"))
    people = Group(_heading("Agents"), agents if snapshot.agents else _hint("no agent is configured"))
    lower = Group(_heading("Calls"), calls if snapshot.calls else _hint("no calls at the moment"))
    if not wide:
        return Group(_header(snapshot, at, name, width), trunks, lines, people, lower)
    beside = Table.grid(padding=(0, _GAP, 0, 0), pad_edge=False)
    beside.add_column(width=left)
    beside.add_column(width=right)
    beside.add_row(lines, people)
    return Group(_header(snapshot, at, name, width), trunks, beside, lower)


def export_svg(snapshot: Snapshot, *, width: int = 100, now: int | None = None, name: str = "softacd") -> str:
    """The picture as an SVG document that refers to nothing on the network."""
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(render(snapshot, width=width, now=now, name=name))
    # rich names a font on a content delivery network; a document of ours must not call out
    local = re.sub(r"@font-face \{\{.*?\}\}|<!--.*?-->", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return console.export_svg(title=f"{name} top", code_format=local)


def _share(room: int | None, queues: int, agents: int, calls: int, *, beside: bool) -> tuple[int | None, int | None]:
    """How many rows agents and calls get, when `room` rows are left for all below the trunks (None: all they like).

    Each table has a heading and a row of column names (in `queues` they are counted). When both cannot have all they
    want, calls get half of what is left.
    """
    if room is None:
        return None, None
    if beside:
        agent_rows = max(_LEAST_ROWS, queues - 2, min(agents, room - 4 - min(max(1, calls), room // 2)))
        return agent_rows, max(_LEAST_ROWS, room - 2 - max(queues, 2 + min(agents, agent_rows)))
    left = room - queues - 4
    agent_rows = max(_LEAST_ROWS, min(agents, left - min(max(1, calls), left // 2)))
    return agent_rows, max(_LEAST_ROWS, left - agent_rows)


def _heading(title: str) -> Rule:
    return Rule(Text(title, style="bold"), align="left", style=QUIET, characters="─")


def _hint(words: str) -> Text:
    return Text(f"   {words}", style=QUIET)


def _header(snapshot: Snapshot, at: int, name: str, width: int) -> Table:
    answered = sum(queue.answered for queue in snapshot.queues)
    abandoned = sum(queue.abandoned for queue in snapshot.queues)
    registered = sum(1 for phone in snapshot.phones if phone.contacts)
    everyone = len(snapshot.phones)
    middle = Text.assemble(("calls ", QUIET), (str(len(snapshot.calls)), "bold"))
    if width >= 60:
        middle.append("   today ", style=QUIET).append(str(answered), style="bold green")
        middle.append(" answered, ", style=QUIET).append(str(abandoned), style="bold red" if abandoned else QUIET)
        middle.append(" lost", style=QUIET)
    if width >= 72:
        middle.append("   phones ", style=QUIET)
        middle.append(f"{registered} of {everyone}", style="bold" if registered == everyone else "bold yellow")
    header = Table.grid(expand=True)
    header.add_column(no_wrap=True)
    header.add_column(justify="center", ratio=1, no_wrap=True)
    header.add_column(justify="right", no_wrap=True)
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone()
    header.add_row(Text(f" {name} ", style="bold white on blue"), middle, Text(f"{local:%H:%M:%S} ", style="bold"))
    return header


def _trunk_line(trunk: TrunkView, everyone: tuple[TrunkView, ...], width: int) -> Text:
    """One trunk: a dot, its name, what it is doing, how far it is, how loaded, and the trouble when there is some."""
    silent = trunk.state in TRUNK_UP and not trunk.up
    colour = "green" if trunk.up else "yellow" if trunk.state in _TRUNK_ON_ITS_WAY else "red"
    distance = "" if trunk.round_trip_ms is None else f"{trunk.round_trip_ms:.0f} ms"
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(" ● ", style=colour)
    line.append(trunk.name.ljust(max(len(one.name) for one in everyone)), style="bold")
    line.append(f"  {'silent' if silent else trunk.state:<12}", style=colour)
    line.append(f"{distance:>8}", style=QUIET)
    line.append(f"  {trunk.calls:>3} ", style="bold" if trunk.calls else QUIET)
    line.append("call " if trunk.calls == 1 else "calls", style=QUIET)
    if colour != "green" and trunk.cause:
        line.append(f"  {trunk.cause}", style=colour)
    line.truncate(width, overflow="ellipsis")
    return line


def _those_who_work_first(agents: tuple[AgentView, ...], room: int | None) -> list[AgentView]:
    """The agents in their usual order, so that no row jumps; when rows must be cut, people at work are shown."""
    if room is None or len(agents) <= room:
        return list(agents)
    shown = {agent.name for agent in sorted(agents, key=_absence)[: room - 1]}
    return sorted(agents, key=lambda agent: agent.name not in shown)


def _absence(agent: AgentView) -> int:
    """0 for who is in a call, 1 for who could be, more for who is away."""
    if agent.state != "idle":
        return 0
    return {"available": 1, "logged-out": 3}.get(agent.status, 2)
