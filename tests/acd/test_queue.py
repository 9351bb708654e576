"""Sorted lines, and which shelf a caller stands on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.acd.line import Key, insert, remove
from softacd.acd.model import QueueSettings
from softacd.acd.queue import Caller, Queue, TierLevel


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=60))
def test_a_line_is_always_sorted_and_forgets_nobody(moves: list[tuple[int, bool]]) -> None:
    line: list[Key] = []
    there: list[Key] = []
    for number, (priority, comes) in enumerate(moves):
        if comes or not there:
            key = (0.0, float(-priority), float(number), number, f"c{number}")
            insert(line, key)
            there.append(key)
        else:
            remove(line, there.pop(number % len(there)))
        assert line == sorted(there)


def test_who_is_not_in_line_cannot_be_taken_out() -> None:
    line: list[Key] = [(0, 0, 1, 1, "a"), (0, 0, 3, 3, "c")]
    for key in ((0, 0, 2, 2, "b"), (0, 0, 4, 4, "d"), (0, 0, 0, 0, "z")):
        with pytest.raises(ValueError, match=key[-1]):
            remove(line, key)
    assert len(line) == 2


def test_the_shelf_follows_the_number_of_phones() -> None:
    queue = Queue(QueueSettings(name="sales", ring=2), lambda: 0.0)
    queue.set_levels([TierLevel(1, 0), TierLevel(2, 1)])
    caller = Caller("c1", queue, (0, 0, 0, 1, "c1"), 0.0)
    insert(queue.line, caller.key)
    lane = queue.lane(1, ())
    caller.change_lane(lane)
    seen: list[tuple[int, list[int]]] = []
    for agent in (None, "ann", "bob", "cid"):
        if agent is not None:
            caller.ringing[agent] = None
            caller.level = 1
        caller.reshelve()
        seen.append((len(lane.uncovered), [len(short) for short in lane.short]))
    assert seen == [(1, [0, 0]), (0, [0, 1]), (0, [0, 0]), (0, [0, 0])]
    caller.ringing.clear()
    caller.reshelve()
    assert caller.level == 0  # the search begins again at the lowest level
    assert queue.position(caller.key) == 1
    caller.leave()
    assert (queue.line, lane.uncovered, lane.callers) == ([], [], 0)
