"""What a start makes of what the last run left, however it ended."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC
from pathlib import Path
from statistics import median

import pytest

from softacd.calls.records import AgentEvent, CallEvent, LegRecord, Outcome, RecordingRecord
from softacd.store import Recovery
from softacd.store.agent_reports import status_times
from softacd.store.recovery import absences
from softacd.store.reports import Terms
from softacd.store.writer import GROUP_SECONDS
from tests.store.shop import MORNING, Call, OpenStore, Wall

BUSY_SWITCH = Path(__file__).with_name("busy_switch.py")


def live_and_be_killed(url: str, *burst: str) -> tuple[list[list[str]], int]:
    """Run a switch until it has printed forty lines and kill it; return what it printed and the moment it died, ms."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    switch = subprocess.Popen(
        [sys.executable, BUSY_SWITCH, url, *burst], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert switch.stdout is not None
    ended = [switch.stdout.readline().split() for _ in range(40)]
    killed = int(time.time() * 1000)
    switch.send_signal(signal.SIGKILL)
    ended += [line.split() for line in switch.stdout.read().splitlines()]
    assert switch.wait(10) == -signal.SIGKILL
    switch.stdout.close()
    return ended, killed


async def test_kill_nine_loses_nothing_that_ended(open_store: OpenStore, url: str, wall: Wall) -> None:
    ended, killed = live_and_be_killed(url)
    wall.now = killed + 3_600_000
    store = await open_store()
    kept = {record.id: record for record in await store.calls(limit=10_000)}
    safe = [name for name, queued in ended if queued == "0"]
    assert len(safe) >= 20
    for name in safe:
        assert kept[name].outcome is Outcome.ANSWERED, name
        detail = await store.call(name)
        assert detail is not None
        assert (len(detail.events), len(detail.trace)) == (5, 5)

    waited, talked = kept["n1-waits"], kept["n1-talks"]
    for record in (waited, talked):
        assert (record.outcome, record.ended_by) == (Outcome.INTERRUPTED, "switch")
        assert record.started <= record.ended <= killed + 100, "not the hour it was down"
    assert waited.wait_ms == waited.ended - waited.queued
    assert waited.talk_ms == 0
    assert talked.talk_ms == talked.ended - talked.connected
    assert not any(record.outcome is Outcome.OPEN for record in kept.values())
    assert [record.id for record in store.recovery.interrupted[:2]] == ["n1-waits", "n1-talks"]
    assert store.recovery.legs == 1
    assert not store.recovery.orderly
    assert "stopped without warning" in store.recovery.describe()
    assert [record.id for record in await store.calls(missed_open=True)] == ["n1-waits"], "whom to call back"
    detail = await store.call("n1-talks")
    assert detail is not None
    assert detail.legs[0].ended == talked.ended
    assert (await store.last_statuses())["ann"].status == "lunch"


async def test_a_kill_in_a_burst_costs_what_waits_for_the_next_commit_and_nothing_before(
    open_store: OpenStore, url: str, wall: Wall
) -> None:
    printed, killed = live_and_be_killed(url, "10")
    wall.now = killed + 3_600_000
    store = await open_store()
    kept = {record.id for record in await store.calls(limit=10_000) if record.outcome is Outcome.ANSWERED}
    written = int(printed[-1][0])
    safe = {name for _, handed_over, _, _, *names in printed if int(handed_over) <= written for name in names}
    assert len(safe) >= 100
    assert not safe - kept
    # rows wait for the group they go with and for its commit, however many calls end
    waited, took = (median(float(line[column]) for line in printed) for column in (2, 3))
    assert waited <= 3 * (1_000 * GROUP_SECONDS + took)


async def test_a_cut_call_ends_at_the_last_thing_known_of_it(open_store: OpenStore, call: Call, path: Path) -> None:
    store = await open_store()
    store.write(call("n1-1", connected=MORNING + 1_000))
    store.write(CallEvent("n1-1", MORNING + 61_000, "hold"))
    store.write(LegRecord("n1-1-a", "n1-1", "phone:101", "101", True, MORNING, ended=MORNING + 5_000))
    await store.flush()
    await store.close()
    with sqlite3.connect(path) as other:
        other.execute("UPDATE nodes SET closed = 0, alive = 1")
    other.close()
    store = await open_store()
    (record,) = await store.calls()
    assert (record.ended, record.talk_ms) == (MORNING + 61_000, 60_000)
    assert store.recovery.describe(UTC) == (
        "The last run stopped without warning at about 2026-06-01 08:01:01 and cut 1 call, now marked as interrupted."
    )
    detail = await store.call("n1-1")
    assert detail is not None
    assert detail.legs[0].ended == MORNING + 5_000, "a leg that ended keeps its end"


async def test_recordings_under_way_end_with_their_call(open_store: OpenStore, call: Call, wall: Wall) -> None:
    store = await open_store()
    for name, ended in (("n1-cut", 0), ("n1-over", MORNING + 2_000)):
        store.write(call(name, connected=MORNING, ended=ended))
        store.write(RecordingRecord(f"{name}-1", name, "agent:ann", "sales", "ann", MORNING, f"{name}-1.wav"))
    store.write(RecordingRecord("n1-over-2", "n1-over", "", "", "", MORNING, "f", ended=MORNING + 1, octets=8))
    wall.now += 9_000
    await store.close()
    store = await open_store()
    found = {each.id: (each.ended, each.error) for each in await store.recordings()}
    unfinished = "softacd stopped before the file was finished"
    assert found == {
        "n1-cut-1": (MORNING + 9_000, unfinished),
        "n1-over-1": (MORNING + 2_000, unfinished),
        "n1-over-2": (MORNING + 1, ""),
    }
    detail = await store.call("n1-over")
    assert detail is not None
    assert [each.id for each in detail.recordings] == ["n1-over-1", "n1-over-2"]


async def test_an_orderly_stop_with_calls_is_told_as_such(open_store: OpenStore, call: Call, wall: Wall) -> None:
    store = await open_store()
    store.write(call("n1-1"))
    store.write(call("n1-2"))
    wall.now += 4_000
    await store.close()
    store = await open_store()
    assert store.recovery.describe(UTC) == (
        "The last run was stopped at 2026-06-01 08:00:04 and cut 2 calls, now marked as interrupted."
    )


async def test_another_nodes_calls_are_left_alone(open_store: OpenStore, call: Call) -> None:
    store = await open_store(node="n2")
    store.write(call("n2-1"))
    await store.close()
    store = await open_store(node="n1")
    assert store.recovery == Recovery()
    assert (await store.calls())[0].outcome is Outcome.OPEN


async def test_the_second_start_finds_nothing_left(open_store: OpenStore, call: Call) -> None:
    store = await open_store()
    store.write(call("n1-1"))
    await store.close()
    await (await open_store()).close()
    store = await open_store()
    assert store.recovery.interrupted == ()
    assert store.recovery.describe() == ""


async def test_a_thousand_cut_calls(open_store: OpenStore, call: Call) -> None:
    store = await open_store()
    for number in range(1_200):
        store.write(call(f"n1-{number}"))
    await store.close()
    store = await open_store()
    assert len(store.recovery.interrupted) == 1_200
    assert len(await store.calls(outcome=Outcome.INTERRUPTED, limit=10_000)) == 1_200


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (Recovery(), ""),
        (Recovery(spooled=1), "1 row kept in the spool went into the database."),
        (
            Recovery(spooled=2, rejected=1),
            "2 rows kept in the spool went into the database; 1 spooled row could not be read and was put aside.",
        ),
        (
            Recovery(pending="disk full"),
            "The store takes nothing yet (disk full): what the last run left is recovered later.",
        ),
    ],
)
def test_it_is_told_in_one_sentence(found: Recovery, sentence: str) -> None:
    assert found.describe() == sentence


async def test_time_without_the_switch_is_nobodys(open_store: OpenStore, wall: Wall) -> None:
    store = await open_store()
    for agent, status in (("ann", "available"), ("bob", "lunch"), ("eve", "logged-out")):
        store.write(AgentEvent(agent, MORNING, status, "idle"))
    wall.now = MORNING + 600_000
    await store.close()
    wall.now = MORNING + 3_600_000
    store = await open_store()
    for absence in absences((await store.last_statuses()).values(), store.recovery.last_alive):
        store.write(absence)
    store.write(AgentEvent("ann", wall.now, "available", "idle"))
    terms = Terms(since=MORNING, before=MORNING + 7_200_000, agents=("ann", "bob", "eve"), now=wall.now + 60_000)
    rows = await store.ask(lambda connection: status_times(connection, terms))
    assert [(row.agent, row.status, row.reason, row.seconds) for row in rows] == [
        ("ann", "available", "", 660.0),
        ("ann", "logged-out", "stopped", 3000.0),
        ("bob", "logged-out", "stopped", 3060.0),
        ("bob", "lunch", "", 600.0),
        ("eve", "logged-out", "", 3660.0),
    ]
    assert absences([], 0) == []
