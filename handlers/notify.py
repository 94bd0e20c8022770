"""A notice to a department."""

from __future__ import annotations

from workflow_runtime import Effects, Notice, ServiceJob, handler


@handler("notify")
def notify(job: ServiceJob) -> Effects:
    """Send `text` of the given `kind` to `party` (a party reference)."""
    text = str(job.inputs.get("text") or "")
    return Effects(
        notices=(
            Notice(str(job.inputs["party"]), str(job.inputs.get("kind") or "notice"), f"{job.case} {text}".strip()),
        )
    )
