"""Calls over HTTP: those that live and those that were; ending and transferring one."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, get, post
from litestar.exceptions import PermissionDeniedException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter

from softacd.calls.control import Control, UnknownNameError
from softacd.calls.records import CallEvent, CallRecord, LegRecord, MessageRecord, Outcome, Rating, Segment, TraceRow
from softacd.calls.users import Role
from softacd.calls.views import CallView
from softacd.web.errors import API_ROOT
from softacd.web.history import History
from softacd.web.parameters import Agent, Before, CallId, Limit, Number, OutcomeFilter, Queue, Since
from softacd.web.principal import principal_of

Asking = Request[Any, Any, Any]
_TIES = 10_000


class CallPage(msgspec.Struct, frozen=True):
    """Calls, newest first."""

    live: tuple[CallView, ...]
    """Calls that live now and match; on the first page only."""
    calls: list[CallRecord]
    """Calls from the records; those that live are among them with outcome "open"."""
    next: int | None
    """`before` of the next page; null on the last one."""


class CallStoryAnswer(msgspec.Struct, frozen=True):
    """Everything known of one call."""

    live: CallView | None
    """Where the call is now; null when it is over."""
    call: CallRecord | None
    """Its record; null in the moment before it is first written."""
    legs: list[LegRecord]
    """Its legs that ended, in order of time."""
    segments: list[Segment]
    """Its conversations, in order; a transfer ends one and begins another."""
    events: list[CallEvent]
    """What happened, in order of time."""
    trace: list[TraceRow]
    """Its SIP messages, in order of time."""
    messages: list[MessageRecord] = []
    """What its caller left in mailboxes."""
    ratings: list[Rating] = []
    """What its caller said in a survey."""


class Asked(msgspec.Struct, frozen=True):
    """What was asked of the switch and is being done."""

    call: str
    """The call's id."""
    asked: str
    """"hang-up", "transfer", "move" or "take-over"."""


class TransferRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who goes where."""

    to: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    """Extension, group, queue, park code or outside number."""
    leg: Literal["caller", "called"] = "caller"
    """The party that goes there; the other one leaves the call."""


class MoveRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a waiting caller shall wait."""

    queue: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    """Name of the queue."""


class TakeOverRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who takes a conversation over."""

    extension: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    """Extension of the phone that rings."""


class Filters(msgspec.Struct, frozen=True):
    """Which calls are wanted."""

    since: int | None
    outcome: Outcome | None
    number: str | None
    agent: str | None
    queue: str | None


def call_handlers(control: Control, history: History) -> list[HTTPRouteHandler]:
    """The paths under /calls."""

    @get(f"{API_ROOT}/calls", tags=["calls"], summary="Calls that live and calls that were")
    async def calls(
        request: Asking,
        limit: Limit = 50,
        before: Before = None,
        since: Since = None,
        outcome: OutcomeFilter = None,
        number: Number = None,
        agent: Agent = None,
        queue: Queue = None,
    ) -> CallPage:
        """Return calls, newest first, a page at a time; an agent is told of his own."""
        principal = principal_of(request.scope)
        if not principal.may(Role.SUPERVISOR):
            if not principal.agent or agent not in (None, principal.agent):
                raise PermissionDeniedException("only a supervisor may see calls of others")
            agent = principal.agent
        wanted = Filters(since, outcome, number, agent, queue)
        live = () if before is not None else tuple(call for call in control.snapshot().calls if _matches(call, wanted))
        records, following = await page(history, wanted, limit, before)
        return CallPage(live, records, following)

    @get(f"{API_ROOT}/calls/{{call:str}}", tags=["calls"], summary="Everything known of one call")
    async def story(
        call: CallId,
        trace: Annotated[bool, QueryParameter(description="Whether the SIP messages are wanted too.")] = True,
    ) -> CallStoryAnswer:
        """Return one call's record, legs, events and SIP messages. 404 when there is no such call."""
        remembered = await history.call(call)
        id_ = call if remembered is None else remembered.call.id
        live = next((view for view in control.snapshot().calls if view.id == id_), None)
        if remembered is None:
            if live is None:
                raise UnknownNameError(f"there is no call {call!r}")
            return CallStoryAnswer(live, None, [], [], [], [])
        return CallStoryAnswer(
            live,
            remembered.call,
            remembered.legs,
            remembered.segments,
            remembered.events,
            remembered.trace if trace else [],
            remembered.messages,
            remembered.ratings,
        )

    @post(f"{API_ROOT}/calls/{{call:str}}/hang-up", tags=["calls"], summary="End a call that lives", status_code=202)
    async def hang_up(call: CallId) -> Asked:
        """Ask the switch to end a call; it is over when its record says so. 404 when no such call lives."""
        control.hang_up(call)
        return Asked(call, "hang-up")

    @post(
        f"{API_ROOT}/calls/{{call:str}}/transfer",
        tags=["calls"],
        summary="Transfer a party of a call that lives",
        status_code=202,
    )
    async def transfer(request: Asking, call: CallId, data: JSONBody[TransferRequest]) -> Asked:
        """Connect one party to another number; the other party leaves when it answers, and is given back when not.

        404 when no such call lives, 409 when it is no conversation or the number leads nowhere.
        """
        principal = principal_of(request.scope)
        by = "" if principal.may(Role.SUPERVISOR) else control.phone_of(principal.agent)
        control.transfer(call, data.to, callers_leg=data.leg == "caller", by=by)
        return Asked(call, "transfer")

    @post(
        f"{API_ROOT}/calls/{{call:str}}/move",
        tags=["calls"],
        summary="Move a waiting caller to another queue",
        status_code=202,
    )
    async def move(call: CallId, data: JSONBody[MoveRequest]) -> Asked:
        """Have a waiting caller wait in another queue, at its end. 409: he waits in none, or that one is closed."""
        control.move(call, data.queue)
        return Asked(call, "move")

    @post(
        f"{API_ROOT}/calls/{{call:str}}/take-over",
        tags=["calls"],
        summary="Take a conversation over",
        status_code=202,
    )
    async def take_over(call: CallId, data: JSONBody[TakeOverRequest]) -> Asked:
        """Ring a phone and give it the caller when it answers; the agent leaves. 409 when it is no conversation."""
        control.take_over(call, data.extension)
        return Asked(call, "take-over")

    return [calls, story, hang_up, transfer, move, take_over]


async def page(
    history: History, wanted: Filters, limit: int, before: int | None
) -> tuple[list[CallRecord], int | None]:
    """One page of records, newest first, and the `before` of the next (None: this is the last).

    Pages are cut by starting time. Calls that began in the same millisecond as the last of a page are all put on that
    page, so that none falls between two.
    """
    filters = msgspec.structs.asdict(wanted)
    found = await history.calls(limit=limit + 1, before=before, **filters)
    if len(found) <= limit:
        return found, None
    cut = found[limit - 1].started
    if found[limit].started != cut:
        return found[:limit], cut
    filters["since"] = max(cut, wanted.since or 0)
    together = await history.calls(limit=_TIES, before=cut + 1, **filters)
    return [record for record in found if record.started > cut] + together, cut


def _matches(call: CallView, wanted: Filters) -> bool:
    if wanted.outcome not in (None, Outcome.OPEN):
        return False
    if wanted.since is not None and call.started < wanted.since:
        return False
    if wanted.agent is not None and call.agent != wanted.agent:
        return False
    if wanted.queue is not None and call.queue != wanted.queue:
        return False
    if wanted.number is None:
        return True
    digits = "".join(filter(str.isdigit, wanted.number)) or wanted.number
    return call.caller.endswith(digits) or call.called.endswith(digits)
