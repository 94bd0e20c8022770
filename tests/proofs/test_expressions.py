"""Proof: whatever is written as an expression ends in a value, null or our own error, and soon.

    python3 run proof expressions            20,000 texts
    python3 run proof expressions --long     1,000,000 texts

Half of the texts are words of the language in any order, half are expressions that mean something, damaged in one to
three places. A seed makes the same texts everywhere.
"""

from __future__ import annotations

import random
import time

from workflow_runtime import feel
from workflow_runtime.feel.builtins import BUILTINS

SOUND = [
    'amount > 100000 and city = "江川" and days <= 5',
    "for i in 0..4 return if i = 0 then 1 else i * partial[-1]",
    "[{x: 1, y: 2}, {x: 2, y: 3}][x = 1].y",
    'replace("abcd", "(ab)|(a)", "[1=$1][2=$2]")',
    "{f: function(n) if n = 0 then 1 else n * f(n - 1), r: f(5)}.r",
    'some x in ["a", "b"] satisfies matches(x, "[a-z]+") and string length(x) = 1',
    '@"2024-05-01T08:00:00@Asia/Shanghai" - duration("P1DT2H") < date and time("2024-05-01T00:00:00Z")',
    "sort([3, 1, 2], function(a, b) a < b)[1] in (1..3]",
    "5 between 1 and 10 or not(null in [1, 2])",
    'context put({a: {b: 1}}, ["a", "b"], 2).a.b instance of number',
    "decimal(sum([1.5, 2.25]) / count([1, 2]), 2) ** 2",
    "overlaps before([1..5), (1..5]) = true",
]
WORDS = [
    *"+-*/=<>()[]{},:.?@（“",
    *(
        "**",
        "..",
        "<=",
        "!=",
        "->",
        "and",
        "or",
        "between",
        "in",
        "if",
        "then",
        "else",
        "for",
        "return",
        "some",
        "every",
    ),
    *("satisfies", "true", "false", "null", "function", "instance of", "external", "amount", "city", "item", "partial"),
    *("list<", "number", "1", "2.5", "-3", '"x"', '"(a"', '@"2024-05-01"', '@"P1Y"', '@"PT1H"', "[1,2]", "{a: 1}"),
    *(
        "1..3",
        "for x in",
        "return x",
        "function(x) x",
        "1000000",
        "10**600",
        "[1..5]",
        *(f"{name}(" for name in BUILTINS),
    ),
]


def damaged(chance: random.Random) -> str:
    if chance.random() < 0.5:
        return " ".join(chance.choice(WORDS) for _ in range(chance.randint(1, 16)))
    text = chance.choice(SOUND)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(text) + 1)
        text = text[:at] + chance.choice([*WORDS, "", ""]) + text[at + chance.randint(0, 3) :]
    return text


def test_any_text_ends_soon_in_a_value_null_or_our_error(long: bool) -> None:
    chance, slowest, slowest_text, refused = random.Random(20240501), 0.0, "", 0
    count = 1_000_000 if long else 20_000

    for _ in range(count):
        text = damaged(chance)
        began = time.process_time()
        try:
            feel.evaluate(text, {"amount": 250000, "city": "江川", "a-b": [1, {"x": 2}]})
        except feel.FeelError as error:
            refused += 1
            assert error.explain("zh")
        spent = time.process_time() - began
        if spent > slowest:
            slowest, slowest_text = spent, text

    print(f"\n{count} texts, {refused} refused, the slowest took {slowest * 1000:.1f} ms: {slowest_text[:80]}")
    assert slowest < 1, "50 ms on a quiet machine"
