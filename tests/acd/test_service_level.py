"""Counts of the day, by hand."""

import pytest

from softacd.acd.service_level import WAIT_BOUNDS, ServiceLevel
from softacd.acd.vocabulary import Exit


def test_the_day_by_hand() -> None:
    level = ServiceLevel(20.0)
    exits = [
        (Exit.ANSWERED, 4.0),
        (Exit.ANSWERED, 20.0),  # in time: the threshold itself counts
        (Exit.ANSWERED, 20.001),
        (Exit.ANSWERED, 2000.0),
        (Exit.ABANDONED, 3.0),
        (Exit.ABANDONED, 90.0),
        (Exit.TOO_LONG, 300.0),
        (Exit.KEY, 40.0),
        (Exit.FULL, 0.0),
    ]
    for how, waited in exits:
        level.joined()
        level.exited(how, waited)
    level.joined()  # one still waits
    report = level.report()
    assert (report.offered, report.answered, report.answered_in_time) == (10, 4, 2)
    assert (report.abandoned, report.abandoned_early) == (2, 1)
    assert report.service_level == pytest.approx(2 / 7)  # 4 answered, 2 abandoned, 1 sent away
    assert report.average_wait == pytest.approx(2044.001 / 4)
    assert report.longest_wait == 2000.0
    assert report.exits == {how: sum(one is how for one, _ in exits) for how in Exit}
    assert report.waits == (1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1)
    assert len(report.waits) == len(WAIT_BOUNDS) + 1


def test_no_callers_no_level() -> None:
    level = ServiceLevel(20.0)
    level.joined()
    level.exited(Exit.FULL, 0.0)
    assert (level.report().service_level, level.report().average_wait) == (None, None)
    level.start_day(waiting=3)
    assert (level.report().offered, level.report().exits[Exit.FULL]) == (3, 0)
