"""One queue: its waiting line and its ready agents, as sorted lists.

A sorted list of small tuples serves both: the head is the next in order, appending at the end (the usual case) is
O(1), any other place is found by bisection, and the rank of a caller, his position, comes with it. Callers and agents
stand in the lists by name, so nothing here forms a reference cycle.
"""

from bisect import bisect_left

from softacd.acd.model import QueueSettings
from softacd.acd.service_level import ServiceLevel
from softacd.acd.strategy import phones_at_once

Key = tuple[float, int, str]
"""Sorts callers as (-priority, arrival number, name), ready agents as (idle since, tier position, name)."""


def insert(line: list[Key], key: Key) -> None:
    """Put `key` in its place."""
    if not line or line[-1] < key:
        line.append(key)
    elif key < line[0]:  # an agent released unanswered: he is among the longest idle
        line.insert(0, key)
    else:
        line.insert(bisect_left(line, key), key)


def remove(line: list[Key], key: Key) -> None:
    """Take out `key`, which must be there (ValueError otherwise)."""
    if line and line[0] == key:
        del line[0]
        return
    index = bisect_left(line, key)
    if index == len(line) or line[index] != key:
        raise ValueError(f"{key[2]} is not in this line")
    del line[index]


class TierLevel:
    """One level of a queue: its ready agents, and the callers who ring on it with fewer phones than they may have."""

    __slots__ = ("number", "ready", "short")

    def __init__(self, number: int) -> None:
        self.number = number
        self.ready: list[Key] = []
        self.short: list[Key] = []


class Queue:
    """The live side of one configured queue.

    `line` holds every waiting caller, `uncovered` those for whom no phone rings; `levels` are in ascending order.
    """

    __slots__ = ("agents", "levels", "line", "name", "service_level", "settings", "target", "uncovered")

    def __init__(self, settings: QueueSettings) -> None:
        self.name = settings.name
        self.settings = settings
        self.target = phones_at_once(settings)
        self.line: list[Key] = []
        self.uncovered: list[Key] = []
        self.levels: list[TierLevel] = []
        self.agents: tuple[str, ...] = ()
        self.service_level = ServiceLevel(settings.service_level_seconds)

    def configure(self, settings: QueueSettings) -> None:
        """Take new settings; callers and statistics stay. The caller of this rebuilds tiers and ready lists."""
        self.settings = settings
        self.target = phones_at_once(settings)
        self.service_level.threshold = settings.service_level_seconds

    def first_ready(self) -> TierLevel | None:
        """The lowest level with a ready agent; the first of its `ready` is to ring next."""
        for level in self.levels:
            if level.ready:
                return level
        return None

    def position(self, key: Key) -> int:
        """Place of a waiting caller, 1 = next."""
        return bisect_left(self.line, key) + 1


class Caller:
    """One waiting caller.

    `ringing` names the agents reserved for him, in the order they were offered; `level` is the highest tier level that
    has rung since no phone rang.
    """

    __slots__ = ("joined", "key", "level", "name", "queue", "ringing", "shelf", "timer")

    def __init__(self, name: str, queue: Queue, key: Key, joined: float) -> None:
        self.name = name
        self.queue = queue
        self.key = key
        self.joined = joined
        self.level = 0
        self.ringing: dict[str, None] = {}
        self.timer = 0
        self.shelf: list[Key] | None = None

    def reshelve(self) -> None:
        """Stand in the list that matches the phones ringing: uncovered, short on the caller's level, or neither."""
        ringing = len(self.ringing)
        queue = self.queue
        shelf = None
        if not ringing:
            self.level = 0
            shelf = queue.uncovered
        elif ringing < queue.target:
            for level in queue.levels:
                shelf = level.short
                if level.number >= self.level:
                    break
        if shelf is not self.shelf:
            if self.shelf is not None:
                remove(self.shelf, self.key)
            if shelf is not None:
                insert(shelf, self.key)
            self.shelf = shelf

    def leave(self) -> None:
        """Stand in no list any more."""
        remove(self.queue.line, self.key)
        if self.shelf is not None:
            remove(self.shelf, self.key)
            self.shelf = None
