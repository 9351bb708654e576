"""The user agent server: requests from the network and our answers (RFC 3261 sections 8.2, 9.2, 12.2.2, 13.3, 14.2)."""

from __future__ import annotations

from zlib import crc32

from softacd.sip.core import Headers, StackCore, has_header
from softacd.sip.dialog import Dialog, DialogState, dialog_of_server
from softacd.sip.errors import StackMisuseError
from softacd.sip.events import AckMissing, IncomingAck, IncomingCancel, IncomingRequest, PrackMissing
from softacd.sip.message import Request, response_to
from softacd.sip.timers import T1, T2, TimerName
from softacd.sip.transaction import ServerTransaction, server_key
from softacd.sip.transaction_table import Action, Input
from softacd.sip.transport import Flow, behind_nat, contact_value, received_via, response_flow

_DIALOG_MAKERS = frozenset(("INVITE", "SUBSCRIBE", "REFER"))


class UserAgentServer(StackCore):
    """The half of SipStack that answers requests."""

    def respond(
        self,
        transaction: ServerTransaction,
        status: int,
        *,
        now: float,
        reason: str = "",
        headers: Headers = (),
        body: bytes = b"",
        content_type: str = "",
        contact_user: str = "",
        reliable: bool = False,
    ) -> Dialog | None:
        """Answer a request; returns the dialog it belongs to or makes.

        `reliable` sends a 101-199 to an INVITE until its PRACK comes (RFC 3262): one at a time, and no 2xx before the
        PRACK of one with a body. The caller must have said that it supports 100rel.

        101-199 to an INVITE make or keep an early dialog, 2xx confirms it and is retransmitted until its ACK. A 2xx
        to SUBSCRIBE or REFER makes a dialog too. A 100 is a no-op: the stack has sent it. Raises StackMisuseError for a
        second final response.
        """
        self._now = now
        request = transaction.request
        method = transaction.method
        if status == 100:
            return transaction.dialog
        if transaction.final:
            raise StackMisuseError(f"{status} to {transaction!r}, which was answered {transaction.status}")
        response = response_to(request, status, reason, tag=transaction.to_tag, via=transaction.via)
        dialog = transaction.dialog
        makes = method in _DIALOG_MAKERS and (200 <= status < 300 or (status < 200 and method == "INVITE"))
        if makes and dialog is None:
            dialog = self._make_server_dialog(transaction, contact_user or request.uri.user)
        fields = response.fields
        if makes or (method == "UPDATE" and status < 300):
            if "record-route" in request.fields:
                fields["record-route"] = request.fields["record-route"]
            if not has_header(headers, "contact") and dialog is not None:
                user = contact_user or dialog.contact_user
                fields["contact"] = [contact_value(dialog.flow, user, secure=dialog.secure)]
        response.extend(headers)
        if reliable and dialog is not None:
            if dialog.provisional is not None:
                raise StackMisuseError(f"a second reliable provisional before the PRACK in {dialog!r}")
            # RFC 3262 section 3: the first number is drawn, the next ones follow it
            dialog.provisional_rseq = dialog.provisional_rseq + 1 or 1
            if dialog.provisional_rseq == 1:
                dialog.provisional_rseq += crc32(self._token().encode()) & 0xFFFFFF
            fields["require"] = [*fields.get("require", []), "100rel"]
            fields["rseq"] = [str(dialog.provisional_rseq)]
        if status >= 200 and self._user_agent:
            fields.setdefault("server", [self._user_agent])
        if body:
            response.body = body
            fields.setdefault("content-type", [content_type or "application/sdp"])
        data = response.to_bytes()
        self._layer.send(transaction, status, data, now)
        if reliable and dialog is not None:
            dialog.provisional = data
            dialog.answer_flow = transaction.flow
            dialog.provisional_interval = T1
            dialog.provisional_timers = [
                self._timers.start(now, T1, dialog, TimerName.RETRANSMIT_1XX),
                self._timers.start(now, 64 * T1, dialog, TimerName.PRACK_MISSING),
            ]
        if dialog is not None and status >= 200:
            self._after_final(transaction, dialog, status, data, now)
        return dialog

    # --- requests from the network --------------------------------------------------------------------------------

    def _receive_request(self, request: Request, flow: Flow, now: float) -> None:
        via = request.top_via
        key = server_key(request, via)
        known = self._layer.servers.get(key)
        if known is not None:
            if request.method == "ACK":
                if Action.PASS_ACK in self._layer.advance(known, Input.ACK, now):
                    self._receive_ack(request)
            else:
                self._layer.retransmissions_received += 1
                self._layer.advance(known, Input.REQUEST, now)
            return
        request.check()
        method = request.method
        if method == "ACK":
            self._receive_ack(request)
            return
        if method == "CANCEL":
            self._receive_cancel(request, (*key[:-1], "INVITE"), flow, now)
            return
        tag = request.to.tag
        dialog = None
        merge_key = None
        if tag and method != "REGISTER":
            dialog = self._dialogs.get((request.call_id, tag, request.from_.tag))
            if dialog is None:
                self._reject(request, flow, 481)  # RFC 3261 section 12.2.2
                return
            if len(self._layer.servers) >= 2 * self._limits.server_transactions:
                # calls in progress may use as much again as new ones
                self._reject(request, flow, 503, headers=[("Retry-After", str(self._limits.retry_after))])
                return
            if self._out_of_order(dialog, request, flow):
                return
        else:
            merge_key = (request.call_id, request.from_.tag, str(request.cseq.number), method)
            if not self._acceptable(request, merge_key, flow, now):
                return
        transaction = ServerTransaction(
            next(self._numbers), request, flow, key, tag if dialog is not None else self._token()
        )
        self._layer.start_server(transaction, merge_key)
        if dialog is not None:
            transaction.dialog = dialog
            dialog.remote_cseq = request.cseq.number
            if dialog.natted or flow.transport.reliable:
                dialog.flow = flow._replace(local=dialog.flow.local)  # the peer's newest address or connection
            if method == "INVITE":
                dialog.server_invite = key
        if method == "INVITE":
            trying = response_to(request, 100, via=transaction.via)
            self._layer.send(transaction, 100, trying.to_bytes(), now)  # RFC 3261 section 17.2.1
        self._requests += 1
        self._output.append(IncomingRequest(transaction, request, flow, dialog))

    def _acceptable(self, request: Request, merge_key: tuple[str, ...], flow: Flow, now: float) -> bool:
        """The checks on a request outside a dialog; what fails is answered here."""
        if merge_key in self._layer.merges:
            self._reject(request, flow, 482)  # RFC 3261 section 8.2.2.2
        elif self.screen is not None and (refusal := self.screen(request, flow, now)) is not None:
            if refusal.status:
                self._reject(request, flow, refusal.status, headers=refusal.headers)
            else:
                self._rejected += 1
        elif request.max_forwards == 0:
            self._reject(request, flow, 483)  # RFC 3261 section 16.3 step 3
        elif unsupported := [name for name in request.headers("require") if name.lower() not in self._supported]:
            # RFC 3261 section 8.2.2.3
            self._reject(request, flow, 420, headers=[("Unsupported", ", ".join(unsupported))])
        elif request.method == "INVITE" and len(request.contacts) != 1:
            # RFC 3261 section 8.1.1.8: without it no dialog can be made
            self._reject(request, flow, 400, reason="INVITE needs exactly one Contact")
        elif len(self._layer.servers) >= self._limits.server_transactions or (
            request.method == "INVITE" and len(self._dialogs) >= self._limits.dialogs
        ):
            self._reject(request, flow, 503, headers=[("Retry-After", str(self._limits.retry_after))])
        else:
            return True
        return False

    def _out_of_order(self, dialog: Dialog, request: Request, flow: Flow) -> bool:
        """The checks on a request inside a dialog; what fails is answered here."""
        if dialog.remote_cseq is not None and request.cseq.number < dialog.remote_cseq:
            self._reject(request, flow, 500, reason="CSeq out of order")  # RFC 3261 section 12.2.2
        elif request.method == "INVITE" and dialog.server_invite is not None:
            # RFC 3261 section 14.2: a random wait of 0..10 s, drawn from the one source of randomness there is
            wait = crc32(self._token().encode()) % 11
            self._reject(request, flow, 500, headers=[("Retry-After", str(wait))])
        elif request.method == "INVITE" and dialog.inviting:
            self._reject(request, flow, 491)  # RFC 3261 section 14.2
        elif request.method == "PRACK" and not self._take_prack(dialog, request):
            self._reject(request, flow, 481)  # RFC 3262 section 3
        else:
            return False
        return True

    def _take_prack(self, dialog: Dialog, request: Request) -> bool:
        """Whether a PRACK acknowledges the provisional that waits; then it is retransmitted no more."""
        words = (request.header("rack") or "").split()
        if dialog.provisional is None or len(words) != 3 or words[0] != str(dialog.provisional_rseq):
            return False
        invite = self._layer.servers.get(dialog.server_invite) if dialog.server_invite else None
        if invite is None or words[1:] != [str(invite.request.cseq.number), "INVITE"]:
            return False
        self._stop_provisional(dialog)
        return True

    def _receive_ack(self, request: Request) -> None:
        dialog = self._dialogs.get((request.call_id, request.to.tag, request.from_.tag))
        if dialog is None or dialog.answer is None:
            self._stray += 1  # the ACK of a stateless answer, a repeated one, or nobody's
            return
        self._stop_answer(dialog)
        self._output.append(IncomingAck(dialog, request))

    def _receive_cancel(self, request: Request, invite_key: tuple[str, ...], flow: Flow, now: float) -> None:
        invite = self._layer.servers.get(invite_key)
        if invite is None:
            self._reject(request, flow, 481)  # RFC 3261 section 9.2
            return
        via = request.top_via
        answer = response_to(request, 200, tag=invite.to_tag, via=received_via(via, flow))
        self._transmit(answer.to_bytes(), response_flow(via, flow))
        if not invite.final:
            self.respond(invite, 487, now=now)
            self._output.append(IncomingCancel(invite, request))

    # --- inside ---------------------------------------------------------------------------------------------------

    def _make_server_dialog(self, transaction: ServerTransaction, contact_user: str) -> Dialog:
        request = transaction.request
        dialog = dialog_of_server(
            request,
            transaction.flow,
            to_tag=transaction.to_tag,
            confirmed=transaction.method != "INVITE",
            natted=behind_nat(request.top_via, transaction.flow),
            contact_user=contact_user,
        )
        transaction.dialog = dialog
        if transaction.method == "INVITE":
            dialog.server_invite = transaction.key
        self._dialogs[dialog.id] = dialog
        return dialog

    def _after_final(
        self, transaction: ServerTransaction, dialog: Dialog, status: int, data: bytes, now: float
    ) -> None:
        """What a final response does to the dialog it was sent in or has made."""
        method = transaction.method
        if method == "INVITE":
            dialog.server_invite = None
            self._stop_provisional(dialog)
            if status < 300:
                if dialog.state is DialogState.EARLY:
                    dialog.state = DialogState.CONFIRMED
                else:
                    dialog.refresh_target(transaction.request)
                self._stop_answer(dialog)
                dialog.answer = data
                dialog.answer_flow = transaction.flow
                dialog.answer_interval = T1
                # RFC 3261 section 13.3.1.4: on reliable transports too, a proxy may hop to UDP
                dialog.answer_timers = [
                    self._timers.start(now, T1, dialog, TimerName.RETRANSMIT_2XX),
                    self._timers.start(now, 64 * T1, dialog, TimerName.ACK_MISSING),
                ]
            elif dialog.state is DialogState.EARLY:
                self.end_dialog(dialog)
        elif method == "UPDATE" and status < 300:
            dialog.refresh_target(transaction.request)
        elif method == "BYE":
            pending = self._layer.servers.get(dialog.server_invite) if dialog.server_invite else None
            if pending is not None and not pending.final:
                self.respond(pending, 487, now=now)  # RFC 3261 section 15.1.2
            self.end_dialog(dialog)

    def _dialog_timer(self, dialog: Dialog, name: TimerName, now: float) -> None:
        if name in (TimerName.RETRANSMIT_1XX, TimerName.PRACK_MISSING):
            self._provisional_timer(dialog, name, now)
            return
        if dialog.answer is None:
            return
        if name is TimerName.ACK_MISSING:
            self._stop_answer(dialog)
            self._output.append(AckMissing(dialog))
            return
        self._layer.retransmissions_sent += 1
        self._transmit(dialog.answer, dialog.answer_flow)
        dialog.answer_interval = min(dialog.answer_interval * 2, T2)
        timer = self._timers.start(now, dialog.answer_interval, dialog, TimerName.RETRANSMIT_2XX)
        dialog.answer_timers = [timer, dialog.answer_timers[-1]]

    def _provisional_timer(self, dialog: Dialog, name: TimerName, now: float) -> None:
        """RFC 3262 section 3: doubling from T1, without the limit T2, for 64*T1."""
        if dialog.provisional is None:
            return
        if name is TimerName.PRACK_MISSING:
            self._stop_provisional(dialog)
            self._output.append(PrackMissing(dialog))
            return
        self._layer.retransmissions_sent += 1
        self._transmit(dialog.provisional, dialog.answer_flow)
        dialog.provisional_interval *= 2
        timer = self._timers.start(now, dialog.provisional_interval, dialog, TimerName.RETRANSMIT_1XX)
        dialog.provisional_timers = [timer, dialog.provisional_timers[-1]]
