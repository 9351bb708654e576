"""The shop's goods of a running switch: everything in the customers' thread, never in the loop."""

from collections.abc import Callable, Collection
from typing import Protocol, TypeVar

from softacd.calls.customers import NotANumberError
from softacd.calls.goods import Bookmark, Goods, GoodsCard, GoodsReport, Received, Supplier, Supply
from softacd.crm.goods import GoodsBase, today
from softacd.crm.numbers import canonical

R = TypeVar("R")


class InThread(Protocol):
    """Runs something that waits for the disk in a thread that may."""

    async def __call__(self, work: Callable[[], R]) -> R:
        """Its answer, or what it raises."""


class GoodsDesk:
    """Implements softacd.calls.goods.Knowledge."""

    def __init__(
        self,
        base: GoodsBase,
        in_thread: InThread,
        wall: Callable[[], int],
        country: Callable[[], str],
        agents: Callable[[], Collection[str]],
    ) -> None:
        self._base = base
        self._in_thread = in_thread
        self._wall = wall
        self._country = country
        self._agents = agents

    async def put_goods(self, goods: list[Goods]) -> GoodsReport:
        """As Knowledge.put_goods."""
        return await self._in_thread(lambda: self._base.put_goods(goods))

    async def put_supplies(self, supplies: list[Supply]) -> GoodsReport:
        """As Knowledge.put_supplies."""
        return await self._in_thread(lambda: self._base.put_supplies(supplies))

    async def search(self, text: str, limit: int) -> list[Goods]:
        """As Knowledge.search."""
        return await self._in_thread(lambda: self._base.search(text, limit))

    async def card(self, sku: str) -> GoodsCard:
        """As Knowledge.card."""
        return await self._in_thread(lambda: self._base.card(sku, today(self._wall())))

    async def suppliers(self) -> list[Supplier]:
        """As Knowledge.suppliers."""
        return await self._in_thread(self._base.suppliers)

    async def receive(self, reference: str, day: str) -> Received:
        """As Knowledge.receive; without a day: today."""
        came = day or today(self._wall()).isoformat()
        return await self._in_thread(lambda: self._base.receive(reference, came))

    async def bookmark(self, sku: str, number: str, agent: str, note: str) -> Bookmark:
        """As Knowledge.bookmark."""
        country = self._country()
        known = canonical(number, country)
        if known is None:
            raise NotANumberError(number, country)
        agents = self._agents()
        return await self._in_thread(lambda: self._base.bookmark(sku, known, agent, note, agents))

    async def bookmarks(self, agent: str, due: bool) -> list[Bookmark]:
        """As Knowledge.bookmarks."""
        return await self._in_thread(lambda: self._base.bookmarks(agent, due))

    async def done(self, bookmark: int) -> Bookmark:
        """As Knowledge.done."""
        return await self._in_thread(lambda: self._base.done(bookmark))
