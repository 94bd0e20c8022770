"""The form itself: fields in order, and the check of what was answered."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Any

from workflow_runtime.casefile import Value
from workflow_runtime.findings import Finding
from workflow_runtime.forms.fields import Choices, Evaluate, Field, FieldType, FileRef, is_feel


@dataclass(frozen=True)
class Form:
    """A form: its fields in order."""

    id: str
    title: str
    fields: tuple[Field, ...]
    schema_version: int = 0
    name: str = ""

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The keys of the case file that the form writes."""
        return tuple(one.key for one in self.fields)

    @cached_property
    def types(self) -> Mapping[str, FieldType]:
        """What each key holds: one key has one type in a procedure."""
        return MappingProxyType({one.key: one.type for one in self.fields})

    def field(self, key: str) -> Field:
        """The field of that key."""
        return next(one for one in self.fields if one.key == key)

    @cached_property
    def expressions(self) -> tuple[tuple[str, str, str], ...]:
        """Every FEEL text in the form, as (key, which attribute, text), for the check at deployment."""
        return tuple(_expressions(self.fields))

    def validate(
        self,
        data: Mapping[str, Any],
        *,
        evaluate: Evaluate,
        today: date,
        files: Mapping[str, FileRef] = MappingProxyType({}),
        context: Mapping[str, Any] = MappingProxyType({}),
        options: Mapping[str, Choices] = MappingProxyType({}),
        regions: Collection[str] = (),
    ) -> tuple[dict[str, Value], tuple[Finding, ...]]:
        """The answers as typed values for the case file, and everything wrong with them.

        Hidden fields are dropped. `context` is what expressions see beside the answers; `files` maps what the
        answer to a file question says to the stored file; `options` fills fields with a `valuesKey`.
        """
        from workflow_runtime.forms.answers import (  # needed by those who enter, not by those who read
            Room,
            check_fields,
        )

        room = Room(evaluate, today, files, options, regions, dict(context))
        return check_fields(self.fields, data, room, ("form", self.id))


#: Attributes of a field that may hold an expression.
_EXPRESSIONS = (
    "required", "readonly", "min", "max", "not_before", "not_after", "valid", "birth_date_field", "sex_field",
)  # fmt: skip


def _expressions(fields: Sequence[Field]) -> Iterator[tuple[str, str, str]]:
    for one in fields:
        for text in one.hide:
            yield one.key, "hide", text
        for what in _EXPRESSIONS:
            text = getattr(one, what)
            if is_feel(text):
                yield one.key, what, text
        for key, what, text in _expressions(one.fields):
            yield f"{one.key}.{key}", what, text
