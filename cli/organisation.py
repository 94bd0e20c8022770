"""`xieban org` and `xieban profile`: who there is, and what a jurisdiction sets."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from cli.app import Group
from cli.filling import read_bytes
from cli.options import listing, paging
from cli.output import Column, Listing
from cli.session import Session, pass_session
from workflow_runtime.escaping import safe
from workflow_runtime.i18n import _, of_data


@click.group(cls=Group, help=_("The organisation: agencies, departments, clerks."))
def org() -> None:
    pass


@org.command("import", help=_("Read an organisation file; FILE may be “demo”, the fictional one that is shipped."))
@click.argument("file")
@pass_session
def import_file(session: Session, file: str) -> None:
    from importlib import resources

    path = Path(str(resources.files("bpmn") / "demo" / "organisation.yaml")) if file == "demo" else Path(file)
    counts = session.runtime.import_organisation(read_bytes(path), actor=session.administrator)
    if session.as_json:
        session.output.json(counts)
        return
    text = _(", ").join(f"{_of_counts(name)} {count}" for name, count in counts.items())
    session.output.wrapped(_("The organisation is read: {counts}.").format(counts=text), "✔ ")


def _of_counts(name: str) -> str:
    return {
        "agencies": _("agencies"),
        "departments": _("departments"),
        "clerks": _("clerks"),
        "memberships": _("memberships"),
        "substitutions": _("substitutions"),
        "regions": _("regions"),
    }.get(name, name)


@org.command(help=_("Agencies and their departments; --clerks shows who works where."))
@click.option("--clerks", is_flag=True, help=_("Show the clerks of each department."))
@click.option("--agency", metavar="TEXT", help=_("Only this agency (id or part of its name)."))
@pass_session
def show(session: Session, clerks: bool, agency: str | None) -> None:
    directory = session.runtime.organisation(actor=session.administrator)
    if session.as_json:
        session.output.json(directory)
        return
    output, today = session.output, date.today()
    for one in directory.agencies:
        if agency and agency != one.id and agency not in one.name:
            continue
        output.heading(f"{safe(of_data(one.name))}  {safe(one.code)}  {safe(one.region)}  [{safe(one.id)}]")
        for department in (part for part in directory.departments if part.agency == one.id):
            output.wrapped(f"{safe(of_data(department.name))}  [{safe(department.id)}]", "  ")
            if clerks:
                for clerk in directory.clerks_of(department.id, today):
                    roles = {
                        role for part in clerk.memberships if part.department == department.id for role in part.roles
                    }
                    output.wrapped(f"{safe(clerk.name)}  --as {safe(clerk.id)}  {' '.join(sorted(roles))}", "      ")
    if not directory.agencies:
        output.line(_("There is no organisation yet: “xieban org import demo” reads the fictional one."))


@click.group(cls=Group, help=_("What a jurisdiction sets: deadlines, amounts, rules."))
def profile() -> None:
    pass


@profile.command("list", help=_("The profiles there are."))
@pass_session
def list_profiles(session: Session) -> None:
    rows = session.runtime.profiles()
    columns: list[Column[Any]] = [
        Column(_("Code"), lambda row: row.jurisdiction),
        Column(_("Name"), lambda row: of_data(row.name), least=10),
        Column(_("Version"), lambda row: str(row.version)),
        Column(_("From"), lambda row: str(row.valid_from or "")),
        Column(_("Values"), lambda row: len(row.parameters), right=True),
    ]
    Listing(session.output, columns, rows, 1, 1000, _("There is no profile.")).show()


@profile.command("show", help=_("Every value of a profile, with its mark and source."))
@click.argument("jurisdiction")
@click.option("--procedure", metavar="CODE", help=_("Only values of this procedure, e.g. P16."))
@click.option("--mark", type=click.Choice(["S", "I", "X", "P"]), help=_("S law, I notice, X inferred, P our default."))
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
        Column(_("Source"), lambda row: " ".join(filter(None, (row.source, row.section))), least=8),
        Column(_("Standing"), lambda row: row.standing_text, least=8),
    ]
    if not session.as_json and not as_csv and xlsx is None:
        session.output.heading(f"{safe(of_data(chosen.name))}  {safe(chosen.jurisdiction)}  v{chosen.version}")
        columns = columns[:-1]

    def fetch(number: int, offset: int) -> Any:
        return wanted[offset : offset + number]

    nothing = _("The profile sets no such value.")
    listing(session, columns, fetch, nothing=nothing, limit=limit, page=page, as_csv=as_csv, xlsx=xlsx)
