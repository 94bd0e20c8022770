"""A procedure's course as text: whole, or step by step with a mark on each step of a case."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.output import Output
from cli.session import Session
from cli.text import indented
from workflow_runtime.escaping import safe
from workflow_runtime.model import CasePage

if TYPE_CHECKING:
    from workflow_runtime.diagram import Diagram

MARKS = {"done": "✔", "active": "●", "failed": "✖"}
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
        number = line.number.split()[0]
        text = indented(safe(line.text), output.columns, f"  {MARKS.get(state, OPEN)} {number:>3} ")
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


def show_drawing(output: Output, source: bytes) -> None:
    """The course that a diagram draws, with lanes, forms, deadlines and choices."""
    output.lines(outline_lines(output, source))


def outline_lines(output: Output, source: bytes) -> Iterator[str]:
    from workflow_runtime import diagram
    from workflow_runtime.diagram.outline import outline

    for line in outline(diagram.read(source)):
        head = "  " * line.depth + (f"{line.number.split()[0]}. " if line.number else "")
        yield from indented(safe(line.text), output.columns, head)
