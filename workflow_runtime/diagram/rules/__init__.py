"""The rules: one file each, found by their file name.

A rule is a module in `standard/` (BPMN's own constraints) or `house/` (ours on top) with a function
`check(sheet, context) -> Iterator[Problem]` or `check(sheet)`; its id is the file name with dashes. To add one,
write the file, its page in `docs/rules/`, and a valid and an invalid diagram in `tests/unit/diagrams/<rule>/`.
A rule asks small pure questions; it reports, it never raises, and it reads no file.
"""

from __future__ import annotations
