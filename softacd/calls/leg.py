"""One leg: one INVITE dialog with one device, its offer/answer and its voice stream.

A leg knows the stack and the media words, and one *user* (a call's activity) whom it tells what happened. It never
decides what the call does next. Hold and resume asked by the device are answered here; the user is told.

What stands here moves every leg; who called is in softacd.calls.leg_incoming, who is called in
softacd.calls.leg_outgoing, the voice in softacd.calls.leg_voice, the session timer in softacd.calls.leg_session.
"""

from abc import abstractmethod
from enum import StrEnum
from math import ceil
from typing import ClassVar, Protocol

from softacd.calls.deadlines import Deadline
from softacd.calls.leg_session import GONE, LegSession, asked
from softacd.calls.leg_table import IllegalLegTransitionError, LegInput, LegState, advance
from softacd.calls.leg_voice import LegVoice
from softacd.calls.records import LegRecord
from softacd.calls.services import Services
from softacd.sdp.errors import SdpError
from softacd.sip.dialog import Dialog, DialogState
from softacd.sip.digest import Credentials
from softacd.sip.message import Request
from softacd.sip.session_timer import TooSmallError
from softacd.sip.transaction import ServerTransaction
from softacd.sip.transport import Flow

SDP = "application/sdp"
ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY, MESSAGE, SUBSCRIBE, PUBLISH, REGISTER"
SUPPORTED = "100rel, timer, replaces"
OFFERED = (("Allow", ALLOW), ("Supported", SUPPORTED))
"""What we can do, told in INVITEs and their 2xx."""


ALIVE_SECONDS = 8.0
"""How long a device that has gone silent may take to say that it is still there: four times of asking over UDP."""


class Signal(StrEnum):
    """What a leg tells its user."""

    RINGING = "ringing"
    EARLY_MEDIA = "early-media"
    ANSWERED = "answered"  # outgoing: 2xx came and is acknowledged
    CONFIRMED = "confirmed"  # incoming: the ACK of our 2xx came
    FAILED = "failed"  # outgoing: final refusal or no response; see leg.cause
    HUNG_UP = "hung-up"  # BYE, CANCEL or lost; see leg.cause
    HELD = "held"
    RESUMED = "resumed"


class LegUser(Protocol):
    """Whoever owns a leg now."""

    def on_leg(self, leg: "Leg", signal: Signal, now: float) -> None:
        """Something happened to the leg."""

    def on_digit(self, leg: "Leg", digit: str, now: float, *, by_info: bool) -> None:
        """The device sent a DTMF digit, as SIP INFO or (else) as RFC 4733 event."""

    def on_play_ended(self, leg: "Leg", play: int, error: str, now: float) -> None:
        """Playback `play` is over; `error` says why it could not be played."""


class Leg(LegVoice):
    """One leg: an `IncomingLeg` or an `OutgoingLeg`."""

    __slots__ = (
        "_asking",
        "_keeper",
        "call",
        "cause",
        "credentials",
        "dialog",
        "flow",
        "id",
        "reason",
        "referred",
        "state",
        "user",
    )

    outgoing: ClassVar[bool]
    first_state: ClassVar[LegState]

    def __init__(
        self,
        services: Services,
        *,
        id: str,  # noqa: A002 - the field's own word
        call: str,
        party: str,
        number: str,
        flow: Flow,
        codecs: tuple[str, ...],
        user: LegUser,
        now: float,
    ) -> None:
        """Takes a media port. Raises NoPortError."""
        record = LegRecord(
            id=id, call=call, party=party, number=number, outgoing=self.outgoing, started=services.wall(now)
        )
        super().__init__(services, record, flow=flow, codecs=codecs)
        self.id = id
        self.call = call
        self.flow = flow
        self.user: LegUser | None = user
        self.state = self.first_state
        self.dialog: Dialog | None = None
        self.credentials: Credentials | None = None
        self.cause = 0
        self.reason = ""
        self.referred = False  # it has asked for a transfer by REFER
        self._asking: Deadline | None = None
        self._keeper: LegSession | None = None
        if not party.startswith("trunk:"):
            services.phone_legs.setdefault(number, {})[self] = None

    # --- views --------------------

    @property
    def answered(self) -> bool:
        """Both sides agreed to talk."""
        return self.state in (LegState.ACCEPTED, LegState.ESTABLISHED)

    @property
    def ended(self) -> bool:
        """Nothing more will come."""
        return self.state is LegState.ENDED

    # --- what only a caller can be told --------------------

    def prefer(self, codec: str) -> None:
        """Answer the caller in this codec, if that can still be chosen."""

    def alert(self, now: float) -> None:
        """Tell the caller that somebody is rung (180)."""
        self._only_callers(now)

    def forwarded(self, now: float) -> None:
        """Tell the caller, unless he is answered already, that his call goes elsewhere (181)."""
        self._only_callers(now)

    def progress(self, now: float) -> None:
        """Let the caller hear early media (183)."""
        self._only_callers(now)

    def accept(self, now: float) -> None:
        """Answer the caller (200)."""
        self._only_callers(now)

    def _only_callers(self, now: float) -> None:
        raise IllegalLegTransitionError(f"{self.party}, a leg we called, cannot be answered (at {now:.3f})")

    # --- within the dialog --------------------

    @property
    def _unconfirmed(self) -> bool:
        return self.dialog is not None and self.dialog.provisional is not None

    def on_ack(self, request: Request, now: float) -> None:
        """The ACK of our 2xx came."""
        if self.state is LegState.CLOSING:
            self.state = advance(self.state, LegInput.ACK)
            self._send_bye(now, "")
            self._finish(now)
            return
        first = self.state is LegState.ACCEPTED
        self.state = advance(self.state, LegInput.ACK)
        held = self.held
        if self._sdp_offered and request.body:
            self._take_answer(request.body)
        self._sdp_offered = None
        if first:
            self._tell(Signal.CONFIRMED, now)
        elif self.held != held:
            self._tell(Signal.HELD if self.held else Signal.RESUMED, now)

    def on_bye(self, reason: str, now: float) -> None:
        """The device hung up; the switch has answered 200."""
        if self.state is LegState.ENDED:
            return
        silent = self.state in (LegState.CLOSING, LegState.CANCELLING)
        early = self.state is LegState.ALERTING  # the stack has answered the INVITE 487 (RFC 3261 section 15.1.2)
        self.state = advance(self.state, LegInput.BYE)
        if silent:
            self._finish(now)
            return
        self._end(487 if early else 200, reason, now)
        self._tell(Signal.HUNG_UP, now)

    def on_offer(self, transaction: ServerTransaction, request: Request, now: float) -> None:
        """A re-INVITE, UPDATE or PRACK: renegotiate, and tell the user about hold or resume (RFC 3264 section 8)."""
        stack = self.services.stack
        if self._port is None:  # we have hung up and wait for the ACK that lets us say so
            stack.respond(transaction, 481, now=now)
            return
        early = self.dialog is not None and self.dialog.state is DialogState.EARLY
        if early and request.body and request.method == "UPDATE" and not self._settled:
            if self.outgoing:
                stack.respond(transaction, 491, now=now)  # our offer is not answered (RFC 3311 section 5.2)
            else:
                stack.respond(transaction, 500, now=now, headers=(("Retry-After", "2"),))  # theirs is not
            return
        try:
            session, headers = asked(request) if request.method != "PRACK" else (None, ())
        except TooSmallError as error:
            stack.respond(transaction, error.status, now=now, headers=error.headers)
            return
        if not early and self._keeper is not None and request.method != "PRACK":
            self._keeper.agree(session, now)
        if not request.body:
            if request.method != "INVITE":
                stack.respond(transaction, 200, now=now, headers=headers)
                return
            stack.respond(transaction, 200, now=now, body=self._offer(), content_type=SDP, headers=headers)
            return
        if self._sdp_offered and not early and request.method == "UPDATE":
            stack.respond(transaction, 491, now=now)  # our own offer waits for its answer (RFC 3311 section 5.2)
            return
        try:
            answered = self._answer_offer(request.body)
        except SdpError as error:
            stack.respond(transaction, error.status, now=now)  # the session stays as it was (section 14.2)
            return
        self._sdp_sent = answered.body
        stack.respond(transaction, 200, now=now, body=answered.body, content_type=SDP, headers=headers)
        self._apply(answered.remote)
        if answered.remote.hold != self.held:
            self.held = answered.remote.hold
            self._tell(Signal.HELD if self.held else Signal.RESUMED, now)

    def ask_alive(self, now: float) -> None:
        """The device has gone silent: ask whether it is still in this dialog (RFC 3261 section 11, inside a dialog).

        Silent already, it is not given all of 64*T1: nobody is to talk to a dead line for that long.
        """
        if self.state is LegState.ESTABLISHED and self.dialog is not None and self._asking is None:
            self._asking = self.services.deadlines.at(now + ALIVE_SECONDS, self, "alive")
            transaction = self.services.stack.request_in_dialog(
                self.dialog, "OPTIONS", now=now, credentials=self.credentials
            )
            transaction.context = self

    def on_alive(self, status: int, now: float) -> None:
        """The answer to `ask_alive`: 481 and no answer (408, 503) mean that the dialog is gone (section 12.2.1.2)."""
        self._stop_asking()
        if status in GONE:
            self.on_lost(status, "the device vanished", now)

    def _stop_asking(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def on_lost(self, status: int, reason: str, now: float) -> None:
        """Nobody is at the other end of the dialog any more."""
        if self.state is LegState.ESTABLISHED:
            self.state = advance(self.state, LegInput.FAILURE)
            self._send_bye(now, "")
            self._end(status, reason, now)
            self._tell(Signal.HUNG_UP, now)

    @property
    def _settled(self) -> bool:
        """An offer and its answer have been exchanged reliably before the final response (RFC 3262 section 5)."""
        return self.has_media and not self._unconfirmed

    def hang_up(self, now: float, *, status: int = 603, reason: str = "") -> None:
        """End the leg whatever its state; the user hears no more of it.

        `status` answers a leg that was never accepted; `reason` is a Reason header value (RFC 3326) for CANCEL/BYE.
        """
        self.user = None
        match self.state:
            case LegState.ACCEPTED:
                # no BYE before the ACK (RFC 3261 section 15)
                self.state = advance(self.state, LegInput.HANG_UP)
                self._end(200, reason, now)
            case LegState.ESTABLISHED:
                self.state = advance(self.state, LegInput.HANG_UP)
                self._send_bye(now, reason)
                self._end(200, reason, now)
            case LegState.CLOSING | LegState.CANCELLING | LegState.ENDED:
                pass
            case _:
                self._give_up(now, status, reason)

    @abstractmethod
    def _give_up(self, now: float, status: int, reason: str) -> None:
        """End a leg that was never answered."""

    # --- ends --------------------

    def _mark_ringing(self, now: float) -> None:
        self.services.changes(self.number)
        if not self.record.ringing:
            self.record.ringing = self.services.wall(now)

    def _send_bye(self, now: float, reason: str) -> None:
        if self.dialog is not None:
            headers = (("Reason", reason),) if reason else ()
            self.services.stack.request_in_dialog(
                self.dialog, "BYE", now=now, headers=headers, credentials=self.credentials
            )
            self.services.stack.end_dialog(self.dialog)

    def _end(self, cause: int, reason: str, now: float) -> None:
        """The leg carries nothing any more: free its voice and write its record (again with figures when closed)."""
        self._stop_asking()
        if self._keeper is not None:
            self._keeper.stop()
            self._keeper = None
        legs = self.services.phone_legs.get(self.number)
        if legs is not None and legs.pop(self, self) is None:
            self.services.changes(self.number)
            if not legs:
                del self.services.phone_legs[self.number]
        self.cause = cause
        self.reason = reason
        self.record.cause = cause
        self.record.reason = reason
        self.record.ended = self.services.wall(now)
        self._fall_silent()
        if self.state is LegState.ENDED:
            self._finish(now)

    def _finish(self, now: float) -> None:
        """The dialog is over too; late messages of it are traced for some seconds more.

        All that ended within a second are forgotten together: nobody waits for it, and each moment is a wake-up.
        """
        self.services.deadlines.at(float(ceil(now + 8.0)), self, "forget")

    def on_deadline(self, tag: str, now: float) -> None:
        """No answer to `ask_alive`; or, long over, stop tracing this Call-ID and let go of what points back here."""
        if tag == "alive":
            self.on_alive(408, now)
            return
        self.services.sip_calls.pop(self.record.sip_call_id, None)
        self.dialog = None
        self._let_go()

    @abstractmethod
    def _let_go(self) -> None:
        """Forget the transaction, which may still come back to this leg."""

    def _listen(self) -> None:
        self.services.streams[self.stream] = self

    def _tell(self, signal: Signal, now: float) -> None:
        if self.user is not None:
            self.user.on_leg(self, signal, now)
