"""Machine steps: one file per operation. Each imports only the public API and registers itself by name."""

from __future__ import annotations

from handlers import (  # noqa: F401  (importing registers)
    deliver_document,
    issue_document,
    notify,
    record_seals,
    switch_standings,
    take_figures,
    update_ledger,
    update_subject,
)
