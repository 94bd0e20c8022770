"""Everything that is wrong with a decision model before it is deployed: references, types, expressions, tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workflow_runtime.decisions.analysis import Analysis
from workflow_runtime.decisions.elements import (
    Boxed,
    BoxedContext,
    BoxedFilter,
    BoxedFunction,
    BoxedInvocation,
    BoxedIterator,
    BoxedList,
    Conditional,
    Decision,
    DecisionTable,
    Element,
    InputData,
    ItemDefinition,
    KnowledgeModel,
    LiteralExpression,
    OutputClause,
    Relation,
    Service,
    Text,
    Variable,
)
from workflow_runtime.decisions.kinds import enumerated
from workflow_runtime.decisions.logic import Unreadable
from workflow_runtime.decisions.model import File, requirements, stands_alone, tables_in
from workflow_runtime.feel import types
from workflow_runtime.feel.checker import Finding as FeelFinding
from workflow_runtime.feel.checker import check, check_tests, may_be, nearest, type_in
from workflow_runtime.feel.types import ANY, ContextType, FunctionType, ListType, RangeType, Type
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.fragments import fault
from workflow_runtime.i18n import _

Names = dict[str, Type]


def checked(file: File, given: Mapping[str, Type] | None = None) -> list[Finding]:
    """All findings about the elements of one file; `given` are the names handed in, where these are known."""
    return _Check(file, given).findings()


def needed(file: File, element: Element) -> dict[str, Type]:
    """The names an element needs from outside, through everything it requires, with their types."""
    found: dict[str, Type] = {}
    done: set[tuple[int, str]] = set()
    waiting = [(file, element)]
    while waiting:
        owner, current = waiting.pop()
        if (id(owner), current.id) in done:
            continue
        done.add((id(owner), current.id))
        if isinstance(current, InputData):
            kind = owner.kinds.type(current.variable.type) if current.variable.type else None
            found[current.variable.name] = kind or ANY
        elif stands_alone(current):
            columns = {
                clause.expression.text: owner.kinds.type(clause.type) or ANY
                for table in tables_in(getattr(current, "logic", None))
                for clause in table.inputs
                if clause.type
            }
            names = owner.logic.free.get(current.name or current.id, set())
            found |= {name: columns.get(name, ANY) for name in sorted(names)}
        waiting += [(other, required) for _prefix, other, required in owner.required(current)]
    return found


def answered(file: File, element: Element) -> Type:
    """The type of an element's answer: declared, or inferred from its logic."""
    return _Check(file)._type(file, element)


def unreadable_finding(problem: Unreadable) -> Finding:
    """The finding for a text that is not FEEL."""
    found = fault(problem.error)
    message = _("“{element}”, {what}: {message}").format(
        element=problem.element, what=_(problem.what).format(**problem.facts), message=found.message
    )
    remedy = _("Write a FEEL expression.")
    line = None if problem.line is None else problem.line + problem.error.line - 1
    return Finding("dmn-feel", Severity.ERROR, problem.element, line, message, remedy, excerpt=found.excerpt)


class _Check:
    def __init__(self, file: File, given: Mapping[str, Type] | None = None) -> None:
        self.file = file
        self.given = given
        self.found: list[Finding] = []
        self.element: Element | None = None
        self._types: dict[tuple[int, str], Type] = {}

    def findings(self) -> list[Finding]:
        definitions = self.file.definitions
        self.found += [unreadable_finding(problem) for problem in self.file.logic.unreadable]
        for item in definitions.items:
            self._item(item)
        self._circles()
        for element in definitions.elements:
            self.element = element
            self._references(element)
            self._known_type(element.variable.type, element.line)
            if isinstance(element, InputData) and self.given is not None:
                self._handed_in(element, self.given)
            if isinstance(element, Decision) and element.logic is not None:
                self._boxed(element.logic, self._names(self.file, element))
                for table in tables_in(element.logic):
                    name = element.name or element.id
                    self.found += Analysis(table, name, self.file.kinds, self.file.logic.members).findings()
            elif isinstance(element, KnowledgeModel) and element.function is not None:
                self._boxed(element.function, self._names(self.file, element))
        return self.found

    def report(
        self,
        rule: str,
        line: int | None,
        message: str,
        remedy: str,
        severity: Severity = Severity.ERROR,
        excerpt: str = "",
    ) -> None:
        identifier = self.element.id if self.element else None
        self.found.append(Finding(rule, severity, identifier, line, message, remedy, excerpt=excerpt))

    # -- the graph ---------------------------------------------------------------------------------------------------

    def _references(self, element: Element) -> None:
        for reference in requirements(element):
            if self.file.find(reference) is None:
                message = _("“{name}” requires “{reference}”, which does not exist.")
                text = message.format(name=element.name, reference=reference)
                self.report("dmn-reference", element.line, text, _("Remove the requirement or add what it points to."))

    def _circles(self) -> None:
        elements = self.file.definitions.by_id
        done: set[str] = set()

        def walk(identifier: str, way: tuple[str, ...]) -> None:
            if identifier in way:
                names = [elements[step].name for step in (*way[way.index(identifier) :], identifier)]
                message = _("The decisions require one another in a circle: {names}")
                self.element = elements[identifier]
                remedy = _("Remove one of the requirements.")
                self.report("dmn-circle", self.element.line, message.format(names=" → ".join(names)), remedy)
                return
            if identifier in done:
                return
            element = elements[identifier]
            if isinstance(element, Decision):
                for reference in element.decisions:
                    found = self.file.find(reference)
                    if found is not None and found[0] is self.file:
                        walk(found[1].id, (*way, identifier))
            done.add(identifier)

        for identifier in elements:
            if len(elements) < 400:  # deeper graphs are stopped when they are evaluated
                walk(identifier, ())

    def _handed_in(self, element: InputData, given: Mapping[str, Type]) -> None:
        """An input is set by something, and as what the table takes it for."""
        name, kind = element.variable.name, self._declared(self.file, element.variable)
        if name not in given:
            meant = nearest(name, given)
            remedy = (
                _("Did you mean {value}?").format(value=f"“{meant}”") if meant else _("Let a form or a step set it.")
            )
            message = _("Nothing sets the input “{name}”.").format(name=name)
            self.report("dmn-input", element.line, message, remedy, Severity.WARNING)
        elif not may_be(given[name], kind):
            message = _("The input “{name}” is a {wanted} here, and set as a {found}.")
            text = message.format(name=name, wanted=kind, found=given[name])
            self.report("dmn-input", element.line, text, _("Let both have the same type."))

    # -- types -------------------------------------------------------------------------------------------------------

    def _item(self, item: ItemDefinition) -> None:
        self._known_type(item.type, item.line)
        for text in (item.allowed, item.constraint):
            if text is not None:
                declared = self.file.kinds.type(item.type) or ANY
                self._feel(
                    check_tests(text.text, None, tested=declared), text, _("allowed values of {name}"), name=item.name
                )
        for component in item.components:
            self._item(component)

    def _known_type(self, name: str | None, line: int | None) -> None:
        if name is not None and self.file.kinds.type(name) is None:
            message = _("There is no type “{name}”.").format(name=name)
            self.report("dmn-type", line, message, _("Define the item, or use a type of the standard."))

    def _declared(self, file: File, variable: Variable) -> Type:
        return (file.kinds.type(variable.type) if variable.type else None) or ANY

    def _names(self, file: File, element: Element) -> Names:
        """The names an element's logic sees, with their types."""
        names: Names = {}
        imported: dict[str, Names] = {}
        for prefix, owner, required in file.required(element):
            members = imported.setdefault(prefix, {}) if prefix else names
            members[required.variable.name] = self._type(owner, required)
        return names | {prefix: ContextType(members) for prefix, members in imported.items()}

    def _type(self, file: File, element: Element) -> Type:
        """The type of a required element: declared, or inferred from its logic."""
        key = (id(file), element.id)
        if key in self._types:
            return self._types[key]
        self._types[key] = ANY
        kind = self._declared(file, element.variable)
        match element:
            case Decision(logic=logic) if kind is ANY and logic is not None:
                kind = self._inferred(logic, self._names(file, element), file)
            case KnowledgeModel(function=function) if function is not None and not isinstance(kind, FunctionType):
                inputs = tuple(self._declared(file, parameter) for parameter in function.parameters)
                kind = FunctionType(inputs, kind)
            case Service():
                references = (*element.input_data, *element.input_decisions)
                inputs = tuple(
                    self._declared(o, e.variable) for r in references if (f := file.find(r)) for o, e in (f,)
                )
                kind = FunctionType(inputs, ANY)
            case InputData():
                pass
        self._types[key] = kind
        return kind

    def _inferred(self, boxed: Boxed, names: Names, file: File) -> Type:
        declared = (file.kinds.type(boxed.type) if boxed.type else None) or ANY
        if declared is not ANY:
            return declared
        match boxed:
            case LiteralExpression(text=text):
                return type_in(text, names)
            case DecisionTable(outputs=outputs, aggregation=aggregation, policy=policy):
                kinds = {output.name: _column_type(file, output) for output in outputs}
                kind = next(iter(kinds.values())) if len(kinds) == 1 else ContextType(kinds)
                if aggregation is not None:
                    return ANY
                return ListType(kind) if policy in ("COLLECT", "RULE ORDER", "OUTPUT ORDER") else kind
            case BoxedContext(entries=entries):
                found: Names = {}
                for variable, inner in entries:
                    kind = self._inferred(inner, names | found, file)
                    if variable is None:
                        return kind
                    declared = self._declared(file, variable)
                    found[variable.name] = kind if declared is ANY else declared
                return ContextType(found)
        return ANY

    # -- expressions -------------------------------------------------------------------------------------------------

    def _feel(self, findings: list[FeelFinding], text: Text, where: str, **facts: object) -> None:
        for finding in findings:
            found = fault(finding)
            message = _("“{element}”, {what}: {message}").format(
                element=self.element.name if self.element else "", what=where.format(**facts), message=found.message
            )
            meant = finding.suggestion
            remedy = _("Did you mean {value}?").format(value=f"“{meant}”") if meant else _("Mend the expression.")
            line = None if text.line is None else text.line + finding.line - 1
            # a name that nothing in the bundle sets may still come with a message: there it is a warning
            alone = self.element is not None and stands_alone(self.element)
            weight = Severity.WARNING if alone and finding.code == "unknown-name" else Severity.ERROR
            self.report(f"feel-{finding.code}", line, message, remedy, weight, found.excerpt)

    def _expression(self, text: Text, names: Names, where: str, wants: Type | None = None, **facts: object) -> Type:
        known = self._scope(names)
        findings = check(text.text, known, wants=wants)
        if not any(_unread(finding) for finding in findings):  # that has been said by the reader
            self._feel(findings, text, where, **facts)
        return type_in(text.text, known)

    def _scope(self, names: Names) -> Names | None:
        """The names to check against; None where they cannot be known."""
        if self.element is not None and stands_alone(self.element):
            if self.given is None:
                return None
            names = {**self.given, **names}
        return {**names, **{name: ANY for name in self.file.logic.members if name not in names}}

    def _boxed(self, boxed: Boxed, names: Names) -> Type:
        """Check a boxed expression; its type, as far as it can be told."""
        self._known_type(boxed.type, boxed.line)
        match boxed:
            case LiteralExpression(text=text, line=line):
                return self._expression(Text(text, line), names, _("expression"))
            case DecisionTable():
                self._table(boxed, names)
            case BoxedContext(entries=entries):
                for variable, inner in entries:
                    kind = self._boxed(inner, names)
                    if variable is not None:
                        declared = self._declared(self.file, variable)
                        names = {**names, variable.name: kind if declared is ANY else declared}
            case BoxedInvocation(function=function, bindings=bindings):
                for inner in (function, *(binding for _name, binding in bindings)):
                    self._boxed(inner, names)
            case BoxedFunction(parameters=parameters, body=body, kind=kind) if body is not None and kind == "FEEL":
                self._boxed(body, {**names, **{p.name: self._declared(self.file, p) for p in parameters}})
            case BoxedFilter(source=source, match=match):
                kind = self._boxed(source, names)
                if isinstance(kind, ListType) and isinstance(kind.item, ContextType):
                    self._boxed(match, {**names, "item": kind.item, **kind.item.entries})
            case BoxedIterator(source=source, variable=name, body=body):
                kind = self._boxed(source, names)
                item = (
                    kind.item if isinstance(kind, ListType) else kind.endpoint if isinstance(kind, RangeType) else ANY
                )
                self._boxed(body, {**names, name: item, "partial": ListType(ANY)})
            case _:
                for inner in _parts(boxed):
                    self._boxed(inner, names)
        return self._inferred(boxed, names, self.file)

    def _table(self, table: DecisionTable, names: Names) -> None:
        for position, clause in enumerate(table.inputs):
            self._known_type(clause.type, clause.expression.line)
            kind = self._expression(clause.expression, names, _("input {label}"), label=clause.label)
            declared = (self.file.kinds.type(clause.type) if clause.type else None) or ANY
            tested = kind if declared is ANY or declared is getattr(kind, "base", None) else declared
            if isinstance(tested, types.EnumerationType) and (clause.values is not None or tested is not kind):
                tested = tested.base  # the table's analysis lists these values
            known = self._scope(names)
            for number, rule in enumerate(table.rules):
                cell = rule.tests[position]
                where = _("rule {number}, input {label}")
                self._feel(
                    check_tests(cell.text, known, tested=tested), cell, where, number=number + 1, label=clause.label
                )
        for position, output in enumerate(table.outputs):
            self._known_type(output.type, table.line)
            wants = self.file.kinds.type(output.type) if output.type else None
            label = output.label or output.name
            for number, rule in enumerate(table.rules):
                where = _("rule {number}, output {label}")
                self._expression(rule.outputs[position], names, where, wants, number=number + 1, label=label)


def _column_type(file: File, output: OutputClause) -> Type:
    """The type of an output column, with its values where they are listed."""
    declared = (file.kinds.type(output.type) if output.type else None) or ANY
    values = enumerated(output.values)
    return types.EnumerationType(declared, values) if values and type(declared) is Type else declared


def _unread(finding: FeelFinding) -> bool:
    return finding.code in (
        "expected",
        "open-string",
        "open-comment",
        "unknown-character",
        "full-width",
        "too-deep",
        "too-long",
    )


def _parts(boxed: Boxed) -> Iterator[Boxed]:
    match boxed:
        case BoxedList(items=items):
            yield from items
        case Relation(rows=rows):
            for row in rows:
                yield from row
        case Conditional():
            yield from (boxed.condition, boxed.consequence, boxed.alternative)
