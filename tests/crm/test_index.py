"""What is loaded, what changed since, and a load in between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.crm.index import Card, Index, Packed

NUMBERS = st.integers(1, 10**15 - 1)
CARDS = st.builds(Card, st.integers(1, 2**53), st.text(max_size=30), st.text(max_size=9), st.just(""), st.just("ro"))


def card(customer: int) -> Card:
    return Card(customer, f"Customer {customer}", "", "", "")


@given(st.dictionaries(NUMBERS, CARDS, max_size=30), NUMBERS)
def test_what_is_packed_is_found_and_nothing_else(cards: dict[int, Card], other: int) -> None:
    packed = Packed(sorted(cards.items()))
    assert len(packed) == len(cards)
    assert {number: packed.find(number) for number in cards} == cards
    assert packed.find(other) == cards.get(other)


def test_numbers_come_in_order() -> None:
    with pytest.raises(ValueError, match="5 comes after 5"):
        Packed([(5, card(1)), (5, card(2))])


def test_a_change_lies_above_what_was_loaded() -> None:
    index = Index(Packed([(5, card(1)), (6, card(1))]), {})
    index.change(5, card(2))
    index.change(6, None)
    assert (index.find(5), index.find(6), index.find(7)) == (card(2), None, None)


def test_changes_made_during_a_load_outlive_it() -> None:
    index = Index(Packed(), {})
    index.change(5, card(1))
    index.change(6, card(1))
    index.begin_reload()
    index.change(6, card(2))
    assert (index.find(5), index.find(6)) == (card(1), card(2))
    index.end_reload(Packed([(5, card(1)), (6, card(1))]))
    assert (index.find(5), index.find(6)) == (card(1), card(2))


def test_a_load_that_failed_loses_nothing() -> None:
    index = Index(Packed([(4, card(4))]), {})
    index.change(5, card(1))
    index.begin_reload()
    index.end_reload(None)
    index.change(5, card(2))
    index.begin_reload()
    index.end_reload(None)
    assert (index.find(4), index.find(5)) == (card(4), card(2))


def test_a_load_is_due_when_changes_outgrow_what_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Index, "LEAST_CHANGES", 3)
    index = Index(Packed((number, card(1)) for number in range(100)), {})
    for number in range(25):
        index.change(number, None)
    assert not index.reload_due, "a quarter of what is loaded"
    index.change(25, None)
    assert index.reload_due
    index.begin_reload()
    assert not index.reload_due, "one at a time"


def test_blocked_until_its_moment() -> None:
    index = Index(Packed(), {5: 0, 6: 1000})
    assert [index.blocked(5, at) for at in (0, 10**15)] == [True, True]
    assert [index.blocked(6, at) for at in (999, 1000)] == [True, False]
    index.unblock(5)
    index.unblock(77)
    index.block(8, 0)
    assert (index.blocked(5, 0), index.blocked(8, 0)) == (False, True)
