"""Past calls on a terminal."""

import io
from datetime import UTC, timedelta, timezone
from typing import Any

import msgspec
import pytest
from rich.console import Console, RenderableType

from softacd.calls.missed import MissedCaller
from softacd.calls.records import CallRecord, Direction, MessageRecord, Outcome, Rating
from softacd.ops.calls_view import OUTCOME_STYLES, calls_table, ladder, missed_table
from softacd.store import CallDetail
from tests.ops.past_calls import ID, START, answered_call

INCOMING, OUTGOING, INTERNAL = Direction


A_MISSED = MissedCaller("0721000000", "VIP Ann", "vip", "17", 2, START + 300_000, START + 540_000, 8_000, "sales",
                        "bob", True, ("n1-2", "n1-1"), ("sales", ""), 1350.0)  # fmt: skip


def printed(what: RenderableType, width: int = 80, *, colour: bool = False) -> str:
    file = io.StringIO()
    Console(width=width, file=file, force_terminal=colour, color_system="standard" if colour else None).print(what)
    return "".join(line.rstrip() + "\n" for line in file.getvalue().splitlines())


def call(name: str, minute: int, **fields: Any) -> CallRecord:
    given = {"direction": INCOMING, "caller": "+40721000000", "called": "+37322000111", "outcome": Outcome.MISSED}
    started = START + minute * 60_000
    return CallRecord(id=name, started=started, **{"ended": started + 8_000, **given, **fields})


CALLS = [
    answered_call().call,
    call("n1-mp3k2a1b-1d", 1, direction=OUTGOING, caller="101", called="+40721000000", outcome=Outcome.BUSY),
    call("n1-mp3k2a1b-1e", 2, queue="sales", queued=START + 121_000, outcome=Outcome.ABANDONED),
    call("n1-mp3k2a1b-1f", 3, direction=INTERNAL, caller="101", called="102", talk_ms=9_000, outcome=Outcome.ANSWERED),
]

NARROW = """\
Time             Number        Queue  Agent  Wait  Talk  Outcome    Id
01 Jun 08:00  →  +37369123456  sales  ann    0:12  1:02  answered   mp3k2a1b-1c
01 Jun 08:01  ←  +40721000000                   ·     ·  busy       mp3k2a1b-1d
01 Jun 08:02  →  +40721000000  sales         0:07     ·  abandoned  mp3k2a1b-1e
01 Jun 08:03  ↔  101 → 102                      ·  0:09  answered   mp3k2a1b-1f
"""
WIDE = """\
Time                    Caller        Called        Queue  Agent  Wait  Talk  Outcome    Id
2026-06-01 08:00:00  →  +37369123456  +37322000111  sales  ann    0:12  1:02  answered   n1-mp3k2a1b-1c
2026-06-01 08:01:00  ←  101           +40721000000                   ·     ·  busy       n1-mp3k2a1b-1d
"""


def test_the_list_at_eighty_columns() -> None:
    assert printed(calls_table(CALLS, width=80, zone=UTC)) == NARROW


def test_the_list_on_a_wide_screen() -> None:
    assert printed(calls_table(CALLS, width=140, zone=UTC), 140).startswith(WIDE)


def test_times_are_local() -> None:
    chisinau = timezone(timedelta(hours=3))
    assert "01 Jun 11:00" in printed(calls_table(CALLS[:1], width=80, zone=chisinau))


def test_every_outcome_has_its_colour() -> None:
    assert set(OUTCOME_STYLES) == set(Outcome)
    coloured = printed(calls_table([CALLS[0], CALLS[2]], width=80, zone=UTC), colour=True)
    assert "\x1b[32manswered" in coloured
    assert "\x1b[1;31mabandoned" in coloured


def test_whom_to_call_back() -> None:
    withheld = msgspec.structs.replace(
        A_MISSED, number="", name="", count=1, queue="", owner="", value=0.0, waited_ms=0
    )
    assert printed(missed_table([A_MISSED, withheld], currency="MDL", zone=UTC), 120) == (
        "Last call         First         Caller      Name     Calls  Queue  Waited  Owner  Value MDL\n"
        "2026-06-01 08:09  01 Jun 08:05  0721000000  VIP Ann      2  sales    0:08  bob     1,350.00\n"
        "2026-06-01 08:09                withheld                 1              ·\n"
    )


def test_a_column_of_topics_where_there_are_any() -> None:
    told = msgspec.structs.replace(CALLS[0], topic="delivery")
    assert "Topic" not in printed(calls_table(CALLS, zone=UTC), 140)
    assert "delivery" in printed(calls_table([told, *CALLS[1:]], zone=UTC), 140)
    assert printed(ladder(CallDetail(told, [], [], []), zone=UTC), 160).splitlines()[1].endswith(" Topic: delivery.")


def test_one_call_whole() -> None:
    lines = printed(ladder(answered_call(), zone=UTC), 120).splitlines()
    assert lines[0] == f"+37369123456 → +37322000111   2026-06-01 08:00:00 UTC   {ID}   trunk alpha"
    assert lines[1] == "Answered by ann after 12.3 s in sales; the caller hung up after 1:02."
    assert lines[3].split() == ["alpha", "softacd", "ann", "bob"]
    assert lines[-4:] == [
        "Leg          Lasted  Codec  Lost here  there  Jitter here    there   Trip      MOS  Ended",
        "trunk:alpha    1:18  PCMA       0.3 %  5.1 %       2.3 ms  45.0 ms  35 ms  4.3/3.5  200",
        "agent:ann      1:02  PCMU       0.0 %  0.0 %       0.0 ms   0.0 ms                  200",
        f"{'agent:bob':<84}487 Call completed elsewhere",
    ]


def test_who_was_not_heard_is_named() -> None:
    whole = answered_call()
    deaf = CallDetail(
        whole.call,
        [msgspec.structs.replace(whole.legs[0], fault="sent no audio"), *whole.legs[1:]],
        whole.events,
        whole.trace,
        whole.segments,
    )
    assert printed(ladder(deaf, zone=UTC), 120).splitlines()[-1] == "trunk alpha sent no audio"


def test_bad_hearing_is_red() -> None:
    coloured = printed(ladder(answered_call(), zone=UTC), 100, colour=True)
    assert "\x1b[1;31m5.1 %" in coloured
    assert "\x1b[1;31m45.0 ms" in coloured
    assert "\x1b[32m    0.3 %" in coloured


def test_a_call_of_which_nothing_else_is_known() -> None:
    picture = printed(ladder(CallDetail(CALLS[1], [], [], []), zone=UTC))
    assert "was busy" in picture
    assert "No SIP messages were kept" in picture


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_it_fits_the_screen(width: int) -> None:
    for what in (ladder(answered_call(), zone=UTC), calls_table(CALLS, width=width), missed_table([A_MISSED])):
        assert all(len(line) <= width for line in printed(what, width).splitlines())


def test_what_a_caller_calls_himself_cannot_draw_on_the_screen() -> None:
    nasty = "\x1b[2J[bold]x[/bold]\r\n"
    detail = answered_call()
    fields = dict.fromkeys(("caller", "called", "queue", "agent", "trunk", "keys"), nasty)
    record = msgspec.structs.replace(detail.call, **fields)
    legs = [msgspec.structs.replace(leg, party=nasty, codec=nasty, reason=nasty) for leg in detail.legs]
    nasty_missed = msgspec.structs.replace(A_MISSED, number=nasty, name=nasty, queue=nasty, owner=nasty)
    picture = printed(ladder(CallDetail(record, legs, detail.events, detail.trace), zone=UTC), 200)
    picture += printed(calls_table([record], width=200, zone=UTC), 200) + printed(missed_table([nasty_missed]), 200)
    assert "\x1b" not in picture
    assert "\r" not in picture
    assert "[bold]x[/bold]" in picture, "no markup either"


def test_what_the_caller_said_afterwards_stands_under_the_verdict() -> None:
    said = CallDetail(
        CALLS[1], [], [], [],
        messages=[MessageRecord("m-1", "sales", "m", "069", "", 1, "x.wav", 12.4),
                  MessageRecord("m-2", "sales", "m", "069", "", 1, "y.wav", 3.0, removed=5)],
        ratings=[Rating("m", 1, "sales", "ann", "service", 2, True)],
    )  # fmt: skip
    picture = printed(ladder(said, zone=UTC), 160)
    assert "The caller rated service 2." in picture
    assert "The caller left a message of 12 s in mailbox sales." in picture
    assert "of 3 s" not in picture
