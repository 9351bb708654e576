"""What a customer's contacts were about, over HTTP: saying the topic of a call, and the history of a customer."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.exceptions import PermissionDeniedException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from softacd.calls.control import Control, UnknownNameError
from softacd.calls.customers import Customers
from softacd.calls.records import CallRecord, Direction, Outcome
from softacd.calls.users import Role
from softacd.web.customers import Number
from softacd.web.errors import API_ROOT
from softacd.web.history import History
from softacd.web.parameters import Before, CallId, Limit
from softacd.web.principal import principal_of

Asking = Request[Any, Any, Any]


class TopicRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why somebody called."""

    topic: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    """A topic of the call's queue."""
    agent: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    """Who says so; left out: the agent of the call."""


class TopicAnswer(msgspec.Struct, frozen=True):
    """What was said of a call."""

    call: str
    """The call's id."""
    topic: str
    """The reason of contact."""
    agent: str
    """Who said so; empty: not an agent."""


class Contact(msgspec.Struct, frozen=True):
    """One call with a customer."""

    call: str
    """The call's id."""
    at: int
    """When it began, ms since 1970-01-01 UTC."""
    direction: Direction
    """Who called whom, seen from the house."""
    number: str
    """The number the customer used or was called at."""
    queue: str
    """The queue; empty: none."""
    topic: str
    """Reason of contact; empty: not said."""
    agents: tuple[str, ...]
    """Who talked to the customer, in order."""
    outcome: Outcome
    """How it ended."""
    wait_ms: int
    """How long the customer waited."""
    talk_ms: int
    """How long they talked."""


class ContactPage(msgspec.Struct, frozen=True):
    """Contacts with a customer, newest first."""

    numbers: tuple[str, ...]
    """The customer's numbers, or the one that was asked for."""
    contacts: list[Contact]
    """The contacts."""
    next: int | None
    """`before` of the next page; null on the last one."""


def topic_handlers(control: Control, history: History) -> list[HTTPRouteHandler]:
    """The path of a call's topic."""

    @post(f"{API_ROOT}/calls/{{call:str}}/topic", tags=["calls"], summary="Say why somebody called", status_code=200)
    async def topic(request: Asking, call: CallId, data: JSONBody[TopicRequest]) -> TopicAnswer:
        """Set the reason of contact, during the call or at any time after it; said again, the newest counts.

        404 when there is no such call, 409 when its queue has no such topic.
        """
        living = next((view for view in control.snapshot().calls if view.id == call), None)
        if living is not None:
            name, queue, agent = living.id, living.queue, living.agent
        else:
            remembered = await history.call(call)
            if remembered is None:
                raise UnknownNameError(f"there is no call {call!r}")
            name, queue, agent = remembered.call.id, remembered.call.queue, remembered.call.agent
        principal = principal_of(request.scope)
        if not principal.may(Role.SUPERVISOR):
            agent = principal.agent
            if data.agent not in (None, agent):
                raise PermissionDeniedException("only a supervisor may say it for another agent")
        said_by = agent if data.agent is None else data.agent
        control.set_topic(name, queue, data.topic, said_by)
        return TopicAnswer(name, data.topic, said_by)

    return [topic]


def contact_handlers(customers: Customers, history: History) -> list[HTTPRouteHandler]:
    """The path of a customer's history."""

    @get(f"{API_ROOT}/customers/{{number:str}}/contacts", tags=["customers"], summary="The history of a customer")
    async def contacts(number: Number, limit: Limit = 50, before: Before = None) -> ContactPage:
        """Return the calls with whose number this is, by any of the customer's numbers; 400 when it is no number."""
        found = await customers.find(number)
        numbers = found.customer.numbers if found.customer is not None else (found.number,)
        calls: dict[str, tuple[str, CallRecord]] = {}
        for one in numbers:
            for record in await history.calls(number=one, limit=limit + 1, before=before):
                if record.direction is not Direction.INTERNAL:
                    calls.setdefault(record.id, (one, record))
        newest = sorted(calls.values(), key=lambda entry: (-entry[1].started, entry[1].id))
        page = newest[:limit]
        more = len(newest) > limit
        return ContactPage(
            tuple(numbers),
            [await _contact(history, one, record) for one, record in page],
            page[-1][1].started if more else None,
        )

    return [contacts]


async def _contact(history: History, number: str, record: CallRecord) -> Contact:
    agents: tuple[str, ...] = (record.agent,) if record.agent else ()
    if record.connected:
        story = await history.call(record.id)
        talked = [segment.agent for segment in story.segments if segment.agent] if story is not None else []
        agents = tuple(dict.fromkeys(talked)) or agents
    return Contact(
        call=record.id,
        at=record.started,
        direction=record.direction,
        number=number,
        queue=record.queue,
        topic=record.topic,
        agents=agents,
        outcome=record.outcome,
        wait_ms=record.wait_ms,
        talk_ms=record.talk_ms,
    )
