"""The queues of deadlines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from softacd.sip.timers import TimerName, TimerQueues

A = TimerName.A


def test_due_in_order_and_only_when_due() -> None:
    timers: TimerQueues[str] = TimerQueues()
    timers.start(0.0, 2.0, "two", A)
    timers.start(0.0, 1.0, "one", A)
    timers.start(0.0, 2.0, "two again", A)
    assert timers.next_deadline() == 1.0
    assert timers.pop_due(0.9) is None
    assert [timers.pop_due(2.0) for _ in range(4)] == [("one", A), ("two", A), ("two again", A), None]
    assert timers.next_deadline() is None


def test_a_cancelled_timer_neither_fires_nor_wakes() -> None:
    timers: TimerQueues[str] = TimerQueues()
    timer = timers.start(0.0, 1.0, "one", A)
    timers.start(0.0, 2.0, "two", A)
    timers.cancel(timer)
    timers.cancel(timer)
    assert timer.owner is None
    assert (timers.next_deadline(), len(timers)) == (2.0, 1)
    assert timers.pop_due(5.0) == ("two", A)


def test_cancelled_timers_do_not_pile_up() -> None:
    timers: TimerQueues[int] = TimerQueues()
    for number in range(50_000):
        timers.cancel(timers.start(float(number), 32.0, number, A))
    assert len(timers) == 0
    assert sum(map(len, timers._queues.values())) <= 1_001


@given(st.lists(st.tuples(st.floats(0, 10), st.sampled_from((0.5, 1.0, 4.0, 5.0, 32.0)), st.booleans())))
def test_what_was_not_cancelled_fires_once_and_in_order(plan: list[tuple[float, float, bool]]) -> None:
    timers: TimerQueues[float] = TimerQueues()
    now, expected = 0.0, []
    for passed, duration, cancelled in plan:
        now += passed
        timer = timers.start(now, duration, now + duration, A)
        if cancelled:
            timers.cancel(timer)
        else:
            expected.append(now + duration)
    assert len(timers) == len(expected)
    fired = []
    while (due := timers.pop_due(1e9)) is not None:
        fired.append(due[0])
    assert fired == sorted(expected)
    assert (len(timers), timers.next_deadline()) == (0, None)


@given(st.lists(st.tuples(st.floats(0, 3), st.sampled_from((0.5, 1.0, 4.0)))))
def test_nothing_fires_before_it_is_due(plan: list[tuple[float, float]]) -> None:
    timers: TimerQueues[float] = TimerQueues()
    now = 0.0
    for passed, duration in plan:
        now += passed
        while (due := timers.pop_due(now)) is not None:
            assert due[0] <= now
        assert (timers.next_deadline() or now + 1) > now
        timers.start(now, duration, now + duration, A)
