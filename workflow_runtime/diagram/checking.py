"""`check`: every rule of a set over one diagram, every finding in one list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.importing import sheet_with_imports
from workflow_runtime.diagram.markup import line_of
from workflow_runtime.diagram.model import Diagram
from workflow_runtime.diagram.sheet import Problem, Sheet
from workflow_runtime.findings import Finding, Severity

SIZES = "house/sizes"
#: rules that search; a diagram that is refused for its size is not searched
SEARCHING = frozenset({"house/soundness", "house/path-rules", "house/decision-complete", "house/endless-loop"})

Rule = Callable[[Sheet, CheckContext], Iterator[Problem]]

SETS = {"standard": ("standard",), "house": ("standard", "house")}

#: What is asked and this house weighs otherwise, with the reason. None: not asked.
IN_THIS_HOUSE: Mapping[str, Severity | None] = {
    "standard/message-operation": None,  # messages are matched by name and key, not by operations of an interface
    "standard/link-pairs": None,  # house/link-names pairs links by name, as every modelling tool draws them
    "standard/formal-expression": Severity.WARNING,  # every expression here is FEEL, whatever its type says
    "standard/mime-type": Severity.WARNING,
    "standard/expression-language": Severity.WARNING,
    "standard/data-object-reference-name": Severity.WARNING,
    "standard/collection-agrees": Severity.WARNING,
    "standard/data-in-sets": Severity.WARNING,
    "standard/data-association-ends": Severity.WARNING,
}


def check(diagram: Diagram, *, rules: str = "standard", context: CheckContext | None = None) -> list[Finding]:
    """What is wrong with a diagram, in the order of the file. `rules`: `standard`, or `house` for both sets."""
    if rules not in SETS:
        raise ValueError(f"rules must be one of {', '.join(SETS)}, not {rules!r}")
    context = context or CheckContext()
    sheet = sheet_with_imports(diagram, context.imports)
    found: list[Finding] = []
    questions = all_rules(rules)
    if rules == "house" and any(questions[SIZES](sheet, context)):
        questions = {rule: ask for rule, ask in questions.items() if rule not in SEARCHING}
    for rule, ask in questions.items():
        severity = _severity(rule, rules, context)
        if severity is not None:
            found.extend(_finding(rule, severity, problem) for problem in ask(sheet, context))
    found.sort(key=lambda finding: (finding.path, finding.line or 0))
    return found


@cache
def all_rules(rules: str) -> Mapping[str, Rule]:
    """Rule id → the question it asks, for a rule set."""
    found: dict[str, Rule] = {}
    for folder in SETS[rules]:
        package = import_module(f"workflow_runtime.diagram.rules.{folder}")
        for module in sorted(iter_modules(package.__path__), key=lambda each: each.name):
            ask: Rule = import_module(f"{package.__name__}.{module.name}").check
            found[f"{folder}/{module.name.replace('_', '-')}"] = ask
    return found


def _severity(rule: str, rules: str, context: CheckContext) -> Severity | None:
    """How much a rule weighs here; None when it is switched off."""
    if rule in context.severities:
        return context.severities[rule]
    if rules == "house" and rule in IN_THIS_HOUSE:
        return IN_THIS_HOUSE[rule]
    module = import_module(f"workflow_runtime.diagram.rules.{rule.replace('/', '.').replace('-', '_')}")
    severity: Severity = getattr(module, "SEVERITY", Severity.ERROR)
    return severity


def _finding(rule: str, severity: Severity, problem: Problem) -> Finding:
    element = problem.element
    id = element.get("id")
    if id is None:
        id = next((above.get("id") for above in element.iterancestors() if above.get("id")), None)
    weight = problem.severity if severity is Severity.ERROR and problem.severity is not None else severity
    return Finding(
        rule,
        weight,
        id,
        line_of(element),
        problem.message,
        problem.remedy,
        problem.constraint,
        problem.path,
        problem.excerpt,
    )
