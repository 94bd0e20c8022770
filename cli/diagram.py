"""`xieban diagram` and `xieban decision`: drawings and decision tables on their own, without a database."""

from __future__ import annotations

from pathlib import Path

import click

from cli.app import Group
from cli.filling import answers, read_bytes
from cli.options import data_options
from cli.outline import show_drawing
from cli.session import Session, pass_session
from workflow_runtime.errors import BadInput
from workflow_runtime.escaping import safe
from workflow_runtime.i18n import _, of_data


@click.group(cls=Group, help=_("Diagrams: outline, picture, layout, difference."))
def diagram() -> None:
    pass


def source_of(key: str) -> bytes:
    """A .bpmn file's content, or the diagram of a shipped procedure."""
    path = Path(key)
    if path.suffix == ".bpmn" or path.is_file():
        return read_bytes(path)
    from workflow_runtime import procedures

    folder = procedures.find_folder(key)
    return read_bytes(folder / f"{folder.name}.bpmn")


@diagram.command(help=_("The course of a diagram as text. KEY is a .bpmn file or a shipped procedure."))
@click.argument("key")
@pass_session
def outline(session: Session, key: str) -> None:
    show_drawing(session.output, source_of(key))


@click.group(cls=Group, help=_("Decision tables: try one with your own values."))
def decision() -> None:
    pass


@decision.command(help=_("Evaluate DECISION of FILE.dmn with the values of --data or --set, and say which rules hit."))
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.argument("name", required=False)
@data_options
@pass_session
def test(session: Session, path: Path, name: str | None, file: str | None, pairs: tuple[str, ...]) -> None:
    from workflow_runtime import decisions

    model = decisions.read(read_bytes(path))
    known = model.decisions
    if name is None:
        if len(known) != 1:
            text = _("{file} holds {count} decisions: name one of {known}")
            raise BadInput(text.format(file=path, count=len(known), known=", ".join(map(str, known))))
        name = next(iter(known))
    given = answers(session, None, file=file, pairs=pairs, values={})
    explanation = model.explain(str(name), given)
    if session.as_json:
        session.output.json(explanation)
        return
    session.output.wrapped(safe(of_data(str(explanation)), lines=True))
