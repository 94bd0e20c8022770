"""The schema held against every element it knows: a file with one of each, damaged in every way the schema forbids."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from itertools import islice
from pathlib import Path

from lxml import etree

from workflow_runtime.diagram import CheckContext, read
from workflow_runtime.diagram.grammar import FAMILIES, FREE, SHAPES
from workflow_runtime.diagram.markup import BPMN, children, is_bpmn, local_name
from workflow_runtime.diagram.rules.standard import structure
from workflow_runtime.diagram.sheet import Sheet

EVERYTHING = Path(__file__).parent / "diagrams" / "structure" / "valid-everything.bpmn"
#: names in the table that other names build on, and that never stand in a file
ABSTRACT = frozenset(
    "base root expressionType flowElement flowNode activity gateway event catching throwing callable "
    "conversationNode choreographyActivity".split()
)


def test_the_file_with_one_of_everything_really_has_nearly_everything() -> None:
    held = {local_name(each) for each in read(EVERYTHING.read_bytes()).tree.getroot().iter() if is_bpmn(each)}

    missing = SHAPES.keys() - ABSTRACT - held

    assert missing == {
        "dataOutputAssociation", "humanPerformer", "implicitThrowEvent", "import", "outputDataItem", "resourceRole",
    }  # fmt: skip


def test_whatever_the_schema_forbids_is_refused_element_by_element() -> None:
    clean = etree.fromstring(EVERYTHING.read_bytes())
    accepted, tried = [], 0

    for what, damaged in damages(clean):
        tried += 1
        if not any(structure.check(Sheet(read(etree.tostring(damaged))), CheckContext())):
            accepted.append(what)

    assert not accepted
    assert tried > 300


def damages(clean: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    """Every element without each of its required attributes and parts, with wrong values, with parts too often."""
    seen: set[str] = set()
    for place, element in enumerate(clean.iter()):
        kind = local_name(element)
        if kind in seen or kind not in SHAPES or not is_bpmn(element):
            continue
        seen.add(kind)
        shape = SHAPES[kind]

        def damaged(place: int = place) -> tuple[etree._Element, etree._Element]:
            copy = deepcopy(clean)
            return copy, next(islice(copy.iter(), place, None))

        for name in sorted(shape.required):
            root, here = damaged()
            del here.attrib[name]
            yield f"{kind} without {name}", root
        for name in sorted(shape.values):
            root, here = damaged()
            here.set(name, "nonsense")
            yield f"{kind} {name}=nonsense", root
        for part, (least, most) in shape.children.items():
            one = part if part not in FAMILIES else min(FAMILIES[part])
            if least:
                root, here = damaged()
                for child in list(children(here)):
                    if shape.slot(local_name(child)) == part:
                        here.remove(child)
                yield f"{kind} without {part}", root
            if most == 1:
                root, here = damaged()
                for _copy in range(2):
                    etree.SubElement(here, f"{{{BPMN}}}{one}")
                yield f"{kind} with two {part}", root
        if kind not in FREE:
            for stranger in ("categoryValue", "neverHeardOf"):
                if shape.slot(stranger) is None:
                    root, here = damaged()
                    etree.SubElement(here, f"{{{BPMN}}}{stranger}")
                    yield f"{stranger} in {kind}", root
