"""A leg that calls the device: our INVITE, what is answered to it, and forks that answer late."""

from collections.abc import Sequence
from typing import Any

from softacd.calls.leg import OFFERED, SDP, Leg, Signal
from softacd.calls.leg_session import WANTED_SECONDS, LegSession
from softacd.calls.leg_table import LegInput, LegState, advance
from softacd.sip.dialog import Dialog
from softacd.sip.digest import Credentials
from softacd.sip.errors import MalformedError
from softacd.sip.headers import NameAddress
from softacd.sip.message import Request, Response
from softacd.sip.session_timer import SMALLEST, agree_as_client, minimum, offer_headers
from softacd.sip.transaction import ClientTransaction
from softacd.sip.transaction_table import TransactionState

_REPEATED = ("Diversion", "Referred-By", "P-Asserted-Identity", "Privacy", "Max-Forwards")
"""Headers of an INVITE that its repetition carries too."""


class OutgoingLeg(Leg):
    """A called device's leg."""

    __slots__ = ("_dialled", "redirect", "transaction")

    outgoing = True
    first_state = LegState.DIALING

    @property
    def proceeding(self) -> bool:
        """Our INVITE has arrived: a provisional response came, a 100 at least."""
        return self.transaction.state is not TransactionState.CALLING

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
        self.redirect = ""  # the number the device named instead, with a 3xx
        self._dialled: dict[str, Any] = {
            "uri": uri,
            "from_": from_,
            "to": to,
            "route": route,
            "contact_user": contact_user,
        }
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
        self.transaction: ClientTransaction = transaction
        self.record.sip_call_id = transaction.request.call_id
        self.services.claim_traces(transaction.request.call_id, self)
        self.services.changes(self.number)

    def on_response(self, response: Response, dialog: Dialog | None, now: float) -> None:
        """A response to our INVITE."""
        status = response.status
        if status == 422 and self.state is LegState.DIALING:
            self._ask_longer(self.transaction.request, response, now)
        elif status >= 300:
            if status < 400:
                self.redirect = _redirection(response)
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
        self._sdp_offered = None
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

    def _let_go(self) -> None:
        del self.transaction

    def _give_up(self, now: float, status: int, reason: str) -> None:
        del status
        self.state = advance(self.state, LegInput.GIVE_UP)
        self.services.stack.cancel(self.transaction, now, reason=reason or None)
        self._end(487, reason, now)


def _redirection(response: Response) -> str:
    """The number a 3xx names instead (RFC 3261 section 8.1.3.4), "" when it names none."""
    try:
        contacts = response.contacts
    except MalformedError:
        return ""
    return contacts[0].uri.user if contacts else ""
