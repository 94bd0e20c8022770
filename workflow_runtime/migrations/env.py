"""Alembic's entry: runs the steps on the connection that `migrations.upgrade` hands over."""

from __future__ import annotations

from alembic import context

from workflow_runtime.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
