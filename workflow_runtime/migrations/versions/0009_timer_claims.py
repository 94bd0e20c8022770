"""Due timers are claimed by the batch: the token says by which, and begins with until when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column that may be empty, and indexes; the program before this one does not look at them."""
    op.add_column("timer", sa.Column("claimed_as", sa.String(length=40), nullable=True))
    free, taken = sa.text("claimed_as IS NULL"), sa.text("claimed_as IS NOT NULL")
    op.create_index("ix_timer_free", "timer", ["due_at"], unique=False, sqlite_where=free, postgresql_where=free)
    op.create_index(
        "ix_timer_claimed", "timer", ["claimed_as"], unique=False, sqlite_where=taken, postgresql_where=taken
    )
