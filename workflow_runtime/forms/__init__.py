"""Forms: a form-js schema read as fields, questions for a terminal, and a check on the server.

A form is drawn in an ordinary form editor and saved as `.form` (JSON). This module accepts the part of the format
that a case file can hold, and refuses the rest with the component's name and what to use instead. What only we
need stands in the component's custom properties:

    class        who may see it: general (default), identity, health, psych, property, legal, school, insurance
    format       resident-id, uscc, money, phone, region, party, account, past-date, future-date
    notBefore, notAfter        FEEL: the earliest and the latest day or moment that a date takes
    valid        FEEL: a condition that the answer must meet, whatever its kind; `rule` says which one it breaks
    birthDateField, sexField   fields that a resident-id must agree with, or `=subject.birth_date`
    refers       a kind of subject: the answer is the number of such a subject, and its limits are held (in a list it is
                 only asked that there is one)
    once         true: of a list's entries no two say the same here
    accept, maxSize, minItems, maxItems, minAge, maxAge, source (where the value comes from), rule (said to the clerk)

`Form.validate` turns answers, from a terminal or from JSON, into typed values, and reports everything that is
missing, extra or wrong at once. Expressions are FEEL and are computed by the `evaluate` that is handed in.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workflow_runtime.forms.fields import (
        CLASSES,
        FORMATS,
        Choices,
        Evaluate,
        Field,
        FieldType,
        FileRef,
        Option,
    )
    from workflow_runtime.forms.form import Form
    from workflow_runtime.forms.media import accepted_types, sniff
    from workflow_runtime.forms.questions import Prompt, prompts, rule_text
    from workflow_runtime.forms.schema import read
    from workflow_runtime.forms.values import choices_of

#: Where each name lives; its module is loaded when the name is first used.
_WHERE = {
    "CLASSES": "fields",
    "Choices": "fields",
    "Evaluate": "fields",
    "FORMATS": "fields",
    "Field": "fields",
    "FieldType": "fields",
    "FileRef": "fields",
    "Form": "form",
    "Option": "fields",
    "Prompt": "questions",
    "accepted_types": "media",
    "choices_of": "values",
    "prompts": "questions",
    "read": "schema",
    "rule_text": "questions",
    "sniff": "media",
}

__all__ = [
    "CLASSES",
    "FORMATS",
    "Choices",
    "Evaluate",
    "Field",
    "FieldType",
    "FileRef",
    "Form",
    "Option",
    "Prompt",
    "accepted_types",
    "choices_of",
    "prompts",
    "read",
    "rule_text",
    "sniff",
]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
