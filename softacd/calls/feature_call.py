"""A phone dialled a feature code: do it, say what was done, hang up."""

from softacd.acd.vocabulary import Status
from softacd.calls import words
from softacd.calls.call import Activity, Call
from softacd.calls.call_table import Phase
from softacd.calls.control import NotPossibleError
from softacd.calls.emergency import switch_emergency
from softacd.calls.house import CLOSED
from softacd.calls.prompts import Prompt, clip
from softacd.calls.records import Outcome
from softacd.calls.routing import Feature

STATUSES = {
    Feature.AVAILABLE: (Status.AVAILABLE, Prompt.STATUS_AVAILABLE),
    Feature.BREAK: (Status.BREAK, Prompt.STATUS_BREAK),
    Feature.LUNCH: (Status.LUNCH, Prompt.STATUS_LUNCH),
    Feature.NOT_READY: (Status.NOT_READY, Prompt.STATUS_NOT_READY),
    Feature.LOG_OUT: (Status.LOGGED_OUT, Prompt.STATUS_LOGGED_OUT),
}
PHONE_FEATURES = frozenset(
    {
        Feature.DO_NOT_DISTURB,
        Feature.DISTURB,
        Feature.FORWARD_ALWAYS,
        Feature.FORWARD_BUSY,
        Feature.FORWARD_NO_ANSWER,
    }
)
"""Those that change what the user of a phone chose."""
HOUSE_FEATURES = frozenset({Feature.EMERGENCY, Feature.CLOSE})
"""Those that concern everybody; only managers' phones may dial them."""
WRAP_UP_EXTENSION_SECONDS = 60.0


class FeatureCall(Activity):
    """One feature code dialled from one phone."""

    def __init__(self, call: Call, feature: Feature, extension: str, number: str = "") -> None:
        super().__init__(call)
        self._number = number
        self._feature = feature
        self._extension = extension
        self._play = 0

    def start(self, now: float) -> None:
        """Do it and say so."""
        self.call.enter_phase(Phase.FLOW, now)
        self.call.step = self._feature.value
        language = self.call.language
        if self._feature in HOUSE_FEATURES:
            prompt = self._switch_house(now)
            self.call.note("feature", f"{self._feature}: {self._number} {prompt}", now)
            self._play = self.call.leg.play((clip(prompt, language),))
            return
        if self._feature in PHONE_FEATURES:
            chosen = self._choose(now)
            self.call.note("feature", f"{self._feature}: {self._number or 'done'}" if chosen else "refused", now)
            said = words.digits(self._number, language) if self._number else (clip(Prompt.THANK_YOU, language),)
            self._play = self.call.leg.play(said if chosen else (clip(Prompt.INVALID_CODE, language),))
            return
        prompt = self._do(now)
        self.call.note("feature", f"{self._feature}: {prompt}", now)
        self._play = self.call.leg.play((clip(prompt, language),))

    def on_play_ended(self, play: int, error: str, now: float) -> None:
        """Said: that is all."""
        if play == self._play:
            self.call.finish(now, outcome=Outcome.SERVED)

    def _choose(self, now: float) -> bool:
        """Change the phone's settings; False when the number leads nowhere."""
        exchange = self.call.exchange
        book, phone, number = exchange.phone_book, self._extension, self._number
        if number and not exchange.forwardable(phone, number):
            return False
        match self._feature:
            case Feature.DO_NOT_DISTURB:
                book.choose(phone, now, do_not_disturb=True)
            case Feature.DISTURB:
                book.choose(phone, now, do_not_disturb=False)
            case Feature.FORWARD_ALWAYS:
                book.choose(phone, now, forward_always=number)
            case Feature.FORWARD_BUSY:
                book.choose(phone, now, forward_busy=number)
            case _:
                book.choose(phone, now, forward_no_answer=number)
        return True

    def _switch_house(self, now: float) -> Prompt:
        """Close hours or open them again; the emergency mode on or off."""
        exchange = self.call.exchange
        if not exchange.phones[self._extension].manager:
            return Prompt.NOT_ALLOWED
        if self._feature is Feature.EMERGENCY:
            on = not exchange.house.emergency
            if on and not exchange.settings.emergency.numbers:
                return Prompt.INVALID_CODE
            switch_emergency(exchange, on, self._extension, now)
            return Prompt.EMERGENCY_ON if on else Prompt.EMERGENCY_OFF
        on = not exchange.house.closed(self._number)
        exchange.house.switch(CLOSED + self._number, on, self._extension, now)
        return Prompt.HOUSE_CLOSED if on else Prompt.HOUSE_OPEN

    def _do(self, now: float) -> Prompt:
        exchange = self.call.exchange
        agent = exchange.agent_of_phone.get(self._extension)
        if agent is None:
            return Prompt.NOT_ALLOWED
        if self._feature in STATUSES:
            status, prompt = STATUSES[self._feature]
            exchange.desk.set_status(agent, status, self._number, now)
            return prompt
        try:
            if self._feature is Feature.FINISH_WRAP_UP:
                exchange.desk.finish_wrap_up(agent, now)
                return Prompt.STATUS_AVAILABLE
            if self._feature is Feature.TOPIC:
                exchange.desk.topics.choose_by_number(agent, self._number, now)
                return Prompt.THANK_YOU
            exchange.desk.extend_wrap_up(agent, WRAP_UP_EXTENSION_SECONDS, now)
        except NotPossibleError:
            return Prompt.INVALID_CODE
        return Prompt.STATUS_WORKING
