"""The case file as text: typed values in, canonical JSON out, and back without loss.

A case file is one flat object keyed by form field. JSON knows no dates and no decimals, so a value that JSON
cannot say is written as `{"@": "text"}`, the text being what FEEL writes between `@"…"` (or a decimal number):

    {"birth_date": {"@": "2017-04-12"}, "cash_total": {"@": "1203.50"}, "risk_class": "ordinary"}

The text is canonical (sorted keys, no blanks, NFC, no floats), so equal case files are equal bytes and can be
hashed. What comes from outside (`--data file.json`) is read by `read_json`, which knows nothing of `@`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final, NoReturn
from zoneinfo import ZoneInfo

from workflow_runtime.errors import BadInput
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _

if TYPE_CHECKING:
    from workflow_runtime.feel.values import Months

#: None, bool, int, Decimal, str, date, time, datetime, timedelta, Months, list and dict of these.
Value = Any

MAX_DEPTH: Final = 64
MAX_DIGITS: Final = 34  # what a decimal128 holds, and so what FEEL can compute with
MAX_TEXT: Final = 10_000_000
TAG: Final = "@"


class Removed:
    """What a patch says of a key that goes away."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "REMOVED"


REMOVED: Final = Removed()
_REMOVED_TEXT = "removed"


# --- out ---------------------------------------------------------------------------------------------------------


def dumps(value: Value) -> str:
    """`value` as canonical text; refuses what cannot be read back as it was."""
    return _ENCODER.encode(_plain(value, 0))


def rewrite(value: Value) -> str:
    """The same text for what `loads` gave, changed by nothing but what `loads` gave: it is not looked through again."""
    return _ENCODER.encode(value)


def _tag(value: Value) -> dict[str, str]:
    return {TAG: literal(value)}


_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_tag
)


def _plain(value: Value, depth: int) -> Any:
    if depth >= MAX_DEPTH:  # one level is kept for the tag of a date or a decimal
        _refuse(_("the value is nested more than {limit} levels deep").format(limit=MAX_DEPTH), _("flatten it"))
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, int):
        return _bounded(value)
    if isinstance(value, Mapping):
        return _plain_mapping(value, depth)
    if isinstance(value, list | tuple):
        return [_plain(entry, depth + 1) for entry in value]
    return _tag(value)


def _plain_mapping(value: Mapping[Any, Value], depth: int) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key, entry in value.items():
        if not isinstance(key, str) or key == TAG:
            _refuse(
                _("{key!r} cannot be a key of a case file").format(key=key),
                _("keys are texts; {tag!r} is reserved").format(tag=TAG),
            )
        name = clean_text(key)
        if name in plain:
            _refuse(_("the key {key!r} appears twice").format(key=name), _("give each key one value"))
        plain[name] = _plain(entry, depth + 1)
    return plain


def literal(value: Value) -> str:
    """The text of a value that JSON cannot say: a decimal, a date, a time, a moment or a duration."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            _refuse(_("{value} is not a number").format(value=value), _("give a finite number"))
        return str(value)
    if isinstance(value, datetime):
        return _moment(value, value.replace(tzinfo=None).isoformat())
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return _moment(value, value.replace(tzinfo=None).isoformat())
    if isinstance(value, timedelta):
        return _duration_text(value)
    if value is REMOVED:
        return _REMOVED_TEXT
    if isinstance(value, _months()):
        return _months_text(int(value.months))
    _refuse(
        _("a {kind} cannot stand in a case file").format(kind=type(value).__name__),
        _("use text, numbers (Decimal, never float), true/false, dates, times, durations, lists and objects"),
    )


def _months() -> type[Months]:
    """FEEL's years and months, fetched when the first one is met: most readings of a case file meet none."""
    from workflow_runtime.feel.values import Months

    return Months


def _moment(value: datetime | time, local: str) -> str:
    zone = value.tzinfo
    # A repeated hour (fold) has the same local text twice; its offset tells them apart, its zone name does not.
    if isinstance(zone, ZoneInfo) and zone.key and not value.fold:
        return f"{local}@{zone.key}"
    offset = value.utcoffset()
    if offset is None:
        return local
    sign = "-" if offset < timedelta(0) else "+"
    seconds = int(abs(offset).total_seconds())
    text = f"{local}{sign}{seconds // 3600:02}:{seconds % 3600 // 60:02}"
    return f"{text}:{seconds % 60:02}" if seconds % 60 else text


def _duration_text(value: timedelta) -> str:
    sign, value = ("-", -value) if value < timedelta(0) else ("", value)
    hours, rest = divmod(value.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    fraction = f".{value.microseconds:06}".rstrip("0") if value.microseconds else ""
    days = f"{value.days}D" if value.days else ""
    clock = "".join(
        part
        for part, used in (
            (f"{hours}H", hours),
            (f"{minutes}M", minutes),
            (f"{seconds}{fraction}S", seconds or fraction),
        )
        if used
    )
    return f"{sign}P{days}T{clock}" if clock else f"{sign}P{days}" if days else "PT0S"


def _months_text(months: int) -> str:
    sign = "-" if months < 0 else ""
    years, rest = divmod(abs(months), 12)
    return f"{sign}P{f'{years}Y' if years else ''}{f'{rest}M' if rest or not years else ''}"


# --- in ----------------------------------------------------------------------------------------------------------


def loads(text: str | bytes) -> Value:
    """What `dumps` wrote."""
    try:
        return _DECODER.decode(text.decode() if isinstance(text, bytes) else text)
    except (ValueError, RecursionError):  # not ours, or damaged: the careful reader says what and where
        return _typed(read_json(text, what=_("case file")))


def read_json(text: str | bytes, *, what: str = "JSON") -> Any:
    """JSON from outside: fractions become Decimal, never float.

    Refuses, with line and column, what would be read differently by different programs: keys given twice,
    NaN and Infinity, numbers of more than 34 digits, half surrogates, NUL, and nesting beyond 64 levels.
    """
    try:
        source = text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        _refuse(_("{what} is not UTF-8 text (byte {at})").format(what=what, at=error.start), _("save it as UTF-8"))
    if len(source) > MAX_TEXT:
        _refuse(
            _("{what} is longer than {limit} characters").format(what=what, limit=MAX_TEXT),
            _("attach large content as a file"),
        )
    _check_depth(source, what)
    try:
        document = json.loads(
            source,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_no_constant,
            object_pairs_hook=_no_duplicates,
        )
    except json.JSONDecodeError as error:
        raise BadInput(
            findings=[
                _finding(
                    _("{what} is not JSON: line {line}, column {column}: {problem}").format(
                        what=what, line=error.lineno, column=error.colno, problem=_json_problem(error.msg)
                    ),
                    _("mend it there; a JSON checker in an editor shows the place"),
                    line=error.lineno,
                )
            ]
        ) from error
    return _clean(document)


def _json_problem(message: str) -> str:
    """What the parser says, in the language in use; its own words for what is rare."""
    known = {
        "Expecting value": _("a value is missing"),
        "Expecting property name enclosed in double quotes": _("a key in double quotes is missing"),
        "Expecting ':' delimiter": _("a colon is missing"),
        "Expecting ',' delimiter": _("a comma is missing"),
        "Extra data": _("something follows the end"),
        "Illegal trailing comma before end of object": _("there is a comma too many"),
        "Invalid control character at": _("a line break or control character stands in a text"),
        "Unterminated string starting at": _("a text has no closing quote"),
    }
    return known.get(message, message)


def _check_depth(source: str, what: str) -> None:
    """Count brackets before parsing: the parser itself recurses, and would fall on a hostile file."""
    depth = 0
    for mark in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', source, re.DOTALL):
        bracket = mark[0]
        if bracket in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                line = source.count("\n", 0, mark.start()) + 1
                raise BadInput(
                    findings=[
                        _finding(
                            _("{what} is nested more than {limit} levels deep (line {line})").format(
                                what=what, limit=MAX_DEPTH, line=line
                            ),
                            _("flatten it"),
                            line=line,
                        )
                    ]
                )
        elif bracket in "]}":
            depth -= 1


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > MAX_DIGITS:
        _refuse(_("a number has more than {limit} digits").format(limit=MAX_DIGITS), _("write it as text"))
    return int(text)


def _bounded(value: int) -> int:
    if abs(value) >= 10**MAX_DIGITS:
        _refuse(_("a number has more than {limit} digits").format(limit=MAX_DIGITS), _("write it as text"))
    return value


def _decimal(text: str) -> Decimal:
    if len(text) > 100:
        _refuse(_("a number has more than {limit} digits").format(limit=MAX_DIGITS), _("write it as text"))
    number = Decimal(text)
    if len(number.as_tuple().digits) > MAX_DIGITS or not -6143 < number.adjusted() < 300:
        _refuse(_("the number {text} is out of range").format(text=text), _("write it as text"))
    return number


def _no_constant(text: str) -> NoReturn:
    _refuse(_("{text} is not a number").format(text=text), _("leave the value out, or write null"))


def _no_duplicates(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        name = clean_text(key)
        if name in result:
            _refuse(_("the key {key!r} appears twice").format(key=name), _("give each key one value"))
        result[name] = value
    return result


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [_clean(entry) for entry in value]
    if isinstance(value, dict):
        return {key: _clean(entry) for key, entry in value.items()}
    return value


_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def clean_text(text: str) -> str:
    """`text` in NFC, so that one name is one name; refuses NUL and half surrogates, which no store can hold."""
    if text.isascii() and "\0" not in text:
        return text
    if _UNSTORABLE.search(text):
        _refuse(
            _("a text holds a character that cannot be stored (NUL or half a surrogate pair)"),
            _("delete that character"),
        )
    return unicodedata.normalize("NFC", text)


_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"(?P<local>\d\d:\d\d:\d\d(?:\.\d{1,6})?)(?P<zone>.*)", re.DOTALL)
_MOMENT = re.compile(r"(?P<local>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)(?P<zone>.*)", re.DOTALL)
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>\d\d):(?P<minutes>\d\d)(?::(?P<seconds>\d\d))?")
_MONTHS = re.compile(r"(?P<sign>-?)P(?=\d)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?")
_DURATION = re.compile(
    r"(?P<sign>-?)P(?=[\dT])(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)(?:\.(?P<fraction>\d{1,6}))?S)?)?"
)


def _typed(value: Any) -> Value:
    if isinstance(value, dict):
        if TAG in value:
            return _tagged(value)
        return {key: _typed(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_typed(entry) for entry in value]
    return value


def _untag(found: dict[str, Any]) -> Value:
    return _tagged(found) if TAG in found else found


def _tagged(value: dict[str, Any]) -> Value:
    text = value[TAG]
    if len(value) == 1 and isinstance(text, str):
        for read in (_read_number, _read_date, _read_moment, _read_time, _read_months, _read_duration, _read_removed):
            try:
                found = read(text)
            except (ValueError, InvalidOperation, OverflowError):
                break
            if found is not None:
                return found
    _refuse(
        _("{text!r} is not a value of a case file").format(text=str(text)[:100]),
        _('after "@" stands a number, date, time, date and time, or duration'),
    )


def _float(text: str) -> NoReturn:
    raise ValueError(text)  # `dumps` writes none


_DECODER: Final = json.JSONDecoder(object_hook=_untag, parse_float=_float, parse_constant=_float)


def _read_number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _read_date(text: str) -> date | None:
    return date.fromisoformat(text) if _DATE.fullmatch(text) else None


def _read_moment(text: str) -> datetime | None:
    found = _MOMENT.fullmatch(text)
    return datetime.fromisoformat(found["local"]).replace(tzinfo=_zone(found["zone"])) if found else None


def _read_time(text: str) -> time | None:
    found = _TIME.fullmatch(text)
    return time.fromisoformat(found["local"]).replace(tzinfo=_zone(found["zone"])) if found else None


def _zone(text: str) -> timezone | ZoneInfo | None:
    if not text:
        return None
    if text.startswith("@"):
        try:
            return ZoneInfo(text[1:])
        except (KeyError, OSError) as error:
            raise ValueError(text) from error
    found = _OFFSET.fullmatch(text)
    if found is None:
        raise ValueError(text)
    offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"]), seconds=int(found["seconds"] or 0))
    return timezone(-offset if found["sign"] == "-" else offset)


def _read_months(text: str) -> Months | None:
    found = _MONTHS.fullmatch(text)
    if found is None:
        return None
    months = int(found["years"] or 0) * 12 + int(found["months"] or 0)
    return _months()(-months if found["sign"] else months)


def _read_duration(text: str) -> timedelta | None:
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    length = timedelta(
        days=int(found["days"] or 0),
        hours=int(found["hours"] or 0),
        minutes=int(found["minutes"] or 0),
        seconds=int(found["seconds"] or 0),
        microseconds=int((found["fraction"] or "0").ljust(6, "0")),
    )
    return -length if found["sign"] else length


def _read_removed(text: str) -> Removed | None:
    return REMOVED if text == _REMOVED_TEXT else None


# --- change ------------------------------------------------------------------------------------------------------


def diff(old: Mapping[str, Value], new: Mapping[str, Value]) -> dict[str, Value]:
    """What turns `old` into `new`, key by key; a key that goes away is `REMOVED`."""
    patch = {key: value for key, value in new.items() if key not in old or not typed_equal(old[key], value)}
    return patch | {key: REMOVED for key in old if key not in new}


def apply(document: Mapping[str, Value], patch: Mapping[str, Value]) -> dict[str, Value]:
    """A new document: `document` with the keys of `patch` set, or taken away where the patch says `REMOVED`."""
    changed = {**document, **patch}
    return {key: value for key, value in changed.items() if value is not REMOVED}


def conflicts(seen: Mapping[str, Value], now: Mapping[str, Value], patch: Mapping[str, Value]) -> tuple[str, ...]:
    """Keys of `patch` that somebody else changed between `seen` and `now`, and to another value."""
    gone = object()
    return tuple(
        key
        for key, value in patch.items()
        if not typed_equal(seen.get(key, gone), now.get(key, gone)) and not typed_equal(now.get(key, REMOVED), value)
    )


def typed_equal(left: Value, right: Value) -> bool:
    """Equal as values of a case file: `1` is `1.00`, but `True` is not `1`, nor a date a moment."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | Decimal) and isinstance(right, int | Decimal):
        return left == right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(typed_equal(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(typed_equal, left, right))
    if type(left) is not type(right):
        return False
    if isinstance(left, datetime | time) and left.tzinfo is not None:
        return literal(left) == literal(right)
    return bool(left == right)


def _finding(message: str, remedy: str, *, line: int | None = None) -> Finding:
    return Finding("json", Severity.ERROR, None, line, message, remedy)


def _refuse(message: str, remedy: str) -> NoReturn:
    raise BadInput(findings=[_finding(message, remedy)])
