"""From our own model of a diagram straight to SpiffWorkflow specs; the library's parser is never used.

One `BpmnProcessSpec` holds the main process and all it calls; an element's spec is named `process/element`. Every
expression is compiled here, so a slip in one is a finding at deployment and not an incident in a case.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from lxml import etree
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec

from workflow_runtime.diagram.model import Diagram, Event, Flow, FlowNode, Mapped, Scope
from workflow_runtime.engine import catching, elements, gateways, loops, scopes, tasks
from workflow_runtime.engine.compiled import Compiled, begins
from workflow_runtime.engine.events import Definition
from workflow_runtime.engine.formulas import Formula
from workflow_runtime.engine.timing import check_literal
from workflow_runtime.engine.workflow import MOST_NESTED
from workflow_runtime.errors import DiagramError
from workflow_runtime.feel import FeelError
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.fragments import fault
from workflow_runtime.i18n import _

if TYPE_CHECKING:
    from workflow_runtime.decisions import Model

#: Which event definitions an event may have where. None stands for "no definition".
MEANT: Mapping[str, frozenset[str]] = {
    "startEvent": frozenset({"none", "message", "timer", "signal", "conditional"}),
    "trigger": frozenset({"message", "timer", "signal", "conditional", "error", "escalation", "compensate"}),
    "intermediateCatchEvent": frozenset({"none", "message", "timer", "signal", "conditional", "link"}),
    "intermediateThrowEvent": frozenset({"none", "message", "signal", "escalation", "compensate", "link"}),
    "endEvent": frozenset({"none", "message", "signal", "error", "escalation", "terminate", "cancel", "compensate"}),
    "boundaryEvent": frozenset(
        {"message", "timer", "signal", "conditional", "error", "escalation", "cancel", "compensate"}
    ),
    "receiveTask": frozenset({"message"}),
    "sendTask": frozenset({"message"}),
}

_PLAIN: Mapping[str, type[elements.ElementSpec]] = {
    "startEvent": elements.StartSpec,
    "task": elements.PlainTaskSpec,
    "userTask": tasks.ItemSpec,
    "manualTask": tasks.ItemSpec,
    "serviceTask": tasks.JobSpec,
    "scriptTask": tasks.ScriptSpec,
    "receiveTask": catching.ReceiveSpec,
    "exclusiveGateway": gateways.ExclusiveSpec,
    "parallelGateway": gateways.ParallelSpec,
    "inclusiveGateway": gateways.InclusiveSpec,
    "complexGateway": gateways.ComplexSpec,
    "eventBasedGateway": gateways.EventGatewaySpec,
    "subProcess": scopes.ScopeSpec,
    "transaction": scopes.ScopeSpec,
    "adHocSubProcess": scopes.AdHocSpec,
    "callActivity": scopes.CallSpec,
    "boundaryEvent": catching.BoundarySpec,
}


def compiled(diagrams: Sequence[Diagram], *, process: str | None, decisions: Mapping[str, Model]) -> Compiled:
    """The compiled procedure, or DiagramError with all findings."""
    return _Compiler(diagrams, process, decisions).compiled()


class _Compiler:
    def __init__(self, diagrams: Sequence[Diagram], process: str | None, decisions: Mapping[str, Model]) -> None:
        self.findings: list[Finding] = []
        self.home: dict[str, Diagram] = {}
        for diagram in diagrams:
            for id in diagram.processes:
                if id in self.home and self.home[id] is not diagram:
                    self.refuse(
                        diagram.scopes[id],
                        "double-process",
                        _("Two diagrams have a process {id}.").format(id=id),
                        _("Give one of them another id."),
                    )
                self.home.setdefault(id, diagram)
        self.main = process or self._not_called() or ""
        self.decisions = decisions
        self.bodies: dict[str, scopes.Body] = {}
        self.elements: dict[str, dict[str, FlowNode]] = {}
        self.called: dict[str, tuple[str, ...]] = {}
        self.process = self.main
        self.diagram: Diagram

    def _not_called(self) -> str | None:
        """The process a case runs when none is named: the first executable one that no other calls."""
        called = {node.called for diagram in self.home.values() for node in diagram.nodes()}
        executable = [id for id, diagram in self.home.items() if diagram.scopes[id].executable] or list(self.home)
        return next((id for id in executable if id not in called), next(iter(executable), None))

    # --- the whole ---

    def compiled(self) -> Compiled:
        if self.main not in self.home:
            raise DiagramError(
                findings=[
                    Finding(
                        "engine/no-process",
                        Severity.ERROR,
                        None,
                        None,
                        _("There is no executable process {id}.").format(id=self.main).replace("  ", " "),
                        _("Mark the process as executable."),
                    )
                ]
            )
        self.spec = BpmnProcessSpec(name=self.main)
        order = self._reachable()
        for id in order:
            self.process, self.diagram = id, self.home[id]
            self.elements[id] = {}
            self.bodies[id] = scopes.Body(id)
        for id in order:
            self.process, self.diagram = id, self.home[id]
            self._body(self.diagram.scopes[id], self.bodies[id])
        main = scopes.ProcessSpec(self.spec, f"{self.main}/", _process_node(self.home[self.main].scopes[self.main]))
        main.body = self.bodies[self.main]
        self.spec.start.connect(main)
        self._starts(main.body)
        if self.findings:
            raise DiagramError(findings=self.findings)
        definitions = [
            event
            for element in self.spec.task_specs.values()
            if isinstance(element, catching.CatchSpec | catching.BoundarySpec | catching.TriggerSpec)
            for event in element.definitions
        ]
        return Compiled(
            main=self.main,
            key=self._key(order),
            diagrams={id: self.home[id] for id in order},
            processes={id: self.home[id].scopes[id] for id in order},
            elements=self.elements,
            called=self.called,
            message_starts={name: element.node.id for name, element in main.body.messages.items()},
            signal_starts={name: element.node.id for name, element in main.body.signals.items()},
            signals=frozenset(event.name for event in definitions if event.kind == "signal"),
            messages=frozenset(event.name for event in definitions if event.kind == "message")
            | frozenset(main.body.messages),
            spec=self.spec,
        )

    def _reachable(self) -> list[str]:
        """The main process and all it calls; a circle of calls is a finding."""
        order: list[str] = []
        way: list[str] = []

        def visit(id: str) -> None:
            way.append(id)
            order.append(id)
            diagram = self.home[id]
            calls = [node for node in _inside(diagram, id) if node.kind == "callActivity"]
            self.called[id] = tuple(dict.fromkeys(node.called for node in calls if node.called))
            for node in calls:
                if node.called is None or node.called not in self.home:
                    self.refuse(
                        node,
                        "called-process",
                        _("{element} calls the process {called}, which is not there.").format(
                            element=node.name or node.id, called=node.called or "—"
                        ),
                        _("Deploy the called process with it, or correct the process id."),
                    )
                elif node.called in way:
                    self.refuse(
                        node,
                        "call-circle",
                        _("The processes call each other in a circle: {way}.").format(
                            way=" → ".join([*way[way.index(node.called) :], node.called])
                        ),
                        _("Start another case by a message instead."),
                    )
                elif len(way) > MOST_NESTED:
                    self.refuse(
                        node,
                        "too-deep",
                        _("Processes are nested more than {limit} deep.").format(limit=MOST_NESTED),
                        _("Start another case by a message instead."),
                    )
                elif node.called not in order:
                    visit(node.called)
            way.pop()

        visit(self.main)
        return order

    def _key(self, order: Sequence[str]) -> str:
        """What a snapshot depends on: the elements by id and kind, not their texts."""
        digest = hashlib.sha256()
        for id in order:
            digest.update(f"{id}\n".encode())
            for node in sorted(self.elements[id].values(), key=lambda node: node.id):
                digest.update(f"{node.id} {node.kind} {node.scope} {node.loop is not None}\n".encode())
        return digest.hexdigest()[:12]

    # --- one scope ---

    def _body(self, scope: Scope, body: scopes.Body) -> None:
        nodes: list[FlowNode] = []
        for id in scope.nodes:
            try:
                node = self.diagram.node(id)
            except KeyError:
                continue
            if node.id in self.elements[self.process]:
                self.refuse(
                    node,
                    "double-id",
                    _("Two elements have the id {id}.").format(id=node.id),
                    _("Give one of them another id."),
                )
                continue
            self.elements[self.process][node.id] = node
            nodes.append(node)
        handlers = [node for node in nodes if node.event_subprocess]
        for node in nodes:
            if node not in handlers and (element := self._element(node, scope)) is not None:
                body.elements[node.id] = element
        for node in handlers:
            self._handler(node, body)
        self._attach(nodes, body)
        self._connect(scope, body)
        self._links(nodes, body)
        for node in nodes:
            if isinstance(element := body.elements.get(node.id), gateways.InclusiveSpec):
                self._reach(element, nodes, scope)
        body.begins = [body.elements[node.id] for node in nodes if begins(node) and node.id in body.elements]
        if any(node.kind == "startEvent" for node in nodes):
            body.begins = [element for element in body.begins if element.node.kind == "startEvent"][:1]
        if not nodes:
            self.refuse(
                scope,
                "empty",
                _("{id} has no elements.").format(id=scope.name or scope.id),
                _("Draw at least a start and an end."),
            )

    def _starts(self, body: scopes.Body) -> None:
        """How the main process can begin: plainly, by message; a timer or signal start begins plainly too."""
        others: list[elements.ElementSpec] = []
        for element in body.elements.values():
            node = element.node
            messages = [event.name for event in node.events if event.kind == "message" and event.name]
            starts = node.kind == "startEvent" or (node.instantiate and not node.incoming)
            if node.kind == "eventBasedGateway" and starts:
                messages = [
                    event.name for way in element.ways for event in way.target.definitions if event.kind == "message"
                ]
            if starts:
                for name in messages:
                    body.messages.setdefault(name, element)
            if node.kind == "startEvent":
                for event in node.events:
                    if event.kind == "signal" and event.name:
                        body.signals.setdefault(event.name, element)
            if node.kind == "startEvent" and any(event.kind != "message" for event in node.events):
                others.append(element)
        body.begins = [element for element in body.begins if not element.node.instantiate]
        if not body.begins:
            body.begins = others[:1]

    def _element(self, node: FlowNode, scope: Scope) -> elements.ElementSpec | None:
        """The spec of an element; of a repeated one, what holds its instances."""
        name = f"{self.process}/{node.id}"
        self._check_events(node)
        if node.loop is None:
            return self._single(node, scope, name)
        repeat = loops.RepeatSpec(self.spec, name, node)
        inner = self._single(node, scope, f"{name} [child]")
        if inner is None:
            return None
        loop = node.loop
        repeat.inner, inner.repeated_by = inner, repeat
        repeat.kind = loop.kind
        repeat.cardinality = self.formula(node, loop.cardinality, marked=False)
        repeat.collection = self.formula(node, loop.collection, marked=False)
        repeat.item = loop.item
        repeat.until = self.formula(node, loop.condition, marked=False)
        repeat.output_collection = loop.output_collection
        repeat.output_element = self.formula(node, loop.output_element, marked=False)
        repeat.test_before, repeat.maximum = loop.test_before, loop.maximum
        self._behavior(repeat)
        return repeat

    def _behavior(self, repeat: loops.RepeatSpec) -> None:
        """What a multi-instance activity throws while it runs (behavior None, One or Complex)."""
        xml = repeat.node.xml
        many = next((part for part in _parts(xml) if str(part.tag).endswith("Characteristics")), None)
        if many is None:
            return
        match many.get("behavior", "All"):
            case "None":
                repeat.throws = self._thrown_by(repeat.node, many.get("noneBehaviorEventRef"), None)
            case "One":
                repeat.throws = self._thrown_by(repeat.node, many.get("oneBehaviorEventRef"), 1)
            case "Complex":
                for part in many:
                    if str(part.tag).endswith("}complexBehaviorDefinition"):
                        self._complex_behavior(repeat, part)

    def _complex_behavior(self, repeat: loops.RepeatSpec, part: etree._Element) -> None:
        condition, found = None, None
        for inner in part.iter():
            if str(inner.tag).endswith("}condition"):
                condition = self.formula(repeat.node, "".join(map(str, inner.itertext())), marked=False)
            elif str(inner.tag).endswith("EventDefinition"):
                found = _event_of(self.diagram, inner)
        if found is not None:
            repeat.throws += (loops.Throws(self.definition(repeat.node, found), None, condition),)

    def _thrown_by(self, node: FlowNode, ref: str | None, number: int | None) -> tuple[loops.Throws, ...]:
        meant = self.diagram.elements.get((ref or "").rpartition(":")[2])
        if meant is None or meant.xml is None:
            return ()
        return (loops.Throws(self.definition(node, _event_of(self.diagram, meant.xml)), number),)

    def _single(self, node: FlowNode, scope: Scope, name: str) -> elements.ElementSpec | None:
        kind = self._class(node)
        if kind is None:
            self.refuse(
                node,
                "unsupported",
                _("{element}: a {kind} cannot be run.").format(element=node.name or node.id, kind=node.kind),
                _("Draw it with tasks, events, sub-processes and gateways of the standard."),
            )
            return None
        element = kind(self.spec, name, node)
        element.input_lines = self.lines(node, node.inputs)
        inside_handler = scope.event_subprocess and node.kind == "startEvent"
        element.output_lines = () if inside_handler else self.lines(node, node.outputs)
        element.definitions = tuple(self.definition(node, event) for event in node.events)
        element.public = element.public or element.known_outside
        self._quantities(element)
        match element:
            case tasks.ItemSpec():
                element.process = self.process
                element.form = self.formula(node, node.form)
            case tasks.JobSpec():
                element.process = self.process
                element.type = self.formula(node, node.job)
            case tasks.ScriptSpec():
                self._script(element)
            case tasks.DecisionSpec():
                self._decision(element)
            case scopes.CallSpec():
                element.body = self.bodies.get(node.called or "", scopes.Body(node.called or ""))
            case scopes.ScopeSpec():
                element.body = self._inside(node)
                if isinstance(element, scopes.AdHocSpec):
                    self._ad_hoc(element)
            case gateways.JoinSpec():
                element.incoming = node.incoming
                if isinstance(element, gateways.ComplexSpec):
                    element.activation = self.formula(node, self.inner_text(node, "activationCondition"), marked=False)
        return element

    def _class(self, node: FlowNode) -> type[elements.ElementSpec] | None:
        plain = all(event.kind == "link" for event in node.events)
        match node.kind:
            case "businessRuleTask":
                return tasks.DecisionSpec if node.decision or not node.job else tasks.JobSpec
            case "sendTask":
                return catching.SendSpec if node.events or not node.job else tasks.JobSpec
            case "intermediateCatchEvent":
                return elements.PassSpec if plain else catching.CatchSpec
            case "intermediateThrowEvent" | "endEvent":
                return elements.PassSpec if plain else catching.ThrowSpec
            case "receiveTask" if not node.events:
                return elements.PlainTaskSpec
        return _PLAIN.get(node.kind)

    def _inside(self, node: FlowNode) -> scopes.Body:
        body = scopes.Body(node.id)
        scope = self.diagram.scopes.get(node.id)
        if scope is not None:
            self._body(scope, body)
        return body

    def _handler(self, node: FlowNode, body: scopes.Body) -> None:
        """An event sub-process: its inside, and its start event as what waits."""
        handler = scopes.EventScopeSpec(self.spec, f"{self.process}/{node.id}", node)
        handler.body = self._inside(node)
        starts = [element for element in handler.body.elements.values() if element.node.kind == "startEvent"]
        if len(starts) != 1 or not starts[0].node.events:
            self.refuse(
                node,
                "event-subprocess",
                _("{element} needs exactly one start event, and that with an event.").format(
                    element=node.name or node.id
                ),
                _("Draw one start event with a message, timer, signal, condition, error, escalation or compensation."),
            )
            return
        start = starts[0]
        trigger = catching.TriggerSpec(self.spec, f"{start.name} [trigger]", start.node)
        trigger.definitions = start.definitions
        trigger.public = trigger.known_outside
        trigger.output_lines = self.lines(start.node, start.node.outputs)
        trigger.handler, handler.trigger = handler, trigger
        body.handlers.append(handler)

    def _attach(self, nodes: Sequence[FlowNode], body: scopes.Body) -> None:
        """Boundary events to their activities; compensation events to what undoes."""
        for node in nodes:
            if node.kind != "boundaryEvent":
                continue
            host, event = body.elements.get(node.attached_to or ""), body.elements.get(node.id)
            if host is None or not isinstance(event, catching.BoundarySpec) or not host.activity:
                self.refuse(
                    node,
                    "boundary",
                    _("The boundary event {element} is attached to nothing that can hold it.").format(
                        element=node.name or node.id
                    ),
                    _("Attach it to an activity of the same process."),
                )
                continue
            if any(definition.kind == "compensate" for definition in event.definitions):
                undo = next((body.elements.get(id) for id in self._associated(node.id) if id in body.elements), None)
                inner = host.inner if isinstance(host, loops.RepeatSpec) else host
                inner.compensation = undo
                continue
            event.host = host
            host.boundaries.append(event)

    def _associated(self, id: str) -> Iterator[str]:
        for element in self.diagram.elements.values():
            if element.kind == "association" and element.xml is not None:
                ends = [str(element.xml.get(end, "")).rpartition(":")[2] for end in ("sourceRef", "targetRef")]
                if id in ends:
                    yield from (end for end in ends if end != id)

    def _connect(self, scope: Scope, body: scopes.Body) -> None:
        for flow in self._flows(scope):
            id = flow.id
            source, target = body.elements.get(flow.source), body.elements.get(flow.target)
            if source is None or target is None:
                if not self.findings:
                    self.refuse(
                        flow,
                        "flow",
                        _("The sequence flow {id} does not connect two elements of the same scope.").format(id=id),
                        _("Draw it again; between scopes use events or messages."),
                    )
                continue
            default = source.node.default == id
            condition = None if default else self.formula(flow, flow.condition, marked=False)
            source.leads_to(elements.Way(id, target, condition, default))

    def _flows(self, scope: Scope) -> Iterator[Flow]:
        """The sequence flows of a scope."""
        found = (self.diagram.elements.get(id) for id in scope.flows)
        return (flow for flow in found if isinstance(flow, Flow))

    def _links(self, nodes: Sequence[FlowNode], body: scopes.Body) -> None:
        for node in nodes:
            if node.kind != "intermediateThrowEvent" or node.event is None or node.event.kind != "link":
                continue
            targets = [
                other
                for other in nodes
                if other.kind == "intermediateCatchEvent"
                and any(event.kind == "link" and event.name == node.event.name for event in other.events)
            ]
            if len(targets) != 1:
                self.refuse(
                    node,
                    "link",
                    _("The link {name} leads to {count} catch events instead of one.").format(
                        name=node.event.name or "—", count=len(targets)
                    ),
                    _("Draw exactly one catch link event of that name in the same scope."),
                )
            elif node.id in body.elements:
                body.elements[node.id].leads_to(elements.Way(node.id, body.elements[targets[0].id]))

    def _reach(self, join: gateways.InclusiveSpec, nodes: Sequence[FlowNode], scope: Scope) -> None:
        """By which of the join's incoming flows a token at each element can still come, not through the join."""
        back: dict[str, set[str]] = {}
        sources: dict[str, str] = {}
        for flow in self._flows(scope):
            sources[flow.id] = flow.source
            back.setdefault(flow.target, set()).add(flow.source)
        for node in nodes:
            if node.attached_to:
                back.setdefault(node.id, set()).add(node.attached_to)
            for event in node.events:
                if event.kind == "link" and node.kind == "intermediateCatchEvent":
                    back.setdefault(node.id, set()).update(
                        other.id
                        for other in nodes
                        if other.kind == "intermediateThrowEvent" and event.name in {e.name for e in other.events}
                    )
        reaching: dict[str, set[str]] = {}
        for incoming in join.incoming:
            todo, seen = [sources.get(incoming, "")], {join.node.id}
            while todo:
                id = todo.pop()
                if id not in seen:
                    seen.add(id)
                    reaching.setdefault(id, set()).add(incoming)
                    todo.extend(back.get(id, ()))
        join.reaching = {id: frozenset(flows) for id, flows in reaching.items()}

    # --- parts of an element ---

    def _check_events(self, node: FlowNode) -> None:
        scope = self.diagram.scopes.get(node.scope)
        where = "trigger" if node.kind == "startEvent" and scope and scope.event_subprocess else node.kind
        meant = MEANT.get(where)
        if meant is None:
            return
        kinds = [event.kind for event in node.events] or ["none"]
        if kinds == ["none"] and where in ("trigger", "receiveTask", "sendTask"):
            return
        if "cancel" in kinds and not self._cancels(node, scope):
            meant = meant - {"cancel"}
        for kind in kinds:
            if kind not in meant or (kind == "link" and len(kinds) > 1):
                self.refuse(
                    node,
                    "event",
                    _("{element}: a {kind} cannot have a {event} definition.").format(
                        element=node.name or node.id, kind=node.kind, event=kind
                    ),
                    _("It may have: {meant}.").format(meant=", ".join(sorted(meant))),
                )

    def _cancels(self, node: FlowNode, scope: Scope | None) -> bool:
        """Whether a cancel event stands where there is a transaction to cancel: at its end, or at its edge."""
        if node.kind == "boundaryEvent":
            host = self.diagram.elements.get(node.attached_to or "")
            return host is not None and host.kind == "transaction"
        return scope is not None and scope.kind == "transaction"

    def definition(self, node: FlowNode, event: Event) -> Definition:
        """An event definition with its expressions compiled."""
        formula = None
        if event.kind == "timer":
            formula = self.formula(node, event.expression)
            if formula is None:
                self.refuse(
                    node,
                    "timer",
                    _("{element}: the timer has no time.").format(element=node.name or node.id),
                    _('Give a date, a duration or a cycle, such as =deadline("name").'),
                )
            elif formula.literal and (wrong := check_literal(formula.text, event.timer)):
                self.refuse(
                    node,
                    "timer",
                    f"{node.name or node.id}: {wrong}",
                    _("Write a date, a duration such as P10D or P10WD, or a cycle such as R3/P5D."),
                )
        elif event.kind == "conditional":
            formula = self.formula(node, event.expression, marked=False)
            if formula is None:
                self.refuse(
                    node,
                    "condition",
                    _("{element}: the condition is missing.").format(element=node.name or node.id),
                    _("Write a FEEL condition."),
                )
        return Definition(
            event.kind,
            event.name or "",
            formula,
            event.timer == "cycle",
            self.formula(node, event.key),
            event.ref if event.kind == "compensate" else None,
        )

    def formula(self, element: FlowNode | object, text: str | None, *, marked: bool = True) -> Formula | None:
        """A compiled expression; `marked`: only a leading "=" makes the text FEEL."""
        if text is None or not text.strip():
            return None
        try:
            return Formula(text, optional_mark=not marked)
        except FeelError as error:
            found = fault(error)
            self.refuse(
                element,
                "expression",
                _("The expression {text} cannot be read: {error}").format(text=text.strip(), error=found.message),
                _("Correct the FEEL expression."),
                found.excerpt,
            )
            return None

    def lines(self, node: FlowNode, mapped: Sequence[Mapped]) -> tuple[elements.Line, ...]:
        """The lines of an ioMapping."""
        found = ((self.formula(node, line.source), line.target) for line in mapped)
        return tuple(elements.Line(source, target) for source, target in found if source is not None and target)

    def _script(self, element: tasks.ScriptSpec) -> None:
        node = element.node
        language = (node.script_format or "feel").strip().lower()
        script = self.formula(node, node.script, marked=False) if language == "feel" else None
        if language != "feel":
            self.refuse(
                node,
                "script",
                _("{element}: scripts in {language} are never run.").format(
                    element=node.name or node.id, language=node.script_format
                ),
                _("Write a FEEL context (names to values), or make it a service task with a handler."),
            )
        elif script is None and not self.findings:
            self.refuse(
                node,
                "script",
                _("{element}: the script is empty.").format(element=node.name or node.id),
                _("Write a FEEL context (names to values)."),
            )
        element.script = script or Formula("null", optional_mark=True)
        element.result = node.result

    def _decision(self, element: tasks.DecisionSpec) -> None:
        node = element.node
        decision = self.formula(node, node.decision)
        if decision is None or (decision.literal and tasks.find_model(self.decisions, decision.text) is None):
            self.refuse(
                node,
                "decision",
                _("{element}: there is no decision {decision}.").format(
                    element=node.name or node.id, decision=node.decision or "—"
                ),
                _("Deploy the decision table with the diagram, or correct the decision id."),
            )
        element.decision = decision or Formula("")
        element.result = node.result
        element.models = self.decisions

    def _ad_hoc(self, element: scopes.AdHocSpec) -> None:
        xml = element.node.xml
        if xml is None:
            return
        element.sequential = xml.get("ordering") == "Sequential"
        element.cancel_rest = xml.get("cancelRemainingInstances", "true").strip() in ("true", "1")
        element.until = self.formula(element.node, self.inner_text(element.node, "completionCondition"), marked=False)

    def inner_text(self, node: FlowNode, name: str) -> str | None:
        """The text of a child element that the model does not carry."""
        for part in _parts(node.xml):
            if str(part.tag).endswith(f"}}{name}"):
                return "".join(map(str, part.itertext()))
        return None

    def _quantities(self, element: elements.ElementSpec) -> None:
        xml = element.node.xml
        if xml is not None and element.activity:
            for attribute, name in (("startQuantity", "tokens_needed"), ("completionQuantity", "tokens_made")):
                text = xml.get(attribute, "1").strip()
                setattr(element, name, min(int(text), 100) if text.isdigit() and int(text) else 1)

    def refuse(self, element: object, rule: str, message: str, remedy: str, excerpt: str = "") -> None:
        """Note a finding."""
        id, line = getattr(element, "id", None), getattr(element, "line", None)
        finding = Finding(f"engine/{rule}", Severity.ERROR, id, line, message, remedy, excerpt=excerpt)
        if finding not in self.findings:
            self.findings.append(finding)


def _inside(diagram: Diagram, scope: str) -> Iterator[FlowNode]:
    """The flow nodes of a process, through its sub-processes; each once, whatever ids occur twice."""
    todo, seen = list(diagram.scopes[scope].nodes), set[str]()
    while todo:
        id = todo.pop(0)
        node = diagram.elements.get(id)
        if isinstance(node, FlowNode) and id not in seen:
            seen.add(id)
            yield node
            if id in diagram.scopes:
                todo.extend(diagram.scopes[id].nodes)


def _parts(xml: etree._Element | None) -> Sequence[etree._Element]:
    return () if xml is None else list(xml)


def _event_of(diagram: Diagram, definition: etree._Element) -> Event:
    """An event definition that stands by itself."""
    kind = str(definition.tag).rpartition("}")[2].removesuffix("EventDefinition")
    meant = diagram.elements.get((definition.get(f"{kind}Ref") or "").rpartition(":")[2])
    xml = None if meant is None else meant.xml
    return Event(kind, name=None if xml is None else xml.get(f"{kind}Code") or xml.get("name"))


def _process_node(scope: Scope) -> FlowNode:
    """The main process as an element, so that it can hold tokens like any other."""
    return FlowNode(id=scope.id, kind="process", name=scope.name, line=scope.line, scope=scope.id)
