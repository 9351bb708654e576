"""Phones over HTTP, and transfers of calls that live."""

import pytest

from tests.web.small_switch import BEARER, Running


async def test_all_and_one(running: Running) -> None:
    phones = await running.get("/api/v1/phones")
    assert [phone["extension"] for phone in phones] == ["101", "102"]
    assert await running.get("/api/v1/phones/102") == phones[1] == {
        "extension": "102", "display_name": "", "contacts": [], "calls": 0, "do_not_disturb": False,
        "forward_always": "", "forward_busy": "", "forward_no_answer": "",
    }  # fmt: skip


async def test_what_is_given_changes_and_the_rest_stays(running: Running) -> None:
    put = running.client.put
    first = await put("/api/v1/phones/101", json={"forward_always": "102"}, headers=BEARER)
    assert (first.status_code, first.json()["forward_always"]) == (200, "102")
    second = await put("/api/v1/phones/101", json={"do_not_disturb": True}, headers=BEARER)
    assert (second.json()["forward_always"], second.json()["do_not_disturb"]) == ("102", True)


@pytest.mark.parametrize(
    ("extension", "body", "status"),
    [
        ("999", {"do_not_disturb": True}, 404),
        ("101", {"forward_always": "nowhere"}, 409),
        ("101", {"forward_always": 102}, 400),
        ("101", {"forwards": "102"}, 400),
    ],
)
async def test_what_cannot_be_chosen(running: Running, extension: str, body: object, status: int) -> None:
    answer = await running.client.put(f"/api/v1/phones/{extension}", json=body, headers=BEARER)
    assert answer.status_code == status


async def test_a_transfer_is_asked_for(running: Running) -> None:
    answer = await running.client.post("/api/v1/calls/n1-7/transfer", json={"to": "102"}, headers=BEARER)
    assert (answer.status_code, answer.json()) == (202, {"call": "n1-7", "asked": "transfer"})
    await running.client.post("/api/v1/calls/n1-7/transfer", json={"to": "103", "leg": "called"}, headers=BEARER)
    assert running.switch.transfers == [("n1-7", "102", True), ("n1-7", "103", False)]


@pytest.mark.parametrize(
    ("call", "body", "status"),
    [
        ("n1-8", {"to": "102"}, 404),
        ("n1-7", {"to": "nowhere"}, 409),
        ("n1-7", {"to": ""}, 400),
        ("n1-7", {"to": "102", "leg": "both"}, 400),
    ],
)
async def test_what_cannot_be_transferred(running: Running, call: str, body: object, status: int) -> None:
    answer = await running.client.post(f"/api/v1/calls/{call}/transfer", json=body, headers=BEARER)
    assert answer.status_code == status
