"""Who calls: what carriers assert and what callers want kept (RFC 3323, RFC 3325). Only carriers are believed."""

from typing import TYPE_CHECKING

from softacd.sip.headers import NameAddress
from softacd.sip.message import Request
from softacd.sip.uri import SipUri

if TYPE_CHECKING:
    from softacd.calls.call import Call

ANONYMOUS = NameAddress("Anonymous", SipUri(scheme="sip", user="anonymous", host="anonymous.invalid"))
"""Who does not want to be known (RFC 3323 section 4.1.1.3)."""
_WITHHELD = frozenset({"id", "user", "header"})


def withheld(request: Request) -> bool:
    """Whether the caller asks not to be shown to whom is called."""
    wishes = {wish.strip().lower() for value in request.headers("Privacy") for wish in value.split(";")}
    return bool(wishes & _WITHHELD)


def calling_party(request: Request) -> NameAddress:
    """Who calls, by a carrier we trust: P-Asserted-Identity (RFC 3325 section 9.1) before From.

    A caller who asked for privacy is anonymous here: the carrier needs to know the number, the house does not.
    """
    if withheld(request):
        return ANONYMOUS
    asserted = request.headers("P-Asserted-Identity")
    party = NameAddress.parse(asserted[0]) if asserted else request.from_
    return ANONYMOUS if party.uri.user in ("", "anonymous") or party.uri.host == ANONYMOUS.uri.host else party


def passable_reason(reason: str) -> str:
    """A Reason header value (RFC 3326) as it may be passed to another leg, "" when it is none."""
    protocol = reason.partition(";")[0].strip().upper()
    return reason if protocol in ("SIP", "Q.850") and len(reason) <= 200 and reason.isprintable() else ""


def party_of(call: "Call") -> str:
    """Who calls, by his number; empty: he hides it, and so has neither place nor agent to come back to."""
    number = call.record.caller
    return number if any(digit.isdigit() for digit in number) else ""
