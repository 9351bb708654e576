"""An agent signs on: he dials his code at the phone where he sits down, and perhaps his PIN."""

from hmac import compare_digest

from softacd.calls.call import Activity, Call
from softacd.calls.call_table import Phase
from softacd.calls.conference import KEY_SECONDS, TRIES
from softacd.calls.control import NotPossibleError, UnknownNameError
from softacd.calls.deadlines import Deadline
from softacd.calls.prompts import Prompt, clip
from softacd.calls.records import Outcome


class SignOnCall(Activity):
    """The code of one agent, dialled at one phone."""

    def __init__(self, call: Call, agent: str, extension: str) -> None:
        super().__init__(call)
        self._agent = agent
        self._extension = extension
        settings = call.exchange.agents.get(agent)
        self._pin = settings.pin if settings is not None else ""
        self._entered = ""
        self._tries = 0
        self._play = 0
        self._leaving = False
        self._patience: Deadline | None = None

    def start(self, now: float) -> None:
        """Ask for the PIN, or sign on at once."""
        self.call.enter_phase(Phase.FLOW, now)
        self.call.step = "sign-on"
        if self._pin:
            self._say(Prompt.ENTER_PIN)
        else:
            self._sign_on(now)

    def stop(self, now: float) -> None:
        """The call ends."""
        del now
        self._hush()

    def on_digit(self, digit: str, now: float) -> None:
        """A key of the PIN."""
        if self._leaving:
            return
        self.call.leg.silence()
        self._hush()
        if digit != "#":
            self._entered += digit
            if len(self._entered) < len(self._pin):
                self._patience = self.call.services.deadlines.at(now + KEY_SECONDS, self, "key")
                return
        self._judge(now)

    def on_play_ended(self, play: int, error: str, now: float) -> None:
        """Said: wait for the PIN, or hang up."""
        if play != self._play:
            return
        if self._leaving:
            self.call.finish(now, outcome=Outcome.SERVED)
        elif self._patience is None:
            self._patience = self.call.services.deadlines.at(now + KEY_SECONDS, self, "key")

    def on_deadline(self, tag: str, now: float) -> None:
        """No further key came."""
        del tag
        self._patience = None
        self._judge(now)

    def _judge(self, now: float) -> None:
        entered, self._entered = self._entered, ""
        if compare_digest(entered.encode(), self._pin.encode()):
            self._sign_on(now)
            return
        self.call.note("sign-on-refused", f"{self._agent}: wrong PIN", now)
        self._tries += 1
        if self._tries < TRIES:
            self._say(Prompt.INVALID_CODE, Prompt.ENTER_PIN)
        else:
            self._leave(Prompt.NOT_ALLOWED)

    def _sign_on(self, now: float) -> None:
        try:
            self.call.exchange.desk.seats.sign_on(self._agent, self._extension, now)
        except (NotPossibleError, UnknownNameError) as error:
            self.call.note("sign-on-refused", str(error), now)
            self._leave(Prompt.NOT_ALLOWED)
        else:
            self.call.note("feature", f"sign-on: {self._agent} at {self._extension}", now)
            self._leave(Prompt.STATUS_LOGGED_IN)

    def _leave(self, prompt: Prompt) -> None:
        self._leaving = True
        self._say(prompt)

    def _say(self, *prompts: Prompt) -> None:
        language = self.call.exchange.settings.language
        self._play = self.call.leg.play(tuple(clip(prompt, language) for prompt in prompts))

    def _hush(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
