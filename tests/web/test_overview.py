"""Health, the snapshot and its parts."""

import msgspec
import pytest
from structlog.testing import capture_logs

from softacd.calls.control import Check
from softacd.calls.views import Snapshot
from softacd.calls.whatif_answer import WhatIf
from tests.web.small_switch import BEARER, Running


async def test_the_snapshot_is_the_switch_s_own(running: Running) -> None:
    answer = await running.client.get("/api/v1/snapshot", headers=BEARER)
    assert msgspec.json.decode(answer.content, type=Snapshot) == running.switch.snapshot()


@pytest.mark.parametrize("part", ["queues", "trunks", "phones", "agents"])
async def test_parts_of_the_snapshot(running: Running, part: str) -> None:
    assert await running.get(f"/api/v1/{part}") == (await running.get("/api/v1/snapshot"))[part]


async def test_one_part_that_fails_makes_the_whole_unhealthy(running: Running) -> None:
    running.switch.checks.append(Check("trunk:beta", healthy=False, detail="503", remedy="Ask the carrier."))
    known = await running.client.get("/healthz", headers=BEARER)
    assert known.status_code == 503
    assert known.json()["checks"][-1] == {
        "name": "trunk:beta", "healthy": False, "detail": "503", "remedy": "Ask the carrier.",
    }  # fmt: skip
    anonymous = await running.client.get("/healthz")
    assert (anonymous.status_code, anonymous.json()) == (503, {"healthy": False, "checks": []})


async def test_what_breaks_inside_is_logged_and_not_told(running: Running) -> None:
    running.switch.broken = RuntimeError("cable 7 is loose")
    with capture_logs() as logs:
        answer = await running.client.get("/api/v1/snapshot", headers=BEARER)
    assert answer.status_code == 500
    assert answer.json()["error"] == "internal"
    assert "cable" not in answer.text
    assert [(entry["event"], entry["path"], str(entry["exc_info"])) for entry in logs] == [
        ("request failed", "/api/v1/snapshot", "cable 7 is loose")
    ]


@pytest.mark.parametrize("path", ["/nothing", "/api/v1/nothing", "/api/v2/agents", "/api/v1/agents/ann/nothing"])
async def test_paths_there_are_not(running: Running, path: str) -> None:
    answer = await running.client.get(path, headers=BEARER)
    assert answer.status_code == 404
    assert answer.json()["error"] == "not-found"
    assert "/api/v1/openapi.json" in answer.json()["remedy"]


async def test_a_method_there_is_not(running: Running) -> None:
    answer = await running.client.delete("/api/v1/agents/ann", headers=BEARER)
    assert answer.status_code == 405
    assert answer.json()["error"] == "no-such-method"
    assert "GET" in answer.headers["allow"]


async def test_what_would_become_of_a_call(running: Running) -> None:
    query = {"caller": "+37369123456", "called": "022000111", "at": "Sat 18:05", "keys": "1#"}
    answer = await running.client.get("/api/v1/whatif", headers=BEARER, params=query)
    assert running.switch.asked == [("+37369123456", "022000111", "Sat 18:05", "1#")]
    assert msgspec.json.decode(answer.content, type=WhatIf) == running.switch.what_if(*query.values())


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"at": "someday"}, "at: 'someday' is no moment"),
        ({"keys": "x"}, "keys"),
        ({"called": "1" * 41}, "called"),
        ({}, "caller"),
    ],
)
async def test_a_dry_run_that_cannot_be(running: Running, wrong: dict[str, str], named: str) -> None:
    query = {"caller": "069", "called": "022", **wrong} if wrong else {"called": "022"}
    answer = await running.client.get("/api/v1/whatif", headers=BEARER, params=query)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid")
    assert named in answer.json()["detail"]
