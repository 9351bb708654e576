"""Why the phones that ring for a caller are these, and not others: told after the decision, never during it."""

from collections.abc import Iterable
from typing import Final

import msgspec

from softacd.acd.agent import Agent
from softacd.acd.agent_table import IN_CONVERSATION, IN_WRAP_UP, ON_OFFER
from softacd.acd.queue import Caller
from softacd.acd.turn import Turn
from softacd.acd.vocabulary import State, Status

MOST_OTHERS: Final = 12
"""Agents of whom it is told why they do not ring; the rest are counted."""


class Standing(msgspec.Struct, frozen=True, gc=False):
    """How one agent stands to one caller. `why` is in words and complete: "idle 412 s, level 1"."""

    agent: str
    rings: bool
    """Whether this agent's phone rings."""
    why: str
    """Why, in words."""


class Explanation(msgspec.Struct, frozen=True, gc=False):
    """Who rings for a caller and who does not; `more` agents do not ring and are not told of. Waited in seconds."""

    caller: str
    queue: str
    place: int
    waited: float
    priority: int
    standings: tuple[Standing, ...]
    more: int = 0

    def text(self) -> str:
        """One line: "ann: idle 412 s, level 1 | bob: in wrap-up for 12 s more; 80 more"."""
        told = [
            "; ".join(f"{one.agent}: {one.why}" for one in self.standings if one.rings is rings)
            for rings in (True, False)
        ]
        if self.more:
            told[1] += ("; " if told[1] else "") + f"{self.more} more"
        return f"{told[0] or 'nobody'} | {told[1]}".rstrip(" |")


def explain(turn: Turn, caller: Caller, now: float) -> Explanation:
    """Why it is as it is now, seen from this caller."""
    agents = turn.floor.agents
    queue = caller.queue
    standings = [Standing(name, True, _ringing(agents[name], caller, now)) for name in caller.ringing if name in agents]
    others = 0
    for name in _others(caller, queue.agents):
        others += 1
        if others <= MOST_OTHERS:
            standings.append(Standing(name, False, _obstacle(agents[name], caller, now)))
    return Explanation(
        caller=caller.name,
        queue=queue.name,
        place=queue.position(caller.key),
        waited=now - caller.joined,
        priority=caller.priority,
        standings=tuple(standings),
        more=max(others - MOST_OTHERS, 0),
    )


def _others(caller: Caller, agents: Iterable[str]) -> Iterable[str]:
    return (name for name in agents if name not in caller.ringing)


def _ringing(agent: Agent, caller: Caller, now: float) -> str:
    tier = agent.tier_in(caller.queue)
    idle = f"idle {max(now - agent.idle_since, 0.0):.0f} s"
    if agent.name == caller.preferred:
        return f"{idle}, the one this caller is meant for"
    return idle if tier is None else f"{idle}, level {tier.level.number}"


def _obstacle(agent: Agent, caller: Caller, now: float) -> str:
    """What keeps this agent from ringing for this caller."""
    left = "" if agent.until is None else f" for {max(agent.until - now, 0.0):.0f} s more"
    if agent.state in IN_CONVERSATION:
        return f"in conversation since {now - agent.talking_since:.0f} s"
    if agent.state in IN_WRAP_UP:
        return f"in wrap-up{left}"
    if agent.state in ON_OFFER:
        return "rings for another caller"
    if agent.status is not Status.AVAILABLE:
        return _away(agent)
    if agent.state is State.OWN_CALL:
        return "in a call of his own"
    if not agent.reachable:
        return "his phone is not registered"
    if agent.timer:
        return f"left alone after a call he did not take{left}"
    return _passed_over(agent, caller, now)


def _away(agent: Agent) -> str:
    words = {Status.LOGGED_OUT: "logged out", Status.BREAK: "on break", Status.LUNCH: "at lunch"}
    return words.get(agent.status, "not ready") + (f" ({agent.reason})" if agent.reason else "")


def _passed_over(agent: Agent, caller: Caller, now: float) -> str:
    """He is ready; the rule prefers others, or waits before it asks him."""
    tier = agent.tier_in(caller.queue)
    idle = f"idle {max(now - agent.idle_since, 0.0):.0f} s"
    if caller.personal is not None:
        return f"{idle}; the caller waits for {caller.preferred}"
    lane = caller.lane
    if tier is None or lane is None:
        return idle
    if lane.able is not None and agent.name not in lane.able:
        wanted = ", ".join(f"{skill} {level}" for skill, level in lane.demand)
        return f"lacks what is asked ({wanted})"
    if tier.level.index > lane.reach:
        return f"level {tier.level.number}, whose time has not come"
    if caller.ringing and tier.level.index > caller.level:
        return f"level {tier.level.number}, spared while a lower one rings"
    if len(caller.ringing) >= caller.target:
        return f"{idle}, level {tier.level.number}; {len(caller.ringing)} ring already"
    return f"{idle}, level {tier.level.number}; another caller goes first"
