"""The journeys: one public method = one use case = one transaction.

A transaction begins here and in the other modules of this layer (machine, repairs, mending, reckoning, reports,
absences; moving copies a whole store), and nowhere else: `self._database.begin()`, whose indentation is the use case.
Everything below takes `tx`. After the commit the machine's share of the work is done (machine.py): embedded, by this
very object; with a cluster, by whoever hears the bell (dispatch.py).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row
from sqlalchemy.exc import IntegrityError

from workflow_runtime import (
    calendars,
    casefile,
    identifiers,
    migrations,
    pages,
    profiles,
    queries,
    references,
    startup,
    store,
)
from workflow_runtime import directory as directories
from workflow_runtime import tables as t
from workflow_runtime.database import Database, refuse_foreign_file
from workflow_runtime.diagram.severities import read_severities
from workflow_runtime.directory import Directory
from workflow_runtime.dispatch import Dispatch
from workflow_runtime.errors import (
    AlreadyDone,
    BadInput,
    CaseStopped,
    DiagramError,
    FormError,
    FourEyes,
    ItemTaken,
    NotAllowed,
    NotFound,
    NotInThisDepartment,
    RuleBroken,
    StaleVersion,
    XiebanError,
)
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.handling import registered
from workflow_runtime.i18n import _, of_data, os_reason
from workflow_runtime.loading import when_used
from workflow_runtime.machine import Clock, Machine, at, expired, utc_now
from workflow_runtime.model import (
    SYSTEM,
    Actor,
    CasePage,
    CaseState,
    CaseView,
    Completion,
    DocumentState,
    DocumentView,
    Draft,
    HistoryView,
    ItemPage,
    ItemState,
    ItemView,
    LateRow,
    Line,
    MessageState,
    ProcedureVersion,
    SubjectPage,
    Swept,
    Verified,
    Wait,
)
from workflow_runtime.procedures import Bundle, Procedure, digest, shipped_library
from workflow_runtime.profiles import Profile
from workflow_runtime.settings import Settings, shown, sqlite_path

if TYPE_CHECKING:
    from workflow_runtime import casework, documents, engine, feel, forms, issuing, reports, subjects
    from workflow_runtime.casework import CaseInHand
    from workflow_runtime.subjects import SubjectKind
else:
    casework = when_used("workflow_runtime.casework")
    documents = when_used("workflow_runtime.documents")
    engine = when_used("workflow_runtime.engine")
    feel = when_used("workflow_runtime.feel")
    forms = when_used("workflow_runtime.forms")
    issuing = when_used("workflow_runtime.issuing")
    reports = when_used("workflow_runtime.reports")
    subjects = when_used("workflow_runtime.subjects")

CALENDAR = "CN"
#: What a standing rests on that was there when the subject was registered.
REGISTRATION = "登记"


class Runtime(Machine):
    """The system, for everybody who works with it: the machine, and the journeys of people."""

    _done_daily: date | None = None  #: the last day whose daily work was done here

    # --- opening -------------------------------------------------------------------------------------------------
    @classmethod
    def create(
        cls, settings: Settings, *, clock: Clock = utc_now, on_step: Callable[[str], None] | None = None
    ) -> Runtime:
        """A new, not yet finished, or older database: schema, shipped profiles and calendars. Safe to repeat.

        `on_step` hears of each step of the schema.
        Raises NotADatabase when the file belongs to another program, StoreFull when it cannot be written.
        """
        path = sqlite_path(settings.database)
        if path != Path():
            refuse_foreign_file(path)
            _make_folder(path.parent)
        database = Database(settings.database)
        try:
            with database.begin() as tx:
                startup.refuse_newer(migrations.version(tx), shown(settings.database))
                migrations.upgrade(tx, on_step=on_step)
            runtime = cls(database, settings, clock=clock)
            runtime._seed()
        except BaseException:
            database.close()
            raise
        return runtime

    @classmethod
    def open(cls, settings: Settings, *, clock: Clock = utc_now, dispatch: Dispatch | None = None) -> Runtime:
        """An existing database.

        Raises NotADatabase, UnsafeSQLite, WrongSchema, WrongClock or StoreError, each with what to do.
        """
        path = sqlite_path(settings.database)
        if path != Path():
            refuse_foreign_file(path)
            if not path.exists():
                raise NotFound(_("there is no database at {where}; create it with “xieban init”").format(where=path))
        database = Database(settings.database)
        try:
            startup.refuse_unfit(database, settings, utc_now())  # the machine's clock, whatever the office's says
        except BaseException:
            database.close()
            raise
        return cls(database, settings, clock=clock, dispatch=dispatch)

    def _seed(self) -> None:
        now = self._clock()
        with self._database.begin() as tx:
            for path in sorted((shipped_library() / "profiles").glob("*.yaml")):
                self._seed_profile(tx, path.read_bytes(), path.name, now)
            years = {
                int(path.stem.rsplit("-", 1)[1]): path.read_bytes()
                for path in sorted((shipped_library() / "calendars").glob(f"{CALENDAR}-*.yaml"))
            }
            newest = queries.newest_calendar(tx, CALENDAR)
            if newest is not None:  # what the office has imported stands; what the program brings is added
                years = {**years, **queries.calendar_years(tx, newest)}
            store.insert_calendar(tx, name=CALENDAR, sha256=calendars.digest(years), years=years, now=now)

    def _seed_profile(self, tx: Connection, source: bytes, name: str, now: datetime) -> None:
        """Keep a shipped profile, unless the office has one of its own: that one stands, whatever a release brings."""
        jurisdiction = profiles.read(source, name=name).jurisdiction
        newest = next((row for row in queries.profile_rows(tx) if row.jurisdiction == jurisdiction), None)
        if newest is None or queries.is_keyed(tx, _shipped(newest.sha256)):
            self._keep_profile(tx, source, name, now)
            sha256 = hashlib.sha256(source).hexdigest()
            store.take_key(tx, key=_shipped(sha256), actor=SYSTEM, request=sha256, now=now)

    # --- who acts ------------------------------------------------------------------------------------------------
    def actor(self, user: str, *, acting_for: str | None = None, purpose: str = "work") -> Actor:
        """The person `user` (clerk id), with the departments of today. `root` administers and sees no case.

        Raises NotFound when the organisation does not know the person, NotAllowed when `acting_for` is not covered by
        a substitution today.
        """
        if user == "root":
            return Actor(clerk="root", name="root", process_owner=True, purpose=purpose)
        today = self._today()
        with self._database.read() as tx:
            row = queries.clerk(tx, user)
            if row is None:
                raise NotFound(
                    _("nobody called {user!r} is in the organisation; “xieban org show” lists everybody").format(
                        user=user
                    )
                )
            if acting_for is not None and not queries.may_act_for(tx, user, acting_for, today):
                raise NotAllowed(_("{user} does not stand in for {absent} today").format(user=user, absent=acting_for))
            memberships = [*queries.memberships(tx, user, today)]
            if acting_for is not None:
                memberships += queries.memberships(tx, acting_for, today)
        return Actor(
            clerk=row.id,
            name=row.name,
            departments=frozenset(m.department_id for m in memberships if not m.supervisor),
            roles=frozenset((m.department_id, m.role) for m in memberships if not m.supervisor),
            acting_for=acting_for,
            supervises=frozenset(m.department_id for m in memberships if m.supervisor),
            process_owner=row.owner,
            purpose=purpose,
        )

    def import_organisation(self, source: bytes, *, actor: Actor) -> Mapping[str, int]:
        """Make an organisation file the current one; returns counts of what it holds.

        Raises DirectoryError with all findings.
        """
        self._owner_only(actor)
        directory = directories.read(source, name="organisation")
        rows = [
            {
                "id": one.id,
                "code": one.code,
                "name": one.name,
                "agency": agency.id,
                "agency_code": agency.code,
                "agency_name": agency.name,
                "region": agency.region,
            }
            for one in directory.departments
            for agency in [directory.agency(one.agency)]
        ]
        now = self._clock()
        with self._database.begin() as tx:
            store.replace_organisation(
                tx, sha256=hashlib.sha256(source).hexdigest(), content=source, departments=rows, now=now, actor=actor
            )
            store.replace_people(tx, **directory_people(directory))
        return {
            "agencies": len(directory.agencies),
            "departments": len(directory.departments),
            "clerks": len(directory.clerks),
        }

    def organisation(self, *, actor: Actor) -> Directory:
        """The organisation in force. Raises NotFound before one was imported."""
        with self._database.read() as tx:
            return self._library.directory(tx)

    @property
    def has_organisation(self) -> bool:
        """Whether an organisation was ever imported."""
        with self._database.read() as tx:
            return queries.current_organisation(tx) is not None

    # --- profiles ------------------------------------------------------------------------------------------------
    def profiles(self) -> tuple[Profile, ...]:
        """The newest profile of every jurisdiction."""
        with self._database.read() as tx:
            return tuple(self._library.profile(tx, row.id) for row in queries.profile_rows(tx))

    def profile(self, jurisdiction: str) -> Profile:
        """The profile of a jurisdiction. Raises NotFound."""
        with self._database.read() as tx:
            return self._library.profile(tx, self._profile_id(tx, jurisdiction))

    def import_profile(self, source: bytes, *, actor: Actor) -> str:
        """Keep a new version of a profile; returns its jurisdiction. Raises ProfileError with all findings."""
        self._owner_only(actor)
        with self._database.begin() as tx:
            return self._keep_profile(tx, source, "profile", self._clock())

    def _keep_profile(self, tx: Connection, source: bytes, name: str, now: datetime) -> str:
        profile = profiles.read(source, name=name)
        store.insert_profile(
            tx,
            jurisdiction=profile.jurisdiction,
            sha256=hashlib.sha256(source).hexdigest(),
            valid_from=profile.valid_from,
            valid_to=profile.valid_to,
            content=source,
            now=now,
        )
        return profile.jurisdiction

    def _profile_id(self, tx: Connection, jurisdiction: str) -> int:
        rows = queries.profile_rows(tx)
        for row in rows:
            if row.jurisdiction == jurisdiction:
                return int(row.id)
        raise NotFound(
            _("there is no profile {jurisdiction!r}; there are {known}").format(
                jurisdiction=jurisdiction, known=", ".join(row.jurisdiction for row in rows)
            )
        )

    # --- procedures ----------------------------------------------------------------------------------------------
    def check_procedure(self, bundle: Bundle) -> list[Finding]:
        """Every finding about a bundle, worst first; an empty list deploys in silence."""
        with self._database.read() as tx:
            return check_bundle(
                bundle,
                directory=self._directory_or_none(tx),
                profiles=self._profiles(tx),
                severities=self._settings.severities,
            )

    def deploy(self, bundle: Bundle, *, actor: Actor) -> ProcedureVersion:
        """Make the bundle the newest version of its procedure; the same files again are the same version.

        Raises DiagramError with all findings when one of them is an error.
        """
        self._owner_only(actor)
        sha256 = digest(bundle)
        findings = self.check_procedure(bundle)  # before the transaction: it may take a second
        if any(finding.severity is Severity.ERROR for finding in findings):
            raise DiagramError(findings=findings)
        procedure = Procedure(bundle)  # every file was read by the check
        with self._database.begin() as tx:
            known = queries.version_of_digest(tx, procedure.key, sha256)
            if known is not None:
                return known
            version_id = store.insert_version(
                tx,
                key=procedure.key,
                code=procedure.code,
                name=procedure.name,
                kind=procedure.kind,
                sha256=sha256,
                files=bundle,
                now=self._clock(),
                actor=actor,
            )
            return queries.version_by_id(tx, version_id)

    def procedures(self) -> tuple[ProcedureVersion, ...]:
        """All deployed versions, newest first within a procedure."""
        with self._database.read() as tx:
            return tuple(queries.versions(tx))

    def procedure(self, key: str, version: int | None = None) -> ProcedureVersion:
        """A deployed version (the newest when none is named). Raises NotFound."""
        with self._database.read() as tx:
            return self._version(tx, key, version)

    def bundle(self, key: str, version: int | None = None) -> Mapping[str, bytes]:
        """The files of a deployed version by path."""
        with self._database.read() as tx:
            return queries.bundle(tx, self._version(tx, key, version).id)

    def parsed(self, key: str, version: int | None = None) -> Procedure:
        """The parsed bundle of a deployed version: diagrams, forms, tables, templates."""
        with self._database.read() as tx:
            return self._library.procedure(tx, self._version(tx, key, version).id)

    def standing(self, process: str, version: int | None = None, *, actor: Actor) -> Mapping[str, frozenset[str]]:
        """Where running cases stand in a process: case number → ids of its elements, for cases the actor may see.

        Of every deployed version that runs the process, itself or as a called one; `version` names one of its own.
        Events at the edge of a step and those that begin something are listened to, not stood on.
        """
        found: dict[str, set[str]] = {}
        with self._database.read() as tx:
            for one in queries.versions(tx):
                if version is not None and (one.key, one.version) != (process, version):
                    continue
                rows = queries.standing_rows(tx, actor, one.id)
                procedure = self._library.procedure(tx, one.id) if rows else None
                if procedure is None or process not in procedure.diagrams:
                    continue
                for number, path, element in rows:
                    if process == procedure.key:
                        found.setdefault(number, set())
                    calls = tuple(path.split(".")) if path else ()
                    for depth, place in enumerate((*calls, element)):  # who stands inside a call stands on the call
                        if not place or procedure.process_at(calls[:depth]) != process:
                            continue
                        node = procedure.diagrams[process].elements.get(place)
                        if node is None or node.kind not in ("boundaryEvent", "startEvent"):
                            found.setdefault(number, set()).add(place)
        return {number: frozenset(elements) for number, elements in found.items()}

    def retire(self, key: str, version: int, *, actor: Actor) -> None:
        """No new case starts on that version; running cases keep it. Raises NotFound, AlreadyDone."""
        self._owner_only(actor)
        with self._database.begin() as tx:
            found = self._version(tx, key, version)
            if not store.move(tx, t.procedure_version, {"id": found.id}, "retire"):
                raise AlreadyDone(_("{key} version {version} is retired already").format(key=key, version=version))

    def _version(self, tx: Connection, key: str, version: int | None) -> ProcedureVersion:
        found = [one for one in queries.versions(tx, key) if version is None or one.version == version]
        if not found:
            known = sorted({one.key for one in queries.versions(tx)})
            raise NotFound(
                _("no procedure {key!r} is deployed; deployed are: {known}").format(
                    key=key if version is None else f"{key} v{version}", known=", ".join(known) or "-"
                )
            )
        return found[0]

    # --- subjects ------------------------------------------------------------------------------------------------
    def register_subject(
        self,
        kind: str,
        data: Mapping[str, Any],
        *,
        actor: Actor,
        region: str | None = None,
        number: str | None = None,
        standings: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> str:
        """A new subject, with the standings that hold at registration; returns its number.

        `standings`: kind → {party or holder, since, basis}. Raises FormError with all findings,
        RuleBroken when the identity is registered already or a required standing is missing.
        """
        self._known_actor(actor)
        subject_kind = self._subject_kind(kind)
        assert subject_kind.form is not None
        now = self._clock()
        facts, findings = subject_kind.form.validate(
            data, evaluate=_evaluate, today=self._today(), regions=self._regions()
        )
        if findings:
            raise FormError(findings=findings)
        identity = facts.get("resident_id")
        region = region or str(facts.get("region") or "") or self._region_of(actor)
        try:
            with self._database.begin() as tx:
                given = number or subject_kind.number(
                    region, self._today().year, store.next_number(tx, region, f"subject.{kind}", self._today().year)
                )
                subject_id = store.insert_subject(
                    tx,
                    kind=kind,
                    number=given,
                    name=str(facts.get("name") or given),
                    region=region,
                    identity_hash=identifiers.digest(identity),
                    document=casefile.dumps(facts),
                    now=now,
                )
                self._first_standings(tx, subject_id, subject_kind, standings or {}, region, now)
        except IntegrityError as error:
            raise RuleBroken(_("this person is registered already; one person has one file (R-23)")) from error
        return given

    def _first_standings(
        self,
        tx: Connection,
        subject_id: int,
        kind: SubjectKind,
        given: Mapping[str, Mapping[str, Any]],
        region: str,
        now: datetime,
    ) -> None:
        directory = self._library.directory(tx)
        for name, one in given.items():
            kind.standing(name)
            since = self._instant(one.get("since")) or now
            holder, agency = str(one.get("holder") or ""), None
            if one.get("party"):
                department = casework.resolve_party(directory, str(one["party"]), {"": region})
                agency = department.agency
                holder = directory.agency(agency).name
            store.switch_standing(
                tx,
                subject_id,
                name,
                holder=holder,
                holder_agency=agency,
                at=since,
                basis=str(one.get("basis") or REGISTRATION),
                case_number=None,
            )
        missing = [one.name for one in kind.standings if one.required and one.code not in given]
        if missing:
            raise RuleBroken(
                _("registered without {missing}: every subject has one at every moment; name who holds it").format(
                    missing=", ".join(missing)
                )
            )

    def subjects(
        self, *, actor: Actor, search: str | None = None, limit: int = 50, offset: int = 0
    ) -> tuple[Mapping[str, Any], ...]:
        """Subjects of the actor's cases or agencies: number, name, kind, region."""
        with self._database.read() as tx:
            departments = queries.departments(tx, actor.sees)
            rows = queries.subjects(
                tx,
                departments=actor.sees,
                agencies=frozenset(row.agency for row in departments.values()),
                search=search,
                limit=limit,
                offset=offset,
            )
            return tuple(
                {"number": row.number, "name": row.name, "kind": row.kind, "region": row.region} for row in rows
            )

    def subject(self, number: str, *, actor: Actor) -> SubjectPage:
        """One subject with standings and cases, as far as the actor may see. Raises NotFound."""
        with self._database.read() as tx:
            return pages.subject_page(tx, self._subject_row(tx, number, actor), actor, self._subject_kind)

    def held(self, number: str, *, actor: Actor) -> Counter[str]:
        """How many hold each standing of a subject now, by its kind. Raises NotFound."""
        with self._database.read() as tx:
            row = self._subject_row(tx, number, actor)
            return Counter(one.kind for one in store.open_standings(tx, row.id))

    def _subject_row(self, tx: Connection, number: str, actor: Actor) -> Row[Any]:
        row = queries.subject(tx, number)
        if row is None or not self._may_see(tx, number, actor):
            raise NotFound(_("there is no subject {number}, or not for you").format(number=number))
        return row

    def _may_see(self, tx: Connection, number: str, actor: Actor) -> bool:
        """Whether a subject with that number is one of those whom the actor may see."""
        if actor.clerk == "system":
            return True
        departments = queries.departments(tx, actor.sees)
        agencies = frozenset(one.agency for one in departments.values())
        return bool(queries.subjects(tx, departments=actor.sees, agencies=agencies, search=number, limit=1, offset=0))

    def _subject_kind(self, kind: str) -> SubjectKind:
        kinds = subjects.shipped()
        if kind not in kinds:
            raise NotFound(
                _("there is no kind of subject {kind!r}; there are {known}").format(kind=kind, known=", ".join(kinds))
            )
        return kinds[kind]

    # --- cases ---------------------------------------------------------------------------------------------------
    def start_case(
        self,
        procedure: str,
        subject: str,
        *,
        actor: Actor,
        regions: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | None = None,
        jurisdiction: str | None = None,
        message: str | None = None,
        key: str | None = None,
    ) -> CasePage:
        """Start a case about a subject and run it to its first waits. The same `key` again returns the same case.

        Raises NotFound, RuleBroken (the profile does not run the procedure, and why), DirectoryError (lanes that no
        department answers), NotInThisDepartment (the actor has no part in it), FormError.
        """
        self._known_actor(actor)
        request = _request("start", procedure, subject, dict(regions or {}), dict(data or {}))
        with self._refusing_to_start(), self._writing() as tx:
            remembered = self._remembered(tx, key, actor, request)
            number = remembered or self._start(
                tx, procedure, subject, actor, dict(regions or {}), dict(data or {}), jurisdiction, message
            )
            if key is not None and remembered is None:
                store.remember_answer(tx, key=key, answer=number)
        self._after_commit()
        return self.case(number, actor=actor)

    def _start(
        self,
        tx: Connection,
        key: str,
        subject_number: str,
        actor: Actor,
        regions: dict[str, str],
        data: dict[str, Any],
        jurisdiction: str | None,
        message: str | None,
        *,
        started_by: str | None = None,
    ) -> str:
        now = self._clock()
        version = next((one for one in queries.versions(tx, key) if one.state == "active"), None)
        if version is None:
            version = self._version(tx, key, None)
            raise RuleBroken(_("procedure {key} is retired; deploy a new version first").format(key=key))
        procedure = self._library.procedure(tx, version.id)
        if procedure.kind == "C":
            raise RuleBroken(_("{key} is a called process: it runs inside a case, not alone").format(key=key))
        directory = self._library.directory(tx)
        subject = queries.subject(tx, subject_number)
        if subject is None:
            raise NotFound(_("there is no subject {number}, or not for you").format(number=subject_number))
        about = procedure.attribute("xb:subject")
        if about and subject.kind != about:
            names = {kind: of_data(one.name) for kind, one in subjects.shipped().items()}
            raise RuleBroken(
                _("{procedure} is about: {kind}; {number} is: {other}").format(
                    procedure=of_data(procedure.name),
                    kind=names.get(about, about),
                    number=subject_number,
                    other=names.get(subject.kind, subject.kind),
                )
            )
        self._alone(tx, procedure, subject_number, actor)
        if started_by is not None:  # what the case that began it binds, as far as this procedure knows it
            regions = {name: region for name, region in regions.items() if name in procedure.regions}
        elsewhere = subject.region if started_by is not None else None  # nobody is there to be asked
        regions = self._bind_regions(procedure, directory, subject, regions, elsewhere)
        profile_id, profile = self._choose_profile(tx, jurisdiction or directory.jurisdiction or None, procedure)
        local_day = now.astimezone(ZoneInfo(self._settings.zone)).date()
        if message is None:
            data = self._opening(tx, procedure, profile, subject, data, local_day)
        data = casework.with_roles(
            procedure,
            directory,
            regions,
            data,
            partial(store.open_standings, tx, subject.id),
            partial(self._library.profile_values, profile_id, profile, procedure, local_day),
        )
        parties = casework.bind_lanes(procedure, directory, regions, data)
        if actor.clerk != "system" and not actor.departments & {row["department_id"] for row in parties}:
            raise NotInThisDepartment(
                _("{name} belongs to no department that takes part in {procedure} here").format(
                    name=actor.name, procedure=procedure.name
                )
            )
        self._held(tx, procedure, directory, subject, regions, actor)
        local_year = local_day.year
        number = f"{profile.jurisdiction}-{procedure.code}-{local_year}-" + (
            f"{store.next_number(tx, profile.jurisdiction, 'case.' + procedure.code, local_year):06d}"
        )
        calendar_id = queries.newest_calendar(tx, profile.calendar or CALENDAR)
        case_id = store.insert_case(
            tx,
            number=number,
            version_id=version.id,
            subject_id=subject.id,
            jurisdiction=profile.jurisdiction,
            profile_id=profile_id,
            calendar_id=calendar_id,
            regions=json.dumps(regions, ensure_ascii=False, sort_keys=True),
            snapshot=b"",
            started_at=now,
            started_by=started_by or actor.clerk,
            document=casefile.dumps(data),
            parties=parties,
        )
        row = store.lock_case_by_id(tx, case_id)
        assert row is not None
        hand = self._take(tx, row, actor)
        if message is None and procedure.start_form is not None:
            references.take(hand, procedure.start_form, data)
        step = engine.start(
            procedure.compiled,
            hand.data(),
            now=now,
            message=message,
            functions=hand.functions(),
            zone=ZoneInfo(self._settings.zone),
        )
        content = {
            "version": version.version,
            "sha256": version.sha256,
            "profile": profile.hash,
            "calendar": hand.calendar.version,
            "regions": regions,
            "data": data,
            **({"acting_for": actor.acting_for} if actor.acting_for else {}),
            **({"message": message, "by": started_by} if started_by is not None else {}),
        }
        hand.record(step, "case_started", element=None, content=content)
        hand.save()
        return number

    def _opening(
        self,
        tx: Connection,
        procedure: Procedure,
        profile: Profile,
        subject: Row[Any],
        data: dict[str, Any],
        today: date,
    ) -> dict[str, Any]:
        """The first entries of a case, checked by the form of the start event if it has one. Raises FormError."""
        form = procedure.start_form
        if form is None:
            return data
        from workflow_runtime.feel import government

        standings = {row.kind: row.holder for row in store.open_standings(tx, subject.id)}
        facts = {**casefile.loads(subject.document), "number": subject.number, "standings": standings}
        values, findings = form.validate(
            data,
            evaluate=partial(
                _evaluate, functions={**government.OF_DATES, **casework.of_cases(tx)}, now=self._local_now()
            ),
            today=today,
            files=self._offered_files(tx, data),
            context={
                "profile": profile.values(procedure.code, today, called=procedure.called_codes),
                "subject": facts,
            },
            regions=self._regions(),
        )
        if findings:
            raise FormError(findings=findings)
        return values

    def _alone(self, tx: Connection, procedure: Procedure, subject_number: str, actor: Actor) -> None:
        """The procedure's precondition (`xb:notWith`): no open case of those procedures about the same subject.

        Who may not see that case is told no more than of a subject that is not there.
        """
        excluded = [part.strip() for part in procedure.attribute("xb:notWith").split(",") if part.strip()]
        for one in queries.open_cases_of(tx, subject_number, excluded) if excluded else ():
            if queries.case_row(tx, actor, one) is None:
                raise NotFound(_("there is no subject {number}, or not for you").format(number=subject_number))
            raise RuleBroken(
                _("subject {subject} has the open case {number}; {procedure} cannot start beside it").format(
                    subject=subject_number, number=one, procedure=of_data(procedure.name)
                )
            )

    def _held(
        self,
        tx: Connection,
        procedure: Procedure,
        directory: Directory,
        subject: Row[Any],
        regions: dict[str, str],
        actor: Actor,
    ) -> None:
        """The other precondition (`xb:heldBy`): the subject's standings are held by those that the procedure is for.

        Who else holds them is told to those who may see the subject.
        """
        wanted = [part.strip().partition("=") for part in procedure.attribute("xb:heldBy").split(",") if part.strip()]
        held = {row.kind: row for row in store.open_standings(tx, subject.id)} if wanted else {}
        names = {one.code: one.name for one in (procedure.subject_kind.standings if procedure.subject_kind else ())}
        for standing, _is, reference in wanted:
            agency = directory.agency(casework.resolve_party(directory, reference, regions).agency)
            found = held.get(standing)
            if found is None or found.holder_agency != agency.id:
                knows = self._may_see(tx, subject.number, actor)
                words = _(
                    "{standing} of {subject}: {found}; {procedure} is for those whose {standing} is {wanted} ({source})"
                )
                raise RuleBroken(
                    words.format(
                        standing=of_data(names.get(standing, standing)),
                        subject=subject.number,
                        found=_("nobody") if found is None else found.holder if knows else _("somebody else"),
                        procedure=of_data(procedure.name),
                        wanted=agency.name,
                        source=of_data(procedure.attribute("xb:clause")) or "-",
                    )
                )

    def _bind_regions(
        self,
        procedure: Procedure,
        directory: Directory,
        subject: Row[Any],
        given: dict[str, str],
        elsewhere: str | None = None,
    ) -> dict[str, str]:
        unknown = sorted(set(given) - set(procedure.regions))
        if unknown:
            raise BadInput(
                _("{procedure} binds the regions {known}, not {unknown}").format(
                    procedure=procedure.name, known=", ".join(procedure.regions), unknown=", ".join(unknown)
                )
            )
        bound = {
            name: given.get(name) or _default_region(name, subject.region) or elsewhere for name in procedure.regions
        }
        missing = sorted(name for name, region in bound.items() if not region)
        if missing:
            raise BadInput(
                _("name the region behind {missing}: --region {first}=CODE").format(
                    missing=", ".join(missing), first=missing[0]
                )
            )
        return {name: region for name, region in bound.items() if region}

    def _choose_profile(self, tx: Connection, jurisdiction: str | None, procedure: Procedure) -> tuple[int, Profile]:
        rows = queries.profile_rows(tx)
        candidates = [
            (int(row.id), self._library.profile(tx, row.id)) for row in rows if jurisdiction in (None, row.jurisdiction)
        ]
        if not candidates:
            self._profile_id(tx, jurisdiction or "")
        running = [one for one in candidates if one[1].procedure_state(procedure.code).state != "off"]
        if not running:
            state = candidates[0][1].procedure_state(procedure.code)
            raise RuleBroken(
                _("{jurisdiction} does not run {procedure}: {reason} ({source})").format(
                    jurisdiction=of_data(candidates[0][1].name),
                    procedure=of_data(procedure.name),
                    reason=of_data(state.reason),
                    source=of_data(state.source) or "-",
                )
            )
        if len(running) > 1 and jurisdiction is None:
            default = [one for one in running if one[1].procedure_state(procedure.code).state == "on"]
            if len(default) != 1:
                raise BadInput(
                    _("several jurisdictions run {procedure}: name one of {known} with --profile").format(
                        procedure=procedure.name, known=", ".join(one[1].jurisdiction for one in running)
                    )
                )
            running = default
        return running[0]

    def cases(
        self,
        *,
        actor: Actor,
        procedure: str | None = None,
        department: str | None = None,
        agency: str | None = None,
        state: str | None = None,
        subject: str | None = None,
        begun_by: str | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[CaseView, ...]:
        """Cases the actor may see, the one due soonest first. `department` and `agency`: who holds an open item now.

        `begun_by`: only those that began by a message of that case.
        """
        with self._database.read() as tx:
            return tuple(
                queries.case_rows(
                    tx,
                    actor,
                    procedure=procedure,
                    departments=self._named(tx, department, agency),
                    state=state,
                    subject_number=subject,
                    begun_by=begun_by,
                    limit=limit,
                    offset=offset,
                )
            )

    def case(self, number: str, *, actor: Actor, history: int | None = 10) -> CasePage:
        """One page about a case: plain reads. `history`: how many last entries (None = all). Raises NotFound."""
        with self._database.read() as tx:
            return pages.case_page(tx, self._desk(), self._case_row(tx, number, actor), actor, history=history)

    def history(self, number: str, *, actor: Actor) -> tuple[HistoryView, ...]:
        """Everything that happened, oldest first. Raises NotFound."""
        with self._database.read() as tx:
            row = self._case_row(tx, number, actor)
            return pages.history(tx, self._desk(), row, actor)

    def why(self, number: str, *, actor: Actor) -> tuple[Wait, ...]:
        """What the case waits for, in words, and what ends each wait. Raises NotFound."""
        with self._database.read() as tx:
            return pages.waits(tx, self._desk(), self._case_row(tx, number, actor), actor)

    def messages(self, number: str, *, actor: Actor) -> tuple[Mapping[str, Any], ...]:
        """Messages a case has sent, oldest first: name, correlation, state, sent_at. Raises NotFound."""
        with self._database.read() as tx:
            row = self._case_row(tx, number, actor)
            return tuple(
                {"name": one.name, "correlation": one.correlation, "state": one.state, "sent_at": one.sent_at}
                for one in queries.messages_of(tx, row.id)
            )

    def verify_history(self, number: str, *, actor: Actor) -> int | None:
        """The first history entry that does not verify, or None. Raises NotFound."""
        with self._database.read() as tx:
            row = self._case_row(tx, number, actor)
            return pages.first_broken_entry(tx, row)

    def withdraw(self, number: str, *, reason: str, actor: Actor) -> CasePage:
        """End a case before anything of legal effect has happened, with a reason.

        Raises NotAllowed when the actor has no part in it, AlreadyDone, RuleBroken after a standing was switched.
        """
        if not reason.strip():
            raise BadInput(_("a withdrawal needs a reason: --reason TEXT"))
        with self._writing() as tx:
            hand = self._lock(tx, number, actor)
            self._party_only(tx, hand, actor)
            if hand.state in (CaseState.COMPLETED, CaseState.CANCELLED):
                raise AlreadyDone(_("case {number} is {state} already").format(number=number, state=hand.state))
            if any(one.case == number for one in queries.standings(tx, hand.row.subject_id or 0)):
                raise RuleBroken(
                    _(
                        "case {number} has already changed who is responsible for the subject; "
                        "it cannot be withdrawn, only completed, or reversed by a new case"
                    ).format(number=number)
                )
            hand.apply(engine.Cancel(reason), "withdrawn", content={"reason": reason})
            hand.state = CaseState.CANCELLED
            hand.save()
        self._after_commit()
        return self.case(number, actor=actor)

    def signal_subject(
        self,
        number: str,
        signal: str,
        *,
        actor: Actor,
        payload: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> tuple[str, ...]:
        """Tell every open case of a subject that something happened to the subject; numbers of the cases reached.

        A case that is held or stopped hears it when it goes on again. The same `key` again is the same event.
        Raises NotFound for an unknown subject or signal.
        """
        with self._database.begin() as tx:
            row = self._subject_row(tx, number, actor)
            kind = self._subject_kind(row.kind)
            if kind.signal(signal) is None:
                raise NotFound(
                    _("there is no signal {signal!r}; there are {known}").format(
                        signal=signal, known=", ".join(one.name for one in kind.signals)
                    )
                )
            store.give_signal(
                tx,
                id=key or secrets.token_hex(16),
                subject_id=row.id,
                name=signal,
                payload=casefile.dumps(dict(payload or {})),
                now=self._clock(),
                by=actor.clerk,
            )
        reached = self.settle_signals(subject=row.id)
        self._after_commit()
        return tuple(reached)

    def deliver_message(
        self,
        name: str,
        correlation: str,
        payload: Mapping[str, Any],
        *,
        sender: str,
        id: str | None = None,
        expires_at: datetime | None = None,
        actor: Actor,
    ) -> str:
        """A message from outside, kept until a case takes it; returns its id. The same id again changes nothing.

        One that comes after `expires_at` is kept too, as expired, so that somebody finds it.
        """
        now = self._clock()
        late = expires_at is not None and expires_at <= now
        with self._database.begin() as tx:
            message_id = store.insert_message(
                tx,
                id=id,
                name=name,
                correlation=correlation,
                direction="in",
                sender_case_id=None,
                sender=sender,
                element=None,
                payload=casefile.dumps(dict(payload)),
                sent_at=now,
                expires_at=expires_at,
                **({"state": MessageState.EXPIRED, "reason": expired()} if late else {}),
            )
            if not late:
                self._carry(tx, message_id, name, correlation)
        self._after_commit()
        return message_id

    # --- work items ----------------------------------------------------------------------------------------------
    def worklist(
        self,
        *,
        actor: Actor,
        department: str | None = None,
        procedure: str | None = None,
        agency: str | None = None,
        state: str | None = "open",
        subject: str | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[ItemView, ...]:
        """Items of the actor's departments, soonest due first.

        `state`: open, ready, reserved, mine, late, completed, obsolete; None = all.
        """
        now = self._clock()
        with self._database.read() as tx:
            rows = queries.item_rows(
                tx,
                actor,
                departments=self._named(tx, department, agency),
                procedure=procedure,
                state=state,
                subject_number=subject,
                late_at=now if state == "late" else None,
                limit=limit,
                offset=offset,
            )
            return tuple(pages.item(tx, self._desk(), row) for row in rows)

    def work_item(self, id: str, *, actor: Actor) -> ItemPage:
        """An item with its form, what is known, and the case's documents. Raises NotFound."""
        with self._database.read() as tx:
            row = self._item_row(tx, id, actor)
            return pages.item_page(tx, self._desk(), row, self._case_row(tx, row.case_number, actor), actor)

    def claim(self, id: str, *, actor: Actor) -> ItemView:
        """Take an item off the department's worklist, for this clerk alone.

        Raises NotFound, NotInThisDepartment, ItemTaken (who, since when), AlreadyDone, FourEyes.
        """
        with self._moving(id, actor) as (tx, hand, row):
            self._four_eyes(tx, hand, row, actor.people)
            now = hand.now
            if not store.move_item(tx, row.id, "claim", clerk=actor.clerk, acting_for=actor.acting_for):
                self._refuse_move(tx, row.id, actor)
            hand.history.add("claimed", actor=actor, at=now, element=at(row), content=_acting(actor))
            hand.save()
        return self._item(row.id, actor)

    def release(self, id: str, *, actor: Actor) -> ItemView:
        """Give a claimed item back to the department. Raises ItemTaken when somebody else holds it."""
        with self._moving(id, actor) as (tx, hand, row):
            if row.state == ItemState.RESERVED and row.clerk not in actor.people:
                self._refuse_move(tx, row.id, actor)
            if not store.move_item(tx, row.id, "release", clerk=None, acting_for=None):
                self._refuse_move(tx, row.id, actor)
            hand.history.add("released", actor=actor, at=hand.now, element=at(row), content=_acting(actor))
            hand.save()
        return self._item(row.id, actor)

    def reassign(self, id: str, clerk: str, *, actor: Actor, reason: str = "") -> ItemView:
        """Give an item to another clerk of its department; done by the department's own people or its supervisor.

        Raises NotFound, NotAllowed when the clerk is not of the department, FourEyes.
        """
        with self._moving(id, actor, supervising=True) as (tx, hand, row):
            clerks = {one.id for one in hand.directory.clerks_of(row.department_id, hand.today, row.role)}
            if clerk not in clerks:
                raise NotAllowed(
                    _("{clerk} does not work in {department}; its people are {people}").format(
                        clerk=clerk, department=row.department_id, people=", ".join(sorted(clerks)) or "-"
                    )
                )
            self._four_eyes(tx, hand, row, frozenset({clerk}))
            if not store.move_item(tx, row.id, "reassign", clerk=clerk, acting_for=None):
                self._refuse_move(tx, row.id, actor)
            hand.history.add(
                "reassigned",
                actor=actor,
                at=hand.now,
                element=at(row),
                content={"to": clerk, "reason": reason, **_acting(actor)},
            )
            hand.save()
        return self._item(row.id, actor)

    def reassign_all(
        self, holder: str, clerk: str, *, actor: Actor, reason: str = "", dry_run: bool = False
    ) -> Iterator[Line]:
        """Give everything that a clerk holds, or that stands in a department, to another clerk; a line for each.

        Items that the clerk may not take (another department, four eyes) stay, and are named. Begun again after an
        interruption, it goes on with what is left.
        """
        with self._database.read() as tx:
            found = queries.held_items(tx, actor.departments | actor.supervises, holder)
        for id, number, name in found:
            what = f"{id[:8]}  {number}  {of_data(name)}"
            try:
                if not dry_run:
                    self.reassign(id, clerk, actor=actor, reason=reason)
                yield Line(what, "would" if dry_run else "done")
            except XiebanError as error:
                yield Line(what, "failed", str(error))

    def remind(self, id: str, *, actor: Actor, text: str = "") -> None:
        """Remind the department that holds an item (催办); any party of the case may. Recorded in the history.

        `text` stays there: a notification leaves the house, and what people write in haste names children.
        """
        with self._writing() as tx:
            hand, row = self._hold(tx, id, actor)
            if row.state not in (ItemState.READY, ItemState.RESERVED):
                self._refuse_move(tx, row.id, actor)
            store.count_reminder(tx, row.id)
            hand.notify(row.department_id, "reminder", f"{row.case_number} {row.name}")
            hand.history.add(
                "reminded",
                actor=actor,
                at=hand.now,
                element=at(row),
                content={"department": row.department_id, "text": text},
            )
            hand.save()
        self._after_commit()

    def complete(
        self,
        id: str,
        data: Mapping[str, Any],
        *,
        actor: Actor,
        outcome: str = "done",
        reason: str | None = None,
        version: int | None = None,
        key: str | None = None,
    ) -> Completion:
        """Finish an item with what its form asks for, and let the case go on to its next waits.

        `outcome` is one of the item's outcomes; `returned` needs a reason and no fields. `version` guards against a
        change since the item was read. The same `key` again answers the same, and does the work once.

        Raises FormError (all findings), NotFound, NotInThisDepartment, ItemTaken, AlreadyDone (who, when),
        StaleVersion, FourEyes,
        RuleBroken.
        """
        request = _request("complete", id, outcome, reason, dict(data))
        with self._stopping(), self._writing() as tx:
            remembered = self._remembered(tx, key, actor, request)
            if remembered is not None:
                return self._completed(tx, remembered["item"], remembered["opened"], actor, repeated=True)
            hand, row = self._hold(tx, id, actor)
            self._may_complete(tx, hand, row, actor, version)
            patch = self._filled(hand, row, data, outcome, reason)
            done: dict[str, Any] = {
                "clerk": row.clerk or actor.clerk,
                "outcome": outcome,
                "reason": reason,
                "completed_at": hand.now,
                "completed_by": actor.clerk,
                "acting_for": actor.acting_for,
            }
            if not store.move_item(tx, row.id, "complete", **done):
                self._refuse_move(tx, row.id, actor)
            if row.form in hand.procedure.forms:
                references.take(hand, hand.procedure.forms[row.form], patch)
            issuing.file_received(hand, row, patch)
            self._go_on(hand, row, patch, outcome, reason, actor)
            hand.save()
            if key is not None:
                store.remember_answer(tx, key=key, answer={"item": row.id, "opened": hand.opened})
            if not hand.enqueued:  # nothing for the machine to do: all that the answer tells is known here
                item = hand.listed(vars(row), **done, state=ItemState.COMPLETED, version=row.version + 1)
                return self._completion(tx, item, hand.state, hand.milestone, hand.listed_opened())
        opened = list(hand.opened)
        self._after_commit(opened)
        with self._database.read() as tx:
            return self._completed(tx, row.id, opened, actor)

    def keep_draft(self, id: str, answers: Mapping[str, Any], *, actor: Actor) -> None:
        """Keep what the clerk has answered so far of an open item's form, wherever the clerk goes on with it.

        Answers are not looked at before they are handed in. Raises what `complete` would raise before it looks at them.
        """
        with self._database.begin() as tx:
            hand, row = self._hold(tx, id, actor)
            self._may_complete(tx, hand, row, actor, None)
            store.keep_draft(tx, row.id, actor.clerk, casefile.dumps(dict(answers)), hand.now)

    def draft(self, id: str, *, actor: Actor) -> Draft | None:
        """What this clerk kept of an open item's form; nobody else sees it."""
        with self._database.read() as tx:
            row = queries.draft(tx, self._item_id(tx, id), actor.clerk)
            return None if row is None else Draft(casefile.loads(row.answers), row.saved_at)

    def drop_draft(self, id: str, *, actor: Actor) -> None:
        """Forget what was kept."""
        with self._database.begin() as tx:
            store.drop_draft(tx, self._item_id(tx, id), actor.clerk)

    def may_complete(self, id: str, *, actor: Actor, version: int | None = None) -> None:
        """Raises what `complete` would raise before it looks at the answers, so that nobody fills in a form in vain."""
        with self._database.begin() as tx:
            hand, row = self._hold(tx, id, actor)
            self._may_complete(tx, hand, row, actor, version)

    def _go_on(
        self, hand: CaseInHand, row: Row[Any], patch: dict[str, Any], outcome: str, reason: str | None, actor: Actor
    ) -> None:
        path = tuple(row.path.split(".")) if row.path else ()
        item = {"outcome": outcome, "reason": reason, "by": actor.clerk, "at": hand.now}
        content = {"outcome": outcome, **({"reason": reason} if reason else {}), **_acting(actor)}
        hand.apply(
            engine.CompleteItem(row.id, {**patch, "item": item}),
            "completed",
            element=row.element,
            path=path,
            content=content,
        )

    def _hold(self, tx: Connection, id: str, actor: Actor) -> tuple[CaseInHand, Row[Any]]:
        item_id = self._item_id(tx, id)
        held = store.hold_item(tx, item_id)
        if held is not None:
            row, item = held
            if item["department_id"] in actor.sees or queries.may_see(tx, actor, row.id):
                hand = self._take(tx, row, actor)
                return hand, hand.listed(item)
        raise NotFound(_("there is no item {id}, or not for you").format(id=id))

    def _may_complete(self, tx: Connection, hand: CaseInHand, row: Row[Any], actor: Actor, version: int | None) -> None:
        self._department_only(row, actor)
        if row.state not in (ItemState.READY, ItemState.RESERVED):
            self._refuse_move(tx, row.id, actor)
        if row.state == ItemState.RESERVED and row.clerk not in actor.people:
            self._refuse_move(tx, row.id, actor)
        if version is not None and version != row.version:
            raise StaleVersion(
                _(
                    "the item changed since you read it (version {seen}, now {now}); "
                    "look at it again with “xieban work show {id}”"
                ).format(seen=version, now=row.version, id=row.id[:8])
            )
        if hand.state != CaseState.OPEN:
            raise NotAllowed(
                _("case {number} is {state}; its items wait until that is resolved").format(
                    number=row.case_number, state=hand.state
                )
            )
        self._four_eyes(tx, hand, row, actor.people)
        self._not_held(tx, hand, row)

    def _filled(
        self, hand: CaseInHand, row: Row[Any], data: Mapping[str, Any], outcome: str, reason: str | None
    ) -> dict[str, Any]:
        node = hand.procedure.node(row.process, row.element)
        allowed = pages.outcomes_of(node)
        if outcome not in allowed:
            raise BadInput(
                _("{name} can end with {allowed}, not with {outcome!r}").format(
                    name=of_data(row.name), allowed=", ".join(allowed), outcome=outcome
                )
            )
        if outcome == "returned":
            if not (reason or "").strip():
                raise BadInput(_("returning needs a reason: --outcome returned --reason TEXT"))
            if not data:
                return {}
        form = hand.procedure.forms.get(row.form) if row.form else None
        if form is None:
            if data:
                raise FormError(
                    findings=[
                        Finding(
                            "extra-field",
                            Severity.ERROR,
                            key,
                            None,
                            _("{name} has no form and takes no field {key!r}").format(name=of_data(row.name), key=key),
                            _("leave it out"),
                        )
                        for key in data
                    ]
                )
            return {}
        files = self._offered_files(hand.tx, data)
        context = {
            **hand.data(),
            **pages.scope_values(hand.file, row.path),
            **(casefile.loads(row.inputs) if row.inputs else {}),
        }
        patch, findings = form.validate(
            data,
            evaluate=partial(_evaluate, functions=hand.functions(), now=self._local_now()),
            today=hand.today,
            files=files,
            context=context,
            regions=self._regions(),
        )
        if findings and outcome != "returned":
            raise FormError(findings=findings)
        return patch

    def _offered_files(self, tx: Connection, data: Mapping[str, Any]) -> dict[str, forms.FileRef]:
        """The stored files that the entries name; size and type are the store's, whatever the entry says."""
        names: dict[str, str] = {}

        def walk(value: Any) -> None:
            if isinstance(value, Mapping):
                if isinstance(value.get("sha256"), str) and "name" in value:
                    names[value["sha256"]] = str(value["name"])
                else:
                    for one in value.values():
                        walk(one)
            elif isinstance(value, list | tuple):
                for one in value:
                    walk(one)

        walk(data)
        return {
            row.sha256: forms.FileRef(names[row.sha256], row.sha256, row.size, row.media_type)
            for row in queries.files(tx, list(names))
            if self._files.path(row.sha256).exists()
        }

    def _completed(
        self, tx: Connection, item_id: str, opened: Sequence[str], actor: Actor, *, repeated: bool = False
    ) -> Completion:
        """What a completion led to, as it stands now; `opened`: ids of the items that it opened."""
        row = self._item_row(tx, item_id, actor)
        case_row = self._case_row(tx, row.case_number, actor)
        rows = queries.item_rows(tx, actor, case_id=case_row.id, ids=opened, state=None) if opened else ()
        rows = sorted(rows, key=lambda one: opened.index(one.id))
        state = CaseState(case_row.state)
        return self._completion(tx, row, state, case_row.milestone, rows, repeated=repeated)

    def _completion(
        self,
        tx: Connection,
        row: Any,
        state: CaseState,
        milestone: str | None,
        opened: Sequence[Any],
        *,
        repeated: bool = False,
    ) -> Completion:
        desk = self._desk()
        return Completion(
            item=pages.item(tx, desk, row, explain=False),
            case=row.case_number,
            state=state,
            milestone=milestone,
            opened=tuple(pages.item(tx, desk, one, explain=False) for one in opened),
            repeated=repeated,
        )

    def store_file(self, name: str, content: bytes, *, actor: Actor) -> Mapping[str, Any]:
        """Keep a file; returns the value that a file field takes: name, sha256, size (bytes), media_type."""
        self._known_actor(actor)
        sha256 = self._files.put(content)
        media_type = forms.sniff(content)
        with self._database.begin() as tx:
            store.record_file(
                tx, sha256=sha256, size=len(content), media_type=media_type, now=self._clock(), actor=actor
            )
        return {"name": name, "sha256": sha256, "size": len(content), "media_type": media_type}

    # --- documents -----------------------------------------------------------------------------------------------
    def documents(
        self, *, actor: Actor, case: str | None = None, code: str | None = None, limit: int = 200, offset: int = 0
    ) -> tuple[DocumentView, ...]:
        """Documents of cases the actor may see, issued and received, oldest first."""
        with self._database.read() as tx:
            rows = queries.document_rows(tx, actor, case_number=case, code=code, limit=limit, offset=offset)
            events = queries.document_events(tx, [row.id for row in rows])
            return tuple(queries.document_view(row, events) for row in rows)

    def document_pdf(self, id_or_number: str, *, actor: Actor, language: str = "zh") -> tuple[str, bytes]:
        """File name and bytes of a document: the issued PDF, a reading copy, or the scan of a received paper.

        Raises NotFound when there is none, or more than one begins so.
        """
        with self._database.read() as tx:
            rows = queries.document_rows(tx, actor, id_or_number=id_or_number, limit=3)
            if len(rows) != 1:
                raise NotFound(
                    _("there is no document {id}, or not for you").format(id=id_or_number)
                    if not rows
                    else _("{id} fits several documents; write more of it").format(id=id_or_number)
                )
            (row,) = rows
            procedure = self._library.procedure(tx, row.version_id)
        name = f"{row.number or row.code}.pdf"
        if row.origin == "received":
            if not row.pdf_sha256:
                raise NotFound(_("{title} was filed without a scan").format(title=row.title))
            return name, self._files.get(row.pdf_sha256)
        if row.pdf_sha256 and language == "zh" and self._files.path(row.pdf_sha256).exists():
            return name, self._files.get(row.pdf_sha256)
        rendered = issuing.render(self._renderer_of(), procedure, row, language=language)
        return name, rendered.pdf

    def verify(self, code: str, content: bytes | None = None) -> Verified:
        """Whether a paper with that verification code was issued here, and whether `content` is that very file."""
        with self._database.read() as tx:
            row = queries.document_by_verification(tx, documents.read_verification_code(code))
            if row is None:
                return Verified(
                    False, None, None, _("no document with the code {code} was issued here").format(code=code)
                )
            view = queries.document_view(row, queries.document_events(tx, [row.id]))
        matches = None if content is None else hashlib.sha256(content).hexdigest() == row.pdf_sha256
        text = _("{number} was issued on {day} by {issuer}").format(
            number=row.number,
            day=row.issued_at.astimezone(ZoneInfo(self._settings.zone)).date(),
            issuer=row.issuer_name,
        )
        if matches is False:
            text += _("; the file handed in is NOT that document, or was changed")
        elif matches:
            text += _("; the file handed in is that document, unchanged")
        if row.state in (DocumentState.VOID, DocumentState.SUPERSEDED):
            text += _("; it is no longer in force ({state})").format(state=row.state)
        return Verified(True, view, matches, text)

    # --- supervision ---------------------------------------------------------------------------------------------
    def late(self, *, actor: Actor, department: str | None = None, agency: str | None = None) -> tuple[LateRow, ...]:
        """Overdue items of the departments the actor sees, the latest first within a department."""
        now = self._clock()
        with self._database.read() as tx:
            rows = queries.item_rows(
                tx, actor, departments=self._named(tx, department, agency), late_at=now, state="late", limit=1000
            )
            items = [pages.item(tx, self._desk(), row) for row in rows]
        found = [
            LateRow(one.agency_name, one.department_name, one, max(0, -(one.due.working_days_left or 0)))
            for one in items
            if one.due is not None
        ]
        return tuple(sorted(found, key=lambda row: (row.agency, row.department, -row.working_days_late)))

    def sweep(self, *, limit: int = 100) -> Swept:
        """What a machine's sweep does, and what is done once a day."""
        swept = super().sweep(limit=limit)
        return replace(swept, reminders=swept.reminders + self.daily())

    def daily(self) -> int:
        """Once a day: give the signals of the day (occasions.py), tell whoever a control list names of its entries
        (reports.py; answered is how many were told), and forget drafts of items that are over."""
        today = self._today()
        if self._done_daily == today:
            return 0
        done = f"daily {today}"
        with self._database.read() as tx:
            if queries.is_keyed(tx, done):  # by another process: everybody registered is looked at once a day
                self._done_daily = today
                return 0
        from workflow_runtime.occasions import Occasions
        from workflow_runtime.reports import Reports

        Occasions(self).give()
        told = Reports(self).escalate()
        with self._database.begin() as tx:
            store.drop_drafts_of_closed_items(tx)
            store.take_key(tx, key=done, actor=SYSTEM, request="", now=self._clock())
        self._done_daily = today
        return told

    # --- when the engine stops under a person's hand ---------------------------------------------------------------
    @contextmanager
    def _refusing_to_start(self) -> Iterator[None]:
        try:
            yield
        except CaseStopped as error:
            raise RuleBroken(_("the case cannot start: {reason}; nothing was written").format(reason=error)) from error

    @contextmanager
    def _stopping(self) -> Iterator[None]:
        """When the engine stops inside: all was rolled back; put the incident on the case and tell the clerk."""
        try:
            yield
        except CaseStopped as error:
            self._stop_case(error.case_id, error)
            raise RuleBroken(
                _(
                    "the case cannot go on from here: {reason}; "
                    "your entry was not taken, the case waits for its administrator"
                ).format(reason=error)
            ) from error

    # --- rules that every journey keeps --------------------------------------------------------------------------
    @contextmanager
    def _moving(
        self, id: str, actor: Actor, *, supervising: bool = False
    ) -> Iterator[tuple[Connection, CaseInHand, Row[Any]]]:
        """One transaction on one item: the case locked, the actor checked."""
        with self._writing() as tx:
            hand, row = self._hold(tx, id, actor)
            if not (supervising and row.department_id in actor.supervises):
                self._department_only(row, actor)
            yield tx, hand, row
        self._after_commit()

    def _department_only(self, row: Row[Any], actor: Actor) -> None:
        if row.department_id not in actor.departments:
            raise NotInThisDepartment(
                _("“{name}” stands in the worklist of {department}; {actor} does not work there").format(
                    name=of_data(row.name),
                    department=of_data(row.department_name or row.department_id),
                    actor=actor.name,
                )
            )
        if row.role and (row.department_id, row.role) not in actor.roles:
            raise NotInThisDepartment(
                _("“{name}” is for the role {role} in {department}").format(
                    name=of_data(row.name), role=row.role, department=of_data(row.department_name or row.department_id)
                )
            )

    def _party_only(self, tx: Connection, hand: CaseInHand, actor: Actor) -> None:
        parties = {row.department_id for row in queries.parties(tx, hand.row.id)}
        if not parties & (actor.departments | actor.supervises):
            raise NotAllowed(_("{actor} has no part in case {number}").format(actor=actor.name, number=hand.row.number))

    def _four_eyes(self, tx: Connection, hand: CaseInHand, row: Row[Any], people: frozenset[str]) -> None:
        node = hand.procedure.node(row.process, row.element)
        for other in (part.strip() for part in node.properties.get("xb:notSameAs", "").split(",")):
            if other and queries.completers(tx, hand.row.id, other, row.path) & people:
                raise FourEyes(
                    _("“{name}” must be done by somebody else than “{other}” (four eyes)").format(
                        name=of_data(row.name), other=of_data(hand.procedure.node(row.process, other).name or other)
                    )
                )

    def _not_held(self, tx: Connection, hand: CaseInHand, row: Row[Any]) -> None:
        """A step that holds others back (`xb:holds`) goes first: a court's order before the handover."""
        holders = hand.procedure.holders_of(row.element, tuple(row.path.split(".")) if row.path else ())
        first = queries.open_among(tx, hand.row.id, holders) if holders else None
        if first is not None:
            raise NotAllowed(
                _("“{name}” waits until “{other}” is done").format(
                    name=of_data(row.name), other=of_data(hand.procedure.main.node(first).name or first)
                )
            )

    def _refuse_move(self, tx: Connection, item_id: str, actor: Actor) -> None:
        row = queries.item_row(tx, actor, item_id)
        if row is None:
            raise NotFound(_("there is no item {id}, or not for you").format(id=item_id[:8]))
        names = queries.clerk_names(tx, [row.clerk, row.completed_by])
        if row.state == ItemState.RESERVED:
            raise ItemTaken(
                _("item {id} “{name}” is held by {who} since {when}").format(
                    id=row.id[:8],
                    name=of_data(row.name),
                    who=names.get(row.clerk or "", "?"),
                    when=self._local(queries.taken_at(tx, row.case_id, at(row))),
                )
            )
        if row.state == ItemState.COMPLETED:
            raise AlreadyDone(
                _("item {id} “{name}” was completed by {who} at {when}").format(
                    id=row.id[:8],
                    name=of_data(row.name),
                    who=names.get(row.completed_by or "", "?"),
                    when=self._local(row.completed_at),
                )
            )
        if row.state == ItemState.OBSOLETE:
            raise AlreadyDone(
                _("item {id} “{name}” is no longer needed: the case took another way at {when}").format(
                    id=row.id[:8], name=of_data(row.name), when=self._local(row.completed_at)
                )
            )
        raise NotAllowed(
            _("item {id} “{name}” is {state}").format(id=row.id[:8], name=of_data(row.name), state=row.state)
        )

    def _known_actor(self, actor: Actor) -> None:
        if not actor.departments and actor.clerk not in ("root", "system"):
            raise NotAllowed(_("{actor} works in no department today").format(actor=actor.name))

    def _owner_only(self, actor: Actor) -> None:
        if not actor.process_owner and actor.clerk != "system":
            raise NotAllowed(_("{actor} is not a process owner").format(actor=actor.name))

    # --- small things --------------------------------------------------------------------------------------------
    def _lock(self, tx: Connection, number: str, actor: Actor) -> CaseInHand:
        row = store.lock_case(tx, number)
        if row is None:
            raise NotFound(_("there is no case {number}, or not for you").format(number=number))
        return self._take(tx, row, actor)

    def _case_row(self, tx: Connection, number: str, actor: Actor) -> Row[Any]:
        row = queries.case_row(tx, actor, number)
        if row is None:
            raise NotFound(_("there is no case {number}, or not for you").format(number=number))
        return row

    def _item_id(self, tx: Connection, id: str) -> str:
        """The whole id of an item given by its beginning. Raises NotFound when there is none, or several."""
        if len(id) < 4:
            raise NotFound(_("write at least four characters of an item's id, not {id!r}").format(id=id))
        ids = queries.resolve_item(tx, id)
        if len(ids) > 1:
            raise NotFound(_("{id} fits several items; write more of it").format(id=id))
        return ids[0] if ids else id

    def _item_row(self, tx: Connection, id: str, actor: Actor) -> Row[Any]:
        row = queries.item_row(tx, actor, self._item_id(tx, id))
        if row is None:
            raise NotFound(_("there is no item {id}, or not for you").format(id=id))
        return row

    def _item(self, item_id: str, actor: Actor) -> ItemView:
        with self._database.read() as tx:
            row = queries.item_row(tx, actor, item_id)
            assert row is not None
            return pages.item(tx, self._desk(), row)

    def _desk(self) -> pages.Desk:
        return pages.Desk(self._library, self._clock(), self._settings.zone)

    def _named(self, tx: Connection, department: str | None, agency: str | None) -> list[str] | None:
        wanted = [name for name in (department, agency) if name]
        if not wanted:
            return None
        found = [set(queries.find_departments(tx, name)) for name in wanted]
        return sorted(set.intersection(*found))

    def _remembered(self, tx: Connection, key: str | None, actor: Actor, request: str) -> Any:
        if key is None or store.take_key(tx, key=key, actor=actor, request=request, now=self._clock()):
            return None
        row = queries.answered(tx, key)
        if row.actor != actor.clerk or row.request != request:
            raise NotAllowed(_("the key {key!r} was used for another request").format(key=key))
        return queries.answer_of(row)

    def _directory_or_none(self, tx: Connection) -> Directory | None:
        return self._library.directory(tx) if queries.current_organisation(tx) is not None else None

    def _profiles(self, tx: Connection) -> dict[str, Profile]:
        return {row.jurisdiction: self._library.profile(tx, row.id) for row in queries.profile_rows(tx)}

    def _list(self, id: str, agency: str) -> Mapping[str, Any]:
        return reports.Reports(self).whole(id, agency=agency)

    def _region_of(self, actor: Actor) -> str:
        with self._database.read() as tx:
            rows = queries.departments(tx, actor.departments)
        regions = sorted({row.region for row in rows.values()})
        if len(regions) != 1:
            raise BadInput(_("name the region of the subject: --region CODE"))
        return str(regions[0])

    def _regions(self) -> tuple[str, ...]:
        return () if self._settings.regions_strict else ("99",)

    def _local_now(self) -> datetime:
        return self._clock().astimezone(ZoneInfo(self._settings.zone))

    def _today(self) -> date:
        return self._day_of(self._clock())

    def _day_of(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self._settings.zone)).date()

    def _instant(self, value: Any) -> datetime | None:
        if value is None or isinstance(value, datetime):
            return value if value is None or value.tzinfo else value.replace(tzinfo=ZoneInfo(self._settings.zone))
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day, tzinfo=ZoneInfo(self._settings.zone))
        return self._instant(datetime.fromisoformat(str(value)))

    def _local(self, at: datetime | None) -> str:
        return at.astimezone(ZoneInfo(self._settings.zone)).strftime("%Y-%m-%d %H:%M") if at else "?"


def check_bundle(
    bundle: Bundle,
    *,
    directory: Directory | None = None,
    profiles: Mapping[str, Profile] | None = None,
    severities: Path | None = None,
) -> list[Finding]:
    """Every finding about a bundle without a database: unreadable files, house rules, what the engine refuses.

    `severities`: the installation's file of weights, if it has one.
    """
    try:
        weights = read_severities(severities.read_bytes()) if severities is not None and severities.exists() else {}
        procedure = Procedure.parse(bundle)
        found = procedure.check(
            directory=directory, handlers=registered().keys(), profiles=profiles, severities=weights
        )
        if not any(finding.severity is Severity.ERROR for finding in found):
            assert procedure.compiled is not None
    except BadInput as error:
        return list(error.findings)
    return sorted(found, key=lambda finding: list(Severity).index(finding.severity))


def directory_people(directory: Directory) -> dict[str, list[dict[str, Any]]]:
    """Clerks, memberships and substitutions of a directory as rows."""
    owners = {one.id for one in directory.owners}
    clerks = [{"id": one.id, "name": one.name, "owner": one.id in owners} for one in directory.people]
    memberships = [
        {
            "clerk_id": one.id,
            "department_id": m.department,
            "role": role,
            "supervisor": False,
            "valid_from": m.valid_from,
            "valid_to": m.valid_to,
        }
        for one in directory.clerks
        for m in one.memberships
        for role in (m.roles or ("",))
    ]
    for supervisor in directory.supervisors:
        for department in directory.supervised(supervisor.id):
            memberships.append(
                {
                    "clerk_id": supervisor.id,
                    "department_id": department,
                    "role": "supervisor",
                    "supervisor": True,
                    "valid_from": None,
                    "valid_to": None,
                }
            )
    substitutions = [
        {"absent": one.absent, "substitute": one.substitute, "valid_from": one.valid_from, "valid_to": one.valid_to}
        for one in directory.substitutions
    ]
    return {"clerks": clerks, "memberships": memberships, "substitutions": substitutions}


def _shipped(sha256: str) -> str:
    """The key by which a store knows a profile that came with the program."""
    return f"shipped profile {sha256}"


def _evaluate(
    text: str,
    context: Mapping[str, Any],
    *,
    functions: Mapping[str, Callable[..., Any]] = MappingProxyType({}),
    now: datetime | None = None,
) -> Any:
    return feel.evaluate(text, context, functions=functions, now=now)


def _request(*parts: Any) -> str:
    return hashlib.sha256(casefile.dumps(list(parts)).encode()).hexdigest()


def _acting(actor: Actor) -> dict[str, str]:
    return {"acting_for": actor.acting_for} if actor.acting_for else {}


def _default_region(name: str, subject_region: str) -> str | None:
    if not subject_region:
        return None
    if name.endswith("_city"):
        return subject_region[:4] + "00"
    return subject_region if name.startswith("sending_") or name in ("region", "place") else None


def _make_folder(folder: Path) -> None:
    from workflow_runtime.errors import StoreFull

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        text = _("{where} cannot be created: {reason}")
        raise StoreFull(text.format(where=folder, reason=os_reason(error))) from error
