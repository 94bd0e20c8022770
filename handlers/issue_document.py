"""Sign-off: the document gets its number and is frozen."""

from __future__ import annotations

from workflow_runtime import DocumentToIssue, Effects, ServiceJob, handler


@handler("issue_document")
def issue_document(job: ServiceJob) -> Effects:
    """Issue the document `code` for the party `issuer`; answers `document_id` and `document_number`."""
    return Effects(
        documents=(DocumentToIssue(code=str(job.inputs["code"]), issuer=str(job.inputs.get("issuer") or "")),)
    )
