"""The shop's goods over HTTP: what there is, what comes when, and promises to call back."""

from collections.abc import Callable
from typing import Annotated

import msgspec
from litestar import get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter, QueryParameter

from softacd.calls.customers import PutReport
from softacd.calls.goods import Bookmark, Day, Goods, GoodsCard, Knowledge, Received, Supplier, Supply
from softacd.web.errors import API_ROOT

MOST_AT_ONCE = 1000
_MOST_BODY = 1024 * 1024
Sku = Annotated[str, PathParameter(description="Number of an article.")]
Reference = Annotated[str, PathParameter(description="Number of a delivery.")]
BookmarkNumber = Annotated[int, PathParameter(description="Number of a promise.")]


class GoodsPut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Articles to create or change; those not named stay as they are."""

    goods: Annotated[list[Goods], msgspec.Meta(max_length=MOST_AT_ONCE)]
    """Articles as they shall be: what is left out of one is emptied."""


class SuppliesPut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Deliveries to create or change; those not named stay as they are."""

    supplies: Annotated[list[Supply], msgspec.Meta(max_length=MOST_AT_ONCE)]
    """Deliveries as they shall be."""


class ReceivedRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a delivery came."""

    day: Day | None = None
    """The day; null: today."""


class BookmarkRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A promise to call a customer back when an article comes."""

    number: Annotated[str, msgspec.Meta(max_length=40)]
    """Whom to call, in any spelling."""
    agent: Annotated[str, msgspec.Meta(max_length=100)]
    """Who promises."""
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""
    """What was agreed."""


def goods_handlers(knowledge: Knowledge, told: Callable[[Bookmark], None]) -> list[HTTPRouteHandler]:
    """The paths under /goods, /supplies, /suppliers and /bookmarks; `told` of every promise that falls due."""

    @get(f"{API_ROOT}/goods", tags=["goods"], summary="Find articles")
    async def search(
        q: Annotated[str, QueryParameter(description="Words of its number or name; none: all.")] = "",
        limit: Annotated[int, QueryParameter(ge=1, le=MOST_AT_ONCE, description="At most so many.")] = 50,
    ) -> list[Goods]:
        """Return articles that contain every word, those at hand first."""
        return await knowledge.search(q, limit)

    @put(f"{API_ROOT}/goods", tags=["goods"], summary="Create or change articles", request_max_body_size=_MOST_BODY)
    async def put_goods(data: JSONBody[GoodsPut]) -> PutReport:
        """Put articles; those that are wrong are told and left out. The same again changes nothing."""
        outcome = await knowledge.put_goods(data.goods)
        for task in outcome.tasks:
            told(task)
        return outcome.report

    @get(f"{API_ROOT}/goods/{{sku:str}}", tags=["goods"], summary="All that is known of an article")
    async def card(sku: Sku) -> GoodsCard:
        """Return stock, deliveries with the days to expect them, comments and alternatives. 404 when unknown."""
        return await knowledge.card(sku)

    @put(
        f"{API_ROOT}/supplies", tags=["goods"], summary="Create or change deliveries", request_max_body_size=_MOST_BODY
    )
    async def put_supplies(data: JSONBody[SuppliesPut]) -> PutReport:
        """Put deliveries; one that is received now adds its pieces to the stock. The same again changes nothing."""
        outcome = await knowledge.put_supplies(data.supplies)
        for task in outcome.tasks:
            told(task)
        return outcome.report

    @post(
        f"{API_ROOT}/supplies/{{reference:str}}/receive", tags=["goods"], summary="A delivery has come", status_code=200
    )
    async def receive(reference: Reference, data: JSONBody[ReceivedRequest]) -> Received:
        """Add its pieces to the stock and make promises for it due. 404 when unknown, 409 when it had come before."""
        received = await knowledge.receive(reference, data.day or "")
        for task in received.tasks:
            told(task)
        return received

    @get(f"{API_ROOT}/suppliers", tags=["goods"], summary="How suppliers keep their promises")
    async def suppliers() -> list[Supplier]:
        """Return all suppliers, by name."""
        return await knowledge.suppliers()

    @post(f"{API_ROOT}/goods/{{sku:str}}/bookmark", tags=["goods"], summary="Promise to call back", status_code=201)
    async def bookmark(sku: Sku, data: JSONBody[BookmarkRequest]) -> Bookmark:
        """Promise to call a customer when the article comes. 404 when the article or agent is unknown."""
        return await knowledge.bookmark(sku, data.number, data.agent, data.note)

    @get(f"{API_ROOT}/bookmarks", tags=["goods"], summary="Promises not kept yet")
    async def bookmarks(
        agent: Annotated[str, QueryParameter(description="Only this agent's; none: all.")] = "",
        due: Annotated[bool, QueryParameter(description="Only those whose article has come: the tasks.")] = False,
    ) -> list[Bookmark]:
        """Return promises, the oldest first."""
        return await knowledge.bookmarks(agent, due)

    @post(
        f"{API_ROOT}/bookmarks/{{bookmark:int}}/done",
        tags=["goods"],
        summary="The customer was called",
        status_code=200,
    )
    async def done(bookmark: BookmarkNumber) -> Bookmark:
        """Close a promise; again changes nothing. 404 when there is none of this number."""
        return await knowledge.done(bookmark)

    return [search, put_goods, card, put_supplies, receive, suppliers, bookmark, bookmarks, done]
