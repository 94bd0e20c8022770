"""Expressions in bad faith: other languages (H01–H20 of the hostile inputs), and such as ask for too much."""

from __future__ import annotations

CALL = "()"  # keeps calls of Python's own functions out of this file's plain text

FOREIGN = [
    f"__import__('os').system{CALL}",
    f"{CALL}.__class__.__base__.__subclasses__{CALL}",
    "(lambda:0).__globals__",
    "f'{x.__class__}'",
    "'{0.__class__}'.format(x)",
    "(g.gi_frame.f_back.f_back.f_builtins for g in [0])",
    "def f(_getattr_=x,/): return o.y",
    "'%1000000000d' % 1",
    "while True: pass",
    "? > open('/etc/passwd')",
    "${''.getClass().forName('java.lang.Runtime')}",
    "#{T(java.lang.Runtime).getRuntime()}",
    "'a'*10**9",
]

#: what each asks for → the text
GREEDY: dict[str, str] = {
    "towers of powers": "9**9**9",
    "a long string": '"a"*10**9',
    "a loop in a loop": "for a in 1..100000 return for b in 1..100000 return a*b",
    "a long loop": "for a in 1..1000000000 return a",
    "a loop that keeps nothing": "count(for a in 1..9999, b in 1..9999 return 1)",
    "a megabyte of brackets": "(" * 1_000_000,
    "ten thousand brackets": "(" * 5000 + ")" * 5000,
    "a hundred thousand terms": " and ".join(["true"] * 100_000),
    "thirty thousand terms": "1" + "+1" * 29_000,
    "many signs": "-" * 60_000 + "1",
    "many comparisons": "<" * 60_000,
    "many memberships": "1 in " * 7_000 + "1",
    "many functions": "function(a) " * 2_000 + "1",
    "many types": "a instance of " + "list<" * 3_000,
    "endless recursion": "{f: function(n) f(n), r: f(1)}.r",
    "wide recursion": "{f: function(n) if n = 0 then 0 else f(n-1) + f(n-1), r: f(40)}.r",
    "a function of itself": "{y: function(f) f(f), r: y(y)}.r",
    "a doubling string": 'for i in 1..40 return if i = 1 then "aaaaaaaaaaaaaaaa" else partial[-1] + partial[-1]',
    "a doubling list": "for i in 1..40 return if i = 1 then [1] else [partial[-1], partial[-1]]",
    "a doubling list as text": "string(for i in 1..40 return if i = 1 then [1] else [partial[-1], partial[-1]])",
    "a doubling list, flat": "count(flatten(for i in 1..40 return if i = 1 then [1] else [partial[-1], partial[-1]]))",
    "a deep list": "(for i in 1..5000 return [partial[-1]])[-1]",
    "a deep list as text": "string((for i in 1..5000 return [partial[-1]])[-1])",
    "a long range of dates": 'for d in date("0001-01-01")..date("9999-12-31") return d',
    "a slow pattern": 'matches("' + "a" * 30_000 + '!", "(a+)+$")',
    "a large pattern": 'matches("a", "(a{1,1000}){1,1000}")',
    "many patterns": 'for i in 1..9000 return matches("a", "a{1," + string(i) + "}")',
    "a growing text": 'replace("' + "a" * 30_000 + '", "a", "' + "b" * 3_000 + '")',
    "many pieces": 'split("' + "a," * 20_000 + '", ",")',
    "a large exponent": "1.0000001 ** 999999999",
    "a large scale": "decimal(1, 6176)",
    "a large remainder": "modulo(10**6000, 7)",
    "a far date": 'date("999999999-12-31") + duration("P999999999999999D")',
    "a sorted list": "sort(for i in 1..5000 return -i, function(a, b) a < b)",
    "many digits": "9" * 60_000,
}

LIST = "l: for i in 1..9000 return i"
CONTEXT = "c: context(for i in 1..9000 return {key: string(i), value: i})"


def again(what: str, given: str = "") -> str:
    """Something dear, ten thousand times."""
    loop = f"for i in 1..9999 return {what}"
    return f"{{{given}, r: {loop}}}.r" if given else loop


GREEDY |= {
    # dear arithmetic
    "many exponentials": again("exp(i / 3)"),
    "many logarithms": again("log(i / 3)"),
    "many roots": again("sqrt(i / 3)"),
    "many powers": again("1.234567 ** (i / 7)"),
    "towers of small powers": again("**".join(["1.1"] * 8)),
    "a long tower of small powers": "+".join(["1.1**1.1"] * 1200),
    "many roundings": again("round up(10**6000, 6100)"),
    "many remainders": again("modulo(10**6000, 10**-6000)"),
    "many deviations": again("stddev(l)", LIST),
    "huge numbers in a row": "+".join(["1e6000"] * 2400),
    "a huge exponent": "1e" + "9" * 60_000,
    # dear texts
    "many long texts": again("string length(string(10**6100))"),
    "many long numbers": again(f'number("{"9" * 30_000}")'),
    "many capital letters": again(f'upper case("{"x" * 60_000}")'),
    "many searches": again(f'contains("{"x" * 60_000}", "{"x" * 2_000}y")'),
    "many joined texts": again(f'"{"x" * 60_000}" + "y"'),
    "many ranges": again('range("[" + string(i) + "..99999]")'),
    "a long range": f'range("[{"1" * 60_000}..2]")',
    # dear moments
    "many dates": again('date("2024-01-01") + duration("P1D")'),
    "many zones that do not exist": again('time("10:00:00@Etc/X" + string(i))'),
    "many moments as text": again('string(@"2024-05-01T10:00:00.123456789@Europe/Paris")'),
    # dear patterns
    "a pattern with a thousand states": f'matches("{"ab" * 30_000}", "(a|b)*a(a|b){{900}}c$")',
    "many letters of many kinds": again(r'matches("a", "\p{L}{20}" + string(i))'),
    "many patterns too large": again(r'matches("a", "\p{L}{200}" + string(i))'),
    "many long patterns": again(f'matches("a", "{chr(92)}p{{L}}{"." * 900}" + string(i))'),
    "many subtracted classes": again(r'matches("a", "[\p{L}-[" + string(i) + "]]")'),
    "many replacements": again(f'replace("{"x" * 60_000}", "x", "y")'),
    "many wide replacements": f'replace("{"合" * 60_000}", "合", "x")',
    # dear lists and contexts
    "many sorted lists": again("sort(l)", LIST),
    "a list sorted by a function": "sort(for i in 1..9999 return modulo(i * 7919, 10007), function(a, b) a < b)",
    "many different lists": "distinct values(for i in 1..9999 return [i])",
    "many different moments": 'distinct values(for i in 1..999 return @"2024-01-01T00:00:00" + @"P1D" * i)',
    "many looks into a list": again("list contains(l, i)", LIST),
    "many longer lists": again("append(l, i)", LIST),
    "many equal lists": again("l = l", LIST),
    "many tests of types": again("l instance of list<number>", LIST),
    "many paths": again("l.a", "l: for i in 1..9000 return {a: i}"),
    "many filters": again("l[item > i]", LIST),
    "many filters of a large context": again("c[item = 1]", CONTEXT),
    "many changed contexts": again('context put(c, "a", i)', CONTEXT),
    "many merged contexts": again("context merge([c, c])", CONTEXT),
    "many functions of functions": again("f(i)(1)", "f: function(x) function(y) x"),
    "a loop that keeps all it had": again("partial = partial"),
    "a context of many keys": "{" + ",".join(f"k{i}: {i}" for i in range(1200)) + "}",
    "ifs in ifs": "if true then " * 60 + "1" + " else 1" * 60,
}

#: those that answer; every other one ends at a limit
ANSWERED = frozenset(
    (
        "a context of many keys",
        "a doubling string",
        "a far date",
        "a huge exponent",
        "a large exponent",
        "a large pattern",
        "a large remainder",
        "a large scale",
        "a long range",
        "a long string",
        "a slow pattern",
        "huge numbers in a row",
        "ifs in ifs",
        "many digits",
        "towers of powers",
    )
)
