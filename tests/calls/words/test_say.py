"""Numbers, places and waiting times, as the clips a caller would hear one after another."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.calls import words
from softacd.calls.prompts import Prompt, clip


def said(clips: tuple[str, ...], language: str = "en") -> str:
    """The clips as one line, without the folder they must all be in."""
    folder = f"prompts/{language}/"
    assert all(name.startswith(folder) for name in clips)
    return " ".join(name.removeprefix(folder).removeprefix("digits/") for name in clips)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (7, "7"),
        (19, "19"),
        (20, "20"),
        (21, "20 1"),
        (90, "90"),
        (99, "90 9"),
        (100, "1 hundred"),
        (101, "1 hundred 1"),
        (110, "1 hundred 10"),
        (342, "3 hundred 40 2"),
        (1_000, "1 thousand"),
        (1_001, "1 thousand 1"),
        (12_000, "12 thousand"),
        (999_999, "9 hundred 90 9 thousand 9 hundred 90 9"),
    ],
)
def test_a_number_is_said_as_english_says_it(value: int, expected: str) -> None:
    assert said(words.number(value)) == expected


@given(st.integers(min_value=0, max_value=999_999))
def test_what_is_said_is_the_number(value: int) -> None:
    total = group = 0
    for word in said(words.number(value)).split():
        if word == "thousand":
            total, group = group * 1_000, 0
        elif word == "hundred":
            assert 1 <= group <= 9
            group *= 100
        else:
            assert int(word) > 0 or value == 0
            # A part may only fill a place that is still empty: "40 2" but never "2 40" or "10 3".
            place = 1 if int(word) < 10 else 100 if int(word) < 20 else 10
            assert group % (100 if place > 1 else 10) == 0
            assert not (place == 1 and group % 100 == 10)
            group += int(word)
    assert total + group == value


@pytest.mark.parametrize("value", [-1_000_000, 1_000_000])
def test_a_number_that_cannot_be_said_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match=r"is not a number from 0 to 999999"):
        words.number(value)


def test_below_nought_there_is_minus() -> None:
    assert said(words.number(-21)) == "minus 20 1"


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("50", "UAH", "50 money/hryvnias"),
        ("1", "UAH", "1 money/hryvnia"),
        ("1.05", "EUR", "1 money/euro and 5 money/cents"),
        ("0.01", "MDL", "1 money/ban"),
        ("0", "USD", "0 money/dollars"),
        ("-2.505", "USD", "minus 2 money/dollars and 50 1 money/cents"),
    ],
)
def test_money(amount: str, currency: str, expected: str) -> None:
    assert said(words.money(Decimal(amount), currency)) == expected


def test_a_currency_without_words_names_those_that_have_some() -> None:
    with pytest.raises(LookupError, match="'XAU'; there are: EUR, MDL, RON, RUB, UAH, USD"):
        words.money(Decimal(1), "XAU")


@pytest.mark.parametrize(
    ("hour", "minute", "expected"),
    [
        (14, 5, "2 oh 5 pm"),
        (0, 0, "12 oclock am"),
        (12, 30, "12 30 pm"),
        (9, 42, "9 40 2 am"),
    ],
)
def test_a_time_of_day(hour: int, minute: int, expected: str) -> None:
    assert said(words.time_of_day(hour, minute)) == expected


@pytest.mark.parametrize(("hour", "minute"), [(24, 0), (-1, 0), (3, 60)])
def test_no_such_time_of_day(hour: int, minute: int) -> None:
    with pytest.raises(ValueError, match="is no time of day"):
        words.time_of_day(hour, minute)


def test_a_date() -> None:
    assert said(words.date(date(2026, 11, 27))) == "dates/month-11 20 dates/7"
    assert said(words.date(date(2026, 5, 20))) == "dates/month-5 dates/20"


def test_new_messages() -> None:
    assert said(words.new_messages(1)) == "1 new-message"
    assert said(words.new_messages(22)) == "20 2 new-messages"


def test_digits_are_said_one_by_one() -> None:
    assert said(words.digits("+373 (22) 10-05")) == "plus 3 7 3 2 2 1 0 0 5"
    assert said(words.digits("*42#")) == "star 4 2 pound"
    assert words.digits("") == ()


@pytest.mark.parametrize("keys", ["12a", "1,2", "\u0664"])
def test_a_key_no_telephone_has_is_refused(keys: str) -> None:
    with pytest.raises(ValueError, match="is not a key of a telephone"):
        words.digits(keys)


@given(st.text(alphabet="0123456789*#+", max_size=20))
def test_every_key_is_said_in_its_place(keys: str) -> None:
    key = {"star": "*", "pound": "#", "plus": "+"}
    assert "".join(key.get(word, word) for word in said(words.digits(keys)).split()) == keys


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (1, "you-are-next"),
        (2, "you-are-number 2 in-line"),
        (21, "you-are-number 20 1 in-line"),
        (100, "you-are-number 1 hundred in-line"),
    ],
)
def test_the_place_in_the_line(place: int, expected: str) -> None:
    assert said(words.position(place)) == expected


@pytest.mark.parametrize("place", [0, -3])
def test_nobody_stands_before_the_first(place: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        words.position(place)


@pytest.mark.parametrize(
    ("low", "high", "less", "expected"),
    [
        (0, 1, True, "expected-wait less-than-a-minute"),
        (1, 1, True, "expected-wait less-than-a-minute"),
        (0, 0, False, "expected-wait less-than-a-minute"),
        (0, 1, False, "expected-wait less-than-a-minute"),
        (0, 4, False, "expected-wait less-than 4 minutes"),
        (1, 1, False, "expected-wait about 1 minute"),
        (2, 2, False, "expected-wait about 2 minutes"),
        (2, 4, False, "expected-wait between 2 and 4 minutes"),
        (1, 2, False, "expected-wait between 1 and 2 minutes"),
        (20, 25, False, "expected-wait between 20 and 20 5 minutes"),
    ],
)
def test_the_waiting_time(low: int, high: int, less: bool, expected: str) -> None:
    assert said(words.wait(low, high, less)) == expected


@pytest.mark.parametrize(("low", "high"), [(-1, 2), (4, 2)])
def test_no_such_range_of_minutes(low: int, high: int) -> None:
    with pytest.raises(ValueError, match="no range of minutes"):
        words.wait(low, high)


def test_an_unknown_language_names_the_known_ones() -> None:
    with pytest.raises(words.UnknownLanguageError, match="'tlh'; there are: en, ro, ru, uk"):
        words.position(2, "tlh")


def test_a_prompt_becomes_a_clip_of_its_language() -> None:
    assert clip(Prompt.WELCOME) == "prompts/en/welcome"
    assert clip("digits/5", "ru") == "prompts/ru/digits/5"
