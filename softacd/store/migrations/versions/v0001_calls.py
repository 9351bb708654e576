"""Nodes, calls, legs, what happened to them, and the SIP messages they exchanged."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False, server_default="") for name in names]


def _integer(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False, server_default="0") for name in names]


def _number(*names: str) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Double, nullable=False, server_default="0") for name in names]


def _truth(*names: str) -> list[sa.Column[bool]]:
    return [sa.Column(name, sa.Boolean, nullable=False, server_default=sa.text("false")) for name in names]


def _row() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    return sa.Column("row", kind, primary_key=True, autoincrement=False)


def upgrade() -> None:
    """Make everything."""
    op.create_table(
        "nodes",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String, nullable=False, unique=True),
        *_integer("started", "alive", "closed"),
    )
    op.create_table(
        "calls",
        sa.Column("id", sa.String, primary_key=True),
        *_text("direction"),
        *_integer("started"),
        *_text("caller", "called", "trunk"),
        *_integer("answered"),
        *_text("queue"),
        *_integer("queued", "connected"),
        *_text("agent"),
        *_integer("ended", "wait_ms", "talk_ms", "hold_ms"),
        *_text("outcome"),
        *_integer("cause"),
        *_text("ended_by", "keys"),
        *_integer("missed_handled"),
        sa.Column("node", sa.Integer, nullable=False),
        *_text("caller_key", "called_key"),
    )
    op.create_index("calls_started", "calls", ["started"])
    op.create_index("calls_caller", "calls", ["caller_key", "started"])
    op.create_index("calls_called", "calls", ["called_key", "started"])
    op.create_index("calls_outcome", "calls", ["outcome", "started"])
    op.create_index("calls_agent", "calls", ["agent", "started"])
    op.create_index("calls_queue", "calls", ["queue", "started"])
    missed = sa.text("missed_handled = 0 AND outcome || '' IN ('abandoned', 'interrupted', 'missed')")
    op.create_index("calls_missed", "calls", ["started"], sqlite_where=missed, postgresql_where=missed)
    op.create_index("calls_missed_caller", "calls", ["caller_key"], sqlite_where=missed, postgresql_where=missed)
    is_open = sa.text("ended = 0")
    op.create_index("calls_open", "calls", ["node"], sqlite_where=is_open, postgresql_where=is_open)
    op.create_table(
        "legs",
        sa.Column("id", sa.String, primary_key=True),
        *_text("call", "party", "number"),
        *_truth("outgoing"),
        *_integer("started"),
        *_text("sip_call_id"),
        *_integer("ringing", "answered", "ended", "cause"),
        *_text("reason", "codec"),
        *_integer("packets_sent", "packets_received", "packets_lost"),
        *_number("jitter_ms"),
        *_integer("remote_lost"),
        *_number("remote_jitter_ms", "round_trip_ms"),
        *_integer("strangers"),
    )
    op.create_index("legs_call", "legs", ["call"])
    op.create_table(
        "segments",
        _row(),
        *_text("call"),
        *_integer("number"),
        *_text("party", "agent"),
        *_integer("started", "ended", "talk_ms", "hold_ms"),
        *_text("ended_by"),
    )
    op.create_index("segments_call", "segments", ["call"])
    op.create_index("segments_agent", "segments", ["agent", "started"])
    op.create_table(
        "recordings",
        sa.Column("id", sa.String, primary_key=True),
        *_text("call", "party", "queue", "agent"),
        *_integer("started"),
        *_text("file"),
        *_integer("ended"),
        *_number("seconds"),
        *_integer("octets", "pauses", "paused_ms", "removed"),
        *_text("error"),
    )
    op.create_index("recordings_call", "recordings", ["call"])
    op.create_index("recordings_started", "recordings", ["started"])
    op.create_index("recordings_open", "recordings", ["call"], sqlite_where=is_open, postgresql_where=is_open)
    op.create_table("call_events", _row(), *_text("call"), *_integer("at"), *_text("kind", "detail"))
    op.create_index("call_events_call", "call_events", ["call"])
    op.create_table(
        "agent_events",
        _row(),
        *_text("agent"),
        *_integer("at"),
        *_text("status", "state", "reason", "call"),
    )
    op.create_index("agent_events_agent", "agent_events", ["agent", "at"])
    op.create_table(
        "phone_events",
        _row(),
        *_text("extension"),
        *_integer("at"),
        *_truth("do_not_disturb"),
        *_text("forward_always", "forward_busy", "forward_no_answer"),
    )
    op.create_index("phone_events_extension", "phone_events", ["extension", "at"])
    op.create_table(
        "trace",
        _row(),
        *_text("call"),
        *_integer("at"),
        *_truth("sent"),
        *_text("party", "line", "cseq"),
    )
    op.create_index("trace_call", "trace", ["call"])


def downgrade() -> None:
    """Remove everything: only an empty database has no older revision to return to."""
    for table in (
        "trace",
        "phone_events",
        "agent_events",
        "call_events",
        "recordings",
        "segments",
        "legs",
        "calls",
        "nodes",
    ):
        op.drop_table(table)
