"""The ladder, drawn."""

import io

import msgspec
import pytest
from rich.console import Console, RenderableType

from softacd.ops.calls_ladder import Ladder, sides
from tests.ops.past_calls import START, answered_call, event, message

LADDER = """\
              alpha             softacd              ann                bob
    +0.000      │───── INVITE ────▶│                  │                  │
    +0.000      │                  ● flow main
    +0.001      │◀── 100 Trying ───│                  │                  │
    +0.200      │                  ● step menu
    +0.200      │◀──── 200 OK ─────│                  │                  │
    +0.700      │◀╌ 200 OK again ╌╌│                  │                  │
    +0.720      │────── ACK ──────▶│                  │                  │
    +4.000      │                  ● key 2
    +4.100      │                  ● joined the queue sales
    +4.100      │                  ● offered to ann, bob
    +4.101      │                  │───── INVITE ────▶│                  │
    +4.101      │                  │────────────── INVITE ──────────────▶│
    +4.130      │                  │◀─ 180 Ringing ───│                  │
   +16.390      │                  │◀──── 200 OK ─────│                  │
   +16.391      │                  │────── ACK ──────▶│                  │
   +16.391      │                  │────────────── CANCEL ──────────────▶│
   +16.399      │                  │◀───────── 200 OK (CANCEL) ──────────│
   +16.400      │                  ● connected with ann
   +16.401      │                  │◀───── 487 Request Terminated ───────│
   +16.402      │                  │──────────────── ACK ───────────────▶│
   +78.400      │────── BYE ──────▶│                  │                  │
   +78.400      │                  ● the caller hung up
   +78.401      │◀─ 200 OK (BYE) ──│                  │                  │
   +78.401      │                  │────── BYE ──────▶│                  │
   +78.420      │                  │◀─ 200 OK (BYE) ──│                  │
"""

AS_A_LIST = """\
    +0.000  softacd ◀─ trunk:alpha  INVITE
    +0.000  ● flow main
    +0.001  softacd ─▶ trunk:alpha  100 Trying
    +0.200  ● step menu
    +0.200  softacd ─▶ trunk:alpha  200 OK
    +0.700  softacd ─▶ trunk:alpha  200 OK again
"""


class AsciiFile(io.StringIO):
    """What a terminal without UTF-8 says of itself."""

    encoding = "ascii"


def drawn(what: RenderableType, width: int, file: io.StringIO | None = None) -> str:
    file = file or io.StringIO()
    Console(width=width, file=file, color_system=None).print(what)
    return "".join(line.rstrip() + "\n" for line in file.getvalue().splitlines())


def whole() -> Ladder:
    detail = answered_call()
    return Ladder(detail.call.started, detail.trace, detail.events, detail.legs)


def test_a_call_at_eighty_columns() -> None:
    assert drawn(whole(), 80) == LADDER


@pytest.mark.parametrize("width", range(61, 200, 7))
def test_it_keeps_to_the_width_and_every_arrow_touches_its_lifelines(width: int) -> None:
    lines = drawn(whole(), width).splitlines()
    assert all(len(line) <= width for line in lines)
    column = lines[1].index("│")
    for line in lines:
        if "▶" in line:
            assert line[line.index("▶") + 1] == "│"
        if "◀" in line:
            assert line[line.index("◀") - 1] == "│"
        assert line[column] in "│l" or "alpha" in line


@pytest.mark.parametrize("width", [50, 54, 58])
def test_too_narrow_for_arrows_it_is_a_list(width: int) -> None:
    assert drawn(whole(), width).startswith(AS_A_LIST)


def test_without_unicode_it_is_drawn_in_ascii() -> None:
    picture = drawn(whole(), 80, AsciiFile())
    assert picture.isascii()
    assert "|----- INVITE ---->|" in picture
    assert "|<. 200 OK again ..|" in picture
    assert "* joined the queue sales" in picture


def test_no_message_and_no_event() -> None:
    assert drawn(Ladder(START, []), 80).strip() == ""
    assert "● key 2" in drawn(Ladder(START, [], [event(4_000, "key", "2")]), 80)


def test_who_called_stands_left_and_who_was_called_right() -> None:
    trace = [message(0, "< 101", "INVITE"), message(5, "> alpha", "INVITE"), message(9, "< alpha", "180 Ringing")]
    assert sides(trace) == (["agent:101"], ["trunk:alpha"])
    assert sides([]) == ([], [])


@pytest.mark.parametrize(
    ("later_ms", "again"),
    [(0, False), (99, False), (100, True), (500, True), (32_000, True)],
)
def test_the_same_message_at_once_goes_to_another_device_and_later_is_a_retransmission(
    later_ms: int, again: bool
) -> None:
    trace = [message(0, "> ann", "INVITE"), message(later_ms, "> ann", "INVITE")]
    assert ("again" in drawn(Ladder(START, trace), 80)) is again


def test_another_cseq_is_another_message() -> None:
    trace = [message(0, "> ann", "INVITE"), message(9_000, "> ann", "INVITE", "2 INVITE")]
    assert "again" not in drawn(Ladder(START, trace), 80)


def test_nothing_of_a_strangers_message_reaches_the_terminal() -> None:
    rows = [
        msgspec.structs.replace(message(0, "< alpha", "IN\x1b[2JVITE\r\n\u202e"), party="trunk:\x1b]0;x\x07"),
        message(1, "> alpha", "200 " + "very " * 60 + "long"),
    ]
    picture = drawn(Ladder(START, rows, [event(2, "key\x9b", "\x1b[31m")]), 80)
    assert not any(character in picture for character in "\x1b\r\x07\x9b\u202e")
    assert all(len(line) <= 80 for line in picture.splitlines())


def test_a_message_of_before_the_call_was_written_down() -> None:
    assert "    -0.004 " in drawn(Ladder(START, [message(-4, "< alpha", "INVITE")]), 80)
