"""Syntax tree → closures. Each form of the grammar becomes one function from a scope to a value.

What runs straight through costs no fuel: a text is short, so it cannot take long. Only what repeats pays, each turn of
an iteration and each call with the size of its body, and what is dear wherever it stands, as powers are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TypeAlias

from workflow_runtime.feel import limits, syntax, temporal, types
from workflow_runtime.feel.builtins import BUILTINS, Builtin
from workflow_runtime.feel.calling import invoke
from workflow_runtime.feel.operations import (
    ARITHMETIC,
    COMPARE,
    DATES,
    ORDERED,
    at,
    both,
    either,
    greater_or_equal,
    kind,
    less_or_equal,
    member,
    negate,
    power,
)
from workflow_runtime.feel.scope import MISSING, READY, Run, Scope, limit
from workflow_runtime.feel.syntax import Node, children, size
from workflow_runtime.feel.values import Function, Range, Value

Code: TypeAlias = Callable[[Scope], Value]

INPUT = "?"  #: the name of the value that a table cell tests
WHOLE_POWER, POWER = 24, 400  #: steps of raising to a whole number, and to any other
PARTIAL = "partial"  #: the name of what an iteration has answered so far


def code_of(node: Node) -> Code:
    """The closure of any node."""
    return _FORMS[type(node)](node)


def lookup(scope: Scope | None, name: str) -> Value:
    """The value of a name, from the innermost scope outwards; MISSING if nobody has it."""
    while scope is not None:
        value = scope.names.get(name, MISSING)
        if value is not MISSING:
            return value if type(value) in READY else scope.ready(name, value)
        if scope.outer is None:
            function = scope.run.function(name)
            return BUILTINS.get(name, MISSING) if function is None else function
        scope = scope.outer
    return MISSING


def _literal(node: syntax.Literal) -> Code:
    value = node.value
    return lambda scope: value


def _name(node: syntax.Name) -> Code:
    name = node.name

    def named(scope: Scope) -> Value:
        value = scope.names.get(name, MISSING)
        if type(value) in READY:
            return value
        if type(value) is int:
            return Decimal(value)
        value = lookup(scope, name)
        return None if value is MISSING else value

    return named


def _negation(node: syntax.Negation) -> Code:
    operand = code_of(node.operand)
    return lambda scope: negate(operand(scope))


def _arithmetic(node: syntax.Arithmetic) -> Code:
    first = code_of(node.first)
    rest = [(ARITHMETIC[operator], code_of(operand)) for operator, operand in node.rest]
    if node.rest[0][0] == "**":
        return _powers(first, [operand for _, operand in rest])
    if len(rest) == 1:
        ((operation, second),) = rest

        def once(scope: Scope) -> Value:
            value = operation(first(scope), second(scope))
            if type(value) is str:
                scope.run.weigh(value)
            return value

        return once

    def chain(scope: Scope) -> Value:
        value = first(scope)
        for operation, operand in rest:
            value = operation(value, operand(scope))
        if type(value) is str:
            scope.run.weigh(value)
        return value

    return chain


def _powers(first: Code, exponents: list[Code]) -> Code:
    """A power is by far the dearest operation, and one that is no whole number dearer still."""

    def raised(scope: Scope) -> Value:
        value = first(scope)
        for exponent in exponents:
            by = exponent(scope)
            whole = isinstance(by, Decimal) and by == by.to_integral_value()
            scope.run.spend(WHOLE_POWER if whole else POWER)
            value = power(value, by)
        return value

    return raised


def _comparison(node: syntax.Comparison) -> Code:
    left, right = code_of(node.left), code_of(node.right)
    operation = COMPARE[node.operator]
    if isinstance(node.right, syntax.Literal) and type(node.right.value) in (Decimal, str):
        if isinstance(node.left, syntax.Name):
            return _comparison_of_name(node.left.name, left, node.operator, node.right.value)
        return _comparison_with(left, node.operator, node.right.value)

    def compared(scope: Scope) -> bool | None:
        value = left(scope)
        if type(value) is list or type(value) is dict:
            scope.run.weigh(value)
        return operation(value, right(scope))

    return compared


def _comparison_with(left: Code, operator: str, constant: Value) -> Code:
    """A comparison with a number or string: for a value of the same kind, Python's operator is the whole meaning."""
    operation, wanted = COMPARE[operator], type(constant)
    match operator:
        case "=":
            return lambda s: value == constant if type(value := left(s)) is wanted else operation(value, constant)
        case "!=":
            return lambda s: value != constant if type(value := left(s)) is wanted else operation(value, constant)
        case "<":
            return lambda s: value < constant if type(value := left(s)) is wanted else operation(value, constant)
        case "<=":
            return lambda s: value <= constant if type(value := left(s)) is wanted else operation(value, constant)
        case ">":
            return lambda s: value > constant if type(value := left(s)) is wanted else operation(value, constant)
        case _:
            return lambda s: value >= constant if type(value := left(s)) is wanted else operation(value, constant)


def _comparison_of_name(name: str, named: Code, operator: str, constant: Value) -> Code:
    """The commonest condition of all, `amount > 100000`: the value is compared where it lies, if it is of the kind."""
    operation = COMPARE[operator]
    ready = frozenset((str,)) if type(constant) is str else frozenset((Decimal, int))
    match operator:
        case "=":
            return lambda s: v == constant if type(v := s.names.get(name)) in ready else operation(named(s), constant)
        case "!=":
            return lambda s: v != constant if type(v := s.names.get(name)) in ready else operation(named(s), constant)
        case "<":
            return lambda s: v < constant if type(v := s.names.get(name)) in ready else operation(named(s), constant)
        case "<=":
            return lambda s: v <= constant if type(v := s.names.get(name)) in ready else operation(named(s), constant)
        case ">":
            return lambda s: v > constant if type(v := s.names.get(name)) in ready else operation(named(s), constant)
        case _:
            return lambda s: v >= constant if type(v := s.names.get(name)) in ready else operation(named(s), constant)


def _between(node: syntax.Between) -> Code:
    value, low, high = code_of(node.value), code_of(node.low), code_of(node.high)

    def between(scope: Scope) -> Value:
        found = value(scope)
        return both(greater_or_equal(found, low(scope)), less_or_equal(found, high(scope)))

    return between


def _membership(node: syntax.In) -> Code:
    value = code_of(node.value)
    tests = [test_of(test) for test in node.tests]

    def among(scope: Scope) -> Value:
        tested = value(scope)
        if type(tested) is list or type(tested) is dict:
            scope.run.weigh(tested)
        inner = Scope({INPUT: tested}, scope, scope.run)
        answer: bool | None = False
        for test in tests:
            answer = either(answer, test(inner, tested))
        return answer

    return among


def mentions(node: Node, name: str) -> bool:
    """Whether a name stands anywhere in an expression."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, syntax.Name) and current.name == name:
            return True
        waiting.extend(children(current))
    return False


TestCode: TypeAlias = Callable[[Scope, Value], bool | None]


def test_of(node: Node) -> TestCode:
    """A positive unary test: whether the tested value passes."""
    if isinstance(node, syntax.Test):
        if isinstance(node.endpoint, syntax.Literal) and type(node.endpoint.value) is Decimal:
            return _number_test(node.operator, node.endpoint.value)
        operation, endpoint = COMPARE[node.operator], code_of(node.endpoint)
        return lambda scope, tested: operation(tested, endpoint(scope))
    if (
        isinstance(node, syntax.RangeOf)
        and isinstance(node.low, syntax.Literal)
        and isinstance(node.high, syntax.Literal)
    ):
        span = _range(node)(Scope({}, None, Run(None, {})))
        if isinstance(span, Range) and type(span.start) is type(span.end) is Decimal:
            return _span_test(span)
        return lambda scope, tested: None if span is None else member(tested, span)
    expression = code_of(node)
    if mentions(node, INPUT):
        return lambda scope, tested: found if isinstance(found := expression(scope), bool) else None

    if isinstance(node, syntax.Literal):
        return lambda scope, tested: member(tested, expression(scope))

    def test(scope: Scope, tested: Value) -> bool | None:
        found = expression(scope)
        if type(found) is list or type(found) is dict:
            scope.run.weigh(found)
        answer = member(tested, found)
        if answer is None and found is True and not isinstance(tested, bool):
            return True  # a condition without `?` that holds
        return answer

    return test


def _number_test(operator: str, constant: Decimal) -> TestCode:
    """A comparison with a constant number."""
    operation = COMPARE[operator]
    match operator:
        case "<":
            return lambda s, tested: tested < constant if type(tested) is Decimal else operation(tested, constant)
        case "<=":
            return lambda s, tested: tested <= constant if type(tested) is Decimal else operation(tested, constant)
        case ">":
            return lambda s, tested: tested > constant if type(tested) is Decimal else operation(tested, constant)
        case ">=":
            return lambda s, tested: tested >= constant if type(tested) is Decimal else operation(tested, constant)
    return lambda s, tested: operation(tested, constant)


def _span_test(span: Range) -> TestCode:
    """Membership in a range of constant numbers."""
    low, high = span.start, span.end
    match span.start_included, span.end_included:
        case True, True:
            return lambda s, tested: low <= tested <= high if type(tested) is Decimal else member(tested, span)
        case True, False:
            return lambda s, tested: low <= tested < high if type(tested) is Decimal else member(tested, span)
        case False, True:
            return lambda s, tested: low < tested <= high if type(tested) is Decimal else member(tested, span)
    return lambda s, tested: low < tested < high if type(tested) is Decimal else member(tested, span)


def _tests(node: syntax.Tests) -> Code:
    tests = [test_of(test) for test in node.tests]
    if not tests:
        return lambda scope: True
    negated = node.negated
    if len(tests) == 1 and not negated:
        (only,) = tests
        return lambda scope: only(scope, scope.names[INPUT])

    def passes(scope: Scope) -> bool | None:
        tested = scope.names[INPUT]
        answer: bool | None = False
        for test in tests:
            answer = either(answer, test(scope, tested))
            if answer is True:
                break
        if negated:
            return None if answer is None else not answer
        return answer

    return passes


def _logic(node: syntax.Logic) -> Code:
    operands = [code_of(operand) for operand in node.operands]
    decisive = node.word == "or"

    def combined(scope: Scope) -> Value:
        answer: bool | None = not decisive
        for operand in operands:
            value = operand(scope)
            if value is decisive:
                return decisive
            if not isinstance(value, bool):
                answer = None
        return answer

    return combined


def _if(node: syntax.If) -> Code:
    condition, consequence, alternative = map(code_of, (node.condition, node.consequence, node.alternative))
    return lambda scope: consequence(scope) if condition(scope) is True else alternative(scope)


def _turns(
    iterators: tuple[syntax.Iterator, ...], cost: int
) -> Callable[[Scope, dict[str, Value]], Iterator[Scope | None]]:
    """All combinations of some iterators: each turn yields the scope of the body; None if a source is no list."""
    sources = [(iterator.name, _source(iterator)) for iterator in iterators]

    def turns(scope: Scope, special: dict[str, Value], level: int = 0) -> Iterator[Scope | None]:
        name, source = sources[level]
        items = source(scope)
        if items is None:
            yield None
            return
        for item in items:
            scope.run.spend(cost)
            inner = Scope({**special, name: item}, scope, scope.run)
            if level + 1 < len(sources):
                yield from turns(inner, special, level + 1)
            else:
                yield inner

    return turns


def _source(node: syntax.Iterator) -> Callable[[Scope], Iterator[Value] | list[Value] | None]:
    source = code_of(node.source)
    if node.last is None:
        return lambda scope: items_of(source(scope))
    last = code_of(node.last)
    return lambda scope: steps(source(scope), last(scope))


def items_of(value: Value) -> Iterator[Value] | list[Value] | None:
    """What a for or some iterates over: a list, a closed range of whole numbers or dates, or one value."""
    if isinstance(value, list):
        return value
    if isinstance(value, Range):
        found = steps(value.start, value.end)
        if found is None:
            return None
        ends = ([] if value.start_included else [value.start]) + ([] if value.end_included else [value.end])
        return (item for item in found if item not in ends)
    return None if value is None else [value]


def steps(first: Value, last: Value) -> Iterator[Value] | None:
    """first..last in steps of one (a day for dates), upwards or downwards."""
    if isinstance(first, Decimal) and isinstance(last, Decimal):
        if first != first.to_integral_value() or last != last.to_integral_value():
            return None
        if max(abs(first), abs(last)) > 10**18:
            return None
        low, high = int(first), int(last)
        return map(Decimal, range(low, high + 1) if low <= high else range(low, high - 1, -1))
    if kind(first) == kind(last) == "date" and isinstance(first, DATES):
        low, high = temporal.number_of(first), temporal.number_of(last)
        return map(temporal.date_of, range(low, high + 1) if low <= high else range(low, high - 1, -1))
    return None


def price(body: Node) -> int:
    """The steps of one turn or call: two for each node, and what the turn itself takes."""
    return 2 * size(body) + 4


def _for(node: syntax.For) -> Code:
    turns, body = _turns(node.iterators, price(node.body)), code_of(node.body)
    looks_back = mentions(node.body, PARTIAL)

    def loop(scope: Scope) -> Value:
        results: list[Value] = []
        special: dict[str, Value] = {}
        for inner in turns(scope, special):
            if inner is None:
                return None
            if looks_back:  # every turn sees its own list: what it keeps of it must not grow
                scope.run.spend(len(results) >> 5)
                inner.names[PARTIAL] = list(results)  # type: ignore[index]
            results.append(body(inner))
            if len(results) > limits.LIST:
                raise limit("list-too-long", limits.LIST)
        return results

    return loop


def _quantified(node: syntax.Quantified) -> Code:
    turns, condition = _turns(node.iterators, price(node.condition)), code_of(node.condition)
    decisive = node.word == "some"
    combine = either if decisive else both

    def quantified(scope: Scope) -> bool | None:
        answer: bool | None = not decisive
        for inner in turns(scope, {}):
            if inner is None:
                return None
            value = condition(inner)
            answer = combine(answer, value if isinstance(value, bool) else None)
            if answer is decisive:
                return decisive
        return answer

    return quantified


def _path(node: syntax.Path) -> Code:
    if isinstance(node.source, syntax.Name):
        return _path_of_name(node.source.name, node.name, code_of(node.source))
    return _path_of(node.name, code_of(node.source))


def _path_of_name(context: str, name: str, source: Code) -> Code:
    """Of a context that was handed in, what one path needs is looked at, not all of it: `profile.term` is common."""
    whole, key = _path_of(name, source), (context, name)

    def path(scope: Scope) -> Value:
        holder: Scope | None = scope
        while holder is not None and context not in holder.names:
            holder = holder.outer
        if holder is None:
            return whole(scope)
        value = holder.names[context]
        inner = value.get(name, MISSING) if type(value) is dict else MISSING
        if inner is MISSING:
            return whole(scope)
        return inner if type(inner) in READY else holder.ready(key, inner)

    return path


def _path_of(name: str, source: Code) -> Code:
    def path(scope: Scope) -> Value:
        value = source(scope)
        if type(value) is dict:
            return value.get(name)
        if type(value) is list:
            scope.run.weigh(value)
        return at(value, name)

    return path


def _filter(node: syntax.Filter) -> Code:
    source, condition = code_of(node.source), code_of(node.condition)
    cost = price(node.condition)
    constant = isinstance(node.condition, syntax.Literal) and isinstance(node.condition.value, Decimal)

    def filtered(scope: Scope) -> Value:
        items = source(scope)
        if items is None:
            return None
        if not isinstance(items, list):
            items = [items]
        if constant or not items:
            found = condition(scope)
            return picked(items, found) if isinstance(found, Decimal) else []  # an empty list has nothing to test
        kept = []
        for position, item in enumerate(items):
            scope.run.spend(cost)
            found = condition(each(item, scope))
            if found is True:
                kept.append(item)
            elif position == 0 and isinstance(found, Decimal):
                return picked(items, found)
            elif found is not False and found is not None:
                return None
        return kept

    return filtered


def each(item: Value, scope: Scope) -> Scope:
    """What a filter's condition sees: the item under that name, and its entries in front of it."""
    inner = Scope({"item": item}, scope, scope.run)
    return Scope(item, inner, scope.run) if isinstance(item, dict) else inner


def picked(items: list[Value], position: Decimal) -> Value:
    """items[position]: counted from 1, from the end when negative, null when there is none."""
    if position != position.to_integral_value() or not 1 <= abs(position) <= len(items):
        return None
    return items[int(position) - 1 if position > 0 else int(position)]


def _call(node: syntax.Call) -> Code:
    arguments = [code_of(argument) for argument in node.arguments]
    names = node.names
    function = code_of(node.function)

    def call(scope: Scope) -> Value:
        target = function(scope)
        run = scope.run
        if type(target) is Builtin:
            run.spend(1)
            return target.apply(run, [argument(scope) for argument in arguments], names)
        if type(target) is Function:
            return invoke(run, target, [argument(scope) for argument in arguments], names)
        return None

    return call


def _instance_of(node: syntax.InstanceOf) -> Code:
    value, wanted = code_of(node.value), node.type

    def instance(scope: Scope) -> bool | None:
        found = value(scope)
        scope.run.weigh(found)
        resolved = types.resolved(wanted, lambda name: lookup(scope, TYPE_PREFIX + name))
        if resolved is None:
            return None
        return types.is_instance(found, resolved)

    return instance


#: types that a decision model defines are found in the scope under their name behind this sign
TYPE_PREFIX = "\0type "


def _list(node: syntax.ListOf) -> Code:
    items = [code_of(item) for item in node.items]
    return lambda scope: [item(scope) for item in items]


def _context(node: syntax.ContextOf) -> Code:
    entries = [(key, code_of(value)) for key, value in node.entries]

    def context(scope: Scope) -> dict[str, Value]:
        result: dict[str, Value] = {}
        inner = Scope(result, scope, scope.run)
        for key, value in entries:
            result[key] = value(inner)
        return result

    return context


def _function(node: syntax.FunctionOf) -> Code:
    parameters = tuple(name for name, _ in node.parameters)
    declared = tuple(wanted or types.ANY for _, wanted in node.parameters)
    if all(wanted is types.ANY for wanted in declared):
        declared = ()  # nothing to convert
    simple = all(map(types.known, declared))
    body = code_of(node.body) if not node.external else None
    cost = price(node.body)

    def function(scope: Scope) -> Function:
        def call(run: Run, arguments: list[Value]) -> Value:
            if body is None:
                return None  # another language's function never runs
            run.spend(cost)
            return body(Scope(dict(zip(parameters, arguments, strict=True)), scope, run))

        scope.run.spend(8)
        return Function("", parameters, call, declared if simple else named_in(scope), result)

    def named_in(scope: Scope) -> tuple[types.Type, ...]:
        return tuple(
            types.resolved(wanted, lambda name: lookup(scope, TYPE_PREFIX + name)) or types.ANY for wanted in declared
        )

    def result() -> types.Type:
        from workflow_runtime.feel.checker import result_of  # only `instance of` asks for it

        return result_of(node)

    return function


def _range(node: syntax.RangeOf) -> Code:
    low, high = code_of(node.low), code_of(node.high)
    low_included, high_included = node.low_included, node.high_included

    def span(scope: Scope) -> Range | None:
        start, end = low(scope), high(scope)
        if less_or_equal(start, end) is not True:
            return None  # out of order, of different kinds, or an end that nobody set
        return Range(start, end, low_included, high_included)

    return span


def _test(node: syntax.Test) -> Code:
    endpoint, operator = code_of(node.endpoint), node.operator

    def span(scope: Scope) -> Range | None:
        end = endpoint(scope)
        if end is None or kind(end) not in ORDERED:
            return None
        match operator:
            case "<" | "<=":
                return Range(None, end, False, operator == "<=")
            case ">" | ">=":
                return Range(end, None, operator == ">=", False)
            case "=":
                return Range(end, end, True, True)
        return None

    return span


_FORMS: dict[type, Callable[..., Code]] = {
    syntax.Literal: _literal,
    syntax.Name: _name,
    syntax.Negation: _negation,
    syntax.Arithmetic: _arithmetic,
    syntax.Comparison: _comparison,
    syntax.Between: _between,
    syntax.In: _membership,
    syntax.Logic: _logic,
    syntax.If: _if,
    syntax.For: _for,
    syntax.Quantified: _quantified,
    syntax.Path: _path,
    syntax.Filter: _filter,
    syntax.Call: _call,
    syntax.InstanceOf: _instance_of,
    syntax.ListOf: _list,
    syntax.ContextOf: _context,
    syntax.FunctionOf: _function,
    syntax.RangeOf: _range,
    syntax.Test: _test,
    syntax.Tests: _tests,
}
