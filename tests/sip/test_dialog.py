"""Requests inside dialogs (RFC 3261 sections 12 and 14)."""

from __future__ import annotations

import pytest

from softacd.sip.events import (
    IncomingAck,
    IncomingRequest,
    IncomingResponse,
)
from tests.playbook import PHONE, Playbook, do, event, nothing, receive, sends
from tests.sip.ladder import accept, answer, new_stack, request


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
