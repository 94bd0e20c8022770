"""Clauses of policies and laws: what procedures, deadlines, documents and rules rest on, as data.

`bpmn/clauses/*.yaml` names each document and its clauses: an id, a title, the gist in one line of our own, and how long
it holds. Whoever rests on a clause names it in one way, `DOCUMENT CLAUSE`, several with a semicolon between:
`S004 三(一); 民法典 35`. The document is its code, its title or another name of it; a clause may be written in any
of the usual ways (`三（一）`, `III(1)`, `第三十五条`), and an item below a clause stands for that clause.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from typing import Final

from workflow_runtime.errors import NotFound, ProfileError
from workflow_runtime.i18n import _, language
from workflow_runtime.sources import Source, Table

KINDS: Final = ("policy", "law", "regulation", "rule", "opinion")
_PARTS: Final = re.compile(r"[;；]")
_SECTIONS: Final = re.compile(r"[、,，]")
_NUMERAL: Final = re.compile(r"[0-9]+|[IVX]+|[零〇一二三四五六七八九十百千]+")
#: what stands around the numerals of a clause
_AROUND: Final = re.compile(r"[\s()（）.．第条款项点之\[\]]*")
_DIGITS: Final = {"零": 0, "〇": 0, "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_TENS: Final = {"十": 10, "百": 100, "千": 1000}
_HEADS: Final = "I II III IV V VI VII VIII IX X".split()
_ROMAN: Final = {"I": 1, "V": 5, "X": 10}


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a document. `ref` is how it is named everywhere: `S004 三(一)`."""

    document: str
    id: str
    title: str
    title_en: str
    gist: str
    gist_en: str
    valid_from: date | None = None
    valid_to: date | None = None
    also: tuple[str, ...] = ()

    @property
    def ref(self) -> str:
        return f"{self.document} {self.id}"

    def holds(self, on: date) -> bool:
        """Whether it is in force on a day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)

    @property
    def said(self) -> str:
        """Its title in the language in use."""
        return self.title_en if language() == "en" else self.title

    @property
    def gist_said(self) -> str:
        """Its gist in the language in use."""
        return self.gist_en if language() == "en" else self.gist


@dataclass(frozen=True, slots=True)
class LegalDocument:
    """A policy or a law with its clauses. `also`: other names by which it is cited."""

    code: str
    title: str
    title_en: str
    kind: str
    also: tuple[str, ...]
    valid_from: date | None
    valid_to: date | None
    jurisdictions: tuple[str, ...]
    clauses: tuple[Clause, ...]

    @property
    def said(self) -> str:
        """Its title in the language in use."""
        return self.title_en if language() == "en" else self.title


@dataclass(frozen=True, slots=True)
class Book:
    """Every clause there is."""

    documents: tuple[LegalDocument, ...]
    _names: Mapping[str, LegalDocument] = field(default_factory=dict, hash=False, repr=False)
    _keys: Mapping[tuple[str, str], Clause] = field(default_factory=dict, hash=False, repr=False)

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """All of them, in the order of the files."""
        return tuple(clause for document in self.documents for clause in document.clauses)

    def find(self, text: str) -> tuple[tuple[Clause, ...], tuple[str, ...]]:
        """The clauses that a reference names, and the parts of it that name none."""
        found: dict[str, Clause] = {}
        unknown: list[str] = []
        for part in filter(None, (one.strip() for one in _PARTS.split(text))):
            document, rest = self._document(part)
            if document is None:
                unknown.append(part)
                continue
            for section in (one.strip() for one in _SECTIONS.split(rest)):
                clause = self._clause(document, section)
                if clause is None:
                    unknown.append(f"{document.code} {section}".strip())
                else:
                    found[clause.ref] = clause
        return tuple(found.values()), tuple(unknown)

    def named(self, text: str) -> tuple[Clause, ...]:
        """The clauses that a reference names; what is none (a rule of the catalogue, a remark) is passed over."""
        return self.find(text)[0]

    def unknown(self, text: str) -> tuple[str, ...]:
        """The parts of a reference that name no clause, each with the nearest that there are."""
        return tuple(self._with_nearest(part) for part in self.find(text)[1])

    def _with_nearest(self, part: str) -> str:
        near = self.nearest(part)
        return f"{part} ({_('nearest: {names}').format(names=_(', ').join(near))})" if near else part

    def clause(self, text: str) -> Clause:
        """The one clause of that name. Raises NotFound with the nearest names."""
        found, unknown = self.find(text)
        if len(found) == 1 and not unknown:
            return found[0]
        near = self.nearest(text)
        message = _("there is no clause {name}").format(name=text.strip() or "“”")
        if len(found) > 1:
            message = _("{name} names several clauses; name one").format(name=text)
            near = tuple(one.ref for one in found)
        if near:
            message += "; " + _("nearest: {names}").format(names=_(", ").join(near))
        raise NotFound(message + "; " + _("“xieban clause list” shows all"))

    def english(self, text: str) -> str | None:
        """A reference in English (`S004 III(1)`), if all of it names clauses."""
        found, unknown = self.find(text)
        if unknown or not found:
            return None
        names = {one.code: one.code if one.kind == "policy" else one.title_en for one in self.documents}
        return "; ".join(f"{names[one.document]} {_western(one)}" for one in found)

    def nearest(self, text: str) -> tuple[str, ...]:
        """Clauses that are called nearly so."""
        document, _rest = self._document(text)
        refs = [clause.ref for clause in (document.clauses if document else self.clauses)]
        near = difflib.get_close_matches(text.strip(), refs, n=4, cutoff=0.5)
        return tuple(near or (refs[:4] if document else ()))

    def _document(self, text: str) -> tuple[LegalDocument | None, str]:
        """The document that a reference begins with (the longest name that fits), and what stands behind it."""
        bare = text.strip().removeprefix("《")
        for name in sorted(self._names, key=len, reverse=True):
            if bare.startswith(name):
                rest = bare[len(name) :].removeprefix("》")
                if not (name[-1].isascii() and name[-1].isalnum() and rest[:1].isalnum() and rest[:1].isascii()):
                    return self._names[name], rest.strip()
        return None, ""

    def _clause(self, document: LegalDocument, section: str) -> Clause | None:
        if not section and len(document.clauses) == 1:  # a document that is not taken apart here
            return document.clauses[0]
        key = clause_key(section)
        if (document.code, key) in self._keys:
            return self._keys[document.code, key]
        while "." in key:  # an item below a clause that is not taken apart here
            key = key.rpartition(".")[0]
            if (document.code, key) in self._keys:
                leaf = not any(code == document.code and one.startswith(f"{key}.") for code, one in self._keys)
                return self._keys[document.code, key] if leaf else None
        return None


def clause_key(section: str) -> str:
    """One spelling of the number of a clause: `三（一）`, `III(1)` and `3(1)` are 3.1; `第三十五条` is 35."""
    section = section.strip()
    if not section or _AROUND.sub("", _NUMERAL.sub("", section)):
        return section
    return ".".join(str(_number(numeral)) for numeral in _NUMERAL.findall(section))


def _western(clause: Clause) -> str:
    """The number of a clause with numerals that everybody reads; of one without a number its title."""
    key = clause_key(clause.id)
    if not any("一" <= letter <= "鿿" for letter in clause.id):
        return clause.id
    if key == clause.id:
        return clause.title_en
    first, *rest = key.split(".")
    head = _HEADS[int(first) - 1] if int(first) <= len(_HEADS) else first
    return head + (f"({rest[0]})" if rest else "") + "".join(rest[1:])


def _number(numeral: str) -> int:
    if numeral.isascii() and numeral.isdigit():
        return int(numeral[:9])
    if numeral[0] in _ROMAN:
        values = [_ROMAN[letter] for letter in numeral]
        return sum(
            -value if any(value < later for later in values[place + 1 : place + 2]) else value
            for place, value in enumerate(values)
        )
    total, digit = 0, 0
    for letter in numeral:
        if letter in _DIGITS:
            digit = _DIGITS[letter]
        else:
            total, digit = total + (digit or 1) * _TENS[letter], 0
    return total + digit


# --- the files -----------------------------------------------------------------------------------------------------


def read(source: bytes, *, name: str = "") -> LegalDocument:
    """A document with its clauses; raises ProfileError with everything that is wrong in the file."""
    file = Source(source, name=name or _("clauses"), rule="clauses")
    file.raise_if_wrong(ProfileError)
    root = file.root
    keys = ("document", "title", "title_en", "kind", "also", "valid_from", "valid_to", "jurisdictions", "clauses")
    file.only(root, keys)
    code = file.text(root, "document")
    first, last = _validity(file, root)
    entries = file.tables(root, "clauses", optional=False)
    clauses = tuple(_read_clause(file, entry, code, first, last) for entry in entries)
    file.unique(
        [
            (key, entry)
            for one, entry in zip(clauses, entries, strict=True)
            for key in (clause_key(name) for name in (one.id, *one.also))
        ],
        _("clause"),
    )
    document = LegalDocument(
        code=code,
        title=file.text(root, "title"),
        title_en=file.text(root, "title_en"),
        kind=file.choice(root, "kind", KINDS),
        also=file.texts(root, "also"),
        valid_from=first,
        valid_to=last,
        jurisdictions=file.texts(root, "jurisdictions"),
        clauses=clauses,
    )
    file.raise_if_wrong(ProfileError)
    return document


def _read_clause(file: Source, entry: Table, code: str, first: date | None, last: date | None) -> Clause:
    file.only(entry, ("id", "also", "title", "title_en", "gist", "gist_en", "valid_from", "valid_to"))
    begins, ends = _validity(file, entry)
    return Clause(
        document=code,
        id=file.text(entry, "id"),
        title=file.text(entry, "title"),
        title_en=file.text(entry, "title_en"),
        gist=file.text(entry, "gist"),
        gist_en=file.text(entry, "gist_en"),
        valid_from=begins or first,
        valid_to=ends or last,
        also=file.texts(entry, "also"),
    )


def _validity(file: Source, table: Table) -> tuple[date | None, date | None]:
    first, last = file.day(table, "valid_from"), file.day(table, "valid_to")
    if first and last and last < first:
        file.wrong(
            file.line(table, "valid_to"), _("it ends before it begins"), "valid_from ≤ valid_to", field="valid_to"
        )
    return first, last


def book(documents: tuple[LegalDocument, ...]) -> Book:
    """The documents with an index of their names."""
    names = {name: one for one in documents for name in (one.code, one.title, *one.also)}
    keys = {
        (one.code, clause_key(name)): clause
        for one in documents
        for clause in one.clauses
        for name in (clause.id, *clause.also)
    }
    return Book(documents, names, keys)


@cache
def shipped() -> Book:
    """The clauses that come with the program: policies first, then laws."""
    folder = resources.files("bpmn") / "clauses"
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".yaml")), key=lambda one: one.name)
    return book(tuple(_in_order(read(one.read_bytes(), name=one.name) for one in files)))


def _in_order(documents: Iterator[LegalDocument]) -> list[LegalDocument]:
    return sorted(documents, key=lambda one: (KINDS.index(one.kind), one.code))
