"""SIP over streams, TCP and TLS: connections accepted and made, each framed, numbered and reused.

What is sent to an address we have a connection with goes over it; otherwise one is opened and messages wait for it
(RFC 3261 section 18, RFC 5923). A peer that opens a connection and says nothing is dropped, as is one that reads
nothing.
"""

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from ipaddress import ip_address
from itertools import count
from typing import cast

from softacd.runtime.addresses import Addresses, same_family
from softacd.sip.errors import SipError
from softacd.sip.framing import PONG, StreamFramer
from softacd.sip.transport import Flow, Transport

CONNECT_SECONDS = 2.5
FIRST_MESSAGE_SECONDS = 20.0
"""How long a peer that connected may take to say its first word, the TLS handshake included."""
KEEP_ALIVE_SECONDS = 60
WAITING_BYTES = 256 * 1024
"""What may wait for one connection to open or to drain; a peer that reads nothing is dropped."""
MOST_CONNECTIONS = 8192
MOST_OF_A_HOST = 512
"""Connections one address may have open: an office behind its router."""

_numbers = count(1)  # over all listeners: a connection's number names it alone


def _everybody(host: str) -> bool:
    del host
    return True


def _nothing(host: str) -> None:
    del host


class Connection(asyncio.Protocol):
    """One connection."""

    def __init__(self, listener: "TcpListener", number: int, *, accepted: bool) -> None:
        self.number = number
        self.flow: Flow | None = None
        self.transport: asyncio.Transport | None = None
        self._listener = listener
        self._framer = StreamFramer()
        self._patience: asyncio.TimerHandle | None = None
        self._accepted = accepted

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's is one without deriving from it
        self.transport = transport
        remote = transport.get_extra_info("peername")
        if remote is None or not self._listener.welcome(remote[0], accepted=self._accepted):
            transport.abort()  # gone before it was accepted, banned, or one too many
            return
        self.flow = Flow(self._listener.transport, self._listener.local(remote[0]), remote[:2], self.number)
        made = transport.get_extra_info("socket")
        if made is not None:  # the kernel finds out which peers have gone without a word (RFC 1122 section 4.2.3.6)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEP_ALIVE_SECONDS)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEP_ALIVE_SECONDS // 4)
        self._listener.opened(self)
        if self._accepted:
            self._patience = asyncio.get_running_loop().call_later(FIRST_MESSAGE_SECONDS, self._stalled)

    def data_received(self, data: bytes) -> None:
        if self.flow is None or self.transport is None:
            return
        try:
            messages = self._framer.feed(data)
        except SipError:
            self.broken()
            return
        for _ in range(self._framer.pings):
            self.transport.write(PONG)
        self._framer.pings = 0
        self.deliver(messages)

    def deliver(self, messages: list[bytes]) -> None:
        """Whole messages, as far as the peer may still speak."""
        listener = self._listener
        for message in messages:
            if self.flow is None or self.transport is None or self.transport.is_closing():
                break
            if not listener.admit(self.flow.remote[0]):
                self.transport.abort()
                break
            self.heard()
            listener.received(message, self.flow)
        listener.burst_done()

    def heard(self) -> None:
        """The peer speaks SIP."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def broken(self) -> None:
        """What came cannot be framed and the rest of the stream is lost."""
        self._listener.broken += 1
        if self.flow is not None:
            self._listener.stalled(self.flow.remote[0])
        if self.transport is not None:
            self.transport.abort()

    def _stalled(self) -> None:
        self._patience = None
        self.broken()

    def connection_lost(self, exc: Exception | None) -> None:
        self.heard()
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
    """A listening point for TCP or TLS and all its connections, in both directions.

    `admit` says whether a host may speak, `stalled` hears of hosts whose connections came to nothing.
    `server_tls` and `client_tls` make it TLS. `names` are the names peers' certificates must bear, by address.
    """

    transport = Transport.TCP

    def __init__(
        self,
        addresses: Addresses,
        received: Callable[[bytes, Flow], None],
        burst_done: Callable[[], None],
        failed: Callable[[Flow], None],
        *,
        admit: Callable[[str], bool] = _everybody,
        stalled: Callable[[str], None] = _nothing,
        server_tls: ssl.SSLContext | None = None,
        client_tls: ssl.SSLContext | None = None,
    ) -> None:
        if server_tls is not None:
            self.transport = self._secure_transport()
        self.received = received
        self.burst_done = burst_done
        self.admit = admit
        self.stalled = stalled
        self.broken = 0
        self.bound = ("", 0)
        self.names: dict[tuple[str, int], str] = {}
        self._addresses = addresses
        self._failed = failed
        self._server_tls = server_tls
        self._client_tls = client_tls
        self._server: asyncio.Server | None = None
        self._connections: dict[int, Connection] = {}
        self._by_remote: dict[tuple[str, int], Connection] = {}
        self._of_host: Counter[str] = Counter()
        self._waiting: dict[tuple[str, int], list[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @staticmethod
    def _secure_transport() -> Transport:
        return Transport.TLS

    def connection(self, *, accepted: bool) -> Connection:
        """A new one of this listener's kind."""
        return Connection(self, self.new_number(), accepted=accepted)

    @staticmethod
    def new_number() -> int:
        """A connection's name."""
        return next(_numbers)

    async def open(self, bind: tuple[str, int]) -> None:
        """Listen. Raises OSError when the address cannot be bound."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: self.connection(accepted=True),
            *bind,
            backlog=256,
            ssl=self._server_tls,
            ssl_handshake_timeout=FIRST_MESSAGE_SECONDS if self._server_tls is not None else None,
        )
        self.bound = self._server.sockets[0].getsockname()[:2]

    def local(self, remote: str) -> tuple[str, int]:
        """Our address as a peer at `remote` is told."""
        return (self._addresses.towards(remote), self.bound[1])

    def reaches(self, remote: str) -> bool:
        """Whether a peer at `remote` can be sent to from here."""
        return same_family(self.bound[0], remote)

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

    def welcome(self, host: str, *, accepted: bool) -> bool:
        """Whether one more connection with `host` is wanted; those we made ourselves always are."""
        if not accepted:
            return True
        crowded = len(self._connections) >= MOST_CONNECTIONS or self._of_host[host] >= MOST_OF_A_HOST
        return not crowded and self.admit(host)

    def opened(self, connection: Connection) -> None:
        """A connection is up."""
        if connection.flow is not None:
            self._connections[connection.number] = connection
            self._by_remote[connection.flow.remote] = connection
            self._of_host[connection.flow.remote[0]] += 1

    def lost(self, connection: Connection) -> None:
        """A connection is gone: whoever used it is told."""
        if self._connections.pop(connection.number, None) is None or connection.flow is None:
            return
        host = connection.flow.remote[0]
        self._of_host[host] -= 1
        if not self._of_host[host]:
            del self._of_host[host]
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
        secure = self._client_tls is not None
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, connection = await loop.create_connection(
                    lambda: self.connection(accepted=False),
                    *flow.remote,
                    # from the address peers know us by, where we listen on one: they may admit us by it
                    local_addr=None if ip_address(self.bound[0]).is_unspecified else (self.bound[0], 0),
                    ssl=self._client_tls,
                    # RFC 5922 section 7.3: the name asked for, not the one DNS led to
                    server_hostname=self.names.get(flow.remote, flow.remote[0]) if secure else None,
                )
        except (OSError, TimeoutError):
            self._waiting.pop(flow.remote, None)
            self._failed(flow)
            return
        for data in self._waiting.pop(flow.remote, []):
            connection.send(data)
