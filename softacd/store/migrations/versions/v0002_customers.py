"""Which customer called: the name shown, the category and the customer's id, kept with every call."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

COLUMNS = ("caller_name", "category", "customer")
KNOWN = "customer <> ''"


def upgrade() -> None:
    """Add the columns; earlier calls were made by nobody known."""
    for name in COLUMNS:
        op.add_column("calls", sa.Column(name, sa.String, nullable=False, server_default=""))
    known = sa.text(KNOWN)
    op.create_index("calls_customer", "calls", ["customer", "started"], sqlite_where=known, postgresql_where=known)


def downgrade() -> None:
    """Forget who called."""
    op.drop_index("calls_customer", "calls")
    for name in reversed(COLUMNS):
        op.drop_column("calls", name)
