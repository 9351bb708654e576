"""The distributor: events of callers and agents in, commands to ring, connect and withdraw out.

Single writer, synchronous, no I/O. Every turn (`handle` or `handle_deadline`) first lets everything due happen, then
takes the event, then brings callers and agents together once (`strategy` has the rule); so what is decided does not
depend on how late the driver woke up. The answer of a phone is the exception: it counts although the ring has been due
to end since a moment, because a human has already said hello.

The file is longer than most: every handler works on the lists of the turn, and the table at its end names them all.

What holds after every turn: an agent is offered to at most one caller and talks to at most one; every CallerJoined has
exactly one CallerExited, now or later; an agent's wrap-up, however many queues he serves, ends at its due time and
at no other; no ready agent is idle while one of his queues has a caller whom `strategy` would have him ring for.
"""

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any, ClassVar, Final

from softacd.acd.agent import Agent
from softacd.acd.agent_table import (
    IN_CONVERSATION,
    ON_OFFER,
    STATUS_EFFECTS,
    StatusEffect,
    Trigger,
)
from softacd.acd.deadlines import Deadlines, Due
from softacd.acd.errors import CallerAlreadyWaitingError, DistributorError, UnknownAgentError
from softacd.acd.floor import Floor
from softacd.acd.line import insert, remove
from softacd.acd.line_order import key_of
from softacd.acd.model import AgentSettings, QueueSettings, Strategy
from softacd.acd.queue import Caller, Queue, demand_of
from softacd.acd.snapshot import AgentSnapshot, QueueSnapshot, agent_snapshot, queue_snapshot
from softacd.acd.strategy import agent_key, first_target, next_caller, next_match
from softacd.acd.vocabulary import (
    AgentChanged,
    AnswerTooLate,
    AnyCommand,
    AnyEvent,
    CallerExited,
    CallerJoined,
    CallerLeft,
    Connect,
    DeviceChanged,
    Exit,
    HoldChanged,
    Offer,
    OfferAnswered,
    OfferRefused,
    OfferRinging,
    OtherCallEnded,
    OtherCallStarted,
    Refusal,
    State,
    Status,
    StatusChosen,
    TalkEnded,
    Withdraw,
    Withdrawal,
    WrapUpExtended,
    WrapUpFinished,
)

NO_ANSWER_REASON: Final = "no-answer"
"""The reason of a NOT_READY status that the distributor set after too many unanswered rings."""

UNREACHABLE_DELAYS: Final = (5.0, 10.0, 20.0, 40.0, 60.0)
"""Seconds before a phone that could not be reached is tried again; its registration ends the delay."""

CALLERS_DEADLINES: Final = frozenset({Due.MAX_WAIT, Due.WIDEN, Due.PROGRESS})
_GOLDEN: Final = 0.6180339887498949


def even_draws() -> Callable[[], float]:
    """Numbers from 0 to 1 that fill the interval evenly (multiples of the golden ratio)."""
    numbers = count(1)
    return lambda: next(numbers) * _GOLDEN % 1.0


class Distributor:
    """The state of all queues and agents.

    Every agent's phone counts as unreachable until DeviceChanged says otherwise.
    """

    def __init__(
        self,
        queues: Iterable[QueueSettings],
        agents: Iterable[AgentSettings],
        now: float,
        *,
        draw: Callable[[], float] | None = None,
    ) -> None:
        """Raise SettingsError when a tier names no agent or names are not unique.

        `draw` gives numbers from 0 up to but not including 1, for the strategies that draw lots; without it they come
        evenly spread from a fixed sequence.
        """
        self._floor = Floor(draw or even_draws())
        self._callers: dict[str, Caller] = {}
        self._deadlines = Deadlines()
        self._arrivals = 0
        # What one turn gathers: commands, agents who may be ready, queues whose callers lost a phone.
        self._out: list[AnyCommand] = []
        self._freed: list[Agent] = []
        self._wanting: list[Queue] = []
        self._floor.configure(queues, agents, now)

    # --- turns --------------------------------------------------------------------------------------------------

    def handle(self, event: AnyEvent, now: float) -> list[AnyCommand]:
        """Take one event and return what to do, in order.

        Events about agents, callers and offers that are no more (the network is slower than we) are answered as the
        vocabulary says or ignored. Raises CallerAlreadyWaitingError for a caller who joins twice, and
        DistributorError for a CallerLeft that claims the caller was answered.
        """
        answered = type(event) is OfferAnswered
        if not answered:
            self._expire(now)
        self._HANDLERS[type(event)](self, event, now)
        if answered:
            self._expire(now)
        return self._finish(now)

    def next_deadline(self) -> float | None:
        """When `handle_deadline` must be called next, if nothing else happens."""
        return self._deadlines.next()

    def handle_deadline(self, now: float) -> list[AnyCommand]:
        """Let everything due at `now` happen; calling early or late is harmless."""
        self._expire(now)
        return self._finish(now)

    def configure(
        self, queues: Iterable[QueueSettings], agents: Iterable[AgentSettings], now: float
    ) -> list[AnyCommand]:
        """Reload. Callers, statuses, states, running timers and statistics stay.

        Callers of a removed queue exit CLOSED; a removed agent's phone stops ringing, a conversation of his goes on
        to its end. Raises SettingsError and changes nothing when the settings contradict themselves.
        """
        self._expire(now)
        limits = {queue.name: queue.settings.max_wait_seconds for queue in self._floor.queues.values()}
        change = self._floor.configure(queues, agents, now)
        for agent in change.agents:
            if agent.state in ON_OFFER:
                self._withdraw(agent, Withdrawal.AGENT_LEFT, now)
            self._dismiss(agent)
        for queue in change.queues:
            for key in list(queue.line):
                self._exit(self._callers[key[-1]], Exit.CLOSED, now)
        for agent in self._floor.agents.values():
            if agent.state in ON_OFFER and agent.queue not in [tier.queue for tier in agent.tiers]:
                if self._callers[agent.caller].preferred == agent.name:
                    continue  # he rings as the one whom this caller knows
                self._withdraw(agent, Withdrawal.AGENT_LEFT, now)
                self._out.append(agent.changed())
        for caller in self._callers.values():
            self._refit(caller, now)
            if caller.queue.settings.max_wait_seconds != limits[caller.queue.name]:
                self._limit_wait(caller)
        self._freed.extend(self._floor.agents.values())
        self._wanting.extend(self._floor.queues.values())
        self._expire(now)  # a limit made shorter may be over already
        return self._finish(now)

    def restore_status(self, agent: str, status: Status, reason: str, now: float) -> list[AnyCommand]:
        """Put back the status an agent had before the restart; an agent who is no more is ignored."""
        return self.handle(StatusChosen(agent, status, reason), now)

    def start_day(self, now: float | None = None) -> None:
        """Begin the day's statistics of queues and agents from zero; whoever waits now counts for the new day.

        With `now` the time in the present statuses is cut at this moment.
        """
        for queue in self._floor.queues.values():
            queue.service_level.start_day(len(queue.line))
        for agent in self._floor.agents.values():
            agent.answered = 0
            agent.talk_seconds = agent.wrap_up_seconds = 0.0
            if now is not None:
                agent.account(now)
            agent.status_seconds = dict.fromkeys(Status, 0.0)
            was_ready = agent.ready
            agent.delist()
            for tier in agent.tiers:
                tier.answered = 0
                tier.talk_seconds = 0.0
            if was_ready:
                agent.enlist()  # today's counts decide the order of some strategies

    # --- what is seen from outside -----------------------------------------------------------------------------

    def position(self, caller: str) -> int | None:
        """Place in line, 1 = next; None for who does not wait."""
        waiting = self._callers.get(caller)
        return None if waiting is None else waiting.queue.position(waiting.key)

    def agent(self, name: str) -> AgentSnapshot:
        """One agent now; raises UnknownAgentError."""
        agent = self._floor.agents.get(name)
        if agent is None:
            raise UnknownAgentError(f"no agent is named {name!r}")
        return agent_snapshot(agent)

    def agents(self) -> list[AgentSnapshot]:
        """All agents now, in the order of the configuration."""
        return [agent_snapshot(agent) for agent in self._floor.agents.values()]

    def queues(self, now: float) -> list[QueueSnapshot]:
        """All queues now, in the order of the configuration."""
        return [queue_snapshot(queue, self._callers, self._floor.agents, now) for queue in self._floor.queues.values()]

    # --- callers -----------------------------------------------------------------------------------------------

    def _caller_joined(self, event: CallerJoined, now: float) -> None:
        if event.caller in self._callers:
            raise CallerAlreadyWaitingError(f"caller {event.caller!r} already waits; he must leave first")
        queue = self._floor.queues.get(event.queue)
        if queue is None:
            self._out.append(CallerExited(event.caller, event.queue, Exit.CLOSED, 0.0))
            return
        queue.service_level.joined()
        settings = queue.settings
        turned_away = None
        if settings.max_callers and len(queue.line) >= settings.max_callers and not event.reconnect:
            turned_away = Exit.FULL
        elif not settings.join_without_agents and not self._anyone_logged_in(queue):
            turned_away = Exit.NO_AGENTS
        if turned_away is not None:
            queue.service_level.exited(turned_away, 0.0)
            self._out.append(CallerExited(event.caller, queue.name, turned_away, 0.0))
            return
        self._arrivals += 1
        arrival = queue.redials.take(event.party, now) if event.party else None
        if arrival is None:
            arrival = now
        key = key_of(settings, event, arrival, self._arrivals)
        caller = Caller(event.caller, queue, key, now, event.skills)
        caller.arrival = arrival
        caller.party = event.party
        caller.priority = event.priority
        if settings.escalate_seconds:
            caller.base = self._first_staffed(queue)
        self._callers[event.caller] = caller
        insert(queue.line, key)
        self._limit_wait(caller)
        if event.patience > 0 and self._prefers(caller, event.preferred_agent, now + event.patience, now):
            return
        if caller.demand or settings.escalate_seconds:
            self._widen(caller, now)
        else:
            caller.change_lane(queue.plain)
        self._ring(caller, now)

    def _prefers(self, caller: Caller, name: str, until: float, now: float) -> bool:
        """Let the caller wait for this agent alone; False when that one gives no answers."""
        agent = self._floor.agents.get(name)
        if agent is None or not agent.gives_answers():
            return False
        caller.preferred = name
        caller.personal = agent.personal
        caller.target = 1
        caller.patience_until = until
        caller.widening = self._deadlines.arm(until, Due.WIDEN, caller.name)
        if agent.ready:
            self._offer(caller, agent, 0, now)
        caller.reshelve()
        return True

    def _open(self, caller: Caller, now: float) -> None:
        """The one he waited for does not come, or not in time: from now on anyone may answer."""
        if caller.shelf is not None:
            remove(caller.shelf, caller.key)
            caller.shelf = None
        caller.personal = None
        caller.preferred = ""
        caller.target = first_target(caller.queue.settings)
        self._widen(caller, now)
        caller.reshelve()
        self._wanting.append(caller.queue)

    def _disappoint(self, agent: Agent, now: float) -> None:
        """The agent gives no answers for now: whoever waits for him alone is for everybody."""
        for key in list(agent.personal):
            self._open(self._callers[key[-1]], now)

    def _widen(self, caller: Caller, now: float) -> None:
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
        self._deadlines.cancel(caller.widening)
        caller.widening = self._deadlines.arm(due, Due.WIDEN, caller.name) if due else 0
        caller.change_lane(queue.lane(reach, demand))

    def _refit(self, caller: Caller, now: float) -> None:
        """After a reload: the caller's lane, phones and timers as the queue is now."""
        queue = caller.queue
        caller.demand = demand_of(queue.settings, caller.asked)
        tiers = [self._floor.agents[name].tier_in(queue) for name in caller.ringing]
        caller.level = max((tier.level.index for tier in tiers if tier is not None), default=0)
        if caller.personal is not None:
            agent = self._floor.agents.get(caller.preferred)
            if agent is None or not agent.gives_answers():
                self._open(caller, now)
            return
        caller.change_lane(None)
        if queue.settings.strategy is Strategy.PROGRESSIVE:
            caller.target = max(min(caller.target, queue.target), len(caller.ringing), 1)
        else:
            caller.target = queue.target
        self._deadlines.cancel(caller.progress)
        caller.progress = 0
        self._progress(caller, now)
        self._widen(caller, now)
        caller.reshelve()

    def _progress(self, caller: Caller, now: float) -> None:
        """See that one more phone rings in a while, if the strategy wants it."""
        if not caller.progress and caller.ringing and caller.personal is None and caller.target < caller.queue.target:
            at = now + caller.queue.settings.progressive_seconds
            caller.progress = self._deadlines.arm(at, Due.PROGRESS, caller.name)

    def _first_staffed(self, queue: Queue) -> int:
        """Index of the lowest tier level on which anybody takes calls today; 0 when nobody does."""
        agents = self._floor.agents
        staffed = [tier.level for tier in queue.settings.tiers if agents[tier.agent].gives_answers()]
        return next((level.index for level in queue.levels if level.number in staffed), 0)

    def _anyone_logged_in(self, queue: Queue) -> bool:
        agents = self._floor.agents
        return any(agents[name].status is not Status.LOGGED_OUT for name in queue.agents)

    def _limit_wait(self, caller: Caller) -> None:
        self._deadlines.cancel(caller.timer)
        limit = caller.queue.settings.max_wait_seconds
        caller.timer = self._deadlines.arm(caller.joined + limit, Due.MAX_WAIT, caller.name) if limit else 0

    def _caller_left(self, event: CallerLeft, now: float) -> None:
        if event.exit is Exit.ANSWERED:
            raise DistributorError("a caller is answered by OfferAnswered, not by CallerLeft")
        caller = self._callers.get(event.caller)
        if caller is not None:
            self._exit(caller, event.exit, now)

    def _exit(self, caller: Caller, exit_: Exit, now: float) -> None:
        """The caller leaves the line; every phone that still rings for him stops."""
        caller.leave()
        del self._callers[caller.name]
        deadlines = self._deadlines
        deadlines.cancel(caller.timer)
        if caller.widening or caller.progress:
            deadlines.cancel(caller.widening)
            deadlines.cancel(caller.progress)
        waited = now - caller.joined
        if exit_ is Exit.ABANDONED and caller.party and caller.queue.settings.redial_seconds:
            until = now + caller.queue.settings.redial_seconds
            caller.queue.redials.keep(caller.party, caller.arrival, until, now)
        caller.queue.service_level.exited(exit_, waited)
        self._out.append(CallerExited(caller.name, caller.queue.name, exit_, waited))
        answered = exit_ is Exit.ANSWERED
        withdrawal = Withdrawal.ANSWERED_ELSEWHERE if answered else Withdrawal.CALLER_LEFT
        for name in caller.ringing:
            agent = self._floor.agents[name]
            self._out.append(Withdraw(caller.name, name, withdrawal))
            self._release(agent, now)
            self._out.append(agent.changed())
            self._freed.append(agent)

    # --- offers ------------------------------------------------------------------------------------------------

    def _ring(self, caller: Caller, now: float) -> None:
        """Ring ready agents of the queue for a caller, up to the number that may ring for him."""
        queue = caller.queue
        lane = caller.lane
        if lane is not None and (not lane.uncovered or caller.key < lane.uncovered[0]):  # else nobody is free for him
            agents = self._floor.agents
            ringing = caller.ringing
            while len(ringing) < caller.target:
                found = queue.first_ready(lane, caller.level if ringing else lane.reach)
                if found is None:
                    break
                self._offer(caller, agents[found[1][2]], found[0].index, now)
        caller.reshelve()

    def _offer(self, caller: Caller, agent: Agent, level: int, now: float) -> None:
        """Reserve the agent on the level of this index; the caller is to be reshelved by whoever calls this."""
        queue = caller.queue
        if not queue.by_idle_time and queue.settings.strategy is Strategy.ROUND_ROBIN:
            tier = agent.tier_in(queue)
            if tier is not None:
                queue.turn = agent_key(agent, tier)
        agent.delist()
        agent.move(Trigger.OFFER, now)
        seconds = queue.settings.ring_seconds
        agent.caller = caller.name
        agent.queue = queue
        agent.until = now + seconds
        agent.timer = self._deadlines.arm(agent.until, Due.RING, agent.name)
        caller.ringing[agent.name] = None
        if level > caller.level:
            caller.level = level
        if caller.target < queue.target:
            self._progress(caller, now)
        self._out.append(Offer(caller.name, agent.name, queue.name, seconds))
        self._out.append(agent.changed())

    def _release(self, agent: Agent, now: float) -> None:
        """The agent's offer is over and he is idle as before; the waiting caller's lists are not touched here."""
        agent.move(Trigger.RELEASE, now)
        self._deadlines.cancel(agent.timer)
        agent.timer = 0
        agent.until = None
        agent.caller = ""
        agent.queue = None

    def _lose_phone(self, agent: Agent, now: float) -> None:
        """The agent no longer rings for his caller, who goes on waiting and may ring another."""
        caller = self._callers[agent.caller]
        self._release(agent, now)
        del caller.ringing[agent.name]
        if caller.personal is not None:
            self._open(caller, now)
            return
        caller.reshelve()
        self._wanting.append(caller.queue)

    def _withdraw(self, agent: Agent, withdrawal: Withdrawal, now: float) -> None:
        """Stop ringing one agent for a caller who goes on waiting; the agent's change is told by the caller of this."""
        self._out.append(Withdraw(agent.caller, agent.name, withdrawal))
        self._lose_phone(agent, now)

    def _offer_ringing(self, event: OfferRinging, now: float) -> None:
        agent = self._floor.agents.get(event.agent)
        if agent is not None and agent.state is State.OFFERED and agent.caller == event.caller:
            agent.move(Trigger.RING, now)
            self._out.append(agent.changed())

    def _offer_answered(self, event: OfferAnswered, now: float) -> None:
        agent = self._floor.agents.get(event.agent)
        if agent is None or agent.caller != event.caller or agent.state not in ON_OFFER:
            if agent is None or agent.caller != event.caller or agent.state not in IN_CONVERSATION:
                self._out.append(AnswerTooLate(event.caller, event.agent))
            return
        caller = self._callers[event.caller]
        agent.move(Trigger.ANSWER, now)
        self._deadlines.cancel(agent.timer)
        agent.timer = 0
        agent.until = None
        agent.no_answers = agent.unreachables = 0
        agent.answered += 1
        agent.talking_since = now
        tier = agent.tier_in(caller.queue)
        if tier is not None:
            tier.answered += 1
        del caller.ringing[agent.name]
        self._out.append(Connect(caller.name, agent.name, caller.queue.name, now - caller.joined))
        self._out.append(agent.changed())
        self._exit(caller, Exit.ANSWERED, now)

    def _offer_refused(self, event: OfferRefused, now: float) -> None:
        agent = self._floor.agents.get(event.agent)
        if agent is not None and agent.state in ON_OFFER and agent.caller == event.caller:
            self._refuse(agent, event.refusal, now)

    def _refuse(self, agent: Agent, refusal: Refusal, now: float) -> None:
        """The offer is over without an answer: count it, and leave the agent alone for a while."""
        queue = agent.queue
        assert queue is not None  # noqa: S101 - an agent on offer has the queue of his offer; for the type checker
        settings = queue.settings
        self._lose_phone(agent, now)
        match refusal:
            case Refusal.NO_ANSWER:
                delay = settings.no_answer_delay
                agent.no_answers += 1
                agent.unreachables = 0
                limit = settings.no_answer_limit
                if limit and agent.no_answers >= limit:
                    agent.take_status(Status.NOT_READY, NO_ANSWER_REASON, now)
                    self._disappoint(agent, now)
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
            agent.timer = self._deadlines.arm(agent.until, Due.DELAY, agent.name)
        self._out.append(agent.changed())
        self._freed.append(agent)

    # --- conversations -----------------------------------------------------------------------------------------

    def _talk_ended(self, event: TalkEnded, now: float) -> None:
        agent = self._floor.agents.get(event.agent)
        if agent is None or agent.state not in IN_CONVERSATION or agent.caller != event.caller:
            return
        seconds = now - agent.talking_since
        agent.talk_seconds += seconds
        tier = None if agent.queue is None else agent.tier_in(agent.queue)
        if tier is not None:
            tier.talk_seconds += seconds
        if agent.upcoming is not None:
            agent.take_status(*agent.upcoming, now)
            agent.upcoming = None
        if agent.leaving:
            self._dismiss(agent)
            return
        seconds = 0.0 if agent.queue is None else agent.queue.settings.wrap_up_seconds
        if seconds and agent.status is not Status.LOGGED_OUT:
            agent.move(Trigger.WRAP_UP, now)
            agent.until = now + seconds
            agent.timer = self._deadlines.arm(agent.until, Due.WRAP_UP, agent.name)
            self._out.append(agent.changed())
        else:
            self._free(agent, now)

    def _hold_changed(self, event: HoldChanged, now: float) -> None:
        agent = self._floor.agents.get(event.agent)
        if agent is None or agent.state not in IN_CONVERSATION or agent.caller != event.caller:
            return
        if (agent.state is State.HELD) is not event.held:
            agent.move(Trigger.HOLD if event.held else Trigger.RESUME, now)
            self._out.append(agent.changed())

    def _free(self, agent: Agent, now: float) -> None:
        """Conversation and wrap-up are over; `now` may be the past moment when the wrap-up was due to end."""
        if agent.state is State.WRAP_UP:
            agent.wrap_up_seconds += now - agent.since
        agent.move(Trigger.FREE, now)
        self._deadlines.cancel(agent.timer)
        agent.timer = 0
        agent.until = None
        agent.caller = ""
        agent.queue = None
        agent.idle_since = now
        self._out.append(agent.changed())
        self._freed.append(agent)

    def _wrap_up_finished(self, event: WrapUpFinished, now: float) -> None:
        agent = self._floor.agents.get(event.agent)
        if agent is not None and agent.state is State.WRAP_UP:
            self._free(agent, now)

    def _wrap_up_extended(self, event: WrapUpExtended, now: float) -> None:
        agent = self._floor.agents.get(event.agent)
        if agent is None or agent.state is not State.WRAP_UP or agent.until is None or not event.seconds > 0:
            return
        self._deadlines.cancel(agent.timer)
        agent.until += event.seconds
        agent.timer = self._deadlines.arm(agent.until, Due.WRAP_UP, agent.name)
        self._out.append(agent.changed())

    # --- agents ------------------------------------------------------------------------------------------------

    def _status_chosen(self, event: StatusChosen, now: float) -> None:
        agent = self._floor.agents.get(event.agent)
        if agent is None or agent.leaving:
            return
        chosen = (event.status, event.reason)
        effect = STATUS_EFFECTS[agent.state][event.status]
        if effect is StatusEffect.AFTER_CALL:
            upcoming = None if chosen == (agent.status, agent.reason) else chosen
            if upcoming != agent.upcoming:
                agent.upcoming = upcoming
                if upcoming is not None and event.status is not Status.AVAILABLE:
                    self._disappoint(agent, now)
                self._out.append(agent.changed())
            return
        if chosen == (agent.status, agent.reason):
            return
        agent.delist()
        if effect is StatusEffect.WITHDRAW:
            self._withdraw(agent, Withdrawal.AGENT_LEFT, now)
        if event.status is Status.AVAILABLE and agent.status is not Status.AVAILABLE:
            agent.idle_since = now
            agent.no_answers = 0
        agent.take_status(*chosen, now)
        if event.status is not Status.AVAILABLE:
            self._disappoint(agent, now)
        if effect is StatusEffect.END_WRAP_UP:
            self._free(agent, now)
        else:
            self._out.append(agent.changed())
            self._freed.append(agent)

    def _device_changed(self, event: DeviceChanged, now: float) -> None:
        agent = self._floor.agents.get(event.agent)
        if agent is None:
            return
        if event.reachable and agent.unreachables and agent.state is State.IDLE:
            # The phone that could not be reached has just spoken: no reason to wait longer.
            agent.unreachables = 0
            self._deadlines.cancel(agent.timer)
            agent.timer = 0
            agent.until = None
        agent.reachable = event.reachable
        if not event.reachable:
            self._disappoint(agent, now)
        self._interrupt(agent, now)

    def _other_call_started(self, event: OtherCallStarted, now: float) -> None:
        agent = self._floor.agents.get(event.agent)
        if agent is not None:
            agent.other_calls.add(event.call)
            self._interrupt(agent, now)

    def _other_call_ended(self, event: OtherCallEnded, now: float) -> None:
        agent = self._floor.agents.get(event.agent)
        if agent is not None and event.call in agent.other_calls:
            agent.other_calls.remove(event.call)
            if not agent.other_calls:
                agent.idle_since = now
                self._freed.append(agent)

    def _interrupt(self, agent: Agent, now: float) -> None:
        """The phone's condition changed: without phone or in another call the agent rings for nobody."""
        if not agent.reachable or agent.other_calls:
            agent.delist()
            if agent.state in ON_OFFER:
                self._withdraw(agent, Withdrawal.AGENT_LEFT, now)
                self._out.append(agent.changed())
        else:
            self._freed.append(agent)

    def _dismiss(self, agent: Agent) -> None:
        """The agent is no longer configured and in no conversation: he is gone."""
        self._deadlines.cancel(agent.timer)
        self._floor.agents.pop(agent.name, None)
        self._out.append(AgentChanged(agent.name, Status.LOGGED_OUT, State.IDLE))

    # --- the end of a turn -------------------------------------------------------------------------------------

    def _expire(self, now: float) -> None:
        """Let everything that is due happen, in order of time."""
        while (entry := self._deadlines.take_due(now)) is not None:
            at, due, owner = entry
            if due in CALLERS_DEADLINES:
                self._callers_due(self._callers[owner], due, now)
                continue
            agent = self._floor.agents[owner]
            match due:
                case Due.RING:
                    self._out.append(Withdraw(agent.caller, agent.name, Withdrawal.NO_ANSWER))
                    self._refuse(agent, Refusal.NO_ANSWER, now)
                case Due.DELAY:
                    agent.timer = 0
                    agent.until = None
                    self._freed.append(agent)
                case Due.WRAP_UP:
                    self._free(agent, at)

    def _callers_due(self, caller: Caller, due: Due, now: float) -> None:
        if due is Due.MAX_WAIT:
            self._exit(caller, Exit.TOO_LONG, now)
            return
        if due is Due.WIDEN:
            caller.widening = 0
            if caller.personal is not None:
                self._open(caller, now)
            else:
                self._widen(caller, now)
        else:
            caller.progress = 0
            caller.target = min(caller.target + 1, caller.queue.target)
            self._progress(caller, now)
        caller.reshelve()
        self._wanting.append(caller.queue)

    def _finish(self, now: float) -> list[AnyCommand]:
        """Bring freed agents and callers together, then hand over the commands of this turn."""
        if self._freed or self._wanting:
            self._deal(now)
        out = self._out
        self._out = []
        return out

    def _deal(self, now: float) -> None:
        freed = [agent for agent in self._freed if not agent.ready and agent.is_offerable()]
        wanting = self._wanting
        self._freed = []
        self._wanting = []
        agents = self._floor.agents
        if not wanting and len(freed) == 1:
            # The usual turn: one agent comes free. Nobody else is ready where callers wait, so he needs no lists.
            agent = freed[0]
            found = next_caller(agent)
            if found is None:
                agent.enlist()
            else:
                caller = self._callers[found[0]]
                self._offer(caller, agent, found[1], now)
                caller.reshelve()
            return
        queues = dict.fromkeys(wanting)
        for agent in freed:
            if agent.ready or not agent.is_offerable():
                continue  # an agent may have been freed twice in one turn
            if agent.personal:
                caller = self._callers[agent.personal[0][-1]]
                self._offer(caller, agent, 0, now)
                caller.reshelve()
            else:
                agent.enlist()
                queues.update(dict.fromkeys(tier.queue for tier in agent.tiers))
        while (match := next_match(queues)) is not None:
            caller = self._callers[match.caller]
            self._offer(caller, agents[match.agent], match.level.index, now)
            caller.reshelve()

    _HANDLERS: ClassVar[dict[type, Callable[["Distributor", Any, float], None]]] = {
        CallerJoined: _caller_joined,
        CallerLeft: _caller_left,
        StatusChosen: _status_chosen,
        DeviceChanged: _device_changed,
        OfferRinging: _offer_ringing,
        OfferAnswered: _offer_answered,
        OfferRefused: _offer_refused,
        TalkEnded: _talk_ended,
        HoldChanged: _hold_changed,
        OtherCallStarted: _other_call_started,
        OtherCallEnded: _other_call_ended,
        WrapUpFinished: _wrap_up_finished,
        WrapUpExtended: _wrap_up_extended,
    }
