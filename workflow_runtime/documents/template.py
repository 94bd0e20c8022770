"""A document template: what it is, as read from its folder.

`document.yaml` says what the document is and which values it prints; `document.typ.j2` is the text;
`document.en.typ.j2` the English reading copy, where there is one; `draft.form` what the drafter enters; `sample.json`
and `sparse.json` two cases to try it with. The folder's bytes and the house's bytes together are the template: their
hash is frozen with every document.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Any

from workflow_runtime.documents.numbering import SeriesKind
from workflow_runtime.errors import NotFound
from workflow_runtime.i18n import _

DESCRIPTION = "document.yaml"
SOURCE = "document.typ.j2"
READING_COPY = "document.en.typ.j2"
DRAFT = "draft.form"
SAMPLES = ("sample.json", "sparse.json")

DOCUMENT = (
    "code",
    "title",
    "number",
    "issued_on",
    "issued_at",
    "issuer",
    "copies",
    "retention",
    "verification",
    "draft",
    "supersedes",
)
CASE = ("number", "started_on", "procedure", "jurisdiction")
PARTY = ("name", "address", "phone", "uscc", "representative", "contact", "region")
RELATED = ("number", "date", "title")


class Kind(StrEnum):
    """What sort of paper a document is."""

    AGREEMENT = "agreement"
    LIST = "list"
    FORM = "form"
    RECORD = "record"
    LETTER = "letter"


class Class(StrEnum):
    """Format class: how closely GB/T 9704 is followed."""

    P = "P"  #: agreement
    F = "F"  #: form or list
    C = "C"  #: certificate or decision
    L = "L"  #: letter


class FieldType(StrEnum):
    """What a value is. One key has one type in a procedure."""

    STR = "str"
    TEXT = "text"
    INT = "int"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    DATETIME = "datetime"
    BOOL = "bool"
    ENUM = "enum"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Field:
    """One value the document prints. `required_when` names other fields and the values that make this one required."""

    key: str
    type: FieldType
    label: str
    label_en: str = ""
    required: bool = False
    required_when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    entered: str = "case"
    default: Any = None
    values: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    columns: tuple[Field, ...] = ()
    at_least: int = 0


@dataclass(frozen=True, slots=True)
class PartyPlace:
    """One party: who it is in this document, where the case binds it, and what it puts on the paper."""

    key: str
    role: str
    binds: str = ""
    seal: bool = True
    signs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentClause:
    """A passage the document may not lack. `says` are words its text must hold, whatever the case."""

    id: str
    title: str
    title_en: str
    source: str
    says: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RelatedDocument:
    """Another document this one cites, by code."""

    code: str
    title: str
    required: bool = False
    required_when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Template:
    """A checked template. `hash` names its bytes, the house's included; `repeats`: each one made in a case stands by
    itself (a visit's record), none replaces the one before."""

    code: str
    title: str
    title_en: str
    kind: Kind
    format: Class
    series: SeriesKind
    issuer: str
    copies: int
    retention: str
    repeats: bool
    parties: tuple[PartyPlace, ...]
    clauses: tuple[DocumentClause, ...]
    fields: tuple[Field, ...]
    subject: tuple[Field, ...]
    related: tuple[RelatedDocument, ...]
    files: Mapping[str, bytes]
    house: Mapping[str, bytes]
    hash: str

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages it prints in; Chinese is the one of effect."""
        return ("zh", "en") if READING_COPY in self.files else ("zh",)

    def labels(self, language: str) -> dict[str, dict[str, str]]:
        """The words of every choice, by field, in a language."""
        at = 0 if language == "zh" else 1
        fields = [*self.fields, *self.subject, *(column for one in self.fields for column in one.columns)]
        return {one.key: {value: words[at] for value, words in one.values.items()} for one in fields if one.values}

    def sample(self, name: str = "sample.json") -> dict[str, Any]:
        """A case to try the template with."""
        sample: dict[str, Any] = json.loads(self.files[name], parse_float=Decimal)
        return sample


def codes() -> list[str]:
    """The codes of the templates that come with the product."""
    root = resources.files("templates")
    return sorted(one.name for one in root.iterdir() if one.is_dir() and one.joinpath(DESCRIPTION).is_file())


def folder(code: str) -> dict[str, bytes]:
    """The bytes of a template that comes with the product."""
    if code not in codes():
        raise NotFound(_("There is no document template “{code}”.").format(code=code))
    return {
        one.name: one.read_bytes() for one in resources.files("templates").joinpath(code).iterdir() if one.is_file()
    }


def read_folder(path: Path) -> dict[str, bytes]:
    """The bytes of a template folder on disk."""
    return {one.name: one.read_bytes() for one in sorted(path.iterdir()) if one.is_file()}


def house() -> dict[str, bytes]:
    """The page formats shared by all templates."""
    return {"house.typ": resources.files("templates").joinpath("_house/house.typ").read_bytes()}


def hash_of(files: Mapping[str, bytes], shared: Mapping[str, bytes]) -> str:
    """The name of a template's bytes."""
    total = hashlib.sha256()
    for group, members in (("folder", files), ("house", shared)):
        for name in sorted(members):
            total.update(f"{group}/{name}\0{hashlib.sha256(members[name]).hexdigest()}\n".encode())
    return total.hexdigest()


def names(template: Template) -> dict[str, Any]:
    """What a template may read."""
    return {
        "document": dict.fromkeys(DOCUMENT),
        "case": dict.fromkeys(CASE),
        "subject": {one.key: None for one in template.subject},
        "parties": {one.key: dict.fromkeys(PARTY) for one in template.parties},
        "fields": {
            one.key: {column.key: None for column in one.columns} if one.columns else None for one in template.fields
        },
        "related": {one.code: dict.fromkeys(RELATED) for one in template.related},
        "clause": {one.id: None for one in template.clauses},
    }
