"""A request too large for a datagram goes over a stream; where there is none, over UDP (RFC 3261 section 18.1.1)."""

from typing import Any

import pytest

from softacd.sip.events import FailureCause, TransactionFailed, Transmit
from softacd.sip.headers import NameAddress
from softacd.sip.parser import parse_message
from softacd.sip.transaction import ClientTransaction
from softacd.sip.transport import Flow, Transport
from tests.sip.ladder import new_stack

UDP = Flow(Transport.UDP, ("192.0.2.1", 5060), ("203.0.113.9", 5060))
TCP = UDP._replace(transport=Transport.TCP)


def call(stack: Any, size: int, flow: Flow = UDP) -> ClientTransaction:
    address = NameAddress.parse("<sip:100@softacd.example>")
    transaction: ClientTransaction = stack.invite(
        uri="sip:1@203.0.113.9", flow=flow, from_=address, to=address, body=b"x" * size, now=0.0
    )
    return transaction


def sent(stack: Any) -> list[tuple[Transport, str, int]]:
    """Transport, Via and size of everything waiting to go out."""
    found = []
    while (item := stack.poll()) is not None:
        if isinstance(item, Transmit):
            found.append((item.flow.transport, parse_message(item.data).top_via.transport, len(item.data)))
    return found


@pytest.mark.parametrize(("size", "transport"), [(300, Transport.UDP), (1200, Transport.TCP), (9000, Transport.TCP)])
def test_the_size_decides(size: int, transport: Transport) -> None:
    stack = new_stack()
    stack.stream_beside = lambda flow: TCP
    call(stack, size)
    [(used, via, length)] = sent(stack)
    assert (used, via) == (transport, transport.upper())
    assert (length > 1300) == (transport is Transport.TCP)


def test_the_estimate_is_near_the_truth() -> None:
    for size in range(900, 1300, 7):
        stack = new_stack()
        stack.stream_beside = lambda flow: TCP
        call(stack, size)
        [(used, _, length)] = sent(stack)
        if abs(length - 1300) > 40:
            assert (used is Transport.TCP) == (length > 1300)


def test_a_peer_without_streams_gets_it_over_udp() -> None:
    stack = new_stack()
    call(stack, 5000)
    stack.stream_beside = lambda flow: None
    call(stack, 5000)
    assert [transport for transport, _, _ in sent(stack)] == [Transport.UDP, Transport.UDP]


def test_a_refused_connection_is_followed_by_udp_under_the_same_handle() -> None:
    stack = new_stack()
    stack.stream_beside = lambda flow: TCP
    transaction = call(stack, 5000)
    sent(stack)
    stack.flow_failed(TCP, 0.1)
    [(used, via, _)] = sent(stack)
    assert (used, via) == (Transport.UDP, "UDP")
    assert transaction.flow == UDP
    stack.handle_deadline(0.6)
    assert [transport for transport, _, _ in sent(stack)] == [Transport.UDP]  # timer A runs now
    failed = []
    stack.handle_deadline(40.0)
    while (item := stack.poll()) is not None:
        failed.append(item)
    assert [item.cause for item in failed if isinstance(item, TransactionFailed)] == [FailureCause.TIMEOUT]
    assert stack.counters().client_transactions == 0


def test_a_connection_lost_later_is_a_failure() -> None:
    stack = new_stack()
    stack.stream_beside = lambda flow: TCP
    transaction = call(stack, 5000)
    invite = next(item for item in iter(stack.poll, None) if isinstance(item, Transmit))
    request = parse_message(invite.data)
    ringing = (
        f"SIP/2.0 180 Ringing\r\nVia: {request.header('via')}\r\nFrom: {request.header('from')}\r\n"
        f"To: {request.header('to')};tag=b\r\nCall-ID: {request.call_id}\r\nCSeq: 1 INVITE\r\n\r\n"
    )
    stack.receive(ringing.encode(), TCP, 0.1)
    stack.flow_failed(TCP, 0.2)
    failures = [item for item in iter(stack.poll, None) if isinstance(item, TransactionFailed)]
    assert [failure.transaction for failure in failures] == [transaction]
