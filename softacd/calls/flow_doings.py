"""What each step does. Steps that ask something are in `flow_asking`, those that reach somebody in `flow_reaching`."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from softacd.calls.errands import Answered, AnyResult, Failed, Query, Recognise, Request, Tell
from softacd.calls.flow_asking import Collecting, Menu
from softacd.calls.flow_callback import CallingBack
from softacd.calls.flow_message import LeavingMessage
from softacd.calls.flow_reaching import Dialling, Queueing, Ringing, Transferring
from softacd.calls.flow_run import Doing, FlowRun
from softacd.calls.flow_steps import (
    AnswerStep,
    BranchStep,
    CallBackStep,
    Case,
    CollectStep,
    DialStep,
    FlowStep,
    HangUpStep,
    HoursStep,
    LookupStep,
    MenuStep,
    NoticeStep,
    PlayStep,
    QueueStep,
    RingStep,
    SayStep,
    SetStep,
    SubFlowStep,
    SurveyStep,
    TransferStep,
    VoicemailStep,
    WebhookStep,
)
from softacd.calls.flow_survey import Surveying
from softacd.calls.hours import Opening, within
from softacd.calls.recognition import recognise


class Answering(Doing[AnswerStep]):
    """Answered already, as every step that needs sound is."""

    def start(self, now: float) -> None:
        """Go on."""
        self.run.enter_flow(now)
        self.run.go(self.step.then, now)


class Saying(Doing[SayStep]):
    """Something is said."""

    def start(self, now: float) -> None:
        """Say it."""
        self.run.enter_flow(now)
        self.run.say(self.step.prompts, now, self.step.fallback)

    def on_key(self, key: str, now: float) -> None:
        """Callers who know the way do not wait for the menu."""
        ahead = self.run.leads_to(self.step.then)
        if isinstance(ahead, MenuStep) and not ahead.barge_in:
            return
        if isinstance(ahead, MenuStep | CollectStep):
            self.run.kept_keys += key
            self.run.hush()
            self.run.go(self.step.then, now)

    def on_said(self, now: float) -> None:
        """Go on."""
        self.run.go(self.step.then, now)


class Noticing(Doing[NoticeStep]):
    """The caller is told of the recording."""

    def start(self, now: float) -> None:
        """Say it."""
        self.run.enter_flow(now)
        self.run.say(self.step.prompts, now)

    def on_key(self, key: str, now: float) -> None:
        """The caller may decline."""
        if key == self.step.decline:
            self.run.call.recording_declined = True
            self.run.call.note("recording-declined", key, now)
            self.run.hush()
            self.run.go(self.step.then, now)

    def on_said(self, now: float) -> None:
        """Told."""
        self.run.call.note("recording-notice", "", now)
        self.run.go(self.step.then, now)


class Playing(Doing[PlayStep]):
    """Music for a while."""

    def start(self, now: float) -> None:
        """Play."""
        self.run.enter_flow(now)
        self.run.loop(self.step.music)
        self.run.wait(self.step.seconds, now)

    def on_moment(self, tag: str, now: float) -> None:
        """Long enough."""
        self.run.call.leg.silence()
        self.run.go(self.step.then, now)


def holds(case: Case, value: str, moment: datetime) -> bool:
    """Whether a case holds for the value it judges, at a local moment."""
    if case.is_ and value not in case.is_:
        return False
    if case.starts and not value.startswith(case.starts):
        return False
    if case.empty is not None and (value == "") is not case.empty:
        return False
    if case.below is not None or case.above is not None:
        try:
            number = float(value.replace(",", "."))
        except ValueError:
            return False
        if (case.below is not None and not number < case.below) or (case.above is not None and not number > case.above):
            return False
    return not case.between or within(case.between, moment)


class Branching(Doing[BranchStep]):
    """Where the first case that holds leads."""

    needs_sound = False

    def start(self, now: float) -> None:
        """Judge."""
        for case in self.step.cases:
            if holds(case, self.run.variables.expand(case.value), self.run.variables.moment()):
                self.run.call.note("branch", case.then, now)
                self.run.go(case.then, now)
                return
        self.run.call.note("branch", "otherwise", now)
        self.run.go(self.step.otherwise, now)


class Opened(Doing[HoursStep]):
    """By opening hours."""

    needs_sound = False

    def start(self, now: float) -> None:
        """Look at the clock."""
        call, step = self.run.call, self.step
        state, why = call.exchange.opening(step.hours, call.services.wall(now))
        call.note("hours", f"{step.hours}: {state}{f' ({why})' if why else ''}", now)
        if state is Opening.OPEN:
            self.run.go(step.open, now)
        else:
            self.run.go((step.holiday if state is Opening.HOLIDAY else "") or step.closed, now)


class Setting(Doing[SetStep]):
    """Variables are set."""

    needs_sound = False

    def start(self, now: float) -> None:
        """Set them, each from what was before."""
        variables = self.run.variables
        for name, text in self.step.values.items():
            secret = variables.secret(text)
            variables.set(name, variables.expand(text), secret=secret)
            self.run.call.note("set", name if secret else f"{name} = {variables[name]}", now)
        self.run.go(self.step.then, now)


class LookingUp(Doing[LookupStep]):
    """A source is asked."""

    needs_sound = False

    def start(self, now: float) -> None:
        """Ask."""
        run, step = self.run, self.step
        call, variables = run.call, run.variables
        run.enter_flow(now)
        if call.leg.answered:
            if step.play:
                run.loop(step.play)
        else:
            call.alert(now)
        if step.source in call.exchange.crms:
            number, limit = call.record.caller, self._limit
            run.ask(lambda given: Recognise(given, step.source, number, limit), limit, now)
            return
        send = {name: variables.expand(text) for name, text in step.send.items()}
        if step.query:
            run.ask(lambda number: Query(number, step.source, step.query, send, step.timeout_seconds), self._limit, now)
            return
        path = variables.expand(step.path, escape=True)
        run.ask(
            lambda number: Request(number, step.source, path, step.method, send, step.timeout_seconds),
            self._limit,
            now,
        )

    @property
    def _limit(self) -> float:
        crm = self.run.call.exchange.crms.get(self.step.source)
        return min(self.step.timeout_seconds, crm.timeout) if crm is not None else self.step.timeout_seconds

    def on_result(self, result: AnyResult, now: float) -> None:
        """The answer."""
        run, step = self.run, self.step
        call = run.call
        if call.leg.answered and step.play:
            call.leg.silence()
        if isinstance(result, Failed):
            call.note("lookup", f"{step.source}: failed, {result.why}", now)
            run.go(step.failed, now)
            return
        found = result.found if isinstance(result, Answered) else None
        if found is not None and step.source in call.exchange.crms:
            recognise(call, step.source, found, now)
        values = {name: _find(found, path) for name, path in step.save.items()} if found is not None else {}
        lacking = [name for name, value in values.items() if value is None]
        if found is None or lacking:
            call.note("lookup", f"{step.source}: not found{f', no {lacking[0]}' if lacking else ''}", now)
            run.go(step.missing, now)
            return
        for name, value in values.items():
            run.variables.set(name, value or "")
        said = ", ".join(f"{name} = {run.variables[name][:80]}" for name in values)
        call.note("lookup", f"{step.source}: {said or 'found'}", now)
        run.go(step.then, now)


def _find(found: Any, path: str) -> str | None:
    """The value at a dotted path of decoded JSON, as text; None when it is not there or is no plain value."""
    for part in path.split("."):
        if isinstance(found, dict):
            found = found.get(part)
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    match found:
        case bool():
            return "true" if found else "false"
        case str():
            return found
        case int() | float():
            return f"{found:.15g}" if isinstance(found, float) else str(found)
        case _:
            return None


class Telling(Doing[WebhookStep]):
    """A web service is told."""

    needs_sound = False

    def start(self, now: float) -> None:
        """Tell it, and go on."""
        run, step = self.run, self.step
        variables = run.variables
        send = {name: variables.expand(text) for name, text in step.send.items()}
        path = variables.expand(step.path, escape=True)
        run.call.exchange.errands.tell(Tell(run.call.id, step.source, path, send))
        run.call.note("webhook", step.source, now)
        run.go(step.then, now)


class SubFlow(Doing[SubFlowStep]):
    """Another flow."""

    needs_sound = False

    def start(self, now: float) -> None:
        """Enter it."""
        self.run.call_flow(self.step.flow, self.step.then, now)


class HangingUp(Doing[HangUpStep]):
    """The end."""

    needs_sound = False

    def start(self, now: float) -> None:
        """Hang up."""
        self.run.call.finish(now, status=self.step.status)


DOINGS: dict[type[FlowStep], Callable[[FlowRun, Any], Doing[Any]]] = {
    AnswerStep: Answering,
    SayStep: Saying,
    MenuStep: Menu,
    CollectStep: Collecting,
    BranchStep: Branching,
    HoursStep: Opened,
    LookupStep: LookingUp,
    SetStep: Setting,
    QueueStep: Queueing,
    CallBackStep: CallingBack,
    RingStep: Ringing,
    DialStep: Dialling,
    VoicemailStep: LeavingMessage,
    SurveyStep: Surveying,
    TransferStep: Transferring,
    PlayStep: Playing,
    NoticeStep: Noticing,
    SubFlowStep: SubFlow,
    WebhookStep: Telling,
    HangUpStep: HangingUp,
}
