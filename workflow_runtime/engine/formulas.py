"""Expressions of a diagram, and the names they see."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from workflow_runtime import feel

#: What the runtime hands in beside the case file: visible in every called process, never written by a step.
SHARED = ("subject", "case", "profile")
#: How messages about a case find it when the diagram names no key of its own.
DEFAULT_KEY = 'case.number + "/" + subject.number'


class Formula:
    """A FEEL expression, or a literal where the modelling tool writes expressions with a leading "="."""

    __slots__ = ("_expression", "literal", "text")

    def __init__(self, text: str, *, optional_mark: bool = False) -> None:
        """Raises FeelError. `optional_mark`: the text is FEEL also without the "="."""
        self.text = text.strip()
        self.literal = not optional_mark and not self.text.startswith("=")
        self._expression = None if self.literal else feel.compile(self.text.removeprefix("=").strip())

    @property
    def names(self) -> Collection[str]:
        """The names that it takes from outside."""
        return () if self._expression is None else self._expression.names

    def __call__(self, names: Mapping[str, Any], **surroundings: Any) -> Any:
        """Its value. Raises FeelError, or whatever a function that was handed in raises."""
        return self.text if self._expression is None else self._expression(names, **surroundings)


class Names(Mapping[str, Any]):
    """The names an expression sees at one place, looked up when asked for; the case file is not copied.

    A called process has its keys in the case file under `prefix` and sees no others.
    """

    __slots__ = ("_data", "_local", "_patch", "_prefix")

    def __init__(
        self, data: Mapping[str, Any], patch: Mapping[str, Any], prefix: str, local: Mapping[str, Any]
    ) -> None:
        self._data = data
        self._patch = patch
        self._prefix = prefix
        self._local = local

    def __getitem__(self, name: str) -> Any:
        if name in self._local:
            return self._local[name]
        key = self._prefix + name
        if key in self._patch:
            if (value := self._patch[key]) is None:
                raise KeyError(name)
            return value
        if key in self._data:
            return self._data[key]
        if name in SHARED:
            return self._data[name]
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        seen = set(self._local)
        yield from self._local
        for source in (self._patch, self._data):
            for key in source:
                name = key.removeprefix(self._prefix)
                if key.startswith(self._prefix) and "." not in name and name not in seen:
                    seen.add(name)
                    if name in self:
                        yield name
        yield from (name for name in SHARED if name not in seen and name in self._data)

    def __len__(self) -> int:
        return sum(1 for _name in self)
