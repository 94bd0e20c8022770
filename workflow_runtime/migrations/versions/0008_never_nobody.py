"""Nobody is ever without a holder: a standing that ends without another that begins cannot be committed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: SQLite has no trigger that waits for the commit, but foreign keys that do: a standing that ends owes one that begins,
#: and a debt points at a row that is never there.
_SQLITE = (
    """
    CREATE TABLE standing_owed (
        subject_id INTEGER NOT NULL,
        kind VARCHAR(40) NOT NULL,
        until_paid INTEGER NOT NULL REFERENCES standing (id) DEFERRABLE INITIALLY DEFERRED
    )
    """,
    """
    CREATE TRIGGER standing_ends AFTER UPDATE OF valid_to ON standing
    WHEN NEW.valid_to IS NOT NULL AND OLD.valid_to IS NULL
    BEGIN
        INSERT INTO standing_owed (subject_id, kind, until_paid) VALUES (NEW.subject_id, NEW.kind, -1);
    END
    """,
    """
    CREATE TRIGGER standing_begins AFTER INSERT ON standing WHEN NEW.valid_to IS NULL
    BEGIN
        DELETE FROM standing_owed WHERE subject_id = NEW.subject_id AND kind = NEW.kind;
    END
    """,
)
_POSTGRESQL = (
    """
    CREATE FUNCTION standing_is_followed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (
            SELECT 1 FROM standing
            WHERE subject_id = NEW.subject_id AND kind = NEW.kind AND valid_to IS NULL
        ) THEN
            RAISE EXCEPTION 'standing % of subject % ends and none begins', NEW.kind, NEW.subject_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'standing_is_followed';
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE CONSTRAINT TRIGGER standing_ends AFTER UPDATE OF valid_to ON standing
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.valid_to IS NOT NULL AND OLD.valid_to IS NULL)
    EXECUTE FUNCTION standing_is_followed()
    """,
)


def upgrade() -> None:
    """Triggers that the program before this one never meets: it ends no standing without beginning another."""
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(sa.text(statement.replace(":", "\\:")))
