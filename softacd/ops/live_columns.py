"""The columns of the live view's three tables, as data: heading, width, the room they need, and the cell.

`Scene` is what a cell may know beside its row: the wall clock and the calls by id.
"""

from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from softacd.calls.views import AgentView, CallView, QueueView

View = TypeVar("View")

QUIET = "bright_black"
ROOMY = 78
"""Columns of screen from which tables have wide gaps and long bars."""
FULL = 61
"""Columns from which a table shows what is good to know, not only what is needed."""
_NOTHING = Text("·", style=QUIET)
_ARROWS = {"incoming": ("→", "green"), "outgoing": ("←", "cyan"), "internal": ("↔", "magenta")}
_STATUS_STYLES = {"break": "yellow", "lunch": "yellow", "not-ready": "red", "logged-out": QUIET}
_STATE_STYLES = {
    "offered": "bright_cyan",
    "ringing": "bold bright_cyan",
    "talking": "bold bright_blue",
    "held": "bright_magenta",
    "wrap-up": "yellow",
    "after-call": "yellow",
    "own-call": "blue",
}
_PHASE_STYLES = {
    "queue": "yellow",
    "ringing": "bright_cyan",
    "talking": "bright_blue",
    "held": "bright_magenta",
    "transferring": "bright_magenta",
}
_SERVICE_LEVEL_STYLES = ((0.8, "green"), (0.5, "yellow"), (0.0, "red"))


_VOICE_STYLES = ((4.0, "green"), (3.6, "yellow"), (0.0, "red"))
"""Satisfied, some dissatisfied, many dissatisfied (ITU-T G.107 annex B)."""


class Scene(NamedTuple):
    """What every cell may look at: wall-clock milliseconds, and the calls that live by their id."""

    at: int
    calls: dict[str, CallView]


class Column(NamedTuple, Generic[View]):
    """One column: `most` is its greatest width (0: as wide as its widest cell), `room` the table width it needs.

    Columns that `shrink` give way first when the table is wider than the screen.
    """

    title: str
    cell: Callable[[View, Scene], str | Text]
    right: bool = False
    most: int = 0
    room: int = 0
    shrink: bool = False


def clock(milliseconds: float) -> str:
    """A duration as people read it: "0:07", "12:34", "1:02:03", "3 days". Negative ones (clocks that differ) are 0."""
    seconds = max(0, int(milliseconds // 1000))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} days"
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def tabulate(
    columns: Sequence[Column[View]], rows: Sequence[View], scene: Scene, *, width: int, room: int | None, what: str
) -> RenderableType:
    """The table of the columns that `width` has place for and the rows that `room` has; says how many are left out."""
    shown = [column for column in columns if column.room <= width]
    table = Table(box=None, padding=(0, 2 if width >= ROOMY else 1, 0, 0), header_style=QUIET, pad_edge=False)
    for column in shown:
        table.add_column(
            column.title,
            justify="right" if column.right else "left",
            no_wrap=not column.shrink,
            overflow="ellipsis",
            max_width=column.most or None,
        )
    cut = len(rows) if room is None or len(rows) <= room else max(0, room - 1)
    for row in rows[:cut]:
        table.add_row(*(_one_line(column.cell(row, scene)) for column in shown))
    if cut == len(rows):
        return table
    return Group(table, Text(f"  and {len(rows) - cut} more {what}", style=QUIET))


def _one_line(cell: str | Text) -> Text:
    text = Text(cell) if isinstance(cell, str) else cell.copy()
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def agent_word(agent: AgentView) -> tuple[str, str]:
    """One word for status and state together, and its style. What the machine sees outranks what the human said."""
    if agent.state != "idle":
        return agent.state, _STATE_STYLES.get(agent.state, "white")
    if agent.status != "available":
        return agent.reason or agent.status, _STATUS_STYLES.get(agent.status, "white")
    return ("ready", "green") if agent.reachable else ("no phone", "red")


def _count(value: int, style: str) -> Text:
    """A number that catches the eye only when it is not nought."""
    return Text(str(value), style=style if value else QUIET)


def _about(seconds: float | None) -> Text:
    """An expected wait: rounded to five seconds, since it is an estimate; a dot when there is none."""
    return _NOTHING if seconds is None else Text("~" + clock(round(seconds / 5) * 5000))


def _expected(queue: QueueView) -> Text:
    """What the last in line may expect, and how far such estimates were off lately."""
    if queue.estimate_error_s is None:
        return _about(queue.expected_wait)
    error = f"±{clock(round(queue.estimate_error_s / 5) * 5000)}"
    if queue.expected_wait is None:
        return Text(error, style=QUIET)
    return Text.assemble(_about(queue.expected_wait), (f" {error}", QUIET))


def _level(share: float | None, cells: int) -> Text:
    """The service level as a bar and per cent, green from 80 %, yellow from 50 %."""
    if share is None:
        return _NOTHING
    share = min(1.0, max(0.0, share))
    colour = next(style for least, style in _SERVICE_LEVEL_STYLES if share >= least)
    full = round(share * cells)
    return Text.assemble(("━" * full, colour), ("━" * (cells - full), QUIET), (f" {share * 100:3.0f} %", colour))


def _caller_of(agent: AgentView, scene: Scene) -> str:
    call = scene.calls.get(agent.call)
    if call is None:
        return ""
    return call.called if call.direction == "outgoing" else call.caller_name or call.caller


def _agent_name(agent: AgentView, _: Scene) -> Text:
    return Text.assemble((" ● ", agent_word(agent)[1]), agent.display_name or agent.name)


def _phone(agent: AgentView, _: Scene) -> Text:
    """Struck out when it cannot be reached; in red only when its owner is at work."""
    missed = "strike" if agent.status == "logged-out" else "red strike"
    return Text(agent.phone, style=QUIET if agent.reachable else missed)


def _arrow(call: CallView, _: Scene) -> Text:
    arrow, style = _ARROWS.get(call.direction, ("?", "white"))
    return Text(f" {arrow}", style=style)


def _waits(call: CallView) -> bool:
    return bool(call.queue) and not call.agent


def _voice(call: CallView, _: Scene) -> Text:
    """The worse of what both sides say and hear, as MOS; or who is not heard at all."""
    for leg in call.legs:
        if leg.fault:
            return Text(f"{leg.party.partition(':')[2]} {leg.fault}", style="bold red")
    scores = [score for leg in call.legs for score in (leg.mos, leg.remote_mos) if score]
    if not scores:
        return _NOTHING
    worst = min(scores)
    return Text(f"{worst:.1f}", style=next(style for least, style in _VOICE_STYLES if worst >= least))


def _waiting(queue: QueueView) -> Text:
    """Who waits on the telephone, and after a plus who is called back."""
    waiting = _count(queue.waiting, "bold yellow")
    return waiting.append(f"+{queue.call_backs}", "dim") if queue.call_backs else waiting


QUEUE_COLUMNS: tuple[Column[QueueView], ...] = (
    Column("  queue", lambda queue, _: Text(f"  {queue.name}", style="bold"), most=16, shrink=True),
    Column("wait", lambda queue, _: _waiting(queue), right=True),
    Column("longest", lambda queue, _: clock(queue.longest_wait_s * 1000) if queue.waiting else _NOTHING, right=True),
    Column("expect", lambda queue, _: _expected(queue), right=True, room=FULL),
    Column("ready", lambda queue, _: _count(queue.ready, "green"), right=True),
    Column("busy", lambda queue, _: _count(queue.busy, "bright_blue"), right=True, room=FULL),
    Column("ans", lambda queue, _: _count(queue.answered, "green"), right=True, room=FULL),
    Column("lost", lambda queue, _: _count(queue.abandoned, "red"), right=True, room=50),
)
"""Followed by `service_level_column`, whose bar takes the room that is left."""


def service_level_column(width: int) -> Column[QueueView]:
    """The bar of the service level, as long as a table of `width` columns has place for."""
    cells = 4 if width < ROOMY else 10 if width < 90 else 20
    return Column("level" if width < ROOMY else "service level", lambda queue, _: _level(queue.service_level, cells))


AGENT_COLUMNS: tuple[Column[AgentView], ...] = (
    Column("   agent", _agent_name, most=18, shrink=True),
    Column("ext", _phone, most=6, room=55),
    Column("state", lambda agent, _: Text(*agent_word(agent)), most=12),
    Column("since", lambda agent, scene: clock(scene.at - agent.since) if agent.since else "", right=True),
    Column("with", _caller_of, most=16, shrink=True),
    Column("ans", lambda agent, _: _count(agent.answered_today, "green"), right=True, room=50),
)

CALL_COLUMNS: tuple[Column[CallView], ...] = (
    Column("", _arrow),
    Column("caller", lambda call, _: Text(call.caller, style="bold"), most=16, shrink=True),
    Column("name", lambda call, _: Text(call.caller_name, style="bold"), most=18, room=100, shrink=True),
    Column("called", lambda call, _: call.called, most=16, room=100, shrink=True),
    Column("trunk", lambda call, _: Text(call.trunk, style=QUIET), most=12, room=100, shrink=True),
    Column("phase", lambda call, _: Text(call.phase, style=_PHASE_STYLES.get(call.phase, "white")), most=12),
    Column("for", lambda call, scene: clock(scene.at - call.since), right=True),
    Column("queue", lambda call, _: Text(call.queue, style="white" if _waits(call) else QUIET), most=12, shrink=True),
    Column("place", lambda call, _: str(call.position) if call.position else "", right=True, room=72),
    Column("expect", lambda call, _: _about(call.expected_wait) if _waits(call) else "", right=True, room=72),
    Column("agent", lambda call, _: call.agent, most=12, shrink=True),
    Column("total", lambda call, scene: clock(scene.at - call.started), right=True, room=72),
    Column("voice", _voice, most=24, room=100, shrink=True),
)
