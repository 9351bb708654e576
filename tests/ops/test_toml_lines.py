"""The line index knows every path tomllib knows, and where it stands."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.ops.configuration_errors import KeyPath
from softacd.ops.toml_lines import line_index

TEXT = """\
# a comment with [brackets] and = signs
title = "one"

[sip]
listen = [
    "udp:127.0.0.1:5060",  # the first, with "quotes"
    'tcp:127.0.0.1:5060',
]
domain = \"\"\"
[not.a.table]
key = "not a key"
\"\"\"

[numbers."+37322000111"]
flow = "main"

[queues.sales]
agents = ["ann", { agent = "bob", level = 2 },
          { agent = "eve", "quoted key" = { deep = 1 } }]
a.b.c = 3
a.b.d = 1979-05-27 07:32:00

[[steps]]
do = "say"
[[steps]]
do = "menu"
[steps.choices]
1 = '''x
y'''
2 = "\\"]"
"""


def test_each_key_is_found_on_its_line() -> None:
    index = line_index(TEXT)
    expected: dict[KeyPath, int] = {
        ("title",): 2,
        ("sip",): 4,
        ("sip", "listen"): 5,
        ("sip", "listen", 0): 6,
        ("sip", "listen", 1): 7,
        ("sip", "domain"): 9,
        ("numbers",): 14,
        ("numbers", "+37322000111"): 14,
        ("numbers", "+37322000111", "flow"): 15,
        ("queues",): 17,
        ("queues", "sales"): 17,
        ("queues", "sales", "agents"): 18,
        ("queues", "sales", "agents", 0): 18,
        ("queues", "sales", "agents", 1): 18,
        ("queues", "sales", "agents", 1, "agent"): 18,
        ("queues", "sales", "agents", 1, "level"): 18,
        ("queues", "sales", "agents", 2): 19,
        ("queues", "sales", "agents", 2, "agent"): 19,
        ("queues", "sales", "agents", 2, "quoted key"): 19,
        ("queues", "sales", "agents", 2, "quoted key", "deep"): 19,
        ("queues", "sales", "a"): 20,
        ("queues", "sales", "a", "b"): 20,
        ("queues", "sales", "a", "b", "c"): 20,
        ("queues", "sales", "a", "b", "d"): 21,
        ("steps",): 23,
        ("steps", 0): 23,
        ("steps", 0, "do"): 24,
        ("steps", 1): 25,
        ("steps", 1, "do"): 26,
        ("steps", 1, "choices"): 27,
        ("steps", 1, "choices", "1"): 28,
        ("steps", 1, "choices", "2"): 30,
    }
    assert index == expected


def paths(value: Any, path: KeyPath = ()) -> set[KeyPath]:
    """Every path of a decoded document."""
    found = {path} if path else set()
    if isinstance(value, dict):
        for key, item in value.items():
            found |= paths(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            found |= paths(item, (*path, number))
    return found


def test_windows_line_ends_count_as_one() -> None:
    assert line_index(TEXT.replace("\n", "\r\n")) == line_index(TEXT)


@pytest.mark.parametrize(
    "text",
    [
        'a = """""" # empty\nb = 1',
        'a = """x""\\""""\nb = 1',
        'a = """two quotes at the end"""""\nb = 1',
        "a = '''it's'''\nb = 1",
        "a = []\nb = [ [ ], [ 1, 2, ], ]",
        "a = {}\nb = { c = [ { d = '}' } ] }",
        '"" = 1\n"x.y" = 2\nx."y z".\'w\' = 3',
        "\n\n[ a . b ]\nc=1\n[ a . b . d ]\n[[ a.e ]]\n[[ a.e ]]\n  [ a.e.f ]\n  g = 1 # end",
        "[[a]]\n[[a.b]]\nc = 1\n[[a.b]]\n[[a]]\n[[a.b]]\n[a.b.d]\ne = 07:32:00",
    ],
)
def test_corners_of_the_grammar(text: str) -> None:
    assert set(line_index(text)) == paths(tomllib.loads(text))


KEY = st.one_of(
    st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True),
    st.from_regex(r"\"[a-z .+#=\[\]{}']{0,8}\"", fullmatch=True),
    st.from_regex(r"'[a-z .+#=\[\]{}\"]{0,8}'", fullmatch=True),
)
SCALAR = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.booleans().map(lambda value: str(value).lower()),
    st.from_regex(r"\"([a-z #,=\[\]{}']|\\\"|\\\\|\\n){0,10}\"", fullmatch=True),
    st.from_regex(r"'[a-z #,=\[\]{}\"\\]{0,10}'", fullmatch=True),
    st.from_regex(r'"""([a-z #,=\[\]{}\n\']|""?[a-z]|\\"){0,10}"""', fullmatch=True),
    st.from_regex(r"'''([a-z #,=\[\]{}\n\"]|''?[a-z]){0,10}'''", fullmatch=True),
    st.sampled_from(["1979-05-27T07:32:00Z", "1979-05-27 07:32:00", "1e6", "0x_f".replace("_", ""), "inf", "-0.5"]),
)
COMMENT = st.sampled_from(["", " ", "\n", ' # it\'s "so" = [x]\n', "\n\n"])


def inline(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    lists = st.lists(st.tuples(COMMENT, values), max_size=3).map(
        lambda items: "[" + ",".join(space + item for space, item in items) + "]"
    )
    tables = st.lists(st.tuples(KEY, values), max_size=3).map(
        lambda items: "{" + ", ".join(f"{key} = {value}" for key, value in items) + "}"
    )
    return st.one_of(lists, tables)


VALUE = st.recursive(SCALAR, inline, max_leaves=6)
PAIR = st.tuples(st.lists(KEY, min_size=1, max_size=2), VALUE).map(lambda pair: f"{'.'.join(pair[0])} = {pair[1]}\n")
HEADER = st.tuples(st.lists(KEY, min_size=1, max_size=3), st.booleans()).map(
    lambda header: f"[[{'.'.join(header[0])}]]\n" if header[1] else f"[{' . '.join(header[0])}]\n"
)
DOCUMENT = st.lists(st.one_of(PAIR, PAIR, HEADER, st.sampled_from(["\n", "# [x]\n"])), max_size=10)


@given(DOCUMENT)
def test_the_index_has_the_paths_of_the_document(pieces: list[str]) -> None:
    text = ""
    for piece in pieces:  # a piece that does not fit (a name given twice) is left out
        try:
            tomllib.loads(text + piece)
        except tomllib.TOMLDecodeError:
            continue
        text += piece
    index = line_index(text)
    assert set(index) == paths(tomllib.loads(text))
    assert all(1 <= line <= text.count("\n") + 1 for line in index.values())
