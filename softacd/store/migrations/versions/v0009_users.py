"""Users of the desk, their sessions, and the audit log."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False, server_default="") for name in names]


def _integer(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False, server_default="0") for name in names]


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "users",
        sa.Column("name", sa.String, primary_key=True),
        *_text("role", "agent", "language", "password_hash", "totp_secret"),
        *_integer("created", "changed"),
    )
    op.create_table(
        "sessions",
        sa.Column("key", sa.String, primary_key=True),
        *_text("user", "source"),
        *_integer("started", "seen"),
    )
    row = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "audit",
        sa.Column("row", row, primary_key=True, autoincrement=False),
        *_integer("at"),
        *_text("user", "role", "source", "act", "target"),
        *_integer("status"),
        *_text("detail"),
    )
    op.create_index("audit_at", "audit", ["at"])
    op.create_index("audit_user", "audit", ["user", "at"])


def downgrade() -> None:
    """Forget them."""
    op.drop_table("audit")
    op.drop_table("sessions")
    op.drop_table("users")
