"""The whole vocabulary of the stack's output, on one page: what to transmit, and what happened.

`SipStack.poll()` returns these in order until None.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from softacd.sip.transport import Flow, Transport

if TYPE_CHECKING:
    from softacd.sip.dialog import Dialog
    from softacd.sip.message import Request, Response
    from softacd.sip.transaction import ClientTransaction, ServerTransaction

__all__ = [
    "AckMissing",
    "Event",
    "FailureCause",
    "Flow",
    "IncomingAck",
    "IncomingCancel",
    "IncomingRequest",
    "IncomingResponse",
    "PrackMissing",
    "StackCounters",
    "Trace",
    "TransactionFailed",
    "Transmit",
    "Transport",
]


class FailureCause(StrEnum):
    """Why a client transaction ended without a final response (RFC 3261 section 8.1.3.1)."""

    TIMEOUT = "timeout"  # treat as 408
    TRANSPORT = "transport"  # treat as 503


class Transmit(msgspec.Struct, frozen=True, gc=False):
    """Send `data` by `flow`."""

    data: bytes
    flow: Flow


class IncomingRequest(msgspec.Struct, frozen=True):
    """A new request to be answered with SipStack.respond: any method but ACK and CANCEL."""

    transaction: ServerTransaction
    request: Request
    flow: Flow  # what it came by; answers take care of themselves
    dialog: Dialog | None  # set when it came inside one


class IncomingCancel(msgspec.Struct, frozen=True):
    """The caller gave up. The CANCEL was answered 200 and the INVITE 487 already."""

    transaction: ServerTransaction  # the INVITE's
    request: Request  # the CANCEL, for its Reason header


class IncomingAck(msgspec.Struct, frozen=True):
    """The ACK of a 2xx sent by SipStack.respond."""

    dialog: Dialog
    request: Request


class IncomingResponse(msgspec.Struct, frozen=True):
    """A provisional response other than 100, or a final one."""

    transaction: ClientTransaction
    response: Response
    dialog: Dialog | None  # INVITE: 101-199 with a To tag and 2xx; and every response inside a dialog


class TransactionFailed(msgspec.Struct, frozen=True):
    """No final response will come."""

    transaction: ClientTransaction
    cause: FailureCause


class AckMissing(msgspec.Struct, frozen=True):
    """A 2xx was retransmitted for 64*T1 without an ACK: send a BYE (RFC 3261 section 13.3.1.4)."""

    dialog: Dialog


class PrackMissing(msgspec.Struct, frozen=True):
    """A reliable provisional was retransmitted for 64*T1 without a PRACK: refuse the INVITE with 5xx (RFC 3262)."""

    dialog: Dialog


class Trace(msgspec.Struct, frozen=True, gc=False):
    """One message in or out, retransmissions included; only while SipStack.tracing is True."""

    at: float  # the `now` of the input that caused it
    call_id: str
    sent: bool
    flow: Flow
    start_line: str
    cseq: str  # "314 INVITE"


class StackCounters(msgspec.Struct, frozen=True):
    """A snapshot; the first seven are now, the rest count since the start."""

    client_transactions: int
    unanswered: int  # of these, requests whose final response has not come
    server_transactions: int
    unfinished: int  # of both kinds, those whose final response has neither come nor been sent
    dialogs: int
    timers: int
    output: int  # waiting for poll()
    requests: int  # new ones passed to the transaction user
    responses: int  # new ones passed to the transaction user
    malformed: int  # messages that broke the grammar, answered or not
    rejected: int  # requests the stack answered itself: 400, 416, 420, 481, 482, 483, 500, 503, 505 and so on
    stray: int  # responses and ACKs that match nothing
    retransmissions_sent: int
    retransmissions_received: int


Event = (
    IncomingRequest
    | IncomingCancel
    | IncomingAck
    | IncomingResponse
    | TransactionFailed
    | AckMissing
    | PrackMissing
    | Trace
)
