"""HubSpot, by a private app's access token.

Documents, at https://developers.hubspot.com/docs: api/usage-details (limits), api/error-handling, api/crm/search,
api/crm/contacts, api/crm/calls.
"""

from collections.abc import Iterator
from typing import Any

from softacd.crm.adapters.generic import judge
from softacd.crm.adapters.interface import (
    Adapter,
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

SEARCH = "/crm/v3/objects/contacts/search"
PROPERTIES = ("firstname", "lastname", "company", "phone", "mobilephone", "hubspot_owner_id", "hs_language")
CALL_TO_CONTACT = 194
"""The association's type HubSpot defines for it."""
PAGE = 10
MOST_PAGES = 3


class HubSpotAdapter(Adapter):
    """`kind = "hubspot"`."""

    address = "https://api.hubapi.com"

    @classmethod
    def check(cls, settings: CrmSettings) -> Iterator[CheckedKey]:
        """Owners are numbers."""
        for agent, user in settings.users.items():
            if not user.isdecimal():
                yield CheckedKey(("users", agent), f'got "{user}"', "the number of an owner")

    def find(self, number: PhoneNumber) -> Exchange[Contact | None]:
        """Contacts whose number is written so, or is the same without the country's code: HubSpot keeps a searchable
        form of each that has area code and local number only. A contact with the whole number comes first."""
        wanted = {
            "phone": number.e164,
            "mobilephone": number.e164,
            "hs_searchable_calculated_phone_number": number.national,
            "hs_searchable_calculated_mobile_number": number.national,
        }
        groups = [
            {"filters": [{"propertyName": name, "operator": "EQ", "value": value}]} for name, value in wanted.items()
        ]
        body: dict[str, Any] = {"filterGroups": groups, "properties": list(PROPERTIES), "limit": PAGE}
        first: Contact | None = None
        for _ in range(MOST_PAGES):
            answer = _read((yield WebRequest("POST", SEARCH, body=body)))
            for entry in answer.get("results") or ():
                properties = entry.get("properties") or {}
                contact = self._contact(str(entry.get("id", "")), properties)
                if number.digits in (_digits(properties.get("phone")), _digits(properties.get("mobilephone"))):
                    return contact
                first = first or contact
            after = ((answer.get("paging") or {}).get("next") or {}).get("after")
            if not after:
                break
            body = body | {"after": after}
        return first

    def _contact(self, given: str, properties: dict[str, Any]) -> Contact:
        name = " ".join(str(properties[key]) for key in ("firstname", "lastname") if properties.get(key))
        return Contact(
            id=given,
            name=name,
            company=str(properties.get("company") or ""),
            manager=self.agent_of(str(properties.get("hubspot_owner_id") or "")),
            language=str(properties.get("hs_language") or "")[:2],
            link=f"https://app.hubspot.com/contacts/{self.settings.user}/contact/{given}" if self.settings.user else "",
            more=properties,
        )

    def tell(self, call: CallLog, number: PhoneNumber, contact: Contact | None, *, again: bool) -> Exchange[None]:
        """A call engagement, of the contact when there is one."""
        if contact is None:
            contact = yield from self.find(number)
        if contact is None:
            if not self.settings.create:
                return
            made = _read(
                (yield WebRequest("POST", "/crm/v3/objects/contacts", body={"properties": {"phone": number.e164}}))
            )
            contact = Contact(id=str(made.get("id", "")))
        kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": CALL_TO_CONTACT}
        body = {
            "properties": self._engagement(call, number),
            "associations": [{"to": {"id": contact.id}, "types": [kind]}],
        }
        _read((yield WebRequest("POST", "/crm/v3/objects/calls", body=body)))

    def _engagement(self, call: CallLog, number: PhoneNumber) -> dict[str, str]:
        what = "Missed call" if call.missed else "Incoming call" if call.incoming else "Outgoing call"
        told = [("outcome", call.outcome), ("agent", call.agent), ("queue", call.queue), ("topic", call.topic)]
        given = {
            "hs_timestamp": str(call.started),
            "hs_call_title": f"{what}{f': {call.topic}' if call.topic else ''}",
            "hs_call_body": "; ".join([*(f"{name}: {value}" for name, value in told if value), f"softacd {call.call}"]),
            "hs_call_direction": "INBOUND" if call.incoming else "OUTBOUND",
            "hs_call_status": "COMPLETED" if call.connected else "NO_ANSWER",
            "hs_call_duration": str(call.talk_ms),
            ("hs_call_from_number" if call.incoming else "hs_call_to_number"): number.e164,
        }
        if call.recording:
            given["hs_call_recording_url"] = call.recording
        owner = self.settings.users.get(call.agent)
        return given | ({"hubspot_owner_id": owner} if owner else {})


def _digits(text: Any) -> str:
    return "".join(character for character in str(text or "") if character.isdecimal())


def _read(answer: WebAnswer) -> dict[str, Any]:
    """An answer's object. Errors have a category or a type, which is told, and a message, which is not."""
    body = answer.body if isinstance(answer.body, dict) else {}
    if not answer.good:
        shown = str(body.get("errorType") or body.get("category") or "")
        judge(answer, shown if shown.replace("_", "").isalnum() else "")
    if not body:
        raise CrmError("the answer is no JSON object")
    return body
