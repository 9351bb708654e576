"""Sorted lines of small tuples: who waits, and who is ready, each in order."""

from bisect import bisect_left
from typing import TypeVar

Key = tuple[float, float, float, int, str]
"""Sorts callers as (queue's precedence, -priority, arrival in seconds, arrival number, name); see `line_order`."""
AgentKey = tuple[float, float, str]
"""Sorts the ready agents of a tier level as (what the strategy looks at first, second, name); see `strategy`."""
AnyKey = TypeVar("AnyKey", Key, AgentKey)


def insert(line: list[AnyKey], key: AnyKey) -> None:
    """Put `key` in its place."""
    if not line or line[-1] < key:
        line.append(key)
    elif key < line[0]:  # an agent released unanswered: he is among the longest idle
        line.insert(0, key)
    else:
        line.insert(bisect_left(line, key), key)


def remove(line: list[AnyKey], key: AnyKey) -> None:
    """Take out `key`, which must be there (ValueError otherwise)."""
    if line and line[0] == key:
        del line[0]
        return
    index = bisect_left(line, key)
    if index == len(line) or line[index] != key:
        raise ValueError(f"{key[-1]} is not in this line")
    del line[index]
