"""Diagrams: read, written, checked.

    diagram = read(Path("county-city-transfer.bpmn").read_bytes())
    findings = check(diagram, rules="house", context=CheckContext(forms=…, decisions=…))

No database, no engine, no files: whoever has bytes can ask.
"""

from __future__ import annotations

from workflow_runtime.diagram.checking import check
from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import (
    Diagram,
    Element,
    Event,
    Flow,
    FlowNode,
    Lane,
    Loop,
    Mapped,
    MessageFlow,
    Participant,
    Scope,
)
from workflow_runtime.diagram.reading import read
from workflow_runtime.diagram.writing import write

__all__ = [
    "CheckContext",
    "Diagram",
    "Element",
    "Event",
    "Flow",
    "FlowNode",
    "Lane",
    "Loop",
    "Mapped",
    "MessageFlow",
    "Participant",
    "Scope",
    "check",
    "read",
    "write",
]
