"""Values are changed, and nothing else."""

import difflib
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softacd.ops.starter import render as starter
from softacd.ops.toml_edit import NotEditableError, remove_table, render, set_values, value_text

SHOP = """\
# Our shop.

[server]
name = "shop"   # shown in logs

# --- Queues ---

[queues.sales]
ring_seconds = 20 # long enough
agents = ["ann", { agent = "bob", level = 2 }]

# The people who mend.
[queues.support]
wrap_up_seconds = 30
# ring = 2

# --- Flows ---

[flows.main]
start = "hello"

[flows.main.steps.hello]
do = "say"
prompts = [
    "a",  # first
    "b",
]

[flows.main.steps]
bye = { do = "hangup" }

[numbers."+37322000111"]
flow = "main"
"""


def changed(before: str, after: str) -> list[str]:
    """Lines that went and came."""
    return [line for line in difflib.ndiff(before.split("\n"), after.split("\n")) if line[0] in "+-"]


@pytest.mark.parametrize(
    ("path", "values", "lines"),
    [
        (
            ("queues", "sales"),
            {"ring_seconds": 25},
            ["- ring_seconds = 20 # long enough", "+ ring_seconds = 25 # long enough"],
        ),
        (("queues", "sales"), {"ring": 3}, ["+ ring = 3"]),
        (("queues", "support"), {"ring": 3, "wrap_up_seconds": 30}, ["+ ring = 3"]),
        (
            ("queues", "sales"),
            {"agents": ["ann", {"agent": "bob", "level": 3}]},
            [
                '- agents = ["ann", { agent = "bob", level = 2 }]',
                '+ agents = ["ann", { agent = "bob", level = 3 }]',
            ],
        ),
        (("queues", "sales"), {"ring_seconds": None}, ["- ring_seconds = 20 # long enough"]),
        (("queues", "new"), {"number": "605"}, ["+ [queues.new]", '+ number = "605"', "+ "]),
        (("phones", "101"), {"display_name": 'An"n'}, ["+ [phones.101]", '+ display_name = "An\\"n"', "+ "]),
        (("numbers", "+37322000112"), {"flow": "main"}, ['+ [numbers."+37322000112"]', '+ flow = "main"', "+ "]),
        (("emergency",), {"numbers": []}, ["+ [emergency]", "+ numbers = []", "+ "]),
        (
            ("flows", "main"),
            {"steps": {"hello": {"do": "say", "prompts": ["a", "b"], "then": "bye"}, "bye": {"do": "hangup"}}},
            ['+ then = "bye"'],
        ),
        (("server",), {"language": "ro"}, ['+ language = "ro"']),
    ],
)
def test_only_the_lines_meant_change(path: tuple[str, ...], values: dict[str, Any], lines: list[str]) -> None:
    after = set_values(SHOP, path, values)
    assert sorted(changed(SHOP, after)) == sorted(lines)


def test_a_table_goes_with_the_comment_right_above_it() -> None:
    after = remove_table(SHOP, ("queues", "support"))
    assert "mend" not in after
    assert "# --- Flows ---" in after
    assert "# --- Queues ---" in after
    assert tomllib.loads(after)["queues"].keys() == {"sales"}


def test_new_tables_stand_with_their_kin() -> None:
    after = set_values(SHOP, ("queues", "new"), {"number": "605"})
    assert after.index("[queues.support]") < after.index("[queues.new]") < after.index("# --- Flows ---")
    after = set_values(starter(), ("flows", "main"), {"steps": {**_steps(), "extra": {"do": "hangup"}}})
    assert after.index("[flows.main.steps.sorry]") < after.index("[flows.main.steps.extra]") < after.index("[numbers.")


def _steps() -> dict[str, Any]:
    steps: dict[str, Any] = tomllib.loads(starter())["flows"]["main"]["steps"]
    return steps


def test_what_is_written_strangely_is_refused_and_not_guessed() -> None:
    with pytest.raises(NotEditableError, match=r"queues\.new"):
        set_values("queues = { sales = { ring = 2 } }\n", ("queues", "new"), {"ring": 3})


def test_a_new_flow_reads_as_one_writes_it() -> None:
    assert render(("flows", "night"), {"start": "hi", "steps": {"hi": {"do": "say", "choices": {"1": "hi"}}}}) == (
        '[flows.night]\nstart = "hi"\n\n[flows.night.steps.hi]\ndo = "say"\nchoices = { 1 = "hi" }\n'
    )


_words = st.text(max_size=12).filter(str.isprintable) | st.sampled_from(["\n", "a\tb", "\x7f", '"\\', "'''"])
_plain = st.one_of(
    st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), _words
)
_values = st.recursive(
    _plain,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_words.filter(bool), inner, max_size=3)),
    max_leaves=8,
)


@settings(deadline=None)
@given(value=_values)
def test_every_value_comes_back(value: Any) -> None:
    assert tomllib.loads(f"x = {value_text(value)}\n") == {"x": value}


_names = st.sampled_from(["sales", "support", "new", "+373", "x y"])
_keys = st.sampled_from(["ring", "agents", "music", "steps", "skills"])
_sections = st.sampled_from([("queues",), ("flows",), ("phones",)])
_changes = st.tuples(_sections, _names, st.dictionaries(_keys, st.none() | _values, max_size=3))


@settings(max_examples=150, deadline=None)
@given(changes=st.lists(_changes, min_size=1, max_size=5), remove=st.none() | _names)
def test_comments_and_foreign_lines_survive_any_change_that_is_made(changes: Any, remove: str | None) -> None:
    """Every change is exact (the function itself compares) or refused; lines of other sections stay as they are."""
    text = starter()
    for section, name, values in changes:
        try:
            text = set_values(text, (*section, name), values)
        except NotEditableError:
            continue
        table = tomllib.loads(text).get(section[0], {}).get(name, {})
        assert {key: table.get(key) for key in values if values[key] is not None} == {
            key: value for key, value in values.items() if value is not None
        }
    if remove is not None:
        text = remove_table(text, ("queues", remove))
    kept = [line for line in starter().split("\n") if line.startswith(("[server]", "[trunks", "# ---", "[agents"))]
    assert [line for line in text.split("\n") if line in kept] == kept
