"""SIP over WebSocket as browsers' phones speak it: the sub-protocol, one message each, and nobody else's business."""

import asyncio
import ssl
from collections.abc import Callable

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.typing import Subprotocol

from softacd.runtime.tls import ServerCertificate
from softacd.runtime.websocket import WebSocketListener
from softacd.sip.transport import Flow, Transport
from tests.certificates import Certificates
from tests.runtime.listening import LOOPS, OPTIONS, House, play

Loop = Callable[[], asyncio.AbstractEventLoop]
SIP = [Subprotocol("sip")]
ANSWER = b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"


def house() -> House:
    return House(WebSocketListener)


def browser(house: House, **options: object) -> connect:
    host, port = house.listener.bound
    return connect(f"ws://{host}:{port}/", subprotocols=SIP, **options)  # type: ignore[arg-type] # as given


async def said(socket: ClientConnection) -> str | bytes:
    return await asyncio.wait_for(socket.recv(), 3)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_browser_registers_and_is_answered_on_its_connection(loop: Loop) -> None:
    async def story(house: House) -> None:
        async with browser(house) as socket:
            assert socket.subprotocol == "sip"
            await socket.send(OPTIONS.decode())
            await house.told()
            data, flow = house.received[0]
            assert data == OPTIONS
            assert (flow.transport, flow.local) == (Transport.WS, house.listener.bound)
            house.listener.send(ANSWER, flow)
            assert await said(socket) == ANSWER.decode()
            house.listener.send(b"SIP/2.0 200 \xff\r\n\r\n", flow)
            assert await said(socket) == b"SIP/2.0 200 \xff\r\n\r\n"
        await house.told()
        assert house.failed == [flow]

    play(loop, house, story)


def test_fragments_are_put_together_and_keep_alives_are_no_messages() -> None:
    async def story(house: House) -> None:
        async with browser(house) as socket:
            await socket.send("\r\n\r\n")
            await socket.send([OPTIONS[:9].decode(), OPTIONS[9:].decode()])
            await socket.send(OPTIONS)
            while len(house.received) < 2:
                await house.told()
            assert [data for data, _ in house.received] == [OPTIONS, OPTIONS]

    play(LOOPS[0], house, story)


def test_another_sub_protocol_is_refused() -> None:
    async def story(house: House) -> None:
        host, port = house.listener.bound
        for offered in (None, [Subprotocol("xmpp")]):
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"ws://{host}:{port}/", subprotocols=offered)
            assert refused.value.response.status_code == 400

    play(LOOPS[0], house, story)


def test_what_is_no_websocket_is_closed() -> None:
    async def story(house: House) -> None:
        reader, writer = await asyncio.open_connection(*house.listener.bound)
        writer.write(b"INVITE sip:x SIP/2.0\r\n\r\n")
        await asyncio.wait_for(reader.read(), 3)
        writer.close()
        assert house.received == []

    play(LOOPS[0], house, story)


def test_a_message_beyond_the_limit_ends_the_connection() -> None:
    async def story(house: House) -> None:
        async with browser(house) as socket:
            await socket.send("x" * 70_000)
            with pytest.raises(ConnectionClosed):
                await said(socket)
            assert house.received == []

    play(LOOPS[0], house, story)


def test_the_banned_may_not_connect_and_are_cut_when_they_speak() -> None:
    async def story(house: House) -> None:
        async with browser(house) as socket:
            await socket.send(OPTIONS)
            await house.told()
            house.banned.add("127.0.0.1")
            await socket.send(OPTIONS)
            with pytest.raises(ConnectionClosed):
                await said(socket)
        with pytest.raises((OSError, InvalidMessage)):
            await browser(house)
        assert len(house.received) == 1

    play(LOOPS[0], house, story)


def test_who_connects_and_says_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("softacd.runtime.tcp.FIRST_MESSAGE_SECONDS", 0.05)

    async def story(house: House) -> None:
        async with browser(house) as socket:
            with pytest.raises(ConnectionClosed):
                await said(socket)
        assert house.stalled == ["127.0.0.1"]

    play(LOOPS[0], house, story)


def test_nobody_can_be_called_who_has_not_connected() -> None:
    async def story(house: House) -> None:
        flow = Flow(Transport.WS, house.listener.bound, ("127.0.0.1", 9))
        house.listener.send(OPTIONS, flow)
        await house.told()
        assert house.failed == [flow]

    play(LOOPS[0], house, story)


@pytest.mark.parametrize("loop", LOOPS)
def test_secure(loop: Loop, certificates: Certificates) -> None:
    context = ssl.create_default_context(cafile=str(certificates.authority))
    pair = certificates.sign("wss", "IP:127.0.0.1")

    async def story(house: House) -> None:
        host, port = house.listener.bound
        async with connect(f"wss://{host}:{port}/", subprotocols=SIP, ssl=context) as socket:
            await socket.send(OPTIONS)
            await house.told()
            data, flow = house.received[0]
            assert (data, flow.transport) == (OPTIONS, Transport.WSS)
            house.listener.send(ANSWER, flow)
            assert await said(socket) == ANSWER.decode()

    play(loop, lambda: House(WebSocketListener, server_tls=ServerCertificate(*pair).context), story)
