"""SIP over TCP on the event loop the product runs on: framing, reuse of connections, and who is told of a loss."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest
import uvloop

from softacd.runtime.addresses import Addresses
from softacd.runtime.tcp import TcpListener
from softacd.sip.transport import Flow, Transport

LOOPS = [uvloop.new_event_loop, asyncio.new_event_loop]
PING = b"\r\n\r\n"
OPTIONS = b"OPTIONS sip:x@y SIP/2.0\r\nContent-Length: 0\r\n\r\n"


class House:
    """A listening point and what it told."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, Flow]] = []
        self.failed: list[Flow] = []
        self.news = asyncio.Event()
        self.listener = TcpListener(Addresses("127.0.0.1", ""), self._received, lambda: None, self._failed)

    def _received(self, data: bytes, flow: Flow) -> None:
        self.received.append((data, flow))
        self.news.set()

    def _failed(self, flow: Flow) -> None:
        self.failed.append(flow)
        self.news.set()

    async def told(self) -> None:
        """Wait for the next news."""
        await asyncio.wait_for(self.news.wait(), 3)
        self.news.clear()


def on(loop: Callable[[], asyncio.AbstractEventLoop], story: Callable[[House], Coroutine[None, None, None]]) -> None:
    async def run() -> None:
        house = House()
        await house.listener.open(("127.0.0.1", 0))
        try:
            await story(house)
        finally:
            await house.listener.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(run())


@pytest.mark.parametrize("loop", LOOPS)
def test_a_phone_connects_speaks_is_answered_on_its_connection_and_its_leaving_is_told(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def story(house: House) -> None:
        reader, writer = await asyncio.open_connection(*house.listener.bound)
        writer.write(PING + OPTIONS[:20])
        assert await asyncio.wait_for(reader.readexactly(2), 3) == b"\r\n"
        writer.write(OPTIONS[20:])
        await house.told()
        ((message, flow),) = house.received
        assert message == OPTIONS
        assert (flow.transport, flow.remote) == (Transport.TCP, writer.get_extra_info("sockname"))
        assert house.listener.connections == 1
        house.listener.send(b"answer", flow)
        assert await asyncio.wait_for(reader.readexactly(6), 3) == b"answer"
        writer.close()
        await house.told()
        assert house.failed == [flow]
        assert house.listener.connections == 0

    on(loop, story)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_request_to_a_peer_opens_one_connection_that_is_used_again(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def story(house: House) -> None:
        peer = House()
        await peer.listener.open(("127.0.0.1", 0))
        flow = Flow(Transport.TCP, house.listener.bound, peer.listener.bound)
        house.listener.send(OPTIONS, flow)
        house.listener.send(OPTIONS, flow)
        while len(peer.received) < 2:
            await peer.told()
        assert (house.listener.connections, peer.listener.connections) == (1, 1)
        await peer.listener.close()
        await house.told()
        (lost,) = house.failed
        assert lost.remote == flow.remote

    on(loop, story)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_peer_that_refuses_is_told(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def story(house: House) -> None:
        closed = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        flow = Flow(Transport.TCP, house.listener.bound, closed.sockets[0].getsockname()[:2])
        closed.close()
        house.listener.send(OPTIONS, flow)
        await house.told()
        assert house.failed == [flow]

    on(loop, story)


@pytest.mark.parametrize("loop", LOOPS)
def test_connections_leave_from_the_address_we_listen_on(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    """Carriers admit us by it; the system would choose another one of this machine."""

    async def story(house: House) -> None:
        other = House()
        await other.listener.open(("127.0.0.9", 0))
        other.listener.send(OPTIONS, Flow(Transport.TCP, other.listener.bound, house.listener.bound))
        await house.told()
        assert house.received[0][1].remote[0] == "127.0.0.9"
        await other.listener.close()

    on(loop, story)
