"""Examples that owners keep beside a decision table, `<table>.examples.yaml`, and whether it answers as they say.

Each example names its case (`case`), the inputs given (`given`), the answer expected or a part of it (`expect`) and,
where it matters, the rules hit (`rules`) and which decision is asked (`decision`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from workflow_runtime.decisions.explanation import Explanation
from workflow_runtime.decisions.model import Model
from workflow_runtime.errors import BadInput
from workflow_runtime.feel.operations import same
from workflow_runtime.feel.scope import native
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _
from workflow_runtime.sources import Table, parse

KEYS = frozenset(("case", "given", "expect", "rules", "decision"))


@dataclass(frozen=True, slots=True)
class Example:
    """One example, as it is written."""

    case: str
    decision: str | None
    given: dict[str, Any]
    expect: Any
    rules: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the table answered to an example, and whether that is what was expected."""

    example: Example
    explanation: Explanation
    fits: bool


def read_examples(source: bytes, *, name: str) -> list[Example]:
    """The examples of a file; raises BadInput with everything that is wrong in it."""
    try:
        entries = parse(source.decode("utf-8-sig"))
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadInput(_("{file} is not a list of examples: {problem}").format(file=name, problem=error)) from error
    wrong: list[Finding] = []
    found: list[Example] = []
    for number, entry in enumerate(entries if isinstance(entries, list) else [entries], 1):
        if not isinstance(entry, Table) or not {"case", "expect"} <= set(entry) <= KEYS:
            message = _("{file}: example {number} needs case, given and expect, and may have rules and decision.")
            line = entry.line if isinstance(entry, Table) else None
            text = message.format(file=name, number=number)
            wrong.append(Finding("dmn-example", Severity.ERROR, None, line, text, _("Write it as the others.")))
            continue
        rules = entry.get("rules")
        rules = None if rules is None else tuple(rules if isinstance(rules, list) else [rules])
        found.append(
            Example(str(entry["case"]), entry.get("decision"), dict(entry.get("given") or {}), entry["expect"], rules)
        )
    if wrong:
        raise BadInput(findings=wrong)
    return found


def outcome(model: Model, example: Example) -> Outcome:
    """Ask the model what the example asks."""
    decision = example.decision or next(iter(model.decisions), "")
    explanation = model.explain(decision, model.inputs_of(decision, example.given))
    answer, expected = explanation.value, native(example.expect)
    if isinstance(answer, dict) and isinstance(expected, dict):
        answer = {name: answer.get(name) for name in expected}
    fits = explanation.error is None and same(answer, expected)
    return Outcome(example, explanation, fits and (example.rules is None or explanation.hits == example.rules))
