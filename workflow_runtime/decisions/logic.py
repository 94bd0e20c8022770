"""Boxed expressions → closures over FEEL scopes. What a text cannot be read for is noted, and is null when it runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from workflow_runtime.decisions.elements import (
    Boxed,
    BoxedContext,
    BoxedFilter,
    BoxedFunction,
    BoxedInvocation,
    BoxedIterator,
    BoxedList,
    Conditional,
    DecisionTable,
    LiteralExpression,
    OutputClause,
    Relation,
    Text,
    Variable,
)
from workflow_runtime.decisions.kinds import Fit, Kinds, anything
from workflow_runtime.decisions.tables import Column, OutputColumn, Table, ranking
from workflow_runtime.feel import Expression, FeelError, Function, Value, compile, limits, types, unary
from workflow_runtime.feel import names as naming
from workflow_runtime.feel.calling import called
from workflow_runtime.feel.compiler import PARTIAL, Code, code_of, each, items_of
from workflow_runtime.feel.operations import both, either
from workflow_runtime.feel.scope import Run, Scope, limit

#: names in scope that the FEEL parser has to know
Known = frozenset[str]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A text that is not FEEL: the element it belongs to, what it is there, and the error.

    `what` is a sentence to translate, with its facts; `cell` tells the cells of tables, which no reader may overlook.
    """

    element: str
    line: int | None
    what: str
    facts: dict[str, object]
    error: FeelError
    cell: bool


class Logic:
    """Compiles the boxed expressions of one file."""

    def __init__(self, kinds: Kinds, members: Known) -> None:
        self.kinds = kinds
        self.members = members
        self.unreadable: list[Unreadable] = []
        self.element = ""
        self.result: str | None = None  # the type of the variable that the element's logic fills
        self.free: dict[str, set[str]] = {}  # element → names its texts take from outside

    def code(self, boxed: Boxed, known: Known) -> Code:
        """The closure of any boxed expression."""
        match boxed:
            case LiteralExpression(text=text, line=line):
                return self.feel(Text(text, line), known, "expression")
            case DecisionTable():
                return self.table(boxed, known)
            case BoxedContext():
                return self._context(boxed, known)
            case BoxedInvocation():
                return self._invocation(boxed, known)
            case BoxedFunction():
                return self.function(boxed, known)
            case BoxedList(items=items):
                codes = [self.code(item, known) for item in items]
                return lambda scope: [code(scope) for code in codes]
            case Relation():
                return self._relation(boxed, known)
            case Conditional():
                parts = (boxed.condition, boxed.consequence, boxed.alternative)
                condition, consequence, alternative = (self.code(part, known) for part in parts)
                return lambda scope: consequence(scope) if condition(scope) is True else alternative(scope)
            case BoxedFilter():
                return self._filter(boxed, known)
            case BoxedIterator():
                return self._iterator(boxed, known)
        return lambda scope: None

    def feel(self, text: Text, known: Known, what: str, cell: bool = False, **facts: object) -> Code:
        """The closure of FEEL text."""
        expression = self.expression(text, known, what, cell, **facts)
        return expression.code if expression else (lambda scope: None)

    def expression(self, text: Text, known: Known, what: str, cell: bool = False, **facts: object) -> Expression | None:
        """FEEL text, read; None with a note if it cannot be."""
        try:
            expression = compile(text.text, names=known | self.members)
        except FeelError as error:
            self.unreadable.append(Unreadable(self.element, text.line, what, facts, error, cell))
            return None
        self.free.setdefault(self.element, set()).update(expression.names)
        return expression

    # -- composition -------------------------------------------------------------------------------------------------

    def _context(self, boxed: BoxedContext, known: Known) -> Code:
        entries: list[tuple[str | None, Code, Fit]] = []
        for variable, inner in boxed.entries:
            code = self.code(inner, known)
            entries.append(
                (variable.name if variable else None, code, self.kinds.fit(variable.type if variable else None))
            )
            if variable:
                known |= naming.odd([variable.name])

        def context(scope: Scope) -> Value:
            result: dict[str, Value] = {}
            inner = Scope(result, scope, scope.run)
            for name, code, fit in entries:
                value = code(inner)
                if name is None:
                    return value
                fits, value = fit(value, scope.run)
                result[name] = value if fits else None
            return result

        return context

    def _invocation(self, boxed: BoxedInvocation, known: Known) -> Code:
        function = self.code(boxed.function, known)
        names = tuple(name for name, _ in boxed.bindings)
        arguments = [self.code(inner, known) for _, inner in boxed.bindings]
        return lambda scope: called(scope.run, function(scope), [argument(scope) for argument in arguments], names)

    def function(self, boxed: BoxedFunction, known: Known, name: str = "", result: str | None = None) -> Code:
        """The closure that makes a function; functions of other languages exist and answer null."""
        parameters = tuple(parameter.name for parameter in boxed.parameters)
        fits = [self.kinds.fit(parameter.type) for parameter in boxed.parameters]
        body = None
        if boxed.body is not None and boxed.kind == "FEEL":
            body = self.code(boxed.body, known | naming.odd(parameters))
        fit_result = self.kinds.fit(result)
        declared = tuple(self.kinds.type(parameter.type) or types.ANY for parameter in boxed.parameters)
        returned = self.kinds.type(result) or types.ANY

        def function(scope: Scope) -> Function:
            def call(run: Run, arguments: list[Value]) -> Value:
                if body is None:
                    return None
                names: dict[str, Value] = {}
                for parameter, fit, argument in zip(parameters, fits, arguments, strict=True):
                    fitting, value = fit(argument, run)
                    if not fitting:
                        return None
                    names[parameter] = value
                run.spend(8)
                fitting, value = fit_result(body(Scope(names, scope, run)), run)
                return value if fitting else None

            return Function(name, parameters, call, declared, returned, checks_itself=True)

        return function

    def _relation(self, boxed: Relation, known: Known) -> Code:
        columns = [(column.name, self.kinds.fit(column.type)) for column in boxed.columns]
        rows = [[self.code(cell, known) for cell in row] for row in boxed.rows]

        def relation(scope: Scope) -> Value:
            result = []
            for row in rows:
                entry: dict[str, Value] = {}
                for (name, fit), code in zip(columns, row, strict=False):
                    fits, value = fit(code(scope), scope.run)
                    entry[name] = value if fits else None
                result.append(entry)
            return result

        return relation

    def _filter(self, boxed: BoxedFilter, known: Known) -> Code:
        source, match = self.code(boxed.source, known), self.code(boxed.match, known)

        def filtered(scope: Scope) -> Value:
            items = source(scope)
            if items is None:
                return None
            kept = []
            for item in items if isinstance(items, list) else [items]:
                scope.run.spend(4)
                found = match(each(item, scope))
                if found is True:
                    kept.append(item)
                elif found is not False and found is not None:
                    return None
            return kept

        return filtered

    def _iterator(self, boxed: BoxedIterator, known: Known) -> Code:
        source, variable = self._iterated(boxed.source, known), boxed.variable
        body = self.code(boxed.body, known | naming.odd([variable]))

        def turns(scope: Scope, results: list[Value] | None) -> Iterator[Value] | None:
            items = items_of(source(scope))
            return None if items is None else answers(items, scope, results)

        def answers(items: Iterable[Value], scope: Scope, results: list[Value] | None) -> Iterator[Value]:
            for item in items:
                scope.run.spend(4 + (len(results) >> 5 if results else 0))
                names = {variable: item}
                if results is not None:
                    names[PARTIAL] = list(results)
                yield body(Scope(names, scope, scope.run))

        def loop(scope: Scope) -> Value:
            results: list[Value] = []
            found = turns(scope, results)
            if found is None:
                return None
            for value in found:
                results.append(value)
                if len(results) > limits.LIST:
                    raise limit("list-too-long", limits.LIST)
            return results

        def quantified(scope: Scope) -> Value:
            combine, answer = (either, False) if boxed.word == "some" else (both, True)
            found = turns(scope, None)
            if found is None:
                return None
            result: bool | None = answer
            for value in found:
                result = combine(result, value if isinstance(value, bool) else None)
            return result

        return loop if boxed.word == "for" else quantified

    def _iterated(self, boxed: Boxed, known: Known) -> Code:
        """What an iterator runs over; unlike any other expression it may be written `1..10`."""
        if isinstance(boxed, LiteralExpression):
            try:
                compile(boxed.text, names=known | self.members)
            except FeelError:
                return self.feel(Text(f"for i in {boxed.text} return i", boxed.line), known, "expression")
        return self.code(boxed, known)

    # -- tables ------------------------------------------------------------------------------------------------------

    def table(self, drawn: DecisionTable, known: Known) -> Code:
        """The closure of a decision table."""
        columns = []
        for position, clause in enumerate(drawn.inputs):
            expression = self.feel(clause.expression, known, "input {label}", cell=True, label=clause.label)
            values = self._tests(clause.values, known, "input values of {label}", label=clause.label)
            column = Column(expression, values)
            for number, rule in enumerate(drawn.rules):
                self._cell(column, number, rule.tests[position], known, label=clause.label)
            columns.append(column)
        outputs = [self._output(drawn, position, clause, known) for position, clause in enumerate(drawn.outputs)]
        return Table(drawn, columns, outputs)

    def _cell(self, column: Column, number: int, text: Text, known: Known, label: str) -> None:
        what, facts = "rule {number}, input {label}", {"number": number + 1, "label": label}
        try:
            tests = unary(text.text, names=known | self.members)
        except FeelError as error:
            self.unreadable.append(Unreadable(self.element, text.line, what, facts, error, True))
        else:
            column.add(number, tests.tree, tests.code)

    def _tests(self, text: Text | None, known: Known, what: str, **facts: object) -> Code | None:
        if text is None:
            return None
        try:
            return unary(text.text, names=known | self.members).code
        except FeelError as error:
            self.unreadable.append(Unreadable(self.element, text.line, what, facts, error, True))
            return None

    def _output(self, drawn: DecisionTable, position: int, clause: OutputClause, known: Known) -> OutputColumn:
        where, label = "rule {number}, output {label}", clause.label or clause.name or self.element
        cells = tuple(
            self.feel(rule.outputs[position], known, where, cell=True, number=number + 1, label=label)
            for number, rule in enumerate(drawn.rules)
        )
        default = None
        if clause.default is not None:
            default = self.feel(clause.default, known, "default output", cell=True)
        return OutputColumn(
            clause.name,
            cells,
            default,
            ranking(self._ranked(drawn, clause)),
            self.kinds.fit(clause.type) if clause.type else anything,
        )

    def _ranked(self, drawn: DecisionTable, clause: OutputClause) -> list[Code]:
        """The list of output values, from the column or from its type."""
        text = clause.values
        kind = clause.type or ((drawn.type or self.result) if len(drawn.outputs) == 1 else None)
        if text is None and kind and (found := self.kinds.item(kind)):
            text = found[0].allowed
        if text is None:
            return []
        try:
            tree = unary(text.text).tree
        except FeelError:
            return []
        return [code_of(test) for test in getattr(tree, "tests", ())]


def parameters_of(variables: tuple[Variable, ...]) -> tuple[str, ...]:
    """The names of formal parameters."""
    return tuple(variable.name for variable in variables)
