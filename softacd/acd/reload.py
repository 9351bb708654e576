"""New settings while callers wait and agents talk: what fits stays, what does not ends as it should."""

from collections.abc import Iterable

from softacd.acd.agent_table import ON_OFFER
from softacd.acd.conversations import dismiss
from softacd.acd.model import AgentSettings, QueueSettings
from softacd.acd.offers import let_go, withdraw
from softacd.acd.turn import Turn
from softacd.acd.vocabulary import Exit, Withdrawal
from softacd.acd.waiting import limit_wait, refit


def reload(turn: Turn, queues: Iterable[QueueSettings], agents: Iterable[AgentSettings], now: float) -> None:
    """Take these settings, or raise SettingsError and change nothing."""
    limits = {queue.name: queue.settings.max_wait_seconds for queue in turn.floor.queues.values()}
    change = turn.floor.configure(queues, agents, now)
    for agent in change.agents:
        if agent.state in ON_OFFER:
            withdraw(turn, agent, Withdrawal.AGENT_LEFT, now)
        dismiss(turn, agent, now)
    for queue in change.queues:
        for key in list(queue.line):
            let_go(turn, turn.callers[key[-1]], Exit.CLOSED, now)
    for agent in turn.floor.agents.values():
        if agent.state in ON_OFFER and agent.queue not in [tier.queue for tier in agent.tiers]:
            if turn.callers[agent.caller].preferred == agent.name:
                continue  # he rings as the one whom this caller knows
            withdraw(turn, agent, Withdrawal.AGENT_LEFT, now)
            turn.out.append(agent.changed())
    for caller in turn.callers.values():
        refit(turn, caller, now)
        if caller.queue.settings.max_wait_seconds != limits[caller.queue.name]:
            limit_wait(turn, caller)
    turn.freed.extend(turn.floor.agents.values())
    turn.wanting.extend(turn.floor.queues.values())
