"""The tables, one for each record of `softacd.calls.records`, and how a record becomes a row and comes back.

Columns carry the names of the record's fields, in the same order. What has an id is replaced by it; everything else
is append-only and keyed by a row number that no other node and no other start ever gives out (see `nodes`), so writing
the same rows twice, after an outage or a crash, changes nothing.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, TypeVar

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, MetaData, String, Table, text

from softacd.calls.records import (
    AgentAlarm,
    AgentEvent,
    AgentSeat,
    AgentTime,
    AnyRecord,
    CallBackEvent,
    CallEvent,
    CallRecord,
    HouseEvent,
    LegRecord,
    MessageRecord,
    MissedOwner,
    PhoneEvent,
    Rating,
    RecordingRecord,
    Segment,
    TopicChosen,
    TraceRow,
)
from softacd.calls.users import AuditEntry
from softacd.store.numbers import number_key

SCHEMA = "0009"
"""The revision of `softacd/store/migrations` this program reads and writes."""

metadata = MetaData()


def _text(name: str) -> Column[str]:
    return Column(name, String, nullable=False, server_default="")


def _integer(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _number(name: str) -> Column[float]:
    return Column(name, Double, nullable=False, server_default="0")


def _truth(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text("false"))


def _row() -> Column[int]:
    # SQLite numbers rows by itself only in a column declared INTEGER; ours is given, and then it is the row id.
    return Column("row", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False)


MISSED_OPEN = "missed_handled = 0 AND outcome || '' IN ('abandoned', 'interrupted', 'missed')"
"""Written the same in the indices of missed calls nobody has handled and in every question for them: only so SQLite
knows that those, small whatever the history's size, answer it (https://sqlite.org/partialindex.html, section 3). The
empty addition keeps it from reading every missed call there ever was by the index of outcomes instead."""

WRAPPING_UP = "state IN ('after-call', 'wrap-up')"
"""Written the same in the index of wrap-ups and in the question for them, as `MISSED_OPEN`."""

nodes = Table(
    "nodes",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False, unique=True),
    _integer("started"),
    _integer("alive"),  # last moment the node is known to have lived: at most 5 s old while calls live
    _integer("closed"),  # 0 while it runs, and for ever after a crash
)

calls = Table(
    "calls",
    metadata,
    Column("id", String, primary_key=True),
    *map(_text, ("direction",)),
    *map(_integer, ("started",)),
    *map(_text, ("caller", "called", "trunk")),
    *map(_integer, ("answered",)),
    *map(_text, ("queue",)),
    *map(_integer, ("queued", "connected")),
    *map(_text, ("agent",)),
    *map(_integer, ("ended", "wait_ms", "talk_ms", "hold_ms")),
    *map(_text, ("outcome",)),
    *map(_integer, ("cause",)),
    *map(_text, ("ended_by", "keys")),
    *map(_integer, ("missed_handled",)),
    *map(_text, ("caller_name", "category", "customer", "topic")),
    Column("node", Integer, nullable=False),
    *map(_text, ("caller_key", "called_key")),
    Index("calls_started", "started"),
    Index("calls_caller", "caller_key", "started"),
    Index("calls_called", "called_key", "started"),
    Index("calls_outcome", "outcome", "started"),
    Index("calls_agent", "agent", "started"),
    Index("calls_queue", "queue", "started"),
    Index(
        "calls_customer",
        "customer",
        "started",
        sqlite_where=text("customer <> ''"),
        postgresql_where=text("customer <> ''"),
    ),
    Index("calls_missed", "started", sqlite_where=text(MISSED_OPEN), postgresql_where=text(MISSED_OPEN)),
    Index("calls_missed_caller", "caller_key", sqlite_where=text(MISSED_OPEN), postgresql_where=text(MISSED_OPEN)),
    Index("calls_open", "node", sqlite_where=text("ended = 0"), postgresql_where=text("ended = 0")),
)

legs = Table(
    "legs",
    metadata,
    Column("id", String, primary_key=True),
    *map(_text, ("call", "party", "number")),
    *map(_truth, ("outgoing",)),
    *map(_integer, ("started",)),
    *map(_text, ("sip_call_id",)),
    *map(_integer, ("ringing", "answered", "ended", "cause")),
    *map(_text, ("reason", "codec")),
    *map(_integer, ("packets_sent", "packets_received", "packets_lost")),
    *map(_number, ("jitter_ms",)),
    *map(_integer, ("remote_lost",)),
    *map(_number, ("remote_jitter_ms", "round_trip_ms")),
    *map(_integer, ("strangers",)),
    *map(_number, ("mos", "remote_mos")),
    *map(_text, ("fault",)),
    Index("legs_call", "call"),
)

segments = Table(
    "segments",
    metadata,
    _row(),
    *map(_text, ("call",)),
    *map(_integer, ("number",)),
    *map(_text, ("party", "agent")),
    *map(_integer, ("started", "ended", "talk_ms", "hold_ms")),
    *map(_text, ("ended_by",)),
    Index("segments_call", "call"),
    Index("segments_agent", "agent", "started"),
    Index("segments_started", "started"),
)

recordings = Table(
    "recordings",
    metadata,
    Column("id", String, primary_key=True),
    *map(_text, ("call", "party", "queue", "agent")),
    *map(_integer, ("started",)),
    *map(_text, ("file",)),
    *map(_integer, ("ended",)),
    *map(_number, ("seconds",)),
    *map(_integer, ("octets", "pauses", "paused_ms", "removed")),
    *map(_text, ("error",)),
    Index("recordings_call", "call"),
    Index("recordings_started", "started"),
    Index("recordings_open", "call", sqlite_where=text("ended = 0"), postgresql_where=text("ended = 0")),
)

call_events = Table(
    "call_events",
    metadata,
    _row(),
    *map(_text, ("call",)),
    *map(_integer, ("at",)),
    *map(_text, ("kind", "detail")),
    Index("call_events_call", "call"),
)

agent_events = Table(
    "agent_events",
    metadata,
    _row(),
    *map(_text, ("agent",)),
    *map(_integer, ("at",)),
    *map(_text, ("status", "state", "reason", "call")),
    Index("agent_events_agent", "agent", "at"),
    Index("agent_events_wrap_up", "at", sqlite_where=text(WRAPPING_UP), postgresql_where=text(WRAPPING_UP)),
)

agent_times = Table(
    "agent_times",
    metadata,
    _row(),
    *map(_text, ("agent",)),
    *map(_integer, ("started", "ended")),
    *map(_text, ("status", "reason")),
    *map(_truth, ("paid",)),
    *map(_integer, ("idle_ms", "ringing_ms", "talk_ms", "hold_ms", "wrap_up_ms", "own_call_ms")),
    Index("agent_times_agent", "agent", "started"),
    Index("agent_times_started", "started"),
)

agent_seats = Table(
    "agent_seats",
    metadata,
    _row(),
    *map(_text, ("agent",)),
    *map(_integer, ("at",)),
    *map(_text, ("phone",)),
    Index("agent_seats_agent", "agent", "at"),
)

agent_alarms = Table(
    "agent_alarms",
    metadata,
    _row(),
    *map(_text, ("agent",)),
    *map(_integer, ("at",)),
    *map(_text, ("status", "reason")),
    *map(_integer, ("since", "limit_ms")),
    Index("agent_alarms_agent", "agent", "at"),
)

phone_events = Table(
    "phone_events",
    metadata,
    _row(),
    *map(_text, ("extension",)),
    *map(_integer, ("at",)),
    *map(_truth, ("do_not_disturb",)),
    *map(_text, ("forward_always", "forward_busy", "forward_no_answer")),
    Index("phone_events_extension", "extension", "at"),
)

house_events = Table(
    "house_events",
    metadata,
    _row(),
    *map(_text, ("name",)),
    *map(_integer, ("at",)),
    *map(_truth, ("on",)),
    *map(_text, ("by",)),
    Index("house_events_name", "name", "at"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", String, primary_key=True),
    *map(_text, ("box", "call", "caller", "caller_name")),
    *map(_integer, ("left",)),
    *map(_text, ("file",)),
    *map(_number, ("seconds",)),
    *map(_integer, ("heard", "removed")),
    *map(_text, ("error",)),
    Index("messages_box", "box", "left"),
)

ratings = Table(
    "ratings",
    metadata,
    _row(),
    *map(_text, ("call",)),
    *map(_integer, ("at",)),
    *map(_text, ("queue", "agent", "topic")),
    *map(_integer, ("score",)),
    *map(_truth, ("low",)),
    Index("ratings_at", "at"),
    Index("ratings_call", "call"),
)

missed_owners = Table(
    "missed_owners",
    metadata,
    _row(),
    *map(_text, ("caller",)),
    *map(_integer, ("at",)),
    *map(_text, ("owner",)),
    *map(_truth, ("assigned",)),
    Index("missed_owners_caller", "caller", "at"),
)

topics = Table(
    "topics",
    metadata,
    _row(),
    *map(_text, ("call",)),
    *map(_integer, ("at",)),
    *map(_text, ("topic", "agent")),
    Index("topics_call", "call"),
)

call_backs = Table(
    "call_backs",
    metadata,
    _row(),
    *map(_text, ("id",)),
    *map(_integer, ("at",)),
    *map(_text, ("state", "queue", "number", "name")),
    *map(_integer, ("arrived", "priority")),
    *map(_text, ("skills",)),
    *map(_integer, ("attempts", "next_attempt")),
    *map(_text, ("agent", "call")),
    Index("call_backs_id", "id", "at"),
)

trace = Table(
    "trace",
    metadata,
    _row(),
    *map(_text, ("call",)),
    *map(_integer, ("at",)),
    *map(_truth, ("sent",)),
    *map(_text, ("party", "line", "cseq")),
    Index("trace_call", "call"),
)

users = Table(
    "users",
    metadata,
    Column("name", String, primary_key=True),
    *map(_text, ("role", "agent", "language", "password_hash", "totp_secret")),
    *map(_integer, ("created", "changed")),
)

sessions = Table(
    "sessions",
    metadata,
    Column("key", String, primary_key=True),
    *map(_text, ("user", "source")),
    *map(_integer, ("started", "seen")),
)

audit = Table(
    "audit",
    metadata,
    _row(),
    *map(_integer, ("at",)),
    *map(_text, ("user", "role", "source", "act", "target")),
    *map(_integer, ("status",)),
    *map(_text, ("detail",)),
    Index("audit_at", "at"),
    Index("audit_user", "user", "at"),
)

R = TypeVar("R", bound=AnyRecord)
Values = tuple[Any, ...]


class Kind:
    """One kind of record: its table, the columns its fields fill, and how much of the queue it may fill.

    `admission` is the part of the bounded queue (0..1) up to which rows of this kind are accepted: what is worth
    least is turned away first when the database has been gone for long.
    """

    __slots__ = ("admission", "append", "columns", "name", "record", "table", "values")

    def __init__(self, record: type[AnyRecord], table: Table, admission: float) -> None:
        self.record: type[AnyRecord] = record
        self.table = table
        self.name = str(table.name)
        self.append = "row" in table.columns
        fields = (field.name for field in msgspec.structs.fields(record))
        self.columns: tuple[str, ...] = tuple(field for field in fields if field in table.columns)
        self.values: Callable[[Any], Values] = attrgetter(*self.columns)
        """Take a snapshot of a record, in the order of `columns`: the record may change after it was handed over."""
        self.admission = admission


CALLS = Kind(CallRecord, calls, 1.0)
LEGS = Kind(LegRecord, legs, 0.95)
RECORDINGS = Kind(RecordingRecord, recordings, 0.95)
SEGMENTS = Kind(Segment, segments, 0.95)
AGENT_EVENTS = Kind(AgentEvent, agent_events, 0.95)
AGENT_TIMES = Kind(AgentTime, agent_times, 0.95)
AGENT_ALARMS = Kind(AgentAlarm, agent_alarms, 0.95)
AGENT_SEATS = Kind(AgentSeat, agent_seats, 0.95)
PHONE_EVENTS = Kind(PhoneEvent, phone_events, 0.95)
CALL_BACKS = Kind(CallBackEvent, call_backs, 1.0)
CALL_EVENTS = Kind(CallEvent, call_events, 0.8)
HOUSE_EVENTS = Kind(HouseEvent, house_events, 0.95)
MESSAGES = Kind(MessageRecord, messages, 0.95)
RATINGS = Kind(Rating, ratings, 0.95)
MISSED_OWNERS = Kind(MissedOwner, missed_owners, 0.95)
TOPICS = Kind(TopicChosen, topics, 0.95)
TRACE = Kind(TraceRow, trace, 0.5)
AUDIT = Kind(AuditEntry, audit, 0.95)

KINDS: dict[type, Kind] = {
    kind.record: kind
    for kind in (
        CALLS,
        LEGS,
        RECORDINGS,
        SEGMENTS,
        AGENT_EVENTS,
        AGENT_TIMES,
        AGENT_ALARMS,
        AGENT_SEATS,
        PHONE_EVENTS,
        HOUSE_EVENTS,
        MESSAGES,
        RATINGS,
        MISSED_OWNERS,
        TOPICS,
        CALL_BACKS,
        CALL_EVENTS,
        TRACE,
        AUDIT,
    )
}
KINDS_BY_TABLE: dict[str, Kind] = {kind.name: kind for kind in KINDS.values()}


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row on its way to the database: `key` is the row number (0 where the id is the key)."""

    kind: Kind
    key: int
    values: Values
    queued_at: float
    """Monotonic seconds."""


def from_row(record: type[R], values: Sequence[Any]) -> R:
    """Make a record of the columns of one row, as selected by `Kind.columns`."""
    return msgspec.convert(dict(zip(KINDS[record].columns, values, strict=True)), record)


def stored_values(row: Row, node: int) -> Values:
    """Return everything the insert statement of this row's table binds, in the order of the table's columns."""
    if row.kind is CALLS:
        caller, called = row.values[_CALLER], row.values[_CALLED]
        return (*row.values, node, number_key(caller), number_key(called))
    return (row.key, *row.values) if row.kind.append else row.values


_CALLER = CALLS.columns.index("caller")
_CALLED = CALLS.columns.index("called")
