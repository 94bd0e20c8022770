"""The base ledger of children to be transferred (D12): one row per subject, brought up to date."""

from __future__ import annotations

from workflow_runtime import Effects, MessageToSend, ServiceJob, handler


@handler("update_ledger")
def update_ledger(job: ServiceJob) -> Effects:
    """Send the ledger's keeper the result of this case: ledger, subject, result, day."""
    payload = {key: job.inputs.get(key) for key in ("ledger", "subject", "result", "on")}
    number = str(job.subject.get("number") or "")
    return Effects(messages=(MessageToSend("LedgerUpdated", f"{job.inputs.get('ledger')}/{number}", payload),))
