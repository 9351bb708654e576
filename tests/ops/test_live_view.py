"""The live view, read back as the terminal's rows."""

import io
import re
from xml.dom import minidom

import msgspec
import pytest
from rich.console import Console

from softacd.calls.views import AgentView, CallView, PhoneView, QueueView, Snapshot, TrunkView
from softacd.ops.live_view import clock, export_svg, render
from softacd.sip.registration_table import RegistrationState

NOW = 1_790_000_000_000
S = 1000


def a_call(
    name: str,
    caller: str,
    phase: str,
    since: int,
    *,
    direction: str = "incoming",
    called: str = "600",
    queue: str = "",
    position: int = 0,
    expected_wait: float | None = None,
    agent: str = "",
    lived: int = 0,
) -> CallView:
    """A call in `phase` for `since` seconds, begun `lived` seconds ago."""
    return CallView(
        name, direction, caller, called, "alpha", phase, NOW - since * S, queue, position, expected_wait, agent,
        NOW - lived * S,
    )  # fmt: skip


def a_busy_shop(*, agents: int = 6, calls: int = 5) -> Snapshot:
    """Three carriers (one up, one coming back, one silent), three queues, `agents` people and `calls` calls."""
    people = [
        AgentView("ann", "Ann Ostrova", "101", "available", "talking", "", NOW - 151 * S, True, "n-1", 12),
        AgentView("bob", "Bob", "102", "available", "ringing", "", NOW - 4 * S, True, "n-2", 9),
        AgentView("cyril", "Кирилл", "103", "available", "wrap-up", "", NOW - 8 * S, True, "", 11),
        AgentView("dana", "Dana", "104", "break", "idle", "doctor", NOW - 1260 * S, True, "", 7),
        AgentView("eve", "", "105", "available", "idle", "", NOW - 61 * S, False, "", 0),
        AgentView("fay", "Fay", "106", "logged-out", "idle", "", NOW - 9999 * S, False, "", 0),
        *(AgentView(f"x{i}", "", "2", "available", "idle", "", NOW, True, "", 0) for i in range(40)),
    ]
    lines = [
        a_call("n-1", "+37322123456", "talking", 151, queue="sales", agent="ann", lived=200),
        a_call("n-2", "+37369111222", "queue", 74, queue="sales", position=1, expected_wait=66.0, lived=95),
        a_call("n-4", "anonymous", "menu", 5, lived=9),
        a_call("n-5", "101", "ringing", 5, direction="outgoing", called="+37322999888", lived=8),
        a_call("n-6", "102", "held", 5, direction="internal", called="103", lived=7),
        *(a_call(f"q{i}", f"+4000{i}", "queue", 0, queue="sales", position=i + 2) for i in range(40)),
    ]
    return Snapshot(
        at=NOW,
        trunks=(
            TrunkView("alpha", "registered", NOW, "", True, 12.4, 4, NOW, 0),
            TrunkView("beta", "backing-off", NOW, "503 Service Unavailable", None, None, 0, 0, 3),
            TrunkView("gamma", "static", NOW, "no answer to OPTIONS", False, None, 1, 0, 3),
        ),
        phones=tuple(PhoneView(str(101 + i), "", ("sip:x@127.0.0.1",) * (i != 4), 0) for i in range(5)),
        queues=(
            QueueView("sales", "600", 2, 74.0, 0, 2, 3, 31, 27, 2, 0.87, 95.0),
            QueueView("support", "601", 0, 0.0, 1, 1, 2, 12, 12, 0, 1.0, None, 41.0, 0.78),
            QueueView("accounts", "602", 1, 12.0, 0, 0, 0, 3, 0, 2, None, None),
        ),
        agents=tuple(people[:agents]),
        calls=tuple(lines[:calls]),
    )


def rows_of(snapshot: Snapshot, width: int, *, height: int | None = None, now: int | None = None) -> list[str]:
    console = Console(width=width, file=io.StringIO(), force_terminal=True, color_system=None, legacy_windows=False)
    console.print(render(snapshot, width=width, height=height, now=now))
    output = console.file
    assert isinstance(output, io.StringIO)
    return [row.rstrip() for row in output.getvalue().splitlines()]


def the_row(rows: list[str], start: str) -> str:
    found = [row for row in rows if row.strip(" ●→←↔").startswith(start)]
    assert len(found) == 1, f"{start!r}: {found}"
    return found[0]


def test_everything_of_a_small_shop_stands_in_80_by_24() -> None:
    rows = rows_of(a_busy_shop(agents=5, calls=4), 80, height=24)
    assert len(rows) <= 24
    assert max(map(len, rows)) <= 80
    assert re.search(r"softacd .*calls 4 .*today 39 answered, 4 lost .*phones 4 of 5 .*\d\d:\d\d:\d\d", rows[0])
    assert re.search(r"registered +12 ms +4 calls", the_row(rows, "alpha"))
    assert re.search(r"backing-off +0 calls  503 Service Unavailable", the_row(rows, "beta"))
    assert re.search(r"silent +1 call +no answer to OPTIONS", the_row(rows, "gamma"))
    assert re.search(r"2 +1:14 +~1:35 +0 +2 +27 +2 +━+ +87 %", the_row(rows, "sales"))
    assert re.search(r"1 +0:12 +· +0 +0 +0 +2 +·", the_row(rows, "accounts"))
    assert re.search(r"101 +talking +2:31 +\+37322123456 +12", the_row(rows, "Ann Ostrova"))
    assert re.search(r"102 +ringing +0:04 +\+37369111222 +9", the_row(rows, "Bob"))
    assert re.search(r"104 +doctor +21:00 +7", the_row(rows, "Dana"))
    assert re.search(r"105 +no phone +1:01", the_row(rows, "eve"))
    assert re.search(r"queue +1:14 +sales +1 +~1:05 +1:35", the_row(rows, "+37369111222"))
    assert re.search(r"talking +2:31 +sales +ann +3:20", the_row(rows, "+37322123456"))
    assert "…" not in "".join(rows)


def test_a_wide_screen_has_agents_beside_queues_and_more_columns() -> None:
    rows = rows_of(a_busy_shop(), 120, height=40)
    assert len(rows) <= 20
    assert any("Queues" in row and "Agents" in row for row in rows)
    assert re.search(r"2 +1:14 .* 87 % .*talking +2:31", the_row(rows, "sales"))
    assert any(re.search(r"support .* ±0:40 ", row) for row in rows)  # how far its estimates were off
    assert re.search(r"600 +alpha +talking", the_row(rows, "+37322123456"))
    assert re.search(r"← +101 +\+37322999888", the_row(rows, "101"))
    assert "…" not in "".join(rows)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (100, 30), (80, 20), (200, 60)])
def test_a_crowd_is_cut_to_the_screen_and_the_cut_is_told(width: int, height: int) -> None:
    snapshot = a_busy_shop(agents=46, calls=45)
    rows = rows_of(snapshot, width, height=height)
    assert len(rows) <= height
    assert max(map(len, rows)) <= width
    told = sum(int(count) for count in re.findall(r"and (\d+) more (?:agents|calls)", "\n".join(rows)))
    shown = sum(1 for row in rows for call in snapshot.calls if f" {call.caller} " in row and re.search("[→←↔]", row))
    people = sum(1 for row in rows for agent in snapshot.agents if f"● {agent.display_name or agent.name} " in row)
    assert shown >= 2
    assert people >= 2
    assert told == len(snapshot.calls) - shown + len(snapshot.agents) - people


def test_when_rows_are_cut_those_who_work_stay() -> None:
    rows = rows_of(a_busy_shop(agents=6, calls=45), 80, height=20)
    text = "\n".join(rows)
    assert "Ann Ostrova" in text
    assert "Fay" not in text


def test_rows_do_not_jump_when_somebody_starts_to_talk() -> None:
    quiet = a_busy_shop()
    quiet = msgspec.structs.replace(
        quiet, agents=tuple(msgspec.structs.replace(agent, state="idle", call="") for agent in quiet.agents)
    )

    def names(snapshot: Snapshot) -> list[str]:
        shown = [agent.display_name or agent.name for agent in snapshot.agents]
        return [name for row in rows_of(snapshot, 80, height=30) for name in shown if f"● {name} " in row]

    assert names(quiet) == names(a_busy_shop()) == ["Ann Ostrova", "Bob", "Кирилл", "Dana", "eve", "Fay"]


def test_without_a_height_nothing_is_cut() -> None:
    rows = rows_of(a_busy_shop(agents=46, calls=45), 80)
    assert not any(" more " in row for row in rows)
    assert len(rows) > 91


def test_a_switch_without_anything_says_what_is_missing() -> None:
    rows = rows_of(Snapshot(NOW, (), (), (), (), ()), 80, height=24)
    text = "\n".join(rows)
    assert "no trunk" in text
    assert "no queue" in text
    assert "no agent" in text
    assert "no calls at the moment" in text


def test_clocks_run_against_now_and_never_backwards() -> None:
    assert "2:36" in the_row(rows_of(a_busy_shop(), 80, now=NOW + 5 * S), "Ann Ostrova")
    assert "0:00" in the_row(rows_of(a_busy_shop(), 80, now=NOW - 999 * S), "Ann Ostrova")


@pytest.mark.parametrize(
    ("milliseconds", "read"),
    [
        (-5, "0:00"),
        (0, "0:00"),
        (59_999, "0:59"),
        (61_000, "1:01"),
        (3_723_000, "1:02:03"),
        (172_799_000, "47:59:59"),
        (172_800_000, "2 days"),
    ],
)
def test_clock(milliseconds: int, read: str) -> None:
    assert clock(milliseconds) == read


@pytest.mark.parametrize("width", range(40, 80, 3))
def test_narrow_screens_leave_columns_out_and_stay_in_their_width(width: int) -> None:
    rows = rows_of(a_busy_shop(), width)
    assert max(map(len, rows)) <= width
    assert "87 %" in the_row(rows, "sales")


def test_unknown_words_of_a_later_version_are_shown_as_they_are() -> None:
    snapshot = Snapshot(
        NOW,
        (TrunkView("alpha", "levitating", NOW, "moon", None, None, 0, 0, 0),),
        (),
        (),
        (AgentView("ann", "", "101", "sabbatical", "idle", "", NOW, True, "", 0),),
        (CallView("c", "sideways", "1", "2", "", "dreaming", NOW, "", 0, None, "", NOW),),
    )
    text = "\n".join(rows_of(snapshot, 80))
    for word in ("levitating", "moon", "sabbatical", "dreaming"):
        assert word in text


@pytest.mark.parametrize("state", [*RegistrationState, "static", "resolving"])
def test_every_state_of_a_trunk_has_its_colour(state: str) -> None:
    """Green: calls pass; yellow: it is on its way; red: somebody must act."""
    expected = {"registered": "32", "refreshing": "32", "static": "32", "rejected": "31"}.get(state, "33")
    trunk = TrunkView("alpha", state, NOW, "", None, None, 0, 0, 0)
    console = Console(width=80, file=io.StringIO(), force_terminal=True, color_system="standard")
    console.print(render(Snapshot(NOW, (trunk,), (), (), (), ()), width=80))
    output = console.file
    assert isinstance(output, io.StringIO)
    assert f"\x1b[{expected}m ● " in output.getvalue()
    assert trunk.up is (expected == "32")


def test_square_brackets_in_a_name_are_text_and_not_markup() -> None:
    snapshot = Snapshot(
        NOW, (), (), (), (), (CallView("c", "incoming", "[bold]x[/]", "2", "", "menu", NOW, "[q]", 0, None, "", NOW),)
    )
    assert "[bold]x[/]" in "\n".join(rows_of(snapshot, 80))


def test_the_picture_is_an_svg_that_calls_nobody() -> None:
    picture = export_svg(a_busy_shop(), width=100)
    assert len(minidom.parseString(picture).getElementsByTagName("svg")) == 1  # noqa: S318 # our own output
    assert "Ostrova" in picture
    assert "87" in picture
    addresses = set(re.findall(r"https?://[^\"' )]+", picture))
    assert addresses == {"http://www.w3.org/2000/svg"}
    assert "url(" not in re.sub(r"url\(#[^)]*\)", "", picture)
