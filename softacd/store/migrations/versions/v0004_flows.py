"""What call flows leave behind: switches of the house, messages, ratings, and who looks after missed callers."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def _row() -> sa.Column[int]:
    return sa.Column("row", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False)


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False, server_default="") for name in names]


def _integer(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False, server_default="0") for name in names]


def _truth(*names: str) -> list[sa.Column[bool]]:
    return [sa.Column(name, sa.Boolean, nullable=False, server_default=sa.text("false")) for name in names]


def upgrade() -> None:
    """Make the tables."""
    op.create_table("house_events", _row(), *_text("name"), *_integer("at"), *_truth("on"), *_text("by"))
    op.create_index("house_events_name", "house_events", ["name", "at"])
    op.create_table(
        "messages",
        sa.Column("id", sa.String, primary_key=True),
        *_text("box", "call", "caller", "caller_name"),
        *_integer("left"),
        *_text("file"),
        sa.Column("seconds", sa.Double, nullable=False, server_default="0"),
        *_integer("heard", "removed"),
        *_text("error"),
    )
    op.create_index("messages_box", "messages", ["box", "left"])
    op.create_table(
        "ratings",
        _row(),
        *_text("call"),
        *_integer("at"),
        *_text("queue", "agent", "topic"),
        *_integer("score"),
        *_truth("low"),
    )
    op.create_index("ratings_at", "ratings", ["at"])
    op.create_index("ratings_call", "ratings", ["call"])
    op.create_table("missed_owners", _row(), *_text("caller"), *_integer("at"), *_text("owner"))
    op.create_index("missed_owners_caller", "missed_owners", ["caller", "at"])


def downgrade() -> None:
    """Forget all of it."""
    for table in ("missed_owners", "ratings", "messages", "house_events"):
        op.drop_table(table)
