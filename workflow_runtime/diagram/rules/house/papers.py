"""Documents that are issued exist; papers that are received have their fields in the form."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    called,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for node in sheet.steps():
        document = node.properties.get("xb:document")
        if document and context.documents is not None and document not in context.documents:
            yield Problem(
                sheet.xml(node),
                _("{node} issues the document {code}, which has no template.").format(node=called(node), code=document),
                _("Put its template into templates/{code}.").format(code=document),
            )
        form = (context.forms or {}).get(node.form or "")
        if form is None:
            continue
        keys = {field.key for field in form.fields}
        for code in node.properties.get("xb:receives", "").split(","):
            prefix = code.strip().lower()
            missing = [key for part in ("number", "date", "scan") if (key := f"{prefix}_{part}") not in keys]
            if prefix and missing:
                yield Problem(
                    sheet.xml(node),
                    _("{node} receives {code}, but its form has no field {fields}.").format(
                        node=called(node), code=code.strip(), fields=", ".join(missing)
                    ),
                    _("Add the fields to the form {form}.").format(form=node.form),
                )
