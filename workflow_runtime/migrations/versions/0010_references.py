"""References: which other subjects a case names in its fields."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One new table; what is there stays as it is, and the program before this one does not look at it."""
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "reference",
        sa.Column("case_id", key, nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("subject_id", key, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_reference_case_id_case")),
        sa.ForeignKeyConstraint(["subject_id"], ["subject.id"], name=op.f("fk_reference_subject_id_subject")),
        sa.PrimaryKeyConstraint("case_id", "key", name=op.f("pk_reference")),
    )
    op.create_index("ix_reference_subject", "reference", ["subject_id"], unique=False)
