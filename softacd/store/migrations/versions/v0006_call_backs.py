"""Call-backs: what is to be done of them survives a restart."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False, server_default="") for name in names]


def _integer(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False, server_default="0") for name in names]


def upgrade() -> None:
    """Add the table."""
    row = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "call_backs",
        sa.Column("row", row, primary_key=True, autoincrement=False),
        *_text("id"),
        *_integer("at"),
        *_text("state", "queue", "number", "name"),
        *_integer("arrived", "priority"),
        *_text("skills"),
        *_integer("attempts", "next_attempt"),
        *_text("agent", "call"),
    )
    op.create_index("call_backs_id", "call_backs", ["id", "at"])


def downgrade() -> None:
    """Forget them."""
    op.drop_table("call_backs")
