"""Reaching somebody: an attempt rings one destination by one or more legs and reports one outcome.

`Fork` rings every device registered with an extension at once (RFC 3261 section 16.7: the first 2xx wins, the rest
are cancelled). `Hunt` in softacd.calls.hunt tries trunks one after another.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from softacd.calls.leg import Leg, Signal
from softacd.calls.leg_outgoing import OutgoingLeg
from softacd.calls.services import NoPortError, Services
from softacd.sip.headers import NameAddress
from softacd.sip.location import Binding

if TYPE_CHECKING:
    from softacd.calls.trunk import Trunk

ANSWERED_ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'
"""Reason of a CANCEL to devices that lost the race: they show no missed call (RFC 3326)."""


OUR_REQUEST_STATUSES = frozenset({414, 416, 420, 421, 422, 423, 428, 436, 437, 438, 439, 440, 481, 485, 489, 491, 494})
"""What the other side did not like of our INVITE itself, which the caller did not write."""


FLOW_FAILED = frozenset({408, 430, 503})
"""No answer, a proxy that has lost the flow, or a dead connection: another flow of the device may work."""


class Outcome(StrEnum):
    """What an attempt reports."""

    RINGING = "ringing"
    EARLY_MEDIA = "early-media"
    ANSWERED = "answered"
    FAILED = "failed"


class AttemptUser(Protocol):
    """Whoever wants somebody reached."""

    def on_attempt(self, attempt: "Attempt", outcome: Outcome, leg: Leg | None, now: float) -> None:
        """Something was reached, or not: after FAILED, `attempt.status` is the SIP status to pass on."""


class Attempt(ABC):
    """One try to reach one destination."""

    def __init__(self, user: AttemptUser) -> None:
        self.user: AttemptUser | None = user
        self.status = 480
        self.trunk: Trunk | None = None
        """Set when the call leaves through a carrier: after ANSWERED its channel is the user's."""
        self.redirect = ""
        """Set with FAILED when a phone itself named another number instead."""
        self.queue = ""
        """Set with FAILED when the caller shall wait in a queue instead."""
        self.mailbox = ""
        """Set with FAILED when the caller shall leave a message instead."""

    @abstractmethod
    def start(self, now: float) -> None:
        """Begin. May report FAILED before it returns."""

    @abstractmethod
    def give_up(self, now: float, reason: str = "") -> None:
        """Stop ringing; nothing more is reported."""

    def on_digit(self, leg: Leg, digit: str, now: float, *, by_info: bool) -> None:
        """Digits before the answer mean nothing."""

    def on_play_ended(self, leg: Leg, play: int, error: str, now: float) -> None:
        """Nothing is played to a device that rings."""

    def _report(self, outcome: Outcome, leg: Leg | None, now: float) -> None:
        user = self.user
        if outcome in (Outcome.ANSWERED, Outcome.FAILED):
            self.user = None  # nothing more is said, and who keeps this attempt does not keep himself
        if user is not None:
            user.on_attempt(self, outcome, leg, now)


class Fork(Attempt):
    """Ring all devices of an extension at once."""

    def __init__(
        self,
        services: Services,
        user: AttemptUser,
        *,
        bindings: Sequence[Binding],
        call: str,
        extension: str,
        party: str,
        codecs: tuple[str, ...],
        from_: NameAddress,
        domain: str,
        new_leg_id: Callable[[], str],
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(user)
        self._services = services
        self._bindings = bindings
        self._call = call
        self._extension = extension
        self._party = party
        self._codecs = codecs
        self._from = from_
        self._domain = domain
        self._new_leg_id = new_leg_id
        self._headers = headers
        self._legs: list[Leg] = []
        self._other_flows: dict[Leg, Sequence[Binding]] = {}
        """Further flows of the devices that keep several: tried when the one before has failed (RFC 5626 section 7)."""
        self._rang = False

    def start(self, now: float) -> None:
        """Send an INVITE to every binding."""
        for flows in devices(self._bindings):
            if not self._ring(flows, now):
                break
        if not self._legs:
            self._report(Outcome.FAILED, None, now)

    def _ring(self, flows: Sequence[Binding], now: float) -> bool:
        """Ring one device by the first of its flows; False: there is no port for its voice."""
        binding = flows[0]
        try:
            leg = OutgoingLeg(
                self._services,
                id=self._new_leg_id(),
                call=self._call,
                party=self._party,
                number=self._extension,
                flow=binding.flow,
                codecs=self._codecs,
                user=self,
                now=now,
            )
        except NoPortError as error:
            self.status = error.status
            return False
        self._legs.append(leg)
        if len(flows) > 1:
            self._other_flows[leg] = flows[1:]
        leg.dial(
            uri=str(binding.contact),
            from_=self._from,
            to=NameAddress.parse(f"<sip:{self._extension}@{self._domain}>"),
            headers=self._headers,
            route=binding.path,
            now=now,
        )
        return True

    def give_up(self, now: float, reason: str = "") -> None:
        """Cancel what rings."""
        self.user = None
        self._drop(now, reason)

    def on_leg(self, leg: Leg, signal: Signal, now: float) -> None:
        """One device moved."""
        if signal in (Signal.RINGING, Signal.EARLY_MEDIA):
            if not self._rang:  # early media of a ringing phone is its own ringback: one caller, many phones
                self._rang = True
                self._report(Outcome.RINGING, leg, now)
        elif signal is Signal.ANSWERED:
            self._legs.remove(leg)
            self._drop(now, ANSWERED_ELSEWHERE)
            self._report(Outcome.ANSWERED, leg, now)
        elif signal in (Signal.FAILED, Signal.HUNG_UP):
            self._legs.remove(leg)
            others = self._other_flows.pop(leg, ())
            if others and leg.cause in FLOW_FAILED and self._ring(others, now):
                return
            self.status = better_refusal(self.status, passed_on(leg.cause))
            if isinstance(leg, OutgoingLeg):
                self.redirect = leg.redirect or self.redirect
            if leg.cause >= 600:  # RFC 3261 section 16.7 step 5: a 6xx ends every branch
                self._drop(now, "")
            if not self._legs:
                self._report(Outcome.FAILED, None, now)

    def _drop(self, now: float, reason: str) -> None:
        for leg in self._legs:
            leg.hang_up(now, reason=reason)
        self._legs.clear()
        self._other_flows.clear()


def devices(bindings: Sequence[Binding]) -> list[list[Binding]]:
    """The flows of each device, the newest first: only one of a device may ring at a time (RFC 5626 section 7)."""
    found: dict[object, list[Binding]] = {}
    for binding in bindings:
        found.setdefault(binding.instance if binding.reg_id else id(binding), []).append(binding)
    return list(found.values())


def passed_on(status: int) -> int:
    """A refusal as the caller is told of it: what concerns only our own request to the other side becomes a failure.

    A 401 or 407 handed on would make a phone prove its password again, and again (RFC 3261 section 22.1).
    """
    if status in (401, 407):
        return 403
    if 300 <= status < 400:
        return 480  # a redirection nobody follows: not reached there
    return 500 if status in OUR_REQUEST_STATUSES else status


def better_refusal(old: int, new: int) -> int:
    """Which refusal of several tells the caller most: the human's "no", then busy, then the others."""
    rank = {603: 0, 600: 0, 486: 1, 480: 3, 408: 4}
    return min(old, new, key=lambda status: rank.get(status, 2 if status != 487 else 5))
