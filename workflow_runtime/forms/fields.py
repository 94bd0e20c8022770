"""What a form asks: fields and their types, options, and references to files. Values only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from workflow_runtime.escaping import display_name
from workflow_runtime.i18n import of_data

Evaluate = Callable[[str, Mapping[str, Any]], Any]
#: (value, label) pairs for a `valuesKey`.
Choices = Sequence[tuple[Any, str]]

CLASSES: Final = ("general", "identity", "health", "psych", "property", "legal", "school", "insurance")
FORMATS: Final = (
    "resident-id", "uscc", "money", "phone", "region", "party", "account", "past-date", "future-date", "email",
)  # fmt: skip
#: Where an owner sets no limit of his own.
LINE_LIMIT: Final = 1_000
TEXT_LIMIT: Final = 20_000
ROWS_LIMIT: Final = 1_000
SIZE_LIMIT: Final = 20 * 1024 * 1024


class FieldType(StrEnum):
    """What a field holds in the case file."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    MONEY = "money"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    CHOICE = "choice"
    CHOICES = "choices"
    FILE = "file"
    FILES = "files"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file that is already in the store: its name for people, its hash, its size, its type by content."""

    name: str
    sha256: str
    size: int
    media_type: str

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> FileRef:
        """The reference that stands in a case file as a plain mapping."""
        return cls(str(value["name"]), str(value["sha256"]), int(value["size"]), str(value["media_type"]))

    def value(self) -> dict[str, Any]:
        """The reference as it stands in a case file."""
        return {
            "name": display_name(self.name),
            "sha256": self.sha256,
            "size": self.size,
            "media_type": self.media_type,
        }


@dataclass(frozen=True, slots=True)
class Option:
    """One possible answer."""

    value: Any
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One question of a form. `required`, `readonly`, `min` and `max` are values, or FEEL beginning with `=`."""

    key: str
    label: str
    type: FieldType
    kind: str
    hint: str = ""
    section: str = ""
    intro: str = ""
    field_class: str = "general"
    format: str = ""
    options: tuple[Option, ...] = ()
    values_key: str = ""
    required: bool | str = False
    readonly: bool | str = False
    hide: tuple[str, ...] = ()
    min: Any = None
    max: Any = None
    not_before: str = ""  #: FEEL: the earliest day or moment that a date field takes
    not_after: str = ""  #: FEEL: the latest day or moment that a date field takes
    valid: str = ""  #: FEEL: a condition that the answer must meet; `rule` says which
    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""
    decimals: int | None = None
    accept: tuple[str, ...] = ()
    max_size: int = SIZE_LIMIT
    min_items: int = 0
    max_items: int = ROWS_LIMIT
    min_age: int | None = None
    max_age: int | None = None
    birth_date_field: str = ""
    sex_field: str = ""
    refers: str = ""  #: the answer is the number of a subject of that kind
    once: bool = False  #: of a list's entries no two say the same here
    source: str = ""
    rule: str = ""
    default: Any = None
    prefix: str = ""
    suffix: str = ""
    fields: tuple[Field, ...] = ()

    @property
    def title(self) -> str:
        """The label in the language in use, or the key where there is none."""
        return of_data(self.label) or self.key


def is_feel(value: Any) -> bool:
    """Whether an attribute holds an expression instead of a value."""
    return isinstance(value, str) and value.startswith("=")
