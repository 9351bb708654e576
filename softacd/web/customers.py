"""Customers and the blacklist over HTTP: who is known, putting many at once, and who is not served."""

from typing import Annotated

import msgspec
from litestar import delete, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter, QueryParameter

from softacd.calls.customers import Block, Customer, Customers, Found, PutReport
from softacd.web.errors import API_ROOT

MOST_AT_ONCE = 1000
_MOST_BODY = 1024 * 1024
_FAR = 2**53
Number = Annotated[str, PathParameter(description="A telephone number in any spelling.")]
After = Annotated[
    int, QueryParameter(ge=0, le=_FAR, description="Only customers of greater ids: `next` of the page before.")
]
PageLimit = Annotated[int, QueryParameter(ge=1, le=MOST_AT_ONCE, description="At most so many.")]


class CustomerPage(msgspec.Struct, frozen=True):
    """Customers in the order of their ids."""

    customers: list[Customer]
    """Customers of this page."""
    next: int | None
    """`after` of the next page; null on the last one."""


class PutRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Customers to create or change; those not named stay as they are."""

    customers: Annotated[list[Customer], msgspec.Meta(max_length=MOST_AT_ONCE)]
    """Customers as they shall be: what is left out of one is emptied."""


class BlockRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a number is blocked."""

    until: Annotated[int, msgspec.Meta(ge=0, le=_FAR)] = 0
    """When it is served again, ms since 1970-01-01 UTC; 0: never."""
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""
    """Why, for those who look at the list."""


def customer_handlers(customers: Customers) -> list[HTTPRouteHandler]:
    """The paths under /customers and /blocked."""

    @get(f"{API_ROOT}/customers", tags=["customers"], summary="All customers, a page at a time")
    async def page(after: After = 0, limit: PageLimit = 100) -> CustomerPage:
        """Return customers in the order of their ids."""
        found = await customers.page(after, limit)
        return CustomerPage(found, found[-1].id if len(found) == limit else None)

    @put(
        f"{API_ROOT}/customers",
        tags=["customers"],
        summary="Create or change customers",
        request_max_body_size=_MOST_BODY,
    )
    async def put_many(data: JSONBody[PutRequest]) -> PutReport:
        """Put customers; those that are wrong are told and left out. The same again changes nothing."""
        return await customers.put(data.customers)

    @get(f"{API_ROOT}/customers/{{number:str}}", tags=["customers"], summary="Whose number this is")
    async def find(number: Number) -> Found:
        """Return the customer and the blacklist's entry of a number; 400 when it is no telephone number."""
        return await customers.find(number)

    @get(f"{API_ROOT}/blocked", tags=["customers"], summary="The blacklist")
    async def blocks() -> list[Block]:
        """Return the numbers that are not served, newest first."""
        return await customers.blocks()

    @put(f"{API_ROOT}/blocked/{{number:str}}", tags=["customers"], summary="Block a number")
    async def block(number: Number, data: JSONBody[BlockRequest]) -> Block:
        """Serve a number no longer, from its next call on; 400 when it is no telephone number."""
        return await customers.block(number, data.until, data.reason)

    @delete(f"{API_ROOT}/blocked/{{number:str}}", tags=["customers"], summary="Unblock a number", status_code=200)
    async def unblock(number: Number) -> Block:
        """Serve a number again. 404 when it is not blocked."""
        return await customers.unblock(number)

    return [page, put_many, find, blocks, block, unblock]
