"""A decision model, read and ready: evaluate, explain, check."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from workflow_runtime.decisions.elements import (
    Boxed,
    Decision,
    DecisionTable,
    Definitions,
    Element,
    InputData,
    KnowledgeModel,
    Service,
)
from workflow_runtime.decisions.explanation import Explanation
from workflow_runtime.decisions.kinds import Kinds
from workflow_runtime.decisions.logic import Known, Logic, Unreadable
from workflow_runtime.decisions.reading import definitions_of
from workflow_runtime.decisions.tables import DecisionRun
from workflow_runtime.errors import DecisionError, DecisionFileError
from workflow_runtime.feel import FeelError, Function, Type, Value
from workflow_runtime.feel import names as naming
from workflow_runtime.feel.calling import invoke
from workflow_runtime.feel.compiler import Code
from workflow_runtime.feel.scope import Run, Scope, bounded, native
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _, language

DEEPEST = 48  #: decisions that require one another


class File:
    """One file of a model with its compiled logic and the files it imports, by the name it gives them."""

    def __init__(self, definitions: Definitions, imported: dict[str, File]) -> None:
        self.definitions = definitions
        self.imported = imported
        self.kinds: Kinds = Kinds(definitions, {name: file.kinds for name, file in imported.items()})
        self.logic = Logic(self.kinds, _member_names(definitions, imported))
        self.codes: dict[str, Code] = {}
        for element in definitions.elements:
            self.logic.element, self.logic.result = element.name or element.id, element.variable.type
            known = self._known(element)
            if isinstance(element, Decision) and element.logic is not None:
                self.codes[element.id] = self.logic.code(element.logic, known)
            elif isinstance(element, KnowledgeModel) and element.function is not None:
                result = element.function.type or element.variable.type
                item = self.kinds.item(result) if result else None
                if item is not None and item[0].function is not None:
                    result = item[0].function[1]  # the variable's type is that of the function itself
                self.codes[element.id] = self.logic.function(element.function, known, element.name, result)

    def find(self, reference: str) -> tuple[File, Element] | None:
        """The element a reference such as `#id` or `namespace#id` means, with its file."""
        namespace, _hash, identifier = reference.rpartition("#")
        if not namespace or namespace == self.definitions.namespace:
            if identifier in self.definitions.by_id:
                return self, self.definitions.by_id[identifier]
        for file in self.imported.values():
            if namespace == file.definitions.namespace and identifier in file.definitions.by_id:
                return file, file.definitions.by_id[identifier]
        return None

    def ways_to(self, file: File) -> list[tuple[str, ...]]:
        """The import names that lead from here to another file."""
        ways: list[tuple[str, ...]] = []
        for name, other in self.imported.items():
            if other is file:
                ways.append((name,))
            ways += [(name, *way) for way in other.ways_to(file)]
        return ways

    def import_name(self, file: File) -> str:
        """The name under which another file's elements are seen here; empty for its own."""
        return next((name for name, other in self.imported.items() if other is file), "")

    def required(self, element: Element) -> Iterator[tuple[str, File, Element]]:
        """What an element requires: the name of its import (empty for its own file), its file, and itself."""
        for reference in requirements(element):
            found = self.find(reference)
            if found is not None:
                owner, required = found
                yield ("" if owner is self else self.import_name(owner)), owner, required

    def _known(self, element: Element) -> Known:
        """The names an element's logic sees that the parser has to know."""
        names = set(self.imported)
        for _prefix, _owner, required in self.required(element):
            names |= {required.variable.name, required.name}
        if isinstance(element, KnowledgeModel):
            names.add(element.name)
        return naming.odd(name for name in names if name)


def requirements(element: Element) -> tuple[str, ...]:
    """The references to everything an element needs."""
    match element:
        case Decision(inputs=inputs, decisions=decisions, knowledge=knowledge):
            return (*inputs, *decisions, *knowledge)
        case KnowledgeModel(knowledge=knowledge):
            return knowledge
        case Service():
            return (*element.outputs, *element.encapsulated, *element.input_decisions, *element.input_data)
    return ()


def stands_alone(element: Element) -> bool:
    """Whether a decision names no inputs and no other decisions, so that its inputs are whatever is handed in."""
    return isinstance(element, Decision) and not element.inputs and not element.decisions


def _member_names(definitions: Definitions, imported: Mapping[str, File]) -> Known:
    """Odd names of components, outputs and imported elements, which appear behind a dot or inside a filter."""
    names: set[str] = set()
    waiting = list(definitions.items)
    while waiting:
        item = waiting.pop()
        names.update(component.name for component in item.components)
        waiting.extend(item.components)
    for element in definitions.elements:
        names.update(output.name for table in tables_in(getattr(element, "logic", None)) for output in table.outputs)
    for file in imported.values():
        names.update(element.name for element in file.definitions.elements)
        names |= file.logic.members
    return naming.odd(name for name in names if name)


def tables_in(boxed: Boxed | None) -> list[DecisionTable]:
    """The decision tables inside a boxed expression."""
    found: list[DecisionTable] = []
    waiting: list[Any] = [boxed]
    while waiting:
        current = waiting.pop()
        if isinstance(current, DecisionTable):
            found.append(current)
        elif isinstance(current, Boxed):
            waiting.extend(getattr(current, name) for name in current.__slots__)
        elif isinstance(current, tuple):
            waiting.extend(current)
    return found[::-1]


class Evaluation:
    """One question to a model: its inputs, what has been answered so far."""

    def __init__(self, inputs: Mapping[str, Value], run: Run, root: File | None = None, depth: int = 0) -> None:
        self.root = root
        self.inputs = inputs
        self.run = run
        self.depth = depth
        self.answers: dict[tuple[int, str], Value] = {}
        self.used: dict[str, Value] = {}

    def value(self, file: File, element: Element) -> Value:
        """The value of an input, decision, or function of the graph."""
        key = (id(file), element.id)
        if key not in self.answers:
            self.answers[key] = None  # a graph that goes in circles finds null here
            self.answers[key] = self._value(file, element)
        return self.answers[key]

    def _value(self, file: File, element: Element) -> Value:
        match element:
            case InputData():
                return self._input(file, element)
            case Decision():
                return self.decide(file, element)
            case KnowledgeModel():
                return self._function(file, element)
            case Service():
                return self._service(file, element)
        return None

    def _function(self, file: File, element: KnowledgeModel) -> Function | None:
        """The function of a knowledge model; it may call itself, directly or through others."""
        code = file.codes.get(element.id)
        if code is None or element.function is None:
            return None
        made: list[Function] = []
        parameters = tuple(parameter.name for parameter in element.function.parameters)
        stand_in = Function(element.name, parameters, lambda run, arguments: made[0].call(run, arguments))
        self.answers[id(file), element.id] = stand_in
        made.append(code(self.scope(file, element)))
        return made[0]

    def _input(self, file: File, element: InputData) -> Value:
        fits, value = file.kinds.fit(element.variable.type)(self._given(file, element), self.run)
        self.used[element.variable.name] = value if fits else None
        return value if fits else None

    def _given(self, file: File, element: InputData) -> Value:
        """The input as it was handed in: by name, by id, or under the names of the imports that lead to it."""
        name = element.variable.name
        for key in (name, element.name, element.id):
            if key in self.inputs:
                return self.inputs[key]
        for way in self.root.ways_to(file) if self.root else ():
            if (key := ".".join((*way, name))) in self.inputs:
                return self.inputs[key]
            inner: Value = self.inputs
            for step in (*way, name):
                inner = inner.get(step) if isinstance(inner, Mapping) else None
            if inner is not None:
                return inner
        return None

    def scope(self, file: File, element: Element) -> Scope:
        """What an element's logic sees: its requirements and nothing else.

        A decision drawn without any input is a table on its own, as editors make it by default: it sees all that was
        handed in.
        """
        names: dict[str, Value] = {}
        if stands_alone(element):
            names.update(self.inputs)
            self.used.update({name: self.inputs.get(name) for name in sorted(file.logic.free.get(element.name, ()))})
        for prefix, owner, required in file.required(element):
            members = names.setdefault(prefix, {}) if prefix else names
            members[required.variable.name] = self.value(owner, required)
        # A table that is drawn alone, without input data (the habit of modelling tools), sees all that was handed in.
        drawn = any(isinstance(one, InputData) for one in file.definitions.elements)
        outer = file.kinds.names() if drawn else {**self.inputs, **file.kinds.names()}
        return Scope(names, Scope(outer, None, self.run), self.run)

    def decide(self, file: File, decision: Decision) -> Value:
        """The answer of a decision, as its variable's type."""
        code = file.codes.get(decision.id)
        if code is None:
            return None
        self.depth += 1
        if self.depth > DEEPEST:
            message = _("Decision “{decision}”: requirements are nested more than {limit} deep, or go in circles.")
            raise DecisionError(message.format(decision=decision.name, limit=DEEPEST), decision.id)
        scope = self.scope(file, decision)
        outer = getattr(self.run, "decision", "")
        if isinstance(self.run, DecisionRun):
            self.run.decision = decision.name or decision.id
        try:
            value = code(scope)
        except FeelError as error:
            message = _("Decision “{decision}”: {message}")
            text = message.format(decision=decision.name, message=error.message(language()))
            raise DecisionError(text, decision.id) from error
        finally:
            if isinstance(self.run, DecisionRun):
                self.run.decision = outer
            self.depth -= 1
        fits, value = file.kinds.fit(decision.variable.type)(value, self.run)
        return value if fits else None

    def _service(self, file: File, service: Service) -> Function:
        """A decision service as a function of its input data, then its input decisions."""
        inputs = [
            found for reference in (*service.input_data, *service.input_decisions) if (found := file.find(reference))
        ]
        names = tuple(element.variable.name for _, element in inputs)

        def call(run: Run, arguments: list[Value]) -> Value:
            inner = Evaluation({}, run, self.root, self.depth + 1)
            for (owner, element), argument in zip(inputs, arguments, strict=True):
                fits, value = owner.kinds.fit(element.variable.type)(argument, run)
                if not fits:
                    return None
                inner.answers[id(owner), element.id] = value
            return inner.outputs(file, service)

        return Function(service.name, names, call)

    def outputs(self, file: File, service: Service) -> Value:
        """What a service answers: one decision's value, or a context of several."""
        found = [target for reference in service.outputs if (target := file.find(reference))]
        values = {element.variable.name: self.value(owner, element) for owner, element in found}
        value = next(iter(values.values()), None) if len(found) == 1 else values
        kind = file.kinds.item(service.variable.type) if service.variable.type else None
        if kind is not None and kind[0].function is not None:
            return value
        fits, value = file.kinds.fit(service.variable.type)(value, self.run)
        return value if fits else None


class Model:
    """A decision model. `decisions`, `services` and `functions` give the names by id.

    `sha256` tells its file (with those that it imports) from every other.
    """

    def __init__(self, file: File, sha256: str) -> None:
        self._file = file
        self.sha256 = sha256
        elements = file.definitions.elements
        self.name = file.definitions.name
        self.namespace = file.definitions.namespace
        self.decisions: Mapping[str, str] = {e.id: e.name for e in elements if isinstance(e, Decision)}
        self.services: Mapping[str, str] = {e.id: e.name for e in elements if isinstance(e, Service)}
        self.functions: Mapping[str, str] = {e.id: e.name for e in elements if isinstance(e, KnowledgeModel)}
        self.inputs: Mapping[str, str | None] = {
            e.variable.name: e.variable.type for e in elements if isinstance(e, InputData)
        }

    @property
    def definitions(self) -> Definitions:
        """The elements of the file."""
        return self._file.definitions

    @cached_property
    def looks_at(self) -> frozenset[str] | None:
        """The names that anything in the file can take from outside, None where that is not told by its texts alone."""
        drawn = self._file.definitions
        if drawn.imports or not all(stands_alone(one) for one in drawn.elements):
            return None
        return frozenset[str]().union(*self._file.logic.free.values())

    def evaluate(
        self,
        decision: str,
        inputs: Mapping[str, Any],
        *,
        now: dt.datetime | None = None,
        functions: Mapping[str, Callable[..., Any]] = {},
    ) -> Value:
        """The answer of a decision (or service, or business knowledge model), by id or name; raises DecisionError.

        Without `now` the answer may depend on the moment, if the model asks for it.
        """
        run = DecisionRun(now or dt.datetime.now(dt.UTC), functions)
        return self._evaluate(decision, inputs, Evaluation({}, run, self._file))

    def explain(
        self,
        decision: str,
        inputs: Mapping[str, Any],
        *,
        now: dt.datetime | None = None,
        functions: Mapping[str, Callable[..., Any]] = {},
    ) -> Explanation:
        """The answer with every rule of every table passed through; contradictions are told, not raised."""
        run = DecisionRun(now or dt.datetime.now(dt.UTC), functions)
        run.traces = []
        evaluation = Evaluation({}, run, self._file)
        value, error = None, None
        try:
            value = self._evaluate(decision, inputs, evaluation)
        except DecisionError as problem:
            error = str(problem)
        element = self._element(decision)
        values = {
            found.name: answer
            for (_file, identifier), answer in evaluation.answers.items()
            if isinstance(found := self._file.definitions.by_id.get(identifier), Decision)
        }
        name = element.name or element.id
        return Explanation(
            name, element.id, value, dict(evaluation.used), values, tuple(run.traces), error, self.sha256
        )

    def _evaluate(self, decision: str, inputs: Mapping[str, Any], evaluation: Evaluation) -> Value:
        element = self._element(decision)
        if isinstance(evaluation.run, DecisionRun):
            evaluation.run.decision = element.name or element.id
        message = _("Decision “{decision}”: {message}")
        try:
            evaluation.inputs = {str(name): native(value, str(name)) for name, value in inputs.items()}
            return bounded(self._answer(element, evaluation))
        except FeelError as error:
            text = message.format(decision=element.name, message=error.message(language()))
            raise DecisionError(text, element.id) from error
        except RecursionError:
            text = message.format(decision=element.name, message=_("functions call one another too deeply."))
            raise DecisionError(text, element.id) from None

    def _answer(self, element: Element, evaluation: Evaluation) -> Value:
        if isinstance(element, Decision):
            return evaluation.value(self._file, element)
        function = evaluation.value(self._file, element)
        if not isinstance(function, Function):
            return None
        given = evaluation.inputs
        return invoke(evaluation.run, function, [given.get(parameter) for parameter in function.parameters])

    def _element(self, decision: str) -> Element:
        definitions = self._file.definitions
        found = definitions.by_id.get(decision)
        if found is None or isinstance(found, InputData):
            words = " ".join(decision.split())
            order = (Decision, Service, KnowledgeModel)
            callable_ = [e for kind in order for e in definitions.elements if isinstance(e, kind)]
            named = [e for e in callable_ if words in (e.name, e.variable.name)]
            if not named:
                known = ", ".join(self.decisions.values())
                message = _("There is no decision “{decision}”; the model has {known}.")
                raise DecisionError(message.format(decision=decision, known=known), decision)
            found = named[0]
        return found

    def needs(self, decision: str) -> dict[str, Type]:
        """The names a decision has to be given, with their types; Any where nothing is declared."""
        from workflow_runtime.decisions.checking import needed

        return needed(self._file, self._element(decision))

    def inputs_of(self, decision: str, given: Mapping[str, Any]) -> dict[str, Value]:
        """Plain text and JSON as the values that a decision needs; raises BadInput for what does not fit."""
        from workflow_runtime.decisions.inputs import inputs_of

        return inputs_of(self.needs(decision), given)

    def answers(self, decision: str) -> Type:
        """The type of a decision's answer, declared or inferred; Any where it cannot be told."""
        from workflow_runtime.decisions.checking import answered

        return answered(self._file, self._element(decision))

    def possible(self, decision: str) -> tuple[Value, ...] | None:
        """The answers that the rules of a decision can give, when one rule answers and all its outputs are constants.

        None where they cannot be listed. That no rule may match is not among them: the check of the table says so.
        """
        from workflow_runtime.decisions.analysis import listed_answers

        element = self._element(decision)
        logic = element.logic if isinstance(element, Decision) else None
        return listed_answers(logic) if isinstance(logic, DecisionTable) else None

    def check(self, *, given: Mapping[str, Type] | None = None) -> list[Finding]:
        """Every problem of the model: references, types, expressions, and what is wrong with its tables.

        `given` are the names that are handed in where it is used, with their types; then none that it needs is missed.
        """
        from workflow_runtime.decisions.checking import checked

        return checked(self._file, given)

    @property
    def unreadable(self) -> list[Unreadable]:
        """The texts of the model that are not FEEL."""
        return self._file.logic.unreadable


def read(source: bytes, *, imports: Mapping[str, bytes] = {}) -> Model:
    """The model of a DMN file; raises DecisionFileError with every problem that keeps it from being read.

    `imports` holds the files it may import, under any names: they are told apart by their namespaces.
    """
    definitions = definitions_of(source)
    available: dict[str, Definitions] = {}
    for other in imports.values():
        found = definitions_of(other)
        available[found.namespace] = found
    files: dict[str, File] = {}
    file = _file(definitions, available, files, ())
    from workflow_runtime.decisions.checking import unreadable_finding

    problems = [unreadable_finding(problem) for problem in file.logic.unreadable if problem.cell]
    if problems:
        raise DecisionFileError(findings=problems)
    digest = hashlib.sha256(source)
    for other in sorted(imports.values()):
        digest.update(hashlib.sha256(other).digest())
    return Model(file, digest.hexdigest())


def _file(
    definitions: Definitions, available: Mapping[str, Definitions], files: dict[str, File], way: tuple[str, ...]
) -> File:
    if definitions.namespace in way:
        names = " → ".join((*way, definitions.namespace))
        finding = Finding(
            "dmn-import",
            Severity.ERROR,
            None,
            None,
            _("The files import one another in a circle: {names}").format(names=names),
            _("Move what both need into a third file."),
        )
        raise DecisionFileError(findings=[finding])
    if definitions.namespace not in files or not way:
        imported: dict[str, File] = {}
        for wanted in definitions.imports:
            other = available.get(wanted.namespace)
            if other is None or other is definitions:
                continue  # imports of other kinds of file (PMML, XML schema) bring no decisions
            imported[wanted.name] = _file(other, available, files, (*way, definitions.namespace))
        files[definitions.namespace] = File(definitions, imported)
    return files[definitions.namespace]
