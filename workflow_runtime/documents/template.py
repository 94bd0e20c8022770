"""A document template: a folder, read and checked as a whole.

`document.yaml` says what the document is and which values it prints; `document.typ.j2` is the text; `document.en.typ.j2` the
English reading copy, where there is one; `draft.form` what the drafter enters; `sample.json` and `sparse.json` two cases to try
it with. The folder's bytes and the house's bytes together are the template: their hash is frozen with every document.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Any

from workflow_runtime.documents.numbering import SeriesKind
from workflow_runtime.errors import NotFound, TemplateError
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _

DESCRIPTION = "document.yaml"
SOURCE = "document.typ.j2"
READING_COPY = "document.en.typ.j2"
DRAFT = "draft.form"
SAMPLES = ("sample.json", "sparse.json")

DOCUMENT = ("code", "title", "number", "issued_on", "issued_at", "issuer", "copies", "retention", "verification", "draft", "supersedes")
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
    """A checked template. `hash` names its bytes, the house's included."""

    code: str
    title: str
    title_en: str
    kind: Kind
    format: Class
    series: SeriesKind
    issuer: str
    copies: int
    retention: str
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
    return {one.name: one.read_bytes() for one in resources.files("templates").joinpath(code).iterdir() if one.is_file()}


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


def load(folder_bytes: Mapping[str, bytes], *, house_bytes: Mapping[str, bytes] | None = None) -> Template:
    """Read a template folder; every problem that speaks against it is in the error."""
    template, findings = inspect(folder_bytes, house_bytes=house_bytes)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if template is None or errors:
        raise TemplateError(findings=errors)
    return template


def inspect(
    folder_bytes: Mapping[str, bytes], *, house_bytes: Mapping[str, bytes] | None = None
) -> tuple[Template | None, list[Finding]]:
    """A template folder and all findings about it; no template where its description cannot be read."""
    reader = _Reader(dict(folder_bytes), dict(house() if house_bytes is None else house_bytes))
    template = reader.template()
    return template, reader.findings


class _Reader:
    """Reads one folder and collects what is wrong with it."""

    def __init__(self, files: dict[str, bytes], shared: dict[str, bytes]) -> None:
        self.files = files
        self.shared = shared
        self.findings: list[Finding] = []
        self.lines: dict[tuple[str, ...], int] = {}
        self.code = ""

    def say(
        self, rule: str, file: str, line: int | None, message: str, remedy: str, severity: Severity = Severity.ERROR
    ) -> None:
        self.findings.append(Finding(rule, severity, self.code or None, line, message, remedy, path=(self.code, file)))

    def template(self) -> Template | None:
        described = self._description()
        if described is None:
            return None
        template = self._build(described)
        if template is None:
            return None
        self._sources(template)
        self._draft(template)
        self._samples(template)
        return template

    def _description(self) -> dict[str, Any] | None:
        import yaml

        for name in (DESCRIPTION, SOURCE):
            if name not in self.files:
                self.say(
                    "template-files", name, None, _("The template has no {file}.").format(file=name),
                    _("Add the file; `templates/D77` shows a small complete template."),
                )  # fmt: skip
        if self.findings:
            return None
        text = self.files[DESCRIPTION]
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
            described = yaml.safe_load(text)
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            self.say(
                "template-yaml", DESCRIPTION, mark.line + 1 if mark else None,
                _("The description cannot be read: {why}.").format(why=getattr(error, "problem", None) or error),
                _("Mend the YAML at this line."),
            )  # fmt: skip
            return None
        if not isinstance(described, dict):
            self.say("template-yaml", DESCRIPTION, 1, _("The description is not a list of names and values."), _("Begin with `code:`."))
            return None
        self.lines = dict(_lines(node))
        return described

    def _line(self, *path: object) -> int | None:
        return self.lines.get(tuple(str(part) for part in path))

    def _build(self, described: dict[str, Any]) -> Template | None:
        self.code = str(described.get("code", ""))
        known = {
            "code", "title", "title_en", "kind", "class", "series", "language", "issuer", "copies", "retention",
            "parties", "clauses", "fields", "subject", "related", "notes",
        }  # fmt: skip
        for name in described:
            if name not in known:
                self.say(
                    "template-description", DESCRIPTION, self._line(name), _("“{name}” is not part of a description.").format(name=name),
                    _("Known are: {names}.").format(names=", ".join(sorted(known))),
                )  # fmt: skip
        for name in ("code", "title", "title_en", "kind", "class", "issuer"):
            if not described.get(name):
                self.say(
                    "template-description", DESCRIPTION, None, _("The description lacks “{name}”.").format(name=name),
                    _("Add `{name}:`.").format(name=name),
                )  # fmt: skip
        if self.findings:
            return None
        try:
            template = Template(
                code=self.code, title=str(described["title"]), title_en=str(described["title_en"]),
                kind=Kind(described["kind"]), format=Class(described["class"]), series=SeriesKind(described.get("series", "form")),
                issuer=str(described["issuer"]), copies=int(described.get("copies", 1)), retention=str(described.get("retention", "")),
                parties=tuple(self._party(one) for one in described.get("parties", ())),
                clauses=tuple(self._clause(one) for one in described.get("clauses", ())),
                fields=self._fields(described, "fields"), subject=self._fields(described, "subject"),
                related=tuple(self._related(one) for one in described.get("related", ())),
                files=self.files, house=self.shared, hash=hash_of(self.files, self.shared),
            )  # fmt: skip
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            self.say(
                "template-description", DESCRIPTION, None, _("The description cannot be used: {why}.").format(why=error),
                _("Compare it with `docs/documents.md`, “The description”."),
            )  # fmt: skip
            return None
        if template.issuer not in {party.key for party in template.parties}:
            self.say(
                "template-description", DESCRIPTION, self._line("issuer"),
                _("The issuer “{name}” is not one of the parties.").format(name=template.issuer), _("Name one of the parties' keys."),
            )  # fmt: skip
        return template

    def _party(self, one: dict[str, Any]) -> PartyPlace:
        return PartyPlace(
            one["key"], one["role"], one.get("binds", ""), bool(one.get("seal", True)), tuple(one.get("signs", ()))
        )

    def _clause(self, one: dict[str, Any]) -> DocumentClause:
        says = one.get("says", ())
        return DocumentClause(
            one["id"], one["title"], one["title_en"], one["source"], (says,) if isinstance(says, str) else tuple(says)
        )

    def _related(self, one: dict[str, Any]) -> RelatedDocument:
        return RelatedDocument(one["code"], one["title"], bool(one.get("required", False)), _when(one))

    def _fields(self, described: dict[str, Any], group: str) -> tuple[Field, ...]:
        return tuple(self._field(key, one or {}, (group, key)) for key, one in (described.get(group) or {}).items())

    def _field(self, key: str, one: dict[str, Any], where: tuple[str, ...]) -> Field:
        known = {
            "type", "label", "label_en", "required", "required_when", "entered", "default", "values", "columns", "at_least",
        }  # fmt: skip
        for name in one:
            if name not in known:
                self.say(
                    "template-field", DESCRIPTION, self._line(*where, name),
                    _("“{name}” is not part of the field “{key}”.").format(name=name, key=key),
                    _("Known are: {names}.").format(names=", ".join(sorted(known))),
                )  # fmt: skip
        type_ = one.get("type", "str")
        if type_ not in set(FieldType) or "label" not in one:
            self.say(
                "template-field", DESCRIPTION, self._line(*where),
                _("The field “{key}” lacks a label or has the unknown type “{type}”.").format(key=key, type=type_),
                _("Give it `label:` and one of the types {types}.").format(types=", ".join(FieldType)),
            )  # fmt: skip
            return Field(key, FieldType.STR, str(one.get("label", key)))
        return Field(
            key, FieldType(type_), one["label"], one.get("label_en", ""), bool(one.get("required", False)), _when(one),
            one.get("entered", "case"), one.get("default"),
            {str(value): (str(words[0]), str(words[1])) for value, words in (one.get("values") or {}).items()},
            tuple(self._field(name, column or {}, (*where, "columns", name)) for name, column in (one.get("columns") or {}).items()),
            int(one.get("at_least", 0)),
        )  # fmt: skip

    def _sources(self, template: Template) -> None:
        # jinja2 is needed to read a template, not to ask what one is called.
        from jinja2.exceptions import TemplateSyntaxError

        from workflow_runtime.documents import sandbox

        for file in (SOURCE, READING_COPY):
            if file not in self.files:
                continue
            try:
                tree = sandbox.parse(self.files[file].decode("utf-8"))
            except UnicodeDecodeError as error:
                self.say("template-text", file, None, _("The text is not UTF-8: {why}.").format(why=error), _("Save it as UTF-8."))
                continue
            except TemplateSyntaxError as error:
                self.say(
                    "template-syntax", file, error.lineno, _("The template cannot be read: {why}.").format(why=error.message),
                    _("Mend the passage; values stand in << >>, conditions and repetitions in <% %>."),
                )  # fmt: skip
                continue
            try:
                for line, what, facts in sandbox.problems(tree, names(template), template.labels("zh")):
                    message, remedy = _problem(what, facts)
                    self.say(f"template-{what.replace('_', '-')}", file, line, message, remedy)
            except RecursionError:
                self.say("template-too-deep", file, 1, *_problem("too_deep", {"most": str(sandbox.MAX_LOOPS)}))
                continue
            self._complete(template, file, sandbox.clauses_in(tree), sandbox.names_in(tree, "fields"))

    def _complete(self, template: Template, file: str, clauses: set[str], printed: set[str]) -> None:
        for number, clause in enumerate(template.clauses):
            if clause.id not in clauses:
                self.say(
                    "template-clause-missing", file, None,
                    _("The mandatory clause “{id}” ({title}; {source}) is not printed.").format(
                        id=clause.id, title=clause.title, source=clause.source),
                    _("Print it with << clause(\"{id}\") >>, or take it out of document.yaml line {line}.").format(
                        id=clause.id, line=self._line("clauses", number) or "?"),
                )  # fmt: skip
        if file != SOURCE:
            return
        for one in template.fields:
            if one.key not in printed:
                self.say(
                    "template-field-unused", DESCRIPTION, self._line("fields", one.key),
                    _("The field “{key}” is never printed.").format(key=one.key), _("Print it or take it out."), Severity.WARNING,
                )  # fmt: skip

    def _draft(self, template: Template) -> None:
        drafted = {one.key for one in template.fields if one.entered == "draft"}
        if DRAFT not in self.files:
            if drafted:
                self.say(
                    "template-draft", DRAFT, None, _("The template has no {file}.").format(file=DRAFT),
                    _("Add a form that asks for {keys}.").format(keys=", ".join(sorted(drafted))),
                )  # fmt: skip
            return
        try:
            form = json.loads(self.files[DRAFT])
            asked = set(_keys(form["components"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            self.say("template-draft", DRAFT, None, _("The form cannot be read: {why}.").format(why=error), _("Open it in a form-js editor."))
            return
        for key in sorted(asked - drafted):
            self.say(
                "template-draft", DRAFT, None, _("The form asks for “{key}”, which the document does not print.").format(key=key),
                _("Add the field to document.yaml with `entered: draft`, or take it out of the form."),
            )  # fmt: skip
        for key in sorted(drafted - asked):
            self.say(
                "template-draft", DRAFT, None, _("Nobody asks for “{key}”: it is `entered: draft`, and the form lacks it.").format(key=key),
                _("Add it to the form."),
            )  # fmt: skip

    def _samples(self, template: Template) -> None:
        for name in SAMPLES:
            if name not in self.files:
                self.say("template-files", name, None, _("The template has no {file}.").format(file=name), _("Add a case to try it with."))
                continue
            try:
                sample = json.loads(self.files[name], parse_float=Decimal)
                if not isinstance(sample, dict):
                    raise ValueError("not an object")
            except (ValueError, RecursionError) as error:
                self.say("template-sample", name, None, _("The sample cannot be read: {why}.").format(why=error), _("Mend the JSON."))
                continue
            for finding in check_context(template, sample):
                self.say("template-sample", name, None, finding.message, finding.remedy, finding.severity)


def _problem(what: str, facts: Mapping[str, str]) -> tuple[str, str]:
    """The words of a problem that the template language found: what is wrong, and what to do."""
    known = {
        "not_in_language": (
            _("“{what}” is not part of the template language."),
            _("Use values, conditions and repetitions; put layout into Typst functions."),
        ),
        "unknown_name": (_("“{name}” is not declared."), _("Declare it in document.yaml, or mend the name.")),
        "unknown_filter": (_("There is no filter “{name}”."), _("The filters are listed in docs/documents.md.")),
        "unknown_test": (_("There is no test “{name}”."), _("Known are: none, in.")),
        "unknown_label": (_("No field “{name}” has choices to label."), _("Give the field `values:` in document.yaml.")),
        "unknown_clause": (_("There is no clause “{name}”."), _("Add it to `clauses:` in document.yaml.")),
        "too_deep": (_("More than {most} repetitions stand in one another."), _("Take one repetition out.")),
        "raw_value": (_("A value is printed without “t” or “c”."), _("End it with |c in text, with |t in Typst code.")),
        "no_calls": (_("Templates call nothing but clause(\"…\")."), _("Use a filter, or a Typst function.")),
    }  # fmt: skip
    message, remedy = known[what]
    return message.format(**facts), remedy


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


def check(template: Template, fields: Mapping[str, Any]) -> list[Finding]:
    """What these case-file values lack for the document: required values that are missing, values that do not fit."""
    return [*_check_fields(template, template.fields, fields, fields, "fields")]


def check_context(template: Template, context: Mapping[str, Any]) -> list[Finding]:
    """The same for everything a document prints: fields, subject, parties, related documents."""
    fields = context.get("fields") or {}
    found = check(template, fields)
    found += _check_fields(template, template.subject, context.get("subject") or {}, fields, "subject")
    parties = context.get("parties") or {}
    for party in template.parties:
        if not (parties.get(party.key) or {}).get("name"):
            found.append(
                _lacking(template, f"parties.{party.key}", _("The document lacks its party “{role}”.").format(role=party.role),
                         _("Bind {binds} to a department of the case.").format(binds=party.binds or party.key))
            )  # fmt: skip
    related = context.get("related") or {}
    for one in template.related:
        if _is_required(one, fields) and not (related.get(one.code) or {}).get("number"):
            found.append(
                _lacking(template, f"related.{one.code}",
                         _("The document cites {code} ({title}), which has no number yet.").format(code=one.code, title=one.title),
                         _("Issue {code} or record its number first.").format(code=one.code))
            )  # fmt: skip
    return found


def _lacking(template: Template, path: str, message: str, remedy: str) -> Finding:
    return Finding("document-incomplete", Severity.ERROR, template.code, None, message, remedy, path=(template.code, path))


def _is_required(one: Field | RelatedDocument, fields: Mapping[str, Any]) -> bool:
    if one.required:
        return True
    return bool(one.required_when) and all(fields.get(key) in values for key, values in one.required_when.items())


def may_be_required(one: Field | RelatedDocument, fields: Mapping[str, Any]) -> bool:
    """Whether a value is required, or would be by an answer that is not given yet."""
    if one.required:
        return True
    conditions = one.required_when.items()
    return bool(conditions) and all(fields.get(key) is None or fields[key] in values for key, values in conditions)


def _check_fields(
    template: Template, declared: Sequence[Field], values: Mapping[str, Any], fields: Mapping[str, Any], group: str
) -> Iterator[Finding]:
    for one in declared:
        path = f"{group}.{one.key}"
        try:
            value = typed(one, values.get(one.key))
        except ValueError as error:
            yield Finding(
                "document-value", Severity.ERROR, template.code, None,
                _("“{label}” ({path}) does not fit: {why}").format(label=one.label, path=path, why=error),
                _("Correct the value; the field is a {type}.").format(type=one.type), path=(template.code, path),
            )  # fmt: skip
            continue
        if value is None or value == []:
            if _is_required(one, fields) or one.at_least:
                yield _lacking(
                    template, path, _("The document lacks “{label}” ({path}).").format(label=one.label, path=path),
                    _("Enter it before the document is issued."),
                )  # fmt: skip
        elif isinstance(value, list) and len(value) < one.at_least:
            yield _lacking(
                template, path,
                _("“{label}” ({path}) has {found} entries; at least {wanted} are needed.").format(
                    label=one.label, path=path, found=len(value), wanted=one.at_least),
                _("Enter the others before the document is issued."),
            )  # fmt: skip


def typed(one: Field, value: Any) -> Any:
    """A value as its field's type says, from its own type or from JSON; ValueError says what does not fit."""
    if value is None or value == "":
        return [] if one.type is FieldType.LIST else one.default
    read = _READ[one.type]
    result = read(one, value)
    if result is _MISFIT:
        raise ValueError(_("“{value}” is not a {type}").format(value=value, type=one.type))
    return result


_MISFIT = object()


def _text(_one: Field, value: Any) -> Any:
    return value if isinstance(value, str) else _MISFIT


def _whole(_one: Field, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)) or value != int(value):
        return _MISFIT
    return int(value)


def _decimal(one: Field, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, str, float)):
        return _MISFIT
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return _MISFIT
    if not number.is_finite() or abs(number) >= Decimal(10) ** 15:
        return _MISFIT
    if one.type is FieldType.MONEY and number != number.quantize(Decimal("0.01")):
        return _MISFIT
    return number


def _date(_one: Field, value: Any) -> Any:
    if isinstance(value, datetime):
        return _MISFIT
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (ValueError, TypeError):
        return _MISFIT


def _moment(_one: Field, value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(value)
    except (ValueError, TypeError):
        return _MISFIT


def _bool(_one: Field, value: Any) -> Any:
    return value if isinstance(value, bool) else _MISFIT


def _choice(one: Field, value: Any) -> Any:
    return value if isinstance(value, str) and value in one.values else _MISFIT


def _list(one: Field, value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        return _MISFIT
    rows: list[Any] = []
    for number, row in enumerate(value, start=1):
        if not one.columns:
            rows.append(str(row))
            continue
        if not isinstance(row, Mapping):
            return _MISFIT
        read = {}
        for column in one.columns:
            try:
                read[column.key] = typed(column, row.get(column.key))
            except ValueError as error:
                raise ValueError(_("row {number}, {label}: {why}").format(number=number, label=column.label, why=error)) from error
            if read[column.key] is None and column.required:
                raise ValueError(_("row {number} lacks “{label}”").format(number=number, label=column.label))
        rows.append(read)
    return rows


_READ = {
    FieldType.STR: _text, FieldType.TEXT: _text, FieldType.INT: _whole, FieldType.NUMBER: _decimal, FieldType.MONEY: _decimal,
    FieldType.DATE: _date, FieldType.DATETIME: _moment, FieldType.BOOL: _bool, FieldType.ENUM: _choice, FieldType.LIST: _list,
}  # fmt: skip


def complete(template: Template, context: Mapping[str, Any]) -> dict[str, Any]:
    """The context with every declared name present and typed: what the template language reads."""
    fields = context.get("fields") or {}
    subject = context.get("subject") or {}
    parties = context.get("parties") or {}
    related = context.get("related") or {}
    case = context.get("case") or {}
    return {
        "fields": {one.key: typed(one, fields.get(one.key)) for one in template.fields},
        "subject": {one.key: typed(one, subject.get(one.key)) for one in template.subject},
        "parties": {one.key: _named(PARTY, parties.get(one.key)) for one in template.parties},
        "related": {one.code: _cited(related.get(one.code)) for one in template.related},
        "case": {**_named(CASE, case), "started_on": _day(case.get("started_on"))},
    }


def _named(known: Sequence[str], values: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: (values or {}).get(name) or None for name in known}


def _cited(values: Mapping[str, Any] | None) -> dict[str, Any]:
    return {**_named(RELATED, values), "date": _day((values or {}).get("date"))}


def _day(value: Any) -> Any:
    return date.fromisoformat(value) if isinstance(value, str) and value else value or None


def _when(one: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    return {
        key: tuple(values) if isinstance(values, list) else (values,)
        for key, values in (one.get("required_when") or {}).items()
    }


def _keys(components: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for component in components:
        if component.get("key"):
            yield str(component["key"])
        elif component.get("type") == "dynamiclist" and component.get("path"):
            yield str(component["path"])
        elif component.get("components"):
            yield from _keys(component["components"])


def _lines(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int]]:
    if path:
        yield path, node.start_mark.line + 1
    if node.id == "mapping":
        for key, value in node.value:
            for where, line in _lines(value, (*path, str(key.value))):
                yield where, key.start_mark.line + 1 if where == (*path, str(key.value)) else line
    elif node.id == "sequence":
        for number, value in enumerate(node.value):
            yield from _lines(value, (*path, str(number)))
