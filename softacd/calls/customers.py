"""Customers as the outside (HTTP API, terminal) sees and changes them; softacd.crm keeps them."""

from enum import StrEnum
from typing import Annotated, Protocol

import msgspec

_Text = Annotated[str, msgspec.Meta(max_length=200)]


class Customer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One customer. Known again by `external_id` where there is one, else by any of the numbers."""

    numbers: tuple[Annotated[str, msgspec.Meta(max_length=40)], ...]
    """Telephone numbers, at least one; any spelling goes in, E.164 comes out."""
    name: _Text = ""
    """Name as agents' phones shall show it."""
    external_id: Annotated[str, msgspec.Meta(max_length=100)] = ""
    """Id in the system the customer comes from; empty: none."""
    category: _Text = ""
    """A configured category; empty: none."""
    manager: _Text = ""
    """Name of the agent who looks after the customer; empty: none."""
    language: Annotated[str, msgspec.Meta(max_length=3)] = ""
    """Language code of two or three small letters; empty: not known."""
    notes: Annotated[str, msgspec.Meta(max_length=10_000)] = ""
    """Whatever agents should know."""
    id: int = 0
    """Given by softacd; ignored when a customer is put."""
    updated: int = 0
    """When it last changed, ms since 1970-01-01 UTC; ignored when a customer is put."""


class Block(msgspec.Struct, frozen=True):
    """A number that is not served."""

    number: str
    """E.164."""
    until: int
    """When it is served again, ms since 1970-01-01 UTC; 0: never."""
    reason: str
    """Why, in the owner's words."""
    since: int
    """When it was blocked, ms since 1970-01-01 UTC."""


class Put(StrEnum):
    """What became of one customer that was put."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class FieldProblem(msgspec.Struct, frozen=True):
    """Why one customer was not taken; the others were."""

    row: int
    """Which one of those put, the first is 0."""
    field: str
    """Its field that is wrong."""
    message: str
    """What is wrong with it."""
    expected: str
    """What should stand there."""


class PutReport(msgspec.Struct, frozen=True):
    """What became of the customers that were put."""

    created: int = 0
    """Customers that are new."""
    updated: int = 0
    """Customers that were known and changed."""
    unchanged: int = 0
    """Customers that were known and are as put."""
    problems: tuple[FieldProblem, ...] = ()
    """Customers that were not taken, and why."""


class Found(msgspec.Struct, frozen=True):
    """What is known of a number."""

    number: str
    """E.164."""
    customer: Customer | None
    """Whose it is; null: nobody's."""
    block: Block | None
    """Its entry on the blacklist; null: it is served."""


class NotANumberError(ValueError):
    """What was given is no telephone number. HTTP status 400."""

    http_status = 400

    def __init__(self, text: str, country: str) -> None:
        self.cause = f"{text!r} is no telephone number"
        self.remedy = f"Write it like +37369123456, or as it is dialled in {country}." if country else NUMBER_EXPECTED
        super().__init__(f"{self.cause}. {self.remedy}")


NUMBER_EXPECTED = "Write it with its country code, like +37369123456, or set customers.country."


class Customers(Protocol):
    """The customer base as seen from outside. Answers come after they are on the disk; the loop is never held up."""

    async def put(self, customers: list[Customer]) -> PutReport:
        """Create or change; a customer that is wrong is told and left out. Idempotent."""

    async def find(self, number: str) -> Found:
        """What is known of a number. Raises NotANumberError."""

    async def page(self, after: int, limit: int) -> list[Customer]:
        """Customers with ids above `after`, in order of their ids, at most `limit`."""

    async def blocks(self) -> list[Block]:
        """The blacklist, newest first; what has expired is not on it."""

    async def block(self, number: str, until: int, reason: str) -> Block:
        """Serve a number no longer, or until a moment (wall-clock ms). Raises NotANumberError."""

    async def unblock(self, number: str) -> Block:
        """Serve a number again; returns the entry removed. Raises NotANumberError, UnknownNameError."""
