"""The API's description of itself (OpenAPI 3.1): what the framework finds in the handlers, made complete.

Added here: what every field means, every refusal a path can answer with, and how the token is given. No page that
would load anything from elsewhere is served.
"""

from http import HTTPStatus
from typing import Any, get_args

import msgspec
from litestar import Litestar, Request, Response, Router
from litestar.enums import MediaType, OpenAPIMediaType
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme, Tag

from softacd.acd.explain import Standing
from softacd.calls import agent_times, records, views, whatif_answer
from softacd.calls import customers as customer_records
from softacd.calls import goods as goods_records
from softacd.calls import missed as missed_records
from softacd.calls import reports as report_records
from softacd.calls import users as user_records
from softacd.calls.control import Check
from softacd.web import (
    administration,
    agents,
    calls,
    configuration,
    contacts,
    customers,
    events,
    feed,
    goods,
    house,
    messages,
    missed,
    overview,
    phones,
    ratings,
    recordings,
    saved_reports,
    session,
    tickets,
    users,
)
from softacd.web.errors import API_ROOT, DESCRIPTION_PATH, ErrorWord, Problem
from softacd.web.feed import Heartbeat, LiveEvent, SnapshotPushed
from softacd.web.field_texts import describe_field
from softacd.web.gate import SESSION_COOKIE

_REFERENCE = "#/components/schemas/{name}"
_PROBLEM = {"$ref": _REFERENCE.format(name=Problem.__name__)}
_METHODS = frozenset({"get", "put", "post", "delete"})
_ALWAYS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.INTERNAL_SERVER_ERROR)
_REASONS = {
    HTTPStatus.BAD_REQUEST: "A parameter or the body is wrong; `detail` names it.",
    HTTPStatus.UNAUTHORIZED: "No session and no token, or not the right one.",
    HTTPStatus.FORBIDDEN: "Not for this role, or another agent's; or the CSRF token of the session is missing.",
    HTTPStatus.NOT_FOUND: "There is nothing of this name.",
    HTTPStatus.CONFLICT: "Not possible in the state it is in.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many wrong tokens or passwords; Retry-After says when to come again.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "The program failed while answering.",
    HTTPStatus.SERVICE_UNAVAILABLE: "No token is configured, or the database does not answer.",
}
_CAN_CONFLICT = frozenset(
    {
        "/api/v1/agents/{name}/wrap-up/finish",
        "/api/v1/agents/{name}/wrap-up/extend",
        "/api/v1/calls/{call}/transfer",
        "/api/v1/provisioning",
        "/api/v1/configuration/changes",
        "/api/v1/configuration/proposals",
        "/api/v1/configuration/versions/{number}/restore",
        "/api/v1/calls/{call}/topic",
        "/api/v1/calls/{call}/recording",
        "/api/v1/calls/{call}/monitor",
        "/api/v1/calls/{call}/move",
        "/api/v1/calls/{call}/take-over",
        "/api/v1/recordings/{recording}",
        "/api/v1/phones/{extension}",
        "/api/v1/supplies/{reference}/receive",
        "/api/v1/session/password",
        "/api/v1/users/{name}",
    }
)
_CONFLICT_WHEN_READ = frozenset({"/api/v1/recordings/{recording}"})
_OPEN = frozenset({"/healthz"})

_TYPES: dict[str, type[msgspec.Struct]] = {
    name: type_
    for module in (
        records,
        views,
        whatif_answer,
        customer_records,
        goods_records,
        agents,
        calls,
        configuration,
        contacts,
        customers,
        missed_records,
        report_records,
        agent_times,
        administration,
        missed,
        events,
        feed,
        goods,
        overview,
        house,
        phones,
        recordings,
        messages,
        ratings,
        session,
        users,
        user_records,
        saved_reports,
        tickets,
    )
    for name, type_ in vars(module).items()
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct)
} | {"Problem": Problem, "Check": Check, "Standing": Standing}


class Description(OpenAPIRenderPlugin):
    """Serves the completed description, and none of the framework's pages: those load scripts from elsewhere."""

    def __init__(self) -> None:
        super().__init__(path=DESCRIPTION_PATH.removeprefix(API_ROOT), media_type=OpenAPIMediaType.OPENAPI_JSON)
        self.body = b""
        """The document, once made."""

    def make(self, application: Litestar) -> None:
        """Make the document now: it takes tens of milliseconds, which a switch has at its start and not later."""
        self.body = describe(application)

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Return the document."""
        return self.body


async def _answer_as_json(response: Response[Any]) -> Response[Any]:
    """The framework puts a page of HTML beside the description for paths there are not; ours are Problems."""
    if response.status_code != HTTPStatus.NOT_FOUND:
        return response
    problem = Problem(ErrorWord.NOT_FOUND, "there is nothing at this path", f"{DESCRIPTION_PATH} describes every path.")
    return Response(problem, status_code=HTTPStatus.NOT_FOUND, media_type=MediaType.JSON)


def openapi_config(version: str, description: Description) -> OpenAPIConfig:
    """How the framework begins its description, and where `description` serves what became of it."""
    return OpenAPIConfig(
        title="softacd",
        version=version,
        description=(
            "Watch and steer a softacd switch. Every time is in milliseconds since 1970-01-01 UTC unless it says "
            "otherwise; every answer with a status of 400 or more is a Problem. `/api/v1/events` is also a WebSocket."
        ),
        tags=[
            Tag("overview", "The switch now."),
            Tag("calls", "Calls that live, that were and that were missed."),
            Tag("agents", "People and what they may be set to."),
            Tag("house", "Opening hours closed by hand, and the emergency mode."),
            Tag("phones", "Phones, and what their users chose."),
            Tag("customers", "Who calls, and who is not served."),
            Tag("goods", "What the shop sells, what comes when, and promises to call back."),
            Tag("security", "Sources of unwanted messages."),
            Tag("recordings", "What was recorded, and supervisors in conversations."),
            Tag("reports", "What was offered, answered and lost, and what agents did."),
            Tag("messages", "What callers left in mailboxes."),
            Tag("configuration", "What the owner decided: to see and to change."),
            Tag("events", "The live stream."),
            Tag("session", "Signing in, and what one may change of oneself."),
            Tag("users", "Who may sign in, and what was done."),
            Tag("operation", "Health and figures for who runs the program."),
        ],
        components=Components(
            security_schemes={
                "token": SecurityScheme(type="http", scheme="bearer", description="web.token_file's content."),
                "session": SecurityScheme(
                    type="apiKey",
                    security_scheme_in="cookie",
                    name=SESSION_COOKIE,
                    description="The cookie of a session; what changes anything needs X-CSRF-Token beside it.",
                ),
            }
        ),
        security=[{"token": []}, {"session": []}],
        use_handler_docstrings=True,
        render_plugins=(description,),
        openapi_router=Router(API_ROOT, route_handlers=(), include_in_schema=False, after_request=_answer_as_json),
    )


def describe(application: Litestar) -> bytes:
    """The whole description as JSON."""
    document: dict[str, Any] = application.openapi_schema.to_schema()
    schemas = document["components"]["schemas"]
    for name, schema in _schemas(Problem, SnapshotPushed, Heartbeat).items():
        schemas.setdefault(name, schema)
    # OpenAPI has no word for a WebSocket; the messages are described all the same
    messages = [{"$ref": _REFERENCE.format(name=type_.__name__)} for type_ in get_args(LiveEvent)]
    document["paths"][f"{API_ROOT}/events"]["x-websocket"] = {"messages": {"oneOf": messages}}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method in _METHODS:
                _complete(path, method, operation)
    for name, schema in schemas.items():
        type_ = _TYPES.get(name)
        if type_ is None:
            continue
        schema.setdefault("description", " ".join((type_.__doc__ or "").split()))
        for field, property_ in schema.get("properties", {}).items():
            if "description" not in property_:
                property_["description"] = describe_field(type_, field)
    return msgspec.json.encode(document)


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Give an operation every refusal it can answer with."""
    answers = operation["responses"]
    statuses = list(_ALWAYS)
    if operation.get("parameters") or operation.get("requestBody"):
        statuses.append(HTTPStatus.BAD_REQUEST)
    if "{" in path:
        statuses.append(HTTPStatus.NOT_FOUND)
    if path in _CAN_CONFLICT and (method != "get" or path in _CONFLICT_WHEN_READ):
        statuses.append(HTTPStatus.CONFLICT)
    if path in _OPEN:
        operation["security"] = [{}, {"token": []}]
    elif (method, path) == ("post", f"{API_ROOT}/session"):
        operation["security"] = [{}]
        statuses.append(HTTPStatus.SERVICE_UNAVAILABLE)
    else:
        if path.startswith(f"{API_ROOT}/session"):
            operation["security"] = [{"session": []}]
        statuses += (HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE)
    for status in statuses:
        answers[str(int(status))] = {
            "description": _REASONS[status],
            "content": {"application/json": {"schema": _PROBLEM}},
        }
    operation["responses"] = dict(sorted(answers.items()))


def _schemas(*types: type) -> dict[str, Any]:
    """Schemas of types no handler's signature names, and of what they refer to."""
    return msgspec.json.schema_components(types, ref_template=_REFERENCE)[1]
