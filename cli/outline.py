"""A procedure's course as text, step by step, with a mark on each step of a case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cli.output import Output
from cli.session import Session
from workflow_runtime.escaping import safe
from workflow_runtime.i18n import of_data
from workflow_runtime.model import CasePage

MARKS = {"done": "✔", "active": "●", "failed": "✖"}
OPEN = "○"


def show_outline(session: Session, page: CasePage) -> None:
    """The course of a case: done, active and open steps."""
    bundle = session.runtime.bundle(page.case.procedure, page.case.version)
    show_drawing(session.output, bundle[f"{page.case.procedure}/{page.case.procedure}.bpmn"], page.marks)


def show_drawing(output: Output, source: bytes, marks: Mapping[str, str] | None = None) -> None:
    """The course that a diagram draws, in the order of its flows."""
    for depth, sign, text in _lines(source, marks or {}):
        mark = sign if marks is not None else "·"
        output.wrapped(text, f"  {'  ' * depth}{mark} ")


def _lines(source: bytes, marks: Mapping[str, str]) -> Iterator[tuple[int, str, str]]:
    from workflow_runtime import diagram

    drawn = diagram.read(source)
    yield from (
        (0, MARKS.get(marks.get(node.id, ""), OPEN), safe(of_data(node.name))) for node in drawn.nodes() if node.name
    )
