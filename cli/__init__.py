"""The command line: a skin over the runtime. It opens the runtime, calls one method and renders the answer."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

__version__ = "0.1.0"


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and leave with its exit code: 0 done, 1 the answer is no, 2 not understood or refused."""
    from cli.session import choose_language

    given = list(sys.argv[1:] if arguments is None else arguments)
    choose_language(given)  # before any help text is made
    from cli.app import run

    sys.exit(run(given))
