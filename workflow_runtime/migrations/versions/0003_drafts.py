"""Drafts: what a clerk has answered of a form and not yet handed in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One new table; what is there stays as it is, and the program before this one does not look at it."""
    op.create_table(
        "draft",
        sa.Column("item_id", sa.String(length=40), nullable=False),
        sa.Column("clerk", sa.String(length=100), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_draft_item_id")),
        sa.PrimaryKeyConstraint("item_id", "clerk", name=op.f("pk_draft")),
    )
