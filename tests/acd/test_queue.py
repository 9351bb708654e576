"""Sorted lines, and which shelf a caller stands on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.acd.model import QueueSettings
from softacd.acd.queue import Caller, Key, Queue, TierLevel, insert, remove


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=60))
def test_a_line_is_always_sorted_and_forgets_nobody(moves: list[tuple[int, bool]]) -> None:
    line: list[Key] = []
    there: list[Key] = []
    for number, (priority, comes) in enumerate(moves):
        if comes or not there:
            key = (float(-priority), number, f"c{number}")
            insert(line, key)
            there.append(key)
        else:
            remove(line, there.pop(number % len(there)))
        assert line == sorted(there)


def test_who_is_not_in_line_cannot_be_taken_out() -> None:
    line: list[Key] = [(0, 1, "a"), (0, 3, "c")]
    for key in ((0, 2, "b"), (0, 4, "d"), (0, 0, "z")):
        with pytest.raises(ValueError, match=key[2]):
            remove(line, key)
    assert len(line) == 2


def test_the_shelf_follows_the_number_of_phones() -> None:
    queue = Queue(QueueSettings(name="sales", ring=2))
    caller = Caller("c1", queue, (0, 1, "c1"), 0.0)
    insert(queue.line, caller.key)
    queue.levels = [TierLevel(1), TierLevel(2)]
    seen: list[tuple[int, list[int]]] = []
    for agent in (None, "ann", "bob", "cid"):
        if agent is not None:
            caller.ringing[agent] = None
            caller.level = 2
        caller.reshelve()
        seen.append((len(queue.uncovered), [len(level.short) for level in queue.levels]))
    assert seen == [(1, [0, 0]), (0, [0, 1]), (0, [0, 0]), (0, [0, 0])]
    caller.ringing.clear()
    caller.reshelve()
    assert caller.level == 0  # the search begins again at the lowest level
    assert queue.position(caller.key) == 1
    caller.leave()
    assert (queue.line, queue.uncovered) == ([], [])
