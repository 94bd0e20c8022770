"""The tables (architecture.md §6): one schema for SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

from workflow_runtime.database import Instant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
#: Under this key an index says of which rows only it is made. The migrations make it so; said to SQLAlchemy here, it
#: would load both dialects whenever a table is looked at.
PARTIAL = "only rows where"
Key = BigInteger().with_variant(Integer, "sqlite")


def among(state: ColumnElement[str], states: Iterable[str]) -> ColumnElement[bool]:
    """`state IN (…)` with the states (words of our own) written out: partial indexes are found, nothing is bound."""
    return state.in_([literal_column(f"'{one}'") for one in sorted(states)])


# --- what was deployed -------------------------------------------------------------------------------------------
procedure_version = Table(
    "procedure_version",
    metadata,
    Column("id", Key, primary_key=True),
    Column("key", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("code", String(20), nullable=False),
    Column("name", String(200), nullable=False),
    Column("kind", String(5), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("state", String(20), nullable=False),
    Column("deployed_at", Instant, nullable=False),
    Column("deployed_by", String(100), nullable=False),
    UniqueConstraint("key", "version"),
    UniqueConstraint("key", "sha256"),
)
bundle_file = Table(
    "bundle_file",
    metadata,
    Column("version_id", ForeignKey("procedure_version.id"), primary_key=True),
    Column("path", String(300), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
profile = Table(
    "profile",
    metadata,
    Column("id", Key, primary_key=True),
    Column("jurisdiction", String(20), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("content", LargeBinary, nullable=False),
    Column("imported_at", Instant, nullable=False),
    UniqueConstraint("jurisdiction", "sha256"),
)
calendar = Table(
    "calendar",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(50), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("imported_at", Instant, nullable=False),
    UniqueConstraint("name", "sha256"),
)
calendar_year = Table(
    "calendar_year",
    metadata,
    Column("calendar_id", ForeignKey("calendar.id"), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

# --- who is who --------------------------------------------------------------------------------------------------
organisation = Table(
    "organisation",
    metadata,
    Column("id", Key, primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("imported_at", Instant, nullable=False),
    Column("imported_by", String(100), nullable=False),
)
department = Table(
    "department",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("code", String(60), nullable=False),
    Column("name", String(200), nullable=False),
    Column("agency", String(100), nullable=False),
    Column("agency_code", String(40), nullable=False),
    Column("agency_name", String(200), nullable=False),
    Column("region", String(20), nullable=False),
    Column("active", Boolean, nullable=False),
)

clerk = Table(
    "clerk",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("owner", Boolean, nullable=False),
)
membership = Table(
    "membership",
    metadata,
    Column("clerk_id", String(100), primary_key=True),
    Column("department_id", String(100), primary_key=True),
    Column("role", String(60), primary_key=True),
    Column("supervisor", Boolean, nullable=False),
    Column("valid_from", Date),
    Column("valid_to", Date),
)
Index("ix_membership_department", membership.c.department_id)
substitution = Table(
    "substitution",
    metadata,
    Column("absent", String(100), primary_key=True),
    Column("substitute", String(100), primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("valid_to", Date, nullable=False),
)

absence = Table(
    "absence",
    metadata,
    Column("id", Key, primary_key=True),
    Column("absent", String(100), nullable=False),
    Column("substitute", String(100), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date, nullable=False),
    Column("reason", Text, nullable=False),
    Column("set_by", String(100), nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("ended_by", String(100)),
    Column("ended_on", Date),
)
Index("ix_absence_substitute", absence.c.substitute, absence.c.absent)

# --- subjects ----------------------------------------------------------------------------------------------------
subject = Table(
    "subject",
    metadata,
    Column("id", Key, primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("number", String(60), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("region", String(20), nullable=False, server_default=""),
    Column("identity_hash", String(64), unique=True),
    Column("document", Text, nullable=False),
    Column("registered_at", Instant, nullable=False),
    Column("rev", Integer, nullable=False),
)
standing = Table(
    "standing",
    metadata,
    Column("id", Key, primary_key=True),
    Column("subject_id", ForeignKey("subject.id"), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("holder", String(300), nullable=False),
    Column("holder_agency", String(100)),
    Column("valid_from", Instant, nullable=False),
    Column("valid_to", Instant),
    Column("basis", String(200), nullable=False),
    Column("case_number", String(60)),
)
Index("ix_standing_subject", standing.c.subject_id, standing.c.kind, standing.c.valid_from)
Index(
    "uq_standing_open",
    standing.c.subject_id,
    standing.c.kind,
    unique=True,
    info={PARTIAL: "valid_to IS NULL"},
)

# --- cases -------------------------------------------------------------------------------------------------------
case = Table(
    "case",
    metadata,
    Column("id", Key, primary_key=True),
    Column("number", String(60), nullable=False, unique=True),
    Column("version_id", ForeignKey("procedure_version.id"), nullable=False),
    Column("subject_id", ForeignKey("subject.id")),
    Column("jurisdiction", String(20), nullable=False),
    Column("profile_id", ForeignKey("profile.id"), nullable=False),
    Column("calendar_id", ForeignKey("calendar.id"), nullable=False),
    Column("regions", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("milestone", String(200)),
    Column("rev", Integer, nullable=False),
    Column("snapshot", LargeBinary, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("started_by", String(100), nullable=False),
    Column("ended_at", Instant),
    Column("timers", Integer, nullable=False),
    Column("subscriptions", Integer, nullable=False),
    Column("history_length", Integer, nullable=False),
    Column("history_hash", String(80), nullable=False),
    Column("marks", String(200), nullable=False, server_default=""),
)
Index("ix_case_subject", case.c.subject_id)
Index("ix_case_state_started", case.c.state, case.c.started_at)
case_file = Table(
    "case_file",
    metadata,
    Column("case_id", ForeignKey("case.id"), primary_key=True),
    Column("document", Text, nullable=False),
)
party = Table(
    "party",
    metadata,
    Column("case_id", ForeignKey("case.id"), primary_key=True),
    Column("lane", String(300), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("department_id", String(100), nullable=False),
    Column("sees", String(300), nullable=False),
)
Index("ix_party_department", party.c.department_id, party.c.case_id)
reference = Table(
    "reference",
    metadata,
    Column("case_id", ForeignKey("case.id"), primary_key=True),
    Column("key", String(100), primary_key=True),
    Column("subject_id", ForeignKey("subject.id"), nullable=False),
)
Index("ix_reference_subject", reference.c.subject_id)
work_item = Table(
    "work_item",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("case_id", ForeignKey("case.id"), nullable=False),
    Column("process", String(100), nullable=False),
    Column("element", String(100), nullable=False),
    Column("path", String(300), nullable=False),
    Column("name", String(300), nullable=False),
    Column("department_id", String(100), nullable=False),
    Column("role", String(100)),
    Column("form", String(100)),
    Column("inputs", Text),
    Column("state", String(20), nullable=False),
    Column("clerk", String(100)),
    Column("version", Integer, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("due", Text),
    Column("overdue_told_at", Instant),  # from when on somebody is to be told again; empty before the first time
    Column("reminded", Integer, nullable=False),
    Column("outcome", String(50)),
    Column("reason", Text),
    Column("completed_at", Instant),
    Column("completed_by", String(100)),
    Column("acting_for", String(100)),
)
Index("ix_work_item_case", work_item.c.case_id, work_item.c.element)
Index("ix_work_item_department", work_item.c.department_id, work_item.c.state, work_item.c.due_at)
Index(
    "ix_work_item_page",
    work_item.c.department_id,
    work_item.c.due_at.is_(None),
    work_item.c.due_at,
    work_item.c.opened_at,
    work_item.c.id,
    info={PARTIAL: "state IN ('ready','reserved')"},
)
Index("ix_work_item_clerk", work_item.c.clerk, work_item.c.state)
Index(
    "ix_work_item_due_open",
    work_item.c.due_at,
    info={PARTIAL: "state IN ('ready','reserved')"},
)
draft = Table(
    "draft",
    metadata,
    Column("item_id", ForeignKey("work_item.id"), primary_key=True),
    Column("clerk", String(100), primary_key=True),
    Column("answers", Text, nullable=False),
    Column("saved_at", Instant, nullable=False),
)
timer = Table(
    "timer",
    metadata,
    Column("case_id", ForeignKey("case.id"), primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("element", String(100), nullable=False),
    Column("path", String(300), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("due", Text),
    Column("opened_at", Instant, nullable=False),
    #: the batch in which a worker of the cluster was told of it; begins with how long nobody else is (store.batch)
    Column("claimed_as", String(40)),
)
Index("ix_timer_due", timer.c.due_at)
Index("ix_timer_free", timer.c.due_at, info={PARTIAL: "claimed_as IS NULL"})
Index("ix_timer_claimed", timer.c.claimed_as, info={PARTIAL: "claimed_as IS NOT NULL"})
subscription = Table(
    "subscription",
    metadata,
    Column("case_id", ForeignKey("case.id"), primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("element", String(100), nullable=False),
    Column("path", String(300), nullable=False),
    Column("name", String(100), nullable=False),
    Column("correlation", String(200), nullable=False),
    Column("opened_at", Instant, nullable=False),
)
Index("ix_subscription_name", subscription.c.name, subscription.c.correlation)
message = Table(
    "message",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("correlation", String(200), nullable=False),
    Column("direction", String(10), nullable=False),
    Column("sender_case_id", ForeignKey("case.id")),
    Column("sender", String(200), nullable=False),
    Column("element", String(100)),
    Column("payload", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("consumed_case_id", ForeignKey("case.id")),
    Column("reason", Text),
    #: a party outside the platform; none: a case is to take it
    Column("receiver", String(300)),
    #: when it was laid into the folder for agencies outside, and by which file (store.hand_out)
    Column("handed_at", Instant),
    Column("handed_as", String(40)),
    Column("acknowledged_at", Instant),
)
Index("ix_message_waiting", message.c.name, message.c.correlation, message.c.state)
Index("ix_message_case", message.c.sender_case_id)
Index(
    "ix_message_outgoing",
    message.c.sent_at,
    info={PARTIAL: "receiver IS NOT NULL AND handed_at IS NULL AND state = 'waiting'"},
)

#: something that happened to a subject; settled when every case that was open then has heard it or has ended
signal = Table(
    "signal",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("subject_id", ForeignKey("subject.id"), nullable=False),
    Column("name", String(100), nullable=False),
    Column("payload", Text, nullable=False),
    Column("given_at", Instant, nullable=False),
    Column("given_by", String(100), nullable=False),
    Column("settled_at", Instant),
)
Index("ix_signal_subject", signal.c.subject_id)
Index(
    "ix_signal_unsettled",
    signal.c.given_at,
    info={PARTIAL: "settled_at IS NULL"},
)
hearing = Table(
    "hearing",
    metadata,
    Column("signal_id", ForeignKey("signal.id"), primary_key=True),
    Column("case_id", ForeignKey("case.id"), primary_key=True),
)

# --- machine work ------------------------------------------------------------------------------------------------
job = Table(
    "job",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("type", String(100), nullable=False),
    Column("case_id", ForeignKey("case.id")),
    Column("process", String(100), nullable=False),
    Column("element", String(100), nullable=False),
    Column("path", String(300), nullable=False),
    Column("inputs", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("run_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease_until", Instant),
    Column("lease_owner", String(100)),
    Column("fence", Integer, nullable=False),
    Column("last_error", Text),
    Column("created_at", Instant, nullable=False),
)
Index(
    "ix_job_ready",
    job.c.priority,
    job.c.run_at,
    info={PARTIAL: "state IN ('pending','running')"},
)
Index("ix_job_case", job.c.case_id)
incident = Table(
    "incident",
    metadata,
    Column("id", Key, primary_key=True),
    Column("case_id", ForeignKey("case.id"), nullable=False),
    Column("job_id", String(40)),
    Column("element", String(100), nullable=False),
    Column("code", String(60), nullable=False),
    Column("message", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("resolved_at", Instant),
    Column("resolution", Text),
)
Index("ix_incident_case", incident.c.case_id)

# --- memory ------------------------------------------------------------------------------------------------------
history = Table(
    "history",
    metadata,
    Column("case_id", ForeignKey("case.id"), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("element", String(300)),
    Column("actor", String(100), nullable=False),
    Column("at", Instant, nullable=False),
    Column("commitment", String(80), nullable=False),
    Column("hash", String(80), nullable=False),
)
history_content = Table(
    "history_content",
    metadata,
    Column("case_id", Key, primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("salt", String(40), nullable=False),
    Column("content", Text, nullable=False),
)
idempotency = Table(
    "idempotency",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("actor", String(100), nullable=False),
    Column("request", String(64), nullable=False),
    Column("answer", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

# --- documents and files -----------------------------------------------------------------------------------------
number_series = Table(
    "number_series",
    metadata,
    Column("issuer", String(100), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("last", Integer, nullable=False),
)
document = Table(
    "document",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("case_id", ForeignKey("case.id"), nullable=False),
    Column("subject_id", ForeignKey("subject.id")),
    Column("ordinal", Integer, nullable=False),
    Column("code", String(20), nullable=False),
    Column("title", String(200), nullable=False),
    Column("origin", String(10), nullable=False),
    Column("state", String(20), nullable=False),
    Column("number", String(120)),
    Column("issuer", String(100), nullable=False),
    Column("issuer_name", String(300), nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("frozen", Text),
    Column("template_sha256", String(64)),
    Column("pdf_sha256", String(64)),
    Column("pages", Integer),
    Column("verification", String(40), unique=True),
    Column("classes", String(300), nullable=False, server_default=""),
    UniqueConstraint("issuer", "code", "number"),
    UniqueConstraint("case_id", "ordinal"),
)
document_event = Table(
    "document_event",
    metadata,
    Column("document_id", ForeignKey("document.id"), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("at", Instant, nullable=False),
    Column("party", String(300), nullable=False),
    Column("content", Text, nullable=False),
)
file = Table(
    "file",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("stored_at", Instant, nullable=False),
    Column("stored_by", String(100), nullable=False),
)
notification = Table(
    "notification",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("case_id", ForeignKey("case.id")),
    Column("department_id", String(100), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("delivered_at", Instant),
)


# --- the cluster -------------------------------------------------------------------------------------------------
suspension = Table(
    "suspension",
    metadata,
    Column("id", Key, primary_key=True),
    Column("case_id", ForeignKey("case.id"), nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    Column("reason", Text, nullable=False),
    Column("suspended_by", String(100), nullable=False),
    Column("resumed_by", String(100)),
)
Index("ix_suspension_case", suspension.c.case_id)
repair = Table(
    "repair",
    metadata,
    Column("id", Key, primary_key=True),
    Column("case_id", ForeignKey("case.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("content", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("asked_by", String(100), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("answered_by", String(100)),
    Column("answered_at", Instant),
    Column("answer", Text),
)
Index("ix_repair_case", repair.c.case_id)
worker = Table(
    "worker",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("done", BigInteger, nullable=False),
)
