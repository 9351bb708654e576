"""Banned sources over HTTP."""

from tests.web.small_switch import BEARER, Running


async def test_a_ban_is_seen_and_lifted_once(running: Running) -> None:
    [ban] = await running.get("/api/v1/bans")
    assert ban["source"] == "192.0.2.66"
    assert (ban["seconds_left"], ban["bans"], ban["offence"]) == (55.0, 1, "credentials")
    lifted = await running.client.delete("/api/v1/bans/192.0.2.66", headers=BEARER)
    assert (lifted.status_code, lifted.json()) == (200, ban)
    assert await running.get("/api/v1/bans") == []
    again = await running.client.delete("/api/v1/bans/192.0.2.66", headers=BEARER)
    assert (again.status_code, again.json()["error"]) == (404, "not-found")
