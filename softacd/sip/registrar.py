"""The registrar (RFC 3261 section 10.3), pure: a REGISTER and `now` in, the answer and what changed out."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from softacd.sip.authenticator import Account, DigestAuthenticator
from softacd.sip.errors import MalformedError
from softacd.sip.grammar import split_list
from softacd.sip.headers import NameAddress
from softacd.sip.location import Binding, LocationChange, LocationService
from softacd.sip.message import Request
from softacd.sip.reasons import REASONS
from softacd.sip.transport import Flow, Transport, is_address

_MALFORMED_EXPIRES = 3600  # RFC 3261 section 20.10: what cannot be read counts as an hour


class RegistrarAnswer(msgspec.Struct, frozen=True):
    """What to respond, and who became reachable or unreachable by it."""

    status: int
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    changes: tuple[LocationChange, ...] = ()
    username: str = ""  # who it was, once known
    cause: str = ""  # why it was refused, for the log; never sent


class Registrar:
    """Serves one domain.

    A phone may write the domain's name or any address it reaches us at into To: both mean the configured domain.
    Seconds: a contact may ask for `min_expires`..`max_expires`; more is cut, less is refused with 423, except 0.
    """

    def __init__(
        self,
        authenticator: DigestAuthenticator,
        location: LocationService,
        *,
        default_expires: int = 3600,
        min_expires: int = 60,
        max_expires: int = 86_400,
    ) -> None:
        self.authenticator = authenticator
        self.location = location
        self.default_expires = default_expires
        self.min_expires = min_expires
        self.max_expires = max_expires
        self._owned: frozenset[str] = frozenset()

    def configure(self, domain: str, accounts: Iterable[Account], now: float) -> tuple[LocationChange, ...]:
        """Take new accounts; bindings of addresses of record nobody owns any more are dropped."""
        by_name = {account.username: account for account in accounts}
        owned = frozenset(address for account in by_name.values() for address in account.addresses_of_record)
        self._owned = owned
        self.authenticator.configure(domain, by_name)
        changes: list[LocationChange] = []
        for address in self.location.addresses():
            if address not in owned:
                changes += self.location.replace(address, [], now)
        return tuple(changes)

    def owns(self, address_of_record: str) -> bool:
        """Whether an account of ours has this address of record."""
        return address_of_record in self._owned

    def handle(self, request: Request, flow: Flow, now: float, *, username: str = "") -> RegistrarAnswer:
        """Serve one REGISTER; `username` is set when it has proved itself already.

        Raises nothing a peer can cause: what is malformed is answered 400.
        """
        try:
            return self._handle(request, flow, now, username)
        except MalformedError as error:
            return RegistrarAnswer(error.status, "", cause=error.reason)

    def _handle(self, request: Request, flow: Flow, now: float, username: str) -> RegistrarAnswer:
        if not username:
            verdict = self.authenticator.authenticate(request, now)
            if verdict.username is None:
                return RegistrarAnswer(verdict.status, REASONS[verdict.status], verdict.headers, cause=verdict.cause)
            username = verdict.username
        account = self.authenticator.accounts[username]
        address = self._address_of_record(request)
        if address is None:
            return _refuse(404, account, "To names another domain")  # section 10.3 step 5
        if address not in account.addresses_of_record:
            return _refuse(403, account, f"{address} is not this account's")  # section 10.3 step 4
        current = self.location.bindings(address, now)
        values = [element for value in request.headers("contact") for element in split_list(value)]
        if not values:
            return self._accept(request, account, current, (), now)
        number, call_id = request.cseq.number, request.call_id
        if "*" in values:
            # section 10.2.2 and step 6: the wildcard stands alone, with Expires: 0
            if len(values) > 1 or request.expires != 0:
                return _refuse(400, account, "wildcard beside contacts or without Expires: 0")
            if any(binding.call_id == call_id and binding.cseq >= number for binding in current):
                return _refuse(500, account, "CSeq out of order")
            return self._accept(request, account, [], self.location.replace(address, [], now), now)
        direct = len(request.headers("via")) == 1  # behind a proxy all phones share one flow
        updated = list(current)
        for value in values:
            contact = NameAddress.parse(value)
            if not contact.uri.is_sip:
                return _refuse(400, account, f"contact of scheme {contact.uri.scheme[:20]!r}")
            expires = self._expires(contact, request)
            if 0 < expires < self.min_expires:
                headers = (("Min-Expires", str(self.min_expires)),)
                return RegistrarAnswer(423, REASONS[423], headers, username=account.username, cause="too brief")
            instance, reg_id = _kept_flow(request, flow, contact, direct=direct)
            old = next((one for one in updated if reg_id and (one.instance, one.reg_id) == (instance, reg_id)), None)
            if old is None:  # a device may register the same contact by several flows (RFC 5626 section 6)
                old = next(
                    (one for one in updated if one.contact.matches(contact.uri) and not (reg_id and one.reg_id)), None
                )
            if old is not None:
                if old.call_id == call_id and old.cseq >= number:
                    return _refuse(500, account, "CSeq out of order")  # section 10.3 step 7
                updated.remove(old)
            if expires:
                if direct:
                    # the same device under a new Contact, after a restart: its old one leads nowhere
                    updated = [kept for kept in updated if kept.flow != flow or kept.call_id == call_id]
                binding = self._binding(request, flow, contact, expires, now)
                updated.append(
                    msgspec.structs.replace(binding, instance=instance, reg_id=reg_id) if reg_id else binding
                )
        if len(updated) > account.contacts:
            # A phone that restarted under another port must get in: the registrations nobody refreshed go first.
            updated.sort(key=lambda binding: binding.registered_at)
            updated = updated[len(updated) - account.contacts :]
        return self._accept(request, account, updated, self.location.replace(address, updated, now), now)

    def _address_of_record(self, request: Request) -> str | None:
        uri = request.to.uri
        domain = self.authenticator.realm
        if not uri.is_sip or not uri.user or (uri.host != domain.lower() and not is_address(uri)):
            return None
        return f"sip:{uri.user}@{domain}"

    def _expires(self, contact: NameAddress, request: Request) -> int:
        """Section 10.3 step 6: the contact's own parameter, else Expires, else the default; cut to the maximum."""
        text = contact.parameters.get("expires")
        if text is not None:
            seconds = int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else _MALFORMED_EXPIRES
        else:
            asked = request.expires
            seconds = self.default_expires if asked is None else asked
        return min(seconds, self.max_expires)

    def _binding(self, request: Request, flow: Flow, contact: NameAddress, expires: int, now: float) -> Binding:
        return Binding(
            contact=contact.uri,
            flow=flow,
            expires_at=now + expires,
            q=_quality(contact.parameters.get("q")),
            call_id=request.call_id,
            cseq=request.cseq.number,
            user_agent=(request.header("user-agent") or "")[:120],
            path=tuple(request.headers("path")),
            registered_at=now,
        )

    def _accept(
        self,
        request: Request,
        account: Account,
        bindings: list[Binding],
        changes: tuple[LocationChange, ...],
        now: float,
    ) -> RegistrarAnswer:
        """200 with every current binding (section 10.3 step 8) and the Path taken (RFC 3327 section 5.3)."""
        headers = [("Contact", _told(binding, now)) for binding in bindings]
        if any(binding.reg_id and binding.registered_at == now for binding in bindings):
            headers.append(("Require", "outbound"))  # RFC 5626 section 6: its flows are used as it wants
        headers += [("Path", value) for value in request.headers("path")]
        return RegistrarAnswer(200, REASONS[200], tuple(headers), changes, username=account.username)


def _told(binding: Binding, now: float) -> str:
    """A binding as the answer to a REGISTER tells it."""
    told = f"<{binding.contact}>;expires={max(1, round(binding.expires_at - now))};q={binding.q:.3g}"
    return f"{told};reg-id={binding.reg_id};+sip.instance={binding.instance}" if binding.reg_id else told


def _kept_flow(request: Request, flow: Flow, contact: NameAddress, *, direct: bool) -> tuple[str, int]:
    """The device and the number of the flow it keeps alive, as RFC 5626 section 4.2 has it; ("", 0): it does not.

    Over UDP a device would ask by STUN whether its flow lives, which only a proxy between could answer.
    """
    instance, number = contact.parameters.get("+sip.instance"), contact.parameters.get("reg-id")
    if not instance or len(instance) > 200 or not number or not number.isdecimal() or not 0 < int(number[:10]) < 2**31:
        return "", 0
    if "outbound" not in [tag.strip().lower() for value in request.headers("supported") for tag in value.split(",")]:
        return "", 0
    path = request.headers("path")
    if path:
        kept = any("ob" in NameAddress.parse(value).uri.parameters for value in path)
    else:
        kept = direct and flow.transport is not Transport.UDP
    return (instance, int(number)) if kept else ("", 0)


def _refuse(status: int, account: Account, cause: str) -> RegistrarAnswer:
    return RegistrarAnswer(status, REASONS[status], username=account.username, cause=cause)


def _quality(text: str | None) -> float:
    """A q-value 0..1, 1 when absent or unreadable."""
    try:
        return min(max(float(text), 0.0), 1.0) if text and text.replace(".", "", 1).isdecimal() else 1.0
    except ValueError:
        return 1.0
