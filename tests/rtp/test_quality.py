"""The E-model against the values the recommendation and its tools give."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.rtp.quality import DEFAULT_R, mos, opinion, rating


@pytest.mark.parametrize(
    ("r", "expected"),
    # G.107 annex B, table B.1: R = 90, 80, 70, 60, 50 are MOS 4.34, 4.03, 3.60, 3.10, 2.58; and the default, 4.41
    [(90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58), (93.2, 4.41), (0, 1.0), (100, 4.5)],
)
def test_the_table_of_annex_b(r: float, expected: float) -> None:
    assert opinion(r) == pytest.approx(expected, abs=0.01)


def test_delay_counts_from_a_tenth_of_a_second() -> None:
    assert rating("PCMA", 0, 100) == DEFAULT_R
    # G.107 section 7.4.3 at Ta = 200: X = 1, Idd = 25 * (2**(1/6) - 3 * (1 + 3**-6)**(1/6) + 2) = 3.04
    assert rating("PCMA", 0, 200) == pytest.approx(DEFAULT_R - 3.04, abs=0.01)
    assert rating("PCMA", 0, 400) < 75


def test_loss_costs_what_the_formula_says() -> None:
    # Ie,eff = 95 * 5 / (5 + 25.1) = 15.78
    assert rating("PCMU", 0.05, 0) == pytest.approx(DEFAULT_R - 15.78, abs=0.01)


def test_a_direction_as_it_was_measured() -> None:
    assert mos("PCMA", packets=1000, lost=0, jitter_ms=1, round_trip_ms=20, packet_ms=20) == pytest.approx(4.41)
    assert mos("PCMA", packets=1000, lost=-4, jitter_ms=1, round_trip_ms=None, packet_ms=20) == pytest.approx(4.41)
    assert mos("PCMA", packets=1000, lost=100, jitter_ms=30, round_trip_ms=200, packet_ms=20) < 3.6
    assert mos("PCMA", packets=0, lost=0, jitter_ms=0, round_trip_ms=None, packet_ms=20) == 0


@given(st.floats(0, 1), st.floats(0, 5000), st.floats(0, 1))
def test_more_loss_is_never_better(loss: float, delay: float, more: float) -> None:
    worse = min(1.0, loss + more)
    assert 1 <= opinion(rating("OPUS", worse, delay)) <= opinion(rating("OPUS", loss, delay)) + 0.02 <= 4.6
