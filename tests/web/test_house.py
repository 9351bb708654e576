"""The house over HTTP: its hours closed by hand, the emergency mode."""

import pytest

from tests.web.small_switch import BEARER, Running


async def test_hours_are_closed_and_left_to_the_clock_again(running: Running) -> None:
    put = running.client.put
    assert (await running.get("/api/v1/house"))["hours"][0]["open"] is True
    answer = await put("/api/v1/house/hours/office", json={"closed": True}, headers=BEARER)
    assert (answer.status_code, answer.json()["hours"][0]["closed_by_hand"]) == (200, True)
    answer = await put("/api/v1/house/hours/office", json={"closed": False}, headers=BEARER)
    assert answer.json()["hours"][0]["open"] is True


async def test_the_emergency_is_switched(running: Running) -> None:
    put = running.client.put
    for on in (True, False):
        answer = await put("/api/v1/house/emergency", json={"on": on}, headers=BEARER)
        assert (answer.status_code, answer.json()["emergency"]) == (200, on)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("hours/night", {"closed": True}, 404),
        ("hours/office", {"open": True}, 400),
        ("emergency", {"on": "yes"}, 400),
    ],
)
async def test_what_cannot_be_switched(running: Running, path: str, body: object, status: int) -> None:
    assert (await running.client.put(f"/api/v1/house/{path}", json=body, headers=BEARER)).status_code == status


async def test_an_emergency_that_cannot_be_is_a_conflict(running: Running) -> None:
    await running.client.put("/api/v1/house/hours/office", json={"closed": True}, headers=BEARER)
    answer = await running.client.put("/api/v1/house/emergency", json={"on": True}, headers=BEARER)
    assert answer.status_code == 409
