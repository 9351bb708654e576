"""The user agent client: requests we send and what becomes of them (RFC 3261 sections 8.1, 9.1, 13.2, 14.1, 22.2)."""

from __future__ import annotations

from collections.abc import Sequence

from softacd.sip.core import Headers, StackCore, has_header
from softacd.sip.dialog import Dialog, DialogState, dialog_of_client
from softacd.sip.digest import Credentials, answer_challenge, choose_challenge
from softacd.sip.errors import StackMisuseError
from softacd.sip.events import FailureCause, IncomingResponse, TransactionFailed
from softacd.sip.headers import NameAddress
from softacd.sip.message import Request, Response
from softacd.sip.transaction import MAGIC_COOKIE, ClientTransaction
from softacd.sip.transaction_table import Action, TransactionState
from softacd.sip.transport import Flow, contact_value, via_value
from softacd.sip.uri import SipUri

# Requests that carry our Contact inside a dialog (target refresh, RFC 3261 section 12.2.1.1; RFC 6665; RFC 3515).
_WITH_CONTACT = frozenset(("INVITE", "UPDATE", "SUBSCRIBE", "REFER", "NOTIFY"))
_MOST_CHALLENGES = 4  # a proxy and the user agent, each once more for a stale nonce


class UserAgentClient(StackCore):
    """The half of SipStack that sends requests."""

    def invite(
        self,
        *,
        uri: str | SipUri,
        flow: Flow,
        from_: NameAddress,
        to: NameAddress,
        body: bytes,
        content_type: str = "application/sdp",
        headers: Headers = (),
        route: Sequence[str] = (),
        credentials: Credentials | None = None,
        contact_user: str = "",
        call_id: str | None = None,
        now: float,
    ) -> ClientTransaction:
        """Call somebody. A 401 or 407 is answered by the stack itself when it has credentials.

        `from_` gets a tag when it has none. `route` are Route header values (an outbound proxy, a Path). Raises
        ValueError when a value given holds a line end.
        """
        contact = contact_value(flow, contact_user, secure=str(uri).startswith("sips:"))
        given = [*headers] if has_header(headers, "contact") else [("Contact", contact), *headers]
        return self.request(
            "INVITE",
            uri=uri,
            flow=flow,
            from_=from_,
            to=to,
            headers=given,
            body=body,
            content_type=content_type,
            credentials=credentials,
            call_id=call_id,
            route=route,
            now=now,
        )

    def request(
        self,
        method: str,
        *,
        uri: str | SipUri,
        flow: Flow,
        from_: NameAddress,
        to: NameAddress,
        headers: Headers = (),
        body: bytes = b"",
        content_type: str = "",
        credentials: Credentials | None = None,
        call_id: str | None = None,
        cseq: int | None = None,
        route: Sequence[str] = (),
        now: float,
    ) -> ClientTransaction:
        """Send a request outside any dialog (REGISTER, OPTIONS, MESSAGE). Raises ValueError as `invite` does."""
        if not from_.tag:
            from_ = from_.with_tag(self._token())
        return self._send_request(
            method,
            str(uri),
            flow,
            str(from_),
            str(to),
            call_id or f"{self._token()}@{flow.local[0]}",
            1 if cseq is None else cseq,
            route,
            headers,
            body,
            content_type,
            credentials,
            None,
            now,
        )

    def request_in_dialog(
        self,
        dialog: Dialog,
        method: str,
        *,
        now: float,
        headers: Headers = (),
        body: bytes = b"",
        content_type: str = "",
        credentials: Credentials | None = None,
    ) -> ClientTransaction:
        """Send BYE, INFO, a re-INVITE, UPDATE... Raises StackMisuseError for a re-INVITE while one is pending."""
        if dialog.state is DialogState.TERMINATED:
            raise StackMisuseError(f"{method} in {dialog!r}")
        if method == "INVITE":
            if dialog.inviting or dialog.server_invite is not None:
                raise StackMisuseError("re-INVITE while another is pending (RFC 3261 section 14.1)")
            dialog.inviting = True
        if method in _WITH_CONTACT and not has_header(headers, "contact"):
            headers = [("Contact", contact_value(dialog.flow, dialog.contact_user, secure=dialog.secure)), *headers]
        uri, route, flow = dialog.routing()
        return self._send_request(
            method,
            uri,
            flow,
            str(dialog.local),
            str(dialog.remote),
            dialog.call_id,
            dialog.next_cseq(),
            route,
            headers,
            body,
            content_type,
            credentials,
            dialog,
            now,
        )

    def cancel(self, transaction: ClientTransaction, now: float, *, reason: str | None = None) -> None:
        """Give an INVITE up: CANCEL goes out at once, or after the first provisional response (RFC 3261 section 9.1).

        `reason` is a Reason header value (RFC 3326). Without effect once a final response has come: a 2xx that
        crosses the CANCEL is reported as usual, and wants an ACK and a BYE.
        """
        if transaction.method != "INVITE":
            raise StackMisuseError(f"CANCEL of {transaction!r}")
        self._now = now
        if transaction.final or transaction.cancel_headers is not None:
            return
        transaction.cancel_headers = [("Reason", reason)] if reason else []
        if transaction.state is TransactionState.PROCEEDING:
            self._send_cancel(transaction, now)

    def acknowledge(self, dialog: Dialog, now: float, body: bytes = b"", content_type: str = "application/sdp") -> None:
        """Send the ACK of a 2xx (RFC 3261 section 13.2.2.4); the stack repeats it for every repeated 2xx."""
        if not dialog.invite_cseq:
            raise StackMisuseError(f"ACK without a 2xx in {dialog!r}")
        self._now = now
        uri, route, flow = dialog.routing()
        fields = {
            "via": [via_value(flow, MAGIC_COOKIE + self._token())],
            "max-forwards": ["70"],
            "from": [str(dialog.local)],
            "to": [str(dialog.remote)],
            "call-id": [dialog.call_id],
            "cseq": [f"{dialog.invite_cseq} ACK"],
        }
        if route:
            fields["route"] = list(route)
        for name, value in dialog.authorization.items():
            fields[name] = [value]
        if body:
            fields["content-type"] = [content_type]
        dialog.ack = Request("ACK", uri, fields, body).to_bytes()
        dialog.ack_cseq = dialog.invite_cseq
        dialog.ack_flow = flow
        self._transmit(dialog.ack, flow)

    # --- responses from the network -------------------------------------------------------------------------------

    def _receive_response(self, response: Response, flow: Flow, now: float) -> None:
        response.check()
        cseq = response.cseq
        transaction = self._layer.clients.get((response.top_via.branch, cseq.method))
        if transaction is None:
            self._stray_response(response)
            return
        vias = response.fields["via"]
        if len(vias) > 1 or "," in vias[0]:
            self._stray += 1  # routed to the wrong element (RFC 3261 section 8.1.3.3)
            self._nonsense += 1
            return
        if transaction.state is TransactionState.COMPLETED:
            self._layer.retransmissions_received += 1
        actions = self._layer.response(transaction, response, now)
        if (
            transaction.cancel_headers is not None
            and not transaction.cancel_sent
            and transaction.state is TransactionState.PROCEEDING
        ):
            self._send_cancel(transaction, now)
        status = response.status
        if Action.REPORT not in actions or status == 100 or not transaction.reported:
            return
        if status in (401, 407) and self._answer_challenge(transaction, response, now):
            return
        if transaction.dialog is not None:
            dialog: Dialog | None = transaction.dialog
            fresh = self._in_dialog_response(transaction, transaction.dialog, response)
        else:
            fresh, dialog = self._dialog_response(transaction, response)
        if fresh:
            self._responses += 1
            self._output.append(IncomingResponse(transaction, response, dialog))
        else:
            self._layer.retransmissions_received += 1

    def _stray_response(self, response: Response) -> None:
        cseq = response.cseq
        if cseq.method == "INVITE" and 200 <= response.status < 300:
            # A 2xx repeated after timer M: the ACK was lost all the time (RFC 6026 section 8.4).
            dialog = self._dialogs.get((response.call_id, response.from_.tag, response.to.tag))
            if dialog is not None and self._repeat_ack(dialog, cseq.number):
                return
        self._stray += 1
        self._nonsense += 1

    def _dialog_response(self, transaction: ClientTransaction, response: Response) -> tuple[bool, Dialog | None]:
        """Make or advance the dialog of a response outside one; False when it is a repeated 2xx."""
        status = response.status
        if transaction.method == "SUBSCRIBE" and 200 <= status < 300 and response.to.tag:
            # RFC 6665 section 4.4.1: the NOTIFYs come inside it
            watched = dialog_of_client(
                transaction.request, response, transaction.flow, contact_user=_contact_user(transaction.request)
            )
            self._dialogs[watched.id] = watched
            return True, watched
        if transaction.method != "INVITE":
            return True, None
        if status >= 300:
            self._end_early_dialogs(transaction)
            return True, None
        tag = response.to.tag
        if not tag:
            return True, None
        dialog = transaction.dialogs.get(tag)
        if dialog is None:
            if len(transaction.dialogs) >= self._limits.forks:
                return False, None
            user = _contact_user(transaction.request)
            dialog = dialog_of_client(transaction.request, response, transaction.flow, contact_user=user)
            transaction.dialogs[tag] = dialog
            self._dialogs[dialog.id] = dialog
        elif dialog.state is not DialogState.EARLY:
            if status >= 200:
                self._repeat_ack(dialog, response.cseq.number)
            return False, dialog
        else:
            dialog.refresh_target(response)
        if status < 200 and "rseq" in response.fields and not self._acknowledge_provisional(dialog, response):
            return False, dialog
        if status >= 200:
            dialog.state = DialogState.CONFIRMED
            # RFC 3261 section 13.2.2.4: the route set is computed anew from the 2xx
            dialog.route_set = response.headers("record-route")[::-1]
            dialog.invite_cseq = response.cseq.number
            dialog.authorization = transaction.authorization
        return True, dialog

    def _acknowledge_provisional(self, dialog: Dialog, response: Response) -> bool:
        """PRACK a reliable provisional (RFC 3262 section 4); False when it was seen before or one is missing."""
        if "100rel" not in (tag.lower() for tag in response.headers("require")):
            return True
        number = response.number("rseq", 2**31 - 1) or 0
        if dialog.rseq and number != dialog.rseq + 1:
            return False
        dialog.rseq = number
        rack = f"{number} {response.cseq.number} INVITE"
        prack = self.request_in_dialog(dialog, "PRACK", now=self._now, headers=(("RAck", rack),))
        prack.reported = False
        return True

    def _in_dialog_response(self, transaction: ClientTransaction, dialog: Dialog, response: Response) -> bool:
        """Advance the dialog a request was sent in; False when it is a repeated 2xx of a re-INVITE."""
        status, number = response.status, response.cseq.number
        if transaction.method == "INVITE" and status >= 200:
            if status < 300 and dialog.invite_cseq == number:
                self._repeat_ack(dialog, number)
                return False
            dialog.inviting = False
            if status < 300:
                dialog.invite_cseq = number
                dialog.authorization = transaction.authorization
                dialog.refresh_target(response)
        elif transaction.method == "UPDATE" and 200 <= status < 300:
            dialog.refresh_target(response)
        elif transaction.method == "BYE" and status >= 200:
            self.end_dialog(dialog)
        return True

    def _repeat_ack(self, dialog: Dialog, number: int) -> bool:
        if dialog.ack is None or dialog.ack_cseq != number:
            return False
        self._layer.retransmissions_sent += 1
        self._transmit(dialog.ack, dialog.ack_flow)
        return True

    def _answer_challenge(self, transaction: ClientTransaction, response: Response, now: float) -> bool:
        """Try again with credentials (RFC 3261 section 22.2); False when there is nothing new to say."""
        credentials = transaction.credentials
        if credentials is None or transaction.cancel_headers is not None:
            return False
        proxy = response.status == 407
        challenge = choose_challenge(
            response.headers("proxy-authenticate" if proxy else "www-authenticate"), credentials
        )
        name = "proxy-authorization" if proxy else "authorization"
        if challenge is None or transaction.authorizations >= _MOST_CHALLENGES:
            return False
        if name in transaction.authorization and not challenge.stale:
            return False  # the server has seen these credentials and does not want them
        old = transaction.request
        value = answer_challenge(challenge, credentials, method=old.method, uri=old.uri_text, cnonce=self._token())
        transaction.authorizations += 1
        transaction.authorization = {**transaction.authorization, name: value}
        number = old.cseq.number + 1
        if transaction.dialog is not None:
            number = transaction.dialog.next_cseq()
        branch = MAGIC_COOKIE + self._token()
        fields = dict(old.fields)
        fields["via"] = [via_value(transaction.flow, branch)]
        fields["cseq"] = [f"{number} {old.method}"]
        for header, text in transaction.authorization.items():
            fields[header] = [text]
        request = Request(old.method, old.uri_text, fields, old.body)
        self._layer.supersede(transaction, request, branch, now)
        return True

    # --- inside ---------------------------------------------------------------------------------------------------

    def _send_request(
        self,
        method: str,
        uri: str,
        flow: Flow,
        from_: str,
        to: str,
        call_id: str,
        cseq: int,
        route: Sequence[str],
        headers: Headers,
        body: bytes,
        content_type: str,
        credentials: Credentials | None,
        dialog: Dialog | None,
        now: float,
    ) -> ClientTransaction:
        self._now = now
        branch = MAGIC_COOKIE + self._token()
        fields = {"via": [via_value(flow, branch)]}
        if route:
            fields["route"] = list(route)
        fields["from"] = [from_]
        fields["to"] = [to]
        fields["call-id"] = [call_id]
        fields["cseq"] = [f"{cseq} {method}"]
        request = Request(method, uri, fields, body)
        request.extend(headers)
        fields.setdefault("max-forwards", ["70"])
        if self._user_agent:
            fields.setdefault("user-agent", [self._user_agent])
        if body and content_type:
            fields.setdefault("content-type", [content_type])
        fallback = None
        data = request.to_bytes()
        if len(data) > self._limits.datagram_bytes and self.stream_beside is not None and not flow.transport.reliable:
            # RFC 3261 section 18.1.1: a datagram beyond the path's MTU would come in pieces, or not at all
            stream = self.stream_beside(flow)
            if stream is not None:
                flow, fallback = stream, flow
                fields["via"] = [via_value(flow, branch)]
                data = request.to_bytes()
        transaction = ClientTransaction(next(self._numbers), request, flow, branch)
        transaction.fallback = fallback
        transaction.credentials = credentials
        transaction.dialog = dialog
        self._layer.start_client(transaction, now, data)
        return transaction

    def _fall_back(self, transaction: ClientTransaction, flow: Flow, now: float) -> None:
        """The stream could not be had: the same over UDP, whatever its size (RFC 3261 section 18.1.1)."""
        transaction.fallback = None
        transaction.flow = flow
        old = transaction.request
        branch = MAGIC_COOKIE + self._token()
        fields = {**old.fields, "via": [via_value(flow, branch)]}
        self._layer.supersede(transaction, Request(old.method, old.uri_text, fields, old.body), branch, now)

    def _send_cancel(self, transaction: ClientTransaction, now: float) -> None:
        """CANCEL the pending attempt: same Request-URI, Via, Route, From, To, Call-ID and number (section 9.1)."""
        transaction.cancel_sent = True
        invite = transaction.request
        fields: dict[str, list[str]] = {
            key: invite.fields[key] for key in ("via", "route", "from", "to", "call-id") if key in invite.fields
        }
        fields["max-forwards"] = ["70"]
        fields["cseq"] = [f"{invite.cseq.number} CANCEL"]
        request = Request("CANCEL", invite.uri_text, fields).extend(transaction.cancel_headers or ())
        cancel = ClientTransaction(next(self._numbers), request, transaction.flow, transaction.key[0])
        cancel.reported = False
        self._layer.start_client(cancel, now)
        self._layer.guard_cancel(transaction, now)

    def _fail(self, transaction: ClientTransaction, cause: FailureCause) -> None:
        dialog = transaction.dialog
        if dialog is not None:
            if transaction.method == "INVITE":
                dialog.inviting = False
            elif transaction.method == "BYE":
                self.end_dialog(dialog)
        self._end_early_dialogs(transaction)
        if transaction.reported:
            self._output.append(TransactionFailed(transaction, cause))

    def _end_early_dialogs(self, transaction: ClientTransaction) -> None:
        for dialog in transaction.dialogs.values():
            if dialog.state is DialogState.EARLY:
                self.end_dialog(dialog)


def _contact_user(request: Request) -> str:
    contacts = request.contacts
    return contacts[0].uri.user if contacts else ""
