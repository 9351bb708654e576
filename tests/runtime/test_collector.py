"""The collector, run in small turns."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from softacd.runtime.collector import LONGEST_UNREST, REST_SECONDS, TURN_SECONDS, Collector


class Knot:
    """Something that keeps itself alive."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    made.start(100.0)
    yield made
    made.stop()


def test_a_turn_frees_young_knots_and_keeps_what_lives(collector: Collector) -> None:
    knot, kept = weakref.ref(Knot()), Knot()
    assert not gc.isenabled()
    assert knot() is not None
    collector.turn(100.0)
    assert knot() is None
    assert kept.itself is kept


def test_turns_are_not_taken_more_often_than_is_good(collector: Collector) -> None:
    collector.turn(100.0)
    before = collector.collections
    collector.turn(100.0 + TURN_SECONDS / 2)
    assert collector.collections == before
    collector.turn(100.0 + TURN_SECONDS)
    assert collector.collections == before + 1
    assert 0.0 < collector.hardest <= collector.longest + 0.001 < 1.0


def test_a_knot_that_outlived_a_turn_is_freed_by_the_rest(collector: Collector) -> None:
    thing = Knot()
    knot = weakref.ref(thing)
    collector.turn(100.0)
    del thing
    collector.turn(101.0)
    assert knot() is not None
    collector.rest(100.0 + REST_SECONDS - 1, quiet=True)
    collector.rest(100.0 + REST_SECONDS, quiet=False)
    assert knot() is not None
    collector.rest(100.0 + REST_SECONDS, quiet=True)
    assert knot() is None
    assert collector.longest_rest > 0.0


def test_a_house_that_is_never_quiet_is_looked_through_once_a_day(collector: Collector) -> None:
    thing = Knot()
    knot = weakref.ref(thing)
    collector.turn(100.0)
    del thing
    collector.rest(100.0 + LONGEST_UNREST, quiet=False)
    assert knot() is None
