"""`xieban org` and `xieban profile`: who there is, and what a jurisdiction sets."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from cli.app import Group
from cli.filling import read_bytes
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
