"""What a step of the engine costs, beside SpiffWorkflow with its own parser and whole-state saving.

    python3 -m benchmarks.engine

CPU per completion (load, step, save), bytes stored, round 10 against round 200 of a rework loop, large multi-instance
steps, and what compiling the shipped transfer costs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any

from lxml import etree

from workflow_runtime.diagram import read
from workflow_runtime.engine import CompleteItem, apply, compile, start
from workflow_runtime.engine.compiled import Compiled

NOW = datetime(2024, 9, 2, 1, tzinfo=UTC)
ROOT = Path(__file__).resolve().parent.parent

#: two people in parallel, a reminder on one of them, joined, and back to the beginning while `again`
REWORK = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="D" targetNamespace="t">
<process id="P" isExecutable="true"><startEvent id="s"/><exclusiveGateway id="m"/><parallelGateway id="g"/>
<userTask id="a"/><boundaryEvent id="t" attachedToRef="a" cancelActivity="false"><timerEventDefinition>
<timeDuration>{duration}</timeDuration></timerEventDefinition></boundaryEvent><userTask id="r"/><endEvent id="e2"/>
<userTask id="b"/><parallelGateway id="j"/><exclusiveGateway id="x" default="f9"/><endEvent id="e"/>
<sequenceFlow id="f1" sourceRef="s" targetRef="m"/><sequenceFlow id="f2" sourceRef="m" targetRef="g"/>
<sequenceFlow id="f3" sourceRef="g" targetRef="a"/><sequenceFlow id="f4" sourceRef="g" targetRef="b"/>
<sequenceFlow id="f5" sourceRef="a" targetRef="j"/><sequenceFlow id="f6" sourceRef="b" targetRef="j"/>
<sequenceFlow id="f7" sourceRef="j" targetRef="x"/><sequenceFlow id="f8" sourceRef="x" targetRef="m">
<conditionExpression>{again}</conditionExpression></sequenceFlow><sequenceFlow id="f9" sourceRef="x" targetRef="e"/>
<sequenceFlow id="f10" sourceRef="t" targetRef="r"/><sequenceFlow id="f11" sourceRef="r" targetRef="e2"/>
</process></definitions>"""

MANY = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="D" targetNamespace="t">
<process id="P" isExecutable="true"><startEvent id="s"/><userTask id="a"><multiInstanceLoopCharacteristics>
<loopCardinality>{count}</loopCardinality></multiInstanceLoopCharacteristics></userTask><endEvent id="e"/>
<sequenceFlow id="f1" sourceRef="s" targetRef="a"/><sequenceFlow id="f2" sourceRef="a" targetRef="e"/>
</process></definitions>"""


def main() -> None:
    """Print the figures."""
    rounds = 200
    print("rework loop (two parallel steps, a reminder), CPU per completion: load + step + save")
    ours = rework(rounds)
    report("xieban engine", ours)
    report("the same with a 25 kB case file", rework(rounds, {f"key_{n}": "字" * 80 for n in range(100)}))
    report("SpiffWorkflow, whole state, 30 rounds", raw_rework(30))  # 200 take minutes, and it gives up before
    for count in (10, 100, 300):
        cost, size = many(count)
        print(f"{count:5} parallel items          {cost:8.3f} ms a completion  {size / 1000:7.1f} kB")
    print(f"compile county-city-transfer  {compiling():8.3f} ms")


def report(name: str, rounds: list[tuple[float, int]]) -> None:
    """One line: cost and size at round 10 and at the last."""
    early = median(cost for cost, _size in rounds[5:15])
    late = median(cost for cost, _size in rounds[-10:])
    sizes = f"{rounds[10][1] / 1000:7.1f} → {rounds[-2][1] / 1000:.1f} kB"
    print(f"{name:38} {early:8.3f} → {late:.3f} ms  ×{late / early:.2f}  {sizes}")


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU milliseconds and result."""
    begun = time.process_time()
    result = work()
    return (time.process_time() - begun) * 1000, result


def rework(rounds: int, data: dict[str, Any] | None = None) -> list[tuple[float, int]]:
    """A case in which everything is done again and again."""
    compiled = compile([read(REWORK.format(duration="P10D", again="again").encode())])
    data = dict(data or {})
    step = start(compiled, data, now=NOW)
    open_items = {item.element: item.id for item in step.opened}
    found = []
    for number in range(rounds):
        spent = 0.0
        for element in ("a", "b") if number % 2 else ("b", "a"):
            command = CompleteItem(open_items[element], {"again": number < rounds - 1})
            cost, step = timed(lambda c=command, s=step.snapshot: apply(compiled, s, c, data, now=NOW))  # type: ignore[misc]
            data.update(step.patch)
            open_items |= {item.element: item.id for item in step.opened}
            spent += cost / 2
        found.append((spent, len(step.snapshot)))
    return found


def raw_rework(rounds: int) -> list[tuple[float, int]]:
    """The same case through the library alone: parsed by it, its whole state read and written at every completion."""
    from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
    from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
    from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
    from SpiffWorkflow.util.task import TaskState

    parser = BpmnParser()
    parser.add_bpmn_xml(etree.parse(BytesIO(REWORK.format(duration='"P10D"', again="again").encode())).getroot())
    serializer = BpmnWorkflowSerializer()
    workflow = BpmnWorkflow(parser.get_spec("P"))
    workflow.do_engine_steps()
    state = serializer.serialize_json(workflow)

    def complete(element: str, again: bool) -> str:
        loaded = serializer.deserialize_json(state)
        task = next(task for task in loaded.get_tasks(state=TaskState.READY) if task.task_spec.name == element)
        task.set_data(again=again)
        task.run()
        loaded.do_engine_steps()
        return str(serializer.serialize_json(loaded))

    found = []
    for _round in range(rounds):
        spent = 0.0
        for element in ("a", "b"):  # always in this order: its join loses tokens in a loop when the order changes
            cost, state = timed(lambda e=element: complete(e, True))  # type: ignore[misc]
            spent += cost / 2
        found.append((spent, len(state)))
    return found


def many(count: int) -> tuple[float, int]:
    """One item for each of many."""
    compiled = compile([read(MANY.format(count=count).encode())])
    step = start(compiled, {}, now=NOW)
    items = [item.id for item in step.opened]
    size, costs = len(step.snapshot), []
    for item in items[:20]:
        cost, step = timed(lambda i=item, s=step.snapshot: apply(compiled, s, CompleteItem(i), {}, now=NOW))  # type: ignore[misc]
        costs.append(cost)
    return median(costs), size


def compiling() -> float:
    """The largest shipped procedure with all it calls."""
    from workflow_runtime import decisions

    folder = ROOT / "bpmn"
    transfer = folder / "county-city-transfer"
    sources = [transfer / "county-city-transfer.bpmn", *sorted((folder / "shared").rglob("*.bpmn"))]
    diagrams = [read(path.read_bytes()) for path in sources]
    models = {path.stem: decisions.read(path.read_bytes()) for path in transfer.glob("*.dmn")}

    def once() -> Compiled:
        return compile(diagrams, decisions=models)

    return median(timed(once)[0] for _time in range(10))


if __name__ == "__main__":
    main()
