"""Sign-off: the document gets its number and is frozen."""

from __future__ import annotations

from workflow_runtime import DocumentToIssue, Effects, ServiceJob, handler


@handler("issue_document")
def issue_document(job: ServiceJob) -> Effects:
    """Issue the document `code` for the party `issuer`; answers `document_id` and `document_number`.

    One of the same code in the case is superseded, unless `beside` is true.
    """
    code, issuer = str(job.inputs["code"]), str(job.inputs.get("issuer") or "")
    return Effects(documents=(DocumentToIssue(code, issuer, beside=job.inputs.get("beside") is True),))
