"""The timer values of RFC 3261 and the queues of deadlines.

Timers are cancelled lazily: a cancelled one stays in its queue, without its owner, until its turn comes or until the
dead outnumber the living.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
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
    """One pending deadline, at the absolute time `when`. `owner` is None once it was cancelled or has fired."""

    __slots__ = ("name", "owner", "when")

    def __init__(self, owner: Owner, name: TimerName, when: float) -> None:
        self.owner: Owner | None = owner
        self.name = name
        self.when = when


class TimerQueues(Generic[Owner]):
    """Deadlines in order. Timers of one duration run out in the order they were started, and there are few durations
    (table 4 of RFC 3261): a queue for each, whose head is its earliest, so that nothing has to be sorted.
    """

    __slots__ = ("_cancelled", "_queues", "_started")

    def __init__(self) -> None:
        self._queues: dict[float, deque[Timer[Owner]]] = {}
        self._started = 0
        self._cancelled = 0

    def __len__(self) -> int:
        """Living timers."""
        return self._started - self._cancelled

    def start(self, now: float, duration: float, owner: Owner, name: TimerName) -> Timer[Owner]:
        """Arm a timer for `duration` seconds from `now`, which never goes back."""
        timer = Timer(owner, name, now + duration)
        self._started += 1
        queue = self._queues.get(duration)
        if queue is None:
            queue = self._queues[duration] = deque()
        queue.append(timer)
        return timer

    def cancel(self, timer: Timer[Owner]) -> None:
        """Disarm; harmless when it has fired already."""
        if timer.owner is None:
            return
        timer.owner = None
        self._cancelled += 1
        if self._cancelled > 1000 and self._cancelled * 2 > self._started:
            for duration, queue in list(self._queues.items()):
                self._queues[duration] = deque(living for living in queue if living.owner is not None)
            self._started -= self._cancelled
            self._cancelled = 0

    def next_deadline(self) -> float | None:
        """The earliest living deadline."""
        earliest = self._earliest()
        return earliest[0].when if earliest else None

    def pop_due(self, now: float) -> tuple[Owner, TimerName] | None:
        """Take the next timer due at `now`, None when there is none. Equal deadlines fire the shorter timer first."""
        queue = self._earliest()
        if queue is None or queue[0].when > now:
            return None
        timer = queue.popleft()
        self._started -= 1
        owner = timer.owner
        assert owner is not None  # noqa: S101 - cancelled ones are not the earliest
        timer.owner = None
        return owner, timer.name

    def _earliest(self) -> deque[Timer[Owner]] | None:
        """The queue whose head is due first; heads that were cancelled are dropped on the way."""
        found: deque[Timer[Owner]] | None = None
        when = 0.0
        for queue in self._queues.values():
            while queue:
                head = queue[0]
                if head.owner is None:
                    queue.popleft()
                    self._started -= 1
                    self._cancelled -= 1
                    continue
                if found is None or head.when < when:
                    found, when = queue, head.when
                break
        return found
