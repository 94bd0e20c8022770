"""The schema's history: numbered steps, each run together with the record of having been run.

Alembic does the work and is imported only when something must change; reading the version is one cheap SELECT.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from workflow_runtime.database import APPLICATION_ID

#: The schema this program reads and writes.
HEAD = "0011"


def version(tx: Connection) -> str | None:
    """The schema version of the database; None when it holds no tables of ours."""
    if not inspect(tx).has_table("alembic_version"):
        return None
    return tx.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(tx: Connection, *, on_step: Callable[[str], None] | None = None) -> None:
    """Bring the database to HEAD, inside the caller's transaction; `on_step` hears each step. Safe to repeat."""
    if version(tx) == HEAD:
        return
    from alembic import command
    from alembic.config import Config

    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = tx
    config.attributes["on_step"] = on_step or (lambda _step: None)
    command.upgrade(config, HEAD)
