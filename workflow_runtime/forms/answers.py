"""Checking answers: what is missing, extra or wrong, all of it at once, and the typed values of the rest."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from workflow_runtime.calendars import ZONE, age_on
from workflow_runtime.casefile import Value, typed_equal
from workflow_runtime.errors import BadInput
from workflow_runtime.feel.errors import FeelError
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.forms import patterns
from workflow_runtime.forms.fields import (
    LINE_LIMIT,
    TEXT_LIMIT,
    Choices,
    Evaluate,
    Field,
    FieldType,
    FileRef,
    is_feel,
)
from workflow_runtime.forms.values import Wrong, coerce, example
from workflow_runtime.fragments import fault
from workflow_runtime.i18n import _, of_data
from workflow_runtime.identifiers import check_account, check_phone, check_region, check_resident_id, check_uscc

_PARTY = re.compile(r"[A-Z][A-Z0-9.]*(/[a-z][a-z0-9_]*)?(@[a-z0-9_]+)?")
_EMAIL = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, slots=True)
class Room:
    """What the check may look at beside the answers."""

    evaluate: Evaluate
    today: date
    files: Mapping[str, FileRef]
    options: Mapping[str, Choices]
    regions: Collection[str]
    context: Mapping[str, Any]


_Path = tuple[str, ...]


def check_fields(
    fields: Sequence[Field], data: Any, room: Room, path: _Path
) -> tuple[dict[str, Value], tuple[Finding, ...]]:
    """Typed values of the answers to these fields, and everything wrong with them (rows of lists included)."""
    if not isinstance(data, Mapping):
        problem = finding("form.object", None, _("the answers are not an object of keys and values"), "{…}", path)
        return {}, (problem,)
    findings = [_extra(key, fields, path) for key in data if key not in {one.key for one in fields}]
    values, problems = _coerce_all(fields, data, room, path)
    hidden, unclear = _hidden(fields, values, room, path)
    findings += unclear
    scope = _scope(fields, {key: value for key, value in values.items() if key not in hidden}, room)
    scope |= dict.fromkeys(hidden)
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
                if not _in_row(path) and room.context.get(one.key) is not None:
                    patch[one.key] = None  # shown, and left empty: what an earlier completion said is no longer said
            else:
                _check_value(one, values[one.key], scope, room)
                patch[one.key] = values[one.key]
        except Wrong as wrong:
            findings.append(finding(wrong.rule, one, wrong.message, wrong.remedy, path))
    return patch, tuple(findings)


def _in_row(path: _Path) -> bool:
    """Whether these fields are those of a row: a row is handed in whole, and there is nothing of it to empty."""
    return any(part.startswith("#") for part in path)


def finding(rule: str, one: Field | None, message: str, remedy: str, path: _Path) -> Finding:
    """A finding about one answer: it begins with label and key, and its path leads to the row."""
    if one is None:
        return Finding(rule, Severity.ERROR, None, None, message, remedy, path=path)
    where = "".join(f" {part}" for part in path if part.startswith("#"))
    named = _("{title} ({key})").format(title=one.title, key=one.key) if one.title != one.key else one.key
    text = f"{named}{where}: {message}"
    return Finding(rule, Severity.ERROR, one.key, None, text, remedy, path=(*path, one.key))


def _extra(key: Any, fields: Sequence[Field], path: _Path) -> Finding:
    """A finding about one answer: it begins with the label and the key, and its path leads to the row."""
    message = _("{key}: the form has no such field").format(key=key)
    remedy = _("take it out; fields here: {keys}").format(keys=", ".join(one.key for one in fields))
    return Finding("form.extra", Severity.ERROR, str(key), None, message, remedy, path=(*path, str(key)))


def _coerce_all(
    fields: Sequence[Field], data: Mapping[str, Any], room: Room, path: _Path
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
        except Wrong as wrong:
            problems[one.key] = [finding(wrong.rule, one, wrong.message, wrong.remedy, path)]
        except BadInput as error:
            problems[one.key] = [finding("form.text", one, each.message, each.remedy, path) for each in error.findings]
    return values, problems


def _rows(
    one: Field, raw: Any, values: Mapping[str, Value], room: Room, path: _Path
) -> tuple[list[Value], tuple[Finding, ...]]:
    if not isinstance(raw, list | tuple):
        raise Wrong("form.type", _("a list of entries is wanted"), "[{…}, {…}]")
    if len(raw) > one.max_items:
        raise Wrong(
            "form.items",
            _("at most {limit} entries, not {count}").format(limit=one.max_items, count=len(raw)),
            _("take some out"),
        )
    rows: list[Value] = []
    findings: list[Finding] = []
    for number, entry in enumerate(raw, start=1):
        parent = {**room.context, **values}
        inner = replace(room, context={**parent, "parent": parent, "i": number})
        row, found = check_fields(one.fields, entry, inner, (*path, one.key, f"#{number}"))
        rows.append(row)
        findings += found
    for each in one.fields:
        if each.once:
            findings += _repeated(each, rows, (*path, one.key))
    return rows, tuple(findings)


def _repeated(one: Field, rows: Sequence[Mapping[str, Value]], path: _Path) -> Iterator[Finding]:
    first: dict[Value, int] = {}
    for number, row in enumerate(rows, start=1):
        value = row.get(one.key)
        if value is not None and (before := first.setdefault(value, number)) != number:
            message = _("{value} is entered in #{row} already").format(value=value, row=before)
            yield finding("form.once", one, message, _rule_or(one, _("take one of them out")), (*path, f"#{number}"))


def _scope(fields: Sequence[Field], values: Mapping[str, Value], room: Room) -> dict[str, Any]:
    """What expressions see: fields without an answer are null, so a condition on them is false, not an error."""
    shown = {one.key: None if one.readonly is False else room.context.get(one.key) for one in fields}
    return {**room.context, **shown, **values}


def _hidden(
    fields: Sequence[Field], values: Mapping[str, Value], room: Room, path: _Path
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
            except Wrong as wrong:
                unclear.append(finding(wrong.rule, one, wrong.message, wrong.remedy, path))
        if now == hidden:
            break
        hidden = now
    return hidden, unclear


def _holds(one: Field, what: str, condition: bool | str, scope: Mapping[str, Any], room: Room) -> bool:
    if isinstance(condition, bool):
        return condition
    return _computed(one, what, condition, scope, room) is True


def _computed(one: Field, what: str, text: str, scope: Mapping[str, Any], room: Room) -> Any:
    try:
        return room.evaluate(text, scope)
    except FeelError as error:
        raise Wrong(
            "form.expression",
            _("the expression {text} of {what} cannot be computed: {problem}").format(
                text=text, what=what, problem=fault(error).message
            ),
            _("the owner of the procedure has to mend the form"),
        ) from error


def _must_be_there(one: Field, scope: Mapping[str, Any], room: Room) -> None:
    if one.type is FieldType.LIST and one.min_items:
        raise Wrong("form.missing", _few(one, 0), _rule_or(one, _("add entries")))
    if _holds(one, "required", one.required, scope, room):
        raise Wrong("form.missing", _("is missing and required"), _rule_or(one, example(one)))


def _few(one: Field, count: int) -> str:
    return _("at least {limit} entries, not {count}").format(limit=one.min_items, count=count)


def _unchanged(one: Field, values: Mapping[str, Value], room: Room, path: _Path) -> list[Finding]:
    if one.key in values and not typed_equal(values[one.key], room.context.get(one.key)):
        message = _("may not be changed here")
        return [finding("form.readonly", one, message, _("leave it out"), path)]
    return []


def _rule_or(one: Field, otherwise: str) -> str:
    return of_data(one.rule) or otherwise


def _check_value(one: Field, value: Value, scope: Mapping[str, Any], room: Room) -> None:
    if one.type is FieldType.TEXT:
        _check_text(one, value, scope, room)
    elif one.type in (FieldType.NUMBER, FieldType.INTEGER, FieldType.MONEY):
        _check_number(one, value, scope, room)
    elif one.type in (FieldType.DATE, FieldType.DATETIME):
        _check_day(one, value, scope, room)
    elif one.type is FieldType.LIST:
        if len(value) < one.min_items:
            raise Wrong("form.items", _few(one, len(value)), _rule_or(one, _("add entries")))
    elif one.type is FieldType.BOOLEAN and not value and _holds(one, "required", one.required, scope, room):
        raise Wrong("form.confirm", _("has to be confirmed"), _rule_or(one, _("answer yes, or return the case")))
    if one.valid and not _holds(one, "valid", one.valid, scope, room):
        raise Wrong("form.valid", _not_allowed(one, value), of_data(one.rule))


def _not_allowed(one: Field, value: Value) -> str:
    """What was answered is not allowed; a choice, a number or a day is named, longer texts are not repeated."""
    if isinstance(value, (list, bool, dict)) or one.kind == "textarea":
        return _("is not allowed here")
    options = {option.value: of_data(option.label) for option in one.options}
    return _("{value} is not allowed here").format(value=options.get(value, str(value)[:100]))


def _check_text(one: Field, text: str, scope: Mapping[str, Any], room: Room) -> None:
    limit = one.max_length or (TEXT_LIMIT if one.kind == "textarea" else LINE_LIMIT)
    if len(text) > limit:
        raise Wrong(
            "form.max-length",
            _("at most {limit} characters, not {count}").format(limit=limit, count=len(text)),
            _("shorten it"),
        )
    if one.min_length and len(text) < one.min_length:
        raise Wrong(
            "form.min-length",
            _("at least {limit} characters, not {count}").format(limit=one.min_length, count=len(text)),
            _rule_or(one, example(one)),
        )
    if one.pattern and not patterns.fits(one.pattern, text):
        raise Wrong(
            "form.pattern",
            _("{value!r} does not have the wanted form").format(value=text[:100]),
            _rule_or(one, of_data(one.hint) or one.pattern),
        )
    for finding in _check_format(one, text, scope, room):
        raise Wrong(f"form.{finding.rule}", finding.message, finding.remedy)


def _check_format(one: Field, text: str, scope: Mapping[str, Any], room: Room) -> tuple[Finding, ...]:
    match one.format:
        case "resident-id":
            birth = _beside(one, "birthDateField", one.birth_date_field, scope, room)
            sex = _beside(one, "sexField", one.sex_field, scope, room)
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


def _beside(one: Field, what: str, name: str, scope: Mapping[str, Any], room: Room) -> Any:
    """What an identity number must agree with: a field of the form, or what an expression says (`=subject.sex`)."""
    return _computed(one, what, name, scope, room) if is_feel(name) else scope.get(name)


def _check_number(one: Field, number: int | Decimal, scope: Mapping[str, Any], room: Room) -> None:
    least, most = _bound(one, "min", one.min, scope, room), _bound(one, "max", one.max, scope, room)
    if least is not None and number < least:
        message = _("at least {limit}, not {value}").format(limit=least, value=number)
        raise Wrong("form.min", message, _rule_or(one, example(one)))
    if most is not None and number > most:
        message = _("at most {limit}, not {value}").format(limit=most, value=number)
        raise Wrong("form.max", message, _rule_or(one, example(one)))


def _bound(one: Field, what: str, limit: Any, scope: Mapping[str, Any], room: Room) -> int | Decimal | None:
    bound = _computed(one, what, limit, scope, room) if is_feel(limit) else limit
    return bound if isinstance(bound, int | Decimal) and not isinstance(bound, bool) else None


def _local_day(value: date | datetime) -> date:
    return value.astimezone(ZoneInfo(ZONE)).date() if isinstance(value, datetime) else value


def _precedes(one: date | datetime, other: date | datetime) -> bool:
    """Whether a day or moment comes before another; a day and a moment are compared by their days."""
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one < other
    return _local_day(one) < _local_day(other)


def _check_day(one: Field, value: date | datetime, scope: Mapping[str, Any], room: Room) -> None:
    day = _local_day(value)
    earliest = _computed(one, "notBefore", one.not_before, scope, room) if one.not_before else None
    if isinstance(earliest, date) and _precedes(value, earliest):
        raise Wrong(
            "form.not-before",
            _("{date} is before {earliest}").format(date=day, earliest=_local_day(earliest)),
            _rule_or(one, _("give that day or a later one")),
        )
    latest = _computed(one, "notAfter", one.not_after, scope, room) if one.not_after else None
    if isinstance(latest, date) and _precedes(latest, value):
        raise Wrong(
            "form.not-after",
            _("{date} is after {latest}").format(date=day, latest=_local_day(latest)),
            _rule_or(one, _("give that day or an earlier one")),
        )
    if one.format == "past-date" and day > room.today:
        raise Wrong(
            "form.past-date",
            _("{date} lies in the future (today is {today})").format(date=day, today=room.today),
            _rule_or(one, _("give a day up to today")),
        )
    if one.format == "future-date" and day < room.today:
        raise Wrong(
            "form.future-date",
            _("{date} has passed (today is {today})").format(date=day, today=room.today),
            _rule_or(one, _("give today or a later day")),
        )
    if day.year < 1900 or day.year > 2200:
        raise Wrong("form.date", _("the year {year} cannot be meant").format(year=day.year), example(one))
    if one.min_age is None and one.max_age is None:
        return
    age = age_on(day, room.today)
    if one.min_age is not None and age < one.min_age:
        raise Wrong(
            "form.min-age",
            _("at least {limit} completed years of age, not {age}").format(limit=one.min_age, age=age),
            _rule_or(one, _("check the birth date")),
        )
    if one.max_age is not None and age > one.max_age:
        raise Wrong(
            "form.max-age",
            _("at most {limit} completed years of age, not {age}").format(limit=one.max_age, age=age),
            _rule_or(one, _("check the birth date")),
        )
