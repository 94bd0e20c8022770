"""A procedure as files, and as the parsed thing that cases run on.

`gather` collects a bundle from folders; `Procedure.parse` reads it (all findings, or the object); the parsed object is
immutable and cached per deployed version. A bundle holds everything a case needs for life: the diagram, the called
processes, decision tables, forms, document templates and the subject kind (decision 14).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from workflow_runtime import clauses, diagram
from workflow_runtime.diagram import CheckContext, Diagram, FlowNode, Lane
from workflow_runtime.diagram.expressions import GIVEN, set_by
from workflow_runtime.diagram.model import SUBPROCESSES, MessageFlow, Participant
from workflow_runtime.diagram.severities import read_severities
from workflow_runtime.errors import BadInput, DiagramError, NotFound, ProfileError
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _, language
from workflow_runtime.loading import when_used
from workflow_runtime.profiles import Mark, Profile, State
from workflow_runtime.profiles import read as read_profile

if TYPE_CHECKING:
    from workflow_runtime import decisions, documents, feel, forms, fragments, subjects
    from workflow_runtime.decisions import Model
    from workflow_runtime.diagram.outline import Known
    from workflow_runtime.directory import Directory
    from workflow_runtime.documents import Template
    from workflow_runtime.engine import Compiled
    from workflow_runtime.feel import types
    from workflow_runtime.forms import Field, Form
    from workflow_runtime.fragments import Fault
    from workflow_runtime.subjects import SubjectKind
else:
    decisions = when_used("workflow_runtime.decisions")
    documents = when_used("workflow_runtime.documents")
    feel = when_used("workflow_runtime.feel")
    forms = when_used("workflow_runtime.forms")
    fragments = when_used("workflow_runtime.fragments")
    subjects = when_used("workflow_runtime.subjects")
    types = when_used("workflow_runtime.feel.types")

Bundle = Mapping[str, bytes]
#: A process, an element in it, and the call activities around it.
_Place = tuple[str, str, tuple[str, ...]]
_PARTS = (".bpmn", ".dmn", ".form")
_ID = re.compile(rb'<(?:\w+:)?(?:decision|process)\b[^>]*\bid="([^"]+)"|"id"\s*:\s*"([^"]+)"')
#: The class of fields that every party of a case may see.
GENERAL = "general"
_SEVERITIES = "severities.yaml"  #: how much each rule of the check weighs for this procedure


def shipped_library() -> Path:
    """The folder of the procedures that come with the program."""
    return Path(str(resources.files("bpmn")))


def shipped_templates() -> Path:
    """The folder of the document templates that come with the program."""
    return Path(str(resources.files("templates")))


def shipped_procedures(library: Path | None = None) -> tuple[str, ...]:
    """Keys of the procedures in a library: folders with a diagram of the same name."""
    root = library or shipped_library()
    return tuple(sorted(folder.name for folder in root.iterdir() if (folder / f"{folder.name}.bpmn").is_file()))


def find_folder(key: str, library: Path | None = None) -> Path:
    """The folder of a procedure given by key or by path. Raises NotFound."""
    for candidate in (Path(key), (library or shipped_library()) / key, (library or shipped_library()) / "shared" / key):
        if candidate.is_dir() and any(candidate.glob("*.bpmn")):
            return candidate
        if candidate.is_file() and candidate.suffix == ".bpmn":
            return candidate.parent
    raise NotFound(
        _("there is no procedure {key!r}: neither a folder with a diagram nor one of {known}").format(
            key=key, known=", ".join(shipped_procedures(library))
        )
    )


def bundle_of(key: str) -> dict[str, bytes]:
    """The bundle of a procedure given by key, by folder, or by its .bpmn file. Raises NotFound."""
    path = Path(key)
    return gather(find_folder(key), drawing=path.name if path.is_file() else None)


def gather(
    folder: Path, *, drawing: str | None = None, library: Path | None = None, templates: Path | None = None
) -> dict[str, bytes]:
    """All files that the procedure in `folder` needs, by their path in the bundle.

    With `drawing`, the name of one of several drawings in the folder: that drawing, and of the folder's other files
    those that it names. Called processes are looked for in the library (the parent folder first, then what is
    shipped), document templates in `templates`. Files that cannot be found are left out: the check names them.
    """
    libraries = [place for place in (library, folder.parent, shipped_library()) if place is not None and place.is_dir()]
    template_places = [
        place for place in (templates, folder.parent.parent / "templates", shipped_templates()) if place is not None
    ]
    files = _folder_files(folder, folder.name)
    if drawing is not None:
        files = _named_by(files, f"{folder.name}/{drawing}")
    seen: set[str] = set()
    while True:
        diagrams = _readable_diagrams(files)
        known = {process for one in diagrams for process in one.processes}
        missing = _called(diagrams) - known - seen
        if not missing:
            break
        for process in missing:
            seen.add(process)
            found = _find_process(process, libraries)
            if found is not None:
                files.update(_folder_files(found, f"called/{found.name}"))
    for decision in sorted(_decisions(_readable_diagrams(files))):
        if f"/{decision}.dmn" not in "\n".join(f"/{Path(path).name}" for path in files):
            files.update(_find_decision(decision, libraries))
    for code in sorted(_document_codes(_readable_diagrams(files))):
        for place in template_places:
            if (place / code).is_dir():
                files.update(
                    {f"templates/{code}/{path.name}": path.read_bytes() for path in _plain_files(place / code)}
                )
                files.update({f"templates/_house/{name}": content for name, content in documents.house().items()})
                break
    for kind in sorted(_subject_kinds(_readable_diagrams(files))):
        for place in libraries:
            if (place / "subjects" / f"{kind}.yaml").is_file():
                for path in sorted((place / "subjects").glob(f"{kind}.*")):
                    files[f"subjects/{path.name}"] = path.read_bytes()
                break
    return files


def _plain_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def _folder_files(folder: Path, prefix: str) -> dict[str, bytes]:
    wanted = [path for path in _plain_files(folder) if path.suffix in _PARTS or path.name == _SEVERITIES]
    return {f"{prefix}/{path.name}": path.read_bytes() for path in wanted}


def _named_by(files: dict[str, bytes], main: str) -> dict[str, bytes]:
    """The file `main`, and the others that it names by their own name or by an id in them, one naming the next."""
    kept = {main: files[main]}
    while True:
        text = b"\0".join(kept.values())
        more = {
            path: content
            for path, content in files.items()
            if path not in kept
            if path.endswith(_SEVERITIES) or any(word in text for word in _names(path, content))
        }
        if not more:
            return {path if path == main else _beside(path): content for path, content in kept.items()}
        kept |= more


def _beside(path: str) -> str:
    """Where a file stands in a bundle whose procedure is another's drawing: diagrams are called ones."""
    return f"called/{path}" if path.endswith(".bpmn") else path


def _names(path: str, content: bytes) -> list[bytes]:
    """How a diagram names a file: `"id"` of a form, a decision or a process."""
    ids = [Path(path).stem.encode(), *(id for pair in _ID.findall(content) for id in pair if id)]
    return [b'"' + id + b'"' for id in ids]


def _readable_diagrams(files: Bundle) -> list[Diagram]:
    found = []
    for path, content in files.items():
        if path.endswith(".bpmn"):
            try:
                found.append(_diagram(content, language()))
            except DiagramError:
                continue  # the check reads it again and says what is wrong
    return found


# What was read once in this process is not read again: one called process, form or template is in many bundles. The
# language belongs to it, because what a file says of itself may be told when it is read.
@lru_cache(maxsize=256)
def _diagram(content: bytes, _language: str) -> Diagram:
    return diagram.read(content)


@lru_cache(maxsize=1024)
def _form(content: bytes, path: str, _language: str) -> Form:
    return forms.read(content, name=path)


@lru_cache(maxsize=256)
def _table(content: bytes, _language: str) -> Model:
    return decisions.read(content)


@lru_cache(maxsize=256)
def _template(files: tuple[tuple[str, bytes], ...], house: tuple[tuple[str, bytes], ...], _language: str) -> Template:
    return documents.load(dict(files), house_bytes=dict(house))


def _called(diagrams: list[Diagram]) -> set[str]:
    return {node.called for one in diagrams for node in one.nodes() if node.kind == "callActivity" and node.called}


def _find_process(process: str, libraries: list[Path]) -> Path | None:
    for place in libraries:
        for folder in (place / process, place / "shared" / process):
            if (folder / f"{process}.bpmn").is_file():
                return folder
    return None


def _decisions(diagrams: list[Diagram]) -> set[str]:
    return {node.decision for one in diagrams for node in one.nodes() if node.decision}


def _find_decision(decision: str, libraries: list[Path]) -> dict[str, bytes]:
    """The table of that name, from the procedure that keeps it: several may decide by one table."""
    for place in libraries:
        for found in sorted(place.glob(f"*/{decision}.dmn")):
            return {f"called/{found.parent.name}/{found.name}": found.read_bytes()}
    return {}


def _document_codes(diagrams: list[Diagram]) -> set[str]:
    codes: set[str] = set()
    for one in diagrams:
        for node in one.nodes():
            codes.update(part.strip() for part in node.properties.get("xb:document", "").split(",") if part.strip())
    return codes


def _subject_kinds(diagrams: list[Diagram]) -> set[str]:
    return {
        kind
        for one in diagrams
        for process in one.processes
        if (kind := one.scopes[process].properties.get("xb:subject"))
    }


def digest(files: Bundle) -> str:
    """The content hash of a bundle: of every path and every byte, in order of path."""
    sha256 = hashlib.sha256()
    for path in sorted(files):
        sha256.update(f"{path}\0{len(files[path])}\0".encode())
        sha256.update(files[path])
    return sha256.hexdigest()


@dataclass(frozen=True, slots=True)
class LaneRef:
    """What a lane says of the department that stands behind it."""

    key: str  #: call path and lane id joined by "."; unique in a case
    name: str
    agency: str | None
    region: str | None
    department: str | None
    role: str | None
    sees: str


class Procedure:
    """A bundle, parsed part by part when first asked. Immutable; share it between cases.

    `Procedure(files)` trusts its files (they were checked when they were deployed); `Procedure.parse(files)` reads
    everything at once and refuses what cannot be read.
    """

    def __init__(self, files: Bundle) -> None:
        self.files: Bundle = MappingProxyType(dict(files))

    @classmethod
    def parse(cls, files: Bundle) -> Procedure:
        """Read every file of the bundle. Raises DiagramError with all findings when one cannot be read."""
        findings: list[Finding] = []
        procedure = cls(files)
        for path in sorted(files):
            try:
                procedure._read(path)
            except BadInput as error:
                findings += [_in_file(path, finding) for finding in error.findings] or [
                    Finding("unreadable", Severity.ERROR, None, None, str(error), _("mend the file"), path=(path,))
                ]
        if not findings and procedure._main_path is None:
            findings.append(
                Finding(
                    "no-diagram", Severity.ERROR, None, None, _("the bundle holds no diagram"), _("add a .bpmn file")
                )
            )
        if findings:
            raise DiagramError(findings=findings)
        return procedure

    def _read(self, path: str) -> Any:
        """The parsed file at a path, read once; None for files that are parts of others."""
        if path not in self._parsed:
            self._parsed[path] = self._read_fresh(path)
        return self._parsed[path]

    @cached_property
    def _parsed(self) -> dict[str, Any]:
        return {}

    def _read_fresh(self, path: str) -> Any:
        content = self.files[path]
        if path.endswith(".bpmn"):
            return _diagram(content, language())
        if path.endswith(".form") and not path.startswith("subjects/"):
            return _form(content, path, language())
        if path.endswith(".dmn"):
            return _table(content, language())
        if path.startswith("templates/") and path.endswith("/document.yaml"):
            return _template(
                self._below(path.removesuffix("document.yaml")), self._below("templates/_house/"), language()
            )
        if path.startswith("subjects/") and path.endswith(".yaml"):
            return subjects.read(content, name=path, form=self.files.get(path.removesuffix(".yaml") + ".form"))
        return None

    def _below(self, prefix: str) -> tuple[tuple[str, bytes], ...]:
        below = ((path, content) for path, content in self.files.items() if path.startswith(prefix))
        return tuple((path.removeprefix(prefix), content) for path, content in below)

    def _all(self, ending: str) -> list[Any]:
        found = (self._read(path) for path in sorted(self.files) if path.endswith(ending))
        return [one for one in found if one is not None]

    @cached_property
    def _main_path(self) -> str | None:
        return next(
            (path for path in sorted(self.files) if path.endswith(".bpmn") and not path.startswith("called/")), None
        )

    @cached_property
    def main(self) -> Diagram:
        """The diagram of the procedure itself."""
        assert self._main_path is not None
        main: Diagram = self._read(self._main_path)
        return main

    @cached_property
    def diagrams(self) -> Mapping[str, Diagram]:
        """All diagrams by process id."""
        return MappingProxyType({process: one for one in self._all(".bpmn") for process in one.processes})

    @cached_property
    def forms(self) -> Mapping[str, Form]:
        """All forms by id."""
        return MappingProxyType({one.id: one for one in self._all(".form")})

    @cached_property
    def decisions(self) -> Mapping[str, Model]:
        """Decision models by the ids of their decisions."""
        return MappingProxyType({id: model for model in self._all(".dmn") for id in model.decisions})

    def decision_file(self, decision: str) -> str | None:
        """The path, within the bundle, of the table that answers a decision."""
        model = self.decisions.get(decision)
        return next((path for path in sorted(self.files) if path.endswith(".dmn") and self._read(path) is model), None)

    @cached_property
    def templates(self) -> Mapping[str, Template]:
        """Document templates by code."""
        return MappingProxyType({one.code: one for one in self._all("/document.yaml")})

    @cached_property
    def held_by(self) -> Mapping[str, tuple[str, ...]]:
        """Steps of the main process that may not be completed while others are open: which those are (`xb:holds`)."""
        found: dict[str, tuple[str, ...]] = {}
        for node in self.main.nodes():
            for held in self._held(node):
                found[held] = (*found.get(held, ()), node.id)
        return MappingProxyType(found)

    def _held(self, holder: FlowNode) -> list[str]:
        """The steps that a step holds back; `*` are all, those inside sub-processes too, but not those of the reactions
        to what happens to the subject."""
        names = [part.strip() for part in holder.properties.get("xb:holds", "").split(",") if part.strip()]
        if "*" not in names:
            return names
        return [one for one in self._steps_in(self.main.process_of(holder)) if one != holder.id]

    def _steps_in(self, scope: str) -> list[str]:
        found = []
        for node in self.main.nodes(scope):
            found.append(node.id)
            if node.id in self.main.scopes and not node.event_subprocess:
                found += self._steps_in(node.id)
        return found

    def only_hears(self, path: Sequence[str], element: str) -> bool:
        """Whether it begins a reaction to a message: it hears, and nothing waits for it."""
        node = next((one for one in self.main.nodes() if one.id == element), None) if not path else None
        scope = self.main.scopes.get(node.scope) if node is not None and node.kind == "startEvent" else None
        return scope is not None and scope.event_subprocess

    @cached_property
    def holders(self) -> frozenset[str]:
        """The steps that hold others back while they are open."""
        return frozenset(one for holders in self.held_by.values() for one in holders)

    def holders_of(self, element: str, path: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Which steps must be done before a step, or a timer, of this process or of one it calls may go on."""
        root = path[0] if path else element
        node = self.main.elements.get(root)
        border = node.attached_to if isinstance(node, FlowNode) else None
        return self.held_by.get(border or root, ())

    def template(self, code: str) -> Template:
        """A document's template. Raises NotFound naming those there are."""
        if code not in self.templates:
            text = _("{procedure} has no document {code}; it has {known}")
            raise NotFound(text.format(procedure=self.key, code=code, known=", ".join(sorted(self.templates)) or "-"))
        return self.templates[code]

    @cached_property
    def subject_kind(self) -> SubjectKind | None:
        """What the procedure is about."""
        paths = [path for path in sorted(self.files) if path.startswith("subjects/") and path.endswith(".yaml")]
        own = f"subjects/{self.attribute('xb:subject')}.yaml"  # a called process may name another kind
        return self._read(own if own in paths else paths[0]) if paths else None

    @cached_property
    def key(self) -> str:
        """The id of the main process."""
        for process in self.main.processes:
            if self.main.scopes[process].executable:
                return process
        return self.main.processes[0]

    @cached_property
    def compiled(self) -> Compiled:
        """The engine's form of the diagrams."""
        from workflow_runtime import engine

        unique = [self.main] + [one for one in dict.fromkeys(self.diagrams.values()) if one is not self.main]
        return engine.compile(unique, process=self.key, decisions=self.decisions)

    @property
    def name(self) -> str:
        """Its Chinese name: of the process, or of the pool."""
        scope = self.main.scopes[self.key]
        pools = [self.main.elements[id] for id in self.main.participants]
        return scope.name or next((pool.name for pool in pools if getattr(pool, "process", None) == self.key), self.key)

    def receivers(self, process: str, element: str) -> tuple[str, ...]:
        """Parties outside the platform (collapsed pools) to which a message flow leads from an element."""
        drawn = self.diagrams[process].elements
        flows = (drawn[id] for id in self.diagrams[process].message_flows)
        pools = (drawn[one.target] for one in flows if isinstance(one, MessageFlow) and one.source == element)
        return tuple(one.name or one.id for one in pools if isinstance(one, Participant) and one.process is None)

    @cached_property
    def text(self) -> str:
        """All diagrams, tables and forms one after the other, as they are written."""
        return self.text_of(lambda _path: True)

    def text_of(self, wanted: Callable[[str], bool]) -> str:
        """The diagrams, tables and forms whose path is wanted, one after the other, as they are written."""
        parts = sorted((path, content) for path, content in self.files.items() if path.endswith(_PARTS))
        return "\n".join(content.decode(errors="replace") for path, content in parts if wanted(path))

    def attribute(self, name: str, default: str = "") -> str:
        """A property of the main process."""
        return self.main.scopes[self.key].properties.get(name, default)

    def mentions(self, word: str) -> bool:
        """Whether a diagram, table or form writes a word: what nobody reads need not be fetched."""
        if word not in self._mentioned:
            wanted = word.encode()
            self._mentioned[word] = any(
                wanted in content for path, content in self.files.items() if path.endswith(_PARTS)
            )
        return self._mentioned[word]

    @cached_property
    def _mentioned(self) -> dict[str, bool]:
        return {}

    @property
    def code(self) -> str:
        """Its number in the catalogue: P16."""
        return self.attribute("xb:code", self.key)

    @cached_property
    def called_codes(self) -> tuple[str, ...]:
        """The numbers in the catalogue of the processes that it calls, directly or through others."""
        codes = (one.scopes[id].properties.get("xb:code") for id, one in self.diagrams.items() if id != self.key)
        return tuple(code for code in codes if code)

    @property
    def kind(self) -> str:
        """M main, S secondary, C called, MC both: called by others, and started alone."""
        return self.attribute("xb:kind", "M")

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions that a start must bind: the xb:region of the lanes, in drawing order."""
        names = [lane.properties.get("xb:region", "") for lane in self.main.lanes.values()]
        return tuple(dict.fromkeys(name for name in names if name))

    @cached_property
    def start_form(self) -> Form | None:
        """What a person is asked who starts a case by the plain start event; None when nothing is."""
        for node in self.main.nodes(self.key):
            if node.kind == "startEvent" and not node.events and node.form:
                return self.forms.get(node.form)
        return None

    def next_steps(
        self, process: str, element: str, path: tuple[str, ...] = (), *, most: int = 4
    ) -> list[tuple[str, FlowNode]]:
        """The people's steps that may come next, nearest first, each with the process that draws it.

        `path`: the call activities around the element; the end of a called process leads back to the last of them.
        A call activity counts as its first step inside. A question about the drawing: no engine is asked.
        """
        found: list[tuple[str, FlowNode]] = []
        seen = {(process, element, path)}
        todo = deque(self._after(process, element, path))
        while todo and len(found) < most:
            place = todo.popleft()
            if place in seen:
                continue
            seen.add(place)
            at, id, around = place
            node = self.node(at, id)
            if node.kind in ("userTask", "manualTask"):
                found.append((at, node))
            elif node.kind == "callActivity" and node.called is not None and node.called in self.diagrams:
                todo.extend(self._starts(node.called, node.called, (*around, id)))
            elif node.kind in SUBPROCESSES:
                todo.extend(self._starts(at, id, around))
            else:
                todo.extend(self._after(at, id, around))
        return found

    def _starts(self, process: str, scope: str, path: tuple[str, ...]) -> list[_Place]:
        one = self.diagrams[process]
        return [(process, node.id, path) for node in one.nodes(scope) if node.kind == "startEvent"]

    def _after(self, process: str, element: str, path: tuple[str, ...]) -> list[_Place]:
        one = self.diagrams[process]
        node = one.node(element)
        if node.outgoing:
            return [(process, one.flow(flow).target, path) for flow in node.outgoing]
        if node.kind == "intermediateThrowEvent" and node.event is not None and node.event.kind == "link":
            return [
                (process, other.id, path)
                for other in one.nodes(node.scope)
                if other.kind == "intermediateCatchEvent" and other.event and other.event.name == node.event.name
            ]
        if one.scopes[node.scope].parent is not None:
            return self._after(process, node.scope, path)
        return self._after(*self._caller(path), around(path)) if path else []

    def node(self, process: str, element: str) -> FlowNode:
        """A node by the process that draws it."""
        return self.diagrams[process].node(element)

    def lane_ref(self, process: str, node: FlowNode, path: tuple[str, ...]) -> LaneRef | None:
        """The lane a node stands in; a called process without lanes takes the lane of its call activity."""
        one = self.diagrams[process]
        lane = one.lane_of(node)
        if lane is None:
            if not path:
                return None
            caller, inner = self._caller(path)
            return self.lane_ref(caller, self.node(caller, inner), around(path))
        return _lane_ref(one, lane, path)

    def lane_of_role(self, process: str, role: str) -> LaneRef | None:
        """The lane of a process that has a role."""
        one = self.diagrams[process]
        for lane in one.lanes.values():
            if lane.process == process and lane.properties.get("xb:role") == role:
                return _lane_ref(one, lane, ())
        return None

    def _caller(self, path: tuple[str, ...]) -> tuple[str, str]:
        process, (*outer, inner) = self.key, calls(path)
        for call in outer:
            process = self.node(process, call).called or process
        return process, inner

    def process_at(self, path: tuple[str, ...]) -> str:
        """Id of the process that runs at a call path; the empty path is the main process."""
        process = self.key
        for call in calls(path):
            process = self.node(process, call).called or process
        return process

    def titles(self) -> Known:
        """What ids in the diagram are called, as the outline takes it: forms, documents, procedures."""
        return {
            "forms": {id: form.title or form.name or id for id, form in self.forms.items()},
            "documents": {code: template.title for code, template in self.templates.items()},
            "procedures": {
                process: one.elements[process].name
                for process, one in self.diagrams.items()
                if process in one.elements and one.elements[process].name
            },
        }

    def lanes(self) -> Iterator[LaneRef]:
        """The main diagram's lanes."""
        for lane in self.main.lanes.values():
            if lane.process == self.key:
                yield _lane_ref(self.main, lane, ())

    def steps(self, process: str | None = None) -> Iterator[tuple[str, FlowNode]]:
        """(process id, node) of every flow node, main process first."""
        ids = [self.key] + [id for id in self.diagrams if id != self.key] if process is None else [process]
        for id in ids:
            for node in self.diagrams[id].nodes():
                if self.diagrams[id].process_of(node) == id:
                    yield id, node

    @cached_property
    def _fields(self) -> tuple[Mapping[str, tuple[str, str]], Mapping[str, frozenset[str]]]:
        """Label and class by field key, and field keys by form id: read off the JSON, because every page needs them."""
        known: dict[str, tuple[str, str]] = {}
        keys: dict[str, frozenset[str]] = {}
        for path, content in self.files.items():
            if path.endswith(".form") and not path.startswith("subjects/"):
                schema = json.loads(content)
                fields = list(_components(schema.get("components", ())))
                keys[str(schema.get("id"))] = frozenset(key for key, _label, _class in fields)
                for key, label, field_class in fields:
                    if key not in known or known[key][1] == GENERAL:  # a key that is confidential once is so everywhere
                        known[key] = (label, field_class)
        return MappingProxyType(known), MappingProxyType(keys)

    def label(self, key: str) -> str:
        """What a case-file key is called on its form; the key itself when no form has it."""
        return self._fields[0].get(key.rsplit(".", 1)[-1], (key, GENERAL))[0]

    def field_class(self, key: str) -> str:
        """The class of a case-file key: `general` unless a form says more."""
        return self._fields[0].get(key.rsplit(".", 1)[-1], (key, GENERAL))[1]

    def form_keys(self, form: str | None) -> frozenset[str]:
        """The field keys of a form; none where there is no such form."""
        return self._fields[1].get(form or "", frozenset())

    def _expression_faults(self, text: str) -> list[Fault]:
        """What is wrong with an expression, also against the types that the forms give their keys.

        Names that nothing sets are not asked here: `house/names-set` knows what else may set them.
        """
        found = feel.check(text) or [one for one in feel.check(text, self._types) if one.code in _TYPE_FAULTS]
        return [fragments.fault(one) for one in found]

    @cached_property
    def _types(self) -> Mapping[str, feel.Type | None]:
        """The type of every name that forms, decisions, scripts and mappings set; None where it is not one."""
        found: dict[str, feel.Type | None] = {}

        def add(name: str, kind: feel.Type | None) -> None:
            found[name] = kind if found.get(name, kind) == kind else None

        for form in self.forms.values():
            for one in form.fields:
                add(one.key, _feel_type(one))
        for drawn in self.diagrams.values():
            for node in drawn.nodes():
                for name, kind in self._set_at(node, found):
                    add(name, None if kind is types.ANY else kind)
        return MappingProxyType(found)

    def _set_at(self, node: FlowNode, known: Mapping[str, feel.Type | None]) -> Iterator[tuple[str, feel.Type]]:
        """What a step sets by a decision, a script and its mappings, with the types as far as they can be told."""
        inside = {**known, **{mapped.target: _mapped(mapped.source, known) for mapped in node.inputs}}
        answer: feel.Type = types.ANY
        model = self.decisions.get(node.decision or "")
        if node.script is not None:
            answer = feel.type_in(node.script, inside)
        elif model is not None and node.decision:
            answer = model.answers(node.decision)
        if node.result:
            yield node.result, answer
            inside[node.result] = answer
        elif isinstance(answer, types.ContextType):
            yield from answer.entries.items()
        for mapped in node.outputs:
            name, dot, _rest = mapped.target.partition(".")
            yield name, types.ANY if dot else _mapped(mapped.source, inside)

    def check(
        self,
        *,
        directory: Directory | None = None,
        handlers: Collection[str] | None = None,
        profiles: Mapping[str, Profile] | None = None,
        on: date | None = None,
        severities: Mapping[str, Severity | None] = MappingProxyType({}),
    ) -> list[Finding]:
        """Every finding about the bundle, by the house rules: diagrams, forms, tables and templates together.

        `severities`: how much each rule weighs in this installation; the procedure's own file stands over it.
        """
        context = CheckContext(
            processes=self.diagrams,
            main=self.key,
            forms=self.forms,
            decisions=frozenset(self.decisions),
            answers=self._answers,
            handlers=frozenset(handlers) if handlers is not None else None,
            documents=frozenset(self.templates),
            directory=directory,
            on=on,
            parameters=_parameters(profiles),
            feel=self._expression_faults,
            evaluate=feel.evaluate,
            feel_errors=(feel.FeelError,),
            unset=fragments.unset,
            clauses=clauses.shipped().unknown,
            subject_kind=self.subject_kind,
            severities={**severities, **self._severities()},
        )
        found: list[Finding] = []
        for path in sorted(self.files):
            if path.endswith(".bpmn"):
                checked = diagram.check(self._read(path), rules="house", context=context)
                found += [_in_file(path, finding) for finding in checked]
            elif path.endswith(".form") and isinstance(form := self._read(path), forms.Form):
                found += form_findings(path, form, self._expression_faults)
            elif path.endswith(".dmn"):
                found += [_in_file(path, finding) for finding in self._read(path).check(given=self._set)]
        return found

    @cached_property
    def _set(self) -> Mapping[str, feel.Type]:
        """Every name that something in the bundle sets, with its type where a form gives it one."""
        names = {*GIVEN, *(name for drawn in self.diagrams.values() for name in set_by(drawn))}
        known = {name: types.ANY for name in names} | {key: kind or types.ANY for key, kind in self._types.items()}
        return MappingProxyType(known)

    def _answers(self, decision: str) -> Sequence[Any] | None:
        """What a decision table can answer, if that can be listed."""
        model = self.decisions.get(decision)
        return None if model is None else model.possible(decision)

    def _severities(self) -> Mapping[str, Severity | None]:
        """How much each rule weighs, if the procedure has a file that says so. Raises BadInput when it is wrong."""
        for path, content in self.files.items():
            if path.endswith(f"/{_SEVERITIES}") and not path.startswith("called/"):
                return read_severities(content)
        return {}


def _parameters(profiles: Mapping[str, Profile] | None) -> frozenset[str] | None:
    if profiles is None:
        return None
    return frozenset(parameter.name for profile in profiles.values() for parameter in profile.parameters)


#: Values that the runtime itself asks the profile for, whatever is drawn.
RUNTIME_VALUES = frozenset({"second_person"})
_NAMED = re.compile(r'\b(?:deadline|cycle)\(\s*(?:"|&#34;|&quot;)(\w+)(?:"|&#34;|&quot;)\s*(\+?)')
_DEADLINE = re.compile(r'name="xb:deadline"\s+value="([^"]*)"')


def named_deadlines(text: str) -> set[str]:
    """The deadlines that expressions in a text ask for by their whole name."""
    return {named for named, more in _NAMED.findall(text) if not more}


def check_profile(source: bytes, procedures: Iterable[Procedure], *, name: str = "") -> list[Finding]:
    """Everything that is wrong in a profile, and, for procedures at hand, what is missing in it or read by nobody."""
    try:
        profile = read_profile(source, name=name)
    except ProfileError as error:
        return list(error.findings)
    found: list[Finding] = []
    drawn = list(procedures)
    for procedure in drawn:
        if procedure.kind != "C" and profile.procedure_state(procedure.code).state is not State.OFF:
            found += _lacking(profile, procedure, name)
    lists = [path.read_text(encoding="utf-8") for path in (shipped_library() / "reports").glob("*.yaml")]
    for code in {"*", *(one.code for one in drawn)}:
        texts = [*(one.text for one in drawn if code in ("*", one.code)), *lists]
        for parameter in profile.parameters:
            # what a text says is shown to people, also where nothing is drawn from it
            asked = parameter.procedure == code and parameter.mark is Mark.PROPOSED
            asked = asked and parameter.name not in RUNTIME_VALUES
            if asked and not any(_reads(text, parameter.name) for text in texts):
                found.append(
                    Finding(
                        "profile",
                        Severity.WARNING,
                        parameter.name,
                        None,
                        _("no procedure reads {name} of {code}").format(name=parameter.name, code=code),
                        _("correct the name, or take it out"),
                        path=(name, parameter.name),
                    )
                )
    order = list(Severity)
    return sorted(found, key=lambda one: (order.index(one.severity), one.element or ""))


def lacking(profile: Profile, procedure: Procedure) -> list[str]:
    """Deadlines that a procedure names and a profile does not have.

    What a called procedure names is not asked for where the profile switches that one off: it is not called there.
    """
    off = [
        f"called/{id}/"
        for id, drawn in procedure.diagrams.items()
        if (code := drawn.scopes[id].properties.get("xb:code")) and code != procedure.code
        if profile.procedure_state(code).state is State.OFF
    ]
    text = procedure.text_of(lambda path: not path.startswith(tuple(off)))
    wanted = named_deadlines(text) | set(_DEADLINE.findall(text))
    return sorted(wanted - profile.names(procedure.code, called=procedure.called_codes))


def _lacking(profile: Profile, procedure: Procedure, name: str) -> Iterator[Finding]:
    for missing in lacking(profile, procedure):
        yield Finding(
            "profile",
            Severity.ERROR,
            missing,
            None,
            _("{procedure} names the deadline {name}, which the profile does not have").format(
                procedure=procedure.code, name=missing
            ),
            _("add it with value, unit and mark, for {code} or for all").format(code=procedure.code),
            path=(name, missing),
        )


def _reads(text: str, name: str) -> bool:
    begun = any(more and name.startswith(named) for named, more in _NAMED.findall(text))
    return begun or re.search(rf"\b{re.escape(name)}\b", text) is not None


def _lane_ref(one: Diagram, lane: Lane, path: tuple[str, ...]) -> LaneRef:
    return LaneRef(
        key=".".join((*path, lane.id)),
        name=lane.name,
        agency=one.lane_property(lane, "xb:agency"),
        region=one.lane_property(lane, "xb:region"),
        department=one.lane_property(lane, "xb:department"),
        role=one.lane_property(lane, "xb:role"),
        sees=one.lane_property(lane, "xb:sees") or "",
    )


#: What the check against types says of an expression that parses.
_TYPE_FAULTS = frozenset(
    {"incomparable", "no-arithmetic", "not-a-condition", "not-allowed-value", "unknown-member", "wrong-type"}
)


def _feel_type(one: Field) -> feel.Type:
    """The FEEL type of what a form field holds in the case file."""
    simple = {
        forms.FieldType.NUMBER: types.NUMBER,
        forms.FieldType.INTEGER: types.NUMBER,
        forms.FieldType.MONEY: types.NUMBER,
        forms.FieldType.BOOLEAN: types.BOOLEAN,
        forms.FieldType.DATE: types.DATE,
        forms.FieldType.TIME: types.TIME,
        forms.FieldType.DATETIME: types.DATE_TIME,
        forms.FieldType.TEXT: types.STRING,
    }
    values = tuple(option.value for option in one.options)
    answer: feel.Type = types.STRING
    if values and all(isinstance(value, str) for value in values):
        answer = types.EnumerationType(types.STRING, values)
    if one.type is forms.FieldType.CHOICE:
        return answer if not values or isinstance(values[0], str) else types.ANY
    if one.type is forms.FieldType.CHOICES:
        return types.ListType(answer)
    if one.type is forms.FieldType.LIST:
        return types.ListType(types.ContextType({part.key: _feel_type(part) for part in one.fields}))
    return simple.get(one.type, types.ANY)


def form_findings(path: str, form: Form, ask: Callable[[str], Sequence[Fault]]) -> Iterator[Finding]:
    """What `ask` finds wrong with the expressions of a form."""
    for key, what, text in form.expressions:
        for found in ask(text):
            message = _("{key}, {what}: {fault}").format(key=key, what=what, fault=found.message)
            remedy = _("Correct the expression: {text}").format(text=text[:200])
            where = (path, what)
            yield Finding("form-expression", Severity.ERROR, key, None, message, remedy, None, where, found.excerpt)


def _mapped(source: str, known: Mapping[str, feel.Type | None]) -> feel.Type:
    """The type of the source of a mapping: without its leading "=" it is a text."""
    return feel.type_in(source, known) if source.startswith("=") else types.STRING


def _components(components: Any) -> Iterator[tuple[str, str, str]]:
    for one in components:
        key = one.get("key") or (one.get("path") if one.get("type") == "dynamiclist" else None)
        if key:
            field_class = str((one.get("properties") or {}).get("class") or GENERAL)
            label = one.get("label") or one.get("dateLabel") or one.get("timeLabel") or key
            yield str(key), str(label), field_class
        if one.get("type") in ("group", "columns"):
            yield from _components(one.get("components", ()))


def _in_file(path: str, finding: Finding) -> Finding:
    """The finding with the file it is in."""
    return finding if finding.path[:1] == (path,) else replace(finding, path=(path, *finding.path))


def calls(path: tuple[str, ...]) -> tuple[str, ...]:
    """The call activities of a call path; which instance of a repeated one it is stands behind it as a number."""
    return tuple(part for part in path if not part.isdigit())


def around(path: tuple[str, ...]) -> tuple[str, ...]:
    """The call path around the innermost call of one."""
    return (path[:-1] if path and path[-1].isdigit() else path)[:-1]


def values_of(mapping: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The entries of a case file that belong to a call path, without its prefix."""
    if not prefix:
        return {key: value for key, value in mapping.items() if "." not in key}
    start = prefix + "."
    return {
        key[len(start) :]: value
        for key, value in mapping.items()
        if key.startswith(start) and "." not in key[len(start) :]
    }
