"""Whom to ring for whom: the rule of distribution, and nothing else.

**Which agents for a caller.** The lowest tier level that has a ready agent; on it the longest idle, at equal idle time
by tier position. `phones_at_once` says how many ring together: one (longest-idle), `ring` of them (ring-k) or all of
the level (ring-all). A level does not help out while a lower one rings: whoever has been put on level 2 is spared as
long as level 1 has somebody ready or ringing for this caller. Once a caller rings on level 2, both levels serve him
until no phone rings for him any more.

**Which caller for an agent.** Callers stand in one order across all of an agent's queues: higher priority first, then
arrival. Whenever agents and callers can be matched, they are, in two passes:

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
from typing import TYPE_CHECKING

from softacd.acd.model import QueueSettings, Strategy

if TYPE_CHECKING:
    from softacd.acd.agent import Tier
    from softacd.acd.queue import Key, Queue, TierLevel

ALL = 1 << 30
"""More phones than any shop has."""


def phones_at_once(settings: QueueSettings) -> int:
    """How many phones this queue rings for one caller."""
    match settings.strategy:
        case Strategy.RING_ALL:
            return ALL
        case Strategy.RING_K:
            return settings.ring
        case Strategy.LONGEST_IDLE:
            return 1


def next_caller(tiers: Iterable["Tier"]) -> tuple[str, int] | None:
    """The caller whom the agent of these tiers should ring for now, and the tier level he rings on."""
    best: Key | None = None
    level = 0
    for tier in tiers:
        uncovered = tier.queue.uncovered
        if uncovered and (best is None or uncovered[0] < best):
            best, level = uncovered[0], tier.level.number
    if best is None:
        for tier in tiers:
            number = tier.level.number
            for other in tier.queue.levels:
                if other.short and other.number >= number and (best is None or other.short[0] < best):
                    best, level = other.short[0], number
    return None if best is None else (best[2], level)


def next_match(queues: Iterable["Queue"]) -> tuple[str, "TierLevel"] | None:
    """The next caller to get a phone among these queues, and the level whose first ready agent it is; None at rest."""
    best: Key | None = None
    chosen: TierLevel | None = None
    willing = [(queue, level) for queue in queues if (level := queue.first_ready()) is not None]
    for queue, level in willing:
        if queue.uncovered and (best is None or queue.uncovered[0] < best):
            best, chosen = queue.uncovered[0], level
    if best is None:
        for queue, level in willing:
            for other in queue.levels:
                if other.short and other.number >= level.number and (best is None or other.short[0] < best):
                    best, chosen = other.short[0], level
    return None if best is None or chosen is None else (best[2], chosen)
