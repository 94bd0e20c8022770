"""The moment of a transfer: standings change hands, all together or not at all."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from workflow_runtime import Effects, JobRefused, ServiceJob, StandingChange, handler


@handler("switch_standings")
def switch_standings(job: ServiceJob) -> Effects:
    """Switch every standing of `changes` (kind, party or holder, basis, basis_number) at the instant `at`."""
    at = job.inputs.get("at") or job.now
    if not isinstance(at, datetime):
        raise JobRefused("NO_TIME", f"the time of the switch must be a date and time, not {at!r}")
    if at.tzinfo is None:
        at = at.replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    changes = tuple(
        StandingChange(
            kind=str(change["kind"]),
            at=at,
            basis=" ".join(str(change[key]) for key in ("basis", "basis_number") if change.get(key)),
            party=change.get("party"),
            holder=change.get("holder"),
        )
        for change in job.inputs.get("changes") or ()
    )
    return Effects(standings=changes)
