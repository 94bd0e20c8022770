"""`xieban absence`: who stands in for whom, and for how long."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.app import Group
from cli.completion import clerks
from cli.options import sheets
from cli.output import Column, Listing
from cli.session import Session, pass_session
from workflow_runtime.escaping import safe
from workflow_runtime.i18n import _
from workflow_runtime.loading import when_used

if TYPE_CHECKING:
    from workflow_runtime import absences
    from workflow_runtime.absences import AbsenceView
else:
    absences = when_used("workflow_runtime.absences")

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group(cls=Group, help=_("Absences: who stands in for whom, and for how long."))
def absence() -> None:
    pass


@absence.command("set", help=_("Let SUBSTITUTE do the work of ABSENT on these days, both names in the history."))
@click.argument("who", metavar="ABSENT", shell_complete=clerks)
@click.argument("substitute", shell_complete=clerks)
@click.option("--from", "first", type=DAY, metavar="DATE", required=True, help=_("The first day."))
@click.option("--to", "last", type=DAY, metavar="DATE", required=True, help=_("The last day."))
@click.option("--reason", default="", help=_("Why; colleagues read it."))
@pass_session
def set_absence(session: Session, who: str, substitute: str, first: datetime, last: datetime, reason: str) -> None:
    made = absences.Absences(session.runtime).set(
        who, substitute, first=first.date(), last=last.date(), reason=reason, actor=session.actor
    )
    if session.as_json:
        session.output.json(made)
        return
    text = _("{substitute} stands in for {absent} from {first} to {last}: --as {sub} --for {abs}")
    said = text.format(
        substitute=safe(made.substitute_name),
        absent=safe(made.absent_name),
        first=made.first,
        last=made.last,
        sub=safe(made.substitute),
        abs=safe(made.absent),
    )
    session.output.wrapped(said, "✔ ")


@absence.command("list", help=_("Absences of today and later, in the departments you see."))
@sheets
@pass_session
def list_absences(session: Session, as_csv: bool, xlsx: Path | None) -> None:
    rows = absences.Absences(session.runtime).all(actor=session.actor)
    columns: list[Column[AbsenceView]] = [
        Column(_("Absence"), lambda row: row.id if row.id is not None else "—", right=True),
        Column(_("Absent"), lambda row: row.absent_name, least=6),
        Column(_("Stands in"), lambda row: row.substitute_name, least=6),
        Column(_("From"), lambda row: row.first.isoformat()),
        Column(_("To"), lambda row: row.last.isoformat()),
        Column(_("Reason"), lambda row: row.reason, least=6),
    ]
    Listing(session.output, columns, rows, 1, len(rows) or 1, _("Everybody is there."), as_csv, xlsx).show()


@absence.command(help=_("End an absence today: whoever was away is back."))
@click.argument("id", type=int)
@pass_session
def end(session: Session, id: int) -> None:
    absences.Absences(session.runtime).end(id, actor=session.actor)
    if session.as_json:
        session.output.json({"ended": id})
        return
    session.output.wrapped(_("Absence {id} is over.").format(id=id), "✔ ")
