"""Messages over HTTP: listed, played, marked and deleted."""

from pathlib import Path

import pytest

from tests.web.conftest import Start
from tests.web.small_switch import BEARER, NOW, Running

SOUND = b"RIFF" + bytes(200)


async def test_messages_are_listed_the_newest_first_by_mailbox_and_by_whether_they_were_heard(running: Running) -> None:
    body = await running.get("/api/v1/messages")
    assert [message["id"] for message in body["messages"]] == ["n1-6-1", "n1-5-1"]
    assert body["new"] == 1
    assert body["messages"][1] == {
        "id": "n1-5-1", "box": "sales", "call": "n1-5", "caller": "069000001", "caller_name": "",
        "left": NOW - 50_000, "file": "2026-09-21/n1-5-1.wav", "seconds": 4.5, "heard": NOW, "removed": 0, "error": "",
    }  # fmt: skip
    assert [m["id"] for m in (await running.get("/api/v1/messages", mailbox="sales"))["messages"]] == ["n1-5-1"]
    assert [m["id"] for m in (await running.get("/api/v1/messages", new=True))["messages"]] == ["n1-6-1"]
    answer = await running.client.get("/api/v1/messages?mailbox=nobody", headers=BEARER)
    assert answer.status_code == 404
    assert (await running.client.get("/api/v1/messages")).status_code == 401


async def test_a_message_is_played_marked_and_deleted(start: Start, tmp_path: Path) -> None:
    running = await start(messages=str(tmp_path))
    place = tmp_path / "2026-09-21" / "n1-6-1.wav"
    place.parent.mkdir()
    place.write_bytes(SOUND)
    answer = await running.client.get("/api/v1/messages/n1-6-1", headers=BEARER)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, SOUND, "audio/wav")
    assert (await running.get("/api/v1/messages"))["new"] == 1, "fetched is not heard"
    answer = await running.client.put("/api/v1/messages/n1-6-1/heard", json={}, headers=BEARER)
    assert (answer.status_code, answer.json()["heard"]) == (200, NOW)
    answer = await running.client.put("/api/v1/messages/n1-6-1/heard", json={"heard": False}, headers=BEARER)
    assert answer.json()["heard"] == 0
    assert (await running.client.delete("/api/v1/messages/n1-6-1", headers=BEARER)).status_code == 200
    for method, path in (("GET", ""), ("PUT", "/heard"), ("DELETE", "")):
        body = {"json": {}} if method == "PUT" else {}
        answer = await running.client.request(method, f"/api/v1/messages/n1-6-1{path}", headers=BEARER, **body)
        assert answer.status_code == 404, method


@pytest.mark.parametrize("file", ["../secret.wav", "/etc/passwd", "", "2026-09-21/gone.wav"])
async def test_a_file_that_is_gone_or_lies_elsewhere_is_not_served(start: Start, tmp_path: Path, file: str) -> None:
    root = tmp_path / "messages"
    root.mkdir()
    (tmp_path / "secret.wav").write_bytes(SOUND)
    running = await start(messages=str(root))
    running.switch.left[0].file = file
    assert (await running.client.get("/api/v1/messages/n1-5-1", headers=BEARER)).status_code == 404
