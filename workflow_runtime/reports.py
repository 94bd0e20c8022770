"""Control lists: which subjects, or which items, need somebody's eye, and why.

A list is data (`bpmn/reports/*.yaml`): what it goes over, a FEEL condition, and FEEL columns; nothing here knows what
is listed. Everybody sees a list as far as the subjects and cases behind it are theirs. A list that `escalates` is
checked by the machine once a day, and whoever it names is told of every entry, once a week, for as long as it stands.
"""

from __future__ import annotations

import csv
import io
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Row

from workflow_runtime import casefile, feel, pages, queries, store
from workflow_runtime.casework import resolve_party
from workflow_runtime.errors import NotFound, ProfileError
from workflow_runtime.feel import government
from workflow_runtime.i18n import _, of_data
from workflow_runtime.model import SYSTEM, Actor, Standing
from workflow_runtime.profiles import Profile
from workflow_runtime.sources import Source, Table

if TYPE_CHECKING:
    from workflow_runtime.runtime import Runtime

#: What a list can go over: everybody registered, or every open item and its deadline.
OVER: Final = ("subject", "item")
_BATCH: Final = 500
_ABOUT: Final = ("report_number", "report_due")
_ID: Final = re.compile(r"[A-Z][A-Z0-9-]*")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, and the FEEL expression of its value."""

    title: str
    value: feel.Expression
    aside: bool = False  #: left out on a screen, where there is little room


@dataclass(frozen=True, slots=True)
class Report:
    """A control list as its file describes it."""

    id: str
    title: str
    text: str
    source: str
    audience: str  #: who looks at it, and how often: for people, nothing follows from it
    every: str
    over: str
    of: str  #: over subjects: those of which kind
    values: tuple[tuple[str, feel.Expression], ...]  #: named on the way, for the condition and the columns
    where: feel.Expression
    columns: tuple[Column, ...]
    entries: tuple[str, ...] = ()  #: entries of the case files that the columns show, none of them personal
    private: tuple[str, ...] = ()  #: the same for what only those see who hold a standing of the subject
    each: tuple[str, feel.Expression] | None = None  #: a row for each element of this, under this name
    totals: tuple[Column, ...] = ()  #: figures over the whole list: FEEL over `rows`, each by the columns' titles
    documents: tuple[str, ...] = ()  #: the only codes of documents that are looked at; none: all
    escalates: tuple[str, ...] = ()  #: agencies that are told: `CAB.CITY`, `CAB.CITY/child_welfare`

    def asks_for(self, name: str) -> bool:
        """Whether any of its expressions looks at what goes by that name: years of papers are not read for nothing."""
        expressions = [self.where, *(value for _name, value in self.values), *(one.value for one in self.columns)]
        if self.each is not None:
            expressions.append(self.each[1])
        return any(name in one.names for one in expressions)


def _looks_over(report: Report) -> tuple[str, str]:
    return report.over, report.of


def _headed(title: str) -> str:
    """A title of a column, also where the word is the one that stands inside sentences."""
    return title[:1].upper() + title[1:]


@dataclass(frozen=True, slots=True)
class ReportRows:
    """One page of a list: the titles of its columns, and a value for each (Decimal, date, text, True, None)."""

    id: str
    title: str
    columns: tuple[str, ...]
    aside: tuple[bool, ...]  #: which columns a screen leaves out
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that was taken for a document of a case, and the filed list that it counts."""

    document: str | None  #: the number of the document, once it is issued
    due: date | None
    list: str
    title: str
    number: Any
    corrected: Any  #: what the draft says instead, if anything, and why
    reason: str | None
    taken_on: date
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class FiledList:
    """A control list as it was filed with a case: whom its figure counts."""

    figure: Figure
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def read(source: bytes, *, name: str = "") -> tuple[Report, ...]:
    """The lists of a file; raises ProfileError with everything that is wrong in it."""
    file = Source(source, name=name or _("report"), rule="report")
    file.raise_if_wrong(ProfileError)
    file.only(file.root, ("reports",))
    entries = file.tables(file.root, "reports", optional=False)
    found = tuple(_report(file, entry) for entry in entries)
    file.unique([(one.id, entry) for one, entry in zip(found, entries, strict=True)], _("report"))
    file.raise_if_wrong(ProfileError)
    return found


def _report(file: Source, entry: Table) -> Report:
    keys = ("id", "title", "text", "source", "over", "of", "values", "each", "where", "columns", "totals", "entries")
    file.only(entry, (*keys, "private", "documents", "escalates", "audience", "every"))
    id = file.text(entry, "id")
    if id and not _ID.fullmatch(id):
        file.wrong(file.line(entry, "id"), _("{text!r} cannot be an id").format(text=id), "S-02", field="id")
    values = []
    for one in file.tables(entry, "values"):
        file.only(one, ("name", "value"))
        values.append((file.text(one, "name"), file.feel(one, "value")))
    each = []
    for one in file.tables(entry, "each"):
        file.only(one, ("name", "value"))
        each.append((file.text(one, "name"), file.feel(one, "value")))
    if len(each) > 1:
        file.wrong(file.line(entry, "each"), _("a list has one “each” only"), _("keep one of them"), field="each")
    columns, totals = [], []
    for one in file.tables(entry, "columns", optional=False):
        file.only(one, ("title", "value", "aside"))
        columns.append(Column(file.text(one, "title"), file.feel(one, "value"), file.flag(one, "aside")))
    for one in file.tables(entry, "totals"):
        file.only(one, ("title", "value"))
        totals.append(Column(file.text(one, "title"), file.feel(one, "value")))
    return Report(
        id=id,
        title=file.text(entry, "title"),
        text=file.text(entry, "text", default=""),
        source=file.text(entry, "source", default=""),
        audience=file.text(entry, "audience", default=""),
        every=file.text(entry, "every", default=""),
        over=file.choice(entry, "over", OVER),
        of=file.text(entry, "of", default=""),
        values=tuple(values),
        where=file.feel(entry, "where"),
        columns=tuple(columns),
        entries=file.texts(entry, "entries"),
        private=file.texts(entry, "private"),
        documents=file.texts(entry, "documents"),
        each=each[0] if each else None,
        totals=tuple(totals),
        escalates=file.texts(entry, "escalates"),
    )


@cache
def shipped() -> Mapping[str, Report]:
    """The lists that come with the program, by id."""
    folder = resources.files("bpmn") / "reports"
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".yaml")), key=lambda one: one.name)
    return {report.id: report for one in files for report in read(one.read_bytes(), name=one.name)}


class Reports:
    """The control lists of a runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def all(self) -> tuple[Report, ...]:
        """Every list there is, by id."""
        return tuple(shipped().values())

    def report(self, id: str) -> Report:
        """The list of that id. Raises NotFound with the ids there are."""
        if id not in shipped():
            text = _("there is no list {id}; there are {known}")
            raise NotFound(text.format(id=id, known=", ".join(shipped())))
        return shipped()[id]

    def rows(self, id: str, *, actor: Actor, limit: int = 50, offset: int = 0) -> ReportRows:
        """The entries of a list that the actor may see, in the order of their numbers or due dates."""
        report = self.report(id)
        with self._runtime._database.read() as tx:
            page = islice(self._entries(tx, report, actor), offset, offset + limit)
            found = [tuple(self._value(one.value, facts) for one in report.columns) for facts in page]
        titles = tuple(_headed(of_data(one.title)) for one in report.columns)
        aside = tuple(one.aside for one in report.columns)
        return ReportRows(report.id, of_data(report.title), titles, aside, tuple(found))

    def whole(self, id: str, *, agency: str) -> dict[str, Any]:
        """A whole list as it is now, as an agency and those under it see it: title, columns and rows, to be filed."""
        report = self.report(id)
        with self._runtime._database.read() as tx:
            directory = self._runtime._directory_or_none(tx)
            departments = {one.id for part in directory.under(agency) for one in part.departments} if directory else ()
            actor = Actor(clerk=agency, name=agency, departments=frozenset(departments))
            rows = [
                [self._value(one.value, facts) for one in report.columns] for facts in self._entries(tx, report, actor)
            ]
        found = {"title": report.title, "columns": [one.title for one in report.columns], "rows": rows}
        return {**found, "totals": self._totals(report, rows)}

    def totals(self, id: str, *, actor: Actor) -> tuple[tuple[str, Any], ...]:
        """The figures over the whole list, as far as the actor sees it: title (as written) and value of each."""
        report = self.report(id)
        if not report.totals:
            return ()
        with self._runtime._database.read() as tx:
            rows = [
                [self._value(one.value, facts) for one in report.columns] for facts in self._entries(tx, report, actor)
            ]
        return tuple((one["title"], one["value"]) for one in self._totals(report, rows))

    def _totals(self, report: Report, rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
        titles = [one.title for one in report.columns]
        facts = {"rows": [dict(zip(titles, row, strict=True)) for row in rows], **self._common(None)}
        return [{"title": one.title, "value": self._value(one.value, facts)} for one in report.totals]

    def figures(self, case: str, *, actor: Actor) -> tuple[Figure, ...]:
        """The figures of a case's documents, in the order of its calls. Raises NotFound when the case is not theirs."""
        fields = self._runtime.case(case, actor=actor, history=0).fields
        found = []
        for key in fields:
            scope, dot, last = key.rpartition(".")
            if last != "figure_lists":
                continue
            of = {name: fields.get(scope + dot + name) for name in (*_ABOUT, "figures", "figure_corrections")}
            corrections = {one["list"]: one for one in of["figure_corrections"] or ()}
            for one in of["figures"] or ():
                other = corrections.get(one["list"], {})
                found.append(
                    Figure(
                        document=of["report_number"],
                        due=of["report_due"],
                        list=one["list"],
                        title=one["title"],
                        number=one["number"],
                        corrected=other.get("corrected_number"),
                        reason=other.get("reason"),
                        taken_on=one["taken_on"],
                        file=one["file"],
                        sha256=one["sha256"],
                    )
                )
        return tuple(found)

    def filed(self, case: str, list: str, *, actor: Actor, document: str | None = None) -> FiledList:
        """The list that a figure counts, as it was filed that day; of the last document, or of the one named.

        Raises NotFound when no such figure was taken, or the filed list is gone or was changed.
        """
        figures = self.figures(case, actor=actor)
        fitting = [one for one in figures if one.list == list and document in (None, one.document)]
        if not fitting:
            text = _("no figure of list {id} was taken in {case}; there are {known}")
            known = ", ".join(dict.fromkeys(one.list for one in figures)) or "—"
            raise NotFound(text.format(id=list, case=case, known=known))
        figure = fitting[-1]
        content = self._runtime._files.get(figure.sha256)
        head, *rows = (tuple(row) for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        return FiledList(figure, head, tuple(rows))

    def escalate(self) -> int:
        """Tell whoever a list names of every entry, once a week for each; how many were told. Safe to repeat."""
        told = 0
        week = "{}-W{:02}".format(*self._runtime._today().isocalendar())
        escalating = sorted((one for one in shipped().values() if one.escalates), key=_looks_over)
        for _over, group in groupby(escalating, key=_looks_over):
            lists = tuple(group)
            with self._runtime._database.read() as tx:
                directory = self._runtime._directory_or_none(tx)
                if directory is None:
                    return told
                listed = [(report, facts["subject"]) for report, facts in self._listed(tx, lists, SYSTEM)]
            for report, subject in listed:
                for reference in report.escalates:
                    try:
                        department = resolve_party(directory, reference, {"": str(subject["region"])})
                    except NotFound:
                        continue
                    told += self._tell(report, str(subject["number"]), department.id, week)
        return told

    def _tell(self, report: Report, number: str, department: str, week: str) -> bool:
        with self._runtime._database.begin() as tx:
            now = self._runtime._clock()
            key = f"report {report.id} {number} {department} {week}"
            if not store.take_key(tx, key=key, actor=SYSTEM, request="", now=now):
                return False
            notice = store.insert_notification(
                tx,
                case_id=None,
                department_id=department,
                kind="escalation",
                text=f"{report.id} {report.title} {number}",
                now=now,
            )
            inputs = casefile.dumps({"notification": notice})
            store.insert_job(
                tx, id=secrets.token_hex(16), kind="notify", type="escalation", case_id=None, now=now, inputs=inputs
            )
            return True

    def _value(self, expression: feel.Expression, facts: Mapping[str, Any]) -> Any:
        return expression(facts, now=self._runtime._clock(), functions=facts["functions"])

    def _entries(self, tx: Connection, report: Report, actor: Actor) -> Iterator[Mapping[str, Any]]:
        return (facts for _report, facts in self._listed(tx, (report,), actor))

    def _listed(
        self, tx: Connection, reports: Sequence[Report], actor: Actor
    ) -> Iterator[tuple[Report, Mapping[str, Any]]]:
        """The entries of lists that look over the same, which is looked over once for all of them."""
        by_subject = reports[0].over == "subject"
        for known in self._subjects(tx, actor, reports) if by_subject else self._items(tx, actor):
            for report in reports:
                facts = dict(known)
                for name, expression in report.values:
                    facts[name] = self._value(expression, facts)
                if report.each is None:
                    if self._value(report.where, facts) is True:
                        yield report, facts
                    continue
                name, expression = report.each
                for one in self._value(expression, facts) or ():
                    facts[name] = one
                    if self._value(report.where, facts) is True:
                        yield report, facts

    # --- what an expression sees ---------------------------------------------------------------------------------
    def _subjects(self, tx: Connection, actor: Actor, reports: Sequence[Report]) -> Iterator[dict[str, Any]]:
        """Everybody registered (of the lists' kind, if they name one) whom the actor may see, by number: `subject`,
        `filled` (which facts there are), `standing` (who holds what today), `standings`, `cases`, `documents` (both
        only where a list asks for them), and functions."""
        agencies = queries.agencies(tx)
        entries = tuple(dict.fromkeys(entry for report in reports for entry in report.entries))
        private = tuple(dict.fromkeys(entry for report in reports for entry in report.private))
        of_cases = any(report.asks_for("cases") for report in reports)
        of_papers = [report for report in reports if report.asks_for("documents")]
        codes = {code for report in of_papers for code in report.documents}
        if not all(report.documents for report in of_papers):
            codes = set()  # one of them looks at all
        profile = self._profile(tx)
        seen = queries.departments(tx, actor.sees)
        own = frozenset(row.agency for row in seen.values())
        last = ""
        while True:
            rows = queries.subjects_after(tx, actor, reports[0].of, agencies=own, last=last, limit=_BATCH)
            if not rows:
                return
            last = rows[-1].number
            ids = [row.id for row in rows]
            standings = queries.standings_of(tx, ids)
            cases = queries.cases_of(tx, actor, ids) if of_cases else {}
            documents = queries.documents_of(tx, actor, ids, codes) if of_papers else {}
            asked = [one.id for found in cases.values() for one in found] if entries or private else []
            files = queries.files_of(tx, asked) if asked else {}
            for row in rows:
                held = standings.get(row.id, ())
                knows = actor.clerk == "system" or any(s.valid_to is None and s.holder_agency in own for s in held)
                everything = {**casefile.loads(row.document), "number": row.number, "name": row.name}
                everything["region"] = row.region
                yield {
                    "subject": pages.subject_facts(everything, None if knows else frozenset({"general"})),
                    "filled": {key: value not in (None, "", []) for key, value in everything.items()},
                    "standing": {s.kind: self._standing(s, agencies) for s in held if s.valid_to is None},
                    "standings": [self._standing(s, agencies) for s in held],
                    "cases": [
                        self._case(one, files.get(one.id, {}), (*entries, *(private if knows else ())))
                        for one in cases.get(row.id, ())
                    ],
                    "documents": [self._document(one) for one in documents.get(row.id, ())],
                    **self._common(profile),
                }

    def _items(self, tx: Connection, actor: Actor) -> Iterator[dict[str, Any]]:
        """Every open item of the departments that the actor sees, soonest due first: `item`, and functions."""
        desk, profile, offset = self._runtime._desk(), self._profile(tx), 0
        while rows := queries.item_rows(tx, actor, limit=_BATCH, offset=offset):
            offset += len(rows)
            for row in rows:
                view = pages.item(tx, desk, row, explain=False)
                due = view.due
                yield {
                    "item": {
                        "name": of_data(view.name),
                        "case": view.case,
                        "procedure": view.procedure,
                        "subject": view.subject.number,
                        "department": of_data(view.department_name),
                        "agency": of_data(view.agency_name),
                        "due": self._runtime._day_of(due.at) if due else None,
                        "days_left": due.working_days_left if due else None,
                        "rule": f"{due.title} {due.value}" if due else None,
                        "mark": due.mark if due else None,
                        "source": due.standing if due else None,
                    },
                    **self._common(profile),
                }

    def _common(self, profile: Profile | None) -> dict[str, Any]:
        today = self._runtime._today()

        def parameter(procedure: Any, name: Any) -> Any:
            return profile.parameter(str(procedure), str(name), today).value if profile is not None else None

        def runs(procedure: Any) -> bool:
            return profile is not None and profile.procedure_state(str(procedure)).state != "off"

        return {"today": today, "functions": {**government.OF_DATES, "parameter": parameter, "runs": runs}}

    def _profile(self, tx: Connection) -> Profile | None:
        """The profile of the organisation's jurisdiction."""
        directory = self._runtime._directory_or_none(tx)
        return self._runtime._profiles(tx).get(directory.jurisdiction) if directory is not None else None

    def _standing(self, one: Standing, agencies: Mapping[str, Any]) -> dict[str, Any]:
        agency = agencies.get(one.holder_agency or "")
        return {
            "kind": one.kind,
            "holder": of_data(one.holder),
            "agency": agency.agency_code if agency is not None else None,
            "region": agency.region if agency is not None else None,
            "since": self._runtime._day_of(one.valid_from),
            "until": self._runtime._day_of(one.valid_to) if one.valid_to else None,
        }

    def _case(self, row: Row[Any], file: Mapping[str, Any], entries: tuple[str, ...]) -> dict[str, Any]:
        now = self._runtime._clock()
        return {
            **{key: file.get(key) for key in entries},
            "number": row.number,
            "procedure": row.code,
            "state": row.state,
            "status": row.milestone,
            "started": self._runtime._day_of(row.started_at),
            "ended": self._runtime._day_of(row.ended_at) if row.ended_at else None,
            "late": row.next_due is not None and row.next_due < now,
            "due": self._runtime._day_of(row.next_due) if row.next_due else None,
        }

    def _document(self, row: Row[Any]) -> dict[str, Any]:
        on = self._runtime._day_of(row.issued_at)
        return {"code": row.code, "state": row.state, "number": row.number, "on": on, "case": row.case_number}
