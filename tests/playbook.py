"""Transcripts for stack tests: `>>` is a stimulus, `<<` an expectation, and the whole reads like a ladder.

    play = Playbook(stack)
    play >> receive(INVITE) << sends("SIP/2.0 100 Trying") << event(IncomingRequest)
    play >> wait(0.5) << sends("INVITE") << nothing()

Every `>>` first checks that nothing the previous one caused was left unexpected. Time is the playbook's own: `wait`
fires each deadline on its way exactly when it is due.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, Self, TypeVar

from softacd.sip.events import Trace, Transmit
from softacd.sip.message import Request, Response
from softacd.sip.parser import parse_message
from softacd.sip.stack import SipStack
from softacd.sip.transport import Flow, Transport

T = TypeVar("T")

PHONE = Flow(Transport.UDP, ("192.0.2.1", 5060), ("198.51.100.7", 5060))
CARRIER = Flow(Transport.UDP, ("192.0.2.1", 5060), ("203.0.113.9", 5060))
STREAM = Flow(Transport.TCP, ("192.0.2.1", 5060), ("198.51.100.8", 40001), 3)


class Stimulus(Protocol):
    """Something done to the stack; what it returns becomes `Playbook.result`."""

    def __call__(self, play: Playbook) -> Any: ...


class Expectation(Protocol):
    """Checks one output (or that there is none)."""

    def __call__(self, play: Playbook) -> None: ...


class Playbook:
    """One stack under test with its own clock."""

    def __init__(self, stack: SipStack, now: float = 1000.0) -> None:
        self.stack = stack
        self.now = now
        self.result: Any = None  # of the last stimulus
        self.last: Request | Response | None = None  # the last message matched by `sends`
        self.event: Any = None  # the last event matched by `event`
        self.pending: list[Any] = []

    def __rshift__(self, stimulus: Stimulus) -> Self:
        nothing()(self)
        self.result = stimulus(self)
        self.drain()
        return self

    def __lshift__(self, expectation: Expectation) -> Self:
        expectation(self)
        return self

    @property
    def sent(self) -> Request | Response:
        """The last message matched by `sends`; set it to answer an earlier one."""
        assert self.last is not None, "nothing was sent yet"
        return self.last

    @sent.setter
    def sent(self, message: Request | Response) -> None:
        self.last = message

    def drain(self) -> None:
        """Collect all output of the last input."""
        while (output := self.stack.poll()) is not None:
            self.pending.append(output)

    def take(self, expected: str) -> Any:
        """The oldest output not yet expected."""
        assert self.pending, f"expected {expected}, got nothing more"
        return self.pending.pop(0)


def show(output: Any) -> str:
    """One line for a failing test."""
    if isinstance(output, Transmit):
        return f"-> {output.flow.remote}: {output.data.decode('utf-8', 'replace').splitlines()[0]}"
    return repr(output)


# --- stimuli ------------------------------------------------------------------------------------------------------


def receive(data: bytes | str, flow: Flow = PHONE) -> Stimulus:
    """The network delivers a message; text gets CRLF line ends."""
    raw = data if isinstance(data, bytes) else data.replace("\n", "\r\n").encode()
    return lambda play: play.stack.receive(raw, flow, play.now)


def wait(seconds: float) -> Stimulus:
    """Time passes; every deadline on the way fires when it is due."""

    def stimulus(play: Playbook) -> None:
        end = play.now + seconds
        while (deadline := play.stack.next_deadline()) is not None and deadline <= end:
            play.now = max(play.now, deadline)
            play.stack.handle_deadline(play.now)
        play.now = end

    return stimulus


def do(action: Callable[[SipStack, float], T]) -> Stimulus:
    """The transaction user calls the stack: `do(lambda stack, now: stack.respond(...))`."""
    return lambda play: action(play.stack, play.now)


# --- expectations -------------------------------------------------------------------------------------------------


def sends(start: str, flow: Flow | None = None, **headers: str | None) -> Expectation:
    """The next output is a message whose start line begins with `start`.

    `headers` name values it must have: `cseq="2 BYE"`, underscores for hyphens, None for absent.
    """

    def expectation(play: Playbook) -> None:
        output = play.take(f"to send {start!r}")
        assert isinstance(output, Transmit), f"expected to send {start!r}, got {show(output)}"
        message = parse_message(output.data)
        assert message.start_line.startswith(start), f"expected to send {start!r}, got {show(output)}"
        if flow is not None:
            assert output.flow == flow
        for name, value in headers.items():
            found = message.header(name.strip("_").replace("_", "-"))
            assert found == value, f"{name}: {found!r}, expected {value!r}"
        play.last = message

    return expectation


def event(kind: type[Any], **attributes: Any) -> Expectation:
    """The next output is an event of `kind` with these attributes."""

    def expectation(play: Playbook) -> None:
        output = play.take(kind.__name__)
        assert isinstance(output, kind), f"expected {kind.__name__}, got {show(output)}"
        for name, value in attributes.items():
            assert getattr(output, name) == value, f"{name} is {getattr(output, name)!r}, expected {value!r}"
        play.event = output

    return expectation


def nothing() -> Expectation:
    """No output is left (traces aside)."""

    def expectation(play: Playbook) -> None:
        play.pending = [output for output in play.pending if not isinstance(output, Trace)]
        assert not play.pending, "unexpected: " + "; ".join(show(output) for output in play.pending)

    return expectation
