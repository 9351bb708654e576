"""Lists, parameters and quoting (RFC 3261 section 25.1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.sip.errors import MalformedError
from softacd.sip.grammar import (
    format_parameters,
    is_token,
    parse_number,
    parse_parameters,
    quote,
    split_list,
    unquote,
)


@pytest.mark.parametrize(
    ("value", "elements"),
    [
        ("a", ["a"]),
        (" a , b,c ", ["a", "b", "c"]),
        ("", []),
        (" , ,a,", ["a"]),
        ('"x, y" <sip:a@b>, <sip:c,d@e>;q=1', ['"x, y" <sip:a@b>', "<sip:c,d@e>;q=1"]),
        (r'"a \" , b" <sip:a@b>,sip:c@d', [r'"a \" , b" <sip:a@b>', "sip:c@d"]),
    ],
)
def test_commas_inside_quotes_and_brackets_do_not_separate(value: str, elements: list[str]) -> None:
    assert split_list(value) == elements


@pytest.mark.parametrize("value", ['"open, b', "<sip:a@b, c", 'a, "b'])
def test_an_unbalanced_list_is_malformed(value: str) -> None:
    with pytest.raises(MalformedError, match="unbalanced"):
        split_list(value)


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("", {}),
        (";lr", {"lr": None}),
        (";Tag=AbC;x", {"tag": "AbC", "x": None}),
        (" ; tag = abc ; y=", {"tag": "abc", "y": ""}),
        (';a="x;y=z";b=1', {"a": '"x;y=z"', "b": "1"}),
        (";a=1;a=2", {"a": "1"}),
        (";;a", {"a": None}),
        (";received=2001:db8::9:255;branch=z9hG4bKas3", {"received": "2001:db8::9:255", "branch": "z9hG4bKas3"}),
    ],
)
def test_parameters(text: str, parameters: dict[str, str | None]) -> None:
    assert parse_parameters(text) == parameters


@pytest.mark.parametrize("text", ["tag=1", ";=1", ";a b=1", ';a="open', ';"a"=1', "x;a"])
def test_what_is_no_parameter_list_is_malformed(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_parameters(text)


@given(st.text())
def test_quoting_round_trips(text: str) -> None:
    assert unquote(quote(text)) == text


names = st.from_regex(r"[a-z][a-z0-9\-]{0,8}", fullmatch=True)
values = st.none() | st.from_regex(r"[A-Za-z0-9.\-:\[\]]{1,12}", fullmatch=True) | st.text().map(quote)


@given(st.dictionaries(names, values))
def test_parameters_round_trip(parameters: dict[str, str | None]) -> None:
    assert parse_parameters(format_parameters(parameters)) == parameters


@pytest.mark.parametrize("text", ["", "-1", "+1", "1 ", "1.0", "١", "256", "9" * 4000])
def test_numbers_are_plain_decimal_and_bounded(text: str) -> None:
    with pytest.raises(MalformedError, match="bad Max-Forwards"):
        parse_number(text, 255, "Max-Forwards")


def test_tokens() -> None:
    assert is_token("!interesting-Method0123456789_*+`.%indeed'~")
    assert not is_token("a b")
    assert not is_token("")
