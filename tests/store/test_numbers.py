"""Which spellings of a number are one number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.store.numbers import KEY_DIGITS, number_key, same_number

SAME = [
    ("+37369123456", "069123456"),  # Moldova: national, with the trunk prefix 0
    ("+37369123456", "0037369123456"),  # international, dialled
    ("+37369123456", "37369123456"),  # as many carriers write E.164
    ("+380671234567", "0671234567"),  # Ukraine
    ("+79161234567", "89161234567"),  # Russia: trunk prefix 8
    ("+40 (721) 000-000", "0721000000"),  # Romania, as people write
    ("069123456", "69123456"),
    ("101", "101"),
]
OTHERS = [
    ("+380671234567", "0571234567"),  # another town, the same seven last digits
    ("+37369123456", "+40769123456"),  # another country
    ("101", "1101"),
    ("", ""),
    ("anonymous", "anonymous"),
    ("anonymous", "+37369123456"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_number(one: str, other: str) -> None:
    assert same_number(one, other)
    assert same_number(other, one)
    assert number_key(one) == number_key(other) or len(number_key(one)) < KEY_DIGITS


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_two_numbers(one: str, other: str) -> None:
    assert not same_number(one, other)
    assert not same_number(other, one)


@given(st.text(max_size=40), st.text(max_size=40))
def test_nothing_strangers_send_breaks_it(one: str, other: str) -> None:
    assert same_number(one, other) == same_number(other, one)
    assert len(number_key(one)) <= KEY_DIGITS
