"""`xieban case`: start a case, find it, see all of it on one page, ask why it waits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.app import NO, Group
from cli.bulk import over_many, show_shifts
from cli.completion import cases, persons, procedures
from cli.filling import answers
from cli.options import data_options, filters, listing, paging, pairs_to_mapping
from cli.outline import show_course
from cli.output import Column, Listing, Output, plain, urgency
from cli.session import Session, pass_session
from cli.text import width
from cli.wording import Wording, standing_name
from workflow_runtime.errors import BadInput
from workflow_runtime.escaping import safe
from workflow_runtime.i18n import _, of_data, of_feel
from workflow_runtime.model import (
    CasePage,
    CaseState,
    CaseView,
    DocumentState,
    DocumentView,
    HistoryView,
    Line,
    Standing,
    Wait,
)

if TYPE_CHECKING:
    from workflow_runtime.mending import Mending, Plan
    from workflow_runtime.repairs import Repairs

STATES = ("open", "incident", "suspended", "completed", "cancelled")


@click.group(cls=Group, help=_("Cases: start, find, look, ask why, withdraw."))
def case() -> None:
    pass


@case.command(help=_("Start a case of PROCEDURE about SUBJECT."))
@click.argument("procedure", shell_complete=procedures)
@click.argument("subject", shell_complete=persons)
@click.option(
    "--region", "regions", metavar="NAME=CODE", multiple=True, help=_("A region, e.g. sending_county=990101.")
)
@click.option(
    "--profile", "jurisdiction", metavar="CODE", help=_("Whose profile holds; default: the only one there is.")
)
@data_options
@click.option("--key", help=_("An idempotency key: the same key again starts nothing."))
@pass_session
def start(
    session: Session,
    procedure: str,
    subject: str,
    regions: tuple[str, ...],
    jurisdiction: str | None,
    file: str | None,
    pairs: tuple[str, ...],
    key: str | None,
) -> None:
    page = session.runtime.start_case(
        procedure,
        subject,
        actor=session.actor,
        regions=pairs_to_mapping(regions, "--region"),
        data=answers(session, None, file=file, pairs=pairs),
        jurisdiction=jurisdiction,
        key=key,
    )
    if session.as_json:
        session.output.json(page)
        return
    session.output.wrapped(_("Case {number} is started.").format(number=safe(page.case.number)), "✔ ")
    show_items(session.output, page)


@case.command("list", help=_("Cases you may see, the one due soonest first."))
@filters("procedure", "department", "agency", "subject")
@click.option("--state", type=click.Choice(STATES), help=_("Only cases in this state."))
@click.option("--begun-by", metavar="CASE", shell_complete=cases, help=_("Only cases that began by a message of CASE."))
@paging
@pass_session
def list_cases(
    session: Session,
    procedure: str | None,
    department: str | None,
    agency: str | None,
    subject: str | None,
    state: str | None,
    begun_by: str | None,
    limit: int,
    page: int,
    as_csv: bool,
    xlsx: Path | None,
) -> None:
    def fetch(number: int, offset: int) -> Any:
        return session.runtime.cases(
            actor=session.actor,
            procedure=procedure,
            department=department,
            agency=agency,
            subject=subject,
            state=state,
            begun_by=begun_by,
            limit=number,
            offset=offset,
        )

    output = session.output
    columns: list[Column[CaseView]] = [
        Column(_("Case"), lambda view: view.number),
        Column(_("Subject"), lambda view: view.subject.name, least=6),
        Column(_("Procedure"), lambda view: of_data(view.procedure_name), least=8, once=True),
        Column(_("State"), state_text, least=6),
        Column(_("With"), lambda view: _(", ").join(map(of_data, view.holders)), least=10),
        Column(_("Next due"), lambda view: output.last_day(view.next_due)),
    ]
    nothing = _("There is no such case, or none you may see.")
    listing(session, columns, fetch, nothing=nothing, limit=limit, page=page, as_csv=as_csv, xlsx=xlsx)


def _marked(view: CaseView) -> str:
    """A flag on a case that was moved or opened again by hand."""
    return "⚑ " if set(view.marks) & {"moved", "reopened", "migrated"} else ""


def mark_text(mark: str) -> str:
    """What was done to a case by hand, in words."""
    words = {
        "moved": _("moved to another step by hand"),
        "reopened": _("opened again after its end"),
        "suspended": _("was suspended"),
        "migrated": _("moved to another version of its procedure"),
        "by_hand": _("a machine step was done by hand"),
    }
    return words.get(mark, mark)


def case_state(state: CaseState) -> str:
    """A case's state in words."""
    return {
        CaseState.OPEN: _("open"),
        CaseState.INCIDENT: _("stopped"),
        CaseState.SUSPENDED: _("suspended"),
        CaseState.COMPLETED: _("finished"),
        CaseState.CANCELLED: _("taken back"),
    }[state]


def state_text(view: CaseView) -> str:
    """Where a case stands, in words: its milestone while it runs, how it ended when it is over."""
    over = view.state in (CaseState.COMPLETED, CaseState.CANCELLED)
    return _marked(view) + (case_state(view.state) if over or not view.milestone else of_data(view.milestone))


@case.command(help=_("All of a case on one page."))
@click.argument("number", shell_complete=cases)
@click.option("--history", "lines", type=click.IntRange(0, 1000), default=8, help=_("Lines of history."))
@pass_session
def show(session: Session, number: str, lines: int) -> None:
    page = session.runtime.case(number, actor=session.actor, history=lines)
    if session.as_json:
        session.output.json(page)
        return
    show_case(session, page)


def show_case(session: Session, page: CasePage) -> None:
    """The page: whose case, where it is, who holds it, why, what comes next, what is on record."""
    output, view = session.output, page.case
    state = " · ".join(part for part in (case_state(view.state), safe(of_data(view.milestone or ""))) if part)
    output.wrapped(
        output.bold(f"{safe(view.number)}  {safe(of_data(view.procedure_name))}") + f"  v{view.version}  {state}"
    )
    subject = [safe(view.subject.name), safe(view.subject.number)]
    words = Wording.of_subject(output, view.subject.kind)
    known = [words.value(key, page.subject[key]) for key in ("sex", "birth_date", "category") if page.subject.get(key)]
    ended = _(" – {day}").format(day=output.day(view.ended_at)) if view.ended_at else ""
    output.facts(
        [
            (_("Subject"), "  ".join([*subject, *known])),
            (_("Since"), f"{output.day(view.started_at)}{ended}  {_('profile')} {safe(view.jurisdiction)}"),
            (_("Marked"), "⚑ " + _(", ").join(map(mark_text, view.marks)) if view.marks else ""),
            (_("Regions"), _regions(session, page)),
        ]
    )
    if page.incident:
        output.line()
        output.wrapped(output.styled(safe(page.incident), "red"), "✖ " + _("Stopped: "))
    show_items(output, page)
    _show_waits(output, [wait for wait in page.waits if wait.kind != "item"], page.due_not_fired)
    _show_section(output, _("Next"), [safe(of_data(step)) for step in page.next_steps], "  → ")
    _show_section(output, _("Begun by this case"), _begun(page), "  ")
    _show_documents(output, page.documents)
    show_standings(output, view.subject.kind, page.standings)
    if page.history:
        output.line()
        output.heading(_("Last in the history"))
        for entry in page.history:
            _show_entry(output, entry)
    output.line()
    output.heading(_("Course  ✔ done  ● now  ○ open  ✖ failed"))
    show_course(session, page)


def _begun(page: CasePage) -> list[str]:
    """How many cases began by its messages, by procedure, and how to list them."""
    if not page.begun:
        return []
    told = [f"{safe(of_data(name))}  {number}" for name, number in page.begun.items()]
    return [*told, _("List them: “xieban case list --begun-by {number}”").format(number=safe(page.case.number))]


def _regions(session: Session, page: CasePage) -> str:
    """The regions that the case binds, by name and code."""
    names = session.runtime.organisation(actor=session.actor).regions if page.regions else {}
    known = ((name, code, of_data(names.get(code, ""))) for name, code in page.regions.items())
    return _("; ").join(safe(f"{name} {place} {code}" if place else f"{name} {code}") for name, code, place in known)


def show_items(output: Output, page: CasePage) -> None:
    """The open items: who holds each, since when, due when and by which rule."""
    if not page.items:
        return
    output.line()
    output.heading(_("Now"))
    for item in page.items:
        output.wrapped(f"{output.bold(safe(of_data(item.name)))}  {item.id[:8]}", "  ● ")
        place = f"{safe(of_data(item.agency_name))} / {safe(of_data(item.department_name))}"
        holder = safe(item.clerk_name or item.clerk or "") or _("nobody has taken it")
        output.wrapped(
            _("{place}: {holder}, since {since}").format(place=place, holder=holder, since=output.day(item.opened_at)),
            "    ",
        )
        if item.due is not None:
            parts = (f"{of_data(item.due.title)} {item.due.value}", item.due.standing)
            rule = _(", ").join(safe(part) for part in parts if part)
            text = _("due {due} by {rule}").format(due=output.due(item.due), rule=rule)
            output.lines(output.styled(line, urgency(item.due)) for line in _indent(output, text))


def _indent(output: Output, text: str) -> list[str]:
    from cli.text import indented

    return indented(text, output.columns, "    ")


def _show_waits(output: Output, waits: Sequence[Wait], due: Sequence[str]) -> None:
    if not waits and not due:
        return
    output.line()
    output.heading(_("Waits for"))
    for wait in waits:
        when = _(", at {moment}").format(moment=output.instant(wait.due)) if wait.due else ""
        named = _("{name}: {text}").format(name=of_data(wait.name), text=of_data(wait.text)) if wait.name else wait.text
        output.wrapped(f"{safe(of_data(named))}{when}", "  ◷ ")
        if wait.rule:
            output.wrapped(_("by {rule}").format(rule=safe(wait.rule)), "    ")
    for name in due:
        output.wrapped(
            _("{name}: due, not yet fired; “xieban worker --once” fires it").format(name=safe(of_data(name))), "  ! "
        )


def _show_section(output: Output, title: str, texts: Sequence[str], sign: str) -> None:
    if texts:
        output.line()
        output.heading(title)
        for text in texts:
            output.wrapped(text, sign)


def _show_documents(output: Output, documents: Sequence[DocumentView]) -> None:
    if documents:
        output.line()
        output.heading(_("Documents"))
        for document in documents:
            number = safe(document.number or "") or _("no number yet")
            when = output.day(document.issued_at)
            text = f"{document.code}  {safe(of_data(document.title))}  {number}  {document_state(document)}  {when}"
            output.wrapped(text.rstrip(), "  ", "    ")


def document_state(document: DocumentView) -> str:
    """A document's state in words; an issued one of which the signed paper came back says so."""
    if document.state is DocumentState.ISSUED and any(what == "scanned" for what, *_when in document.events):
        return _("signed")
    return {
        DocumentState.DRAFT: _("draft"),
        DocumentState.ISSUED: _("issued"),
        DocumentState.DELIVERED: _("delivered"),
        DocumentState.RECEIVED: _("received"),
        DocumentState.SUPERSEDED: _("superseded"),
        DocumentState.VOID: _("void"),
    }[document.state]


def show_standings(output: Output, kind: str, standings: Sequence[Standing]) -> None:
    """Who holds which relation to the subject, and since when."""
    if not standings:
        return
    output.line()
    output.heading(_("Standings"))
    for standing in standings:
        until = _(" until {day}").format(day=output.day(standing.valid_to)) if standing.valid_to else ""
        since = _("since {day}").format(day=output.day(standing.valid_from))
        basis = f"  {safe(of_data(standing.basis))}" if standing.basis else ""
        text = f"{standing_name(kind, standing.kind)}: {safe(of_data(standing.holder))}  {since}{until}{basis}"
        output.wrapped(text, "  ", "    ")


def _show_entry(output: Output, entry: HistoryView) -> None:
    output.wrapped(_entry_text(entry), f"  {output.local(entry.at):%m-%d %H:%M}  ")


def _entry_text(entry: HistoryView) -> str:
    """Who did what, and what was said with it."""
    who = "" if entry.actor == "system" else f"{safe(entry.actor_name or entry.actor)}  "
    said = str(entry.content.get("text") or "")
    return f"{who}{safe(of_data(entry.text))}" + (f" — {safe(said)}" if said and said not in entry.text else "")


@case.command(help=_("The whole history of a case, oldest first."))
@click.argument("number", shell_complete=cases)
@click.option("--limit", type=click.IntRange(1, 100_000), default=1000, help=_("Lines at most."))
@click.option("--verify", is_flag=True, help=_("Check the chain of hashes instead."))
@pass_session
def history(session: Session, number: str, limit: int, verify: bool) -> int:
    if verify:
        return _verify(session, number)
    entries = session.runtime.history(number, actor=session.actor)[-limit:]
    if session.as_json:
        session.output.json(entries)
        return 0
    output = session.output
    for entry in entries:
        first = f"{entry.sequence:>4}  {output.moment(entry.at)}  "
        output.wrapped(_entry_text(entry), first)
        for decision in entry.content.get("decisions", ()):
            for line in _decision_lines(decision):
                output.wrapped(line, " " * width(first))
    return 0


def _decision_lines(decision: Mapping[str, Any]) -> Iterator[str]:
    """Why a case went where it went: the decision's version, what it was asked, which rules hit, what it answered."""
    version = (decision.get("procedure"), decision.get("file"), str(decision.get("sha256", ""))[:12])
    yield _("decision {decision}: {version}").format(
        decision=safe(str(decision["decision"])), version=safe(", ".join(filter(None, version)))
    )
    asked = ", ".join(f"{name} = {value}" for name, value in decision["inputs"].items())
    yield _("asked: {inputs}").format(inputs=safe(asked or "–"))
    hit = "; ".join(
        f"{of_data(table)} {', '.join(map(str, rules)) or '–'}" for table, rules in decision["rules"].items()
    )
    yield _("rules hit: {rules}").format(rules=safe(hit or "–"))
    answer = decision["value"]
    if isinstance(answer, Mapping):
        answer = ", ".join(f"{name} = {value}" for name, value in answer.items())
    yield _("answer: {value}").format(value=safe(of_feel(str(answer))))


def _verify(session: Session, number: str) -> int:
    broken = session.runtime.verify_history(number, actor=session.actor)
    if session.as_json:
        session.output.json({"case": number, "first_broken": broken})
    elif broken is None:
        session.output.wrapped(_("The history is whole: every entry follows from the one before."), "✔ ")
    else:
        session.output.wrapped(
            _("Entry {number} does not verify: it, or one before it, was changed.").format(number=broken), "✖ "
        )
    return 0 if broken is None else NO


@case.command(help=_("What a case waits for, and what ends the wait, in words."))
@click.argument("number", shell_complete=cases)
@pass_session
def why(session: Session, number: str) -> None:
    waits = session.runtime.why(number, actor=session.actor)
    if session.as_json:
        session.output.json(waits)
        return
    output = session.output
    if not waits:
        output.wrapped(_("The case waits for nothing: it has ended."))
    for position, wait in enumerate(waits):
        if position:
            output.line()
        named = f"{wait.name} — {of_data(wait.text)}" if wait.kind == "timer" else wait.text
        output.wrapped(safe(of_data(named)), "● ", "  ")
        output.wrapped(safe(of_data(wait.ends)), "  " + _("ends: "))
        output.facts(
            [
                ("  " + _("held by"), safe(of_data(wait.holder or ""))),
                ("  " + _("since"), output.moment(wait.since)),
                ("  " + _("due"), output.instant(wait.due)),
                ("  " + _("rule"), safe(wait.rule)),
                *(("  " + (_("counted") if n == 0 else " "), safe(line)) for n, line in enumerate(wait.explanation)),
            ]
        )


@case.command(help=_("Withdraw a case: every open item ends, nothing issued is undone."))
@click.argument("number", shell_complete=cases)
@click.option("--reason", required=True, help=_("Why; it stands in the history."))
@click.option("--yes", is_flag=True, help=_("Do not ask."))
@pass_session
def withdraw(session: Session, number: str, reason: str, yes: bool) -> None:
    if not yes and not session.as_json:
        session.runtime.case(number, actor=session.actor)  # one that is not there is said before the question
        click.confirm(_("Withdraw case {number}?").format(number=number), abort=True)
    page = session.runtime.withdraw(number, reason=reason, actor=session.actor)
    if session.as_json:
        session.output.json(page)
        return
    session.output.wrapped(_("Case {number} is withdrawn.").format(number=safe(page.case.number)), "✔ ")


def repair_kit(session: Session) -> Repairs:
    """The repair kit; imported when it is used."""
    from workflow_runtime.repairs import Repairs

    return Repairs(session.runtime)


def mending_of(session: Session) -> Mending:
    """Moving and reopening; imported when it is used."""
    from workflow_runtime.mending import Mending

    return Mending(session.runtime)


_reason = click.option("--reason", required=True, help=_("Why; it stands in the history."))
_dry_run = click.option("--dry-run", is_flag=True, help=_("Only show what would happen."))
_yes = click.option("--yes", is_flag=True, help=_("Do not ask."))
_many = click.option("--procedure", metavar="TEXT", help=_("All of this procedure (its key) instead of one."))


@case.command(help=_("Hold a case: nobody moves it, and its clocks stand still until it is resumed."))
@click.argument("number", required=False, shell_complete=cases)
@_many
@_reason
@_dry_run
@_yes
@pass_session
def suspend(session: Session, number: str | None, procedure: str | None, reason: str, dry_run: bool, yes: bool) -> int:
    kit = repair_kit(session)
    if number is not None and procedure is None:
        kit.suspend(number, reason=reason, actor=session.actor)
        session.output.wrapped(_("Case {number} stands still; so do its clocks.").format(number=safe(number)), "✔ ")
        return 0
    key = _either(number, procedure)
    return over_many(
        session,
        lambda dry: kit.suspend_all(key, reason=reason, actor=session.actor, dry_run=dry),
        dry_run=dry_run,
        yes=yes,
    )


@case.command(help=_("Let a running case follow a newer version of its procedure from where it stands."))
@click.argument("number", required=False, shell_complete=cases)
@_many
@click.option("--to", "version", type=click.IntRange(1), help=_("Which version; else the newest."))
@_reason
@_dry_run
@_yes
@pass_session
def migrate(
    session: Session,
    number: str | None,
    procedure: str | None,
    version: int | None,
    reason: str,
    dry_run: bool,
    yes: bool,
) -> int:
    from workflow_runtime.succession import Succession

    if number is None:
        procedure = _either(number, procedure)
    work = Succession(session.runtime)

    def lines(dry: bool) -> Iterable[Line]:
        return work.migrate(procedure, version=version, case=number, reason=reason, actor=session.actor, dry_run=dry)

    return over_many(session, lines, dry_run=dry_run, yes=yes)


@case.command(help=_("Let a suspended case go on; its deadlines move as their clauses say, and each is shown."))
@click.argument("number", required=False, shell_complete=cases)
@_many
@_reason
@_dry_run
@_yes
@pass_session
def resume(session: Session, number: str | None, procedure: str | None, reason: str, dry_run: bool, yes: bool) -> int:
    kit = repair_kit(session)
    if number is None or procedure is not None:
        key = _either(number, procedure)
        return over_many(
            session,
            lambda dry: kit.resume_all(key, reason=reason, actor=session.actor, dry_run=dry),
            dry_run=dry_run,
            yes=yes,
        )
    shifts = kit.resume(number, reason=reason, actor=session.actor)
    if session.as_json:
        session.output.json(shifts)
        return 0
    session.output.wrapped(_("Case {number} goes on.").format(number=safe(number)), "✔ ")
    show_shifts(session, shifts)
    return 0


def _either(number: str | None, procedure: str | None) -> str:
    if procedure is None or number is not None:
        raise BadInput(_("name one case, or all of a procedure with --procedure KEY"))
    return procedure


@case.command(help=_("Take a case that is stuck from one step to another; both are ids of elements in the drawing."))
@click.argument("number", shell_complete=cases)
@click.option("--from", "source", required=True, metavar="ELEMENT", help=_("Where it stands, e.g. prepare."))
@click.option("--to", "target", required=True, metavar="ELEMENT", help=_("Where it shall stand."))
@_reason
@_dry_run
@_yes
@pass_session
def move(session: Session, number: str, source: str, target: str, reason: str, dry_run: bool, yes: bool) -> None:
    mending, content = mending_of(session), {"from": source, "to": target}
    if not _agreed(session, mending, number, "move", content, dry_run=dry_run, yes=yes):
        return
    plan, asked = mending.move(number, source, target, reason=reason, actor=session.actor)
    _mended(session, plan, asked, _("Case {number} was moved to {at}."))


@case.command(help=_("Open a finished or withdrawn case again; papers, numbers and standings stay as they are."))
@click.argument("number", shell_complete=cases)
@click.option("--at", "at", metavar="ELEMENT", multiple=True, help=_("Where it goes on; may be repeated."))
@_reason
@_dry_run
@_yes
@pass_session
def reopen(session: Session, number: str, at: tuple[str, ...], reason: str, dry_run: bool, yes: bool) -> None:
    mending = mending_of(session)
    if not _agreed(session, mending, number, "reopen", {"at": list(at)}, dry_run=dry_run, yes=yes):
        return
    plan, asked = mending.reopen(number, reason=reason, actor=session.actor, at=at)
    _mended(session, plan, asked, _("Case {number} is open again at {at}."))


def _agreed(
    session: Session, mending: Mending, number: str, kind: str, content: dict[str, Any], *, dry_run: bool, yes: bool
) -> bool:
    """Show what would happen, and ask; False when that is all."""
    if dry_run or not (yes or session.as_json):
        plan = mending.preview(number, kind, content, actor=session.actor)
        if session.as_json:
            session.output.json(plan)
            return False
        _show_plan(session, plan)
        if not dry_run:
            click.confirm(_("Do this to case {number}?").format(number=number), abort=True)
    return not dry_run


def _show_plan(session: Session, plan: Plan) -> None:
    output = session.output
    output.heading(_("What would happen to {number}").format(number=safe(plan.case)))
    output.facts(
        [
            (
                _("Goes on at"),
                safe(_(", ").join(f"{name} [{id}]" for name, id in zip(plan.named, plan.at, strict=True))),
            ),
            (_("Cancelled"), safe(_(", ").join(plan.closes))),
            (_("Opened"), safe(_(", ").join(plan.opens))),
            (_("May happen again") if plan.back else _("Skipped"), safe(_(", ").join(plan.passed))),
            (_("Second person"), safe("; ".join(plan.second)) or _("not needed")),
        ]
    )


def _mended(session: Session, plan: Plan, asked: int | None, text: str) -> None:
    if session.as_json:
        session.output.json({"plan": plain(plan), "asked": asked})
    elif asked is None:
        session.output.wrapped(text.format(number=safe(plan.case), at=safe(", ".join(plan.at))), "✔ ")
    else:
        said = _("Asked for as repair {id}: {why}. Another process owner confirms it (case confirm {id}).")
        session.output.wrapped(said.format(id=asked, why=safe("; ".join(plan.second))), "◷ ")


@case.command(help=_("Repairs that were asked for, and who confirmed or refused them."))
@click.argument("number", required=False, shell_complete=cases)
@pass_session
def repairs(session: Session, number: str | None) -> None:
    output = session.output
    words = {"asked": _("waits for a second person"), "done": _("done"), "refused": _("refused")}
    columns: list[Column[Any]] = [
        Column(_("Id"), lambda row: row.id, right=True),
        Column(_("Case"), lambda row: row.case),
        Column(_("What"), lambda row: f"{row.kind} {' '.join(row.at)}", least=10),
        Column(_("State"), lambda row: words[row.state], least=8),
        Column(_("Asked by"), lambda row: row.asked_by),
        Column(_("Answered by"), lambda row: row.answered_by or ""),
        Column(_("Reason"), lambda row: row.answer or row.reason, least=8),
    ]
    rows = mending_of(session).repairs(actor=session.actor, case=number)
    Listing(output, columns, rows, 1, 1000, _("No repair was asked for.")).show()


@case.command(help=_("Carry out a repair that somebody else asked for."))
@click.argument("id", type=int)
@pass_session
def confirm(session: Session, id: int) -> None:
    view, plan = mending_of(session).confirm(id, actor=session.actor)
    if session.as_json:
        session.output.json(view)
        return
    text = _("Repair {id} is done: case {number} goes on at {at}.")
    session.output.wrapped(text.format(id=id, number=safe(view.case), at=safe(", ".join(plan.at))), "✔ ")


@case.command(help=_("Do not carry out a repair that was asked for."))
@click.argument("id", type=int)
@_reason
@pass_session
def refuse(session: Session, id: int, reason: str) -> None:
    view = mending_of(session).refuse(id, reason=reason, actor=session.actor)
    if session.as_json:
        session.output.json(view)
        return
    session.output.wrapped(
        _("Repair {id} is refused; case {number} stays as it is.").format(id=id, number=view.case), "✔ "
    )
