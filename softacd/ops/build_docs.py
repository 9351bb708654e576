"""Makes the parts of the documentation that the code knows better: `python -m softacd.ops.build_docs [--check]`.

State diagrams are drawn from the tables that decide, the map of the packages from the import statements, the
configuration's reference from the settings, the picture of the live view by the live view itself. In a page a made
part stands between `<!-- made: NAME -->` and `<!-- end -->`. With `--check` nothing is written and the exit status is
1 when something is out of date.
"""

import ast
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from pathlib import Path

import msgspec

from softacd.acd import agent_table
from softacd.calls.call_table import CALL_TABLE, Phase
from softacd.calls.leg_table import LEG_TABLE, LegState
from softacd.calls.views import Snapshot
from softacd.ops import reference
from softacd.ops.live_view import export_svg
from softacd.sip import registration_table, transaction_table
from softacd.sip.registration_table import RegistrationAction, RegistrationState
from softacd.sip.transaction_table import STATE_TIMERS, Machine, TransactionState

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "softacd"
PAGES = ("docs/architecture.md",)
CONFIGURATION = "docs/configuration.md"
PICTURE = "docs/images/live.svg"
MOMENT = "docs/images/live.json"
"""A snapshot taken from a running demonstration, which the picture shows."""

_MADE = re.compile(r"(<!-- made: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

Arrow = tuple[Enum, Enum, str]
"""From, to, and what moves it."""


class PageError(Exception):
    """A page asks for a part nobody makes."""


# --- diagrams --------------------------------------------------------------------------------------------------------


def diagram(first: Enum, arrows: Iterable[Arrow], last: Enum | None = None) -> str:
    """A Mermaid state diagram; arrows between the same two states become one, labelled with all that moves it."""
    labels: dict[tuple[Enum, Enum], list[str]] = {}
    names: dict[Enum, None] = {first: None}
    for source, target, label in arrows:
        names |= {source: None, target: None}
        labels.setdefault((source, target), []).append(label)
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{_words(state)}" as {state.name}' for state in names if _words(state) != state.name]
    lines.append(f"    [*] --> {first.name}")
    for (source, target), found in labels.items():
        said = "<br/>".join(dict.fromkeys(label for label in found if label))
        lines.append(f"    {source.name} --> {target.name}" + (f": {said}" if said else ""))
    if last is not None:
        lines.append(f"    {last.name} --> [*]")
    return "\n".join([*lines, "```", ""])


def _words(member: Enum) -> str:
    """A state or an input as people say it: "backing off", "300 to 699", "timer A"."""
    if isinstance(member.value, str):
        return member.value.replace("-", " ")
    text = member.name.lower().replace("_", " ").removeprefix("response ").replace("300 699", "300 to 699")
    return re.sub(r"(?<=timer )[a-m]$|^ack$", lambda found: found.group().upper(), text)


def _transaction(machine: Machine) -> str:
    rows = transaction_table.TABLES[machine].items()
    arrows: list[Arrow] = []
    for (state, moved_by), (target, actions) in rows:
        if state is target and not actions:
            continue  # absorbed: drawn, these arrows would hide the others
        doing = f" / {', '.join(_words(action) for action in actions)}" if actions else ""
        arrows.append((state, target, f"{_words(moved_by)}{doing}"))
    timers = [
        f"{_words(state)}: timer {' and '.join(timer.name for timer in names)}"
        for state, names in STATE_TIMERS[machine].items()
    ]
    picture = diagram(transaction_table.INITIAL[machine], arrows, TransactionState.TERMINATED)
    return f"{picture}\nTimers that run: {'; '.join(timers)}.\n"


def _registration() -> str:
    arrows: list[Arrow] = []
    for (state, moved_by), (target, action) in registration_table.TABLE.items():
        if state is target and action is RegistrationAction.NONE:
            continue
        doing = "" if action is RegistrationAction.NONE else f" / {_words(action)}"
        arrows.append((state, target, f"{_words(moved_by)}{doing}"))
    return diagram(RegistrationState.UNREGISTERED, arrows)


def _leg(first: LegState) -> str:
    """The part of the leg's table that can be reached from `first`, `arrived` (incoming) or `dialing` (outgoing)."""
    reached = [first]
    for state in reached:
        reached += [target for target in dict.fromkeys(LEG_TABLE[state].values()) if target not in reached]
    arrows = [
        (state, target, _words(moved_by))
        for state in LegState
        if state in reached
        for moved_by, target in LEG_TABLE[state].items()
        if state is not target
    ]
    return diagram(first, arrows, LegState.ENDED)


def _call() -> str:
    arrows = [(phase, after, "") for phase in Phase for after in Phase if after in CALL_TABLE[phase] - {phase}]
    return diagram(Phase.ARRIVED, arrows, Phase.ENDED)


def _agent() -> str:
    arrows = [
        (state, target, _words(trigger))
        for state, row in agent_table.STATES.items()
        for trigger, target in row.items()
        if state is not target
    ]
    return diagram(next(iter(agent_table.STATES)), arrows)


def _status_effects() -> str:
    """What becomes of a status an agent chooses, by the state the agent is in."""
    statuses = list(next(iter(agent_table.STATUS_EFFECTS.values())))
    lines = [
        "| agent is | " + " | ".join(_words(status) for status in statuses) + " |",
        "| --- |" + " --- |" * len(statuses),
    ]
    for state, effects in agent_table.STATUS_EFFECTS.items():
        cells = " | ".join(_words(effects[status]) for status in statuses)
        lines.append(f"| {_words(state)} | {cells} |")
    return "\n".join(lines) + "\n"


# --- packages ---------------------------------------------------------------------------------------------------------


def imported_packages() -> dict[str, set[str]]:
    """Package of ours -> packages of ours it imports, from the import statements."""
    found: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).parts
        if len(parts) < 2:
            continue
        known = found.setdefault(parts[0], set())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("softacd."):
                known.add((node.module or "").split(".")[1])
        known.discard(parts[0])
    return found


def _packages() -> str:
    imports = {name: others for name, others in imported_packages().items() if name != "ops"}
    arrows = [(other, name) for name, others in sorted(imports.items()) for other in sorted(_nearest(others, imports))]
    drawn = {name for arrow in arrows for name in arrow}
    lines = ["```mermaid", "flowchart BT"]
    lines += [f"    {used} --> {user}" for used, user in arrows]
    lines += [f"    {name}" for name in sorted(set(imports) - drawn)]
    return "\n".join([*lines, "```", ""])


def _nearest(others: set[str], imports: Mapping[str, set[str]]) -> set[str]:
    """Without what is reached through another of them: the picture shows the shortest story."""
    return {one for one in others if not any(one in imports.get(other, ()) for other in others)}


# --- pages ------------------------------------------------------------------------------------------------------------

PARTS: dict[str, Callable[[], str]] = {
    "packages": _packages,
    "invite-client-transaction": lambda: _transaction(Machine.INVITE_CLIENT),
    "client-transaction": lambda: _transaction(Machine.CLIENT),
    "invite-server-transaction": lambda: _transaction(Machine.INVITE_SERVER),
    "server-transaction": lambda: _transaction(Machine.SERVER),
    "registration": _registration,
    "incoming-leg": lambda: _leg(LegState.ARRIVED),
    "outgoing-leg": lambda: _leg(LegState.DIALING),
    "call": _call,
    "agent": _agent,
    "status-effects": _status_effects,
}
"""Name in a page's marker -> what makes the part."""


def fill(text: str) -> str:
    """A page with its made parts made anew. Raises PageError for a part nobody makes."""

    def made(found: re.Match[str]) -> str:
        name = found.group(2)
        if name not in PARTS:
            raise PageError(f"nobody makes {name!r}; there are: {', '.join(PARTS)}")
        return f"{found.group(1)}{PARTS[name]()}{found.group(3)}"

    return _MADE.sub(made, text)


def picture() -> str:
    """The live view of the moment in docs/images/live.json, its clock in UTC wherever the page is made."""
    snapshot = msgspec.json.decode((ROOT / MOMENT).read_bytes(), type=Snapshot)
    zone = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    try:
        return export_svg(snapshot, width=100, name="softacd demo")
    finally:
        if zone is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = zone
        time.tzset()


def documents() -> dict[str, str]:
    """File, relative to the source tree -> what it should contain."""
    made = {name: fill((ROOT / name).read_text(encoding="utf-8")) for name in PAGES}
    return made | {CONFIGURATION: reference.build(), PICTURE: picture()}


def outdated() -> dict[str, str]:
    """Those of `documents` that are not what they should be."""
    return {
        name: text
        for name, text in documents().items()
        if not (ROOT / name).is_file() or (ROOT / name).read_text(encoding="utf-8") != text
    }


def main(arguments: list[str]) -> int:
    """Write what is out of date, or only say so; the exit status."""
    check = "--check" in arguments
    stale = outdated()
    for name, text in stale.items():
        print(f"{'out of date' if check else 'written'}: {name}")
        if not check:
            (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / name).write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
