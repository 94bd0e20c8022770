"""The face of the language: expressions that are read once and evaluated often."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from workflow_runtime.feel import government, limits
from workflow_runtime.feel import names as naming
from workflow_runtime.feel.builtins import BUILTINS
from workflow_runtime.feel.compiler import INPUT, PARTIAL, Code, code_of
from workflow_runtime.feel.errors import FeelError
from workflow_runtime.feel.parser import needs_names, parse, parse_tests
from workflow_runtime.feel.scope import Outside, Run, Scope, bounded, native
from workflow_runtime.feel.syntax import ContextOf, For, FunctionOf, Name, Node, Quantified, children
from workflow_runtime.feel.values import Value

_NO_FUNCTIONS: Mapping[str, Callable[..., Any]] = {}
_COMPOUND = frozenset((list, dict))
_IMPLICIT = frozenset((INPUT, "item", PARTIAL))
_EXTENSION = naming.odd(government.SIGNATURES)


class Expression:
    """An expression, read and compiled. Call it with a context to evaluate it.

    `names` are the free names it uses, `tree` is its syntax tree, `code` the closure from a scope to a value.
    """

    __slots__ = ("_known", "_needs_names", "_read", "_variants", "code", "names", "text", "tree")

    def __init__(self, text: str, known: frozenset[str] = frozenset()) -> None:
        self.text = text
        self._known = known | _EXTENSION
        self._read: Callable[[str, frozenset[str]], Node] = self._reader()
        self.tree: Node = self._read(text, self._known)
        self.names = free_names(self.tree)
        self.code: Code = code_of(self.tree)
        self._needs_names = needs_names(text)
        self._variants: dict[frozenset[str], Code] = {}

    def _reader(self) -> Callable[[str, frozenset[str]], Node]:
        return parse

    def __call__(
        self,
        context: Mapping[str, Any],
        *,
        now: dt.datetime | None = None,
        functions: Mapping[str, Callable[..., Any]] = _NO_FUNCTIONS,
    ) -> Value:
        """The value in this context; raises FeelError only where a limit is reached."""
        code = self._code_for(context, functions) if self._needs_names else self.code
        try:
            value = code(Outside(context, None, Run(now, functions)))
            return bounded(value) if type(value) in _COMPOUND else value
        except (FeelError, RecursionError) as error:
            raise self._told(error) from None

    def _told(self, error: FeelError | RecursionError) -> FeelError:
        """The error of a limit, with this text."""
        if isinstance(error, RecursionError):
            return FeelError("too-many-calls", self.text, 0, len(self.text), {"limit": limits.CALLS})
        if not error.text:
            error.text, error.end = self.text, len(self.text)
        return error

    def _code_for(self, context: Mapping[str, Any], functions: Iterable[str]) -> Code:
        """The code as it is read when names like `a-b` are in scope."""
        odd = naming.odd_in(context) | naming.odd(functions)
        if odd <= self._known:
            return self.code
        if odd not in self._variants:
            if len(self._variants) > 64:
                self._variants.clear()
            self._variants[odd] = code_of(self._read(self.text, self._known | odd))
        return self._variants[odd]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text!r})"


class UnaryTests(Expression):
    """Unary tests, read and compiled: the content of a table cell. Call it with the input value and a context."""

    __slots__ = ()

    def _reader(self) -> Callable[[str, frozenset[str]], Node]:
        return parse_tests

    def __call__(  # type: ignore[override]
        self,
        value: Any,
        context: Mapping[str, Any] = {},
        *,
        now: dt.datetime | None = None,
        functions: Mapping[str, Callable[..., Any]] = _NO_FUNCTIONS,
    ) -> bool | None:
        """Whether the value passes; null when that cannot be said."""
        code = self._code_for(context, functions) if self._needs_names else self.code
        outer = Outside(context, None, Run(now, functions))
        try:
            answer = code(Scope({INPUT: native(value, INPUT)}, outer, outer.run))
        except (FeelError, RecursionError) as error:
            raise self._told(error) from None
        return answer if isinstance(answer, bool) else None


def stripped(text: str) -> str:
    """The expression without the leading `=` that diagrams put before it."""
    text = text.strip()
    return text[1:].strip() if text.startswith("=") else text


@lru_cache(maxsize=4096)
def _expression(text: str, known: frozenset[str]) -> Expression:
    return Expression(stripped(text), known)


@lru_cache(maxsize=4096)
def _unary(text: str, known: frozenset[str]) -> UnaryTests:
    return UnaryTests(text.strip(), known)


def compile(text: str, *, names: Iterable[str] = ()) -> Expression:
    """The expression of this text, from the cache where it can; raises FeelError if it cannot be read.

    `names` are names in scope, needed only for those that hold an operator or a keyword.
    """
    if len(text) > limits.TEXT:
        raise FeelError("too-long", text[:200], 0, 1, {"found": len(text), "limit": limits.TEXT})
    return _expression(text, naming.odd(names) if names else frozenset())


def unary(text: str, *, names: Iterable[str] = ()) -> UnaryTests:
    """The unary tests of this text, from the cache where it can; raises FeelError if it cannot be read."""
    if len(text) > limits.TEXT:
        raise FeelError("too-long", text[:200], 0, 1, {"found": len(text), "limit": limits.TEXT})
    return _unary(text, naming.odd(names) if names else frozenset())


def evaluate(
    text: str,
    context: Mapping[str, Any],
    *,
    now: dt.datetime | None = None,
    functions: Mapping[str, Callable[..., Any]] = _NO_FUNCTIONS,
) -> Value:
    """The value of an expression in a context; raises FeelError if it cannot be read or reaches a limit."""
    expression = _by_text.get(text)
    if expression is None:
        expression = _read(text, context, functions)
    return expression(context, now=now, functions=functions)


#: expressions that were read without any names, by their text
_by_text: dict[str, Expression] = {}


def _read(text: str, context: Mapping[str, Any], functions: Iterable[str]) -> Expression:
    try:
        expression = compile(text)
    except FeelError:
        known = naming.odd_in(context) | naming.odd(functions)
        if not known:
            raise
        return compile(text, names=known)
    if len(_by_text) >= 4096:
        _by_text.clear()
    _by_text[text] = expression
    return expression


def free_names(tree: Node) -> frozenset[str]:
    """The names an expression takes from its context: neither bound inside nor functions of the standard."""
    return frozenset(_free(tree))


def _free(node: Node) -> set[str]:
    match node:
        case Name(name=name):
            return set() if name in BUILTINS or name in _IMPLICIT else {name}
        case ContextOf(entries=entries):
            found: set[str] = set()
            bound: set[str] = set()
            for key, value in entries:
                found |= _free(value) - bound
                bound.add(key)
            return found
    inner = {name for child in children(node) for name in _free(child)}
    match node:
        case For(iterators=iterators) | Quantified(iterators=iterators):
            return inner - {iterator.name for iterator in iterators}
        case FunctionOf(parameters=parameters):
            return inner - {name for name, _ in parameters}
    return inner
