"""How fast a line moves is measured while somebody waits, and goes through the store."""

import pytest

from softacd.acd.line_pace import LinePace


def test_intervals_are_measured_only_while_somebody_waits() -> None:
    pace = LinePace()
    pace.began(0.0)
    for number in range(1, 40):
        pace.answered(60.0, number * 10.0, others_wait=number < 39)
    pace.answered(0.0, 10_000.0, others_wait=False)  # nobody waited in between: no interval
    assert pace.quick == pytest.approx(10.0, abs=0.5)
    assert 10.0 < pace.slow < 20.0
    assert pace.since == 0.0


def test_recent_waits_count_most() -> None:
    pace = LinePace()
    for waited in (10.0,) * 20 + (100.0,) * 10:
        pace.answered(waited, 0.0, others_wait=False)
    assert 80.0 < pace.waits < 100.0


def test_it_survives_a_restart() -> None:
    pace = LinePace()
    pace.began(0.0)
    pace.answered(25.0, 7.0, others_wait=True)
    assert LinePace(pace.learned()).learned() == pace.learned()
