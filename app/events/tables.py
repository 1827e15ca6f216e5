"""Subscriptions, what they are signed with, and what became of every attempt.

The events themselves are the announcements of the door.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.events.model import DeliveryFault, DeliveryOutcome, SubscriptionState
from app.kernel.parties import PartyKind
from app.runtime.db import METADATA, identity, moment, one_of
from app.runtime.numbers import serial_of

subscription_serial = serial_of("E", "subscription")
# How many turns lie before the first of this database server: none, unless the rows came from
# another one, whose transactions had counted further.
turns_before = sa.Table(
    "turns_before",
    METADATA,
    sa.Column("number", sa.BigInteger, nullable=False, primary_key=True, autoincrement=False),
)
subscription = sa.Table(
    "subscription",
    METADATA,
    identity(),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("party", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("region", sa.CHAR(6), nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("topics", ARRAY(sa.Text), nullable=False),  # none: all
    sa.Column("state", sa.Text, nullable=False),
    moment("created_at"),
    sa.Column("created_by", sa.Text, nullable=False),
    moment("changed_at"),
    sa.Column("after_turn", sa.BigInteger, nullable=False),
    sa.Column("after_seq", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    moment("failing_since", nullable=True),
    moment("next_at"),
    # who delivers it now, and until when nobody else does
    sa.Column("lease", sa.Text),
    moment("leased_until", nullable=True),
    one_of("kind", PartyKind),
    one_of("state", SubscriptionState),
    # GET /v1/subscriptions
    sa.Index("ix_subscription_party", "party", "id"),
    # "whose turn is it"
    sa.Index("ix_subscription_next_at", "next_at", postgresql_where=sa.text("state = 'active'")),
)
subscription_secret = sa.Table(
    "subscription_secret",
    METADATA,
    identity(),
    sa.Column("subscription_id", sa.BigInteger, sa.ForeignKey("subscription.id"), nullable=False),
    sa.Column("hint", sa.Text, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    moment("created_at"),
    moment("retired_at", nullable=True),
    sa.UniqueConstraint("subscription_id", "hint"),
)
redelivery = sa.Table(
    "redelivery",
    METADATA,
    identity(),
    sa.Column("subscription_id", sa.BigInteger, sa.ForeignKey("subscription.id"), nullable=False),
    sa.Column("announcement_seq", sa.BigInteger, sa.ForeignKey("announcement.seq"), nullable=False),
    moment("asked_at"),
    sa.Column("asked_by", sa.Text, nullable=False),
    moment("done_at", nullable=True),
    # "what was asked for again", in the order it was asked for
    sa.Index(
        "ix_redelivery_subscription_id",
        "subscription_id",
        "id",
        postgresql_where=sa.text("done_at IS NULL"),
    ),
    # "which wishes were met long ago"
    sa.Index("ix_redelivery_done_at", "done_at", postgresql_where=sa.text("done_at IS NOT NULL")),
)
delivery = sa.Table(
    "delivery",
    METADATA,
    identity(),
    sa.Column("subscription_id", sa.BigInteger, sa.ForeignKey("subscription.id"), nullable=False),
    sa.Column("announcement_seq", sa.BigInteger, sa.ForeignKey("announcement.seq"), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    moment("at"),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("status", sa.SmallInteger),
    sa.Column("fault", sa.Text),
    one_of("outcome", DeliveryOutcome),
    one_of("fault", DeliveryFault),
    sa.CheckConstraint("(outcome = 'delivered') = (fault IS NULL)", name="fault_or_delivered"),
    # GET /v1/subscriptions/{number}/deliveries, newest first
    sa.Index("ix_delivery_subscription_id", "subscription_id", "id"),
    # "what is old enough to be removed"
    sa.Index("ix_delivery_outcome", "outcome", "at"),
)
