"""How values are written in a document: dates, times, money, numbers kept half hidden.

Chinese as official papers write it: full dates without leading zeros, amounts also in capital numerals.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

#: Official time on the mainland; it has had no summer time since 1991.
BEIJING = timezone(timedelta(hours=8), "CST")

_MONTHS = ("January February March April May June July August September October November December").split()
_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")


def local(moment: datetime) -> datetime:
    """A moment on the clock of the office; a naive one is taken to be on it already."""
    return moment.replace(tzinfo=BEIJING) if moment.tzinfo is None else moment.astimezone(BEIJING)


def day(value: date, *, language: str = "zh") -> str:
    """2024年9月1日, or 1 September 2024."""
    if isinstance(value, datetime):
        value = local(value).date()
    if language == "en":
        return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"
    return f"{value.year}年{value.month}月{value.day}日"


def month(value: date, *, language: str = "zh") -> str:
    """2024年9月, or September 2024."""
    if language == "en":
        return f"{_MONTHS[value.month - 1]} {value.year}"
    return f"{value.year}年{value.month}月"


def next_month(value: date) -> date:
    """The first day of the month after."""
    return date(value.year + value.month // 12, value.month % 12 + 1, 1)


def moment(value: datetime, *, language: str = "zh") -> str:
    """2024年9月1日10时05分, or 1 September 2024, 10:05."""
    value = local(value)
    if language == "en":
        return f"{day(value, language='en')}, {value:%H:%M}"
    return f"{day(value)}{value.hour}时{value.minute:02d}分"


def age(born: date, on: date, *, language: str = "zh") -> str:
    """Completed years of age on a day: 7周岁, 不满1周岁."""
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    if language == "en":
        return str(years) if years else "under 1"
    return f"{years}周岁" if years else "不满1周岁"


def money(value: Decimal) -> str:
    """1,234.50: two decimals, never rounded silently beyond the cent."""
    return f"{value.quantize(Decimal('0.01'), rounding=ROUND_HALF_UP):,.2f}"


def capital(value: Decimal) -> str:
    """壹仟贰佰叁拾肆元伍角整: an amount that a pen cannot change."""
    cents = int((abs(value) * 100).to_integral_value(rounding=ROUND_HALF_UP))
    if cents >= 10**18:
        raise ValueError("amount is too large to be written in capitals")
    yuan, rest = divmod(cents, 100)
    jiao, fen = divmod(rest, 10)
    text = "负" if value < 0 and cents else ""
    if yuan or not rest:
        text += (_whole(yuan) or "零") + "元"
    if not rest:
        return text + "整"
    if jiao:
        text += _DIGITS[jiao] + "角"
    elif yuan:
        text += "零"
    return text + (_DIGITS[fen] + "分" if fen else "整")


def _whole(number: int) -> str:
    parts: list[str] = []
    group = 0
    while number:
        number, four = divmod(number, 10_000)
        if four:
            part = _four(four) + _GROUPS[group]
            if number and four < 1000:
                part = "零" + part
            parts.append(part)
        elif parts and not parts[-1].startswith("零"):
            parts.append("零")
        group += 1
    return "".join(reversed(parts))


def _four(number: int) -> str:
    text = ""
    gap = False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            text += ("零" if gap and text else "") + _DIGITS[digit] + _PLACES[place]
            gap = False
        else:
            gap = True
    return text


def phrase(value: str) -> str:
    """A text to stand within a sentence: without the stop its writer may have set."""
    return value.rstrip().rstrip("。；，、.;,").rstrip()


def sentence(value: str, *, language: str = "zh") -> str:
    """A text to stand alone: with a stop, whether or not its writer set one."""
    text = value.rstrip()
    return (
        text
        if text.endswith(("。", "！", "？", "”", ".", "!", "?", "；"))
        else text + (". " if language == "en" else "。")
    )


def masked(value: str) -> str:
    """The last four characters of a number; how long it is stays hidden too."""
    return "****" + value[-4:] if len(value) > 4 else value
