"""The API's description: complete, valid, and true of the answers."""

import re
from typing import Any

import pytest

from tests.web.small_switch import BEARER, Running, Story, a_record

PATHS = {
    ("/healthz", "get"),
    ("/metrics", "get"),
    ("/api/v1/snapshot", "get"),
    ("/api/v1/queues", "get"),
    ("/api/v1/whatif", "get"),
    ("/api/v1/trunks", "get"),
    ("/api/v1/house", "get"),
    ("/api/v1/house/emergency", "put"),
    ("/api/v1/house/hours/{name}", "put"),
    ("/api/v1/phones", "get"),
    ("/api/v1/calls", "get"),
    ("/api/v1/missed", "get"),
    ("/api/v1/missed/{number}/owner", "put"),
    ("/api/v1/calls/{call}/topic", "post"),
    ("/api/v1/calls/{call}", "get"),
    ("/api/v1/calls/{call}/hang-up", "post"),
    ("/api/v1/calls/{call}/recording", "post"),
    ("/api/v1/calls/{call}/monitor", "post"),
    ("/api/v1/recordings", "get"),
    ("/api/v1/recordings/{recording}", "get"),
    ("/api/v1/ratings", "get"),
    ("/api/v1/messages", "get"),
    ("/api/v1/messages/{message}", "get"),
    ("/api/v1/messages/{message}", "delete"),
    ("/api/v1/messages/{message}/heard", "put"),
    ("/api/v1/agents", "get"),
    ("/api/v1/agents/{name}", "get"),
    ("/api/v1/agents/{name}/status", "put"),
    ("/api/v1/agents/{name}/times", "get"),
    ("/api/v1/agents/{name}/sign-on", "post"),
    ("/api/v1/agents/{name}/wrap-up/finish", "post"),
    ("/api/v1/agents/{name}/wrap-up/extend", "post"),
    ("/api/v1/bans", "get"),
    ("/api/v1/bans/{source}", "delete"),
    ("/api/v1/events", "get"),
    ("/api/v1/calls/{call}/transfer", "post"),
    ("/api/v1/phones/{extension}", "get"),
    ("/api/v1/phones/{extension}", "put"),
    ("/api/v1/calls/{call}/move", "post"),
    ("/api/v1/calls/{call}/take-over", "post"),
    ("/api/v1/queues/{name}/closed", "put"),
    ("/api/v1/session", "post"),
    ("/api/v1/session", "get"),
    ("/api/v1/session", "delete"),
    ("/api/v1/session/phone", "get"),
    ("/api/v1/session/password", "put"),
    ("/api/v1/session/language", "put"),
    ("/api/v1/users", "get"),
    ("/api/v1/users/{name}", "put"),
    ("/api/v1/users/{name}", "delete"),
    ("/api/v1/users/{name}/totp", "post"),
    ("/api/v1/users/{name}/totp", "delete"),
    ("/api/v1/audit", "get"),
}


@pytest.fixture
async def document(running: Running) -> Any:
    return await running.get("/api/v1/openapi.json")


def operations(document: Any) -> list[tuple[str, str, Any]]:
    return [
        (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if not method.startswith("x-")
    ]


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(references(value) for value in node.values()))
    return set().union(*(references(value) for value in node)) if isinstance(node, list) else set()


async def test_every_path_is_described(document: Any) -> None:
    assert document["openapi"].startswith("3.1")
    assert {(path, method) for path, method, _ in operations(document)} == PATHS
    for path, method, operation in operations(document):
        place = f"{method} {path}"
        assert operation["summary"], place
        assert operation["description"], place
        assert len(operation["tags"]) == 1, place
        assert set(operation["tags"]) <= {tag["name"] for tag in document["tags"]}
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], (place, parameter["name"])
        assert {f"{{{p['name']}}}" for p in operation.get("parameters", ()) if p["in"] == "path"} == set(
            re.findall(r"\{\w+\}", path)
        )
    identifiers = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(identifiers)) == len(identifiers)


async def test_every_refusal_is_described_and_has_one_shape(document: Any) -> None:
    for path, method, operation in operations(document):
        answers = operation["responses"]
        assert {"401", "429", "500"} <= set(answers), path
        assert ("404" in answers) == ("{" in path), path
        orders = (
            "/transfer",
            "/topic",
            "{extension}",
            "/recording",
            "/monitor",
            "/move",
            "/take-over",
            "/password",
            "/users/{name}",
        )
        open_to_all = (method, path) in (("get", "/healthz"), ("post", "/api/v1/session"))
        assert ("403" in answers) == (not open_to_all), path
        conflicts = (method != "get" and ("wrap-up" in path or path.endswith(orders))) or path.endswith("{recording}")
        assert ("409" in answers) == conflicts, path
        if operation.get("requestBody"):
            assert "400" in answers, path
        for status, answer in answers.items():
            if status.startswith(("4", "5")) and (path, status) != ("/healthz", "503"):
                schema = answer["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}, (method, path, status)


async def test_the_token_is_described(document: Any) -> None:
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert document["components"]["securitySchemes"]["session"]["name"] == "softacd_session"
    assert document["security"] == [{"token": []}, {"session": []}]
    open_to_all = {
        (method, path) for path, method, operation in operations(document) if {} in operation.get("security", ())
    }
    assert open_to_all == {("get", "/healthz"), ("post", "/api/v1/session")}


async def test_every_schema_and_every_field_is_explained(document: Any) -> None:
    schemas = document["components"]["schemas"]
    assert {reference.removeprefix("#/components/schemas/") for reference in references(document)} <= set(schemas)
    for name, schema in schemas.items():
        assert schema.get("description"), name
        for field, property_ in schema.get("properties", {}).items():
            assert property_.get("description"), f"{name}.{field}"


async def test_the_messages_of_the_websocket_are_described(document: Any) -> None:
    messages = references(document["paths"]["/api/v1/events"]["x-websocket"])
    assert {message.rpartition("/")[2] for message in messages} == {
        "SnapshotPushed", "CallPushed", "LegPushed", "SegmentPushed", "CallEventPushed", "AgentPushed", "PhonePushed",
        "TracePushed", "RecordingPushed", "BookmarkPushed", "HousePushed", "MessagePushed", "RatingPushed",
        "MissedOwnerPushed", "TopicPushed", "AuditPushed", "CallBackPushed", "AgentTimePushed",
            "AgentAlarmPushed", "AgentSeatPushed", "Heartbeat",
    }  # fmt: skip


async def test_nothing_is_loaded_from_elsewhere(running: Running, document: Any) -> None:
    assert "http://" not in str(document)
    assert "https://" not in str(document)
    for page in ("docs", "swagger", "redoc", "schema", "elements", "rapidoc", "openapi.yaml"):
        for root in ("", "/api/v1", "/schema"):
            assert (await running.client.get(f"{root}/{page}", headers=BEARER)).status_code == 404


def conform(value: Any, schema: dict[str, Any], schemas: dict[str, Any], place: str) -> None:
    """A validator of the part of JSON Schema that the description uses; strict about fields nobody described."""
    if "$ref" in schema:
        conform(value, schemas[schema["$ref"].rpartition("/")[2]], schemas, place)
        return
    if "oneOf" in schema:
        failures = []
        for choice in schema["oneOf"]:
            try:
                conform(value, choice, schemas, place)
            except AssertionError as error:
                failures.append(str(error))
        assert len(failures) == len(schema["oneOf"]) - 1, f"{place}: {value!r} fits none or several: {failures}"
        return
    if "enum" in schema:
        assert value in schema["enum"], f"{place}: {value!r}"
        return
    kinds: dict[str, tuple[type, ...]] = {
        "object": (dict,), "array": (list,), "string": (str,), "integer": (int,), "number": (int, float),
        "boolean": (bool,), "null": (type(None),),
    }  # fmt: skip
    kind = schema.get("type")
    assert isinstance(kind, str), f"{place}: no type"
    fits = isinstance(value, kinds[kind])
    assert fits, f"{place}: {value!r} is no {kind}"
    assert not (isinstance(value, bool) and kind in ("integer", "number")), place
    if kind == "array":
        for number, one in enumerate(value):
            conform(one, schema["items"], schemas, f"{place}[{number}]")
    if kind == "object":
        properties = schema["properties"]
        assert set(schema.get("required", ())) <= set(value), place
        assert set(value) <= set(properties), f"{place}: {set(value) - set(properties)} undescribed"
        for name, one in value.items():
            conform(one, properties[name], schemas, f"{place}.{name}")


async def test_the_answers_are_as_described(running: Running, document: Any) -> None:
    running.history.stories = [Story(a_record("n1-3"))]
    newest = (await running.get("/api/v1/events"))["last"]
    examples = [
        ("get", "/healthz", {}, None),
        ("get", "/api/v1/snapshot", {}, None),
        ("get", "/api/v1/queues", {}, None),
        ("get", "/api/v1/trunks", {}, None),
        ("get", "/api/v1/phones", {}, None),
        ("get", "/api/v1/whatif", {}, None),
        ("get", "/api/v1/calls", {}, None),
        ("get", "/api/v1/missed", {}, None),
        ("get", "/api/v1/calls/{call}", {"call": "n1-3"}, None),
        ("get", "/api/v1/calls/{call}", {"call": "n1-7"}, None),
        ("get", "/api/v1/calls/{call}", {"call": "none"}, None),
        ("get", "/api/v1/agents", {}, None),
        ("get", "/api/v1/agents/{name}", {"name": "ann"}, None),
        ("put", "/api/v1/agents/{name}/status", {"name": "ann"}, {"status": "lunch"}),
        ("put", "/api/v1/agents/{name}/status", {"name": "ann"}, {"status": "asleep"}),
        ("post", "/api/v1/agents/{name}/wrap-up/extend", {"name": "bob"}, {"seconds": 5}),
        ("post", "/api/v1/agents/{name}/wrap-up/finish", {"name": "bob"}, None),
        ("post", "/api/v1/agents/{name}/wrap-up/finish", {"name": "bob"}, None),
        ("put", "/api/v1/missed/{number}/owner", {"number": "112"}, {"owner": "ann"}),
        ("post", "/api/v1/calls/{call}/topic", {"call": "n1-7"}, {"topic": "invoice"}),
        ("post", "/api/v1/calls/{call}/hang-up", {"call": "n1-7"}, None),
        ("get", "/api/v1/bans", {}, None),
        ("delete", "/api/v1/bans/{source}", {"source": "192.0.2.66"}, None),
        ("delete", "/api/v1/bans/{source}", {"source": "192.0.2.66"}, None),
        ("get", "/api/v1/events", {}, None),
    ]
    for method, path, names, body in examples:
        query = {"/api/v1/events": {"since": newest}, "/api/v1/whatif": {"caller": "069", "called": "022"}}.get(
            path, {}
        )
        answer = await running.client.request(method, path.format(**names), json=body, headers=BEARER, params=query)
        described = document["paths"][path][method]["responses"]
        assert str(answer.status_code) in described, (path, answer.status_code)
        schema = described[str(answer.status_code)]["content"]["application/json"]["schema"]
        conform(answer.json(), schema, document["components"]["schemas"], f"{method} {path} {answer.status_code}")
