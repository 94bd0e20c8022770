"""Random processes for the property tests: grown from whole blocks, then damaged a little; or wired at random."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="urn:test">'
    '<process id="p" isExecutable="true">'
)
GATEWAYS = ("exclusiveGateway", "parallelGateway", "inclusiveGateway")


@dataclass
class Drawing:
    """A process being drawn: kinds of nodes, flows, events on borders."""

    kinds: dict[str, str] = field(default_factory=dict)
    flows: list[list[str]] = field(default_factory=list)
    border: dict[str, tuple[str, bool]] = field(default_factory=dict)

    def node(self, kind: str) -> str:
        """A new node."""
        id = f"n{len(self.kinds)}"
        self.kinds[id] = kind
        return id

    def flow(self, source: str, target: str) -> None:
        """A new flow."""
        self.flows.append([source, target])

    def xml(self) -> bytes:
        """The drawing as a BPMN file."""
        parts = [HEAD]
        ways: dict[tuple[int, str], str] = {}
        for number, flow in enumerate(self.flows):
            for end, name in enumerate(("outgoing", "incoming")):
                ways[end, flow[end]] = ways.get((end, flow[end]), "") + f"<{name}>f{number}</{name}>"
        for id, kind in self.kinds.items():
            into, out = ways.get((1, id), ""), ways.get((0, id), "")
            if id in self.border:
                host, interrupting = self.border[id]
                more = f' attachedToRef="{host}" cancelActivity="{str(interrupting).lower()}"'
                parts.append(f'<boundaryEvent id="{id}"{more}>{into}{out}<timerEventDefinition/></boundaryEvent>')
            elif kind == "terminate":
                parts.append(f'<endEvent id="{id}">{into}<terminateEventDefinition/></endEvent>')
            else:
                parts.append(f'<{kind} id="{id}">{into}{out}</{kind}>')
        parts += [
            f'<sequenceFlow id="f{n}" sourceRef="{flow[0]}" targetRef="{flow[1]}"/>'
            for n, flow in enumerate(self.flows)
        ]
        return "".join([*parts, "</process></definitions>"]).encode()


def grown(dice: random.Random) -> Drawing:
    """A sound process grown from blocks, then damaged in no, one or two places."""
    drawing = Drawing()
    start, end = drawing.node("startEvent"), drawing.node("endEvent")
    drawing.flow(start, end)
    for _round in range(dice.randint(1, 6)):
        grow(drawing, dice)
    for _round in range(dice.choice((0, 0, 1, 1, 2))):
        _damage(drawing, dice)
    return drawing


def grow(drawing: Drawing, dice: random.Random) -> None:
    """One more block somewhere on a flow."""
    flow = dice.choice(drawing.flows)
    target = flow[1]
    block = dice.choice(("task", "task", "choice", "parallel", "inclusive", "loop", "border"))
    if block in ("task", "border"):
        task = drawing.node("userTask")
        flow[1] = task
        drawing.flow(task, target)
        if block == "border":
            event = drawing.node("boundaryEvent")
            drawing.border[event] = (task, dice.random() < 0.6)
            other = drawing.node(dice.choice(("endEvent", "userTask")))
            drawing.flow(event, other)
            if drawing.kinds[other] == "userTask":
                drawing.flow(other, drawing.node("endEvent"))
        return
    kind = {"choice": GATEWAYS[0], "parallel": GATEWAYS[1], "inclusive": GATEWAYS[2], "loop": GATEWAYS[0]}[block]
    first, last = drawing.node(kind), drawing.node(kind)
    flow[1] = first
    drawing.flow(last, target)
    if block == "loop":
        drawing.flow(first, last)
        back = drawing.node("userTask")
        drawing.flow(last, back)
        drawing.flow(back, first)
        return
    for _branch in range(dice.randint(2, 3)):
        task = drawing.node("userTask")
        drawing.flow(first, task)
        drawing.flow(task, last)


def _damage(drawing: Drawing, dice: random.Random) -> None:
    gateways = [id for id, kind in drawing.kinds.items() if kind in GATEWAYS]
    damage = dice.choice(("kind", "kind", "target", "flow", "terminate"))
    if damage == "kind" and gateways:
        drawing.kinds[dice.choice(gateways)] = dice.choice(GATEWAYS)
    elif damage == "target":
        dice.choice(drawing.flows)[1] = dice.choice(_targets(drawing))
    elif damage == "flow" and gateways:
        drawing.flow(dice.choice(gateways), dice.choice(_targets(drawing)))
    elif damage == "terminate" and "endEvent" in drawing.kinds.values():
        ends = [id for id, kind in drawing.kinds.items() if kind == "endEvent"]
        drawing.kinds[dice.choice(ends)] = "terminate"


def _targets(drawing: Drawing) -> list[str]:
    return [id for id, kind in drawing.kinds.items() if kind != "startEvent" and id not in drawing.border]


def wired(dice: random.Random) -> Drawing:
    """A process whose nodes are wired at random; most are wrong in several ways."""
    drawing = Drawing()
    start = drawing.node("startEvent")
    inner = [drawing.node(dice.choice(("userTask", *GATEWAYS))) for _n in range(dice.randint(2, 7))]
    ends = [drawing.node("endEvent") for _n in range(dice.randint(1, 2))]
    for task in [id for id in inner if drawing.kinds[id] == "userTask"]:
        if dice.random() < 0.3:
            event = drawing.node("boundaryEvent")
            drawing.border[event] = (task, dice.random() < 0.6)
            drawing.flow(event, dice.choice(inner + ends))
    drawing.flow(start, dice.choice(inner))
    for id in inner:
        ways = 1 if drawing.kinds[id] == "userTask" else dice.choice((1, 1, 2, 2, 3))
        for target in dice.sample(inner + ends, min(ways, len(inner + ends))):
            drawing.flow(id, target)
    return drawing
