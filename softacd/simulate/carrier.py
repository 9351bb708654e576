"""A simulated carrier: takes our registration, brings calls from outside, and treats our outgoing calls by rule."""

import secrets
from collections.abc import Callable, Mapping

import msgspec

from softacd.simulate.call import CallState, NotNowError, SimulatedCall
from softacd.simulate.mouth import speech
from softacd.simulate.user_agent import OnCall, UserAgent
from softacd.simulate.voice import Metronome
from softacd.sip.authenticator import Account, DigestAuthenticator
from softacd.sip.digest import MD5, SHA_256, ha1
from softacd.sip.events import IncomingRequest
from softacd.sip.headers import NameAddress
from softacd.sip.location import LocationService
from softacd.sip.registrar import Registrar
from softacd.sip.uri import SipUri


class Treatment(msgspec.Struct, frozen=True):
    """What happens to one call that we get: `status` 200 answers, 300 to 699 refuses, 0 never says anything."""

    status: int = 200
    ring: float = 1.0
    """Seconds of ringing (180) before the answer or the refusal; 0: none."""
    talk: float = 0.0
    """Seconds after which the outside party hangs up; 0: leaves that to the other side."""
    signature: int = 29
    """Bell of the outside party."""


Rule = Callable[[str], Treatment]
"""Number called -> what happens to the call."""


def answer_all(number: str) -> Treatment:
    """Give the rule of an outside world in which everybody answers."""
    del number
    return Treatment()


class NotRegisteredError(Exception):
    """The account has no contact: a call for it has nowhere to go."""


class SimulatedCarrier(UserAgent):
    """One carrier. `accounts` are usernames with their passwords; `rule` treats the calls that come to it.

    `on_call`, when given, takes the calls instead of the rule. With `challenge`, calls that come must authenticate.
    """

    def __init__(
        self,
        name: str,
        *,
        host: str,
        accounts: Mapping[str, str],
        metronome: Metronome,
        rule: Rule = answer_all,
        challenge: bool = True,
        algorithms: tuple[str, ...] = (MD5,),
        min_expires: int = 60,
        on_call: OnCall | None = None,
    ) -> None:
        super().__init__(f"carrier-{name}", host, metronome, on_call or self._by_rule)
        self.realm = f"{name}.carrier.example"
        self.rule = rule
        self.challenge = challenge
        self.answers_options = True
        """False: OPTIONS is left without an answer, as by a carrier that is down."""
        self._location = LocationService()
        self._authenticator = DigestAuthenticator(
            self.realm, secret=secrets.token_bytes(32), token=lambda: secrets.token_hex(8), algorithms=algorithms
        )
        self._registrar = Registrar(self._authenticator, self._location, min_expires=min_expires)
        self._registrar.configure(
            self.realm,
            [
                Account(
                    username=username,
                    ha1_md5=ha1(MD5, username, self.realm, password),
                    ha1_sha256=ha1(SHA_256, username, self.realm, password),
                    addresses_of_record=(self._address_of_record(username),),
                )
                for username, password in accounts.items()
            ],
            0.0,
        )

    def reaches(self, username: str) -> bool:
        """Whether this account is registered now."""
        return bool(self._location.bindings(self._address_of_record(username), self.endpoint.now()))

    async def dial(self, username: str, *, called: str, caller: str, display_name: str = "") -> SimulatedCall:
        """Bring a call from outside to a registered account; gives the call, still dialling.

        `called` is the number dialled (the user part of the Request-URI, as carriers send it), `caller` the number
        shown. Raises NotRegisteredError.
        """
        bindings = self._location.bindings(self._address_of_record(username), self.endpoint.now())
        if not bindings:
            raise NotRegisteredError(f"{username} is not registered at {self.name}")
        contact, flow = bindings[0].contact, bindings[0].flow
        return await self.call(
            uri=str(msgspec.structs.replace(contact, user=called)),
            flow=flow,
            from_=NameAddress(display_name, SipUri(user=caller, host=self.realm)),
            to=NameAddress("", SipUri(user=called, host=self.realm)),
            contact_user=caller,
        )

    def on_request(self, event: IncomingRequest) -> None:
        """Serve REGISTER and OPTIONS."""
        if event.request.method == "REGISTER":
            now = self.endpoint.now()
            answer = self._registrar.handle(event.request, event.flow, now)
            self.endpoint.stack.respond(
                event.transaction, answer.status, now=now, reason=answer.reason, headers=answer.headers
            )
        elif event.request.method != "OPTIONS" or self.answers_options:
            super().on_request(event)

    def on_invite(self, event: IncomingRequest) -> None:
        """Challenge a call that comes, then take it."""
        if self.challenge:
            now = self.endpoint.now()
            verdict = self._authenticator.authenticate(event.request, now, proxy=True)
            if verdict.username is None:
                self.endpoint.stack.respond(event.transaction, verdict.status, now=now, headers=verdict.headers)
                return
        super().on_invite(event)

    def _address_of_record(self, username: str) -> str:
        return f"sip:{username}@{self.realm}"

    async def _by_rule(self, call: SimulatedCall) -> None:
        treatment = self.rule(call.called)
        if not treatment.status:
            return
        try:
            if treatment.ring:
                call.ring()
                await call.reached(CallState.ENDED, treatment.ring)
            if treatment.status != 200:
                call.reject(treatment.status)
                return
            await call.answer(speech(treatment.signature))
        except NotNowError:  # given up in the meantime
            return
        if treatment.talk and not await call.reached(CallState.ENDED, treatment.talk):
            call.hang_up()
