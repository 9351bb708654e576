"""A listening point with somebody behind it who remembers what came."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop

from softacd.runtime.addresses import Addresses
from softacd.runtime.tcp import TcpListener
from softacd.sip.transport import Flow

OPTIONS = b"OPTIONS sip:x@y SIP/2.0\r\nContent-Length: 0\r\n\r\n"
LOOPS = [uvloop.new_event_loop, asyncio.new_event_loop]


class House:
    """Messages received, flows lost, hosts whose connections came to nothing; `banned` hosts may not speak."""

    def __init__(self, kind: type[TcpListener], address: str = "127.0.0.1", **options: Any) -> None:
        self.received: list[tuple[bytes, Flow]] = []
        self.failed: list[Flow] = []
        self.stalled: list[str] = []
        self.banned: set[str] = set()
        self.address = address
        self.news = asyncio.Event()
        self.listener = kind(
            Addresses(address),
            lambda data, flow: self._note(self.received, (data, flow)),
            lambda: None,
            lambda flow: self._note(self.failed, flow),
            admit=lambda host: host not in self.banned,
            stalled=lambda host: self._note(self.stalled, host),
            **options,
        )

    def _note(self, book: list[Any], entry: Any) -> None:
        book.append(entry)
        self.news.set()

    async def told(self) -> None:
        """Wait for the next news."""
        await asyncio.wait_for(self.news.wait(), 3)
        self.news.clear()


def play(
    loop: Callable[[], asyncio.AbstractEventLoop],
    house: Callable[[], House],
    story: Callable[[House], Coroutine[Any, Any, None]],
) -> None:
    """Run a story against an open listening point."""

    async def run() -> None:
        opened = house()
        await opened.listener.open((opened.address, 0))
        try:
            await story(opened)
        finally:
            await opened.listener.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(run())
