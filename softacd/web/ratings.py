"""What callers said in surveys, over HTTP."""

from typing import Annotated

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from softacd.calls.records import Rating
from softacd.web.errors import API_ROOT
from softacd.web.history import History
from softacd.web.parameters import Before, Limit, Since


class RatingPage(msgspec.Struct, frozen=True):
    """Ratings, newest first."""

    ratings: list[Rating]
    """One for each question that was answered."""
    next: int | None
    """`before` of the next page; null on the last one."""


def rating_handlers(history: History) -> list[HTTPRouteHandler]:
    """The path /ratings."""

    @get(f"{API_ROOT}/ratings", tags=["calls"], summary="What callers said in surveys, newest first")
    async def ratings(
        limit: Limit = 50,
        before: Before = None,
        since: Since = None,
        low: Annotated[bool, QueryParameter(description="Only low ones: somebody should look at these calls.")] = False,
    ) -> RatingPage:
        """Return ratings, a page at a time; each names its call, agent and queue."""
        found = await history.ratings(limit=limit, since=since, before=before, low=low)
        return RatingPage(found, found[-1].at if len(found) == limit else None)

    return [ratings]
