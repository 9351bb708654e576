"""What callers are told, and that it never counts up."""

from hypothesis import given
from hypothesis import strategies as st

from softacd.acd.announce import LONGEST_MINUTES, WaitAnnouncement, WaitAnnouncer
from softacd.acd.wait_time import WaitEstimate


def estimate(low: float, expected: float, high: float, *, trusted: bool = True, staffed: int = 4) -> WaitEstimate:
    return WaitEstimate(expected=expected, low=low, high=high, trusted=trusted, staffed=staffed)


def first(low: float, expected: float, high: float) -> WaitAnnouncement | None:
    return WaitAnnouncer().announce(3, estimate(low, expected, high), 0.0)


def test_the_wait_is_said_as_people_speak() -> None:
    assert first(2, 10, 30) == WaitAnnouncement(3, 0, 1, less_than_a_minute=True)
    assert first(10, 29, 119) == WaitAnnouncement(3, 0, 1, less_than_a_minute=True)
    assert first(20, 60, 110) == WaitAnnouncement(3, 0, 2)  # less than two minutes
    assert first(70, 90, 115) == WaitAnnouncement(3, 2, 2)  # about two minutes
    assert first(120, 170, 240) == WaitAnnouncement(3, 2, 4)  # between two and four minutes
    assert first(500, 800, 1000) == WaitAnnouncement(3, 8, 20)
    assert first(700, 800, 1000) == WaitAnnouncement(3, 10, 20)


def test_no_time_is_told_that_cannot_be_trusted_or_helps_nobody() -> None:
    announcer = WaitAnnouncer()
    assert announcer.announce(2, estimate(60, 90, 120, trusted=False), 0.0) == WaitAnnouncement(2)
    assert announcer.announce(2, None, 0.0) == WaitAnnouncement(2)
    assert announcer.announce(None, None, 0.0) is None
    assert announcer.announce(2, estimate(60, 90, LONGEST_MINUTES * 60 + 1), 0.0) == WaitAnnouncement(2)
    assert announcer.announce(None, estimate(60, 90, 170), 0.0) == WaitAnnouncement(None, 1, 3)


def test_a_wait_that_grows_is_not_told_again_but_one_that_fits_is() -> None:
    announcer = WaitAnnouncer()
    assert announcer.announce(4, estimate(100, 150, 170), 0.0) == WaitAnnouncement(4, 1, 3)
    assert announcer.announce(4, estimate(100, 200, 400), 30.0) == WaitAnnouncement(4, 1, 2)  # 150 s are left
    assert announcer.announce(3, estimate(130, 200, 400), 60.0) == WaitAnnouncement(3)
    assert announcer.announce(2, estimate(20, 70, 100), 70.0) == WaitAnnouncement(2, 0, 2)
    assert announcer.announce(1, estimate(20, 70, 100), 200.0) == WaitAnnouncement(1)  # overdue


def test_counting_down_keeps_pace_with_the_clock() -> None:
    announcer = WaitAnnouncer()
    told = [announcer.announce(5, estimate(60, 200, 239), now) for now in (0.0, 30.0, 60.0, 90.0, 120.0)]
    assert [one and one.minutes_high for one in told] == [4, 3, 3, 2, 2]


def test_when_agents_leave_a_longer_wait_is_told() -> None:
    announcer = WaitAnnouncer()
    assert announcer.announce(4, estimate(100, 150, 170, staffed=4), 0.0) == WaitAnnouncement(4, 1, 3)
    assert announcer.announce(4, estimate(200, 300, 350, staffed=2), 30.0) == WaitAnnouncement(4, 3, 6)
    assert announcer.announce(4, estimate(200, 300, 350, staffed=3), 60.0) == WaitAnnouncement(4, 3, 5)


spans = st.tuples(*(st.floats(0, 2000) for _ in range(3))).map(sorted)


@given(st.lists(st.tuples(spans, st.floats(0, 60)), min_size=2, max_size=12))
def test_what_is_told_never_grows_and_never_outlives_the_promise(heard: list[tuple[list[float], float]]) -> None:
    announcer, now = WaitAnnouncer(), 0.0
    said: int | None = None
    promise = float("inf")
    for (low, expected, high), pause in heard:
        now += pause
        told = announcer.announce(1, estimate(low, expected, high), now)
        assert told is not None
        if told.minutes_high is None:
            continue
        assert told.minutes_low is not None
        assert 0 <= told.minutes_low <= told.minutes_high <= LONGEST_MINUTES
        assert said is None or told.minutes_high <= said
        # To the nearest minute, except that less than one cannot be said.
        assert now + told.minutes_high * 60 <= promise + 60.0 or told.less_than_a_minute
        assert low <= max(promise - now, 0.0) + 60.0
        said = told.minutes_high
        promise = min(promise, now + told.minutes_high * 60)


moments = st.tuples(spans, st.floats(0, 90), st.integers(1, 4), st.booleans())


@given(st.lists(moments, min_size=2, max_size=15))
def test_only_agents_who_leave_lengthen_what_was_told(heard: list[tuple[list[float], float, int, bool]]) -> None:
    """What is told now, counted from now, is no longer than what was told before, but for rounding to the minute."""
    announcer, now = WaitAnnouncer(), 0.0
    promise, told_with = float("inf"), 0
    for (low, expected, high), pause, staffed, trusted in heard:
        now += pause
        told = announcer.announce(None, estimate(low, expected, high, trusted=trusted, staffed=staffed), now)
        if told is None:
            continue
        assert trusted, "silent when not trusted"
        assert told.minutes_high is not None
        if not told_with:
            assert told.minutes_high <= 10 or told.minutes_high % 5 == 0, "rounded as people speak"
        until = now + told.minutes_high * 60
        if staffed >= told_with:
            # Half a minute of rounding down before, half a minute of rounding up now.
            assert until <= promise + 60.0 or told.less_than_a_minute
            promise = min(promise, until)
        else:
            promise = until
        told_with = staffed
