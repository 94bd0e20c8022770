"""A page of a worklist is read in its order: open items of a department, soonest due first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One index of open items; every program reads and writes as before."""
    open_items = sa.text("state IN ('ready','reserved')")
    op.create_index(
        "ix_work_item_page",
        "work_item",
        ["department_id", sa.text("(due_at IS NULL)"), "due_at", "opened_at", "id"],
        unique=False,
        sqlite_where=open_items,
        postgresql_where=open_items,
    )
