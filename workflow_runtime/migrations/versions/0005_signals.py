"""Signals about subjects, and which cases have heard them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two new tables; what is there stays as it is, and the program before this one does not look at them."""
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "signal",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("subject_id", key, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("given_at", instant, nullable=False),
        sa.Column("given_by", sa.String(length=100), nullable=False),
        sa.Column("settled_at", instant, nullable=True),
        sa.ForeignKeyConstraint(["subject_id"], ["subject.id"], name=op.f("fk_signal_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal")),
    )
    op.create_index("ix_signal_subject", "signal", ["subject_id"], unique=False)
    op.create_index(
        "ix_signal_unsettled",
        "signal",
        ["given_at"],
        unique=False,
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_table(
        "hearing",
        sa.Column("signal_id", sa.String(length=200), nullable=False),
        sa.Column("case_id", key, nullable=False),
        sa.ForeignKeyConstraint(["signal_id"], ["signal.id"], name=op.f("fk_hearing_signal_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_hearing_case_id")),
        sa.PrimaryKeyConstraint("signal_id", "case_id", name=op.f("pk_hearing")),
    )
