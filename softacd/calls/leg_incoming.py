"""A leg the device called: its INVITE, our provisional and final answers, PRACK, CANCEL and the ACK that is missing."""

from collections.abc import Sequence

import msgspec

from softacd.calls.leg import OFFERED, SDP, Leg, Signal
from softacd.calls.leg_session import LegSession, asked
from softacd.calls.leg_table import LegInput, LegState, advance
from softacd.sdp.description import SessionDescription
from softacd.sdp.errors import SdpError
from softacd.sdp.negotiation import answer
from softacd.sip.message import Request
from softacd.sip.transaction import ServerTransaction


class IncomingLeg(Leg):
    """A caller's leg."""

    __slots__ = ("_reliable", "_session", "_waiting", "transaction")

    outgoing = False
    first_state = LegState.ARRIVED

    def receive(self, transaction: ServerTransaction, request: Request) -> None:
        """Take the INVITE that made this leg.

        Raises SdpError (its `status` is the answer) for an unusable offer, TooSmallError (422) for a session interval.
        """
        self.transaction: ServerTransaction = transaction
        transaction.context = self
        self._waiting: LegInput | None = None  # to be said when the PRACK has come
        self.record.sip_call_id = request.call_id
        self.services.claim_traces(request.call_id, self)
        self.services.changes(self.number)
        self._keeper = LegSession(self)
        self._keeper.know(request)
        self._session = asked(request)
        self._reliable = frozenset(  # what the caller says of 100rel (RFC 3262)
            name for name in ("require", "supported") if "100rel" in (tag.lower() for tag in request.headers(name))
        )
        if request.body:
            self._answer = self._answer_offer(request.body)
            self._sdp_sent = self._answer.body

    def prefer(self, codec: str) -> None:
        """Answer in `codec`, which the other party speaks, if the caller offered it and has been told no other."""
        if self._answer is None or self._opened or codec == self.codec or codec not in self.codecs:
            return
        local = msgspec.structs.replace(self._local(), codecs=(codec,))
        try:
            self._answer = answer(SessionDescription.parse(self.transaction.request.body), local)
        except SdpError:
            return  # not offered: the mixer will do
        self._sdp_sent = self._answer.body

    def alert(self, now: float) -> None:
        """Send 180 Ringing."""
        self.state = advance(self.state, LegInput.ALERT)
        self._mark_ringing(now)
        if not self._unconfirmed:
            self._respond(180, now, reliable="require" in self._reliable)

    def forwarded(self, now: float) -> None:
        """Send 181 Call Is Being Forwarded (RFC 3261 section 21.1.3), as long as the caller waits for an answer."""
        if self.state in (LegState.ARRIVED, LegState.ALERTING) and not self._unconfirmed:
            self.state = advance(self.state, LegInput.ALERT)
            self._respond(181, now)

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

    def _let_go(self) -> None:
        del self.transaction

    def _give_up(self, now: float, status: int, reason: str) -> None:
        del reason
        self.refuse(status, now)

    @property
    def _settled(self) -> bool:
        return super()._settled and bool(self._reliable)

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
