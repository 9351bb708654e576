"""The timer values of RFC 3261 and the one heap of deadlines.

Timers are cancelled lazily: a cancelled one stays in the heap, without its owner, until it is due or until the
dead outnumber the living.
"""

from __future__ import annotations

from enum import Enum
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

T1 = 0.5  # round-trip time estimate (RFC 3261 section 17.1.1.1)
T2 = 4.0  # longest interval between retransmissions of non-INVITE requests and INVITE responses
T4 = 5.0  # longest time a message stays in the network

Owner = TypeVar("Owner")


class TimerName(Enum):
    """Timers by the names of RFC 3261 table 4 and RFC 6026, and those of the user agent core."""

    __hash__ = object.__hash__  # identity: Enum hashes the name, in Python, on every look-up

    A = "A"
    B = "B"
    D = "D"
    E = "E"
    F = "F"
    G = "G"
    H = "H"
    I = "I"  # noqa: E741 - the RFC's name
    J = "J"
    K = "K"
    L = "L"
    M = "M"
    CANCELLED = "cancelled"  # no final response after CANCEL (RFC 3261 section 9.1)
    RETRANSMIT_2XX = "retransmit 2xx"  # RFC 3261 section 13.3.1.4
    ACK_MISSING = "ACK missing"
    RETRANSMIT_1XX = "retransmit 1xx"  # RFC 3262 section 3
    PRACK_MISSING = "PRACK missing"


class Timer(Generic[Owner]):
    """One pending deadline. `owner` is None once it was cancelled or has fired."""

    __slots__ = ("name", "owner")

    def __init__(self, owner: Owner, name: TimerName) -> None:
        self.owner: Owner | None = owner
        self.name = name


class TimerHeap(Generic[Owner]):
    """Deadlines in order; equal deadlines fire in the order they were started."""

    __slots__ = ("_cancelled", "_heap", "_started")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer[Owner]]] = []
        self._started = 0
        self._cancelled = 0

    def __len__(self) -> int:
        """Living timers."""
        return len(self._heap) - self._cancelled

    def start(self, when: float, owner: Owner, name: TimerName) -> Timer[Owner]:
        """Arm a timer for the absolute time `when`."""
        timer = Timer(owner, name)
        self._started += 1
        heappush(self._heap, (when, self._started, timer))
        return timer

    def cancel(self, timer: Timer[Owner]) -> None:
        """Disarm; harmless when it has fired already."""
        if timer.owner is None:
            return
        timer.owner = None
        self._cancelled += 1
        if self._cancelled > 1000 and self._cancelled * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].owner is not None]
            heapify(self._heap)
            self._cancelled = 0

    def next_deadline(self) -> float | None:
        """The earliest living deadline."""
        heap = self._heap
        while heap and heap[0][2].owner is None:
            heappop(heap)
            self._cancelled -= 1
        return heap[0][0] if heap else None

    def pop_due(self, now: float) -> tuple[Owner, TimerName] | None:
        """Take the next timer due at `now`, None when there is none."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            timer = heappop(heap)[2]
            owner = timer.owner
            if owner is not None:
                timer.owner = None
                return owner, timer.name
            self._cancelled -= 1
        return None
