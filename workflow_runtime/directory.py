"""The organisation: agencies, their departments, who works there, who stands in for whom.

The organisation file is data (`bpmn/demo/organisation.yaml` is a fictional one). A diagram names a lane by agency
code (`CWI.CNTY`), region and department code; the directory finds the real department by the longest region
that covers the place. Everything here answers for a day, because people move.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from workflow_runtime.errors import DirectoryError, NotFound
from workflow_runtime.i18n import _
from workflow_runtime.identifiers import check_uscc, region_prefix
from workflow_runtime.sources import Source, Table

_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_CODE: Final = re.compile(r"[A-Z][A-Z0-9]*(?:\.[A-Z][A-Z0-9]*)?")
_DEPARTMENT_CODE: Final = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Department:
    """A part of an agency with a worklist of its own. Its id is `<agency id>.<code>`."""

    id: str
    agency: str
    code: str
    name: str
    default: bool = False


@dataclass(frozen=True, slots=True)
class Agency:
    """A legal entity that takes part: its catalogue code says which role, its region where."""

    id: str
    code: str
    name: str
    region: str
    departments: tuple[Department, ...]
    uscc: str = ""
    parent: str | None = None
    short: str = ""

    @property
    def main_department(self) -> Department:
        """The department that answers when a lane names only the agency."""
        return next((one for one in self.departments if one.default), self.departments[0])


@dataclass(frozen=True, slots=True)
class Membership:
    """A clerk's place in a department, the roles held there, and when."""

    clerk: str
    department: str
    roles: frozenset[str]
    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the clerk works there on `day`."""
        return _holds(self.valid_from, self.valid_to, day)


@dataclass(frozen=True, slots=True)
class Clerk:
    """A person who completes work."""

    id: str
    name: str
    memberships: tuple[Membership, ...]


@dataclass(frozen=True, slots=True)
class Supervisor:
    """A person who sees every case of some regions and completes none."""

    id: str
    name: str
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProcessOwner:
    """A person who deploys procedures; `procedures` holds codes, or `*` for all."""

    id: str
    name: str
    procedures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Substitution:
    """`substitute` acts for `absent` from one day to another, in one department or in all."""

    absent: str
    substitute: str
    valid_from: date
    valid_to: date
    department: str | None = None
    reason: str = ""

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on `day`."""
        return _holds(self.valid_from, self.valid_to, day)


@dataclass(frozen=True)
class Directory:
    """The whole organisation."""

    name: str
    regions: Mapping[str, str]
    roles: Mapping[str, str]
    agencies: tuple[Agency, ...]
    clerks: tuple[Clerk, ...]
    supervisors: tuple[Supervisor, ...] = ()
    owners: tuple[ProcessOwner, ...] = ()
    substitutions: tuple[Substitution, ...] = ()
    jurisdiction: str = ""  #: whose profile a case takes when nobody names one
    hash: str = ""

    def under(self, agency: str) -> tuple[Agency, ...]:
        """The agency of that id and every agency under it, down to the last."""
        found = {agency}
        while more := {one.id for one in self.agencies if one.parent in found} - found:
            found |= more
        return tuple(one for one in self.agencies if one.id in found)

    @cached_property
    def departments(self) -> tuple[Department, ...]:
        """All departments of all agencies."""
        return tuple(department for agency in self.agencies for department in agency.departments)

    @cached_property
    def _by_id(self) -> dict[str, Agency | Department | Clerk]:
        entries: tuple[Agency | Department | Clerk, ...] = (*self.agencies, *self.departments, *self.clerks)
        return {one.id: one for one in entries}

    def agency(self, identity: str) -> Agency:
        """The agency of that id."""
        found = self._by_id.get(identity)
        if isinstance(found, Agency):
            return found
        raise NotFound(_("there is no agency {id}").format(id=identity))

    def department(self, identity: str) -> Department:
        """The department of that id (`<agency id>.<department code>`)."""
        found = self._by_id.get(identity)
        if isinstance(found, Department):
            return found
        raise NotFound(_("there is no department {id}").format(id=identity))

    def clerk(self, identity: str) -> Clerk:
        """The clerk of that id."""
        found = self._by_id.get(identity)
        if isinstance(found, Clerk):
            return found
        raise NotFound(_("there is no clerk {id}").format(id=identity))

    def parties(self, agency_code: str) -> tuple[Agency, ...]:
        """Every agency with that catalogue code."""
        return tuple(agency for agency in self.agencies if agency.code == agency_code)

    def party(self, agency_code: str, region: str | None = None, department: str | None = None) -> Department:
        """The department that answers for a lane: the agency whose region covers the place most closely.

        Without `region` the agency must be the only one of its code; without `department` its main one answers.
        """
        candidates = self.parties(agency_code)
        if not candidates:
            codes = ", ".join(sorted({agency.code for agency in self.agencies}))
            raise NotFound(
                _("the organisation has no agency {code}; it has {codes}").format(code=agency_code, codes=codes)
            )
        agency = self._closest(agency_code, candidates, region)
        if department is None:
            return agency.main_department
        for one in agency.departments:
            if one.code == department:
                return one
        raise NotFound(
            _("{agency} has no department {code}; it has {codes}").format(
                agency=agency.name, code=department, codes=", ".join(one.code for one in agency.departments)
            )
        )

    def _closest(self, code: str, candidates: Sequence[Agency], region: str | None) -> Agency:
        places = ", ".join(f"{agency.region} {agency.name}" for agency in candidates)
        if region is None:
            if len(candidates) == 1:
                return candidates[0]
            raise NotFound(
                _("{code} needs a region; there is one in each of {places}").format(code=code, places=places)
            )
        covering = [agency for agency in candidates if region.startswith(region_prefix(agency.region))]
        if not covering:
            raise NotFound(
                _("no {code} answers for region {region}; there is one in each of {places}").format(
                    code=code, region=region, places=places
                )
            )
        return max(covering, key=lambda agency: len(region_prefix(agency.region)))

    def memberships(self, clerk: str, on: date) -> tuple[Membership, ...]:
        """Where the clerk works on a day."""
        return tuple(one for one in self.clerk(clerk).memberships if one.holds_on(on))

    def clerks_of(self, department: str, on: date, role: str | None = None) -> tuple[Clerk, ...]:
        """Who works in the department on a day, with the role if one is asked for."""
        return tuple(
            clerk
            for clerk in self.clerks
            if any(
                one.department == department and one.holds_on(on) and (role is None or role in one.roles)
                for one in clerk.memberships
            )
        )

    @cached_property
    def people(self) -> tuple[Clerk | Supervisor | ProcessOwner, ...]:
        """Everybody: who works, who supervises, who owns procedures."""
        return (*self.clerks, *self.supervisors, *self.owners)

    def supervised(self, supervisor: str) -> tuple[str, ...]:
        """Ids of the departments whose agencies lie in the supervisor's regions."""
        prefixes = tuple(
            region_prefix(region) for one in self.supervisors if one.id == supervisor for region in one.regions
        )
        return tuple(
            department.id
            for agency in self.agencies
            if prefixes and agency.region.startswith(prefixes)
            for department in agency.departments
        )

    def acting_for(self, clerk: str, on: date) -> tuple[Substitution, ...]:
        """Whom the clerk stands in for on a day."""
        return tuple(one for one in self.substitutions if one.substitute == clerk and one.holds_on(on))

    def may_act_for(self, clerk: str, absent: str, on: date, department: str | None = None) -> bool:
        """Whether the clerk stands in for `absent` on a day (in that department). Standing in is not passed on."""
        return any(
            one.absent == absent and (department is None or one.department in (None, department))
            for one in self.acting_for(clerk, on)
        )


def _holds(first: date | None, last: date | None, day: date) -> bool:
    return (first is None or first <= day) and (last is None or day <= last)


# --- the file ----------------------------------------------------------------------------------------------------


def read(source: bytes, *, name: str = "") -> Directory:
    """An organisation file; raises DirectoryError with everything in it that does not hold together."""
    file = Source(source, name=name or _("organisation"), rule="directory")
    file.raise_if_wrong(DirectoryError)
    root = file.root
    file.only(
        root,
        ("name", "jurisdiction", "regions", "roles", "agencies", "clerks", "supervisors", "owners", "substitutions"),
    )
    regions = _words(file, root, "regions")
    roles = _words(file, root, "roles")
    agencies = _agencies(file, root, regions)
    clerks = _clerks(file, root, {one.id for agency in agencies for one in agency.departments}, roles)
    supervisors, owners = _watchers(file, root)
    _people_are_distinct(file, root)
    directory = Directory(
        name=file.text(root, "name"),
        jurisdiction=file.text(root, "jurisdiction", default=""),
        regions=regions,
        roles=roles,
        agencies=agencies,
        clerks=clerks,
        supervisors=supervisors,
        owners=owners,
        substitutions=_substitutions(file, root, {clerk.id: clerk for clerk in clerks}),
        hash=hashlib.sha256(source).hexdigest(),
    )
    _every_department_is_manned(file, root, directory)
    file.raise_if_wrong(DirectoryError)
    return directory


def _words(file: Source, root: Table, key: str) -> dict[str, str]:
    table = file.table(root, key)
    return {code: file.text(table, code) for code in table}


def _identity(file: Source, table: Table, form: re.Pattern[str], example: str, key: str = "id") -> str:
    text = file.text(table, key)
    if text and not form.fullmatch(text):
        file.wrong(
            file.line(table, key), _("{text!r} cannot be an id").format(text=text), f"{key}: {example}", field=key
        )
    return text


def _agencies(file: Source, root: Table, regions: Mapping[str, str]) -> tuple[Agency, ...]:
    entries = file.tables(root, "agencies", optional=False)
    agencies = tuple(_agency(file, entry, regions) for entry in entries)
    file.unique([(agency.id, entry) for agency, entry in zip(agencies, entries, strict=True)], _("agency"))
    places: dict[tuple[str, str], str] = {}
    known = {agency.id for agency in agencies}
    for agency, entry in zip(agencies, entries, strict=True):
        twin = places.setdefault((agency.code, region_prefix(agency.region)), agency.id)
        if twin != agency.id:
            file.wrong(
                entry.line,
                _("{code} of region {region} is already {other}: nobody could say which one answers").format(
                    code=agency.code, region=agency.region, other=twin
                ),
                _("give it another region or code"),
                field=agency.id,
            )
        if agency.parent is not None and (agency.parent not in known or agency.parent == agency.id):
            file.wrong(
                file.line(entry, "parent"),
                _("there is no agency {id}").format(id=agency.parent),
                _("name the id of the agency above"),
                field=agency.id,
            )
    return agencies


def _agency(file: Source, entry: Table, regions: Mapping[str, str]) -> Agency:
    file.only(entry, ("id", "code", "name", "region", "uscc", "parent", "short", "departments"))
    identity = _identity(file, entry, _ID, "cwi-nanping")
    region = file.text(entry, "region")
    if not re.fullmatch(r"[0-9]{6}|[0-9]{9}|[0-9]{12}", region):
        file.wrong(
            file.line(entry, "region"), _("a region code has 6, 9 or 12 digits"), 'region: "990101"', field=identity
        )
    elif region not in regions:
        file.wrong(
            file.line(entry, "region"),
            _("the region {region} has no name in this file").format(region=region),
            _("add it under regions"),
            field=identity,
        )
    code = file.text(entry, "uscc", default="")
    for finding in check_uscc(code) if code else ():
        file.wrong(file.line(entry, "uscc"), finding.message, finding.remedy, field=identity)
    departments = tuple(_department(file, identity, one) for one in file.tables(entry, "departments"))
    if not departments:
        file.wrong(
            entry.line, _("the agency has no department"), "departments:\n  - {code: …, name: …}", field=identity
        )
    file.unique(
        [(one.id, row) for one, row in zip(departments, file.tables(entry, "departments"), strict=True)],
        _("department"),
    )
    if sum(one.default for one in departments) > 1:
        file.wrong(entry.line, _("more than one department is the default"), _("keep one"), field=identity)
    return Agency(
        id=identity,
        code=_identity(file, entry, _CODE, "CWI.CNTY", "code"),
        name=file.text(entry, "name"),
        region=region,
        departments=departments or (Department(f"{identity}.?", identity, "?", "?"),),
        uscc=code,
        parent=file.text(entry, "parent", default="") or None,
        short=file.text(entry, "short", default=""),
    )


def _department(file: Source, agency: str, entry: Table) -> Department:
    file.only(entry, ("code", "name", "default"))
    code = _identity(file, entry, _DEPARTMENT_CODE, "social_work", "code")
    return Department(f"{agency}.{code}", agency, code, file.text(entry, "name"), file.flag(entry, "default"))


def _clerks(file: Source, root: Table, departments: set[str], roles: Mapping[str, str]) -> tuple[Clerk, ...]:
    entries = file.tables(root, "clerks", optional=False)
    clerks = []
    for entry in entries:
        file.only(entry, ("id", "name", "memberships"))
        identity = _identity(file, entry, _ID, "li-wen")
        memberships = tuple(
            _membership(file, identity, one, departments, roles)
            for one in file.tables(entry, "memberships", optional=False)
        )
        clerks.append(Clerk(identity, file.text(entry, "name"), memberships))
    return tuple(clerks)


def _membership(file: Source, clerk: str, entry: Table, departments: set[str], roles: Mapping[str, str]) -> Membership:
    file.only(entry, ("department", "roles", "from", "to"))
    department = file.text(entry, "department")
    if department and department not in departments:
        file.wrong(
            file.line(entry, "department"),
            _("there is no department {id}").format(id=department),
            _("write <agency id>.<department code>, as cwi-nanping.social_work"),
            field=clerk,
        )
    held = file.texts(entry, "roles")
    for role in held:
        if role not in roles:
            file.wrong(
                file.line(entry, "roles"),
                _("there is no role {role}").format(role=role),
                _("roles here: {roles}").format(roles=", ".join(roles)),
                field=clerk,
            )
    first, last = _period(file, entry, clerk)
    return Membership(clerk, department, frozenset(held), first, last)


def _period(file: Source, entry: Table, field_name: str) -> tuple[date | None, date | None]:
    first, last = file.day(entry, "from"), file.day(entry, "to")
    if first and last and last < first:
        file.wrong(entry.line, _("it ends before it begins"), _("exchange the two dates"), field=field_name)
    return first, last


def _watchers(file: Source, root: Table) -> tuple[tuple[Supervisor, ...], tuple[ProcessOwner, ...]]:
    supervisors, owners = [], []
    for entry in file.tables(root, "supervisors"):
        file.only(entry, ("id", "name", "regions"))
        supervisors.append(
            Supervisor(_identity(file, entry, _ID, "zhou-min"), file.text(entry, "name"), file.texts(entry, "regions"))
        )
    for entry in file.tables(root, "owners"):
        file.only(entry, ("id", "name", "procedures"))
        owners.append(
            ProcessOwner(
                _identity(file, entry, _ID, "zhou-min"), file.text(entry, "name"), file.texts(entry, "procedures")
            )
        )
    return tuple(supervisors), tuple(owners)


def _people_are_distinct(file: Source, root: Table) -> None:
    """One id is one person; and letters of other scripts that look alike are kept out by the form of ids."""
    people = [*file.tables(root, "clerks"), *file.tables(root, "supervisors"), *file.tables(root, "owners")]
    file.unique([(str(entry.get("id") or ""), entry) for entry in people], _("person"))


def _substitutions(file: Source, root: Table, clerks: Mapping[str, Clerk]) -> tuple[Substitution, ...]:
    found = []
    for entry in file.tables(root, "substitutions"):
        file.only(entry, ("absent", "substitute", "department", "from", "to", "reason"))
        absent, substitute = file.text(entry, "absent"), file.text(entry, "substitute")
        for person in (absent, substitute):
            if person and person not in clerks:
                file.wrong(
                    entry.line,
                    _("there is no clerk {id}").format(id=person),
                    _("name the id of a clerk of this file"),
                    field=person,
                )
        if absent and absent == substitute:
            file.wrong(entry.line, _("nobody stands in for himself"), _("name another clerk"), field=absent)
        department = file.text(entry, "department", default="") or None
        if department and absent in clerks and department not in {one.department for one in clerks[absent].memberships}:
            file.wrong(
                file.line(entry, "department"),
                _("{clerk} does not work in {department}").format(clerk=absent, department=department),
                _("name a department of the absent clerk, or leave it out"),
                field=absent,
            )
        first, last = _period(file, entry, absent)
        if first is None or last is None:
            file.wrong(
                entry.line,
                _("a substitution needs its first and its last day"),
                "from: 2024-09-02\nto: 2024-09-13",
                field=absent,
            )
            continue
        found.append(Substitution(absent, substitute, first, last, department, file.text(entry, "reason", default="")))
    return tuple(found)


def _every_department_is_manned(file: Source, root: Table, directory: Directory) -> None:
    manned = {one.department for clerk in directory.clerks for one in clerk.memberships}
    for agency, entry in zip(directory.agencies, file.tables(root, "agencies"), strict=True):
        for department in agency.departments:
            if department.code != "?" and department.id not in manned:
                file.wrong(
                    entry.line,
                    _("nobody works in {department}: its work would wait for ever").format(department=department.id),
                    _("add a clerk with a membership in it, or delete the department"),
                    field=department.id,
                )
