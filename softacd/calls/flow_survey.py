"""The step that asks a caller for a score, and the flow that goes on with him when his agent has hung up."""

from typing import TYPE_CHECKING

from softacd.calls.flow_run import Doing, FlowRun
from softacd.calls.flow_steps import Speeches, SurveyStep
from softacd.calls.records import Rating

if TYPE_CHECKING:
    from softacd.calls.call import Call


class Surveying(Doing[SurveyStep]):
    """One question, one key."""

    def __init__(self, run: FlowRun, step: SurveyStep) -> None:
        super().__init__(run, step)
        self._tries = 0

    def start(self, now: float) -> None:
        """Ask."""
        self.run.enter_flow(now)
        self.run.kept_keys = ""
        self.run.say(self.step.prompts, now)

    def on_key(self, key: str, now: float) -> None:
        """A score, or no such one."""
        run, step = self.run, self.step
        run.wait(None)
        run.hush()
        if not key.isdecimal() or not step.least <= int(key) <= step.most:
            run.call.note("survey-invalid", key, now)
            self._again(step.invalid, now)
            return
        call, score = run.call, int(key)
        call.note("rating", f"{step.topic}: {score}", now)
        call.services.records.append(
            Rating(
                call=call.id,
                at=call.services.wall(now),
                queue=call.record.queue,
                agent=call.record.agent,
                topic=step.topic,
                score=score,
                low=score <= step.low,
            )
        )
        run.go(step.then, now)

    def on_said(self, now: float) -> None:
        """Now the caller has some time."""
        self.run.wait(self.step.timeout_seconds, now)

    def on_moment(self, tag: str, now: float) -> None:
        """No key in time."""
        self.run.call.note("survey-silence", self.run.call.step, now)
        self._again(self.step.silence, now)

    def _again(self, before: Speeches, now: float) -> None:
        self._tries += 1
        if self._tries < self.step.tries:
            self.run.say((*before, *self.step.prompts), now)
        else:
            self.run.go(self.step.otherwise, now)


def after_call(call: "Call") -> FlowRun | None:
    """The flow for a caller whose agent has hung up; None: the call is over."""
    flow = call.exchange.flows.get(call.after_call)
    return FlowRun(call, flow) if flow is not None else None
