"""The elements of a decision model, as the file draws them: requirements, boxed expressions, types.

These are plain values; module `logic` makes them run. Expression texts are kept as written, with their line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class HitPolicy(StrEnum):
    """How a decision table answers when several rules match."""

    UNIQUE = "UNIQUE"  #: exactly one rule may match; two are an error
    FIRST = "FIRST"  #: the first rule that matches
    PRIORITY = "PRIORITY"  #: the rule whose output comes first in the list of output values
    ANY = "ANY"  #: several may match if they say the same; otherwise it is an error
    COLLECT = "COLLECT"  #: all outputs, or their sum, least, greatest or number
    RULE_ORDER = "RULE ORDER"  #: all outputs in the order of the rules
    OUTPUT_ORDER = "OUTPUT ORDER"  #: all outputs in the order of the list of output values


class Aggregation(StrEnum):
    """What COLLECT makes of the outputs."""

    SUM = "SUM"
    MIN = "MIN"
    MAX = "MAX"
    COUNT = "COUNT"


#: policy and aggregation → the letters the standard shows in a table's corner
LETTERS = {
    (HitPolicy.UNIQUE, None): "U",
    (HitPolicy.FIRST, None): "F",
    (HitPolicy.PRIORITY, None): "P",
    (HitPolicy.ANY, None): "A",
    (HitPolicy.COLLECT, None): "C",
    (HitPolicy.COLLECT, Aggregation.SUM): "C+",
    (HitPolicy.COLLECT, Aggregation.MIN): "C<",
    (HitPolicy.COLLECT, Aggregation.MAX): "C>",
    (HitPolicy.COLLECT, Aggregation.COUNT): "C#",
    (HitPolicy.RULE_ORDER, None): "R",
    (HitPolicy.OUTPUT_ORDER, None): "O",
}


@dataclass(frozen=True, slots=True)
class Text:
    """FEEL text and where it stands."""

    text: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """A name with its type, as the file refers to it (None: any)."""

    name: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Boxed:
    """A boxed expression; `type` is what its result is declared to be."""

    line: int | None
    type: str | None


@dataclass(frozen=True, slots=True)
class LiteralExpression(Boxed):
    """FEEL text."""

    text: str


@dataclass(frozen=True, slots=True)
class BoxedContext(Boxed):
    """Named entries, and perhaps a result."""

    entries: tuple[tuple[Variable | None, Boxed], ...]


@dataclass(frozen=True, slots=True)
class BoxedInvocation(Boxed):
    """A call with named arguments."""

    function: Boxed
    bindings: tuple[tuple[str, Boxed], ...]


@dataclass(frozen=True, slots=True)
class BoxedFunction(Boxed):
    """A function with formal parameters; `kind` FEEL runs, Java and PMML never do."""

    parameters: tuple[Variable, ...]
    body: Boxed | None
    kind: str = "FEEL"


@dataclass(frozen=True, slots=True)
class BoxedList(Boxed):
    """A list of expressions."""

    items: tuple[Boxed, ...]


@dataclass(frozen=True, slots=True)
class Relation(Boxed):
    """A list of contexts with the same keys."""

    columns: tuple[Variable, ...]
    rows: tuple[tuple[Boxed, ...], ...]


@dataclass(frozen=True, slots=True)
class Conditional(Boxed):
    """if, then, else"""

    condition: Boxed
    consequence: Boxed
    alternative: Boxed


@dataclass(frozen=True, slots=True)
class BoxedFilter(Boxed):
    """Those items of a list that match."""

    source: Boxed
    match: Boxed


@dataclass(frozen=True, slots=True)
class BoxedIterator(Boxed):
    """for, some or every; `word` says which"""

    word: str
    variable: str
    source: Boxed
    body: Boxed


@dataclass(frozen=True, slots=True)
class InputClause:
    """A column that is tested."""

    label: str
    expression: Text
    type: str | None
    values: Text | None


@dataclass(frozen=True, slots=True)
class OutputClause:
    """A column that answers."""

    name: str
    label: str
    type: str | None
    values: Text | None
    default: Text | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: tests for the inputs, expressions for the outputs."""

    id: str
    line: int | None
    tests: tuple[Text, ...]
    outputs: tuple[Text, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DecisionTable(Boxed):
    """A decision table."""

    id: str
    policy: HitPolicy
    aggregation: Aggregation | None
    inputs: tuple[InputClause, ...]
    outputs: tuple[OutputClause, ...]
    rules: tuple[Rule, ...]

    @property
    def letters(self) -> str:
        """The hit policy as a table shows it: U, A, P, F, R, O, C, C+, C<, C>, C#."""
        return LETTERS[self.policy, self.aggregation]


@dataclass(frozen=True, slots=True)
class Element:
    """Something in the requirement graph."""

    id: str
    name: str
    line: int | None
    variable: Variable


@dataclass(frozen=True, slots=True)
class InputData(Element):
    """What a decision is told."""


@dataclass(frozen=True, slots=True)
class Decision(Element):
    """What is decided, by which logic, from what; requirements are references such as `#id` or `namespace#id`."""

    logic: Boxed | None
    inputs: tuple[str, ...]
    decisions: tuple[str, ...]
    knowledge: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KnowledgeModel(Element):
    """A function that decisions share."""

    function: BoxedFunction | None
    knowledge: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Service(Element):
    """Decisions offered together as one function."""

    outputs: tuple[str, ...]
    encapsulated: tuple[str, ...]
    input_decisions: tuple[str, ...]
    input_data: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ItemDefinition:
    """A type of the model."""

    name: str
    line: int | None
    type: str | None
    collection: bool
    components: tuple[ItemDefinition, ...] = ()
    allowed: Text | None = None
    constraint: Text | None = None
    function: tuple[tuple[Variable, ...], str | None] | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """Another model whose elements are seen under a name (or without one, when the name is empty)."""

    name: str
    namespace: str
    location: str


@dataclass(frozen=True, slots=True)
class Definitions:
    """One file."""

    name: str
    namespace: str
    elements: tuple[Element, ...]
    items: tuple[ItemDefinition, ...]
    imports: tuple[Import, ...]
    by_id: dict[str, Element] = field(default_factory=dict)
