"""What both sides say of a claim: confirmed, or contested item by item with a coded reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from app.clearing.model import (
    Claim,
    ContestEvent,
    ContestReason,
    ContestState,
    Manner,
    Part,
    Side,
)
from app.kernel.money import Money

LINES_MAX = 100  # a page of lines


@dataclass(frozen=True, slots=True)
class Pair:
    """An ordered pair: who pays, and who is paid."""

    insured_place: str
    treatment_place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A claim in three figures, as a side recomputed it (核对摘要)."""

    settlements: int
    fund: Money
    root: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """An item a side does not agree with; `proposed` is what it holds to be owed (异议)."""

    settlement: str
    reason: ContestReason
    proposed: Money
    note: str


@dataclass(frozen=True, slots=True)
class LineAsked:
    """One item as a side lists it, and its objection if it has one."""

    settlement: str
    fund: Money
    objection: Objection | None


@dataclass(frozen=True, slots=True)
class LinesAsked:
    """A page of items; `totalrow` is how many the side counts in all."""

    page: int
    totalrow: int
    lines: Sequence[LineAsked]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """One side's word on a claim; in part while not every line was confirmed."""

    id: int
    claim_id: int
    side: Side
    manner: Manner
    line_count: int
    begun_at: datetime
    confirmed_at: datetime | None
    client: str
    withdrawal_asked_by: str | None  # the first of two persons who are to take it back


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A claim with what both sides have said of it so far."""

    clearing: str
    clearing_id: int
    confirm_by: date
    claim: Claim
    insured: Confirmation | None
    treatment: Confirmation | None
    contested: Part
    open_contests: int

    @property
    def is_confirmed(self) -> bool:
        """Say whether both sides have confirmed all of it."""
        said = (self.insured, self.treatment)
        return all(it is not None and it.confirmed_at is not None for it in said)

    def said_by(self, side: Side) -> Confirmation | None:
        """Return what one side said."""
        return self.insured if side is Side.INSURED else self.treatment


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """An item contested, answered or waiting for its answer (争议).

    `left` is what deductions and earlier contests left of the settlement's fund share.
    """

    id: int
    number: str
    clearing: str
    claim_id: int
    held_by: int | None
    pair: Pair
    settlement: str
    institution: str
    business_day: date
    is_cancelled: bool
    left: Money
    fund: Money
    reason: ContestReason
    proposed: Money
    note: str
    raised_at: datetime
    in_time: bool
    reply_by: date
    state: ContestState
    agreed: Money | None
    reply_note: str | None
    replied_at: datetime | None
    rolls: int


@dataclass(frozen=True, slots=True)
class Reply:
    """What the treatment side answers."""

    event: ContestEvent
    amount: Money | None
    note: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer comes to: the contest's state and the amount both sides now owe by."""

    state: ContestState
    agreed: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """A contest before it has a number."""

    objection: Objection
    fund: Money
    in_time: bool
    reply_by: date


@dataclass(frozen=True, slots=True)
class ContestsAsked:
    """Which contests to list."""

    clearing: str | None
    state: ContestState | None
