"""Tokens → syntax tree, by precedence climbing.

The order of precedence is the standard's: or, and, comparison, addition, multiplication, exponentiation, negation,
instance of, then paths, filters and calls. Chains of one precedence become one node, so that a long sum is wide, not
deep; what is nested is counted and limited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from workflow_runtime.feel import limits, names, syntax, temporal, types
from workflow_runtime.feel.errors import FULL_WIDTH, FeelError
from workflow_runtime.feel.lexer import Kind, Token, tokens, unknown
from workflow_runtime.feel.numbers import NUMBERS, finite
from workflow_runtime.feel.syntax import Node
from workflow_runtime.feel.types import Type

OR, AND, COMPARISON, ADDITION, MULTIPLICATION, EXPONENT = 1, 2, 3, 4, 5, 6

BINARY = {
    "or": OR,
    "and": AND,
    **dict.fromkeys(("=", "!=", "<", "<=", ">", ">=", "between", "in"), COMPARISON),
    **dict.fromkeys("+-", ADDITION),
    **dict.fromkeys("*/", MULTIPLICATION),
    "**": EXPONENT,
}
COMPARISONS = frozenset(("=", "!=", "<", "<=", ">", ">="))
#: symbols that may stand inside a name; a text without them next to names needs no list of names
INSIDE_NAMES = frozenset("./-+*") | {"**", "’", "'"}
LITERALS = {"true": True, "false": False, "null": None}
#: a `[` behind the end of a range closes it, unless one of these could begin a filter
OPENERS = frozenset("([{-@")

WANTED = {
    "expression": ("表达式", "an expression"),
    "end": ("表达式结束", "the end of the expression"),
    "name": ("名称", "a name"),
    "type": ("类型", "a type"),
    "key": ("名称或字符串作为键", "a name or string as key"),
}


@lru_cache(maxsize=2048)
def parse(text: str, known: frozenset[str] = frozenset()) -> Node:
    """The tree of an expression; `known` are the odd names in scope."""
    parser = Parser(text, known)
    node = parser.expression()
    parser.done()
    return node


@lru_cache(maxsize=2048)
def parse_tests(text: str, known: frozenset[str] = frozenset()) -> syntax.Tests:
    """The tree of unary tests, the content of a table cell."""
    parser = Parser(text, known)
    node = parser.unary_tests()
    parser.done()
    return node


@lru_cache(maxsize=2048)
def needs_names(text: str) -> bool:
    """Whether the names in scope could change how the text is read.

    Only where, after a word, a symbol or keyword that may stand inside a name is followed by something that may, too.
    """
    in_name = False
    found = tokens(text)
    for token, following in pairwise(found):
        word = token.kind in (Kind.NAME, Kind.NUMBER)
        if token.kind is Kind.NAME or (token.kind is Kind.KEYWORD and following.kind is Kind.NAME and in_name):
            in_name = True
        if in_name and not word:
            inside = token.text in INSIDE_NAMES or token.kind in (Kind.KEYWORD, Kind.OTHER)
            if inside and following.kind in (Kind.NAME, Kind.NUMBER, Kind.KEYWORD, Kind.OTHER):
                return True
            if inside and token.kind is Kind.OTHER:
                return True
            in_name = False
    return False


def number_of(text: str) -> Decimal | None:
    """The value of a number, with the digits the standard gives it; null beyond its range, as 1e9999 is."""
    return finite(NUMBERS.create_decimal(text))


class Parser:
    """One text on its way to a tree."""

    def __init__(self, text: str, known: Iterable[str] = ()) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.at = 0
        self.depth = 0
        self.operand_depth = 0
        self.odd = names.index([*names.STANDARD, *known])
        self.members: names.OddNames = {}
        self.in_range = False

    # -- moving on -----------------------------------------------------------------------------------------------

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    @property
    def last_end(self) -> int:
        return self.tokens[self.at - 1].end if self.at else 0

    def sees(self, *texts: str) -> bool:
        """Whether the next token is one of these symbols or keywords."""
        token = self.token
        return token.kind in (Kind.SYMBOL, Kind.KEYWORD) and token.text in texts

    def takes(self, *texts: str) -> bool:
        """Step over one of these symbols or keywords, if it comes next."""
        if self.sees(*texts):
            self.at += 1
            return True
        return False

    def wants(self, text: str) -> Token:
        """Step over this symbol or keyword, which must come next."""
        if not self.sees(text):
            raise self.expected(f"“{text}”", f"“{text}”")
        self.at += 1
        return self.tokens[self.at - 1]

    def expected(self, zh: str, en: str) -> FeelError:
        """The error for a token that does not fit."""
        token = self.token
        if token.kind is Kind.OTHER or token.text[:1] in FULL_WIDTH:
            wrong = Token(Kind.OTHER, token.text[:1], token.start, token.start + 1)
            return unknown(self.text, wrong)
        found_zh, found = ("表达式结束", "the end") if token.kind is Kind.END else (f"“{token.text}”",) * 2
        facts = {"expected_zh": zh, "expected": en, "found_zh": found_zh, "found": found}
        return FeelError("expected", self.text, token.start, max(token.end, token.start + 1), facts)

    def deeper(self) -> None:
        """Count one level of nesting; the caller gives it back."""
        self.depth += 1
        if self.depth > limits.DEPTH:
            raise self.too_deep()

    def too_deep(self) -> FeelError:
        return FeelError("too-deep", self.text, self.token.start, self.token.end, {"limit": limits.DEPTH})

    def done(self) -> None:
        if self.token.kind is not Kind.END:
            raise self.expected(*WANTED["end"])

    # -- names ---------------------------------------------------------------------------------------------------

    def odd_name(self, known: names.OddNames | None = None) -> str | None:
        """The longest known odd name that begins here, stepped over."""
        for wanted, name in (self.odd if known is None else known).get(self.token.text, ()):
            found = self.tokens[self.at : self.at + len(wanted)]
            if len(found) == len(wanted) and all(token.text == word for token, word in zip(found, wanted, strict=True)):
                following = self.tokens[self.at + len(wanted)]
                if (
                    following.kind is Kind.NAME
                    and found[-1].kind is Kind.NAME
                    and not self._is_instance_of(len(wanted))
                ):
                    continue  # the words go on: this is a longer name
                self.at += len(wanted)
                return name
        return None

    def name(self) -> str:
        """The name that begins here: a known odd one, or the words up to the next symbol or keyword."""
        odd = self.odd_name()
        if odd is not None:
            return odd
        first = self.at
        if self.token.kind is not Kind.NAME:
            raise self.expected(*WANTED["name"])
        self.at += 1
        while self.tokens[self.at].kind in (Kind.NAME, Kind.NUMBER) and not self._is_instance_of():
            self.at += 1
        return " ".join(token.text for token in self.tokens[first : self.at])

    def _is_instance_of(self, ahead: int = 0) -> bool:
        here = self.tokens[self.at + ahead : self.at + ahead + 2]
        return [token.text for token in here] == ["instance", "of"]

    def name_before(self, *ends: str) -> str | None:
        """All words up to one of these symbols as one name (keywords too), or None if something else comes first."""
        at = self.at
        while True:
            token = self.tokens[at]
            if token.text in ends and token.kind in (Kind.SYMBOL, Kind.KEYWORD):
                break
            inside = token.kind in (Kind.NAME, Kind.NUMBER, Kind.KEYWORD, Kind.OTHER) or token.text in INSIDE_NAMES
            if not inside or (at == self.at and token.kind is not Kind.NAME and token.kind is not Kind.KEYWORD):
                return None
            at += 1
        if at == self.at:
            return None
        found = self.tokens[self.at : at]
        self.at = at
        plain = all(token.kind in (Kind.NAME, Kind.NUMBER, Kind.KEYWORD) for token in found)
        return " ".join(t.text for t in found) if plain else " ".join(self.text[found[0].start : found[-1].end].split())

    def declare(self, *declared: str) -> None:
        """Bring odd names into scope; the caller keeps `self.odd` to leave it again."""
        if found := names.odd(declared):
            self.odd = names.index(found, self.odd)
            self.members = names.index(found, self.members)

    # -- expressions ---------------------------------------------------------------------------------------------

    def expression(self) -> Node:
        self.deeper()
        node = self.binary(OR)
        self.depth -= 1
        return node

    def inside_brackets(self, what: Callable[[], Node]) -> Node:
        """What stands in brackets is read afresh: a range around it does not end here."""
        outer, self.in_range = self.in_range, False
        node = what()
        self.in_range = outer
        return node

    def binary(self, level: int) -> Node:
        """An operand and the operators of this precedence or higher that follow it."""
        self.operand_depth += 1
        if self.operand_depth > 2 * limits.DEPTH:
            raise self.too_deep()
        node = self.binary_from(self.unary(), level)
        self.operand_depth -= 1
        return node

    def binary_from(self, left: Node, level: int) -> Node:
        """Operators of this precedence or higher that follow `left`."""
        chained = 0
        while True:
            token = self.token
            found = BINARY.get(token.text, 0) if token.kind in (Kind.SYMBOL, Kind.KEYWORD) else 0
            if found < level:
                break
            if found in (OR, AND):
                left = self.logic(left, token.text, found)
            elif found == COMPARISON:
                left = self.comparison(left)
                chained += 1  # a = b = c is legal, and nests
                self.deeper()
            else:
                left = self.arithmetic(left, found)
        self.depth -= chained
        return left

    def logic(self, first: Node, word: str, level: int) -> Node:
        operands = [first]
        while self.takes(word):
            operands.append(self.binary(level + 1))
        return syntax.Logic(first.start, self.last_end, word, tuple(operands))

    def comparison(self, left: Node) -> Node:
        word = self.token.text
        self.at += 1
        if word == "between":
            low = self.binary(ADDITION)
            self.wants("and")
            high = self.binary(ADDITION)
            return syntax.Between(left.start, self.last_end, left, low, high)
        if word == "in":
            return self.membership(left)
        right = self.binary(ADDITION)
        return syntax.Comparison(left.start, self.last_end, word, left, right)

    def membership(self, value: Node) -> Node:
        opening = self.token
        if not self.takes("("):
            return syntax.In(value.start, self.last_end, value, (self.binary(ADDITION),))
        outer, self.in_range = self.in_range, False
        tests = self.test_list()
        self.in_range = outer
        if self.sees("..") and len(tests) == 1:  # it was the open range (first..last)
            tests = (self.range_from(tests[0], opening.start, False),)
        else:
            self.wants(")")
        if len(tests) == 1:  # the parenthesis may only have begun an operand
            tests = (self.binary_from(self.postfix(tests[0]), ADDITION),)
        return syntax.In(value.start, self.last_end, value, tests)

    def arithmetic(self, first: Node, level: int) -> Node:
        rest = []
        while self.token.kind is Kind.SYMBOL and BINARY.get(self.token.text) == level:
            operator = self.token.text
            self.at += 1
            rest.append((operator, self.binary(level + 1)))
        return syntax.Arithmetic(first.start, self.last_end, first, tuple(rest))

    def unary(self) -> Node:
        token = self.token
        if token.text == "-" and token.kind is Kind.SYMBOL:
            self.at += 1
            if self.token.kind is Kind.NUMBER:
                number = syntax.Literal(token.start, self.token.end, number_of(f"-{self.token.text}"))
                self.at += 1
                return self.instance_of(self.postfix(number))
            self.deeper()
            operand = self.unary()
            self.depth -= 1
            return syntax.Negation(token.start, self.last_end, operand)
        return self.instance_of(self.postfix(self.primary()))

    def instance_of(self, value: Node) -> Node:
        if self._is_instance_of():
            self.at += 2
            kind = self.type()
            return syntax.InstanceOf(value.start, self.last_end, value, kind)
        return value

    def postfix(self, node: Node) -> Node:
        steps = 0
        while True:
            if self.sees("."):
                self.at += 1
                node = syntax.Path(node.start, self.last_end, node, self.member())
            elif self.sees("[") and not self.closes_range():
                self.at += 1
                condition = self.inside_brackets(self.expression)
                self.wants("]")
                node = syntax.Filter(node.start, self.last_end, node, condition)
            elif self.sees("("):
                node = self.call(node)
            else:
                break
            steps += 1
            self.deeper()
        self.depth -= steps
        return node

    def member(self) -> str:
        odd = self.odd_name()
        if odd is None:
            odd = self.odd_name(self.members)
        if odd is not None:
            return odd
        if self.token.kind is not Kind.KEYWORD:
            return self.name()
        first = self.at
        self.at += 1
        while self.tokens[self.at].kind in (Kind.NAME, Kind.NUMBER) and not self._is_instance_of():
            self.at += 1
        return " ".join(token.text for token in self.tokens[first : self.at])

    def closes_range(self) -> bool:
        if not self.in_range:
            return False
        following = self.tokens[self.at + 1]
        return (
            following.kind is Kind.END
            or (following.kind is Kind.SYMBOL and following.text not in OPENERS)
            or (following.kind is Kind.KEYWORD and following.text in BINARY)
        )

    def call(self, function: Node) -> Node:
        self.wants("(")
        outer, self.in_range = self.in_range, False
        arguments: list[Node] = []
        argument_names: list[str] = []
        while not self.sees(")"):
            begin = self.at
            name = self.name_before(":", ",", ")", "(")
            if name is not None and self.sees(":"):
                self.at += 1
                argument_names.append(name)
            else:
                self.at = begin
            if argument_names and len(argument_names) != len(arguments) + 1:
                raise self.expected("“名称:”", "“name:”")
            arguments.append(self.expression())
            if not self.takes(","):
                break
            if self.sees(")"):
                raise self.expected(*WANTED["expression"])
        self.wants(")")
        self.in_range = outer
        return syntax.Call(function.start, self.last_end, function, tuple(arguments), tuple(argument_names))

    # -- operands ------------------------------------------------------------------------------------------------

    def primary(self) -> Node:
        token = self.token
        if token.kind in (Kind.NAME, Kind.KEYWORD, Kind.OTHER) and token.text in self.odd:
            odd = self.odd_name()
            if odd is not None:
                return syntax.Name(token.start, self.last_end, odd)
        if token.kind is Kind.NAME:
            return self.plain_name()
        if token.kind is Kind.NUMBER:
            self.at += 1
            return syntax.Literal(token.start, token.end, number_of(token.text))
        if token.kind is Kind.STRING:
            self.at += 1
            return syntax.Literal(token.start, token.end, token.value)
        if token.kind is Kind.KEYWORD:
            if token.text in LITERALS:
                self.at += 1
                return syntax.Literal(token.start, token.end, LITERALS[token.text])
            form = {
                "if": self.conditional,
                "for": self.loop,
                "some": self.quantified,
                "every": self.quantified,
                "function": self.function,
            }.get(token.text)
            if form is not None:
                self.at += 1
                return form(token)
        if token.kind is Kind.SYMBOL:
            if token.text in COMPARISONS:
                self.at += 1
                endpoint = self.binary(ADDITION)
                return syntax.Test(token.start, self.last_end, token.text, endpoint)
            bracket = {"(": self.parenthesis, "[": self.list, "{": self.context, "]": self.open_range}.get(token.text)
            if bracket is not None:
                self.at += 1
                outer, self.in_range = self.in_range, False
                node = bracket(token)
                self.in_range = outer
                return node
            if token.text == "@":
                return self.at_literal()
        raise self.expected(*WANTED["expression"])

    def plain_name(self) -> Node:
        start = self.token.start
        name = self.name()
        return syntax.Name(start, self.last_end, name)

    def parenthesis(self, opening: Token) -> Node:
        node = self.expression()
        if self.sees(".."):
            return self.range_from(node, opening.start, False)
        self.wants(")")
        return node

    def list(self, opening: Token) -> Node:
        items: list[Node] = []
        while not self.sees("]"):
            items.append(self.expression())
            if self.sees("..") and len(items) == 1:
                return self.range_from(items[0], opening.start, True)
            if not self.takes(","):
                break
            if self.sees("]"):
                raise self.expected(*WANTED["expression"])
        self.wants("]")
        return syntax.ListOf(opening.start, self.last_end, tuple(items))

    def open_range(self, opening: Token) -> Node:
        low = self.expression()
        if not self.sees(".."):
            raise self.expected("“..”", "“..”")
        return self.range_from(low, opening.start, False)

    def range_from(self, low: Node, start: int, included: bool) -> Node:
        self.wants("..")
        self.in_range = True
        high = self.expression()
        self.in_range = False
        if not self.sees("]", ")", "["):
            raise self.expected("“]”或“)”", "“]” or “)”")
        closed = self.sees("]")
        self.at += 1
        return syntax.RangeOf(start, self.last_end, low, high, included, closed)

    def context(self, opening: Token) -> Node:
        scope = self.odd
        entries: dict[str, Node] = {}
        while not self.sees("}"):
            token = self.token
            if token.kind is Kind.STRING:
                self.at += 1
                key: str | None = token.value
            else:
                key = self.name_before(":")
            if key is None:
                raise self.expected(*WANTED["key"])
            if key in entries:
                raise FeelError("duplicate-key", self.text, token.start, self.last_end, {"found": key})
            self.wants(":")
            entries[key] = self.expression()
            self.declare(key)
            if not self.takes(","):
                break
            if self.sees("}"):
                raise self.expected(*WANTED["key"])
        self.wants("}")
        self.odd = scope
        return syntax.ContextOf(opening.start, self.last_end, tuple(entries.items()))

    def at_literal(self) -> Node:
        start = self.token.start
        self.at += 1
        token = self.token
        if token.kind is not Kind.STRING:
            raise self.expected("字符串", "a string")
        self.at += 1
        return syntax.Literal(start, token.end, temporal.read_at(token.value))

    # -- forms ---------------------------------------------------------------------------------------------------

    def conditional(self, opening: Token) -> Node:
        condition = self.expression()
        self.wants("then")
        consequence = self.expression()
        self.wants("else")
        alternative = self.expression()
        return syntax.If(opening.start, self.last_end, condition, consequence, alternative)

    def iterators(self) -> tuple[syntax.Iterator, ...]:
        result = []
        while True:
            start = self.token.start
            name = self.name_before("in")
            if name is None:
                raise self.expected(*WANTED["name"])
            self.wants("in")
            source = self.expression()
            last = self.expression() if self.takes("..") else None
            result.append(syntax.Iterator(start, self.last_end, name, source, last))
            self.declare(name)
            if not self.takes(","):
                return tuple(result)

    def loop(self, opening: Token) -> Node:
        scope = self.odd
        iterators = self.iterators()
        self.wants("return")
        body = self.expression()
        self.odd = scope
        return syntax.For(opening.start, self.last_end, iterators, body)

    def quantified(self, opening: Token) -> Node:
        scope = self.odd
        iterators = self.iterators()
        self.wants("satisfies")
        condition = self.expression()
        self.odd = scope
        return syntax.Quantified(opening.start, self.last_end, opening.text, iterators, condition)

    def function(self, opening: Token) -> Node:
        scope = self.odd
        self.wants("(")
        parameters: list[tuple[str, Type | None]] = []
        while not self.sees(")"):
            name = self.name_before(":", ",", ")")
            if name is None:
                raise self.expected(*WANTED["name"])
            parameters.append((name, self.type() if self.takes(":") else None))
            self.declare(name)
            if not self.takes(","):
                break
        self.wants(")")
        external = self.token.text == "external" and self.tokens[self.at + 1].text == "{"
        self.at += external
        body = self.expression()
        self.odd = scope
        return syntax.FunctionOf(opening.start, self.last_end, tuple(parameters), body, external)

    # -- types ---------------------------------------------------------------------------------------------------

    def type(self) -> Type:
        self.deeper()
        kind = self._type()
        self.depth -= 1
        return kind

    def _type(self) -> Type:
        token = self.token
        parametrised = self.tokens[self.at + 1].text == "<" if token.kind is not Kind.END else False
        if token.text in ("list", "range") and parametrised:
            self.at += 2
            inner = self.type()
            self.wants(">")
            return types.ListType(inner) if token.text == "list" else types.RangeType(inner)
        if token.text == "context" and parametrised:
            self.at += 2
            return self._context_type()
        if token.text == "function" and parametrised:
            self.at += 2
            return self._function_type()
        if token.text == "function":
            self.at += 1
            return types.FUNCTION
        if token.kind not in (Kind.NAME, Kind.KEYWORD) or (token.text != "null" and token.kind is Kind.KEYWORD):
            raise self.expected(*WANTED["type"])
        if token.text == "null":
            self.at += 1
            return types.NamedType("null")
        name = self.name()
        while self.sees(".") and self.tokens[self.at + 1].kind is Kind.NAME:
            self.at += 1
            name += "." + self.name()
        return types.SIMPLE.get(name) or types.OPEN.get(name) or types.NamedType(name)

    def _context_type(self) -> Type:
        entries: dict[str, Type] = {}
        while not self.sees(">"):
            token = self.token
            key = token.value if token.kind is Kind.STRING else self.name_before(":")
            if token.kind is Kind.STRING:
                self.at += 1
            if not key:
                raise self.expected(*WANTED["key"])
            self.wants(":")
            entries[key] = self.type()
            if not self.takes(","):
                break
        self.wants(">")
        return types.ContextType(entries)

    def _function_type(self) -> Type:
        parameters: list[Type] = []
        while not self.sees(">"):
            parameters.append(self.type())
            if not self.takes(","):
                break
        self.wants(">")
        self.wants("->")
        return types.FunctionType(tuple(parameters), self.type())

    # -- table cells ---------------------------------------------------------------------------------------------

    def unary_tests(self) -> syntax.Tests:
        """A dash for everything, not(…) for all but some, or tests one of which has to pass."""
        start = self.token.start
        if self.sees("-") and self.tokens[self.at + 1].kind is Kind.END:
            self.at += 1
            return syntax.Tests(start, self.last_end, (), False)
        if self.token.text == "not" and self.tokens[self.at + 1].text == "(":
            begin = self.at
            self.at += 2
            try:
                tests = self.test_list()
                self.wants(")")
            except FeelError:
                if self._closes_all(begin + 1):
                    raise
                tests = ()
            if tests and self.token.kind is Kind.END:
                return syntax.Tests(start, self.last_end, tests, True)
            self.at = begin  # the negation was only the first operand of an expression
            self.depth = self.operand_depth = 0
            self.in_range = False
        return syntax.Tests(start, self.last_end, self.test_list(), False)

    def _closes_all(self, at: int) -> bool:
        """Whether the parenthesis at this token is the last token's partner."""
        depth = 0
        for position in range(at, len(self.tokens) - 1):
            depth += {"(": 1, ")": -1}.get(self.tokens[position].text, 0)
            if depth == 0:
                return position == len(self.tokens) - 2
        return True

    def test_list(self) -> tuple[Node, ...]:
        found = [self.expression()]
        while self.takes(","):
            found.append(self.expression())
        return tuple(found)
