"""The rules: one file each, found by their file name.

A rule is a module in `standard/` (BPMN's own constraints) or `house/` (ours on top) with a function
`check(sheet, context) -> Iterator[Problem]`; its id is the file name with dashes. How to add one stands, with an
example, in `docs/rules/README.md`. A rule asks small pure questions; it reports, it never raises, and it reads no file.
"""

from __future__ import annotations
