"""The properties of our own (`zeebe:properties` with names `xb:…`): where they stand and what they may say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workflow_runtime.diagram.model import ACTIVITIES, EVENTS, GATEWAYS


@dataclass(frozen=True, slots=True)
class Property:
    """One property: the kinds of element it may stand on, the form of its value, an example."""

    where: frozenset[str]
    form: str
    example: str


_PROCESS = frozenset({"process"})
_LANE = frozenset({"lane"})
_PERSON = frozenset({"userTask", "manualTask"})
_STEP = frozenset(ACTIVITIES | EVENTS)
_NAME = r"[a-z][a-z0-9_]*"
_CODE = r"[A-Za-z][A-Za-z0-9_.-]*"
_HELD = rf"{_NAME}={_CODE}(@{_NAME})?"

PROPERTIES: Mapping[str, Property] = {
    "xb:code": Property(_PROCESS, _CODE, "P16"),
    "xb:kind": Property(_PROCESS, "M|S|C|MC", "M"),
    "xb:subject": Property(_PROCESS, _NAME, "child"),
    "xb:notWith": Property(_PROCESS, rf"{_CODE}(\s*,\s*{_CODE})*", "county-city-transfer,guardianship-revocation"),
    "xb:heldBy": Property(_PROCESS, rf"{_HELD}(\s*,\s*{_HELD})*", "guardian=CAB.CNTY@sending_county"),
    "xb:parties": Property(_PROCESS, r"=.{1,4000}", '={giver: "CAB.CNTY@sending_county"}'),
    "xb:title": Property(_PROCESS, ".{1,200}", "County to city transfer"),
    "xb:agency": Property(_LANE, r"[A-Z][A-Z0-9_.]*", "CAB.CITY"),
    "xb:region": Property(_LANE, _NAME, "receiving_city"),
    "xb:department": Property(_LANE, _NAME, "social_work"),
    "xb:role": Property(_LANE, _NAME, "drafter"),
    "xb:sees": Property(_LANE, rf"\*|{_NAME}(\s*,\s*{_NAME})*", "health,psych"),
    "xb:see": Property(_PERSON, rf"\*|{_NAME}(\s*,\s*{_NAME})*", "health,psych"),
    "xb:outcomes": Property(_PERSON, rf"{_NAME}(\s*,\s*{_NAME})*", "done,returned"),
    "xb:receives": Property(_PERSON, rf"{_CODE}(\s*,\s*{_CODE})*", "D17,D19"),
    "xb:notSameAs": Property(_PERSON, r"\S+(\s*,\s*\S+)*", "draft_document"),
    "xb:holds": Property(_PERSON, r"\S+(\s*,\s*\S+)*", "hand_over_child"),
    "xb:deadline": Property(_STEP, _NAME, "transfer_plan"),
    "xb:due": Property(_PERSON, _NAME, "pay_on"),
    "xb:dueFrom": Property(_PERSON, _NAME, "handed_over_at"),
    "xb:clause": Property(_STEP | _PROCESS | GATEWAYS | {"sequenceFlow"}, ".{1,200}", "S004 三(一)"),
    "xb:document": Property(_STEP, _CODE, "D15"),
    "xb:act": Property(_STEP, _NAME, "payment"),
    "xb:missed": Property(frozenset({"boundaryEvent", "startEvent"}), "once|each", "once"),
    "xb:milestone": Property(
        _STEP | {"parallelGateway", "exclusiveGateway", "inclusiveGateway"}, ".{1,100}", "handover"
    ),
    "xb:outcome": Property(frozenset({"endEvent"}), _NAME, "completed"),
}
