"""`xieban message`: what cases and agencies said to one another, and answers from outside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.app import NO, Group
from cli.options import sheets
from cli.output import Column, Listing
from cli.session import Session, pass_session
from workflow_runtime.escaping import safe
from workflow_runtime.i18n import _, of_data
from workflow_runtime.loading import when_used

if TYPE_CHECKING:
    from workflow_runtime import inbox as incoming
    from workflow_runtime import outbox as outgoing
    from workflow_runtime import repairs as mending
    from workflow_runtime.inbox import Receipt
    from workflow_runtime.outbox import Handed
    from workflow_runtime.repairs import MessageView
else:
    mending = when_used("workflow_runtime.repairs")
    incoming = when_used("workflow_runtime.inbox")
    outgoing = when_used("workflow_runtime.outbox")


@click.group(cls=Group, help=_("Messages between cases and with agencies outside the platform."))
def message() -> None:
    pass


@message.command("list", help=_("Messages in and out, the newest first."))
@click.option("--state", type=click.Choice(("waiting", "consumed", "expired", "dead")), help=_("Only in this state."))
@click.option("--name", metavar="TEXT", help=_("Only messages of this name."))
@click.option("--limit", type=click.IntRange(1, 1000), default=50, help=_("Rows at most."))
@sheets
@pass_session
def list_messages(
    session: Session, state: str | None, name: str | None, limit: int, as_csv: bool, xlsx: Path | None
) -> None:
    rows = mending.Repairs(session.runtime).messages(actor=session.actor, state=state, name=name, limit=limit)
    output = session.output
    columns: list[Column[MessageView]] = [
        Column(_("Message"), lambda row: row.id[:12]),
        Column(_("Name"), lambda row: row.name, least=8),
        Column(_("For"), lambda row: row.correlation, least=10),
        Column(_("From"), lambda row: row.sender, least=6),
        Column(_("Receiver"), lambda row: row.receiver and of_data(row.receiver), least=6),
        Column(_("State"), message_state),
        Column(_("Sent"), lambda row: output.moment(row.sent_at)),
    ]
    Listing(output, columns, rows, 1, limit, _("There is no such message."), as_csv, xlsx).show()


def message_state(view: MessageView) -> str:
    """A message's state in words."""
    if view.receiver is not None and view.state in ("waiting", "consumed"):
        if view.state == "consumed":
            return _("acknowledged")
        return _("to be handed over") if view.handed_at is None else _("handed over")
    return {"waiting": _("waiting"), "consumed": _("taken"), "expired": _("expired"), "dead": _("dead")}[view.state]


@message.command(help=_("One message: for whom, from whom, and how it ended."))
@click.argument("id")
@pass_session
def show(session: Session, id: str) -> None:
    _show(session, mending.Repairs(session.runtime).message(id, actor=session.actor))


@message.command(help=_("Let a message that expired or was given up wait for its case again."))
@click.argument("id")
@click.option("--reason", required=True, help=_("Why; it stands with the message."))
@click.option("--days", type=click.IntRange(1, 3650), default=90, show_default=True, help=_("How long it waits."))
@pass_session
def redeliver(session: Session, id: str, reason: str, days: int) -> None:
    _show(session, mending.Repairs(session.runtime).redeliver(id, reason=reason, days=days, actor=session.actor))


@message.command(help=_("Give a message up: nobody will ever take it."))
@click.argument("id")
@click.option("--reason", required=True, help=_("Why; it stands with the message."))
@pass_session
def bury(session: Session, id: str, reason: str) -> None:
    _show(session, mending.Repairs(session.runtime).bury(id, reason=reason, actor=session.actor))


@message.command(help=_("Hand in the answer of an agency: a JSON file with name, correlation and payload."))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--from", "sender", metavar="TEXT", help=_("Who it is from; else what the file says."))
@pass_session
def send(session: Session, file: Path, sender: str | None) -> None:
    view, repeated = incoming.Inbox(session.runtime).send(file.read_bytes(), actor=session.actor, sender=sender)
    if repeated and not session.as_json:
        session.output.wrapped(_("This message was here before; nothing was changed."))
    _show(session, view)


@message.command(help=_("Take in all answers that lie in a folder; each gets a receipt in FOLDER/receipts."))
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@pass_session
def collect(session: Session, folder: Path) -> int:
    receipts = incoming.Inbox(session.runtime, folder).collect(actor=session.actor)
    return _told(session, receipts, _("Nothing lies in the folder."))


@message.command(help=_("Lay what waits for agencies outside into a folder, and take in what lies in FOLDER/receipts."))
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@pass_session
def export(session: Session, folder: Path) -> int:
    outbox = outgoing.Outbox(session.runtime, folder)
    handed, receipts = outbox.hand_out(actor=session.actor), outbox.collect(actor=session.actor)
    if session.as_json:
        session.output.json({"handed": handed, "receipts": receipts})
        return _code(receipts)
    columns: list[Column[Handed]] = [
        Column(_("File"), lambda row: row.file, least=8),
        Column(_("Name"), lambda row: row.name, least=8),
        Column(_("Receiver"), lambda row: of_data(row.receiver), least=6),
        Column(_("From"), lambda row: row.case, least=6),
    ]
    Listing(session.output, columns, handed, 1, len(handed) or 1, _("Nothing waits for an agency outside.")).show()
    return _told(session, receipts, "") if receipts else 0


@message.command(help=_("An agency outside has a message, or refuses it: it said so without a receipt."))
@click.argument("id")
@click.option("--reason", required=True, help=_("How it said so; it stands with the message."))
@click.option("--refused", is_flag=True, help=_("It does not take the message; its case gets an incident."))
@pass_session
def acknowledge(session: Session, id: str, reason: str, refused: bool) -> None:
    repairs = mending.Repairs(session.runtime)
    whole, took = repairs.acknowledge(id, taken=not refused, text=reason, actor=session.actor)
    view = repairs.message(whole, actor=session.actor)
    if not took and not session.as_json:
        session.output.wrapped(_("This message had ended before; nothing was changed."))
    _show(session, view)


def _told(session: Session, receipts: tuple[Receipt, ...], nothing: str) -> int:
    columns: list[Column[Receipt]] = [
        Column(_("File"), lambda row: row.file, least=8),
        Column(
            _("State"),
            lambda row: {"accepted": _("accepted"), "repeated": _("repeated"), "late": _("too late")}.get(
                row.state, _("refused")
            ),
        ),
        Column(_("What became of it"), lambda row: row.text, least=12),
        Column(_("Message"), lambda row: (row.message or "")[:12]),
    ]
    Listing(session.output, columns, receipts, 1, len(receipts) or 1, nothing).show()
    return _code(receipts)


def _code(receipts: tuple[Receipt, ...]) -> int:
    return NO if any(one.state == "refused" for one in receipts) else 0


def _show(session: Session, view: MessageView) -> None:
    output = session.output
    if session.as_json:
        output.json(view)
        return
    output.wrapped(output.bold(f"{safe(view.name)}  {view.id[:12]}") + f"  {message_state(view)}")
    output.facts(
        [
            (_("For"), safe(view.correlation)),
            (_("From"), safe(view.sender)),
            (_("Receiver"), safe(of_data(view.receiver or ""))),
            (_("Sent"), output.moment(view.sent_at)),
            (_("Handed over"), output.moment(view.handed_at) if view.handed_at else ""),
            (_("Acknowledged"), output.moment(view.acknowledged_at) if view.acknowledged_at else ""),
            (_("Waits until"), output.moment(view.expires_at)),
            (_("Taken by"), safe(view.case or "")),
            (_("Reason"), safe(view.reason or "")),
            (_("Carries"), ", ".join(safe(name) for name in view.fields)),
        ]
    )
