"""Starting and stopping inside a loop that has other work."""

import asyncio
import logging
import os
import signal
import socket

import httpx
import pytest
from structlog.testing import capture_logs

from softacd.web import WebError, WebServer, WebServerSettings
from tests.web.conftest import Start
from tests.web.small_switch import BEARER, TOKEN, Running, SmallHistory, SmallSwitch


def a_server(**settings: object) -> WebServer:
    return WebServer(
        WebServerSettings(**{"port": 0, "token": TOKEN, **settings}),  # type: ignore[arg-type] # as the test gives them
        SmallSwitch(),
        SmallHistory(),
        version="0.1.0",
    )


async def test_a_port_that_is_taken_is_told_with_a_remedy() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(WebError) as raised:
            await a_server(port=port).start()
    assert raised.value.where == f"127.0.0.1:{port}"
    assert "in use" in raised.value.cause
    assert "web.listen" in raised.value.remedy
    assert str(port) in raised.value.remedy


@pytest.mark.parametrize(
    ("host", "cause"),
    [("203.0.113.7", "assign"), ("somewhere.example", "not an IP address"), ("", "not an IP address")],
)
async def test_an_address_this_machine_does_not_have(host: str, cause: str) -> None:
    with pytest.raises(WebError, match=cause) as raised:
        await a_server(host=host).start()
    assert "web.listen" in raised.value.remedy


async def test_a_token_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(WebError, match="6 characters") as raised:
        await a_server(token="secret").start()
    assert "secret" not in str(raised.value)


async def test_it_starts_stops_and_starts_again_on_the_same_port(start: Start) -> None:
    first = await start()
    port = first.server.address[1]
    assert (await first.client.get("/healthz")).status_code == 200
    await first.server.stop()
    assert first.switch.observers == []
    with pytest.raises(httpx.TransportError):
        await first.client.get("/healthz")
    second = await start(port=port)
    assert (await second.client.get("/healthz")).status_code == 200


async def test_stopping_before_starting_and_twice_does_no_harm() -> None:
    server = a_server()
    await server.stop()
    await server.start()
    await server.stop()
    await server.stop()


async def test_the_address_is_known_only_once_started() -> None:
    server = a_server()
    with pytest.raises(RuntimeError):
        _ = server.address
    await server.start()
    assert server.address[0] == "127.0.0.1"
    assert server.address[1] > 0
    await server.stop()


async def test_ipv6_loopback() -> None:
    server = a_server(host="::1")
    await server.start()
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"http://[::1]:{server.address[1]}/healthz")).status_code == 200
    await server.stop()


async def test_signals_stay_with_the_program(start: Start) -> None:
    loop = asyncio.get_running_loop()
    came = asyncio.Event()
    before = signal.getsignal(signal.SIGINT)
    loop.add_signal_handler(signal.SIGTERM, came.set)
    try:
        running = await start()
        assert signal.getsignal(signal.SIGINT) is before
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(came.wait(), 5)
        assert (await running.client.get("/healthz")).status_code == 200
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


async def test_the_program_s_logging_is_left_as_it_was() -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    server = a_server()
    await server.start()
    assert (root.level, list(root.handlers)) == before
    await server.stop()


async def test_a_request_in_progress_is_answered_before_the_end(start: Start) -> None:
    running = await start()
    asked, answer_now = asyncio.Event(), asyncio.Event()
    calls = running.history.calls

    async def slowly(**wanted: object) -> object:
        asked.set()
        await answer_now.wait()
        return await calls(**wanted)  # type: ignore[arg-type] # handed on as it came

    running.history.calls = slowly  # type: ignore[assignment] # the slow store of this test
    request = asyncio.create_task(running.client.get("/api/v1/calls", headers=BEARER))
    await asked.wait()
    stopping = asyncio.create_task(running.server.stop())
    await asyncio.sleep(0)
    answer_now.set()
    assert (await request).status_code == 200
    await stopping


async def test_a_body_too_large_is_refused(running: Running) -> None:
    answer = await running.client.put(
        "/api/v1/agents/ann/status", content=b'{"status":"' + b"x" * 100_000 + b'"}', headers=BEARER
    )
    assert answer.status_code == 413
    assert answer.json()["error"] == "too-large"


async def test_a_closed_or_far_reaching_api_is_told_in_the_log() -> None:
    with capture_logs() as logs:
        closed = a_server(token="")
        await closed.start()
        await closed.stop()
        public = a_server(host="0.0.0.0")
        await public.start()
        await public.stop()
        usual = a_server()
        await usual.start()
        await usual.stop()
    events = [entry["event"] for entry in logs]
    assert len(events) == 2
    assert "no token is configured" in events[0]
    assert "without encryption" in events[1]


async def test_the_settings_do_not_show_their_secret() -> None:
    assert TOKEN not in repr(WebServerSettings(token=TOKEN))
