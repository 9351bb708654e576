"""Steps that lead the caller to somebody: a queue, a phone of the house, an outside number."""

from collections.abc import Mapping
from typing import Any

from softacd.calls.conference import Attendance
from softacd.calls.diversion import Diversion, Why
from softacd.calls.emergency import emergency_ring, in_emergency, to_queue
from softacd.calls.flow_message import mailbox_flow
from softacd.calls.flow_run import Doing
from softacd.calls.flow_steps import DialStep, QueueStep, RingStep, TransferStep
from softacd.calls.hours import Opening
from softacd.calls.queue_wait import QueueWait
from softacd.calls.reach import BUSY_STATUSES
from softacd.calls.ring import Ring
from softacd.calls.routing import ToConference, ToExtension, ToGroup, ToMailbox, ToOutside, ToQueue


class Queueing(Doing[QueueStep]):
    """The caller waits in a queue."""

    def start(self, now: float) -> None:
        """Join, unless the queue is closed or gone, or the house is in emergency mode."""
        run, step = self.run, self.step
        call = run.call
        exchange = call.exchange
        settings = exchange.queues.get(step.queue)
        closed = step.exits.get("closed", step.then)
        if settings is None:
            call.note("queue-closed", step.queue, now)  # removed by a reload while this caller was on the way to it
            run.go(closed, now)
            return
        if in_emergency(exchange):
            run.enter_flow(now)
            run.hand_over(emergency_ring(call, lambda at: run.back(step.then, at)), now)
            return
        state, why = exchange.queue_opening(step.queue, call.services.wall(now))
        if state is not Opening.OPEN:
            call.note("queue-closed", f"{step.queue}: {why or state}", now)
            run.go(closed, now)
            return
        agent = run.variables.expand(step.prefer) if step.prefer else ""

        def unserved(at: float) -> None:
            exits: Mapping[Any, str] = step.exits
            run.back(step.keys.get(wait.key) or exits.get(wait.exit, step.then), at)

        wait = QueueWait(
            call,
            step.queue,
            step.priority,
            unserved,
            skills=step.skills,
            keys=step.keys,
            prefer=agent if agent in exchange.agents else "",
            patience=step.patience_seconds,
            offer=run.clips(step.offer, now),
            offer_above=step.offer_above_seconds,
            after_call=step.after_call,
        )
        run.hand_over(wait, now)


class Ringing(Doing[RingStep]):
    """A phone of the house is rung."""

    needs_sound = False

    def start(self, now: float) -> None:
        """Ring it; who is not there does not answer."""
        run, step = self.run, self.step
        call = run.call
        exchange = call.exchange
        extension = run.variables.expand(step.extension)
        if step.agent:
            agent = exchange.agents.get(run.variables.expand(step.agent))
            extension = agent.phone if agent is not None else ""
        if extension not in exchange.phones and not exchange.is_group(extension):
            call.note("ring-failed", f"{extension or run.variables.expand(step.agent)}: unknown", now)
            run.go(step.then, now)
            return
        ring = Ring.extension(call, extension, step.seconds, lambda at: self._unserved(ring, at))
        run.hand_over(ring, now)

    def _unserved(self, ring: Ring, now: float) -> None:
        busy = ring.status in BUSY_STATUSES
        self.run.back((self.step.busy if busy else "") or self.step.then, now)


class Dialling(Doing[DialStep]):
    """An outside number is called."""

    needs_sound = False

    def start(self, now: float) -> None:
        """Call it, within the rights of flows and the ceilings of the toll guard."""
        run, step = self.run, self.step
        call = run.call
        exchange = call.exchange
        number = run.variables.expand(step.number)
        if number != step.number and not isinstance(
            exchange.routing.destination(number, exchange.house_rights), ToOutside
        ):
            call.note("dial-refused", f"{number}: not open in the dial plan", now)
            run.go(step.then, now)
            return
        payer = f"flow:{run.flow.name}"
        ring = Ring.outside(
            call,
            number,
            call.caller_name or call.record.caller,
            payer=payer,
            seconds=step.seconds,
            diversions=(Diversion(payer, Why.ALWAYS),),
            unserved=lambda at: run.back(step.then, at),
        )
        run.hand_over(ring, now)


class Transferring(Doing[TransferStep]):
    """Whatever a phone would reach by dialling."""

    def start(self, now: float) -> None:
        """Find out what it is, and connect."""
        run, step = self.run, self.step
        call = run.call
        exchange = call.exchange
        number = run.variables.expand(step.number)

        def back(at: float) -> None:
            run.back(step.then, at)

        match exchange.routing.destination(number, exchange.house_rights):
            case ToExtension(extension=extension):
                ring = Ring.extension(call, extension, exchange.phones[extension].ring_seconds, back)
                run.hand_over(ring, now)
            case ToGroup(group=group):
                run.hand_over(Ring.extension(call, exchange.groups[group].number, 0.0, back), now)
            case ToQueue(queue=queue):
                run.hand_over(to_queue(call, queue, back, now), now)
            case ToConference(conference=conference):
                run.hand_over(Attendance(call, exchange.conferences.settings(conference)), now)
            case ToMailbox(mailbox=mailbox):
                run.follow(mailbox_flow(mailbox), step.then, now)
            case ToOutside(number=outside, emergency=False):
                payer = f"flow:{run.flow.name}"
                run.hand_over(Ring.outside(call, outside, payer=payer, unserved=back), now)
            case _:
                call.note("transfer-refused", f"{number}: leads nowhere", now)
                run.go(step.then, now)
