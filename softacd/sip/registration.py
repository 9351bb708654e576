"""Our registration with a carrier: keeps one Contact bound (RFC 3261 section 10.2), backs off, de-registers.

Driven by its owner: `start`, `stop`, `on_response` and `on_failure` for its own transactions (whose `context` it
leaves to the owner), `handle_deadline` when `next_deadline` is due. Requests leave through the stack.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from softacd.sip.digest import Credentials
from softacd.sip.errors import MalformedError, StackMisuseError
from softacd.sip.events import FailureCause
from softacd.sip.headers import NameAddress
from softacd.sip.message import Response
from softacd.sip.registration_table import TABLE, RegistrationAction, RegistrationInput, RegistrationState
from softacd.sip.stack import SipStack
from softacd.sip.transaction import ClientTransaction
from softacd.sip.transport import Flow, contact_value
from softacd.sip.uri import SipUri

__all__ = ["Registration", "RegistrationState"]

FIRST_RETRY = 5.0
LONGEST_RETRY = 300.0
REJECTED_RETRY = 900.0
_REGISTERED = (
    RegistrationState.REGISTERED,
    RegistrationState.REFRESHING,
    RegistrationState.BACKING_OFF,
    RegistrationState.REGISTERING,  # again, after a refresh that failed
)


class Registration:
    """One address of record at one registrar.

    `flow` may be replaced at any time (another address of the carrier, another connection); the next REGISTER uses
    it. `jitter` gives a random number 0..1. `expires` is what we ask for, in seconds.
    """

    def __init__(
        self,
        stack: SipStack,
        *,
        flow: Flow,
        registrar: str | SipUri,
        address_of_record: NameAddress,
        credentials: Credentials | None,
        contact_user: str,
        call_id: str,
        jitter: Callable[[], float],
        expires: int = 600,
        route: Sequence[str] = (),
    ) -> None:
        self.flow = flow
        self.state = RegistrationState.UNREGISTERED
        self.cause = ""  # why it is not registered, for people; "" while all is well
        self.status = 0  # of the last final response, 0 when none came
        self.expires_at: float | None = None  # until when the carrier has promised to send calls
        self.service_route: tuple[str, ...] = ()  # RFC 3608: Route values for requests through this carrier
        self.transaction: ClientTransaction | None = None  # the unanswered REGISTER
        self._stack = stack
        self._registrar = str(registrar)
        self._address = address_of_record
        self._credentials = credentials
        self._contact_user = contact_user
        self._call_id = call_id
        self._jitter = jitter
        self._expires = expires
        self._route = tuple(route)
        self._cseq = 0
        self._failures = 0
        self._retry_after = 0.0
        self._granted = float(expires)
        self._deadline: float | None = None
        self._told = ""  # the Contact the carrier knows
        self._renew = False

    def __repr__(self) -> str:
        return f"<Registration {self._address.uri} {self.state.value}>"

    def registered(self, now: float) -> bool:
        """Whether the carrier still has us, as far as we know."""
        return self.state in _REGISTERED and self.expires_at is not None and self.expires_at > now

    def start(self, now: float) -> ClientTransaction | None:
        """Register; from a wait, try again at once. The transaction to watch, None when one is under way."""
        if (self.state, RegistrationInput.START) not in TABLE:
            return None
        return self._advance(RegistrationInput.START, now)

    def renew(self, now: float) -> None:
        """Our address has become another one: tell the carrier at the next deadline, which is now."""
        if self.state is RegistrationState.REGISTERED:
            self._deadline = now
        elif self.state in (RegistrationState.REGISTERING, RegistrationState.REFRESHING):
            self._renew = True

    def stop(self, now: float) -> ClientTransaction | None:
        """De-register; done when `state` is UNREGISTERED."""
        granted = self.expires_at is not None and self.expires_at > now
        return self._advance(RegistrationInput.LEAVE if granted else RegistrationInput.STOP, now)

    def next_deadline(self) -> float | None:
        """When handle_deadline is due."""
        return self._deadline

    def handle_deadline(self, now: float) -> ClientTransaction | None:
        """Refresh or try again when it is time."""
        if self._deadline is None or self._deadline > now:
            return None
        self._deadline = None
        return self._advance(RegistrationInput.DEADLINE, now)

    def on_response(self, response: Response, now: float) -> ClientTransaction | None:
        """A final response to the REGISTER; the transaction to watch next, if one was sent."""
        status = response.status
        if status < 200:
            return None
        self._settle()
        self.status = status
        if status < 300:
            self.cause = ""
            self._failures = 0
            self._granted = self._granted_by(response)
            self.service_route = tuple(response.headers("service-route"))
            return self._advance(RegistrationInput.ACCEPTED, now)
        self.cause = f"{status} {response.reason}".strip()
        if status == 423:
            least = _number(response, "min-expires")
            if least is not None and self._expires < least <= 86_400:
                self._expires = least
                return self._advance(RegistrationInput.TOO_BRIEF, now)
        if status in (401, 407):
            self.cause += " (no credentials)" if self._credentials is None else " (credentials refused)"
        if status == 408 or 500 <= status < 600:
            self._retry_after = float(min(_number(response, "retry-after") or 0, int(LONGEST_RETRY)))
            return self._advance(RegistrationInput.FAILED, now)
        return self._advance(RegistrationInput.REFUSED, now)

    def on_failure(self, cause: FailureCause, now: float) -> ClientTransaction | None:
        """Nobody answered the REGISTER."""
        self._settle()
        self.status = 0
        self.cause = "no answer" if cause is FailureCause.TIMEOUT else "not reachable"
        return self._advance(RegistrationInput.FAILED, now)

    # --- inside -------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """The REGISTER is answered; a challenge may have raised its CSeq."""
        if self.transaction is not None:
            self._cseq = self.transaction.request.cseq.number
            self.transaction = None

    def _advance(self, event: RegistrationInput, now: float) -> ClientTransaction | None:
        row = TABLE.get((self.state, event))
        if row is None:
            raise StackMisuseError(f"{event.name} in {self!r}")
        self.state, action = row
        match action:
            case RegistrationAction.REGISTER:
                return self._send(self._expires, now)
            case RegistrationAction.UNREGISTER:
                return self._send(0, now)
            case RegistrationAction.KEEP:
                self.expires_at = now + self._granted
                # At 75 to 85 % of the time: two more attempts fit into the rest of ten minutes.
                self._deadline = now + self._granted * (0.75 + 0.1 * self._jitter())
                if self._renew:
                    self._deadline, self._renew = now, False
            case RegistrationAction.RETRY:
                # RFC 5626 section 4.5: the wait doubles, and is drawn from the upper half of its range
                longest = min(LONGEST_RETRY, FIRST_RETRY * 2.0 ** min(self._failures, 16))
                self._failures += 1
                self._deadline = now + max(longest * (0.5 + 0.5 * self._jitter()), self._retry_after)
                self._retry_after = 0.0
            case RegistrationAction.RETRY_LATE:
                self._deadline = now + REJECTED_RETRY * (0.9 + 0.2 * self._jitter())
            case RegistrationAction.NONE:
                self._deadline = None
                if self.state is RegistrationState.UNREGISTERED:
                    self.expires_at = None
        return None

    def _send(self, expires: int, now: float) -> ClientTransaction:
        self._deadline = None
        self._cseq += 1
        contact = contact_value(self.flow, self._contact_user)
        contacts = [("Contact", contact)]
        if self._told not in ("", contact):
            contacts.append(("Contact", f"{self._told};expires=0"))  # else calls go there too until it expires
        self._told = contact
        self.transaction = self._stack.request(
            "REGISTER",
            uri=self._registrar,
            flow=self.flow,
            from_=self._address,
            to=self._address.with_tag(""),
            headers=[*contacts, ("Expires", str(expires))],
            credentials=self._credentials,
            call_id=self._call_id,
            cseq=self._cseq,
            route=self._route,
            now=now,
        )
        return self.transaction

    def _granted_by(self, response: Response) -> float:
        """Seconds granted: our Contact's expires parameter, else Expires, else what we asked for (section 10.2.4)."""
        ours = NameAddress.parse(contact_value(self.flow, self._contact_user)).uri
        try:
            contacts = response.contacts
        except MalformedError:
            contacts = []
        matching = [contact for contact in contacts if contact.uri.matches(ours)] or contacts[:1]
        for contact in matching:
            text = contact.parameters.get("expires") or ""
            if text.isascii() and text.isdecimal() and len(text) < 10:
                return float(max(int(text), 1))
        return float(_number(response, "expires") or self._expires)


def _number(response: Response, key: str) -> int | None:
    """A leading number of a header; None when there is none."""
    digits = (response.header(key) or "").split("(")[0].split(";")[0].strip()
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else None
