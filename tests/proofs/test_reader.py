"""Proof: whatever bytes are handed in as a diagram end in a diagram or in our own error.

    python3 run proof reader            some thousand rounds for each target
    python3 run proof reader --long     ten minutes for each

The stored corpus is every drawing of the tests and the gallery, with the hostile files. Each round takes one, damages
it in one to eight places (bytes torn out, values exchanged, elements moved, doubled, nested, taken from another file),
and hands it to the target. A file that gets further than any before joins the corpus of the run. The round of a
failure is named by its number; the same number makes the same file.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from tests.unit.rule_world import WORLD
from tests.unit.test_diagram import HOSTILE, ORDER
from tests.unit.test_diagram_tools import FILES
from workflow_runtime.diagram import check, read, write
from workflow_runtime.errors import DiagramError

ROOT = Path(__file__).parents[2]
SMALL = 60_000  #: bytes; bigger files make rounds slow and find nothing more

CORPUS = [
    ORDER,
    *(path.read_bytes() for path in sorted((ROOT / "tests" / "unit" / "diagrams").rglob("*.bpmn"))),
    *(path.read_bytes() for path in sorted((ROOT / "docs" / "soundness").glob("*.bpmn"))),
    *FILES.values(),
    *(source for source, _rule in HOSTILE.values() if len(source) < SMALL),
]

PIECES = (
    b"", b"<", b">", b'"', b"'", b"&", b"&#0;", b"&#xD800;", b"&x;", b"\xff", b"\xfe\xff", b"\0", b"<!--", b"-->",
    b"]]>", b"<![CDATA[", b"<?x", b"?>", b"id=''", b"xmlns=''", b"xmlns:bpmn='urn:x'", b"<!DOCTYPE a>", b"\r",
    b"\xed\xa0\x80", b" sourceRef='t' ", b"xsi:type='a:b:c'", b"<extensionElements>", b"<incoming>", b"9" * 400,
    "审核".encode() * 50,
)  # fmt: skip


def torn(source: bytes, dice: random.Random) -> bytes:
    """Some bytes gone, some in the wrong place."""
    at = dice.randrange(len(source) or 1)
    piece = dice.choice((*PIECES, source[at : at + 40]))
    return source[:at] + piece + source[at + dice.randint(0, 60) :]


def exchanged(source: bytes, dice: random.Random) -> bytes:
    """One attribute with the value of another: ids twice, references to the wrong thing, rings, empty names."""
    values = list(re.finditer(rb'"[^"<>]{0,40}"', source))
    if not values:
        return torn(source, dice)
    one, other = dice.choice(values), dice.choice(values)
    return source[: one.start()] + other[0] + source[one.end() :]


def moved(source: bytes, dice: random.Random) -> bytes:
    """One element elsewhere, twice, inside another, or from another file."""
    tags = list(re.finditer(rb"<(\w+:)?(\w+)[^<>]*/>|<(\w+)[^<>]*>[^<]*</\3>", source))
    if not tags:
        return torn(source, dice)
    element = dice.choice(tags)[0]
    if dice.random() < 0.3:
        other = list(re.finditer(rb"<\w+[^<>]*/>", dice.choice(CORPUS)))
        element = dice.choice(other)[0] if other else element
    if dice.random() < 0.1:
        element *= dice.randint(2, 60)
    at = dice.choice([match.end() for match in re.finditer(rb">", source)])
    return source[:at] + element + source[at:]


def read_only(source: bytes) -> int:
    """How much of the file was understood."""
    return len(read(source).elements)


def everything(source: bytes) -> int:
    """Read, checked against a whole world, written, and read again."""
    diagram = read(source)
    findings = check(diagram, rules="house", context=WORLD)
    assert all(finding.message and finding.remedy for finding in findings)
    assert len(read(write(diagram)).elements) == len(diagram.elements)
    return len({finding.rule for finding in findings})


@pytest.mark.parametrize(("target", "rounds"), [(read_only, 8_000), (everything, 3_000)])
def test_whatever_is_thrown_at_it_only_our_own_errors_come_out(
    target: Callable[[bytes], int], rounds: int, long: bool
) -> None:
    corpus, furthest, ends = list(CORPUS), 0, time.process_time() + 600
    for number in count(1):
        if time.process_time() > ends if long else number > rounds:
            break
        dice = random.Random(number)
        source = corpus[dice.randrange(len(CORPUS) if number % 2 else len(corpus))]
        for _damage in range(dice.randint(1, 8)):
            source = dice.choice((torn, exchanged, moved))(source, dice)[:SMALL]
        try:
            got = target(source)
        except DiagramError as refused:
            assert refused.findings
        except Exception as wrong:  # the proof is that nothing else is ever raised
            raise AssertionError(f"round {number}: {wrong!r} for {source!r}") from wrong
        else:
            if got > furthest:
                furthest = got
                corpus.append(source)
