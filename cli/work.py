"""`xieban work`: what is on a clerk's desk, and what the clerk does with it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.app import Group
from cli.bulk import over_many
from cli.completion import clerks, items
from cli.filling import fill
from cli.options import data_options, filters, listing, paging
from cli.output import Column, Output, urgency
from cli.session import Session, pass_session, program
from cli.wording import Wording
from workflow_runtime.errors import BadInput
from workflow_runtime.escaping import safe
from workflow_runtime.i18n import _, of_data
from workflow_runtime.loading import when_used
from workflow_runtime.model import Completion, ItemPage, ItemState, ItemView

if TYPE_CHECKING:
    from workflow_runtime import absences
    from workflow_runtime.forms import Prompt
else:
    absences = when_used("workflow_runtime.absences")
STATES = ("open", "ready", "reserved", "mine", "late", "completed", "obsolete")


@click.group(cls=Group, help=_("Work items: your list, claim, complete, pass on."))
def work() -> None:
    pass


@work.command("list", help=_("The work items you may see, soonest due first."))
@filters("procedure", "department", "agency", "subject")
@click.option("--state", type=click.Choice(STATES), default="open", show_default=True, help=_("Which of them."))
@paging
@pass_session
def list_items(
    session: Session,
    procedure: str | None,
    department: str | None,
    agency: str | None,
    subject: str | None,
    state: str,
    limit: int,
    page: int,
    as_csv: bool,
    xlsx: Path | None,
) -> None:
    def fetch(number: int, offset: int) -> Any:
        return session.runtime.worklist(
            actor=session.actor,
            procedure=procedure,
            department=department,
            agency=agency,
            subject=subject,
            state=state,
            limit=number,
            offset=offset,
        )

    nothing = _("Nothing waits here. “xieban case list” shows the cases you may see.")
    columns = item_columns(session.output)
    listing(session, columns, fetch, nothing=nothing, limit=limit, page=page, as_csv=as_csv, xlsx=xlsx)
    if not (session.as_json or as_csv or xlsx or session.absent):
        for one in absences.Absences(session.runtime).of(session.actor):
            text = _("You stand in for {absent} until {last}: “--for {id}” shows that work too.")
            session.output.note(text.format(absent=safe(one.absent_name), last=one.last, id=safe(one.absent)))


def item_columns(output: Output) -> list[Column[ItemView]]:
    """The columns of a list of work items; they fit a screen of 80 also when work of last year is months late."""
    return [
        Column(_("Item"), lambda item: item.id[:8]),
        Column(_("What"), lambda item: of_data(item.name), least=6),
        Column(_("Case"), lambda item: item.case),
        Column(_("Subject"), lambda item: item.subject.name, least=4),
        Column(_("Department"), lambda item: of_data(item.department_name), least=5, once=True),
        Column(_("Held by"), lambda item: item.clerk_name, least=5, once=True),
        Column(
            _("Due"),
            lambda item: output.last_day(item.due.at) if item.due else None,
            style=lambda item: urgency(item.due),
            shown=lambda item: output.due_in_short(item.due),
        ),
    ]


@work.command(help=_("One work item: what is asked, by when, by which rule, and what is already known."))
@click.argument("item", shell_complete=items)
@pass_session
def show(session: Session, item: str) -> None:
    page = session.runtime.work_item(item, actor=session.actor)
    if session.as_json:
        session.output.json(page)
        return
    _show_page(session, page)


def _show_page(session: Session, page: ItemPage) -> None:
    output, item = session.output, page.item
    output.heading(f"{safe(of_data(item.name))}  {item.id[:8]}")
    output.facts(_facts(output, item))
    draft = session.runtime.draft(item.id, actor=session.actor)
    if draft is not None:
        text = _("{when}: {count} answers are kept; “work complete” goes on with them")
        output.facts([(_("Draft"), text.format(when=output.moment(draft.saved_at), count=len(draft.answers)))])
    if item.documentation:
        output.line()
        output.wrapped(safe(of_data(item.documentation), lines=True))
    form = _form(page)
    if form is not None and item.state in (ItemState.READY, ItemState.RESERVED):
        from workflow_runtime.forms import prompts

        output.line()
        output.heading(_("To fill in (* required)"))
        for prompt in prompts(form):
            _show_question(output, prompt, page.values.get(prompt.key))
    if page.documents:
        output.line()
        output.heading(_("Documents"))
        for document in page.documents:
            output.wrapped(
                f"{document.code}  {safe(of_data(document.title))}  {safe(document.number or '')}", "  ", "    "
            )
    if page.fields:
        output.line()
        output.heading(_("What the case knows"))
        words = Wording.of_procedure(output, session.runtime, item.procedure)
        output.facts(
            ("  " + words.label(key), words.value(key, value)) for key, value in page.fields.items() if words.knows(key)
        )
    if item.state in (ItemState.READY, ItemState.RESERVED):
        output.line()
        for line in _commands(item, program(session.user, session.database)):
            output.line("  " + line)


def _show_question(output: Output, prompt: Prompt, known: Any, depth: int = 1) -> None:
    """A question with its key for a data file, its hint and rule, its choices, and for a list what each row holds."""
    indent = "  " * depth
    mark = " *" if prompt.required is not False else ""
    output.wrapped(f"{safe(of_data(prompt.label))}{mark}  [{safe(prompt.key)}]", indent, indent + "  ")
    text = " — ".join(safe(of_data(part)) for part in (prompt.hint, prompt.rule) if part)
    if text:
        output.wrapped(text, indent + "  ")
    if prompt.options:
        choices = [f"{safe(option.value)} {safe(of_data(option.label))}" for option in prompt.options]
        output.wrapped(" / ".join(choices), indent + "  ")
    if known is not None:
        output.wrapped(output.value(known), indent + "  = ")
    for child in prompt.fields:
        _show_question(output, child, None, depth + 1)


def _facts(output: Output, item: ItemView) -> list[tuple[str, str]]:
    holder = safe(item.clerk_name or item.clerk or "")
    facts = [
        (_("Case"), f"{safe(item.case)}  {safe(of_data(item.procedure_name))}"),
        (_("Subject"), f"{safe(item.subject.name)}  {safe(item.subject.number)}"),
        (_("Department"), f"{safe(of_data(item.agency_name))} / {safe(of_data(item.department_name))}"),
        (_("State"), state_text(item)),
        (_("Held by"), holder),
        (_("Since"), output.moment(item.opened_at)),
        (_("Clause"), safe(of_data(item.clause or ""))),
    ]
    if item.due is not None:
        facts.append((_("Due"), output.due(item.due)))
        parts = (f"{of_data(item.due.title)} {item.due.value}", item.due.standing)
        facts.append((_("Rule"), _(", ").join(safe(part) for part in parts if part)))
        facts += [(_("Counted") if n == 0 else " ", safe(line)) for n, line in enumerate(item.due.explanation)]
    if item.reminded:
        facts.append((_("Reminded"), str(item.reminded)))
    if item.completed_at is not None:
        facts.append((_("Completed"), f"{output.moment(item.completed_at)}  {safe(item.completed_by or '')}"))
        facts.append((_("Outcome"), safe(outcome_text(item.outcome or ""))))
        facts.append((_("Reason"), safe(item.reason or "")))
    return facts


def _commands(item: ItemView, called: str) -> list[str]:
    short = item.id[:8]
    if item.state == ItemState.READY:
        return [f"{called} work claim {short}", f"{called} work complete {short}"]
    other = [outcome for outcome in item.outcomes if outcome != "done"]
    more = [f"{called} work complete {short} --outcome {outcome} --reason …" for outcome in other]
    return [f"{called} work complete {short}", *more, f"{called} work release {short}"]


def state_text(item: ItemView) -> str:
    """An item's state in words."""
    texts = {
        ItemState.READY: _("ready, nobody has taken it"),
        ItemState.RESERVED: _("taken"),
        ItemState.COMPLETED: _("completed"),
        ItemState.OBSOLETE: _("no longer needed"),
    }
    return texts[item.state]


def outcome_text(outcome: str) -> str:
    """An outcome in words; a procedure may have its own."""
    return {"done": _("done"), "returned": _("returned")}.get(outcome, outcome)


@work.command(help=_("Take an item off the department's list, for yourself."))
@click.argument("item", shell_complete=items)
@pass_session
def claim(session: Session, item: str) -> None:
    taken = session.runtime.claim(item, actor=session.actor)
    _said(session, taken, _("“{name}” is yours now, due {due}."))


@work.command(help=_("Give an item back to the department's list."))
@click.argument("item", shell_complete=items)
@pass_session
def release(session: Session, item: str) -> None:
    given_back = session.runtime.release(item, actor=session.actor)
    _said(session, given_back, _("“{name}” is back on the department's list."))


@work.command(help=_("Hand an item to another clerk of the department, or all that somebody holds (--from, --to)."))
@click.argument("item", required=False, shell_complete=items)
@click.argument("clerk", required=False, shell_complete=clerks)
@click.option(
    "--from", "holder", metavar="CLERK", help=_("All that this clerk holds, or that stands in this department.")
)
@click.option("--to", "receiver", metavar="CLERK", help=_("Who gets all of it."))
@click.option("--reason", default="", help=_("Why; it stands in the history."))
@click.option("--dry-run", is_flag=True, help=_("Only show what would happen."))
@click.option("--yes", is_flag=True, help=_("Do not ask."))
@pass_session
def reassign(
    session: Session,
    item: str | None,
    clerk: str | None,
    holder: str | None,
    receiver: str | None,
    reason: str,
    dry_run: bool,
    yes: bool,
) -> int:
    if holder is not None and receiver is not None and item is None:
        return over_many(
            session,
            lambda dry: session.runtime.reassign_all(holder, receiver, actor=session.actor, reason=reason, dry_run=dry),
            dry_run=dry_run,
            yes=yes,
        )
    if item is None or clerk is None or holder is not None or receiver is not None:
        raise BadInput(_("name an item and a clerk, or --from and --to"))
    handed = session.runtime.reassign(item, clerk, actor=session.actor, reason=reason)
    _said(session, handed, _("“{name}” is with {holder} now."))
    return 0


@work.command(help=_("Give an item more time, within what the profile allows."))
@click.argument("item")
@click.option("--by", "length", required=True, metavar="P10WD", help=_("How much longer: P10WD, P30D, P1M."))
@click.option("--ground", required=True, help=_("On what ground; it stands in the history."))
@pass_session
def extend(session: Session, item: str, length: str, ground: str) -> None:
    from workflow_runtime.calendars import parse_duration
    from workflow_runtime.reckoning import Reckoning

    parts = parse_duration(length).parts
    if len(parts) != 1:
        raise BadInput(_("write one length of time, as P10WD, not {text}").format(text=length))
    ((value, unit),) = parts
    extended = Reckoning(session.runtime).extend(item, value=value, unit=str(unit), ground=ground, actor=session.actor)
    _said(session, extended, _("“{name}” is due {due} now."))


@work.command(help=_("Remind whoever holds an item; the reminder is recorded."))
@click.argument("item", shell_complete=items)
@click.option("--text", default="", help=_("What to say."))
@pass_session
def remind(session: Session, item: str, text: str) -> None:
    session.runtime.remind(item, actor=session.actor, text=text)
    _said(session, session.runtime.work_item(item, actor=session.actor).item, _("Reminded of “{name}”, due {due}."))


@work.command(help=_("Complete an item. Without --data or --set, the form is asked question by question."))
@click.argument("item", shell_complete=items)
@click.option("--outcome", default="done", show_default=True, help=_("How it ended, e.g. done or returned."))
@click.option("--reason", help=_("Why it is returned."))
@data_options
@click.option("--version", type=int, help=_("The version you read; a newer one is refused."))
@click.option("--key", help=_("An idempotency key: the same key again changes nothing."))
@pass_session
def complete(
    session: Session,
    item: str,
    outcome: str,
    reason: str | None,
    file: str | None,
    pairs: tuple[str, ...],
    version: int | None,
    key: str | None,
) -> None:
    page = session.runtime.work_item(item, actor=session.actor)
    form = _form(page)
    read = page.item.version if version is None else version

    def submit(given: dict[str, Any]) -> Completion:
        return session.runtime.complete(
            page.item.id, given, actor=session.actor, outcome=outcome, reason=reason, version=read, key=key
        )

    if outcome != "done" and not pairs and file is None:
        completion = submit({})
    else:
        if sys.stdin.isatty() and not session.as_json:
            session.runtime.may_complete(page.item.id, actor=session.actor, version=read)
        values, keep = _drafted(session, page, given=bool(pairs or file))
        try:
            completion = fill(
                session, form, submit, file=file, pairs=pairs, values=values, context=page.fields, keep=keep
            )
        except click.Abort:
            if keep is None:
                raise
            text = _("Stopped; your answers are kept, and the same command goes on with them, here or elsewhere.")
            session.output.note("\n" + text)
            raise click.exceptions.Exit(130) from None
        if keep is not None:
            session.runtime.drop_draft(page.item.id, actor=session.actor)
    if session.as_json:
        session.output.json(completion)
        return
    output = session.output
    text = _("“{name}” is completed ({outcome}).")
    output.wrapped(text.format(name=safe(of_data(completion.item.name)), outcome=safe(outcome_text(outcome))), "✔ ")
    if completion.opened:
        output.line(_("Now open:"))
        for opened in completion.opened:
            line = f"{safe(of_data(opened.name))} — {safe(of_data(opened.department_name))}"
            when = _(", due {due}").format(due=output.due(opened.due)) if opened.due else ""
            output.wrapped(line + when, "  ● ")
    else:
        text = _("Nothing new was opened. “xieban case why {case}” says what the case waits for.")
        output.wrapped(text.format(case=completion.case))


def _drafted(
    session: Session, page: ItemPage, *, given: bool
) -> tuple[Mapping[str, Any], Callable[[dict[str, Any]], None] | None]:
    """What the questions begin with, and how answers are kept until they are handed in; on a terminal only."""
    if given or session.as_json or not sys.stdin.isatty():
        return page.values, None
    runtime, actor, output = session.runtime, session.actor, session.output
    draft = runtime.draft(page.item.id, actor=actor)
    values = dict(page.values)
    if draft is not None and draft.answers:
        text = _("You answered part of this on {when}.").format(when=output.moment(draft.saved_at))
        output.wrapped(text)
        if click.confirm(_("Go on with those answers?"), default=True):
            values |= draft.answers
    return values, lambda answers: runtime.keep_draft(page.item.id, answers, actor=actor)


def _form(page: ItemPage) -> Any:
    if not page.form:
        return None
    from workflow_runtime import forms

    return forms.read(page.form)


def _said(session: Session, item: ItemView, text: str) -> None:
    if session.as_json:
        session.output.json(item)
        return
    due = session.output.due(item.due) or _("at no fixed time")
    holder = safe(item.clerk_name or item.clerk or "")
    session.output.wrapped(text.format(name=safe(of_data(item.name)), due=due, holder=holder))
