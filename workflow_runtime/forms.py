"""Forms: a form-js schema read as fields, questions for a terminal, and a check on the server.

A form is drawn in an ordinary form editor and saved as `.form` (JSON). This module accepts the part of the format
that a case file can hold, and refuses the rest with the component's name and what to use instead. What only we
need stands in the component's custom properties:

    class        who may see it: general (default), identity, health, psych, property, legal, school, insurance
    format       resident-id, uscc, money, phone, region, party, account, past-date, future-date
    birthDateField, sexField   sibling fields that a resident-id must agree with
    accept, maxSize, minItems, maxItems, minAge, maxAge, source (where the value comes from), rule (said to the clerk)

`Form.validate` turns answers, from a terminal or from JSON, into typed values, and reports everything that is
missing, extra or wrong at once. Expressions are FEEL and are computed by the `evaluate` that is handed in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

import re2

from workflow_runtime.calendars import ZONE, age_on
from workflow_runtime.casefile import Value, clean_text, read_json, typed_equal
from workflow_runtime.errors import BadInput, FormError
from workflow_runtime.escaping import display_name
from workflow_runtime.feel.errors import FeelError
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _, ngettext, of_data
from workflow_runtime.identifiers import (
    check_account,
    check_phone,
    check_region,
    check_resident_id,
    check_uscc,
    normal,
)

Evaluate = Callable[[str, Mapping[str, Any]], Any]
#: (value, label) pairs for a `valuesKey`.
Choices = Sequence[tuple[Any, str]]

CLASSES: Final = ("general", "identity", "health", "psych", "property", "legal", "school", "insurance")
FORMATS: Final = (
    "resident-id", "uscc", "money", "phone", "region", "party", "account", "past-date", "future-date", "email",
)  # fmt: skip
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_PARTY = re.compile(r"[A-Z][A-Z0-9.]*(/[a-z][a-z0-9_]*)?(@[a-z0-9_]+)?")
_EMAIL = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_LINE_LIMIT: Final = 1_000
_TEXT_LIMIT: Final = 20_000
_ROWS_LIMIT: Final = 1_000
_SIZE_LIMIT: Final = 20 * 1024 * 1024
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False  # a bad pattern is a finding, not a line on the error stream
_OPTIONS.max_mem = 1 << 20


class FieldType(StrEnum):
    """What a field holds in the case file."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    MONEY = "money"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    CHOICE = "choice"
    CHOICES = "choices"
    FILE = "file"
    FILES = "files"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file that is already in the store: its name for people, its hash, its size, its type by content."""

    name: str
    sha256: str
    size: int
    media_type: str

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> FileRef:
        """The reference that stands in a case file as a plain mapping."""
        return cls(str(value["name"]), str(value["sha256"]), int(value["size"]), str(value["media_type"]))

    def value(self) -> dict[str, Any]:
        """The reference as it stands in a case file."""
        return {
            "name": display_name(self.name),
            "sha256": self.sha256,
            "size": self.size,
            "media_type": self.media_type,
        }


@dataclass(frozen=True, slots=True)
class Option:
    """One possible answer."""

    value: Any
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One question of a form. `required`, `readonly`, `min` and `max` are values, or FEEL beginning with `=`."""

    key: str
    label: str
    type: FieldType
    kind: str
    hint: str = ""
    section: str = ""
    intro: str = ""
    field_class: str = "general"
    format: str = ""
    options: tuple[Option, ...] = ()
    values_key: str = ""
    required: bool | str = False
    readonly: bool | str = False
    hide: tuple[str, ...] = ()
    min: Any = None
    max: Any = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""
    decimals: int | None = None
    accept: tuple[str, ...] = ()
    max_size: int = _SIZE_LIMIT
    min_items: int = 0
    max_items: int = _ROWS_LIMIT
    min_age: int | None = None
    max_age: int | None = None
    birth_date_field: str = ""
    sex_field: str = ""
    source: str = ""
    rule: str = ""
    default: Any = None
    prefix: str = ""
    suffix: str = ""
    fields: tuple[Field, ...] = ()

    @property
    def title(self) -> str:
        """The label in the language in use, or the key where there is none."""
        return of_data(self.label) or self.key


@dataclass(frozen=True)
class Form:
    """A form: its fields in order."""

    id: str
    title: str
    fields: tuple[Field, ...]
    schema_version: int = 0
    name: str = ""

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The keys of the case file that the form writes."""
        return tuple(one.key for one in self.fields)

    @cached_property
    def types(self) -> Mapping[str, FieldType]:
        """What each key holds: one key has one type in a procedure."""
        return MappingProxyType({one.key: one.type for one in self.fields})

    def field(self, key: str) -> Field:
        """The field of that key."""
        return next(one for one in self.fields if one.key == key)

    @cached_property
    def expressions(self) -> tuple[tuple[str, str, str], ...]:
        """Every FEEL text in the form, as (key, which attribute, text), for the check at deployment."""
        return tuple(_expressions(self.fields))

    def validate(
        self,
        data: Mapping[str, Any],
        *,
        evaluate: Evaluate,
        today: date,
        files: Mapping[str, FileRef] = MappingProxyType({}),
        context: Mapping[str, Any] = MappingProxyType({}),
        options: Mapping[str, Choices] = MappingProxyType({}),
        regions: Collection[str] = (),
    ) -> tuple[dict[str, Value], tuple[Finding, ...]]:
        """The answers as typed values for the case file, and everything wrong with them.

        Hidden fields are dropped. `context` is what expressions see beside the answers; `files` maps what the
        answer to a file question says to the stored file; `options` fills fields with a `valuesKey`.
        """
        room = _Room(evaluate, today, files, options, regions, dict(context))
        return _check_fields(self.fields, data, room, ("form", self.id))


def _expressions(fields: Sequence[Field]) -> Iterator[tuple[str, str, str]]:
    for one in fields:
        for text in one.hide:
            yield one.key, "hide", text
        for what in ("required", "readonly", "min", "max"):
            text = getattr(one, what)
            if _is_feel(text):
                yield one.key, what, text
        for key, what, text in _expressions(one.fields):
            yield f"{one.key}.{key}", what, text


def _is_feel(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("=")


# --- reading a schema --------------------------------------------------------------------------------------------

_INPUTS: Final = frozenset(
    "textfield textarea number checkbox checklist radio select datetime filepicker dynamiclist".split()
)
_SHOWN: Final = frozenset("text separator spacer".split())
_ACCEPTED: Final = (*sorted(_INPUTS), "group", *sorted(_SHOWN))
_COMMON: Final = frozenset(
    "type id key path label description layout validate conditional properties disabled readonly defaultValue "
    "appearance".split()
)
_OWN: Final = {
    "textfield": {"autocomplete"},
    "textarea": {"autocomplete"},
    "number": {"decimalDigits", "increment", "serializeToString"},
    "checkbox": set(),
    "checklist": {"values", "valuesKey"},
    "radio": {"values", "valuesKey"},
    "select": {"values", "valuesKey", "searchable"},
    "datetime": {
        "subtype", "dateLabel", "timeLabel", "timeSerializingFormat", "timeInterval", "use24h", "disallowPassedDates",
    },
    "filepicker": {"accept", "multiple"},
    "dynamiclist": {
        "components", "isRepeating", "allowAddRemove", "defaultRepetitions", "showOutline", "nonCollapsedItems",
        "disableCollapse", "verticalAlignment",
    },
    "group": {"components", "showOutline", "verticalAlignment"},
    "text": {"text"},
    "separator": set(),
    "spacer": {"height"},
}  # fmt: skip
_VALIDATE: Final = frozenset(
    "required minLength maxLength pattern patternErrorMessage min max validationType".split()
)
_PROPERTIES: Final = frozenset(
    "class format birthDateField sexField accept maxSize minItems maxItems minAge maxAge source rule".split()
)
_TYPES: Final = {
    "textfield": FieldType.TEXT,
    "textarea": FieldType.TEXT,
    "checkbox": FieldType.BOOLEAN,
    "checklist": FieldType.CHOICES,
    "radio": FieldType.CHOICE,
    "select": FieldType.CHOICE,
    "dynamiclist": FieldType.LIST,
}
_MEDIA: Final = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "webp": "image/webp",
    "heic": "image/heic",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ofd": "application/ofd",
    "zip": "application/zip",
    "txt": "text/plain",
    "csv": "text/plain",
    "mp4": "video/mp4",
    "mp3": "audio/mpeg",
}
_DEFAULT_ACCEPT: Final = ("application/pdf", "image/jpeg", "image/png")


def read(source: bytes, *, name: str = "") -> Form:
    """The form in a `.form` file; raises FormError with everything in it that cannot be used."""
    place = name or _("form")
    try:
        document = read_json(source, what=place)
    except BadInput as error:
        raise FormError(findings=error.findings) from error
    return _Reader(place, source.decode("utf-8-sig"), document).form()


class _Reader:
    """Reads one schema and keeps what is wrong with it."""

    def __init__(self, name: str, text: str, document: Any) -> None:
        self.name = name
        self.text = text
        self.document = document
        self.findings: list[Finding] = []
        self.title = ""

    def wrong(self, component: Any, message: str, remedy: str) -> None:
        table = component if isinstance(component, dict) else {}
        key = str(table.get("key") or table.get("path") or table.get("id") or "")
        line = self.line_of(table)
        place = f"{self.name}:{line}" if line else self.name
        text = f"{place}: {key}: {message}" if key else f"{place}: {message}"
        self.findings.append(Finding("form", Severity.ERROR, key or None, line, text, remedy, path=(self.name, key)))

    def line_of(self, component: Mapping[str, Any]) -> int | None:
        """The line of a component's id or key: JSON does not keep it, the text does."""
        for attribute in ("id", "key", "path"):
            value = component.get(attribute)
            if isinstance(value, str) and value:
                found = re.search(rf'"{attribute}"\s*:\s*"{re.escape(value)}"', self.text)
                if found:
                    return self.text.count("\n", 0, found.start()) + 1
        return None

    def form(self) -> Form:
        root = self.document if isinstance(self.document, dict) else {}
        components = root.get("components")
        if root.get("type", "default") != "default" or not isinstance(components, list):
            self.wrong(None, _("this is no form: it has no components"), _("save it from a form editor (form-js)"))
            raise FormError(findings=self.findings)
        identity = root.get("id")
        if not isinstance(identity, str) or not identity:
            self.wrong(None, _("the form has no id"), _("give it an id; steps name it in formId"))
        fields = self.fields(components, section="", hide=())
        self.no_doubles(fields)
        self.siblings_exist(fields)
        if self.findings:
            raise FormError(findings=self.findings)
        version = root.get("schemaVersion")
        return Form(
            id=str(identity),
            title=self.title or str(identity),
            fields=fields,
            schema_version=version if isinstance(version, int) else 0,
            name=self.name,
        )

    def fields(self, components: Any, *, section: str, hide: tuple[str, ...]) -> tuple[Field, ...]:
        fields: list[Field] = []
        intro: list[str] = []
        for component in components if isinstance(components, list) else ():
            kind = component.get("type") if isinstance(component, dict) else None
            if kind not in _ACCEPTED:
                self.wrong(
                    component,
                    _("a component of type {kind!r} is not accepted").format(kind=kind),
                    _("use one of {kinds}").format(kinds=", ".join(_ACCEPTED)),
                )
                continue
            self.known_attributes(component, kind)
            hidden = (*hide, *self.hidden_by(component))
            if kind == "text":
                self.heading(component, intro)
            elif kind == "group":
                if component.get("path"):
                    self.wrong(
                        component,
                        _("a group with a path would nest its fields; a case file is flat"),
                        _("empty the path of the group"),
                    )
                label = self.words(component, "label")
                fields += self.fields(component.get("components"), section=label or section, hide=hidden)
            elif kind in _INPUTS:
                made = self.field(component, kind)
                fields.append(replace(made, section=section, intro="\n".join(intro), hide=hidden))
                intro.clear()
        return tuple(fields)

    def heading(self, component: Mapping[str, Any], intro: list[str]) -> None:
        """The first heading names the form; other texts stand before the next question."""
        text = self.words(component, "text")
        lines = [re.sub(r"^#+\s*", "", line).strip() for line in text.splitlines() if line.strip()]
        if lines and not self.title and text.lstrip().startswith("#"):
            self.title = lines.pop(0)
        intro += lines

    def known_attributes(self, component: Mapping[str, Any], kind: str) -> None:
        for attribute in component:
            if attribute not in _COMMON and attribute not in _OWN[kind]:
                self.wrong(
                    component,
                    _("a {kind} with {attribute} is not accepted").format(kind=kind, attribute=attribute),
                    _("take {attribute} out").format(attribute=attribute),
                )
        for part, known in (("validate", _VALIDATE), ("properties", _PROPERTIES), ("conditional", frozenset(["hide"]))):
            table = component.get(part)
            if table is None:
                continue
            if not isinstance(table, dict):
                self.wrong(component, _("{part} is not an object").format(part=part), _("take it out"))
                continue
            for attribute in table:
                if attribute not in known:
                    self.wrong(
                        component,
                        _("{part} has no {attribute}").format(part=part, attribute=attribute),
                        _("use one of {kinds}").format(kinds=", ".join(sorted(known))),
                    )

    def hidden_by(self, component: Mapping[str, Any]) -> tuple[str, ...]:
        hide = _part(component, "conditional").get("hide")
        if hide in (None, "", False):
            return ()
        if not _is_feel(hide):
            self.wrong(component, _("the condition must be FEEL"), "=risk_class = \"ordinary\"")
            return ()
        return (str(hide),)

    def words(self, component: Mapping[str, Any], attribute: str) -> str:
        value = component.get(attribute)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.wrong(component, _("{attribute} is not a text").format(attribute=attribute), _("write a text"))
            return ""
        if _is_feel(value):
            self.wrong(
                component,
                _("{attribute} is an expression; labels are plain text").format(attribute=attribute),
                _("write the text itself"),
            )
        return value.strip()

    def whole(self, component: Mapping[str, Any], table: Mapping[str, Any], name: str) -> int | None:
        value = table.get(name)
        if value is None or value == "":
            return None
        try:
            number = int(str(value))
        except ValueError:
            number = -1
        if isinstance(value, bool) or number < 0:
            self.wrong(
                component,
                _("{name} must be a whole number, not {value!r}").format(name=name, value=value),
                f'"{name}": 2',
            )
            return None
        return number

    def condition(self, component: Mapping[str, Any], table: Mapping[str, Any], name: str) -> bool | str:
        value = table.get(name, False)
        if isinstance(value, bool) or _is_feel(value):
            return value  # type: ignore[no-any-return]
        self.wrong(
            component,
            _("{name} must be true, false or FEEL, not {value!r}").format(name=name, value=value),
            f'"{name}": true',
        )
        return False

    def limit(self, component: Mapping[str, Any], table: Mapping[str, Any], name: str) -> Any:
        value = table.get(name)
        if value is None or value == "" or _is_feel(value):
            return value or None
        try:
            if isinstance(value, bool):
                raise InvalidOperation
            return Decimal(str(value))
        except InvalidOperation:
            self.wrong(
                component,
                _("{name} must be a number or FEEL, not {value!r}").format(name=name, value=value),
                f'"{name}": 0',
            )
            return None

    def field(self, component: Mapping[str, Any], kind: str) -> Field:
        validate, properties = _part(component, "validate"), _part(component, "properties")
        key = component.get("path" if kind == "dynamiclist" else "key")
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            self.wrong(
                component,
                _("the key {key!r} cannot stand in a case file").format(key=key),
                _("use letters, digits and underscores, beginning with a letter, as handover_on"),
            )
            key = str(key)
        format_ = self.format_of(component, kind, properties, validate)
        type_ = self.type_of(component, kind, format_)
        label = self.words(component, "label")
        if kind == "datetime":
            label = label or self.words(component, "dateLabel") or self.words(component, "timeLabel")
        if not label:
            self.wrong(component, _("the field has no label"), _("give it one: a clerk is asked by it"))
        readonly = self.condition(component, component, "readonly") or self.condition(component, component, "disabled")
        multiple = component.get("multiple")
        return Field(
            key=key,
            label=label,
            type=FieldType.FILES if type_ is FieldType.FILE and multiple else type_,
            kind=kind,
            hint=self.words(component, "description"),
            field_class=self.one_of(component, properties, "class", CLASSES, "general"),
            format=format_,
            options=self.options(component, kind),
            values_key=self.words(component, "valuesKey"),
            required=self.condition(component, validate, "required"),
            readonly=readonly,
            min=self.limit(component, validate, "min"),
            max=self.limit(component, validate, "max"),
            min_length=self.whole(component, validate, "minLength"),
            max_length=self.whole(component, validate, "maxLength"),
            pattern=self.pattern(component, validate),
            decimals=2 if type_ is FieldType.MONEY else self.whole(component, component, "decimalDigits"),
            accept=self.accept(component, properties) if kind == "filepicker" else (),
            max_size=self.size(component, properties),
            min_items=self.whole(component, properties, "minItems") or 0,
            max_items=min(self.whole(component, properties, "maxItems") or _ROWS_LIMIT, _ROWS_LIMIT),
            min_age=self.whole(component, properties, "minAge"),
            max_age=self.whole(component, properties, "maxAge"),
            birth_date_field=str(properties.get("birthDateField") or ""),
            sex_field=str(properties.get("sexField") or ""),
            source=str(properties.get("source") or ""),
            rule=str(properties.get("rule") or ""),
            default=component.get("defaultValue"),
            prefix=str(_part(component, "appearance").get("prefixAdorner") or ""),
            suffix=str(_part(component, "appearance").get("suffixAdorner") or ""),
            fields=self.rows(component) if kind == "dynamiclist" else (),
        )

    def rows(self, component: Mapping[str, Any]) -> tuple[Field, ...]:
        fields = self.fields(component.get("components"), section="", hide=())
        self.no_doubles(fields)
        self.siblings_exist(fields)
        if not fields:
            self.wrong(component, _("the list has no fields"), _("put the fields of one entry into it"))
        return fields

    def type_of(self, component: Mapping[str, Any], kind: str, format_: str) -> FieldType:
        if kind == "number":
            if format_ == "money":
                return FieldType.MONEY
            return FieldType.INTEGER if component.get("decimalDigits") == 0 else FieldType.NUMBER
        if kind == "datetime":
            subtype = component.get("subtype", "date")
            if subtype not in ("date", "time", "datetime"):
                self.wrong(component, _("there is no subtype {value!r}").format(value=subtype), "date, time, datetime")
                return FieldType.DATE
            return FieldType(subtype)
        if kind == "filepicker":
            if component.get("multiple") not in (None, True, False):
                self.wrong(component, _("multiple must be true or false"), '"multiple": true')
            return FieldType.FILE
        return _TYPES[kind]

    def format_of(
        self, component: Mapping[str, Any], kind: str, properties: Mapping[str, Any], validate: Mapping[str, Any]
    ) -> str:
        # An underscore is as good as a dash here: owners write both.
        named = {**properties, "format": str(properties.get("format") or "").replace("_", "-")}
        format_ = self.one_of(component, named, "format", ("", *FORMATS), "")
        if kind == "datetime" and component.get("disallowPassedDates") is True:
            format_ = format_ or "future-date"
        rule = validate.get("validationType")
        if rule in ("email", "phone"):
            format_ = format_ or str(rule)
        elif rule not in (None, "", "custom"):
            self.wrong(component, _("there is no validationType {value!r}").format(value=rule), "custom, email, phone")
        fits = {"money": ("number",), "past-date": ("datetime",), "future-date": ("datetime",)}
        if format_ and kind not in fits.get(format_, ("textfield",)):
            self.wrong(
                component,
                _("the format {format} does not go with a {kind}").format(format=format_, kind=kind),
                _("use a {kind}").format(kind=fits.get(format_, ("textfield",))[0]),
            )
        return format_

    def one_of(
        self, component: Mapping[str, Any], table: Mapping[str, Any], name: str, choices: Sequence[str], default: str
    ) -> str:
        value = table.get(name, default)
        if value in choices:
            return str(value)
        self.wrong(
            component,
            _("{name} cannot be {value!r}").format(name=name, value=value),
            _("use one of {kinds}").format(kinds=", ".join(choice for choice in choices if choice)),
        )
        return default

    def options(self, component: Mapping[str, Any], kind: str) -> tuple[Option, ...]:
        if kind not in ("radio", "select", "checklist"):
            return ()
        values = component.get("values")
        if values is None and component.get("valuesKey"):
            return ()
        options: list[Option] = []
        for entry in values if isinstance(values, list) else ():
            value = entry.get("value") if isinstance(entry, dict) else None
            if value is None or value == "" or isinstance(value, list | dict):
                self.wrong(component, _("an option has no value"), '{"value": "car", "label": "…"}')
            elif any(typed_equal(value, other.value) for other in options):
                self.wrong(component, _("the option {value!r} stands there twice").format(value=value), _("keep one"))
            else:
                options.append(Option(value, str(entry.get("label") or value)))
        if not options:
            self.wrong(component, _("there is nothing to choose from"), _("give it values, or a valuesKey"))
        return tuple(options)

    def pattern(self, component: Mapping[str, Any], validate: Mapping[str, Any]) -> str:
        pattern = validate.get("pattern") or ""
        try:
            if len(str(pattern)) > 1000:
                raise ValueError(_("it is longer than {limit} characters").format(limit=1000))
            re2.compile(str(pattern), _OPTIONS)
        except (re2.error, ValueError) as error:
            detail = error.args[0] if error.args else ""
            self.wrong(
                component,
                _("the pattern cannot be used: {problem}").format(
                    problem=detail.decode(errors="replace") if isinstance(detail, bytes) else detail
                ),
                _("write a regular expression without look-around and back-references (RE2)"),
            )
            return ""
        return str(pattern)

    def accept(self, component: Mapping[str, Any], properties: Mapping[str, Any]) -> tuple[str, ...]:
        """Media types that the field takes; by default a PDF or a picture of the paper."""
        text = str(properties.get("accept") or component.get("accept") or "")
        types: list[str] = []
        for entry in (part.strip().casefold() for part in text.split(",") if part.strip()):
            if entry in ("image/*", "video/*", "audio/*"):
                types += [media for media in dict.fromkeys(_MEDIA.values()) if media.startswith(entry[:-1])]
            elif entry in _MEDIA.values():
                types.append(entry)
            elif entry.lstrip(".") in _MEDIA:
                types.append(_MEDIA[entry.lstrip(".")])
            else:
                self.wrong(
                    component,
                    _("files of type {type} cannot be told by their content").format(type=entry),
                    _("use one of {kinds}").format(kinds=", ".join(f".{ending}" for ending in _MEDIA)),
                )
        return tuple(dict.fromkeys(types)) or _DEFAULT_ACCEPT

    def size(self, component: Mapping[str, Any], properties: Mapping[str, Any]) -> int:
        text = str(properties.get("maxSize") or "").strip().upper()
        if not text:
            return _SIZE_LIMIT
        found = re.fullmatch(r"(\d{1,9})\s*(B|KB|MB)?", text)
        if found is None:
            self.wrong(component, _("maxSize {value!r} is no size").format(value=text), '"maxSize": "5 MB"')
            return _SIZE_LIMIT
        return int(found[1]) * {"B": 1, "KB": 1024, "MB": 1024 * 1024}[found[2] or "B"]

    def no_doubles(self, fields: Sequence[Field]) -> None:
        seen: set[str] = set()
        for one in fields:
            if one.key in seen:
                self.wrong(
                    {"key": one.key},
                    _("two fields have the key {key}").format(key=one.key),
                    _("give one of them another key"),
                )
            seen.add(one.key)

    def siblings_exist(self, fields: Sequence[Field]) -> None:
        keys = {one.key for one in fields}
        for one in fields:
            for sibling in (one.birth_date_field, one.sex_field):
                if sibling and sibling not in keys:
                    self.wrong(
                        {"key": one.key},
                        _("the form has no field {key}").format(key=sibling),
                        _("name a field of this form"),
                    )


def _part(component: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = component.get(name)
    return value if isinstance(value, dict) else {}


# --- checking answers --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Room:
    """What the check may look at beside the answers."""

    evaluate: Evaluate
    today: date
    files: Mapping[str, FileRef]
    options: Mapping[str, Choices]
    regions: Collection[str]
    context: Mapping[str, Any]


class _Wrong(Exception):
    """One problem with one answer."""

    def __init__(self, rule: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.rule, self.message, self.remedy = rule, message, remedy


_Path = tuple[str, ...]


def _check_fields(
    fields: Sequence[Field], data: Any, room: _Room, path: _Path
) -> tuple[dict[str, Value], tuple[Finding, ...]]:
    if not isinstance(data, Mapping):
        problem = _finding("form.object", None, _("the answers are not an object of keys and values"), "{…}", path)
        return {}, (problem,)
    findings = [_extra(key, fields, path) for key in data if key not in {one.key for one in fields}]
    values, problems = _coerce_all(fields, data, room, path)
    hidden, unclear = _hidden(fields, values, room, path)
    findings += unclear
    scope = _scope(fields, {key: value for key, value in values.items() if key not in hidden}, room)
    patch: dict[str, Value] = {}
    for one in fields:
        if one.key in hidden:
            continue
        if one.key in problems:
            findings += problems[one.key]
            continue
        try:
            if _holds(one, "readonly", one.readonly, scope, room):
                findings += _unchanged(one, values, room, path)
            elif one.key not in values:
                _must_be_there(one, scope, room)
            else:
                _check_value(one, values[one.key], scope, room)
                patch[one.key] = values[one.key]
        except _Wrong as wrong:
            findings.append(_finding(wrong.rule, one, wrong.message, wrong.remedy, path))
    return patch, tuple(findings)


def _finding(rule: str, one: Field | None, message: str, remedy: str, path: _Path) -> Finding:
    if one is None:
        return Finding(rule, Severity.ERROR, None, None, message, remedy, path=path)
    where = "".join(f" {part}" for part in path if part.startswith("#"))
    text = f"{one.title}({one.key}){where}: {message}" if one.title != one.key else f"{one.key}{where}: {message}"
    return Finding(rule, Severity.ERROR, one.key, None, text, remedy, path=(*path, one.key))


def _extra(key: Any, fields: Sequence[Field], path: _Path) -> Finding:
    message = _("{key}: the form has no such field").format(key=key)
    remedy = _("take it out; fields here: {keys}").format(keys=", ".join(one.key for one in fields))
    return Finding("form.extra", Severity.ERROR, str(key), None, message, remedy, path=(*path, str(key)))


def _coerce_all(
    fields: Sequence[Field], data: Mapping[str, Any], room: _Room, path: _Path
) -> tuple[dict[str, Value], dict[str, list[Finding]]]:
    values: dict[str, Value] = {}
    problems: dict[str, list[Finding]] = {}
    for one in fields:
        raw = data.get(one.key)
        if one.key not in data and one.default is not None and one.key not in room.context:
            raw = one.default
        if raw is None or (isinstance(raw, str) and not raw.strip()) or (isinstance(raw, list) and not raw):
            continue
        try:
            if one.type is FieldType.LIST:
                values[one.key], found = _rows(one, raw, values, room, path)
                if found:
                    problems[one.key] = list(found)
            else:
                values[one.key] = coerce(one, raw, files=room.files, options=room.options)
        except _Wrong as wrong:
            problems[one.key] = [_finding(wrong.rule, one, wrong.message, wrong.remedy, path)]
        except BadInput as error:
            problems[one.key] = [_finding("form.text", one, each.message, each.remedy, path) for each in error.findings]
    return values, problems


def _rows(
    one: Field, raw: Any, values: Mapping[str, Value], room: _Room, path: _Path
) -> tuple[list[Value], tuple[Finding, ...]]:
    if not isinstance(raw, list | tuple):
        raise _Wrong("form.type", _("a list of entries is wanted"), "[{…}, {…}]")
    if len(raw) > one.max_items:
        raise _Wrong(
            "form.items",
            _("at most {limit} entries, not {count}").format(limit=one.max_items, count=len(raw)),
            _("take some out"),
        )
    rows: list[Value] = []
    findings: list[Finding] = []
    for number, entry in enumerate(raw, start=1):
        parent = {**room.context, **values}
        inner = replace(room, context={**parent, "parent": parent, "i": number})
        row, found = _check_fields(one.fields, entry, inner, (*path, one.key, f"#{number}"))
        rows.append(row)
        findings += found
    return rows, tuple(findings)


def _scope(fields: Sequence[Field], values: Mapping[str, Value], room: _Room) -> dict[str, Any]:
    """What expressions see: fields without an answer are null, so a condition on them is false, not an error."""
    return {**room.context, **{one.key: room.context.get(one.key) for one in fields}, **values}


def _hidden(
    fields: Sequence[Field], values: Mapping[str, Value], room: _Room, path: _Path
) -> tuple[set[str], list[Finding]]:
    """Fields that are not asked; what hangs on a hidden field is hidden as if that were empty."""
    hidden: set[str] = set()
    unclear: list[Finding] = []
    if not any(one.hide for one in fields):
        return hidden, unclear
    for _round in range(len(fields)):
        scope = _scope(fields, {key: value for key, value in values.items() if key not in hidden}, room)
        scope |= dict.fromkeys(hidden)
        now, unclear = set(), []
        for one in fields:
            try:
                if any(_holds(one, "hide", text, scope, room) for text in one.hide):
                    now.add(one.key)
            except _Wrong as wrong:
                unclear.append(_finding(wrong.rule, one, wrong.message, wrong.remedy, path))
        if now == hidden:
            break
        hidden = now
    return hidden, unclear


def _holds(one: Field, what: str, condition: bool | str, scope: Mapping[str, Any], room: _Room) -> bool:
    if isinstance(condition, bool):
        return condition
    return _computed(one, what, condition, scope, room) is True


def _computed(one: Field, what: str, text: str, scope: Mapping[str, Any], room: _Room) -> Any:
    try:
        return room.evaluate(text, scope)
    except FeelError as error:
        raise _Wrong(
            "form.expression",
            _("the expression {text} of {what} cannot be computed: {problem}").format(
                text=text, what=what, problem=error
            ),
            _("the owner of the procedure has to mend the form"),
        ) from error


def _must_be_there(one: Field, scope: Mapping[str, Any], room: _Room) -> None:
    if one.type is FieldType.LIST and one.min_items:
        raise _Wrong("form.missing", _few(one, 0), _rule_or(one, _("add entries")))
    if _holds(one, "required", one.required, scope, room):
        raise _Wrong("form.missing", _("is missing and required"), _rule_or(one, _example(one)))


def _few(one: Field, count: int) -> str:
    return _("at least {limit} entries, not {count}").format(limit=one.min_items, count=count)


def _unchanged(one: Field, values: Mapping[str, Value], room: _Room, path: _Path) -> list[Finding]:
    if one.key in values and not typed_equal(values[one.key], room.context.get(one.key)):
        message = _("may not be changed here")
        return [_finding("form.readonly", one, message, _("leave it out"), path)]
    return []


def _rule_or(one: Field, example: str) -> str:
    return of_data(one.rule) or example


def _example(one: Field) -> str:
    """What a good answer looks like."""
    match one.type:
        case FieldType.DATE:
            return _("write a date as {example}").format(example="2024-09-01")
        case FieldType.TIME:
            return _("write a time as {example}").format(example="10:30")
        case FieldType.DATETIME:
            return _("write date and time as {example}").format(example="2024-09-01 10:30")
        case FieldType.MONEY:
            return _("write an amount in yuan as {example}").format(example="1203.50")
        case FieldType.NUMBER | FieldType.INTEGER:
            return _("write a number")
        case FieldType.BOOLEAN:
            return _("answer yes or no")
        case FieldType.CHOICE | FieldType.CHOICES if one.options:
            return _("choose {options}").format(
                options=", ".join(f"{option.value} ({of_data(option.label)})" for option in one.options[:20])
            )
        case FieldType.FILE | FieldType.FILES:
            return _("give a file as {example}").format(example="@scan.pdf")
        case FieldType.LIST:
            return _("add entries")
        case _:
            return of_data(one.hint) or _("fill it in")


# --- one answer: from what was typed to what it means ------------------------------------------------------------


def coerce(
    one: Field,
    raw: Any,
    *,
    files: Mapping[str, FileRef] = MappingProxyType({}),
    options: Mapping[str, Choices] = MappingProxyType({}),
) -> Value:
    """The typed value of an answer given as text or JSON; raises with message and remedy when it has none."""
    match one.type:
        case FieldType.TEXT:
            return _text(one, raw)
        case FieldType.NUMBER | FieldType.INTEGER | FieldType.MONEY:
            return _number(one, raw)
        case FieldType.BOOLEAN:
            return _boolean(one, raw)
        case FieldType.DATE:
            return _date(one, raw)
        case FieldType.TIME:
            return _time(one, raw)
        case FieldType.DATETIME:
            return _datetime(one, raw)
        case FieldType.CHOICE:
            return _choice(one, raw, options)
        case FieldType.CHOICES:
            picked = [_choice(one, entry, options) for entry in (raw if isinstance(raw, list | tuple) else [raw])]
            return [value for at, value in enumerate(picked) if value not in picked[:at]]
        case FieldType.FILE:
            return _file(one, raw, files).value()
        case FieldType.FILES:
            return [_file(one, entry, files).value() for entry in (raw if isinstance(raw, list | tuple) else [raw])]
        case FieldType.LIST:
            raise _Wrong("form.type", _("a list of entries is wanted"), "[{…}, {…}]")


_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def _text(one: Field, raw: Any) -> str:
    if not isinstance(raw, str):
        raise _Wrong(
            "form.type", _("a text is wanted, not {value!r}").format(value=raw), _("put it between quotation marks")
        )
    text = clean_text(raw).replace("\r\n", "\n").strip()
    if _CONTROLS.search(text) or (one.kind != "textarea" and re.search(r"[\n\t\u2028\u2029]", text)):
        raise _Wrong("form.text", _("it holds control characters or line breaks"), _("delete them"))
    if one.format in ("resident-id", "uscc", "region", "account"):
        return normal(text)
    if one.format == "phone":
        return re.sub(r"[\s()]", "", unicodedata.normalize("NFKC", text))
    return text


def _number(one: Field, raw: Any) -> int | Decimal:
    number: Decimal | None = None
    if isinstance(raw, str):
        # Full-width digits, thousands separators and the currency are how people write amounts.
        text = re.sub(r"[,\s¥]|元$", "", unicodedata.normalize("NFKC", raw).strip())
        if re.fullmatch(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?", text):
            number = Decimal(text)
    elif isinstance(raw, int | Decimal) and not isinstance(raw, bool):
        number = Decimal(raw)
    if number is None or not number.is_finite():
        raise _Wrong("form.type", _("{value!r} is not a number").format(value=raw), _example(one))
    digits = -int(number.normalize().as_tuple().exponent)
    if one.decimals is not None and digits > one.decimals:
        raise _Wrong(
            "form.decimals",
            ngettext(
                "at most {n} place after the point, not {count}",
                "at most {n} places after the point, not {count}",
                one.decimals,
            ).format(n=one.decimals, count=digits),
            _example(one),
        )
    if one.type is FieldType.INTEGER:
        return int(number)
    if one.type is FieldType.MONEY:
        if abs(number) >= 10**12:
            raise _Wrong("form.max", _("the amount is too large"), _example(one))
        return number.quantize(Decimal("0.01"))
    return number if digits > 0 else int(number)


_YES: Final = frozenset(["true", "yes", "y", "1", "是", "有", "对", "√"])
_NO: Final = frozenset(["false", "no", "n", "0", "否", "无", "不", "×"])


def _boolean(one: Field, raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    word = unicodedata.normalize("NFKC", raw).strip().casefold() if isinstance(raw, str) else None
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise _Wrong("form.type", _("{value!r} is neither yes nor no").format(value=raw), _example(one))


_DATE_FORMS = (
    re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})"),
    re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})"),
    re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日"),
    re.compile(r"(\d{4})(\d\d)(\d\d)"),
)
_TIME_FORM = re.compile(r"(\d{1,2})[:时](\d\d)(?:[:分](\d\d))?[分秒]?")


def _date(one: Field, raw: Any) -> date:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    text = unicodedata.normalize("NFKC", raw).strip() if isinstance(raw, str) else ""
    for form in _DATE_FORMS:
        if found := form.fullmatch(text):
            try:
                return date(int(found[1]), int(found[2]), int(found[3]))
            except ValueError:
                break
    raise _Wrong("form.type", _("{value!r} is not a date").format(value=raw), _example(one))


def _time(one: Field, raw: Any) -> time:
    if isinstance(raw, time):
        return raw
    text = unicodedata.normalize("NFKC", raw).strip() if isinstance(raw, str) else ""
    if found := _TIME_FORM.fullmatch(text):
        try:
            return time(int(found[1]), int(found[2]), int(found[3] or 0))
        except ValueError:
            pass
    raise _Wrong("form.type", _("{value!r} is not a time").format(value=raw), _example(one))


def _datetime(one: Field, raw: Any) -> datetime:
    if isinstance(raw, datetime):
        return raw if raw.tzinfo else raw.replace(tzinfo=ZoneInfo(ZONE))
    text = unicodedata.normalize("NFKC", raw).strip() if isinstance(raw, str) else ""
    try:
        if re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", text):
            moment = datetime.fromisoformat(text)
            return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(ZONE))
        day, _blank, clock = text.partition(" ") if " " in text else text.partition("T")
        if not clock and "日" in text:
            day, mark, clock = text.partition("日")
            day += mark
        return datetime.combine(_date(one, day), _time(one, clock), ZoneInfo(ZONE))
    except (ValueError, _Wrong) as error:
        raise _Wrong("form.type", _("{value!r} is not a date and time").format(value=raw), _example(one)) from error


def _choice(one: Field, raw: Any, options: Mapping[str, Choices]) -> Value:
    possible = choices_of(one, options)
    for option in possible:
        if typed_equal(option.value, raw):
            return option.value
    raise _Wrong(
        "form.option",
        _("{value!r} is not one of the answers").format(value=raw),
        _("choose {options}").format(
            options=", ".join(f"{option.value} ({of_data(option.label)})" for option in possible[:20])
        ),
    )


def choices_of(one: Field, options: Mapping[str, Choices] = MappingProxyType({})) -> tuple[Option, ...]:
    """What can be chosen: the fixed options, or those handed in for the field's `valuesKey`."""
    if one.options or not one.values_key:
        return one.options
    return tuple(Option(value, label) for value, label in options.get(one.values_key, ()))


def _file(one: Field, raw: Any, files: Mapping[str, FileRef]) -> FileRef:
    found: FileRef | None = None
    if isinstance(raw, FileRef):
        found = raw
    elif isinstance(raw, str):
        found = files.get(raw) or files.get(raw.removeprefix("@"))
    elif isinstance(raw, Mapping):
        # A reference written by hand counts only when that very file was handed in.
        found = next((file for file in files.values() if file.sha256 == raw.get("sha256")), None)
    if found is None:
        raise _Wrong("form.file", _("there is no such file: {value}").format(value=raw), _example(one))
    if found.size > one.max_size:
        raise _Wrong(
            "form.file-size",
            _("the file {name} has {size} bytes, at most {limit} are accepted").format(
                name=display_name(found.name), size=found.size, limit=one.max_size
            ),
            _("scan it with fewer dots per inch, or split it"),
        )
    if found.size == 0:
        raise _Wrong("form.file-size", _("the file {name} is empty").format(name=display_name(found.name)), _example(one))
    if found.media_type not in one.accept:
        raise _Wrong(
            "form.file-type",
            _("the file {name} is {type} by its content").format(
                name=display_name(found.name), type=found.media_type
            ),
            _("accepted: {types}").format(types=accepted_types(one)),
        )
    return found


def accepted_types(one: Field) -> str:
    """The file types a field takes, as people name them: `PDF, JPEG, PNG`."""
    names = {media: ending for ending, media in reversed(_MEDIA.items())}
    return ", ".join(names.get(media, media).upper() for media in one.accept)


# --- one answer: against its rules -------------------------------------------------------------------------------


def _check_value(one: Field, value: Value, scope: Mapping[str, Any], room: _Room) -> None:
    if one.type is FieldType.TEXT:
        _check_text(one, value, scope, room)
    elif one.type in (FieldType.NUMBER, FieldType.INTEGER, FieldType.MONEY):
        _check_number(one, value, scope, room)
    elif one.type in (FieldType.DATE, FieldType.DATETIME):
        _check_day(one, value, room)
    elif one.type is FieldType.LIST:
        if len(value) < one.min_items:
            raise _Wrong("form.items", _few(one, len(value)), _rule_or(one, _("add entries")))
    elif one.type is FieldType.BOOLEAN and not value and _holds(one, "required", one.required, scope, room):
        raise _Wrong("form.confirm", _("has to be confirmed"), _rule_or(one, _("answer yes, or return the case")))


def _check_text(one: Field, text: str, scope: Mapping[str, Any], room: _Room) -> None:
    limit = one.max_length or (_TEXT_LIMIT if one.kind == "textarea" else _LINE_LIMIT)
    if len(text) > limit:
        raise _Wrong(
            "form.max-length",
            _("at most {limit} characters, not {count}").format(limit=limit, count=len(text)),
            _("shorten it"),
        )
    if one.min_length and len(text) < one.min_length:
        raise _Wrong(
            "form.min-length",
            _("at least {limit} characters, not {count}").format(limit=one.min_length, count=len(text)),
            _rule_or(one, _example(one)),
        )
    if one.pattern and not re2.compile(one.pattern, _OPTIONS).search(text):
        raise _Wrong(
            "form.pattern",
            _("{value!r} does not have the wanted form").format(value=text[:100]),
            _rule_or(one, of_data(one.hint) or one.pattern),
        )
    for finding in _check_format(one, text, scope, room):
        raise _Wrong(f"form.{finding.rule}", finding.message, finding.remedy)


def _check_format(one: Field, text: str, scope: Mapping[str, Any], room: _Room) -> tuple[Finding, ...]:
    match one.format:
        case "resident-id":
            birth, sex = scope.get(one.birth_date_field), scope.get(one.sex_field)
            return check_resident_id(
                text,
                regions=room.regions,
                birth_date=birth if isinstance(birth, date) else None,
                sex=sex if isinstance(sex, str) else None,
                today=room.today,
            )
        case "uscc":
            return check_uscc(text)
        case "phone":
            return check_phone(text)
        case "region":
            return check_region(text, regions=room.regions)
        case "account":
            return check_account(text)
        case "party" if not _PARTY.fullmatch(text):
            message = _("{value!r} names no party").format(value=text[:100])
            return (Finding("party", Severity.ERROR, None, None, message, "CWI.CNTY/social_work@sending_county"),)
        case "email" if not _EMAIL.fullmatch(text):
            message = _("{value!r} is no mail address").format(value=text[:100])
            return (Finding("email", Severity.ERROR, None, None, message, "name@example.cn"),)
    return ()


def _check_number(one: Field, number: int | Decimal, scope: Mapping[str, Any], room: _Room) -> None:
    for what, limit, broken in (("min", one.min, lambda a, b: a < b), ("max", one.max, lambda a, b: a > b)):
        bound = _computed(one, what, limit, scope, room) if _is_feel(limit) else limit
        if isinstance(bound, int | Decimal) and not isinstance(bound, bool) and broken(number, bound):
            message = _("at least {limit}, not {value}") if what == "min" else _("at most {limit}, not {value}")
            raise _Wrong(f"form.{what}", message.format(limit=bound, value=number), _rule_or(one, _example(one)))


def _check_day(one: Field, value: date | datetime, room: _Room) -> None:
    day = value.astimezone(ZoneInfo(ZONE)).date() if isinstance(value, datetime) else value
    if one.format == "past-date" and day > room.today:
        raise _Wrong(
            "form.past-date",
            _("{date} lies in the future (today is {today})").format(date=day, today=room.today),
            _rule_or(one, _("give a day up to today")),
        )
    if one.format == "future-date" and day < room.today:
        raise _Wrong(
            "form.future-date",
            _("{date} has passed (today is {today})").format(date=day, today=room.today),
            _rule_or(one, _("give today or a later day")),
        )
    if day.year < 1900 or day.year > 2200:
        raise _Wrong("form.date", _("the year {year} cannot be meant").format(year=day.year), _example(one))
    if one.min_age is None and one.max_age is None:
        return
    age = age_on(day, room.today)
    if one.min_age is not None and age < one.min_age:
        raise _Wrong(
            "form.min-age",
            _("at least {limit} completed years of age, not {age}").format(limit=one.min_age, age=age),
            _rule_or(one, _("check the birth date")),
        )
    if one.max_age is not None and age > one.max_age:
        raise _Wrong(
            "form.max-age",
            _("at most {limit} completed years of age, not {age}").format(limit=one.max_age, age=age),
            _rule_or(one, _("check the birth date")),
        )


# --- questions for a terminal ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question: what to ask, what to say about it, and how to read the answer."""

    key: str
    label: str
    hint: str
    rule: str
    required: bool | str
    options: tuple[Option, ...]
    field: Field
    section: str = ""
    intro: str = ""
    fields: tuple[Prompt, ...] = ()

    def parse(self, text: str) -> Value:
        """The typed value of what was typed; options go by number, value or label, files by their path.

        Raises FormError with the problem and its remedy. An empty answer is None.
        """
        typed = text.strip()
        if not typed:
            return None
        if self.field.type in (FieldType.FILE, FieldType.FILES):
            return typed
        try:
            if self.field.type is FieldType.CHOICE:
                return self._picked(typed)
            if self.field.type is FieldType.CHOICES:
                parts = [part for part in re.split(r"[,、;\s]+", unicodedata.normalize("NFKC", typed)) if part]
                return list(dict.fromkeys(self._picked(part) for part in parts))
            value = coerce(self.field, text.strip() if self.field.kind != "textarea" else text)
            if self.field.type is FieldType.TEXT:
                length = self.field.max_length or _TEXT_LIMIT
                if len(value) > length:
                    message = _("at most {limit} characters, not {count}").format(limit=length, count=len(value))
                    raise _Wrong("form.max-length", message, _("shorten it"))
            return value
        except _Wrong as wrong:
            finding = _finding(wrong.rule, self.field, wrong.message, wrong.remedy, ("form",))
            raise FormError(findings=[finding]) from wrong

    def _picked(self, text: str) -> Value:
        plain = unicodedata.normalize("NFKC", text)
        for option in self.options:
            if text in (str(option.value), option.label, of_data(option.label)):
                return option.value
        if plain.isascii() and plain.isdigit() and 1 <= int(plain) <= len(self.options):
            return self.options[int(plain) - 1].value
        raise _Wrong(
            "form.option",
            _("{value!r} is not one of the answers").format(value=text),
            _("choose {options}").format(
                options=", ".join(f"{number} {of_data(o.label)}" for number, o in enumerate(self.options, start=1))
            ),
        )

    def visible(self, evaluate: Evaluate, answers: Mapping[str, Any]) -> bool:
        """Whether the question is asked, given the answers so far (and what else expressions see)."""
        scope = _Answers(answers)
        return not any(evaluate(text, scope) is True for text in self.field.hide)

    def needed(self, evaluate: Evaluate, answers: Mapping[str, Any]) -> bool:
        """Whether the question must be answered, given the answers so far."""
        required = self.field.required
        return evaluate(required, _Answers(answers)) is True if isinstance(required, str) else required


class _Answers(dict[str, Any]):
    """Answers so far. A copy, so that an expression cannot reach the caller's own mapping."""


def prompts(
    form: Form, *, options: Mapping[str, Choices] = MappingProxyType({}), known: Mapping[str, Any] = MappingProxyType({})
) -> tuple[Prompt, ...]:
    """The questions of a form in order. `known` values become the defaults (a step that is done again)."""
    return tuple(_prompt(one, options, known) for one in form.fields if one.readonly is not True)


def _prompt(one: Field, options: Mapping[str, Choices], known: Mapping[str, Any]) -> Prompt:
    shown = replace(one, default=known[one.key]) if known.get(one.key) is not None else one
    return Prompt(
        key=one.key,
        label=one.title,
        hint=of_data(one.hint),
        rule=rule_text(one),
        required=one.required,
        options=choices_of(one, options),
        field=shown,
        section=of_data(one.section),
        intro=of_data(one.intro),
        fields=tuple(_prompt(inner, options, {}) for inner in one.fields),
    )


def rule_text(one: Field) -> str:
    """What a field demands, in words, before anybody answers: the owner's own rule and the limits."""
    parts = [of_data(one.rule)] if one.rule else []
    if one.format in _FORMAT_WORDS:
        parts.append(_(_FORMAT_WORDS[one.format]))
    elif one.type in (FieldType.DATE, FieldType.TIME, FieldType.DATETIME, FieldType.MONEY):
        parts.append(_example(one))
    if one.format == "past-date":
        parts.append(_("not after today"))
    if one.format == "future-date":
        parts.append(_("not before today"))
    if one.min is not None and not _is_feel(one.min):
        parts.append(_("at least {limit}").format(limit=one.min))
    if one.max is not None and not _is_feel(one.max):
        parts.append(_("at most {limit}").format(limit=one.max))
    if one.decimals == 0:
        parts.append(_("a whole number"))
    if one.min_length:
        parts.append(_("at least {limit} characters").format(limit=one.min_length))
    if one.max_length:
        parts.append(_("at most {limit} characters").format(limit=one.max_length))
    if one.min_items:
        parts.append(_("at least {limit} entries").format(limit=one.min_items))
    if one.accept:
        size = f"{one.max_size // (1024 * 1024)} MB" if one.max_size >= 1024 * 1024 else f"{one.max_size // 1024} KB"
        parts.append(_("{types}, up to {size}").format(types=accepted_types(one), size=size))
    return _("; ").join(parts)


_FORMAT_WORDS: Final = {
    "resident-id": "resident identity number, 18 places",
    "uscc": "unified social credit code, 18 places",
    "phone": "mobile number, or land line with area code",
    "region": "region code of 6, 9 or 12 digits",
    "account": "card number of 12 to 19 digits",
    "party": "a party as AGENCY/department@region",
    "email": "a mail address",
}


# --- files by their content --------------------------------------------------------------------------------------

_MAGIC: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"ID3", "audio/mpeg"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
)
_ZIPPED: Final = (
    (b"vbaProject.bin", "application/vnd.ms-office.macro"),
    (b"word/document.xml", _MEDIA["docx"]),
    (b"xl/workbook.xml", _MEDIA["xlsx"]),
    (b"OFD.xml", _MEDIA["ofd"]),
)


def sniff(data: bytes) -> str:
    """The media type of a file by its content, never by its name; `application/octet-stream` when unknown."""
    for magic, media_type in _MAGIC:
        if data.startswith(magic):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp":
        return "image/heic" if data[8:12] in (b"heic", b"heix", b"mif1", b"hevc") else "video/mp4"
    if data.startswith(b"PK\x03\x04"):
        return next((media_type for name, media_type in _ZIPPED if name in data), "application/zip")
    return _text_type(data)


def _text_type(data: bytes) -> str:
    try:
        text = data[:65536].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(data[:65536]) - 4:  # a character cut at the end of the sample is still text
            return "application/octet-stream"
        text = data[: error.start].decode("utf-8-sig")
    if not text or re.search("[\x00-\x08\x0b\x0e-\x1f]", text):
        return "application/octet-stream"
    # Anything a browser would run is never plain text.
    return "text/html" if text.lstrip().startswith("<") else "text/plain"
