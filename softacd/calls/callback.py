"""Call-backs: who does not want to wait hangs up and keeps his place; when it is his turn he is called.

A call-back stands in the queue's line like a caller, at the place of the one who asked for it. An agent is rung for it
as for anybody; when he has answered, and not before, the customer is called through the trunks, so there is at most
one attempt in flight for a customer, and never more attempts than agents who have taken one. Who does not answer is
tried again later, at the same place. Every change is recorded at once: what is open survives a restart.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from softacd.acd.vocabulary import CallerJoined, CallerLeft, Exit, TalkEnded, WrapUpFinished
from softacd.calls.attempt import Attempt
from softacd.calls.call import Call
from softacd.calls.leg import Leg
from softacd.calls.records import CallBackEvent, CallBackState, Direction
from softacd.calls.records import Outcome as CallOutcome
from softacd.calls.ring import Ring
from softacd.calls.routing import ToOutside

if TYPE_CHECKING:
    from softacd.calls.queue_desk import QueueDesk

SHOWN = "Call-back"
"""What stands before the name on agents' phones."""


class CallBack:
    """One customer to be called. `caller` is his name in the line and the id of the next call to him."""

    __slots__ = ("after", "caller", "desk", "event", "skills")

    def __init__(self, desk: "CallBackDesk", event: CallBackEvent, after: str = "") -> None:
        self.desk = desk
        self.event = event
        self.caller = ""
        self.after = after
        """The call in which he asked; until it is over he is not called."""
        self.skills = tuple(
            (name, int(level)) for name, _, level in (one.partition("=") for one in event.skills.split()) if level
        )

    def on_deadline(self, tag: str, now: float) -> None:
        """Time for the next attempt."""
        del tag
        self.desk.stand_in_line(self, now)


class KeptPlace(NamedTuple):
    """A customer's place: his name in the line ("": not in it now), and when he arrived (monotonic seconds)."""

    caller: str
    arrived: float


class CustomerRing(Ring):
    """The customer is being called; the agent hears it ring."""

    entry: CallBack

    def stop(self, now: float) -> None:
        """The agent hung up, or the customer answered."""
        ringing = self._attempt is not None
        super().stop(now)
        if ringing:
            self.entry.desk.not_reached(self.entry, "the agent hung up", now)


class CallBackDesk:
    """Keeps the open call-backs and carries them out."""

    def __init__(self, desk: "QueueDesk") -> None:
        self._desk = desk
        self._exchange = desk.exchange
        self._open: dict[str, CallBack] = {}
        self._by_caller: dict[str, CallBack] = {}

    def __len__(self) -> int:
        return len(self._open)

    def events(self) -> list[CallBackEvent]:
        """The open ones as they are now, the oldest first."""
        return sorted((entry.event for entry in self._open.values()), key=lambda event: event.arrived)

    # --- asked for, given up --------------------

    def refusal(self, number: str) -> str:
        """Why a number is not called back: only what the dial plan opens is; "" when it may be."""
        exchange = self._exchange
        destination = exchange.routing.presented(number, exchange.house_rights)
        return "" if isinstance(destination, ToOutside) else f"{number} is not open in the dial plan"

    def request(
        self, call: Call, queue: str, number: str, *, arrived: float, priority: int, skills: dict[str, int], now: float
    ) -> None:
        """A caller wants to be called back; `arrived` (monotonic) is his place. Who asks twice keeps the first one."""
        services = self._exchange.services
        call.note("call-back-asked", f"{queue}: {number}", now)
        for entry in self._open.values():
            if (entry.event.queue, entry.event.number) == (queue, number):
                return
        event = CallBackEvent(
            id=call.id,
            at=services.wall(now),
            state=CallBackState.WAITING,
            queue=queue,
            number=number,
            name=call.caller_name,
            arrived=services.wall(arrived),
            priority=priority,
            skills=" ".join(f"{name}={level}" for name, level in skills.items()),
        )
        self._open[event.id] = CallBack(self, event, after=call.id)
        services.records.append(event)

    def call_ended(self, call: str, now: float) -> None:
        """A call is over: whoever asked in it can be called from now on; one ended from outside is made later."""
        entry = self._open.get(call)
        if entry is not None and entry.after == call:
            self.stand_in_line(entry, now)
        offered = self._by_caller.pop(call, None)
        if offered is not None:
            self._pause(offered, now)
            self._desk.feed(CallerLeft(caller=call, exit=Exit.CALL_BACK), now)

    def restore(self, events: Iterable[CallBackEvent], now: float) -> None:
        """Those open before the restart; an attempt that was in flight then is made anew."""
        for event in sorted(events, key=lambda one: one.arrived):
            if event.state in CallBackState.open() and event.queue in self._exchange.queues:
                entry = self._open[event.id] = CallBack(self, event)
                wait = (event.next_attempt - self._exchange.services.wall(now)) / 1000
                if wait > 0:
                    self._exchange.services.deadlines.at(now + wait, entry, "call-back")
                else:
                    self.stand_in_line(entry, now)

    def take_place(self, queue: str, number: str, now: float) -> float | None:
        """A customer who calls again himself takes the place of his call-back: when he arrived, None without one."""
        entry = self._waiting_for(queue, number)
        if entry is None:
            return None
        arrived = self._arrived(entry, now)
        self._close(entry, CallBackState.CALLED_AGAIN, now)
        return arrived

    def place_of(self, queue: str, number: str, now: float) -> KeptPlace | None:
        """The place `take_place` would give, left where it is."""
        entry = self._waiting_for(queue, number)
        if entry is None:
            return None
        return KeptPlace(entry.caller if entry.caller in self._by_caller else "", self._arrived(entry, now))

    def _waiting_for(self, queue: str, number: str) -> CallBack | None:
        return next(
            (
                entry
                for entry in self._open.values()
                if number and (entry.event.queue, entry.event.number) == (queue, number) and not self._in_flight(entry)
            ),
            None,
        )

    def served(self, number: str, now: float) -> None:
        """Somebody has spoken with this number: whatever was open for it is done."""
        for entry in list(self._open.values()):
            if entry.event.number == number and not self._in_flight(entry):
                self._close(entry, CallBackState.SERVED, now)

    # --- in line --------------------

    def stand_in_line(self, entry: CallBack, now: float) -> None:
        """Wait for an agent, at the place he always had."""
        if entry.event.id not in self._open:
            return
        if entry.event.queue not in self._exchange.queues:
            self._close(entry, CallBackState.CLOSED, now)
            return
        entry.after = ""
        entry.caller = self._exchange.services.new_call_id(now)
        self._by_caller[entry.caller] = entry
        if entry.event.state is not CallBackState.WAITING:
            self._change(entry, now, state=CallBackState.WAITING, next_attempt=0)
        self._desk.feed(
            CallerJoined(
                caller=entry.caller,
                queue=entry.event.queue,
                priority=entry.event.priority,
                party=entry.event.number,
                skills=entry.skills,
                arrived=self._arrived(entry, now),
                call_back=True,
            ),
            now,
        )

    def call_for(self, caller: str, now: float) -> Call:
        """The call an agent is rung for. Raises KeyError for who is no call-back."""
        entry = self._by_caller[caller]
        event = entry.event
        call = Call(
            self._exchange,
            id=caller,
            direction=Direction.OUTGOING,
            caller=event.number,
            caller_name=f"{SHOWN} {event.name}".rstrip(),
            called=event.number,
            trunk=None,
            now=now,
        )
        call.record.queue = event.queue
        return call

    def exited(self, caller: str, how: Exit, now: float) -> None:
        """The distributor let it go: answered by an agent, or its queue is no more."""
        entry = self._by_caller.get(caller)
        if entry is not None and how is Exit.CLOSED:
            self._close(entry, CallBackState.CLOSED, now)

    # --- attempts --------------------

    def dial(self, call: Call, leg: Leg, agent: str, now: float) -> bool:
        """An agent has answered: call the customer. False when this call is no call-back."""
        entry = self._by_caller.get(call.id)
        if entry is None:
            return False
        leg.user = call
        call.caller_leg = leg
        call.agent = call.record.agent = agent
        call.record.caller = leg.number
        call.record.answered = self._exchange.services.wall(now)
        attempts = entry.event.attempts + 1
        self._change(entry, now, state=CallBackState.RINGING, attempts=attempts, agent=agent, call=call.id)
        call.note("call-back", f"{entry.event.number}, attempt {attempts}", now)

        def attempt(ring: Ring) -> Attempt:
            return self._exchange.hunt(call, entry.event.number, ring, payer=f"flow:call-back {entry.event.queue}")

        ring = CustomerRing(call, entry.event.number, attempt, lambda at: self.not_reached(entry, "no answer", at))
        ring.entry = entry
        ring.agent = agent
        ring.answered = lambda at: self._reached(entry, at)
        call.begin(ring, now)
        return True

    def not_reached(self, entry: CallBack, why: str, now: float) -> None:
        """The customer was not reached: the agent is free at once, the customer is tried later, or given up."""
        agent, call = entry.event.agent, self._exchange.calls.get(entry.caller)
        self._by_caller.pop(entry.caller, None)
        if call is not None:
            call.note("call-back-failed", why, now)
            call.agent = ""
            call.finish(now, outcome=CallOutcome.NO_ANSWER)
        settings = self._exchange.queues.get(entry.event.queue)
        if settings is None or entry.event.attempts >= settings.call_back_attempts:
            self._close(entry, CallBackState.FAILED, now)
        else:
            self._pause(entry, now)
        self._desk.feed(TalkEnded(agent=agent, caller=entry.caller), now)
        self._desk.feed(WrapUpFinished(agent=agent), now)  # there was no conversation, so there is nothing to note

    def _pause(self, entry: CallBack, now: float) -> None:
        """Try again later."""
        services = self._exchange.services
        settings = self._exchange.queues.get(entry.event.queue)
        later = now + (settings.call_back_retry_seconds if settings is not None else 0.0)
        self._change(entry, now, state=CallBackState.PAUSING, next_attempt=services.wall(later))
        services.deadlines.at(later, entry, "call-back")

    def _reached(self, entry: CallBack, now: float) -> None:
        self._by_caller.pop(entry.caller, None)
        self._close(entry, CallBackState.SERVED, now)

    # --- records --------------------

    def _in_flight(self, entry: CallBack) -> bool:
        return entry.event.state is CallBackState.RINGING

    def _arrived(self, entry: CallBack, now: float) -> float:
        return now - (self._exchange.services.wall(now) - entry.event.arrived) / 1000

    def _change(self, entry: CallBack, now: float, **changes: object) -> None:
        services = self._exchange.services
        entry.event = msgspec.structs.replace(entry.event, at=services.wall(now), **changes)
        services.records.append(entry.event)

    def _close(self, entry: CallBack, state: CallBackState, now: float) -> None:
        del self._open[entry.event.id]
        self._change(entry, now, state=state, next_attempt=0)
        if self._by_caller.pop(entry.caller, None) is not None:
            self._desk.feed(CallerLeft(caller=entry.caller, exit=Exit.CALL_BACK), now)
            call = self._exchange.calls.get(entry.caller)
            if call is not None:
                call.finish(now, outcome=CallOutcome.SERVED)
