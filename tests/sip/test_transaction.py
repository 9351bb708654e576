"""Transactions on streams, lone timers and matching (RFC 3261 section 17)."""

from __future__ import annotations

import pytest

from softacd.sip.events import FailureCause, IncomingRequest, IncomingResponse, TransactionFailed
from softacd.sip.headers import NameAddress
from softacd.sip.transaction_table import TransactionState
from softacd.sip.transport import Flow
from tests.playbook import CARRIER, STREAM, Playbook, Stimulus, do, event, nothing, receive, sends, wait
from tests.sip.ladder import INVITE, answer, new_stack, request

TCP_INVITE = INVITE.replace("SIP/2.0/UDP", "SIP/2.0/TCP")


@pytest.fixture
def play() -> Playbook:
    return Playbook(new_stack())


def options(flow: Flow = CARRIER) -> Stimulus:
    address = NameAddress.parse("<sip:x@y>")
    return do(lambda stack, now: stack.request("OPTIONS", uri="sip:x@y", flow=flow, from_=address, to=address, now=now))


def invite(flow: Flow) -> Stimulus:
    address = NameAddress.parse("<sip:x@y>")
    return do(lambda stack, now: stack.invite(uri="sip:x@y", flow=flow, from_=address, to=address, body=b"", now=now))


def test_timer_e_doubles_up_to_t2_and_timer_f_ends_it(play: Playbook) -> None:
    play >> options() << sends("OPTIONS")
    for pause in (0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0):
        play >> wait(pause - 0.001) << nothing()
        play >> wait(0.001) << sends("OPTIONS")
    play >> wait(0.5) << event(TransactionFailed, cause=FailureCause.TIMEOUT)
    play >> wait(100) << nothing()


def test_a_provisional_response_slows_timer_e_to_t2(play: Playbook) -> None:
    play >> options() << sends("OPTIONS")
    play >> receive(answer(play, 100), CARRIER) << nothing()
    play >> wait(0.5) << sends("OPTIONS")
    play >> wait(3.999) << nothing()
    play >> wait(0.001) << sends("OPTIONS")


def test_a_repeated_response_is_absorbed_for_t4(play: Playbook) -> None:
    play >> options() << sends("OPTIONS")
    ok = answer(play, 200, "x")
    play >> receive(ok, CARRIER) << event(IncomingResponse)
    play >> wait(4.9) >> receive(ok, CARRIER) << nothing()
    assert play.stack.counters().retransmissions_received == 1
    play >> wait(0.1) >> receive(ok, CARRIER) << nothing()
    assert play.stack.counters().stray == 1


def test_on_a_stream_nothing_is_repeated_and_nothing_lingers(play: Playbook) -> None:
    play >> options(STREAM) << sends("OPTIONS", STREAM)
    play >> wait(31.9) << nothing()
    play >> receive(answer(play, 200, "x"), STREAM) << event(IncomingResponse)
    assert play.stack.counters().client_transactions == 0


def test_on_a_stream_a_rejection_is_sent_once_and_its_ack_ends_it(play: Playbook) -> None:
    play >> receive(TCP_INVITE, STREAM) << sends("SIP/2.0 100", STREAM) << event(IncomingRequest)
    transaction = play.event.transaction
    play >> do(lambda stack, now: stack.respond(transaction, 486, now=now)) << sends("SIP/2.0 486", STREAM)
    tag = play.sent.to.tag
    play >> wait(10) << nothing()
    ack = request("ACK", 10, tag, branch="z9hG4bKa1").replace("/UDP", "/TCP")
    play >> receive(ack, STREAM) << nothing()
    assert transaction.state is TransactionState.TERMINATED
    assert play.stack.counters().server_transactions == 0


def test_without_an_ack_a_rejection_is_given_up_after_64_t1(play: Playbook) -> None:
    play >> receive(INVITE) << sends("SIP/2.0 100") << event(IncomingRequest)
    transaction = play.event.transaction
    play >> do(lambda stack, now: stack.respond(transaction, 486, now=now)) << sends("SIP/2.0 486")
    play >> wait(31.9)
    for _ in range(10):
        play << sends("SIP/2.0 486")
    play >> wait(0.1) << nothing()
    assert play.stack.counters().server_transactions == 0


def test_a_connection_that_is_lost_fails_what_rings_on_it_and_nothing_else(play: Playbook) -> None:
    other = STREAM._replace(connection=4)
    calls = []
    for flow in (STREAM, other):
        play >> invite(flow)
        play << sends("INVITE", flow)
        calls.append(play.result)
        play >> receive(answer(play, 180, "far"), flow) << event(IncomingResponse)
    play >> do(lambda stack, now: stack.flow_failed(STREAM, now))
    play << event(TransactionFailed, transaction=calls[0], cause=FailureCause.TRANSPORT)
    assert calls[1].state is TransactionState.PROCEEDING


def test_responses_go_where_the_via_says(play: Playbook) -> None:
    # without rport: the source address, the port of sent-by (RFC 3261 section 18.2.2)
    bare = INVITE.replace(";rport", "").replace("198.51.100.7:5060;branch", "phone.example:5070;branch")
    play >> receive(bare) << sends("SIP/2.0 100", Flow(*CARRIER[:2], ("198.51.100.7", 5070)))
    assert play.sent.top_via.parameters["received"] == "198.51.100.7"
    play << event(IncomingRequest)


def test_without_the_cookie_requests_are_matched_as_rfc_2543_does(play: Playbook) -> None:
    old = INVITE.replace("z9hG4bKa1", "1")
    play >> receive(old) << sends("SIP/2.0 100") << event(IncomingRequest)
    transaction = play.event.transaction
    play >> receive(old) << sends("SIP/2.0 100")
    play >> receive(request("CANCEL", 10, "", branch="1")) << sends("SIP/2.0 200") << sends("SIP/2.0 487")
    tag = play.sent.to.tag
    play.pending.pop()
    play >> receive(request("ACK", 10, tag, branch="1")) << nothing()
    assert transaction.state is TransactionState.CONFIRMED


def test_a_response_that_came_through_another_element_is_not_ours(play: Playbook) -> None:
    play >> options() << sends("OPTIONS")
    ok = answer(play, 200, "x").replace("From:", "Via: SIP/2.0/UDP elsewhere\nFrom:", 1)
    play >> receive(ok, CARRIER) << nothing()
    assert play.stack.counters().stray == 1


def test_on_a_stream_an_answered_request_is_forgotten_at_once(play: Playbook) -> None:
    play >> receive(request("OPTIONS", 1, "", branch="z9hG4bKo").replace("/UDP", "/TCP"), STREAM)
    play << event(IncomingRequest)
    transaction = play.event.transaction
    play >> do(lambda stack, now: stack.respond(transaction, 200, now=now)) << sends("SIP/2.0 200", STREAM)
    assert play.stack.counters().server_transactions == 0
