"""What the API needs of the store: a page of its own, so that the web does not depend on the database."""

from typing import Protocol

from softacd.calls.missed import MissedCaller
from softacd.calls.records import (
    AgentTime,
    CallEvent,
    CallRecord,
    LegRecord,
    MessageRecord,
    Outcome,
    Rating,
    RecordingRecord,
    Segment,
    TraceRow,
)
from softacd.calls.users import AuditEntry


class CallStory(Protocol):
    """Everything remembered of one call, each list in order of time."""

    @property
    def call(self) -> CallRecord: ...
    @property
    def legs(self) -> list[LegRecord]: ...
    @property
    def segments(self) -> list[Segment]: ...
    @property
    def events(self) -> list[CallEvent]: ...
    @property
    def trace(self) -> list[TraceRow]: ...
    @property
    def recordings(self) -> list[RecordingRecord]: ...
    @property
    def messages(self) -> list[MessageRecord]: ...
    @property
    def ratings(self) -> list[Rating]: ...


class StoreCondition(Protocol):
    """How the store is doing: rows in memory, rows written, age of the oldest, rows in the spool, and the alarm."""

    @property
    def queued(self) -> int: ...
    @property
    def written(self) -> int: ...
    @property
    def lag_ms(self) -> int: ...
    @property
    def spooled(self) -> int: ...
    @property
    def failing(self) -> bool: ...


class History(Protocol):
    """The questions the API asks. An implementation raises errors that carry `http_status`, `cause` and `remedy`."""

    async def calls(
        self,
        *,
        limit: int = 50,
        since: int | None = None,
        outcome: Outcome | str | None = None,
        number: str | None = None,
        agent: str | None = None,
        queue: str | None = None,
        missed_open: bool = False,
        before: int | None = None,
    ) -> list[CallRecord]:
        """Return calls, newest first; `since` <= start < `before`, wall-clock ms."""

    async def agent_times(self, *, agent: str | None = None, since: int = 0, before: int) -> list[AgentTime]:
        """Return how agents spent their time, in order; `since` <= start < `before`, wall-clock ms."""

    async def missed_callers(self, *, queue: str | None = None) -> list[MissedCaller]:
        """Return whom nobody has reached yet, a row a caller, who called last first."""

    async def call(self, id: str, /) -> CallStory | None:  # noqa: A002 - the record's own name for it
        """Return everything of one call, None when there is none of this id."""

    async def recordings(
        self,
        *,
        limit: int = 50,
        since: int | None = None,
        before: int | None = None,
        agent: str | None = None,
        queue: str | None = None,
        kept: bool = False,
    ) -> list[RecordingRecord]:
        """Return recordings, newest first; `kept`: whose files have not been removed."""

    async def ratings(
        self, *, limit: int = 50, since: int | None = None, before: int | None = None, low: bool = False
    ) -> list[Rating]:
        """Return what callers said, newest first; `low`: only what needs a look."""

    async def audit(
        self, *, limit: int = 100, before: int | None = None, since: int | None = None, user: str | None = None
    ) -> list[AuditEntry]:
        """Return what was done, newest first."""

    def status(self) -> StoreCondition:
        """How the store is doing."""
