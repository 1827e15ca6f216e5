"""Where seals are kept. Nobody alters them: no privilege allows it, and a trigger refuses it."""

from __future__ import annotations

import sqlalchemy as sa

from app.proof.model.seals import Journal
from app.runtime.db import METADATA, identity, moment, one_of

seal = sa.Table(
    "seal",
    METADATA,
    # One chain a participant and journal; also read as "the blocks of a chain, in order".
    sa.Column("journal", sa.Text, primary_key=True),
    sa.Column("participant", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("after_id", sa.BigInteger, nullable=False),
    sa.Column("through_id", sa.BigInteger, nullable=False),
    sa.Column("line_count", sa.Integer, nullable=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("previous", sa.LargeBinary, nullable=False),
    sa.Column("chain", sa.LargeBinary, nullable=False),
    moment("sealed_at"),
    one_of("journal", Journal),
    sa.CheckConstraint("number > 0", name="number"),
    sa.CheckConstraint("line_count > 0", name="line_count"),
    sa.CheckConstraint("after_id < through_id", name="through_id"),
    sa.CheckConstraint(
        "length(root) = 32 AND length(previous) = 32 AND length(chain) = 32", name="digests"
    ),
)
# One row a round of sealing; the last one says how far a journal is sealed.
sealing = sa.Table(
    "sealing",
    METADATA,
    identity(),
    sa.Column("journal", sa.Text, nullable=False),
    sa.Column("through_id", sa.BigInteger, nullable=False),
    sa.Column("through_day", sa.Date, nullable=False),
    sa.Column("block_count", sa.Integer, nullable=False),
    moment("sealed_at"),
    one_of("journal", Journal),
    # Rounds go forward; also read as "how far is it sealed".
    sa.UniqueConstraint("journal", "through_id"),
)
