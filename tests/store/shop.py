"""What the tests of the store share: a morning, a clock, and how to open a store."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from softacd.calls.records import CallRecord
from softacd.store import Store

Call = Callable[..., CallRecord]

MORNING = 1_780_300_800_000
"""2026-06-01 08:00 UTC."""


class Wall:
    """A wall clock in ms that stands until it is moved."""

    def __init__(self, now: int = MORNING) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


class OpenStore(Protocol):
    def __call__(self, **options: Any) -> Awaitable[Store]: ...
