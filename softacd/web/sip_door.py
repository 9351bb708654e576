"""SIP over WebSocket at the desk's own origin, for who has signed in: the browser's phone (RFC 7118)."""

import asyncio
from typing import Any, Protocol

from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.handlers import WebsocketRouteHandler

from softacd.web.principal import watch_session

PATH = "/sip"
SUBPROTOCOL = "sip"
PROTOCOL_ERROR = 1002
POLICY_VIOLATION = 1008
Socket = WebSocket[Any, Any, Any]


class SipConnection(Protocol):
    """A browser as the switch sees it."""

    def received(self, message: bytes) -> None:
        """The browser sent one message."""

    def closed(self) -> None:
        """The browser has gone."""


class Outlet(Protocol):
    """The way back to the browser."""

    def send(self, message: bytes) -> None: ...
    def pending(self) -> int: ...
    def close(self) -> None: ...


class SipDoor(Protocol):
    """Where browsers enter the switch."""

    def enter(self, remote: tuple[str, int], browser: Outlet) -> SipConnection:
        """A browser has come."""


class _Outlet:
    """Messages on their way to one browser, in order."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._pending = 0
        self.closed = asyncio.Event()

    def send(self, message: bytes) -> None:
        self._pending += len(message)
        self._queue.put_nowait(message)

    def pending(self) -> int:
        return self._pending

    def close(self) -> None:
        self._queue.put_nowait(None)

    async def carry(self, socket: Socket) -> None:
        """Send until closed: text when it is UTF-8, as most is (RFC 7118 section 5.2)."""
        while (message := await self._queue.get()) is not None:
            try:
                await socket.send_text(message.decode())
            except UnicodeDecodeError:
                await socket.send_bytes(message)
            self._pending -= len(message)
        await socket.close(POLICY_VIOLATION, "the switch has ended the connection")


def sip_handlers(door: SipDoor) -> list[WebsocketRouteHandler]:
    """The path /sip."""

    @websocket(PATH)
    async def sip(socket: Socket) -> None:
        if SUBPROTOCOL not in (socket.scope.get("subprotocols") or []):
            # RFC 7118 section 4.1: the sub-protocol is the client's to ask for
            await socket.accept()
            await socket.close(PROTOCOL_ERROR, "the sub-protocol must be sip")
            return
        await socket.accept(subprotocols=SUBPROTOCOL)
        client = socket.scope.get("client") or ("127.0.0.1", 0)
        outlet = _Outlet()
        connection = door.enter((str(client[0]), int(client[1])), outlet)
        carrying = asyncio.create_task(outlet.carry(socket))
        try:
            with watch_session(socket.scope, outlet.close):
                await _listen(socket, connection)
        finally:
            connection.closed()
            carrying.cancel()

    return [sip]


async def _listen(socket: Socket, connection: SipConnection) -> None:
    while True:
        try:
            message = await socket.receive()
        except WebSocketDisconnect:
            return
        if message["type"] == "websocket.disconnect":
            return
        text, octets = message.get("text"), message.get("bytes")
        if isinstance(text, str):
            connection.received(text.encode("utf-8", "surrogateescape"))
        elif isinstance(octets, bytes):
            connection.received(octets)
