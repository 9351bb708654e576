"""Missed callers over HTTP: the list to call back, and who takes care of whom."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, put
from litestar.exceptions import PermissionDeniedException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter

from softacd.calls.control import Control, UnknownNameError
from softacd.calls.missed import MissedCaller
from softacd.calls.users import Role
from softacd.calls.views import Snapshot
from softacd.web.errors import API_ROOT
from softacd.web.history import History
from softacd.web.parameters import Queue
from softacd.web.principal import principal_of

Asking = Request[Any, Any, Any]
Caller = Annotated[str, PathParameter(description="The caller's number, as the list has it.")]


class MissedList(msgspec.Struct, frozen=True):
    """Whom nobody has reached yet, who called last first."""

    callers: list[MissedCaller]
    """A row for each caller."""
    value: float
    """What all of them are worth together, each counted once."""
    currency: str
    """Of every value (ISO 4217); empty: not said."""


class OwnerRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who takes care of a caller."""

    owner: Annotated[str, msgspec.Meta(max_length=64)]
    """Name of an agent; empty: nobody."""


def missed_handlers(control: Control, history: History) -> list[HTTPRouteHandler]:
    """The paths under /missed."""

    @get(f"{API_ROOT}/missed", tags=["calls"], summary="Missed callers nobody has reached yet")
    async def missed(queue: Queue = None) -> MissedList:
        """Return a row for each caller who has not been called back and has not got through since."""
        return priced(await history.missed_callers(queue=queue), control.snapshot())

    @put(f"{API_ROOT}/missed/{{number:str}}/owner", tags=["calls"], summary="Have an agent call a missed caller back")
    async def own(request: Asking, number: Caller, data: JSONBody[OwnerRequest]) -> MissedCaller:
        """Set who takes care of a missed caller; in force until he is reached. 404: no such caller, no such agent.

        An agent may take a caller nobody cares for, and give back his own.
        """
        principal = principal_of(request.scope)
        row = next((row for row in await history.missed_callers() if row.number == number), None)
        if row is None:
            raise UnknownNameError(f"no missed call of {number!r} is open")
        if not principal.may(Role.SUPERVISOR) and {data.owner, row.owner} - {"", principal.agent}:
            raise PermissionDeniedException("only a supervisor may do this for another agent")
        control.own_missed(row.number, data.owner)
        return msgspec.structs.replace(priced([row], control.snapshot()).callers[0], owner=data.owner, assigned=True)

    return [missed, own]


def priced(callers: list[MissedCaller], snapshot: Snapshot) -> MissedList:
    """The rows with what each is worth: the most any of the queues the caller was missed in says."""
    worth = {queue.name: queue.missed_value for queue in snapshot.queues}
    rows = [
        msgspec.structs.replace(row, value=max(worth.get(queue, snapshot.missed_value) for queue in row.queues))
        for row in callers
    ]
    return MissedList(rows, sum(row.value for row in rows), snapshot.currency)
