"""SIP of browsers that comes in at the desk's own door: WebSockets somebody else has accepted (RFC 7118).

The HTTP server speaks WebSocket with the browser, knows who he is, and hands over whole messages; for the switch they
come from a listening point like any other, whose connections are not its own.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, cast

from softacd.runtime.tcp import Connection, TcpListener
from softacd.sip.transport import Flow, Transport

_KEEP_ALIVE = (b"\r\n\r\n", b"\r\n")


class Browser(Protocol):
    """The accepted WebSocket."""

    def send(self, message: bytes) -> None:
        """Send one message; never blocks."""

    def pending(self) -> int:
        """Octets that wait to be taken."""

    def close(self) -> None:
        """End it."""


class _Borrowed(asyncio.Transport):
    """The WebSocket as the transport of a connection."""

    def __init__(self, browser: Browser, remote: tuple[str, int]) -> None:
        super().__init__({"peername": remote})
        self._browser = browser
        self._closing = False

    def is_closing(self) -> bool:
        return self._closing

    def get_write_buffer_size(self) -> int:
        return self._browser.pending()

    def write(self, data: Any) -> None:
        self._browser.send(bytes(data))

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._browser.close()

    def abort(self) -> None:
        self.close()


class DoorConnection(Connection):
    """One browser."""

    def received(self, message: bytes) -> None:
        """One WebSocket message is one SIP message (RFC 7118 section 5)."""
        if self.flow is not None and message not in _KEEP_ALIVE:
            self.deliver([message])

    def closed(self) -> None:
        """The browser has gone."""
        if self.transport is not None:
            cast(_Borrowed, self.transport).close()
        self.connection_lost(None)


class DoorListener(TcpListener):
    """The listening point behind the desk's door. `bound` is set to the HTTP server's address; it is never opened."""

    transport = Transport.WS

    def connection(self, *, accepted: bool) -> DoorConnection:
        """A new one."""
        if not accepted:
            raise ValueError("a WebSocket is opened by the other side")
        return DoorConnection(self, self.new_number(), accepted=True)

    def enter(self, remote: tuple[str, int], browser: Browser) -> DoorConnection:
        """A browser has come; it is closed at once when it is not welcome."""
        connection = self.connection(accepted=True)
        connection.connection_made(_Borrowed(browser, remote))
        return connection

    def send(self, data: bytes, flow: Flow) -> None:
        """Send on the connection the browser has opened; without it the browser cannot be reached."""
        connection = self._connections.get(flow.connection) or self._by_remote.get(flow.remote)
        if connection is None:
            asyncio.get_running_loop().call_soon(self._failed, flow)
        else:
            connection.send(data)


Enter = Callable[[tuple[str, int], Browser], DoorConnection]
