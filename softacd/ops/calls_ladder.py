"""One call as a SIP ladder: a lifeline a party with the switch between them, arrows in order of time.

Drawn for the width it is printed at; where the lifelines would stand too close for the words on the arrows, the same
messages are told line by line. ASCII characters where the terminal has no others.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from softacd.calls.records import CallEvent, LegRecord, TraceRow
from softacd.ops.calls_words import event_text, party_name, plain

SWITCH = "softacd"
NARROWEST = 12
"""Columns between two lifelines below which arrows cannot carry their words."""
WIDEST = 26
TIME_WIDTH = 11
RETRANSMISSION_MS = 100
"""The same message again after at least so long is a retransmission (RFC 3261 T1 is 500 ms, some use less); at once,
it is the same party's other device."""


class Strokes(NamedTuple):
    """What the ladder is drawn with."""

    line: str
    shaft: str
    again: str
    right: str
    left: str
    mark: str


UNICODE = Strokes("│", "─", "╌", "▶", "◀", "●")
ASCII = Strokes("|", "-", ".", ">", "<", "*")


class Ladder:
    """What `rich` prints: the messages and events of one call, times counted from `start` (wall-clock ms)."""

    def __init__(
        self, start: int, trace: Sequence[TraceRow], events: Sequence[CallEvent] = (), legs: Sequence[LegRecord] = ()
    ) -> None:
        self._start = start
        self._trace = trace
        self._events = [event for event in events if event.kind != "why"]  # `softacd explain` tells those
        self._left, self._right = sides(trace, legs)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        strokes = ASCII if options.ascii_only else UNICODE
        width = options.max_width
        parties = [*self._left, SWITCH, *self._right]
        # Half a name stands beyond the outermost lifelines.
        spacing = (width - TIME_WIDTH - 12) // max(1, len(parties) - 1)
        if not self._trace or (len(parties) > 1 and spacing < NARROWEST):
            yield from self._list(strokes)
            return
        spacing = min(spacing, WIDEST)
        columns = {party: TIME_WIDTH + 5 + spacing * index for index, party in enumerate(parties)}
        yield self._names(columns)
        again = _retransmissions(self._trace)
        for item in self._in_order():
            if isinstance(item, TraceRow):
                yield self._arrow(item, columns, strokes, again=id(item) in again)
            else:
                yield self._mark(item, columns, strokes, width)

    def _in_order(self) -> Iterator[TraceRow | list[CallEvent]]:
        """Messages and events by time, events of one kind at one moment together.

        Within a millisecond: what was received first, then what it made happen, then what was sent.
        """
        together = [list(group) for _, group in groupby(self._events, key=lambda event: (event.at, event.kind))]
        together.sort(key=lambda group: group[0].at)
        received_at = -1
        for row in self._trace:
            seen = row.sent or received_at == row.at
            while together and (together[0][0].at < row.at or (seen and together[0][0].at == row.at)):
                yield together.pop(0)
            if not row.sent:
                received_at = row.at
            yield row
        yield from together

    def _names(self, columns: dict[str, int]) -> Text:
        text = Text(no_wrap=True, overflow="crop", style="bold")
        for party, column in columns.items():
            name = party_name(party)[:10]
            start = max(len(text) + (1 if text else 0), column - len(name) // 2)
            text.append(" " * (start - len(text)))
            text.append(name, "cyan" if party == SWITCH else _party_style(party))
        return text

    def _arrow(self, row: TraceRow, columns: dict[str, int], strokes: Strokes, *, again: bool) -> Text:
        here, there = columns[SWITCH], columns[row.party]
        source, target = (here, there) if row.sent else (there, here)
        low, high = min(here, there), max(here, there)
        words = _words(row, again=again, room=high - low - 4)
        shaft = strokes.again if again else strokes.shaft
        inner = high - low - 1
        before = max(0, inner - len(words)) // 2
        body = shaft * before + words + shaft * (inner - len(words) - before)
        body = body[:-1] + strokes.right if source < target else strokes.left + body[1:]
        text = self._rails(row.at, columns, strokes, until=low)
        text.append(body, _style(row))
        for column in sorted(columns.values()):
            if column >= high:
                text.append(" " * (column - len(text)))
                text.append(strokes.line, "bright_black")
        return text

    def _mark(self, events: list[CallEvent], columns: dict[str, int], strokes: Strokes, width: int) -> Text:
        text = self._rails(events[0].at, columns, strokes, until=columns[SWITCH] - 1)
        text.append(" " * (columns[SWITCH] - len(text)))
        text.append(strokes.mark, "yellow")
        text.append(" " + event_text(events[0].kind, [event.detail for event in events]), "italic yellow")
        text.truncate(width, overflow="ellipsis")
        return text

    def _rails(self, at: int, columns: dict[str, int], strokes: Strokes, *, until: int) -> Text:
        """The time, and the lifelines up to and with column `until`."""
        text = Text(self._time(at), "bright_black", no_wrap=True, overflow="crop", end="\n")
        for column in sorted(columns.values()):
            if column <= until:
                text.append(" " * (column - len(text)))
                text.append(strokes.line, "bright_black")
        return text

    def _list(self, strokes: Strokes) -> Iterator[Text]:
        again = _retransmissions(self._trace)
        for item in self._in_order():
            if isinstance(item, TraceRow):
                text = Text(f"{self._time(item.at)}  ", "bright_black")
                arrow = strokes.shaft + (strokes.right if item.sent else strokes.left)
                arrow = arrow if item.sent else arrow[::-1]
                text.append(f"{SWITCH} {arrow} {plain(item.party)}  ", _party_style(item.party))
                text.append(_words(item, again=id(item) in again, room=60).strip(), _style(item))
            else:
                text = Text(f"{self._time(item[0].at)}  ", "bright_black")
                text.append(f"{strokes.mark} ", "yellow")
                text.append(event_text(item[0].kind, [event.detail for event in item]), "italic yellow")
            yield text

    def _time(self, at: int) -> str:
        return f"{(at - self._start) / 1000:+{TIME_WIDTH - 1}.3f}"


def sides(trace: Sequence[TraceRow], legs: Sequence[LegRecord] = ()) -> tuple[list[str], list[str]]:
    """Return who stands left of the switch (who called it) and who right (whom it called), in order of appearance."""
    outgoing: dict[str, bool] = {}
    for row in trace:
        outgoing.setdefault(row.party, row.sent)  # the first message between us says who called whom
    for leg in legs:
        if leg.party in outgoing:
            outgoing[leg.party] = leg.outgoing and outgoing[leg.party]
    left = [party for party, called in outgoing.items() if not called]
    return left, [party for party, called in outgoing.items() if called]


def _retransmissions(trace: Sequence[TraceRow]) -> set[int]:
    first: dict[tuple[bool, str, str, str], int] = {}
    again: set[int] = set()
    for row in trace:
        at = first.setdefault((row.sent, row.party, row.line, row.cseq), row.at)
        if row.at - at >= RETRANSMISSION_MS:
            again.add(id(row))
    return again


def _words(row: TraceRow, *, again: bool, room: int) -> str:
    method = row.cseq.rpartition(" ")[2]
    words = plain(row.line)
    # A response says what it answers, unless that is the INVITE the call is about.
    if words[:1].isdigit() and method not in ("INVITE", ""):
        words += f" ({plain(method)})"
    suffix = " again" if again else ""
    if len(words) + len(suffix) > room:
        words = words[: max(1, room - len(suffix) - 1)].rstrip() + "~"
    return f" {words}{suffix} "


def _style(row: TraceRow) -> str:
    first = row.line[:1]
    if first == "1":
        return "yellow"
    if first == "2":
        return "green"
    if first in "3456" and first:
        return "red"
    return "magenta" if row.line in ("BYE", "CANCEL") else "bright_blue"


def _party_style(party: str) -> str:
    return "green" if party.startswith("trunk:") else "bright_blue"
