"""Delivery: every party gets the document, and the row says so."""

from __future__ import annotations

from workflow_runtime import DocumentEvent, Effects, Notice, ServiceJob, handler


@handler("deliver_document")
def deliver_document(job: ServiceJob) -> Effects:
    """Tell each party of `recipients` (party references) where the document is, and record the delivery."""
    document = str(job.inputs["document"])
    recipients = [str(one) for one in job.inputs.get("recipients") or ()]
    return Effects(
        document_events=(DocumentEvent(document, "delivered", "、".join(recipients)),),
        notices=tuple(Notice(party, "document", f"{job.case} {document}") for party in recipients),
    )
