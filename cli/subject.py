"""`xieban subject`: the persons that cases are about."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from cli.app import Group
from cli.case import show_standings, state_text
from cli.completion import persons
from cli.filling import answers, fill
from cli.options import data_options, listing, paging, pairs_to_mapping
from cli.output import Column
from cli.session import Session, pass_session, program
from cli.timeline import show_life
from cli.wording import Wording
from workflow_runtime import subjects
from workflow_runtime.errors import BadInput
from workflow_runtime.escaping import safe
from workflow_runtime.i18n import _, ngettext, of_data
from workflow_runtime.model import CaseState

#: An agency by its code, perhaps with department and region; anything else names a person or a family.
_CODE = re.compile(r"[A-Z][A-Z0-9_.]*(/\w+)?(@\w+)?", re.ASCII)
STANDINGS = '{"custodian": {"party": "CWI.CNTY", "since": "2024-03-01"}}'


@click.group(cls=Group, help=_("The persons that cases are about."))
def subject() -> None:
    pass


@subject.command(help=_("Register a person. Without --data or --set, the form is asked question by question."))
@click.option("--kind", default="child", show_default=True, help=_("What kind of subject."))
@data_options
@click.option("--region", metavar="CODE", help=_("The region that registers; default: that of the form, else yours."))
@click.option(
    "--standing",
    "standings",
    metavar="KIND=PARTY",
    multiple=True,
    help=_("Who holds a standing at registration: custodian=CWI.CNTY, or a person by name; may be repeated."),
)
@click.option("--since", metavar="DATE", help=_("Since when the standings hold; default: now."))
@pass_session
def register(
    session: Session,
    kind: str,
    file: str | None,
    pairs: tuple[str, ...],
    region: str | None,
    standings: tuple[str, ...],
    since: str | None,
) -> None:
    known = subjects.shipped()
    if kind not in known:
        raise BadInput(_("there is no kind {kind!r}; there is {known}").format(kind=kind, known=", ".join(known)))
    actor = session.actor  # who may not register is told before the questions, not after

    def submit(given: dict[str, Any]) -> str:
        answered = dict(given)
        in_file = answered.pop("standings", {})
        if not isinstance(in_file, dict) or not all(isinstance(one, dict) for one in in_file.values()):
            raise BadInput(_("standings: write an object such as {example}").format(example=STANDINGS))
        held = {name: dict(one) for name, one in in_file.items()}
        for name, party in pairs_to_mapping(standings, "--standing").items():
            named = known[kind].standing(name).holder == "place" or _CODE.fullmatch(party) is None
            held[name] = {"holder" if named else "party": party, **({"since": since} if since else {})}
        return session.runtime.register_subject(kind, answered, actor=actor, region=region, standings=held)

    number = fill(session, known[kind].form, submit, file=file, pairs=pairs, values={})
    if session.as_json:
        session.output.json({"number": number})
        return
    session.output.wrapped(_("Registered under the number {number}.").format(number=number), "✔ ")


@subject.command("list", help=_("Persons you may see."))
@click.option("--search", metavar="TEXT", help=_("Part of the name, or the number."))
@paging
@pass_session
def list_subjects(session: Session, search: str | None, limit: int, page: int, as_csv: bool, xlsx: Path | None) -> None:
    def fetch(number: int, offset: int) -> Any:
        return session.runtime.subjects(actor=session.actor, search=search, limit=number, offset=offset)

    columns: list[Column[Any]] = [
        Column(_("Number"), lambda row: row["number"]),
        Column(_("Name"), lambda row: row["name"], least=8),
        Column(_("Kind"), lambda row: row["kind"], least=5),
        Column(_("Region"), lambda row: row["region"], least=6),
    ]
    nothing = _("There is no such person, or none you may see.")
    listing(session, columns, fetch, nothing=nothing, limit=limit, page=page, as_csv=as_csv, xlsx=xlsx)


@subject.command(help=_("A person: what is known, who holds which standing, which cases there are."))
@click.argument("number", shell_complete=persons)
@pass_session
def show(session: Session, number: str) -> None:
    page = session.runtime.subject(number, actor=session.actor)
    if session.as_json:
        session.output.json(page)
        return
    output = session.output
    output.heading(f"{safe(page.name)}  {safe(page.number)}")
    words = Wording.of_subject(output, page.kind)
    known = ((words.label(key), words.value(key, value)) for key, value in page.fields.items() if words.knows(key))
    output.facts(known)
    show_standings(output, page.kind, [one for one in page.standings if one.valid_to is None])
    if page.cases:
        output.line()
        output.heading(_("Cases"))
        for view in page.cases:
            output.wrapped(f"{safe(view.number)}  {safe(of_data(view.procedure_name))}  {safe(state_text(view))}", "  ")
    show_life(output, page, datetime.now(UTC))


@subject.command(help=_("Tell every open case of a person what has happened to the person."))
@click.argument("number", shell_complete=persons)
@click.argument("signal", required=False)
@click.option("--data", "file", metavar="FILE.json", help=_("What goes with it, as a JSON object."))
@click.option("--yes", is_flag=True, help=_("Do not ask whether it is meant."))
@pass_session
def signal(session: Session, number: str, signal: str | None, file: str | None, yes: bool) -> None:
    page = session.runtime.subject(number, actor=session.actor)
    known = subjects.shipped()[page.kind]
    if signal is None or known.signal(signal) is None:
        lines = [f"  {one.name}  {safe(of_data(one.title))}" for one in known.signals]
        raise BadInput(_("say what has happened; there is") + "\n" + "\n".join(lines))
    affected = [view for view in page.cases if view.state == CaseState.OPEN]
    output = session.output
    if not yes and not session.as_json:
        one = known.signal(signal)
        title = safe(of_data(one.title)) if one else ""
        output.wrapped(_("{title}: {name}, with these open cases:").format(title=title, name=safe(page.name)))
        for view in affected:
            reaction = known.reaction(signal, view.code)
            text = safe(of_data(reaction.text)) if reaction else _("nothing is laid down for this procedure")
            output.wrapped(f"{safe(view.number)}  {safe(of_data(view.procedure_name))} — {text}", "  ")
        click.confirm(_("Tell these cases?"), abort=True)
    payload = answers(session, None, file=file, pairs=())
    reached = session.runtime.signal_subject(number, signal, actor=session.actor, payload=payload)
    if session.as_json:
        output.json({"reached": reached})
        return
    text = ngettext("{count} case was told.", "{count} cases were told.", len(reached))
    output.wrapped(text.format(count=len(reached)), "✔ ")
    for reached_number in reached:
        output.wrapped(f"{program(session.user)} case show {safe(reached_number)}", "  ")
