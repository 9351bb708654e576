"""Clients that take their time, byte by byte over a real connection."""

import asyncio

import pytest

from softacd.web import punctual
from tests.web.small_switch import TOKEN, Running, next_event

HEAD = f"GET /api/v1/queues HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()
BODY = b'{"status": "lunch"}'
PUT = (
    f"PUT /api/v1/agents/ann/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
    f"Content-Length: {len(BODY)}\r\n\r\n"
).encode()


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(punctual, "REQUEST_SECONDS", 0.3)


async def connected(running: Running) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(*running.server.address)


async def ends(reader: asyncio.StreamReader) -> bytes:
    """Everything until the server closes, in at most two seconds."""
    async with asyncio.timeout(2):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


@pytest.mark.parametrize("beginning", [b"", HEAD[:1], HEAD[:40], HEAD[:-1], PUT, PUT + BODY[:-1]])
async def test_a_request_that_is_not_finished_is_cut(running: Running, beginning: bytes) -> None:
    reader, writer = await connected(running)
    writer.write(beginning)
    assert b"200" not in await ends(reader)
    writer.close()
    assert running.switch.agents["ann"].status == "available"


async def test_a_dripping_head_is_cut_although_bytes_come(running: Running) -> None:
    reader, writer = await connected(running)

    async def drip() -> None:
        for byte in HEAD:
            writer.write(bytes((byte,)))
            await asyncio.sleep(0.02)

    dripping = asyncio.create_task(drip())
    assert await ends(reader) == b""
    dripping.cancel()
    writer.close()


async def test_the_second_request_has_a_deadline_too(running: Running) -> None:
    reader, writer = await connected(running)
    writer.write(HEAD)
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.write(HEAD[:30])
    assert await ends(reader)  # the rest of the first answer, then the end
    writer.close()


async def test_a_request_in_two_pieces_is_answered(running: Running) -> None:
    reader, writer = await connected(running)
    writer.write(PUT)
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.write(BODY)
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    assert running.switch.agents["ann"].status == "lunch"
    writer.close()


async def test_a_slow_answer_is_not_the_client_s_fault(running: Running) -> None:
    calls = running.history.calls

    async def slowly(**wanted: object) -> object:
        await asyncio.sleep(0.6)
        return await calls(**wanted)  # type: ignore[arg-type] # handed on as it came

    running.history.calls = slowly  # type: ignore[assignment] # the slow store of this test
    reader, writer = await connected(running)
    writer.write(HEAD.replace(b"/queues", b"/calls"))
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_a_websocket_is_not_cut(running: Running) -> None:
    async with running.watch() as socket:
        await next_event(socket)
        await asyncio.sleep(0.6)
        await socket.send("snapshot")
        assert (await next_event(socket))["type"] == "snapshot"
