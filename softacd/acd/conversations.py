"""Conversations and the wrap-up after them."""

from softacd.acd.agent import Agent
from softacd.acd.agent_table import FREE, IDLE, IN_CONVERSATION, IN_WRAP_UP, WRAP_UP, Trigger
from softacd.acd.deadlines import Due
from softacd.acd.turn import Turn
from softacd.acd.vocabulary import (
    AgentChanged,
    HoldChanged,
    State,
    Status,
    TalkEnded,
    WrapUpExtended,
    WrapUpFinished,
)


def talk_ended(turn: Turn, event: TalkEnded, now: float) -> None:
    agent = turn.floor.agents.get(event.agent)
    if agent is None or agent.state not in IN_CONVERSATION or agent.caller != event.caller:
        return
    seconds = now - agent.talking_since
    agent.talk_seconds += seconds
    tier = None if agent.queue is None else agent.tier_in(agent.queue)
    if tier is not None:
        tier.talk_seconds += seconds
    if agent.upcoming is not None:
        turn.take_status(agent, *agent.upcoming, now)
        agent.upcoming = None
    if agent.leaving:
        dismiss(turn, agent, now)
        return
    seconds = 0.0 if agent.queue is None else agent.queue.settings.wrap_up_seconds
    if seconds and agent.status is not Status.LOGGED_OUT:
        agent.move(WRAP_UP, now)
        if agent.other_calls:
            agent.move(Trigger.OWN_CALL, now)
        agent.until = now + seconds
        agent.timer = turn.deadlines.arm(agent.until, Due.WRAP_UP, agent.name)
        turn.out.append(agent.changed())
    else:
        free(turn, agent, now)


def hold_changed(turn: Turn, event: HoldChanged, now: float) -> None:
    agent = turn.floor.agents.get(event.agent)
    if agent is None or agent.state not in IN_CONVERSATION or agent.caller != event.caller:
        return
    if (agent.state is State.HELD) is not event.held:
        agent.move(Trigger.HOLD if event.held else Trigger.RESUME, now)
        turn.out.append(agent.changed())


def free(turn: Turn, agent: Agent, now: float) -> None:
    """Conversation and wrap-up are over; `now` may be the past moment when the wrap-up was due to end."""
    agent.move(FREE, now)
    if agent.other_calls and agent.state is IDLE:
        agent.move(Trigger.OWN_CALL, now)
    turn.deadlines.cancel(agent.timer)
    agent.timer = 0
    agent.until = None
    agent.caller = ""
    agent.queue = None
    agent.idle_since = now
    turn.out.append(agent.changed())
    turn.freed.append(agent)


def wrap_up_finished(turn: Turn, event: WrapUpFinished, now: float) -> None:
    agent = turn.floor.agents.get(event.agent)
    if agent is not None and agent.state in IN_WRAP_UP:
        free(turn, agent, now)


def wrap_up_extended(turn: Turn, event: WrapUpExtended, now: float) -> None:
    agent = turn.floor.agents.get(event.agent)
    if agent is None or agent.state not in IN_WRAP_UP or agent.until is None or not event.seconds > 0:
        return
    turn.deadlines.cancel(agent.timer)
    agent.until += event.seconds
    agent.timer = turn.deadlines.arm(agent.until, Due.WRAP_UP, agent.name)
    turn.out.append(agent.changed())


def dismiss(turn: Turn, agent: Agent, now: float) -> None:
    """The agent is no longer configured and in no conversation: he is gone."""
    turn.cut(agent, now)
    turn.deadlines.cancel(agent.timer)
    turn.floor.agents.pop(agent.name, None)
    turn.out.append(AgentChanged(agent.name, Status.LOGGED_OUT, State.IDLE))
