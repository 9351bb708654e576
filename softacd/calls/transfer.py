"""Transfers: one party of a conversation passes the other on (RFC 3515, RFC 5589), by REFER or by the API.

Blind: the other party is connected to a number; whoever transferred may leave at once or wait for the outcome, and
gets the other party back when the number does not answer. Attended: two conversations of the same phone become one.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from softacd.calls.attempt import Attempt, Outcome
from softacd.calls.call import Activity, Call
from softacd.calls.call_table import Phase
from softacd.calls.conference import Attendance
from softacd.calls.deadlines import Deadline
from softacd.calls.emergency import to_queue
from softacd.calls.flow_message import mailbox_flow
from softacd.calls.flow_run import FlowRun
from softacd.calls.leg import Leg
from softacd.calls.model import PhoneSettings
from softacd.calls.parked import Parked
from softacd.calls.reach import Reach
from softacd.calls.refer import ReferTarget, ReplacesTarget, Subscription, TransferRefusedError
from softacd.calls.ring import RINGBACK
from softacd.calls.routing import ToConference, ToExtension, ToGroup, ToMailbox, ToOutside, ToPark, ToQueue

if TYPE_CHECKING:
    from softacd.calls.exchange import Exchange

RING_SECONDS = 30.0
RECALL_SECONDS = 20.0


def replaced_leg(exchange: "Exchange", target: ReplacesTarget) -> Leg | None:
    """The leg whose dialog a Replaces names: its to-tag is ours, its from-tag the device's (RFC 3891 section 3).

    Whoever learnt of the dialog by a NOTIFY (RFC 4235) names it as the watched device sees it: the other way round.
    """
    leg = exchange.services.sip_calls.get(target.call_id)
    dialog = leg.dialog if leg is not None else None
    if leg is None or dialog is None or leg.ended:
        return None
    ours, theirs = dialog.local.tag, dialog.remote.tag
    if (target.to_tag, target.from_tag) not in ((ours, theirs), (theirs, ours)):
        return None
    return leg


class BlindTransfer(Activity):
    """The remaining party waits while a number is tried."""

    def __init__(
        self,
        call: Call,
        transferor: Leg,
        target: ReferTarget,
        subscription: Subscription,
        authority: PhoneSettings | None = None,
    ) -> None:
        """What may be dialled is what `authority` may, the transferor's phone when None."""
        super().__init__(call)
        self._authority = authority
        self._transferor: Leg | None = transferor
        self._from = transferor.number
        self._payer = authority.extension if authority is not None else transferor.number
        self._number = target.number
        self._referred_by = (("Referred-By", target.referred_by),) if target.referred_by else ()
        self._subscription = subscription
        self._attempt: Attempt | None = None
        self._patience: Deadline | None = None
        self._recalling = False

    def start(self, now: float) -> None:
        """Let the remaining party hear ringing and try the number."""
        call = self.call
        call.note("transfer", f"{self._from} to {self._number}", now)
        call.leg.play((RINGBACK,), loop=True)
        self._tell(100, "Trying", now)
        exchange = call.exchange
        caller = self._authority or exchange.phones.get(self._from)
        if caller is None:
            self._failed(403, now)
            return
        destination = exchange.routing.destination(self._number, caller)
        match destination:
            case ToExtension(extension=extension):
                reach = Reach(exchange, call, extension, self, seconds=RING_SECONDS, headers=self._referred_by)
                self._try(reach, 0.0, now)
            case ToGroup(group=group):
                self._try(exchange.ring_group(call, group, self), 0.0, now)
            case ToOutside(number=number):
                self._try(exchange.hunt(call, number, self, payer=self._payer), 0.0, now)
            case ToQueue(queue=queue):
                self._to_queue(queue, now)
            case ToConference(conference=conference):
                self._tell(200, "OK", now)
                self._release(now)
                call.begin(Attendance(call, exchange.conferences.settings(conference), vouched=True), now)
            case ToMailbox(mailbox=mailbox):
                self._to_mailbox(mailbox, now)
            case ToPark():
                self._park(now)
            case _:
                self._failed(404, now)

    def stop(self, now: float) -> None:
        """The remaining party is gone, or talks."""
        self._forget()
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            attempt.give_up(now)
            self._tell(487, "Request Terminated", now)
        self._release(now)

    def on_leg_gone(self, leg: Leg, now: float) -> bool:
        """The transferor hung up without waiting for the outcome."""
        if leg is not self._transferor:
            return False
        self._transferor = None
        self.call.vacate(leg.number, now)
        return True

    def on_attempt(self, attempt: Attempt, outcome: Outcome, leg: Leg | None, now: float) -> None:
        """The number moved."""
        call = self.call
        if outcome is Outcome.FAILED:
            self._attempt = None
            if attempt.queue:
                self._to_queue(attempt.queue, now)
            elif attempt.mailbox:
                self._to_mailbox(attempt.mailbox, now)
            else:
                self._failed(attempt.status, now)
        elif outcome is Outcome.ANSWERED and leg is not None:
            self._attempt = None
            self._tell(200, "OK", now)
            if attempt.trunk is not None:
                call.hold_channel(attempt.trunk)
            self._release(now)
            if leg.number in call.exchange.phones:
                call.occupy(leg.number, now)
            call.connect(leg, now, agent=call.exchange.agent_of_phone.get(leg.number, ""))
        else:
            self._tell(180, "Ringing", now)

    def on_deadline(self, tag: str, now: float) -> None:
        """It rang long enough."""
        del tag
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            attempt.give_up(now)
            self._failed(480, now)

    def _try(self, attempt: Attempt, seconds: float, now: float) -> None:
        self._attempt = attempt
        if seconds:
            self._patience = self.call.services.deadlines.at(now + seconds, self, "ring")
        attempt.start(now)

    def _to_queue(self, queue: str, now: float) -> None:
        self._tell(200, "OK", now)
        self._release(now)
        call = self.call
        call.enter_phase(Phase.FLOW, now)
        call.begin(to_queue(call, queue, call.finish, now), now)

    def _to_mailbox(self, mailbox: str, now: float) -> None:
        self._tell(200, "OK", now)
        self._release(now)
        self.call.begin(FlowRun(self.call, mailbox_flow(mailbox)), now)

    def _park(self, now: float) -> None:
        """Parking has begun with the transferor still on the line, who is told the slot."""
        call = self.call
        slot = call.exchange.parking.take(self._from, now)
        if not slot:
            self._failed(486, now)
            return
        transferor, self._transferor = self._transferor, None
        call.begin(Parked(call, slot, self._from, transferor, self._subscription), now)

    def _failed(self, status: int, now: float) -> None:
        """Give the remaining party back to the transferor: still there, called again, or nobody is left."""
        self._forget()
        call = self.call
        call.note("transfer-failed", f"{self._number}: {status}", now)
        self._tell(status, "", now)
        transferor = self._transferor
        if transferor is not None and transferor.answered:
            self._transferor = None
            if self._from in call.exchange.phones:
                call.occupy(self._from, now)  # an attempt on the same phone may have left it free
            call.connect(transferor, now, agent=call.exchange.agent_of_phone.get(transferor.number, ""))
        elif not self._recalling and self._from in call.exchange.phones:
            self._recalling = True
            call.note("recall", self._from, now)
            call.occupy(self._from, now)
            self._try(call.exchange.fork(call, self._from, self, now), RECALL_SECONDS, now)
        else:
            call.finish(now)

    def _release(self, now: float) -> None:
        transferor, self._transferor = self._transferor, None
        if transferor is not None:
            transferor.hang_up(now)
            self.call.vacate(transferor.number, now)

    def _tell(self, status: int, reason: str, now: float) -> None:
        self._subscription.tell(status, reason, now)

    def _forget(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def transfer(call: Call, transferor: Leg, target: ReferTarget, now: float, *, by_refer: Callable[[], None]) -> None:
    """Carry out a transfer; `by_refer` answers the REFER once it is accepted. Raises TransferRefusedError."""
    if call.phase not in (Phase.TALKING, Phase.HELD):
        raise TransferRefusedError(403, "only a conversation can be transferred")
    if transferor.party.startswith("trunk:"):
        raise TransferRefusedError(403, "carriers may not transfer our calls")
    if not target.call_id:
        by_refer()
        call.leave(transferor, now)
        call.begin(BlindTransfer(call, transferor, target, Subscription(transferor, target.cseq)), now)
        return
    other_leg = replaced_leg(call.exchange, target)
    other = call.exchange.calls.get(other_leg.call) if other_leg is not None else None
    if other_leg is None or other is None or other is call or other_leg.number != transferor.number:
        raise TransferRefusedError(481, "the dialog to be replaced is not the transferor's")
    subscription = Subscription(transferor, target.cseq)
    if other.phase not in (Phase.TALKING, Phase.HELD):
        if other_leg is not other.caller_leg:  # RFC 3891 section 3: an early dialog must be the transferor's own call
            raise TransferRefusedError(481, "the dialog to be replaced was not begun by the transferor")
        by_refer()
        number = other.record.called
        other.finish(now)
        call.leave(transferor, now)
        call.begin(BlindTransfer(call, transferor, ReferTarget(number=number), subscription), now)
        return
    by_refer()
    subscription.tell(200, "OK", now)
    _merge(call, transferor, other, other_leg, now)


def transfer_by_house(call: Call, leg: Leg, number: str, now: float, authority: PhoneSettings | None = None) -> None:
    """Connect the party of `leg` to a number; the other party leaves. Raises TransferRefusedError.

    `authority` is the phone whose rights count and which pays. Without one (a program with the API's token, a
    supervisor) every number of the house and every outside number the dial plan opens may be dialled.
    """
    if call.conversation is None or call.phase not in (Phase.TALKING, Phase.HELD):
        raise TransferRefusedError(403, "only a conversation can be transferred")
    house = authority or PhoneSettings(extension="")
    destination = call.exchange.routing.destination(number, house)
    if not isinstance(destination, ToExtension | ToOutside | ToQueue | ToGroup | ToConference | ToMailbox | ToPark):
        raise TransferRefusedError(404, f"{number!r} leads nowhere a caller can be transferred to")
    transferor = call.conversation.partner(leg)
    call.leave(transferor, now)
    call.begin(BlindTransfer(call, transferor, ReferTarget(number=number), Subscription(None), house), now)


def _merge(call: Call, transferor: Leg, other: Call, other_leg: Leg, now: float) -> None:
    """Two conversations of one phone become one: the older call goes on with the younger's other party."""
    if other.record.started < call.record.started:
        call, other = other, call
        transferor, other_leg = other_leg, transferor
    if (
        other.conversation is not None
        and (number := other.conversation.partner(other_leg).number) in call.exchange.phones
    ):
        call.occupy(number, now)  # before the other call leaves the phone free
    new = other.release(other_leg, now)
    call.leave(transferor, now)
    transferor.hang_up(now)
    call.vacate(transferor.number, now)
    call.adopt(new, other, now)
