"""What is wrong with a decision table before anybody asks it: overlaps, gaps, rules that never answer, idle columns.

Every input column is cut into segments at the constants its cells mention: for numbers, dates, times and durations the
points themselves and the open stretches between them, for strings and booleans each value and "anything else". On each
segment every cell has one answer, so a rule is a box of segments and all questions become questions about boxes. A cell
that looks at more than its own input (other names, functions) is opaque: it is never blamed, and never trusted.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from workflow_runtime.decisions.elements import DecisionTable, HitPolicy, InputClause, OutputClause, Text
from workflow_runtime.decisions.explanation import shown
from workflow_runtime.decisions.kinds import Kinds, enumerated
from workflow_runtime.feel import Expression, FeelError, Months, Value, compile, temporal, types, unary
from workflow_runtime.feel.checker import nearest
from workflow_runtime.feel.compiler import INPUT, Code, code_of
from workflow_runtime.feel.operations import equal, kind
from workflow_runtime.feel.scope import Run, Scope
from workflow_runtime.feel.syntax import Call, If, ListOf, Literal, Name, Negation, Node, RangeOf, Test, Tests, children
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _

MOST_REPORTED = 10  #: findings of one kind for one table
MOST_VALUES = 100  #: values outside the allowed ones, each with the one that was meant
BUDGET = 1_500_000  #: steps that the search for gaps may take

CONSTRUCTORS = frozenset(("date", "time", "date and time", "duration"))
ORDERED = ("number", "date", "time", "date and time", "days and time duration", "years and months duration")


# -- constants ---------------------------------------------------------------------------------------------------------


def constant(node: Node) -> tuple[bool, Value]:
    """The value of a constant expression; False if it is none."""
    if isinstance(node, Literal):
        return True, node.value
    if isinstance(node, Negation | Call) and _is_constant(node):
        return True, code_of(node)(Scope({}, None, Run(None, {})))
    return False, None


def _is_constant(node: Node) -> bool:
    if isinstance(node, Call):
        named = isinstance(node.function, Name) and node.function.name in CONSTRUCTORS
        return named and all(_is_constant(argument) for argument in node.arguments)
    return isinstance(node, Literal) or (isinstance(node, Negation) and _is_constant(node.operand))


def listed_answers(table: DecisionTable) -> tuple[Value, ...] | None:
    """What the rows of a table answer, and its defaults; None unless one rule answers and all outputs are constants."""
    if table.policy not in (HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.FIRST, HitPolicy.PRIORITY):
        return None
    rows = [rule.outputs for rule in table.rules]
    defaults = [output.default for output in table.outputs]
    if all(default is not None for default in defaults):
        rows.append(tuple(default for default in defaults if default is not None))
    found: list[Value] = []
    for row in rows:
        values = [_constant_in(cell.text) for cell in row]
        if not all(is_constant for is_constant, _value in values):
            return None
        answers = [value for _is, value in values]
        named = {output.name: value for output, value in zip(table.outputs, answers, strict=True)}
        answer: Value = answers[0] if len(answers) == 1 else named
        if answer not in found:
            found.append(answer)
    return tuple(found)


def _constant_in(text: str) -> tuple[bool, Value]:
    try:
        return constant(compile(text).tree) if text.strip() else (True, None)
    except FeelError:
        return False, None


def constants(node: Node) -> Iterator[Value]:
    """All constants an expression mentions."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        found, value = constant(current)
        if found:
            yield value
        else:
            waiting.extend(children(current))


def opaque(node: Node) -> bool:
    """Whether an expression looks at anything but its own input, compared with constants."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if constant(current)[0]:
            continue
        if isinstance(current, Name) and current.name != INPUT:
            return True
        if isinstance(current, Call):
            if not (isinstance(current.function, Name) and current.function.name == "not"):
                return True
            waiting.extend(current.arguments)
            continue
        if type(current).__name__ in (
            "Path",
            "Filter",
            "Arithmetic",
            "For",
            "Quantified",
            "FunctionOf",
            "ContextOf",
            "If",
        ):
            return True
        waiting.extend(children(current))
    return False


# -- keys: ordered values as numbers -----------------------------------------------------------------------------------

_KEYS: dict[str, Callable[[Value], Decimal | int]] = {
    "number": lambda value: value,
    "date": temporal.number_of,
    "time": temporal.nanoseconds_of,
    "date and time": lambda value: temporal.instant(value)[0],
    "days and time duration": temporal.nanoseconds_in,
    "years and months duration": lambda value: value.months,
}
_VALUES: dict[str, Callable[[Decimal | int], Value]] = {
    "number": lambda key: Decimal(key),
    "date": lambda key: temporal.date_of(int(key)),
    "time": lambda key: temporal.time_of(int(key), None),
    "date and time": lambda key: temporal.date_time_of(0, int(key), None),
    "days and time duration": lambda key: temporal.duration_of(int(key)),
    "years and months duration": lambda key: Months(int(key)),
}
_DISCRETE = frozenset(("date", "years and months duration"))
_STEP = {
    "time": temporal.HOUR,
    "date and time": temporal.DAY,
    "days and time duration": temporal.DAY,
}


@dataclass(slots=True)
class Axis:
    """The segments of one input column: an example of each, and which rules they belong to."""

    label: str
    kind: str
    points: list[Decimal | int] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    examples: list[Value] = field(default_factory=list)
    domain: int = 0

    def mask(self, tree: Node, code: Code) -> int:
        """The segments on which a cell says yes."""
        if isinstance(tree, Tests):
            if not tree.tests:
                return self.domain
            simple = self._simple(tree)
            if simple is not None:
                return simple & self.domain
        found = 0
        for position, example in enumerate(self.examples):
            if self.domain >> position & 1 and code(Scope({INPUT: example}, None, Run(None, {}))) is True:
                found |= 1 << position
        return found

    def _simple(self, tree: Tests) -> int | None:
        """The same for plain comparisons and values, without trying every segment."""
        found = 0
        for test in tree.tests:
            part = self._ordered(test) if self.kind in ORDERED else self._listed(test)
            if part is None:
                return None
            found |= part
        return self.domain & ~found if tree.negated else found

    def _listed(self, test: Node) -> int | None:
        if not isinstance(test, Literal):
            return None
        return sum(1 << at for at, value in enumerate(self.values) if equal(value, test.value) is True)

    def _ordered(self, test: Node) -> int | None:
        if isinstance(test, RangeOf):
            low = self._beside(">=" if test.low_included else ">", test.low)
            high = self._beside("<=" if test.high_included else "<", test.high)
            return None if low is None or high is None else low & high
        if isinstance(test, Test):
            return self._beside(test.operator, test.endpoint)
        return self._beside("=", test)

    def _beside(self, operator: str, node: Node) -> int | None:
        is_constant, value = constant(node)
        if not is_constant or kind(value) != self.kind:
            return None
        at = 2 * bisect_left(self.points, _KEYS[self.kind](value)) + 1  # the segment of the point itself
        below, here = (1 << at) - 1, 1 << at
        everything = (1 << 2 * len(self.points) + 1) - 1
        return {
            "<": below,
            "<=": below | here,
            "=": here,
            ">=": everything & ~below,
            ">": everything & ~(below | here),
            "!=": everything & ~here,
        }[operator]

    def example(self, mask: int) -> Value:
        """A value that lies in one of these segments; a stretch rather than its border, where there is a choice."""
        inside = [at for at in range(len(self.examples)) if mask >> at & 1]
        stretches = [at for at in inside if at % 2 == 0] if self.kind in ORDERED else []
        return self.examples[(stretches or inside)[0]] if inside else None

    def text(self, mask: int) -> str:
        """The segments in words of the language: `[1..10)`, `> 5`, `"a", "b"`, or a dash for all of them."""
        if mask == self.domain:
            return "-"
        if self.kind not in ORDERED:
            return ", ".join(shown(self.examples[at]) for at in range(len(self.examples)) if mask >> at & 1)
        return ", ".join(self._stretch(first, last) for first, last in _runs(mask, self.domain))

    def _stretch(self, first: int, last: int) -> str:
        last_segment = 2 * len(self.points)
        if first > last_segment:
            return "null"
        last = min(last, last_segment)
        value = _VALUES[self.kind]

        def end(at: int) -> str:
            return shown(value(self.points[at]))

        low = None if first == 0 else end((first - 1) // 2)
        high = None if last == last_segment else end(last // 2)
        if low is None:
            return f"<{'=' if last % 2 else ''} {high}"
        if high is None:
            return f">{'=' if first % 2 else ''} {low}"
        return (
            low
            if first == last and first % 2
            else f"{'[' if first % 2 else '('}{low}..{high}{']' if last % 2 else ')'}"
        )


def _runs(mask: int, domain: int) -> list[tuple[int, int]]:
    """First and last segment of every unbroken run; segments that hold nothing do not break one."""
    runs: list[tuple[int, int]] = []
    for at in range(mask.bit_length()):
        if mask >> at & 1:
            if runs and not any(domain >> between & 1 for between in range(runs[-1][1] + 1, at)):
                runs[-1] = (runs[-1][0], at)
            else:
                runs.append((at, at))
    return runs


def axis_of(label: str, column_kind: str, trees: Sequence[Node], allowed: tuple[Node, Code] | None) -> Axis:
    """The segments of a column, from the constants in its cells and its allowed values."""
    sources = [tree for tree in trees if not opaque(tree)] + ([allowed[0]] if allowed else [])
    found = [value for tree in sources for value in constants(tree)]
    if not column_kind:
        kinds = [kind(value) for value in found if value is not None]
        column_kind = max(set(kinds), key=kinds.count) if kinds else "string"
    axis = Axis(label, column_kind)
    mentions_null = any(value is None for value in found)
    if column_kind in ORDERED:
        keys = {_KEYS[column_kind](value) for value in found if kind(value) == column_kind}
        axis.points = sorted(keys)
        _cut(axis)
    else:
        values: list[Value] = [True, False] if column_kind == "boolean" else []
        for value in found:
            if value is not None and not any(equal(value, other) is True for other in values):
                values.append(value)
        axis.values, axis.examples = values, list(values)
        if column_kind != "boolean":
            axis.examples.append(_other(values))
        axis.domain = (1 << len(axis.examples)) - 1
    if mentions_null:
        axis.domain |= 1 << len(axis.examples)
        axis.values.append(None)
        axis.examples.append(None)
    if allowed is not None:
        axis.domain &= axis.mask(*allowed)
    return axis


def _cut(axis: Axis) -> None:
    """Examples for the stretches between the points and for the points; a stretch that holds nothing is left out."""
    points, value = axis.points, _VALUES[axis.kind]
    step: int = _STEP.get(axis.kind, 1)
    for at in range(len(points) + 1):
        low = points[at - 1] if at else None
        high = points[at] if at < len(points) else None
        between = _between(low, high, step, axis.kind)
        if between is not None:
            axis.domain |= 1 << len(axis.examples)
        axis.examples.append(None if between is None else value(between))
        if high is not None:
            axis.domain |= 1 << len(axis.examples)
            axis.examples.append(value(high))


def _between(
    low: Decimal | int | None, high: Decimal | int | None, step: int, column_kind: str
) -> Decimal | int | None:
    if low is None and high is None:
        return _KEYS["date"](dt.date(2024, 1, 1)) if column_kind == "date" else 0
    if low is None:
        found = high - step  # type: ignore[operator]
        return None if column_kind == "time" and found < 0 else found
    if high is None:
        found = low + step
        return None if column_kind == "time" and found >= temporal.DAY else found
    if column_kind in _DISCRETE:
        return low + 1 if low + 1 < high else None
    if isinstance(low, Decimal):
        whole = low.to_integral_value(rounding="ROUND_FLOOR") + 1
        return whole if whole < high else (low + high) / 2
    middle = (low + high) // 2
    return middle if low < middle < high else None


def _other(values: Sequence[Value]) -> str:
    other = "…"
    while other in values:
        other += "…"
    return other


# -- boxes -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Boxes:
    """A table as boxes of segments: `sure` where a rule certainly matches, `maybe` where it might."""

    axes: tuple[Axis, ...]
    sure: tuple[tuple[int, ...], ...]
    maybe: tuple[tuple[int, ...], ...]
    opaque: frozenset[int]


class Coverage:
    """Which boxes leave room between them. The search is bounded; `complete` says whether it came to its end."""

    def __init__(self, domains: Sequence[int], boxes: Sequence[tuple[int, ...]], budget: int = BUDGET) -> None:
        self.domains = domains
        self.boxes = boxes
        self.budget = budget
        self.complete = True
        self.rules_on = [
            [
                sum(1 << rule for rule, box in enumerate(boxes) if box[axis] >> segment & 1)
                for segment in range(domain.bit_length())
            ]
            for axis, domain in enumerate(domains)
        ]
        # rules that accept everything from this column on
        self.tails = [0] * (len(domains) + 1)
        self.tails[len(domains)] = (1 << len(boxes)) - 1
        for axis in range(len(domains) - 1, -1, -1):
            whole = sum(1 << rule for rule, box in enumerate(boxes) if box[axis] == domains[axis])
            self.tails[axis] = self.tails[axis + 1] & whole
        self._covered: set[tuple[int, int]] = set()

    def gaps(self, most: int, inside: Sequence[int] | None = None) -> list[tuple[int, ...]]:
        """Up to so many boxes (within `inside`) that no rule covers."""
        found: list[tuple[int, ...]] = []
        within = tuple(self.domains if inside is None else inside)
        self._covered.clear()
        self._search(0, (1 << len(self.boxes)) - 1, (), within, found, most)
        return found

    def _search(
        self,
        axis: int,
        rules: int,
        way: tuple[int, ...],
        within: tuple[int, ...],
        found: list[tuple[int, ...]],
        most: int,
    ) -> None:
        if rules & self.tails[axis] or (axis, rules) in self._covered or len(found) >= most:
            return
        if not rules:
            found.append((*way, *within[axis:]))
            return
        groups: dict[int, int] = {}
        on = self.rules_on[axis]
        self.budget -= len(on)
        if self.budget < 0:
            self.complete = False
            return
        for segment, here in enumerate(on):
            if within[axis] >> segment & 1:
                left = rules & here
                groups[left] = groups.get(left, 0) | 1 << segment
        before = len(found)
        for left, segments in groups.items():
            self._search(axis + 1, left, (*way, segments), within, found, most)
        if len(found) == before and self.complete:
            self._covered.add((axis, rules))


def merged(boxes: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The same room in fewer boxes: two that differ on one axis only are one."""
    result: list[tuple[int, ...]] = []
    for box in boxes:
        joined = box
        while (at := next((n for n, other in enumerate(result) if _beside(other, joined)), None)) is not None:
            joined = tuple(a | b for a, b in zip(result.pop(at), joined, strict=True))
        result.append(joined)
    return result


def _beside(left: tuple[int, ...], right: tuple[int, ...]) -> bool:
    return sum(a != b for a, b in zip(left, right, strict=True)) <= 1


def overlapping(left: tuple[int, ...], right: tuple[int, ...]) -> bool:
    """Whether two boxes have a point in common."""
    return all(a & b for a, b in zip(left, right, strict=True))


def holds(outer: tuple[int, ...], inner: tuple[int, ...]) -> bool:
    """Whether one box lies inside another."""
    return all(not b & ~a for a, b in zip(outer, inner, strict=True))


# -- the questions -----------------------------------------------------------------------------------------------------


class Analysis:
    """All findings about one table."""

    def __init__(self, table: DecisionTable, decision: str, kinds: Kinds, names: frozenset[str]) -> None:
        self.table = table
        self.decision = decision
        self.kinds = kinds
        self.names = names
        self.found: list[Finding] = []
        self.boxes = self._boxes()

    def findings(self) -> list[Finding]:
        """Every problem, in the order of how much it matters."""
        self._values()
        self._idle_columns()
        if self.table.rules:
            never = self._never()
            self._overlaps(never)
            self._hidden(never)
            self._gaps()
        return self.found

    def report(self, rule: str, severity: Severity, line: int | None, message: str, remedy: str) -> None:
        self.found.append(
            Finding(rule, severity, self.decision, line or self.table.line, message, remedy, path=(self.decision,))
        )

    def read(self, text: Text) -> Expression | None:
        """A cell, if it can be read; if not, that has been said elsewhere."""
        try:
            return unary(text.text, names=self.names)
        except FeelError:
            return None

    def _boxes(self) -> Boxes:
        axes: list[Axis] = []
        sure: list[list[int]] = [[] for _ in self.table.rules]
        maybe: list[list[int]] = [[] for _ in self.table.rules]
        hidden: set[int] = set()
        for position, clause in enumerate(self.table.inputs):
            cells = [self.read(rule.tests[position]) for rule in self.table.rules]
            allowed = self._allowed(clause)
            trees = [cell.tree for cell in cells if cell is not None]
            axis = axis_of(clause.label, self._kind(clause), trees, allowed)
            axes.append(axis)
            masks: dict[str, int] = {}
            for number, cell in enumerate(cells):
                if cell is None or opaque(cell.tree):
                    hidden.add(number)
                    sure[number].append(0)
                    maybe[number].append(axis.domain)
                    continue
                if cell.text not in masks:
                    masks[cell.text] = axis.mask(cell.tree, cell.code)
                sure[number].append(masks[cell.text])
                maybe[number].append(masks[cell.text])
        return Boxes(tuple(axes), tuple(map(tuple, sure)), tuple(map(tuple, maybe)), frozenset(hidden))

    def _kind(self, clause: InputClause) -> str:
        declared = self.kinds.type(clause.type) if clause.type else None
        return declared.name if declared is not None and declared.name in (*ORDERED, "boolean", "string") else ""

    def _allowed(self, clause: InputClause) -> tuple[Node, Code] | None:
        text = clause.values
        if text is None and clause.type and (item := self.kinds.item(clause.type)):
            text = item[0].allowed
        cell = None if text is None else self.read(text)
        return None if cell is None or opaque(cell.tree) else (cell.tree, cell.code)

    # -- values ----------------------------------------------------------------------------------------------------

    def _values(self) -> None:
        for position, clause in enumerate(self.table.inputs):
            allowed = enumerated(clause.values) or self._listed(clause.type)
            if not allowed:
                continue
            for number, rule in enumerate(self.table.rules):
                cell = self.read(rule.tests[position])
                for value in _listed(cell.tree) if cell is not None else ():
                    where = _("rule {number}, input {label}").format(number=number + 1, label=clause.label)
                    self._value(value, allowed, rule.tests[position].line, where)
        for position, output in enumerate(self.table.outputs):
            text = output.values or self._allowed_text(output.type)
            if text is not None:
                self._outputs(position, output, text)

    def _outputs(self, position: int, output: OutputClause, allowed: Text) -> None:
        """Answers outside the allowed values of their column, each with an input that leads to it."""
        tests = self.read(allowed)
        if tests is None or opaque(tests.tree):
            return
        cells = [(rule.outputs[position], number) for number, rule in enumerate(self.table.rules)]
        cells += [(output.default, -1)] if output.default is not None else []
        for text, number in cells:
            try:
                answers = list(_answers(compile(text.text, names=self.names).tree))
            except FeelError:
                continue
            place = _("default output") if number < 0 else _("rule {number}").format(number=number + 1)
            label = output.label or output.name or self.decision
            where = _("{where}, output {label}").format(where=place, label=label)
            box = self.boxes.maybe[number] if number >= 0 else ()
            example = self.example(box) if box and all(box) else ""
            for value in answers:
                if tests.code(Scope({INPUT: value}, None, Run(None, {}))) is not True:
                    self._value(value, enumerated(allowed), text.line, where, allowed.text, example)

    def _allowed_text(self, name: str | None) -> Text | None:
        """What an item definition allows, as it is written."""
        found = self.kinds.item(name) if name else None
        return found[0].allowed if found is not None else None

    def _listed(self, name: str | None) -> tuple[Value, ...]:
        declared = self.kinds.type(name) if name else None
        return declared.values if isinstance(declared, types.EnumerationType) else ()

    def _value(
        self,
        value: Value,
        allowed: tuple[Value, ...],
        line: int | None,
        where: str,
        written: str = "",
        example: str = "",
    ) -> None:
        if any(equal(value, other) is True for other in allowed) or len(self.found) >= MOST_VALUES:
            return
        listed = ", ".join(map(shown, allowed)) or written
        meant = (
            nearest(value, [other for other in allowed if isinstance(other, str)]) if isinstance(value, str) else None
        )
        message = _("Decision “{decision}”, {where}: {value} is not one of the allowed values {allowed}.")
        text = message.format(decision=self.decision, where=where, value=shown(value), allowed=listed)
        if example:
            text = f"{text} {_('Example: {example}').format(example=example)}"
        self.report(
            "dmn-value",
            Severity.ERROR,
            line,
            text,
            _("Did you mean {value}?").format(value=shown(meant)) if meant else _("Use one of the allowed values."),
        )

    # -- columns ---------------------------------------------------------------------------------------------------

    def _idle_columns(self) -> None:
        for position, clause in enumerate(self.table.inputs):
            cells = [self.read(rule.tests[position]) for rule in self.table.rules]
            if cells and all(cell is not None and not getattr(cell.tree, "tests", True) for cell in cells):
                message = _("Decision “{decision}”: no rule reads the input {label}.")
                self.report(
                    "dmn-column-unread",
                    Severity.WARNING,
                    clause.expression.line,
                    message.format(decision=self.decision, label=clause.label),
                    _("Remove the column, or write the tests it was meant for."),
                )

    # -- rules -----------------------------------------------------------------------------------------------------

    def _never(self) -> set[int]:
        """Rules with a cell that no value passes."""
        never = set()
        for number, box in enumerate(self.boxes.maybe):
            for position, mask in enumerate(box):
                if mask:
                    continue
                never.add(number)
                cell = self.table.rules[number].tests[position]
                message = _(
                    "Decision “{decision}”: rule {rule} never matches; no allowed value of {label} passes “{test}”."
                )
                facts = {"decision": self.decision, "rule": number + 1, "label": self.boxes.axes[position].label}
                self.report(
                    "dmn-rule-never",
                    Severity.ERROR,
                    cell.line,
                    message.format(test=cell.text, **facts),
                    _("Mend the test or remove the rule."),
                )
                break
        return never

    def example(self, box: Sequence[int]) -> str:
        """One input that lies in a box, as an owner would write it."""
        parts = (f"{axis.label} = {shown(axis.example(m))}" for axis, m in zip(self.boxes.axes, box, strict=True))
        return ", ".join(parts)

    def _overlaps(self, never: set[int]) -> None:
        policy = self.table.policy
        if policy not in (HitPolicy.UNIQUE, HitPolicy.ANY):
            return
        boxes, count = self.boxes.sure, 0
        for left in range(len(boxes)):
            for right in range(left + 1, len(boxes)):
                if left in never or right in never or not overlapping(boxes[left], boxes[right]):
                    continue
                if policy is HitPolicy.ANY and self._same_outputs(left, right):
                    continue
                count += 1
                if count <= MOST_REPORTED:
                    self._overlap(left, right)
        self._more("dmn-overlap", count)

    def _overlap(self, left: int, right: int) -> None:
        shared = [a & b for a, b in zip(self.boxes.sure[left], self.boxes.sure[right], strict=True)]
        if self.table.policy is HitPolicy.ANY:
            message = _(
                "Decision “{decision}”: rules {left} and {right} match together with different outputs: {example}"
            )
            remedy = _("Give both rules the same outputs, or tell them apart.")
        else:
            message = _("Decision “{decision}”: rules {left} and {right} match together: {example}")
            remedy = _("Tell the rules apart, or choose another hit policy.")
        facts = {"decision": self.decision, "left": left + 1, "right": right + 1, "example": self.example(shared)}
        self.report("dmn-overlap", Severity.ERROR, self.table.rules[right].line, message.format(**facts), remedy)

    def _same_outputs(self, left: int, right: int) -> bool:
        first, second = self.table.rules[left].outputs, self.table.rules[right].outputs
        return [text.text for text in first] == [text.text for text in second]

    def _hidden(self, never: set[int]) -> None:
        """Rules that other rules leave no room for."""
        boxes, policy, count = self.boxes, self.table.policy, 0
        for number in range(len(boxes.sure)):
            if number in never or number in boxes.opaque:
                continue
            coverer = next((o for o in self._before(number) if holds(boxes.sure[o], boxes.sure[number])), None)
            if coverer is None and policy is HitPolicy.FIRST and self._covered_together(number):
                coverer = -1
            if coverer is None:
                continue
            count += 1
            if count <= MOST_REPORTED:
                self._hidden_rule(number, coverer)
        self._more("dmn-rule-hidden", count)

    def _before(self, number: int) -> Iterator[int]:
        """The rules that answer before, or instead of, this one where both match."""
        rules = self.table.rules
        match self.table.policy:
            case HitPolicy.FIRST:
                yield from range(number)
            case HitPolicy.PRIORITY:
                own = self._rank(number)
                yield from (o for o in range(len(rules)) if (other := self._rank(o)) and own and other < own)
            case HitPolicy.ANY:
                yield from (o for o in range(number) if self._same_outputs(o, number))
            case HitPolicy.RULE_ORDER | HitPolicy.OUTPUT_ORDER | HitPolicy.COLLECT:
                twins = (o for o in range(number) if self.boxes.sure[o] == self.boxes.sure[number])
                yield from (o for o in twins if self._same_outputs(o, number))

    def _rank(self, number: int) -> tuple[int, ...]:
        """The place of a rule's constant outputs in the lists of output values; empty if it cannot be told."""
        ranks = []
        for output, text in zip(self.table.outputs, self.table.rules[number].outputs, strict=True):
            listed = enumerated(output.values) or self._listed(output.type)
            try:
                is_constant, value = constant(compile(text.text).tree)
            except FeelError:
                return ()
            places = [at for at, other in enumerate(listed) if equal(value, other) is True]
            if not is_constant or (listed and not places):
                return ()
            ranks.append(places[0] if places else 0)
        return tuple(ranks)

    def _covered_together(self, number: int) -> bool:
        earlier = [box for box in self.boxes.sure[:number] if overlapping(box, self.boxes.sure[number])]
        if len(earlier) < 2:
            return False
        coverage = Coverage([axis.domain for axis in self.boxes.axes], earlier, BUDGET // 50)
        return not coverage.gaps(1, self.boxes.sure[number]) and coverage.complete

    def _hidden_rule(self, number: int, coverer: int) -> None:
        facts = {"decision": self.decision, "rule": number + 1, "other": coverer + 1}
        if self.table.policy in (HitPolicy.FIRST, HitPolicy.PRIORITY):
            message = _("Decision “{decision}”: rule {rule} never answers; rule {other} always answers before it.")
            if coverer < 0:
                message = _(
                    "Decision “{decision}”: rule {rule} never answers; the rules above it leave nothing for it."
                )
            remedy = _("Move the rule up, narrow the rules above it, or remove it.")
        else:
            message = _("Decision “{decision}”: rule {rule} says nothing that rule {other} does not say.")
            remedy = _("Remove one of the two rules.")
        inside = self.example(self.boxes.sure[number])
        text = f"{message.format(**facts)} {_('Example: {example}').format(example=inside)}"
        self.report("dmn-rule-hidden", Severity.WARNING, self.table.rules[number].line, text, remedy)

    def _gaps(self) -> None:
        many = (HitPolicy.COLLECT, HitPolicy.RULE_ORDER, HitPolicy.OUTPUT_ORDER)
        if self.table.policy in many or any(output.default for output in self.table.outputs):
            return
        coverage = Coverage([axis.domain for axis in self.boxes.axes], self.boxes.maybe)
        gaps = merged(coverage.gaps(4 * MOST_REPORTED))
        for gap in gaps[:MOST_REPORTED]:
            region = "; ".join(
                f"{axis.label}: {axis.text(mask)}"
                for axis, mask in zip(self.boxes.axes, gap, strict=True)
                if mask != axis.domain
            )
            message = _("Decision “{decision}”: no rule answers for {region}, for example {example}")
            self.report(
                "dmn-gap",
                Severity.WARNING,
                self.table.line,
                message.format(decision=self.decision, region=region or "-", example=self.example(gap)),
                _("Add a rule or a default output."),
            )
        self._more("dmn-gap", len(gaps))
        if not coverage.complete:
            message = _("Decision “{decision}”: the table is too large to be searched for gaps completely.")
            remedy = _("Split the table, or give it a default output.")
            self.report("dmn-gap", Severity.INFO, self.table.line, message.format(decision=self.decision), remedy)

    def _more(self, rule: str, count: int) -> None:
        if count > MOST_REPORTED:
            message = _("Decision “{decision}”: {count} more findings of this kind.")
            text = message.format(decision=self.decision, count=count - MOST_REPORTED)
            self.report(rule, Severity.INFO, self.table.line, text, _("Mend the first ones and check again."))


def _answers(tree: Node) -> Iterator[Value]:
    """The constants an output may answer: itself, or at the ends of its ifs."""
    if isinstance(tree, If):
        yield from _answers(tree.consequence)
        yield from _answers(tree.alternative)
        return
    found, value = constant(tree)
    if found and value is not None:
        yield value


def _listed(tree: Node) -> Iterator[Value]:
    """The values a cell lists, alone or in lists."""
    for test in getattr(tree, "tests", ()):
        for item in test.items if isinstance(test, ListOf) else (test,):
            found, value = constant(item)
            if found and value is not None:
                yield value
