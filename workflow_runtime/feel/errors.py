"""What can be wrong with an expression, and how that is said in Chinese and in English.

FeelError is the only error this package raises on purpose. It carries a code, the position, and the facts; the
sentence is built from them when somebody asks for it in a language, so one error reads the same on the command line,
in a lint report and in an editor.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

#: code → (Chinese, English). `{text}` and the like are filled from the facts of the error.
MESSAGES: dict[str, tuple[str, str]] = {
    "expected": ("此处应为{expected_zh}，实际是{found_zh}", "expected {expected}, found {found}"),
    "unknown-character": ("不认识的字符“{found}”", "unknown character “{found}”"),
    "full-width": ("“{found}”是全角字符，请改用半角“{ascii}”", "“{found}” is a full-width character; write “{ascii}”"),
    "open-string": ("字符串缺少结束的双引号", "the string has no closing quotation mark"),
    "open-comment": ("注释缺少结束的 */", "the comment has no closing */"),
    "bad-at-literal": (
        "“{found}”不是日期、时间、日期时间或期限",
        "“{found}” is not a date, a time, a date and time, or a duration",
    ),
    "duplicate-key": ("键“{found}”在同一上下文中出现两次", "the key “{found}” appears twice in one context"),
    "too-long": (
        "表达式过长：{found} 字符，上限 {limit}",
        "the expression is too long: {found} characters, at most {limit}",
    ),
    "too-many-words": (
        "表达式过长，上限 {limit} 个词",
        "the expression is too long, at most {limit} words and symbols",
    ),
    "too-deep": ("表达式嵌套过深，上限 {limit} 层", "the expression is nested too deeply, at most {limit} levels"),
    "too-many-operations": ("计算量超过上限（{limit} 步）", "the evaluation takes more than {limit} steps"),
    "too-many-calls": (
        "函数调用嵌套过深，上限 {limit} 层",
        "function calls are nested too deeply, at most {limit} levels",
    ),
    "list-too-long": ("列表过长，上限 {limit} 项", "the list is too long, at most {limit} items"),
    "string-too-long": ("字符串过长，上限 {limit} 字符", "the string is too long, at most {limit} characters"),
    "value-too-large": ("结果过大，上限 {limit} 个值", "the result is too large, at most {limit} values"),
    "value-too-deep": ("结果嵌套过深，上限 {limit} 层", "the result is nested too deeply, at most {limit} levels"),
    "bad-value": (
        "值“{name}”的类型 {found} 不能用于表达式",
        "the value of “{name}” has type {found}, which expressions do not know",
    ),
    "unknown-name": ("没有名为“{name}”的数据", "there is nothing named “{name}”"),
    "unknown-function": ("没有名为“{name}”的函数", "there is no function named “{name}”"),
    "unknown-member": ("“{owner}”中没有“{name}”", "“{owner}” has no “{name}”"),
    "unknown-type": ("没有名为“{name}”的类型", "there is no type named “{name}”"),
    "incomparable": (
        "{left_zh}不能与{right_zh}比较，结果总是空",
        "a {left} cannot be compared with a {right}; the result is always null",
    ),
    "no-arithmetic": (
        "{left_zh}与{right_zh}不能做“{operator}”运算，结果总是空",
        "“{operator}” is not defined for a {left} and a {right}; the result is always null",
    ),
    "not-a-condition": ("此处应为是非值，实际是{found_zh}", "a boolean is wanted here, this is a {found}"),
    "wrong-type": ("此处应为{wanted_zh}，实际是{found_zh}", "a {wanted} is wanted here, this is a {found}"),
    "not-a-function": ("“{name}”不是函数", "“{name}” is not a function"),
    "wrong-arguments": ("函数“{name}”的参数不符：{signatures}", "the arguments do not fit “{name}”: {signatures}"),
    "not-allowed-value": (
        "“{found}”不在允许的取值中：{allowed}",
        "“{found}” is not one of the allowed values: {allowed}",
    ),
    "other-language": (
        "此处只接受 FEEL 表达式，“{found}”不是 FEEL",
        "only FEEL expressions are accepted here; “{found}” is not FEEL",
    ),
}

#: full-width characters that owners type by mistake → what was meant.
FULL_WIDTH = dict(zip("，（）＝＞＜＋－＊／：；［］｛｝“”‘’。．！", ",()=><+-*/:;[]{}\"\"''..!", strict=True))

SUGGESTION = ("，是否想写“{suggestion}”？", "; did you mean “{suggestion}”?")


def sentence(code: str, facts: dict[str, Any], language: str) -> str:
    """The message of `code` with its facts, in `zh` or `en`."""
    zh, en = MESSAGES[code]
    text = (zh if language == "zh" else en).format(**facts)
    if facts.get("suggestion"):
        text += (SUGGESTION[0] if language == "zh" else SUGGESTION[1]).format(**facts)
    return text


def place(text: str, position: int) -> tuple[int, int]:
    """Line and column of a character position, both counted from 1."""
    before = text[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1


SHOWN = 70  #: columns of a line that is shown with its fragment underlined


def underlined(text: str, start: int, end: int) -> str:
    """The line of `text` that holds `start`, and below it signs under the fragment; wide characters count double.

    Of a long line the part around the fragment, with … where something is missing. What does not print is a blank.
    """
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", start)
    shown = text[first : last if last >= 0 else None]
    line = "".join(one if one.isprintable() else " " for one in shown)
    offset, end = start - first, max(min(end - first, len(line)), start - first + 1)
    left = right = offset
    while _columns(line[left:right]) < SHOWN - 2 and (left > 0 or right < len(line)):
        left, right = max(left - (right - offset >= 24 or right >= len(line)), 0), min(right + 1, len(line))
    cut = line[left:right]
    before = _columns(line[left:offset]) + (left > 0)
    signs = "^" + "~" * (_columns(line[offset : min(end, right)]) - 1)
    return f"{'…' * (left > 0)}{cut}{'…' * (right < len(line))}\n{' ' * before}{signs}"


def _columns(text: str) -> int:
    return sum(map(_width, text))


def _width(character: str) -> int:
    """The columns of a character on a terminal."""
    if character < "\u0300":
        return 1
    from unicodedata import combining, east_asian_width  # only errors need it

    return 0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1


class Told:
    """Something that is wrong at a place of a text, told in Chinese and English: `code`, `facts`, `start`, `end`."""

    __slots__ = ()

    code: str
    text: str
    start: int
    end: int
    facts: dict[str, Any]

    @property
    def line(self) -> int:
        """Line of the fragment, from 1."""
        return place(self.text, self.start)[0]

    @property
    def column(self) -> int:
        """Column of the fragment, from 1."""
        return place(self.text, self.start)[1]

    def message(self, language: str = "zh") -> str:
        """What is wrong, in `zh` or `en`, without the place."""
        return sentence(self.code, self.facts, language)

    def underlined(self) -> str:
        """The fragment in its line, underlined: two lines for a terminal or any fixed-width font."""
        return underlined(self.text, self.start, self.end)

    def explain(self, language: str = "zh") -> str:
        """Place, message and the underlined fragment: the whole answer for a terminal."""
        at = (
            f"第 {self.line} 行第 {self.column} 列："
            if language == "zh"
            else f"line {self.line}, column {self.column}: "
        )
        return f"{at}{self.message(language)}\n{self.underlined()}"

    def __str__(self) -> str:
        return f"{self.message('zh')} / {self.message('en')} ({self.line}:{self.column})"


@dataclass(eq=False)
class FeelError(Told, Exception):
    """The expression cannot be read, or its evaluation reached a limit.

    `start` is the character (from 0) where it went wrong, `end` the character behind the fragment.
    """

    code: str
    text: str
    start: int
    end: int
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def position(self) -> int:
        """The character (from 0) where it went wrong."""
        return self.start
