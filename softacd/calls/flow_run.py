"""The flow interpreter: takes a caller through the steps the owner wrote.

Steps are data (`flow_steps`); each is carried out by a *doing* made for it (`flow_doings`), which the run tells what
the caller does and which says where the caller goes next. A caller keeps the flows as they were on entering: a reload
changes nothing for who is inside. What happens (steps, keys, results) is noted with the call.
"""

from abc import ABC
from collections import deque
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from softacd.calls.call import Activity, Call
from softacd.calls.call_table import Phase
from softacd.calls.deadlines import Deadline
from softacd.calls.errands import Answered, AnyErrand, AnyResult, Failed, Speak, Spoken
from softacd.calls.flow_steps import CollectStep, FlowSettings, FlowStep, MenuStep, NoticeStep, SayStep, Speeches, Step
from softacd.calls.flow_text import Kind, Speech, UnspeakableError, clips, speech
from softacd.calls.flow_variables import Variables
from softacd.calls.prompts import clip

KEYS = frozenset("0123456789*#")
MOST_STEPS = 1000
"""A caller who goes through so many steps is a machine: the call ends."""
MOST_DEPTH = 16
"""Sub-flows within each other; the check refuses flows that call themselves, so none comes near it."""

S = TypeVar("S", bound=FlowStep)


class Doing(ABC, Generic[S]):
    """One step being carried out for one caller. It ends by calling `run.go`, for which it must have a reason of its
    own: something said to its end, a key, a moment, an answer."""

    needs_sound = True
    """The caller is answered before it begins."""

    def __init__(self, run: "FlowRun", step: S) -> None:
        self.run = run
        self.step = step

    def start(self, now: float) -> None:
        """Begin."""

    def stop(self, now: float) -> None:
        """The caller leaves the step: undo whatever is under way."""

    def on_key(self, key: str, now: float) -> None:
        """The caller pressed a key."""

    def on_said(self, now: float) -> None:
        """Everything that could be said has been said."""

    def on_moment(self, tag: str, now: float) -> None:
        """The moment asked for with `run.wait` has come."""

    def on_result(self, result: AnyResult, now: float) -> None:
        """The errand asked for with `run.ask` is over."""


class FlowRun(Activity):
    """One caller in one flow, and in the flows that one calls."""

    def __init__(self, call: Call, flow: FlowSettings) -> None:
        super().__init__(call)
        self.flow = flow
        self.variables = Variables(call)
        self.kept_keys = ""
        """Keys pressed before the step that asks for them."""
        self._flows: Mapping[str, FlowSettings] = call.exchange.flows
        self._returns: list[tuple[FlowSettings, str]] = []
        self._visits: dict[tuple[str, str], int] = {}
        self._steps = 0
        self._resume: str | None = None
        self._next: str | None = None
        self._going = False
        self._doing: Doing[FlowStep] | None = None
        self._step: Step | None = None
        self._play = 0
        self._saying: tuple[str, ...] = ()
        self._singly: deque[str] = deque()
        self._unspoken: list[tuple[str, ...] | int] = []
        self._fallback: tuple[str, ...] = ()
        self._moment: Deadline | None = None
        self._errand = 0
        self._hiding = False

    # --- going from step to step --------------------

    def start(self, now: float) -> None:
        """Enter the first step, or go on with the one that had to wait until the caller was answered."""
        if self._resume is not None:
            name, self._resume = self._resume, None
            self.go(name, now)
            return
        self.call.note("flow", self.flow.name, now)
        self.go(self.flow.start, now)

    def hand_over(self, activity: Activity, now: float) -> None:
        """Leave the caller to a queue or a ring, which may give him `back`; the step is forgotten, so that nothing of
        a flow is kept by who has left it."""
        self._doing = None
        self.call.begin_from(self, activity, now)

    def back(self, target: str, now: float) -> None:
        """Come back from a queue or a ring that did not serve the caller."""
        self.call.activity = self
        self.enter_flow(now)
        self.go(target, now)

    def go(self, target: str, now: float) -> None:
        """Leave the step; enter another by name, or "" the flow."""
        self._next = target
        if self._going:
            return
        self._going = True
        try:
            while self._next is not None:
                name, self._next = self._next, None
                self._enter(name, now)
        finally:
            self._going = False

    def _enter(self, name: str, now: float) -> None:
        call = self.call
        self.variables.now = now
        self._leave(now)
        step = self.flow.steps.get(name)
        self._step = step
        if step is None:
            self._end(now)
            return
        self._steps += 1
        if self._steps > MOST_STEPS:
            call.note("flow-too-long", f"{self.flow.name}.{name}", now)
            call.finish(now)
            return
        doing = self._doings(step)
        if doing.needs_sound and not (call.record.answered or call.leg.answered):
            self._resume = name
            self._steps -= 1
            call.answer_and_begin(self, now)
            return
        call.step = name
        call.note("step", name if not self._returns else f"{self.flow.name}.{name}", now)
        self._hide(step)
        self._doing = doing
        doing.start(now)

    def _doings(self, step: Step) -> Doing[FlowStep]:
        from softacd.calls.flow_doings import DOINGS  # the doings know the run

        return DOINGS[type(step)](self, step)

    def _end(self, now: float) -> None:
        """The flow is over: go on in the one that called it, or end the call."""
        if self._returns:
            self.flow, target = self._returns.pop()
            self._next = target
        else:
            self.call.step = ""
            self.call.finish(now)

    def call_flow(self, name: str, then: str, now: float) -> None:
        """Go through another flow and come back to the step `then`."""
        flow = self._flows.get(name)
        if flow is None or len(self._returns) >= MOST_DEPTH:
            self.call.note("flow-missing", name, now)
            self.go(then, now)
            return
        self.follow(flow, then, now)

    def follow(self, flow: FlowSettings, then: str, now: float) -> None:
        """Go through a flow at hand and come back to the step `then`."""
        self._returns.append((self.flow, then))
        self.flow = flow
        self.go(flow.start, now)

    def visit(self, limit: int) -> bool:
        """Count a visit of the step; whether it is within the limit (0: none)."""
        key = self.flow.name, self.call.step
        self._visits[key] = self._visits.get(key, 0) + 1
        return not limit or self._visits[key] <= limit

    def stop(self, now: float) -> None:
        """The call is over or elsewhere."""
        self._next = None
        self._leave(now)

    def _leave(self, now: float) -> None:
        doing, self._doing = self._doing, None
        self._play = 0
        self._saying = ()
        self._singly.clear()
        self.wait(None)
        for errand in (self._errand, *(part for part in self._unspoken if isinstance(part, int))):
            self.call.exchange.errands.forget(errand)
        self._errand = 0
        self._unspoken = []
        if doing is not None:
            doing.stop(now)

    # --- what doings ask --------------------

    def enter_flow(self, now: float) -> None:
        """The call is in its flow: nothing of a queue or a ring is left."""
        self.call.enter_phase(Phase.FLOW, now)

    def leads_to(self, target: str) -> Step | None:
        """The step of that name."""
        return self.flow.steps.get(target)

    def wait(self, seconds: float | None, now: float = 0.0, tag: str = "") -> None:
        """Have `on_moment(tag)` called after so many seconds, and not at the moment asked for before; None: never."""
        if self._moment is not None:
            self._moment.cancel()
            self._moment = None
        if seconds is not None:
            self._moment = self.call.services.deadlines.at(now + seconds, self, tag)

    def ask(self, make: Callable[[int], AnyErrand], seconds: float, now: float) -> None:
        """Have an errand done; `on_result` comes within so many seconds."""
        self._errand = self.call.exchange.errands.ask(self, make, seconds, now)

    def hush(self) -> None:
        """Say no more of what is being said; `on_said` does not come."""
        if self._play or self._singly or self._unspoken:
            self._play = 0
            self._singly.clear()
            self._unspoken = []
            self.call.leg.silence()

    @property
    def speaking(self) -> bool:
        """Whether something is being said."""
        return bool(self._play or self._unspoken)

    def say(self, said: Speeches, now: float, fallback: str = "") -> None:
        """Say something; `on_said` comes when it is over, at once when nothing can be said.

        `fallback` is a prompt said instead of texts that cannot be spoken.
        """
        self.variables.now = now
        self._fallback = (clip(fallback, self.variables.language),) if fallback else ()
        self._singly.clear()
        parts: list[tuple[str, ...] | int] = []
        for text in said:
            part = None
            try:
                part = speech(text)
                parts.append(
                    self._speak(part, now)
                    if part.kind is Kind.TEXT
                    else clips(part, self.variables.spoken, self.variables.language)
                )
            except (UnspeakableError, ValueError) as error:
                self.call.note("unspeakable", str(error), now)
                if part is not None and part.kind is Kind.TEXT:
                    parts.append(self._fallback)
        self._unspoken = parts
        self._say_whole(now)

    def clips(self, said: Speeches, now: float) -> tuple[str, ...]:
        """The clips of what somebody else is to say to this caller; texts, which must be spoken first, are left out."""
        self.variables.now = now
        found: list[str] = []
        for text in said:
            try:
                found += clips(speech(text), self.variables.spoken, self.variables.language)
            except (UnspeakableError, ValueError) as error:
                self.call.note("unspeakable", str(error), now)
        return tuple(found)

    def _speak(self, said: Speech, now: float) -> int:
        text = self.variables.expand(said.text, aloud=True)
        language = self.variables.language
        voice = self.call.exchange.voices.get(language)
        if voice is None:
            raise UnspeakableError(f"no voice speaks {language}")
        return self.call.exchange.errands.ask(
            self, lambda number: Speak(number, text, language, voice.timeout), voice.timeout, now
        )

    def _say_whole(self, now: float) -> None:
        """Say what was gathered, once every text has been spoken."""
        if any(isinstance(part, int) for part in self._unspoken):
            return
        whole = tuple(one for part in self._unspoken if not isinstance(part, int) for one in part)
        self._unspoken = []
        if whole:
            self._saying = whole
            self._play = self.call.leg.play(whole)
        elif self._doing is not None:
            self._doing.on_said(now)

    def loop(self, music: str) -> None:
        """Play music until something else happens."""
        self._play = 0
        self.call.leg.play((music,), loop=True, shared=True)

    # --- what happens --------------------

    @property
    def hides_keys(self) -> bool:
        """The keys pressed now are a secret."""
        return self._hiding

    def _hide(self, step: Step) -> None:
        """From a masked entry on, until something else is asked; and while that what leads to one is said."""
        ahead: Step | None = step
        for _ in range(8):
            if not isinstance(ahead, SayStep | NoticeStep):
                break
            ahead = self.flow.steps.get(ahead.then)
        if isinstance(ahead, CollectStep):
            self._hiding = ahead.masked
        elif isinstance(step, MenuStep):
            self._hiding = False

    def on_digit(self, digit: str, now: float) -> None:
        """A key."""
        if digit in KEYS and self._doing is not None:
            self._doing.on_key(digit, now)

    def on_play_ended(self, play: int, error: str, now: float) -> None:
        """Something was said, or cannot be (a file is missing), which must not strand the caller."""
        if play != self._play or not play:
            return
        self._play = 0
        if error and len(self._saying) > 1:  # nothing of it was heard: say one after another what is there
            self._singly.extend(self._saying)
        self._saying = ()
        if self._singly:
            self._saying = (self._singly.popleft(),)
            self._play = self.call.leg.play(self._saying)
        elif self._doing is not None:
            self._doing.on_said(now)

    def on_deadline(self, tag: str, now: float) -> None:
        """The moment the step waited for."""
        self._moment = None
        if self._doing is not None:
            self._doing.on_moment(tag, now)

    def on_result(self, result: AnyResult, now: float) -> None:
        """An errand is over."""
        if result.errand in self._unspoken:
            index = self._unspoken.index(result.errand)
            self._unspoken[index] = (result.clip,) if isinstance(result, Spoken) else self._fallback
            if isinstance(result, Failed):
                self.call.note("unspeakable", result.why, now)
            self._say_whole(now)
        elif result.errand == self._errand and self._doing is not None and isinstance(result, Answered | Failed):
            self._errand = 0
            self._doing.on_result(result, now)
