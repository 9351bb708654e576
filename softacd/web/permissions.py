"""Who may ask for what: one table over every path and method, and the guard that goes by it.

What stands in no line is for administrators only. An agent's own things are told by the name in the path; a call is an
agent's own while he is in it, and afterwards when he talked in it.
"""

from enum import Enum
from typing import Any

from litestar.connection import ASGIConnection
from litestar.exceptions import PermissionDeniedException
from litestar.handlers import BaseRouteHandler

from softacd.calls.control import Control
from softacd.calls.users import Role
from softacd.web.errors import API_ROOT, DESCRIPTION_PATH
from softacd.web.history import History
from softacd.web.principal import PRINCIPAL, Principal

Connection = ASGIConnection[Any, Any, Any, Any]


class Need(Enum):
    """What it takes to be answered."""

    NOTHING = "nothing"
    """Everybody is."""
    SIGNED_IN = "signed in"
    """Anybody who is known; what he is told may depend on who he is."""
    OWN_AGENT = "own agent"
    """The agent named in the path, or a supervisor."""
    OWN_CALL = "own call"
    """The agent of the call named in the path, or a supervisor."""
    OWN_PHONE = "own phone"
    """The agent who works at the phone named in the path, or a supervisor."""
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


_TABLE: dict[Need, tuple[str, ...]] = {
    Need.NOTHING: (
        "GET /healthz",
        "POST /session",
    ),
    Need.SIGNED_IN: (
        f"GET {DESCRIPTION_PATH.removeprefix(API_ROOT)}",
        "GET ",
        "GET /{path}",
        "GET /session",
        "DELETE /session",
        "GET /session/phone",
        "WEBSOCKET /sip",
        "WEBSOCKET /live",
        "PUT /session/password",
        "PUT /session/language",
        "GET /agents",
        "GET /calls",
        "GET /queues",
        "GET /phones",
        "GET /missed",
        "PUT /missed/{number}/owner",
        "GET /customers",
        "PUT /customers",
        "GET /customers/{number}",
        "GET /customers/{number}/contacts",
        "GET /goods",
        "GET /goods/{sku}",
        "GET /suppliers",
        "POST /goods/{sku}/bookmark",
        "GET /bookmarks",
        "POST /bookmarks/{bookmark}/done",
        "GET /house",
    ),
    Need.OWN_AGENT: (
        "GET /agents/{name}",
        "PUT /agents/{name}/status",
        "POST /agents/{name}/wrap-up/finish",
        "POST /agents/{name}/wrap-up/extend",
        "POST /agents/{name}/sign-on",
        "GET /agents/{name}/times",
    ),
    Need.OWN_CALL: (
        "GET /calls/{call}",
        "POST /calls/{call}/hang-up",
        "POST /calls/{call}/transfer",
        "POST /calls/{call}/topic",
    ),
    Need.OWN_PHONE: (
        "GET /phones/{extension}",
        "PUT /phones/{extension}",
    ),
    Need.SUPERVISOR: (
        "GET /metrics",
        "GET /snapshot",
        "GET /trunks",
        "GET /whatif",
        "GET /events",
        "WEBSOCKET /events",
        "GET /reports/{kind}",
        "GET /reports/agent",
        "GET /reports/status",
        "GET /reports/{kind}/csv",
        "GET /reports/{kind}/xlsx",
        "GET /saved-reports",
        "POST /saved-reports/{name}/mail",
        "GET /ratings",
        "GET /messages",
        "GET /messages/{message}",
        "PUT /messages/{message}/heard",
        "DELETE /messages/{message}",
        "GET /recordings",
        "GET /recordings/{recording}",
        "POST /calls/{call}/recording",
        "POST /calls/{call}/monitor",
        "POST /calls/{call}/move",
        "POST /calls/{call}/take-over",
        "PUT /queues/{name}/closed",
        "PUT /goods",
        "PUT /supplies",
        "POST /supplies/{reference}/receive",
        "GET /blocked",
        "PUT /blocked/{number}",
        "DELETE /blocked/{number}",
        "PUT /house/emergency",
        "PUT /house/hours/{name}",
    ),
    Need.ADMINISTRATOR: (
        "GET /bans",
        "GET /configuration",
        "POST /configuration/proposals",
        "POST /configuration/changes",
        "GET /configuration/versions",
        "GET /configuration/versions/{number}",
        "POST /configuration/versions/{number}/restore",
        "GET /provisioning",
        "POST /provisioning",
        "DELETE /provisioning/{extension}",
        "DELETE /bans/{source}",
        "GET /audit",
        "GET /users",
        "PUT /users/{name}",
        "DELETE /users/{name}",
        "POST /users/{name}/totp",
        "DELETE /users/{name}/totp",
    ),
}
_OUTSIDE = frozenset({"/healthz", "/metrics", "/sip"})


def _key(line: str) -> str:
    method, _, path = line.partition(" ")
    return line if path in _OUTSIDE else f"{method} {API_ROOT}{path}"


PERMISSIONS: dict[str, Need] = {_key(line): need for need, lines in _TABLE.items() for line in lines}
"""`GET /api/v1/agents/{name}` -> what it takes."""


class Permissions:
    """Judges by the table."""

    def __init__(self, control: Control, history: History, *, metrics_open: bool = False) -> None:
        self._control = control
        self._history = history
        self._open = frozenset({"GET /metrics"} if metrics_open else ())

    async def guard(self, connection: Connection, _handler: BaseRouteHandler) -> None:
        """Let the connection pass or raise PermissionDeniedException. A guard of the framework."""
        scope = connection.scope
        method = str(dict(scope).get("method", "WEBSOCKET"))
        route = f"{method} {scope['path_template']}"
        need = PERMISSIONS.get(route, Need.ADMINISTRATOR)
        if method == "OPTIONS":
            need = Need.SIGNED_IN
        if need is Need.NOTHING or route in self._open:
            return
        principal = scope.get(PRINCIPAL)
        if not isinstance(principal, Principal):
            raise PermissionDeniedException("only for who has signed in")
        if principal.may(Role.ADMINISTRATOR) or need is Need.SIGNED_IN:
            return
        if need is Need.ADMINISTRATOR:
            raise PermissionDeniedException("only an administrator may do this")
        if principal.may(Role.SUPERVISOR):
            return
        if need is Need.SUPERVISOR:
            raise PermissionDeniedException("only a supervisor may do this")
        if not await self._owns(principal, need, connection.path_params):
            raise PermissionDeniedException("this is another agent's; only a supervisor may do this")

    async def _owns(self, principal: Principal, need: Need, names: dict[str, Any]) -> bool:
        if not principal.agent:
            return False
        match need:
            case Need.OWN_AGENT:
                return bool(names["name"] == principal.agent)
            case Need.OWN_PHONE:
                return self._control.phone_of(principal.agent) == str(names["extension"])
            case _:
                return await self.owns_call(principal.agent, names["call"])

    async def owns_call(self, agent: str, call: str) -> bool:
        """Whether the agent is in this call, or talked in it."""
        if agent in self._control.agents_of(call):
            return True
        story = await self._history.call(call)
        return story is not None and (
            story.call.agent == agent or any(segment.agent == agent for segment in story.segments)
        )
