"""SIP over WebSocket, plain and secure (RFC 7118): browsers' phones connect, we answer on the same connection.

One WebSocket message is one SIP message. We never open such a connection: a browser cannot be called but by the one
it has opened.
"""

import asyncio
from http import HTTPStatus

from websockets.exceptions import InvalidHandshake
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from softacd.runtime.tcp import Connection, TcpListener
from softacd.sip.limits import Limits
from softacd.sip.transport import Flow, Transport

SUBPROTOCOL = Subprotocol("sip")
PING_SECONDS = 25.0
"""Keeps the connection open in routers and proxies on the way."""
_KEEP_ALIVE = b"\r\n\r\n"


class WebSocketConnection(Connection):
    """One browser."""

    def __init__(self, listener: TcpListener, number: int) -> None:
        super().__init__(listener, number, accepted=True)
        self._protocol = ServerProtocol(subprotocols=[SUBPROTOCOL], max_size=Limits().message_bytes)
        self._parts: list[bytes] = []
        self._ping: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        protocol = self._protocol
        protocol.receive_data(data)
        messages: list[bytes] = []
        for event in protocol.events_received():
            if isinstance(event, Request):
                self._shake_hands(event)
            elif isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._parts.append(bytes(event.data))
                if event.fin:
                    messages.append(b"".join(self._parts))
                    self._parts.clear()
        self._flush()
        self.deliver([message for message in messages if message not in (_KEEP_ALIVE, b"\r\n")])

    def eof_received(self) -> None:
        self._protocol.receive_eof()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._ping is not None:
            self._ping.cancel()
        super().connection_lost(exc)

    def send(self, data: bytes) -> None:
        """One message: text when it is UTF-8, as most are (RFC 7118 section 5.2), else binary."""
        if self._protocol.state is not State.OPEN:
            return
        try:
            data.decode()
        except UnicodeDecodeError:
            self._protocol.send_binary(data)
        else:
            self._protocol.send_text(data)
        self._flush()

    def _shake_hands(self, request: Request) -> None:
        protocol = self._protocol
        offered = request.headers.get_all("Sec-WebSocket-Protocol")
        if not any(SUBPROTOCOL in (name.strip() for name in value.split(",")) for value in offered):
            # RFC 7118 section 4.1: the sub-protocol is the client's to ask for
            response = protocol.reject(HTTPStatus.BAD_REQUEST, "The WebSocket sub-protocol must be sip.\n")
        else:
            try:
                response = protocol.accept(request)
            except InvalidHandshake as error:
                response = protocol.reject(HTTPStatus.BAD_REQUEST, f"{error}\n")
        protocol.send_response(response)
        if protocol.state is State.OPEN:
            self._keep_open()

    def _keep_open(self) -> None:
        if self._protocol.state is State.OPEN:
            if self._ping is not None:
                self._protocol.send_ping(b"")
                self._flush()
            self._ping = asyncio.get_running_loop().call_later(PING_SECONDS, self._keep_open)

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                super().send(data)
            elif self.transport is not None:
                self.transport.close()  # the protocol's end of stream


class WebSocketListener(TcpListener):
    """A listening point for WebSocket, secure with `server_tls`."""

    transport = Transport.WS

    @staticmethod
    def _secure_transport() -> Transport:
        return Transport.WSS

    def connection(self, *, accepted: bool) -> Connection:
        """A new one."""
        if not accepted:
            raise ValueError("a WebSocket is opened by the other side")
        return WebSocketConnection(self, self.new_number())

    def send(self, data: bytes, flow: Flow) -> None:
        """Send on the connection the peer has opened; without it the peer cannot be reached."""
        connection = self._connections.get(flow.connection) or self._by_remote.get(flow.remote)
        if connection is None:
            asyncio.get_running_loop().call_soon(self._failed, flow)
        else:
            connection.send(data)
