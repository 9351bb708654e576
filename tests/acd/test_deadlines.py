"""Deadlines come due in order, once, and cancelled ones leave nothing behind."""

from hypothesis import given
from hypothesis import strategies as st

from softacd.acd.deadlines import Deadlines, Due


def test_in_order_of_time_and_then_of_arming() -> None:
    deadlines = Deadlines()
    for at, owner in ((3.0, "c"), (1.0, "a"), (3.0, "d"), (2.0, "b")):
        deadlines.arm(at, Due.RING, owner)
    assert deadlines.next() == 1.0
    assert deadlines.take_due(0.999) is None
    taken = [deadlines.take_due(3.0) for _ in range(5)]
    assert [one and one[2] for one in taken] == ["a", "b", "c", "d", None]
    assert deadlines.next() is None


def test_what_is_cancelled_never_comes_due_and_does_not_pile_up() -> None:
    deadlines = Deadlines()
    keep = deadlines.arm(50.0, Due.MAX_WAIT, "keep")
    for number in range(10_000):
        deadlines.cancel(deadlines.arm(1_000.0 + number, Due.WRAP_UP, "gone"))
    deadlines.cancel(0)
    assert len(deadlines) == 1
    assert len(deadlines.heap) < 200
    assert deadlines.take_due(1e9) == (50.0, Due.MAX_WAIT, "keep")
    deadlines.cancel(keep)
    assert deadlines.next() is None


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=300))
def test_against_a_sorted_list(armed: list[tuple[int, bool]]) -> None:
    deadlines, expected = Deadlines(), []
    for number, (at, cancelled) in enumerate(armed):
        token = deadlines.arm(float(at), Due.DELAY, str(number))
        if cancelled:
            deadlines.cancel(token)
        else:
            expected.append((float(at), number))
    for due, number in sorted(expected):
        assert deadlines.next() == due
        assert deadlines.take_due(due) == (due, Due.DELAY, str(number))
    assert deadlines.take_due(100.0) is None
