"""Agents over HTTP."""

from typing import Any

import pytest

from softacd.calls.records import AgentTime
from tests.web.small_switch import BEARER, NOW, Running, S


async def test_all_and_one(running: Running) -> None:
    agents = await running.get("/api/v1/agents")
    assert [agent["name"] for agent in agents] == ["ann", "bob", "Женя"]
    assert (await running.get("/api/v1/agents/ann")) == agents[0]
    assert agents[0] == {
        "name": "ann", "display_name": "Ann", "phone": "101", "status": "available", "state": "talking", "reason": "",
        "since": 1_789_999_940_000, "reachable": True, "call": "n1-7", "answered_today": 12,
        "topic_owed": "", "overdue": False,
    }  # fmt: skip


async def test_names_of_any_alphabet(running: Running) -> None:
    assert (await running.get("/api/v1/agents/Женя"))["display_name"] == "Женя"


async def test_a_status_is_set_with_its_reason(running: Running) -> None:
    answer = await running.client.put(
        "/api/v1/agents/ann/status", json={"status": "break", "reason": "doctor"}, headers=BEARER
    )
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["reason"]) == ("break", "doctor")
    assert running.switch.agents["ann"].status == "break"


async def test_a_wrap_up_is_finished_once(running: Running) -> None:
    answer = await running.client.post("/api/v1/agents/bob/wrap-up/finish", headers=BEARER)
    assert (answer.status_code, answer.json()["state"]) == (200, "idle")
    again = await running.client.post("/api/v1/agents/bob/wrap-up/finish", headers=BEARER)
    assert again.status_code == 409
    assert again.json() == {"error": "not-possible", "detail": "bob is idle, not in wrap-up", "remedy": ""}


async def test_a_wrap_up_is_extended(running: Running) -> None:
    answer = await running.client.post("/api/v1/agents/bob/wrap-up/extend", json={"seconds": 30}, headers=BEARER)
    assert answer.status_code == 200
    assert running.switch.extended == [("bob", 30.0)]
    other = await running.client.post("/api/v1/agents/ann/wrap-up/extend", json={"seconds": 30}, headers=BEARER)
    assert other.status_code == 409


async def test_an_agent_is_seated_at_a_phone(running: Running) -> None:
    answer = await running.client.post("/api/v1/agents/ann/sign-on", json={"phone": "105"}, headers=BEARER)
    assert (answer.status_code, answer.json()["phone"]) == (200, "105")
    taken = await running.client.post("/api/v1/agents/ann/sign-on", json={"phone": "102"}, headers=BEARER)
    assert (taken.status_code, taken.json()["detail"]) == (409, "bob is at phone 102; log bob out first")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("GET", "/times", None),
        ("PUT", "/status", {"status": "lunch"}),
        ("POST", "/sign-on", {"phone": "105"}),
        ("POST", "/wrap-up/finish", None),
        ("POST", "/wrap-up/extend", {"seconds": 5}),
    ],
)
async def test_an_agent_there_is_not(running: Running, method: str, path: str, body: Any) -> None:
    answer = await running.client.request(method, f"/api/v1/agents/zed{path}", json=body, headers=BEARER)
    assert answer.status_code == 404
    assert answer.json() == {"error": "not-found", "detail": "there is no agent 'zed'", "remedy": ""}


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/status", b'{"status":"asleep"}', "status: Invalid enum value 'asleep'"),
        ("/status", b"{}", "status"),
        ("/status", b'{"status":"lunch","colour":"red"}', "colour"),
        ("/status", b'{"status":"break","reason":"' + b"x" * 101 + b'"}', "reason: "),
        ("/status", b'{"status":', "JSON"),
        ("/status", b"", "the body is missing"),
        ("/status", b"[]", "body: "),
        ("/wrap-up/extend", b'{"seconds":0}', "seconds: "),
        ("/wrap-up/extend", b'{"seconds":-5}', "seconds: "),
        ("/wrap-up/extend", b'{"seconds":3601}', "seconds: "),
        ("/wrap-up/extend", b'{"seconds":"ten"}', "seconds: "),
        ("/wrap-up/extend", b'{"seconds":NaN}', "JSON"),
        ("/wrap-up/extend", b'{"seconds":1e999}', "JSON"),
    ],
)
async def test_what_is_wrong_is_named(running: Running, path: str, body: bytes, named: str) -> None:
    method = "PUT" if path == "/status" else "POST"
    answer = await running.client.request(
        method, f"/api/v1/agents/bob{path}", content=body, headers=BEARER | {"content-type": "application/json"}
    )
    assert answer.status_code == 400, answer.text
    problem = answer.json()
    assert problem["error"] == "invalid"
    assert named in problem["detail"]
    assert problem["remedy"]
    assert running.switch.agents["bob"].status == "available"
    assert running.switch.extended == []


async def test_a_wrong_status_is_answered_with_the_right_ones(running: Running) -> None:
    answer = await running.client.put("/api/v1/agents/ann/status", json={"status": "asleep"}, headers=BEARER)
    assert answer.json()["remedy"] == "status is one of logged-out, available, break, lunch, not-ready."


async def test_how_the_time_was_spent_with_what_is_not_in_the_store_yet(running: Running) -> None:
    running.history.times = [
        AgentTime("ann", NOW - 3600 * S, NOW - 3000 * S, "not-ready", "doctor", paid=False, idle_ms=600 * S),
        AgentTime("ann", NOW - 90_000 * S, NOW - 89_000 * S, "lunch", idle_ms=1000 * S),
        AgentTime("bob", NOW - 3600 * S, NOW, "available", idle_ms=3600 * S),
    ]
    told = await running.get("/api/v1/agents/ann/times")
    assert (told["logged_in_ms"], told["paid_ms"]) == (660 * S, 60 * S)
    assert [(one["status"], one["reason"], one["total_ms"]) for one in told["statuses"]] == [
        ("not-ready", "doctor", 600 * S),
        ("available", "", 60 * S),
    ]
    older = await running.get("/api/v1/agents/ann/times", since=NOW - 90_000 * S, before=NOW - 80_000 * S)
    assert [one["status"] for one in older["statuses"]] == ["lunch"]
