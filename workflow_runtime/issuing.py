"""Documents as legal acts: what a handler's effects do to documents, standings and messages, inside the transaction.

Sign-off allots the number and inserts the row with everything frozen that the text depends on (decision 11); the PDF is
rendered after the commit from that row alone, and comes out the same however often it is tried.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from workflow_runtime import casefile, documents, feel, identifiers, sources, store
from workflow_runtime.casework import CaseInHand
from workflow_runtime.directory import Agency, Department
from workflow_runtime.documents import Rendered, Renderer, Template
from workflow_runtime.errors import NotFound, RuleBroken, TemplateError
from workflow_runtime.files import Papers
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.forms import FieldType, Form
from workflow_runtime.handling import DocumentEvent, DocumentToIssue, Effects, StandingChange
from workflow_runtime.i18n import _
from workflow_runtime.model import SYSTEM, DocumentState
from workflow_runtime.procedures import Procedure, shipped_library, values_of
from workflow_runtime.subjects import Holder


def carry_out(
    hand: CaseInHand, effects: Effects, element: str, path: tuple[str, ...], papers: Papers
) -> dict[str, Any]:
    """Apply the effects of the handler of a step to the case in hand; returns what they add to the job's patch.

    Raises RuleBroken, NotFound or TemplateError: then nothing of the job happened.
    """
    patch: dict[str, Any] = {}
    for wanted in effects.documents:
        document_id, number = issue(hand, wanted, element, path, papers)
        patch.update(document_id=document_id, document_number=number)
    changes = [change for change in effects.standings if hand.row.subject_id is not None]
    if changes:
        _switch(hand, changes, path)
    if effects.facts and hand.row.subject_id is not None:
        _settle(hand, effects.facts, effects.basis)
    for event in effects.document_events:
        _event(hand, event)
    for message in effects.messages:
        hand.send(message.name, message.correlation or hand.default_key(), message.payload)
    for notice in effects.notices:
        hand.notify(hand.party(notice.party, path).id, notice.kind, notice.text)
    return patch


# --- standings ---------------------------------------------------------------------------------------------------
def _switch(hand: CaseInHand, changes: list[StandingChange], path: tuple[str, ...]) -> None:
    kind = hand.procedure.subject_kind
    current = {row.kind: row.holder for row in store.open_standings(hand.tx, hand.row.subject_id)}
    resolved = [(change, *_holder(hand, change, path)) for change in changes]
    if kind is not None:
        findings = kind.check_standings(current, {change.kind: holder for change, holder, _agency in resolved})
        errors = [finding for finding in findings if finding.severity is Severity.ERROR]
        if errors:
            raise RuleBroken("; ".join(f"{finding.message}. {finding.remedy}" for finding in errors))
    for change, holder, agency in resolved:
        try:
            switched = store.switch_standing(
                hand.tx,
                hand.row.subject_id,
                change.kind,
                holder=holder,
                holder_agency=agency,
                at=change.at,
                basis=change.basis,
                case_number=hand.row.number,
            )
        except ValueError as error:
            raise RuleBroken(
                _("a standing cannot change hands before it began: {reason}").format(reason=error)
            ) from error
        if switched:
            hand.history.add(
                "standing_switched",
                actor=hand.actor,
                at=hand.now,
                content={"kind": change.kind, "holder": holder, "from": change.at, "basis": change.basis},
            )


def _holder(hand: CaseInHand, change: StandingChange, path: tuple[str, ...]) -> tuple[str, str | None]:
    if change.party:
        agency = hand.directory.agency(hand.party(change.party, path).agency)
        return agency.name, agency.id
    if not change.holder:
        raise RuleBroken(_("a change of {kind} names nobody who holds it").format(kind=change.kind))
    return change.holder, None


# --- facts about the subject -------------------------------------------------------------------------------------
def _settle(hand: CaseInHand, facts: Mapping[str, Any], basis: str) -> None:
    """Write facts into the subject's file, which must stay what its form takes; the history says what changed.

    Raises RuleBroken with what is wrong: an unknown fact, a value that does not fit, an identity that another has.
    """
    kind = hand.procedure.subject_kind
    if kind is None or kind.form is None:
        text = _("the file of {kind} has no form; its facts cannot change")
        raise RuleBroken(text.format(kind=hand.row.subject_kind))
    row = store.subject_to_change(hand.tx, hand.row.subject_id)
    known = dict(casefile.loads(row.document))
    given = casefile.loads(casefile.dumps(dict(facts)))
    changed = {key: value for key, value in given.items() if not casefile.typed_equal(known.get(key), value)}
    if not changed:
        return
    settled = {key: value for key, value in {**known, **changed}.items() if value is not None}
    was = {(one.rule, one.element) for one in _problems(hand, kind.form, known)}
    wrong = [one for one in _problems(hand, kind.form, settled) if (one.rule, one.element) not in was]
    if wrong:
        problems = "; ".join(f"{one.message}. {one.remedy}" for one in wrong)
        raise RuleBroken(_("the subject's file cannot be changed: {problems}").format(problems=problems))
    identity = settled.get("resident_id")
    if not store.update_subject(
        hand.tx,
        row.id,
        name=str(settled.get("name") or row.name),
        region=str(settled.get("region") or row.region),
        identity_hash=identifiers.digest(identity),
        document=casefile.dumps(settled),
    ):
        raise RuleBroken(_("another file has this identity already; one person has one file (R-23)"))
    hand.settle_facts(settled)
    before = {key: known.get(key) for key in changed}
    content = {"keys": sorted(changed), "facts": changed, "before": before, "basis": basis}
    hand.history.add("subject_updated", actor=hand.actor, at=hand.now, content=content)


def _problems(hand: CaseInHand, form: Form, facts: Mapping[str, Any]) -> tuple[Finding, ...]:
    files = frozenset(key for key, type in form.types.items() if type in (FieldType.FILE, FieldType.FILES))
    functions = hand.functions()
    _values, findings = form.validate(
        {key: value for key, value in facts.items() if key not in files},  # (what is attached was looked at before)
        evaluate=lambda text, scope: feel.evaluate(text, scope, now=hand.now, functions=functions),
        today=hand.today,
        regions=tuple(hand.directory.regions),
    )
    return findings


# --- issued documents --------------------------------------------------------------------------------------------
def issue(
    hand: CaseInHand, wanted: DocumentToIssue, element: str, path: tuple[str, ...], papers: Papers
) -> tuple[str, str]:
    """Number and freeze a document of a step; returns its id and number.

    A document of the same code that stood is superseded, unless each stands by itself (`repeats:` of its template) or
    the step says that this one stands `beside` the others.
    """
    template, context = prepare(hand, wanted, element, path)
    issuer = _issuer(hand, wanted, element, path)
    agency = hand.directory.agency(issuer.agency)
    year = hand.now.astimezone(ZoneInfo(hand.zone)).year
    findings = [one for one in documents.check_context(template, context) if one.severity is Severity.ERROR]
    if findings:
        raise TemplateError(findings=findings)
    same = [one for one in hand.directory.agencies if one.short == agency.short]
    word = agency.short if len(same) == 1 else agency.id  # a word that two agencies share would give a number twice
    series = documents.series(template.series, code=template.code, issuer=word, letter_word=agency.short, year=year)
    number = series.text(store.next_number(hand.tx, series.issuer, series.kind, year))
    while (lost := papers.of(agency.id, number)) is not None:
        _void_lost(hand, template, agency, number, lost)
        number = series.text(store.next_number(hand.tx, series.issuer, series.kind, year))
    replaces = not template.repeats and not wanted.beside
    for row in store.current_documents(hand.tx, hand.row.id) if replaces else ():
        if row.code == wanted.code and row.origin == "issued":
            store.add_document_event(
                hand.tx, row.id, "superseded", at=hand.now, party=agency.name, content={"by": number}
            )
            context["document"]["supersedes"] = row.number
    document_id = secrets.token_hex(16)
    store.insert_document(
        hand.tx,
        id=document_id,
        case_id=hand.row.id,
        subject_id=hand.row.subject_id,
        code=template.code,
        title=template.title,
        origin="issued",
        state=DocumentState.ISSUED,
        number=number,
        issuer=agency.id,
        issuer_name=agency.name,
        issued_at=hand.now,
        frozen=casefile.dumps(context),
        template_sha256=template.hash,
        verification=documents.verification_code(secrets.token_bytes(16)),
    )
    hand.render(document_id)
    hand.history.add(
        "document_issued",
        actor=hand.actor,
        at=hand.now,
        content={"code": template.code, "number": number, "document": document_id},
    )
    return document_id, number


def _void_lost(hand: CaseInHand, template: Template, agency: Agency, number: str, lost: str) -> None:
    """The number stands on a paper that this database does not know: it was restored from an older backup.

    The number gets a row, void, so that it is neither given twice nor missing; a person is told.
    """
    store.insert_document(
        hand.tx,
        id=lost,
        case_id=hand.row.id,
        subject_id=None,
        code=template.code,
        title=template.title,
        origin="issued",
        state=DocumentState.VOID,
        number=number,
        issuer=agency.id,
        issuer_name=agency.name,
        issued_at=hand.now,
    )
    reason = _(
        "{number} of {issuer} stands on a paper that this database does not know: it was restored from an older "
        "backup. The number is void here; find the paper and enter its case again"
    ).format(number=number, issuer=agency.name)
    content = {"number": number, "document": lost, "reason": reason}
    store.add_document_event(hand.tx, lost, "voided", at=hand.now, party=agency.name, content=content)
    store.insert_incident(
        hand.tx, case_id=hand.row.id, element=template.code, code="number_lost", message=reason, now=hand.now
    )
    hand.history.add("document_voided", actor=SYSTEM, at=hand.now, content=content)


def frozen_context(
    hand: CaseInHand, template: Template, path: tuple[str, ...], issuer: Department, extra: Mapping[str, Any]
) -> dict[str, Any]:
    """Everything the text depends on, copied: later changes of the case do not touch a signed document."""
    fields: dict[str, Any] = {}
    for depth in range(len(path) + 1):
        fields.update(values_of(hand.file, ".".join(path[:depth])))
    fields.update(extra)
    wanted = {one.key for one in template.fields}
    agency = hand.directory.agency(issuer.agency)
    return {
        "document": {"issuer": agency.name},
        "case": {
            "number": hand.row.number,
            "procedure": hand.procedure.name,
            "jurisdiction": hand.profile.name,
            "started_on": hand.row.started_at.astimezone(ZoneInfo(hand.zone)).date(),
        },
        "subject": {**{key: value for key, value in hand.subject.items() if key != "standings"}, **_addresses(hand)},
        "parties": {place.key: _party(hand, place.binds, issuer, path) for place in template.parties},
        "fields": {key: value for key, value in fields.items() if key in wanted},
        "related": related(hand),
    }


def _addresses(hand: CaseInHand) -> dict[str, str]:
    """Where the subject is registered: the holders of standings that a place holds, as `<standing>_address`."""
    kind = hand.procedure.subject_kind
    places = {one.code for one in kind.standings if one.holder is Holder.PLACE} if kind is not None else set()
    rows = store.open_standings(hand.tx, hand.row.subject_id) if places else ()
    return {f"{row.kind}_address": row.holder for row in rows if row.kind in places}


def _party(hand: CaseInHand, binds: str, issuer: Department, path: tuple[str, ...]) -> dict[str, str]:
    """A party of a document: `CAB.CNTY@sending_county`, `role:receiver` as the calls around bind it, or the issuer.

    Where a template serves several procedures it names one after the other (`role:giver | CWI.CNTY@sending_county`):
    the first that this case has.
    """
    first, *others = [one.strip() for one in binds.split("|")]
    for other in others:
        try:
            hand.party(first, path)
            break
        except NotFound:
            first = other
    department = hand.party(first, path) if first else issuer
    agency = hand.directory.agency(department.agency)
    region = hand.directory.regions.get(agency.region, agency.region)
    return {"name": agency.name, "uscc": agency.uscc, "region": region}


def related(hand: CaseInHand) -> dict[str, dict[str, Any]]:
    """Number, date and title of the documents of the case by code, the newest of each."""
    zone = ZoneInfo(hand.zone)
    return {
        row.code: {"number": row.number, "date": row.issued_at.astimezone(zone).date(), "title": row.title}
        for row in store.current_documents(hand.tx, hand.row.id)
        if row.number
    }


def _issuer(hand: CaseInHand, wanted: DocumentToIssue, element: str, path: tuple[str, ...]) -> Department:
    """The party that the step names, or else the one in whose lane the step stands."""
    if wanted.issuer:
        return hand.party(wanted.issuer, path)
    return hand.department_of(hand.procedure.process_at(path), element, path)[0]


def _event(hand: CaseInHand, event: DocumentEvent) -> None:
    for row in store.current_documents(hand.tx, hand.row.id):
        if event.document in (row.id, row.number):
            store.add_document_event(hand.tx, row.id, event.kind, at=hand.now, party=event.party, content=event.content)
            hand.history.add(
                f"document_{event.kind}",
                actor=hand.actor,
                at=hand.now,
                content={"number": row.number, "party": event.party},
            )
            return
    raise NotFound(_("the case has no document {number}").format(number=event.document))


@cache
def _titles() -> Mapping[str, Mapping[str, str]]:
    loaded = sources.load((shipped_library() / "documents.yaml").read_bytes())
    return dict(loaded["documents"])


def title_of(code: str) -> str:
    """The name of a document of the catalogue; the code itself when the catalogue does not have it."""
    return str(_titles().get(code, {}).get("title", code))


# --- received papers ---------------------------------------------------------------------------------------------
def file_received(hand: CaseInHand, item: Row[Any], patch: Mapping[str, Any]) -> None:
    """File the papers that a step receives (`xb:receives`): number, date and scan of each, from its form fields."""
    node = hand.procedure.node(item.process, item.element)
    for code in (part.strip() for part in node.properties.get("xb:receives", "").split(",")):
        key = code.lower()
        number = patch.get(f"{key}_number")
        if not code or not number:
            continue
        scans = patch.get(f"{key}_scan")
        scan = scans[0] if isinstance(scans, list) and scans else scans or None
        day = patch.get(f"{key}_date")
        agency = hand.directory.agency(hand.directory.department(item.department_id).agency)
        for row in store.current_documents(hand.tx, hand.row.id):
            if row.code == code and row.origin == "received" and row.number == str(number):
                store.add_document_event(
                    hand.tx, row.id, "superseded", at=hand.now, party=agency.name, content={"by": str(number)}
                )
        document_id = secrets.token_hex(16)
        store.insert_document(
            hand.tx,
            id=document_id,
            case_id=hand.row.id,
            subject_id=hand.row.subject_id,
            code=code,
            title=title_of(code),
            origin="received",
            state=DocumentState.RECEIVED,
            number=str(number),
            issuer=f"{agency.id}/{document_id[:8]}",
            issuer_name=agency.name,
            issued_at=datetime.combine(day, time(), ZoneInfo(hand.zone)) if day is not None else hand.now,
            pdf_sha256=scan["sha256"] if scan else None,
        )
        hand.history.add(
            "document_received", actor=hand.actor, at=hand.now, content={"code": code, "number": str(number)}
        )


# --- rendering: a pure function of the row -----------------------------------------------------------------------
def render(renderer: Renderer, procedure: Procedure, row: Row[Any], *, language: str = "zh") -> Rendered:
    """The PDF of an issued document, from its row and the version's template. The same row gives the same bytes."""
    return renderer.render(
        procedure.templates[row.code],
        casefile.loads(row.frozen),
        number=row.number,
        issued_at=row.issued_at,
        verification=row.verification,
        draft=False,
        language=language,
    )


def prepare(
    hand: CaseInHand, wanted: DocumentToIssue, element: str, path: tuple[str, ...]
) -> tuple[Template, dict[str, Any]]:
    """The template and what it would print if it were signed off now. Raises NotFound."""
    template = hand.procedure.templates.get(wanted.code)
    if template is None:
        raise NotFound(_("the procedure has no document template {code}").format(code=wanted.code))
    issuer = _issuer(hand, wanted, element, path)
    return template, frozen_context(hand, template, path, issuer, wanted.extra)


def rehearse(renderer: Renderer, prepared: tuple[Template, Mapping[str, Any]]) -> None:
    """Print a document before it is signed off, and throw the print away: no transaction is open meanwhile.

    Raises TemplateError when it cannot be printed (a character no font has, a value that is missing): better before
    a number is given than after.
    """
    template, context = prepared
    code = documents.verification_code(bytes(16))
    renderer.render(template, context, number="0", issued_at=datetime.now(UTC), verification=code, draft=False)
