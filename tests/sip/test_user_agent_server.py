"""Callers and their ladders (RFC 3261 sections 8.2, 9.2, 12.2.2, 13.3)."""

from __future__ import annotations

import pytest

from softacd.sip.errors import StackMisuseError
from softacd.sip.events import (
    AckMissing,
    IncomingAck,
    IncomingCancel,
    IncomingRequest,
    IncomingResponse,
)
from softacd.sip.headers import NameAddress
from softacd.sip.limits import Limits
from softacd.sip.transaction_table import TransactionState
from tests.playbook import CARRIER, PHONE, STREAM, Playbook, do, event, nothing, receive, sends, wait
from tests.sip.ladder import INVITE, answer, new_stack, request


@pytest.fixture
def play() -> Playbook:
    return Playbook(new_stack())


def test_a_caller_is_answered_talks_and_hangs_up(play: Playbook) -> None:
    play >> receive(INVITE)
    play << sends(
        "SIP/2.0 100 Trying",
        PHONE,
        via="SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKa1;rport=5060;received=198.51.100.7",
    )
    play << event(IncomingRequest, dialog=None)
    transaction = play.event.transaction
    assert play.event.request.from_.display_name == "Anna"

    play >> do(lambda stack, now: stack.respond(transaction, 180, now=now)) << sends("SIP/2.0 180 Ringing")
    dialog = play.result
    assert dialog.state == "early"

    play >> do(lambda stack, now: stack.respond(transaction, 200, now=now, body=b"v=0\r\n"))
    play << sends("SIP/2.0 200 OK", content_type="application/sdp", contact="<sip:600@192.0.2.1:5060>")
    assert play.result is dialog
    assert dialog.state == "confirmed"

    play >> receive(request("ACK", 10, dialog.local.tag, branch="z9hG4bKb")) << event(IncomingAck, dialog=dialog)
    play >> receive(request("BYE", 11, dialog.local.tag, branch="z9hG4bKc"))
    play << event(IncomingRequest, dialog=dialog)
    bye = play.event.transaction
    play >> do(lambda stack, now: stack.respond(bye, 200, now=now)) << sends("SIP/2.0 200 OK", cseq="11 BYE")
    assert dialog.state == "terminated"

    play >> wait(64) << nothing()
    counters = play.stack.counters()
    assert (counters.server_transactions, counters.dialogs, counters.timers) == (0, 0, 0)


def test_a_repeated_invite_gets_the_last_answer_again_and_no_second_event(play: Playbook) -> None:
    play >> receive(INVITE) << sends("SIP/2.0 100") << event(IncomingRequest)
    transaction = play.event.transaction
    play >> receive(INVITE) << sends("SIP/2.0 100")
    play >> do(lambda stack, now: stack.respond(transaction, 180, now=now)) << sends("SIP/2.0 180")
    play >> receive(INVITE) << sends("SIP/2.0 180")


def test_a_2xx_is_repeated_until_its_ack(play: Playbook) -> None:
    play >> receive(INVITE) << sends("SIP/2.0 100") << event(IncomingRequest)
    transaction = play.event.transaction
    play >> do(lambda stack, now: stack.respond(transaction, 200, now=now)) << sends("SIP/2.0 200")
    dialog = play.result
    play >> wait(0.5) << sends("SIP/2.0 200")
    play >> wait(1.0) << sends("SIP/2.0 200")
    play >> wait(2.0) << sends("SIP/2.0 200")
    play >> wait(4.0) << sends("SIP/2.0 200")
    play >> wait(4.0) << sends("SIP/2.0 200")
    play >> receive(request("ACK", 10, dialog.local.tag, branch="z9hG4bKb")) << event(IncomingAck)
    play >> wait(64) << nothing()
    assert dialog.state == "confirmed"


def test_without_an_ack_the_user_is_told_after_64_t1(play: Playbook) -> None:
    play >> receive(INVITE) << sends("SIP/2.0 100") << event(IncomingRequest)
    transaction = play.event.transaction
    play >> do(lambda stack, now: stack.respond(transaction, 200, now=now)) << sends("SIP/2.0 200")
    dialog = play.result
    play >> wait(32.0)
    for _ in range(10):
        play << sends("SIP/2.0 200")
    play << event(AckMissing, dialog=dialog)
    play >> do(lambda stack, now: stack.request_in_dialog(dialog, "BYE", now=now))
    play << sends("BYE sip:anna@198.51.100.7:5060", cseq="1 BYE")
    play >> receive(answer(play, 200)) << event(IncomingResponse, dialog=dialog)
    assert dialog.state == "terminated"


def test_a_rejection_is_repeated_until_its_ack_and_the_ack_is_absorbed(play: Playbook) -> None:
    play >> receive(INVITE) << sends("SIP/2.0 100") << event(IncomingRequest)
    transaction = play.event.transaction
    play >> do(lambda stack, now: stack.respond(transaction, 486, now=now)) << sends("SIP/2.0 486 Busy Here")
    tag = play.sent.to.tag
    play >> wait(0.5) << sends("SIP/2.0 486")
    play >> receive(request("ACK", 10, tag, branch="z9hG4bKa1"))
    play >> wait(4.9) << nothing()
    assert transaction.state is TransactionState.CONFIRMED
    play >> wait(0.1) << nothing()
    assert play.stack.counters().server_transactions == 0


def test_a_second_final_response_is_a_misuse(play: Playbook) -> None:
    play >> receive(INVITE) << sends("SIP/2.0 100") << event(IncomingRequest)
    transaction = play.event.transaction
    play >> do(lambda stack, now: stack.respond(transaction, 486, now=now)) << sends("SIP/2.0 486")
    with pytest.raises(StackMisuseError, match="answered 486"):
        play.stack.respond(transaction, 200, now=play.now)


def test_cancel_is_answered_200_and_the_invite_487(play: Playbook) -> None:
    play >> receive(INVITE) << sends("SIP/2.0 100") << event(IncomingRequest)
    transaction = play.event.transaction
    play >> do(lambda stack, now: stack.respond(transaction, 180, now=now)) << sends("SIP/2.0 180")
    dialog = play.result
    play >> receive(request("CANCEL", 10, "", branch="z9hG4bKa1", extra="Reason: SIP;cause=200\n"))
    play << sends("SIP/2.0 200 OK", cseq="10 CANCEL") << sends("SIP/2.0 487", cseq="10 INVITE")
    play << event(IncomingCancel, transaction=transaction)
    assert play.event.request.header("Reason") == "SIP;cause=200"
    assert dialog.state == "terminated"
    play >> receive(request("CANCEL", 10, "", branch="z9hG4bKa1")) << sends("SIP/2.0 200 OK", cseq="10 CANCEL")
    play >> receive(request("ACK", 10, dialog.local.tag, branch="z9hG4bKa1")) << nothing()


def test_cancel_after_the_answer_changes_nothing(play: Playbook) -> None:
    play >> receive(INVITE) << sends("SIP/2.0 100") << event(IncomingRequest)
    transaction = play.event.transaction
    play >> do(lambda stack, now: stack.respond(transaction, 200, now=now)) << sends("SIP/2.0 200")
    play >> receive(request("CANCEL", 10, "", branch="z9hG4bKa1")) << sends("SIP/2.0 200 OK", cseq="10 CANCEL")


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        ("Max-Forwards: 70", "Max-Forwards: 0", 483),
        ("Max-Forwards: 70", "Max-Forwards: 300", 400),
        ("CSeq: 10 INVITE", "CSeq: 10 BYE", 400),
        ("sip:600@192.0.2.1 SIP/2.0", "news:600 SIP/2.0", 416),
        ("SIP/2.0\nVia", "SIP/3.0\nVia", 505),
        ("Max-Forwards: 70", "Max-Forwards: 70\nRequire: teleport, path", 420),
        ("Contact: <sip:anna@198.51.100.7:5060>\n", "", 400),
        ("Content-Length: 4", "Content-Length: 400", 400),
        ("To: <sip:600@192.0.2.1>", 'To: "600 <sip:600@192.0.2.1>', 400),
    ],
)
def test_what_cannot_be_served_is_answered_and_costs_no_memory(play: Playbook, old: str, new: str, status: int) -> None:
    assert old in INVITE
    play >> receive(INVITE.replace(old, new)) << sends(f"SIP/2.0 {status} ", call_id="call-1") << nothing()
    counters = play.stack.counters()
    assert (counters.rejected, counters.server_transactions, counters.dialogs) == (1, 0, 0)
    if status == 420:
        assert play.sent.header("Unsupported") == "teleport"


def test_the_same_call_over_two_paths_is_482(play: Playbook) -> None:
    play >> receive(INVITE) << sends("SIP/2.0 100") << event(IncomingRequest)
    play >> receive(INVITE.replace("z9hG4bKa1", "z9hG4bKa2")) << sends("SIP/2.0 482")


def test_beyond_the_limits_it_is_503_with_retry_after() -> None:
    play = Playbook(new_stack(limits=Limits(server_transactions=1, retry_after=7)))
    play >> receive(INVITE) << sends("SIP/2.0 100") << event(IncomingRequest)
    other = INVITE.replace("z9hG4bKa1", "z9hG4bKa2").replace("call-1", "call-2")
    play >> receive(other) << sends("SIP/2.0 503", retry_after="7", call_id="call-2")


def test_keep_alives_cost_nothing(play: Playbook) -> None:
    play >> receive(b"\r\n\r\n", PHONE) << nothing()
    play >> receive(b"\0\0\0\0", PHONE) << nothing()
    play >> do(lambda stack, now: stack.receive(b"\r\n\r\n", STREAM, now))
    assert play.pending.pop().data == b"\r\n"
    assert play.stack.counters().malformed == 0


def test_a_value_cannot_inject_a_header(play: Playbook) -> None:
    with pytest.raises(ValueError, match="line end"):
        play.stack.request(
            "OPTIONS",
            uri="sip:a@b",
            flow=CARRIER,
            from_=NameAddress.parse("<sip:a@b>"),
            to=NameAddress.parse("<sip:a@b>"),
            headers=[("Subject", "x\r\nEvil: yes")],
            now=0,
        )
    assert play.stack.counters().client_transactions == 0


def test_a_broken_ack_is_not_answered(play: Playbook) -> None:
    play >> receive(request("ACK", 10, "x", branch="z9hG4bKx").replace("CSeq: 10 ACK", "CSeq: ten ACK")) << nothing()
    assert play.stack.counters().malformed == 1


def test_a_challenge_answered_under_the_same_cseq_is_not_a_merged_request(play: Playbook) -> None:
    play >> receive(INVITE) << sends("SIP/2.0 100") << event(IncomingRequest)
    transaction = play.event.transaction
    play >> do(lambda stack, now: stack.respond(transaction, 407, now=now)) << sends("SIP/2.0 407")
    play >> receive(INVITE.replace("z9hG4bKa1", "z9hG4bKa2")) << sends("SIP/2.0 100") << event(IncomingRequest)
