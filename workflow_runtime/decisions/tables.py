"""Decision tables at work: which rules match, and what the hit policy makes of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from workflow_runtime.decisions.elements import Aggregation, DecisionTable, HitPolicy
from workflow_runtime.decisions.explanation import CellTrace, RuleTrace, TableTrace
from workflow_runtime.decisions.kinds import Fit
from workflow_runtime.errors import DecisionError
from workflow_runtime.feel import Value
from workflow_runtime.feel.builtins import BUILTINS
from workflow_runtime.feel.compiler import INPUT, Code, TestCode, test_of
from workflow_runtime.feel.operations import equal, same
from workflow_runtime.feel.scope import Run, Scope
from workflow_runtime.feel.syntax import Literal, Node, Tests
from workflow_runtime.i18n import _


class DecisionRun(Run):
    """One evaluation of a model: the decision at work, and the tables passed through when somebody wants to know."""

    def __init__(self, now: dt.datetime | None, functions: Mapping[str, Callable[..., Any]]) -> None:
        super().__init__(now, functions)
        self.decision = ""
        self.traces: list[TableTrace] | None = None


@dataclass(slots=True)
class Column:
    """The cells of one input: constants are found by a dictionary, the others are tried one by one.

    Sets of rules are bit masks, so that a hundred rules are narrowed down by a few integer operations.
    """

    expression: Code
    values: Code | None
    always: int = 0
    constants: dict[tuple[type, Value], int] = field(default_factory=dict)
    tests: list[tuple[int, TestCode]] = field(default_factory=list)
    cells: list[Code] = field(default_factory=list)

    def add(self, rule: int, tree: Node, code: Code) -> None:
        """The cell of the next rule."""
        bit = 1 << rule
        self.cells.append(code)
        tests, negated = (tree.tests, tree.negated) if isinstance(tree, Tests) else ((), False)
        if not tests:
            self.always |= bit
        elif not negated and all(_constant(test) for test in tests):
            for test in tests:
                if isinstance(test, Literal):
                    key = (type(test.value), test.value)
                    self.constants[key] = self.constants.get(key, 0) | bit
        elif len(tests) == 1 and not negated:
            self.tests.append((bit, test_of(tests[0])))
        else:
            self.tests.append((bit, lambda scope, value: code(scope)))

    def matching(self, candidates: int, value: Value, scope: Scope) -> int:
        """Those candidates whose cell accepts the value."""
        if self.values is not None:
            if self.values(Scope({INPUT: value}, scope, scope.run)) is not True:
                return 0
        found = self.always
        if self.constants and value.__hash__ is not None:
            found |= self.constants.get((type(value), value), 0)
        found &= candidates
        waiting = candidates & ~found
        if waiting and self.tests:
            inner = Scope({INPUT: value}, scope, scope.run)
            for bit, test in self.tests:
                if bit & waiting and test(inner, value) is True:
                    found |= bit
        return found


def _constant(test: Node) -> bool:
    return isinstance(test, Literal) and isinstance(test.value, _HASHED)


_HASHED = (str, bool, Decimal)


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """One output: its cells, its default, the rank of its values, and what fits its type."""

    name: str
    cells: tuple[Code, ...]
    default: Code | None
    ranks: Callable[[Value, Scope], int]
    fit: Fit


class Table:
    """A compiled decision table."""

    def __init__(self, drawn: DecisionTable, columns: Sequence[Column], outputs: Sequence[OutputColumn]) -> None:
        self.drawn = drawn
        self.columns = columns
        self.outputs = outputs
        self.all_rules = (1 << len(drawn.rules)) - 1

    def __call__(self, scope: Scope) -> Value:
        run = scope.run
        run.spend(len(self.drawn.rules))
        values = [column.expression(scope) for column in self.columns]
        hits = self._hits(values, scope)
        traces = run.traces if isinstance(run, DecisionRun) else None
        if traces is None:
            return self._answer(hits, scope)
        trace = self._traced(values, hits, scope)
        traces.append(trace)
        trace.value = self._answer(hits, scope)
        return trace.value

    def _hits(self, values: list[Value], scope: Scope) -> list[int]:
        found = self.all_rules
        for column, value in zip(self.columns, values, strict=True):
            found = column.matching(found, value, scope)
            if not found:
                return []
        return [rule for rule in range(found.bit_length()) if found >> rule & 1]

    def _answer(self, hits: list[int], scope: Scope) -> Value:
        table, policy = self.drawn, self.drawn.policy
        if not hits:
            return self._default(scope)
        if policy is HitPolicy.UNIQUE and len(hits) > 1:
            raise self._contradiction(hits, scope, _("Rules {rules} match at once, but the hit policy U allows one."))
        if policy in (HitPolicy.UNIQUE, HitPolicy.FIRST):
            return self._output(hits[0], scope)
        answers = [self._output(rule, scope) for rule in hits]
        if policy is HitPolicy.ANY:
            differing = [rule for rule, answer in zip(hits, answers, strict=True) if not same(answer, answers[0])]
            if differing:
                message = _("Rules {rules} match with different outputs, but the hit policy A wants the same.")
                raise self._contradiction([hits[0], *differing], scope, message)
            return answers[0]
        if policy in (HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER):
            answers.sort(key=lambda answer: self._rank(answer, scope))
            return answers[0] if policy is HitPolicy.PRIORITY else answers
        if table.aggregation is None:
            return answers
        if table.aggregation is Aggregation.COUNT:
            return BUILTINS["count"].apply(scope.run, [answers])
        return self._aggregated(answers, scope.run, table.aggregation.lower())

    def _aggregated(self, answers: list[Value], run: Run, function: str) -> Value:
        if len(self.outputs) == 1:
            return BUILTINS[function].apply(run, [answers])
        names = [output.name for output in self.outputs]
        return {name: BUILTINS[function].apply(run, [[answer[name] for answer in answers]]) for name in names}

    def _output(self, rule: int, scope: Scope) -> Value:
        def cell(output: OutputColumn) -> Value:
            fits, value = output.fit(output.cells[rule](scope), scope.run)
            return value if fits else None

        if len(self.outputs) == 1:
            return cell(self.outputs[0])
        return {output.name: cell(output) for output in self.outputs}

    def _default(self, scope: Scope) -> Value:
        defaults = [output.default(scope) if output.default else None for output in self.outputs]
        if not any(output.default for output in self.outputs):
            return None
        if len(self.outputs) == 1:
            return defaults[0]
        return {output.name: default for output, default in zip(self.outputs, defaults, strict=True)}

    def _rank(self, answer: Value, scope: Scope) -> tuple[int, ...]:
        if len(self.outputs) == 1:
            return (self.outputs[0].ranks(answer, scope),)
        return tuple(output.ranks(answer[output.name], scope) for output in self.outputs)

    def _contradiction(self, hits: list[int], scope: Scope, message: str) -> DecisionError:
        numbers = [rule + 1 for rule in hits]
        decision = scope.run.decision if isinstance(scope.run, DecisionRun) else ""
        text = _("Decision “{decision}”: {message}").format(
            decision=decision, message=message.format(rules=", ".join(map(str, numbers)))
        )
        return DecisionError(text, decision, numbers)

    def _traced(self, values: list[Value], hits: list[int], scope: Scope) -> TableTrace:
        """Every cell tried, also those that no longer mattered."""
        rules = []
        scopes = [Scope({INPUT: value}, scope, scope.run) for value in values]
        accepted = [c.values is None or c.values(s) is True for c, s in zip(self.columns, scopes, strict=True)]
        for position, rule in enumerate(self.drawn.rules):
            cells = tuple(
                CellTrace(
                    label=clause.label,
                    expression=clause.expression.text,
                    value=value,
                    test=test.text,
                    matched=accepts and column.cells[position](inner) is True,
                )
                for clause, column, value, test, inner, accepts in zip(
                    self.drawn.inputs, self.columns, values, rule.tests, scopes, accepted, strict=True
                )
            )
            rules.append(
                RuleTrace(
                    position + 1, rule.id, cells, position in hits, tuple(t.text for t in rule.outputs), rule.notes
                )
            )
        run = scope.run
        return TableTrace(
            decision=run.decision if isinstance(run, DecisionRun) else "",
            policy=self.drawn.letters,
            rules=tuple(rules),
            outputs=tuple(output.name for output in self.outputs),
        )


def ranking(tests: Sequence[Code]) -> Callable[[Value, Scope], int]:
    """How far up in the list of output values a value stands; what is not listed comes last."""

    def rank(value: Value, scope: Scope) -> int:
        for position, test in enumerate(tests):
            found = test(scope)
            if equal(value, found) is True:
                return position
        return len(tests)

    return rank
