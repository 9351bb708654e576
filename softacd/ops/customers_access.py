"""Two ways to the customer base: through the API of the switch that has it open, or the file itself when none has."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import quote

import msgspec

from softacd.calls.customers import Block, Customer, Found, NotANumberError, PutReport
from softacd.crm.base import CustomerBase
from softacd.crm.errors import CustomerBaseError
from softacd.crm.numbers import canonical
from softacd.ops.api_client import ApiClient, ApiError, served_at
from softacd.ops.customer_desk import FILE
from softacd.ops.model import Configuration

PAGE = 1000
R = TypeVar("R")


class AccessError(Exception):
    """What was asked cannot be done; the text says why and what to do."""


class Access(Protocol):
    """The customer base, wherever it is. Everything raises AccessError."""

    where: str

    def put(self, customers: list[Customer]) -> PutReport:
        """Create or change."""

    def find(self, number: str) -> Found:
        """What is known of a number."""

    def customers(self) -> Iterator[Customer]:
        """Everybody."""

    def blocks(self) -> list[Block]:
        """The blacklist."""

    def block(self, number: str, until: int, reason: str) -> Block:
        """Serve a number no longer."""

    def unblock(self, number: str) -> Block | None:
        """Serve a number again; None when it was not blocked."""

    def close(self) -> None:
        """Let go."""


class FileAccess:
    """The file of a switch that does not run. Raises CustomerBaseError when it cannot be opened."""

    def __init__(self, configuration: Configuration, wall: Callable[[], int]) -> None:
        path = Path(configuration.server.data_directory) / FILE
        self.where = str(path)
        self._base = CustomerBase(path, wall)
        self._settings = configuration.customers
        self._agents = {agent.name for agent in configuration.agents}

    def put(self, customers: list[Customer]) -> PutReport:
        return self._try(lambda: self._base.put(customers, self._settings, self._agents)[0])

    def find(self, number: str) -> Found:
        return self._try(lambda: self._base.find(self._number(number)))

    def customers(self) -> Iterator[Customer]:
        last = 0
        while page := self._try(partial(self._base.page, last, PAGE)):
            yield from page
            last = page[-1].id

    def blocks(self) -> list[Block]:
        return self._try(self._base.blocks)

    def block(self, number: str, until: int, reason: str) -> Block:
        return self._try(lambda: self._base.block(self._number(number), until, reason))

    def unblock(self, number: str) -> Block | None:
        return self._try(lambda: self._base.unblock(self._number(number)))

    def close(self) -> None:
        self._base.close()

    def _number(self, text: str) -> str:
        number = canonical(text, self._settings.country)
        if number is None:
            raise NotANumberError(text, self._settings.country)
        return number

    def _try(self, work: Callable[[], R]) -> R:
        try:
            return work()
        except (CustomerBaseError, NotANumberError) as error:
            raise AccessError(str(error)) from error


class ApiAccess:
    """The API of a switch that runs."""

    def __init__(self, configuration: Configuration) -> None:
        url = served_at(configuration.web.address())
        self.where = f"the running switch at {url}"
        if not configuration.web.token:
            raise AccessError(f"softacd runs, but its API has no token: set web.token_file, or stop it ({url})")
        try:
            self._client = ApiClient(url, configuration.web.token, timeout=60.0)
        except ApiError as error:
            raise AccessError(str(error)) from error

    def put(self, customers: list[Customer]) -> PutReport:
        return self._ask("PUT", "/api/v1/customers", PutReport, {"customers": customers})

    def find(self, number: str) -> Found:
        return self._ask("GET", f"/api/v1/customers/{quote(number, safe='')}", Found)

    def customers(self) -> Iterator[Customer]:
        after: int | None = 0
        while after is not None:
            page = self._ask("GET", f"/api/v1/customers?limit={PAGE}&after={after}", _Page)
            yield from page.customers
            after = page.next

    def blocks(self) -> list[Block]:
        return self._ask("GET", "/api/v1/blocked", list[Block])

    def block(self, number: str, until: int, reason: str) -> Block:
        return self._ask("PUT", _blocked(number), Block, {"until": until, "reason": reason})

    def unblock(self, number: str) -> Block | None:
        if self.find(number).block is None:
            return None
        return self._ask("DELETE", _blocked(number), Block)

    def close(self) -> None:
        self._client.close()

    def _ask(self, method: str, path: str, kind: type[R], body: object = None) -> R:
        try:
            answer = self._client.send(method, path, b"" if body is None else msgspec.json.encode(body))
            return msgspec.json.decode(answer, type=kind)
        except ApiError as error:
            raise AccessError(str(error)) from error
        except msgspec.DecodeError as error:
            raise AccessError(f"{self.where} does not answer like softacd: {error}") from error


class _Page(msgspec.Struct, frozen=True):
    customers: list[Customer]
    next: int | None


def _blocked(number: str) -> str:
    return f"/api/v1/blocked/{quote(number, safe='')}"


def open_access(configuration: Configuration, wall: Callable[[], int]) -> Access:
    """The file when nobody has it open, else the API of the switch that has. Raises AccessError."""
    try:
        return FileAccess(configuration, wall)
    except CustomerBaseError as error:
        if not error.in_use:
            raise AccessError(str(error)) from error
    return ApiAccess(configuration)
