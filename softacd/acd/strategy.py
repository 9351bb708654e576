"""Whom to ring for whom: the rule of distribution, and nothing else.

**Which agents for a caller.** Lowest tier level first, within it the longest idle, at equal idle time by tier
position. `phones_at_once` says how many ring together: one (longest-idle), `ring` of them (ring-k) or all (ring-all).
When a level has fewer ready agents than that, the next level fills up.

**Which caller for an agent.** Callers stand in one order across all of an agent's queues: higher priority first, then
arrival. Whenever agents and callers can be matched, they are, in two passes:

1. *Cover*: the first caller for whom no phone rings gets one agent, then the next such caller, and so on.
2. *Fill up*: the first caller with fewer phones than his queue asks for gets agents up to that number, then the next.

So a caller who finds eight ready agents and `ring = 4` takes four and leaves four to the caller behind him; three
agents who come free together before two callers ring two phones for the first and one for the second; and in rush
hour, when agents come free one by one, nobody holds a second phone while another caller has none. A phone that rings
is never taken away for somebody else's sake: an agent whose phone falls silent under the hand answers the next one
slower, and the caller behind loses at most the time until this one is answered.

No ready agent is left without a caller whom he could serve and who has fewer phones than his queue asks for.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from softacd.acd.model import QueueSettings, Strategy

if TYPE_CHECKING:
    from softacd.acd.queue import Key, Queue

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


def next_caller(queues: Iterable["Queue"]) -> str | None:
    """The caller whom one agent of these queues should ring for now: first the uncovered, then the short."""
    best: Key | None = None
    for queue in queues:
        if queue.uncovered and (best is None or queue.uncovered[0] < best):
            best = queue.uncovered[0]
    if best is None:
        for queue in queues:
            if queue.short and (best is None or queue.short[0] < best):
                best = queue.short[0]
    return None if best is None else best[2]


def next_match(queues: Iterable["Queue"]) -> tuple[str, str] | None:
    """The next (caller, agent) to bring together among these queues, or None when there is nothing to do."""
    open_queues = [queue for queue in queues if queue.uncovered or queue.short]
    if not open_queues:
        return None
    open_queues = [queue for queue in open_queues if queue.first_ready() is not None]
    best: Key | None = None
    chosen: Queue | None = None
    for queue in open_queues:
        if queue.uncovered and (best is None or queue.uncovered[0] < best):
            best, chosen = queue.uncovered[0], queue
    if best is None:
        for queue in open_queues:
            if queue.short and (best is None or queue.short[0] < best):
                best, chosen = queue.short[0], queue
    if best is None or chosen is None:
        return None
    agent = chosen.first_ready()
    return None if agent is None else (best[2], agent)
