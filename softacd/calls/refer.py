"""What a REFER asks for, and the subscription it makes (RFC 3515): pure reading and telling, no decision."""

from urllib.parse import unquote

import msgspec

from softacd.calls.leg import Leg
from softacd.sip.errors import SipError
from softacd.sip.headers import NameAddress
from softacd.sip.message import Request


class ReferTarget(msgspec.Struct, frozen=True):
    """What a Refer-To asks for: a number, and the dialog to replace there (RFC 3891), "" when none."""

    number: str
    call_id: str = ""
    to_tag: str = ""
    from_tag: str = ""
    referred_by: str = ""
    """Value of Referred-By (RFC 3892), passed on to whom the call goes."""


class TransferRefusedError(Exception):
    """A transfer that cannot be; `status` is the SIP answer, HTTP 409."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def refer_target(request: Request) -> ReferTarget:
    """Read Refer-To. Raises TransferRefusedError (400) when it is missing, double or unreadable."""
    values = request.headers("Refer-To")
    if len(values) != 1:
        raise TransferRefusedError(400, "a REFER needs exactly one Refer-To")  # RFC 3515 section 2.4.1
    try:
        uri = NameAddress.parse(values[0]).uri
    except SipError as error:
        raise TransferRefusedError(400, f"Refer-To: {error}") from error
    referred_by = request.header("Referred-By") or ""
    for header in uri.headers.split("&"):
        name, _, value = header.partition("=")
        if name.lower() == "replaces":
            call_id, *parameters = unquote(value).split(";")
            tags = dict(parameter.partition("=")[::2] for parameter in parameters)
            return ReferTarget(uri.user, call_id, tags.get("to-tag", ""), tags.get("from-tag", ""), referred_by)
    return ReferTarget(uri.user, referred_by=referred_by)


class Subscription:
    """The implicit subscription of a REFER: the transferor is told how it goes (RFC 3515 section 2.4.4).

    Without a leg (a transfer asked for over HTTP) nobody is told.
    """

    def __init__(self, leg: Leg | None) -> None:
        self._leg = leg
        self._over = False

    def tell(self, status: int, reason: str, now: float) -> None:
        """NOTIFY with a sipfrag; a final status ends the subscription."""
        leg = self._leg
        if self._over or leg is None or leg.dialog is None or not leg.answered:
            return
        final = status >= 200
        self._over = final
        state = "terminated;reason=noresource" if final else "active;expires=60"
        leg.services.stack.request_in_dialog(
            leg.dialog,
            "NOTIFY",
            now=now,
            headers=(("Event", "refer"), ("Subscription-State", state)),
            body=f"SIP/2.0 {status} {reason}\r\n".encode(),
            content_type="message/sipfrag;version=2.0",
        )
