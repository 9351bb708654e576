"""SIP messages read and written, and whole calls through two stacks without a network.

What is measured is the pure core: no socket, no clock, no call flow. Run it: `python -m benchmarks.sip_parse`.
"""

import gc
import time
from collections.abc import Callable
from itertools import count

from benchmarks.harness import CALIBRATION, Figures, calibrate, figure, table
from softacd.sip.events import IncomingRequest, IncomingResponse, Transmit
from softacd.sip.headers import NameAddress
from softacd.sip.message import Request, response_to
from softacd.sip.parser import parse_message
from softacd.sip.stack import SipStack
from softacd.sip.transport import Flow, Transport

GOAL_PARSED = 60_000.0
"""1,000-byte INVITEs a second, read as far as routing needs."""

_HEAD = (
    b"INVITE sip:600@192.0.2.1:5060 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK-524287-1---9f6d8b4b1ac2e36d;rport\r\n"
    b"Max-Forwards: 70\r\n"
    b"Record-Route: <sip:203.0.113.9;lr>\r\n"
    b'From: "Anna Example" <sip:+40721000001@198.51.100.7>;tag=4fd5a7c1\r\n'
    b"To: <sip:600@192.0.2.1>\r\n"
    b"Call-ID: 84b4c76e66710f00@198.51.100.7\r\n"
    b"CSeq: 314159 INVITE\r\n"
    b"Contact: <sip:+40721000001@198.51.100.7:5060>\r\n"
    b"Allow: INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, MESSAGE, OPTIONS, INFO, UPDATE\r\n"
    b"Supported: replaces, timer, path\r\n"
    b"User-Agent: Desk Phone 4.2\r\n"
    b"P-Asserted-Identity: <sip:+40721000001@198.51.100.7>\r\n"
    b"Session-Expires: 1800\r\n"
    b"Content-Type: application/sdp\r\n"
    b"Content-Length: %d\r\n\r\n"
)
_SDP = (
    b"v=0\r\no=- 3976 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n"
    b"m=audio 16400 RTP/AVP 8 0 101\r\n"
    b"a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
    b"a=fmtp:101 0-16\r\na=sendrecv\r\n"
)
SIZE = 1_000
BODY = _SDP.ljust(SIZE - len(_HEAD % 100), b" ")
INVITE = _HEAD % len(BODY) + BODY


def read_routing() -> None:
    """What it takes to hand a message on: Via, From, To, Call-ID, CSeq, Request-URI."""
    message = parse_message(INVITE)
    _ = message.top_via.branch, message.call_id, message.cseq, message.from_.tag, message.to.tag


def read_index() -> None:
    """The head cut into headers, nothing understood yet."""
    parse_message(INVITE)


def read_checked() -> None:
    """Everything the stack looks at in a new INVITE."""
    message = parse_message(INVITE)
    message.check()
    _ = message.contacts


_PARSED = parse_message(INVITE)


def write_response() -> None:
    """A 180 from a parsed INVITE to bytes."""
    if isinstance(_PARSED, Request):
        response_to(_PARSED, 180, tag="b4b1ac2e", via=str(_PARSED.top_via)).to_bytes()


def write_request() -> None:
    """A parsed INVITE back to bytes."""
    _PARSED.to_bytes()


_ALICE, _BOB = ("198.51.100.1", 5060), ("198.51.100.2", 5060)
_ADDRESS = NameAddress.parse('"Anna" <sip:100@198.51.100.1>')


class _Call:
    """Two stacks, both users simple: INVITE 100 180 200 ACK BYE 200: seven messages, each written and read."""

    def __init__(self) -> None:
        numbers = count(1)
        self.stacks = {
            _ALICE: SipStack(token=lambda: f"{next(numbers):016x}"),
            _BOB: SipStack(token=lambda: f"{next(numbers):016x}"),
        }
        self.now = 0.0

    def __call__(self) -> None:
        self.now += 0.01
        now, alice = self.now, self.stacks[_ALICE]
        flow = Flow(Transport.UDP, _ALICE, _BOB)
        alice.invite(uri="sip:600@198.51.100.2", flow=flow, from_=_ADDRESS, to=_ADDRESS, body=_SDP, now=now)
        busy = True
        while busy:
            busy = False
            for stack in self.stacks.values():
                stack.handle_deadline(now)
                while (output := stack.poll()) is not None:
                    busy = True
                    self._handle(stack, output, now)

    def _handle(self, stack: SipStack, output: object, now: float) -> None:
        match output:
            case Transmit(data=data, flow=flow):
                self.stacks[flow.remote].receive(data, Flow(Transport.UDP, flow.remote, flow.local), now)
            case IncomingRequest(transaction=transaction, request=request):
                if request.method == "INVITE":
                    stack.respond(transaction, 180, now=now)
                    stack.respond(transaction, 200, now=now, body=_SDP)
                else:
                    stack.respond(transaction, 200, now=now)
            case IncomingResponse(transaction=transaction, response=response, dialog=dialog):
                if dialog is not None and transaction.method == "INVITE" and response.status == 200:
                    stack.acknowledge(dialog, now)
                    stack.request_in_dialog(dialog, "BYE", now=now)


def best_time(work: Callable[[], None], seconds: float) -> float:
    """Seconds of one `work()`: the best of many short series, as the machine is shared."""
    clock = time.perf_counter
    began = clock()
    work()
    rounds = max(1, int(0.01 / max(clock() - began, 1e-7)))
    best = float("inf")
    until = clock() + seconds
    while clock() < until:
        began = clock()
        for _ in range(rounds):
            work()
        best = min(best, (clock() - began) / rounds)
    return best


def run(seconds: float = 1.0) -> Figures:
    """Messages a second on one core, and microseconds of a call; `seconds` is the length of each measurement."""
    figures: Figures = {}
    yardstick = calibrate()
    was_enabled = gc.isenabled()
    gc.disable()  # as the running program does: it collects between turns
    try:
        cases = (
            ("INVITE read, routing fields", read_routing, GOAL_PARSED),
            ("INVITE read, index only", read_index, None),
            ("INVITE read, checked for the stack", read_checked, None),
            ("response written", write_response, None),
            ("INVITE written", write_request, None),
        )
        for name, work, goal in cases:
            rate = 1 / best_time(work, seconds)
            figures[name] = figure(rate, "1/s", goal=goal, better="higher", beside=1 / yardstick, ratio_to=CALIBRATION)
        call = best_time(_Call(), seconds)
        figures["call, both ends, seven messages"] = figure(
            call * 1e6, "us", beside=yardstick * 1e6, ratio_to=CALIBRATION
        )
    finally:
        if was_enabled:
            gc.enable()
    return figures


if __name__ == "__main__":
    print(f"INVITE of {len(INVITE)} bytes")
    print(table(run()))
