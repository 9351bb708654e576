"""One heap of deadlines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from softacd.sip.timers import TimerHeap, TimerName

A = TimerName.A


def test_due_in_order_and_only_when_due() -> None:
    heap: TimerHeap[str] = TimerHeap()
    heap.start(2.0, "two", A)
    heap.start(1.0, "one", A)
    heap.start(2.0, "two again", A)
    assert heap.next_deadline() == 1.0
    assert heap.pop_due(0.9) is None
    assert [heap.pop_due(2.0) for _ in range(4)] == [("one", A), ("two", A), ("two again", A), None]
    assert heap.next_deadline() is None


def test_a_cancelled_timer_neither_fires_nor_wakes() -> None:
    heap: TimerHeap[str] = TimerHeap()
    timer = heap.start(1.0, "one", A)
    heap.start(2.0, "two", A)
    heap.cancel(timer)
    heap.cancel(timer)
    assert timer.owner is None
    assert (heap.next_deadline(), len(heap)) == (2.0, 1)
    assert heap.pop_due(5.0) == ("two", A)


def test_cancelled_timers_do_not_pile_up() -> None:
    heap: TimerHeap[int] = TimerHeap()
    for number in range(50_000):
        heap.cancel(heap.start(number + 32.0, number, A))
    assert len(heap) == 0
    assert len(heap._heap) <= 1_001


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans())))
def test_what_was_not_cancelled_fires_once_and_in_order(plan: list[tuple[float, bool]]) -> None:
    heap: TimerHeap[float] = TimerHeap()
    for when, cancelled in plan:
        timer = heap.start(when, when, A)
        if cancelled:
            heap.cancel(timer)
    fired = []
    while (due := heap.pop_due(1000.0)) is not None:
        fired.append(due[0])
    assert fired == sorted(when for when, cancelled in plan if not cancelled)
    assert len(heap) == 0
