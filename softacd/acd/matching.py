"""The two ends of a turn: what is due happens first, and callers and agents are brought together last."""

from typing import Final

from softacd.acd.conversations import free
from softacd.acd.deadlines import Due
from softacd.acd.offers import let_go, offer, refuse
from softacd.acd.queue import Caller
from softacd.acd.strategy import next_caller, next_match
from softacd.acd.turn import Turn
from softacd.acd.vocabulary import Exit, Refusal, Withdraw, Withdrawal
from softacd.acd.waiting import open_to_all, progress, widen

_CALLERS_DEADLINES: Final = frozenset({Due.MAX_WAIT, Due.WIDEN, Due.PROGRESS})


def expire(turn: Turn, now: float) -> None:
    """Let everything that is due happen, in order of time."""
    while (entry := turn.deadlines.take_due(now)) is not None:
        at, due, owner = entry
        if due in _CALLERS_DEADLINES:
            callers_due(turn, turn.callers[owner], due, now)
            continue
        agent = turn.floor.agents[owner]
        match due:
            case Due.RING:
                turn.out.append(Withdraw(agent.caller, agent.name, Withdrawal.NO_ANSWER))
                refuse(turn, agent, Refusal.NO_ANSWER, now)
            case Due.DELAY:
                agent.timer = 0
                agent.until = None
                turn.freed.append(agent)
            case Due.WRAP_UP:
                free(turn, agent, at)


def callers_due(turn: Turn, caller: Caller, due: Due, now: float) -> None:
    if due is Due.MAX_WAIT:
        let_go(turn, caller, Exit.TOO_LONG, now)
        return
    if due is Due.WIDEN:
        caller.widening = 0
        if caller.personal is not None:
            open_to_all(turn, caller, now)
        else:
            widen(turn, caller, now)
    else:
        caller.progress = 0
        caller.target = min(caller.target + 1, caller.queue.target)
        progress(turn, caller, now)
    caller.reshelve()
    turn.wanting.append(caller.queue)


def deal(turn: Turn, now: float) -> None:
    freed = [agent for agent in turn.freed if not agent.ready and agent.is_offerable()]
    wanting = turn.wanting
    turn.freed = []
    turn.wanting = []
    agents = turn.floor.agents
    if not wanting and len(freed) == 1:
        # The usual turn: one agent comes free. Nobody else is ready where callers wait, so he needs no lists.
        agent = freed[0]
        found = next_caller(agent)
        if found is None:
            agent.enlist()
        else:
            caller = turn.callers[found[0]]
            offer(turn, caller, agent, found[1], now)
            caller.reshelve()
        return
    queues = dict.fromkeys(wanting)
    for agent in freed:
        if agent.ready or not agent.is_offerable():
            continue  # an agent may have been freed twice in one turn
        if agent.personal:
            caller = turn.callers[agent.personal[0][-1]]
            offer(turn, caller, agent, 0, now)
            caller.reshelve()
        else:
            agent.enlist()
            for tier in agent.tiers:
                if tier.queue.line:
                    queues[tier.queue] = None
    while queues and (match := next_match(queues)) is not None:
        caller = turn.callers[match.caller]
        offer(turn, caller, agents[match.agent], match.level.index, now)
        caller.reshelve()
