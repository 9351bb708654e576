"""Bitrix24, by an incoming webhook: https://DOMAIN/rest/USER/CODE/METHOD.

Documents, at https://apidocs.bitrix24.com: limits.html, error-codes.html, api-reference/how-to-call-rest-api/batch,
api-reference/crm/duplicates (crm.duplicate.findbycomm), api-reference/crm/contacts (crm.contact.get, crm.contact.add),
api-reference/crm/timeline/activities/activity-base (crm.activity.list, crm.activity.add). The methods of telephony
serve applications only, not webhooks, so calls are logged as activities of the kind "call".
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from softacd.crm.adapters.generic import judge
from softacd.crm.adapters.interface import (
    Adapter,
    BusyError,
    CallLog,
    CheckedKey,
    Contact,
    CrmError,
    Exchange,
    PhoneNumber,
    WebAnswer,
    WebRequest,
)
from softacd.crm.adapters.settings import CrmSettings

ORIGINATOR = "softacd"
CONTACT_TYPE = 3
"""crm.enum.ownertype: 1 lead, 2 deal, 3 contact, 4 company."""
CALL_TYPE = 2
"""crm.enum.activitytype."""
INCOMING, OUTGOING = 1, 2
"""crm.enum.activitydirection."""
BUSY = frozenset({"QUERY_LIMIT_EXCEEDED", "OPERATION_TIME_LIMIT", "OVERLOAD_LIMIT"})
"""Errors that go away: too many requests (503), too long ones (429), the whole account blocked for its load."""


class Bitrix24Adapter(Adapter):
    """`kind = "bitrix24"`."""

    @classmethod
    def check(cls, settings: CrmSettings) -> Iterator[CheckedKey]:
        """Address, user and code make the webhook."""
        if not settings.url:
            yield CheckedKey(("url",), "is missing", 'the account, like "https://shop.bitrix24.eu"')
        if not settings.user.isdecimal():
            yield CheckedKey(("user",), f'got "{settings.user}"', "the number between /rest/ and the webhook's code")
        for agent, user in settings.users.items():
            if not user.isdecimal():
                yield CheckedKey(("users", agent), f'got "{user}"', "the number of a user")

    @property
    def url(self) -> str:
        """The webhook: whoever knows it may do what its user may."""
        return f"{super().url}/rest/{self.settings.user}/{quote(self.settings.token, safe='')}"

    def headers(self) -> dict[str, str]:
        """None: the address is the secret."""
        return {}

    def find(self, number: PhoneNumber) -> Exchange[Contact | None]:
        """One batch: the contacts with the number, and the first of them."""
        commands = {
            "found": f"crm.duplicate.findbycomm?entity_type=CONTACT&type=PHONE&values[]={quote(number.e164, safe='')}",
            "contact": "crm.contact.get?id=$result[found][CONTACT][0]",
        }
        result = _result((yield _call("batch", {"halt": 1, "cmd": commands})))
        if not isinstance(result, dict):
            raise CrmError("the answer has no results")
        errors = result.get("result_error") or {}
        results = result.get("result") or {}
        found = results.get("found") if isinstance(results, dict) else None
        if isinstance(errors, dict) and "found" in errors:
            _fail(errors["found"])
        if not isinstance(found, dict) or not found.get("CONTACT"):
            return None  # nothing found is an empty list, and the second command fails for want of an id
        contact = results.get("contact")
        if not isinstance(contact, dict):
            raise CrmError("the contact found cannot be read")
        return self._contact(contact)

    def _contact(self, contact: dict[str, Any]) -> Contact:
        name = " ".join(str(contact[key]) for key in ("NAME", "SECOND_NAME", "LAST_NAME") if contact.get(key))
        given = str(contact.get("ID") or "")
        return Contact(
            id=given,
            name=name,
            manager=self.agent_of(str(contact.get("ASSIGNED_BY_ID") or "")),
            notes=str(contact.get("COMMENTS") or ""),
            link=f"{self.settings.url.rstrip('/')}/crm/contact/details/{given}/",
            more=contact,
        )

    def tell(self, call: CallLog, number: PhoneNumber, contact: Contact | None, *, again: bool) -> Exchange[None]:
        """An activity of the contact. Told again, it is looked for by our id of the call first."""
        if contact is None:
            contact = yield from self.find(number)
        if again and contact is not None:
            origin = {"ORIGINATOR_ID": ORIGINATOR, "ORIGIN_ID": call.call}
            known = _result((yield _call("crm.activity.list", {"filter": origin, "select": ["ID"]})))
            if known:
                return
        if contact is None:
            if not self.settings.create:
                return
            phone = [{"VALUE": number.e164, "VALUE_TYPE": "WORK"}]
            fields = {"NAME": number.e164, "PHONE": phone, "OPENED": "Y", "TYPE_ID": "CLIENT", "SOURCE_ID": "CALL"}
            contact = Contact(id=str(_result((yield _call("crm.contact.add", {"fields": fields})))))
        _result((yield _call("crm.activity.add", {"fields": self._activity(call, number, contact)})))

    def _activity(self, call: CallLog, number: PhoneNumber, contact: Contact) -> dict[str, Any]:
        what = "Missed call" if call.missed else "Incoming call" if call.incoming else "Outgoing call"
        lines = [f"{what}: {call.outcome}", f"talk: {call.talk_ms // 1000} s"]
        lines += [f"{name}: {value}" for name, value in _told(call)]
        return {
            "OWNER_TYPE_ID": CONTACT_TYPE,
            "OWNER_ID": int(contact.id),
            "TYPE_ID": CALL_TYPE,
            "SUBJECT": f"{what}{f': {call.topic}' if call.topic else ''}",
            "DIRECTION": INCOMING if call.incoming else OUTGOING,
            "START_TIME": _moment(call.started),
            "END_TIME": _moment(call.ended),
            "COMPLETED": "N" if call.missed else "Y",  # what was missed stays to be done
            "PRIORITY": 3 if call.missed else 2,
            "RESPONSIBLE_ID": int(self.user_of(call.agent)),
            "DESCRIPTION": "\n".join(lines),
            "DESCRIPTION_TYPE": 1,
            "ORIGINATOR_ID": ORIGINATOR,
            "ORIGIN_ID": call.call,
            "COMMUNICATIONS": [
                {"TYPE": "PHONE", "VALUE": number.e164, "ENTITY_ID": int(contact.id), "ENTITY_TYPE_ID": CONTACT_TYPE}
            ],
        }


def _told(call: CallLog) -> Iterator[tuple[str, str]]:
    for name in ("agent", "queue", "topic", "recording"):
        if value := getattr(call, name):
            yield name, value


def _call(method: str, body: dict[str, Any]) -> WebRequest:
    return WebRequest("POST", f"/{method}.json", body=body)


def _result(answer: WebAnswer) -> Any:
    body = answer.body if isinstance(answer.body, dict) else {}
    if "error" in body:
        _fail(body, answer)
    judge(answer)
    if "result" not in body:
        raise CrmError("the answer has no result")
    return body["result"]


def _fail(error: Any, answer: WebAnswer | None = None) -> None:
    """Errors have a code, which is told, and a description, which may hold what was asked and is not."""
    code = str(error.get("error", "")) if isinstance(error, dict) else ""
    shown = code if code.replace("_", "").isalnum() else "an error"
    if code in BUSY:
        raise BusyError(shown, answer.retry_after if answer is not None else 0.0)
    if answer is not None and not answer.good:
        judge(answer, shown)
    raise CrmError(shown)


def _moment(wall: int) -> str:
    return datetime.fromtimestamp(wall // 1000, UTC).isoformat()
