"""Sorted lines, and which shelf a caller stands on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.acd.line import AgentKey, Key, ReadyLine, insert, remove
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


@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from("+++-<>")), max_size=400))
def test_the_ready_agents_are_always_sorted_wherever_they_come_and_go(moves: list[tuple[int, str]]) -> None:
    line = ReadyLine()
    there: list[AgentKey] = []
    for number, (since, move) in enumerate(moves):
        if move == "+" or not there:
            key = (float(since), 1.0, f"a{number}")
            line.insert(key)
            there = sorted([*there, key])
        else:
            place = {"<": 0, ">": len(there) - 1}.get(move, since % len(there))
            line.remove(there.pop(place))
        assert list(line) == there
        assert len(line) == len(there)
        assert line.after((200.0, 1.0, "")) == sum(key < (200.0, 1.0, "") for key in there)
        if there:
            assert (line[0], line[-1], line[len(there) // 2]) == (there[0], there[-1], there[len(there) // 2])
    with pytest.raises(ValueError, match="zed"):
        line.remove((0.5, 1.0, "zed"))


def test_a_line_that_only_moves_forward_does_not_grow() -> None:
    line = ReadyLine()
    for number in range(10_000):
        line.insert((float(number), 1.0, "a"))
        if number >= 100:
            line.remove(line[0])
    assert len(line) == 100
    assert len(line.keys) < 400


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
