"""How well each leg's voice was heard, and what was wrong with it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the columns; of earlier legs nothing is known."""
    for name in ("mos", "remote_mos"):
        op.add_column("legs", sa.Column(name, sa.Double, nullable=False, server_default="0"))
    op.add_column("legs", sa.Column("fault", sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    """Forget it."""
    for name in ("fault", "remote_mos", "mos"):
        op.drop_column("legs", name)
