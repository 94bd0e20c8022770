"""DMN files → elements. Reads DMN 1.1 to 1.5; refuses what is not DMN, or larger than any table needs to be."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from workflow_runtime.decisions.elements import (
    Aggregation,
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
    Definitions,
    Element,
    HitPolicy,
    Import,
    InputClause,
    InputData,
    ItemDefinition,
    KnowledgeModel,
    LiteralExpression,
    OutputClause,
    Relation,
    Rule,
    Service,
    Text,
    Variable,
)
from workflow_runtime.errors import DecisionFileError
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _

LARGEST_FILE = 5_000_000  #: bytes
DEEPEST = 100  #: elements inside one another
MOST_ELEMENTS = 200_000
MOST_RULES = 2_000  #: of one table
MOST_INPUTS = 64  #: of one table
NAMESPACES = ("/DMN/", "http://www.omg.org/spec/DMN/", "https://www.omg.org/spec/DMN/")

Xml = etree._Element

_ITERATORS = {"for": "return", "some": "satisfies", "every": "satisfies"}


def definitions_of(source: bytes) -> Definitions:
    """The elements of a DMN file; raises DecisionFileError."""
    root = _root(source)
    reader = _Reader(root)
    found = reader.definitions()
    if reader.findings:
        raise DecisionFileError(findings=reader.findings)
    return found


def refused(message: str, remedy: str = "", line: int | None = None) -> DecisionFileError:
    """The error for a file that cannot be read at all."""
    return DecisionFileError(findings=[Finding("dmn-file", Severity.ERROR, None, line, message, remedy)])


def _root(source: bytes) -> Xml:
    if len(source) > LARGEST_FILE:
        raise refused(
            _("The file has {found} bytes; at most {limit} are read.").format(found=len(source), limit=LARGEST_FILE)
        )
    head = source[:4]
    if head.startswith((b"\xfe\xff", b"\xff\xfe", b"\x00")) or b"\x00" in head:
        raise refused(_("Only UTF-8 files are read."))
    if b"<!DOCTYPE" in source or b"<!ENTITY" in source:
        raise refused(_("A document type declaration is not accepted."), _("Remove the <!DOCTYPE …> declaration."))
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(source, parser)
    except etree.XMLSyntaxError as error:
        raise refused(_("This is not well-formed XML: {reason}").format(reason=error.msg), line=error.lineno) from error
    if etree.QName(root).localname != "definitions" or not any(
        n in (etree.QName(root).namespace or "") for n in NAMESPACES
    ):
        raise refused(_("This is not a DMN file."), _("Save the decision table as DMN 1.3 or later."))
    elements = 0
    for _event, _element in etree.iterwalk(root, events=("start",)):
        elements += 1
        if elements > MOST_ELEMENTS:
            raise refused(_("The file has more than {limit} elements.").format(limit=MOST_ELEMENTS))
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > DEEPEST:
            raise refused(_("The file nests more than {limit} elements.").format(limit=DEEPEST), line=_line(element))
    return root


def _name(element: Xml) -> str:
    return etree.QName(element).localname


def _line(element: Xml) -> int | None:
    line: object = element.sourceline
    return line if isinstance(line, int) else None


def _children(element: Xml, *names: str) -> list[Xml]:
    return [child for child in element if _name(child) in names]


def _child(element: Xml | None, *names: str) -> Xml | None:
    found = [] if element is None else _children(element, *names)
    return found[0] if found else None


def _words(name: str | None) -> str:
    """A name with its white space as the standard counts it: one space between words."""
    return " ".join((name or "").split())


class _Reader:
    """Walks one file and collects what is wrong with it."""

    def __init__(self, root: Xml) -> None:
        self.root = root
        self.findings: list[Finding] = []

    def report(self, rule: str, element: Xml, message: str, remedy: str = "") -> None:
        identifier = element.get("id") or element.get("name")
        self.findings.append(Finding(rule, Severity.ERROR, identifier, _line(element), message, remedy))

    def definitions(self) -> Definitions:
        root = self.root
        for drawn in root.iter(etree.Element):
            named = drawn.get("expressionLanguage", "feel")
            if "feel" not in named.lower():
                message = _("“{found}” is no language that decisions are written in; the standard's is FEEL.")
                self.report("dmn-language", drawn, message.format(found=named), _("Write a FEEL expression."))
        elements = tuple(self._elements())
        by_id: dict[str, Element] = {}
        for element in elements:
            if element.id in by_id:
                self.findings.append(
                    Finding(
                        "dmn-duplicate-id",
                        Severity.ERROR,
                        element.id,
                        element.line,
                        _("The id “{id}” is used twice.").format(id=element.id),
                        _("Give every element its own id."),
                    )
                )
            by_id[element.id] = element
        return Definitions(
            name=root.get("name", ""),
            namespace=root.get("namespace", ""),
            elements=elements,
            items=tuple(self._item(child) for child in _children(root, "itemDefinition")),
            imports=tuple(
                Import(_words(child.get("name")), child.get("namespace", ""), child.get("locationURI", ""))
                for child in _children(root, "import")
            ),
            by_id=by_id,
        )

    def _elements(self) -> Iterator[Element]:
        for child in self.root:
            match _name(child):
                case "decision":
                    yield self._decision(child)
                case "inputData":
                    yield InputData(*self._common(child))
                case "businessKnowledgeModel":
                    yield self._knowledge_model(child)
                case "decisionService":
                    yield self._service(child)

    def _common(self, element: Xml) -> tuple[str, str, int | None, Variable]:
        """What every element has: id, name, line, variable."""
        name = _words(element.get("name"))
        variable = _child(element, "variable")
        kind = self._type(variable) if variable is not None else None
        named = _words(variable.get("name")) or name if variable is not None else name
        return element.get("id") or name, name, _line(element), Variable(named, kind)

    def _references(self, element: Xml, group: str, name: str) -> tuple[str, ...]:
        return tuple(
            target.get("href", "")
            for requirement in _children(element, group)
            for target in _children(requirement, name)
        )

    def _decision(self, element: Xml) -> Decision:
        logic = next((child for child in element if _name(child) in self._forms()), None)
        return Decision(
            *self._common(element),
            logic=None if logic is None else self._boxed(logic),
            inputs=self._references(element, "informationRequirement", "requiredInput"),
            decisions=self._references(element, "informationRequirement", "requiredDecision"),
            knowledge=self._references(element, "knowledgeRequirement", "requiredKnowledge"),
        )

    def _knowledge_model(self, element: Xml) -> KnowledgeModel:
        logic = _child(element, "encapsulatedLogic")
        return KnowledgeModel(
            *self._common(element),
            function=None if logic is None else self._function(logic),
            knowledge=self._references(element, "knowledgeRequirement", "requiredKnowledge"),
        )

    def _service(self, element: Xml) -> Service:
        def references(name: str) -> tuple[str, ...]:
            return tuple(child.get("href", "") for child in _children(element, name))

        return Service(
            *self._common(element),
            outputs=references("outputDecision"),
            encapsulated=references("encapsulatedDecision"),
            input_decisions=references("inputDecision"),
            input_data=references("inputData"),
        )

    # -- types -----------------------------------------------------------------------------------------------------

    def _type(self, element: Xml) -> str | None:
        """The type an element refers to, by attribute (DMN 1.2 on) or child element, without the FEEL prefix."""
        child = _child(element, "typeRef")
        reference = _words(element.get("typeRef") or (child.text if child is not None else None))
        prefix, colon, rest = reference.partition(":")
        if colon and (prefix in (element.nsmap or {}) or prefix == "feel"):
            reference = rest
        if reference.startswith("{"):
            reference = reference.partition("}")[2]
        return reference or None

    def _text(self, element: Xml | None) -> Text | None:
        if element is None:
            return None
        child = _child(element, "text")
        found = (child.text if child is not None else None) or ""
        return Text(found.strip(), _line(element)) if found.strip() else None

    def _item(self, element: Xml) -> ItemDefinition:
        function = _child(element, "functionItem")
        signature = None
        if function is not None:
            parameters = tuple(
                Variable(_words(child.get("name")), self._type(child)) for child in _children(function, "parameters")
            )
            signature = (parameters, function.get("outputTypeRef"))
        return ItemDefinition(
            name=_words(element.get("name")),
            line=_line(element),
            type=self._type(element),
            collection=element.get("isCollection") == "true",
            components=tuple(self._item(child) for child in _children(element, "itemComponent")),
            allowed=self._text(_child(element, "allowedValues")),
            constraint=self._text(_child(element, "typeConstraint")),
            function=signature,
        )

    # -- boxed expressions -----------------------------------------------------------------------------------------

    def _forms(self) -> frozenset[str]:
        return frozenset(
            (
                *("literalExpression", "decisionTable", "context", "invocation", "functionDefinition", "list"),
                *("relation", "conditional", "filter", "for", "some", "every"),
            )
        )

    def _inner(self, element: Xml | None) -> Boxed:
        """The one expression inside an element; an empty one is null."""
        found = (
            next((child for child in element if _name(child) in self._forms()), None) if element is not None else None
        )
        return LiteralExpression(None, None, "null") if found is None else self._boxed(found)

    def _boxed(self, element: Xml) -> Boxed:
        line, kind = _line(element), self._type(element)
        match _name(element):
            case "literalExpression":
                text = self._text(element)
                return LiteralExpression(line, kind, text.text if text else "null")
            case "decisionTable":
                return self._table(element)
            case "context":
                return BoxedContext(
                    line, kind, tuple(self._entry(entry) for entry in _children(element, "contextEntry"))
                )
            case "invocation":
                return self._invocation(element)
            case "functionDefinition":
                return self._function(element)
            case "list":
                return BoxedList(
                    line, kind, tuple(self._boxed(child) for child in element if _name(child) in self._forms())
                )
            case "relation":
                return self._relation(element)
            case "conditional":
                parts = [self._inner(_child(element, name)) for name in ("if", "then", "else")]
                return Conditional(line, kind, *parts)
            case "filter":
                return BoxedFilter(
                    line, kind, self._inner(_child(element, "in")), self._inner(_child(element, "match"))
                )
        word = _name(element)
        body = self._inner(_child(element, _ITERATORS[word]))
        variable = _words(element.get("iteratorVariable"))
        return BoxedIterator(line, kind, word, variable, self._inner(_child(element, "in")), body)

    def _entry(self, element: Xml) -> tuple[Variable | None, Boxed]:
        variable = _child(element, "variable")
        named = None if variable is None else Variable(_words(variable.get("name")), self._type(variable))
        return named, self._inner(element)

    def _invocation(self, element: Xml) -> BoxedInvocation:
        bindings = []
        for binding in _children(element, "binding"):
            parameter = _child(binding, "parameter")
            bindings.append((_words(parameter.get("name")) if parameter is not None else "", self._inner(binding)))
        return BoxedInvocation(_line(element), self._type(element), self._inner(element), tuple(bindings))

    def _function(self, element: Xml) -> BoxedFunction:
        body = next((child for child in element if _name(child) in self._forms()), None)
        return BoxedFunction(
            _line(element),
            self._type(element),
            tuple(
                Variable(_words(child.get("name")), self._type(child))
                for child in _children(element, "formalParameter")
            ),
            None if body is None else self._boxed(body),
            element.get("kind", "FEEL"),
        )

    def _relation(self, element: Xml) -> Relation:
        columns = tuple(Variable(_words(c.get("name")), self._type(c)) for c in _children(element, "column"))
        rows = []
        for row in _children(element, "row"):
            cells = tuple(self._boxed(child) for child in row if _name(child) in self._forms())
            if len(cells) != len(columns):
                message = _("The row has {found} cells, the relation {wanted} columns.")
                self.report("dmn-relation", row, message.format(found=len(cells), wanted=len(columns)))
            rows.append(cells)
        return Relation(_line(element), self._type(element), columns, tuple(rows))

    # -- decision tables -------------------------------------------------------------------------------------------

    def _table(self, element: Xml) -> DecisionTable:
        policy, aggregation = self._policy(element)
        inputs = tuple(self._input(child) for child in _children(element, "input"))
        outputs = tuple(self._output(child) for child in _children(element, "output"))
        rules = _children(element, "rule")
        if len(rules) > MOST_RULES or len(inputs) > MOST_INPUTS:
            message = _(
                "The table has {rules} rules and {inputs} inputs; at most {most} rules and {columns} inputs are read."
            )
            found = {"rules": len(rules), "inputs": len(inputs), "most": MOST_RULES, "columns": MOST_INPUTS}
            self.report("dmn-table-size", element, message.format(**found), _("Split the table."))
            rules = []
        if not outputs:
            self.report("dmn-table", element, _("The table has no output column."), _("Add an output column."))
        return DecisionTable(
            line=_line(element),
            type=self._type(element),
            id=element.get("id", ""),
            policy=policy,
            aggregation=aggregation,
            inputs=inputs,
            outputs=outputs,
            rules=tuple(self._rule(rule, len(inputs), len(outputs)) for rule in rules),
        )

    def _policy(self, element: Xml) -> tuple[HitPolicy, Aggregation | None]:
        policy, aggregation = element.get("hitPolicy", "UNIQUE"), element.get("aggregation")
        if policy not in list(HitPolicy):
            message = _("“{found}” is no hit policy; the standard has {known}.")
            self.report("dmn-hit-policy", element, message.format(found=policy, known=", ".join(HitPolicy)))
            policy = "UNIQUE"
        if aggregation is not None and aggregation not in list(Aggregation):
            message = _("“{found}” is no aggregation; the standard has {known}.")
            self.report("dmn-aggregation", element, message.format(found=aggregation, known=", ".join(Aggregation)))
            aggregation = None
        if policy != "COLLECT":
            aggregation = None
        return HitPolicy(policy), None if aggregation is None else Aggregation(aggregation)

    def _input(self, element: Xml) -> InputClause:
        expression = _child(element, "inputExpression")
        text = self._text(expression)
        label = _words(element.get("label")) or (text.text if text else "")
        return InputClause(
            label,
            text or Text("null", _line(element)),
            self._type(expression) if expression is not None else None,
            self._text(_child(element, "inputValues")),
        )

    def _output(self, element: Xml) -> OutputClause:
        name = _words(element.get("name"))
        return OutputClause(
            name,
            _words(element.get("label")) or name,
            self._type(element),
            self._text(_child(element, "outputValues")),
            self._text(_child(element, "defaultOutputEntry")),
        )

    def _rule(self, element: Xml, inputs: int, outputs: int) -> Rule:
        tests = tuple(self._text(c) or Text("-", _line(c)) for c in _children(element, "inputEntry"))
        answers = tuple(self._text(c) or Text("null", _line(c)) for c in _children(element, "outputEntry"))
        if len(tests) != inputs or len(answers) != outputs:
            message = _("The rule has {found} cells, the table {wanted} columns.")
            found = {"found": len(tests) + len(answers), "wanted": inputs + outputs}
            self.report("dmn-rule", element, message.format(**found))
        return Rule(element.get("id", ""), _line(element), tests, answers, self._notes(element))

    def _notes(self, element: Xml) -> tuple[str, ...]:
        """The annotations of a rule; editors keep the single one they show as its description."""
        found = [
            (text.text or "").strip() for c in _children(element, "annotationEntry") for text in _children(c, "text")
        ]
        found += [(child.text or "").strip() for child in _children(element, "description")]
        return tuple(note for note in found if note)
