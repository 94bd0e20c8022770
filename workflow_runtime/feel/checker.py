"""What is wrong with an expression before it ever runs: names that nothing sets, values that never compare.

The type of every part is inferred from the types of the names in scope. A part whose type is not known is Any, and
nothing is said about it: every finding is a certainty, not a suspicion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from workflow_runtime.feel import government, syntax, types
from workflow_runtime.feel.builtins import BUILTINS, Builtin, Signature
from workflow_runtime.feel.errors import FULL_WIDTH, FeelError, Told
from workflow_runtime.feel.expression import compile, stripped, unary
from workflow_runtime.feel.operations import PROPERTIES, equal, text_of
from workflow_runtime.feel.syntax import Node
from workflow_runtime.feel.types import (
    ANY,
    BOOLEAN,
    DATE,
    DATE_TIME,
    DAYS,
    MONTHS,
    NULL,
    NUMBER,
    STRING,
    TIME,
    ContextType,
    EnumerationType,
    FunctionType,
    ListType,
    NamedType,
    RangeType,
    Type,
)

IN_CHINESE = {
    "number": "数",
    "string": "文本",
    "boolean": "是非值",
    "date": "日期",
    "time": "时刻",
    "date and time": "日期时间",
    "days and time duration": "日时期限",
    "years and months duration": "年月期限",
    "list": "列表",
    "context": "上下文",
    "range": "区间",
    "function": "函数",
    "Null": "空值",
}

#: what + and - make of two simple types; the order of the operands does not matter for +
_SUMS = {
    (NUMBER, NUMBER): NUMBER,
    (STRING, STRING): STRING,
    (DAYS, DAYS): DAYS,
    (MONTHS, MONTHS): MONTHS,
    **{(moment, DAYS): moment for moment in (DATE, DATE_TIME, TIME)},
    **{(moment, MONTHS): moment for moment in (DATE, DATE_TIME)},
}
_DIFFERENCES = {
    **{pair: result for pair, result in _SUMS.items() if pair != (STRING, STRING)},
    **{(left, right): DAYS for left in (DATE, DATE_TIME) for right in (DATE, DATE_TIME)},
    (TIME, TIME): DAYS,
}
_PRODUCTS = {(NUMBER, NUMBER): NUMBER, (DAYS, NUMBER): DAYS, (MONTHS, NUMBER): MONTHS}
_QUOTIENTS = {**_PRODUCTS, (DAYS, DAYS): NUMBER, (MONTHS, MONTHS): NUMBER}
_RESULTS: dict[str, dict[tuple[Type, Type], Type]] = {
    "+": {**_SUMS, **{(right, left): result for (left, right), result in _SUMS.items()}},
    "-": _DIFFERENCES,
    "*": {**_PRODUCTS, **{(right, left): result for (left, right), result in _PRODUCTS.items()}},
    "/": _QUOTIENTS,
    "**": {(NUMBER, NUMBER): NUMBER},
}
_PROPERTY_TYPES = {"time offset": DAYS, "timezone": STRING, "start included": BOOLEAN, "end included": BOOLEAN}


@dataclass(frozen=True, slots=True)
class Finding(Told):
    """One problem of an expression: a code with its facts, and the place in the text."""

    code: str
    severity: str
    text: str
    start: int
    end: int
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def suggestion(self) -> str | None:
        """What was probably meant."""
        return self.facts.get("suggestion")


def nearest(word: str, among: Iterable[str]) -> str | None:
    """The word that was probably meant."""
    import difflib  # only findings need it

    # of two characters, as many Chinese words have, one in common is close
    found = difflib.get_close_matches(word, list(among), n=1, cutoff=0.6 if len(word) > 3 else 0.5)
    if not found and any(character in FULL_WIDTH for character in word):
        return "".join(FULL_WIDTH.get(character, character) for character in word)
    return found[0] if found else None


MOST_FINDINGS = 100  #: of one expression
MOST_SUGGESTIONS = 20  #: of one expression

#: what `names` may say of a name: its type, the name of its type, or nothing
Declared: TypeAlias = Type | str | None


def check(text: str, names: Mapping[str, Declared] | None = None, *, wants: Type | None = None) -> list[Finding]:
    """Every problem of an expression.

    `names` are the names in scope with their types; None means that they are not known, and then none is missed.
    `wants` is the type the result should have.
    """
    text = stripped(text)
    try:
        tree = compile(text, names=names or ()).tree
    except FeelError as error:
        return [_unreadable(error)]
    return checked(text, tree, names, wants=wants)[1]


def check_tests(text: str, names: Mapping[str, Declared] | None = None, *, tested: Type = ANY) -> list[Finding]:
    """Every problem of unary tests; `tested` is the type of the value under test."""
    text = text.strip()
    try:
        tree = unary(text, names=names or ()).tree
    except FeelError as error:
        return [_unreadable(error)]
    return checked(text, tree, names, tested=tested)[1]


def type_in(text: str, names: Mapping[str, Declared] | None = None) -> Type:
    """The type of an expression, as far as it can be inferred; Any otherwise."""
    text = stripped(text)
    try:
        return checked(text, compile(text, names=names or ()).tree, names)[0]
    except FeelError:
        return ANY


def checked(
    text: str,
    tree: Node,
    names: Mapping[str, Declared] | None,
    *,
    wants: Type | None = None,
    tested: Type = ANY,
) -> tuple[Type, list[Finding]]:
    """The inferred type of a tree and its findings, in the order of the text."""
    inference = _Inference(text, names is None)
    scope = {name: _type(declared) for name, declared in (names or {}).items()}
    if isinstance(tree, syntax.Tests):
        scope["?"] = tested
    found = inference.type_of(tree, scope)
    if wants is not None and _certain(found) and _certain(wants) and not _may_become(found, wants):
        code = "not-a-condition" if wants is BOOLEAN else "wrong-type"
        inference.report(code, tree, **_named("wanted", wants), **_named("found", found))
    return found, sorted(inference.findings, key=lambda finding: (finding.start, finding.end))


def result_of(function: syntax.FunctionOf) -> Type:
    """The type of what a function answers, as far as its body tells."""
    found = _Inference("", True).type_of(function, {})
    return found.result if isinstance(found, FunctionType) else ANY


def _type(declared: Declared) -> Type:
    if isinstance(declared, str):
        return types.SIMPLE.get(declared, ANY)
    return ANY if declared is None else declared


def _unreadable(error: FeelError) -> Finding:
    return Finding(error.code, "error", error.text, error.start, error.end, error.facts)


def _certain(kind: Type) -> bool:
    return kind not in (ANY, NULL) and not isinstance(kind, NamedType)


def _named(key: str, kind: Type) -> dict[str, str]:
    return {key: kind.name, f"{key}_zh": IN_CHINESE.get(kind.name, kind.name)}


def _plain(kind: Type) -> Type:
    return kind.base if isinstance(kind, EnumerationType) else kind


Names = dict[str, Type]


class _Inference:
    """Walks one tree; every method gives the type of its part and reports what it meets."""

    def __init__(self, text: str, open_world: bool) -> None:
        self.text = text
        self.open_world = open_world
        self.findings: list[Finding] = []

    def report(self, code: str, node: Node, **facts: Any) -> None:
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(code, "error", self.text, node.start, node.end, facts))

    def meant(self, word: str, among: Iterable[str]) -> str | None:
        """The word that was probably meant; not looked for again and again in a text that is wrong all over."""
        return nearest(word, among) if len(self.findings) < MOST_SUGGESTIONS else None

    def type_of(self, node: Node, names: Names) -> Type:
        match node:
            case syntax.Literal(value=value):
                return types.type_of(value)
            case syntax.Name():
                return self._name(node, names)
            case syntax.Negation(operand=operand):
                kind = _plain(self.type_of(operand, names))
                if _certain(kind) and kind not in (NUMBER, DAYS, MONTHS):
                    self.report("no-arithmetic", node, operator="-", **_named("left", NUMBER), **_named("right", kind))
                return kind
            case syntax.Arithmetic():
                return self._arithmetic(node, names)
            case syntax.Comparison(left=left, right=right):
                self._compared(node, left, right, names)
                return BOOLEAN
            case syntax.Between(value=value, low=low, high=high):
                self._compared(node, value, low, names)
                self._compared(node, value, high, names)
                return BOOLEAN
            case syntax.In(value=value, tests=tests):
                self._tests(tests, self.type_of(value, names), names)
                return BOOLEAN
            case syntax.Tests(tests=tests):
                self._tests(tests, names["?"], names)
                return BOOLEAN
            case syntax.Logic(operands=operands):
                for operand in operands:
                    self._condition(operand, names)
                return BOOLEAN
            case syntax.If(condition=condition, consequence=consequence, alternative=alternative):
                self._condition(condition, names)
                return types.common([self.type_of(consequence, names), self.type_of(alternative, names)])
            case syntax.For(iterators=iterators, body=body):
                inner = self._iterated(iterators, names)
                return ListType(self.type_of(body, {**inner, "partial": ListType(ANY)}))
            case syntax.Quantified(iterators=iterators, condition=condition):
                self._condition(condition, self._iterated(iterators, names))
                return BOOLEAN
            case syntax.Path():
                return self._path(node, names)
            case syntax.Filter():
                return self._filter(node, names)
            case syntax.Call():
                return self._call(node, names)
        return self._built(node, names)

    def _built(self, node: Node, names: Names) -> Type:
        match node:
            case syntax.InstanceOf(value=value, type=kind):
                self.type_of(value, names)
                if not types.known(kind) and self._unknown_type(kind) and not self.open_world:
                    self.report("unknown-type", node, name=str(kind), suggestion=self.meant(str(kind), types.SIMPLE))
                return BOOLEAN
            case syntax.ListOf(items=items):
                return ListType(types.common([self.type_of(item, names) for item in items]))
            case syntax.ContextOf(entries=entries):
                inner = dict(names)
                found: Names = {}
                for key, value in entries:
                    found[key] = inner[key] = self.type_of(value, inner)
                return ContextType(found)
            case syntax.FunctionOf(parameters=parameters, body=body, external=external):
                declared = {name: kind if kind is not None and types.known(kind) else ANY for name, kind in parameters}
                result = ANY if external else self.type_of(body, {**names, **declared})
                return FunctionType(tuple(declared.values()), result)
            case syntax.RangeOf(low=low, high=high):
                self._compared(node, low, high, names)
                return RangeType(_plain(self.type_of(low, names)))
            case syntax.Test(endpoint=endpoint):
                return RangeType(_plain(self.type_of(endpoint, names)))
        return ANY

    def _unknown_type(self, kind: Type) -> bool:
        return not isinstance(kind, NamedType) or kind.name not in ("list", "context", "function")

    # -- names -----------------------------------------------------------------------------------------------------

    def _name(self, node: syntax.Name, names: Names) -> Type:
        if node.name in names:
            return names[node.name]
        if node.name in government.SIGNATURES:
            return government.SIGNATURES[node.name]
        if node.name in BUILTINS or self.open_world:
            return ANY
        suggestion = self.meant(node.name, [name for name in (*names, *BUILTINS) if name != "?"])
        self.report("unknown-name", node, name=node.name, suggestion=suggestion)
        return ANY

    def _iterated(self, iterators: tuple[syntax.Iterator, ...], names: Names) -> Names:
        inner = dict(names)
        for iterator in iterators:
            source = self.type_of(iterator.source, inner)
            if iterator.last is not None:
                self.type_of(iterator.last, inner)
                inner[iterator.name] = _plain(source)
            elif isinstance(source, ListType):
                inner[iterator.name] = source.item if source.item is not NULL else ANY
            else:
                inner[iterator.name] = source.endpoint if isinstance(source, RangeType) else ANY
        return inner

    def _path(self, node: syntax.Path, names: Names) -> Type:
        return self._member(node, self.type_of(node.source, names))

    def _member(self, node: syntax.Path, owner: Type) -> Type:
        if isinstance(owner, ListType):
            member = self._member(node, owner.item)
            return ANY if member is ANY else ListType(member)
        if isinstance(owner, ContextType):
            if node.name in owner.entries:
                return owner.entries[node.name]
            if owner.entries:
                self._no_member(node, list(owner.entries))
            return ANY
        properties = PROPERTIES.get(_plain(owner).name, {})
        if properties and node.name not in properties:
            self._no_member(node, list(properties))
            return ANY
        if isinstance(owner, RangeType):
            return owner.endpoint if node.name in ("start", "end") else BOOLEAN
        if properties:
            return _PROPERTY_TYPES.get(node.name, NUMBER)
        if _plain(owner) in (NUMBER, STRING, BOOLEAN):
            self._no_member(node, [])
        return ANY

    def _no_member(self, node: syntax.Path, known: list[str]) -> None:
        owner = self.text[node.source.start : node.source.end]
        self.report("unknown-member", node, owner=owner, name=node.name, suggestion=self.meant(node.name, known))

    def _filter(self, node: syntax.Filter, names: Names) -> Type:
        source = self.type_of(node.source, names)
        item = source.item if isinstance(source, ListType) else source
        inner = {**names, "item": item}
        if isinstance(item, ContextType):
            inner.update(item.entries)
        elif item is ANY or item is NULL:
            # the items may bring any names of their own, so that no name can be called unknown
            outer, self.open_world = self.open_world, True
            condition = self.type_of(node.condition, inner)
            self.open_world = outer
            return item if condition is NUMBER else ANY if source is ANY else source
        condition = _plain(self.type_of(node.condition, inner))
        if condition is NUMBER:
            return item
        if _certain(condition) and condition is not BOOLEAN:
            self.report("not-a-condition", node.condition, **_named("found", condition))
        return source if isinstance(source, ListType) else ListType(source)

    # -- operators -------------------------------------------------------------------------------------------------

    def _condition(self, node: Node, names: Names) -> None:
        kind = self.type_of(node, names)
        if _certain(kind) and _plain(kind) is not BOOLEAN:
            # `> 5 and < 9` is written `? > 5 and ? < 9`: a comparison that lacks its left side is a range
            meant = f"? {self.text[node.start : node.end]}" if isinstance(node, syntax.Test) else None
            self.report("not-a-condition", node, suggestion=meant, **_named("found", kind))

    def _arithmetic(self, node: syntax.Arithmetic, names: Names) -> Type:
        result = _plain(self.type_of(node.first, names))
        for operator, operand in node.rest:
            right = _plain(self.type_of(operand, names))
            if not _certain(result) or not _certain(right):
                result = ANY
                continue
            found = _RESULTS[operator].get((result, right)) if type(result) is type(right) is Type else None
            if found is None:
                place = Node(node.start, operand.end)
                facts = {**_named("left", result), **_named("right", right)}
                self.report("no-arithmetic", place, operator=operator, **facts)
                return ANY
            result = found
        return result

    def _compared(self, node: Node, left: Node, right: Node, names: Names) -> None:
        first, second = self.type_of(left, names), self.type_of(right, names)
        self._incomparable(node, first, second)
        self._listed(left, first, right)
        self._listed(right, second, left)

    def _incomparable(self, node: Node, first: Type, second: Type) -> None:
        first, second = _plain(first), _plain(second)
        if _certain(first) and _certain(second) and first.name != second.name:
            self.report("incomparable", node, **_named("left", first), **_named("right", second))

    def _listed(self, node: Node, kind: Type, literal: Node) -> None:
        """A literal beside a value with listed values has to be one of them."""
        if not isinstance(kind, EnumerationType) or not isinstance(literal, syntax.Literal) or literal.value is None:
            return
        if any(equal(literal.value, value) is True for value in kind.values):
            return
        if types.type_of(literal.value) is not kind.base:
            return  # said already
        allowed = [text_of(value, True) or "" for value in kind.values]
        found = text_of(literal.value) or ""
        suggestion = self.meant(found, [value for value in kind.values if isinstance(value, str)])
        self.report("not-allowed-value", literal, found=found, allowed=", ".join(allowed), suggestion=suggestion)

    def _tests(self, tests: tuple[Node, ...], tested: Type, names: Names) -> None:
        inner = {**names, "?": tested}
        for test in tests:
            if isinstance(test, syntax.Test):
                kind = self.type_of(test.endpoint, inner)
                self._incomparable(test, tested, kind)
                self._listed(test, tested, test.endpoint)
                continue
            kind = self.type_of(test, inner)
            wanted: Type = kind
            if isinstance(kind, RangeType) and not isinstance(tested, RangeType):
                wanted = kind.endpoint
            elif isinstance(kind, ListType) and not isinstance(tested, ListType):
                wanted = kind.item
                for item in test.items if isinstance(test, syntax.ListOf) else ():
                    self._listed(test, tested, item)
            elif kind is BOOLEAN:
                continue  # a condition of its own
            if not isinstance(wanted, RangeType | ListType) and not isinstance(tested, ListType):
                self._incomparable(test, tested, wanted)
            self._listed(test, tested, test)

    # -- calls -----------------------------------------------------------------------------------------------------

    def _call(self, node: syntax.Call, names: Names) -> Type:
        kinds = [self.type_of(argument, names) for argument in node.arguments]
        if isinstance(node.function, syntax.Name) and node.function.name not in names:
            name = node.function.name
            if name in BUILTINS:
                return self._builtin(node, BUILTINS[name], kinds)
            if name not in government.SIGNATURES:
                if not self.open_world:
                    known = [*BUILTINS, *government.SIGNATURES, *names]
                    self.report("unknown-function", node.function, name=name, suggestion=self.meant(name, known))
                return ANY
        function = self.type_of(node.function, names)
        if isinstance(function, FunctionType):
            if len(function.parameters) != len(kinds) and not node.names:
                self._wrong_arguments(node, [", ".join(map(str, function.parameters))])
            elif not node.names:
                for argument, kind, wanted in zip(node.arguments, kinds, function.parameters, strict=True):
                    if _certain(kind) and _certain(wanted) and not _may_become(kind, wanted):
                        self.report("wrong-type", argument, **_named("wanted", wanted), **_named("found", kind))
            return function.result
        if _certain(function):
            self.report("not-a-function", node.function, name=self.text[node.function.start : node.function.end])
        return ANY

    def _builtin(self, node: syntax.Call, function: Builtin, kinds: list[Type]) -> Type:
        fitting = [s for s in function.signatures if _fits(s, kinds, node.names)]
        if not fitting:
            self._wrong_arguments(node, [str(signature) for signature in function.signatures])
        result = types.SIMPLE.get(function.result, ANY)
        if function.result == "list":
            return ListType(ANY)
        if function.name in ("min", "max") and len(kinds) == 1 and isinstance(kinds[0], ListType):
            return kinds[0].item
        return kinds[0] if function.name == "abs" and kinds else result

    def _wrong_arguments(self, node: syntax.Call, signatures: list[str]) -> None:
        name = self.text[node.function.start : node.function.end]
        self.report("wrong-arguments", node, name=name, signatures=" | ".join(f"{name}({text})" for text in signatures))


def _fits(signature: Signature, kinds: list[Type], names: tuple[str, ...]) -> bool:
    parameters = list(signature.parameters)
    if names:
        by_name = {parameter.name: parameter for parameter in parameters}
        if not set(names) <= set(by_name) or any(not p.optional and p.name not in names for p in parameters):
            return False
        return all(_accepts(by_name[name].type, kind) for name, kind in zip(names, kinds, strict=True))
    if parameters and parameters[-1].many:
        parameters += [parameters[-1]] * (len(kinds) - len(parameters))
    needed = sum(1 for parameter in parameters if not parameter.optional)
    if not needed <= len(kinds) <= len(parameters):
        return False
    return all(_accepts(parameter.type, kind) for parameter, kind in zip(parameters, kinds, strict=False))


def _accepts(wanted: str, kind: Type) -> bool:
    kind = _plain(kind)
    if wanted == "Any" or not _certain(kind):
        return True
    if isinstance(kind, ListType) and wanted != "list":
        return kind.item is ANY or kind.item is NULL or _accepts(wanted, kind.item)
    match wanted:
        case "list":
            return True
        case "integer":
            return kind is NUMBER
        case "day":
            return kind in (DATE, DATE_TIME)
        case "duration":
            return kind in (DAYS, MONTHS)
        case "point":
            return type(kind) is Type
    return kind.name == wanted


def may_be(kind: Type, wanted: Type) -> bool:
    """Whether a value of one type can be used as another, as far as both are known."""
    return not _certain(kind) or not _certain(wanted) or _may_become(kind, wanted)


def _may_become(kind: Type, wanted: Type) -> bool:
    """Whether a value of one type can be used as another, conversions included."""
    kind, wanted = _plain(kind), _plain(wanted)
    if types.conforms(kind, wanted) or (kind in (DATE, DATE_TIME) and wanted in (DATE, DATE_TIME)):
        return True
    if isinstance(kind, ListType):
        return not _certain(kind.item) or _may_become(kind.item, wanted)
    return isinstance(wanted, ListType) and _may_become(kind, wanted.item)
