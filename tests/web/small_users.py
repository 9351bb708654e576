"""Users in memory behind the real accounts, and a browser that has signed in."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import httpx
import msgspec

from softacd.calls.users import Role, SessionRecord, User
from softacd.web.passwords import hash_password

PASSWORD = "correct battery staple horse"
SIGN_IN = "/api/v1/session"


@cache
def _hashed() -> str:
    return hash_password(PASSWORD)


def a_user(name: str, role: Role, agent: str = "", **fields: Any) -> User:
    return User(name, role, agent, password_hash=_hashed(), **fields)


class SmallUsers:
    """Implements UserStore: an agent each for ann and bob, a supervisor and an administrator."""

    def __init__(self) -> None:
        self.users = {
            user.name: user
            for user in (
                a_user("ann", Role.AGENT, "ann", language="ro"),
                a_user("bob", Role.AGENT, "bob"),
                a_user("clerk", Role.AGENT),
                a_user("eve", Role.SUPERVISOR),
                a_user("root", Role.ADMINISTRATOR),
            )
        }
        self.kept: dict[str, SessionRecord] = {}

    async def all(self) -> list[User]:
        return list(self.users.values())

    async def sessions(self) -> list[SessionRecord]:
        return list(self.kept.values())

    async def put(self, user: User) -> None:
        self.users[user.name] = user

    async def remove(self, name: str) -> None:
        del self.users[name]
        self.kept = {key: session for key, session in self.kept.items() if session.user != name}

    async def begin(self, session: SessionRecord) -> None:
        self.kept[session.key] = session

    async def touch(self, seen: Iterable[tuple[str, int]]) -> None:
        for key, at in seen:
            self.kept[key] = msgspec.structs.replace(self.kept[key], seen=at)

    async def end(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.kept.pop(key, None)


class Browser:
    """A client with a cookie of its own; what changes anything carries the CSRF token."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.session: dict[str, Any] = {}

    async def sign_in(self, name: str, password: str = PASSWORD, **more: Any) -> httpx.Response:
        answer = await self.client.post(SIGN_IN, json={"name": name, "password": password, **more})
        if answer.status_code == 200:
            self.session = answer.json()
        return answer

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"X-CSRF-Token": self.session["csrf"]} if method not in ("GET", "HEAD") and self.session else {}
        return await self.client.request(method, path, headers=headers | options.pop("headers", {}), **options)
