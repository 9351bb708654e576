"""The live stream, told as conversations between the switch and those who watch it."""

import asyncio
import socket as sockets
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from softacd.calls.records import AgentEvent, CallEvent, TraceRow
from softacd.web import server as server_module
from tests.web.conftest import Start
from tests.web.small_switch import BEARER, NOW, Running, a_record, next_event


async def closing_of(socket: ClientConnection) -> tuple[int, str]:
    """Read on until the server closes; its code and reason."""
    try:
        while True:
            await asyncio.wait_for(socket.recv(), 20)
    except ConnectionClosed:
        return socket.close_code or 0, socket.close_reason or ""


async def until(condition: Any) -> None:
    """Wait until something is so; the server's own work shows in no event that could be waited for."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 # see above
            await asyncio.sleep(0.005)


async def test_a_snapshot_first_and_then_what_happens(running: Running) -> None:
    async with running.watch() as socket:
        snapshot = await next_event(socket)
        assert snapshot["type"] == "snapshot"
        assert [agent["name"] for agent in snapshot["data"]["agents"]] == ["ann", "bob", "Женя"]
        await running.client.put("/api/v1/agents/ann/status", json={"status": "lunch"}, headers=BEARER)
        await running.client.post("/api/v1/calls/n1-7/hang-up", headers=BEARER)
        lunch, asked, ended = [await next_event(socket) for _ in range(3)]
    assert (lunch["type"], lunch["data"]["agent"], lunch["data"]["status"]) == ("agent", "ann", "lunch")
    assert (ended["type"], ended["data"]["id"], ended["data"]["outcome"]) == ("call", "n1-7", "answered")
    assert asked["type"] == "audit", "who asked for the change is told too"
    assert [one["seq"] for one in (lunch, asked, ended)] == [snapshot["seq"] + number for number in (1, 2, 3)]


async def test_a_watcher_that_comes_back_gets_what_it_missed_and_no_snapshot(running: Running) -> None:
    async with running.watch() as socket:
        seen = (await next_event(socket))["seq"]
    for number in range(3):
        running.switch.tell(CallEvent("n1-7", NOW, "key", str(number)))
    async with running.watch(f"?since={seen}") as socket:
        missed = [await next_event(socket) for _ in range(3)]
        assert [event["data"]["detail"] for event in missed] == ["0", "1", "2"]
        running.switch.tell(CallEvent("n1-7", NOW, "key", "3"))
        assert (await next_event(socket))["seq"] == seen + 4


@pytest.mark.parametrize("since", [1, 2**60])
async def test_a_number_of_another_start_gets_a_snapshot(running: Running, since: int) -> None:
    running.switch.tell(CallEvent("n1-7", NOW, "key", "1"))
    async with running.watch(f"?since={since}") as socket:
        assert (await next_event(socket))["type"] == "snapshot"


async def test_a_watcher_away_for_too_long_gets_a_snapshot(start: Start) -> None:
    running = await start(event_capacity=4)
    async with running.watch() as socket:
        seen = (await next_event(socket))["seq"]
    for _ in range(5):
        running.switch.tell(CallEvent("n1-7", NOW, "key", "1"))
    async with running.watch(f"?since={seen}") as socket:
        assert (await next_event(socket))["type"] == "snapshot"


async def test_only_the_types_asked_for(running: Running) -> None:
    async with running.watch("?types=agent,trace") as socket:
        first = (await next_event(socket))["seq"]
        running.switch.tell(a_record("n1-9"))
        running.switch.tell(AgentEvent("ann", NOW, "lunch", "idle"))
        running.switch.tell(TraceRow("n1-9", NOW, True, "trunk:alpha", "INVITE"))
        assert [(await next_event(socket))["seq"] for _ in range(2)] == [first + 2, first + 3]


@pytest.mark.parametrize("query", ["?types=gossip", "?types=snapshot", "?since=yesterday"])
async def test_a_wrong_question_is_closed_with_the_reason(running: Running, query: str) -> None:
    async with running.watch(query) as socket:
        code, reason = await closing_of(socket)
    assert code == 1008
    assert query.partition("=")[2] in reason


async def test_a_fresh_snapshot_on_demand(running: Running) -> None:
    async with running.watch() as socket:
        await next_event(socket)
        running.switch.calls.clear()
        await socket.send("snapshot")
        again = await next_event(socket)
    assert (again["type"], again["data"]["calls"]) == ("snapshot", [])


async def test_other_words_and_frames_are_borne(running: Running) -> None:
    async with running.watch() as socket:
        await next_event(socket)
        await socket.send("hello")
        await socket.send(b"\x00\x01")
        await socket.send("snapshot")
        assert (await next_event(socket))["type"] == "snapshot"


async def test_a_message_too_large_ends_that_watcher_only(running: Running) -> None:
    async with running.watch() as other, running.watch() as socket:
        await next_event(other)
        await next_event(socket)
        await socket.send("x" * 70_000)
        assert (await closing_of(socket))[0] == 1009
        running.switch.tell(a_record("n1-9"))
        assert (await next_event(other))["type"] == "call"


async def test_a_quiet_switch_still_gives_signs_of_life(start: Start) -> None:
    running = await start(heartbeat_seconds=0.05)
    async with running.watch() as socket:
        snapshot, beat, again = [await next_event(socket) for _ in range(3)]
    assert [beat["type"], again["type"]] == ["heartbeat", "heartbeat"]
    assert beat["seq"] == again["seq"] == snapshot["seq"]


async def test_many_watchers_see_the_same(running: Running) -> None:
    async with running.watch() as one, running.watch() as two, running.watch() as three:
        for socket in (one, two, three):
            await next_event(socket)
        for number in range(200):
            running.switch.tell(CallEvent("n1-7", NOW, "key", str(number)))
        heard = [[(await next_event(socket))["data"]["detail"] for _ in range(200)] for socket in (one, two, three)]
    assert heard == [[str(number) for number in range(200)]] * 3


async def test_a_watcher_that_leaves_is_forgotten(running: Running) -> None:
    feed = running.server._feed
    async with running.watch() as socket:
        await next_event(socket)
        assert len(feed.watchers) == 1
    await until(lambda: not feed.watchers)
    running.switch.tell(a_record("n1-9"))


async def test_a_watcher_that_vanishes_is_forgotten(running: Running) -> None:
    feed = running.server._feed
    async with running.watch() as socket:
        await next_event(socket)
        socket.transport.abort()
        await until(lambda: not feed.watchers)


async def test_stopping_tells_the_watchers(running: Running) -> None:
    async with running.watch() as one, running.watch() as two:
        await next_event(one)
        await next_event(two)
        await running.server.stop()
        assert await closing_of(one) == await closing_of(two) == (1001, "the switch stops")
    assert running.server._feed.watchers == set()


async def test_there_is_an_end_to_watchers(running: Running, monkeypatch: pytest.MonkeyPatch, start: Start) -> None:
    monkeypatch.setattr(server_module, "_MOST_WATCHERS", 1)
    small = await start()
    async with small.watch() as one:
        await next_event(one)
        async with small.watch() as two:
            code, reason = await closing_of(two)
    assert (code, reason) == (1013, "1 watch already")


def narrow_socket(running: Running) -> sockets.socket:
    """A client's socket whose buffer is as small as the system allows."""
    narrow = sockets.socket()
    narrow.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    narrow.setblocking(False)
    return narrow


async def a_reader_that_does_not_read(running: Running) -> ClientConnection:
    """A watcher that has taken its snapshot and now leaves its socket alone."""
    narrow = narrow_socket(running)
    await asyncio.get_running_loop().sock_connect(narrow, running.server.address)
    socket = await running.watch(sock=narrow, max_queue=1, ping_interval=None)
    await next_event(socket)
    socket.transport.pause_reading()
    return socket


async def flood(running: Running, events: int) -> None:
    """Many events, with turns of the loop between them as in life."""
    for number in range(events):
        running.switch.tell(CallEvent("n1-7", NOW, "note", str(number) + "x" * 4000))
        if number % 8 == 0:
            await asyncio.sleep(0)


async def test_a_slow_watcher_is_sent_away_and_the_others_do_not_notice(start: Start) -> None:
    running = await start(event_capacity=256)
    feed = running.server._feed
    slow = await a_reader_that_does_not_read(running)
    async with running.watch() as quick:
        snapshot = await next_event(quick)
        flooding = asyncio.create_task(flood(running, 4000))
        for number in range(4000):
            assert (await next_event(quick))["seq"] == snapshot["seq"] + number + 1
        await flooding
        slow.transport.resume_reading()
        code, reason = await closing_of(slow)
    assert code == 1013
    assert "events missed" in reason
    assert feed.dropped == 1
    await until(lambda: not feed.watchers)


async def test_a_watcher_that_takes_nothing_at_all_is_cut(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "STUCK_SECONDS", 0.3)
    running = await start(event_capacity=256)
    feed = running.server._feed
    stuck = await a_reader_that_does_not_read(running)
    await flood(running, 4000)
    await until(lambda: not feed.watchers)
    stuck.transport.resume_reading()
    code, _ = await closing_of(stuck)
    assert code == 1006  # nothing was said: there was no room to say it


async def test_events_can_be_asked_for_instead(running: Running) -> None:
    newest = await running.get("/api/v1/events")
    assert newest == {"last": running.server._feed.last, "complete": True, "events": []}
    for number in range(5):
        running.switch.tell(CallEvent("n1-7", NOW, "key", str(number)))
        running.switch.tell(AgentEvent("ann", NOW, "lunch", "idle"))
    page = await running.get("/api/v1/events", since=newest["last"], types="call-event", limit=3)
    assert [event["data"]["detail"] for event in page["events"]] == ["0", "1", "2"]
    page = await running.get("/api/v1/events", since=page["last"], types="call-event", limit=3)
    assert [event["data"]["detail"] for event in page["events"]] == ["3", "4"]
    page = await running.get("/api/v1/events", since=page["last"])
    assert (page["events"], page["complete"]) == ([], True)


async def test_asking_for_what_is_gone_says_so(start: Start) -> None:
    running = await start(event_capacity=4)
    before = (await running.get("/api/v1/events"))["last"]
    for number in range(6):
        running.switch.tell(CallEvent("n1-7", NOW, "key", str(number)))
    page = await running.get("/api/v1/events", since=before)
    assert page["complete"] is False
    assert [event["data"]["detail"] for event in page["events"]] == ["2", "3", "4", "5"]


async def test_asking_for_types_there_are_not(running: Running) -> None:
    answer = await running.client.get("/api/v1/events?types=gossip", headers=BEARER)
    assert answer.status_code == 400
    assert "types: 'gossip'" in answer.json()["detail"]
