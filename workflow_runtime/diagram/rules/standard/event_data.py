"""The data of an event fits its definitions, one for one (EXT.093, EXT.094)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import children, local_name
from workflow_runtime.diagram.sheet import (
    CATCHING,
    THROWING,
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _

REFS = {
    "messageEventDefinition": "messageRef",
    "errorEventDefinition": "errorRef",
    "escalationEventDefinition": "escalationRef",
    "signalEventDefinition": "signalRef",
}


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for kinds, data_kind in ((THROWING, "dataInput"), (CATCHING, "dataOutput")):
        for event in sheet.all(*sorted(kinds)):
            data, definitions = list(children(event, data_kind)), sheet.definitions(event)
            if not data:
                continue
            if len(data) != len(definitions):
                yield Problem(
                    event,
                    _("{node} has {data} data elements for {definitions} event definitions.").format(
                        node=named(event), data=len(data), definitions=len(definitions)
                    ),
                    _("Give each event definition one data element, in the same order."),
                    "EXT.093",
                )
                continue
            for definition, part in zip(definitions, data, strict=True):
                ref = REFS.get(local_name(definition))
                if ref is None:
                    continue
                one, other = sheet.item(sheet.attribute(definition, ref)), sheet.item(part)
                if not (one is None and other is None) and not sheet.same_type(one, other):
                    yield Problem(
                        definition,
                        _("What {node} carries has another type than its data {data}.").format(
                            node=named(event), data=named(part)
                        ),
                        _("Give both the same item definition."),
                        "EXT.094",
                    )
