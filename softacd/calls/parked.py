"""Parking: a call waits in a slot until somebody dials the slot; nobody does: the phone that parked it is rung."""

from softacd.calls import words
from softacd.calls.attempt import Attempt, Outcome
from softacd.calls.call import Activity, Call
from softacd.calls.call_table import Phase
from softacd.calls.deadlines import Deadline
from softacd.calls.leg import Leg
from softacd.calls.prompts import Prompt, clip
from softacd.calls.records import Outcome as CallOutcome
from softacd.calls.refer import Subscription

RECALL_SECONDS = 20.0


class Parked(Activity):
    """One party waits in `slot`; `parker`, still on the line after a blind transfer, is told where."""

    def __init__(self, call: Call, slot: str, extension: str, parker: Leg | None, subscription: Subscription) -> None:
        super().__init__(call)
        self.slot = slot
        self._extension = extension
        self._parker = parker
        self._subscription = subscription
        self._saying = 0
        self._patience: Deadline | None = None
        self._recall: Attempt | None = None

    def start(self, now: float) -> None:
        """Music for who waits, the slot for who parked."""
        call = self.call
        call.enter_phase(Phase.PARKED, now)
        call.note("parked", f"{self.slot} by {self._extension}", now)
        call.exchange.parking.put(self.slot, self)
        call.leg.play((call.music,), loop=True, shared=True)
        self._wait(now)
        if self._parker is not None:
            self._subscription.tell(100, "Trying", now)
            self._saying = self._parker.play(words.digits(self.slot, call.exchange.settings.language))

    def stop(self, now: float) -> None:
        """Fetched, or gone."""
        self.call.exchange.parking.clear(self.slot)
        if self._patience is not None:
            self._patience.cancel()
        recall, self._recall = self._recall, None
        if recall is not None:
            recall.give_up(now)
        self._let_go(now)

    def fetch(self, leg: Leg, now: float) -> None:
        """Somebody dialled the slot."""
        call = self.call
        call.note("fetched", f"{self.slot} by {leg.number}", now)
        self._let_go(now)
        call.occupy(leg.number, now)
        call.connect(leg, now, agent=call.exchange.agent_of_phone.get(leg.number, ""))

    def on_told(self, leg: Leg, play: int, now: float) -> None:
        """The parker has heard the slot."""
        if leg is self._parker and play == self._saying:
            self._let_go(now)

    def on_leg_gone(self, leg: Leg, now: float) -> bool:
        """The parker hung up, which is as it should be."""
        if leg is not self._parker:
            return False
        self._parker = None
        self.call.vacate(leg.number, now)
        return True

    def on_deadline(self, tag: str, now: float) -> None:
        """Nobody has fetched the call: ring who parked it."""
        del tag
        call = self.call
        self._patience = None
        if self._extension not in call.exchange.phones:
            self._wait(now)
            return
        call.note("recall", self._extension, now)
        self._recall = call.exchange.fork(call, self._extension, self, now)
        call.occupy(self._extension, now)
        self._patience = call.services.deadlines.at(now + RECALL_SECONDS, _EndOfRecall(self), "recall")
        self._recall.start(now)

    def on_attempt(self, attempt: Attempt, outcome: Outcome, leg: Leg | None, now: float) -> None:
        """The parker's phone moved."""
        if outcome is Outcome.ANSWERED and leg is not None:
            self._recall = None
            self.fetch(leg, now)
        elif outcome is Outcome.FAILED:
            self._recall = None
            self.end_recall(now)

    def end_recall(self, now: float) -> None:
        """The parker did not answer: the call waits on."""
        recall, self._recall = self._recall, None
        if recall is not None:
            recall.give_up(now)
        self.call.vacate(self._extension, now)
        self._wait(now)

    def _wait(self, now: float) -> None:
        if self._patience is not None:
            self._patience.cancel()
        seconds = self.call.exchange.settings.dial_plan.park_seconds
        self._patience = self.call.services.deadlines.at(now + seconds, self, "park")

    def _let_go(self, now: float) -> None:
        parker, self._parker = self._parker, None
        if parker is not None:
            self._subscription.tell(200, "OK", now)
            parker.hang_up(now)
            self.call.vacate(parker.number, now)


class _EndOfRecall:
    """The moment a recall has rung long enough."""

    def __init__(self, parked: Parked) -> None:
        self._parked = parked

    def on_deadline(self, tag: str, now: float) -> None:
        del tag
        self._parked.end_recall(now)


class TellSlot(Activity):
    """A phone dialled the park code, to transfer a call here afterwards: say the slot, and wait for the transfer."""

    def __init__(self, call: Call, slot: str) -> None:
        super().__init__(call)
        self.slot = slot
        self._play = 0

    def start(self, now: float) -> None:
        """Say it."""
        self.call.enter_phase(Phase.FLOW, now)
        self.call.note("slot-told", self.slot, now)
        self._play = self.call.leg.play(words.digits(self.slot, self.call.language))

    def on_play_ended(self, play: int, error: str, now: float) -> None:
        """Said; the phone has a while to complete the transfer, and hangs up when it does not."""
        if play == self._play:
            self._play = self.call.leg.play((self.call.music,), loop=True, shared=True)


class Fetch(Activity):
    """A phone dialled a slot: its leg joins the call that waits there."""

    def __init__(self, call: Call, slot: str) -> None:
        super().__init__(call)
        self._slot = slot
        self._play = 0

    def start(self, now: float) -> None:
        """Join, or say that nobody waits."""
        call = self.call
        call.enter_phase(Phase.FLOW, now)
        parked = call.exchange.parking.find(self._slot)
        if parked is None:
            self._play = call.leg.play((clip(Prompt.INVALID_CODE, call.language),))
            return
        parked.fetch(call.give_leg(parked.call, now), now)

    def on_play_ended(self, play: int, error: str, now: float) -> None:
        """Said."""
        if play == self._play:
            self.call.finish(now, outcome=CallOutcome.FAILED)
