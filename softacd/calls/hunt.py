"""Reaching an outside number: trunks one after another, failing over by cause."""

from collections.abc import Callable, Sequence

from softacd.calls.attempt import Attempt, AttemptUser, Outcome, passed_on
from softacd.calls.deadlines import Deadline
from softacd.calls.leg import Leg, Signal
from softacd.calls.leg_outgoing import OutgoingLeg
from softacd.calls.services import NoPortError, Services
from softacd.calls.trunk import Target, Trunk
from softacd.sip.headers import NameAddress

FAIL_OVER_STATUSES = frozenset({401, 403, 407, 408})
"""Refusals that say something about the carrier, not about the called party; 5xx are added to them."""


NEXT_SERVER_STATUSES = frozenset({408, 503})
"""Of these, another server of the same carrier may do better (RFC 3263 section 4.3): no answer, or no service."""


RING_CHECK_SECONDS = 5.0
"""While a carrier rings it is asked so often whether it is still there, if it answers OPTIONS at all: over UDP nothing
else would tell before nobody answers."""


def fails_over(status: int) -> bool:
    """Whether the next trunk is worth a try after this refusal."""
    return 500 <= status < 600 or status in FAIL_OVER_STATUSES


class Hunt(Attempt):
    """Try trunks in order until one takes the call or the called party itself refuses."""

    def __init__(
        self,
        services: Services,
        user: AttemptUser,
        *,
        trunks: Sequence[Trunk],
        call: str,
        number: str,
        new_leg_id: Callable[[], str],
        identity: Callable[[Trunk], NameAddress],
        shown: Callable[[Trunk], str] = lambda trunk: "",
        headers: Callable[[Trunk], tuple[tuple[str, str], ...]] = lambda trunk: (),
        admit: Callable[[float], str] = lambda now: "",
        codecs: Callable[[tuple[str, ...]], tuple[str, ...]] = lambda codecs: codecs,
        emergency: bool = False,
        by_quality: bool = False,
    ) -> None:
        """`identity` is From and `headers` are further headers of the INVITE to a trunk, made for each anew.

        `shown` is the number of ours by which the carrier knows the call, whatever From says.

        `codecs` puts a trunk's codecs in the order to offer them.

        `admit` says once, at the start, why the call must not go out, "" when it may.
        """
        super().__init__(user)
        self.status = 503
        self._services = services
        self._left = list(trunks)
        self._by_quality = by_quality
        self._call = call
        self._number = number
        self._new_leg_id = new_leg_id
        self._identity = identity
        self._shown = shown
        self._admit = admit
        self._codecs = codecs
        self._emergency = emergency
        self._headers = headers
        self._leg: OutgoingLeg | None = None
        self._target: Target | None = None
        self._patience: Deadline | None = None
        self._check: Deadline | None = None
        self._dialled_at = 0.0

    def start(self, now: float) -> None:
        """Call through the first trunk that is up and has a free channel."""
        if self._by_quality:
            self._left.sort(key=lambda trunk: trunk.quality.grade(now))
        why = self._admit(now)
        if why:
            self._services.note(self._call, "toll-guard", why, now)
            self.status = 403
            self._report(Outcome.FAILED, None, now)
        else:
            self._next(now)

    def _next(self, now: float) -> None:
        while self._left:
            trunk = self._left.pop(0)
            obstacle = trunk.obstacle(now, emergency=self._emergency)
            if obstacle:
                self._services.note(self._call, "trunk-passed-over", f"{trunk.settings.name}: {obstacle}", now)
                continue
            try:
                self._dial(trunk, now)
            except NoPortError as error:
                self.status = error.status
                break
            return
        self._report(Outcome.FAILED, None, now)

    def _dial(self, trunk: Trunk, now: float) -> None:
        settings = trunk.settings
        leg = OutgoingLeg(
            self._services,
            id=self._new_leg_id(),
            call=self._call,
            party=f"trunk:{settings.name}",
            number=self._number,
            flow=trunk.flow(),
            codecs=self._codecs(settings.codecs),
            user=self,
            now=now,
        )
        self._leg, self.trunk, self._target = leg, trunk, trunk.targets[0]
        trunk.calls_now.add(self._call)
        self._services.note(self._call, "trunk-tried", settings.name, now)
        self._dialled_at = now
        self._wait(now + min(settings.trying_timeout, settings.progress_timeout), "trying")
        account = trunk.account_of(self._shown(trunk))
        leg.dial(
            uri=trunk.uri(self._number),
            from_=self._identity(trunk),
            to=trunk.address(self._number),
            headers=self._headers(trunk),
            route=trunk.route(account),
            credentials=account.credentials,
            contact_user=account.contact_user,
            now=now,
        )

    def give_up(self, now: float, reason: str = "") -> None:
        """Cancel the attempt that is under way."""
        self.user = None
        self._wait(None)
        if self._leg is not None:
            self._leg.hang_up(now, reason=reason)
            self._release()

    def on_leg(self, leg: Leg, signal: Signal, now: float) -> None:
        """The carrier moved."""
        if leg is not self._leg:
            return
        if signal in (Signal.RINGING, Signal.EARLY_MEDIA):
            if self._patience is not None and self._patience.tag != "answer" and self.trunk is not None:
                self._wait(now + self.trunk.settings.answer_timeout, "answer")
                self._check = self._services.deadlines.at(now + RING_CHECK_SECONDS, self, "check")
            self._report(Outcome.RINGING if signal is Signal.RINGING else Outcome.EARLY_MEDIA, leg, now)
        elif signal is Signal.ANSWERED:
            self._wait(None)
            if self.trunk is not None:
                self.trunk.quality.call(now, taken=True)
            self._leg = None  # the leg and the trunk's channel are the user's now
            self._report(Outcome.ANSWERED, leg, now)
        elif signal in (Signal.FAILED, Signal.HUNG_UP):
            self._failed(leg.cause, now)

    def on_deadline(self, tag: str, now: float) -> None:
        """The carrier gave no sign in time, or nobody answered."""
        leg, trunk = self._leg, self.trunk
        if tag == "check":
            self._look(now)
            return
        if tag == "trying" and leg is not None and trunk is not None and leg.proceeding:
            self._wait(max(now, self._dialled_at + trunk.settings.progress_timeout), "progress")
            return
        if leg is not None:
            leg.hang_up(now)
        self._failed(480 if tag == "answer" else 408, now)

    def _look(self, now: float) -> None:
        """It rings: is the carrier still there?"""
        leg, trunk, target = self._leg, self.trunk, self._target
        if leg is None or trunk is None or target is None:
            return
        if trunk.has_lost(target):
            leg.hang_up(now)
            self._failed(408, now)
            return
        trunk.ask(now)
        self._check = self._services.deadlines.at(now + RING_CHECK_SECONDS, self, "check")

    def _wait(self, until: float | None, tag: str = "") -> None:
        for deadline in (self._patience, self._check):
            if deadline is not None:
                deadline.cancel()
        self._check = None
        self._patience = None if until is None else self._services.deadlines.at(until, self, tag)

    def _failed(self, status: int, now: float) -> None:
        self._wait(None)
        trunk, target = self.trunk, self._target
        self._release()
        self.status = passed_on(status)
        if trunk is not None and fails_over(status):
            trunk.failures += 1
            trunk.quality.call(now, taken=False)
            self._services.note(self._call, "trunk-failed", f"{trunk.settings.name}: {status}", now)
            if target is not None and status in NEXT_SERVER_STATUSES and trunk.give_up_on(target, now):
                self._left.insert(0, trunk)
            self._next(now)
        else:
            self._report(Outcome.FAILED, None, now)

    def _release(self) -> None:
        if self.trunk is not None:
            self.trunk.calls_now.discard(self._call)
        self._leg = self.trunk = None
