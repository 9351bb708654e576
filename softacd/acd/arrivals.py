"""Callers come and go."""

from softacd.acd.deadlines import Due
from softacd.acd.errors import CallerAlreadyWaitingError, DistributorError
from softacd.acd.line import insert
from softacd.acd.line_order import key_of
from softacd.acd.offers import let_go, offer, ring
from softacd.acd.queue import Caller, Queue
from softacd.acd.turn import Turn
from softacd.acd.vocabulary import CallerExited, CallerJoined, CallerLeft, Exit, Status
from softacd.acd.waiting import first_staffed, limit_wait, widen


def caller_joined(turn: Turn, event: CallerJoined, now: float) -> None:
    if event.caller in turn.callers:
        raise CallerAlreadyWaitingError(f"caller {event.caller!r} already waits; he must leave first")
    queue = turn.floor.queues.get(event.queue)
    if queue is None:
        turn.out.append(CallerExited(event.caller, event.queue, Exit.CLOSED, 0.0))
        return
    settings = queue.settings
    turned_away = None
    if not event.call_back:
        queue.service_level.joined()
    if event.call_back or event.reconnect:
        pass  # he has been taken in before
    elif settings.max_callers and len(queue.line) >= settings.max_callers:
        turned_away = Exit.FULL
    elif not settings.join_without_agents and not anyone_logged_in(turn, queue):
        turned_away = Exit.NO_AGENTS
    if turned_away is not None:
        queue.service_level.exited(turned_away, 0.0)
        turn.out.append(CallerExited(event.caller, queue.name, turned_away, 0.0))
        return
    turn.arrivals += 1
    arrival = event.arrived
    if arrival is None:
        arrival = queue.redials.take(event.party, now) if event.party else None
        if arrival is None:
            arrival = now
    key = key_of(settings, event, arrival, turn.arrivals)
    caller = Caller(event.caller, queue, key, now, event.skills)
    caller.arrival = arrival
    caller.party = event.party
    caller.priority = event.priority
    if settings.escalate_seconds:
        caller.base = first_staffed(turn, queue)
    turn.callers[event.caller] = caller
    insert(queue.line, key)
    caller.call_back = event.call_back
    limit_wait(turn, caller)
    if event.patience > 0 and prefers(turn, caller, event.preferred_agent, now + event.patience, now):
        return
    if caller.demand or settings.escalate_seconds:
        widen(turn, caller, now)
    else:
        caller.change_lane(queue.plain)
    ring(turn, caller, now)


def prefers(turn: Turn, caller: Caller, name: str, until: float, now: float) -> bool:
    """Let the caller wait for this agent alone; False when that one gives no answers."""
    agent = turn.floor.agents.get(name)
    if agent is None or not agent.gives_answers():
        return False
    caller.preferred = name
    caller.personal = agent.personal
    caller.target = 1
    caller.patience_until = until
    caller.widening = turn.deadlines.arm(until, Due.WIDEN, caller.name)
    if agent.ready:
        offer(turn, caller, agent, 0, now)
    caller.reshelve()
    return True


def anyone_logged_in(turn: Turn, queue: Queue) -> bool:
    agents = turn.floor.agents
    return any(agents[name].status is not Status.LOGGED_OUT for name in queue.agents)


def caller_left(turn: Turn, event: CallerLeft, now: float) -> None:
    if event.exit is Exit.ANSWERED:
        raise DistributorError("a caller is answered by OfferAnswered, not by CallerLeft")
    caller = turn.callers.get(event.caller)
    if caller is not None:
        let_go(turn, caller, event.exit, now)
