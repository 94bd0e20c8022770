"""`xieban diagram` and `xieban decision`: drawings and decision tables on their own, without a database."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.app import DONE, NO, Group, show_findings
from cli.completion import procedures
from cli.filling import answers, read_bytes
from cli.options import data_options, pairs_to_mapping
from cli.outline import show_drawing, titles_of
from cli.output import plain, write_file
from cli.procedure import check_bundle, files_beside
from cli.session import Session, pass_session
from workflow_runtime.errors import BadInput
from workflow_runtime.escaping import safe
from workflow_runtime.i18n import _, language, ngettext, of_data

if TYPE_CHECKING:
    from workflow_runtime.decisions import Explanation, Model
    from workflow_runtime.diagram import Diagram
    from workflow_runtime.diagram.diff import Affected, Difference
    from workflow_runtime.diagram.render import Mark
    from workflow_runtime.findings import Finding

FORMATS = ("svg", "png", "pdf")
THEMES = ("light", "dark", "print", "contrast")
_NOTHING_DRAWN = b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="nothing" targetNamespace="-"/>'
_NOTHING_DECIDED = (
    b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="nothing" name="-" namespace="-"/>'
)


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
@click.option("--case", "number", metavar="NUMBER", help=_("Mark what this case has done (KEY is then its procedure)."))
@pass_session
def outline(session: Session, key: str, by_name: bool, number: str | None) -> None:
    if by_name:
        # whole lines and no colour: version control compares them
        from workflow_runtime.diagram.diff import text_for_git

        named = key.endswith((".dmn", ".form"))
        content = read_bytes(Path(key)) if named else source_of(session, key)
        for line in text_for_git(content, key if named else "x.bpmn").splitlines():
            session.output.line(safe(line))
        return
    from workflow_runtime import diagram as drawings
    from workflow_runtime.diagram.outline import Known
    from workflow_runtime.diagram.outline import outline as told
    from workflow_runtime.procedures import Procedure, bundle_of

    marks: dict[str, Mark] = {}
    if number is not None:
        key, marks = _marks_of_case(session, number)
    path = Path(key)
    if path.suffix == ".bpmn" or path.is_file():
        drawn, titles = drawings.read(read_bytes(path)), Known()
    else:
        name, at, version = key.partition("@")
        files = session.runtime.bundle(name, int(version)) if at and version.isdigit() else bundle_of(key)
        procedure = Procedure.parse(files)
        drawn, titles = procedure.main, titles_of(procedure)
    if session.as_json:
        session.output.json(told(drawn, marks=marks, **titles))
        return
    show_drawing(session.output, drawn, titles, marks)


def _marks_of_case(session: Session, number: str) -> tuple[str, dict[str, Mark]]:
    """The version a case runs on, and what to mark: done, active, skipped, failed, with who and how long."""
    from workflow_runtime import diagram as drawings
    from workflow_runtime.diagram import render as pictures

    page = session.runtime.case(number, actor=session.actor, history=0)
    key = f"{page.case.procedure}@{page.case.version}"
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
    return key, pictures.case_marks(drawings.read(source_of(session, key)), page.marks, notes)


@diagram.command(help=_("A picture of a diagram; with --case, as that case stands."))
@click.argument("key", shell_complete=procedures)
@click.option("-o", "--to", "target", type=click.Path(dir_okay=False, path_type=Path), help=_("Write it here."))
@click.option("--format", "form", type=click.Choice(FORMATS), help=_("Default: by the file's name, else svg."))
@click.option("--theme", type=click.Choice(THEMES), default="light", show_default=True, help=_("Colours."))
@click.option("--case", "number", metavar="NUMBER", help=_("Mark what this case has done (KEY is then its procedure)."))
@click.option("--findings", "checked", is_flag=True, help=_("Mark what a check finds, soundness included."))
@pass_session
def render(
    session: Session,
    key: str,
    target: Path | None,
    form: str | None,
    theme: str,
    number: str | None,
    checked: bool,
) -> None:
    from workflow_runtime import diagram as drawings
    from workflow_runtime.diagram import render as pictures

    known = target.suffix.lstrip(".") if target is not None else ""
    form = form or (known if known in FORMATS else "svg")
    if theme not in pictures.THEMES:
        raise BadInput(_("the themes are {known}").format(known=", ".join(pictures.THEMES)))
    marks: dict[str, Mark] = {}
    if number is not None:
        key, marks = _marks_of_case(session, number)
    source = source_of(session, key)
    drawn = drawings.read(source)
    found = _findings(session, key, drawn) if checked else []
    pooled = {getattr(drawn.elements[id], "process", None) for id in drawn.participants}
    bare = set(drawn.processes) - pooled  # a process without a pool has no shape to stand a mark on
    findings = [one for one in found if one.element in drawn.elements and one.element not in bare]
    content = pictures.render(drawn, format=form, theme=theme, marks=marks, findings=findings)
    _written(session, target or Path(f"{Path(key).stem.partition('@')[0]}.{form}"), content)
    if checked and not session.as_json:
        show_findings(found, session.output.columns)
        text = ngettext("{count} finding is marked.", "{count} findings are marked.", len(findings))
        session.output.line(text.format(count=len(findings)))


def _findings(session: Session, key: str, drawn: Diagram) -> list[Finding]:
    """Of a file what the drawing alone says; of a procedure or version, with its forms, tables and organisation."""
    from workflow_runtime import diagram as drawings
    from workflow_runtime.procedures import bundle_of

    path = Path(key)
    if path.is_file():
        return drawings.check(drawn, rules="house", context=drawings.CheckContext(imports=files_beside(path)))
    name, at, version = key.partition("@")
    return check_bundle(session, session.runtime.bundle(name, int(version)) if at else bundle_of(key))


@diagram.command(help=_("Draw a diagram anew (or, with --keep, only what has no place yet)."))
@click.argument("key", shell_complete=procedures)
@click.option(
    "-o",
    "--to",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    help=_("Write it here; default: the standard output."),
)
@click.option("--keep", is_flag=True, help=_("Leave what a person has placed."))
@pass_session
def layout(session: Session, key: str, target: Path | None, keep: bool) -> None:
    from workflow_runtime import diagram as drawings
    from workflow_runtime.diagram.layout import layout as drawn
    from workflow_runtime.diagram.layout.quality import measure

    drawing = drawn(drawings.read(source_of(session, key)), keep=keep)
    if target is None:
        click.echo(drawings.write(drawing))
        return
    quality = measure(drawing)
    _written(session, target, drawings.write(drawing), quality=plain(quality))
    if not session.as_json:
        flows = max(1, quality.flows)
        told = _("{flows} lines: {crossings} crossings, {bends:.2f} bends a line; {width:.0f} × {height:.0f}.").format(
            flows=quality.flows,
            crossings=quality.crossings,
            bends=quality.bends / flows,
            width=quality.width,
            height=quality.height,
        )
        session.output.wrapped(told, "")
        if quality.faults:
            text = ngettext("{count} place lies on another.", "{count} places lie on others.", quality.faults)
            session.output.wrapped(text.format(count=quality.faults), "! ")


@diagram.command(help=_("Write the element templates for Camunda Modeler into FOLDER."))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@pass_session
def templates(session: Session, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for file in (resources.files("bpmn") / "element-templates").iterdir():
        _written(session, folder / file.name, file.read_bytes())


@diagram.command(
    help=_(
        "What a change changes, in words. BEFORE and AFTER are .bpmn, .dmn or .form files, or KEY@VERSION. "
        "With --as or --db, how many running cases it touches."
    )
)
@click.argument("before")
@click.argument("after")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help=_("Write a page with both pictures."))
@pass_session
def diff(session: Session, before: str, after: str, html: Path | None) -> None:
    from workflow_runtime import diagram as drawings
    from workflow_runtime.diagram import diff as differences

    # a difftool names the null device for a file that only one side has
    named = after if after != os.devnull else before
    name = named if named.endswith((".dmn", ".form")) else "x.bpmn"
    old, new = (_side(session, key, name) for key in (before, after))
    difference = differences.diff_files(old, new, name)
    touched = _touched(session, before, old, difference) if name == "x.bpmn" else None
    if html is not None:
        titles = (before, after)
        if name == "x.bpmn":
            page = differences.diff_page(
                drawings.read(old), drawings.read(new), titles=titles, difference=difference, affected=touched
            )
        else:
            texts = (differences.text_for_git(old, name), differences.text_for_git(new, name))
            page = differences.text_page(texts, titles=titles, difference=difference)
        _written(session, html, page.encode())
        return
    if session.as_json:
        more = {} if touched is None else {"affected": plain(touched)}
        session.output.json({"changes": plain(difference.changes), "redrawn": difference.redrawn, **more})
        return
    for line in difference.in_words().splitlines():
        session.output.wrapped(safe(line), "", "  ")
    if touched is not None:
        session.output.wrapped(touched.sentence, "", "  ")
        session.output.wrapped(_("Counted are the cases that {who} may see.").format(who=session.actor.clerk), "", "  ")


def _side(session: Session, key: str, name: str) -> bytes:
    """What a difference compares; nothing at all is an empty file of that kind."""
    if key == os.devnull:
        return b"{}" if name.endswith(".form") else _NOTHING_DRAWN if name == "x.bpmn" else _NOTHING_DECIDED
    return read_bytes(Path(key)) if key.endswith((".dmn", ".form")) else source_of(session, key)


def _touched(session: Session, before: str, old: bytes, difference: Difference) -> Affected | None:
    """What the difference means for running cases: only when a database or a clerk is named."""
    if session.user is None and session.database is None:
        return None
    from workflow_runtime import diagram as drawings
    from workflow_runtime.diagram.diff import affected

    _name, at, version = before.partition("@")
    standing: dict[str, frozenset[str]] = {}
    for process in drawings.read(old).processes:
        number = int(version) if at and version.isdigit() else None
        for case, elements in session.runtime.standing(process, number, actor=session.actor).items():
            standing[case] = standing.get(case, frozenset()) | elements
    return affected(difference, standing)


def _written(session: Session, path: Path, content: bytes, **more: Any) -> None:
    write_file(path, content)
    if session.as_json:
        session.output.json({"path": str(path), "bytes": len(content), **more})
        return
    session.output.line(str(path))


@click.group(cls=Group, help=_("Decision tables: try one with your own values."))
def decision() -> None:
    pass


@decision.command(
    help=_(
        "Evaluate DECISION of FILE.dmn with the values of --data or --set, and say which rules hit. Without values: "
        "answer the examples that stand beside the file, in FILE.examples.yaml."
    )
)
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.argument("name", metavar="[DECISION]", required=False)
@data_options
@pass_session
def test(session: Session, path: Path, name: str | None, file: str | None, pairs: tuple[str, ...]) -> int:
    from workflow_runtime import decisions

    model = decisions.read(read_bytes(path))
    beside = path.with_suffix(".examples.yaml")
    if name is None and file is None and not pairs and beside.is_file():
        return _examples(session, model, beside)
    known = list(model.decisions)
    if name is None:
        if len(known) != 1:
            text = _("{file} holds {count} decisions: name one of {known}")
            raise BadInput(text.format(file=path, count=len(known), known=", ".join(map(str, known))))
        name = str(known[0])
    given = answers(session, None, file=file, pairs=pairs)
    explanation = model.explain(name, model.inputs_of(name, given))
    if session.as_json:
        session.output.json(explanation)
        return DONE if explanation.error is None else NO
    _explained(session, explanation)
    needed = model.needs(name)
    for key in pairs_to_mapping(pairs, "--set"):
        if key.split(".")[0] not in needed and not model.definitions.imports:
            text = _("This decision does not read {key}; it reads {names}.")
            session.output.wrapped(text.format(key=safe(key), names=safe(", ".join(needed))), "! ")
    return DONE if explanation.error is None else NO


def _examples(session: Session, model: Model, path: Path) -> int:
    """Answer every example of a file; those that come out otherwise are explained."""
    from workflow_runtime.decisions.examples import outcome, read_examples

    outcomes = [outcome(model, example) for example in read_examples(read_bytes(path), name=path.name)]
    wrong = [one for one in outcomes if not one.fits]
    if session.as_json:
        session.output.json(
            [{"case": one.example.case, "fits": one.fits, "answer": one.explanation} for one in outcomes]
        )
    else:
        for one in outcomes:
            session.output.wrapped(safe(of_data(one.example.case)), "✓ " if one.fits else "✖ ")
            if not one.fits:
                _explained(session, one.explanation)
        text = ngettext("{count} example", "{count} examples", len(outcomes)).format(count=len(outcomes))
        session.output.line(_("{examples}, {wrong} not answered as expected").format(examples=text, wrong=len(wrong)))
    return NO if wrong else DONE


def _explained(session: Session, explanation: Explanation) -> None:
    for line in safe(explanation.text(language()), lines=True).splitlines():
        text = line.lstrip()
        indent = " " * (len(line) - len(text))
        session.output.wrapped(text, indent, indent + "  ")
