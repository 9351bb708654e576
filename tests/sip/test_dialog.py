"""Requests inside dialogs (RFC 3261 sections 12 and 14)."""

from __future__ import annotations

import pytest

from softacd.sip.digest import Credentials
from softacd.sip.errors import StackMisuseError
from softacd.sip.events import (
    IncomingAck,
    IncomingRequest,
    IncomingResponse,
    TransactionFailed,
)
from softacd.sip.headers import NameAddress
from softacd.sip.limits import Limits
from tests.playbook import CARRIER, PHONE, STREAM, Playbook, do, event, nothing, receive, sends, wait
from tests.sip.ladder import INVITE, accept, answer, call_out, new_stack, request


@pytest.fixture
def play() -> Playbook:
    return Playbook(new_stack())


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


def test_a_loose_route_is_followed_and_the_target_stays(play: Playbook) -> None:
    play >> receive(
        INVITE.replace("Contact:", "Record-Route: <sip:198.51.100.7:5090;lr>,<sip:p2.example;lr>\nContact:")
    )
    play << sends("SIP/2.0 100") << event(IncomingRequest)
    transaction = play.event.transaction
    play >> do(lambda stack, now: stack.respond(transaction, 200, now=now)) << sends("SIP/2.0 200")
    assert play.sent.headers("record-route") == ["<sip:198.51.100.7:5090;lr>", "<sip:p2.example;lr>"]
    dialog = play.result
    play >> receive(request("ACK", 10, dialog.local.tag, branch="z9hG4bKack")) << event(IncomingAck)
    play >> do(lambda stack, now: stack.request_in_dialog(dialog, "BYE", now=now))
    play << sends("BYE sip:anna@198.51.100.7:5060", PHONE._replace(remote=("198.51.100.7", 5090)))
    assert play.sent.headers("route") == ["<sip:198.51.100.7:5090;lr>", "<sip:p2.example;lr>"]


def test_a_strict_router_gets_itself_as_request_uri(play: Playbook) -> None:
    play >> receive(INVITE.replace("Contact:", "Record-Route: <sip:198.51.100.7:5090>, <sip:p2.example;lr>\nContact:"))
    play << sends("SIP/2.0 100") << event(IncomingRequest)
    transaction = play.event.transaction
    play >> do(lambda stack, now: stack.respond(transaction, 200, now=now)) << sends("SIP/2.0 200")
    dialog = play.result
    play >> receive(request("ACK", 10, dialog.local.tag, branch="z9hG4bKack")) << event(IncomingAck)
    (
        play
        >> do(lambda stack, now: stack.request_in_dialog(dialog, "BYE", now=now))
        << sends("BYE sip:198.51.100.7:5090 ")
    )
    assert play.sent.headers("route") == ["<sip:p2.example;lr>", "<sip:anna@198.51.100.7:5060>"]


def test_the_callee_sees_the_route_set_reversed(play: Playbook) -> None:
    play >> call_out() << sends("INVITE")
    routes = "Record-Route: <sip:far.example;lr>, <sip:near.example;lr>\nContact: <sip:gw@203.0.113.9>\n"
    play >> receive(answer(play, 200, "far", routes), CARRIER) << event(IncomingResponse)
    dialog = play.event.dialog
    play >> do(lambda stack, now: stack.acknowledge(dialog, now)) << sends("ACK sip:gw@203.0.113.9")
    assert play.sent.headers("route") == ["<sip:near.example;lr>", "<sip:far.example;lr>"]


def test_a_phone_behind_nat_is_reached_where_it_was_seen(play: Playbook) -> None:
    play >> receive(INVITE.replace("198.51.100.7:5060", "10.0.0.5:5060"))
    play << sends("SIP/2.0 100", PHONE) << event(IncomingRequest)
    transaction = play.event.transaction
    play >> do(lambda stack, now: stack.respond(transaction, 200, now=now)) << sends("SIP/2.0 200", PHONE)
    dialog = play.result
    play >> do(lambda stack, now: stack.request_in_dialog(dialog, "BYE", now=now))
    play << sends("BYE sip:anna@10.0.0.5:5060", PHONE)


def test_a_bye_before_the_answer_ends_the_invite_with_487(play: Playbook) -> None:
    play >> receive(INVITE) << sends("SIP/2.0 100") << event(IncomingRequest)
    invite = play.event.transaction
    play >> do(lambda stack, now: stack.respond(invite, 180, now=now)) << sends("SIP/2.0 180")
    dialog = play.result
    play >> receive(request("BYE", 11, dialog.local.tag, branch="z9hG4bKbye")) << event(IncomingRequest, dialog=dialog)
    bye = play.event.transaction
    play >> do(lambda stack, now: stack.respond(bye, 200, now=now)) << sends("SIP/2.0 200") << sends("SIP/2.0 487")
    assert invite.final


def test_an_unanswered_bye_ends_the_dialog_all_the_same(play: Playbook) -> None:
    accept(play)
    dialog = play.result
    play >> do(lambda stack, now: stack.request_in_dialog(dialog, "BYE", now=now)) << sends("BYE")
    play >> wait(32)
    while play.pending[0].__class__ is not TransactionFailed:
        play << sends("BYE")
    play << event(TransactionFailed)
    assert play.stack.counters().dialogs == 0
    with pytest.raises(StackMisuseError):
        play.stack.request_in_dialog(dialog, "BYE", now=play.now)


def test_a_challenged_bye_is_sent_again_in_the_dialog(play: Playbook) -> None:
    accept(play)
    dialog = play.result
    credentials = Credentials("u", "p")
    play >> do(lambda stack, now: stack.request_in_dialog(dialog, "BYE", now=now, credentials=credentials))
    play << sends("BYE", cseq="1 BYE")
    challenge = 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"\n'
    play >> receive(answer(play, 401, extra=challenge)) << sends("BYE", cseq="2 BYE")
    play >> receive(answer(play, 200)) << event(IncomingResponse, dialog=dialog)
    assert dialog.state == "terminated"


def test_a_subscription_is_a_dialog(play: Playbook) -> None:
    subscribe = request("SUBSCRIBE", 1, "", branch="z9hG4bKs", extra="Contact: <sip:anna@198.51.100.7:5060>\n")
    play >> receive(subscribe) << event(IncomingRequest, dialog=None)
    transaction = play.event.transaction
    play >> do(lambda stack, now: stack.respond(transaction, 200, now=now, headers=[("Expires", "60")]))
    play << sends("SIP/2.0 200", expires="60", contact="<sip:600@192.0.2.1:5060>")
    dialog = play.result
    play >> do(lambda stack, now: stack.request_in_dialog(dialog, "NOTIFY", now=now, headers=[("Event", "x")]))
    play << sends("NOTIFY sip:anna@198.51.100.7:5060", cseq="1 NOTIFY", event="x")


def test_a_fork_more_than_anybody_needs_is_not_remembered() -> None:
    play = Playbook(new_stack(limits=Limits(forks=3)))
    play >> call_out() << sends("INVITE")
    for number in range(10):
        play >> receive(answer(play, 180, f"fork{number}"), CARRIER)
        play.pending.clear()
    assert play.stack.counters().dialogs == 3
    play >> receive(answer(play, 486, "x"), CARRIER) << sends("ACK") << event(IncomingResponse)
    assert play.stack.counters().dialogs == 0


def test_a_registered_phone_behind_nat_is_called_back_by_its_flow(play: Playbook) -> None:
    nat = PHONE._replace(remote=("192.168.7.1", 33000))
    play >> do(
        lambda stack, now: stack.invite(
            uri="sip:anna@10.0.0.5:5060",
            flow=nat,
            from_=NameAddress.parse("<sip:600@192.0.2.1>"),
            to=NameAddress.parse("<sip:anna@192.0.2.1>"),
            body=b"",
            now=now,
        )
    )
    play << sends("INVITE sip:anna@10.0.0.5:5060", nat)
    play >> receive(answer(play, 200, "far", "Contact: <sip:anna@10.0.0.5:5060>\n"), nat) << event(IncomingResponse)
    dialog = play.event.dialog
    play >> do(lambda stack, now: stack.acknowledge(dialog, now)) << sends("ACK sip:anna@10.0.0.5:5060", nat)


def test_one_reinvite_after_the_other(play: Playbook) -> None:
    accept(play)
    dialog = play.result
    for number in (1, 2):
        play >> do(lambda stack, now: stack.request_in_dialog(dialog, "INVITE", now=now, body=b"v=0\r\n"))
        play << sends("INVITE", cseq=f"{number} INVITE")
        with pytest.raises(StackMisuseError, match="pending"):
            play.stack.request_in_dialog(dialog, "INVITE", now=play.now)
        play >> receive(answer(play, 488)) << sends("ACK") << event(IncomingResponse, dialog=dialog)
    assert dialog.state == "confirmed"


def test_the_route_set_is_that_of_the_2xx(play: Playbook) -> None:
    play >> call_out() << sends("INVITE")
    early = "Record-Route: <sip:early.example;lr>\nContact: <sip:gw@203.0.113.9>\n"
    play >> receive(answer(play, 180, "far", early), CARRIER) << event(IncomingResponse)
    play >> receive(answer(play, 200, "far", early.replace("early.", "late.")), CARRIER) << event(IncomingResponse)
    assert play.event.dialog.route_set == ["<sip:late.example;lr>"]


def test_early_dialogs_end_with_a_connection(play: Playbook) -> None:
    play >> call_out(flow=STREAM) << sends("INVITE", STREAM)
    play >> receive(answer(play, 180, "far"), STREAM) << event(IncomingResponse)
    assert play.stack.counters().dialogs == 1
    play >> do(lambda stack, now: stack.flow_failed(STREAM, now)) << event(TransactionFailed)
    assert play.stack.counters().dialogs == 0


def test_cseq_must_not_go_back_but_may_stay(play: Playbook) -> None:
    accept(play)
    tag = play.result.local.tag
    play >> receive(request("INFO", 10, tag, branch="z9hG4bK1")) << event(IncomingRequest)
    play >> receive(request("INFO", 20, tag, branch="z9hG4bK2")) << event(IncomingRequest)
    play >> receive(request("INFO", 19, tag, branch="z9hG4bK3")) << sends("SIP/2.0 500")


def test_a_nat_that_forgets_is_followed(play: Playbook) -> None:
    behind = INVITE.replace("198.51.100.7:5060", "10.0.0.5:5060")
    play >> receive(behind) << sends("SIP/2.0 100") << event(IncomingRequest)
    transaction = play.event.transaction
    play >> do(lambda stack, now: stack.respond(transaction, 200, now=now)) << sends("SIP/2.0 200", PHONE)
    dialog = play.result
    moved = PHONE._replace(remote=("198.51.100.7", 44444))
    info = request("INFO", 11, dialog.local.tag, branch="z9hG4bK1").replace("198.51.100.7:5060;b", "10.0.0.5:5060;b")
    play >> receive(info, moved) << event(IncomingRequest, dialog=dialog)
    play >> do(lambda stack, now: stack.request_in_dialog(dialog, "BYE", now=now)) << sends("BYE", moved)
