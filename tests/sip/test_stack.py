"""The facade, told as ladders between softacd and one peer."""

from __future__ import annotations

from itertools import count

import pytest

from softacd.sip.dialog import DialogState
from softacd.sip.digest import Credentials
from softacd.sip.errors import StackMisuseError
from softacd.sip.events import (
    AckMissing,
    FailureCause,
    IncomingAck,
    IncomingCancel,
    IncomingRequest,
    IncomingResponse,
    TransactionFailed,
)
from softacd.sip.headers import NameAddress
from softacd.sip.limits import Limits
from softacd.sip.stack import SipStack
from softacd.sip.transaction_table import TransactionState
from tests.playbook import CARRIER, PHONE, STREAM, Playbook, do, event, nothing, receive, sends, wait

INVITE = """\
INVITE sip:600@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKa1;rport
Max-Forwards: 70
From: "Anna" <sip:anna@192.0.2.1>;tag=anna1
To: <sip:600@192.0.2.1>
Call-ID: call-1
CSeq: 10 INVITE
Contact: <sip:anna@198.51.100.7:5060>
Content-Type: application/sdp
Content-Length: 4

v=0
"""


def new_stack(**options: object) -> SipStack:
    numbers = count(1)
    return SipStack(token=lambda: f"t{next(numbers)}", user_agent="", **options)  # type: ignore[arg-type]  # options of one test


@pytest.fixture
def play() -> Playbook:
    return Playbook(new_stack())


def request(method: str, number: int, to_tag: str, *, branch: str, extra: str = "") -> str:
    """A request of the caller of INVITE."""
    to = f";tag={to_tag}" if to_tag else ""
    return (
        f"{method} sip:600@192.0.2.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 198.51.100.7:5060;branch={branch};rport\n"
        f'Max-Forwards: 70\nFrom: "Anna" <sip:anna@192.0.2.1>;tag=anna1\nTo: <sip:600@192.0.2.1>{to}\n'
        f"Call-ID: call-1\nCSeq: {number} {method}\n{extra}Content-Length: 0\n\n"
    )


def answer(play: Playbook, status: int, tag: str = "", extra: str = "", body: str = "") -> str:
    """The peer's response to the last request the stack has sent."""
    sent = play.sent
    assert sent is not None
    to = sent.header("to") or ""
    if tag and ";tag=" not in to:
        to += f";tag={tag}"
    return (
        f"SIP/2.0 {status} Whatever\nVia: {sent.header('via')}\nFrom: {sent.header('from')}\nTo: {to}\n"
        f"Call-ID: {sent.call_id}\nCSeq: {sent.header('cseq')}\n{extra}Content-Length: {len(body)}\n\n{body}"
    )


def call_out(**options: object) -> object:
    return do(
        lambda stack, now: stack.invite(
            uri="sip:+40721@203.0.113.9",
            flow=CARRIER,
            from_=NameAddress.parse("<sip:100@softacd.example>"),
            to=NameAddress.parse("<sip:+40721@203.0.113.9>"),
            body=b"v=0\r\n",
            contact_user="100",
            now=now,
            **options,  # type: ignore[arg-type]  # options of one test
        )
    )


def accept(play: Playbook) -> Playbook:
    """A caller is answered and has acknowledged."""
    play >> receive(INVITE) << sends("SIP/2.0 100") << event(IncomingRequest)
    transaction = play.event.transaction
    play >> do(lambda stack, now: stack.respond(transaction, 200, now=now, body=b"v=0\r\n"))
    play << sends("SIP/2.0 200 OK", contact="<sip:600@192.0.2.1:5060>")
    dialog = play.result
    play >> receive(request("ACK", 10, dialog.local.tag, branch="z9hG4bKack")) << event(IncomingAck, dialog=dialog)
    play.result = dialog
    return play


# --- user agent server --------------------------------------------------------------------------------------------


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
    assert dialog.state is DialogState.EARLY

    play >> do(lambda stack, now: stack.respond(transaction, 200, now=now, body=b"v=0\r\n"))
    play << sends("SIP/2.0 200 OK", content_type="application/sdp", contact="<sip:600@192.0.2.1:5060>")
    assert play.result is dialog
    assert dialog.state is DialogState.CONFIRMED

    play >> receive(request("ACK", 10, dialog.local.tag, branch="z9hG4bKb")) << event(IncomingAck, dialog=dialog)
    play >> receive(request("BYE", 11, dialog.local.tag, branch="z9hG4bKc"))
    play << event(IncomingRequest, dialog=dialog)
    bye = play.event.transaction
    play >> do(lambda stack, now: stack.respond(bye, 200, now=now)) << sends("SIP/2.0 200 OK", cseq="11 BYE")
    assert dialog.state is DialogState.TERMINATED

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
    assert dialog.state is DialogState.CONFIRMED


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
    assert dialog.state is DialogState.TERMINATED


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
    assert dialog.state is DialogState.TERMINATED
    play >> receive(request("CANCEL", 10, "", branch="z9hG4bKa1")) << sends("SIP/2.0 200 OK", cseq="10 CANCEL")
    play >> receive(request("ACK", 10, dialog.local.tag, branch="z9hG4bKa1")) << nothing()


def test_cancel_after_the_answer_changes_nothing(play: Playbook) -> None:
    play >> receive(INVITE) << sends("SIP/2.0 100") << event(IncomingRequest)
    transaction = play.event.transaction
    play >> do(lambda stack, now: stack.respond(transaction, 200, now=now)) << sends("SIP/2.0 200")
    play >> receive(request("CANCEL", 10, "", branch="z9hG4bKa1")) << sends("SIP/2.0 200 OK", cseq="10 CANCEL")


# --- user agent client --------------------------------------------------------------------------------------------


def test_a_call_out_rings_is_answered_and_ended(play: Playbook) -> None:
    play >> call_out()
    play << sends(
        "INVITE sip:+40721@203.0.113.9 SIP/2.0", CARRIER, contact="<sip:100@192.0.2.1:5060>", max_forwards="70"
    )
    invite = play.result
    play >> receive(answer(play, 100), CARRIER) << nothing()
    play >> receive(answer(play, 180, "far"), CARRIER) << event(IncomingResponse, transaction=invite)
    dialog = play.event.dialog
    assert dialog.state is DialogState.EARLY
    contact = "Contact: <sip:gw@203.0.113.9:5080>\n"
    ok = answer(play, 200, "far", contact)
    play >> receive(ok, CARRIER) << event(IncomingResponse, transaction=invite, dialog=dialog)
    assert dialog.state is DialogState.CONFIRMED
    play >> do(lambda stack, now: stack.acknowledge(dialog, now))
    play << sends("ACK sip:gw@203.0.113.9:5080", CARRIER._replace(remote=("203.0.113.9", 5080)), cseq="1 ACK")
    play >> receive(ok, CARRIER) << sends("ACK sip:gw@203.0.113.9:5080")
    play >> wait(40) << nothing()
    play >> receive(ok, CARRIER) << sends("ACK sip:gw@203.0.113.9:5080")
    play >> do(lambda stack, now: stack.request_in_dialog(dialog, "BYE", now=now)) << sends("BYE sip:gw", cseq="2 BYE")
    play >> receive(answer(play, 200), CARRIER) << event(IncomingResponse, dialog=dialog)
    play >> wait(64) << nothing()
    counters = play.stack.counters()
    assert (counters.client_transactions, counters.dialogs, counters.timers) == (0, 0, 0)


def test_an_unanswered_invite_is_repeated_and_times_out_after_64_t1(play: Playbook) -> None:
    play >> call_out() << sends("INVITE")
    invite = play.result
    for pause in (0.5, 1, 2, 4, 8, 16):
        play >> wait(pause - 0.001) << nothing()
        play >> wait(0.001) << sends("INVITE")
    play >> wait(0.5) << event(TransactionFailed, transaction=invite, cause=FailureCause.TIMEOUT)
    assert play.stack.counters().client_transactions == 0


def test_a_rejected_call_is_acknowledged_by_the_stack(play: Playbook) -> None:
    play >> call_out() << sends("INVITE")
    branch = play.sent.top_via.branch
    busy = answer(play, 486, "far")
    (
        play
        >> receive(busy, CARRIER)
        << sends("ACK sip:+40721@203.0.113.9", cseq="1 ACK", to="<sip:+40721@203.0.113.9>;tag=far")
    )
    assert play.sent.top_via.branch == branch
    play << event(IncomingResponse, dialog=None)
    play >> receive(busy, CARRIER) << sends("ACK")
    play >> wait(32) << nothing()
    assert play.stack.counters().client_transactions == 0


def test_cancel_waits_for_a_provisional_response(play: Playbook) -> None:
    play >> call_out() << sends("INVITE")
    invite, sent = play.result, play.sent
    (
        play
        >> do(lambda stack, now: stack.cancel(invite, now, reason='SIP;cause=200;text="Call completed elsewhere"'))
        << nothing()
    )
    play >> receive(answer(play, 100), CARRIER)
    play << sends(
        "CANCEL sip:+40721@203.0.113.9", cseq="1 CANCEL", reason='SIP;cause=200;text="Call completed elsewhere"'
    )
    assert play.sent.top_via.branch == sent.top_via.branch
    play >> receive(answer(play, 200), CARRIER) << nothing()
    play.sent = sent
    play >> receive(answer(play, 487, "far"), CARRIER) << sends("ACK") << event(IncomingResponse, transaction=invite)


def test_a_2xx_that_crosses_the_cancel_is_reported(play: Playbook) -> None:
    play >> call_out() << sends("INVITE")
    invite, sent = play.result, play.sent
    play >> receive(answer(play, 180, "far"), CARRIER) << event(IncomingResponse)
    play >> do(lambda stack, now: stack.cancel(invite, now)) << sends("CANCEL")
    play.sent = sent
    play >> receive(answer(play, 200, "far"), CARRIER) << event(IncomingResponse, transaction=invite)
    assert play.event.dialog.state is DialogState.CONFIRMED


def test_a_cancelled_invite_nobody_ends_times_out(play: Playbook) -> None:
    play >> call_out() << sends("INVITE")
    invite = play.result
    play >> receive(answer(play, 180, "far"), CARRIER) << event(IncomingResponse)
    dialog = play.event.dialog
    play >> do(lambda stack, now: stack.cancel(invite, now)) << sends("CANCEL")
    play >> receive(answer(play, 200), CARRIER)
    play >> wait(32) << event(TransactionFailed, transaction=invite, cause=FailureCause.TIMEOUT)
    assert dialog.state is DialogState.TERMINATED


def test_two_forks_that_answer_give_two_dialogs(play: Playbook) -> None:
    play >> call_out() << sends("INVITE")
    invite = play.sent
    play >> receive(answer(play, 200, "one"), CARRIER) << event(IncomingResponse)
    first = play.event.dialog
    play.sent = invite
    play >> receive(answer(play, 200, "two"), CARRIER) << event(IncomingResponse)
    second = play.event.dialog
    assert first is not second
    assert (first.remote.tag, second.remote.tag) == ("one", "two")


def test_a_challenge_is_answered_under_the_same_handle(play: Playbook) -> None:
    play >> call_out(credentials=Credentials("u", "secret")) << sends("INVITE", cseq="1 INVITE")
    invite = play.result
    challenge = 'Proxy-Authenticate: Digest realm="carrier", nonce="n1", qop="auth", algorithm=MD5\n'
    (
        play
        >> receive(answer(play, 407, "p", challenge), CARRIER)
        << sends("ACK", cseq="1 ACK")
        << sends("INVITE", cseq="2 INVITE")
    )
    assert 'username="u"' in play.sent.header("proxy-authorization")
    play >> receive(answer(play, 200, "far"), CARRIER) << event(IncomingResponse, transaction=invite)
    dialog = play.event.dialog
    play >> do(lambda stack, now: stack.acknowledge(dialog, now)) << sends("ACK", cseq="2 ACK")
    assert "secret" not in repr(Credentials("u", "secret"))


def test_wrong_credentials_are_reported_once_refused(play: Playbook) -> None:
    play >> call_out(credentials=Credentials("u", "secret")) << sends("INVITE")
    challenge = 'WWW-Authenticate: Digest realm="carrier", nonce="n1", qop="auth"\n'
    play >> receive(answer(play, 401, "p", challenge), CARRIER) << sends("ACK") << sends("INVITE", cseq="2 INVITE")
    play >> receive(answer(play, 401, "p", challenge), CARRIER) << sends("ACK") << event(IncomingResponse)
    assert play.event.response.status == 401


def test_icmp_fails_what_was_being_sent(play: Playbook) -> None:
    play >> call_out() << sends("INVITE")
    invite = play.result
    play >> do(lambda stack, now: stack.flow_failed(CARRIER, now))
    play << event(TransactionFailed, transaction=invite, cause=FailureCause.TRANSPORT)


# --- in the dialog ------------------------------------------------------------------------------------------------


def test_a_request_for_a_dialog_nobody_knows_is_481(play: Playbook) -> None:
    play >> receive(request("BYE", 11, "nobody", branch="z9hG4bKx")) << sends("SIP/2.0 481", cseq="11 BYE")
    play >> receive(request("ACK", 11, "nobody", branch="z9hG4bKy")) << nothing()


def test_an_old_cseq_is_500(play: Playbook) -> None:
    accept(play)
    play >> receive(request("INFO", 9, play.result.local.tag, branch="z9hG4bKx")) << sends("SIP/2.0 500")


def test_crossing_reinvites_are_491(play: Playbook) -> None:
    accept(play)
    dialog = play.result
    play >> do(
        lambda stack, now: stack.request_in_dialog(
            dialog, "INVITE", now=now, body=b"v=0\r\n", content_type="application/sdp"
        )
    )
    play << sends("INVITE sip:anna@198.51.100.7:5060", cseq="1 INVITE", contact="<sip:600@192.0.2.1:5060>")
    ours = play.sent
    contact = "Contact: <sip:anna@198.51.100.7:5060>\n"
    play >> receive(request("INVITE", 11, dialog.local.tag, branch="z9hG4bKx", extra=contact)) << sends("SIP/2.0 491")
    play.sent = ours
    play >> receive(answer(play, 200, extra=contact)) << event(IncomingResponse, dialog=dialog)
    play >> do(lambda stack, now: stack.acknowledge(dialog, now)) << sends("ACK", cseq="1 ACK")


def test_a_reinvite_moves_the_target(play: Playbook) -> None:
    accept(play)
    dialog = play.result
    contact = "Contact: <sip:anna@198.51.100.77:5070>\n"
    play >> receive(request("INVITE", 11, dialog.local.tag, branch="z9hG4bKx", extra=contact))
    play << sends("SIP/2.0 100") << event(IncomingRequest, dialog=dialog)
    transaction = play.event.transaction
    play >> receive(request("INVITE", 12, dialog.local.tag, branch="z9hG4bKz", extra=contact)) << sends("SIP/2.0 500")
    play >> do(lambda stack, now: stack.respond(transaction, 200, now=now)) << sends("SIP/2.0 200")
    play >> receive(request("ACK", 11, dialog.local.tag, branch="z9hG4bKy")) << event(IncomingAck, dialog=dialog)
    play >> do(lambda stack, now: stack.request_in_dialog(dialog, "BYE", now=now))
    play << sends("BYE sip:anna@198.51.100.77:5070", PHONE._replace(remote=("198.51.100.77", 5070)))


# --- what the stack answers itself --------------------------------------------------------------------------------


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
