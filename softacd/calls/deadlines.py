"""One heap of deadlines for everything above the transactions, with lazy cancellation.

An entry is a target and a tag; the target's `on_deadline(tag, now)` is called once. Cancelling marks the entry, the
heap forgets it when it comes to the top.
"""

from heapq import heappop, heappush
from typing import Protocol


class Target(Protocol):
    """Whoever waits for a moment."""

    def on_deadline(self, tag: str, now: float) -> None:
        """The moment has come."""


class Deadline:
    """One armed moment. `target` is None once it fired or was cancelled."""

    __slots__ = ("tag", "target", "when")

    def __init__(self, when: float, target: Target, tag: str) -> None:
        self.when = when
        self.target: Target | None = target
        self.tag = tag

    def cancel(self) -> None:
        """Forget it; harmless when it already fired."""
        self.target = None


class Deadlines:
    """The heap."""

    __slots__ = ("_heap", "_sequence")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Deadline]] = []
        self._sequence = 0

    def __len__(self) -> int:
        """How many are armed (cancelled ones not counted)."""
        return sum(1 for _, _, deadline in self._heap if deadline.target is not None)

    def at(self, when: float, target: Target, tag: str) -> Deadline:
        """Call `target.on_deadline(tag, now)` once at `when` (monotonic seconds)."""
        self._sequence += 1
        deadline = Deadline(when, target, tag)
        heappush(self._heap, (when, self._sequence, deadline))
        return deadline

    def next(self) -> float | None:
        """The earliest armed moment."""
        heap = self._heap
        while heap and heap[0][2].target is None:
            heappop(heap)
        return heap[0][0] if heap else None

    def fire(self, now: float) -> None:
        """Call everything due at `now`, in order."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            deadline = heappop(heap)[2]
            target = deadline.target
            if target is not None:
                deadline.target = None
                target.on_deadline(deadline.tag, now)
