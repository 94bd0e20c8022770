"""`xieban profile`: what a jurisdiction sets, what differs, what is wrong in a file, and moving open cases to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.app import NO, Group, show_findings
from cli.bulk import over_many
from cli.options import listing, paging, sheets
from cli.output import Column, Listing, write_file
from cli.session import Session, pass_session, terminal_columns
from workflow_runtime.errors import BadInput, NotFound
from workflow_runtime.escaping import safe
from workflow_runtime.findings import Severity
from workflow_runtime.i18n import _, of_data
from workflow_runtime.loading import when_used
from workflow_runtime.procedures import Procedure, check_profile, find_folder, gather, shipped_procedures
from workflow_runtime.profiles import Profile, differences, read

if TYPE_CHECKING:
    from workflow_runtime import reckoning as reckonings
else:
    reckonings = when_used("workflow_runtime.reckoning")


@click.group(cls=Group, help=_("What a jurisdiction sets: deadlines, amounts, rules."))
def profile() -> None:
    pass


@profile.command("list", help=_("The profiles there are."))
@sheets
@pass_session
def list_profiles(session: Session, as_csv: bool, xlsx: Path | None) -> None:
    rows = session.runtime.profiles()
    columns: list[Column[Any]] = [
        Column(_("Code"), lambda row: row.jurisdiction),
        Column(_("Name"), lambda row: of_data(row.name), least=10),
        Column(_("Version"), lambda row: str(row.version)),
        Column(_("From"), lambda row: str(row.valid_from or "")),
        Column(_("Values"), lambda row: len(row.parameters), right=True),
    ]
    Listing(session.output, columns, rows, 1, 1000, _("There is no profile."), as_csv, xlsx).show()


@profile.command("show", help=_("Every value of a profile, with its mark and source."))
@click.argument("jurisdiction")
@click.option("--procedure", metavar="CODE", help=_("Only values of this procedure, e.g. P16."))
@click.option(
    "--mark", type=click.Choice(["S", "I", "X", "P"]), help=_("S policy, I inferred, X other law, P our default.")
)
@paging
@pass_session
def show_profile(
    session: Session,
    jurisdiction: str,
    procedure: str | None,
    mark: str | None,
    limit: int,
    page: int,
    as_csv: bool,
    xlsx: Path | None,
) -> None:
    chosen = session.runtime.profile(jurisdiction)
    wanted = [
        parameter
        for parameter in chosen.parameters
        if (procedure is None or parameter.procedure in (procedure, "*"))
        and (mark is None or parameter.mark.value == mark)
    ]
    wanted.sort(key=lambda parameter: parameter.procedure == "*")  # its own before those for all
    columns: list[Column[Any]] = [
        Column(_("For"), lambda row: row.procedure),
        Column(_("Key"), lambda row: row.name, least=12),
        Column(_("Title"), lambda row: of_data(row.title), least=12),
        Column(_("Value"), lambda row: row.value_text, least=8),
        Column(_("Mark"), lambda row: row.mark.value),
        Column(_("Source"), lambda row: " ".join(filter(None, (of_data(row.source), of_data(row.section)))), least=8),
        Column(_("Standing"), lambda row: row.standing_text, least=8),
    ]
    if not session.as_json and not as_csv and xlsx is None:
        session.output.heading(f"{safe(of_data(chosen.name))}  {safe(chosen.jurisdiction)}  v{chosen.version}")
        columns = columns[:-1]

    def fetch(number: int, offset: int) -> Any:
        return wanted[offset : offset + number]

    nothing = _("The profile sets no such value.")
    listing(session, columns, fetch, nothing=nothing, limit=limit, page=page, as_csv=as_csv, xlsx=xlsx)


def _chosen(session: Session, name: str) -> Profile:
    """The profile that is named: a file, a jurisdiction, or a jurisdiction and version as `GX@1`."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        return read(_bytes(path), name=path.name)
    jurisdiction, at, version = name.partition("@")
    if not at:
        return session.runtime.profile(jurisdiction)
    versions = reckonings.Reckoning(session.runtime).versions(jurisdiction)
    for one in versions:
        if one.version == version:
            return one
    raise NotFound(
        _("{jurisdiction} has no profile of version {version}; there are {known}").format(
            jurisdiction=jurisdiction, version=version, known=", ".join(one.version for one in versions)
        )
    )


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise NotFound(_("there is no file {path}").format(path=path))
    return path.read_bytes()


@profile.command(help=_("What differs between two profiles: jurisdictions (GX), versions (GX@1) or files."))
@click.argument("first")
@click.argument("second")
@paging
@pass_session
def diff(session: Session, first: str, second: str, limit: int, page: int, as_csv: bool, xlsx: Path | None) -> int:
    found = differences(_chosen(session, first), _chosen(session, second))
    columns: list[Column[Any]] = [
        Column(_("For"), lambda row: row.procedure, once=True),
        Column(_("Key"), lambda row: row.name, least=12),
        Column(_("What"), lambda row: row.what),
        Column(safe(first), lambda row: row.first, least=8),
        Column(safe(second), lambda row: row.second, least=8),
    ]

    def fetch(number: int, offset: int) -> Any:
        return found[offset : offset + number]

    listing(session, columns, fetch, nothing=_("They say the same."), limit=limit, page=page, as_csv=as_csv, xlsx=xlsx)
    return NO if found else 0


@profile.command(help=_("Everything that is wrong in the profile FILE, or worth a look."))
@click.argument("file", type=click.Path(path_type=Path))
@pass_session
def check(session: Session, file: Path) -> int:
    findings = check_profile(_bytes(file), procedures_at_hand(session), name=file.name)
    wrong = any(one.severity is Severity.ERROR for one in findings)
    if session.as_json:
        session.output.json(findings)
        return NO if wrong else 0
    show_findings(findings, terminal_columns())
    if not findings:
        session.output.wrapped(_("Nothing is wrong in {file}.").format(file=safe(file.name)), "✔ ")
    return NO if wrong else 0


def procedures_at_hand(session: Session) -> list[Procedure]:
    """The procedures at hand: those deployed, and those that came along and may be."""
    newest: dict[str, int] = {}
    if session.has_store:
        newest = {one.key: one.version for one in reversed(session.runtime.procedures())}
    deployed = [session.runtime.parsed(key, version) for key, version in newest.items()]
    return deployed + [Procedure(gather(find_folder(key))) for key in shipped_procedures() if key not in newest]


@profile.command(help=_("Write the newest file of JURISDICTION to FILE: to change it, or to begin another."))
@click.argument("jurisdiction")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@pass_session
def export(session: Session, jurisdiction: str, file: Path) -> None:
    write_file(file, reckonings.Reckoning(session.runtime).profile_source(jurisdiction))
    if session.as_json:
        session.output.json({"file": str(file)})
        return
    session.output.line(str(file))


@profile.command("import", help=_("Keep FILE as the newest profile of its jurisdiction; open cases stay as they are."))
@click.argument("file", type=click.Path(path_type=Path))
@pass_session
def import_profile(session: Session, file: Path) -> None:
    kept = reckonings.Reckoning(session.runtime).import_profile(_bytes(file), actor=session.actor, name=file.name)
    if session.as_json:
        session.output.json({"jurisdiction": kept.jurisdiction, "version": kept.version, "hash": kept.hash})
        return
    output = session.output
    text = _("{jurisdiction} version {version} holds for cases that start from now on.")
    output.wrapped(text.format(jurisdiction=safe(kept.jurisdiction), version=safe(kept.version)), "✔ ")
    text = _("Open cases: “xieban profile apply {jurisdiction} --dry-run” shows what would move.")
    output.wrapped(text.format(jurisdiction=safe(kept.jurisdiction)))


@profile.command(help=_("Move the open cases of JURISDICTION to its newest values; their deadlines are counted again."))
@click.argument("jurisdiction")
@click.option("--reason", default="", help=_("Why; it stands in the history of every case."))
@click.option("--case", "number", metavar="NUMBER", help=_("Only this case (its number)."))
@click.option("--dry-run", is_flag=True, help=_("Only show what would happen."))
@click.option("--yes", is_flag=True, help=_("Do not ask."))
@pass_session
def apply(session: Session, jurisdiction: str, reason: str, number: str | None, dry_run: bool, yes: bool) -> int:
    if not dry_run and not reason.strip():
        raise BadInput(_("a reason is needed: --reason TEXT"))

    reckoning = reckonings.Reckoning(session.runtime)
    return over_many(
        session,
        lambda dry: reckoning.apply_profile(jurisdiction, reason=reason, actor=session.actor, dry_run=dry, case=number),
        dry_run=dry_run,
        yes=yes,
    )
