"""The customer base of a running switch: writes in a thread of its own, look-ups from memory in the loop.

What a write changed is in the index in the same turn of the loop in which its caller is answered.
"""

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

import structlog

from softacd.calls.control import UnknownNameError
from softacd.calls.customers import Block, Customer, Found, NotANumberError, PutReport
from softacd.crm.base import CustomerBase
from softacd.crm.directory import Directory
from softacd.crm.errors import CustomerBaseError
from softacd.crm.goods import GoodsBase
from softacd.crm.index import Index
from softacd.crm.numbers import canonical, key_of
from softacd.crm.settings import CustomerSettings
from softacd.ops.goods_desk import GoodsDesk

log = structlog.get_logger(__name__)

FILE = "customers.db"
"""In server.data_directory."""
P = ParamSpec("P")
R = TypeVar("R")


class CustomerDesk:
    """Implements softacd.calls.customers.Customers. `open` it in the loop, `close` it at the end."""

    def __init__(
        self,
        thread: ThreadPoolExecutor,
        base: CustomerBase,
        directory: Directory,
        agents: Collection[str],
        wall: Callable[[], int],
    ) -> None:
        self._thread = thread
        self._base = base
        self._agents = agents
        self._reloading: asyncio.Task[None] | None = None
        self.directory = directory
        self.knowledge = GoodsDesk(
            GoodsBase(base, wall),
            self._in_thread,
            wall,
            lambda: self.directory.settings.country,
            lambda: self._agents,
        )
        """What the shop sells, in the same file."""

    @classmethod
    async def open(
        cls, path: Path, settings: CustomerSettings, agents: Collection[str], wall: Callable[[], int]
    ) -> "CustomerDesk":
        """Open the file and load the index. Raises CustomerBaseError."""
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="customers")

        def load() -> tuple[CustomerBase, Index]:
            base = CustomerBase(path, wall)
            try:
                return base, base.load()
            except BaseException:
                base.close()
                raise

        try:
            base, index = await asyncio.get_running_loop().run_in_executor(thread, load)
        except BaseException:
            thread.shutdown(wait=False)
            raise
        return cls(thread, base, Directory(index, settings, wall), agents, wall)

    def configure(self, settings: CustomerSettings, agents: Collection[str]) -> None:
        """Take other settings; in force for the next call."""
        self.directory.configure(settings)
        self._agents = agents

    async def close(self) -> None:
        """Let what is being written be written, and close."""
        if self._reloading is not None:
            await self._reloading
        await self._in_thread(self._base.close)
        self._thread.shutdown(wait=False)

    async def put(self, customers: list[Customer]) -> PutReport:
        """As Customers.put."""
        report, changes = await self._in_thread(self._base.put, customers, self.directory.settings, self._agents)
        index = self.directory.index
        for number, card in changes.items():
            index.change(number, card)
        if index.reload_due:
            index.begin_reload()
            self._reloading = asyncio.get_running_loop().create_task(self._reload())
        return report

    async def find(self, number: str) -> Found:
        """As Customers.find."""
        return await self._in_thread(self._base.find, self._number(number))

    async def page(self, after: int, limit: int) -> list[Customer]:
        """As Customers.page."""
        return await self._in_thread(self._base.page, after, limit)

    async def blocks(self) -> list[Block]:
        """As Customers.blocks."""
        return await self._in_thread(self._base.blocks)

    async def block(self, number: str, until: int, reason: str) -> Block:
        """As Customers.block."""
        block = await self._in_thread(self._base.block, self._number(number), until, reason)
        self.directory.index.block(key_of(block.number), block.until)
        return block

    async def unblock(self, number: str) -> Block:
        """As Customers.unblock."""
        block = await self._in_thread(self._base.unblock, self._number(number))
        if block is None:
            raise UnknownNameError(f"{number} is not on the blacklist")
        self.directory.index.unblock(key_of(block.number))
        return block

    async def _reload(self) -> None:
        index = self.directory.index
        try:
            packed = await self._in_thread(self._base.pack)
        except CustomerBaseError as error:
            index.end_reload(None)
            log.warning("the customers could not be read again; those in memory stay", error=str(error))
        else:
            index.end_reload(packed)

    def _number(self, text: str) -> str:
        country = self.directory.settings.country
        number = canonical(text, country)
        if number is None:
            raise NotANumberError(text, country)
        return number

    async def _in_thread(self, work: Callable[P, R], *arguments: P.args, **keywords: P.kwargs) -> R:
        call = partial(work, *arguments, **keywords)
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)
