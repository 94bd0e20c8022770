"""Reading a form-js schema: the part that a case file can hold becomes fields, the rest is refused by name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from workflow_runtime.casefile import read_json, typed_equal
from workflow_runtime.errors import BadInput, FormError
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.forms import patterns
from workflow_runtime.forms.fields import CLASSES, FORMATS, ROWS_LIMIT, SIZE_LIMIT, Field, FieldType, Option, is_feel
from workflow_runtime.forms.form import Form
from workflow_runtime.forms.media import DEFAULT_ACCEPT, MEDIA
from workflow_runtime.i18n import _

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
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
_VALIDATE: Final = frozenset("required minLength maxLength pattern patternErrorMessage min max validationType".split())
_PROPERTIES: Final = frozenset(
    (
        "class format notBefore notAfter valid birthDateField sexField accept maxSize minItems maxItems minAge "
        "maxAge refers once source rule"
    ).split()
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
        fields = self.fields(components)
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

    def fields(
        self, components: Any, *, section: str = "", hide: tuple[str, ...] = (), intro: list[str] | None = None
    ) -> tuple[Field, ...]:
        fields: list[Field] = []
        intro = [] if intro is None else intro  # texts that stand before the next question, in a group or not
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
                fields += self.fields(component.get("components"), section=label or section, hide=hidden, intro=intro)
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
        if not is_feel(hide):
            self.wrong(component, _("the condition must be FEEL"), '=risk_class = "ordinary"')
            return ()
        return (str(hide),)

    def words(self, component: Mapping[str, Any], attribute: str) -> str:
        value = component.get(attribute)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.wrong(component, _("{attribute} is not a text").format(attribute=attribute), _("write a text"))
            return ""
        if is_feel(value):
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
        if isinstance(value, bool) or is_feel(value):
            return value  # type: ignore[no-any-return]
        self.wrong(
            component,
            _("{name} must be true, false or FEEL, not {value!r}").format(name=name, value=value),
            f'"{name}": true',
        )
        return False

    def limit(self, component: Mapping[str, Any], table: Mapping[str, Any], name: str) -> Any:
        value = table.get(name)
        if value is None or value == "" or is_feel(value):
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

    def day_limit(self, component: Mapping[str, Any], kind: str, properties: Mapping[str, Any], name: str) -> str:
        value = properties.get(name)
        if value is None:
            return ""
        if kind != "datetime" or not is_feel(value):
            self.wrong(
                component,
                _("{name} must be FEEL, and stands on dates only").format(name=name),
                f'"{name}": "=case.started_on"',
            )
            return ""
        return str(value)

    def valid(self, component: Mapping[str, Any], properties: Mapping[str, Any]) -> str:
        value = properties.get("valid")
        if value is None:
            return ""
        if not is_feel(value) or not properties.get("rule"):
            self.wrong(
                component,
                _("valid must be FEEL, and rule must say what it asks for"),
                '"valid": "=list contains(profile.tracks, track)", "rule": "…"',
            )
            return ""
        return str(value)

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
            not_before=self.day_limit(component, kind, properties, "notBefore"),
            not_after=self.day_limit(component, kind, properties, "notAfter"),
            valid=self.valid(component, properties),
            max=self.limit(component, validate, "max"),
            min_length=self.whole(component, validate, "minLength"),
            max_length=self.whole(component, validate, "maxLength"),
            pattern=self.pattern(component, validate),
            decimals=2 if type_ is FieldType.MONEY else self.whole(component, component, "decimalDigits"),
            accept=self.accept(component, properties) if kind == "filepicker" else (),
            max_size=self.size(component, properties),
            min_items=self.whole(component, properties, "minItems") or 0,
            max_items=min(self.whole(component, properties, "maxItems") or ROWS_LIMIT, ROWS_LIMIT),
            min_age=self.whole(component, properties, "minAge"),
            max_age=self.whole(component, properties, "maxAge"),
            birth_date_field=str(properties.get("birthDateField") or ""),
            sex_field=str(properties.get("sexField") or ""),
            refers=self.refers(component, kind, properties),
            once=str(properties.get("once") or "").lower() == "true",
            source=str(properties.get("source") or ""),
            rule=str(properties.get("rule") or ""),
            default=component.get("defaultValue"),
            prefix=str(_part(component, "appearance").get("prefixAdorner") or ""),
            suffix=str(_part(component, "appearance").get("suffixAdorner") or ""),
            fields=self.rows(component) if kind == "dynamiclist" else (),
        )

    def rows(self, component: Mapping[str, Any]) -> tuple[Field, ...]:
        fields = self.fields(component.get("components"))
        self.no_doubles(fields)
        self.siblings_exist(fields)
        if not fields:
            self.wrong(component, _("the list has no fields"), _("put the fields of one entry into it"))
        return fields

    def refers(self, component: Mapping[str, Any], kind: str, properties: Mapping[str, Any]) -> str:
        value = str(properties.get("refers") or "")
        if value and kind != "textfield":
            self.wrong(component, _("a {kind} cannot refer to a subject").format(kind=kind), _("use a textfield"))
        return value

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
        problem = patterns.problem(str(pattern))
        if problem:
            self.wrong(
                component,
                _("the pattern cannot be used: {problem}").format(problem=problem),
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
                types += [media for media in dict.fromkeys(MEDIA.values()) if media.startswith(entry[:-1])]
            elif entry in MEDIA.values():
                types.append(entry)
            elif entry.lstrip(".") in MEDIA:
                types.append(MEDIA[entry.lstrip(".")])
            else:
                self.wrong(
                    component,
                    _("files of type {type} cannot be told by their content").format(type=entry),
                    _("use one of {kinds}").format(kinds=", ".join(f".{ending}" for ending in MEDIA)),
                )
        return tuple(dict.fromkeys(types)) or DEFAULT_ACCEPT

    def size(self, component: Mapping[str, Any], properties: Mapping[str, Any]) -> int:
        text = str(properties.get("maxSize") or "").strip().upper()
        if not text:
            return SIZE_LIMIT
        found = re.fullmatch(r"(\d{1,9})\s*(B|KB|MB)?", text)
        if found is None:
            self.wrong(component, _("maxSize {value!r} is no size").format(value=text), '"maxSize": "5 MB"')
            return SIZE_LIMIT
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
                if sibling and not is_feel(sibling) and sibling not in keys:
                    self.wrong(
                        {"key": one.key},
                        _("the form has no field {key}").format(key=sibling),
                        _("name a field of this form"),
                    )


def _part(component: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = component.get(name)
    return value if isinstance(value, dict) else {}
