"""A form as questions for a terminal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from workflow_runtime.casefile import Value
from workflow_runtime.errors import FormError
from workflow_runtime.forms.answers import finding
from workflow_runtime.forms.fields import TEXT_LIMIT, Choices, Evaluate, Field, FieldType, Option, is_feel
from workflow_runtime.forms.form import Form
from workflow_runtime.forms.media import accepted_types
from workflow_runtime.forms.values import Wrong, choices_of, coerce, example
from workflow_runtime.i18n import _, of_data


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question: what to ask, what to say about it, and how to read the answer."""

    key: str
    label: str
    hint: str
    rule: str
    required: bool | str
    options: tuple[Option, ...]
    field: Field
    section: str = ""
    intro: str = ""
    fields: tuple[Prompt, ...] = ()

    def parse(self, text: str) -> Value:
        """The typed value of what was typed; options go by number, value or label, files by their path.

        Raises FormError with the problem and its remedy. An empty answer is None.
        """
        typed = text.strip()
        if not typed:
            return None
        if self.field.type in (FieldType.FILE, FieldType.FILES):
            return typed
        try:
            if self.field.type is FieldType.CHOICE:
                return self._picked(typed)
            if self.field.type is FieldType.CHOICES:
                parts = [part for part in re.split(r"[,、;\s]+", unicodedata.normalize("NFKC", typed)) if part]
                return list(dict.fromkeys(self._picked(part) for part in parts))
            value = coerce(self.field, text.strip() if self.field.kind != "textarea" else text)
            if self.field.type is FieldType.TEXT:
                length = self.field.max_length or TEXT_LIMIT
                if len(value) > length:
                    message = _("at most {limit} characters, not {count}").format(limit=length, count=len(value))
                    raise Wrong("form.max-length", message, _("shorten it"))
            return value
        except Wrong as wrong:
            problem = finding(wrong.rule, self.field, wrong.message, wrong.remedy, ("form",))
            raise FormError(findings=[problem]) from wrong

    def _picked(self, text: str) -> Value:
        plain = unicodedata.normalize("NFKC", text)
        for option in self.options:
            if text in (str(option.value), option.label, of_data(option.label)):
                return option.value
        if plain.isascii() and plain.isdigit() and 1 <= int(plain) <= len(self.options):
            return self.options[int(plain) - 1].value
        raise Wrong(
            "form.option",
            _("{value!r} is not one of the answers").format(value=text),
            _("choose {options}").format(
                options=", ".join(f"{number} {of_data(o.label)}" for number, o in enumerate(self.options, start=1))
            ),
        )

    def visible(self, evaluate: Evaluate, answers: Mapping[str, Any]) -> bool:
        """Whether the question is asked, given the answers so far (and what else expressions see)."""
        scope = _Answers(answers)
        return not any(evaluate(text, scope) is True for text in self.field.hide)

    def needed(self, evaluate: Evaluate, answers: Mapping[str, Any]) -> bool:
        """Whether the question must be answered, given the answers so far."""
        required = self.field.required
        return evaluate(required, _Answers(answers)) is True if isinstance(required, str) else required


class _Answers(dict[str, Any]):
    """Answers so far. A copy, so that an expression cannot reach the caller's own mapping."""


def prompts(
    form: Form,
    *,
    options: Mapping[str, Choices] = MappingProxyType({}),
    known: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[Prompt, ...]:
    """The questions of a form in order. `known` values become the defaults (a step that is done again)."""
    return tuple(_prompt(one, options, known) for one in form.fields if one.readonly is not True)


def _prompt(one: Field, options: Mapping[str, Choices], known: Mapping[str, Any]) -> Prompt:
    shown = replace(one, default=known[one.key]) if known.get(one.key) is not None else one
    return Prompt(
        key=one.key,
        label=one.title,
        hint=of_data(one.hint),
        rule=rule_text(one),
        required=one.required,
        options=choices_of(one, options),
        field=shown,
        section=of_data(one.section),
        intro="\n".join(map(of_data, one.intro.splitlines())),
        fields=tuple(_prompt(inner, options, {}) for inner in one.fields),
    )


def rule_text(one: Field) -> str:
    """What a field demands, in words, before anybody answers: the owner's own rule and the limits."""
    parts = [of_data(one.rule)] if one.rule else []
    if one.format in _FORMAT_WORDS:
        parts.append(_(_FORMAT_WORDS[one.format]))
    elif one.type in (FieldType.DATE, FieldType.TIME, FieldType.DATETIME, FieldType.MONEY):
        parts.append(example(one))
    if one.format == "past-date":
        parts.append(_("not after today"))
    if one.format == "future-date":
        parts.append(_("not before today"))
    if one.min is not None and not is_feel(one.min):
        parts.append(_("at least {limit}").format(limit=one.min))
    if one.max is not None and not is_feel(one.max):
        parts.append(_("at most {limit}").format(limit=one.max))
    if one.decimals == 0:
        parts.append(_("a whole number"))
    if one.min_length:
        parts.append(_("at least {limit} characters").format(limit=one.min_length))
    if one.max_length:
        parts.append(_("at most {limit} characters").format(limit=one.max_length))
    if one.min_items:
        parts.append(_("at least {limit} entries").format(limit=one.min_items))
    if one.accept:
        size = f"{one.max_size // (1024 * 1024)} MB" if one.max_size >= 1024 * 1024 else f"{one.max_size // 1024} KB"
        parts.append(_("{types}, up to {size}").format(types=accepted_types(one), size=size))
    return _("; ").join(parts)


_FORMAT_WORDS: Final = {
    "resident-id": "resident identity number, 18 places",
    "uscc": "unified social credit code, 18 places",
    "phone": "mobile number, or land line with area code",
    "region": "region code of 6, 9 or 12 digits",
    "account": "card number of 12 to 19 digits",
    "party": "a party as AGENCY/department@region",
    "email": "a mail address",
}
