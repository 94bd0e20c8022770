"""A procedure's course as text: whole, or step by step with a mark on each step of a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cli.output import Output
from cli.session import Session
from cli.text import indented
from workflow_runtime.escaping import safe
from workflow_runtime.model import CasePage

if TYPE_CHECKING:
    from workflow_runtime.diagram import Diagram
    from workflow_runtime.diagram.outline import Known
    from workflow_runtime.diagram.render import Mark
    from workflow_runtime.procedures import Procedure

MARKS = {"done": "✔", "active": "●", "skipped": "–", "failed": "✖"}
COLOURS = {"done": "green", "active": "yellow", "failed": "red"}
OPEN = "○"


def show_course(session: Session, page: CasePage) -> None:
    """The course of a case, a line for each step: done, active, open; what only an event brings about, once it has."""
    from workflow_runtime.diagram.outline import outline

    output = session.output
    drawn = session.runtime.parsed(page.case.procedure, page.case.version).main
    for line in outline(drawn):
        if not line.number or line.element is None:
            continue
        state = page.marks.get(line.element, "")
        if not state and _only_on_an_event(drawn, line.element):
            continue
        text = indented(safe(line.text), output.columns, f"  {MARKS.get(state, OPEN)} {line.number:>3} ")
        output.lines(output.styled(part, COLOURS.get(state)) for part in text)


def _only_on_an_event(drawn: Diagram, element: str) -> bool:
    node = drawn.node(element)
    if node.event_subprocess:
        return True
    scope = drawn.scopes[node.scope]
    while scope.parent is not None:
        if scope.event_subprocess:
            return True
        scope = drawn.scopes[scope.parent]
    return False


def show_drawing(
    output: Output,
    drawn: Diagram,
    titles: Known | None = None,
    marks: Mapping[str, Mark] | None = None,
) -> None:
    """The course that a diagram draws, with lanes, forms, deadlines, choices; of a case, with a mark on each step."""
    from workflow_runtime.diagram.outline import Known, outline

    for line in outline(drawn, marks=marks, **(titles or Known())):
        head = "  " * line.depth
        state = line.mark.state.value if line.mark is not None else ""
        if marks and line.number:
            head += MARKS.get(state, OPEN) + " "
        note = f"  [{line.mark.note}]" if line.mark is not None and line.mark.note else ""
        for part in indented(safe(line.head + line.text + note), output.columns, head):
            output.line(output.styled(part, COLOURS.get(state) if line.number else None))


def titles_of(procedure: Procedure) -> Known:
    """What ids of a procedure are called; deadlines as in the shipped profiles, without their lengths."""
    from workflow_runtime import profiles

    deadlines = {one.name: one.title for profile in profiles.shipped().values() for one in profile.parameters}
    return {**procedure.titles(), "deadlines": deadlines}
