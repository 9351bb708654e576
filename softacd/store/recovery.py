"""What a start finds: calls the last run left open, rows it left in the spool."""

from collections.abc import Collection, Iterable
from datetime import datetime, tzinfo
from typing import Any

import msgspec
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from softacd.acd.vocabulary import State, Status
from softacd.calls.records import AgentEvent, CallRecord, Outcome
from softacd.store.tables import CALLS, call_events, calls, from_row, legs, nodes, recordings, trace


class Recovery(msgspec.Struct, frozen=True):
    """What this start found. `interrupted` are the calls as they are now remembered, oldest first."""

    interrupted: tuple[CallRecord, ...] = ()
    legs: int = 0
    """Legs already known of those calls."""
    spooled: int = 0
    """Rows the last run could not give to the database, now in it."""
    rejected: int = 0
    """Spooled rows that could not be read; they are in the file beside the spool."""
    last_alive: int = 0
    """Last moment the last run is known to have lived, wall-clock ms; 0: this is the first run."""
    orderly: bool = True
    """The last run was stopped, not killed."""
    pending: str = ""
    """Why nothing could be recovered yet; the writer does it as soon as the database takes rows again."""

    def describe(self, zone: tzinfo | None = None) -> str:
        """Return one plain sentence, "" when the last run ended in order."""
        if self.pending:
            return f"The store takes nothing yet ({self.pending}): what the last run left is recovered later."
        parts: list[str] = []
        if self.interrupted:
            at = datetime.fromtimestamp(self.interrupted[-1].ended / 1000, tz=zone).astimezone(zone)
            how = "was stopped at" if self.orderly else "stopped without warning at about"
            cut = _count(len(self.interrupted), "call")
            parts.append(f"The last run {how} {at:%Y-%m-%d %H:%M:%S} and cut {cut}, now marked as interrupted")
        if self.spooled:
            parts.append(f"{_count(self.spooled, 'row')} kept in the spool went into the database")
        if self.rejected:
            parts.append(
                f"{_count(self.rejected, 'spooled row')} could not be read and {_was(self.rejected)} put aside"
            )
        sentence = "; ".join(parts)
        return sentence[:1].upper() + sentence[1:] + "." if sentence else ""


STOPPED = "stopped"
"""The reason of a status while the switch did not run."""


def absences(last: Iterable[AgentEvent], alive: int) -> list[AgentEvent]:
    """Return how the time without the switch is accounted: whoever was logged in is not, from `alive` (ms) on.

    `last` are the newest events of the agents. What the restart sets them to again follows with its own moment.
    """
    return [
        AgentEvent(event.agent, max(event.at, alive), Status.LOGGED_OUT.value, State.IDLE.value, STOPPED)
        for event in last
        if event.status != Status.LOGGED_OUT and alive
    ]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


async def interrupt_open_calls(connection: AsyncConnection, node: int, living: Collection[str]) -> Recovery:
    """End the calls this node left open, except those `living` now, at the last moment anything is known of them."""
    known = select(nodes.c.alive, nodes.c.closed).where(nodes.c.number == node)
    alive, closed = (await connection.execute(known)).one()
    orderly = closed > 0 or alive == 0
    columns = [calls.c[name] for name in CALLS.columns]
    still_open = select(*columns).where(calls.c.node == node, calls.c.ended == 0).order_by(calls.c.started)
    records = [from_row(CallRecord, row) for row in (await connection.execute(still_open)).all()]
    records = [record for record in records if record.id not in living]
    if not records:
        await connection.execute(_END_RECORDINGS, {"a_node": node})
        return Recovery(last_alive=alive, orderly=orderly)
    known_legs = 0
    for start in range(0, len(records), 500):
        part = records[start : start + 500]
        ids = [record.id for record in part]
        last = await _last_moments(connection, ids)
        for record in part:
            _interrupt(record, max(last.get(record.id, 0), alive))
        await connection.execute(_END_CALL, [_end(record) for record in part])
        known_legs += (await connection.execute(_COUNT_LEGS, {"calls": ids})).scalar_one()
        await connection.execute(_END_LEGS, [{"a_call": record.id, "at": record.ended} for record in part])
    await connection.execute(_END_RECORDINGS, {"a_node": node})
    return Recovery(interrupted=tuple(records), legs=known_legs, last_alive=alive, orderly=orderly)


_END_CALL = (
    update(calls)
    .where(calls.c.id == bindparam("an_id"))
    .values({name: bindparam(name) for name in ("ended", "outcome", "ended_by", "wait_ms", "talk_ms")})
)
_END_LEGS = (
    update(legs)
    .where(legs.c.call == bindparam("a_call"), legs.c.ended == 0)
    .values(ended=bindparam("at"), reason="interrupted")
)
_ENDED_HERE = select(calls.c.id).where(calls.c.node == bindparam("a_node"), calls.c.ended != 0)
_END_RECORDINGS = (
    update(recordings)
    .where(recordings.c.ended == 0, recordings.c.call.in_(_ENDED_HERE))
    .values(
        ended=select(calls.c.ended).where(calls.c.id == recordings.c.call).scalar_subquery(),
        error="softacd stopped before the file was finished",
    )
)
_COUNT_LEGS = select(func.count()).select_from(legs).where(legs.c.call.in_(bindparam("calls", expanding=True)))


def _end(record: CallRecord) -> dict[str, Any]:
    return {
        "an_id": record.id,
        "ended": record.ended,
        "outcome": record.outcome.value,
        "ended_by": record.ended_by,
        "wait_ms": record.wait_ms,
        "talk_ms": record.talk_ms,
    }


def _interrupt(record: CallRecord, last: int) -> None:
    record.ended = max(last, record.started, record.answered, record.queued, record.connected)
    record.outcome = Outcome.INTERRUPTED
    record.ended_by = "switch"
    if record.connected:
        record.talk_ms = record.talk_ms or record.ended - record.connected
    if record.queued and not record.wait_ms:
        record.wait_ms = (record.connected or record.ended) - record.queued


async def _last_moments(connection: AsyncConnection, ids: list[str]) -> dict[str, int]:
    last: dict[str, int] = {}
    for table, column in ((call_events, call_events.c.at), (trace, trace.c.at), (legs, legs.c.ended)):
        statement = select(table.c.call, func.max(column)).where(table.c.call.in_(ids)).group_by(table.c.call)
        for call, moment in (await connection.execute(statement)).all():
            last[call] = max(last.get(call, 0), moment)
    return last
