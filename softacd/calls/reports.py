"""Reports: what was offered, answered and lost in a period, by one property of the calls; and what agents did in it.

Figures of calls count those that began within the period. Durations are seconds; a mean or a share is None where there
is nothing it could be of.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Protocol

import msgspec


class ReportKind(StrEnum):
    """By which property of the calls a report has its rows."""

    QUEUE = "queue"  # calls that entered one, from inside the house too; each by its last queue
    DAY = "day"
    HOUR = "hour"  # of the day, in the shop's time zone
    TOPIC = "topic"
    TRUNK = "trunk"
    NUMBER = "number"  # ours, that was called


class CallFigures(msgspec.Struct, frozen=True):
    """Calls with one property in common. `offered` is `answered`, `abandoned` and `others` together."""

    name: str
    """Queue, topic, trunk or number; a day as "2026-06-01", an hour as "08"; empty: none was said."""
    offered: int
    """Calls: with `queue` those that entered it, else those that came in from outside."""
    answered: int
    """Of them, those a human talked to."""
    abandoned: int
    """Of them, those that ended in the queue or before it without anybody."""
    others: int
    """Of them, the rest: served by the machine, refused, failed."""
    within_target: int
    """Answered within the service level's seconds of their queue."""
    service_level: float | None
    """`within_target`, of all answered or abandoned in a queue: 0 to 1."""
    wait_mean_s: float | None
    """Seconds in the queue, of all who entered one."""
    wait_p90_s: float | None
    """Nine of ten waited no longer."""
    wait_longest_s: float | None
    """The longest."""
    answer_mean_s: float | None
    """Seconds in the queue of those who were answered."""
    talk_s: float
    """Seconds of conversation, together."""
    hold_s: float
    """Seconds on hold, together."""
    wrap_up_s: float
    """Seconds of wrap-up after these calls, together."""
    handling_mean_s: float | None
    """Conversation, hold and wrap-up of an answered call."""
    lost_callers: int
    """Callers who were missed and have not been reached since: each counted once, withheld numbers each call."""
    missed_money: float
    """What they are worth: the most any of the queues they were missed in says."""


class CallReport(msgspec.Struct, frozen=True):
    """Figures of calls in a period."""

    kind: ReportKind
    """By what there are rows."""
    first: date
    """First day."""
    last: date
    """Last day; the period ends with it."""
    time_zone: str
    """In which days and hours are meant; empty: the machine's."""
    queue: str
    """Only calls of this queue; empty: of any and of none."""
    currency: str
    """Of `missed_money` (ISO 4217); empty: not said."""
    rows: list[CallFigures]
    """In the order of their names."""
    total: CallFigures
    """All of them together."""


class AgentFigures(msgspec.Struct, frozen=True):
    """What one agent did in a period. Figures of conversations are of those that began in it."""

    name: str
    """The agent; of the total: empty."""
    rung: int
    """How often the phone rang for a caller of a queue."""
    conversations: int
    """Conversations with callers, those taken over by transfer too."""
    talk_s: float
    """Seconds of them."""
    hold_s: float
    """Seconds callers of his were on hold."""
    wrap_up_s: float
    """Seconds in wrap-up."""
    handling_mean_s: float | None
    """Conversation, hold and wrap-up of a conversation."""
    own_calls_s: float
    """Seconds in calls no queue gave him."""
    idle_s: float
    """Seconds available with nothing to do."""
    ringing_s: float
    """Seconds offered a call, or rung."""
    available_s: float
    """Seconds of status available, whatever he did in it."""
    paused_s: float
    """Seconds logged in with any other status."""
    staffed_s: float
    """Seconds logged in."""
    occupancy: float | None
    """Conversation, hold and wrap-up, of the time available or in them: 0 to 1."""


class AgentReport(msgspec.Struct, frozen=True):
    """Figures of agents in a period."""

    first: date
    """First day."""
    last: date
    """Last day; the period ends with it."""
    time_zone: str
    """In which days are meant; empty: the machine's."""
    rows: list[AgentFigures]
    """In the order of their names: all who are configured, and those who have talked."""
    total: AgentFigures
    """All of them together."""


class StatusTime(msgspec.Struct, frozen=True):
    """How long an agent was in one status, for one reason."""

    agent: str
    """The agent."""
    status: str
    """What the agent said: "available", "break", ..., or "logged-out"."""
    reason: str
    """The reason given; empty: none."""
    seconds: float
    """How long, together."""
    times: int
    """How often it was begun within the period."""


class StatusReport(msgspec.Struct, frozen=True):
    """Time spent in each status, by agent and reason."""

    first: date
    """First day."""
    last: date
    """Last day; the period ends with it."""
    time_zone: str
    """In which days are meant; empty: the machine's."""
    rows: list[StatusTime]
    """By agent, then status, then reason."""


AnyReport = CallReport | AgentReport | StatusReport


class ReportPeriodError(ValueError):
    """There is no such period, or too much of it."""

    http_status = 400
    remedy = "Give `first` and `last` as dates (2026-06-01), the first not after the last, at most 800 days apart."


class Reports(Protocol):
    """Who makes reports. Days are the shop's; both count. Raises ReportPeriodError, and what the store raises."""

    async def calls(self, kind: ReportKind, first: date | None, last: date | None, queue: str = "") -> CallReport:
        """Figures of calls; without days, of today."""

    async def agents(self, first: date | None, last: date | None) -> AgentReport:
        """Figures of agents."""

    async def statuses(self, first: date | None, last: date | None) -> StatusReport:
        """Time spent in each status."""

    def today(self) -> date:
        """The day it is in the shop."""


def columns_of(report: AnyReport) -> Sequence[str]:
    """Names of the columns of a report's rows, in their order."""
    row = CallFigures if isinstance(report, CallReport) else AgentFigures
    return (StatusTime if isinstance(report, StatusReport) else row).__struct_fields__
