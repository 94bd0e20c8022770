"""Somebody takes every message between procedures, or bpmn/messages.yaml says for whom it is and why not yet."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
import yaml

from workflow_runtime.procedures import Procedure, find_folder, gather, shipped_library, shipped_procedures

THROWS = ("intermediateThrowEvent", "endEvent", "sendTask")


@pytest.fixture(scope="module")
def drawings() -> list[Procedure]:
    return [Procedure(gather(find_folder(key))) for key in shipped_procedures()]


@pytest.fixture(scope="module")
def explained() -> dict[str, dict[str, Any]]:
    page = yaml.safe_load((shipped_library() / "messages.yaml").read_text(encoding="utf-8"))
    return {one["name"]: one for one in page["messages"]}


def thrown(drawings: list[Procedure]) -> dict[str, set[str]]:
    """Messages for other procedures, by the elements that throw them."""
    found = defaultdict(set)
    for procedure in drawings:
        for process, elements in procedure.compiled.elements.items():
            for id, node in elements.items():
                for event in node.events:
                    if event.kind == "message" and node.kind in THROWS and not procedure.receivers(process, id):
                        found[str(event.name)].add(f"{process}.{id}")
    return dict(found)


def test_every_message_between_procedures_has_a_receiver_or_a_reason(
    drawings: list[Procedure], explained: dict[str, dict[str, Any]]
) -> None:
    taken = {name for one in drawings for name in (*one.compiled.message_starts, *one.compiled.messages)}
    sent = thrown(drawings)

    lost = {name: sorted(where) for name, where in sent.items() if name not in taken and name not in explained}

    assert lost == {}
    assert set(explained) - set(sent) == set()  # nothing is explained that nobody sends


def test_the_reason_names_the_procedure_that_is_not_drawn_yet(
    drawings: list[Procedure], explained: dict[str, dict[str, Any]]
) -> None:
    codes = {one.code for one in drawings}

    wrong = [
        name
        for name, one in explained.items()
        if not (set(one["for"]) - codes or "告知" in one["reason"] or "FamilyFound" in one["reason"])
    ]

    assert wrong == []
