"""Whom to ring for whom: the rule of distribution, and nothing else.

**Which agents for a caller.** The lowest tier level that has a ready agent who can do what is asked; on it the one
whom `agent_key` puts first (or whom round robin or the draw of lots finds: `Queue.first_ready`). `phones_at_once` says
how many ring together: one, `ring` of them (ring-k, progressive) or all of the level (ring-all). A level does not help
out while a lower one rings: whoever has been put on level 2 is spared as long as level 1 has somebody ready or ringing
for this caller. Once a caller rings on level 2, both levels serve him until no phone rings for him any more. With
escalation a caller may ring level 2 only after he has waited for it.

**Which caller for an agent.** First a caller who waits for this agent alone. Then callers stand in one order across
all of an agent's queues (`line_order`). Whenever agents and callers can be matched, they are, in two passes:

1. *Cover*: the first caller for whom no phone rings gets one agent, then the next such caller, and so on.
2. *Fill up*: the first caller with fewer phones than his queue asks for gets agents up to that number, then the next.

So a caller who finds eight ready agents and `ring = 4` takes four and leaves four to the caller behind him; three
agents who come free together before two callers ring two phones for the first and one for the second; and in rush
hour, when agents come free one by one, nobody holds a second phone while another caller has none. A phone that rings
is never taken away for somebody else's sake: an agent whose phone falls silent under the hand answers the next one
slower, and the caller behind loses at most the time until this one is answered.

No ready agent is left without a caller whom he could serve and who has fewer phones than his queue asks for, his level
permitting.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from softacd.acd.line import AgentKey, Key
from softacd.acd.model import QueueSettings, Strategy

if TYPE_CHECKING:
    from softacd.acd.agent import Agent, Tier
    from softacd.acd.queue import Queue, TierLevel

ALL = 1 << 30
"""More phones than any shop has."""


def phones_at_once(settings: QueueSettings) -> int:
    """How many phones this queue rings for one caller at most."""
    match settings.strategy:
        case Strategy.RING_ALL:
            return ALL
        case Strategy.RING_K | Strategy.PROGRESSIVE:
            return settings.ring
        case _:
            return 1


def first_target(settings: QueueSettings) -> int:
    """How many phones it rings at first."""
    return 1 if settings.strategy is Strategy.PROGRESSIVE else phones_at_once(settings)


def agent_key(agent: "Agent", tier: "Tier") -> AgentKey:
    """Where the agent stands among the ready ones of his level in this queue; names settle what is equal."""
    match tier.queue.settings.strategy:
        case Strategy.FEWEST_CALLS:
            return (float(tier.answered), agent.idle_since, agent.name)
        case Strategy.LEAST_TALK_TIME:
            return (tier.talk_seconds, agent.idle_since, agent.name)
        case Strategy.LINEAR | Strategy.ROUND_ROBIN:
            return (tier.position, float(tier.order), agent.name)
        case Strategy.RANDOM | Strategy.WEIGHTED_RANDOM:
            return (-float(tier.weight), float(tier.order), agent.name)
        case _:
            return (agent.idle_since, tier.position, agent.name)


class Match(NamedTuple):
    """This caller is to ring this agent, ready on this level."""

    caller: str
    level: "TierLevel"
    agent: str


def next_caller(agent: "Agent") -> tuple[str, int] | None:
    """The caller whom this agent, free and alone, should ring for now, and the index of the level he rings on."""
    if agent.personal:
        return agent.personal[0][-1], 0
    best: Key | None = None
    index = 0
    for tier in agent.tiers:
        here = tier.level.index
        for lane in tier.queue.lanes.values():
            uncovered = lane.uncovered
            if uncovered and (best is None or uncovered[0] < best) and _accepts(lane.reach, lane.able, here, agent):
                best, index = uncovered[0], here
    if best is None:
        for tier in agent.tiers:
            here = tier.level.index
            for lane in tier.queue.lanes.values():
                if _accepts(lane.reach, lane.able, here, agent):
                    for short in lane.short[here:]:
                        if short and (best is None or short[0] < best):
                            best, index = short[0], here
    return None if best is None else (best[-1], index)


def _accepts(reach: int, able: frozenset[str] | None, index: int, agent: "Agent") -> bool:
    return index <= reach and (able is None or agent.name in able)


def next_match(queues: Iterable["Queue"]) -> Match | None:
    """The next caller to get a phone among these queues and the agent who rings; None at rest."""
    best: Key | None = None
    match: Match | None = None
    queues = [queue for queue in queues if queue.line and any(level.ready for level in queue.levels)]
    for queue in queues:
        for lane in queue.lanes.values():
            if lane.uncovered and (best is None or lane.uncovered[0] < best):
                found = queue.first_ready(lane, lane.reach)
                if found is not None:
                    best = lane.uncovered[0]
                    match = Match(best[-1], found[0], found[1][2])
    if match is not None:
        return match
    for queue in queues:
        for lane in queue.lanes.values():
            for index, short in enumerate(lane.short):
                if short and (best is None or short[0] < best):
                    found = queue.first_ready(lane, min(index, lane.reach))
                    if found is not None:
                        best = short[0]
                        match = Match(best[-1], found[0], found[1][2])
    return match
