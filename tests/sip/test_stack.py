"""The whole stack against a network that loses, repeats, delays and damages, and against strangers."""

from __future__ import annotations

import gc
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from softacd.sip.digest import Credentials
from softacd.sip.events import (
    AckMissing,
    IncomingAck,
    IncomingCancel,
    IncomingRequest,
    IncomingResponse,
    Trace,
    TransactionFailed,
    Transmit,
)
from softacd.sip.headers import NameAddress
from softacd.sip.limits import Limits
from softacd.sip.stack import SipStack
from softacd.sip.transaction import ClientTransaction, ServerTransaction
from softacd.sip.transport import Flow, Transport
from tests.playbook import CARRIER, PHONE, Playbook, do, event, receive, sends
from tests.sip.ladder import INVITE, answer, call_out, new_stack

ALICE, BOB = ("198.51.100.1", 5060), ("198.51.100.2", 5060)
ADDRESS = NameAddress.parse("<sip:x@y>")


class Side:
    """One stack with the simplest transaction user that obeys the protocol."""

    def __init__(
        self, name: str, local: tuple[str, int], remote: tuple[str, int], *, answers: int, ringing: bool
    ) -> None:
        numbers = count(1)
        self.stack = SipStack(token=lambda: f"{name}{next(numbers)}", user_agent="")
        self.flow = Flow(Transport.UDP, local, remote)
        self.answers = answers
        self.ringing = ringing
        self.finals: dict[int, int] = {}  # client transaction -> final outcomes reported
        self.requests: list[str] = []
        self.acknowledged = 0

    def handle(self, output: object, now: float) -> None:
        stack = self.stack
        match output:
            case IncomingRequest(transaction=transaction, request=request):
                self.requests.append(request.method)
                if request.method != "INVITE":
                    stack.respond(transaction, 200, now=now)
                    return
                if self.ringing:
                    stack.respond(transaction, 180, now=now)
                stack.respond(transaction, self.answers, now=now)
            case IncomingResponse(transaction=transaction, response=response, dialog=dialog):
                if response.status >= 200:
                    self.finals[transaction.id] = self.finals.get(transaction.id, 0) + 1
                    if transaction.method == "INVITE" and response.status < 300:
                        assert dialog is not None
                        stack.acknowledge(dialog, now)
                        stack.request_in_dialog(dialog, "BYE", now=now)
            case TransactionFailed(transaction=transaction):
                self.finals[transaction.id] = self.finals.get(transaction.id, 0) + 1
            case AckMissing(dialog=dialog):
                stack.request_in_dialog(dialog, "BYE", now=now)
            case IncomingAck():
                self.acknowledged += 1
            case IncomingCancel() | Trace():
                pass


class Network:
    """Two sides and, between them, a fate for every datagram: how many copies arrive, each how late."""

    def __init__(self, alice: Side, bob: Side, fates: Callable[[], list[float]]) -> None:
        self.sides = {ALICE: alice, BOB: bob}
        self.fates = fates
        self.now = 0.0
        self._wire: list[tuple[float, int, Side, bytes, Flow]] = []
        self._numbers = count()

    def drain(self, side: Side) -> None:
        while (output := side.stack.poll()) is not None:
            if not isinstance(output, Transmit):
                side.handle(output, self.now)
                continue
            target = self.sides.get(output.flow.remote)
            for delay in self.fates() if target is not None else ():
                flow = Flow(Transport.UDP, output.flow.remote, output.flow.local)
                assert target is not None
                heappush(self._wire, (self.now + delay, next(self._numbers), target, output.data, flow))

    def run(self, until: float) -> None:
        for side in self.sides.values():
            self.drain(side)
        while True:
            moments = [side.stack.next_deadline() for side in self.sides.values()]
            if self._wire:
                moments.append(self._wire[0][0])
            due = min((moment for moment in moments if moment is not None), default=until)
            if due >= until:
                return
            self.now = max(self.now, due)
            if self._wire and self._wire[0][0] <= self.now:
                _, _, side, data, flow = heappop(self._wire)
                side.stack.receive(data, flow, self.now)
                self.drain(side)
                continue
            for side in self.sides.values():
                side.stack.handle_deadline(self.now)
                self.drain(side)


def call(alice: Side, now: float = 0.0) -> ClientTransaction:
    return alice.stack.invite(
        uri="sip:bob@198.51.100.2", flow=alice.flow, from_=ADDRESS, to=ADDRESS, body=b"v=0\r\n", now=now
    )


# nothing stays in the network longer than T4, or the timers of RFC 3261 could not absorb it
fate = st.lists(st.sampled_from([0.01, 0.02, 0.3, 0.7, 4.0]), max_size=2)


@settings(max_examples=150, deadline=None)
@given(st.lists(fate, max_size=40), st.sampled_from([200, 486, 603]), st.booleans(), st.none() | st.floats(0, 3))
def test_any_network_gives_one_outcome_and_leaves_nothing_behind(
    fates: list[list[float]], answers: int, ringing: bool, cancelled_at: float | None
) -> None:
    remaining = iter(fates)
    alice = Side("a", ALICE, BOB, answers=200, ringing=False)
    bob = Side("b", BOB, ALICE, answers=answers, ringing=ringing)
    network = Network(alice, bob, lambda: next(remaining, [0.01]))
    transaction = call(alice)
    if cancelled_at is not None:
        network.run(cancelled_at)
        alice.stack.cancel(transaction, network.now)
    network.run(400.0)
    assert alice.finals[transaction.id] == 1
    assert set(alice.finals.values()) == {1}  # the BYE, too
    for side in (alice, bob):
        counters = side.stack.counters()
        assert (counters.client_transactions, counters.server_transactions, counters.timers) == (0, 0, 0)
        assert counters.malformed == 0
    assert alice.stack.counters().dialogs == 0
    assert bob.requests.count("INVITE") <= 1


def test_a_perfect_network_says_each_thing_once() -> None:
    alice = Side("a", ALICE, BOB, answers=200, ringing=True)
    bob = Side("b", BOB, ALICE, answers=200, ringing=True)
    call(alice)
    network = Network(alice, bob, lambda: [0.01])
    network.run(100.0)
    assert (bob.requests, bob.acknowledged) == (["INVITE", "BYE"], 1)
    for side in (alice, bob):
        counters = side.stack.counters()
        assert (counters.retransmissions_sent, counters.retransmissions_received, counters.stray) == (0, 0, 0)
        assert counters.dialogs == 0


def test_a_finished_call_leaves_nothing_for_the_garbage_collector() -> None:
    alice = Side("a", ALICE, BOB, answers=200, ringing=True)
    bob = Side("b", BOB, ALICE, answers=200, ringing=True)
    network = Network(alice, bob, lambda: [0.01])
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            call(alice, network.now)
            network.run(network.now + 100.0)
        assert len(alice.finals) == 10  # an INVITE and a BYE each
        assert gc.collect() == 0
    finally:
        gc.enable()


# --- strangers --------------------------------------------------------------------------------------------------

MESSAGES = [
    INVITE,
    INVITE.replace("INVITE", "REGISTER"),
    INVITE.replace("INVITE", "ACK"),
    INVITE.replace("INVITE", "CANCEL"),
    INVITE.replace("INVITE", "BYE").replace("<sip:600@192.0.2.1>", "<sip:600@192.0.2.1>;tag=t1"),
    INVITE.replace("INVITE", "ACK").replace("<sip:600@192.0.2.1>", "<sip:600@192.0.2.1>;tag=t1"),
    INVITE.replace("z9hG4bKa1", "z9hG4bKt1").replace("INVITE sip:600@192.0.2.1 SIP/2.0", "SIP/2.0 200 OK"),
    INVITE.replace("z9hG4bKa1", "z9hG4bKt2").replace("INVITE sip:600@192.0.2.1 SIP/2.0", "SIP/2.0 180 Ringing"),
    INVITE.replace("z9hG4bKa1", "z9hG4bKt2").replace("INVITE sip:600@192.0.2.1 SIP/2.0", "SIP/2.0 407 Who"),
]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_strangers_can_send_anything_in_any_order(data: st.DataObject) -> None:
    stack = new_stack(tracing=data.draw(st.booleans()))
    now = 0.0
    open_requests: list[ServerTransaction] = []
    for _ in range(data.draw(st.integers(1, 12))):
        step = data.draw(st.sampled_from(["good", "damaged", "call", "respond", "wait", "lost"]))
        text = data.draw(st.sampled_from(MESSAGES)).replace("\n", "\r\n").encode()
        if step == "good":
            stack.receive(text, PHONE, now)
        elif step == "damaged":
            at, gone = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 30))
            stack.receive(text[:at] + data.draw(st.binary(max_size=8)) + text[at + gone :], PHONE, now)
        elif step == "call":
            credentials = data.draw(st.sampled_from([None, Credentials("u", "p")]))
            stack.invite(
                uri="sip:a@b", flow=PHONE, from_=ADDRESS, to=ADDRESS, body=b"", credentials=credentials, now=now
            )
        elif step == "respond" and open_requests:
            transaction = data.draw(st.sampled_from(open_requests))
            if not transaction.final:
                stack.respond(transaction, data.draw(st.sampled_from([180, 200, 202, 302, 486, 603])), now=now)
        elif step == "lost":
            stack.flow_failed(PHONE, now)
        else:
            now += data.draw(st.sampled_from([0.5, 5.0, 33.0]))
            stack.handle_deadline(now)
        while (output := stack.poll()) is not None:
            if isinstance(output, IncomingRequest):
                open_requests.append(output.transaction)
    for transaction in open_requests:
        if not transaction.final:
            stack.respond(transaction, 500, now=now)
    while (deadline := stack.next_deadline()) is not None:
        stack.handle_deadline(deadline)
    counters = stack.counters()
    # a call that rings has no timer of its own, and its early dialogs live as long: only those may be left
    assert counters.server_transactions == 0
    assert counters.timers == 0


def test_a_flood_of_new_calls_costs_bounded_memory() -> None:
    stack = new_stack(limits=Limits(server_transactions=50))
    text = INVITE.replace("\n", "\r\n")
    for number in range(500):
        stack.receive(
            text.replace("z9hG4bKa1", f"z9hG4bKx{number}").replace("call-1", f"c{number}").encode(), PHONE, 0.0
        )
    statuses = []
    while (output := stack.poll()) is not None:
        if isinstance(output, Transmit):
            statuses.append(output.data[8:11])
    assert (statuses.count(b"100"), statuses.count(b"503")) == (50, 450)
    assert stack.counters().server_transactions == 50


# --- tracing ----------------------------------------------------------------------------------------------------


def test_every_message_leaves_a_trace_and_no_secret() -> None:
    play = Playbook(new_stack(tracing=True))
    play.stack.receive(INVITE.replace("\n", "\r\n").encode(), PHONE, 5.0)
    traces = []
    while (output := play.stack.poll()) is not None:
        if isinstance(output, Trace):
            traces.append(output)
    assert [(trace.at, trace.call_id, trace.sent, trace.start_line, trace.cseq) for trace in traces] == [
        (5.0, "call-1", False, "INVITE sip:600@192.0.2.1 SIP/2.0", "10 INVITE"),
        (5.0, "call-1", True, "SIP/2.0 100 Trying", "10 INVITE"),
    ]


def test_responses_are_told_to_the_transaction_they_belong_to() -> None:
    play = Playbook(new_stack())
    play >> call_out() << sends("INVITE")
    first, sent = play.result, play.sent
    first.context = "first"
    play >> call_out() << sends("INVITE")
    play.sent = sent
    play >> receive(answer(play, 180, "x"), CARRIER) << event(IncomingResponse, transaction=first)
    assert play.event.transaction.context == "first"
    play >> do(lambda stack, now: stack.counters())
    assert play.result.client_transactions == 2


def test_a_transaction_is_unfinished_until_its_final_response() -> None:
    play = Playbook(new_stack())

    def counted() -> tuple[int, int, int]:
        counters = play.stack.counters()
        return counters.unanswered, counters.unfinished, counters.server_transactions

    play >> receive(INVITE) << sends("SIP/2.0 100") << event(IncomingRequest)
    transaction = play.event.transaction
    assert counted() == (0, 1, 1)
    play >> call_out() << sends("INVITE")
    assert counted() == (1, 2, 1)
    play >> receive(answer(play, 486, "bob"), CARRIER) << sends("ACK", CARRIER) << event(IncomingResponse)
    assert counted() == (0, 1, 1)
    play >> do(lambda stack, now: stack.respond(transaction, 603, now=now)) << sends("SIP/2.0 603")
    assert counted() == (0, 0, 1)  # it lingers for retransmissions of the INVITE
