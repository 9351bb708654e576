"""The facade: one user agent core on top of transactions and dialogs (RFC 3261).

Bytes, calls and `now` go in; `poll()` gives what to transmit and what happened, in order; `next_deadline()` says
when `handle_deadline(now)` is due. The caller drains `poll()` after every input. No method waits or does I/O.
"""

from __future__ import annotations

from softacd.sip.dialog import Dialog
from softacd.sip.errors import SipError
from softacd.sip.events import Event, FailureCause, StackCounters, Transmit
from softacd.sip.framing import PING, PONG
from softacd.sip.message import Request
from softacd.sip.parser import parse_message
from softacd.sip.transaction import ClientTransaction
from softacd.sip.transaction_table import Action, Input, TransactionState
from softacd.sip.transport import Flow
from softacd.sip.user_agent_client import UserAgentClient
from softacd.sip.user_agent_server import UserAgentServer


class SipStack(UserAgentClient, UserAgentServer):
    """Signalling of one node: what comes from the network and from the clock, and everything that goes out.

    `screen`, when set, is asked before a new request outside a dialog costs any state. `stream_beside`, when set,
    gives the TCP flow to the peer of a UDP flow, for requests too large for a datagram; None: the peer has none.
    `token` gives a fresh unguessable token (letters and digits, 64 bits or more) for branches, tags, Call-IDs and
    cnonces. `supported` are the option tags the transaction user implements: a request that requires another one
    is answered 420. `tracing` may be switched at any time.
    """

    def receive(self, data: bytes, flow: Flow, now: float) -> bool:
        """One datagram, or one framed message of a stream. Never raises for anything a peer can send.

        False when it made no sense: it broke the grammar, or belongs to nothing there is.
        """
        self._now = now
        nonsense = self._nonsense
        self._receive(data, flow, now)
        return nonsense == self._nonsense

    def _receive(self, data: bytes, flow: Flow, now: float) -> None:
        if len(data) <= 4 and not data.strip(b"\r\n\0"):
            if data == PING and flow.transport.reliable:
                self._output.append(Transmit(PONG, flow))  # RFC 5626 section 4.4.1
            return
        try:
            message = parse_message(data, self._limits)
        except SipError as error:
            self._malformed += 1
            self._nonsense += 1
            if error.request is not None:
                self._reject(error.request, flow, error.status, reason=error.reason)
            return
        if self.tracing:
            self._trace_received(message, flow)
        try:
            if isinstance(message, Request):
                self._receive_request(message, flow, now)
            else:
                self._receive_response(message, flow, now)
        except SipError as error:
            self._malformed += 1
            self._nonsense += 1
            if isinstance(message, Request):
                self._reject(message, flow, error.status, reason=error.reason)

    def ping(self, flow: Flow) -> None:
        """Send what means nothing, so that routers on the way remember the flow (RFC 5626 section 3.5.1)."""
        self._output.append(Transmit(PING, flow))

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
            unheard = transaction.state in (TransactionState.CALLING, TransactionState.TRYING)
            if Action.FAIL_TRANSPORT in self._layer.advance(transaction, Input.TRANSPORT_ERROR, now):
                if unheard and transaction.fallback is not None:
                    self._fall_back(transaction, transaction.fallback, now)
                else:
                    self._fail(transaction, FailureCause.TRANSPORT)

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
        unanswered = sum(not transaction.final for transaction in layer.clients.values())
        return StackCounters(
            client_transactions=len(layer.clients),
            unanswered=unanswered,
            server_transactions=len(layer.servers),
            unfinished=unanswered + sum(not transaction.final for transaction in layer.servers.values()),
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
