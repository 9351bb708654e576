"""One UDP socket with a SIP stack on it: the driver of a simulated user agent."""

import asyncio
import secrets
from collections.abc import Callable
from typing import cast

from softacd.sip.events import Event, Flow, Transmit, Transport
from softacd.sip.stack import SipStack


class Endpoint(asyncio.DatagramProtocol):
    """Feeds the stack what arrives and the time, sends what it answers, hands every event to `handler`.

    Whoever calls a method of `stack` calls `flush` afterwards.
    """

    def __init__(self, user_agent: str, handler: Callable[[Event], None]) -> None:
        self.stack = SipStack(token=lambda: secrets.token_hex(8), user_agent=user_agent)
        self.address = ("", 0)
        self._handler = handler
        self._loop = asyncio.get_running_loop()
        self._socket: asyncio.DatagramTransport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._flushing = False

    @classmethod
    async def open(cls, host: str, port: int, user_agent: str, handler: Callable[[Event], None]) -> "Endpoint":
        """Bind `host` and `port` (0: any free one). Raises OSError when that is taken."""
        loop = asyncio.get_running_loop()
        _, endpoint = await loop.create_datagram_endpoint(lambda: cls(user_agent, handler), local_addr=(host, port))
        return endpoint

    def now(self) -> float:
        """Monotonic seconds, the stack's clock."""
        return self._loop.time()

    def flow(self, host: str, port: int) -> Flow:
        """The way to a peer."""
        return Flow(transport=Transport.UDP, local=self.address, remote=(host, port))

    def flush(self) -> None:
        """Send and hand out everything the stack has to say, then arm its next deadline."""
        if self._flushing:  # a handler spoke to the stack: the loop below takes that up too
            return
        self._flushing = True
        try:
            while (item := self.stack.poll()) is not None:
                if isinstance(item, Transmit):
                    if self._socket is not None:
                        self._socket.sendto(item.data, item.flow.remote)
                else:
                    self._handler(item)
        finally:
            self._flushing = False
        self._arm()

    def close(self) -> None:
        """Close the socket; transactions that live are forgotten."""
        if self._timer is not None:
            self._timer.cancel()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self.stack.next_deadline()
        if deadline is not None and self._socket is not None:
            self._timer = self._loop.call_at(deadline, self._due)

    def _due(self) -> None:
        self._timer = None
        self.stack.handle_deadline(self.now())
        self.flush()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket (asyncio's callback)."""
        self._socket = cast("asyncio.DatagramTransport", transport)
        self.address = transport.get_extra_info("sockname")[:2]

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        """Take one message in (asyncio's callback)."""
        self.stack.receive(data, self.flow(address[0], address[1]), self.now())
        self.flush()

    def error_received(self, error: Exception) -> None:
        """Ignore ICMP errors (asyncio's callback): the transaction's own timer tells of a peer that is gone."""
        del error
