"""What live views show: the queues and the agents at one moment, as plain frozen Structs.

Times (`since`, `joined`, `until`) are monotonic seconds like every time of the core; a viewer subtracts them from `at`.
"""

import msgspec

from softacd.acd.agent import Agent
from softacd.acd.agent_table import IN_WRAP_UP
from softacd.acd.queue import Caller, Queue
from softacd.acd.service_level import ServiceLevelReport
from softacd.acd.vocabulary import State, Status


class WaitingCaller(msgspec.Struct, frozen=True):
    """One caller in line. `position` 1 is next; `ringing` names the agents whose phones ring for him."""

    caller: str
    position: int
    priority: int
    joined: float
    waited: float
    ringing: tuple[str, ...]
    call_back: bool = False
    """Nobody waits at a telephone: he is called back when it is his turn."""


class QueueSnapshot(msgspec.Struct, frozen=True):
    """One queue. `states` counts all its agents by state, whatever their status."""

    name: str
    at: float
    waiting: tuple[WaitingCaller, ...]
    longest_wait: float
    agents: int
    logged_in: int
    available: int
    """Agents whose status is available, whatever they do now."""
    ready: int
    """Agents who would be offered the next caller."""
    states: dict[State, int]
    today: ServiceLevelReport


class AgentSnapshot(msgspec.Struct, frozen=True):
    """One agent. `next_status` is chosen but waits for the end of the conversation; `until` ends the ring, the
    delay after a refusal, or the wrap-up."""

    name: str
    display_name: str
    phone: str
    status: Status
    reason: str
    status_since: float
    next_status: Status | None
    state: State
    since: float
    caller: str
    queue: str
    until: float | None
    reachable: bool
    other_calls: int
    ready: bool
    no_answers: int
    """Consecutive rings he did not answer."""
    queues: tuple[str, ...]
    answered: int
    talk_seconds: float
    wrap_up_seconds: float
    status_seconds: dict[Status, float] = {}
    """Time in every status today; the present one counts up to `status_accounted` only."""
    reason_seconds: tuple[tuple[Status, str, float], ...] = ()
    """The same for every status with a reason."""
    status_accounted: float = 0.0
    state_seconds: dict[State, float] = {}
    """Time in every state today; the present one counts up to `state_accounted` only."""
    state_accounted: float = 0.0


def agent_snapshot(agent: Agent) -> AgentSnapshot:
    """The agent now."""
    return AgentSnapshot(
        name=agent.name,
        display_name=agent.settings.display_name,
        phone=agent.settings.phone,
        status=agent.status,
        reason=agent.reason,
        status_since=agent.status_since,
        next_status=None if agent.upcoming is None else agent.upcoming[0],
        state=agent.state,
        since=agent.since,
        caller=agent.caller,
        queue="" if agent.queue is None else agent.queue.name,
        until=agent.until,
        reachable=agent.reachable,
        other_calls=len(agent.other_calls),
        ready=agent.ready,
        no_answers=agent.no_answers,
        queues=tuple(tier.queue.name for tier in agent.tiers),
        answered=agent.answered,
        talk_seconds=agent.talk_seconds,
        wrap_up_seconds=sum(agent.state_seconds[state] for state in IN_WRAP_UP),
        status_seconds=dict(agent.status_seconds),
        reason_seconds=tuple((status, reason, seconds) for (status, reason), seconds in agent.reason_seconds.items()),
        status_accounted=agent.booked_until,
        state_seconds=dict(agent.state_seconds),
        state_accounted=agent.accounted,
    )


def queue_snapshot(queue: Queue, callers: dict[str, Caller], agents: dict[str, Agent], now: float) -> QueueSnapshot:
    """The queue now, its callers in order."""
    waiting = tuple(
        WaitingCaller(
            caller=key[-1],
            position=position,
            priority=callers[key[-1]].priority,
            joined=callers[key[-1]].joined,
            waited=now - callers[key[-1]].joined,
            ringing=tuple(callers[key[-1]].ringing),
            call_back=callers[key[-1]].call_back,
        )
        for position, key in enumerate(queue.line, 1)
    )
    staff = [agents[name] for name in queue.agents]
    states = dict.fromkeys(State, 0)
    for agent in staff:
        states[agent.state] += 1
    return QueueSnapshot(
        name=queue.name,
        at=now,
        waiting=waiting,
        longest_wait=max((caller.waited for caller in waiting), default=0.0),
        agents=len(staff),
        logged_in=sum(agent.status is not Status.LOGGED_OUT for agent in staff),
        available=sum(agent.status is Status.AVAILABLE for agent in staff),
        ready=sum(agent.ready for agent in staff),
        states=states,
        today=queue.service_level.report(),
    )
