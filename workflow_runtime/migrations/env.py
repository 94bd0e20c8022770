"""Alembic's entry: runs the steps on the connection that `migrations.upgrade` hands over."""

from __future__ import annotations

from alembic import context

from workflow_runtime.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    on_version_apply=lambda *_, step, **_more: context.config.attributes["on_step"](str(step.up_revision_id)),
)
context.run_migrations()
