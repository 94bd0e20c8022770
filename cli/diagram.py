"""`xieban diagram` and `xieban decision`: drawings and decision tables on their own, without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.app import Group
from cli.completion import procedures
from cli.filling import answers, read_bytes
from cli.options import data_options
from cli.outline import show_drawing
from cli.output import plain, write_file
from cli.session import Session, pass_session
from workflow_runtime.errors import BadInput
from workflow_runtime.escaping import safe
from workflow_runtime.i18n import _, language, ngettext, of_data

if TYPE_CHECKING:
    from workflow_runtime.diagram.render import Mark

FORMATS = ("svg", "png", "pdf")
THEMES = ("light", "dark", "print", "contrast")


@click.group(cls=Group, help=_("Diagrams: outline, picture, layout, difference. KEY is a file or a procedure."))
def diagram() -> None:
    pass


def source_of(session: Session, key: str) -> bytes:
    """A .bpmn file's content, a deployed version (`key@2`), or the diagram of a shipped procedure."""
    name, at, version = key.partition("@")
    if at and version.isdigit():
        return session.runtime.bundle(name, int(version))[f"{name}/{name}.bpmn"]
    path = Path(key)
    if path.suffix == ".bpmn" or path.is_file():
        return read_bytes(path)
    from workflow_runtime import procedures

    folder = procedures.find_folder(key)
    return read_bytes(folder / f"{folder.name}.bpmn")


@diagram.command(help=_("The course of a diagram as text: who does what, by when, what it leads to."))
@click.argument("key", shell_complete=procedures)
@click.option("--by-name", is_flag=True, help=_("Tell steps by name instead of number: for git (a textconv)."))
@pass_session
def outline(session: Session, key: str, by_name: bool) -> None:
    if by_name:
        # whole lines and no colour: version control compares them
        from workflow_runtime.diagram.diff import text_for_git

        named = key.endswith((".dmn", ".form"))
        content = read_bytes(Path(key)) if named else source_of(session, key)
        for line in text_for_git(content, key if named else "x.bpmn").splitlines():
            session.output.line(safe(line))
        return
    source = source_of(session, key)
    if session.as_json:
        from workflow_runtime import diagram as drawings
        from workflow_runtime.diagram.outline import outline as told

        session.output.json(told(drawings.read(source)))
        return
    show_drawing(session.output, source)


@diagram.command(help=_("A picture of a diagram; with --case, as that case stands."))
@click.argument("key", shell_complete=procedures)
@click.option("--to", "target", type=click.Path(dir_okay=False, path_type=Path), help=_("Write it here."))
@click.option("--format", "form", type=click.Choice(FORMATS), help=_("Default: by the file's name, else svg."))
@click.option("--theme", type=click.Choice(THEMES), default="light", show_default=True, help=_("Colours."))
@click.option("--case", "number", metavar="NUMBER", help=_("Mark what this case has done (KEY is then its procedure)."))
@pass_session
def render(session: Session, key: str, target: Path | None, form: str | None, theme: str, number: str | None) -> None:
    from workflow_runtime import diagram as drawings
    from workflow_runtime.diagram import render as pictures

    known = target.suffix.lstrip(".") if target is not None else ""
    form = form or (known if known in FORMATS else "svg")
    if theme not in pictures.THEMES:
        raise BadInput(_("the themes are {known}").format(known=", ".join(pictures.THEMES)))
    marks: dict[str, Mark] = {}
    if number is not None:
        page = session.runtime.case(number, actor=session.actor, history=0)
        source = session.runtime.bundle(page.case.procedure, page.case.version)[
            f"{page.case.procedure}/{page.case.procedure}.bpmn"
        ]
        now = datetime.now(UTC)
        notes = {
            # a step of a called procedure is told on the step that calls it
            (*item.path, item.element)[0]: (
                item.clerk_name or item.department_name,
                ngettext("{count} day", "{count} days", days).format(count=days)
                if (days := (now - item.opened_at).days)
                else "",
            )
            for item in page.items
            if item.completed_at is None
        }
        marks = pictures.case_marks(drawings.read(source), page.marks, notes)
    else:
        source = source_of(session, key)
    content = pictures.render(drawings.read(source), format=form, theme=theme, marks=marks)
    _written(session, target or Path(f"{Path(key).stem.partition('@')[0]}.{form}"), content)


@diagram.command(help=_("Draw a diagram anew (or, with --keep, only what has no place yet)."))
@click.argument("key", shell_complete=procedures)
@click.option(
    "--to", "target", type=click.Path(dir_okay=False, path_type=Path), required=True, help=_("Write it here.")
)
@click.option("--keep", is_flag=True, help=_("Leave what a person has placed."))
@pass_session
def layout(session: Session, key: str, target: Path, keep: bool) -> None:
    from workflow_runtime import diagram as drawings
    from workflow_runtime.diagram.layout import layout as drawn

    _written(session, target, drawings.write(drawn(drawings.read(source_of(session, key)), keep=keep)))


@diagram.command(help=_("Write the element templates for Camunda Modeler into FOLDER."))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@pass_session
def templates(session: Session, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for file in (resources.files("bpmn") / "element-templates").iterdir():
        _written(session, folder / file.name, file.read_bytes())


@diagram.command(
    help=_("What a change changes, in words. BEFORE and AFTER are .bpmn, .dmn or .form files, or KEY@VERSION.")
)
@click.argument("before")
@click.argument("after")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help=_("Write a page with both pictures."))
@pass_session
def diff(session: Session, before: str, after: str, html: Path | None) -> None:
    from workflow_runtime import diagram as drawings
    from workflow_runtime.diagram import diff as differences

    name = after if after.endswith((".dmn", ".form")) else "x.bpmn"
    old, new = (
        read_bytes(Path(key)) if key.endswith((".dmn", ".form")) else source_of(session, key) for key in (before, after)
    )
    difference = differences.diff_files(old, new, name)
    if html is not None:
        if name != "x.bpmn":
            raise BadInput(_("--html shows diagrams; tables and forms are told in words"))
        page = differences.diff_page(
            drawings.read(old), drawings.read(new), titles=(before, after), difference=difference
        )
        _written(session, html, page.encode())
        return
    if session.as_json:
        session.output.json({"changes": plain(difference.changes), "redrawn": difference.redrawn})
        return
    for line in difference.in_words().splitlines():
        session.output.wrapped(safe(line), "", "  ")


def _written(session: Session, path: Path, content: bytes) -> None:
    write_file(path, content)
    if session.as_json:
        session.output.json({"path": str(path), "bytes": len(content)})
        return
    session.output.line(str(path))


@click.group(cls=Group, help=_("Decision tables: try one with your own values."))
def decision() -> None:
    pass


@decision.command(help=_("Evaluate DECISION of FILE.dmn with the values of --data or --set, and say which rules hit."))
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.argument("name", metavar="[DECISION]", required=False)
@data_options
@pass_session
def test(session: Session, path: Path, name: str | None, file: str | None, pairs: tuple[str, ...]) -> None:
    from workflow_runtime import decisions

    model = decisions.read(read_bytes(path))
    known = list(model.decisions)
    if name is None:
        if len(known) != 1:
            text = _("{file} holds {count} decisions: name one of {known}")
            raise BadInput(text.format(file=path, count=len(known), known=", ".join(map(str, known))))
        name = str(known[0])
    explanation = model.explain(name, answers(session, None, file=file, pairs=pairs))
    if session.as_json:
        session.output.json(explanation)
        return
    for line in safe(of_data(explanation.text(language())), lines=True).splitlines():
        text = line.lstrip()
        indent = " " * (len(line) - len(text))
        session.output.wrapped(text, indent, indent + "  ")
