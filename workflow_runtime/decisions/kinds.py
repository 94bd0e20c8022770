"""The types of a model, its item definitions, at work: what fits, what is converted, what becomes null."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workflow_runtime.decisions.elements import Definitions, ItemDefinition, Text
from workflow_runtime.feel import FeelError, Function, Value, types, unary
from workflow_runtime.feel.compiler import INPUT, TYPE_PREFIX, Code
from workflow_runtime.feel.scope import Run, Scope
from workflow_runtime.feel.types import Type

#: types by names that are not the standard's: numbers as some editors call them
EDITORS: dict[str, Type] = dict.fromkeys(("integer", "long", "double"), types.NUMBER)
#: kinds of values of which no more is said
EDITORS |= {name: types.NamedType(name) for name in ("list", "context", "function")}
DEEPEST = 32  #: item definitions inside one another

#: a value and the run it belongs to → whether it fits, and the value as it is to be used
Fit = Callable[[Value, Run], tuple[bool, Value]]


def anything(value: Value, run: Run) -> tuple[bool, Value]:
    """The fit of a type that was not declared."""
    return True, value


class Kinds:
    """The types that one file may refer to: FEEL's own, its item definitions, those of its imports."""

    def __init__(self, definitions: Definitions, imported: dict[str, Kinds]) -> None:
        self.items = {item.name: item for item in definitions.items}
        self.imported = imported
        self._fits: dict[str, Fit] = {}
        self._names: dict[str, Value] | None = None

    def item(self, name: str) -> tuple[ItemDefinition, Kinds] | None:
        """The item definition of this name, with the file it belongs to."""
        if name in self.items:
            return self.items[name], self
        for prefix, kinds in self.imported.items():
            if not prefix and (found := kinds.item(name)):
                return found
            if prefix and name.startswith(prefix + "."):
                return kinds.item(name[len(prefix) + 1 :])
        return next((found for kinds in self.imported.values() if (found := kinds.item(name))), None)

    def type(self, name: str | None, depth: int = 0) -> Type | None:
        """The FEEL type a reference means; None if there is no such type."""
        if name is None or depth > DEEPEST:
            return types.ANY
        found = self.item(name)
        if found is None:
            return types.SIMPLE.get(name) or EDITORS.get(name)
        return found[1]._item_type(found[0], depth)

    def _item_type(self, item: ItemDefinition, depth: int) -> Type:
        if item.function is not None:
            parameters, result = item.function
            inputs = tuple(self.type(parameter.type, depth + 1) or types.ANY for parameter in parameters)
            kind: Type = types.FunctionType(inputs, self.type(result, depth + 1) or types.ANY)
        elif item.components:
            kind = types.ContextType({part.name: self._item_type(part, depth + 1) for part in item.components})
        else:
            kind = self.type(item.type, depth + 1) or types.ANY
            values = enumerated(item.allowed)
            if values and not item.collection:
                kind = types.EnumerationType(kind, values)
        return types.ListType(kind) if item.collection else kind

    def names(self) -> dict[str, Value]:
        """All type names as a scope holds them, for `instance of`."""
        if self._names is not None:
            return self._names
        result: dict[str, Value] = {TYPE_PREFIX + name: self.type(name) for name in self.items}
        for prefix, kinds in self.imported.items():
            for name in kinds.items:
                result.setdefault(TYPE_PREFIX + (f"{prefix}.{name}" if prefix else name), kinds.type(name))
        self._names = result
        return result

    def fit(self, name: str | None) -> Fit:
        """How values are fitted to a type, by its name."""
        if name is None:
            return anything
        if name not in self._fits:
            self._fits[name] = lambda value, run: self._fits[name](value, run)  # a type may hold itself
            self._fits[name] = self._fit_named(name)
        return self._fits[name]

    def _fit_named(self, name: str) -> Fit:
        found = self.item(name)
        if found is not None:
            return found[1]._fit_item(found[0])
        kind = types.SIMPLE.get(name) or EDITORS.get(name)
        if kind is None or isinstance(kind, types.NamedType):
            return anything
        return lambda value, run: types.coerced(value, kind)

    def _fit_item(self, item: ItemDefinition) -> Fit:
        if item.function is not None:
            return lambda value, run: (value is None or isinstance(value, Function), value)
        if item.components:
            fit = _components([(part.name, self._fit_item(part)) for part in item.components])
        else:
            fit = self.fit(item.type)
        fit = _constrained(fit, item.allowed)
        if item.collection:
            fit = _list_of(fit)
        return _constrained(fit, item.constraint)


def _components(parts: Sequence[tuple[str, Fit]]) -> Fit:
    def fit(value: Value, run: Run) -> tuple[bool, Value]:
        if value is None:
            return True, None
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if not isinstance(value, dict):
            return False, None
        result = dict(value)
        for name, part in parts:
            if name not in value:
                return False, None
            fits, result[name] = part(value[name], run)
            if not fits:
                return False, None
        return True, result

    return fit


def _list_of(fit_item: Fit) -> Fit:
    def fit(value: Value, run: Run) -> tuple[bool, Value]:
        if value is None:
            return True, None
        items = []
        for item in value if isinstance(value, list) else [value]:
            fits, item = fit_item(item, run)
            if not fits:
                return False, None
            items.append(item)
        return True, items

    return fit


def _constrained(fit: Fit, tests: Text | None) -> Fit:
    if tests is None:
        return fit
    code = tests_code(tests.text)
    if code is None:
        return fit  # the text cannot be read; `check` says so

    def constrained(value: Value, run: Run) -> tuple[bool, Value]:
        fits, value = fit(value, run)
        if not fits or value is None:
            return fits, value
        if code(Scope({INPUT: value}, None, run)) is not True:
            return False, None
        return True, value

    return constrained


def tests_code(text: str) -> Code | None:
    """The tests of allowed values, ready to run; None if they cannot be read."""
    try:
        return unary(text).code
    except FeelError:
        return None


def enumerated(tests: Text | None) -> tuple[Value, ...]:
    """The values of a list such as `"a", "b"`; empty if it is anything else."""
    from workflow_runtime.feel.syntax import Literal

    if tests is None:
        return ()
    try:
        tree = unary(tests.text).tree
    except FeelError:
        return ()
    items = getattr(tree, "tests", ())
    if getattr(tree, "negated", True) or not all(
        isinstance(item, Literal) and item.value is not None for item in items
    ):
        return ()
    return tuple(item.value for item in items)
