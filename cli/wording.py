"""Values of a case file in the words of their forms: the label of a choice for its code, rows with their labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cli.output import Output
from workflow_runtime import subjects
from workflow_runtime.escaping import safe
from workflow_runtime.i18n import _, of_data

if TYPE_CHECKING:
    from workflow_runtime.forms import Field
    from workflow_runtime.runtime import Runtime


class Wording:
    """What keys and values are called. `fields`: form fields by their own key."""

    def __init__(self, output: Output, fields: Mapping[str, Field]) -> None:
        self._output = output
        self._fields = fields

    @classmethod
    def of_procedure(cls, output: Output, runtime: Runtime, key: str, version: int | None = None) -> Wording:
        forms = runtime.parsed(key, version).forms.values()
        return cls(output, {field.key: field for form in forms for field in form.fields})

    @classmethod
    def of_subject(cls, output: Output, kind: str) -> Wording:
        form = subjects.shipped()[kind].form if kind in subjects.shipped() else None
        return cls(output, {field.key: field for field in form.fields} if form is not None else {})

    def knows(self, key: str) -> bool:
        """Whether some form asks for `key`: what the machine keeps for itself has no label."""
        return key.rsplit(".", 1)[-1] in self._fields

    def label(self, key: str) -> str:
        field = self._fields.get(key.rsplit(".", 1)[-1])
        return safe(field.title if field is not None else key)

    def value(self, key: str, value: Any) -> str:
        return self._said(self._fields.get(key.rsplit(".", 1)[-1]), value)

    def _said(self, field: Field | None, value: Any) -> str:
        if field is None or value is None or value == "":
            return self._output.value(value)
        if isinstance(value, (list, tuple)):
            return _("; ").join(self._said(field, part) for part in value) or "—"
        if isinstance(value, Mapping) and field.fields:
            known = [(child, value[child.key]) for child in field.fields if value.get(child.key) not in (None, "")]
            return _(", ").join(f"{safe(child.title)} {self._said(child, part)}" for child, part in known)
        for option in field.options:
            if option.value == value:
                return safe(of_data(option.label))
        return self._output.value(value)


def standing_name(kind: str, standing: str) -> str:
    """What a standing is called for this kind of subject."""
    known = subjects.shipped().get(kind)
    return safe(
        next((of_data(one.name) for one in known.standings if one.code == standing), standing) if known else standing
    )
