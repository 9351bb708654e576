"""Missed callers over HTTP: what each is worth, and who takes care."""

import msgspec

from softacd.calls.missed import MissedCaller
from tests.web.small_switch import BEARER, NOW, Running

ANN = MissedCaller("+37369123456", "Ann", "vip", "17", 2, NOW - 9, NOW, 4_000, "sales", "bob", False, ("b", "a"),
                   ("sales", ""))  # fmt: skip
EVE = msgspec.structs.replace(ANN, number="+40721000000", queue="", queues=("",), owner="")


async def test_a_caller_is_worth_once_the_most_his_queues_say(running: Running) -> None:
    running.history.missed = [ANN, EVE]
    body = await running.get("/api/v1/missed")
    assert [(row["number"], row["count"], row["owner"], row["value"]) for row in body["callers"]] == [
        ("+37369123456", 2, "bob", 350.0), ("+40721000000", 2, "", 100.0),
    ]  # fmt: skip
    assert (body["value"], body["currency"]) == (450.0, "MDL")
    assert [row["number"] for row in (await running.get("/api/v1/missed", queue="sales"))["callers"]] == [ANN.number]


async def test_an_agent_takes_care(running: Running) -> None:
    running.history.missed = [ANN]
    path = "/api/v1/missed/%2B37369123456/owner"
    answer = await running.client.put(path, json={"owner": "ann"}, headers=BEARER)
    assert (answer.status_code, answer.json()["owner"], answer.json()["assigned"]) == (200, "ann", True)
    assert running.switch.owners == [("+37369123456", "ann")]
    assert (await running.client.put(path, json={"owner": "zoe"}, headers=BEARER)).status_code == 404
    other = await running.client.put("/api/v1/missed/112/owner", json={"owner": "ann"}, headers=BEARER)
    assert other.status_code == 404
    assert running.switch.owners == [("+37369123456", "ann")]


async def test_what_was_missed_costs_in_the_metrics(running: Running) -> None:
    text = (await running.client.get("/metrics", headers=BEARER)).text
    assert 'softacd_queue_missed_calls_total{queue="sales"} 3.0' in text
    assert 'softacd_queue_missed_value_total{currency="MDL",queue="sales"} 1050.0' in text
