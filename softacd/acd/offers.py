"""Offers: made, answered, refused, taken back; and the caller's way out, which ends every offer of his."""

from typing import Final

from softacd.acd.agent import Agent
from softacd.acd.agent_table import ANSWER, IN_CONVERSATION, OFFER, ON_OFFER, RELEASE, Trigger
from softacd.acd.deadlines import Due
from softacd.acd.model import Strategy
from softacd.acd.queue import Caller
from softacd.acd.strategy import agent_key
from softacd.acd.turn import Turn
from softacd.acd.vocabulary import (
    AnswerTooLate,
    CallerExited,
    Connect,
    Exit,
    Offer,
    OfferAnswered,
    OfferRefused,
    OfferRinging,
    Refusal,
    State,
    Status,
    Withdraw,
    Withdrawal,
)
from softacd.acd.waiting import disappoint, open_to_all, progress

NO_ANSWER_REASON: Final = "no-answer"
"""The reason of a NOT_READY status that the distributor set after too many unanswered rings."""

_RING: Final = Due.RING
_ANSWERED: Final = Exit.ANSWERED
_ABANDONED: Final = Exit.ABANDONED
_SERVED: Final = (Exit.ANSWERED, Exit.PICKED_UP)
_ANSWERED_ELSEWHERE: Final = Withdrawal.ANSWERED_ELSEWHERE
_CALLER_LEFT: Final = Withdrawal.CALLER_LEFT
_ROUND_ROBIN: Final = Strategy.ROUND_ROBIN

UNREACHABLE_DELAYS: Final = (5.0, 10.0, 20.0, 40.0, 60.0)
"""Seconds before a phone that could not be reached is tried again; its registration ends the delay."""


def ring(turn: Turn, caller: Caller, now: float) -> None:
    """Ring ready agents of the queue for a caller, up to the number that may ring for him."""
    queue = caller.queue
    lane = caller.lane
    if lane is not None and (not lane.uncovered or caller.key < lane.uncovered[0]):  # else nobody is free for him
        agents = turn.floor.agents
        ringing = caller.ringing
        while len(ringing) < caller.target:
            found = queue.first_ready(lane, caller.level if ringing else lane.reach)
            if found is None:
                break
            offer(turn, caller, agents[found[1][2]], found[0].index, now)
    caller.reshelve()


def offer(turn: Turn, caller: Caller, agent: Agent, level: int, now: float) -> None:
    """Reserve the agent on the level of this index; the caller is to be reshelved by whoever calls this."""
    queue = caller.queue
    if not queue.by_idle_time and queue.settings.strategy is _ROUND_ROBIN:
        tier = agent.tier_in(queue)
        if tier is not None:
            queue.turn = agent_key(agent, tier)
    agent.delist()
    agent.move(OFFER, now)
    seconds = queue.settings.ring_seconds
    agent.caller = caller.name
    agent.queue = queue
    agent.until = now + seconds
    agent.timer = turn.deadlines.arm(agent.until, _RING, agent.name)
    caller.ringing[agent.name] = None
    if level > caller.level:
        caller.level = level
    if caller.target < queue.target:
        progress(turn, caller, now)
    turn.out.append(Offer(caller.name, agent.name, queue.name, seconds))
    turn.out.append(agent.changed())


def release(turn: Turn, agent: Agent, now: float) -> None:
    """The agent's offer is over and he is idle as before; the waiting caller's lists are not touched here."""
    agent.move(RELEASE, now)
    turn.deadlines.cancel(agent.timer)
    agent.timer = 0
    agent.until = None
    agent.caller = ""
    agent.queue = None


def lose_phone(turn: Turn, agent: Agent, now: float) -> None:
    """The agent no longer rings for his caller, who goes on waiting and may ring another."""
    caller = turn.callers[agent.caller]
    release(turn, agent, now)
    del caller.ringing[agent.name]
    if caller.personal is not None:
        open_to_all(turn, caller, now)
        return
    caller.reshelve()
    turn.wanting.append(caller.queue)


def withdraw(turn: Turn, agent: Agent, withdrawal: Withdrawal, now: float) -> None:
    """Stop ringing one agent for a caller who goes on waiting; the agent's change is told by the caller of this."""
    turn.out.append(Withdraw(agent.caller, agent.name, withdrawal))
    lose_phone(turn, agent, now)


def offer_ringing(turn: Turn, event: OfferRinging, now: float) -> None:
    agent = turn.floor.agents.get(event.agent)
    if agent is not None and agent.state is State.OFFERED and agent.caller == event.caller:
        agent.move(Trigger.RING, now)
        turn.out.append(agent.changed())


def offer_answered(turn: Turn, event: OfferAnswered, now: float) -> None:
    agent = turn.floor.agents.get(event.agent)
    if agent is None or agent.caller != event.caller or agent.state not in ON_OFFER:
        if agent is None or agent.caller != event.caller or agent.state not in IN_CONVERSATION:
            turn.out.append(AnswerTooLate(event.caller, event.agent))
        return
    caller = turn.callers[event.caller]
    agent.move(ANSWER, now)
    turn.deadlines.cancel(agent.timer)
    agent.timer = 0
    agent.until = None
    agent.no_answers = agent.unreachables = 0
    agent.answered += 1
    agent.talking_since = now
    tier = agent.tier_in(caller.queue)
    if tier is not None:
        tier.answered += 1
    del caller.ringing[agent.name]
    turn.out.append(Connect(caller.name, agent.name, caller.queue.name, now - caller.joined))
    turn.out.append(agent.changed())
    let_go(turn, caller, _ANSWERED, now)


def offer_refused(turn: Turn, event: OfferRefused, now: float) -> None:
    agent = turn.floor.agents.get(event.agent)
    if agent is not None and agent.state in ON_OFFER and agent.caller == event.caller:
        refuse(turn, agent, event.refusal, now)


def refuse(turn: Turn, agent: Agent, refusal: Refusal, now: float) -> None:
    """The offer is over without an answer: count it, and leave the agent alone for a while."""
    queue = agent.queue
    assert queue is not None  # noqa: S101 - an agent on offer has the queue of his offer; for the type checker
    settings = queue.settings
    lose_phone(turn, agent, now)
    match refusal:
        case Refusal.NO_ANSWER:
            delay = settings.no_answer_delay
            agent.no_answers += 1
            agent.unreachables = 0
            limit = settings.no_answer_limit
            if limit and agent.no_answers >= limit:
                turn.take_status(agent, Status.NOT_READY, NO_ANSWER_REASON, now)
                disappoint(turn, agent, now)
        case Refusal.REJECTED:
            delay = settings.reject_delay
            agent.no_answers = agent.unreachables = 0
        case Refusal.BUSY:
            delay = settings.busy_delay
            agent.unreachables = 0
        case Refusal.UNREACHABLE:
            delay = UNREACHABLE_DELAYS[min(agent.unreachables, len(UNREACHABLE_DELAYS) - 1)]
            agent.unreachables += 1
    if delay:
        agent.until = now + delay
        agent.timer = turn.deadlines.arm(agent.until, Due.DELAY, agent.name)
    turn.out.append(agent.changed())
    turn.freed.append(agent)


def let_go(turn: Turn, caller: Caller, exit_: Exit, now: float) -> None:
    """The caller leaves the line; every phone that still rings for him stops."""
    caller.leave()
    del turn.callers[caller.name]
    deadlines = turn.deadlines
    deadlines.cancel(caller.timer)
    if caller.widening or caller.progress:
        deadlines.cancel(caller.widening)
        deadlines.cancel(caller.progress)
    waited = now - caller.joined
    if exit_ is _ABANDONED and caller.party and caller.queue.settings.redial_seconds:
        until = now + caller.queue.settings.redial_seconds
        caller.queue.redials.keep(caller.party, caller.arrival, until, now)
    if not caller.call_back:
        caller.queue.service_level.exited(exit_, waited)
    turn.out.append(CallerExited(caller.name, caller.queue.name, exit_, waited))
    if caller.ringing:
        withdrawal = _ANSWERED_ELSEWHERE if exit_ in _SERVED else _CALLER_LEFT
        agents, out, freed = turn.floor.agents, turn.out, turn.freed
        for name in caller.ringing:
            agent = agents[name]
            out.append(Withdraw(caller.name, name, withdrawal))
            release(turn, agent, now)
            out.append(agent.changed())
            freed.append(agent)
