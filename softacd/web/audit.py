"""The audit log: whatever changes anything, or was refused, with who asked for it and what exactly.

Bodies are kept as JSON without secrets, the long ones cut; what is no JSON is not kept.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from softacd.calls.users import AuditEntry
from softacd.web.asgi import Message, Receive, Scope, Send
from softacd.web.principal import PRINCIPAL, Principal

MOST_DETAIL = 1000
"""Characters kept of what was asked."""
MOST_BODY = 16 * 1024
"""Octets of a body that are looked at; of a longer one only its length is kept."""
_SECRET = frozenset({"password", "old", "new", "code", "secret", "token", "pin", "ha1"})
_HIDDEN = "***"
ACT = "softacd.act"
"""Key of the scope under which a handler names its act better than by its path."""
ACTOR = "softacd.actor"
"""Key of the scope under which signing in tells who it was about."""


class Watched:
    """One request on its way: its body as it is read, its status as it is answered."""

    __slots__ = ("_body", "_length", "_receive", "_send", "scope", "status")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.status = 0
        self._receive = receive
        self._send = send
        self._body: list[bytes] = []
        self._length = 0

    async def receive(self) -> Message:
        """Pass on, and keep."""
        message = await self._receive()
        if message["type"] == "http.request":
            body = message.get("body", b"")
            self._length += len(body)
            if self._length <= MOST_BODY:
                self._body.append(body)
        return message

    async def send(self, message: Message) -> None:
        """Pass on, and remember the status."""
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
        await self._send(message)

    def detail(self) -> str:
        """What was asked, without secrets."""
        if self._length > MOST_BODY:
            return f"{self._length} octets"
        try:
            asked = msgspec.json.decode(b"".join(self._body))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ""
        return msgspec.json.encode(_without_secrets(asked)).decode()[:MOST_DETAIL]


class AuditLog:
    """Hands entries to `write`. `wall` gives ms since 1970."""

    def __init__(self, write: Callable[[AuditEntry], None], wall: Callable[[], int]) -> None:
        self._write = write
        self._wall = wall

    def watch(self, scope: Scope, receive: Receive, send: Send) -> Watched:
        """Follow a request."""
        return Watched(scope, receive, send)

    def note(self, watched: Watched) -> None:
        """Keep what became of it. What nobody known asked for is kept only where somebody tried to sign in."""
        scope = watched.scope
        principal = scope.get(PRINCIPAL)
        template = scope.get("path_template") or scope["path"]
        act = scope.get(ACT) or f"{scope['method']} {template}"
        known = isinstance(principal, Principal)
        if not known and ACT not in scope:
            return
        client = scope.get("client")
        self._write(
            AuditEntry(
                at=self._wall(),
                user=principal.name if isinstance(principal, Principal) else str(scope.get(ACTOR, ""))[:100],
                role=principal.role.value if isinstance(principal, Principal) else "",
                source=str(client[0]) if client else "local",
                act=act,
                target=scope["path"][:200],
                status=watched.status,
                detail=watched.detail() if known else "",
            )
        )


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _HIDDEN if str(key).lower() in _SECRET and inner else _without_secrets(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_without_secrets(inner) for inner in value]
    return value
