"""Client and server transactions, and the layer that runs their tables (RFC 3261 section 17)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from softacd.sip.errors import MalformedError, StackMisuseError
from softacd.sip.headers import Via
from softacd.sip.message import Request, Response
from softacd.sip.timers import Timer, TimerName, TimerQueues
from softacd.sip.transaction_table import (
    DURATIONS,
    INITIAL,
    LONGEST_INTERVAL,
    RETRANSMISSION,
    STATE_TIMERS,
    TABLES,
    TIMER_INPUTS,
    Action,
    Input,
    Machine,
    TransactionState,
)
from softacd.sip.transport import Flow, received_via, response_flow

if TYPE_CHECKING:
    from softacd.sip.dialog import Dialog
    from softacd.sip.digest import Credentials

MAGIC_COOKIE = "z9hG4bK"
ClientKey = tuple[str, str]
ServerKey = tuple[str, ...]


class Transaction:
    """What both kinds share. `context` belongs to the transaction user; everything else is for reading."""

    __slots__ = (
        "context",
        "flow",
        "id",
        "interval",
        "last",
        "machine",
        "method",
        "request",
        "state",
        "timers",
    )

    def __init__(self, number: int, machine: Machine, request: Request, flow: Flow) -> None:
        self.id = number
        self.machine = machine
        self.method = request.method
        self.request = request
        self.flow = flow
        self.state = INITIAL[machine]
        self.context: object | None = None
        self.last: bytes | None = None  # the last message sent, for retransmission
        self.interval = 0.0
        self.timers: dict[TimerName, Timer[Any]] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.method} {self.state.value}>"


class ClientTransaction(Transaction):
    """A request of ours. The handle outlives a digest challenge: the retried request continues under it."""

    __slots__ = (
        "ack",
        "authorization",
        "authorizations",
        "cancel_headers",
        "cancel_sent",
        "credentials",
        "dialog",
        "dialogs",
        "fallback",
        "key",
        "reported",
    )

    def __init__(self, number: int, request: Request, flow: Flow, branch: str) -> None:
        invite = request.method == "INVITE"
        super().__init__(number, Machine.INVITE_CLIENT if invite else Machine.CLIENT, request, flow)
        self.key: ClientKey = (branch, request.method)
        self.ack: bytes | None = None
        self.credentials: Credentials | None = None
        self.authorization: dict[str, str] = {}  # header -> value, repeated in the ACK (section 13.2.2.4)
        self.authorizations = 0  # challenges answered so far
        self.cancel_headers: list[tuple[str, str]] | None = None  # set once the user wants it cancelled
        self.cancel_sent = False
        self.dialog: Dialog | None = None  # the one the request was sent in
        self.dialogs: dict[str, Dialog] = {}  # those an INVITE made, by remote tag: forks
        self.fallback: Flow | None = None  # UDP, when it went over a stream for its size
        self.reported = True  # False for requests the stack sends on its own account (CANCEL)

    @property
    def final(self) -> bool:
        """Whether a final response has come or never will."""
        return self.state in (
            TransactionState.COMPLETED,
            TransactionState.ACCEPTED,
            TransactionState.TERMINATED,
        )


class ServerTransaction(Transaction):
    """A request to us."""

    __slots__ = ("dialog", "key", "merge_key", "status", "to_tag", "via")

    def __init__(self, number: int, request: Request, flow: Flow, key: ServerKey, to_tag: str) -> None:
        invite = request.method == "INVITE"
        via = request.top_via
        super().__init__(
            number,
            Machine.INVITE_SERVER if invite else Machine.SERVER,
            request,
            response_flow(via, flow),
        )
        self.key = key
        self.merge_key: ServerKey | None = None
        self.to_tag = to_tag  # of every response but 100
        self.via = received_via(via, flow)
        self.dialog: Dialog | None = None
        self.status = 0  # the last one sent

    @property
    def final(self) -> bool:
        """Whether a final response was sent."""
        return self.status >= 200


def server_key(request: Request, via: Via) -> ServerKey:
    """What makes two requests the same one (RFC 3261 section 17.2.3). An ACK has the key of its INVITE."""
    method = "INVITE" if request.method == "ACK" else request.method
    branch = via.branch
    if len(branch) > len(MAGIC_COOKIE) and branch[:7].lower() == "z9hg4bk":
        return (branch, via.sent_by, method)
    # RFC 2543: the URI and To tag of an ACK may differ from the INVITE's, everything else may not.
    return (
        request.call_id,
        str(request.cseq.number),
        request.from_.tag,
        str(via),
        method,
    )


class TransactionLayer:
    """All transactions, matched and driven. `transmit(data, flow, request)` queues what must be sent.

    `request` is what is sent, or answered; None for the ACK of a failure.
    """

    def __init__(self, timers: TimerQueues[Any], transmit: Callable[[bytes, Flow, Request | None], None]) -> None:
        self._timers = timers
        self._transmit = transmit
        self.clients: dict[ClientKey, ClientTransaction] = {}
        self.servers: dict[ServerKey, ServerTransaction] = {}
        self.merges: dict[ServerKey, ServerKey] = {}
        self.retransmissions_sent = 0
        self.retransmissions_received = 0

    # --- starting -----------------------------------------------------------------------------------------------

    def start_client(self, transaction: ClientTransaction, now: float, data: bytes = b"") -> None:
        """Send the request, `data` if it is written already, and run its machine.

        Raises ValueError when a header value holds a line end.
        """
        transaction.last = data or transaction.request.to_bytes()
        transaction.state = INITIAL[transaction.machine]
        self.clients[transaction.key] = transaction
        self._transmit(transaction.last, transaction.flow, transaction.request)
        self._start_timers(transaction, now)

    def start_server(self, transaction: ServerTransaction, merge_key: ServerKey | None) -> None:
        """Run the machine of a new request; `merge_key` recognises the same request on another path (8.2.2.2)."""
        self.servers[transaction.key] = transaction
        if merge_key is not None:
            transaction.merge_key = merge_key
            self.merges[merge_key] = transaction.key

    def supersede(self, transaction: ClientTransaction, request: Request, branch: str, now: float) -> None:
        """Go on with `request` under the same handle; the old attempt stays to absorb retransmitted responses."""
        old = ClientTransaction(transaction.id, transaction.request, transaction.flow, transaction.key[0])
        old.state, old.ack, old.last, old.reported = transaction.state, transaction.ack, transaction.last, False
        old.timers, transaction.timers = transaction.timers, {}
        for timer in old.timers.values():
            if timer.owner is transaction:
                timer.owner = old
        if old.state is TransactionState.TERMINATED:
            self.clients.pop(old.key, None)
        else:
            self.clients[old.key] = old
        transaction.request = request
        transaction.key = (branch, request.method)
        transaction.ack = None
        self.start_client(transaction, now)

    # --- inputs -------------------------------------------------------------------------------------------------

    def response(self, transaction: ClientTransaction, response: Response, now: float) -> tuple[Action, ...]:
        """Feed a response; the answer says whether to report it."""
        status = response.status
        event = Input.RESPONSE_1XX if status < 200 else Input.RESPONSE_2XX if status < 300 else Input.RESPONSE_300_699
        if status >= 300 and transaction.ack is None and transaction.machine is Machine.INVITE_CLIENT:
            transaction.ack = _ack_for_failure(transaction.request, response)
        return self.advance(transaction, event, now)

    def send(self, transaction: ServerTransaction, status: int, data: bytes, now: float) -> None:
        """Send a response. Raises StackMisuseError when the machine has no such transition."""
        event = Input.SEND_1XX if status < 200 else Input.SEND_2XX if status < 300 else Input.SEND_300_699
        if (transaction.state, event) not in TABLES[transaction.machine]:
            raise StackMisuseError(f"{status} to {transaction!r}")
        transaction.last = data
        transaction.status = status
        if transaction.merge_key is not None and (status >= 300 or (status >= 200 and transaction.method != "INVITE")):
            # RFC 3261 section 8.2.2.2 means ongoing ones; some clients answer a challenge under the same CSeq
            self.merges.pop(transaction.merge_key, None)
            transaction.merge_key = None
        self.advance(transaction, event, now)

    def advance(self, transaction: Transaction, event: Input, now: float) -> tuple[Action, ...]:
        """Take one row of the table; return the actions that concern the user agent core."""
        row = TABLES[transaction.machine].get((transaction.state, event))
        if row is None:
            raise StackMisuseError(f"{event.name} in {transaction!r}")
        state, actions = row
        changed = state is not transaction.state
        if changed:
            transaction.state = state
        for action in actions:
            if action is Action.SEND:
                self._transmit(transaction.last or b"", transaction.flow, transaction.request)
            elif action is Action.RESEND:
                self._resend(transaction)
            elif action is Action.RETRANSMIT:
                self._resend(transaction)
                self._next_interval(transaction, now)
            elif action is Action.ACKNOWLEDGE:
                assert isinstance(transaction, ClientTransaction)  # noqa: S101 - only its table has the action
                self._transmit(transaction.ack or b"", transaction.flow, None)
        if changed:
            if state is TransactionState.TERMINATED:
                self._forget(transaction)
            else:
                self._start_timers(transaction, now)
        return actions

    def fire(self, transaction: Transaction, name: TimerName, now: float) -> tuple[Action, ...]:
        """A timer of the transaction is due."""
        transaction.timers.pop(name, None)
        event = TIMER_INPUTS[name]
        if (transaction.state, event) not in TABLES[transaction.machine]:
            return ()
        return self.advance(transaction, event, now)

    def guard_cancel(self, transaction: ClientTransaction, now: float) -> None:
        """Give the peer 64*T1 to end the INVITE after the CANCEL (RFC 3261 section 9.1)."""
        name = TimerName.CANCELLED
        transaction.timers[name] = self._timers.start(now, DURATIONS[name][0], transaction, name)

    # --- inside -------------------------------------------------------------------------------------------------

    def _resend(self, transaction: Transaction) -> None:
        if transaction.last is not None:
            self.retransmissions_sent += 1
            self._transmit(transaction.last, transaction.flow, transaction.request)

    def _next_interval(self, transaction: Transaction, now: float) -> None:
        name = next(name for name in STATE_TIMERS[transaction.machine][transaction.state] if name in RETRANSMISSION)
        longest = LONGEST_INTERVAL[name]
        if name is TimerName.E and transaction.state is TransactionState.PROCEEDING:
            transaction.interval = longest  # RFC 3261 section 17.1.2.2
        else:
            transaction.interval = min(transaction.interval * 2, longest)
        transaction.timers[name] = self._timers.start(now, transaction.interval, transaction, name)

    def _start_timers(self, transaction: Transaction, now: float) -> None:
        """Stop what the state does not have, start what it has and does not run yet."""
        wanted = STATE_TIMERS[transaction.machine].get(transaction.state, ())
        running = transaction.timers
        for name in [name for name in running if name not in wanted]:
            self._timers.cancel(running.pop(name))
        reliable = transaction.flow.transport.reliable
        for name in wanted:
            if name in running or (reliable and name in RETRANSMISSION):
                continue
            duration = DURATIONS[name][reliable]
            if not duration:
                self.advance(transaction, TIMER_INPUTS[name], now)
                return
            if name in RETRANSMISSION:
                transaction.interval = duration
            running[name] = self._timers.start(now, duration, transaction, name)

    def _forget(self, transaction: Transaction) -> None:
        for timer in transaction.timers.values():
            self._timers.cancel(timer)
        transaction.timers.clear()
        if isinstance(transaction, ClientTransaction):
            if self.clients.get(transaction.key) is transaction:
                del self.clients[transaction.key]
        elif isinstance(transaction, ServerTransaction):
            self.servers.pop(transaction.key, None)
            if transaction.merge_key is not None:
                self.merges.pop(transaction.merge_key, None)


def _ack_for_failure(invite: Request, response: Response) -> bytes:
    """The hop-by-hop ACK of a 300-699 response (RFC 3261 section 17.1.1.3)."""
    source = invite.fields
    fields = {
        "via": source["via"][:1],
        "max-forwards": ["70"],
        "from": source["from"],
        "to": response.fields.get("to", source["to"])[:1],
        "call-id": source["call-id"],
        "cseq": [f"{invite.cseq.number} ACK"],
    }
    if "route" in source:
        fields["route"] = source["route"]
    for name in ("authorization", "proxy-authorization"):
        if name in source:
            fields[name] = source[name]
    try:
        return Request("ACK", invite.uri_text, fields).to_bytes()
    except ValueError as error:  # pragma: no cover - a received value cannot hold a line end
        raise MalformedError(str(error)) from error
