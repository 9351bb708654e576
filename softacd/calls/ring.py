"""Ring one destination for a caller: an extension (all its devices) or an outside number over the trunks.

A caller not yet answered hears what the called side gives (180, or early media by 183); one who was answered hears
our ringback tone. When nobody answers, `unserved` decides, else the caller gets the refusal.
"""

from collections.abc import Callable

from softacd.calls.attempt import Attempt, Outcome
from softacd.calls.call import Activity, Call
from softacd.calls.call_table import Phase
from softacd.calls.deadlines import Deadline
from softacd.calls.hunt import Hunt
from softacd.calls.leg import Leg

RINGBACK = "tones/ringback"


class Ring(Activity):
    """One destination being rung for one caller."""

    def __init__(self, call: Call, what: str, seconds: float, unserved: Callable[[float], None] | None) -> None:
        super().__init__(call)
        self._what = what
        self._seconds = seconds
        self._unserved = unserved
        self._attempt: Attempt | None = None
        self._patience: Deadline | None = None
        self._early: Leg | None = None
        self._extension = ""

    @classmethod
    def extension(
        cls, call: Call, extension: str, seconds: float, unserved: Callable[[float], None] | None = None
    ) -> "Ring":
        """Ring a phone of the house."""
        ring = cls(call, extension, seconds, unserved)
        ring._extension = extension
        ring._prepare = lambda now: call.exchange.fork(call, extension, ring, now)
        return ring

    @classmethod
    def outside(cls, call: Call, number: str, display_name: str = "") -> "Ring":
        """Call an outside number; each trunk has its own time-outs."""
        ring = cls(call, number, 0.0, None)
        ring._prepare = lambda now: call.exchange.hunt(call, number, ring, display_name=display_name)
        return ring

    _prepare: Callable[[float], Attempt]

    def start(self, now: float) -> None:
        """Send the INVITEs."""
        call = self.call
        call.enter_phase(Phase.RINGING, now)
        call.note("ring", self._what, now)
        if call.leg.answered:
            call.leg.play((RINGBACK,), loop=True)
        if self._seconds:
            self._patience = call.services.deadlines.at(now + self._seconds, self, "ring")
        if self._extension:
            call.occupy(self._extension, now)
        self._attempt = self._prepare(now)
        self._attempt.start(now)

    def stop(self, now: float) -> None:
        """The caller is gone: stop ringing."""
        if self._patience is not None:
            self._patience.cancel()
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            attempt.give_up(now)

    def on_deadline(self, tag: str, now: float) -> None:
        """It rang long enough."""
        del tag
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            attempt.give_up(now)
            self._failed(480, now)

    def on_attempt(self, attempt: Attempt, outcome: Outcome, leg: Leg | None, now: float) -> None:
        """The called side moved."""
        call = self.call
        if outcome is Outcome.FAILED:
            self._attempt = None
            self._failed(attempt.status, now)
        elif outcome is Outcome.ANSWERED and leg is not None:
            self._attempt = None
            if isinstance(attempt, Hunt) and attempt.trunk is not None:
                call.hold_channel(attempt.trunk)
                call.record.trunk = attempt.trunk.settings.name
            if not call.leg.answered:
                call.leg.accept(now)
            call.connect(leg, now)
        elif not call.leg.answered and leg is not None:
            self._alert(outcome, leg, now)

    def _alert(self, outcome: Outcome, leg: Leg, now: float) -> None:
        caller = self.call.leg
        if outcome is Outcome.EARLY_MEDIA and leg.has_media:
            if self._early is not leg:
                self._early = leg
                caller.progress(now)
                caller.bridge(leg)
        else:
            caller.alert(now)

    def _failed(self, status: int, now: float) -> None:
        if self._patience is not None:
            self._patience.cancel()
        call = self.call
        call.vacate(self._extension, now)
        call.note("ring-failed", f"{self._what}: {status}", now)
        if self._unserved is not None:
            call.leg.silence()
            self._unserved(now)
        else:
            call.finish(now, status=status)
