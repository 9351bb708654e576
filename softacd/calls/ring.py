"""Ring one destination for a caller: an extension (all its devices) or an outside number over the trunks.

A caller not yet answered hears what the called side gives (180, or early media by 183); one who was answered hears
our ringback tone. When nobody answers, `unserved` decides, else the caller gets the refusal.
"""

from collections.abc import Callable

from softacd.calls.attempt import Attempt, Outcome
from softacd.calls.call import Activity, Call
from softacd.calls.call_table import Phase
from softacd.calls.deadlines import Deadline
from softacd.calls.diversion import Diversion
from softacd.calls.leg import Leg
from softacd.calls.records import Outcome as CallOutcome

RINGBACK = "tones/ringback"


class Ring(Activity):
    """One destination being rung for one caller."""

    def __init__(
        self,
        call: Call,
        what: str,
        attempt: Callable[["Ring"], Attempt],
        unserved: Callable[[float], None] | None = None,
    ) -> None:
        super().__init__(call)
        self._what = what
        self._unserved = unserved
        self._attempt: Attempt | None = attempt(self)
        self._early: Leg | None = None
        self._seconds = 0.0
        self._patience: Deadline | None = None
        self.status = 0
        """Why nobody answered."""
        self.agent = ""
        """The agent of the house for whom somebody is called; empty: the call is nobody's."""
        self.answered: Callable[[float], None] | None = None
        """Told when somebody answered, before the two are connected."""

    @classmethod
    def extension(
        cls, call: Call, extension: str, seconds: float, unserved: Callable[[float], None] | None = None
    ) -> "Ring":
        """Ring a phone of the house, or a group by its number; its user may have sent it elsewhere."""
        exchange = call.exchange
        return cls(call, extension, lambda ring: exchange.reach(call, extension, ring, seconds=seconds), unserved)

    @classmethod
    def outside(
        cls,
        call: Call,
        number: str,
        display_name: str = "",
        *,
        emergency: bool = False,
        payer: str = "",
        seconds: float = 0.0,
        diversions: tuple[Diversion, ...] = (),
        unserved: Callable[[float], None] | None = None,
    ) -> "Ring":
        """Call an outside number; each trunk has its own time-outs, `seconds` (0: none) is one for all together.

        `payer` is who is charged: the caller, when empty.
        """
        exchange = call.exchange
        ring = cls(
            call,
            number,
            lambda ring: exchange.hunt(
                call,
                number,
                ring,
                display_name=display_name,
                payer=payer or call.record.caller,
                emergency=emergency,
                diversions=diversions,
            ),
            unserved,
        )
        ring._seconds = seconds
        return ring

    def start(self, now: float) -> None:
        """Send the INVITEs."""
        call = self.call
        call.enter_phase(Phase.RINGING, now)
        call.note("ring", self._what, now)
        if call.leg.answered:
            call.leg.play((RINGBACK,), loop=True)
        if self._seconds:
            self._patience = call.services.deadlines.at(now + self._seconds, self, "ring")
        if self._attempt is not None:
            self._attempt.start(now)

    def stop(self, now: float) -> None:
        """The caller is gone: stop ringing."""
        self._forget()
        self._unserved = None  # whoever began this may keep it: then neither keeps the other
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            attempt.give_up(now, self.call.end_reason)

    def on_deadline(self, tag: str, now: float) -> None:
        """It rang long enough."""
        del tag
        self._patience = None
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            attempt.give_up(now)
            attempt.status = 480
            self._failed(attempt, now)

    def _forget(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def on_attempt(self, attempt: Attempt, outcome: Outcome, leg: Leg | None, now: float) -> None:
        """The called side moved."""
        call = self.call
        if outcome is Outcome.FAILED:
            self._attempt = None
            self._forget()
            self._failed(attempt, now)
        elif outcome is Outcome.ANSWERED and leg is not None:
            self._attempt = None
            self._forget()
            if attempt.trunk is not None:
                call.hold_channel(attempt.trunk)
                call.record.trunk = attempt.trunk.settings.name
            if not call.leg.answered:
                call.leg.prefer(leg.codec)
                call.leg.accept(now)
            if self.answered is not None:
                self.answered(now)
            call.connect(leg, now, agent=self.agent)
        elif not call.leg.answered and leg is not None:
            self._alert(outcome, leg, now)

    def _alert(self, outcome: Outcome, leg: Leg, now: float) -> None:
        caller = self.call.leg
        if outcome is Outcome.EARLY_MEDIA and leg.has_media and caller.offered:
            if self._early is not leg:
                self._early = leg
                caller.prefer(leg.codec)
                caller.progress(now)
                caller.bridge(leg)
        else:
            caller.alert(now)

    def _failed(self, attempt: Attempt, now: float) -> None:
        call = self.call
        self.status = attempt.status
        if attempt.queue:
            self._to_queue(attempt.queue, now)
            return
        if mailbox := attempt.mailbox or self._answering():
            self._to_mailbox(mailbox, now)
            return
        call.note("ring-failed", f"{self._what}: {attempt.status}", now)
        unserved, self._unserved = self._unserved, None
        if unserved is not None:
            call.leg.silence()
            unserved(now)
        else:
            call.finish(now, status=attempt.status)

    def _answering(self) -> str:
        """The mailbox that takes the calls of this phone, unless a flow or somebody else knows what to do."""
        return "" if self._unserved is not None else self.call.exchange.messages.answering(self._what)

    def _to_mailbox(self, mailbox: str, now: float) -> None:
        """The caller leaves a message, and that is all."""
        from softacd.calls.flow_message import mailbox_flow  # flows know rings
        from softacd.calls.flow_run import FlowRun

        call = self.call
        call.enter_phase(Phase.FLOW, now)
        call.begin(FlowRun(call, mailbox_flow(mailbox)), now)

    def _to_queue(self, queue: str, now: float) -> None:
        """The phone's user sends its calls to a queue."""
        from softacd.calls.emergency import to_queue  # in an emergency phones ring

        call = self.call
        unserved = self._unserved or (lambda at: call.finish(at, outcome=CallOutcome.MISSED))
        wait = to_queue(call, queue, unserved, now)
        call.enter_phase(Phase.FLOW, now)
        if call.leg.answered:
            call.begin(wait, now)
        else:
            call.answer_and_begin(wait, now)
