"""The flow interpreter: takes an answered caller through the steps the owner wrote.

Steps are data (softacd.calls.model); this module knows what each does. A key pressed while a prompt leads to a menu
is kept for the menu (callers who know the way do not wait). A caller in a flow keeps the flow as it was when entering.
"""

from collections.abc import Mapping
from typing import Any

from softacd.calls.call import Activity, Call
from softacd.calls.call_table import Phase
from softacd.calls.deadlines import Deadline
from softacd.calls.model import DialStep, FlowSettings, HangUpStep, MenuStep, QueueStep, RingStep, SayStep, Step
from softacd.calls.queue_wait import QueueWait
from softacd.calls.ring import Ring

KEYS = frozenset("0123456789*#")


class FlowRun(Activity):
    """One caller in one flow."""

    def __init__(self, call: Call, flow: FlowSettings) -> None:
        super().__init__(call)
        self.flow = flow
        self._step: Step | None = None
        self._play = 0
        self._tries = 0
        self._key = ""
        self._patience: Deadline | None = None

    def start(self, now: float) -> None:
        """Enter the first step."""
        self.call.note("flow", self.flow.name, now)
        self.go(self.flow.start, now)

    def resume(self, step: str, now: float) -> None:
        """Come back from a queue or a ring that did not serve the caller; no step left: the call ends."""
        self.call.activity = self
        self.go(step, now)

    def go(self, name: str, now: float) -> None:
        """Enter a step by name; "" ends the call."""
        call = self.call
        self._forget()
        step = self.flow.steps.get(name)
        self._step = step
        call.step = name
        if step is None:
            call.finish(now)
            return
        call.note("step", name, now)
        match step:
            case SayStep(prompts=prompts):
                call.enter_phase(Phase.FLOW, now)
                self._play = call.leg.play(prompts)
            case MenuStep():
                call.enter_phase(Phase.FLOW, now)
                self._tries = 0
                self._ask(step, (), now)
            case QueueStep(queue=queue) if queue not in call.exchange.queues:
                call.note("queue-closed", queue, now)  # removed by a reload while this caller was on the way to it
                self.go(step.exits.get("closed", step.then), now)
            case QueueStep():
                self._wait(step, now)
            case RingStep(extension=extension, seconds=seconds, then=then):
                call.begin_from(self, Ring.extension(call, extension, seconds, lambda at: self.resume(then, at)), now)
            case DialStep(number=number, then=then):
                call.begin_from(self, Ring.outside(call, number, unserved=lambda at: self.resume(then, at)), now)
            case HangUpStep():
                call.finish(now)

    def _wait(self, step: QueueStep, now: float) -> None:
        """Wait in a queue; how the caller leaves it unserved says where he goes."""

        def unserved(at: float) -> None:
            exits: Mapping[Any, str] = step.exits
            self.resume(step.keys.get(wait.key) or exits.get(wait.exit, step.then), at)

        wait = QueueWait(self.call, step.queue, step.priority, unserved, skills=step.skills, keys=step.keys)
        self.call.begin_from(self, wait, now)

    def stop(self, now: float) -> None:
        """The call is over or elsewhere."""
        self._forget()

    def on_digit(self, digit: str, now: float) -> None:
        """A key: answers a menu, or is kept for the menu that follows what is being said."""
        step = self._step
        if digit not in KEYS:
            return
        if isinstance(step, MenuStep):
            self._choose(step, digit, now)
        elif isinstance(step, SayStep) and isinstance(self.flow.steps.get(step.then), MenuStep):
            self._key = digit
            self.go(step.then, now)

    def on_play_ended(self, play: int, error: str, now: float) -> None:
        """A prompt is over (or missing, which must not strand the caller)."""
        if play != self._play:
            return
        self._play = 0
        step = self._step
        if isinstance(step, SayStep):
            self.go(step.then, now)
        elif isinstance(step, MenuStep):
            self._patience = self.call.services.deadlines.at(now + step.timeout_seconds, self, "menu")

    def on_deadline(self, tag: str, now: float) -> None:
        """No key in time."""
        del tag
        self._patience = None
        if isinstance(self._step, MenuStep):
            self.call.note("menu-silence", self.call.step, now)
            self._again(self._step, self._step.silence, now)

    def _ask(self, step: MenuStep, before: tuple[str, ...], now: float) -> None:
        if self._key:
            key, self._key = self._key, ""
            self._choose(step, key, now)
            return
        self._play = self.call.leg.play((*before, *step.prompts))

    def _choose(self, step: MenuStep, digit: str, now: float) -> None:
        self._forget()
        chosen = step.choices.get(digit)
        if chosen is None:
            self.call.note("menu-invalid", digit, now)
            self._again(step, step.invalid, now)
        else:
            if not isinstance(self.flow.steps.get(chosen), SayStep | MenuStep):
                self.call.leg.silence()
            self.go(chosen, now)

    def _again(self, step: MenuStep, before: tuple[str, ...], now: float) -> None:
        self._tries += 1
        if self._tries < step.tries:
            self._ask(step, before, now)
        elif step.otherwise:
            self.go(step.otherwise, now)
        else:
            self.call.finish(now)

    def _forget(self) -> None:
        self._play = 0
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
