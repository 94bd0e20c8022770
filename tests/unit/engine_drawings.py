"""Diagrams for tests, drawn in words, and a desk that plays them.

    drawn('''
        start s
        user a
        exclusive x
        end e
        boundary late on a quiet timer=P10D
        s -> a -> x
        x -> a if again
        x -> e else
    ''')

`sub sp {` … `}` nests; a semicolon ends a line too; `quiet` does not interrupt; `in:name=source` and
`out:name=source` are an ioMapping.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from typing import Any
from xml.sax.saxutils import quoteattr

from workflow_runtime.diagram import Diagram, read
from workflow_runtime.engine import (
    CaseState,
    Command,
    CompleteItem,
    DeliverMessage,
    DeliverSignal,
    Job,
    JobDone,
    JobFailed,
    OpenedItem,
    Step,
    TimersDue,
    apply,
    compile,
    start,
)
from workflow_runtime.engine.compiled import Compiled

MONDAY = datetime(2024, 9, 2, 1, tzinfo=UTC)
MANY = "multiInstanceLoopCharacteristics"
KINDS = {
    "start": "startEvent",
    "end": "endEvent",
    "catch": "intermediateCatchEvent",
    "throw": "intermediateThrowEvent",
    "boundary": "boundaryEvent",
    "task": "task",
    "user": "userTask",
    "manual": "manualTask",
    "job": "serviceTask",
    "send": "sendTask",
    "receive": "receiveTask",
    "script": "scriptTask",
    "rule": "businessRuleTask",
    "call": "callActivity",
    "sub": "subProcess",
    "handler": "subProcess",
    "transaction": "transaction",
    "adhoc": "adHocSubProcess",
    "exclusive": "exclusiveGateway",
    "parallel": "parallelGateway",
    "inclusive": "inclusiveGateway",
    "event": "eventBasedGateway",
    "complex": "complexGateway",
}


def drawn(words: str, process: str = "P", executable: bool = True) -> Diagram:
    """The diagram those words draw."""
    return read(written(words, process, executable).encode())


def written(words: str, process: str = "P", executable: bool = True) -> str:
    roots: dict[str, str] = {}
    flows = count(1)
    lines = [line.strip() for line in re.split(r"[;\n]", words) if line.strip()]
    defaults = {
        line.split(" -> ")[0]: f"f{number}"
        for number, line in enumerate(_single_flows(lines), 1)
        if line.endswith(" else")
    }
    body = "".join(_piece(line, roots, flows, defaults) for line in lines)
    return (
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
        'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="definitions" targetNamespace="t">'
        f"{''.join(roots.values())}"
        f'<process id="{process}" isExecutable="{str(executable).lower()}">{body}</process></definitions>'
    )


def _single_flows(lines: list[str]) -> list[str]:
    found = []
    for line in lines:
        if " -> " in line:
            ends = line.split(" -> ")
            found += [f"{a} -> {b}" for a, b in pairwise(ends)]
    return found


def _piece(line: str, roots: dict[str, str], flows: count[int], defaults: Mapping[str, str]) -> str:
    if line == "}":
        return _open_scopes.pop()
    if " -> " in line:
        return _flows(line, flows)
    return _element(shlex.split(line), roots, defaults)


_open_scopes: list[str] = []


def _flows(line: str, flows: count[int]) -> str:
    ends, found = line.split(" -> "), ""
    for source, rest in pairwise(ends):
        target, _if, condition = rest.partition(" if ")
        target = target.removesuffix(" else").strip()
        inner = f"<conditionExpression>{_text(condition)}</conditionExpression>" if condition else ""
        ends_of_it = f'sourceRef="{source.strip()}" targetRef="{target}"'
        found += f'<sequenceFlow id="f{next(flows)}" {ends_of_it}>{inner}</sequenceFlow>'
    return found


def _text(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").strip()


def _element(words: list[str], roots: dict[str, str], defaults: Mapping[str, str]) -> str:
    kind, id, *rest = words
    scope = rest[-1:] == ["{"]
    rest = rest[:-1] if scope else rest
    flags = [word for word in rest if "=" not in word]
    options = [(word.partition("=")[0], word.partition("=")[2]) for word in rest if "=" in word]
    tag, attributes = KINDS[kind], {"id": id}
    if id in defaults:
        attributes["default"] = defaults[id]
    zeebe, inner, definitions = "", "", ""
    if "on" in flags:
        attributes["attachedToRef"] = flags[flags.index("on") + 1]
    if "quiet" in flags:
        attributes["cancelActivity" if kind == "boundary" else "isInterrupting"] = "false"
    if kind == "handler":
        attributes["triggeredByEvent"] = "true"
    attributes |= {
        name: "true"
        for flag, name in (("undo", "isForCompensation"), ("all", "parallelMultiple"), ("instantiate",) * 2)
        if flag in flags
    }
    for flag in ("terminate", "cancel", "compensate"):
        if flag in flags:
            definitions += f"<{flag}EventDefinition/>"
    mapping, loop, loop_body = "", "", ""
    for name, value in options:
        match name:
            case "timer" | "date" | "cycle":
                form = {"timer": "timeDuration", "date": "timeDate", "cycle": "timeCycle"}[name]
                definitions += f"<timerEventDefinition><{form}>{_text(value)}</{form}></timerEventDefinition>"
            case "message":
                message, _at, key = value.partition("@")
                zeebe_key = (
                    f"<extensionElements><zeebe:subscription correlationKey={quoteattr(key)}/></extensionElements>"
                    if key
                    else ""
                )
                roots.setdefault(f"m{value}", f'<message id="m{len(roots)}" name="{message}">{zeebe_key}</message>')
                ref = roots[f"m{value}"].split('"')[1]
                if kind in ("send", "receive"):
                    attributes["messageRef"] = ref
                else:
                    definitions += f'<messageEventDefinition messageRef="{ref}"/>'
            case "signal":
                roots[f"s{value}"] = f'<signal id="sig-{value}" name="{value}"/>'
                definitions += f'<signalEventDefinition signalRef="sig-{value}"/>'
            case "error" | "escalation":
                roots[f"{name}{value}"] = f'<{name} id="{name}-{value}" {name}Code="{value}"/>'
                ref = f' {name}Ref="{name}-{value}"' if value != "*" else ""
                definitions += f"<{name}EventDefinition{ref}/>"
            case "when":
                definitions += (
                    f"<conditionalEventDefinition><condition>{_text(value)}</condition></conditionalEventDefinition>"
                )
            case "link":
                definitions += f'<linkEventDefinition name="{value}"/>'
            case "undoes":
                definitions += f'<compensateEventDefinition activityRef="{value}"/>'
            case "by":
                roots_extra = f'<association id="as-{id}" sourceRef="{id}" targetRef="{value}"/>'
                loop_body += roots_extra
            case "type":
                zeebe += f"<zeebe:taskDefinition type={quoteattr(value)}/>"
            case "form":
                zeebe += f"<zeebe:formDefinition formId={quoteattr(value)}/>"
            case "calls":
                zeebe += f'<zeebe:calledElement processId="{value}"/>'
            case "decides":
                decision, _to, result = value.partition(">")
                zeebe += f'<zeebe:calledDecision decisionId="{decision}" resultVariable="{result}"/>'
            case "does":
                zeebe += f"<zeebe:script expression={quoteattr(value)}/>"
            case "activation":
                inner += f"<activationCondition>{_text(value)}</activationCondition>"
            case "format":
                attributes["scriptFormat"] = value
            case "python":
                inner += f"<script>{_text(value)}</script>"
            case "while" | "until":
                before = str(name == "while").lower()
                loop = f"<loopCondition>{_text(value)}</loopCondition>"
                loop = f'<standardLoopCharacteristics testBefore="{before}">{loop}</standardLoopCharacteristics>'
            case "each" | "each1":
                item, _in, items = value.partition(" in ")
                results = dict(options)
                collect = (
                    f"outputCollection={quoteattr(results['into'])} outputElement={quoteattr(results['taking'])}"
                    if "into" in results
                    else ""
                )
                stop = (
                    f"<completionCondition>{_text(results['stop'])}</completionCondition>" if "stop" in results else ""
                )
                turn = str(name == "each1").lower()
                source = f"inputCollection={quoteattr(items)} inputElement={quoteattr(item)} {collect}"
                loop = f"<extensionElements><zeebe:loopCharacteristics {source}/></extensionElements>{stop}"
                loop = f'<{MANY} isSequential="{turn}">{loop}</{MANY}>'
            case "times":
                loop = f"<{MANY}><loopCardinality>{_text(value)}</loopCardinality></{MANY}>"
            case "into" | "taking" | "stop":
                pass
            case _ if name.startswith(("in:", "out:")):
                direction, _colon, target = name.partition(":")
                mapping += f"<zeebe:{direction}put source={quoteattr(value)} target={quoteattr(target)}/>"
            case _:
                attributes[name] = value
    if mapping:
        zeebe += f"<zeebe:ioMapping>{mapping}</zeebe:ioMapping>"
    if zeebe:
        zeebe = f"<extensionElements>{zeebe}</extensionElements>"
    written_attributes = " ".join(f"{name}={quoteattr(value)}" for name, value in attributes.items())
    opening = f"<{tag} {written_attributes}>{zeebe}{loop}{inner}{definitions}"
    if scope:
        _open_scopes.append(f"</{tag}>{loop_body}")
        return opening
    return f"{opening}</{tag}>{loop_body}"


class Desk:
    """Plays one case: keeps the case file, the clock and what is open, by element id."""

    def __init__(
        self,
        *diagrams: Diagram,
        data: Mapping[str, Any] | None = None,
        message: str | None = None,
        decisions: Mapping[str, Any] | None = None,
        functions: Mapping[str, Callable[..., Any]] | None = None,
        stored: bool = True,
    ) -> None:
        self.compiled: Compiled = compile(list(diagrams), decisions=decisions or {})
        self.number = count(1)
        self.data: dict[str, Any] = dict(data or {})
        self.now = MONDAY
        self.functions = functions or {}
        self.items: dict[str, OpenedItem] = {}
        self.jobs: dict[str, Job] = {}
        self.history: list[tuple[str, str]] = []
        self.thrown: list[tuple[str, str]] = []
        self.stored = stored
        self.step = self._kept(
            start(self.compiled, self.data, now=self.now, message=message, functions=self.functions, ids=self._id)
        )

    def _id(self) -> str:
        return f"id{next(self.number)}"

    def _kept(self, step: Step) -> Step:
        self.step = step
        self.thrown += [(thrown.kind, thrown.name) for thrown in step.thrown]
        if step.incident is not None:
            return step
        for key, value in step.patch.items():
            if value is None:
                self.data.pop(key, None)
            else:
                self.data[key] = value
        for closed in step.closed:
            self.items.pop(closed, None)
            self.jobs.pop(closed, None)
        self.items |= {item.id: item for item in step.opened}
        self.jobs |= {job.id: job for job in step.jobs}
        self.history += [(passed.element, passed.what) for passed in step.history]
        return step

    # --- what is open ---

    @property
    def open(self) -> list[str]:
        """The elements that wait for a person or a machine."""
        entries: list[OpenedItem | Job] = [*self.items.values(), *self.jobs.values()]
        return sorted(entry.element for entry in entries)

    @property
    def waiting(self) -> list[str]:
        """The elements that wait for a message or a time."""
        return sorted([*(one.element for one in self.step.timers), *(one.element for one in self.step.subscriptions)])

    @property
    def done(self) -> bool:
        return self.step.state is CaseState.COMPLETED

    def _id_of(self, element: str, entries: Mapping[str, Any]) -> str:
        return next(id for id, entry in entries.items() if entry.element == element)

    # --- what happens ---

    def tell(self, command: Command) -> Step:
        return self._kept(
            apply(
                self.compiled,
                self.step.snapshot,
                command,
                self.data,
                now=self.now,
                functions=self.functions,
                ids=self._id,
            )
        )

    def complete(self, element: str, **patch: Any) -> Step:
        return self.tell(CompleteItem(self._id_of(element, self.items), patch))

    def work(self, element: str, **patch: Any) -> Step:
        return self.tell(JobDone(self._id_of(element, self.jobs), patch))

    def fail(self, element: str, code: str) -> Step:
        return self.tell(JobFailed(self._id_of(element, self.jobs), code, "it broke"))

    def message(self, name: str, **payload: Any) -> Step:
        found = next(entry.id for entry in self.step.subscriptions if entry.name == name)
        return self.tell(DeliverMessage(found, payload))

    def signal(self, name: str, **payload: Any) -> Step:
        return self.tell(DeliverSignal(name, payload))

    def later(self, **span: float) -> Step:
        self.now += timedelta(**span)
        return self.tell(TimersDue())
