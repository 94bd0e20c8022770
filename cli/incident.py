"""`xieban incident`: where the machine stopped, why, and going on from there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.app import Group
from cli.bulk import over_many
from cli.options import sheets
from cli.output import Column, Listing
from cli.session import Session, pass_session
from workflow_runtime.errors import BadInput
from workflow_runtime.escaping import safe
from workflow_runtime.i18n import _, of_data
from workflow_runtime.loading import when_used

if TYPE_CHECKING:
    from workflow_runtime import repairs as mending
    from workflow_runtime.repairs import IncidentView
else:
    mending = when_used("workflow_runtime.repairs")


@click.group(cls=Group, help=_("Incidents: where the machine stopped, and going on from there."))
def incident() -> None:
    pass


@incident.command("list", help=_("Incidents that nobody has dealt with, the oldest first."))
@click.option("--case", "number", metavar="TEXT", help=_("Only this case (its number)."))
@click.option("--all", "resolved", is_flag=True, help=_("Also those that are dealt with."))
@click.option("--limit", type=click.IntRange(1, 1000), default=100, help=_("Rows at most."))
@sheets
@pass_session
def list_incidents(
    session: Session, number: str | None, resolved: bool, limit: int, as_csv: bool, xlsx: Path | None
) -> None:
    rows = mending.Repairs(session.runtime).incidents(actor=session.actor, case=number, resolved=resolved, limit=limit)
    output = session.output
    columns: list[Column[IncidentView]] = [
        Column(_("Incident"), lambda row: row.id, right=True),
        Column(_("Case"), lambda row: row.case),
        Column(_("Step"), lambda row: of_data(row.element_name) or row.element, least=8),
        Column(_("Reason"), lambda row: row.reason, least=12),
        Column(_("Since"), lambda row: output.moment(row.opened_at)),
    ]
    Listing(output, columns, rows, 1, limit, _("The machine has stopped nowhere."), as_csv, xlsx).show()


@incident.command(help=_("One incident: case, step, reason, and what to do."))
@click.argument("id", type=int)
@pass_session
def show(session: Session, id: int) -> None:
    _show(session, mending.Repairs(session.runtime).incident(id, actor=session.actor))


@incident.command(help=_("Try again from where the machine stopped, after the cause is mended; --all for many."))
@click.argument("id", type=int, required=False)
@click.option("--all", "all_of_them", is_flag=True, help=_("Every open incident, or those that match."))
@click.option("--element", metavar="ELEMENT", help=_("With --all: only at this element."))
@click.option("--code", metavar="CODE", help=_("With --all: only with this code."))
@click.option("--reason", required=True, help=_("Why; it stands in the history."))
@click.option("--dry-run", is_flag=True, help=_("Only show what would happen."))
@click.option("--yes", is_flag=True, help=_("Do not ask."))
@pass_session
def retry(
    session: Session,
    id: int | None,
    all_of_them: bool,
    element: str | None,
    code: str | None,
    reason: str,
    dry_run: bool,
    yes: bool,
) -> int:
    repairs = mending.Repairs(session.runtime)
    if (id is None) != all_of_them or (not all_of_them and (element or code or dry_run)):
        raise BadInput(_("name one incident, or --all with --element or --code as needed"))
    if id is not None:
        _show(session, repairs.retry(id, reason=reason, actor=session.actor))
        return 0
    return over_many(
        session,
        lambda dry: repairs.retry_all(reason=reason, actor=session.actor, element=element, code=code, dry_run=dry),
        dry_run=dry_run,
        yes=yes,
    )


@incident.command(help=_("Say that a person did by hand what the machine could not."))
@click.argument("id", type=int)
@click.option("--reason", required=True, help=_("Why; it stands in the history."))
@click.option("--result", metavar="JSON", help=_("What the step would have answered, as a JSON object."))
@pass_session
def resolve(session: Session, id: int, reason: str, result: str | None) -> None:
    try:
        given = json.loads(result) if result else None
    except ValueError as error:
        raise BadInput(_("--result is no JSON: {reason}").format(reason=error)) from error
    _show(session, mending.Repairs(session.runtime).resolve(id, reason=reason, actor=session.actor, result=given))


def _show(session: Session, view: IncidentView) -> None:
    if session.as_json:
        session.output.json(view)
        return
    sign = "✔ " if view.resolved_at else "✖ "
    for number, line in enumerate(mending.incident_lines(view)):
        session.output.wrapped(safe(of_data(line), lines=True), "  " if number else sign, "  ")
