"""How problems are worded."""

import pytest

from softacd.ops.configuration_errors import KeyPath, Problem, dotted, nearest, one_of, quoted


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("sip", "listen", 1), "sip.listen[1]"),
        (("queues", "sales", "agents", 0, "level"), "queues.sales.agents[0].level"),
        (("numbers", "+37322000111", "flow"), 'numbers."+37322000111".flow'),
        (("numbers", "*"), 'numbers."*"'),
        (("a", "", 'b"c'), 'a.""."b\\"c"'),
        ((), ""),
    ],
)
def test_a_key_is_shown_as_toml_writes_it(path: KeyPath, text: str) -> None:
    assert dotted(path) == text


@pytest.mark.parametrize(
    ("name", "found"),
    [("sale", '"sales"'), ("SALES", '"sales"'), ("suport", '"support"'), ("xyz", ""), ("", "")],
)
def test_the_nearest_name(name: str, found: str) -> None:
    assert nearest(name, ["sales", "support", "accounts"]) == found


def test_choices_in_words() -> None:
    assert one_of([]) == "nothing: none is configured"
    assert one_of(["a"]) == '"a"'
    assert one_of(["a", "b"]) == 'one of "a", "b"'
    assert one_of([str(number) for number in range(20)], limit=2) == 'one of "0", "1" and 18 more'


def test_long_values_are_cut_and_lines_kept_together() -> None:
    assert quoted("x" * 100) == '"' + "x" * 57 + '..."'
    assert quoted('a\n"b"\\') == '"a\\n\\"b\\"\\\\"'


def test_a_problem_of_a_whole_file_has_no_line() -> None:
    assert str(Problem("softacd.toml", 0, "", "cannot be read")) == "softacd.toml: cannot be read"
    assert Problem("softacd.toml", 7, "", "x").place == "softacd.toml:7"
