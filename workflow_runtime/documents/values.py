"""The values a document prints: whether they are there, whether they fit, and what is read from them.

Values come from a case file (dates, decimals) or from a frozen row (JSON): a field's declared type reads both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from workflow_runtime.documents.template import CASE, PARTY, RELATED, Field, FieldType, RelatedDocument, Template
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _


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
                _lacking(
                    template,
                    f"parties.{party.key}",
                    _("The document lacks its party “{role}”.").format(role=party.role),
                    _("Bind {binds} to a department of the case.").format(binds=party.binds or party.key),
                )
            )
    related = context.get("related") or {}
    for one in template.related:
        if _is_required(one, fields) and not (related.get(one.code) or {}).get("number"):
            found.append(
                _lacking(
                    template,
                    f"related.{one.code}",
                    _("The document cites {code} ({title}), which has no number yet.").format(
                        code=one.code, title=one.title
                    ),
                    _("Issue {code} or record its number first.").format(code=one.code),
                )
            )
    return found


def _lacking(template: Template, path: str, message: str, remedy: str) -> Finding:
    return Finding(
        "document-incomplete", Severity.ERROR, template.code, None, message, remedy, path=(template.code, path)
    )


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
                "document-value",
                Severity.ERROR,
                template.code,
                None,
                _("“{label}” ({path}) does not fit: {why}").format(label=one.label, path=path, why=error),
                _("Correct the value: wanted is {type}.").format(type=type_words(one.type)),
                path=(template.code, path),
            )
            continue
        if value is None or value == []:
            if _is_required(one, fields) or one.at_least:
                yield _lacking(
                    template,
                    path,
                    _("The document lacks “{label}” ({path}).").format(label=one.label, path=path),
                    _("Enter it before the document is issued."),
                )
        elif isinstance(value, list) and len(value) < one.at_least:
            yield _lacking(
                template,
                path,
                _("“{label}” ({path}) has {found} entries; at least {wanted} are needed.").format(
                    label=one.label, path=path, found=len(value), wanted=one.at_least
                ),
                _("Enter the others before the document is issued."),
            )


def typed(one: Field, value: Any) -> Any:
    """A value as its field's type says, from its own type or from JSON; ValueError says what does not fit."""
    if value is None or value == "":
        return [] if one.type is FieldType.LIST else one.default
    read = _READ[one.type]
    result = read(one, value)
    if result is _MISFIT:
        raise ValueError(_("“{value}” is not {type}").format(value=value, type=type_words(one.type)))
    return result


def type_words(type_: FieldType) -> str:
    """What a person would call a type."""
    return {
        FieldType.STR: _("a text"),
        FieldType.TEXT: _("a text"),
        FieldType.INT: _("a whole number"),
        FieldType.NUMBER: _("a number"),
        FieldType.MONEY: _("an amount with two decimals"),
        FieldType.DATE: _("a date such as 2024-09-01"),
        FieldType.DATETIME: _("a time such as 2024-09-01T10:30"),
        FieldType.BOOL: _("yes or no"),
        FieldType.ENUM: _("one of the choices"),
        FieldType.LIST: _("a list"),
    }[type_]


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
            if one.values and row not in one.values:
                return _MISFIT
            rows.append(str(row))
            continue
        if not isinstance(row, Mapping):
            return _MISFIT
        read = {}
        for column in one.columns:
            try:
                read[column.key] = typed(column, row.get(column.key))
            except ValueError as error:
                raise ValueError(
                    _("row {number}, {label}: {why}").format(number=number, label=column.label, why=error)
                ) from error
            if read[column.key] is None and column.required:
                raise ValueError(_("row {number} lacks “{label}”").format(number=number, label=column.label))
        rows.append(read)
    return rows


_READ = {
    FieldType.STR: _text,
    FieldType.TEXT: _text,
    FieldType.INT: _whole,
    FieldType.NUMBER: _decimal,
    FieldType.MONEY: _decimal,
    FieldType.DATE: _date,
    FieldType.DATETIME: _moment,
    FieldType.BOOL: _bool,
    FieldType.ENUM: _choice,
    FieldType.LIST: _list,
}


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
