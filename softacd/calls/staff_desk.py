"""What becomes of the agents' time: accounts of every status for the reports, and the alarm when one lasts too long."""

from typing import TYPE_CHECKING

from softacd.acd.vocabulary import AgentChanged, Status, StatusSpent
from softacd.calls.deadlines import Deadline
from softacd.calls.reasons import Reasons
from softacd.calls.records import AgentAlarm, AgentTime

if TYPE_CHECKING:
    from softacd.calls.exchange import Exchange

Chosen = tuple[Status, str]
"""A status and its reason."""


class StaffDesk:
    """Follows the statuses of all agents."""

    def __init__(self, exchange: "Exchange") -> None:
        self._exchange = exchange
        self._chosen: dict[str, tuple[Chosen, float]] = {}
        """Agent -> his status and reason, and since when."""
        self._limits: dict[str, Deadline] = {}
        self.overdue: dict[str, float] = {}
        """Agents whose status lasts longer than its reason may -> since when it does."""
        self.alarms = 0
        """How often that happened since the start."""

    @property
    def reasons(self) -> Reasons:
        """The reasons the shop has."""
        return self._exchange.reasons

    def changed(self, change: AgentChanged, now: float) -> None:
        """An agent's status or state changed."""
        chosen = (change.status, change.reason)
        known = self._chosen.get(change.agent)
        if known is None or known[0] != chosen:
            self._chosen[change.agent] = (chosen, now)
            self._watch(change.agent, now)

    def configured(self, now: float) -> None:
        """Reasons and agents may be others after a reload: a limit counts from when the status began."""
        for agent in list(self._chosen):
            if agent not in self._exchange.agents:
                del self._chosen[agent]
            self._watch(agent, now)

    def on_deadline(self, tag: str, now: float) -> None:
        """The agent `tag` is away longer than the reason allows."""
        del self._limits[tag]
        (status, reason), since = self._chosen[tag]
        self.overdue[tag] = now
        self.alarms += 1
        services = self._exchange.services
        services.records.append(
            AgentAlarm(
                agent=tag,
                at=services.wall(now),
                status=status.value,
                reason=reason,
                since=services.wall(since),
                limit_ms=round(self.reasons.limit(status, reason) * 1000),
            )
        )

    def spent(self, spent: StatusSpent, now: float) -> None:
        """Record how an agent spent his time."""
        self._exchange.services.records.append(self.account(spent, now))

    def account(self, spent: StatusSpent, now: float) -> AgentTime:
        """An account that ends now, as it is recorded."""
        ended = self._exchange.services.wall(now)
        return AgentTime(
            agent=spent.agent,
            started=ended - round(spent.seconds * 1000),
            ended=ended,
            status=spent.status.value,
            reason=spent.reason,
            paid=self.reasons.paid(spent.status, spent.reason),
            idle_ms=round(spent.idle * 1000),
            ringing_ms=round(spent.ringing * 1000),
            talk_ms=round(spent.talking * 1000),
            hold_ms=round(spent.held * 1000),
            wrap_up_ms=round(spent.wrap_up * 1000),
            own_call_ms=round(spent.own_call * 1000),
        )

    def _watch(self, agent: str, now: float) -> None:
        """Have the alarm raised when the agent's status has lasted too long; none that was raised before counts."""
        running = self._limits.pop(agent, None)
        if running is not None:
            running.cancel()
        if agent not in self._chosen:
            self.overdue.pop(agent, None)
            return
        chosen, since = self._chosen[agent]
        limit = self.reasons.limit(*chosen)
        if limit and since + limit <= now and agent in self.overdue:
            return  # it was told
        self.overdue.pop(agent, None)
        if limit:
            self._limits[agent] = self._exchange.services.deadlines.at(max(now, since + limit), self, agent)
