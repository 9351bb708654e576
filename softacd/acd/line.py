"""Sorted lines of small tuples: who waits, and who is ready, each in order."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Final, TypeVar

Key = tuple[float, float, float, int, str]
"""Sorts callers as (queue's precedence, -priority, arrival in seconds, arrival number, name); see `line_order`."""
AgentKey = tuple[float, float, str]
"""Sorts the ready agents of a tier level as (what the strategy looks at first, second, name); see `strategy`."""
_SPENT: Final = 64
"""Places before the head that are tolerated before the list is shortened."""

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
    if line and line[0] is key:
        del line[0]
        return
    index = bisect_left(line, key)
    if index == len(line) or line[index] != key:
        raise ValueError(f"{key[-1]} is not in this line")
    del line[index]


class ReadyLine:
    """The ready agents of a tier level in order. Taking the first and putting somebody before him is O(1), at any size.

    `keys` before `head` have been taken: agents are rung from the front, and whoever is released unanswered comes
    back there, so the rest need not move.
    """

    __slots__ = ("head", "keys")

    def __init__(self) -> None:
        self.keys: list[AgentKey] = []
        self.head = 0

    def __len__(self) -> int:
        return len(self.keys) - self.head

    def __iter__(self) -> Iterator[AgentKey]:
        return iter(self.keys[self.head :])

    def __getitem__(self, place: int) -> AgentKey:
        """The key at a place from 0; from -1 backwards."""
        return self.keys[place + self.head if place >= 0 else place]

    def after(self, key: AgentKey) -> int:
        """How many stand before or at `key`, whether it is there or not."""
        return bisect_right(self.keys, key, self.head) - self.head

    def insert(self, key: AgentKey) -> None:
        """Put `key` in its place."""
        keys, head = self.keys, self.head
        if len(keys) == head or keys[-1] < key:
            keys.append(key)
        elif head and key < keys[head]:
            self.head = head = head - 1
            keys[head] = key
        else:
            place = bisect_left(keys, key, head)
            if head and 2 * place < head + len(keys):  # the few before him move, not the many behind
                keys[head - 1 : place - 1] = keys[head:place]
                keys[place - 1] = key
                self.head = head - 1
            else:
                keys.insert(place, key)

    def remove(self, key: AgentKey) -> None:
        """Take out `key`, which must be there (ValueError otherwise)."""
        keys, head = self.keys, self.head
        if len(keys) > head and keys[head] is key:
            self.head = head = head + 1
            if head == len(keys):
                keys.clear()
                self.head = 0
            elif head > _SPENT and 2 * head > len(keys):
                del keys[:head]
                self.head = 0
            return
        place = bisect_left(keys, key, head)
        if place == len(keys) or keys[place] != key:
            raise ValueError(f"{key[-1]} is not in this line")
        if 2 * place < head + len(keys):
            keys[head + 1 : place + 1] = keys[head:place]
            self.head = head + 1
        else:
            del keys[place]
