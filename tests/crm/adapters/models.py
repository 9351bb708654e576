"""Bitrix24 and HubSpot as their documents describe them (the addresses stand in the adapters): what they take, what
they answer, how they refuse, and when they want to be left alone. Each answers one request; no network here.
"""

import re
from collections.abc import Generator, Mapping
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qs, parse_qsl, urlsplit

from softacd.crm.adapters.interface import Adapter, WebAnswer, WebRequest

Found = TypeVar("Found")


class Reply(NamedTuple):
    status: int
    body: Any
    headers: Mapping[str, str] = {}


class System:
    """What both have: they count, and may be made to misbehave."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, Any]] = []
        self.refusals: list[Reply] = []
        """Given instead of answers, one after another."""

    def reply(self, method: str, target: str, headers: Mapping[str, str], body: Any) -> Reply:
        self.requests.append((method, target, body))
        return self.refusals.pop(0) if self.refusals else self._reply(method, target, headers, body)

    def _reply(self, method: str, target: str, headers: Mapping[str, str], body: Any) -> Reply:
        raise NotImplementedError


def drive(adapter: Adapter, system: System, exchange: Generator[WebRequest, WebAnswer, Found]) -> Found:
    """Carry an exchange out with a system, without a network."""
    base = urlsplit(adapter.url).path
    try:
        request = next(exchange)
        while True:
            target = base + request.path
            reply = system.reply(request.method, target, adapter.headers(), request.body)
            request = exchange.send(WebAnswer(reply.status, reply.body, float(reply.headers.get("Retry-After", 0))))
    except StopIteration as stop:
        found: Found = stop.value
        return found


class Bitrix24(System):
    """https://apidocs.bitrix24.com: methods below an incoming webhook, errors as {"error", "error_description"}."""

    USER, CODE = "7", "w3bh00kc0de"

    def __init__(self) -> None:
        super().__init__()
        self.contacts: dict[int, dict[str, Any]] = {}
        self.activities: list[dict[str, Any]] = []

    def add(self, phone: str, **fields: str) -> int:
        number = len(self.contacts) + 1
        self.contacts[number] = {"ID": str(number), "PHONE": [{"VALUE": phone, "VALUE_TYPE": "WORK"}], **fields}
        return number

    def _reply(self, method: str, target: str, headers: Mapping[str, str], body: Any) -> Reply:
        found = re.fullmatch(r"/rest/([0-9]+)/([^/]+)/([a-z.]+)\.json", target)
        assert found is not None, target
        if (found[1], found[2]) != (self.USER, self.CODE):
            return _wrong(401, "INVALID_CREDENTIALS", "Invalid request credentials")
        if found[3] == "batch":
            return Reply(200, {"result": self._batch(body), "time": {"duration": 0.01}})
        return self._method(found[3], body or {})

    def _batch(self, body: Any) -> dict[str, Any]:
        assert len(body["cmd"]) <= 50
        results: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for name, command in body["cmd"].items():
            what, _, query = re.sub(r"\$result((\[[A-Za-z0-9]+\])+)", lambda m: _at(results, m[1]), command).partition(
                "?"
            )
            reply = self._method(what, _parameters(query))
            if "error" in reply.body:
                errors[name] = reply.body
                if body.get("halt"):
                    break
            else:
                results[name] = reply.body["result"]
        # Empty tables are PHP's: lists.
        return {"result": results or [], "result_error": errors or [], "result_total": [], "result_next": []}

    def _method(self, name: str, given: Any) -> Reply:
        match name:
            case "crm.duplicate.findbycomm":
                assert (given["type"], given["entity_type"]) == ("PHONE", "CONTACT")
                digits = [re.sub(r"\D", "", value) for value in given["values"]]
                ids = [
                    number
                    for number, contact in self.contacts.items()
                    if any(re.sub(r"\D", "", phone["VALUE"]) in digits for phone in contact["PHONE"])
                ]
                return Reply(200, {"result": {"CONTACT": ids} if ids else []})
            case "crm.contact.get":
                contact = self.contacts.get(int(given.get("id") or 0))
                return Reply(200, {"result": contact}) if contact else _wrong(400, "", "ID is not defined or invalid.")
            case "crm.contact.add":
                fields = given["fields"]
                return Reply(200, {"result": self.add(fields["PHONE"][0]["VALUE"], NAME=fields["NAME"])})
            case "crm.activity.list":
                wanted = given["filter"]
                rows = [row for row in self.activities if all(row.get(key) == value for key, value in wanted.items())]
                return Reply(200, {"result": [{"ID": str(row["ID"])} for row in rows[:50]], "total": len(rows)})
            case "crm.activity.add":
                fields = given["fields"]
                for needed in ("OWNER_ID", "OWNER_TYPE_ID", "TYPE_ID", "COMMUNICATIONS", "SUBJECT", "RESPONSIBLE_ID"):
                    if not fields.get(needed):
                        return _wrong(400, "", f"The field '{needed}' is required")
                if fields["OWNER_ID"] not in self.contacts:
                    return _wrong(400, "", "Owner was not found.")
                self.activities.append({"ID": len(self.activities) + 1, **fields})
                return Reply(200, {"result": len(self.activities)})
            case _:
                return _wrong(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")


TOO_MANY = Reply(503, {"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many requests"})
"""Bitrix24's leaky bucket has run over (limits.html); it says nothing of when to come again."""
TOO_LONG = Reply(
    429,
    {"error": "OPERATION_TIME_LIMIT", "error_description": "Method is blocked due to operation time limit."},
    {"Retry-After": "9"},
)


def _wrong(status: int, code: str, text: str) -> Reply:
    return Reply(status, {"error": code, "error_description": text})


def _at(results: Any, path: str) -> str:
    for key in re.findall(r"\[([A-Za-z0-9]+)\]", path):
        if isinstance(results, dict):
            results = results.get(key)
        else:
            results = results[int(key)] if results and key.isdecimal() and int(key) < len(results) else None
    return "" if results is None else str(results)


def _parameters(query: str) -> dict[str, Any]:
    found: dict[str, Any] = dict(parse_qsl(query))
    many = parse_qs(query)
    return found | {key[:-2]: values for key, values in many.items() if key.endswith("[]")}


class HubSpot(System):
    """https://developers.hubspot.com/docs: CRM v3 objects, errors as {"status", "message", "correlationId", ...}."""

    TOKEN = "pat-eu1-0123"

    def __init__(self) -> None:
        super().__init__()
        self.contacts: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []

    def add(self, phone: str, **properties: str) -> str:
        given = str(100 + len(self.contacts))
        self.contacts.append({"id": given, "properties": {"phone": phone, **properties}})
        return given

    def _reply(self, method: str, target: str, headers: Mapping[str, str], body: Any) -> Reply:
        if headers.get("Authorization") != f"Bearer {self.TOKEN}":
            return _error(401, "Authentication credentials not found.", category="INVALID_AUTHENTICATION")
        match method, target:
            case "POST", "/crm/v3/objects/contacts/search":
                return self._search(body)
            case "POST", "/crm/v3/objects/contacts":
                return Reply(201, {"id": self.add(**body["properties"]), "properties": body["properties"]})
            case "POST", "/crm/v3/objects/calls":
                if "hs_timestamp" not in body["properties"]:
                    return _error(400, "Property values were not valid", category="VALIDATION_ERROR")
                for association in body["associations"]:
                    assert association["types"] == [
                        {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 194}
                    ]
                    assert any(contact["id"] == association["to"]["id"] for contact in self.contacts)
                self.calls.append(body)
                return Reply(201, {"id": str(len(self.calls)), "properties": body["properties"]})
        return _error(404, "resource not found", category="OBJECT_NOT_FOUND")

    def _search(self, body: Any) -> Reply:
        groups, limit, after = body["filterGroups"], body.get("limit", 10), int(body.get("after", 0))
        if len(groups) > 5 or limit > 200 or any(len(group["filters"]) > 6 for group in groups):
            return _error(400, "There was a problem with the request.", category="VALIDATION_ERROR")
        found = [one for one in self.contacts if any(_all(group["filters"], one["properties"]) for group in groups)]
        page = [
            {"id": one["id"], "properties": {name: one["properties"].get(name) for name in body["properties"]}}
            for one in found[after : after + limit]
        ]
        answer: dict[str, Any] = {"total": len(found), "results": page}
        if after + limit < len(found):
            answer["paging"] = {"next": {"after": str(after + limit), "link": "?after=..."}}
        return Reply(200, answer)


RATE_LIMIT = Reply(
    429,
    {
        "status": "error",
        "message": "You have reached your secondly limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": "c033cdaa-2c40-4a64-ae48-b4cec88dad24",
        "policyName": "SECONDLY",
    },
    {"Retry-After": "3"},
)


def _all(filters: Any, properties: Mapping[str, str]) -> bool:
    """HubSpot keeps area code and local number of each number in a property of its own."""
    searchable = {
        "hs_searchable_calculated_phone_number": "phone",
        "hs_searchable_calculated_mobile_number": "mobilephone",
    }
    for one in filters:
        assert one["operator"] == "EQ"
        name, value = one["propertyName"], one["value"]
        if name in searchable:
            local = re.sub(r"\D", "", properties.get(searchable[name]) or "").removeprefix("373").removeprefix("0")
            if not local or local != value:
                return False
        elif properties.get(name) != value:
            return False
    return True


def _error(status: int, text: str, **more: str) -> Reply:
    return Reply(status, {"status": "error", "message": text, "correlationId": "c0ffee", **more})
