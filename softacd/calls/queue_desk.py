"""Between the distributor's words and the telephones: offers become forks, answers become events.

Events raised while commands are being carried out (a phone that is not registered refuses at once) wait their turn,
so that the distributor is never entered twice.
"""

from collections import Counter, defaultdict, deque

from softacd.acd.agent_table import IN_WRAP_UP
from softacd.acd.announce import WaitAnnouncer
from softacd.acd.distributor import Distributor
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
    StatusSpent,
    TalkEnded,
    Withdraw,
    Withdrawal,
    WrapUpExtended,
    WrapUpFinished,
)
from softacd.acd.wait_time import WaitEstimate, WaitTimeEstimator
from softacd.calls import words
from softacd.calls.acquaintance import Acquaintances, Wish
from softacd.calls.attempt import ANSWERED_ELSEWHERE, Attempt, Fork, Outcome
from softacd.calls.call import Call
from softacd.calls.callback import CallBackDesk
from softacd.calls.control import NotPossibleError, UnknownNameError
from softacd.calls.exchange import Exchange
from softacd.calls.identity import party_of
from softacd.calls.leg import Leg
from softacd.calls.queue_joining import joining
from softacd.calls.queue_wait import QueueWait
from softacd.calls.records import AgentEvent, AgentTime, Direction, MissedOwner
from softacd.calls.seat_desk import SeatDesk
from softacd.calls.staff_desk import StaffDesk
from softacd.calls.topic_desk import TopicDesk

REFUSALS = {486: Refusal.BUSY, 600: Refusal.BUSY, 603: Refusal.REJECTED, 480: Refusal.UNREACHABLE}
"""What a phone's SIP status says about the agent; other 6xx are a refusal, all else is unreachable."""
BEFORE_THE_END = IN_WRAP_UP | {State.TALKING, State.HELD}
"""States of an agent whose conversation is not over yet, wrap-up and all."""


class Ringing:
    """One agent's phone ringing for one caller."""

    __slots__ = ("agent", "answered", "call", "desk", "extension", "fork")

    def __init__(self, desk: "QueueDesk", agent: str, call: Call, extension: str, now: float) -> None:
        self.desk = desk
        self.agent = agent
        self.call = call
        self.extension = extension
        self.answered: Leg | None = None
        self.fork: Fork = desk.exchange.fork(call, extension, self, now, party=f"agent:{agent}")

    @property
    def caller(self) -> str:
        """Who calls."""
        return self.call.record.caller

    def picked_up(self, leg: Leg, now: float) -> None:
        """Somebody answered at another phone: `leg` is theirs, and the queue is done with the caller."""
        exchange = self.desk.exchange
        self.desk.feed(CallerLeft(caller=self.call.id, exit=Exit.PICKED_UP), now)
        self.call.connect(leg, now, agent=exchange.agent_of_phone.get(leg.number, ""))

    def on_attempt(self, attempt: Attempt, outcome: Outcome, leg: Leg | None, now: float) -> None:
        """The agent's phone moved."""
        if outcome is Outcome.ANSWERED:
            self.answered = leg
            self.desk.exchange.ringing.pop(self, None)
            self.desk.feed(OfferAnswered(agent=self.agent, caller=self.call.id), now)
        elif outcome is Outcome.FAILED:
            refusal = REFUSALS.get(attempt.status, Refusal.REJECTED if attempt.status >= 600 else Refusal.UNREACHABLE)
            self.call.note("refused", f"{self.agent}: {refusal} ({attempt.status})", now)
            self.desk.forget(self)
            self.desk.feed(OfferRefused(agent=self.agent, caller=self.call.id, refusal=refusal), now)
        else:
            self.desk.feed(OfferRinging(agent=self.agent, caller=self.call.id), now)


class QueueDesk:
    """Carries out what the distributor decides."""

    def __init__(self, exchange: Exchange, distributor: Distributor, estimator: WaitTimeEstimator) -> None:
        self.exchange = exchange
        self.distributor = distributor
        self.estimator = estimator
        self.acquaintances = Acquaintances()
        self.topics = TopicDesk(exchange.services, lambda: exchange.queues, exchange.calls)
        self.staff = StaffDesk(exchange)
        self.seats = SeatDesk(self)
        self.missed: Counter[str] = Counter()
        """Missed calls since the start, by queue; "" counts those of callers who got to none."""
        self.missed_cost: defaultdict[str, float] = defaultdict(float)
        """What they cost, likewise."""
        self._unexplained: dict[str, None] = {}
        """Callers about whom the distributor has decided something since it was last told why."""
        self.call_backs = CallBackDesk(self)
        self._ringing: dict[str, Ringing] = {}
        self._waits: dict[str, QueueWait] = {}
        self._announcers: dict[str, WaitAnnouncer] = {}
        self._engaged: dict[str, dict[str, str]] = {}
        """Extension -> calls that keep it busy -> the agent who was told so."""
        self._events: deque[AnyEvent] = deque()
        self._busy = False

    # --- events --------------------

    def feed(self, event: AnyEvent, now: float) -> None:
        """Give the distributor an event and carry out its commands, now or right after the event being handled."""
        self._events.append(event)
        self._run(now)

    def tell_why(self, now: float) -> None:
        """Record why phones ring as they do: once the INVITEs have left, before anything else changes."""
        if self._unexplained:
            calls, self._unexplained = self._unexplained, {}
            for call in calls:
                why = self.distributor.explain(call, now)
                if why is not None:
                    self.exchange.services.note(call, "why", f"place {why.place}: {why.text()}", now)

    def handle_deadline(self, now: float) -> None:
        """Let the distributor's due moments happen."""
        self.tell_why(now)
        self._carry_out(self.distributor.handle_deadline(now), now)

    def carry_out(self, commands: list[AnyCommand], now: float) -> None:
        """Carry out commands of a reload or a restored status."""
        self._carry_out(commands, now)

    def _run(self, now: float) -> None:
        if self._busy:
            return
        while self._events:
            self.tell_why(now)
            event = self._events.popleft()
            self.estimator.observe(event, now)
            self._carry_out(self.distributor.handle(event, now), now)

    def _carry_out(self, commands: list[AnyCommand], now: float) -> None:
        outer, self._busy = self._busy, True
        try:
            for command in commands:
                self.estimator.observe(command, now)
                self._command(command, now)
        finally:
            self._busy = outer
        if not outer:
            self._run(now)

    def _command(self, command: AnyCommand, now: float) -> None:
        match command:
            case Offer(caller=caller, agent=agent):
                self._offer(caller, agent, now)
            case Withdraw(agent=agent, withdrawal=withdrawal):
                self._withdraw(agent, withdrawal, now)
            case Connect(caller=caller, agent=agent):
                self._connect(caller, agent, now)
            case AnswerTooLate(caller=caller, agent=agent):
                ringing = self._ringing.get(agent)
                if ringing is not None and ringing.call.id == caller and ringing.answered is not None:
                    del self._ringing[agent]
                    ringing.call.note("answered-too-late", agent, now)
                    ringing.answered.hang_up(now, reason=ANSWERED_ELSEWHERE)
            case CallerExited(caller=caller, exit=how, waited=waited):
                self._announcers.pop(caller, None)
                wait = self._waits.pop(caller, None)
                if wait is not None:
                    wait.exited(how, waited, now)
                else:
                    self.call_backs.exited(caller, how, now)
            case AgentChanged():
                self._agent_changed(command, now)
            case StatusSpent():
                self.staff.spent(command, now)

    def _offer(self, caller: str, agent: str, now: float) -> None:
        call = self.exchange.calls.get(caller) or self.call_backs.call_for(caller, now)
        settings = self.exchange.agents[agent]
        call.note("offered", agent, now)
        call.rung = agent
        self._unexplained[caller] = None
        ringing = Ringing(self, agent, call, settings.phone, now)
        self._ringing[agent] = ringing
        self.exchange.ringing[ringing] = None
        ringing.fork.start(now)

    def _withdraw(self, agent: str, withdrawal: Withdrawal, now: float) -> None:
        ringing = self._ringing.pop(agent, None)
        if ringing is None:
            return
        self.exchange.ringing.pop(ringing, None)
        ringing.call.note("withdrawn", f"{agent}: {withdrawal}", now)
        reason = ANSWERED_ELSEWHERE if withdrawal is Withdrawal.ANSWERED_ELSEWHERE else ringing.call.end_reason
        if ringing.answered is not None:  # answered while its event waited: the distributor decided otherwise
            ringing.answered.hang_up(now, reason=reason)
        else:
            ringing.fork.give_up(now, reason)

    def _connect(self, caller: str, agent: str, now: float) -> None:
        ringing = self._ringing.pop(agent)
        self._waits.pop(caller, None)
        self._announcers.pop(caller, None)
        if ringing.answered is None:
            raise RuntimeError(f"agent {agent} was connected without an answer")
        self.topics.connected(agent, caller, ringing.call.record.queue)
        if not self.call_backs.dial(ringing.call, ringing.answered, agent, now):
            ringing.call.connect(ringing.answered, now, agent=agent)

    def _agent_changed(self, change: AgentChanged, now: float) -> None:
        services = self.exchange.services
        if change.state not in BEFORE_THE_END:
            self.topics.wrap_up_over(change.agent, now)
        self.staff.changed(change, now)
        self.seats.changed(change, now)
        settings = self.exchange.agents.get(change.agent)
        if settings is not None:
            services.changes(settings.phone)
        services.note_agent(
            AgentEvent(
                agent=change.agent,
                at=services.wall(now),
                status=change.status.value,
                state=change.state.value,
                reason=change.reason,
                call=change.caller,
            )
        )

    # --- what calls ask --------------------

    def join(self, wait: QueueWait, now: float) -> None:
        """A caller enters a queue."""
        call = wait.call
        self._waits[call.id] = wait
        settings = self.exchange.queues[wait.queue]
        party = party_of(call)
        wish = self.acquaintances.wish(settings, party, call.known, now)
        if wait.prefer:
            wish = Wish(wait.prefer, wait.patience)
        if wait.reconnect_to:
            wish = Wish(wait.reconnect_to, settings.patience_seconds, reconnect=True)
        if wish.agent:
            call.note("meant-for", f"{wish.agent} for {wish.patience:g} s", now)
        self.feed(
            joining(
                self.exchange,
                caller=call.id,
                queue=wait.queue,
                party=party,
                known=call.known,
                priority=wait.priority,
                skills=wait.skills,
                wish=wish,
                arrived=self.call_backs.take_place(wait.queue, party, now),
            ),
            now,
        )
        self._unexplained[call.id] = None  # that nobody rings wants an explanation too
        if settings.max_predicted_seconds and not wish.reconnect:
            self._leave_if_hopeless(wait, settings.max_predicted_seconds, now)

    def _leave_if_hopeless(self, wait: QueueWait, limit: float, now: float) -> None:
        """Who is foretold a longer wait than the queue wants for anybody is not kept."""
        call = wait.call.id
        if call not in self._waits or any(ringing.call.id == call for ringing in self._ringing.values()):
            return
        estimate = self.estimate(call, now)
        if estimate is not None and estimate.trusted and estimate.expected > limit:
            self.feed(CallerLeft(caller=call, exit=Exit.PREDICTED), now)

    def leave_by_key(self, wait: QueueWait, now: float) -> None:
        """A waiting caller pressed a key that leads elsewhere."""
        if wait.call.id in self._waits:
            self.feed(CallerLeft(caller=wait.call.id, exit=Exit.KEY), now)

    def leave_closed(self, wait: QueueWait, now: float) -> None:
        """The queue serves nobody any more."""
        if wait.call.id in self._waits:
            self.feed(CallerLeft(caller=wait.call.id, exit=Exit.CLOSED), now)

    def take_back(self, call: Call, now: float) -> bool:
        """The line to the agent died in a conversation: the caller goes ahead of the queue, to the same agent first.

        False: no queue gave him this agent, or it does not want that.
        """
        queue = call.record.queue
        settings = self.exchange.queues.get(queue)
        if settings is None or not settings.reconnect_seconds or call.record.direction is Direction.OUTGOING:
            return False
        agent = call.agent
        call.note("cut-off", agent, now)
        wait = QueueWait(call, queue, 0, lambda at: call.finish(at), reconnect_to=agent)
        outer, self._busy = self._busy, True
        told = len(self._events)
        call.lose_called(now)
        call.begin(wait, now)
        self.topics.forgive(agent)
        self._busy = outer
        # The caller stands in line before the agent comes free, who would else ring for somebody else.
        news = [self._events.pop() for _ in range(len(self._events) - told)][::-1]
        self._events.extend(sorted(news, key=lambda event: not isinstance(event, CallerJoined)))
        self.feed(WrapUpFinished(agent=agent), now)  # the conversation is not over, so there is nothing to wrap up
        return True

    def met(self, call: Call, agent: str, now: float, *, cut_off: bool = False) -> None:
        """A caller from outside has spoken with an agent."""
        party = party_of(call)
        if party and call.record.direction is Direction.INCOMING:
            self.acquaintances.met(party, agent, now, cut_off=cut_off)
            self.call_backs.served(party, now)

    def worth(self, queue: str) -> float:
        """What it costs to miss a caller of a queue, or ("") of none."""
        settings = self.exchange.queues.get(queue)
        value = settings.missed_value if settings is not None else None
        return self.exchange.settings.missed.value if value is None else value

    def was_missed(self, call: Call, now: float) -> None:
        """A caller from outside ended without having talked to anybody: it costs, and somebody shall call back."""
        queue = call.record.queue
        self.missed[queue] += 1
        self.missed_cost[queue] += self.worth(queue)
        caller = party_of(call)
        manager = call.known.manager if call.known is not None else ""
        owner = manager if manager in self.exchange.agents else call.rung
        if caller and owner:
            services = self.exchange.services
            services.records.append(MissedOwner(caller=caller, at=services.wall(now), owner=owner))

    def leave(self, wait: QueueWait, now: float) -> None:
        """A caller is gone."""
        if self._waits.pop(wait.call.id, None) is not None:
            self._announcers.pop(wait.call.id, None)
            self.feed(CallerLeft(caller=wait.call.id), now)

    def talk_ended(self, agent: str, call: str, now: float) -> None:
        """A conversation of an agent is over."""
        self.topics.talk_ended(agent, call)
        self.feed(TalkEnded(agent=agent, caller=call), now)

    def hold_changed(self, agent: str, call: str, held: bool, now: float) -> None:
        """A conversation of an agent was put on hold or resumed."""
        self.feed(HoldChanged(agent=agent, caller=call, held=held), now)

    def other_call(self, extension: str, call: str, started: bool, now: float) -> None:
        """A phone of an agent is in a call of its own, or no longer."""
        engaged = self._engaged.setdefault(extension, {})
        if started:
            agent = engaged[call] = self.exchange.agent_of_phone.get(extension, "")
            if agent:
                self.feed(OtherCallStarted(agent=agent, call=call), now)
        elif agent := engaged.pop(call, ""):
            self.feed(OtherCallEnded(agent=agent, call=call), now)
        if not engaged:
            self._engaged.pop(extension, None)

    def phones_changed(self, now: float) -> None:
        """After a reload agents may sit at other phones: the calls of those phones are theirs now."""
        seats = self.exchange.agent_of_phone
        moved = [
            (extension, call, agent)
            for extension, engaged in self._engaged.items()
            for call, agent in engaged.items()
            if agent != seats.get(extension, "")
        ]
        for _, call, agent in moved:
            if agent:
                self.feed(OtherCallEnded(agent=agent, call=call), now)
        for extension, call, _ in moved:
            self.other_call(extension, call, True, now)
        for living in list(self.exchange.calls.values()):
            conversation = living.conversation
            if conversation is not None and conversation.agent:
                number = conversation.other.number
                if seats.get(number) != conversation.agent:  # a queue's conversation goes on at a colleague's seat
                    living.occupy(number, now)

    def forget(self, ringing: Ringing) -> None:
        """A phone refused: it rings no more."""
        self.exchange.ringing.pop(ringing, None)
        if self._ringing.get(ringing.agent) is ringing:
            del self._ringing[ringing.agent]

    def device(self, extension: str, reachable: bool, now: float) -> None:
        """A phone registered or vanished."""
        agent = self.exchange.agent_of_phone.get(extension)
        if agent is not None:
            self.feed(DeviceChanged(agent=agent, reachable=reachable), now)

    def estimate(self, call: str, now: float) -> WaitEstimate | None:
        """How long this caller will still wait."""
        return self.estimator.estimate(call, now)

    def figure(self, queue: str, figure: str, now: float) -> str:
        """What flows ask of a queue: callers `waiting`, agents `ready`, predicted `wait` in seconds ("" when unsure).

        The wait is that of who is last in line now: somebody new waits about as long.
        """
        view = next((view for view in self.distributor.queues(now) if view.name == queue), None)
        if view is None:
            return ""
        match figure:
            case "waiting":
                return str(sum(not one.call_back for one in view.waiting))
            case "ready":
                return str(view.ready)
            case "wait" if view.ready > len(view.waiting):
                return "0"
            case "wait" if view.waiting:
                estimate = self.estimate(view.waiting[-1].caller, now)
                return f"{estimate.expected:.0f}" if estimate is not None and estimate.trusted else ""
            case _:
                return ""

    def waits(self) -> tuple[QueueWait, ...]:
        """The callers who wait in queues now."""
        return tuple(self._waits.values())

    def announcement(self, call: Call, now: float) -> tuple[str, ...]:
        """What the caller is told now: place in line and, when the estimate can be trusted, the waiting time."""
        position = self.distributor.position(call.id)
        if position is None:
            return ()
        announcer = self._announcers.setdefault(call.id, WaitAnnouncer())
        said = announcer.announce(position, self.estimate(call.id, now), now)
        if said is None:
            return ()
        language = call.language
        clips: tuple[str, ...] = ()
        if said.position is not None:
            clips += words.position(said.position, language)
        if said.minutes_high is not None:
            clips += words.wait(said.minutes_low or 0, said.minutes_high, said.less_than_a_minute, language)
        return clips

    # --- what people ask --------------------

    def set_status(self, agent: str, status: Status, reason: str, now: float) -> None:
        """Set an agent's status. Raises UnknownNameError, NotPossibleError (a reason the shop does not have)."""
        self.known(agent)
        self.staff.reasons.check(status, reason)
        self.feed(StatusChosen(agent=agent, status=status, reason=reason), now)

    def account(self, agent: str, now: float) -> AgentTime | None:
        """How an agent has spent the time that is not recorded yet; None: logged out. Raises UnknownNameError."""
        self.known(agent)
        spent = self.distributor.spent(agent, now)
        return None if spent is None else self.staff.account(spent, now)

    def finish_wrap_up(self, agent: str, now: float) -> None:
        """End a wrap-up. Raises UnknownNameError, NotPossibleError (also while the topic it must have is missing)."""
        self._in_wrap_up(agent)
        self.topics.may_finish(agent)
        self.feed(WrapUpFinished(agent=agent), now)

    def extend_wrap_up(self, agent: str, seconds: float, now: float) -> None:
        """Extend a wrap-up. Raises UnknownNameError, NotPossibleError."""
        self._in_wrap_up(agent)
        self.feed(WrapUpExtended(agent=agent, seconds=seconds), now)

    def own_missed(self, caller: str, owner: str, now: float) -> None:
        """Have an agent ("": nobody) take care of a caller whose calls were missed. Raises UnknownNameError."""
        if owner:
            self.known(owner)
        services = self.exchange.services
        services.records.append(MissedOwner(caller=caller, at=services.wall(now), owner=owner, assigned=True))

    def known(self, agent: str) -> None:
        """Raise UnknownNameError when there is no such agent."""
        if agent not in self.exchange.agents:
            known = ", ".join(sorted(self.exchange.agents)) or "none"
            raise UnknownNameError(f"no agent is named {agent!r}; there are: {known}")

    def _in_wrap_up(self, agent: str) -> None:
        self.known(agent)
        if self.distributor.agent(agent).state not in IN_WRAP_UP:
            raise NotPossibleError(f"agent {agent} is not in wrap-up")
