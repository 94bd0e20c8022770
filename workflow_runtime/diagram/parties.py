"""Parties as diagrams write them: AGENCY[/department][@region]."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from workflow_runtime.diagram.context import CheckContext, DirectoryLike
from workflow_runtime.i18n import _

_FORM = re.compile(r"(?P<agency>[A-Z][A-Z0-9_.]*)(/(?P<department>[a-z][a-z0-9_]*))?(@(?P<region>[a-z][a-z0-9_]*))?")


@dataclass(frozen=True, slots=True)
class Party:
    """An agency, perhaps one department of it, in the region that a name of the case stands for."""

    agency: str
    department: str | None = None
    region: str | None = None

    @classmethod
    def parse(cls, text: str) -> Party | None:
        """The party a text names; None when it names none."""
        match = _FORM.fullmatch(text.strip())
        return None if match is None else cls(match["agency"], match["department"], match["region"])

    @property
    def text(self) -> str:
        """As diagrams write it."""
        department = f"/{self.department}" if self.department else ""
        return f"{self.agency}{department}" + (f"@{self.region}" if self.region else "")

    def faults(self, context: CheckContext) -> Iterator[tuple[str, str]]:
        """What is wrong with it: message and remedy."""
        if context.directory is not None:
            yield from self._faults_in(context.directory)
        if context.regions is not None and self.region is not None and self.region not in context.regions:
            yield (
                _("No case has a region called {region}.").format(region=self.region),
                _("Regions there are: {regions}.").format(regions=", ".join(sorted(context.regions)) or "-"),
            )

    def _faults_in(self, directory: DirectoryLike) -> Iterator[tuple[str, str]]:
        agencies = [agency for agency in directory.agencies if agency.code == self.agency]
        departments = {department.code for agency in agencies for department in agency.departments}
        if not agencies:
            known = sorted({agency.code for agency in directory.agencies})
            yield (
                _("There is no agency {agency}.").format(agency=self.agency),
                _("Agencies there are: {agencies}.").format(agencies=", ".join(known) or "-"),
            )
        elif self.department is not None and self.department not in departments:
            yield (
                _("{agency} has no department {department}.").format(agency=self.agency, department=self.department),
                _("Departments there are: {departments}.").format(departments=", ".join(sorted(departments)) or "-"),
            )
