"""Reading a template folder: everything that is wrong with it is found at once, with line and remedy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from workflow_runtime.documents.numbering import SeriesKind
from workflow_runtime.documents.template import (
    DESCRIPTION,
    DRAFT,
    READING_COPY,
    SAMPLES,
    SOURCE,
    Class,
    DocumentClause,
    Field,
    FieldType,
    Kind,
    PartyPlace,
    RelatedDocument,
    Template,
    hash_of,
    house,
    names,
)
from workflow_runtime.documents.values import check_context
from workflow_runtime.errors import TemplateError
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _


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
                    "template-files",
                    name,
                    None,
                    _("The template has no {file}.").format(file=name),
                    _("Add the file; `templates/D77` shows a small complete template."),
                )
        if self.findings:
            return None
        text = self.files[DESCRIPTION]
        try:
            node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            described = yaml.safe_load(text)
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            self.say(
                "template-yaml",
                DESCRIPTION,
                mark.line + 1 if mark else None,
                _("The description cannot be read: {why}.").format(why=getattr(error, "problem", None) or error),
                _("Mend the YAML at this line."),
            )
            return None
        if not isinstance(described, dict):
            self.say(
                "template-yaml",
                DESCRIPTION,
                1,
                _("The description is not a list of names and values."),
                _("Begin with `code:`."),
            )
            return None
        self.lines = dict(_lines(node))
        return described

    def _line(self, *path: object) -> int | None:
        return self.lines.get(tuple(str(part) for part in path))

    def _build(self, described: dict[str, Any]) -> Template | None:
        self.code = str(described.get("code", ""))
        known = {
            "code",
            "title",
            "title_en",
            "kind",
            "class",
            "series",
            "language",
            "issuer",
            "copies",
            "retention",
            "repeats",
            "parties",
            "clauses",
            "fields",
            "subject",
            "related",
            "notes",
        }
        for name in described:
            if name not in known:
                self.say(
                    "template-description",
                    DESCRIPTION,
                    self._line(name),
                    _("“{name}” is not part of a description.").format(name=name),
                    _("Known are: {names}.").format(names=", ".join(sorted(known))),
                )
        for name in ("code", "title", "title_en", "kind", "class", "issuer"):
            if not described.get(name):
                self.say(
                    "template-description",
                    DESCRIPTION,
                    None,
                    _("The description lacks “{name}”.").format(name=name),
                    _("Add `{name}:`.").format(name=name),
                )
        if self.findings:
            return None
        try:
            template = Template(
                code=self.code,
                title=str(described["title"]),
                title_en=str(described["title_en"]),
                kind=Kind(described["kind"]),
                format=Class(described["class"]),
                series=SeriesKind(described.get("series", "form")),
                issuer=str(described["issuer"]),
                copies=int(described.get("copies", 1)),
                retention=str(described.get("retention", "")),
                repeats=bool(described.get("repeats", False)),
                parties=tuple(self._party(one) for one in described.get("parties", ())),
                clauses=tuple(self._clause(one) for one in described.get("clauses", ())),
                fields=self._fields(described, "fields"),
                subject=self._fields(described, "subject"),
                related=tuple(self._related(one) for one in described.get("related", ())),
                files=self.files,
                house=self.shared,
                hash=hash_of(self.files, self.shared),
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            self.say(
                "template-description",
                DESCRIPTION,
                None,
                _("The description cannot be used: {why}.").format(why=error),
                _("Compare it with `docs/documents.md`, “The description”."),
            )
            return None
        if template.issuer not in {party.key for party in template.parties}:
            self.say(
                "template-description",
                DESCRIPTION,
                self._line("issuer"),
                _("The issuer “{name}” is not one of the parties.").format(name=template.issuer),
                _("Name one of the parties' keys."),
            )
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
            "type",
            "label",
            "label_en",
            "required",
            "required_when",
            "entered",
            "default",
            "values",
            "columns",
            "at_least",
        }
        for name in one:
            if name not in known:
                self.say(
                    "template-field",
                    DESCRIPTION,
                    self._line(*where, name),
                    _("“{name}” is not part of the field “{key}”.").format(name=name, key=key),
                    _("Known are: {names}.").format(names=", ".join(sorted(known))),
                )
        type_ = one.get("type", "str")
        if type_ not in set(FieldType) or "label" not in one:
            self.say(
                "template-field",
                DESCRIPTION,
                self._line(*where),
                _("The field “{key}” lacks a label or has the unknown type “{type}”.").format(key=key, type=type_),
                _("Give it `label:` and one of the types {types}.").format(types=", ".join(FieldType)),
            )
            return Field(key, FieldType.STR, str(one.get("label", key)))
        return Field(
            key,
            FieldType(type_),
            one["label"],
            one.get("label_en", ""),
            bool(one.get("required", False)),
            _when(one),
            one.get("entered", "case"),
            one.get("default"),
            {str(value): (str(words[0]), str(words[1])) for value, words in (one.get("values") or {}).items()},
            tuple(
                self._field(name, column or {}, (*where, "columns", name))
                for name, column in (one.get("columns") or {}).items()
            ),
            int(one.get("at_least", 0)),
        )

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
                self.say(
                    "template-text",
                    file,
                    None,
                    _("The text is not UTF-8: {why}.").format(why=error),
                    _("Save it as UTF-8."),
                )
                continue
            except TemplateSyntaxError as error:
                self.say(
                    "template-syntax",
                    file,
                    error.lineno,
                    _("The template cannot be read: {why}.").format(why=error.message),
                    _("Mend the passage; values stand in << >>, conditions and repetitions in <% %>."),
                )
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
                    "template-clause-missing",
                    file,
                    None,
                    _("The mandatory clause “{id}” ({title}; {source}) is not printed.").format(
                        id=clause.id, title=clause.title, source=clause.source
                    ),
                    _('Print it with << clause("{id}") >>, or take it out of document.yaml line {line}.').format(
                        id=clause.id, line=self._line("clauses", number) or "?"
                    ),
                )
        if file != SOURCE:
            return
        for one in template.fields:
            if one.key not in printed:
                self.say(
                    "template-field-unused",
                    DESCRIPTION,
                    self._line("fields", one.key),
                    _("The field “{key}” is never printed.").format(key=one.key),
                    _("Print it or take it out."),
                    Severity.WARNING,
                )

    def _draft(self, template: Template) -> None:
        drafted = {one.key for one in template.fields if one.entered == "draft"}
        if DRAFT not in self.files:
            if drafted:
                self.say(
                    "template-draft",
                    DRAFT,
                    None,
                    _("The template has no {file}.").format(file=DRAFT),
                    _("Add a form that asks for {keys}.").format(keys=", ".join(sorted(drafted))),
                )
            return
        try:
            form = json.loads(self.files[DRAFT])
            asked = set(_keys(form["components"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            self.say(
                "template-draft",
                DRAFT,
                None,
                _("The form cannot be read: {why}.").format(why=error),
                _("Open it in a form-js editor."),
            )
            return
        for key in sorted(asked - drafted):
            self.say(
                "template-draft",
                DRAFT,
                None,
                _("The form asks for “{key}”, which the document does not print.").format(key=key),
                _("Add the field to document.yaml with `entered: draft`, or take it out of the form."),
            )
        for key in sorted(drafted - asked):
            self.say(
                "template-draft",
                DRAFT,
                None,
                _("Nobody asks for “{key}”: it is `entered: draft`, and the form lacks it.").format(key=key),
                _("Add it to the form."),
            )

    def _samples(self, template: Template) -> None:
        for name in SAMPLES:
            if name not in self.files:
                self.say(
                    "template-files",
                    name,
                    None,
                    _("The template has no {file}.").format(file=name),
                    _("Add a case to try it with."),
                )
                continue
            try:
                sample = json.loads(self.files[name], parse_float=Decimal)
                if not isinstance(sample, dict):
                    raise ValueError("not an object")
            except (ValueError, RecursionError) as error:
                self.say(
                    "template-sample",
                    name,
                    None,
                    _("The sample cannot be read: {why}.").format(why=error),
                    _("Mend the JSON."),
                )
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
        "unknown_label": (
            _("No field “{name}” has choices to label."),
            _("Give the field `values:` in document.yaml."),
        ),
        "unknown_clause": (_("There is no clause “{name}”."), _("Add it to `clauses:` in document.yaml.")),
        "too_deep": (_("More than {most} repetitions stand in one another."), _("Take one repetition out.")),
        "raw_value": (_("A value is printed without “t” or “c”."), _("End it with |c in text, with |t in Typst code.")),
        "no_calls": (_('Templates call nothing but clause("…").'), _("Use a filter, or a Typst function.")),
    }
    message, remedy = known[what]
    return message.format(**facts), remedy


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
