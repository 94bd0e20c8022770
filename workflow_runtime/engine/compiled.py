"""What a procedure looks like once it can run: its places, and the questions the runtime asks about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workflow_runtime.diagram.model import Diagram, FlowNode, Scope

if TYPE_CHECKING:
    from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A procedure that runs. Immutable: build it once for a version and share it between threads."""

    main: str  #: id of the process that a case runs
    key: str  #: short hash of the structure; a snapshot carries it
    diagrams: Mapping[str, Diagram]  #: by process id
    processes: Mapping[str, Scope]  #: the main process and all it calls, by id
    elements: Mapping[str, Mapping[str, FlowNode]]  #: by process id, then by element id, through sub-processes
    called: Mapping[str, tuple[str, ...]]  #: process id → ids of the processes it calls
    message_starts: Mapping[str, str]  #: message name → element of the main process that it starts
    signal_starts: Mapping[str, str]  #: signal name → element of the main process that it starts
    signals: frozenset[str]  #: names of the signals that something waits for
    messages: frozenset[str]  #: names of the messages that something waits for
    spec: BpmnProcessSpec = field(repr=False)

    @property
    def root(self) -> Any:
        """The spec that holds the main process; its name can be no element's."""
        return self.spec.task_specs[f"{self.main}/"]

    def element(self, element: str, process: str | None = None) -> FlowNode:
        """The element of that id; KeyError when there is none."""
        return self.elements[process or self.main][element]


def begins(node: FlowNode) -> bool:
    """Whether a token appears at this element when its scope is entered without an event."""
    if node.kind == "startEvent":
        return not node.events
    if node.kind == "boundaryEvent" or node.event_subprocess or node.for_compensation or node.incoming:
        return False
    return not (node.kind == "intermediateCatchEvent" and any(event.kind == "link" for event in node.events))
