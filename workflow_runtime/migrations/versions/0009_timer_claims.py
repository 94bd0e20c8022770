"""Due timers are claimed by the batch: under which token, and until when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two columns that may be empty, and indexes; the program before this one does not look at them."""
    op.add_column("timer", sa.Column("claimed_as", sa.String(length=40), nullable=True))
    op.add_column("timer", sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True))
    free, taken = sa.text("claimed_as IS NULL"), sa.text("claimed_as IS NOT NULL")
    op.create_index("ix_timer_free", "timer", ["due_at"], unique=False, sqlite_where=free, postgresql_where=free)
    op.create_index(
        "ix_timer_claimed", "timer", ["claimed_as"], unique=False, sqlite_where=taken, postgresql_where=taken
    )
    op.create_index(
        "ix_timer_claimed_until", "timer", ["claimed_until"], unique=False, sqlite_where=taken, postgresql_where=taken
    )
