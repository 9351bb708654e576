"""SIP over TCP: connections accepted and made, each framed, numbered and reused (RFC 3261 section 18, RFC 5923).

What is sent to an address we have a connection with goes over it; otherwise one is opened and messages wait for it.
"""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import cast

from softacd.runtime.addresses import Addresses
from softacd.sip.errors import SipError
from softacd.sip.framing import PONG, StreamFramer
from softacd.sip.transport import Flow, Transport

CONNECT_SECONDS = 4.0
WAITING_BYTES = 256 * 1024
"""What may wait for one connection to open or to drain; a peer that reads nothing is dropped."""


class Connection(asyncio.Protocol):
    """One TCP connection."""

    def __init__(self, listener: "TcpListener", number: int) -> None:
        self.number = number
        self.flow: Flow | None = None
        self.transport: asyncio.Transport | None = None
        self._listener = listener
        self._framer = StreamFramer()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's is one without deriving from it
        self.transport = transport
        remote = transport.get_extra_info("peername")
        if remote is None:  # gone before it was accepted
            transport.abort()
            return
        self.flow = Flow(Transport.TCP, self._listener.local(remote[0]), remote[:2], self.number)
        self._listener.opened(self)

    def data_received(self, data: bytes) -> None:
        if self.flow is None or self.transport is None:
            return
        try:
            messages = self._framer.feed(data)
        except SipError:
            self._listener.broken += 1
            self.transport.abort()
            return
        for _ in range(self._framer.pings):
            self.transport.write(PONG)
        self._framer.pings = 0
        for message in messages:
            self._listener.received(message, self.flow)
        self._listener.burst_done()

    def connection_lost(self, exc: Exception | None) -> None:
        self._listener.lost(self)

    def send(self, data: bytes) -> None:
        """Write, unless the peer has stopped reading."""
        if self.transport is None or self.transport.is_closing():
            return
        if self.transport.get_write_buffer_size() > WAITING_BYTES:
            self._listener.broken += 1
            self.transport.abort()
            return
        self.transport.write(data)


class TcpListener:
    """A listening point for TCP and all its connections, in both directions."""

    def __init__(
        self,
        addresses: Addresses,
        received: Callable[[bytes, Flow], None],
        burst_done: Callable[[], None],
        failed: Callable[[Flow], None],
    ) -> None:
        self.received = received
        self.burst_done = burst_done
        self.broken = 0
        self.bound = ("", 0)
        self._addresses = addresses
        self._failed = failed
        self._numbers = count(1)
        self._server: asyncio.Server | None = None
        self._connections: dict[int, Connection] = {}
        self._by_remote: dict[tuple[str, int], Connection] = {}
        self._waiting: dict[tuple[str, int], list[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, bind: tuple[str, int]) -> None:
        """Listen. Raises OSError when the address cannot be bound."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self, next(self._numbers)), *bind, backlog=256)
        self.bound = self._server.sockets[0].getsockname()[:2]

    def local(self, remote: str) -> tuple[str, int]:
        """Our address as a peer at `remote` is told."""
        return (self._addresses.towards(remote), self.bound[1])

    def send(self, data: bytes, flow: Flow) -> None:
        """Send on the flow's connection, on another one to the same peer, or on a new one."""
        connection = self._connections.get(flow.connection) or self._by_remote.get(flow.remote)
        if connection is not None:
            connection.send(data)
            return
        waiting = self._waiting.get(flow.remote)
        if waiting is None:
            self._waiting[flow.remote] = [data]
            task = asyncio.get_running_loop().create_task(self._connect(flow))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif sum(map(len, waiting)) < WAITING_BYTES:
            waiting.append(data)

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def opened(self, connection: Connection) -> None:
        """A connection is up."""
        if connection.flow is not None:
            self._connections[connection.number] = connection
            self._by_remote[connection.flow.remote] = connection

    def lost(self, connection: Connection) -> None:
        """A connection is gone: whoever used it is told."""
        if self._connections.pop(connection.number, None) is None or connection.flow is None:
            return
        if self._by_remote.get(connection.flow.remote) is connection:
            del self._by_remote[connection.flow.remote]
        self._failed(connection.flow)

    async def close(self) -> None:
        """Stop listening and end every connection."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        for connection in list(self._connections.values()):
            if connection.transport is not None:
                connection.transport.close()
        self._connections.clear()
        await asyncio.sleep(0)

    async def _connect(self, flow: Flow) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, connection = await loop.create_connection(
                    lambda: Connection(self, next(self._numbers)), *flow.remote
                )
        except (OSError, TimeoutError):
            self._waiting.pop(flow.remote, None)
            self._failed(flow)
            return
        for data in self._waiting.pop(flow.remote, []):
            connection.send(data)
