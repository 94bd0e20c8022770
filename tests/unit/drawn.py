"""Drawings in a few words, for tests: `startEvent s`, `userTask t`, `s > t`."""

from __future__ import annotations

import re
from itertools import pairwise

from workflow_runtime.diagram import Diagram, read

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="urn:test">'
)
_NODE = re.compile(r"(?P<kind>\w+) (?P<id>\w+)(?: “(?P<name>[^”]*)”)?(?P<more>.*)")


def process(*lines: str, before: str = "", id: str = "p") -> Diagram:
    """A process from lines; see `inside`. `before`: what stands in front of it (messages, errors)."""
    return read(
        f'{HEAD}{before}<process id="{id}" isExecutable="true">{inside(*lines)}</process></definitions>'.encode()
    )


def inside(*lines: str) -> str:
    """What stands in a process or sub-process: nodes, flows (`s > t > e`), and lines of XML that stand for themselves.

    A node may have a name in “…”, and content behind it: `userTask t “ask” <multiInstanceLoopCharacteristics/>`.
    """
    nodes, flows = [], []
    for line in lines:
        if line.startswith("<"):
            nodes.append(line)
        elif " > " in line:
            stations = line.split(" > ")
            flows += [
                f'<sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}"/>'
                for source, target in pairwise(stations)
            ]
        else:
            found = _NODE.fullmatch(line)
            assert found is not None, line
            name = f' name="{found["name"]}"' if found["name"] else ""
            nodes.append(f'<{found["kind"]} id="{found["id"]}"{name}>{found["more"].strip()}</{found["kind"]}>')
    return "".join(nodes + flows)


def sub(id: str, *lines: str, attributes: str = "") -> str:
    """A sub-process with what stands in it."""
    return f'<subProcess id="{id}" {attributes}>{inside(*lines)}</subProcess>'


def properties(**values: str) -> str:
    """Our own properties of an element: `properties(document="D16")` is xb:document."""
    inner = "".join(f'<zeebe:property name="xb:{key}" value="{value}"/>' for key, value in values.items())
    return f"<extensionElements><zeebe:properties>{inner}</zeebe:properties></extensionElements>"


def job(name: str, source: str = "") -> str:
    """What a service step does, and a FEEL value it is handed."""
    mapping = f"<zeebe:ioMapping><zeebe:input source='{source}' target='changes'/></zeebe:ioMapping>" if source else ""
    return f'<extensionElements><zeebe:taskDefinition type="{name}"/>{mapping}</extensionElements>'


def border(id: str, host: str, definition: str, interrupting: bool = True) -> str:
    """An event on the border of a step."""
    cancel = "" if interrupting else ' cancelActivity="false"'
    return f'<boundaryEvent id="{id}" attachedToRef="{host}"{cancel}>{definition}</boundaryEvent>'


TIMER = "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"
MANY = "<multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics>"
