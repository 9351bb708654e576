"""The door of the switch: who is let in, who must first prove a password, who is turned away at no cost.

Every new request outside a dialog is judged here before it makes any state. Strangers learn nothing: a call is refused
and a registration challenged in the same way whoever is named, and everything else they ask is not answered at all.
"""

from collections.abc import Callable, Collection
from ipaddress import ip_address

from softacd.calls.admission import carrier_of, phone_known
from softacd.calls.trunk import Trunk, networks
from softacd.sip.authenticator import DigestAuthenticator, Verdict
from softacd.sip.guard import Guard, GuardSettings
from softacd.sip.guard_table import Offence, Standing
from softacd.sip.location import LocationService
from softacd.sip.message import Request
from softacd.sip.screen import Refusal
from softacd.sip.transport import Flow

PROVEN = frozenset({"INVITE", "SUBSCRIBE", "MESSAGE", "PUBLISH"})
"""What a registered phone may ask only with its password."""
WRONG = "wrong credentials"


class Door:
    """Judges requests; what it found out about the last one it let in stays readable until the next."""

    def __init__(
        self,
        settings: GuardSettings,
        domain: str,
        *,
        authenticator: DigestAuthenticator,
        location: LocationService,
        trunks: Callable[[], Collection[Trunk]],
    ) -> None:
        self.guard = Guard(settings, self.standing)
        self.strangers = 0
        self.trunk: Trunk | None = None  # whose request it is
        self.username = ""  # who has proved a password with it
        self._settings = settings
        self._trusted = networks(settings.trusted)
        self._domain = domain
        self._authenticator = authenticator
        self._location = location
        self._trunks = trunks

    def configure(self, settings: GuardSettings, domain: str, now: float) -> None:
        """Reload."""
        self._domain = domain
        if settings != self._settings:
            self._settings = settings
            self._trusted = networks(settings.trusted)
            self.guard.configure(settings, now)

    def standing(self, host: str) -> Standing:
        """What a host is to us."""
        address = ip_address(host.partition("%")[0])
        if any(address in network for network in self._trusted):
            return Standing.TRUSTED
        for trunk in self._trunks():
            if any(host == target for target, _ in trunk.targets) or any(address in net for net in trunk.networks):
                return Standing.TRUSTED
        return Standing.KNOWN if self._location.reached_at(host) else Standing.STRANGER

    def screen(self, request: Request, flow: Flow, now: float) -> Refusal | None:
        """Judge a new request outside a dialog."""
        self.trunk = None
        self.username = ""
        if request.method == "REGISTER":
            return self._prove(self._authenticator.authenticate(request, now), flow, now)
        self.trunk = carrier_of(request, flow, self._trunks())
        if self.trunk is not None:
            return None
        if phone_known(request, flow, self._location, self._domain, now):
            if request.method not in PROVEN:
                return None
            return self._prove(self._authenticator.authenticate(request, now, proxy=True), flow, now)
        self.strangers += 1
        if request.method == "INVITE":
            self.guard.offend(flow.remote[0], Offence.REFUSED, now)
            return Refusal(403)
        self.guard.offend(flow.remote[0], Offence.UNSERVED, now)
        return Refusal(0)

    def _prove(self, verdict: Verdict, flow: Flow, now: float) -> Refusal | None:
        host = flow.remote[0]
        if verdict.username is None:
            self.guard.offend(host, Offence.CREDENTIALS if verdict.cause == WRONG else Offence.CHALLENGED, now)
            return Refusal(verdict.status, verdict.headers)
        self.guard.prove(host)
        self.username = verdict.username
        return None
