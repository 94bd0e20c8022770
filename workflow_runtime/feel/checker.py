"""What is wrong with an expression before it ever runs: names that nothing sets, values that never compare."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workflow_runtime.feel import government
from workflow_runtime.feel.builtins import BUILTINS
from workflow_runtime.feel.errors import FeelError, place, sentence, underlined
from workflow_runtime.feel.expression import compile, free_names, stripped
from workflow_runtime.feel.types import Type


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of an expression: a code with its facts, and the place in the text."""

    code: str
    severity: str
    text: str
    start: int
    end: int
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def line(self) -> int:
        """Line of the fragment, from 1."""
        return place(self.text, self.start)[0]

    @property
    def column(self) -> int:
        """Column of the fragment, from 1."""
        return place(self.text, self.start)[1]

    @property
    def suggestion(self) -> str | None:
        """What was probably meant."""
        return self.facts.get("suggestion")

    def message(self, language: str = "zh") -> str:
        """What is wrong, in `zh` or `en`."""
        return sentence(self.code, self.facts, language)

    def underlined(self) -> str:
        """The fragment in its line, underlined."""
        return underlined(self.text, self.start, self.end)


def nearest(word: str, among: Iterable[str]) -> str | None:
    """The word that was probably meant."""
    found = difflib.get_close_matches(word, list(among), n=1, cutoff=0.6)
    return found[0] if found else None


def check(text: str, names: Mapping[str, Type] | None = None) -> list[Finding]:
    """Every problem of an expression; `names` are the names in scope with their types, None if they are not known."""
    text = stripped(text)
    try:
        expression = compile(text, names=names or ())
    except FeelError as error:
        return [Finding(error.code, "error", error.text, error.position, error.end, error.facts)]
    if names is None:
        return []
    findings = []
    known = set(names) | set(government.SIGNATURES) | set(BUILTINS)
    for name in sorted(free_names(expression.tree) - known):
        at = max(text.find(name), 0)
        facts = {"name": name, "suggestion": nearest(name, known)}
        findings.append(Finding("unknown-name", "error", text, at, at + len(name), facts))
    return findings
