"""A caller, a callee and their messages, for the ladders of this room."""

from __future__ import annotations

from itertools import count
from typing import Any

from softacd.sip.events import IncomingAck, IncomingRequest
from softacd.sip.headers import NameAddress
from softacd.sip.stack import SipStack
from softacd.sip.transport import Flow
from tests.playbook import CARRIER, Playbook, Stimulus, do, event, receive, sends

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


def new_stack(**options: Any) -> SipStack:
    """A stack whose tokens are t1, t2 and so on."""
    numbers = count(1)
    return SipStack(token=lambda: f"t{next(numbers)}", user_agent="", **options)


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
    to = sent.header("to") or ""
    if tag and ";tag=" not in to:
        to += f";tag={tag}"
    return (
        f"SIP/2.0 {status} Whatever\nVia: {sent.header('via')}\nFrom: {sent.header('from')}\nTo: {to}\n"
        f"Call-ID: {sent.call_id}\nCSeq: {sent.header('cseq')}\n{extra}Content-Length: {len(body)}\n\n{body}"
    )


def call_out(*, flow: Flow = CARRIER, **options: Any) -> Stimulus:
    """An INVITE to the carrier."""
    return do(
        lambda stack, now: stack.invite(
            uri="sip:+40721@203.0.113.9",
            flow=flow,
            from_=NameAddress.parse("<sip:100@softacd.example>"),
            to=NameAddress.parse("<sip:+40721@203.0.113.9>"),
            body=b"v=0\r\n",
            contact_user="100",
            now=now,
            **options,
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
