"""What the demonstration shows at its end: a table of the calls, a verdict, and the same as JSON."""

from typing import Any

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from softacd.calls.records import MISSED_OUTCOMES, Outcome
from softacd.ops.demo.accounts import Account
from softacd.ops.demo.stage import Result

_COLOURS = {
    Outcome.ANSWERED.value: "green",
    Outcome.ABANDONED.value: "yellow",
    Outcome.MISSED.value: "yellow",
}


WIDE = 112
ROWS = 100
"""Calls in the table; of more, the last so many."""
BUSY = 0.2
"""Seconds of lateness worth telling: sound suffers, and not by the switch's fault alone."""
COLUMNS = ("#", "caller", "key", "queue", "wait", "agent", "talk", "outcome", "ended by")
NARROW = ("#", "caller", "key", "queue", "wait", "agent", "talk", "outcome")
RIGHT = frozenset({"#", "wait", "talk"})
DIM = frozenset({"#", "heard"})


def passed(result: Result) -> bool:
    """Whether every call is explained, nothing stayed open and the switch ended as it should."""
    explained = all(account.explained for account in result.accounts)
    return explained and not any(result.left.values()) and result.exit_status == 0


def figures(result: Result, seed: int) -> dict[str, Any]:
    """Give the result as JSON shows it; `failed` counts calls that are not explained."""
    outcomes = [account.outcome for account in result.accounts]
    return {
        "calls": len(result.accounts),
        "answered": outcomes.count(Outcome.ANSWERED.value),
        "abandoned": sum(outcomes.count(outcome.value) for outcome in MISSED_OUTCOMES),
        "failed": sum(not account.explained for account in result.accounts),
        "explained": sum(account.explained for account in result.accounts),
        "open": result.left,
        "rings": msgspec.to_builtins(result.rings),
        "breaks": result.breaks,
        "lateness": round(result.lateness, 3),
        "exit_status": result.exit_status,
        "seconds": round(result.seconds, 1),
        "seed": seed,
        "recording": str(result.recording) if result.recording is not None else "",
        "accounts": [msgspec.to_builtins(account) for account in result.accounts],
    }


def summary(result: Result, *, directory: str, kept: bool, width: int) -> RenderableType:
    """Draw the table of calls and what follows from it; what each caller heard only where there is room."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    wide = width >= WIDE
    for heading in (*COLUMNS, "heard", "explained") if wide else (*NARROW, "explained"):
        right = heading in RIGHT
        table.add_column(
            heading, justify="right" if right else "left", style="dim" if heading in DIM else "", no_wrap=True
        )
    left_out = max(0, len(result.accounts) - ROWS)
    for number, account in enumerate(result.accounts, 1):
        if number > left_out or not account.explained:
            table.add_row(*_row(number, account, wide=wide))
    title = (
        [Text(f"The last {ROWS} of {len(result.accounts)} calls, and all that are not explained:")] if left_out else []
    )
    doubts = [
        Text(f"  {number} {account.caller}: {'; '.join(account.doubts)}", style="red")
        for number, account in enumerate(result.accounts, 1)
        if account.doubts
    ]
    return Group(*title, table, Text(), *doubts, *_verdicts(result), *_pointers(result, directory, kept=kept))


def _row(number: int, account: Account, *, wide: bool) -> list[RenderableType]:
    queued = bool(account.queue)
    return [
        str(number),
        account.caller,
        Text(account.key or "-") + Text(" info" if account.key and account.key_by == "info" else "", style="dim"),
        account.queue or "-",
        f"{account.wait:.1f} s" if queued else "-",
        account.agent or "-",
        f"{account.talk:.1f} s" if account.talk else "-",
        Text(account.outcome, style=_COLOURS.get(account.outcome, "red")),
        *([account.ended_by or "-", _heard(account)] if wide else []),
        Text("yes", style="green") if account.explained else Text("no", style="bold red"),
    ]


def _heard(account: Account) -> str:
    heard = account.heard
    parts = {"greeting": heard.greeting, "notice": heard.notice, "music": heard.music, "agent": heard.agent}
    return ", ".join(name for name, was in parts.items() if was)


def _verdicts(result: Result) -> list[Text]:
    total = len(result.accounts)
    explained = sum(account.explained for account in result.accounts)
    lines = [
        _line(explained == total, f"{explained} of {total} calls explained")
        + Text(" (callers, agents' phones and records agree)", style="dim")
    ]
    rings = result.rings
    lines.append(
        Text("     ")
        + Text(
            f"{rings.total} rings at agents' phones: {rings.answered} answered, {rings.elsewhere} answered elsewhere, "
            f"{rings.ignored} ignored, {rings.declined} declined, {rings.given_up} given up by the caller; "
            f"{result.breaks} break{'' if result.breaks == 1 else 's'} taken",
            style="dim",
        )
    )
    if result.lateness > BUSY:
        lines.append(
            Text(f"     this machine was busy: timers came up to {result.lateness:.1f} s late", style="yellow")
        )
    left = {name: count for name, count in result.left.items() if count}
    if left:
        lines.append(_line(False, "left open: " + ", ".join(f"{count} {name}" for name, count in left.items())))
    else:
        lines.append(_line(True, "nothing left open") + Text(f" ({', '.join(result.left)})", style="dim"))
    ended = "the switch ended cleanly" if result.exit_status == 0 else f"the switch ended with {result.exit_status}"
    lines.append(_line(result.exit_status == 0, ended) + Text(f" after {result.seconds:.0f} s", style="dim"))
    return lines


def _line(good: bool, words: str) -> Text:
    return Text("ok   " if good else "FAIL ", style="bold green" if good else "bold red") + Text(words)


def _pointers(result: Result, directory: str, *, kept: bool) -> list[Text]:
    lines = [Text()]
    if result.recording is not None:
        lines.append(Text("listen  ", style="dim") + Text(str(result.recording)))
        lines.append(
            Text("ladder  ", style="dim")
            + Text(f"softacd calls show {result.recorded_call} --store sqlite:///{directory}/data/softacd.db")
        )
    lines.append(Text("log     ", style="dim") + Text(f"{directory}/softacd.log"))
    if not kept:
        lines.append(Text("next    ", style="dim") + Text("softacd init DIRECTORY writes a configuration of your own"))
    return lines
