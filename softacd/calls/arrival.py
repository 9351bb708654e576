"""A new INVITE of somebody we know: makes the call and its first leg, and decides what it begins with."""

from softacd.calls import words
from softacd.calls.call import Call
from softacd.calls.caller import Caller
from softacd.calls.conference import Attendance
from softacd.calls.diversion import diverted
from softacd.calls.emergency import to_queue
from softacd.calls.exchange import Exchange
from softacd.calls.feature_call import FeatureCall
from softacd.calls.flow_message import mailbox_flow
from softacd.calls.flow_run import FlowRun
from softacd.calls.hours import Opening
from softacd.calls.identity import calling_party, withheld
from softacd.calls.leg_incoming import IncomingLeg
from softacd.calls.message_hearing import HearMessages
from softacd.calls.model import NumberSettings, PhoneSettings
from softacd.calls.parked import Fetch, TellSlot
from softacd.calls.pick_up import PickUp, find_ringing
from softacd.calls.recognition import ask_who_calls
from softacd.calls.records import Direction, Outcome
from softacd.calls.refer import replaces_target
from softacd.calls.refusal import RefusalMessage
from softacd.calls.replaces import ReplaceRefusedError, replacement, take_over
from softacd.calls.ring import Ring
from softacd.calls.routing import (
    Feature,
    ToConference,
    ToExtension,
    ToFeature,
    ToGroup,
    ToMailbox,
    ToNobody,
    ToOutside,
    ToPark,
    ToPickUp,
    ToQueue,
    ToSlot,
)
from softacd.calls.services import NoPortError
from softacd.calls.sign_on_call import SignOnCall
from softacd.calls.trunk import Trunk
from softacd.sdp.errors import SdpError
from softacd.sip.message import Request
from softacd.sip.session_timer import TooSmallError
from softacd.sip.transaction import ServerTransaction
from softacd.sip.transport import Flow


class Arrival:
    """Takes callers in."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def from_trunk(
        self, trunk: Trunk, transaction: ServerTransaction, request: Request, flow: Flow, now: float
    ) -> None:
        """A carrier brings a caller into the flow of the number dialled, which answers."""
        called = trunk.called(request)
        caller = calling_party(request)
        known = self._exchange.lookup(caller.uri.user)
        call = Call(
            self._exchange,
            id=self._exchange.services.new_call_id(now),
            direction=Direction.INCOMING,
            caller=caller.uri.user,
            caller_name=caller.display_name,
            called=called,
            trunk=trunk,
            now=now,
            known=known,
        )
        call.diverted = diverted(request)
        for one in call.diverted[:1]:
            call.note("diverted", f"by {one.extension}: {one.why}", now)
        leg = self._leg(
            call,
            f"trunk:{trunk.settings.name}",
            call.record.caller,
            trunk.settings.codecs,
            transaction,
            request,
            flow,
            now,
        )
        if leg is None:
            return
        number = self._exchange.routing.number_for(called)
        if number is None:
            call.note("refused", f"{called} is no number of ours", now)
            call.finish(now, outcome=Outcome.REFUSED, status=404)
        elif trunk.settings.channels and len(trunk.calls_now) > trunk.settings.channels:
            call.note("refused", f"trunk {trunk.settings.name} has no free channel", now)
            call.finish(now, outcome=Outcome.MISSED, status=486)
        elif known is not None and known.blacklisted:
            self._refuse(call, known, now)
        else:
            if number.language and (known is None or known.language not in words.LANGUAGES):
                call.language = number.language
            ask_who_calls(call, now)
            call.begin(FlowRun(call, self._exchange.flows[self._flow_of(call, number, now)]), now)

    def _flow_of(self, call: Call, number: NumberSettings, now: float) -> str:
        """The flow of a number, by its hours."""
        if not number.hours:
            return number.flow
        state, why = self._exchange.opening(number.hours, self._exchange.services.wall(now))
        if state is Opening.OPEN:
            return number.flow
        call.note("hours", f"{number.hours}: {state}{f' ({why})' if why else ''}", now)
        return number.closed or number.flow

    def _refuse(self, call: Call, known: Caller, now: float) -> None:
        """A blacklisted caller: refused, or told why and hung up."""
        call.note("refused", f"{known.number} is on the blacklist", now)
        if known.refuse_prompt:
            call.answer_and_begin(RefusalMessage(call, known.refuse_prompt), now)
        else:
            call.finish(now, outcome=Outcome.REFUSED, status=known.refuse_status)

    def from_phone(
        self, extension: str, transaction: ServerTransaction, request: Request, flow: Flow, now: float
    ) -> None:
        """A phone of the house dials."""
        exchange = self._exchange
        phone = exchange.phones[extension]
        dialled = request.uri.user
        replaced = request.header("Replaces")
        if replaced is not None:
            self._take_over(phone, replaced, transaction, request, flow, now)
            return
        destination = exchange.routing.destination(dialled, phone)
        if isinstance(destination, ToExtension) and destination.extension == extension:
            destination = ToNobody(486, "a phone cannot call itself")
        outside = isinstance(destination, ToOutside)
        call = Call(
            exchange,
            id=exchange.services.new_call_id(now),
            direction=Direction.OUTGOING if outside else Direction.INTERNAL,
            caller=extension,
            caller_name=phone.display_name,
            called=destination.number if isinstance(destination, ToOutside) else dialled,
            trunk=None,
            now=now,
        )
        leg = self._leg(call, f"phone:{extension}", extension, phone.codecs, transaction, request, flow, now)
        if leg is None:
            return
        call.occupy(extension, now)
        call.withheld = withheld(request)
        match destination:
            case ToFeature(feature=Feature.MESSAGES, number=number):
                call.answer_and_begin(HearMessages(call, extension, number), now)
            case ToMailbox(mailbox=mailbox):
                call.begin(FlowRun(call, mailbox_flow(mailbox)), now)
            case ToFeature(feature=Feature.SIGN_ON, number=agent):
                call.answer_and_begin(SignOnCall(call, agent, extension), now)
            case ToFeature(feature=feature, number=number):
                call.answer_and_begin(FeatureCall(call, feature, extension, number), now)
            case ToPickUp(extension=other):
                if find_ringing(exchange, extension, other) is None:
                    call.note("refused", "nothing rings that this phone may pick up", now)
                    call.finish(now, outcome=Outcome.REFUSED, status=404)
                else:
                    call.answer_and_begin(PickUp(call, other), now)
            case ToPark():
                slot = exchange.parking.reserve(extension, now)
                if slot:
                    call.answer_and_begin(TellSlot(call, slot), now)
                else:
                    call.finish(now, outcome=Outcome.REFUSED, status=486)
            case ToSlot(slot=slot):
                if exchange.parking.find(slot) is None:
                    call.note("refused", f"no call waits in {slot}", now)
                    call.finish(now, outcome=Outcome.REFUSED, status=404)
                else:
                    call.answer_and_begin(Fetch(call, slot), now)
            case ToQueue(queue=queue):
                activity = to_queue(call, queue, lambda at: call.finish(at, outcome=Outcome.MISSED), now)
                call.answer_and_begin(activity, now)
            case ToExtension(extension=other):
                seconds = exchange.phones[other].ring_seconds
                call.begin(Ring.extension(call, other, seconds), now)
            case ToGroup(group=group):
                call.begin(Ring.extension(call, exchange.groups[group].number, 0.0), now)
            case ToConference(conference=conference):
                call.answer_and_begin(Attendance(call, exchange.conferences.settings(conference)), now)
            case ToOutside(number=number, emergency=emergency):
                call.begin(Ring.outside(call, number, phone.display_name, emergency=emergency), now)
            case ToNobody(status=status, why=why):
                call.note("refused", why, now)
                call.finish(now, outcome=Outcome.REFUSED, status=status)

    def _take_over(
        self,
        phone: PhoneSettings,
        replaced: str,
        transaction: ServerTransaction,
        request: Request,
        flow: Flow,
        now: float,
    ) -> None:
        """An INVITE with Replaces, refused before it costs a call."""
        exchange, extension = self._exchange, phone.extension
        try:
            if len(request.headers("Replaces")) > 1:
                raise ReplaceRefusedError(400, "more than one Replaces")  # RFC 3891 section 3
            old = replacement(exchange, extension, replaces_target(replaced))
        except ReplaceRefusedError as error:
            exchange.services.stack.respond(transaction, error.status, now=now)
            return
        call = Call(
            exchange,
            id=exchange.services.new_call_id(now),
            direction=Direction.INTERNAL,
            caller=extension,
            caller_name=phone.display_name,
            called=request.uri.user,
            trunk=None,
            now=now,
        )
        leg = self._leg(call, f"phone:{extension}", extension, phone.codecs, transaction, request, flow, now)
        if leg is not None:
            call.answer_and_begin(take_over(call, old), now)

    def _leg(
        self,
        call: Call,
        party: str,
        number: str,
        codecs: tuple[str, ...],
        transaction: ServerTransaction,
        request: Request,
        flow: Flow,
        now: float,
    ) -> IncomingLeg | None:
        """The caller's leg; None when it could not be made: the caller has been told, the call is over."""
        services = self._exchange.services
        try:
            leg = IncomingLeg(
                services,
                id=call.new_leg_id(),
                call=call.id,
                party=party,
                number=number,
                flow=flow,
                codecs=codecs,
                user=call,
                now=now,
            )
        except NoPortError as error:
            services.stack.respond(transaction, error.status, now=now, headers=(("Retry-After", "10"),))
            call.note("refused", str(error), now)
            call.abort(error.status, now)
            return None
        call.caller_leg = leg
        hops = request.max_forwards
        call.hops = 70 if hops is None else max(hops - 1, 0)
        try:
            leg.receive(transaction, request)
        except TooSmallError as error:
            leg.refuse(error.status, now, headers=error.headers)
            call.abort(error.status, now)
            return None
        except SdpError as error:
            call.note("refused", str(error), now)
            call.finish(now, outcome=Outcome.FAILED, status=error.status)
            return None
        return leg
