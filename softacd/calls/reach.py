"""Reaching an extension the way its user wants: do-not-disturb, forwards, and only then the devices.

A forwarded call goes on as if the number had been dialled by the phone that forwards: its rights count, not the
caller's. Nobody is asked twice in one call, and a call is forwarded at most five times (RFC 5806 section 7.2).
"""

from typing import TYPE_CHECKING

from softacd.calls.attempt import ANSWERED_ELSEWHERE, Attempt, AttemptUser, Outcome, better_refusal
from softacd.calls.deadlines import Deadline
from softacd.calls.diversion import Diversion, Why
from softacd.calls.leg import Leg
from softacd.calls.routing import ToExtension, ToGroup, ToMailbox, ToNobody, ToOutside, ToQueue

if TYPE_CHECKING:
    from softacd.calls.call import Call
    from softacd.calls.exchange import Exchange

MOST_DIVERSIONS = 5
BUSY_STATUSES = frozenset({486, 600, 603})
"""Refusals by a human or a busy phone; every other one means that nobody answers."""


class Reach(Attempt):
    """One extension being reached, wherever its user sent its calls."""

    def __init__(
        self,
        exchange: "Exchange",
        call: "Call",
        extension: str,
        user: AttemptUser,
        *,
        seconds: float,
        forwards: bool = True,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """It rings for `seconds` at the first phone and for its own `ring_seconds` at one it is forwarded to.

        `headers` are those of every INVITE.
        """
        super().__init__(user)
        self.extension = extension
        self._exchange = exchange
        self.call = call
        self._seconds = seconds
        self._forwards = forwards
        self._given = headers
        self._attempt: Attempt | None = None
        self._patience: Deadline | None = None
        self._diversions: tuple[Diversion, ...] = ()

    @property
    def caller(self) -> str:
        """Who calls."""
        return self.call.record.caller

    def start(self, now: float) -> None:
        """Ring, or do what the user of the phone wants instead."""
        self._to_extension(self.extension, self._seconds, now)

    def give_up(self, now: float, reason: str = "") -> None:
        """Stop ringing."""
        self.user = None
        self._drop(now, reason)
        self.call.vacate(self.extension, now)

    def picked_up(self, leg: Leg, now: float) -> None:
        """Somebody answered at another phone: `leg` is theirs."""
        self._drop(now, ANSWERED_ELSEWHERE)
        self.call.vacate(self.extension, now)
        self._report(Outcome.ANSWERED, leg, now)

    def on_attempt(self, attempt: Attempt, outcome: Outcome, leg: Leg | None, now: float) -> None:
        """The called side moved."""
        if attempt is not self._attempt:
            return
        if outcome is Outcome.FAILED:
            self._attempt = None
            self.status, self.queue, self.mailbox = attempt.status, attempt.queue, attempt.mailbox
            self._failed(now, attempt.redirect)
        elif outcome is Outcome.ANSWERED:
            self._attempt = None
            self._hush()
            self.trunk = attempt.trunk
            self._report(outcome, leg, now)
        else:
            self._report(outcome, leg, now)

    def on_deadline(self, tag: str, now: float) -> None:
        """It rang long enough."""
        del tag
        self._drop(now)
        self.status = 480
        self._failed(now)

    def _to_extension(self, extension: str, seconds: float, now: float) -> None:
        call, exchange = self.call, self._exchange
        self.extension = extension
        choices = exchange.phone_book.of(extension)
        if self._forwards and choices.forward_always:
            self._divert(choices.forward_always, Why.ALWAYS, now)
        elif choices.do_not_disturb:
            call.note("do-not-disturb", extension, now)
            self.status = 486
            self._failed(now)
        else:
            call.occupy(extension, now)
            self._patience = call.services.deadlines.at(now + seconds, self, "ring")
            exchange.ringing[self] = None
            self._try(exchange.fork(call, extension, self, now, headers=self._headers()), now)

    def _try(self, attempt: Attempt, now: float) -> None:
        self._attempt = attempt
        attempt.start(now)

    def _failed(self, now: float, redirect: str = "") -> None:
        """Nobody took the call here: forward it, or say so. The phone itself may have named a number (302)."""
        self._hush()
        extension, status = self.extension, self.status
        if extension:
            self.call.vacate(extension, now)
        if self._forwards and not self.queue and not self.mailbox and extension:
            if redirect:
                self._divert(redirect, Why.DEFLECTION, now)
                return
            choices = self._exchange.phone_book.of(extension)
            busy = status in BUSY_STATUSES
            target = choices.forward_busy if busy else choices.forward_no_answer
            if target:
                self._divert(target, Why.BUSY if busy else Why.NO_ANSWER, now)
                return
        self._report(Outcome.FAILED, None, now)

    def _divert(self, number: str, why: Why, now: float) -> None:
        call, exchange = self.call, self._exchange
        here = self.extension
        self._diversions = (Diversion(here, why), *self._diversions)
        self.extension = ""
        phone = exchange.phones.get(here)
        destination = (
            exchange.routing.destination(number, phone) if phone else ToNobody(404, f"no phone {here} any more")
        )
        visited = {diversion.extension for diversion in self._diversions}
        if len(self._diversions) + len(self.call.diverted) > MOST_DIVERSIONS or (
            isinstance(destination, ToExtension) and destination.extension in visited
        ):
            call.note("forward-loop", " ".join((*reversed([d.extension for d in self._diversions]), number)), now)
            self.status = 482
            self._report(Outcome.FAILED, None, now)
            return
        call.note("forwarded", f"{here} to {number}: {why}", now)
        call.leg.forwarded(now)
        match destination:
            case ToExtension(extension=extension):
                self._to_extension(extension, exchange.phones[extension].ring_seconds, now)
            case ToGroup(group=group):
                self._try(exchange.ring_group(call, group, self), now)
            case ToOutside(number=outside):
                self._try(exchange.hunt(call, outside, self, diversions=self._diversions, payer=here), now)
            case ToQueue(queue=queue):
                self.queue = queue
                self._report(Outcome.FAILED, None, now)
            case ToMailbox(mailbox=mailbox):
                self.mailbox = mailbox
                self._report(Outcome.FAILED, None, now)
            case _:
                self.status = destination.status if isinstance(destination, ToNobody) else 404
                call.note("forward-refused", f"{number}: {self.status}", now)
                self._report(Outcome.FAILED, None, now)

    def _headers(self) -> tuple[tuple[str, str], ...]:
        return (
            *self._given,
            *(
                ("Diversion", f"<{self._exchange.address_of_record(diversion.extension)}>;reason={diversion.why}")
                for diversion in self._diversions
            ),
        )

    def _drop(self, now: float, reason: str = "") -> None:
        self._hush()
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            attempt.give_up(now, reason)

    def _hush(self) -> None:
        self._exchange.ringing.pop(self, None)
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


class GroupRing(Attempt):
    """Several phones behind one number, all at once or one after another."""

    def __init__(self, user: AttemptUser, reaches: list[Reach], *, together: bool) -> None:
        """`reaches` are not started yet."""
        super().__init__(user)
        self._waiting = reaches
        self._together = together
        self._ringing: list[Reach] = []
        self._rang = False

    def start(self, now: float) -> None:
        """Ring all, or the first."""
        self._next(now)

    def give_up(self, now: float, reason: str = "") -> None:
        """Stop ringing."""
        self.user = None
        self._waiting.clear()
        self._drop(now, reason)

    def on_attempt(self, attempt: Attempt, outcome: Outcome, leg: Leg | None, now: float) -> None:
        """One phone moved."""
        if not isinstance(attempt, Reach) or attempt not in self._ringing:
            return
        if outcome is Outcome.ANSWERED:
            self._ringing.remove(attempt)
            self._waiting.clear()
            self._drop(now, ANSWERED_ELSEWHERE)
            self._report(outcome, leg, now)
        elif outcome is Outcome.FAILED:
            self._ringing.remove(attempt)
            self.status = better_refusal(self.status, attempt.status)
            self._next(now)
        elif not self._rang:
            self._rang = True
            self._report(outcome, leg, now)

    def _next(self, now: float) -> None:
        """Start whoever is to ring now; a phone that refuses at once comes back here before `start` returns."""
        while self._waiting and (self._together or not self._ringing):
            reach = self._waiting.pop(0)
            reach.user = self
            self._ringing.append(reach)
            reach.start(now)
        if not self._ringing and not self._waiting and self.user is not None:
            user, self.user = self.user, None
            user.on_attempt(self, Outcome.FAILED, None, now)

    def _drop(self, now: float, reason: str) -> None:
        while self._ringing:
            self._ringing.pop().give_up(now, reason)
