"""Reports: conversations and wrap-ups of a period are found without reading all there ever were."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_WRAPPING_UP = sa.text("state IN ('after-call', 'wrap-up')")


def upgrade() -> None:
    """Add the indices."""
    op.create_index("segments_started", "segments", ["started"])
    op.create_index(
        "agent_events_wrap_up", "agent_events", ["at"], sqlite_where=_WRAPPING_UP, postgresql_where=_WRAPPING_UP
    )


def downgrade() -> None:
    """Do without them."""
    op.drop_index("agent_events_wrap_up", "agent_events")
    op.drop_index("segments_started", "segments")
