"""The expected waiting time, learned online from the distributor's own events and commands."""

from collections.abc import Iterable

import msgspec

from softacd.acd.model import AgentSettings, QueueSettings
from softacd.acd.vocabulary import (
    AgentChanged,
    AnyCommand,
    AnyEvent,
    CallerExited,
    CallerJoined,
    Connect,
    State,
    Status,
)

FIRST_GUESS = 180.0
"""Seconds a conversation with its wrap-up is believed to take before any was seen."""
WEIGHT = 0.15
ENOUGH = 5
"""Conversations after which an estimate may be spoken."""


class WaitEstimate(msgspec.Struct, frozen=True):
    """Remaining seconds expected, an 80 % range, and whether it may be told to a caller."""

    expected: float
    low: float
    high: float
    trusted: bool


class WaitTimeEstimator:
    """Callers ahead times the handling time, over the agents staffed."""

    def __init__(self, queues: Iterable[QueueSettings], agents: Iterable[AgentSettings]) -> None:
        self._handling: dict[str, float] = {}
        self._seen: dict[str, int] = {}
        self._lines: dict[str, list[str]] = {}
        self._queue_of: dict[str, str] = {}
        self._talking: dict[str, tuple[str, float]] = {}
        self._staffed: set[str] = set()
        self._agents: dict[str, set[str]] = {}
        self.configure(queues, agents)

    def configure(self, queues: Iterable[QueueSettings], agents: Iterable[AgentSettings]) -> None:
        """Take new settings; what was learned stays."""
        del agents
        self._agents = {queue.name: {tier.agent for tier in queue.tiers} for queue in queues}

    def observe(self, item: AnyEvent | AnyCommand, now: float) -> None:
        """Learn from one event or command."""
        if isinstance(item, CallerJoined):
            self._lines.setdefault(item.queue, []).append(item.caller)
            self._queue_of[item.caller] = item.queue
        elif isinstance(item, CallerExited):
            queue = self._queue_of.pop(item.caller, None)
            if queue is not None and item.caller in self._lines[queue]:
                self._lines[queue].remove(item.caller)
        elif isinstance(item, Connect):
            self._talking[item.agent] = (item.queue, now)
        elif isinstance(item, AgentChanged):
            if item.status is Status.AVAILABLE or item.state not in (State.IDLE, State.OFFERED, State.RINGING):
                self._staffed.add(item.agent)
            else:
                self._staffed.discard(item.agent)
            if item.state is State.IDLE and item.agent in self._talking:
                queue, since = self._talking.pop(item.agent)
                known = self._handling.get(queue, FIRST_GUESS)
                self._handling[queue] = known + WEIGHT * (now - since - known)
                self._seen[queue] = self._seen.get(queue, 0) + 1

    def estimate(self, caller: str, now: float) -> WaitEstimate | None:
        """How long a waiting caller will still wait; None for who does not wait or when nobody serves the queue."""
        del now
        queue = self._queue_of.get(caller)
        if queue is None:
            return None
        staffed = len(self._staffed & self._agents.get(queue, set()))
        if not staffed:
            return None
        ahead = self._lines[queue].index(caller) + 1
        expected = ahead * self._handling.get(queue, FIRST_GUESS) / staffed
        return WaitEstimate(expected, expected * 0.3, expected * 2.0, self._seen.get(queue, 0) >= ENOUGH)
