"""Dates, times and durations: reading, writing, comparing and calculating.

Every kind has one canonical form made of integers: a date is a day number (as date.toordinal counts), a time of day
and a duration are nanoseconds, a date and time is a day number with nanoseconds. All arithmetic happens there; the
functions `date_of`, `time_of`, `date_time_of` and `duration_of` come back, to Python's classes where these can hold the
value and to module wide's where they cannot. A result outside the standard's range is None.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

from workflow_runtime.feel import limits
from workflow_runtime.feel.values import Months
from workflow_runtime.feel.wide import WideDate, WideDateTime, WideDuration, WideTime

AnyDate: TypeAlias = dt.date | WideDate
AnyTime: TypeAlias = dt.time | WideTime
AnyDateTime: TypeAlias = dt.datetime | WideDateTime
AnyDuration: TypeAlias = dt.timedelta | WideDuration

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
LONGEST_OFFSET = 14 * 3600  #: seconds; the standard's limit for an offset from UTC
LARGEST_DAY = 365_242_500_000  #: a day number beyond every legal date, to stop before big arithmetic

_DATE = re.compile(r"(-?)([1-9]\d{4,8}|\d{4})-(\d\d)-(\d\d)", re.ASCII)
_ZONED_DATE = re.compile(r"(-?\d{4,9}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)", re.ASCII)
_TIME = re.compile(
    r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,20}))?(Z|z|[+-]\d\d:\d\d(?::\d\d)?|@[A-Za-z][A-Za-z0-9_+/-]{0,60})?", re.ASCII
)
_MONTHS = re.compile(r"(-?)P(?=\d)(?:(\d{1,18})Y)?(?:(\d{1,18})M)?", re.ASCII)
_DAYS = re.compile(
    r"(-?)P(?=\d|T\d)(?:(\d{1,18})D)?(?:T(?=\d)(?:(\d{1,18})H)?(?:(\d{1,18})M)?(?:(\d{1,18})(?:\.(\d{1,20}))?S)?)?",
    re.ASCII,
)


# -- canonical forms -------------------------------------------------------------------------------------------------


def day_number(year: int, month: int, day: int) -> int:
    """The number of a day in the proleptic Gregorian calendar; 1 is 0001-01-01."""
    shifted = year - (month <= 2)
    era, of_era = divmod(shifted, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 305


def civil(number: int) -> tuple[int, int, int]:
    """Year, month and day of a day number."""
    era, of_era = divmod(number + 305, 146_097)
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return year + era * 400 + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1


def month_length(year: int, month: int) -> int:
    """How many days a month has."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def parts(value: AnyDate | AnyDateTime) -> tuple[int, int, int]:
    """Year, month and day of a date or date and time."""
    if isinstance(value, WideDateTime):
        return civil(value.day)
    return value.year, value.month, value.day


def number_of(value: AnyDate | AnyDateTime) -> int:
    """The day number of a date or date and time."""
    if isinstance(value, dt.date):
        return value.toordinal()
    return value.day if isinstance(value, WideDateTime) else day_number(value.year, value.month, value.day)


def nanoseconds_of(value: AnyTime | AnyDateTime) -> int:
    """The time of day in nanoseconds since midnight, as its clock shows it."""
    if isinstance(value, WideTime | WideDateTime):
        return value.nanoseconds
    return (value.hour * 3600 + value.minute * 60 + value.second) * SECOND + value.microsecond * 1000


def nanoseconds_in(value: AnyDuration) -> int:
    """The length of a days and time duration."""
    if isinstance(value, WideDuration):
        return value.nanoseconds
    return (value.days * 86_400 + value.seconds) * SECOND + value.microseconds * 1000


def offset_of(value: AnyTime | AnyDateTime) -> int | None:
    """The offset from UTC in seconds; None for a local value, and for a time in a zone, which has none of its own."""
    if value.tzinfo is None:
        return None
    if isinstance(value, WideDateTime):
        year, month, day = civil(value.day)
        near = 1 if year < 1 else 9600 + year % 400 if year > 9999 else year
        hour, rest = divmod(value.nanoseconds, HOUR)
        moment = dt.datetime(near, month, min(day, month_length(near, month)), hour, rest // MINUTE)
        offset = value.tzinfo.utcoffset(moment.replace(tzinfo=value.tzinfo))
    elif isinstance(value, WideTime):
        offset = value.tzinfo.utcoffset(None)
    else:
        offset = value.utcoffset()
    return None if offset is None else round(offset.total_seconds())


def date(year: int, month: int, day: int) -> AnyDate | None:
    """The date of these parts, if there is one."""
    if not (1 <= month <= 12 and abs(year) <= limits.YEAR and 1 <= day <= month_length(year, month)):
        return None
    return dt.date(year, month, day) if 1 <= year <= 9999 else WideDate(year, month, day)


def date_of(number: int) -> AnyDate | None:
    """The date of a day number."""
    if 1 <= number <= 3_652_059:
        return dt.date.fromordinal(number)
    return date(*civil(number)) if abs(number) < LARGEST_DAY else None


def time_of(nanoseconds: int, zone: dt.tzinfo | None) -> AnyTime:
    """The time of day, modulo a day."""
    nanoseconds %= DAY
    if nanoseconds % 1000:
        return WideTime(nanoseconds, zone)
    seconds, fraction = divmod(nanoseconds, SECOND)
    return dt.time(seconds // 3600, seconds // 60 % 60, seconds % 60, fraction // 1000, tzinfo=zone)


def date_time_of(day: int, nanoseconds: int, zone: dt.tzinfo | None) -> AnyDateTime | None:
    """The date and time so many nanoseconds after the midnight that began a day; they may be more than a day."""
    more, nanoseconds = divmod(nanoseconds, DAY)
    day += more
    if 1 <= day <= 3_652_059 and not nanoseconds % 1000:
        return dt.datetime.combine(dt.date.fromordinal(day), time_of(nanoseconds, zone))  # type: ignore[arg-type]
    return WideDateTime(day, nanoseconds, zone) if date_of(day) is not None else None


def duration_of(nanoseconds: int) -> AnyDuration:
    """The days and time duration of this length."""
    if nanoseconds % 1000 or abs(nanoseconds) >= 999_999_999 * DAY:
        return WideDuration(nanoseconds)
    return dt.timedelta(microseconds=nanoseconds // 1000)


def instant(value: AnyDate | AnyDateTime) -> tuple[int, int | None]:
    """Nanoseconds since the epoch as the clock shows it, and the offset; a date is midnight UTC, says the standard."""
    if isinstance(value, dt.datetime | WideDateTime):
        return number_of(value) * DAY + nanoseconds_of(value), offset_of(value)
    return number_of(value) * DAY, 0


# -- reading ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def zone_named(name: str) -> dt.tzinfo | None:
    """The zone of `Z`, `+08:00` or `Asia/Shanghai`; None if there is no such zone."""
    if name in ("Z", "z"):
        return dt.UTC
    if name[0] in "+-":
        hours, minutes, *rest = name[1:].split(":")
        seconds = int(hours) * 3600 + int(minutes) * 60 + (int(rest[0]) if rest else 0)
        if seconds > LONGEST_OFFSET or int(minutes) > 59 or (rest and int(rest[0]) > 59):
            return None
        return offset_zone(-seconds if name[0] == "-" else seconds)
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # KeyError: no such zone; OSError: the name of a folder of zones
        return None


def offset_zone(seconds: int) -> dt.tzinfo:
    """The zone with a fixed offset from UTC."""
    return dt.timezone(dt.timedelta(seconds=seconds)) if seconds else dt.UTC


def read_date(text: str) -> AnyDate | None:
    """The date written as `2024-05-01`."""
    found = _DATE.fullmatch(text)
    if not found:
        return None
    sign, year, month, day = found.groups()
    return date(-int(year) if sign else int(year), int(month), int(day))


def read_time(text: str) -> AnyTime | None:
    """The time written as `08:30:00`, with fraction, offset or `@zone` where wanted."""
    found = _clock(text)
    return None if found is None else time_of(*found)


def _clock(text: str) -> tuple[int, dt.tzinfo | None] | None:
    found = _TIME.fullmatch(text)
    if not found:
        return None
    hour, minute, second, fraction, zone_text = found.groups()
    nanoseconds = int(hour) * HOUR + int(minute) * MINUTE + int(second) * SECOND
    nanoseconds += int((fraction or "0")[:9].ljust(9, "0"))
    if int(minute) > 59 or int(second) > 59 or nanoseconds > DAY:  # 24:00:00 is the midnight that ends the day
        return None
    zone = zone_named(zone_text.lstrip("@")) if zone_text else None
    return None if zone_text and zone is None else (nanoseconds, zone)


def read_date_time(text: str) -> AnyDateTime | None:
    """The date and time written as `2024-05-01T08:30:00`; without a time it is midnight."""
    day_text, separator, time_text = text.partition("T")
    if not separator and (found := _ZONED_DATE.fullmatch(text)):
        day_text, separator, time_text = found[1], "T", f"00:00:00{found[2]}"
    day = read_date(day_text)
    clock = _clock(time_text) if separator else (0, None)
    if day is None or clock is None:
        return None
    return date_time_of(number_of(day), *clock)


def read_duration(text: str) -> AnyDuration | Months | None:
    """The duration written as `P1DT2H` or `P1Y2M`."""
    found = _MONTHS.fullmatch(text)
    if found:
        sign, years, months = found.groups(default="0")
        total = int(years) * 12 + int(months)
        return Months(-total if sign == "-" else total)
    found = _DAYS.fullmatch(text)
    if not found:
        return None
    sign, days, hours, minutes, seconds, fraction = found.groups(default="0")
    total = int(days) * DAY + int(hours) * HOUR + int(minutes) * MINUTE + int(seconds) * SECOND
    total += int(fraction[:9].ljust(9, "0"))
    return duration_of(-total if sign == "-" else total)


def read_at(text: str) -> AnyDate | AnyTime | AnyDateTime | AnyDuration | Months | None:
    """What @"text" means."""
    found: AnyDate | AnyTime | AnyDateTime | AnyDuration | Months | None = read_date(text)
    if found is None:
        found = read_duration(text)
    if found is None:
        found = read_date_time(text) if "T" in text else read_time(text)
    return found


# -- writing ---------------------------------------------------------------------------------------------------------


def write_date(value: AnyDate) -> str:
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def write_time(value: AnyTime | AnyDateTime) -> str:
    """The clock part, with fraction and zone."""
    seconds, fraction = divmod(nanoseconds_of(value), SECOND)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if fraction:
        text += f".{fraction:09d}".rstrip("0")
    return text + _write_zone(value)


def _write_zone(value: AnyTime | AnyDateTime) -> str:
    if isinstance(value.tzinfo, ZoneInfo):
        return f"@{value.tzinfo.key}"
    offset = offset_of(value)
    if offset is None:
        return ""
    if offset == 0:
        return "Z"
    sign, offset = ("-" if offset < 0 else "+"), abs(offset)
    text = f"{sign}{offset // 3600:02d}:{offset // 60 % 60:02d}"
    return f"{text}:{offset % 60:02d}" if offset % 60 else text


def write_date_time(value: AnyDateTime) -> str:
    return f"{write_date(date_of(number_of(value)))}T{write_time(value)}"  # type: ignore[arg-type]


def write_duration(value: AnyDuration) -> str:
    total = nanoseconds_in(value)
    sign, total = ("-" if total < 0 else ""), abs(total)
    days, total = divmod(total, DAY)
    hours, total = divmod(total, HOUR)
    minutes, total = divmod(total, MINUTE)
    seconds, fraction = divmod(total, SECOND)
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if seconds or fraction:
        clock += f"{seconds}{f'.{fraction:09d}'.rstrip('0') if fraction else ''}S"
    if not days and not clock:
        return "PT0S"
    return f"{sign}P{f'{days}D' if days else ''}{f'T{clock}' if clock else ''}"


# -- calculating -----------------------------------------------------------------------------------------------------


def add_months(value: AnyDate | AnyDateTime, months: int) -> AnyDate | AnyDateTime | None:
    """So many calendar months later; a day the month does not have becomes its last day."""
    year, month, day = parts(value)
    more, month = divmod(month - 1 + months, 12)
    year, month = year + more, month + 1
    if abs(year) > limits.YEAR:
        return None
    moved = date(year, month, min(day, month_length(year, month)))
    if moved is None or not isinstance(value, dt.datetime | WideDateTime):
        return moved
    return date_time_of(number_of(moved), nanoseconds_of(value), value.tzinfo)


def add_duration(value: AnyDate | AnyDateTime, nanoseconds: int) -> AnyDate | AnyDateTime | None:
    """So much later; a date counts from its midnight and stays a date."""
    if abs(nanoseconds) > LARGEST_DAY * DAY:
        return None
    if isinstance(value, dt.datetime | WideDateTime):
        return date_time_of(number_of(value), nanoseconds_of(value) + nanoseconds, value.tzinfo)
    return date_of(number_of(value) + nanoseconds // DAY)


def months_between(start: AnyDate | AnyDateTime, end: AnyDate | AnyDateTime) -> Months:
    """The completed months from one day to another; negative when the end comes first."""
    if instant(end)[0] < instant(start)[0]:
        return Months(-months_between(end, start).months)
    (year, month, day), (last_year, last_month, last_day) = parts(start), parts(end)
    total = (last_year - year) * 12 + last_month - month
    clock, last_clock = (instant(value)[0] % DAY for value in (start, end))
    return Months(total - ((last_day, last_clock) < (day, clock)))


def whole_seconds(value: Decimal) -> int:
    """A number of seconds as nanoseconds."""
    return int(value * SECOND)
