"""Where the books are kept. The service may read them; only `ledger_book` writes (see its reasons).

The function lives in the migration: it is part of the schema, not of a release of the service.
"""

from __future__ import annotations

import sqlalchemy as sa

from app.ledger.model import AccountKind, Event
from app.runtime.db import METADATA, fen, identity, moment, one_of

account = sa.Table(
    "account",
    METADATA,
    identity(),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("insured_place", sa.CHAR(6)),
    sa.Column("treatment_place", sa.CHAR(6), nullable=False),
    sa.Column("institution", sa.CHAR(12)),
    fen("balance_fen"),
    sa.Column("version", sa.BigInteger, nullable=False),
    one_of("kind", AccountKind),
    # One account per kind, pair and institution: the name spells them, and the name is unique.
    sa.CheckConstraint(
        "name = concat_ws(':', kind, insured_place, treatment_place, institution)", name="name"
    ),
    sa.CheckConstraint(
        "(insured_place IS NOT NULL) = (kind IN ('uncleared', 'notified', 'advance'))",
        name="insured_place",
    ),
    sa.CheckConstraint("(institution IS NOT NULL) = (kind = 'payable')", name="institution"),
    # the lists of both places, and of an institution
    sa.Index("ix_account_insured_place_id", "insured_place", "id"),
    sa.Index("ix_account_treatment_place_id", "treatment_place", "id"),
    sa.Index("ix_account_institution_id", "institution", "id"),
    # "what a pair, or all pairs of a treatment place, owe and hold", asked at every booking on one
    sa.Index(
        "ix_account_treatment_place",
        "treatment_place",
        "insured_place",
        postgresql_where=sa.text("insured_place IS NOT NULL"),
    ),
    # written over and over: room for the next version beside the last
    postgresql_with={"fillfactor": 20},
)
entry = sa.Table(
    "entry",
    METADATA,
    identity(),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("effective_day", sa.Date, nullable=False),
    moment("at"),
    sa.Column("policy_version", sa.Text, nullable=False),
    # Unique: what was undone cannot be undone again.
    sa.Column("reverses", sa.BigInteger, sa.ForeignKey("entry.id"), unique=True),
    one_of("event", Event),
    # "what did this number do to the books", and the entry a reversal points to
    sa.Index("ix_entry_subject", "subject", "id"),
)
posting = sa.Table(
    "posting",
    METADATA,
    identity(),
    # Written by `ledger_book` together with the entry, under a lock on both accounts, and none of
    # them is ever deleted: not tied by foreign keys, which would look all three up again.
    sa.Column("entry_id", sa.BigInteger, nullable=False),
    sa.Column("debit_account", sa.BigInteger, nullable=False),
    sa.Column("credit_account", sa.BigInteger, nullable=False),
    fen("fen"),
    fen("debit_balance_fen"),
    sa.Column("debit_version", sa.BigInteger, nullable=False),
    fen("credit_balance_fen"),
    sa.Column("credit_version", sa.BigInteger, nullable=False),
    sa.CheckConstraint("fen > 0", name="fen"),
    sa.CheckConstraint("debit_account <> credit_account", name="two_ends"),
    # A step of an account is taken once; also read as "the account's postings, in order".
    sa.UniqueConstraint("debit_account", "debit_version"),
    sa.UniqueConstraint("credit_account", "credit_version"),
    # "the postings of an entry"
    sa.Index("ix_posting_entry_id", "entry_id"),
)
