"""A gateway keeps the direction it declares (EXT.017, EXT.018, EXT.019)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import GATEWAYS
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for gateway in sheet.all(*sorted(GATEWAYS)):
        into, out = len(sheet.incoming(gateway)), len(sheet.outgoing(gateway))
        broken = {
            "Converging": "EXT.017" if out > 1 else None,
            "Diverging": "EXT.018" if into > 1 else None,
            "Mixed": "EXT.019" if into < 2 or out < 2 else None,
        }.get(gateway.get("gatewayDirection") or "")
        if broken:
            yield Problem(
                gateway,
                _("{node} is declared {direction}, but has {into} incoming and {out} outgoing flows.").format(
                    node=named(gateway), direction=gateway.get("gatewayDirection"), into=into, out=out
                ),
                _("Correct gatewayDirection, or use two gateways: one that joins, one that splits."),
                broken,
            )
