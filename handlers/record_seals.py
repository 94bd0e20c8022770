"""The stamped paper comes back: who sealed it when, and the scan."""

from __future__ import annotations

from workflow_runtime import DocumentEvent, Effects, ServiceJob, handler


@handler("record_seals")
def record_seals(job: ServiceJob) -> Effects:
    """Note every seal of `seals` (party, persons, sealed_on) and the scan on the document's row. Draws nothing."""
    document = str(job.inputs["document"])
    seals = [dict(seal) for seal in job.inputs.get("seals") or ()]
    events = [DocumentEvent(document, "sealed", str(seal.get("party", "")), seal) for seal in seals]
    scan = job.inputs.get("scan")
    if scan:
        files = scan if isinstance(scan, list) else [scan]
        events += [DocumentEvent(document, "scanned", str(file.get("name", "")), dict(file)) for file in files]
    return Effects(document_events=tuple(events))
