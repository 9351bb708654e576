"""The step in which a caller leaves a message; what reaches a mailbox by dialling or forwarding goes through it too."""

from enum import StrEnum

from softacd.calls.flow_run import Doing, FlowRun
from softacd.calls.flow_steps import FlowSettings, Speeches, VoicemailStep
from softacd.calls.message_desk import Draft, Fate, NoMessageError
from softacd.calls.prompts import Prompt, Tone

REVIEW_SECONDS = 6.0
"""Who says nothing of the message for so long has kept it."""
FILE_SECONDS = 5.0
"""How long the file of a message may take to be complete before the caller goes on without knowing."""


class Part(StrEnum):
    """What the caller is doing."""

    GREETED = "greeted"
    SPEAKING = "speaking"
    FINISHING = "finishing"  # the file is not complete yet
    REVIEWING = "reviewing"
    HEARING = "hearing"
    LEAVING = "leaving"  # something is said, then the flow goes on


class LeavingMessage(Doing[VoicemailStep]):
    """One caller at one mailbox."""

    def __init__(self, run: FlowRun, step: VoicemailStep) -> None:
        super().__init__(run, step)
        self._part = Part.LEAVING
        self._draft: Draft | None = None
        self._tries = 0
        self._target = step.then

    def start(self, now: float) -> None:
        """Greet, or say that nothing can be left."""
        run, step = self.run, self.step
        run.enter_flow(now)
        run.kept_keys = ""
        desk = run.call.exchange.messages
        why = desk.refusal(step.mailbox)
        settings = desk.mailbox(step.mailbox)
        if why or settings is None:
            self._refuse(why, now)
        else:
            self._greet(step.prompts or settings.greeting, now)

    def stop(self, now: float) -> None:
        """The caller is gone: what he has said is kept."""
        self._decide(Fate.KEEP, now)

    # --- what happens --------------------

    def on_said(self, now: float) -> None:
        """Said to the end: record, wait for a key, or go on."""
        match self._part:
            case Part.GREETED:
                self._record(now)
            case Part.HEARING:
                self._review(now)
            case Part.REVIEWING:
                self.run.wait(REVIEW_SECONDS, now, "review")
            case Part.LEAVING:
                self.run.go(self._target, now)
            case Part.SPEAKING | Part.FINISHING:
                pass

    def on_key(self, key: str, now: float) -> None:
        """A key ends the greeting (#) and the message (any), and says what becomes of it."""
        match self._part:
            case Part.GREETED if key == "#":
                self.run.hush()
                self.run.say((Tone.BEEP,), now)
            case Part.SPEAKING:
                self._finish(now)
            case Part.REVIEWING | Part.HEARING:
                self._choose(key, now)
            case _:
                pass

    def on_moment(self, tag: str, now: float) -> None:
        """Long enough."""
        if self._part is Part.SPEAKING:
            self.run.call.note("message-long-enough", self.step.mailbox, now)
            self._finish(now)
        elif self._part is Part.FINISHING:
            self.run.call.note("message-slow", "its file is not complete yet", now)
            self._keep(now)
        else:
            self._keep(now)

    def on_quiet(self, now: float) -> None:
        """The caller has fallen silent."""
        if self._part is Part.SPEAKING:
            self._finish(now)

    def on_recorded(self, now: float) -> None:
        """The file is complete, or cannot be written on."""
        draft = self._draft
        if draft is None or draft.ended is None:
            return
        self.run.wait(None)
        if draft.ended.error:
            why = draft.ended.error
            self._decide(Fate.KEEP, now)
            self._refuse(why, now)
        elif not draft.enough:
            self._decide(Fate.KEEP, now)
            self._again((Prompt.MESSAGE_TOO_SHORT,), now)
        elif self.step.review:
            self._review(now)
        else:
            self._keep(now)

    # --- what is done --------------------

    def _greet(self, said: Speeches, now: float) -> None:
        self._part = Part.GREETED
        self.run.say((*said, Tone.BEEP), now)

    def _record(self, now: float) -> None:
        call, desk = self.run.call, self.run.call.exchange.messages
        settings = desk.mailbox(self.step.mailbox)
        self._tries += 1
        try:
            self._draft = desk.begin(call, self.step.mailbox, self, now)
        except NoMessageError as error:
            self._refuse(str(error), now)
            return
        self._part = Part.SPEAKING
        if settings is not None:
            self.run.wait(settings.most_seconds, now, "length")

    def _finish(self, now: float) -> None:
        self._part = Part.FINISHING
        self.run.wait(FILE_SECONDS, now, "file")
        if self._draft is not None:
            self._draft.stop()

    def _review(self, now: float) -> None:
        self._part = Part.REVIEWING
        self.run.say((Prompt.MESSAGE_REVIEW,), now)

    def _choose(self, key: str, now: float) -> None:
        if key not in "123*#":
            return
        self.run.wait(None)
        self.run.hush()
        self.run.call.note("message-review", key, now)
        if key == "2" and self._draft is not None:
            self._part = Part.HEARING
            self.run.say((self._draft.clip,), now)
        elif key == "3" and self._tries < self.step.tries:
            self._decide(Fate.DISCARD, now)
            self._again((), now)
        elif key == "*":
            self._decide(Fate.DISCARD, now)
            self._leave((Prompt.MESSAGE_DELETED,), now)
        else:
            self._keep(now)

    def _again(self, before: Speeches, now: float) -> None:
        if self._tries < self.step.tries:
            self._greet(before, now)
        else:
            self._leave(before, now)

    def _keep(self, now: float) -> None:
        self._decide(Fate.KEEP, now)
        self._leave((Prompt.MESSAGE_SAVED,), now)

    def _refuse(self, why: str, now: float) -> None:
        self.run.call.note("message-impossible", why, now)
        self._target = self.step.failed
        self._leave((Prompt.SERVICE_UNAVAILABLE,), now)

    def _leave(self, said: Speeches, now: float) -> None:
        self._part = Part.LEAVING
        self.run.wait(None)
        if said:
            self.run.say(said, now)
        else:
            self.run.go(self._target, now)

    def _decide(self, fate: Fate, now: float) -> None:
        draft, self._draft = self._draft, None
        if draft is not None:
            draft.decide(fate, now)


def mailbox_flow(mailbox: str) -> FlowSettings:
    """What a caller goes through who has reached a mailbox itself."""
    return FlowSettings(name=f"mailbox {mailbox}", start="message", steps={"message": VoicemailStep(mailbox=mailbox)})
