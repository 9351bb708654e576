"""The live socket as pages use it: a snapshot, deltas, taking up again; and who is told what."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from softacd.acd.vocabulary import Status
from softacd.calls.records import AgentEvent, CallEvent
from softacd.calls.views import CallView
from softacd.web import live
from tests.web.small_switch import BEARER, NOW, Running, a_record
from tests.web.small_users import SIGN_IN, Browser

MakeBrowser = Callable[[], Browser]


def watch(running: Running, query: str = "", headers: dict[str, str] = BEARER) -> connect:
    host, port = running.server.address
    return connect(f"ws://{host}:{port}/api/v1/live{query}", additional_headers=headers, proxy=None)


async def heard(socket: ClientConnection) -> dict[str, Any]:
    return msgspec.json.decode(await asyncio.wait_for(socket.recv(), 5.0))


async def page_of(browser: Browser, name: str) -> dict[str, str]:
    """Headers of a WebSocket that a page of this user opens."""
    await browser.sign_in(name)
    cookie = f"softacd_session={browser.client.cookies['softacd_session']}"
    return {"Cookie": cookie, "Origin": str(browser.client.base_url).rstrip("/")}


def names(objects: list[dict[str, Any]], key: str = "name") -> list[str]:
    return [one[key] for one in objects]


def another_call(agent: str) -> CallView:
    return CallView(
        "n1-9", "incoming", "+37322999999", "+37322000111", "alpha", "ringing", NOW, "sales", 0, None, agent, NOW
    )


async def test_a_snapshot_then_what_changed_and_nothing_else(running: Running) -> None:
    async with watch(running) as socket:
        first = await heard(socket)
        assert first["type"] == "snapshot"
        data = first["data"]
        assert names(data["queues"]) == ["sales", "support"]
        assert names(data["trunks"]) == ["alpha", "beta"]
        assert names(data["calls"], "id") == ["n1-7"]
        assert data["house"]["emergency"] is False
        assert data["alarms"] == []
        running.switch.set_status("bob", Status.LUNCH, "soup")
        delta = await heard(socket)
        assert (delta["type"], delta["seq"]) == ("delta", first["seq"] + 1)
        assert list(delta["data"]) == ["agents"]
        assert [(one["name"], one["status"]) for one in delta["data"]["agents"]] == [("bob", "lunch")]
        running.switch.hang_up("n1-7")
        assert (await heard(socket))["data"] == {"gone": {"calls": ["n1-7"]}}
        call = await heard(socket)
        assert (call["type"], call["data"]["id"]) == ("call", "n1-7")


async def test_a_socket_takes_up_where_it_broke(running: Running) -> None:
    async with watch(running, "?events=") as socket:
        seq = (await heard(socket))["seq"]
    async with watch(running, "?events=") as other:
        await heard(other)
        running.switch.set_status("bob", Status.LUNCH)
        await heard(other)
    running.switch.set_status("Женя", Status.AVAILABLE)  # while nobody watches
    async with watch(running, f"?since={seq}&events=") as socket:
        told = [await heard(socket), await heard(socket)]
        assert [message["type"] for message in told] == ["delta", "delta"]
        assert [names(message["data"]["agents"]) for message in told] == [["bob"], ["Женя"]]
    for since in (seq - 1_000_000, seq + 1_000_000, 1):
        async with watch(running, f"?since={since}") as socket:
            assert (await heard(socket))["type"] == "snapshot"


async def test_an_agent_is_told_of_the_floor_and_of_what_is_his(running: Running, browser: MakeBrowser) -> None:
    page = await page_of(browser(), "bob")
    async with watch(running, headers=page) as socket:
        data = (await heard(socket))["data"]
        assert "trunks" not in data
        assert "alarms" not in data
        assert data["calls"] == []
        agents = {one["name"]: one for one in data["agents"]}
        assert (agents["ann"]["state"], agents["ann"]["call"], agents["ann"]["answered_today"]) == ("talking", "", 0)
        assert agents["bob"]["answered_today"] == 4
        running.switch.tell(CallEvent("n1-7", NOW, "key", "1"))  # of ann's call
        running.switch.calls["n1-9"] = another_call("bob")
        running.switch.tell(CallEvent("n1-9", NOW, "offered", "bob"))
        delta = await heard(socket)
        assert names(delta["data"]["calls"], "id") == ["n1-9"]
        assert delta["data"]["calls"][0]["caller"] == "+37322999999"
        assert (await heard(socket))["data"] == {"call": "n1-9", "at": NOW, "kind": "offered", "detail": "bob"}
        running.switch.calls["n1-9"] = another_call("ann")  # taken over
        running.switch.tell(CallEvent("n1-9", NOW, "connected", ""))
        assert (await heard(socket))["data"] == {"gone": {"calls": ["n1-9"]}}


async def test_a_call_that_is_offered_is_the_agents_before_he_answers(running: Running, browser: MakeBrowser) -> None:
    page = await page_of(browser(), "bob")
    async with watch(running, headers=page) as socket:
        await heard(socket)
        running.switch.calls["n1-9"] = another_call("")
        running.switch.agents["bob"] = msgspec.structs.replace(
            running.switch.agents["bob"], state="offered", call="n1-9"
        )
        running.switch.tell(AgentEvent("bob", NOW, "available", "offered", "", "n1-9"))
        data = (await heard(socket))["data"]
        assert data["agents"][0]["call"] == "n1-9"
        assert names(data["calls"], "id") == ["n1-9"]


async def test_it_ends_with_the_session(running: Running, browser: MakeBrowser) -> None:
    ann = browser()
    async with watch(running, headers=await page_of(ann, "ann")) as socket:
        await heard(socket)
        await ann.ask("DELETE", SIGN_IN)
        with pytest.raises(ConnectionClosed) as closed:
            await heard(socket)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "the session has ended")


async def test_a_fresh_snapshot_when_asked_and_when_far_behind(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watch(running) as socket:
        first = await heard(socket)
        await socket.send("snapshot")
        again = await heard(socket)
        assert (again["type"], again["seq"]) == ("snapshot", first["seq"])
    monkeypatch.setattr(live, "MOST_BEHIND", 1)
    async with watch(running) as other:
        await heard(other)
        for status in (Status.LUNCH, Status.AVAILABLE, Status.BREAK):
            running.switch.set_status("bob", status)
            await heard(other)
    async with watch(running, f"?since={first['seq']}") as socket:
        assert (await heard(socket))["type"] == "snapshot"


async def test_alarms_and_figures_are_told(running: Running) -> None:
    async with watch(running, "?events=") as socket:
        await heard(socket)
        broken = msgspec.structs.replace(running.switch.checks[1], healthy=False, remedy="free some space")
        running.switch.checks[1] = broken
        delta = await heard(socket)
        assert [(one["name"], one["remedy"]) for one in delta["data"]["alarms"]] == [("store", "free some space")]
        tell = running.switch.tell
        tell(a_record("n1-9", NOW, queued=NOW))
        tell(AgentEvent("bob", NOW + 100, "available", "idle"))
        tell(AgentEvent("bob", NOW + 140, "available", "ringing", "", "n1-9"))
        tell(AgentEvent("bob", NOW + 500, "available", "talking", "", "n1-9"))
        tell(CallEvent("n1-9", NOW + 530, "audio", "agent:bob from 192.0.2.9:4000"))
        figures = (await heard(socket))["data"]["figures"]
        assert figures == {"free_to_ring_p99_ms": 40, "answer_to_audio_p99_ms": 30}


@pytest.mark.parametrize("query", ["?since=x", "?events=trace"])
async def test_a_wrong_question_is_told_so(running: Running, query: str) -> None:
    async with watch(running, query) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await heard(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008
