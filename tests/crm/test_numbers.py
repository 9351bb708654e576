"""Every spelling of a number is one number; what is no number is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.crm.numbers import canonical, key_of, spelled

SUBSCRIBERS = st.integers(6_900_0000, 6_999_9999).map(str)
"""Moldovan mobile numbers without trunk prefix."""


@pytest.mark.parametrize(
    "text",
    ["+37369123456", "0037369123456", "37369123456", "069123456", "69123456", "0 69 123-456", "(069) 12.34.56",
     "+373 (0) 69 123 456", " +373-69-123-456 "],
)  # fmt: skip
def test_spellings_of_one_number(text: str) -> None:
    assert canonical(text, "MD") == "+37369123456"


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("380501234567", "MD", "+380501234567"),  # a foreign number whose carrier leaves out the plus
        ("380501234567", "", "+380501234567"),
        ("050 123 45 67", "UA", "+380501234567"),
        ("(415) 555-2671", "US", "+14155552671"),
        ("011 44 20 7946 0958", "US", "+442079460958"),
        ("06 698 12345", "IT", "+390669812345"),  # Italy keeps the zero
    ],
)
def test_other_countries(text: str, country: str, number: str) -> None:
    assert canonical(text, country) == number


@pytest.mark.parametrize(
    "text", ["", "anonymous", "101", "*40", "+", "+373", "sip:ann@shop.test", "069123456 ext. 5", "+" + "9" * 16, "Ann"]
)
def test_what_is_no_number(text: str) -> None:
    assert canonical(text, "MD") is None


def test_a_national_number_needs_a_country() -> None:
    assert canonical("069123456", "") is None


@given(SUBSCRIBERS, st.sampled_from(["+373", "00373", "373", "0", "", "+373 (0)"]), st.data())
def test_any_grouping_of_any_spelling_is_the_same_number(subscriber: str, prefix: str, data: st.DataObject) -> None:
    grouped = "".join(digit + data.draw(st.sampled_from(["", "", " ", "-", "."])) for digit in subscriber).rstrip(" -.")
    assert canonical(prefix + grouped, "MD") == f"+373{subscriber}"


@given(st.text(max_size=20))
def test_anything_is_a_number_or_none_and_once_is_enough(text: str) -> None:
    number = canonical(text, "MD")
    if number is not None:
        assert canonical(number, "MD") == number
        assert spelled(key_of(number)) == number
