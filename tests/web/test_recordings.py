"""Recordings over HTTP: the index, the sound, and supervisors' orders."""

from pathlib import Path
from typing import Any

import pytest

from softacd.calls.records import RecordingRecord
from tests.web.conftest import Start
from tests.web.small_switch import BEARER, NOW, Running, S, Story, a_record

SOUND = b"RIFF" + bytes(200)


def a_recording(call: str, number: int = 1, **fields: Any) -> RecordingRecord:
    """The account of a recording made `number` minutes after the call began."""
    made: dict[str, Any] = {"ended": NOW + number * S, "octets": len(SOUND), "file": f"2026-01-02/{call}-{number}.wav"}
    return RecordingRecord(
        **{
            "id": f"{call}-{number}",
            "call": call,
            "party": "trunk:alpha",
            "queue": "sales",
            "agent": "ann",
            "started": NOW - number * S,
            **made,
            **fields,
        }
    )


def remember(running: Running, *recordings: RecordingRecord) -> None:
    calls = dict.fromkeys(recording.call for recording in recordings)
    running.history.stories = [
        Story(a_record(call), recordings=[known for known in recordings if known.call == call]) for call in calls
    ]


async def test_the_index_a_page_at_a_time(running: Running) -> None:
    remember(running, *(a_recording("n1-a-1", number) for number in range(1, 6)), a_recording("n1-b-1", 9, agent="bob"))
    body = await running.get("/api/v1/recordings", limit=4)
    assert [known["id"] for known in body["recordings"]] == [f"n1-a-1-{number}" for number in range(1, 5)]
    body = await running.get("/api/v1/recordings", limit=4, before=body["next"])
    assert [known["id"] for known in body["recordings"]] == ["n1-a-1-5", "n1-b-1-9"]
    assert body["next"] is None
    body = await running.get("/api/v1/recordings", agent="bob")
    assert [known["id"] for known in body["recordings"]] == ["n1-b-1-9"]


async def test_the_sound_of_one(start: Start, tmp_path: Path) -> None:
    running = await start(recordings=str(tmp_path))
    account = a_recording("n1-a-1")
    remember(running, account)
    (tmp_path / account.file).parent.mkdir()
    (tmp_path / account.file).write_bytes(SOUND)
    answer = await running.client.get("/api/v1/recordings/n1-a-1-1", headers=BEARER)
    assert (answer.status_code, answer.content) == (200, SOUND)
    assert answer.headers["content-type"] == "audio/wav"
    assert "n1-a-1-1.wav" in answer.headers["content-disposition"]
    assert (await running.client.get("/api/v1/recordings/n1-a-1-1")).status_code == 401


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 404),  # the file is gone
        ({"removed": NOW}, 404),
        ({"ended": 0}, 409),
        ({"file": "../secret.wav"}, 404),
        ({"file": "/etc/passwd"}, 404),
        ({"file": ""}, 404),
    ],
)
async def test_what_cannot_be_heard(start: Start, tmp_path: Path, fields: dict[str, Any], status: int) -> None:
    root = tmp_path / "recordings"
    root.mkdir()
    (tmp_path / "secret.wav").write_bytes(SOUND)
    running = await start(recordings=str(root))
    remember(running, a_recording("n1-a-1", **fields))
    answer = await running.client.get("/api/v1/recordings/n1-a-1-1", headers=BEARER)
    assert answer.status_code == status, answer.text
    for unknown in ("n1-a-1-2", "n1", "%2e%2e", "-"):
        answer = await running.client.get(f"/api/v1/recordings/{unknown}", headers=BEARER)
        assert answer.status_code == 404


async def test_a_house_without_a_directory_has_no_sound(running: Running) -> None:
    remember(running, a_recording("n1-a-1"))
    assert (await running.client.get("/api/v1/recordings/n1-a-1-1", headers=BEARER)).status_code == 404


async def test_orders_about_a_call(running: Running) -> None:
    async def order(what: str, body: dict[str, str], call: str = "n1-7") -> int:
        answer = await running.client.post(f"/api/v1/calls/{call}/{what}", json=body, headers=BEARER)
        return answer.status_code

    assert await order("recording", {"do": "start"}) == 202
    assert await order("recording", {"do": "pause"}) == 202
    assert await order("recording", {"do": "resume"}) == 409
    assert await order("recording", {"do": "burn"}) == 400
    assert await order("recording", {"do": "stop"}, "n1-8") == 404
    assert await order("monitor", {"phone": "105"}) == 202
    assert await order("monitor", {"phone": "105", "mode": "whisper"}) == 202
    assert await order("monitor", {"phone": "105", "mode": "sing"}) == 400
    assert await order("monitor", {"mode": "listen"}) == 400
    assert running.switch.supervised == [
        ("n1-7", "start"),
        ("n1-7", "pause"),
        ("n1-7", "listen at 105"),
        ("n1-7", "whisper at 105"),
    ]
