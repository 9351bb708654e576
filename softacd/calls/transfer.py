"""Transfers: one party of a conversation passes the other on (RFC 3515, RFC 5589), by REFER or by the API.

Blind: the other party is connected to a number; whoever transferred may leave at once or wait for the outcome, and
gets the other party back when the number does not answer. Attended: two conversations of the same phone become one.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec

from softacd.calls.attempt import Attempt, Outcome
from softacd.calls.call import Activity, Call
from softacd.calls.call_table import Phase
from softacd.calls.deadlines import Deadline
from softacd.calls.hunt import Hunt
from softacd.calls.leg import Leg
from softacd.calls.queue_wait import QueueWait
from softacd.calls.ring import RINGBACK
from softacd.calls.routing import ToExtension, ToOutside, ToQueue
from softacd.sip.errors import SipError
from softacd.sip.headers import NameAddress
from softacd.sip.message import Request

if TYPE_CHECKING:
    from softacd.calls.exchange import Exchange

RING_SECONDS = 30.0
RECALL_SECONDS = 20.0


class ReferTarget(msgspec.Struct, frozen=True):
    """What a Refer-To asks for: a number, and the dialog to replace there (RFC 3891), "" when none."""

    number: str
    call_id: str = ""
    to_tag: str = ""
    from_tag: str = ""


class TransferRefusedError(Exception):
    """A transfer that cannot be; `status` is the SIP answer, HTTP 409."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def refer_target(request: Request) -> ReferTarget:
    """Read Refer-To. Raises TransferRefusedError (400) when it is missing, double or unreadable."""
    values = request.headers("Refer-To")
    if len(values) != 1:
        raise TransferRefusedError(400, "a REFER needs exactly one Refer-To")  # RFC 3515 section 2.4.1
    try:
        uri = NameAddress.parse(values[0]).uri
    except SipError as error:
        raise TransferRefusedError(400, f"Refer-To: {error}") from error
    for header in uri.headers.split("&"):
        name, _, value = header.partition("=")
        if name.lower() == "replaces":
            call_id, *parameters = unquote(value).split(";")
            tags = dict(parameter.partition("=")[::2] for parameter in parameters)
            return ReferTarget(uri.user, call_id, tags.get("to-tag", ""), tags.get("from-tag", ""))
    return ReferTarget(uri.user)


def replaced_leg(exchange: "Exchange", target: ReferTarget) -> Leg | None:
    """The leg whose dialog a Replaces names: its to-tag is ours, its from-tag the device's (RFC 3891 section 3)."""
    leg = exchange.services.sip_calls.get(target.call_id)
    dialog = leg.dialog if leg is not None else None
    if leg is None or dialog is None or leg.ended:
        return None
    if dialog.local.tag != target.to_tag or dialog.remote.tag != target.from_tag:
        return None
    return leg


class Subscription:
    """The implicit subscription of a REFER: the transferor is told how it goes (RFC 3515 section 2.4.4)."""

    def __init__(self, leg: Leg) -> None:
        self._leg = leg
        self._over = False

    def tell(self, status: int, reason: str, now: float) -> None:
        """NOTIFY with a sipfrag; a final status ends the subscription."""
        leg = self._leg
        if self._over or leg.dialog is None or not leg.answered:
            return
        final = status >= 200
        self._over = final
        state = "terminated;reason=noresource" if final else "active;expires=60"
        leg.services.stack.request_in_dialog(
            leg.dialog,
            "NOTIFY",
            now=now,
            headers=(("Event", "refer"), ("Subscription-State", state)),
            body=f"SIP/2.0 {status} {reason}\r\n".encode(),
            content_type="message/sipfrag;version=2.0",
        )


class BlindTransfer(Activity):
    """The remaining party waits while a number is tried."""

    def __init__(self, call: Call, transferor: Leg, number: str, subscription: Subscription | None) -> None:
        super().__init__(call)
        self._transferor: Leg | None = transferor
        self._from = transferor.number
        self._number = number
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
        caller = exchange.phones.get(self._from)
        if caller is None:
            self._failed(403, now)
            return
        destination = exchange.routing.destination(self._number, caller)
        match destination:
            case ToExtension(extension=extension):
                call.occupy(extension, now)
                self._try(exchange.fork(call, extension, self, now), RING_SECONDS, now)
            case ToOutside(number=number):
                self._try(exchange.hunt(call, number, self), 0.0, now)
            case ToQueue(queue=queue):
                self._tell(200, "OK", now)
                self._release(now)
                call.begin(QueueWait(call, queue, 0, call.finish), now)
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
        return True

    def on_attempt(self, attempt: Attempt, outcome: Outcome, leg: Leg | None, now: float) -> None:
        """The number moved."""
        call = self.call
        if outcome is Outcome.FAILED:
            self._attempt = None
            self._failed(attempt.status, now)
        elif outcome is Outcome.ANSWERED and leg is not None:
            self._attempt = None
            self._tell(200, "OK", now)
            if isinstance(attempt, Hunt) and attempt.trunk is not None:
                call.hold_channel(attempt.trunk)
            self._release(now)
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

    def _failed(self, status: int, now: float) -> None:
        """Give the remaining party back to the transferor: still there, called again, or nobody is left."""
        self._forget()
        call = self.call
        call.note("transfer-failed", f"{self._number}: {status}", now)
        self._tell(status, "", now)
        transferor = self._transferor
        if transferor is not None and transferor.answered:
            self._transferor = None
            call.connect(transferor, now, agent=call.exchange.agent_of_phone.get(transferor.number, ""))
        elif not self._recalling and self._from in call.exchange.phones:
            self._recalling = True
            call.note("recall", self._from, now)
            self._try(call.exchange.fork(call, self._from, self, now), RECALL_SECONDS, now)
        else:
            call.finish(now)

    def _release(self, now: float) -> None:
        transferor, self._transferor = self._transferor, None
        if transferor is not None:
            transferor.hang_up(now)

    def _tell(self, status: int, reason: str, now: float) -> None:
        if self._subscription is not None:
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
        call.begin(BlindTransfer(call, transferor, target.number, Subscription(transferor)), now)
        return
    other_leg = replaced_leg(call.exchange, target)
    other = call.exchange.calls.get(other_leg.call) if other_leg is not None else None
    if other_leg is None or other is None or other is call or other_leg.number != transferor.number:
        raise TransferRefusedError(481, "the dialog to be replaced is not the transferor's")
    by_refer()
    subscription = Subscription(transferor)
    if other.phase not in (Phase.TALKING, Phase.HELD):
        number = other.record.called
        other.finish(now)
        call.leave(transferor, now)
        call.begin(BlindTransfer(call, transferor, number, subscription), now)
        return
    subscription.tell(200, "OK", now)
    _merge(call, transferor, other, other_leg, now)


def _merge(call: Call, transferor: Leg, other: Call, other_leg: Leg, now: float) -> None:
    """Two conversations of one phone become one: the older call goes on with the younger's other party."""
    if other.record.started < call.record.started:
        call, other = other, call
        transferor, other_leg = other_leg, transferor
    new = other.release(other_leg, now)
    call.leave(transferor, now)
    transferor.hang_up(now)
    call.adopt(new, other, now)
