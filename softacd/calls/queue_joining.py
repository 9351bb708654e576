"""What the distributor is told of a caller who enters a queue."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from softacd.acd.vocabulary import CallerJoined
from softacd.calls.acquaintance import Wish
from softacd.calls.caller import Caller

if TYPE_CHECKING:
    from softacd.calls.exchange import Exchange


def joining(
    exchange: "Exchange",
    *,
    caller: str,
    queue: str,
    party: str,
    known: Caller | None,
    priority: int,
    skills: Mapping[str, int],
    wish: Wish,
    arrived: float | None,
) -> CallerJoined:
    """The event. `party` is his number, `priority` the whole one, `skills` what the way he came asks for; `arrived`
    (monotonic seconds) is the place he takes, None: the last."""
    return CallerJoined(
        caller=caller,
        queue=queue,
        priority=priority,
        party=party,
        preferred_agent=wish.agent,
        patience=wish.patience,
        skills=_asked(exchange, queue, known, skills),
        reconnect=wish.reconnect,
        arrived=arrived,
    )


def _asked(
    exchange: "Exchange", queue: str, known: Caller | None, skills: Mapping[str, int]
) -> tuple[tuple[str, int], ...]:
    """What the caller's step asks for, and his language when somebody here speaks it."""
    asked = dict(skills)
    settings = exchange.queues[queue]
    if settings.language_skills and known is not None and known.language:
        agents = (exchange.agents.get(tier.agent) for tier in settings.tiers)
        if any(agent is not None and known.language in agent.skills for agent in agents):
            asked.setdefault(known.language, 1)
    return tuple(asked.items())
