"""What a shop sells, as agents see it while they talk: stock, what comes when, comments, alternatives, promises."""

from typing import Annotated, Protocol

import msgspec

from softacd.calls.customers import PutReport

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
_Text = Annotated[str, msgspec.Meta(max_length=2000)]
Day = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\d$")]
"""A date like 2026-11-27."""


class Goods(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One article."""

    sku: _Name
    """The shop's own number of the article."""
    name: Annotated[str, msgspec.Meta(max_length=200)] = ""
    """What people call it."""
    stock: Annotated[int, msgspec.Meta(ge=0, le=10**9)] = 0
    """Pieces at hand."""
    supplier_comment: _Text = ""
    """What the supplier says of it."""
    buyer_comment: _Text = ""
    """What the shop's buyer says of it."""
    alternatives: Annotated[tuple[_Name, ...], msgspec.Meta(max_length=20)] = ()
    """Articles to offer instead, by their numbers, the best first."""


class Supply(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A delivery that a supplier has promised. Known again by its `reference`."""

    reference: _Name
    """The shop's number of the order."""
    sku: _Name
    """The article."""
    supplier: _Name
    """Who delivers."""
    quantity: Annotated[int, msgspec.Meta(ge=1, le=10**9)]
    """Pieces ordered."""
    promised: Day
    """The day the supplier names."""
    received: Annotated[str, msgspec.Meta(pattern=r"^(\d{4}-\d\d-\d\d)?$")] = ""
    """The day it came; empty: not yet."""


class Expected(msgspec.Struct, frozen=True):
    """A delivery on its way, with the day to tell a customer."""

    supply: Supply
    """What was promised."""
    likely: str
    """The promised day and the supplier's usual delay, and never a day that is past."""
    cautious: str
    """The day by which nine of ten of this supplier's deliveries have come."""


class Supplier(msgspec.Struct, frozen=True):
    """How a supplier has kept promises."""

    name: str
    """The supplier's name."""
    deliveries: int
    """Deliveries judged: the latest, at most 50."""
    usual_delay_days: int
    """Half of them came no later than so many days after the promised day; 0 when none is known."""
    cautious_delay_days: int
    """Nine of ten came no later than so."""
    on_time: float
    """The part that came on the promised day or before, 0 to 1."""


class Alternative(msgspec.Struct, frozen=True):
    """An article to offer instead."""

    sku: str
    """Its number."""
    name: str
    """What people call it."""
    stock: int
    """Pieces at hand."""


class Bookmark(msgspec.Struct, frozen=True):
    """A promise: when the article comes, this agent calls this customer back."""

    id: int
    """Its number."""
    sku: str
    """The article."""
    number: str
    """Whom to call, E.164."""
    agent: str
    """Who promised."""
    note: str
    """What was agreed."""
    made: int
    """When, ms since 1970-01-01 UTC."""
    arrived: int
    """When the article came, ms since 1970-01-01 UTC: since then it is a task; 0: not yet."""
    done: int
    """When the customer was called, ms since 1970-01-01 UTC; 0: not yet."""


class GoodsCard(msgspec.Struct, frozen=True):
    """All that is known of one article."""

    goods: Goods
    """The article."""
    expected: tuple[Expected, ...]
    """What is on its way, the likeliest first."""
    suppliers: tuple[Supplier, ...]
    """Those who deliver it."""
    alternatives: tuple[Alternative, ...]
    """What to offer instead, the best first."""
    bookmarks: int
    """Customers who wait for it."""


class Received(msgspec.Struct, frozen=True):
    """What a delivery set in motion."""

    goods: Goods
    """The article with its new stock."""
    tasks: tuple[Bookmark, ...]
    """Promises that are due now."""


class GoodsReport(msgspec.Struct, frozen=True):
    """What became of goods that were put."""

    report: PutReport
    """How many were new, changed, unchanged, wrong."""
    tasks: tuple[Bookmark, ...]
    """Promises that are due now because an article is at hand again."""


class Knowledge(Protocol):
    """The shop's knowledge as seen from outside. Answers come after they are on the disk."""

    async def put_goods(self, goods: list[Goods]) -> GoodsReport:
        """Create or change articles; one that is wrong is told and left out. Idempotent."""

    async def put_supplies(self, supplies: list[Supply]) -> GoodsReport:
        """Create or change deliveries. One that becomes received adds its pieces to the stock, once."""

    async def search(self, text: str, limit: int) -> list[Goods]:
        """Articles whose number or name contains the words of `text`, those at hand first."""

    async def card(self, sku: str) -> GoodsCard:
        """All that is known of an article. Raises UnknownNameError."""

    async def suppliers(self) -> list[Supplier]:
        """All suppliers, by name."""

    async def receive(self, reference: str, day: str) -> Received:
        """A delivery has come. Raises UnknownNameError, NotPossibleError when it had come before."""

    async def bookmark(self, sku: str, number: str, agent: str, note: str) -> Bookmark:
        """Promise to call back. Raises UnknownNameError, NotANumberError."""

    async def bookmarks(self, agent: str, due: bool) -> list[Bookmark]:
        """Promises not kept yet, of one agent or ("") all; `due`: only those whose article has come."""

    async def done(self, bookmark: int) -> Bookmark:
        """The customer was called. Raises UnknownNameError."""
