"""The facade: one user agent core on top of transactions and dialogs (RFC 3261 sections 8, 9, 12, 13, 14 and 15).

Bytes, calls and `now` go in; `poll()` gives what to transmit and what happened, in order; `next_deadline()` says
when `handle_deadline(now)` is due. The caller drains `poll()` after every input. No method waits or does I/O.

Everything a peer can send has an answer here or becomes an event; the file is long because those answers share
one state and are easier to check side by side.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any
from zlib import crc32

from softacd.sip.dialog import Dialog, DialogId, DialogState, dialog_of_client, dialog_of_server
from softacd.sip.digest import Credentials, answer_challenge, choose_challenge
from softacd.sip.errors import MalformedError, SipError, StackMisuseError
from softacd.sip.events import (
    AckMissing,
    Event,
    FailureCause,
    IncomingAck,
    IncomingCancel,
    IncomingRequest,
    IncomingResponse,
    StackCounters,
    Trace,
    TransactionFailed,
    Transmit,
)
from softacd.sip.framing import PING, PONG
from softacd.sip.headers import NameAddress
from softacd.sip.limits import Limits
from softacd.sip.message import Request, Response, response_to
from softacd.sip.parser import parse_message
from softacd.sip.timers import T1, T2, TimerHeap, TimerName
from softacd.sip.transaction import (
    MAGIC_COOKIE,
    ClientTransaction,
    ServerTransaction,
    TransactionLayer,
    server_key,
)
from softacd.sip.transaction_table import Action, Input, TransactionState
from softacd.sip.transport import (
    Flow,
    behind_nat,
    contact_value,
    received_via,
    response_flow,
    via_value,
)
from softacd.sip.uri import SipUri

Headers = Sequence[tuple[str, str]]

# Requests that carry our Contact inside a dialog (target refresh, RFC 3261 section 12.2.1.1; RFC 6665; RFC 3515).
_WITH_CONTACT = frozenset(("INVITE", "UPDATE", "SUBSCRIBE", "REFER", "NOTIFY"))
_DIALOG_MAKERS = frozenset(("INVITE", "SUBSCRIBE", "REFER"))
_MOST_CHALLENGES = 4  # a proxy and the user agent, each once more for a stale nonce


class SipStack:
    """Signalling of one node.

    `token` gives a fresh unguessable token (letters and digits, 64 bits or more) for branches, tags, Call-IDs and
    cnonces. `supported` are the option tags the transaction user implements: a request that requires another one
    is answered 420. `tracing` may be switched at any time.
    """

    def __init__(
        self,
        *,
        token: Callable[[], str],
        user_agent: str = "softacd",
        limits: Limits = Limits(),  # noqa: B008 - frozen
        tracing: bool = False,
        supported: Sequence[str] = ("path",),
    ) -> None:
        self._token = token
        self._user_agent = user_agent
        self._limits = limits
        self.tracing = tracing
        self._supported = frozenset(name.lower() for name in supported)
        self._output: deque[Transmit | Event] = deque()
        self._timers: TimerHeap[Any] = TimerHeap()
        self._layer = TransactionLayer(self._timers, self._transmit)
        self._dialogs: dict[DialogId, Dialog] = {}
        self._numbers = count(1)
        self._now = 0.0
        self._requests = self._responses = self._malformed = self._rejected = self._stray = 0

    # --- input from the network ---------------------------------------------------------------------------------

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        """One datagram, or one framed message of a stream. Never raises for anything a peer can send."""
        self._now = now
        if len(data) <= 4 and not data.strip(b"\r\n\0"):
            if data == PING and flow.transport.reliable:
                self._output.append(Transmit(PONG, flow))  # RFC 5626 section 4.4.1
            return
        try:
            message = parse_message(data, self._limits)
        except SipError as error:
            self._malformed += 1
            if error.request is not None:
                self._reject(error.request, flow, error.status, reason=error.reason)
            return
        if self.tracing:
            self._trace(message, flow, sent=False)
        try:
            if isinstance(message, Request):
                self._receive_request(message, flow, now)
            else:
                self._receive_response(message, flow, now)
        except SipError as error:
            self._malformed += 1
            if isinstance(message, Request):
                self._reject(message, flow, error.status, reason=error.reason)

    def flow_failed(self, flow: Flow, now: float) -> None:
        """The transport gave up on a peer: client transactions towards it that still need it fail with TRANSPORT.

        A ringing INVITE over UDP survives: its answer may come from a restarted proxy (RFC 3261 section 17.1.4 asks
        only for errors of what was being sent).
        """
        self._now = now
        for transaction in list(self._layer.clients.values()):
            theirs = transaction.flow
            if theirs.remote != flow.remote or theirs.transport is not flow.transport:
                continue
            if flow.connection and theirs.connection and flow.connection != theirs.connection:
                continue
            if (
                transaction.method == "INVITE"
                and transaction.state is TransactionState.PROCEEDING
                and not flow.transport.reliable
            ):
                continue
            if Action.FAIL_TRANSPORT in self._layer.advance(transaction, Input.TRANSPORT_ERROR, now):
                self._fail(transaction, FailureCause.TRANSPORT)

    # --- time and output ----------------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """When handle_deadline is due, None when nothing waits."""
        return self._timers.next_deadline()

    def handle_deadline(self, now: float) -> None:
        """Fire every timer due at `now`."""
        self._now = now
        while (due := self._timers.pop_due(now)) is not None:
            owner, name = due
            if isinstance(owner, Dialog):
                self._dialog_timer(owner, name, now)
                continue
            actions = self._layer.fire(owner, name, now)
            if isinstance(owner, ClientTransaction) and owner.state is TransactionState.TERMINATED:
                if Action.FAIL_TIMEOUT in actions:
                    self._fail(owner, FailureCause.TIMEOUT)
                self._end_early_dialogs(owner)

    def poll(self) -> Transmit | Event | None:
        """The next output, None when drained."""
        return self._output.popleft() if self._output else None

    def counters(self) -> StackCounters:
        """What the stack holds and has seen."""
        layer = self._layer
        return StackCounters(
            client_transactions=len(layer.clients),
            server_transactions=len(layer.servers),
            dialogs=len(self._dialogs),
            timers=len(self._timers),
            output=len(self._output),
            requests=self._requests,
            responses=self._responses,
            malformed=self._malformed,
            rejected=self._rejected,
            stray=self._stray,
            retransmissions_sent=layer.retransmissions_sent,
            retransmissions_received=layer.retransmissions_received,
        )

    # --- user agent client --------------------------------------------------------------------------------------

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
        given = [*headers] if _has(headers, "contact") else [("Contact", contact), *headers]
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
        if method in _WITH_CONTACT and not _has(headers, "contact"):
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

    # --- user agent server --------------------------------------------------------------------------------------

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
    ) -> Dialog | None:
        """Answer a request; returns the dialog it belongs to or makes.

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
            if not _has(headers, "contact") and dialog is not None:
                user = contact_user or dialog.contact_user
                fields["contact"] = [contact_value(dialog.flow, user, secure=dialog.secure)]
        response.extend(headers)
        if status >= 200 and self._user_agent:
            fields.setdefault("server", [self._user_agent])
        if body:
            response.body = body
            fields.setdefault("content-type", [content_type or "application/sdp"])
        data = response.to_bytes()
        self._layer.send(transaction, status, data, now)
        if dialog is not None and status >= 200:
            self._after_final(transaction, dialog, status, data, now)
        return dialog

    def end_dialog(self, dialog: Dialog) -> None:
        """Forget a dialog: its 2xx is no longer retransmitted, requests for it are answered 481. Idempotent."""
        dialog.state = DialogState.TERMINATED
        self._stop_answer(dialog)
        self._dialogs.pop(dialog.id, None)

    # --- requests from the network ------------------------------------------------------------------------------

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
            if self._out_of_order(dialog, request, flow):
                return
        else:
            merge_key = (request.call_id, request.from_.tag, str(request.cseq.number), method)
            if not self._acceptable(request, merge_key, flow):
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

    def _acceptable(self, request: Request, merge_key: tuple[str, ...], flow: Flow) -> bool:
        """The checks on a request outside a dialog; what fails is answered here."""
        if merge_key in self._layer.merges:
            self._reject(request, flow, 482)  # RFC 3261 section 8.2.2.2
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
        else:
            return False
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

    def _reject(self, request: Request, flow: Flow, status: int, *, reason: str = "", headers: Headers = ()) -> None:
        """Answer without state (RFC 3261 section 8.2.7), so that nonsense and overload cost no memory."""
        self._rejected += 1
        if request.method == "ACK":
            return
        try:
            via = request.top_via
            branch = via.branch or request.call_id
            tag = f"{crc32(branch.encode('utf-8', 'surrogateescape')):08x}"  # the same for every retransmission
            where = received_via(via, flow)
            phrase = reason.encode("ascii", "replace").decode() if reason else ""
            try:
                response = response_to(request, status, phrase, tag=tag, via=where)
            except MalformedError:
                response = response_to(request, status, phrase, via=where)  # an unreadable To is copied as it is
            self._transmit(response.extend(headers).to_bytes(), response_flow(via, flow))
        except (SipError, ValueError):
            return  # nobody to answer

    # --- responses from the network -----------------------------------------------------------------------------

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

    def _dialog_response(self, transaction: ClientTransaction, response: Response) -> tuple[bool, Dialog | None]:
        """Make or advance the dialog of a response outside one; False when it is a repeated 2xx."""
        if transaction.method != "INVITE":
            return True, None
        status = response.status
        if status >= 300:
            self._end_early_dialogs(transaction)
            return True, None
        tag = response.to.tag
        if not tag:
            return True, None
        dialog = transaction.dialogs.get(tag)
        if dialog is None:
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
        if status >= 200:
            dialog.state = DialogState.CONFIRMED
            # RFC 3261 section 13.2.2.4: the route set is computed anew from the 2xx
            dialog.route_set = response.headers("record-route")[::-1]
            dialog.invite_cseq = response.cseq.number
            dialog.authorization = transaction.authorization
        return True, dialog

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

    # --- inside -------------------------------------------------------------------------------------------------

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
        transaction = ClientTransaction(next(self._numbers), request, flow, branch)
        transaction.credentials = credentials
        transaction.dialog = dialog
        self._layer.start_client(transaction, now)
        return transaction

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
                    self._timers.start(now + T1, dialog, TimerName.RETRANSMIT_2XX),
                    self._timers.start(now + 64 * T1, dialog, TimerName.ACK_MISSING),
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
        if dialog.answer is None:
            return
        if name is TimerName.ACK_MISSING:
            self._stop_answer(dialog)
            self._output.append(AckMissing(dialog))
            return
        self._layer.retransmissions_sent += 1
        self._transmit(dialog.answer, dialog.answer_flow)
        dialog.answer_interval = min(dialog.answer_interval * 2, T2)
        timer = self._timers.start(now + dialog.answer_interval, dialog, TimerName.RETRANSMIT_2XX)
        dialog.answer_timers = [timer, dialog.answer_timers[-1]]

    def _stop_answer(self, dialog: Dialog) -> None:
        for timer in dialog.answer_timers:
            self._timers.cancel(timer)
        dialog.answer_timers = []
        dialog.answer = None

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

    def _transmit(self, data: bytes, flow: Flow) -> None:
        self._output.append(Transmit(data, flow))
        if self.tracing:
            self._trace(parse_message(data), flow, sent=True)

    def _trace(self, message: Request | Response, flow: Flow, *, sent: bool) -> None:
        call_id, cseq = message.header("call-id") or "", message.header("cseq") or ""
        self._output.append(Trace(self._now, call_id, sent, flow, message.start_line, cseq))


def _has(headers: Headers, name: str) -> bool:
    return any(given.lower() == name for given, _ in headers)


def _contact_user(request: Request) -> str:
    contacts = request.contacts
    return contacts[0].uri.user if contacts else ""
