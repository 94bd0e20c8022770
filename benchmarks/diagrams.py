"""What layout, pictures, outline and difference cost, and how good the drawings are.

    python3 -m benchmarks.diagrams            shipped diagrams, 300 random ones, growth to 1,000 elements, small edits
    python3 -m benchmarks.diagrams --few      30 random ones, growth to 400, 10 edits of each kind

Random diagrams are structured like procedures: lanes, choices, parallel parts, loops back, deadlines at the edge of
steps, sub-processes, documents, notes, messages to closed pools. A seed gives the same diagram everywhere.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from xml.sax.saxutils import quoteattr

from lxml import etree

from workflow_runtime.diagram import read, write
from workflow_runtime.diagram.diff import diff, diff_page
from workflow_runtime.diagram.layout import layout
from workflow_runtime.diagram.layout.quality import Quality, measure
from workflow_runtime.diagram.model import Diagram, Flow, FlowNode
from workflow_runtime.diagram.outline import outline
from workflow_runtime.diagram.render import render
from workflow_runtime.diagram.render.page import pages

WORDS = (
    "审核申请 登记户口 通知儿童 转移档案 签订协议 评估意愿 "
    "办理医保 联系学校 核对名单 交接儿童 出具证明 提出意见".split()
)
MORE = "Confirm|向儿童说明转移安排并听取本人意见|复核|Check the handover list|更新（八周岁以上）个人台账".split("|")


class _Writer:
    """Writes a random process as BPMN, without a drawing."""

    def __init__(self, seed: int, size: int) -> None:
        self.random = random.Random(seed)
        self.size = size
        self.count = 0
        self.nodes: list[str] = []
        self.flows: list[str] = []
        self.lanes: list[list[str]] = [[] for _ in range(self.random.choice((1, 1, 2, 3, 5)))]
        self.lane = 0
        self.more: list[str] = []
        self.messages: list[tuple[str, bool]] = []

    def id(self, kind: str) -> str:
        self.count += 1
        return f"{kind}_{self.count}"

    def name(self) -> str:
        return self.random.choice(WORDS) if self.random.random() < 0.75 else self.random.choice(MORE)

    def node(self, kind: str, name: str, inside: str = "", extra: str = "", lane: bool = True) -> str:
        id = self.id(kind)
        self.nodes.append(f"<{kind} id='{id}' name={quoteattr(name)}{extra}>{inside}</{kind}>")
        if lane:
            self.lanes[self.lane].append(id)
        return id

    def flow(self, source: str, target: str, name: str = "") -> None:
        id = self.id("flow")
        self.flows.append(f"<sequenceFlow id='{id}' name={quoteattr(name)} sourceRef='{source}' targetRef='{target}'/>")

    def step(self, lane: bool = True) -> str:
        if lane and self.random.random() < 0.35:
            self.lane = self.random.randrange(len(self.lanes))
        kind = self.random.choice(
            ["userTask"] * 6 + ["serviceTask", "callActivity", "sendTask", "businessRuleTask", "intermediateCatchEvent"]
        )
        inside = "<timerEventDefinition/>" if kind == "intermediateCatchEvent" else ""
        id = self.node(kind, self.name(), inside, lane=lane)
        if lane and kind == "userTask" and self.random.random() < 0.12:
            edge = self.node(
                "boundaryEvent",
                self.random.choice(("五个工作日未办", "超期", "儿童生病")),
                "<timerEventDefinition/>",
                f" attachedToRef='{id}' cancelActivity='{self.random.choice(('true', 'false'))}'",
            )
            after = self.node("userTask", "催办")
            self.flow(edge, after)
            self.flow(after, self.node("endEvent", "已催办"))
        if lane and self.random.random() < 0.06:
            data = self.id("data")
            self.more.append(f"<dataObject id='{data}_o'/>")
            self.nodes.append(f"<dataObjectReference id='{data}' name='移交协议' dataObjectRef='{data}_o'/>")
            self.nodes[-2] = self.nodes[-2].replace("</userTask>", f"{_output(data)}</userTask>")
        if lane and self.random.random() < 0.06:
            note = self.id("note")
            self.more.append(f"<textAnnotation id='{note}'><text>依据民函〔2024〕第三条办理</text></textAnnotation>")
            self.more.append(f"<association id='{note}_a' sourceRef='{id}' targetRef='{note}'/>")
        if lane and self.random.random() < 0.08:
            self.messages.append((id, self.random.random() < 0.5))
        return id

    def part(self, before: str, depth: int, lane: bool = True) -> str:
        """A run of steps after `before`; gives the last one."""
        for _ in range(self.random.randint(1, 4)):
            if self.count > self.size * 1.9:
                break
            roll = self.random.random()
            if roll < 0.55 or depth > 3:
                after = self.step(lane)
                self.flow(before, after)
                before = after
            elif roll < 0.75:
                before = self.choice(before, depth, lane)
            elif roll < 0.88:
                before = self.parallel(before, depth, lane)
            elif roll < 0.95 and lane:
                before = self.sub_process(before)
            else:
                before = self.loop(before, depth, lane)
        return before

    def choice(self, before: str, depth: int, lane: bool) -> str:
        split = self.node("exclusiveGateway", "同意?" if self.random.random() < 0.6 else "", lane=lane)
        self.flow(before, split)
        ends = []
        for answer in ("同意", "退回", "需要补充材料")[: self.random.randint(2, 3)]:
            here = self.step(lane)
            self.flow(split, here, answer)
            ends.append(self.part(here, depth + 1, lane))
        if self.random.random() < 0.3:
            self.flow(ends.pop(), self.node("endEvent", "终止", lane=lane))
        join = self.node("exclusiveGateway", "", lane=lane)
        for end in ends:
            self.flow(end, join)
        if self.random.random() < 0.3:
            self.flow(split, join, "其他")
        return join

    def parallel(self, before: str, depth: int, lane: bool) -> str:
        split = self.node("parallelGateway", "", lane=lane)
        self.flow(before, split)
        join = self.id("parallelGateway")
        for _ in range(self.random.randint(2, 4)):
            here = self.step(lane)
            self.flow(split, here)
            self.flow(self.part(here, depth + 1, lane), join)
        self.nodes.append(f"<parallelGateway id='{join}'/>")
        if lane:
            self.lanes[self.lane].append(join)
        return join

    def loop(self, before: str, depth: int, lane: bool) -> str:
        top = self.node("exclusiveGateway", "", lane=lane)
        self.flow(before, top)
        here = self.step(lane)
        self.flow(top, here)
        here = self.part(here, depth + 1, lane)
        bottom = self.node("exclusiveGateway", "齐全?", lane=lane)
        self.flow(here, bottom)
        self.flow(bottom, top, "否")
        return bottom

    def sub_process(self, before: str) -> str:
        nodes, flows = self.nodes, self.flows
        self.nodes, self.flows = [], []
        start = self.node("startEvent", "", lane=False)
        self.flow(self.part(start, 2, lane=False), self.node("endEvent", "", lane=False))
        inside = "".join(self.nodes + self.flows)
        self.nodes, self.flows = nodes, flows
        id = self.node("subProcess", self.name(), inside)
        self.flow(before, id)
        return id

    def xml(self) -> str:
        start = self.node("startEvent", "收到申请")
        here = start
        while self.count < self.size * 1.7:
            here = self.part(here, 0)
        self.flow(here, self.node("endEvent", "办结"))
        if self.random.random() < 0.4:
            nodes, flows = self.nodes, self.flows
            self.nodes, self.flows = [], []
            signal = self.node("startEvent", "儿童死亡", "<signalEventDefinition/>", lane=False)
            self.flow(signal, self.node("endEvent", "停止", lane=False))
            inside = "".join(self.nodes + self.flows)
            self.nodes, self.flows = nodes, flows
            self.node("subProcess", "死亡处理", inside, " triggeredByEvent='true'")
        lanes = "".join(
            f"<lane id='lane_{number}' name='部门{number}'>"
            + "".join(f"<flowNodeRef>{node}</flowNodeRef>" for node in nodes)
            + "</lane>"
            for number, nodes in enumerate(self.lanes)
        )
        pools = "<participant id='pool' name='办理机关' processRef='process'/>"
        messages = ""
        for number, (node, out) in enumerate(self.messages):
            partner = f"partner_{number % 3}"
            if f"'{partner}'" not in pools:
                pools += f"<participant id='{partner}' name='外部单位{number % 3}'/>"
            ends = (node, partner) if out else (partner, node)
            messages += f"<messageFlow id='message_{number}' name='函件' sourceRef='{ends[0]}' targetRef='{ends[1]}'/>"
        return (
            "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' id='d' targetNamespace='t'>"
            f"<collaboration id='c'>{pools}{messages}</collaboration><process id='process' isExecutable='true'>"
            f"<laneSet id='lanes'>{lanes}</laneSet>"
            f"{''.join(self.nodes + self.flows + self.more)}</process></definitions>"
        )


def _output(data: str) -> str:
    return f"<dataOutputAssociation id='{data}_a'><targetRef>{data}</targetRef></dataOutputAssociation>"


def random_diagram(seed: int, size: int = 30) -> Diagram:
    """A diagram of about `size` elements, without a drawing; the same for the same seed."""
    return read(_Writer(seed, size).xml().encode())


def shipped() -> list[Path]:
    """The diagrams that come with the product."""
    return sorted((Path(__file__).parents[1] / "bpmn").rglob("*.bpmn"))


HEAD = f"{'diagram':30} nodes     ms faults cross  bends     px  size         aspect"


def _row(name: str, nodes: int, seconds: float, quality: Quality) -> str:
    flows = max(1, quality.flows)
    return (
        f"{name:30} {nodes:5} {seconds * 1000:6.0f} {quality.faults:6} {quality.crossings:5} "
        f"{quality.bends / flows:6.2f} {quality.length / flows:6.0f} "
        f"{f'{quality.width:.0f}x{quality.height:.0f}':>12} {quality.aspect:6.1f}"
    )


def _laid_out(diagram: Diagram) -> tuple[Diagram, float]:
    started = time.process_time()
    drawn = layout(diagram)
    return drawn, time.process_time() - started


# --- what a small edit moves --------------------------------------------------------------------------------------


def edited(diagram: Diagram, edit: str, seed: int) -> Diagram:
    """The diagram with one small edit that people make: rename a step, add one in a flow, remove one."""
    root = etree.fromstring(write(diagram))
    chance = random.Random(seed)
    bpmn = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
    tasks = [node for node in root.iter(f"{bpmn}userTask", f"{bpmn}serviceTask")]
    flows = list(root.iter(f"{bpmn}sequenceFlow"))
    if edit == "rename":
        chance.choice(tasks).set("name", "复核材料")
    elif edit == "add":
        process = next(root.iter(f"{bpmn}process"))
        flow = chance.choice(list(process.iterchildren(f"{bpmn}sequenceFlow")))
        after = flow.get("targetRef", "")
        etree.SubElement(process, f"{bpmn}userTask", id="added", name="复核材料")
        etree.SubElement(process, f"{bpmn}sequenceFlow", id="added_out", sourceRef="added", targetRef=after)
        flow.set("targetRef", "added")
        for lane in root.iter(f"{bpmn}lane"):
            if any(part.text == flow.get("sourceRef") for part in lane):
                etree.SubElement(lane, f"{bpmn}flowNodeRef").text = "added"
    else:
        removed = chance.choice([task for task in tasks if _ways(flows, task.get("id")) == (1, 1)])
        entry = next(flow for flow in flows if flow.get("targetRef") == removed.get("id"))
        onward = next(flow for flow in flows if flow.get("sourceRef") == removed.get("id"))
        entry.set("targetRef", onward.get("targetRef", ""))
        gone = {removed.get("id"), onward.get("id")}
        for event in list(root.iter(f"{bpmn}boundaryEvent")):
            if event.get("attachedToRef") == removed.get("id"):
                gone.add(event.get("id"))
        for part in list(root.iter(etree.Element)):
            named = {part.get("id"), part.get("sourceRef"), part.get("targetRef")} & gone
            if (named or part.text in gone) and (parent := part.getparent()) is not None:
                parent.remove(part)
    return read(etree.tostring(root))


def _ways(flows: list[etree._Element], id: str | None) -> tuple[int, int]:
    return (
        sum(flow.get("targetRef") == id for flow in flows),
        sum(flow.get("sourceRef") == id for flow in flows),
    )


def places(diagram: Diagram) -> dict[str, tuple[float, float]]:
    """The middle of every step of a drawing."""
    return {
        shape.element.id: (shape.bounds[0] + shape.bounds[2] / 2, shape.bounds[1] + shape.bounds[3] / 2)
        for page in pages(diagram)
        for shape in page.shapes
        if isinstance(shape.element, FlowNode)
    }


def inverted(before: Diagram, after: Diagram) -> float:
    """Share of pairs of steps whose order, from left to right or from top to bottom, a new drawing turns round."""
    old, new = places(before), places(after)
    ids = [id for id in old if id in new]
    turned = pairs = 0
    for number, a in enumerate(ids):
        for b in ids[number + 1 :]:
            for axis in (0, 1):
                was, now = old[a][axis] - old[b][axis], new[a][axis] - new[b][axis]
                if abs(was) > 1:
                    pairs += 1
                    turned += was * now < 0
    return turned / max(1, pairs)


def _stability(few: bool) -> None:
    """What one edit does to a drawing: layout anew, and with `keep`."""
    print("\none edit                 anew: order turned   unmoved     keep: unmoved  faults")
    for edit in ("rename", "add", "remove"):
        turned, stayed, kept, faults = [], [], [], 0
        for seed in range(10 if few else 100):
            before = layout(random_diagram(seed, 20 + seed % 60))
            after = edited(before, edit, seed)
            anew, beside = layout(after), layout(after, keep=True)
            turned.append(inverted(before, anew))
            stayed.append(_unmoved(before, anew))
            kept.append(_unmoved(before, beside))
            faults += measure(beside).faults
        print(
            f"{edit:10} median {median(turned):12.2%}, worst {max(turned):6.2%} {median(stayed):9.0%}"
            f" {median(kept):14.0%} {faults:7}"
        )


def _unmoved(before: Diagram, after: Diagram) -> float:
    old, new = places(before), places(after)
    ids = [id for id in old if id in new]
    return sum(abs(old[i][0] - new[i][0]) + abs(old[i][1] - new[i][1]) < 1 for i in ids) / max(1, len(ids))


# --- all that is printed ------------------------------------------------------------------------------------------


def _costs(few: bool) -> None:
    """Pictures, text and difference of a diagram of a hundred elements, once warm."""
    drawn = layout(random_diagram(7, 100))
    other = layout(edited(drawn, "add", 7))
    elements = sum(1 for element in drawn.elements.values() if isinstance(element, (FlowNode, Flow)))
    print(f"\n{elements} steps and flows, CPU ms:", end=" ")
    for name, work in (
        ("picture", lambda: render(drawn)),
        ("outline", lambda: outline(drawn)),
        ("difference", lambda: diff(drawn, other)),
        ("page of a difference", lambda: diff_page(drawn, other)),
    ):
        work()
        started = time.process_time()
        for _ in range(3 if few else 10):
            work()
        print(f"{name} {(time.process_time() - started) / (3 if few else 10) * 1000:.1f}", end="; ")
    print()


def main(arguments: Iterable[str]) -> None:
    """Print the tables."""
    few = "--few" in arguments
    print(HEAD)
    for path in shipped():
        diagram = read(path.read_bytes())
        drawn, seconds = _laid_out(diagram)
        print(_row(path.stem, len(list(diagram.nodes())), seconds, measure(drawn)))
    results = []
    for seed in range(30 if few else 300):
        diagram = random_diagram(seed, 10 + seed % 90)
        drawn, seconds = _laid_out(diagram)
        quality = measure(drawn)
        results.append((quality, len(list(diagram.nodes())), seconds))
        if quality.faults:
            print(_row(f"random {seed}", results[-1][1], seconds, quality), quality)
    flows = sum(quality.flows for quality, _nodes, _seconds in results)
    print(
        f"{len(results)} random diagrams, {sum(nodes for _q, nodes, _s in results)} nodes: "
        f"{sum(quality.faults for quality, _n, _s in results)} faults in "
        f"{sum(quality.faults > 0 for quality, _n, _s in results)} diagrams;\n"
        f"  {sum(quality.crossings for quality, _n, _s in results) / flows:.2f} crossings, "
        f"{sum(quality.bends for quality, _n, _s in results) / flows:.2f} bends and "
        f"{sum(quality.length for quality, _n, _s in results) / flows:.0f} px a flow, "
        f"aspect median {median(quality.aspect for quality, _n, _s in results):.1f}, "
        f"CPU median {median(seconds for _q, _n, seconds in results) * 1000:.0f} ms"
    )
    print("\n" + HEAD)
    for size in (100, 200, 400) if few else (100, 200, 400, 800, 1000):
        for seed in (3, 7):
            diagram = random_diagram(seed, size)
            drawn, seconds = _laid_out(diagram)
            print(_row(f"growth {size}, seed {seed}", len(list(diagram.nodes())), seconds, measure(drawn)))
    _stability(few)
    _costs(few)


if __name__ == "__main__":
    main(sys.argv[1:])
