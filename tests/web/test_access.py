"""Who is let in: every verdict, without a clock or a socket."""

import pytest

from softacd.web.access import Access, Verdict

TOKEN = "correct-horse-battery-staple"


def test_the_right_token_is_admitted_and_costs_nothing() -> None:
    access = Access(TOKEN)
    for second in range(100):
        assert access.judge("192.0.2.1", TOKEN, float(second)) is Verdict.ADMITTED
    assert sum(access.refused.values()) == 0


@pytest.mark.parametrize("offered", ["", "x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), " " + TOKEN, "ключ", "\udcff"])
def test_anything_else_is_not(offered: str) -> None:
    access = Access(TOKEN)
    assert access.judge("192.0.2.1", offered.encode("utf-8", "replace").decode(), 0.0) is Verdict.WRONG


def test_without_a_token_configured_nobody_is_let_in() -> None:
    access = Access("")
    assert access.judge("127.0.0.1", "", 0.0) is Verdict.CLOSED
    assert access.judge("127.0.0.1", "anything", 0.0) is Verdict.CLOSED
    assert access.judge("127.0.0.1", None, 0.0) is Verdict.CLOSED


def test_offering_nothing_is_refused_but_is_no_guess() -> None:
    access = Access(TOKEN)
    for _ in range(1000):
        assert access.judge("192.0.2.1", None, 0.0) is Verdict.MISSING
    assert access.judge("192.0.2.1", TOKEN, 0.0) is Verdict.ADMITTED


def test_after_ten_wrong_guesses_nothing_of_that_source_is_looked_at() -> None:
    access = Access(TOKEN, guesses=10, seconds=60.0)
    for _ in range(10):
        assert access.judge("192.0.2.1", "guess", 100.0) is Verdict.WRONG
    assert access.judge("192.0.2.1", "guess", 100.0) is Verdict.TOO_MANY
    assert access.judge("192.0.2.1", TOKEN, 100.0) is Verdict.TOO_MANY
    assert access.judge("192.0.2.2", TOKEN, 100.0) is Verdict.ADMITTED
    assert access.retry_after("192.0.2.1", 100.0) == pytest.approx(6.0)
    assert access.judge("192.0.2.1", TOKEN, 105.9) is Verdict.TOO_MANY
    assert access.judge("192.0.2.1", TOKEN, 106.1) is Verdict.ADMITTED


def test_guesses_come_back_one_by_one() -> None:
    access = Access(TOKEN, guesses=10, seconds=60.0)
    for _ in range(10):
        access.judge("192.0.2.1", "guess", 0.0)
    assert access.judge("192.0.2.1", "guess", 6.1) is Verdict.WRONG
    assert access.judge("192.0.2.1", "guess", 6.2) is Verdict.TOO_MANY
    for _ in range(10):
        assert access.judge("192.0.2.1", "guess", 200.0) is Verdict.WRONG
    assert access.judge("192.0.2.1", "guess", 200.0) is Verdict.TOO_MANY


def test_refusals_are_counted_by_verdict() -> None:
    access = Access(TOKEN, guesses=1, seconds=60.0)
    access.judge("192.0.2.1", None, 0.0)
    access.judge("192.0.2.1", "guess", 0.0)
    access.judge("192.0.2.1", "guess", 0.0)
    assert access.refused == {Verdict.CLOSED: 0, Verdict.MISSING: 1, Verdict.WRONG: 1, Verdict.TOO_MANY: 1}


def test_a_flood_of_sources_does_not_fill_the_memory() -> None:
    access = Access(TOKEN)
    for number in range(12_000):
        access.judge(f"2001:db8::{number:x}", "guess", 0.0)
    assert len(access._sources) == 10_000


def test_the_token_is_not_kept() -> None:
    access = Access(TOKEN)
    kept = [getattr(access, name) for name in Access.__slots__]
    assert TOKEN not in repr(kept)
