"""The parameters that several paths share, each described once."""

from typing import Annotated

from litestar.params import PathParameter, QueryParameter

from softacd.calls.records import Outcome

_FAR = 2**53
"""Greater than any time in milliseconds, and the greatest whole number that every client can write."""

AgentName = Annotated[str, PathParameter(description="The agent's configured name.")]
CallId = Annotated[str, PathParameter(description="The call's id, or an end of it that only one call has.")]
Limit = Annotated[int, QueryParameter(ge=1, le=1000, description="At most so many, more when several began at once.")]
Since = Annotated[
    int | None, QueryParameter(ge=0, le=_FAR, description="Only calls begun at or after this time, ms since 1970 UTC.")
]
Before = Annotated[
    int | None,
    QueryParameter(ge=0, le=_FAR, description="Only calls begun before this time: `next` of the page before."),
]
TimesSince = Annotated[
    int | None, QueryParameter(ge=0, le=_FAR, description="Only times begun at or after this time, ms since 1970 UTC.")
]
TimesBefore = Annotated[
    int | None, QueryParameter(ge=0, le=_FAR, description="Only times begun before this time, ms since 1970 UTC.")
]
OutcomeFilter = Annotated[Outcome | None, QueryParameter(description="Only calls that ended so.")]
Number = Annotated[str | None, QueryParameter(description="Caller's or called number in any spelling, or its end.")]
Agent = Annotated[str | None, QueryParameter(description="Only calls this agent took.")]
Queue = Annotated[str | None, QueryParameter(description="Only calls of this queue.")]
