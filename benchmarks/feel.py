"""What an expression and a decision table cost, beside the script engine that the library brings along.

    python3 -m benchmarks.feel

Prints CPU times: importing the language in a fresh process, reading a line, evaluating it (compiled, and by its text
from the cache), the same question to SpiffWorkflow's default engine (which evaluates Python), tables of 100 rules, the
analysis of a large table, and how long the greediest expressions take until they are answered or stopped.
Budget: evaluation ≤ 3 µs and five times faster than the default engine, reading ≤ 1 ms, import ≤ 100 ms, a table
≤ 200 µs, the analysis of 12 inputs × 500 rules ≤ 2 s, every limit ≤ 50 ms.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from typing import Any

import simpleeval

from tests.unit.greedy_expressions import FOREIGN, GREEDY
from workflow_runtime import decisions, feel
from workflow_runtime.feel import expression, lexer, names, parser, regex
from workflow_runtime.feel.expression import Expression

LINE = 'amount > 100000 and city = "江川" and days <= 5'
PYTHON = 'amount > 100000 and city == "江川" and days <= 5'
CONTEXT: dict[str, Any] = {"amount": 250000, "city": "江川", "days": 3}
EXACT: dict[str, Any] = {"amount": Decimal(250000), "city": "江川", "days": Decimal(3)}

DMN = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def microseconds(call: Callable[[], object], times: int, rounds: int = 5) -> float:
    """The least CPU time of one call, over some rounds."""
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        for _ in range(times):
            call()
        best = min(best, time.process_time() - began)
    return best / times * 1e6


def default_engine() -> Callable[[], object]:
    """The line as SpiffWorkflow's own script engine evaluates it."""
    from SpiffWorkflow.bpmn.script_engine import TaskDataEnvironment

    environment = TaskDataEnvironment()
    return lambda: environment.evaluate(PYTHON, dict(CONTEXT))


def by_simpleeval() -> Callable[[], object]:
    """The line in simpleeval, parsed before."""
    evaluator = simpleeval.SimpleEval(names=CONTEXT)
    tree = evaluator.parse(PYTHON)
    return lambda: evaluator.eval(PYTHON, previously_parsed=tree)


def table(rules: list[str]) -> decisions.Model:
    """A table over the three inputs of the line; each rule is written `test; test; test; output`."""
    inputs = "".join(f"<input><inputExpression><text>{name}</text></inputExpression></input>" for name in CONTEXT)
    rows = []
    for rule in rules:
        *tests, output = (part.strip().replace("<", "&lt;") for part in rule.split(";"))
        cells = "".join(f"<inputEntry><text>{test}</text></inputEntry>" for test in tests)
        rows.append(f"<rule>{cells}<outputEntry><text>{output}</text></outputEntry></rule>")
    return model(f'<decisionTable hitPolicy="UNIQUE">{inputs}<output name="out"/>{"".join(rows)}</decisionTable>')


def model(logic: str) -> decisions.Model:
    """The decision `d` with this logic, as a file holds it."""
    decision = f'<decision id="d" name="d">{logic}</decision>'
    text = f'<definitions xmlns="{DMN}" namespace="b" name="b" id="b">{decision}</definitions>'
    return decisions.read(text.encode())


def import_time() -> float:
    """CPU milliseconds to import the language in a fresh process, with the bytecode that an installation has."""
    load = "import workflow_runtime.feel as feel; feel.evaluate; feel.check"  # names are loaded when they are used
    code = f"import time; b = time.process_time(); {load}; print(time.process_time() - b)"
    with tempfile.TemporaryDirectory() as kept:
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": kept}
        runs = [
            subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment).stdout
            for _ in range(6)
        ]
    return min(map(float, runs)) * 1000


def greediest(texts: Iterable[tuple[str, str]]) -> list[tuple[float, str, str]]:
    """CPU milliseconds until each text is answered or stopped at a limit, read afresh; the longest first."""
    taken = []
    for name, text in texts:
        best, end = float("inf"), ""
        for _ in range(3):
            forget()
            began = time.process_time()
            end = ended(text)
            best = min(best, time.process_time() - began)
        taken.append((best * 1000, name, end))
    return sorted(taken, reverse=True)


def ended(text: str) -> str:
    try:
        feel.evaluate(text, {"x": 1})
    except feel.FeelError as error:
        return error.code
    return "answered"


def forget() -> None:
    """Empty every cache of the language, so that a text is read as if for the first time."""
    for cached in (lexer.tokens, parser.parse, parser.needs_names, names.is_plain, names.words):
        cached.cache_clear()
    expression._expression.cache_clear()
    expression._by_text.clear()
    regex._compiled.clear()


def large_table() -> decisions.Model:
    """A table of 12 inputs and 500 rules whose cells are drawn by lot, so that most rules overlap."""
    chance = random.Random(4)
    inputs = "".join(f"<input><inputExpression><text>n{at}</text></inputExpression></input>" for at in range(12))
    tests = ("-", "&lt; 5", "[3..8]", "> 9", "7")
    cells = "".join(
        f"<rule>{''.join(f'<inputEntry><text>{chance.choice(tests)}</text></inputEntry>' for _ in range(12))}"
        f"<outputEntry><text>{rule}</text></outputEntry></rule>"
        for rule in range(500)
    )
    return model(f'<decisionTable hitPolicy="UNIQUE">{inputs}<output name="out"/>{cells}</decisionTable>')


def report(label: str, value: float, unit: str, budget: float | None = None) -> None:
    judged = "" if budget is None else f"   budget {budget:g} {unit}: {'kept' if value <= budget else 'MISSED'}"
    print(f"{label:<58}{value:>10.2f} {unit}{judged}")


def main() -> None:
    """Print every figure."""
    compiled = feel.compile(LINE)
    assert compiled(CONTEXT) is True
    exact = microseconds(lambda: compiled(EXACT), 20_000)
    whole = microseconds(lambda: compiled(CONTEXT), 20_000)
    cached = microseconds(lambda: feel.evaluate(LINE, CONTEXT), 20_000)
    report("import of the language", import_time(), "ms", 100)
    report("reading the line: parse and compile", _reading(), "µs", 1000)
    report("evaluation, compiled, decimals", exact, "µs", 3)
    report("evaluation, compiled, Python integers", whole, "µs", 3)
    report("evaluation by text, from the cache", cached, "µs", 3)
    default = microseconds(default_engine(), 5_000)
    report("SpiffWorkflow's default script engine", default, "µs")
    print(f"{'':<58}{default / cached:>10.1f} times slower than by text, {default / whole:.1f} than compiled")
    report("simpleeval, parsed before", microseconds(by_simpleeval(), 2_000), "µs")
    bands = [f'[{at * 10}..{at * 10 + 10}); "江川"; < 5; "{at}"' for at in range(100)]
    words = [f'> 5; "city {at}"; -; "{at}"' for at in range(99)] + ['> 5; "江川"; -; "found"']
    for label, rules, amount in (("ranges, the last rule", bands, 995), ("words, the last rule", words, 995)):
        model = table(rules)
        inputs = {**CONTEXT, "amount": amount}
        assert model.evaluate("d", inputs) is not None
        asked = microseconds(partial(model.evaluate, "d", inputs), 500)
        report(f"a table of 100 rules: {label}", asked, "µs", 200)
    large = large_table()
    report("the analysis of a table of 12 inputs × 500 rules", microseconds(large.check, 1, 2) / 1000, "ms", 2000)
    feel.evaluate('matches("a", "a")', {})  # the engine of patterns is loaded once a process
    for label, found in (
        (f"the greediest of {len(FOREIGN)} texts in other languages", greediest((text, text) for text in FOREIGN)),
        (f"the greediest of {len(GREEDY)} expressions", greediest(GREEDY.items())),
    ):
        report(label, found[0][0], "ms", 50)
        for spent, name, end in found[:5]:
            print(f"    {spent:6.1f} ms  {name[:60]} ({end})")


def _reading() -> float:
    def fresh() -> None:
        forget()
        Expression(LINE)

    return microseconds(fresh, 300)


if __name__ == "__main__":
    main()
