"""The times of agents added up: by status and reason, and as a whole."""

from collections.abc import Iterable

import msgspec

from softacd.calls.records import AgentTime


class StatusTimes(msgspec.Struct, frozen=True):
    """All the time in one status for one reason, ms, by what the machine saw of the agent."""

    status: str
    reason: str
    """Why; empty: none was given."""
    paid: bool
    """Whether the shop pays for it."""
    total_ms: int = 0
    """All of it; what follows are its parts."""
    idle_ms: int = 0
    """Nothing to do."""
    ringing_ms: int = 0
    """Reserved for a caller, or the phone rang."""
    talk_ms: int = 0
    """In conversations of queues."""
    hold_ms: int = 0
    """The same, the caller on hold."""
    wrap_up_ms: int = 0
    """After conversations, with the calls made about them."""
    own_call_ms: int = 0
    """In calls that no queue gave."""


class AgentTimes(msgspec.Struct, frozen=True):
    """How one agent spent a time."""

    agent: str
    """The agent's name."""
    since: int
    """Times that began then or later are counted, wall-clock ms ..."""
    before: int
    """... and before then. A time is in pieces of a quarter of an hour by the clock."""
    logged_in_ms: int
    """Not logged out."""
    paid_ms: int
    """Of it, what the shop pays for."""
    statuses: tuple[StatusTimes, ...]
    """What it consists of, the longest first."""


PARTS = ("idle_ms", "ringing_ms", "talk_ms", "hold_ms", "wrap_up_ms", "own_call_ms")
"""Fields that records and sums have in common."""


def add_up(agent: str, times: Iterable[AgentTime], *, since: int, before: int) -> AgentTimes:
    """The sums of an agent's records."""
    sums: dict[tuple[str, str, bool], list[int]] = {}
    for time in times:
        of = sums.setdefault((time.status, time.reason, time.paid), [0] * (len(PARTS) + 1))
        of[0] += time.ended - time.started
        for index, part in enumerate(PARTS, 1):
            of[index] += getattr(time, part)
    statuses = tuple(StatusTimes(*key, *values) for key, values in sorted(sums.items(), key=lambda one: -one[1][0]))
    return AgentTimes(
        agent=agent,
        since=since,
        before=before,
        logged_in_ms=sum(one.total_ms for one in statuses),
        paid_ms=sum(one.total_ms for one in statuses if one.paid),
        statuses=statuses,
    )
