"""Calls of the past as a terminal shows them: pure functions from records to something rich can print.

Times are local, unless a `zone` is given.
"""

from collections.abc import Sequence
from datetime import tzinfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from softacd.calls.missed import MissedCaller
from softacd.calls.records import CallRecord, Direction, LegRecord, Outcome
from softacd.ops.calls_ladder import Ladder
from softacd.ops.calls_words import duration, moment, plain, reason_text, verdict
from softacd.store import CallDetail

__all__ = ["calls_table", "ladder", "missed_table", "verdict"]

WIDE = 124
"""Columns from which caller and called stand apart, with the whole id; below, the other party and the end of the id."""
QUIET = "bright_black"

ARROWS = {Direction.INCOMING: ("→", "green"), Direction.OUTGOING: ("←", "cyan"), Direction.INTERNAL: ("↔", "magenta")}
OUTCOME_STYLES = {
    Outcome.OPEN: "bold bright_blue",
    Outcome.ANSWERED: "green",
    Outcome.ABANDONED: "bold red",
    Outcome.MISSED: "bold red",
    Outcome.BUSY: "yellow",
    Outcome.NO_ANSWER: "yellow",
    Outcome.FAILED: "red",
    Outcome.REFUSED: "red",
    Outcome.SERVED: "cyan",
    Outcome.INTERRUPTED: "magenta",
}


def calls_table(calls: Sequence[CallRecord], *, width: int = WIDE, zone: tzinfo | None = None) -> Table:
    """A line a call, in the order given. The id's end that is shown is enough for `softacd calls show`."""
    wide = width >= WIDE
    table = _table()
    table.add_column("Time", no_wrap=True)
    table.add_column("", no_wrap=True)
    for title in ("Caller", "Called") if wide else ("Number",):
        table.add_column(title, no_wrap=True, overflow="ellipsis", max_width=24)
    table.add_column("Queue", no_wrap=True, overflow="ellipsis", max_width=14)
    table.add_column("Agent", no_wrap=True, overflow="ellipsis", max_width=14)
    table.add_column("Wait", no_wrap=True, justify="right")
    table.add_column("Talk", no_wrap=True, justify="right")
    table.add_column("Outcome", no_wrap=True)
    if topics := any(call.topic for call in calls):
        table.add_column("Topic", no_wrap=True, overflow="ellipsis", max_width=18)
    table.add_column("Id", no_wrap=True, style=QUIET)
    for call in calls:
        parties = (call.caller, call.called) if wide else (_other_party(call),)
        table.add_row(
            Text(f"{moment(call.started, zone):{'%Y-%m-%d %H:%M:%S' if wide else '%d %b %H:%M'}}"),
            Text(*ARROWS[call.direction]),
            *(Text(plain(party)) for party in parties),
            Text(plain(call.queue)),
            Text(plain(call.agent)),
            _time(_wait_ms(call)),
            _time(call.talk_ms),
            _outcome(call),
            *((Text(plain(call.topic)),) if topics else ()),
            Text(plain(call.id if wide else call.id.partition("-")[2] or call.id)),
        )
    return table


def missed_table(callers: Sequence[MissedCaller], *, currency: str = "", zone: tzinfo | None = None) -> Table:
    """Whom to call back: a line a caller, with how often and how long they waited, whose task it is, what it costs."""
    table = _table()
    table.add_column("Last call", no_wrap=True)
    table.add_column("First", no_wrap=True, style=QUIET)
    table.add_column("Caller", no_wrap=True, overflow="ellipsis", style="bold")
    table.add_column("Name", no_wrap=True, overflow="ellipsis", max_width=24)
    table.add_column("Calls", no_wrap=True, justify="right")
    table.add_column("Queue", no_wrap=True, overflow="ellipsis")
    table.add_column("Waited", no_wrap=True, justify="right")
    table.add_column("Owner", no_wrap=True, overflow="ellipsis")
    table.add_column(f"Value {currency}".rstrip(), no_wrap=True, justify="right")
    for row in callers:
        table.add_row(
            Text(f"{moment(row.last, zone):%Y-%m-%d %H:%M}"),
            Text(f"{moment(row.first, zone):%d %b %H:%M}" if row.count > 1 else ""),
            Text(plain(row.number) or "withheld"),
            Text(plain(row.name)),
            Text(str(row.count)),
            Text(plain(row.queue)),
            _time(row.waited_ms),
            Text(plain(row.owner), style="" if row.assigned else QUIET),
            Text(f"{row.value:,.2f}" if row.value else ""),
        )
    return table


def ladder(detail: CallDetail, *, zone: tzinfo | None = None) -> RenderableType:
    """Everything of one call: who and when, the verdict, the ladder of its messages with what happened, its legs."""
    call = detail.call
    arrow, style = ARROWS[call.direction]
    caller = " ".join(part for part in (plain(call.caller_name), plain(call.caller)) if part)
    head = Text.assemble(
        (caller or "withheld", "bold"), (f" {arrow} ", style), (plain(call.called), "bold"),
        (f"   {moment(call.started, zone):%Y-%m-%d %H:%M:%S %Z}   {plain(call.id)}", QUIET),
    )  # fmt: skip
    if call.trunk:
        head.append(f"   trunk {plain(call.trunk)}", QUIET)
    said = Text.assemble((verdict(call, detail.events, detail.segments, zone=zone), OUTCOME_STYLES[call.outcome]))
    parts: list[RenderableType] = [head, said, *_said_by_caller(detail), Text()]
    if detail.trace or detail.events:
        parts += [Ladder(call.started, detail.trace, detail.events, detail.legs), Text()]
    if not detail.trace:
        parts.append(Text("No SIP messages were kept of this call.", style=QUIET))
    if detail.legs:
        parts.append(_legs_table(detail.legs))
    for leg in detail.legs:
        if leg.fault:
            parts.append(Text(f"{plain(leg.party).replace(':', ' ')} {plain(leg.fault)}", style="bold red"))
    return Group(*parts)


def _said_by_caller(detail: CallDetail) -> list[RenderableType]:
    """Scores of a survey, the low ones in red, and messages left."""
    return [
        *(
            Text(f"The caller rated {plain(one.topic)} {one.score}.", style="bold red" if one.low else "")
            for one in detail.ratings
        ),
        *(
            Text(f"The caller left a message of {one.seconds:.0f} s in mailbox {plain(one.box)}.")
            for one in detail.messages
            if not one.removed
        ),
    ]


def _legs_table(legs: Sequence[LegRecord]) -> Table:
    """Who was connected for how long, and how well each side was heard ("here" is what arrived at softacd)."""
    table = _table()
    table.add_column("Leg")
    for title in ("Lasted", "Codec", "Lost here", "there", "Jitter here", "there", "Trip", "MOS"):
        table.add_column(title, no_wrap=True, justify="left" if title == "Codec" else "right")
    table.add_column("Ended")
    for leg in legs:
        voice = bool(leg.packets_received or leg.packets_sent)
        table.add_row(
            Text(plain(leg.party)),
            Text(duration(leg.ended - leg.answered) if leg.answered and leg.ended else ""),
            Text(plain(leg.codec)),
            _loss(leg.packets_lost, leg.packets_received) if voice else Text(),
            _loss(leg.remote_lost, leg.packets_sent - leg.remote_lost) if voice else Text(),
            _jitter(leg.jitter_ms) if voice else Text(),
            _jitter(leg.remote_jitter_ms) if voice else Text(),
            Text(f"{leg.round_trip_ms:.0f} ms" if leg.round_trip_ms else ""),
            _mos(leg.mos, leg.remote_mos),
            Text(" ".join(part for part in (str(leg.cause or ""), reason_text(leg.reason)) if part)),
        )
    return table


def _mos(here: float, there: float) -> Text:
    """How well it was heard here and heard us (MOS), in red where many people would complain (ITU-T G.107 annex B)."""
    scores = [
        Text(f"{score:.1f}", style="red" if score < 3.6 else "") if score else Text("·") for score in (here, there)
    ]
    return Text("/").join(scores) if here or there else Text()


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=QUIET)


def _other_party(call: CallRecord) -> str:
    if call.direction is Direction.INTERNAL:
        return f"{call.caller} → {call.called}"
    return call.called if call.direction is Direction.OUTGOING else call.caller


def _wait_ms(call: CallRecord) -> int:
    if call.wait_ms or not call.queued or call.connected:
        return call.wait_ms
    return max(0, call.ended - call.queued)


def _time(milliseconds: int) -> Text:
    return Text(duration(milliseconds)) if milliseconds else Text("·", style=QUIET)


def _outcome(call: CallRecord) -> Text:
    return Text(call.outcome.value, style=OUTCOME_STYLES[call.outcome])


def _loss(lost: int, arrived: int) -> Text:
    # Duplicates make the count negative (RFC 3550 appendix A.3): nothing was lost then.
    share = 100 * max(0, lost) / max(1, lost + arrived)
    return Text(f"{share:.1f} %", style="green" if share < 1 else "yellow" if share < 3 else "bold red")


def _jitter(milliseconds: float) -> Text:
    style = "green" if milliseconds < 20 else "yellow" if milliseconds < 40 else "bold red"
    return Text(f"{milliseconds:.1f} ms", style=style)
