"""Messages to agencies outside the platform: for whom, when they were laid out, when their receipt came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Four columns that may be empty, and an index; the program before this one does not look at them."""
    instant = sa.DateTime(timezone=True)
    op.add_column("message", sa.Column("receiver", sa.String(length=300), nullable=True))
    op.add_column("message", sa.Column("handed_at", instant, nullable=True))
    op.add_column("message", sa.Column("handed_as", sa.String(length=40), nullable=True))
    op.add_column("message", sa.Column("acknowledged_at", instant, nullable=True))
    waits = sa.text("receiver IS NOT NULL AND handed_at IS NULL AND state = 'waiting'")
    op.create_index(
        "ix_message_outgoing", "message", ["sent_at"], unique=False, sqlite_where=waits, postgresql_where=waits
    )
