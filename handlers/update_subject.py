"""What an authority has settled about the person goes into the person's own file, where every case reads it."""

from __future__ import annotations

from workflow_runtime import Effects, JobRefused, ServiceJob, handler


@handler("update_subject")
def update_subject(job: ServiceJob) -> Effects:
    """Write `facts` (fields of the subject's own form) into the subject's file; `basis` says which paper says so."""
    facts = job.inputs.get("facts")
    if not isinstance(facts, dict) or not facts:
        raise JobRefused("NO_FACTS", "the facts must be an object with at least one fact of the subject")
    return Effects(facts=facts, basis=str(job.inputs.get("basis") or ""))
