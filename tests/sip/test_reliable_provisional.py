"""RFC 3262: provisional responses that are repeated until their PRACK, from both ends."""

import pytest

from softacd.sip.errors import StackMisuseError
from softacd.sip.events import IncomingRequest, IncomingResponse, PrackMissing
from tests.playbook import Playbook, do, event, nothing, receive, sends, wait
from tests.sip.ladder import INVITE, answer, call_out, new_stack, request

REQUIRING = INVITE.replace("Content-Type", "Require: 100rel\nContent-Type")


def ring_reliably() -> tuple[Playbook, int]:
    play = Playbook(new_stack(supported=("100rel",)))
    play >> receive(REQUIRING) << sends("SIP/2.0 100") << event(IncomingRequest)
    transaction = play.event.transaction
    play >> do(lambda stack, now: stack.respond(transaction, 183, now=now, body=b"v=0\r\n", reliable=True))
    play << sends("SIP/2.0 183", require="100rel")
    return play, int(play.sent.header("rseq") or "")


def prack(play: Playbook, rack: str, number: int = 11) -> str:
    return request("PRACK", number, play.sent.to.tag, branch=f"z9hG4bKp{number}", extra=f"RAck: {rack}\n")


def test_a_provisional_is_repeated_until_its_prack() -> None:
    play, number = ring_reliably()
    play >> wait(0.5) << sends("SIP/2.0 183")
    play >> wait(1.0) << sends("SIP/2.0 183")
    play >> receive(prack(play, f"{number} 10 INVITE")) << event(IncomingRequest)
    transaction = play.event.transaction
    play >> do(lambda stack, now: stack.respond(transaction, 200, now=now)) << sends("SIP/2.0 200")
    play >> wait(60) << nothing()


@pytest.mark.parametrize("wrong", ["{other} 10 INVITE", "{number} 9 INVITE", "{number} 10 UPDATE", "{number}", ""])
def test_a_prack_of_something_else_is_refused(wrong: str) -> None:
    play, number = ring_reliably()
    play >> receive(prack(play, wrong.format(number=number, other=number + 1))) << sends("SIP/2.0 481")
    play >> wait(0.5) << sends("SIP/2.0 183")


def test_numbers_follow_one_another() -> None:
    play, number = ring_reliably()
    invite = next(iter(play.stack._layer.servers.values()))
    with pytest.raises(StackMisuseError, match="second reliable"):
        play.stack.respond(invite, 180, now=0.0, reliable=True)
    play >> receive(prack(play, f"{number} 10 INVITE")) << event(IncomingRequest)
    play >> do(lambda stack, now: stack.respond(invite, 180, now=now, reliable=True))
    play << sends("SIP/2.0 180", rseq=str(number + 1))


def test_without_a_prack_the_user_is_told() -> None:
    play, _ = ring_reliably()
    for pause in (0.5, 1, 2, 4, 8, 16):
        play >> wait(pause) << sends("SIP/2.0 183")
    play >> wait(0.5) << event(PrackMissing)


def test_a_reliable_provisional_is_acknowledged_once_and_in_order() -> None:
    play = Playbook(new_stack())
    play >> call_out() << sends("INVITE")
    reliable = "Require: 100rel\nRSeq: {}\nContact: <sip:b@203.0.113.9>\n"
    first, second, gap = (answer(play, 180, "b", reliable.format(number)) for number in (7, 8, 10))
    play >> receive(first) << sends("PRACK", rack="7 1 INVITE") << event(IncomingResponse)
    play >> receive(first) << nothing()
    play >> receive(gap) << nothing()
    play >> receive(second) << sends("PRACK", rack="8 1 INVITE") << event(IncomingResponse)
