"""The door of the API: an ASGI application around the API that lets in only who has the token.

Everything needs the token but `/healthz` (which then names nothing), `/` and, when so configured, `/metrics`. A
WebSocket may carry it as `?token=` or as the subprotocol `bearer.TOKEN`, since browsers cannot set its headers; it is
taken out of the request here, so that nothing behind can log it. Every answer gets the headers a careful server sends.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
import structlog

from softacd.web.access import Access, Verdict
from softacd.web.errors import API_ROOT, ErrorWord, Problem

log = structlog.get_logger("softacd.web")

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

AUTHORISED = "softacd.authorised"
"""Key of the scope that tells the application behind whether the caller has the token."""
EVENTS_SUBPROTOCOL = "softacd.v1"
_BEARER_SUBPROTOCOL = "bearer."

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)

_REFUSALS: dict[Verdict, tuple[HTTPStatus, Problem]] = {
    Verdict.CLOSED: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        Problem(
            ErrorWord.CLOSED,
            "the API is closed: no token is configured",
            "Name a file that holds a long random token in web.token_file of the configuration and start again.",
        ),
    ),
    Verdict.MISSING: (
        HTTPStatus.UNAUTHORIZED,
        Problem(
            ErrorWord.UNAUTHORISED,
            "this needs the API's token",
            'Send the header "Authorization: Bearer TOKEN" with the token of web.token_file in the configuration.',
        ),
    ),
    Verdict.WRONG: (
        HTTPStatus.UNAUTHORIZED,
        Problem(
            ErrorWord.UNAUTHORISED,
            "the token is not the API's",
            "Compare it with web.token_file, web.token_env or web.token in the configuration of the running switch.",
        ),
    ),
    Verdict.TOO_MANY: (
        HTTPStatus.TOO_MANY_REQUESTS,
        Problem(
            ErrorWord.TOO_MANY,
            "too many wrong tokens came from this address",
            "Wait as long as Retry-After says, then send the right one.",
        ),
    ),
}
_NOTHING_HERE = Problem(
    ErrorWord.NOT_FOUND, "there is no page here", f"The API begins at {API_ROOT}; {API_ROOT}/openapi.json describes it."
)


class Gate:
    """Wraps `application`. `clock` is monotonic seconds, `wall` seconds since 1970."""

    def __init__(
        self,
        application: Application,
        access: Access,
        *,
        clock: Callable[[], float],
        wall: Callable[[], float],
        metrics_open: bool = False,
    ) -> None:
        self._application = application
        self._access = access
        self._clock = clock
        self._wall = wall
        self._open = frozenset({"/healthz", "/metrics"} if metrics_open else {"/healthz"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket (ASGI 3)."""
        if scope["type"] not in ("http", "websocket"):
            await self._application(scope, receive, send)
            return
        send = self._with_headers(send)
        offered = _take_token(scope)
        if scope["path"] == "/":
            await _refuse(scope, send, HTTPStatus.NOT_FOUND, _NOTHING_HERE)
            return
        client = scope.get("client")
        source = str(client[0]) if client else "local"
        now = self._clock()
        verdict = self._access.judge(source, offered, now)
        if verdict is Verdict.ADMITTED:
            scope[AUTHORISED] = True
        elif scope["path"] in self._open and verdict in (Verdict.MISSING, Verdict.CLOSED):
            scope[AUTHORISED] = False
        else:
            if verdict is Verdict.WRONG:
                log.warning("wrong API token", source=source, path=scope["path"])
            retry = self._access.retry_after(source, now) if verdict is Verdict.TOO_MANY else 0.0
            await _refuse(scope, send, *_REFUSALS[verdict], retry_after=retry)
            return
        await self._application(scope, receive, send)

    def _with_headers(self, send: Send) -> Send:
        async def with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                # RFC 9110 section 6.6.1: a server that has a clock sends Date
                date = (b"date", formatdate(self._wall(), usegmt=True).encode())
                message["headers"] = [*message.get("headers", ()), *_HEADERS, date]
            await send(message)

        return with_headers


def _take_token(scope: Scope) -> str | None:
    """The token a request carries; it and its traces are removed from the scope. RFC 6750 section 2.1."""
    offered: str | None = None
    headers = []
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            offered = token.strip() if scheme.lower() == "bearer" else ""
        else:
            headers.append((name, value))
    scope["headers"] = headers
    if scope["type"] != "websocket":
        return offered
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    for name, value in query:
        if name == "token":
            offered = value
    scope["query_string"] = urlencode([pair for pair in query if pair[0] != "token"]).encode()
    subprotocols = scope.get("subprotocols", ())
    for name in subprotocols:
        if name.startswith(_BEARER_SUBPROTOCOL):
            offered = name.removeprefix(_BEARER_SUBPROTOCOL)
    scope["subprotocols"] = [name for name in subprotocols if not name.startswith(_BEARER_SUBPROTOCOL)]
    return offered


async def _refuse(scope: Scope, send: Send, status: HTTPStatus, problem: Problem, *, retry_after: float = 0.0) -> None:
    """Answer with a status and the problem as JSON; a WebSocket is answered so before its handshake is over."""
    body = msgspec.json.encode(problem)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == HTTPStatus.UNAUTHORIZED:
        headers.append((b"www-authenticate", b'Bearer realm="softacd"'))
    if retry_after > 0:
        headers.append((b"retry-after", str(int(retry_after) + 1).encode()))
    kind = "http.response" if scope["type"] == "http" else "websocket.http.response"
    await send({"type": f"{kind}.start", "status": int(status), "headers": headers})
    await send({"type": f"{kind}.body", "body": body, "more_body": False})
