"""What agents choose, what their phones can do, and in what other calls they are."""

from softacd.acd.agent import Agent
from softacd.acd.agent_table import ON_OFFER, STATES, STATUS_EFFECTS, StatusEffect, Trigger
from softacd.acd.conversations import free
from softacd.acd.offers import withdraw
from softacd.acd.turn import Turn
from softacd.acd.vocabulary import (
    DeviceChanged,
    OtherCallEnded,
    OtherCallStarted,
    State,
    Status,
    StatusChosen,
    Withdrawal,
)
from softacd.acd.waiting import disappoint


def status_chosen(turn: Turn, event: StatusChosen, now: float) -> None:
    agent = turn.floor.agents.get(event.agent)
    if agent is None or agent.leaving:
        return
    chosen = (event.status, event.reason)
    effect = STATUS_EFFECTS[agent.state][event.status]
    if effect is StatusEffect.AFTER_CALL:
        upcoming = None if chosen == (agent.status, agent.reason) else chosen
        if upcoming != agent.upcoming:
            agent.upcoming = upcoming
            if upcoming is not None and event.status is not Status.AVAILABLE:
                disappoint(turn, agent, now)
            turn.out.append(agent.changed())
        return
    if chosen == (agent.status, agent.reason):
        return
    agent.delist()
    if effect is StatusEffect.WITHDRAW:
        withdraw(turn, agent, Withdrawal.AGENT_LEFT, now)
    if event.status is Status.AVAILABLE and agent.status is not Status.AVAILABLE:
        agent.idle_since = now
        agent.no_answers = 0
    turn.take_status(agent, *chosen, now)
    if event.status is not Status.AVAILABLE:
        disappoint(turn, agent, now)
    if effect is StatusEffect.END_WRAP_UP:
        free(turn, agent, now)
    else:
        turn.out.append(agent.changed())
        turn.freed.append(agent)


def device_changed(turn: Turn, event: DeviceChanged, now: float) -> None:
    agent = turn.floor.agents.get(event.agent)
    if agent is None:
        return
    if event.reachable and agent.unreachables and agent.state is State.IDLE:
        # The phone that could not be reached has just spoken: no reason to wait longer.
        agent.unreachables = 0
        turn.deadlines.cancel(agent.timer)
        agent.timer = 0
        agent.until = None
    agent.reachable = event.reachable
    if not event.reachable:
        disappoint(turn, agent, now)
    interrupt(turn, agent, now)


def other_call_started(turn: Turn, event: OtherCallStarted, now: float) -> None:
    agent = turn.floor.agents.get(event.agent)
    if agent is None:
        return
    agent.other_calls.add(event.call)
    agent.delist()
    if agent.state in ON_OFFER:
        withdraw(turn, agent, Withdrawal.AGENT_LEFT, now)
    if Trigger.OWN_CALL in STATES[agent.state]:
        agent.move(Trigger.OWN_CALL, now)
        turn.out.append(agent.changed())


def other_call_ended(turn: Turn, event: OtherCallEnded, now: float) -> None:
    agent = turn.floor.agents.get(event.agent)
    if agent is None or event.call not in agent.other_calls:
        return
    agent.other_calls.remove(event.call)
    if agent.other_calls:
        return
    agent.idle_since = now
    if Trigger.OWN_END in STATES[agent.state]:
        agent.move(Trigger.OWN_END, now)
        turn.out.append(agent.changed())
    turn.freed.append(agent)


def interrupt(turn: Turn, agent: Agent, now: float) -> None:
    """The phone's condition changed: without a phone the agent rings for nobody."""
    if agent.reachable:
        turn.freed.append(agent)
        return
    agent.delist()
    if agent.state in ON_OFFER:
        withdraw(turn, agent, Withdrawal.AGENT_LEFT, now)
        turn.out.append(agent.changed())
