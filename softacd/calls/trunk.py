"""One carrier as the switch sees it: where it is, whether it takes calls, who we are there.

States people see: "resolving" (its name has no address yet), "static" (no registration wanted), and those of the
registration. `obstacle` says in words why a call cannot leave here now.
"""

from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from softacd.calls.model import AccountSettings, TrunkSettings
from softacd.calls.trunk_account import TrunkAccount
from softacd.calls.trunk_quality import TrunkQuality
from softacd.sip.errors import SipError
from softacd.sip.events import FailureCause
from softacd.sip.headers import NameAddress
from softacd.sip.message import Request, Response
from softacd.sip.probe import Probe, ProbeState
from softacd.sip.registration import Registration, RegistrationState
from softacd.sip.stack import SipStack
from softacd.sip.transaction import ClientTransaction
from softacd.sip.transport import Flow, Transport, bare_host, format_host
from softacd.sip.uri import SipUri

Network = IPv4Network | IPv6Network
Target = tuple[str, int]
CAUSES = {"unconditional": 302, "user-busy": 486, "no-answer": 408, "unavailable": 503, "deflection": 480}
"""Reasons of Diversion as causes of History-Info (RFC 4458 section 4)."""
DEAD_SECONDS = 60.0
"""How long a server that did not serve is passed over while the carrier has others."""


def networks(addresses: Iterable[str]) -> tuple[Network, ...]:
    """Configured addresses as networks. Raises ValueError."""
    return tuple(ip_network(address, strict=False) for address in addresses)


def seen_at(response: Response) -> str:
    """The address a response says our request came from (RFC 3261 section 18.2.1), "" when it does not say."""
    try:
        received = response.top_via.parameters.get("received", "")
        return str(ip_address(bare_host(received))) if received else ""
    except (ValueError, SipError):
        return ""


class Trunk:
    """A carrier. The switch gives it answers and time; it gives flows and addresses for calls."""

    def __init__(
        self,
        settings: TrunkSettings,
        stack: SipStack,
        *,
        local: Callable[[Transport, str], tuple[str, int]],
        token: Callable[[], str],
        jitter: Callable[[], float],
        learn: Callable[[str], bool] = lambda host: False,
    ) -> None:
        """`learn` is told where the carrier sees us; it says whether we call ourselves so from now on."""
        self.settings = settings
        self.targets: tuple[Target, ...] = ()
        self.networks = networks(settings.addresses)
        first = AccountSettings(settings.username, settings.password, numbers=settings.numbers)
        self.accounts = tuple(
            TrunkAccount(one.username, one.password, settings.realm, one.numbers, token())
            for one in (first, *settings.accounts)
        )
        self.calls_now: set[str] = set()
        self.last_incoming = 0
        self.failures = 0
        self.quality = TrunkQuality()
        self.since = 0.0
        self._stack = stack
        self._local = local
        self._token = token
        self._jitter = jitter
        self._learn = learn
        self._transport = Transport.UDP if settings.transport == "auto" else Transport(settings.transport)
        self._dead: dict[Target, float] = {}
        self._probe: Probe | None = None
        self._state_seen = ""

    # --- what people see ------------------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """One word."""
        if not self.targets:
            return "resolving"
        states = [account.state for account in self.accounts if account.state is not None]
        if not states:
            return "static"
        up = RegistrationState.REGISTERED
        return (up if up in states else states[0]).value

    @property
    def cause(self) -> str:
        """Why it is not well, "" when it is."""
        if not self.targets:
            return f"{self.settings.host} has no address yet"
        for account in self.accounts:
            if account.registration is not None and account.registration.cause:
                name = f"{account.username}: " if len(self.accounts) > 1 else ""
                return f"{name}{account.registration.cause}"
        return self._probe.cause if self._probe is not None else ""

    @property
    def _registrations(self) -> list[Registration]:
        return [account.registration for account in self.accounts if account.registration is not None]

    @property
    def reachable(self) -> bool | None:
        """Whether OPTIONS are answered; None when not known."""
        if self._probe is None or self._probe.state is ProbeState.UNKNOWN:
            return None
        return self._probe.state is ProbeState.ALIVE

    @property
    def round_trip_ms(self) -> float | None:
        """Of the last answered OPTIONS."""
        if self._probe is None or self._probe.round_trip is None:
            return None
        return self._probe.round_trip * 1000

    def obstacle(self, now: float, *, emergency: bool = False) -> str:
        """Why no call can leave here now; "" when one can. An emergency is tried wherever there is an address."""
        if not self.targets:
            return "its name has no address"
        if emergency:
            return ""
        registrations = self._registrations
        if registrations and not any(one.registered(now) for one in registrations):
            return f"not registered ({self.cause or registrations[0].state.value})"
        if not registrations and self.reachable is False:
            return f"not reachable ({self.cause})"
        if self.settings.channels and len(self.calls_now) >= self.settings.channels:
            return f"all {self.settings.channels} channels are in use"
        return ""

    # --- for calls that leave ---------------------------------------------------------------------------------------

    @property
    def domain(self) -> str:
        """The domain of our identity there."""
        return self.settings.domain or self.settings.host

    def flow(self) -> Flow:
        """Where requests to this carrier go."""
        target = self.targets[0]
        return Flow(self._transport, self._local(self._transport, target[0]), target)

    def give_up_on(self, target: Target, now: float) -> bool:
        """A server of this carrier did not serve: others are used for a while. Whether there are others."""
        self._dead = {known: until for known, until in self._dead.items() if until > now}
        if target in self.targets:
            self._dead[target] = now + DEAD_SECONDS
            self._prefer_living(now)
        return any(other not in self._dead for other in self.targets)

    def _prefer_living(self, now: float) -> None:
        """Those that serve before those that did not, else in the order DNS gave (RFC 3263 section 4.3)."""
        self.targets = tuple(sorted(self.targets, key=lambda target: self._dead.get(target, 0.0) > now))

    @property
    def proxy(self) -> str:
        """Route value of the outbound proxy (RFC 3261 section 8.1.1.1), "" when there is none."""
        settings = self.settings
        if not settings.proxy:
            return ""
        port = f":{settings.port}" if settings.port not in (0, self._transport.default_port) else ""
        parameter = "" if self._transport is Transport.UDP else f";transport={self._transport.value}"
        return f"<sip:{format_host(settings.proxy)}{port}{parameter};lr>"

    def route(self, account: TrunkAccount) -> tuple[str, ...]:
        """Route values of calls: those the registrar has told (RFC 3608), else the outbound proxy's."""
        told = account.registration.service_route if account.registration is not None else ()
        return told or tuple(filter(None, (self.proxy,)))

    def account_of(self, number: str) -> TrunkAccount:
        """The account a call leaves by that shows this number: the number's own, else the first."""
        return next((account for account in self.accounts if account.owns(number)), self.accounts[0])

    def answers_to(self, user: str) -> bool:
        """Whether this user of a Request-URI is the contact one of our registrations here has told."""
        return any(account.contact_user == user for account in self.accounts)

    def called(self, request: Request) -> str:
        """The number a call from here is for; the registered contact alone does not say it, To or the account does."""
        user, named = request.uri.user, request.to.uri.user
        account = next((one for one in self.accounts if one.contact_user == user), None)
        if user and account is None:
            return user
        if account is not None and len(account.numbers) == 1 and not self.account_of(named).owns(named):
            return account.numbers[0]
        return named

    def uri(self, number: str) -> str:
        """Request-URI of a number there."""
        settings, transport = self.settings, self._transport
        port = (
            ""
            if settings.domain or settings.proxy or settings.port in (0, transport.default_port)
            else f":{settings.port}"
        )
        parameter = "" if transport is Transport.UDP else f";transport={transport.value}"
        return f"sip:{number}@{format_host(self.domain)}{port}{parameter}"

    def address(self, number: str) -> NameAddress:
        """To of a number there."""
        return NameAddress("", SipUri.parse(f"sip:{number}@{format_host(self.domain)}"))

    def identity(self, display_name: str = "", wanted: str = "") -> NameAddress:
        """Who we are on calls that leave here: the number wanted if it is ours with this carrier, else the shop's."""
        settings = self.settings
        owned = [number for number in (settings.caller_id, *settings.all_numbers) if number]
        wished = [number for number in owned if wanted and number.lstrip("+") == wanted.lstrip("+")]
        number = next(number for number in (*wished, *owned, settings.username, "anonymous") if number)
        return NameAddress(display_name, SipUri.parse(f"sip:{number}@{format_host(self.domain)}"))

    def identity_headers(self, wanted: str = "", *, withheld: bool = False) -> tuple[tuple[str, str], ...]:
        """What tells the carrier who calls when From does not, or when it wants that (RFC 3325 section 9.1)."""
        if not withheld and self.settings.identity == "from":
            return ()
        asserted = (("P-Asserted-Identity", f"<{self.identity(wanted=wanted).uri}>"),)
        return (*asserted, ("Privacy", "id")) if withheld else asserted

    def diversion(self, why: str, number: str) -> tuple[tuple[str, str], ...]:
        """What tells of a call that a phone forwards out to `number`: by our number here, never by an extension.

        Diversion (RFC 5806), or History-Info (RFC 7044) with the cause as RFC 4458 section 4 has it.
        """
        kind, headers = self.settings.diversion, []
        ours = self.identity().uri
        if kind in ("diversion", "both"):
            headers.append(("Diversion", f"<{ours}>;reason={why}"))
        if kind in ("history-info", "both"):
            target = f"{self.uri(number)};cause={CAUSES.get(why, 404)}"
            headers.append(("History-Info", f"<{ours}>;index=1, <{target}>;index=1.1;mp=1"))
        return tuple(headers)

    # --- life --------------------

    def resolved(self, targets: tuple[Target, ...], now: float, transport: Transport | None = None) -> None:
        """The carrier's addresses are known, or changed, and how it wants to be spoken to."""
        first = not self.targets
        self.targets = targets or self.targets
        if not self.targets:
            return
        if transport is not None:
            self._transport = transport
        self._prefer_living(now)
        if first:
            self._start(now)
        else:
            self._point(self.flow())

    def ask(self, now: float) -> None:
        """Somebody wants to know whether the carrier is still there, sooner than the keep-alive would tell."""
        if self._probe is not None:
            self._watch(self._probe.ask(now))

    def has_lost(self, target: Target) -> bool:
        """Whether this server, which used to answer OPTIONS, no longer does."""
        return self.reachable is False and self.targets[:1] == (target,)

    def stop(self, now: float) -> None:
        """De-register, ask no more."""
        for registration in self._registrations:
            self._watch(registration.stop(now))
        if self._probe is not None:
            self._probe.stop()

    def next_deadline(self) -> float | None:
        """When handle_deadline is due."""
        soonest = self._probe.next_deadline() if self._probe is not None else None
        for account in self.accounts:
            refresh = account.registration.next_deadline() if account.registration is not None else None
            if refresh is not None and (soonest is None or refresh < soonest):
                soonest = refresh
        return soonest

    def handle_deadline(self, now: float) -> None:
        """Refresh, retry or probe when it is time."""
        for account in self.accounts:
            if account.registration is not None:
                self._watch(account.registration.handle_deadline(now))
        if self._probe is not None:
            self._watch(self._probe.handle_deadline(now))
        self._note(now)

    def on_response(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        """The carrier answered a REGISTER or OPTIONS."""
        seen = seen_at(response)
        if seen and self._learn(seen):
            self._point(self.flow())
            for registration in self._registrations:
                registration.renew(now)
        if transaction.method == "REGISTER":
            asking = self._asked_by(transaction)
            if asking is not None:
                self._watch(asking.on_response(response, now))
                self._next_target(asking, now)
        elif self._probe is not None:
            self._probe.on_response(transaction, response, now)
        self._note(now)

    def on_failure(self, transaction: ClientTransaction, cause: FailureCause, now: float) -> None:
        """The carrier did not answer."""
        if transaction.method == "REGISTER":
            asking = self._asked_by(transaction)
            if asking is not None:
                self._watch(asking.on_failure(cause, now))
                self._next_target(asking, now)
        elif self._probe is not None:
            self._probe.on_failure(transaction, cause, now)
        self._note(now)

    def _start(self, now: float) -> None:
        settings = self.settings
        flow = self.flow()
        host = format_host(self.domain)
        for account in self.accounts if settings.register else ():
            registration = Registration(
                self._stack,
                flow=flow,
                registrar=f"sip:{host}",
                address_of_record=NameAddress("", SipUri.parse(f"sip:{account.username}@{host}")),
                credentials=account.credentials,
                contact_user=account.contact_user,
                call_id=self._token(),
                jitter=self._jitter,
                expires=settings.expires,
                route=tuple(filter(None, (self.proxy,))),
            )
            account.registration = registration
            self._watch(registration.start(now))
        if settings.keep_alive_seconds:
            self._probe = Probe(
                self._stack,
                flow=flow,
                uri=f"sip:{host}",
                from_=self.identity(),
                jitter=self._jitter,
                interval=settings.keep_alive_seconds,
                route=tuple(filter(None, (self.proxy,))),
            )
            self._watch(self._probe.start(now))
        self._note(now)

    def _watch(self, transaction: ClientTransaction | None) -> None:
        """Answers to this transaction come to this trunk."""
        if transaction is not None:
            transaction.context = self

    def _asked_by(self, transaction: ClientTransaction) -> Registration | None:
        return next((one for one in self._registrations if one.transaction is transaction), None)

    def _next_target(self, registration: Registration, now: float) -> None:
        """After a failure try the carrier's next address."""
        if registration.state is RegistrationState.BACKING_OFF and len(self.targets) > 1:
            if not self.give_up_on(self.targets[0], now):
                self._dead.clear()  # all of them: the next one's turn
                self.targets = (*self.targets[1:], self.targets[0])
            self._point(self.flow())

    def _point(self, flow: Flow) -> None:
        for registration in self._registrations:
            registration.flow = flow
        if self._probe is not None:
            self._probe.flow = flow

    def _note(self, now: float) -> None:
        if self.state != self._state_seen:
            self._state_seen = self.state
            self.since = now
