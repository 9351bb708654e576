"""One leg: one INVITE dialog with one device, its offer/answer and its voice stream.

A leg knows the stack and the media words, and one *user* (a call's activity) whom it tells what happened. It never
decides what the call does next. Hold and resume asked by the device are answered here; the user is told.

It is longer than most modules because everything that moves one INVITE dialog stands here, beside its table; the
session timer is in softacd.calls.leg_session.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Protocol

from softacd.calls.leg_session import GONE, WANTED_SECONDS, LegSession
from softacd.calls.leg_table import IllegalLegTransitionError, LegInput, LegState, advance
from softacd.calls.records import LegRecord
from softacd.calls.services import Services
from softacd.rtp.vocabulary import (
    Bridge,
    CloseStream,
    Codec,
    OpenStream,
    Play,
    Port,
    SendDigits,
    SetRemote,
    SrtpKeys,
    StopPlay,
    StreamStatistics,
    Unbridge,
)
from softacd.sdp.description import SessionDescription
from softacd.sdp.errors import SdpError
from softacd.sdp.negotiation import Answer, LocalMedia, RemoteMedia, accept_answer, answer, offer
from softacd.sip.dialog import Dialog, DialogState
from softacd.sip.digest import Credentials
from softacd.sip.errors import MalformedError
from softacd.sip.headers import NameAddress
from softacd.sip.message import Request, Response
from softacd.sip.session_timer import (
    SMALLEST,
    Session,
    TooSmallError,
    agree_as_client,
    agree_as_server,
    minimum,
    offer_headers,
)
from softacd.sip.transaction import ClientTransaction, ServerTransaction
from softacd.sip.transaction_table import TransactionState
from softacd.sip.transport import Flow

SDP = "application/sdp"
ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY, MESSAGE, SUBSCRIBE, PUBLISH, REGISTER"
SUPPORTED = "100rel, timer, replaces"
OFFERED = (("Allow", ALLOW), ("Supported", SUPPORTED))
"""What we can do, told in INVITEs and their 2xx."""


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


class Leg:
    """One leg. Create it with `Leg.incoming` or `Leg.outgoing`."""

    __slots__ = (
        "_answer",
        "_asking",
        "_dialled",
        "_keeper",
        "_key",
        "_opened",
        "_port",
        "_reliable",
        "_remote",
        "_sdp_offered",
        "_sdp_sent",
        "_session",
        "_srtp",
        "_waiting",
        "call",
        "cause",
        "codecs",
        "credentials",
        "dialog",
        "flow",
        "held",
        "host",
        "id",
        "number",
        "outgoing",
        "party",
        "reason",
        "record",
        "services",
        "state",
        "stream",
        "transaction",
        "user",
    )

    def __init__(
        self,
        services: Services,
        *,
        id: str,  # noqa: A002 - the field's own word
        call: str,
        party: str,
        number: str,
        outgoing: bool,
        flow: Flow,
        codecs: tuple[str, ...],
        user: LegUser,
        now: float,
    ) -> None:
        """Takes a media port. Raises NoPortError."""
        self.services = services
        self.id = id
        self.call = call
        self.party = party
        self.number = number
        self.outgoing = outgoing
        self.flow = flow
        self.codecs = codecs
        self.user: LegUser | None = user
        self.state = LegState.DIALING if outgoing else LegState.ARRIVED
        self.transaction: ClientTransaction | ServerTransaction | None = None
        self.dialog: Dialog | None = None
        self.credentials: Credentials | None = None
        self.cause = 0
        self.reason = ""
        self.held = False
        self.host = services.media_host(flow)
        self._port: Port | None = services.take_port()
        self.stream = services.new_stream()
        self._opened = False
        trunk = party.startswith("trunk:")
        self._srtp = services.encryption.get(party if trunk else number, "off")
        self._key = services.new_key() if self._srtp != "off" else b""
        self._asking = False
        self._remote: RemoteMedia | None = None
        self._answer: Answer | None = None
        self._sdp_offered: bytes = b""  # ours, waiting for an answer
        self._sdp_sent: bytes = b""
        self._keeper: LegSession | None = None
        self._session: tuple[Session | None, tuple[tuple[str, str], ...]] = (None, ())
        self._reliable = frozenset[str]()  # of an incoming leg: what the caller says of 100rel (RFC 3262)
        self._waiting: LegInput | None = None  # to be said when the PRACK has come
        self._dialled: dict[str, Any] = {}
        self.record = LegRecord(
            id=id, call=call, party=party, number=number, outgoing=outgoing, started=services.wall(now)
        )
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

    @property
    def proceeding(self) -> bool:
        """Our INVITE has arrived: a provisional response came, a 100 at least."""
        transaction = self.transaction
        return isinstance(transaction, ClientTransaction) and transaction.state is not TransactionState.CALLING

    @property
    def has_media(self) -> bool:
        """The peer's address is known: audio can be sent."""
        return self._remote is not None and self._opened

    @property
    def sends_events(self) -> bool:
        """Keys are agreed to travel as telephone-events (RFC 4733); otherwise as tones in the sound, or as INFO."""
        return self._remote is not None and self._remote.telephone_event is not None

    @property
    def offered(self) -> bool:
        """The INVITE brought an offer: audio can be sent before the answer."""
        return self._answer is not None

    # --- incoming --------------------

    def receive(self, transaction: ServerTransaction, request: Request) -> None:
        """Take the INVITE that made this leg.

        Raises SdpError (its `status` is the answer) for an unusable offer, TooSmallError (422) for a session interval.
        """
        self.transaction = transaction
        transaction.context = self
        self.record.sip_call_id = request.call_id
        self.services.claim_traces(request.call_id, self)
        self.services.changes(self.number)
        self._keeper = LegSession(self)
        self._keeper.know(request)
        self._session = _agree(request)
        self._reliable = frozenset(
            name for name in ("require", "supported") if "100rel" in (tag.lower() for tag in request.headers(name))
        )
        if request.body:
            self._answer = answer(SessionDescription.parse(request.body), self._local())
            self._sdp_sent = self._answer.body

    def alert(self, now: float) -> None:
        """Send 180 Ringing."""
        self.state = advance(self.state, LegInput.ALERT)
        self._mark_ringing(now)
        if not self._unconfirmed:
            self._respond(180, now, reliable="require" in self._reliable)

    def progress(self, now: float) -> None:
        """Send 183 with our session description, so that early media can be heard."""
        if self._answer is None or self.state not in (LegState.ARRIVED, LegState.ALERTING):
            return
        self.state = advance(self.state, LegInput.ALERT)
        self._mark_ringing(now)
        self._apply(self._answer.remote)
        if self._unconfirmed:
            self._waiting = LegInput.ALERT
        else:
            self._respond(183, now, body=self._answer.body, reliable=bool(self._reliable))

    def accept(self, now: float) -> None:
        """Send 200 with our session description; media flows from now on.

        While a reliable provisional waits for its PRACK the 200 waits too (RFC 3262 section 3).
        """
        if self._unconfirmed:
            self._waiting = LegInput.ACCEPT
            if self._answer is not None:
                self._apply(self._answer.remote)
            return
        self.state = advance(self.state, LegInput.ACCEPT)
        self.services.changes(self.number)
        self.record.answered = self.services.wall(now)
        session, headers = self._session
        headers = (*OFFERED, *headers)
        if self._answer is not None:
            self._respond(200, now, body=self._answer.body, headers=headers)
            self._apply(self._answer.remote)
        else:  # no offer in the INVITE: ours goes out, the answer comes with the ACK (RFC 3261 section 13.2.1)
            self._respond(200, now, body=self._offer(), headers=headers)
        if self._keeper is not None:
            self._keeper.agree(session, now)

    def refuse(self, status: int, now: float, *, reason: str = "", headers: Sequence[tuple[str, str]] = ()) -> None:
        """Send a final refusal."""
        self.state = advance(self.state, LegInput.REFUSE)
        self._respond(status, now, reason=reason, headers=headers)
        self._end(status, reason, now)

    def on_prack(self, transaction: ServerTransaction, request: Request, now: float) -> None:
        """Our reliable provisional has arrived; the stack has checked which. An offer in it is answered."""
        if request.body:
            self.on_offer(transaction, request, now)
        else:
            self.services.stack.respond(transaction, 200, now=now)
        waiting, self._waiting = self._waiting, None
        if self.state is LegState.ALERTING:
            if waiting is LegInput.ACCEPT:
                self.accept(now)
            elif waiting is LegInput.ALERT:
                self.progress(now)

    def on_prack_missing(self, now: float) -> None:
        """The caller does not hear us: refuse (RFC 3262 section 3)."""
        if self.state is LegState.ALERTING:
            self.refuse(504, now)
            self._tell(Signal.HUNG_UP, now)

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
        self._sdp_offered = b""
        if first:
            self._tell(Signal.CONFIRMED, now)
        elif self.held != held:
            self._tell(Signal.HELD if self.held else Signal.RESUMED, now)

    def on_ack_missing(self, now: float) -> None:
        """No ACK in 64*T1: the call is over, say so (RFC 3261 section 13.3.1.4)."""
        if self.state in (LegState.ACCEPTED, LegState.CLOSING):
            closing = self.state is LegState.CLOSING
            self.state = advance(self.state, LegInput.FAILURE)
            self._send_bye(now, "")
            if closing:
                self._finish(now)
            else:
                self._end(408, "no ACK", now)
                self._tell(Signal.HUNG_UP, now)

    def on_cancel(self, request: Request, now: float) -> None:
        """The caller cancelled; the stack has answered."""
        if self.state in (LegState.ARRIVED, LegState.ALERTING):
            self.state = advance(self.state, LegInput.CANCELLED)
            self._end(487, request.header("Reason") or "cancelled", now)
            self._tell(Signal.HUNG_UP, now)

    # --- outgoing --------------------

    def dial(
        self,
        *,
        uri: str,
        from_: NameAddress,
        to: NameAddress,
        headers: Sequence[tuple[str, str]] = (),
        route: Sequence[str] = (),
        credentials: Credentials | None = None,
        contact_user: str = "",
        now: float,
    ) -> None:
        """Send the INVITE with our offer."""
        self.credentials = credentials
        self._dialled = {"uri": uri, "from_": from_, "to": to, "route": route, "contact_user": contact_user}
        self._invite((*headers, *OFFERED), SMALLEST, now)

    def _invite(
        self, headers: Sequence[tuple[str, str]], smallest: int, now: float, call_id: str | None = None
    ) -> None:
        transaction = self.services.stack.invite(
            **self._dialled,
            flow=self.flow,
            body=self._offer(),
            headers=(*headers, *offer_headers(WANTED_SECONDS, smallest)),
            credentials=self.credentials,
            call_id=call_id,
            now=now,
        )
        transaction.context = self
        self.transaction = transaction
        self.record.sip_call_id = transaction.request.call_id
        self.services.claim_traces(transaction.request.call_id, self)
        self.services.changes(self.number)

    def on_response(self, response: Response, dialog: Dialog | None, now: float) -> None:
        """A response to our INVITE."""
        status = response.status
        if status == 422 and self.state is LegState.DIALING and isinstance(self.transaction, ClientTransaction):
            self._ask_longer(self.transaction.request, response, now)
        elif status >= 300:
            self._on_failure(status, response.reason, now)
        elif status >= 200:
            self._on_answer(response, dialog, now)
        elif self.state in (LegState.DIALING, LegState.RINGING):
            self._on_progress(response, dialog, now)

    def _ask_longer(self, invite: Request, response: Response, now: float) -> None:
        """The peer wants a longer session interval: once more (RFC 4028 section 7.4)."""
        try:
            wanted = minimum(response)
        except MalformedError:
            wanted = 0
        if wanted <= WANTED_SECONDS or str(wanted) == invite.header("min-se"):
            self._on_failure(response.status, response.reason, now)
            return
        # nothing but the two headers changes: what was dialled with is taken from the INVITE itself
        kept = [(name, value) for name in _REPEATED for value in invite.headers(name)]
        self.services.sip_calls.pop(self.record.sip_call_id, None)
        self._invite((*kept, *OFFERED), wanted, now)

    def on_transaction_failed(self, timed_out: bool, now: float) -> None:
        """Our INVITE found nobody: no response (408) or no transport (503), RFC 3261 section 8.1.3.1."""
        self._on_failure(408 if timed_out else 503, "time-out" if timed_out else "transport failed", now)

    def _on_progress(self, response: Response, dialog: Dialog | None, now: float) -> None:
        self.state = advance(self.state, LegInput.PROGRESS)
        if dialog is not None:
            self.dialog = dialog
            dialog.context = self
        self._mark_ringing(now)
        if response.body and response.content_type.startswith(SDP) and self._take_answer(response.body):
            self._tell(Signal.EARLY_MEDIA, now)
        else:
            self._tell(Signal.RINGING, now)

    def _on_answer(self, response: Response, dialog: Dialog | None, now: float) -> None:
        if dialog is None:
            return
        stack = self.services.stack
        if self.state in (LegState.CANCELLING, LegState.ENDED, LegState.ESTABLISHED):
            if self.state is LegState.ESTABLISHED and self.dialog is dialog:
                return  # a retransmission the stack has acknowledged
            # late, or a second fork (RFC 3261 sections 9.1 and 13.2.2.4): acknowledge and release
            stack.acknowledge(dialog, now)
            stack.request_in_dialog(dialog, "BYE", now=now)
            stack.end_dialog(dialog)
            if self.state is LegState.CANCELLING:
                self.state = advance(self.state, LegInput.ANSWER)
                self._finish(now)
            return
        self.state = advance(self.state, LegInput.ANSWER)
        self._dialled = {}
        self.services.changes(self.number)
        self.dialog = dialog
        dialog.context = self
        self.record.answered = self.services.wall(now)
        stack.acknowledge(dialog, now)
        if response.body:
            self._take_answer(response.body)
        self._sdp_offered = b""
        if not self.has_media:
            self.state = advance(self.state, LegInput.HANG_UP)
            self._send_bye(now, 'SIP;cause=488;text="Not Acceptable Here"')
            self._end(488, "no usable media in the answer", now)
            self._tell(Signal.FAILED, now)
            return
        self._keeper = LegSession(self)
        self._keeper.know(response)
        self._keeper.agree(agree_as_client(response), now)
        self._tell(Signal.ANSWERED, now)

    def _on_failure(self, status: int, reason: str, now: float) -> None:
        if self.state is LegState.CANCELLING:
            self.state = advance(self.state, LegInput.FAILURE)
            self._finish(now)
        elif self.state in (LegState.DIALING, LegState.RINGING):
            self.state = advance(self.state, LegInput.FAILURE)
            self._end(status, reason, now)
            self._tell(Signal.FAILED, now)

    # --- within the dialog --------------------

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
            session, headers = _agree(request) if request.method != "PRACK" else (None, ())
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
            answered = answer(SessionDescription.parse(request.body), self._local(), previous=self._sdp_sent)
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
        """The device has gone silent: ask whether it is still in this dialog (RFC 3261 section 11, inside a dialog)."""
        if self.state is LegState.ESTABLISHED and self.dialog is not None and not self._asking:
            self._asking = True
            transaction = self.services.stack.request_in_dialog(
                self.dialog, "OPTIONS", now=now, credentials=self.credentials
            )
            transaction.context = self

    def on_alive(self, status: int, now: float) -> None:
        """The answer to `ask_alive`: 481 and no answer (408, 503) mean that the dialog is gone (section 12.2.1.2)."""
        self._asking = False
        if status in GONE:
            self.on_lost(status, "the device vanished", now)

    def on_lost(self, status: int, reason: str, now: float) -> None:
        """Nobody is at the other end of the dialog any more."""
        if self.state is LegState.ESTABLISHED:
            self.state = advance(self.state, LegInput.FAILURE)
            self._send_bye(now, "")
            self._end(status, reason, now)
            self._tell(Signal.HUNG_UP, now)

    def repeat_offer(self) -> bytes:
        """Our session description as it stands, for a refresh by re-INVITE."""
        return self._offer()

    def take_answer(self, body: bytes) -> None:
        """The answer to `repeat_offer`."""
        if body:
            self._take_answer(body)

    @property
    def _settled(self) -> bool:
        """An offer and its answer have been exchanged reliably before the final response (RFC 3262 section 5)."""
        return self.has_media and (self.outgoing or bool(self._reliable)) and not self._unconfirmed

    def hang_up(self, now: float, *, status: int = 603, reason: str = "") -> None:
        """End the leg whatever its state; the user hears no more of it.

        `status` answers a leg that was never accepted; `reason` is a Reason header value (RFC 3326) for CANCEL/BYE.
        """
        self.user = None
        match self.state:
            case LegState.ARRIVED | LegState.ALERTING:
                self.refuse(status, now)
            case LegState.ACCEPTED:
                # no BYE before the ACK (RFC 3261 section 15)
                self.state = advance(self.state, LegInput.HANG_UP)
                self._end(200, reason, now)
            case LegState.ESTABLISHED:
                self.state = advance(self.state, LegInput.HANG_UP)
                self._send_bye(now, reason)
                self._end(200, reason, now)
            case LegState.DIALING | LegState.RINGING:
                self.state = advance(self.state, LegInput.GIVE_UP)
                if isinstance(self.transaction, ClientTransaction):
                    self.services.stack.cancel(self.transaction, now, reason=reason or None)
                self._end(487, reason, now)
            case _:
                pass

    # --- media --------------------

    def play(self, clips: tuple[str, ...], *, loop: bool = False, shared: bool = False) -> int:
        """Play clips to the device instead of whatever it hears; returns the number that `on_play_ended` will carry."""
        play = self.services.new_play()
        self.services.media.append(Play(stream=self.stream, play=play, clips=clips, loop=loop, shared=shared))
        return play

    def silence(self) -> None:
        """Stop playback."""
        self.services.media.append(StopPlay(stream=self.stream))

    def bridge(self, other: "Leg") -> None:
        """Let the devices of both legs hear each other."""
        self.services.media.append(Bridge(stream=self.stream, other=other.stream))

    def unbridge(self) -> None:
        """End the bridge; both devices hear nothing until told otherwise."""
        self.services.media.append(Unbridge(stream=self.stream))

    def send_digit(self, digit: str) -> None:
        """Send a DTMF digit to the device."""
        self.services.media.append(SendDigits(stream=self.stream, digits=digit))

    def on_statistics(self, statistics: StreamStatistics, closed: bool) -> None:
        """Figures from the media engine; the last ones complete the record."""
        record = self.record
        record.codec = statistics.codec or record.codec
        record.packets_sent = statistics.sent
        record.packets_received = statistics.received
        record.packets_lost = statistics.lost
        record.jitter_ms = statistics.jitter_ms
        record.remote_lost = statistics.remote_lost
        record.remote_jitter_ms = statistics.remote_jitter_ms
        record.round_trip_ms = statistics.round_trip_ms or 0.0
        record.strangers = statistics.strangers
        if closed:
            self.services.records.append(record)

    def _local(self) -> LocalMedia:
        if self._port is None:
            raise IllegalLegTransitionError("a leg that ended cannot negotiate")
        return LocalMedia(
            host=self.host,
            port=self._port.rtp,
            codecs=self.codecs,
            session_id=self.stream,
            srtp=self._srtp,
            srtp_key=self._key,
        )

    def _offer(self) -> bytes:
        self._sdp_sent = self._sdp_offered = offer(self._local(), previous=self._sdp_sent)
        return self._sdp_offered

    def _take_answer(self, body: bytes) -> bool:
        try:
            remote = accept_answer(SessionDescription.parse(self._sdp_offered), SessionDescription.parse(body))
        except SdpError:
            return False
        self.held = remote.hold
        self._apply(remote)
        return True

    def _apply(self, remote: RemoteMedia) -> None:
        if remote == self._remote or self._port is None:
            return
        media = self.services.media
        if not self._opened:
            self._opened = True
            self.services.streams[self.stream] = self
            media.append(OpenStream(stream=self.stream, port=self._port))
        self._remote = remote
        self.record.codec = remote.codec.name
        media.append(
            SetRemote(
                stream=self.stream,
                host=remote.host,
                rtp_port=remote.rtp_port,
                rtcp_port=remote.rtcp_port,
                codec=Codec(
                    name=remote.codec.name,
                    payload_type=remote.codec.payload_type,
                    clock_rate=remote.codec.clock_rate,
                    packet_ms=remote.packet_ms,
                ),
                telephone_event=remote.telephone_event,
                telephone_event_in=remote.telephone_event_in,
                srtp=SrtpKeys(remote.crypto.suite, self._key, remote.crypto.key) if remote.crypto else None,
                send=remote.direction.sends,
                receive=remote.direction.receives,
            )
        )

    # --- ends --------------------

    def _respond(
        self,
        status: int,
        now: float,
        *,
        body: bytes = b"",
        reason: str = "",
        headers: Sequence[tuple[str, str]] = (),
        reliable: bool = False,
    ) -> None:
        if not isinstance(self.transaction, ServerTransaction):
            raise TypeError("only an incoming leg responds")
        dialog = self.services.stack.respond(
            self.transaction,
            status,
            now=now,
            reason=reason,
            headers=headers,
            body=body,
            content_type=SDP if body else "",
            reliable=reliable,
        )
        if dialog is not None:
            self.dialog = dialog
            dialog.context = self

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
        if self._opened:
            self.services.media.append(CloseStream(stream=self.stream))
        else:
            if self._port is not None:
                self.services.return_port(self._port)
            self.services.records.append(self.record)
        self._port = None
        if self.state is LegState.ENDED:
            self._finish(now)

    def _finish(self, now: float) -> None:
        """The dialog is over too; late messages of it are traced for some seconds more."""
        self.services.deadlines.at(now + 8.0, self, "forget")

    def on_deadline(self, tag: str, now: float) -> None:
        """Stop tracing this Call-ID."""
        del tag, now
        self.services.sip_calls.pop(self.record.sip_call_id, None)

    def _tell(self, signal: Signal, now: float) -> None:
        if self.user is not None:
            self.user.on_leg(self, signal, now)


_REPEATED = ("Diversion", "Referred-By", "P-Asserted-Identity", "Privacy", "Max-Forwards")
"""Headers of an INVITE that its repetition carries too."""


def _agree(request: Request) -> tuple[Session | None, tuple[tuple[str, str], ...]]:
    """The session timer a request asks for; what cannot be read counts as not said. Raises TooSmallError."""
    try:
        return agree_as_server(request, WANTED_SECONDS)
    except MalformedError:
        return None, ()
