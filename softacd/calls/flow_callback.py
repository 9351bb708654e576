"""The step that keeps a caller's place without him: his number is confirmed or entered, and judged before that."""

from enum import StrEnum

from softacd.calls.flow_run import Doing, FlowRun
from softacd.calls.flow_steps import CallBackStep, Speeches
from softacd.calls.identity import party_of
from softacd.calls.prompts import Prompt

PAUSE_SECONDS = 4.0
"""Between two digits of a number; then what has come is the number."""
MOST_DIGITS = 20
ACCEPT, ANOTHER = "1", "2"
"""Keys, as `callback-confirm` tells them."""


class Part(StrEnum):
    """What the caller is asked."""

    CONFIRMING = "confirming"
    ENTERING = "entering"
    TOLD = "told"


class CallingBack(Doing[CallBackStep]):
    """One caller who does not want to wait."""

    def __init__(self, run: FlowRun, step: CallBackStep) -> None:
        super().__init__(run, step)
        self._part = Part.TOLD
        self._number = ""
        self._digits = ""
        self._tries = 0

    @property
    def _queue(self) -> str:
        waited = self.run.call.waited
        return self.step.queue or (waited.queue if waited is not None else "")

    def start(self, now: float) -> None:
        """Ask whether the number is right, for one when it cannot be called, or note it at once."""
        run = self.run
        run.enter_flow(now)
        run.kept_keys = ""
        if self._queue not in run.call.exchange.queues:
            self._impossible(f"no queue {self._queue}", now)
            return
        number = party_of(run.call)
        why = self._refusal(number) if number else "the number is hidden"
        if why and self.step.confirm:
            run.call.note("call-back-refused", why, now)
            self._enter((), now)
        elif why:
            self._impossible(why, now)
        elif self.step.confirm:
            self._confirm(number, now)
        else:
            self._accept(number, now)

    # --- what happens --------------------

    def on_key(self, key: str, now: float) -> None:
        """An answer, or a digit."""
        run = self.run
        if self._part is Part.TOLD:
            return
        run.hush()
        run.wait(None)
        if self._part is Part.CONFIRMING:
            if key == ACCEPT:
                self._accept(self._number, now)
            elif key == ANOTHER:
                self._enter((), now)
            else:
                self._again(now)
        elif key == "#":
            self._judge(now)
        elif key.isdecimal():
            self._digits += key
            if len(self._digits) >= MOST_DIGITS:
                self._judge(now)
            else:
                run.wait(PAUSE_SECONDS, now)
        else:
            self._digits = ""  # a star begins anew
            run.wait(self.step.timeout_seconds, now)

    def on_said(self, now: float) -> None:
        """He knows: go on; or he has some time."""
        if self._part is Part.TOLD:
            self.run.go(self.step.then, now)
        elif not self._digits:
            self.run.wait(self.step.timeout_seconds, now)

    def on_moment(self, tag: str, now: float) -> None:
        """No further key in time."""
        if self._part is Part.ENTERING and self._digits:
            self._judge(now)
        else:
            self._again(now)

    # --- what is done --------------------

    def _refusal(self, number: str) -> str:
        return self.run.call.exchange.desk.call_backs.refusal(number)

    def _confirm(self, number: str, now: float) -> None:
        self._part = Part.CONFIRMING
        self._number = number
        self.run.say((Prompt.CALLBACK_NUMBER, f"digits:{number}", Prompt.CALLBACK_CONFIRM), now)

    def _enter(self, before: Speeches, now: float) -> None:
        self._part = Part.ENTERING
        self._digits = ""
        self.run.say((*before, Prompt.CALLBACK_ENTER_NUMBER), now)

    def _judge(self, now: float) -> None:
        number, self._digits = self._digits, ""
        why = self._refusal(number) if number else "nothing was entered"
        if not why:
            self._confirm(number, now)
            return
        self.run.call.note("call-back-refused", why, now)
        self._tries += 1
        if self._tries < self.step.tries:
            self._enter((Prompt.ENTRY_INVALID,), now)
        else:
            self._impossible("no number it may call", now)

    def _again(self, now: float) -> None:
        self._tries += 1
        if self._tries >= self.step.tries:
            self._impossible("the number was not confirmed", now)
        elif self._part is Part.CONFIRMING:
            self._confirm(self._number, now)
        else:
            self._enter((), now)

    def _impossible(self, why: str, now: float) -> None:
        self.run.call.note("call-back-impossible", why, now)
        self.run.go(self.step.otherwise, now)

    def _accept(self, number: str, now: float) -> None:
        call, queue = self.run.call, self._queue
        waited = call.waited
        same = waited if waited is not None and waited.queue == queue else None
        call.exchange.desk.call_backs.request(
            call,
            queue,
            number,
            arrived=same.since if same is not None else now,
            priority=same.priority if same is not None else 0,
            skills=dict(same.skills) if same is not None else {},
            now=now,
        )
        self._part = Part.TOLD
        self.run.say(self.step.prompts, now)
