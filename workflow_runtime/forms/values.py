"""One answer: from what was typed, or stood in JSON, to the value it means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from workflow_runtime.calendars import ZONE
from workflow_runtime.casefile import Value, clean_text, typed_equal
from workflow_runtime.escaping import display_name
from workflow_runtime.forms.fields import Choices, Field, FieldType, FileRef, Option
from workflow_runtime.forms.media import accepted_types
from workflow_runtime.i18n import _, ngettext, of_data
from workflow_runtime.identifiers import normal


class Wrong(Exception):
    """One problem with one answer."""

    def __init__(self, rule: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.rule, self.message, self.remedy = rule, message, remedy


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
            return _file(one, raw[0] if isinstance(raw, list) and len(raw) == 1 else raw, files).value()
        case FieldType.FILES:
            return [_file(one, entry, files).value() for entry in (raw if isinstance(raw, list | tuple) else [raw])]
        case FieldType.LIST:
            raise Wrong("form.type", _("a list of entries is wanted"), "[{…}, {…}]")


_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def _text(one: Field, raw: Any) -> str:
    if not isinstance(raw, str):
        raise Wrong(
            "form.type", _("a text is wanted, not {value!r}").format(value=raw), _("put it between quotation marks")
        )
    text = clean_text(raw).replace("\r\n", "\n").strip()
    if _CONTROLS.search(text) or (one.kind != "textarea" and re.search(r"[\n\t\u2028\u2029]", text)):
        raise Wrong("form.text", _("it holds control characters or line breaks"), _("delete them"))
    if one.format in ("resident-id", "uscc", "region", "account"):
        return normal(text)
    if one.format == "phone":
        return re.sub(r"[\s()]", "", unicodedata.normalize("NFKC", text))
    return text


_LARGEST: Final = 10**30


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
        raise Wrong("form.type", _("{value!r} is not a number").format(value=raw), example(one))
    if abs(number) >= _LARGEST:
        raise Wrong("form.max", _("{value!r} is too large").format(value=raw), example(one))
    digits = -int(number.normalize().as_tuple().exponent)
    if one.decimals is not None and digits > one.decimals:
        raise Wrong(
            "form.decimals",
            ngettext(
                "at most {n} place after the point, not {count}",
                "at most {n} places after the point, not {count}",
                one.decimals,
            ).format(n=one.decimals, count=digits),
            example(one),
        )
    if one.type is FieldType.INTEGER:
        return int(number)
    if one.type is FieldType.MONEY:
        if abs(number) >= 10**12:
            raise Wrong("form.max", _("{value!r} is too large").format(value=raw), example(one))
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
    raise Wrong("form.type", _("{value!r} is neither yes nor no").format(value=raw), example(one))


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
    raise Wrong("form.type", _("{value!r} is not a date").format(value=raw), example(one))


def _time(one: Field, raw: Any) -> time:
    if isinstance(raw, time):
        return raw
    text = unicodedata.normalize("NFKC", raw).strip() if isinstance(raw, str) else ""
    if found := _TIME_FORM.fullmatch(text):
        try:
            return time(int(found[1]), int(found[2]), int(found[3] or 0))
        except ValueError:
            pass
    raise Wrong("form.type", _("{value!r} is not a time").format(value=raw), example(one))


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
    except (ValueError, Wrong) as error:
        raise Wrong("form.type", _("{value!r} is not a date and time").format(value=raw), example(one)) from error


def _choice(one: Field, raw: Any, options: Mapping[str, Choices]) -> Value:
    possible = choices_of(one, options)
    for option in possible:
        if typed_equal(option.value, raw):
            return option.value
    remedy = _("choose {options}").format(
        options=", ".join(f"{option.value} ({of_data(option.label)})" for option in possible[:20])
    )
    if one.rule:  # why there are no other answers
        remedy = f"{remedy}; {of_data(one.rule)}"
    raise Wrong("form.option", _("{value!r} is not one of the answers").format(value=raw), remedy)


def choices_of(one: Field, options: Mapping[str, Choices] = MappingProxyType({})) -> tuple[Option, ...]:
    """What can be chosen: the fixed options, or those handed in for the field's `valuesKey`."""
    if one.options or not one.values_key:
        return one.options
    return tuple(Option(value, label) for value, label in options.get(one.values_key, ()))


def _file(one: Field, raw: Any, files: Mapping[str, FileRef]) -> FileRef:
    found: FileRef | None = None
    if isinstance(raw, list) and len(raw) == 1:
        (raw,) = raw  # form-js keeps a list also where one file is meant
    if isinstance(raw, FileRef):
        found = raw
    elif isinstance(raw, str):
        found = files.get(raw) or files.get(raw.removeprefix("@"))
    elif isinstance(raw, Mapping):
        # A reference written by hand counts only when that very file was handed in.
        found = next((file for file in files.values() if file.sha256 == raw.get("sha256")), None)
    if found is None:
        raise Wrong("form.file", _("there is no such file: {value}").format(value=raw), example(one))
    if found.size > one.max_size:
        raise Wrong(
            "form.file-size",
            _("the file {name} has {size} bytes, at most {limit} are accepted").format(
                name=display_name(found.name), size=found.size, limit=one.max_size
            ),
            _("scan it with fewer dots per inch, or split it"),
        )
    if found.size == 0:
        raise Wrong("form.file-size", _("the file {name} is empty").format(name=display_name(found.name)), example(one))
    if found.media_type not in one.accept:
        raise Wrong(
            "form.file-type",
            _("the file {name} is {type} by its content").format(name=display_name(found.name), type=found.media_type),
            _("accepted: {types}").format(types=accepted_types(one)),
        )
    return found


def example(one: Field) -> str:
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
