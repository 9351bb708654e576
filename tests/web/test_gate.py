"""The door: every path without, with a wrong and with the right token; what the headers say; what the log does not."""

import logging
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs
from websockets.exceptions import InvalidStatus

from tests.web.conftest import Start, Unserved
from tests.web.small_switch import BEARER, TOKEN, Running, SmallSwitch, next_event

WRONG = {"Authorization": "Bearer of-something-else-entirely"}

CLOSED_PATHS = [
    ("GET", "/metrics"),
    ("GET", "/api/v1/snapshot"),
    ("GET", "/api/v1/calls"),
    ("GET", "/api/v1/calls/n1-7"),
    ("POST", "/api/v1/calls/n1-7/hang-up"),
    ("GET", "/api/v1/missed"),
    ("GET", "/api/v1/agents"),
    ("GET", "/api/v1/agents/ann"),
    ("PUT", "/api/v1/agents/ann/status"),
    ("POST", "/api/v1/agents/bob/wrap-up/finish"),
    ("POST", "/api/v1/agents/bob/wrap-up/extend"),
    ("GET", "/api/v1/queues"),
    ("GET", "/api/v1/trunks"),
    ("GET", "/api/v1/phones"),
    ("GET", "/api/v1/bans"),
    ("DELETE", "/api/v1/bans/192.0.2.66"),
    ("GET", "/api/v1/events"),
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/api/v1/no-such-thing"),
    ("GET", "/favicon.ico"),
    ("OPTIONS", "/api/v1/agents"),
]


NOT_THE_TOKEN = [{}, WRONG, {"Authorization": f"Basic {TOKEN}"}, {"Authorization": TOKEN}, {"X-Token": TOKEN}]


@pytest.mark.parametrize("headers", NOT_THE_TOKEN, ids=["none", "wrong", "basic", "bare", "elsewhere"])
async def test_nothing_is_open_without_the_token(unserved: Unserved, headers: dict[str, str]) -> None:
    switch = SmallSwitch()
    for method, path in CLOSED_PATHS:
        # a new door each time: wrong tokens are limited, and that is another test
        answer = await unserved(switch).request(method, path, headers=headers, json={"status": "lunch"})
        assert answer.status_code == 401, (path, answer.text)
        assert answer.headers["www-authenticate"] == 'Bearer realm="softacd"'
        problem = answer.json()
        assert problem["error"] == "unauthorised"
        assert "token" in problem["detail"]
        assert "web.token" in problem["remedy"]
    assert switch.agents["ann"].status == "available"
    assert "n1-7" in switch.calls


@pytest.mark.parametrize("headers", [{}, BEARER, {"Authorization": "Bearer x"}], ids=["none", "a token", "any token"])
async def test_without_a_token_configured_everything_is_closed(unserved: Unserved, headers: dict[str, str]) -> None:
    client = unserved(token="")
    for method, path in CLOSED_PATHS:
        answer = await client.request(method, path, headers=headers)
        assert answer.status_code == 503, path
        assert answer.json()["error"] == "closed"
        assert "web.token_file" in answer.json()["remedy"]


async def test_the_scheme_s_case_does_not_matter(running: Running) -> None:
    """RFC 9110 section 11.1: the scheme is case-insensitive."""
    answer = await running.client.get("/api/v1/agents", headers={"authorization": f"bEaReR {TOKEN}"})
    assert answer.status_code == 200


async def test_a_token_in_the_query_of_a_plain_request_is_not_taken(running: Running) -> None:
    """Addresses of requests end in histories and logs; only a WebSocket has no other way."""
    assert (await running.client.get("/api/v1/agents", params={"token": TOKEN})).status_code == 401


async def test_wrong_tokens_are_limited_and_told_when_to_come_again(running: Running) -> None:
    with capture_logs() as logs:
        for _ in range(10):
            assert (await running.client.get("/api/v1/agents", headers=WRONG)).status_code == 401
        answer = await running.client.get("/api/v1/agents", headers=WRONG)
    assert answer.status_code == 429
    assert answer.json()["error"] == "too-many"
    assert 1 <= int(answer.headers["retry-after"]) <= 7
    assert (await running.client.get("/api/v1/agents", headers=BEARER)).status_code == 429
    assert len(logs) == 10
    assert {entry["source"] for entry in logs} == {"127.0.0.1"}
    assert "something-else" not in str(logs)


async def test_health_names_its_parts_only_to_who_has_the_token(running: Running) -> None:
    anonymous = await running.client.get("/healthz")
    assert (anonymous.status_code, anonymous.json()) == (200, {"healthy": True, "checks": []})
    known = await running.client.get("/healthz", headers=BEARER)
    assert [check["name"] for check in known.json()["checks"]] == ["sip", "store"]
    assert (await running.client.get("/healthz", headers=WRONG)).status_code == 401


async def test_health_answers_where_no_token_is_configured(start: Start) -> None:
    running = await start(token="")
    answer = await running.client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"healthy": True, "checks": []})


async def test_metrics_can_be_opened(start: Start) -> None:
    running = await start(metrics_open=True)
    assert (await running.client.get("/metrics")).status_code == 200
    assert (await running.client.get("/api/v1/agents")).status_code == 401


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/agents", "/api/v1/no-such-thing"])
async def test_every_answer_has_the_headers_of_a_careful_server(running: Running, path: str) -> None:
    for headers in (BEARER, {}):
        answer = await running.client.get(path, headers=headers)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["date"].endswith("GMT")
        assert "server" not in answer.headers
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert answer.headers["content-type"] == "application/json"


async def test_the_root_points_to_the_api(running: Running) -> None:
    answer = await running.client.get("/")
    assert answer.status_code == 404
    assert "/api/v1" in answer.json()["remedy"]


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("", {"additional_headers": BEARER}),
        (f"?token={TOKEN}", {"additional_headers": {}}),
        ("", {"additional_headers": {}, "subprotocols": ["softacd.v1", f"bearer.{TOKEN}"]}),
    ],
)
async def test_three_ways_to_open_a_websocket(running: Running, query: str, options: dict[str, Any]) -> None:
    async with running.watch(query, **options) as socket:
        assert (await next_event(socket))["type"] == "snapshot"
        assert socket.subprotocol == ("softacd.v1" if "subprotocols" in options else None)


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("", {}),
        ("?token=of-something-else-entirely", {}),
        ("?token=", {}),
        ("", {"subprotocols": ["softacd.v1", "bearer.of-something-else-entirely"]}),
        ("", {"additional_headers": WRONG}),
    ],
)
async def test_a_websocket_without_the_token_gets_a_plain_answer(
    running: Running, query: str, options: dict[str, Any]
) -> None:
    with pytest.raises(InvalidStatus) as raised:
        async with running.watch(query, **{"additional_headers": {}, **options}):
            pass
    assert raised.value.response.status_code == 401
    assert msgspec.json.decode(raised.value.response.body or b"")["error"] == "unauthorised"


async def test_the_token_is_in_no_log_and_no_answer(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logs:
        async with running.watch(f"?token={TOKEN}", additional_headers={}) as socket:
            await next_event(socket)
        running.switch.broken = RuntimeError("a part fell off")
        answers = [
            await running.client.get("/api/v1/agents", headers=BEARER),
            await running.client.get("/api/v1/calls?limit=x", headers=BEARER),
        ]
    server_side = [record for record in caplog.records if not record.name.startswith(("websockets.client", "httpcore"))]
    assert TOKEN not in str([record.getMessage() for record in server_side])
    assert TOKEN not in str(logs)
    assert TOKEN not in str([answer.text for answer in answers])
