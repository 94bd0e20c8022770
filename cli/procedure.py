"""`xieban procedure`: check a drawing, try it, deploy it, look at it, hand it out, retire it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from cli.app import NO, REFUSED, Group, show_findings
from cli.completion import procedures
from cli.filling import read_bytes
from cli.options import paging
from cli.outline import show_drawing, titles_of
from cli.output import Column, Listing, Output
from cli.session import Session, pass_session, runtime_class
from workflow_runtime.errors import BadInput
from workflow_runtime.escaping import safe
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _, ngettext, of_data
from workflow_runtime.model import ProcedureVersion, VersionState
from workflow_runtime.settings import sqlite_path

if TYPE_CHECKING:
    from workflow_runtime.scenarios import Result


@click.group(cls=Group, help=_("Procedures: check, try, deploy, list, show."))
def procedure() -> None:
    pass


@procedure.command(
    help=_(
        "Find every mistake: in a procedure (its KEY or folder), or in single .bpmn, .dmn and .form files. "
        "Exit code 2 with errors, 1 with warnings only (severities.yaml says which is which), 0 without."
    )
)
@click.argument("keys", metavar="KEY...", nargs=-1, required=True, shell_complete=procedures)
@click.option("--rules", type=click.Choice(["house", "standard"]), default="house", help=_("Which rules hold."))
@pass_session
def check(session: Session, keys: tuple[str, ...], rules: str) -> int:
    findings: list[Finding] = []
    for key in keys:
        found = _check(session, key, rules)
        findings += found if len(keys) == 1 else [replace(one, path=(key, *one.path)) for one in found]
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    warnings = sum(finding.severity is Severity.WARNING for finding in findings)
    if session.as_json:
        session.output.json(findings)
    else:
        show_findings(findings, session.output.columns)
        _sum_up(session.output, errors, warnings)
    return REFUSED if errors else NO if warnings else 0


def _check(session: Session, key: str, rules: str) -> list[Finding]:
    """One KEY: a file is that file, a folder all that is in it; also what cannot be read is a finding."""
    try:
        return _found(session, key, rules)
    except BadInput as error:
        if not error.findings:
            raise
        return list(error.findings)


def _found(session: Session, key: str, rules: str) -> list[Finding]:
    from workflow_runtime import procedures

    path = Path(key)
    if path.is_file() and (rules == "standard" or path.suffix != ".bpmn"):
        return _check_one(path)
    if rules == "standard":
        drawings = sorted(procedures.find_folder(key).glob("*.bpmn"))
        return [replace(one, path=(file.name, *one.path)) for file in drawings for one in _check_one(file)]
    return check_bundle(session, procedures.bundle_of(key))


def check_bundle(session: Session, bundle: Mapping[str, bytes]) -> list[Finding]:
    """With the organisation at hand where there is a database, without it otherwise."""
    from workflow_runtime import profiles

    path = sqlite_path(session.settings.database)
    if path == Path() or path.exists():
        return list(session.runtime.check_procedure(bundle))
    runtime_class()
    from workflow_runtime import runtime

    return list(runtime.check_bundle(bundle, profiles=profiles.shipped(), severities=session.settings.severities))


def _check_one(path: Path) -> list[Finding]:
    from workflow_runtime import decisions, diagram, forms, fragments, procedures

    content = read_bytes(path)
    if path.suffix == ".dmn":
        return list(decisions.read(content).check())
    if path.suffix == ".form":
        form = forms.read(content, name=path.name)
        return list(procedures.form_findings(path.name, form, fragments.faults))
    return list(diagram.check(diagram.read(content), context=diagram.CheckContext(imports=files_beside(path))))


def files_beside(path: Path) -> Callable[[str], bytes | None]:
    """Files that a diagram imports: only those that lie in its own folder or below."""
    folder = path.parent.resolve()

    def fetch(location: str) -> bytes | None:
        found = (folder / location).resolve()
        return read_bytes(found) if found.is_relative_to(folder) and found.is_file() else None

    return fetch


def _sum_up(output: Output, errors: int, warnings: int) -> None:
    if not errors and not warnings:
        output.line("✔ " + _("Nothing to mend."))
        return
    parts = []
    if errors:
        parts.append(ngettext("{count} error", "{count} errors", errors).format(count=errors))
    if warnings:
        parts.append(ngettext("{count} warning", "{count} warnings", warnings).format(count=warnings))
    output.line(_(", ").join(parts))


@procedure.command(help=_("Run a procedure's scenarios, and say which flows none of them takes."))
@click.argument("key", shell_complete=procedures)
@click.option("--scenario", "wanted", metavar="TEXT", help=_("Only scenarios whose name contains this."))
@click.option(
    "--organisation", type=click.Path(path_type=Path), help=_("Who there is; default: the demo's organisation.")
)
@pass_session
def test(session: Session, key: str, wanted: str | None, organisation: Path | None) -> int:
    from workflow_runtime import procedures, scenarios

    runtime_class()
    folder = procedures.find_folder(key)
    files = [path for path in sorted((folder / "scenarios").glob("*.yaml")) if wanted is None or wanted in path.stem]
    if not files:
        raise BadInput(_("{folder} has no scenario of that name in scenarios/").format(folder=folder))
    people = organisation or procedures.shipped_library() / "demo" / "organisation.yaml"
    stories = [scenarios.read(read_bytes(path), name=path.name) for path in files]
    results = []
    with (
        TemporaryDirectory(prefix="xieban-scenarios-") as scratch,
        scenarios.Office(procedures.gather(folder), read_bytes(people), Path(scratch)) as office,
    ):
        for story in stories:
            results.append(scenarios.run(office, story))
            if not session.as_json:
                _show_result(session.output, results[-1])
    left = [] if wanted else scenarios.not_taken(office.procedure, results)
    if session.as_json:
        answer = [{"scenario": one.scenario, "passed": one.passed, "problems": one.problems} for one in results]
        session.output.json({"scenarios": answer, "not_taken": left})
    elif not wanted:
        _show_left(session.output, left)
    return 0 if all(result.passed for result in results) else NO


def _show_result(output: Output, result: Result) -> None:
    steps = ngettext("{count} step", "{count} steps", result.steps).format(count=result.steps)
    text = f"{safe(result.scenario)}: {safe(of_data(result.title))}  ({steps})"
    output.wrapped(text, "✔ " if result.passed else "✖ ")
    for problem in result.problems:
        output.wrapped(safe(problem), "    ✖ ")


def _show_left(output: Output, left: Sequence[tuple[str, str, str]]) -> None:
    output.line()
    if not left:
        output.line(_("Every flow is taken by some scenario."))
        return
    text = ngettext("{count} flow that no scenario takes:", "{count} flows that no scenario takes:", len(left))
    output.heading(text.format(count=len(left)))
    for process, flow, words in left:
        output.wrapped(f"{safe(words)}  [{safe(process)} {safe(flow)}]", "  ○ ", "    ")


@procedure.command(help=_("Deploy a procedure as a new version; running cases keep theirs."))
@click.argument("key", shell_complete=procedures)
@pass_session
def deploy(session: Session, key: str) -> None:
    from workflow_runtime import procedures

    before = {(version.key, version.version) for version in session.runtime.procedures()}
    version = session.runtime.deploy(procedures.bundle_of(key), actor=session.actor)
    if session.as_json:
        session.output.json(version)
        return
    same = (version.key, version.version) in before
    text = (
        _("{name} was deployed before, word for word the same: version {n}.")
        if same
        else _("{name} is version {n} now.")
    )
    session.output.wrapped(text.format(name=safe(of_data(version.name)), n=version.version), "✔ ")
    session.output.line(f"  {version.key}  sha256 {version.sha256[:16]}…")


@procedure.command("list", help=_("The versions that are deployed."))
@paging
@pass_session
def list_procedures(session: Session, limit: int, page: int, as_csv: bool, xlsx: Path | None) -> None:
    rows = session.runtime.procedures()[(page - 1) * limit :]
    columns: list[Column[ProcedureVersion]] = [
        Column(_("Key"), lambda row: row.key, least=16),
        Column(_("Code"), lambda row: row.code),
        Column(_("Name"), lambda row: of_data(row.name), least=12),
        Column(_("Version"), lambda row: row.version, right=True),
        Column(_("State"), lambda row: _("active") if row.state is VersionState.ACTIVE else _("retired")),
        Column(_("Deployed"), lambda row: row.deployed_at),
    ]
    Listing(session.output, columns, rows, page, limit, _("Nothing is deployed yet."), as_csv, xlsx).show()


@procedure.command(help=_("A deployed procedure: its version, its files, its course in words."))
@click.argument("key", shell_complete=procedures)
@click.option("--version", type=int, help=_("Which version; default: the newest."))
@pass_session
def show(session: Session, key: str, version: int | None) -> None:
    found = session.runtime.procedure(key, version)
    bundle = session.runtime.bundle(key, version)
    if session.as_json:
        session.output.json({"version": found, "files": {path: len(content) for path, content in bundle.items()}})
        return
    output = session.output
    output.heading(f"{safe(of_data(found.name))}  {found.key}")
    output.facts(
        [
            (_("Code"), found.code),
            (_("Version"), str(found.version)),
            (_("State"), _("active") if found.state is VersionState.ACTIVE else _("retired")),
            (_("Deployed"), f"{output.moment(found.deployed_at)}  {safe(found.deployed_by)}"),
            ("SHA-256", found.sha256),
        ]
    )
    output.line()
    output.heading(_("Files"))
    for path, content in sorted(bundle.items()):
        output.wrapped(f"{safe(path)}  {len(content)}", "  ")
    output.line()
    output.heading(_("Course"))
    parsed = session.runtime.parsed(found.key, found.version)
    show_drawing(output, parsed.main, titles_of(parsed))


@procedure.command(help=_("Write the handbook of a procedure: what a new clerk reads on the first day."))
@click.argument("key", shell_complete=procedures)
@click.option(
    "-o",
    "--to",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help=_("A .html or .pdf file."),
)
@click.option("--profile", "jurisdiction", metavar="CODE", help=_("Whose deadlines to print; default: none."))
@pass_session
def handbook(session: Session, key: str, target: Path, jurisdiction: str | None) -> None:
    from workflow_runtime import profiles
    from workflow_runtime.handbook import as_html, as_pdf
    from workflow_runtime.handbook import handbook as written
    from workflow_runtime.procedures import Procedure, bundle_of

    if target.suffix not in (".html", ".pdf"):
        raise BadInput(_("the file ends in .html or .pdf"))
    shipped = profiles.shipped()
    if jurisdiction is not None and jurisdiction not in shipped:
        raise BadInput(_("the profiles are {known}").format(known=", ".join(shipped)))
    today = datetime.now(ZoneInfo(session.settings.zone)).date()
    book = written(Procedure.parse(bundle_of(key)), profile=shipped[jurisdiction] if jurisdiction else None, on=today)
    content = as_html(book).encode() if target.suffix == ".html" else as_pdf(book)
    target.write_bytes(content)
    if session.as_json:
        session.output.json({"path": str(target), "bytes": len(content)})
        return
    session.output.line(str(target))


@procedure.command(help=_("Write a deployed version's files to a folder or a .zip file, as they were deployed."))
@click.argument("key", shell_complete=procedures)
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--version", type=int, help=_("Which version; default: the newest."))
@pass_session
def export(session: Session, key: str, target: Path, version: int | None) -> None:
    bundle = session.runtime.bundle(key, version)
    if target.exists() and (target.is_file() or any(target.iterdir())):
        raise BadInput(_("{path} exists already; name a new folder or file").format(path=target))
    if target.suffix == ".zip":
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in sorted(bundle.items()):
                archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), content)
    else:
        for path, content in bundle.items():
            place = target / path
            if not place.resolve().is_relative_to(target.resolve()):
                raise BadInput(_("{path} leads out of the folder").format(path=path))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    if session.as_json:
        session.output.json({"path": str(target), "files": sorted(bundle)})
        return
    session.output.wrapped(_("{count} files written to {path}.").format(count=len(bundle), path=target), "✔ ")


@procedure.command(help=_("Let no new case start on a version; running cases go on."))
@click.argument("key", shell_complete=procedures)
@click.argument("version", type=int)
@pass_session
def retire(session: Session, key: str, version: int) -> None:
    session.runtime.retire(key, version, actor=session.actor)
    if session.as_json:
        session.output.json(session.runtime.procedure(key, version))
        return
    session.output.wrapped(_("Version {version} of {key} is retired.").format(version=version, key=safe(key)), "✔ ")
