"""What a REFER asks for, and the subscription it makes (RFC 3515): pure reading and telling, no decision."""

from urllib.parse import unquote

import msgspec

from softacd.calls.leg import Leg
from softacd.sip.errors import SipError
from softacd.sip.headers import NameAddress
from softacd.sip.message import Request
from softacd.sip.reasons import REASONS


class ReplacesTarget(msgspec.Struct, frozen=True, kw_only=True):
    """The dialog a Replaces names (RFC 3891); `call_id` "" when there is none."""

    call_id: str = ""
    to_tag: str = ""
    from_tag: str = ""
    early_only: bool = False


class ReferTarget(ReplacesTarget, frozen=True, kw_only=True):
    """What a Refer-To asks for: a number, and the dialog to replace there."""

    number: str
    referred_by: str = ""
    """Value of Referred-By (RFC 3892), passed on to whom the call goes."""
    cseq: int = 0
    """Number of the REFER in its dialog."""


class TransferRefusedError(Exception):
    """A transfer that cannot be; `status` is the SIP answer, HTTP 409."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def refer_target(request: Request) -> ReferTarget:
    """Read Refer-To. Raises TransferRefusedError (400: it is missing, double or unreadable; 416: no call)."""
    values = request.headers("Refer-To")
    if len(values) != 1:
        raise TransferRefusedError(400, "a REFER needs exactly one Refer-To")  # RFC 3515 section 2.4.1
    try:
        uri = NameAddress.parse(values[0]).uri
    except SipError as error:
        raise TransferRefusedError(400, f"Refer-To: {error}") from error
    if not uri.is_sip and uri.scheme != "tel":
        raise TransferRefusedError(416, f"Refer-To: scheme {uri.scheme[:20]!r}")  # nobody of ours is called so
    referred_by = request.header("Referred-By") or ""
    for header in uri.headers.split("&"):
        name, _, value = header.partition("=")
        if name.lower() == "replaces":
            dialog = replaces_target(unquote(value))
            return ReferTarget(
                number=uri.user,
                call_id=dialog.call_id,
                to_tag=dialog.to_tag,
                from_tag=dialog.from_tag,
                early_only=dialog.early_only,
                referred_by=referred_by,
                cseq=request.cseq.number,
            )
    return ReferTarget(number=uri.user, referred_by=referred_by, cseq=request.cseq.number)


def replaces_target(value: str) -> ReplacesTarget:
    """Read the value of a Replaces header (RFC 3891 section 6.1); what is missing is ""."""
    call_id, *parameters = (part.strip(" \t") for part in value.split(";"))
    tags = dict(parameter.partition("=")[::2] for parameter in parameters)
    return ReplacesTarget(
        call_id=call_id,
        to_tag=tags.get("to-tag", ""),
        from_tag=tags.get("from-tag", ""),
        early_only="early-only" in tags,
    )


class Subscription:
    """The implicit subscription of a REFER: the transferor is told how it goes (RFC 3515 section 2.4.4).

    Without a leg (a transfer asked for over HTTP) nobody is told.
    """

    def __init__(self, leg: Leg | None, cseq: int = 0) -> None:
        """`cseq` is the number of the REFER; the NOTIFYs of any but the first in a dialog name it (section 2.4.6)."""
        self._event = f"refer;id={cseq}" if leg is not None and leg.referred else "refer"
        if leg is not None:
            leg.referred = True
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
            headers=(("Event", self._event), ("Subscription-State", state)),
            body=f"SIP/2.0 {status} {reason or REASONS.get(status, '')}\r\n".encode(),
            content_type="message/sipfrag;version=2.0",
        )
