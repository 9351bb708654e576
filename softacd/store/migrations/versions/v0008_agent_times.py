"""How agents spend their time in every status, when one lasted too long, and where agents sit."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def _row() -> sa.Column[int]:
    return sa.Column("row", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False)


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False, server_default="") for name in names]


def _integer(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False, server_default="0") for name in names]


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "agent_times",
        _row(),
        *_text("agent"),
        *_integer("started", "ended"),
        *_text("status", "reason"),
        sa.Column("paid", sa.Boolean, nullable=False, server_default=sa.text("false")),
        *_integer("idle_ms", "ringing_ms", "talk_ms", "hold_ms", "wrap_up_ms", "own_call_ms"),
    )
    op.create_index("agent_times_agent", "agent_times", ["agent", "started"])
    op.create_index("agent_times_started", "agent_times", ["started"])
    op.create_table(
        "agent_alarms",
        _row(),
        *_text("agent"),
        *_integer("at"),
        *_text("status", "reason"),
        *_integer("since", "limit_ms"),
    )
    op.create_index("agent_alarms_agent", "agent_alarms", ["agent", "at"])
    op.create_table("agent_seats", _row(), *_text("agent"), *_integer("at"), *_text("phone"))
    op.create_index("agent_seats_agent", "agent_seats", ["agent", "at"])


def downgrade() -> None:
    """Forget them."""
    op.drop_table("agent_seats")
    op.drop_table("agent_alarms")
    op.drop_table("agent_times")
