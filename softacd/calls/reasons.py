"""Why agents take no calls: the reasons a shop has, which of them are paid, and how long each may last."""

from collections.abc import Iterable
from typing import Annotated, Final, Literal

import msgspec

from softacd.acd.model import Seconds
from softacd.acd.vocabulary import Status
from softacd.calls.control import NotPossibleError

UNPAID: Final = frozenset({Status.LUNCH, Status.LOGGED_OUT})
"""Statuses whose time is not paid, unless a reason says otherwise."""


class ReasonSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reason agents give when they take no calls. A status with reasons of its own takes no others."""

    name: str
    """What is recorded and reported."""
    status: Literal["break", "lunch", "not-ready"] = "not-ready"
    """The status it belongs to."""
    label: str = ""
    """What people read; empty: the name."""
    paid: bool = True
    """Whether reports count its time as paid."""
    limit_seconds: Seconds = 0.0
    """Who is away longer raises the alarm: events, live view, metrics; 0: never."""
    code: Annotated[str, msgspec.Meta(pattern="^[0-9]{0,4}$")] = ""
    """Digits dialled after the feature code of the status: with "1", *431 is this reason of not-ready."""


class Reasons:
    """The reasons of a shop by status and name."""

    __slots__ = ("_by_name",)

    def __init__(self, settings: Iterable[ReasonSettings]) -> None:
        self._by_name = {(Status(reason.status), reason.name): reason for reason in settings}

    def of(self, status: Status, reason: str) -> ReasonSettings | None:
        """The settings of one; None: nothing is said of it."""
        return self._by_name.get((status, reason))

    def paid(self, status: Status, reason: str) -> bool:
        """Whether time in this status for this reason is paid."""
        settings = self.of(status, reason)
        return status not in UNPAID if settings is None else settings.paid

    def limit(self, status: Status, reason: str) -> float:
        """Seconds after which it lasts too long; 0: never."""
        settings = self.of(status, reason)
        return 0.0 if settings is None else settings.limit_seconds

    def check(self, status: Status, reason: str) -> None:
        """Raise NotPossibleError for a reason a person may not give; none at all may always be given."""
        known = [name for of_status, name in self._by_name if of_status is status]
        if reason and known and reason not in known:
            raise NotPossibleError(f"{status} has no reason {reason!r}; there are: {', '.join(sorted(known))}")
