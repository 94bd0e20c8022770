"""What rests on a clause: steps, gateways, deadlines, documents, parameters, rules, lists.

Everything that names a clause is read where it stands: `xb:clause` in diagrams, `source` and `section` in profiles, the
annotations of decision tables, sources in forms, templates, kinds of subject and control lists, `clause` in the
register of documents. A deadline that a profile only proposes rests on the clause of the step that names it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from workflow_runtime import reports, sources, subjects
from workflow_runtime.clauses import Book, Clause
from workflow_runtime.diagram.model import GATEWAYS, Diagram, Element, FlowNode
from workflow_runtime.i18n import of_data
from workflow_runtime.procedures import Procedure, named_deadlines, shipped_library
from workflow_runtime.profiles import Profile

#: What can rest on a clause, in the order in which it is told.
KINDS = (
    *("procedure", "step", "gateway", "event", "way", "deadline", "parameter"),
    *("document", "decision rule", "field", "path rule", "list", "open case"),
)
_IN_WORDS = re.compile(r"S00\d [^;；）)，,]+(?:[（(][^（()）]*[）)]\d?)?")


@dataclass(frozen=True, slots=True)
class Rest:
    """One thing that rests on a clause: its kind, where it stands, its id there and its name."""

    kind: str
    place: str
    id: str
    name: str

    @property
    def said(self) -> str:
        """Its name in the language in use."""
        return of_data(self.name)


def resting(
    book: Book, procedures: Iterable[Procedure], jurisdictions: Iterable[Profile]
) -> Mapping[str, tuple[Rest, ...]]:
    """Clause (its reference) → all that rests on it, by kind."""
    found: dict[str, dict[Rest, None]] = defaultdict(dict)
    held = list(jurisdictions)
    titles = {one.name: one.title for profile in held for one in profile.parameters}
    for texts, rest in (*_of_procedures(procedures, titles), *_of_profiles(held), *_of_library()):
        for clause in book.named(texts):
            found[clause.ref][rest] = None
    return {ref: tuple(sorted(rests, key=_order)) for ref, rests in found.items()}


def _order(rest: Rest) -> tuple[int, str, str]:
    return KINDS.index(rest.kind), rest.place, rest.id


def rests_on(procedure: Procedure, clause: Clause, book: Book) -> bool:
    """Whether a version of a procedure names the clause in its drawing, or in one of those it calls."""
    texts = {text for one in procedure.diagrams.values() for text in _clauses_of(one)}
    return any(clause in book.named(text) for text in texts)


def _clauses_of(one: Diagram) -> Iterator[str]:
    elements = (*one.elements.values(), *(one.scopes[process] for process in one.processes))
    yield from (text for element in elements if (text := element.properties.get("xb:clause")))


def _of_procedures(held: Iterable[Procedure], titles: Mapping[str, str]) -> Iterator[tuple[str, Rest]]:
    drawn: set[str] = set()
    for procedure in held:
        for process, one in procedure.diagrams.items():
            if process not in drawn:
                drawn.add(process)
                yield from _of_diagram(process, one, titles)
        for code, template in procedure.templates.items():
            for clause in template.clauses:
                yield clause.source, Rest("document", code, code, template.title)
        for path, content in procedure.files.items():
            if path.endswith(".dmn"):
                yield from _of_table(content)
        for id, form in procedure.forms.items():
            for field in form.fields:
                for part in (field, *field.fields):
                    for text in _cited(f"{part.source}; {part.rule}"):
                        yield text, Rest("field", id, part.key, part.title)


def _of_diagram(process: str, one: Diagram, titles: Mapping[str, str]) -> Iterator[tuple[str, Rest]]:
    root = one.scopes[process]
    if text := root.properties.get("xb:clause"):
        yield text, Rest("procedure", process, process, root.name or process)
    for element in one.elements.values():
        text = element.properties.get("xb:clause", "")
        if not text or element.id == process:
            continue
        kind = "gateway" if element.kind in GATEWAYS else "step"
        if element.kind.endswith("Event"):
            kind = "event"
        elif element.kind == "sequenceFlow":
            kind = "way"
        yield text, Rest(kind, process, element.id, element.name or element.id)
        for name in _deadlines(element):
            yield text, Rest("deadline", process, name, titles.get(name, name))


def _deadlines(element: Element) -> Iterator[str]:
    """The deadlines that an element names: its own, and those of its timers."""
    if name := element.properties.get("xb:deadline"):
        yield name
    for event in element.events if isinstance(element, FlowNode) else ():
        yield from named_deadlines(event.expression or "")


def _of_table(content: bytes) -> Iterator[tuple[str, Rest]]:
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    for decision in root.iter("{*}decision"):
        id, name = str(decision.get("id")), str(decision.get("name") or decision.get("id"))
        for number, rule in enumerate(decision.iter("{*}rule"), 1):
            said = "; ".join(str(text.text) for text in rule.iterfind("{*}annotationEntry/{*}text") if text.text)
            described = rule.find("{*}description")
            for text in _cited(said or (described.text if described is not None else "") or ""):
                yield text, Rest("decision rule", id, f"{number}", name)


def _of_profiles(jurisdictions: Iterable[Profile]) -> Iterator[tuple[str, Rest]]:
    for profile in jurisdictions:
        for state in profile.procedures.values():
            for text in _cited(state.source):
                yield text, Rest("procedure", profile.jurisdiction, state.code, state.code)
        for one in profile.parameters:
            kind = "deadline" if one.is_deadline else "parameter"
            rest = Rest(kind, profile.jurisdiction, f"{one.procedure} {one.name}", one.title)
            for held in (one, one.suspension, one.extension):
                if held is not None and held.source:
                    yield f"{held.source} {held.section}", rest


def _of_library() -> Iterator[tuple[str, Rest]]:
    register = sources.load((shipped_library() / "documents.yaml").read_bytes())["documents"]
    for code, one in register.items():
        if one.get("clause"):
            yield one["clause"], Rest("document", code, code, one["title"])
    for kind in subjects.shipped().values():
        for rule in kind.path_rules:
            for text in _cited(rule.source):
                yield text, Rest("path rule", kind.kind, rule.id, rule.title)
    for report in reports.shipped().values():
        for text in _cited(report.source):
            yield text, Rest("list", report.id, report.id, report.title)


def _cited(text: str) -> Iterator[str]:
    """A source as a whole, and the clauses that it names within a sentence."""
    yield text
    yield from (part for part in _IN_WORDS.findall(text) if part != text)
