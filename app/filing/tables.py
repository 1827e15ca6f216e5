"""Where filings, what they cover and their history are kept."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, INT4RANGE, JSONB, ExcludeConstraint

from app.filing.model import FilingEvent, FilingKind, FilingState
from app.kernel.costs import CostKind
from app.kernel.regions import Scheme
from app.runtime.db import METADATA, identity, moment, one_of
from app.runtime.numbers import serial_of

filing_serial = serial_of("Y", "filing")

filing = sa.Table(
    "filing",
    METADATA,
    identity(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("worker_id", sa.BigInteger, sa.ForeignKey("worker.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("insured_region", sa.CHAR(6), nullable=False),
    sa.Column("treatment_region", sa.CHAR(6), nullable=False),
    sa.Column("scheme", sa.Text, nullable=False),
    sa.Column("cost_kinds", ARRAY(sa.Text), nullable=False),
    sa.Column("asked_first_day", sa.Date),
    sa.Column("first_day", sa.Date, nullable=False),
    sa.Column("last_day", sa.Date, nullable=False),
    sa.Column("ended_on", sa.Date),
    sa.Column("admission_deadline", sa.Date),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("submitted_by", sa.Text, nullable=False),
    moment("submitted_at"),
    moment("decided_at", nullable=True),
    sa.Column("decided_by", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("referral", JSONB),
    sa.Column("replaces", sa.BigInteger, sa.ForeignKey("filing.id")),
    sa.Column("replaced_by", sa.BigInteger, sa.ForeignKey("filing.id")),
    sa.Column("open_visits", sa.Integer, nullable=False),
    sa.Column("admitted_once", sa.Boolean, nullable=False),
    sa.Column("policy_version", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    one_of("kind", FilingKind),
    one_of("scheme", Scheme),
    one_of("state", FilingState),
    sa.CheckConstraint("first_day <= last_day", name="term"),
    sa.CheckConstraint("insured_region <> treatment_region", name="elsewhere"),
    sa.CheckConstraint("cardinality(cost_kinds) > 0", name="cost_kinds"),
    sa.CheckConstraint("open_visits >= 0", name="open_visits"),
    sa.CheckConstraint(
        "state IN ('submitted', 'rejected') OR decided_at IS NOT NULL", name="decided"
    ),
    # the filings of one worker: admission, identification, batch, loss of entitlement
    sa.Index("ix_filing_worker_id", "worker_id"),
    # the agency's list of what waits for it, and of what runs, by insured region
    sa.Index("ix_filing_insured_region_state_id", "insured_region", "state", "id"),
    # the list of an insured agency, whatever the state; and of a treatment agency
    sa.Index("ix_filing_insured_region_id", "insured_region", "id"),
    sa.Index("ix_filing_treatment_region_id", "treatment_region", "id"),
    # the list of a channel's own submissions
    sa.Index("ix_filing_submitted_by_id", "submitted_by", "id"),
    # expiry: what is approved and past its last day
    sa.Index("ix_filing_last_day", "last_day", postgresql_where=sa.text("state = 'approved'")),
    # what is approved and waits for a first admission in time: expiry, and the calendar
    sa.Index(
        "ix_filing_admission_deadline",
        "admission_deadline",
        postgresql_where=sa.text("state = 'approved' AND NOT admitted_once"),
    ),
    # written over and over: room for the next version beside the last
    postgresql_with={"fillfactor": 85},
)
filing_cover = sa.Table(
    "filing_cover",
    METADATA,
    sa.Column("filing_id", sa.BigInteger, sa.ForeignKey("filing.id"), primary_key=True),
    sa.Column("cost_kind", sa.Text, primary_key=True),
    sa.Column("worker_id", sa.BigInteger, nullable=False),
    # division codes as numbers: a province is the range of all its places
    sa.Column("place", INT4RANGE, nullable=False),
    sa.Column("term", DATERANGE, nullable=False),
    sa.Column("live", sa.Boolean, nullable=False),
    one_of("cost_kind", CostKind),
    # At most one approved filing covers a worker, a cost kind, a place and a day.
    ExcludeConstraint(
        ("worker_id", "="),
        ("cost_kind", "="),
        ("place", "&&"),
        ("term", "&&"),
        using="gist",
        where=sa.text("live"),
        name="ex_filing_cover_one_at_a_time",
    ),
)
filing_history = sa.Table(
    "filing_history",
    METADATA,
    identity(),
    sa.Column("filing_id", sa.BigInteger, sa.ForeignKey("filing.id"), nullable=False),
    moment("at"),
    sa.Column("party", sa.Text, nullable=False),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("from_state", sa.Text),
    sa.Column("to_state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("snapshot", JSONB, nullable=False),  # the row of `filing` after the event
    one_of("event", FilingEvent),
    one_of("from_state", FilingState),
    one_of("to_state", FilingState),
    # the history of a filing, and its latest line before an instant
    sa.Index("ix_filing_history_filing_id_id", "filing_id", "id"),
)
