"""Whom a waiting caller may ring, and how that changes while he waits."""

from softacd.acd.agent import Agent
from softacd.acd.deadlines import Due
from softacd.acd.line import remove
from softacd.acd.model import Strategy
from softacd.acd.queue import Caller, Queue, demand_of
from softacd.acd.strategy import first_target
from softacd.acd.turn import Turn


def open_to_all(turn: Turn, caller: Caller, now: float) -> None:
    """The one he waited for does not come, or not in time: from now on anyone may answer."""
    if caller.shelf is not None:
        remove(caller.shelf, caller.key)
        caller.shelf = None
    caller.personal = None
    caller.preferred = ""
    caller.target = first_target(caller.queue.settings)
    widen(turn, caller, now)
    caller.reshelve()
    turn.wanting.append(caller.queue)


def disappoint(turn: Turn, agent: Agent, now: float) -> None:
    """The agent gives no answers for now: whoever waits for him alone is for everybody."""
    for key in list(agent.personal):
        open_to_all(turn, turn.callers[key[-1]], now)


def widen(turn: Turn, caller: Caller, now: float) -> None:
    """Let the caller ring whom he may ring by now, and arrange for the next change of that."""
    queue = caller.queue
    settings = queue.settings
    waited = now - caller.joined + 1e-6  # a deadline is met although adding seconds has rounded it
    reach = last = max(len(queue.levels) - 1, 0)
    demand = caller.demand
    due = 0.0
    if settings.escalate_seconds and last:
        steps = int(waited / settings.escalate_seconds)
        reach = min(caller.base + steps, last)
        if reach < last:
            due = caller.joined + (steps + 1) * settings.escalate_seconds
    if demand and settings.relax_seconds:
        steps = int(waited / settings.relax_seconds)
        demand = tuple((skill, level - steps) for skill, level in demand if level > steps)
        if demand:
            at = caller.joined + (steps + 1) * settings.relax_seconds
            due = min(due, at) if due else at
    turn.deadlines.cancel(caller.widening)
    caller.widening = turn.deadlines.arm(due, Due.WIDEN, caller.name) if due else 0
    caller.change_lane(queue.lane(reach, demand))


def refit(turn: Turn, caller: Caller, now: float) -> None:
    """After a reload: the caller's lane, phones and timers as the queue is now."""
    queue = caller.queue
    caller.demand = demand_of(queue.settings, caller.asked)
    tiers = [turn.floor.agents[name].tier_in(queue) for name in caller.ringing]
    caller.level = max((tier.level.index for tier in tiers if tier is not None), default=0)
    if caller.personal is not None:
        agent = turn.floor.agents.get(caller.preferred)
        if agent is None or not agent.gives_answers():
            open_to_all(turn, caller, now)
        return
    caller.change_lane(None)
    if queue.settings.strategy is Strategy.PROGRESSIVE:
        caller.target = max(min(caller.target, queue.target), len(caller.ringing), 1)
    else:
        caller.target = queue.target
    turn.deadlines.cancel(caller.progress)
    caller.progress = 0
    progress(turn, caller, now)
    widen(turn, caller, now)
    caller.reshelve()


def progress(turn: Turn, caller: Caller, now: float) -> None:
    """See that one more phone rings in a while, if the strategy wants it."""
    if not caller.progress and caller.ringing and caller.personal is None and caller.target < caller.queue.target:
        at = now + caller.queue.settings.progressive_seconds
        caller.progress = turn.deadlines.arm(at, Due.PROGRESS, caller.name)


def first_staffed(turn: Turn, queue: Queue) -> int:
    """Index of the lowest tier level on which anybody takes calls today; 0 when nobody does."""
    agents = turn.floor.agents
    staffed = [tier.level for tier in queue.settings.tiers if agents[tier.agent].gives_answers()]
    return next((level.index for level in queue.levels if level.number in staffed), 0)


def limit_wait(turn: Turn, caller: Caller) -> None:
    turn.deadlines.cancel(caller.timer)
    limit = 0.0 if caller.call_back else caller.queue.settings.max_wait_seconds
    caller.timer = turn.deadlines.arm(caller.joined + limit, Due.MAX_WAIT, caller.name) if limit else 0
