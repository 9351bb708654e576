"""Calls over HTTP: pages, filters, one call's story, hanging up; against a list and against the real store."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.calls.records import CallEvent, CallRecord, LegRecord, Outcome, Segment, TraceRow
from softacd.store import Store
from softacd.web import WebServer, WebServerSettings
from softacd.web.calls import Filters, page
from tests.web.small_switch import BEARER, NOW, TOKEN, Running, S, SmallHistory, SmallSwitch, Story, a_record

ALL = Filters(None, None, None, None, None)


async def test_the_first_page_has_what_lives_and_what_was(running: Running) -> None:
    running.history.stories = [Story(a_record(f"n1-{number}", NOW - number * S)) for number in range(7)]
    body = await running.get("/api/v1/calls", limit=3)
    assert [call["id"] for call in body["live"]] == ["n1-7"]
    assert [call["id"] for call in body["calls"]] == ["n1-0", "n1-1", "n1-2"]
    body = await running.get("/api/v1/calls", limit=3, before=body["next"])
    assert body["live"] == []
    assert [call["id"] for call in body["calls"]] == ["n1-3", "n1-4", "n1-5"]
    body = await running.get("/api/v1/calls", limit=3, before=body["next"])
    assert [call["id"] for call in body["calls"]] == ["n1-6"]
    assert body["next"] is None


@pytest.mark.parametrize(
    ("wanted", "found", "live"),
    [
        ({}, {"a", "b", "c"}, True),
        ({"agent": "ann"}, {"a"}, True),
        ({"agent": "bob"}, set(), False),
        ({"queue": "sales"}, {"a", "b"}, True),
        ({"queue": "support"}, {"c"}, False),
        ({"outcome": "abandoned"}, {"b", "c"}, False),
        ({"outcome": "open"}, set(), True),
        ({"number": "123456"}, {"a"}, True),
        ({"number": "+373 22 123 456"}, set(), True),
        ({"since": NOW - 50 * S}, {"a", "b"}, False),
        ({"since": NOW - 90 * S, "queue": "sales", "outcome": "abandoned"}, {"b"}, False),
    ],
)
async def test_filters(running: Running, wanted: dict[str, Any], found: set[str], live: bool) -> None:
    running.history.stories = [
        Story(a_record("a", NOW - 10 * S, agent="ann", queue="sales", outcome=Outcome.ANSWERED)),
        Story(a_record("b", NOW - 20 * S, "+40721000111", queue="sales", outcome=Outcome.ABANDONED)),
        Story(a_record("c", NOW - 99 * S, "+40721000222", queue="support", outcome=Outcome.ABANDONED)),
    ]
    body = await running.get("/api/v1/calls", **wanted)
    assert {call["id"] for call in body["calls"]} == found
    assert bool(body["live"]) is live


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("limit=0", "limit: "),
        ("limit=1001", "limit: "),
        ("limit=few", "limit: "),
        ("since=yesterday", "since: "),
        ("before=-1", "before: "),
        (f"since={2**53 + 1}", "since: "),
        (f"before={10**30}", "before: "),
        ("outcome=lovely", "outcome: Invalid enum value 'lovely'"),
    ],
)
async def test_a_wrong_filter_is_named(running: Running, query: str, named: str) -> None:
    answer = await running.client.get(f"/api/v1/calls?{query}", headers=BEARER)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(named)


async def test_the_story_of_a_call(running: Running) -> None:
    record = a_record("n1-3")
    leg = LegRecord("n1-3-a", "n1-3", "trunk:alpha", "+37322123456", outgoing=False, started=NOW)
    key, ringing = CallEvent("n1-3", NOW, "key", "2"), TraceRow("n1-3", NOW, True, "trunk:alpha", "180 Ringing")
    talk = Segment("n1-3", 1, "agent:ann", "ann", NOW, NOW + 9 * S, 9000, 0, "caller")
    running.history.stories = [Story(record, [leg], [talk], [key], [ringing])]
    body = await running.get("/api/v1/calls/n1-3")
    assert body["live"] is None
    assert body["call"]["id"] == "n1-3"
    assert body["legs"][0]["party"] == "trunk:alpha"
    assert body["segments"][0]["agent"] == "ann"
    assert body["events"] == [{"call": "n1-3", "at": NOW, "kind": "key", "detail": "2"}]
    assert body["trace"][0]["line"] == "180 Ringing"
    assert (await running.get("/api/v1/calls/n1-3", trace=False))["trace"] == []


async def test_a_call_that_lives_but_is_not_written_yet(running: Running) -> None:
    body = await running.get("/api/v1/calls/n1-7")
    assert body["live"]["agent"] == "ann"
    assert (body["call"], body["legs"], body["segments"], body["events"], body["trace"]) == (None, [], [], [], [])


async def test_a_call_there_is_not(running: Running) -> None:
    answer = await running.client.get("/api/v1/calls/n1-99", headers=BEARER)
    assert answer.status_code == 404
    assert answer.json()["detail"] == "there is no call 'n1-99'"


async def test_hanging_up_works_once(running: Running) -> None:
    answer = await running.client.post("/api/v1/calls/n1-7/hang-up", headers=BEARER)
    assert (answer.status_code, answer.json()) == (202, {"call": "n1-7", "asked": "hang-up"})
    assert running.switch.calls == {}
    again = await running.client.post("/api/v1/calls/n1-7/hang-up", headers=BEARER)
    assert (again.status_code, again.json()["error"]) == (404, "not-found")


async def test_a_store_that_fails_answers_with_its_own_status_and_remedy(running: Running) -> None:
    class TroubleError(Exception):
        http_status = 503
        cause = "disk is full"
        remedy = "Free some space."

    running.history.broken = TroubleError("x: disk is full")
    answer = await running.client.get("/api/v1/calls", headers=BEARER)
    assert answer.status_code == 503
    assert answer.json() == {"error": "unavailable", "detail": "disk is full", "remedy": "Free some space."}
    assert (await running.client.get("/api/v1/snapshot", headers=BEARER)).status_code == 200


@given(
    starts=st.lists(st.integers(0, 6), max_size=25),
    limit=st.integers(1, 6),
    since=st.one_of(st.none(), st.integers(0, 6)),
)
def test_pages_lose_nothing_and_repeat_nothing(starts: list[int], limit: int, since: int | None) -> None:
    """However many calls begin in the same millisecond: page after page is every call once, newest first."""
    history = SmallHistory()
    history.stories = [Story(a_record(f"c{number}", started)) for number, started in enumerate(starts)]

    async def read_all() -> list[CallRecord]:
        read: list[CallRecord] = []
        before: int | None = None
        for _ in range(len(starts) + 1):
            records, before = await page(history, Filters(since, None, None, None, None), limit, before)
            read += records
            if before is None:
                return read
        raise AssertionError("pages without end")

    read = asyncio.run(read_all())
    expected = {f"c{number}" for number, started in enumerate(starts) if since is None or started >= since}
    assert sorted(record.id for record in read) == sorted(expected)
    assert [record.started for record in read] == sorted((record.started for record in read), reverse=True)


async def test_against_the_real_store(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path / 'calls.db'}", node="n1", wall=lambda: NOW)
    server = WebServer(WebServerSettings(port=0, token=TOKEN), SmallSwitch(), store, version="0.1.0")
    await server.start()
    try:
        for number in range(5):
            store.write(
                a_record(f"n1-{number}", NOW - number // 2 * S, queue="sales", ended=NOW, outcome=Outcome.ABANDONED)
            )
        store.write(LegRecord("n1-0-a", "n1-0", "trunk:alpha", "+37322123456", outgoing=False, started=NOW, ended=NOW))
        store.write(Segment("n1-0", 1, "agent:ann", "ann", NOW, NOW, 0, 0, "caller"))
        store.write(CallEvent("n1-0", NOW, "key", "2"))
        store.write(TraceRow("n1-0", NOW, True, "trunk:alpha", "INVITE"))
        await store.flush()
        running = Running(server, SmallSwitch(), SmallHistory(), _client(server))
        async with running.client:
            first = await running.get("/api/v1/calls", limit=2, number="022 123-456")
            second = await running.get("/api/v1/calls", limit=2, number="022 123-456", before=first["next"])
            rest = await running.get("/api/v1/calls", limit=2, number="022 123-456", before=second["next"])
            ids = [call["id"] for body in (first, second, rest) for call in body["calls"]]
            assert sorted(ids) == [f"n1-{number}" for number in range(5)]
            assert rest["next"] is None
            assert [row.count for row in await store.missed_callers()] == [5]
            assert (await running.get("/api/v1/calls", since=2**53, number="'; --", agent="\x00%_"))["calls"] == []
            story = await running.get("/api/v1/calls/n1-0")
            assert [len(story[part]) for part in ("legs", "segments", "events", "trace")] == [1, 1, 1, 1]
            assert "softacd_store_failing 0.0" in (await running.client.get("/metrics", headers=BEARER)).text
    finally:
        await server.stop()
        await store.close()


def _client(server: WebServer) -> httpx.AsyncClient:
    host, port = server.address
    return httpx.AsyncClient(base_url=f"http://{host}:{port}")
