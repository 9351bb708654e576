"""Reasons of contact: each as it was said, and the newest with its call; and which owners of the missed were set."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the columns and the table; of earlier calls no topic is known."""
    op.add_column("calls", sa.Column("topic", sa.String, nullable=False, server_default=""))
    op.add_column("missed_owners", sa.Column("assigned", sa.Boolean, nullable=False, server_default=sa.text("false")))
    op.create_table(
        "topics",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("call", sa.String, nullable=False, server_default=""),
        sa.Column("at", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("topic", sa.String, nullable=False, server_default=""),
        sa.Column("agent", sa.String, nullable=False, server_default=""),
    )
    op.create_index("topics_call", "topics", ["call"])


def downgrade() -> None:
    """Forget it."""
    op.drop_table("topics")
    op.drop_column("missed_owners", "assigned")
    op.drop_column("calls", "topic")
