"""The template language: a small, closed part of Jinja2 that writes Typst.

A template says where values go and which passages are printed; layout is Typst's. It may read the values it is given,
choose between passages and repeat them. It cannot call anything, compute, load files, define macros or reach behind a
value. Every value has to pass `t` (a quoted text, where Typst expects code) or `c` (content); without one of them the
template is refused, so no value is ever read as markup.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from jinja2 import StrictUndefined, nodes, pass_context
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.runtime import LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from workflow_runtime.documents import wording

MAX_SOURCE = 256 * 1024
MAX_OUTPUT = 4 * 1024 * 1024
MAX_LOOPS = 3
LOOP = ("index", "first", "last")

#: A template's names: a mapping of what lies below a name, or None where anything may.
Names = Mapping[str, Any]

_STATEMENTS = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.If,
    nodes.For,
    nodes.Assign,
    nodes.Name,
    nodes.Const,
    nodes.Getattr,
    nodes.Filter,
    nodes.Test,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Tuple,
    nodes.List,
    nodes.Call,
)
_CALLS = ("clause",)
_MARK = re.compile("\0(\\d+)\0")


class Ready(str):
    """Typst source that one of our filters wrote. Nothing else may be printed."""

    __slots__ = ()


class Printed:
    """What one rendering printed: every text, and every clause."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.clauses: list[str] = []

    def quoted(self, value: object) -> Ready:
        """`value` as a Typst string."""
        text = plain(value)
        self.texts.append(text)
        escaped = "".join(_ESCAPES.get(character, character) for character in text)
        return Ready(f'"{escaped}"')

    def content(self, value: object) -> Ready:
        """`value` as Typst content, its line breaks kept."""
        pieces = (f"#{self.quoted(line)};" for line in plain(value).split("\n"))
        return Ready("#linebreak();".join(pieces))


_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    **{chr(code): f"\\u{{{code:x}}}" for code in range(32) if code != 10},
}


def plain(value: object) -> str:
    """A value as a person would write it; only values that mean a text or a number have one."""
    if isinstance(value, Undefined):
        str(value)  # raises, and names what is missing
    if isinstance(value, bool) or value is None:
        raise SecurityError(f"{value} has no wording: say what is printed with «yes_no», «otherwise» or a condition")
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n")
    if isinstance(value, (int, Decimal)):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    raise SecurityError(
        f"a {type(value).__name__} has no wording: pass it through a filter such as «date», «money» or «label»"
    )


class TemplateLanguage(ImmutableSandboxedEnvironment):
    """Jinja2 with everything taken out that a document does not need."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})
    intercepted_unops = frozenset({"+", "-"})

    def __init__(self) -> None:
        super().__init__(
            block_start_string="<%",
            block_end_string="%>",
            variable_start_string="<<",
            variable_end_string=">>",
            comment_start_string="<#",
            comment_end_string="#>",
            undefined=StrictUndefined,
            finalize=_only_ready,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,
            loader=None,
            cache_size=0,
            optimized=False,
        )
        self.globals = {}
        self.filters = {}
        self.tests = {"none": _is_none, "in": _is_in}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """No attribute of any object: names below a name are keys of plain mappings."""
        return False

    def is_safe_callable(self, obj: Any) -> bool:
        """Only our own functions."""
        return getattr(obj, "of_the_language", False) is True

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A key of a plain mapping, and nothing else."""
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        if type(obj) is LoopContext and attribute in LOOP:
            return getattr(obj, attribute)
        if isinstance(obj, Undefined):
            return obj
        return self.undefined(obj=obj, name=attribute)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Templates do not compute."""
        raise SecurityError(f"templates do not compute: {operator}")

    def call_unop(self, context: Any, operator: str, arg: Any) -> Any:
        """Templates do not compute."""
        raise SecurityError(f"templates do not compute: {operator}")


def _is_none(value: object) -> bool:
    return value is None


def _is_in(value: object, among: Any) -> bool:
    return value in among


@pass_context  # so that jinja2 asks at every rendering, and never folds an answer into the compiled template
def _only_ready(_context: object, value: object) -> object:
    if isinstance(value, Ready):
        return value
    if isinstance(value, Undefined):
        str(value)  # raises, and names what is missing
    raise SecurityError("a value is printed without «t» or «c»")


def filters(printed: Printed, labels: Mapping[str, Mapping[str, str]], language: str) -> dict[str, Callable[..., Any]]:
    """The filters of the language, for one rendering."""

    def label(value: object, key: str) -> str:
        return labels[key].get(str(value), str(value)) if value is not None else ""

    def options(_value: object, key: str) -> Ready:
        pairs = (f"({printed.quoted(name)}, {printed.quoted(text)})" for name, text in labels[key].items())
        return Ready("(" + ", ".join(pairs) + ",)")

    def otherwise(value: object, text: str) -> object:
        return text if value is None or value == "" or value == [] else value

    def joined(value: list[object], separator: str = "、" if language == "zh" else ", ") -> str:
        return separator.join(plain(one) for one in value)

    def dated(write: Callable[..., str]) -> Callable[[Any], str | None]:
        return lambda value: value if value is None or isinstance(value, str) else write(value, language=language)

    def age(born: object, on: object) -> str:
        if not isinstance(born, date) or not isinstance(on, date):
            return str(on)  # the blank of a draft
        return wording.age(born, wording.local(on).date() if isinstance(on, datetime) else on, language=language)

    return {
        "t": printed.quoted,
        "c": printed.content,
        "date": dated(wording.day),
        "month": dated(wording.month),
        "moment": dated(wording.moment),
        "next_month": lambda value: None if value is None else wording.next_month(value),
        "age": age,
        "money": lambda value: None if value is None else wording.money(Decimal(value)),
        "capital": lambda value: None if value is None else wording.capital(Decimal(value)),
        "phrase": lambda value: None if value is None else wording.phrase(str(value)),
        "sentence": lambda value: None if value is None else wording.sentence(str(value), language=language),
        "masked": lambda value: None if value is None else wording.masked(str(value)),
        "label": label,
        "options": options,
        "otherwise": otherwise,
        "yes_no": lambda value, yes, no: yes if value else no,
        "join": joined,
        "count": len,
        "flag": lambda value: Ready("true" if value else "false"),
    }


FILTERS = frozenset(filters(Printed(), {}, "zh"))


def parse(source: str) -> nodes.Template:
    """The template as a tree; raises jinja2's TemplateSyntaxError with the line."""
    if len(source) > MAX_SOURCE:
        raise TemplateSyntaxError(f"the template is longer than {MAX_SOURCE} characters", 1)
    if "\0" in source:
        raise TemplateSyntaxError("the template holds a NUL character", source[: source.index("\0")].count("\n") + 1)
    language = TemplateLanguage()
    language.filters = dict.fromkeys(FILTERS, len)
    try:
        return language.parse(_lines_kept(source))
    except RecursionError as error:
        raise TemplateSyntaxError("the template is nested too deeply", 1) from error


_TAGS_ALONE = re.compile(r"\s*(?:<%.*?%>\s*|<#.*?#>\s*)+")


def _lines_kept(source: str) -> str:
    """Tags alone on a line vanish with their line; behind a text they leave the line's end where it is.

    jinja2 would take both ends away, and two paragraphs would become one.
    """
    lines = source.split("\n")
    for number, line in enumerate(lines):
        bare = line.rstrip()
        if bare.endswith(("%>", "#>")) and bare[-3:-2] not in "+-" and not _TAGS_ALONE.fullmatch(line):
            lines[number] = f"{bare[:-2]}+{bare[-2:]}"
    return "\n".join(lines)


def problems(
    tree: nodes.Template, names: Names, labels: Mapping[str, object]
) -> Iterator[tuple[int, str, dict[str, str]]]:
    """Everything the template may not do: (line, what, facts)."""
    yield from _Walk(names, labels).walk(tree, dict(names), 0)


class _Walk:
    def __init__(self, names: Names, labels: Mapping[str, object]) -> None:
        self.names = names
        self.labels = labels

    def walk(self, node: nodes.Node, scope: dict[str, Any], loops: int) -> Iterator[tuple[int, str, dict[str, str]]]:
        if not isinstance(node, _STATEMENTS):
            yield node.lineno, "not_in_language", {"what": type(node).__name__.lower()}
            return
        if isinstance(node, nodes.Getattr):
            yield from self._name(node, scope)
            return
        if isinstance(node, nodes.Name):
            if node.ctx == "load" and node.name not in scope:
                yield node.lineno, "unknown_name", {"name": node.name}
            return
        if isinstance(node, nodes.Call):
            yield from self._call(node)
            return
        if isinstance(node, nodes.Filter):
            yield from self._filter(node)
        if isinstance(node, nodes.Test) and node.name not in {"none", "in"}:
            yield node.lineno, "unknown_test", {"name": node.name}
        if isinstance(node, nodes.Output):
            yield from self._printing(node)
        if isinstance(node, nodes.For):
            yield from self._loop(node, scope, loops)
            return
        if isinstance(node, nodes.Assign):
            yield from self.walk(node.node, scope, loops)
            if isinstance(node.target, nodes.Name) and not node.target.name.startswith("_"):
                scope[node.target.name] = self._shape(node.node, scope)
            else:
                yield node.lineno, "not_in_language", {"what": "assignment to several names"}
            return
        for child in node.iter_child_nodes():
            yield from self.walk(child, scope, loops)

    def _loop(self, node: nodes.For, scope: dict[str, Any], loops: int) -> Iterator[tuple[int, str, dict[str, str]]]:
        if node.recursive or not isinstance(node.target, nodes.Name):
            yield node.lineno, "not_in_language", {"what": "this kind of loop"}
            return
        if loops >= MAX_LOOPS:
            yield node.lineno, "too_deep", {"most": str(MAX_LOOPS)}
            return
        yield from self.walk(node.iter, scope, loops)
        inside = {**scope, node.target.name: self._shape(node.iter, scope), "loop": dict.fromkeys(LOOP)}
        for child in (node.test, *node.body, *node.else_):
            if child is not None:
                yield from self.walk(child, inside, loops + 1)

    def _printing(self, node: nodes.Output) -> Iterator[tuple[int, str, dict[str, str]]]:
        for child in node.nodes:
            ready = isinstance(child, (nodes.TemplateData, nodes.Call)) or (
                isinstance(child, nodes.Filter) and child.name in {"t", "c", "options", "flag"}
            )
            if not ready and isinstance(child, nodes.Expr):
                yield child.lineno, "raw_value", {}

    def _filter(self, node: nodes.Filter) -> Iterator[tuple[int, str, dict[str, str]]]:
        if node.name not in FILTERS:
            yield node.lineno, "unknown_filter", {"name": node.name}
        if node.name in {"label", "options"}:
            key = node.args[0] if node.args else None
            if not isinstance(key, nodes.Const) or key.value not in self.labels:
                yield node.lineno, "unknown_label", {"name": str(getattr(key, "value", ""))}
        if node.kwargs or node.dyn_args or node.dyn_kwargs or (node.node is None):
            yield node.lineno, "not_in_language", {"what": "this use of a filter"}

    def _call(self, node: nodes.Call) -> Iterator[tuple[int, str, dict[str, str]]]:
        allowed = isinstance(node.node, nodes.Name) and node.node.name in _CALLS
        argument = node.args[0] if len(node.args) == 1 else None
        if not allowed or not isinstance(argument, nodes.Const) or node.kwargs or node.dyn_args or node.dyn_kwargs:
            yield node.lineno, "no_calls", {}
        elif argument.value not in (self.names.get("clause") or {}):
            yield node.lineno, "unknown_clause", {"name": str(argument.value)}

    def _name(self, node: nodes.Getattr, scope: dict[str, Any]) -> Iterator[tuple[int, str, dict[str, str]]]:
        base: nodes.Node = node
        path: list[str] = []
        while isinstance(base, nodes.Getattr):
            path.insert(0, base.attr)
            base = base.node
        if not isinstance(base, nodes.Name) or any(part.startswith("_") for part in path):
            yield node.lineno, "unknown_name", {"name": ".".join(path)}
            return
        shape: Any = scope.get(base.name, ...)
        said = base.name
        for part in path:
            if shape is ... or shape is None or part not in shape:
                yield node.lineno, "unknown_name", {"name": f"{said}.{part}" if shape is not ... else base.name}
                return
            shape = shape[part]
            said = f"{said}.{part}"

    def _shape(self, node: nodes.Node, scope: dict[str, Any]) -> Any:
        if isinstance(node, nodes.Name):
            return scope.get(node.name)
        if isinstance(node, nodes.Getattr):
            shape = self._shape(node.node, scope)
            return shape.get(node.attr) if shape else None
        return None


def clauses_in(tree: nodes.Template) -> set[str]:
    """The clause ids the template prints somewhere."""
    return {
        call.args[0].value
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name == "clause" and isinstance(call.args[0], nodes.Const)
    }


def names_in(tree: nodes.Template, root: str) -> set[str]:
    """The names directly below `root` that the template reads."""
    return {
        node.attr
        for node in tree.find_all(nodes.Getattr)
        if isinstance(node.node, nodes.Name) and node.node.name == root
    }


class Program:
    """A template ready to render many times."""

    def __init__(self, source: str) -> None:
        tree = parse(source)
        for output in tree.find_all(nodes.Output):
            marked: list[nodes.Expr] = []
            for child in output.nodes:
                marked.append(nodes.TemplateData(f"\0{child.lineno}\0", lineno=child.lineno))
                marked.append(child)
            output.nodes = marked
        self._language = TemplateLanguage()
        self._language.filters = dict.fromkeys(FILTERS, len)
        self._template = self._language.from_string(tree)

    def render(
        self, context: dict[str, Any], labels: Mapping[str, Mapping[str, str]], titles: Mapping[str, str], language: str
    ) -> tuple[str, list[tuple[int, int]], Printed]:
        """The Typst source, where each of its lines comes from (source line, template line), and what was printed."""
        printed = Printed()
        self._language.filters = filters(printed, labels, language)

        def clause(name: str) -> Ready:
            printed.clauses.append(name)
            return printed.quoted(titles[name])

        clause.of_the_language = True  # type: ignore[attr-defined]
        pieces: list[str] = []
        size = 0
        for piece in self._template.generate({**context, "clause": clause}):
            size += len(piece)
            if size > MAX_OUTPUT:
                raise SecurityError(f"the document grows beyond {MAX_OUTPUT} characters")
            pieces.append(piece)
        source, origins = _unmarked("".join(pieces))
        return source, origins, printed


def _unmarked(text: str) -> tuple[str, list[tuple[int, int]]]:
    parts = _MARK.split(text)
    source = [parts[0]]
    origins = [(1, 1)]
    line = 1 + parts[0].count("\n")
    for number, piece in zip(parts[1::2], parts[2::2], strict=True):
        origins.append((line, int(number)))
        source.append(piece)
        line += piece.count("\n")
    return "".join(source), origins


def template_line(origins: list[tuple[int, int]], line: int) -> int:
    """The template line that wrote a line of the Typst source."""
    written, template = max((origin for origin in origins if origin[0] <= line), key=lambda origin: origin[0])
    candidates = [origin for origin in origins if origin[0] == line]
    if candidates:
        return max(candidates, key=lambda origin: origin[1])[1]
    return template + line - written


def plain_data(value: Any) -> Any:
    """A copy made of plain dicts, lists and values only; anything else is refused."""
    if value is None or isinstance(value, (bool, int, str, Decimal, date, datetime)):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain_data(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_data(one) for one in value]
    raise SecurityError(f"a document is made of plain values, not of a {type(value).__name__}")
