"""Two ways to the users of the desk: the API of the switch that runs, or the database itself when none does."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar
from urllib.parse import quote

import msgspec

from softacd.calls.control import NotPossibleError, UnknownNameError
from softacd.calls.users import AuditEntry, Role
from softacd.ops.api_client import ApiClient, ApiError, served_at
from softacd.ops.customers_access import AccessError
from softacd.ops.model import Configuration
from softacd.store.errors import StoreError
from softacd.store.users import open_users as open_users_of
from softacd.web.accounts import Accounts
from softacd.web.passwords import new_totp_secret, totp_address
from softacd.web.users import SecondFactor, UserView, view

R = TypeVar("R")


class UserAccess(Protocol):
    """The users, wherever they are. Everything raises AccessError."""

    def users(self) -> list[UserView]:
        """Everybody."""

    def put(self, name: str, role: Role | None, agent: str | None, language: str | None, password: str | None) -> None:
        """Create or change."""

    def remove(self, name: str) -> None:
        """Forget."""

    def give_second_factor(self, name: str) -> SecondFactor:
        """Make a new secret."""

    def take_second_factor(self, name: str) -> None:
        """Let the password be enough."""


class DatabaseAccess:
    """The database of a switch that does not run; what is done is in the audit log as of the command line."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    def users(self) -> list[UserView]:
        async def ask(accounts: Accounts) -> list[UserView]:
            return [view(user) for user in accounts.users()]

        return self._with(ask)

    def put(self, name: str, role: Role | None, agent: str | None, language: str | None, password: str | None) -> None:
        async def ask(accounts: Accounts) -> None:
            await accounts.put(name, role=role, agent=agent, language=language, password=password)

        changed = {"role": role, "agent": agent, "language": language}
        self._with(ask, "put user", name, {key: value for key, value in changed.items() if value is not None})

    def remove(self, name: str) -> None:
        async def ask(accounts: Accounts) -> None:
            await accounts.remove(name)

        self._with(ask, "remove user", name)

    def give_second_factor(self, name: str) -> SecondFactor:
        secret = new_totp_secret()

        async def ask(accounts: Accounts) -> SecondFactor:
            await accounts.set_totp(name, secret)
            return SecondFactor(secret, totp_address(secret, name, self._configuration.server.name))

        return self._with(ask, "give second factor", name)

    def take_second_factor(self, name: str) -> None:
        async def ask(accounts: Accounts) -> None:
            await accounts.set_totp(name, "")

        self._with(ask, "take second factor", name)

    def _with(
        self, work: Callable[[Accounts], Awaitable[R]], act: str = "", target: str = "", detail: object = None
    ) -> R:
        async def run() -> R:
            async with open_users_of(self._configuration.store.url, self._configuration.server.node) as table:
                accounts = Accounts(table, wall=_wall, clock=time.monotonic)
                try:
                    await accounts.load()
                    answer = await work(accounts)
                finally:
                    accounts.close()
                if act:
                    told = msgspec.json.encode(detail).decode() if detail else ""
                    await table.note(AuditEntry(_wall(), "command line", "", "", act, target, 200, told))
                return answer

        try:
            return asyncio.run(run())
        except (UnknownNameError, NotPossibleError) as error:
            raise AccessError(str(error.args[0])) from error


class ApiAccess:
    """The API of a switch that runs."""

    def __init__(self, configuration: Configuration) -> None:
        url = served_at(configuration.web.address())
        if not configuration.web.token:
            raise AccessError(f"softacd runs, but its API has no token: set web.token_file, or stop it ({url})")
        try:
            self._client = ApiClient(url, configuration.web.token, timeout=30.0)
        except ApiError as error:
            raise AccessError(str(error)) from error

    def users(self) -> list[UserView]:
        return msgspec.json.decode(self._send("GET", "/api/v1/users"), type=list[UserView])

    def put(self, name: str, role: Role | None, agent: str | None, language: str | None, password: str | None) -> None:
        asked = {"role": role, "agent": agent, "language": language, "password": password}
        self._send("PUT", _path(name), {key: value for key, value in asked.items() if value is not None})

    def remove(self, name: str) -> None:
        self._send("DELETE", _path(name))

    def give_second_factor(self, name: str) -> SecondFactor:
        return msgspec.json.decode(self._send("POST", f"{_path(name)}/totp"), type=SecondFactor)

    def take_second_factor(self, name: str) -> None:
        self._send("DELETE", f"{_path(name)}/totp")

    def _send(self, method: str, path: str, body: object = None) -> bytes:
        try:
            return self._client.send(method, path, b"" if body is None else msgspec.json.encode(body))
        except ApiError as error:
            raise AccessError(str(error)) from error


def _wall() -> int:
    return time.time_ns() // 1_000_000


def _path(name: str) -> str:
    return f"/api/v1/users/{quote(name, safe='')}"


def open_users(configuration: Configuration) -> UserAccess:
    """The database when no switch works with it, else the API of the one that does. Raises AccessError."""
    access = DatabaseAccess(configuration)
    try:
        access.users()
    except StoreError as error:
        if not error.in_use:
            raise AccessError(str(error)) from error
        return ApiAccess(configuration)
    return access
