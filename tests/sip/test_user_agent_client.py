"""Calls we make and their ladders (RFC 3261 sections 8.1, 9.1, 13.2, 22.2)."""

from __future__ import annotations

import pytest

from softacd.sip.digest import Credentials
from softacd.sip.events import (
    FailureCause,
    IncomingResponse,
    TransactionFailed,
)
from tests.playbook import CARRIER, Playbook, do, event, nothing, receive, sends, wait
from tests.sip.ladder import answer, call_out, new_stack


@pytest.fixture
def play() -> Playbook:
    return Playbook(new_stack())


def test_a_call_out_rings_is_answered_and_ended(play: Playbook) -> None:
    play >> call_out()
    play << sends(
        "INVITE sip:+40721@203.0.113.9 SIP/2.0", CARRIER, contact="<sip:100@192.0.2.1:5060>", max_forwards="70"
    )
    invite = play.result
    play >> receive(answer(play, 100), CARRIER) << nothing()
    play >> receive(answer(play, 180, "far"), CARRIER) << event(IncomingResponse, transaction=invite)
    dialog = play.event.dialog
    assert dialog.state == "early"
    contact = "Contact: <sip:gw@203.0.113.9:5080>\n"
    ok = answer(play, 200, "far", contact)
    play >> receive(ok, CARRIER) << event(IncomingResponse, transaction=invite, dialog=dialog)
    assert dialog.state == "confirmed"
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
    assert play.event.dialog.state == "confirmed"


def test_a_cancelled_invite_nobody_ends_times_out(play: Playbook) -> None:
    play >> call_out() << sends("INVITE")
    invite = play.result
    play >> receive(answer(play, 180, "far"), CARRIER) << event(IncomingResponse)
    dialog = play.event.dialog
    play >> do(lambda stack, now: stack.cancel(invite, now)) << sends("CANCEL")
    play >> receive(answer(play, 200), CARRIER)
    play >> wait(32) << event(TransactionFailed, transaction=invite, cause=FailureCause.TIMEOUT)
    assert dialog.state == "terminated"


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
    assert 'username="u"' in str(play.sent.header("proxy-authorization"))
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


def test_the_challenged_attempt_absorbs_repeats_and_goes(play: Playbook) -> None:
    play >> call_out(credentials=Credentials("u", "secret")) << sends("INVITE")
    challenge = 'WWW-Authenticate: Digest realm="carrier", nonce="n1", qop="auth"\n'
    challenged = answer(play, 401, "p", challenge)
    play >> receive(challenged, CARRIER) << sends("ACK", cseq="1 ACK") << sends("INVITE", cseq="2 INVITE")
    retried = play.sent
    play >> receive(challenged, CARRIER) << sends("ACK", cseq="1 ACK")
    play.sent = retried
    play >> receive(answer(play, 180, "far"), CARRIER) << event(IncomingResponse)
    assert play.stack.counters().client_transactions == 2
    play >> wait(32) << nothing()
    assert play.stack.counters().client_transactions == 1
