"""What is wrong with an expression, told alike wherever expressions stand: diagrams, forms, tables, lists."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workflow_runtime.i18n import _, language
from workflow_runtime.loading import when_used

if TYPE_CHECKING:
    from workflow_runtime import feel
else:
    feel = when_used("workflow_runtime.feel")


@dataclass(frozen=True, slots=True)
class Fault:
    """A sentence in the language in use that names the character, and the line with the fragment underlined."""

    message: str
    excerpt: str


def fault(problem: feel.FeelError | feel.Finding) -> Fault:
    """The fault that a problem of an expression is to people."""
    fragment = problem.text[problem.start : problem.end][:60] or problem.text[-20:]
    said = _("{message} (character {position}: “{fragment}”)").format(
        message=problem.message(language()), position=problem.start + 1, fragment=fragment
    )
    return Fault(said, problem.underlined())


def unset(text: str, names: Collection[str]) -> list[Fault]:
    """The names that an expression uses and nothing sets, each with the one that was probably meant."""
    return [fault(one) for one in feel.check(text, dict.fromkeys(names)) if one.code == "unknown-name"]


def faults(text: str) -> list[Fault]:
    """What is wrong with an expression, whatever names it uses."""
    return [fault(one) for one in feel.check(text)]
