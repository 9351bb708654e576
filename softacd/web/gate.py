"""The door of the API: an ASGI application around the API that finds out who asks, and lets in nobody unknown.

A program has the token; a WebSocket may carry it as `?token=` or as the subprotocol `bearer.TOKEN`, since browsers
cannot set its headers; it is taken out of the request here, so that nothing behind can log it. A person has a session,
whose secret is in a cookie: what changes anything then needs the CSRF token in a header, and a WebSocket must come from
a page of ours. Only `/healthz` (which then names nothing), signing in, the desk's own files and, when so configured,
`/metrics` are for everybody. What who may do is judged behind it, by `permissions`. Every answer gets the headers a
careful server sends, and what changes or tries to change anything is told to the audit log.
"""

import hmac
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode

import msgspec
import structlog

from softacd.web.access import Access, Verdict
from softacd.web.accounts import Accounts, csrf_token
from softacd.web.asgi import Application, Headers, Message, Receive, Scope, Send
from softacd.web.assets import Assets
from softacd.web.audit import AuditLog
from softacd.web.errors import API_ROOT, ErrorWord, Problem
from softacd.web.principal import MACHINE, PRINCIPAL, WATCH_SESSION

log = structlog.get_logger("softacd.web")

SESSION_COOKIE = "softacd_session"
CSRF_HEADER = b"x-csrf-token"
SECURE = "softacd.secure"
"""Key of the scope that tells whether the browser speaks TLS, to us or to the proxy before us."""
SESSION_SECRET = "softacd.session"  # noqa: S105 - the name of a key
"""Key of the scope with the secret of the session."""
EVENTS_SUBPROTOCOL = "softacd.v1"
_BEARER_SUBPROTOCOL = "bearer."

_HEADERS: Headers = (
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
            "this needs a session or the API's token",
            f'Sign in by POST {API_ROOT}/session, or send the header "Authorization: Bearer TOKEN" with the token of '
            "web.token_file in the configuration.",
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
_CSRF = Problem(
    ErrorWord.FORBIDDEN,
    "the CSRF token of the session is missing or wrong",
    "Send the header X-CSRF-Token with `csrf` of GET /api/v1/session.",
)
_FOREIGN = Problem(
    ErrorWord.FORBIDDEN,
    "this is asked for by a page of another origin",
    "Ask from the desk's own pages; behind a proxy set web.public_url to the address browsers see.",
)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
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
        accounts: Accounts | None = None,
        assets: Assets | None = None,
        audit: AuditLog | None = None,
        public_url: str = "",
    ) -> None:
        self._application = application
        self._access = access
        self._clock = clock
        self._wall = wall
        self._open = {"/healthz": "GET", f"{API_ROOT}/session": "POST"} | ({"/metrics": "GET"} if metrics_open else {})
        self._accounts = accounts
        self._assets = assets
        self._audit = audit
        self._origin = public_url.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket (ASGI 3)."""
        if scope["type"] not in ("http", "websocket"):
            await self._application(scope, receive, send)
            return
        method = scope.get("method", "GET")
        path = scope["path"]
        if self._assets is not None and scope["type"] == "http":
            asset = self._assets.find(method, path, scope["headers"])
            if asset is not None:
                await self._assets.serve(asset, method, scope["headers"], self._with_headers(send, asset.headers))
                return
        send = self._with_headers(send)
        offered = _take_token(scope)
        scope[SECURE] = scope.get("scheme") in ("https", "wss") or self._origin.startswith("https:")
        if path == "/":
            await _refuse(scope, send, HTTPStatus.NOT_FOUND, _NOTHING_HERE)
            return
        source = source_of(scope)
        refusal, retry = self._judge(scope, offered, source)
        watched = self._audit.watch(scope, receive, send) if self._audit is not None and method not in _SAFE else None
        if watched is not None:
            receive, send = watched.receive, watched.send
        try:
            if refusal is not None:
                await _refuse(scope, send, *refusal, retry_after=retry)
            else:
                await self._application(scope, receive, send)
        finally:
            if watched is not None and self._audit is not None:
                self._audit.note(watched)

    def _judge(self, scope: Scope, offered: str | None, source: str) -> tuple[tuple[HTTPStatus, Problem] | None, float]:
        """Find out who asks and put it into the scope; or why he is refused, and the seconds he must wait."""
        path, now = scope["path"], self._clock()
        scope[PRINCIPAL] = None
        if _signs_in(scope):  # there is no session yet to prove it by: the browser tells whose page it is
            headers = dict(scope["headers"])
            if b"origin" in headers and not self._is_ours(headers):
                return (HTTPStatus.FORBIDDEN, _FOREIGN), 0.0
        if offered is None and self._accounts is not None:
            secret = _cookie(scope["headers"], SESSION_COOKIE)
            principal = self._accounts.find(secret) if secret else None
            if principal is not None:
                scope[PRINCIPAL], scope[SESSION_SECRET] = principal, secret
                scope[WATCH_SESSION] = self._accounts.watch
                return self._same_page(scope, secret), 0.0
        if offered is None and scope["type"] == "http" and self._open.get(path) == scope["method"]:
            return None, 0.0
        if offered is None and self._accounts is not None:
            self._access.refused[Verdict.MISSING] += 1
            return _REFUSALS[Verdict.MISSING], 0.0
        verdict = self._access.judge(source, offered, now)
        if verdict is Verdict.ADMITTED:
            scope[PRINCIPAL] = MACHINE
            return None, 0.0
        if verdict is Verdict.WRONG:
            log.warning("wrong API token", source=source, path=path)
        retry = self._access.retry_after(source, now) if verdict is Verdict.TOO_MANY else 0.0
        return _REFUSALS[verdict], retry

    def _same_page(self, scope: Scope, secret: str) -> tuple[HTTPStatus, Problem] | None:
        """Refuse what another site's page has the browser send along with our cookie."""
        headers = dict(scope["headers"])
        if scope["type"] == "websocket":  # RFC 6455 section 10.2: a browser tells the origin of the page
            return None if self._is_ours(headers) else (HTTPStatus.FORBIDDEN, _FOREIGN)
        if scope["method"] in _SAFE or _signs_in(scope):
            return None
        sent = headers.get(CSRF_HEADER, b"")
        return None if hmac.compare_digest(sent, csrf_token(secret).encode()) else (HTTPStatus.FORBIDDEN, _CSRF)

    def _is_ours(self, headers: dict[bytes, bytes]) -> bool:
        """Whether the page that asks is ours: our pages come from where we are asked."""
        origin = headers.get(b"origin", b"").decode("latin-1")
        host = headers.get(b"host", b"").decode("latin-1")
        return bool(origin) and (origin == self._origin or (host != "" and origin.partition("://")[2] == host))

    def _with_headers(self, send: Send, headers: Headers = _HEADERS) -> Send:
        async def with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                # RFC 9110 section 6.6.1: a server that has a clock sends Date
                date = (b"date", formatdate(self._wall(), usegmt=True).encode())
                message["headers"] = [*message.get("headers", ()), *headers, date]
            await send(message)

        return with_headers


def _signs_in(scope: Scope) -> bool:
    return scope.get("method") == "POST" and scope["path"] == f"{API_ROOT}/session"


def source_of(scope: Scope) -> str:
    """The address a request comes from."""
    client = scope.get("client")
    return str(client[0]) if client else "local"


def _cookie(headers: list[tuple[bytes, bytes]], wanted: str) -> str:
    """The value of a cookie (RFC 6265 section 4.2.1), "" when there is none."""
    for name, value in headers:
        if name == b"cookie":
            for pair in value.decode("latin-1").split(";"):
                key, _, content = pair.strip().partition("=")
                if key == wanted:
                    return content
    return ""


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
