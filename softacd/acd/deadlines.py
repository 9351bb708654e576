"""The distributor's deadlines: one heap, cancelled lazily."""

import heapq
from enum import Enum, auto

_SLACK = 64  # cancelled entries tolerated beyond the live ones before the heap is rebuilt


class Due(Enum):
    """Which rule a deadline serves."""

    RING = auto()  # the agent's phone has rung long enough
    DELAY = auto()  # the pause after a refusal is over
    WRAP_UP = auto()
    WIDEN = auto()  # the caller's patience for one agent is over, or more agents may serve him
    PROGRESS = auto()  # one more phone may ring for the caller
    MAX_WAIT = auto()  # the caller has waited as long as the queue allows


class Deadlines:
    """Deadlines of named owners in monotonic seconds. Arming and cancelling cost O(log n) and O(1)."""

    __slots__ = ("_live", "_serial", "heap")

    def __init__(self) -> None:
        self.heap: list[tuple[float, int]] = []
        self._live: dict[int, tuple[Due, str]] = {}
        self._serial = 0

    def __len__(self) -> int:
        return len(self._live)

    def arm(self, at: float, due: Due, owner: str) -> int:
        """Remember a deadline; the returned token (never 0) cancels it."""
        self._serial += 1
        self._live[self._serial] = (due, owner)
        heapq.heappush(self.heap, (at, self._serial))
        return self._serial

    def cancel(self, token: int) -> None:
        """Forget a deadline; a token that is 0, spent or cancelled is ignored."""
        if self._live.pop(token, None) is not None and len(self.heap) > 2 * len(self._live) + _SLACK:
            live = self._live
            self.heap = [entry for entry in self.heap if entry[1] in live]
            heapq.heapify(self.heap)

    def next(self) -> float | None:
        """The earliest live deadline, or None."""
        heap = self.heap
        while heap:
            if heap[0][1] in self._live:
                return heap[0][0]
            heapq.heappop(heap)
        return None

    def take_due(self, now: float) -> tuple[float, Due, str] | None:
        """Remove and return the earliest deadline not later than `now` as (at, due, owner), or None."""
        heap = self.heap
        while heap and heap[0][0] <= now:
            at, token = heapq.heappop(heap)
            entry = self._live.pop(token, None)
            if entry is not None:
                return at, entry[0], entry[1]
        return None
