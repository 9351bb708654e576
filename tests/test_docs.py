"""The documentation says what the code says: made parts are up to date, links and commands lead somewhere."""

import re
from enum import Enum
from pathlib import Path

import pytest

from softacd.calls.leg_table import LEG_TABLE, LegInput, LegState
from softacd.ops import build_docs
from softacd.ops.build_docs import PARTS, PageError, diagram, fill
from softacd.ops.cli import COMMANDS
from softacd.sip import transaction_table

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "conf" / "README.md"]


class Light(Enum):
    RED = "red"
    RED_AND_AMBER = "red-and-amber"
    GREEN = "green"


# --- made parts ------------------------------------------------------------------------------------------------------


def test_what_is_made_is_up_to_date() -> None:
    assert list(build_docs.outdated()) == [], "run: make docs"


def test_every_part_stands_in_a_page() -> None:
    text = "".join((ROOT / name).read_text(encoding="utf-8") for name in build_docs.PAGES)
    assert {name for name in PARTS if f"<!-- made: {name} -->" in text} == set(PARTS)


def test_arrows_between_two_states_become_one() -> None:
    arrows = [
        (Light.RED, Light.RED_AND_AMBER, "wait"),
        (Light.RED, Light.RED_AND_AMBER, "button"),
        (Light.RED_AND_AMBER, Light.GREEN, ""),
    ]
    assert diagram(Light.RED, arrows, Light.GREEN).splitlines() == [
        "```mermaid",
        "stateDiagram-v2",
        '    state "red" as RED',
        '    state "red and amber" as RED_AND_AMBER',
        '    state "green" as GREEN',
        "    [*] --> RED",
        "    RED --> RED_AND_AMBER: wait<br/>button",
        "    RED_AND_AMBER --> GREEN",
        "    GREEN --> [*]",
        "```",
    ]


def test_a_changed_table_changes_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LEG_TABLE[LegState.ALERTING], LegInput.HANG_UP, LegState.CLOSING)
    assert "docs/architecture.md" in build_docs.outdated()


def test_every_transition_that_does_something_is_drawn() -> None:
    for machine, part in (
        (transaction_table.Machine.INVITE_CLIENT, "invite-client-transaction"),
        (transaction_table.Machine.SERVER, "server-transaction"),
    ):
        drawn = PARTS[part]()
        for (state, _), (target, actions) in transaction_table.TABLES[machine].items():
            if state is not target or actions:
                assert f"    {state.name} --> {target.name}" in drawn


@pytest.mark.parametrize("name", [name for name in PARTS if name not in ("packages", "status-effects")])
def test_a_diagram_is_mermaid(name: str) -> None:
    """Its few kinds of lines, each state named before it is used."""
    text = PARTS[name]()
    lines = text.partition("```mermaid\n")[2].partition("```")[0].splitlines()
    assert lines[0] == "stateDiagram-v2"
    known = {"[*]"}
    for line in lines[1:]:
        if named := re.fullmatch(r'    state "[a-z -]+" as ([A-Z_]+)', line):
            known.add(named.group(1))
            continue
        arrow = re.fullmatch(r"    (\S+) --> ([A-Z_]+|\[\*\])(: [A-Za-z0-9 ,/<>-]+)?", line)
        assert arrow is not None, line
        assert {arrow.group(1), arrow.group(2)} <= known


def test_a_part_nobody_makes_is_refused() -> None:
    with pytest.raises(PageError, match="nobody makes 'weather'"):
        fill("<!-- made: weather -->\nsunny\n<!-- end -->")


def test_text_around_made_parts_is_kept() -> None:
    filled = fill("before\n<!-- made: call -->\nold\n<!-- end -->\nafter\n")
    assert filled.startswith("before\n<!-- made: call -->\n```mermaid")
    assert filled.endswith("```\n<!-- end -->\nafter\n")
    assert "old" not in filled


def test_the_picture_calls_nobody() -> None:
    """The one address is the name of the picture's language."""
    addresses = set(re.findall(r"https?://[^\s\"']+", (ROOT / build_docs.PICTURE).read_text(encoding="utf-8")))
    assert addresses <= {"http://www.w3.org/2000/svg"}


# --- what people wrote -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not target.startswith(("http://", "https://", "#", "mailto:")):
            assert (page.parent / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_are_named_exist(page: Path) -> None:
    for command in re.findall(r"(?:^|`|&& )softacd ([a-z]+)", page.read_text(encoding="utf-8"), flags=re.MULTILINE):
        assert command in COMMANDS, f"softacd {command}"


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "docs" / "development.md"], ids=lambda page: page.name)
def test_make_targets_that_are_named_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:^|`)make ([a-z]+)", page.read_text(encoding="utf-8"), flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), f"make {target}"


def test_paths_of_the_code_that_are_named_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for path in set(re.findall(r"`((?:softacd|tests)/[a-z_/]+\.py)`", text)):
        assert (ROOT / path).is_file(), path
