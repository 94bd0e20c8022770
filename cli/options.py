"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from cli.output import Column, Listing, Row
from cli.session import Session
from workflow_runtime.errors import BadInput
from workflow_runtime.i18n import _

Function = TypeVar("Function", bound=Callable[..., Any])


def together(*decorators: Callable[[Function], Function]) -> Callable[[Function], Function]:
    """Several decorators as one, the first on top."""

    def decorate(function: Function) -> Function:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


def filters(*names: str) -> Callable[[Function], Function]:
    """`--procedure`, `--department` and so on: only rows that match."""
    texts = {
        "procedure": _("Only this procedure (its key)."),
        "department": _("Only this department (id, or part of its name)."),
        "agency": _("Only this agency (id or name)."),
        "subject": _("Only this subject (its number)."),
        "case": _("Only this case (its number)."),
    }
    return together(*(click.option(f"--{name}", metavar="TEXT", help=texts[name]) for name in names))


sheets: Callable[[Function], Function] = together(
    click.option("--csv", "as_csv", is_flag=True, help=_("Answer as CSV.")),
    click.option("--xlsx", type=click.Path(dir_okay=False, path_type=Path), help=_("Write a spreadsheet file.")),
)

paging: Callable[[Function], Function] = together(
    click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help=_("Rows on a page.")),
    click.option("--page", type=click.IntRange(1), default=1, show_default=True, help=_("Which page.")),
    sheets,
)

data_options: Callable[[Function], Function] = together(
    click.option(
        "--data",
        "file",
        metavar="FILE.json",
        help=_("The fields as a JSON object; a file field is “@path”. “-” reads standard input."),
    ),
    click.option("--set", "pairs", metavar="KEY=VALUE", multiple=True, help=_("One field; may be repeated.")),
)


def listing(
    session: Session,
    columns: Sequence[Column[Row]],
    fetch: Callable[[int, int], Sequence[Row]],
    *,
    nothing: str,
    limit: int,
    page: int,
    as_csv: bool = False,
    xlsx: Path | None = None,
) -> None:
    """Fetch one page and one row more (to know whether there is a next page), and show it."""
    rows = fetch(limit + 1, (page - 1) * limit)
    Listing(session.output, columns, rows, page, limit, nothing, as_csv, xlsx).show()


def pairs_to_mapping(pairs: Sequence[str], what: str) -> dict[str, str]:
    """`key=value` words as a mapping."""
    found: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise BadInput(_("{what}: write KEY=VALUE, not {pair!r}").format(what=what, pair=pair))
        if key.strip() in found:
            raise BadInput(_("{what}: {key!r} is given twice").format(what=what, key=key.strip()))
        found[key.strip()] = value
    return found
