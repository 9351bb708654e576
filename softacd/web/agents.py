"""Agents over HTTP: how they are, and what a supervisor or their own desk may set."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from softacd.acd.vocabulary import Status
from softacd.calls.agent_times import AgentTimes, add_up
from softacd.calls.control import Control, UnknownNameError
from softacd.calls.users import Role
from softacd.calls.views import AgentView
from softacd.web.errors import API_ROOT
from softacd.web.history import History
from softacd.web.parameters import AgentName, TimesBefore, TimesSince
from softacd.web.principal import Principal, principal_of

DAY = 86_400_000
"""Milliseconds."""
Asking = Request[Any, Any, Any]
_AGENT = f"{API_ROOT}/agents/{{name:str}}"


class StatusRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A status an agent is set to."""

    status: Status
    """The status."""
    reason: Annotated[str, msgspec.Meta(max_length=100)] = ""
    """Why, in a word ("doctor"); shown beside the status."""


class SignOnRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where an agent sits down."""

    phone: Annotated[str, msgspec.Meta(min_length=1, max_length=10)]
    """Extension of the phone."""


class ExtendRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """More wrap-up."""

    seconds: Annotated[float, msgspec.Meta(gt=0, le=3600)]
    """Seconds added to the end of the wrap-up, at most an hour."""


def as_told(view: AgentView, principal: Principal) -> AgentView:
    """An agent as somebody may see him: colleagues see how he is and since when, not whom he talks to or why not."""
    if view.name == principal.agent or principal.may(Role.SUPERVISOR):
        return view
    return colleague(view)


def colleague(view: AgentView) -> AgentView:
    """An agent as his colleagues see him."""
    return msgspec.structs.replace(view, reason="", call="", answered_today=0, topic_owed="")


def agent_handlers(control: Control, history: History) -> list[HTTPRouteHandler]:
    """The paths under /agents. Each answers with the agent as it is afterwards."""

    def view(name: str) -> AgentView:
        for agent in control.snapshot().agents:
            if agent.name == name:
                return agent
        raise UnknownNameError(f"there is no agent {name!r}")

    @get(f"{API_ROOT}/agents", tags=["agents"], summary="All agents")
    async def agents(request: Asking) -> tuple[AgentView, ...]:
        """Return every configured agent, logged in or not; an agent is told less of his colleagues."""
        principal = principal_of(request.scope)
        return tuple(as_told(view, principal) for view in control.snapshot().agents)

    @get(_AGENT, tags=["agents"], summary="One agent")
    async def agent(name: AgentName) -> AgentView:
        """Return one agent. 404 when there is none of this name."""
        return view(name)

    @put(f"{_AGENT}/status", tags=["agents"], summary="Set an agent's status")
    async def set_status(name: AgentName, data: JSONBody[StatusRequest]) -> AgentView:
        """Set the status as if the agent had chosen it; a call in progress goes on. 409 for a reason there is not."""
        control.set_status(name, data.status, data.reason)
        return view(name)

    @post(f"{_AGENT}/sign-on", tags=["agents"], summary="Seat an agent at a phone", status_code=200)
    async def sign_on(name: AgentName, data: JSONBody[SignOnRequest]) -> AgentView:
        """Have the agent's calls ring at this phone until logged out, and make him available.

        409 while he rings or talks elsewhere, or when another agent who is logged in sits there.
        """
        control.sign_on(name, data.phone)
        return view(name)

    @post(f"{_AGENT}/wrap-up/finish", tags=["agents"], summary="End an agent's wrap-up now", status_code=200)
    async def finish_wrap_up(name: AgentName) -> AgentView:
        """Make the agent free for the next caller. 409 when the agent is not in wrap-up."""
        control.finish_wrap_up(name)
        return view(name)

    @post(f"{_AGENT}/wrap-up/extend", tags=["agents"], summary="Give an agent more wrap-up", status_code=200)
    async def extend_wrap_up(name: AgentName, data: JSONBody[ExtendRequest]) -> AgentView:
        """Move the end of the wrap-up. 409 when the agent is not in wrap-up."""
        control.extend_wrap_up(name, data.seconds)
        return view(name)

    @get(f"{_AGENT}/times", tags=["agents"], summary="How an agent spent the time")
    async def times(name: AgentName, since: TimesSince = None, before: TimesBefore = None) -> AgentTimes:
        """Return the sums by status and reason, the present status among them; the last 24 hours unless asked else."""
        now = control.snapshot().at
        until = now + 1 if before is None else before
        begin = max(0, until - DAY) if since is None else since
        present = control.account(name)
        rows = await history.agent_times(agent=name, since=begin, before=until)
        if present is not None and begin <= present.started < until:
            rows.append(present)
        return add_up(name, rows, since=begin, before=until)

    return [times, agents, agent, set_status, sign_on, finish_wrap_up, extend_wrap_up]
