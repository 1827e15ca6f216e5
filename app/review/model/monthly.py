"""What a month's review deals with: declarations, closed months, fund requests and payments."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from app.kernel.calendar import Month
from app.kernel.lifecycle import Lifecycle
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.review.model import ReviewState


class ReviewEvent(enum.StrEnum):
    """A step of a month's review 月度审核业务事件."""

    CLOSE = "close"  # 关账
    UPLOAD = "upload"  # 上传
    REQUEST = "request"  # 请款


REVIEW_LIFE = Lifecycle(
    name="review",
    start=ReviewState.OPEN,
    moves={
        (ReviewState.OPEN, ReviewEvent.CLOSE): ReviewState.CLOSED,
        (ReviewState.CLOSED, ReviewEvent.UPLOAD): ReviewState.UPLOADED,
        (ReviewState.UPLOADED, ReviewEvent.REQUEST): ReviewState.REQUESTED,
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthAsked:
    """A month of a place."""

    place: str
    month: Month


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFigures:
    """What an institution settled in a month, as the hub has it; cancellations are negative."""

    institution: str
    region: str
    settlements: int
    total: Money
    fund: Money
    own: Money
    root: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclarationAsked:
    """An institution's own totals of a month, which must be the hub's."""

    scheme: Scheme
    month: Month
    settlements: int
    total: Money
    fund: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A month as it was declared (申报), by the institution or by the hub in its place."""

    id: int
    number: str
    place: str
    scheme: Scheme
    month: Month
    figures: MonthFigures
    declared_at: datetime
    by_hub: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDays:
    """By when a month is closed, and by when its money has been asked for."""

    review_by: date
    request_by: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAsked:
    """Which month of which place is closed; `early`: although it is not over."""

    place: str
    month: Month
    early: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewTotals:
    """What a month comes to: settlements, what was taken off in it, and what is due.

    Deductions of review count among what was taken off, and what contests of a clearing took off
    or a cancellation gave back of it.
    """

    settlements: int
    total: Money
    fund: Money
    own: Money
    deductions: int
    deducted: Money

    @property
    def due(self) -> Money:
        """Return what the month owes to institutions; below zero they owe it back."""
        return self.fund - self.deducted


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A month as a place closed it, and how far it has come since."""

    id: int
    number: str
    place: str
    scheme: Scheme
    month: Month
    totals: ReviewTotals
    carried: int  # deductions still open, which fall into a later month
    carried_amount: Money
    root: bytes
    due: DueDays
    closed_at: datetime
    uploaded_at: datetime | None
    request: str | None
    requested_at: datetime | None

    @property
    def state(self) -> ReviewState:
        """Return how far it has come."""
        if self.requested_at is not None:
            return ReviewState.REQUESTED
        return ReviewState.CLOSED if self.uploaded_at is None else ReviewState.UPLOADED


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """What a closed month comes to for one institution."""

    institution: str
    totals: ReviewTotals


@dataclass(frozen=True, slots=True)
class InsuredLine:
    """What a closed month comes to for one insured place."""

    insured_place: str
    totals: ReviewTotals


@dataclass(frozen=True, slots=True)
class UploadAsked:
    """The agency's own control totals of a closed month, which must be the hub's."""

    settlements: int
    fund: Money
    deductions: int
    deducted: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class FundRequest:
    """What a place asks its finance for, to pay its institutions for a month (用款申请)."""

    number: str
    review: Review
    place_name: str
    institutions: Sequence[ReviewLine]
    insured_places: Sequence[InsuredLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenReview:
    """A month a place has something in and has not closed, or has closed and not asked for."""

    place: str
    month: Month
    due: DueDays
    state: ReviewState
    review: str | None  # its number, once closed
    alerted_at: datetime | None

    @property
    def last_day(self) -> date:
        """Return the last day of the step it waits for."""
        return self.due.review_by if self.review is None else self.due.request_by


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAsked:
    """A transfer to an institution, as the bank did it."""

    place: str
    institution: str
    amount: Money
    bank_reference: str
    paid_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionPayment:
    """A payment to an institution as it is kept."""

    id: int
    number: str
    asked: PaymentAsked
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionStanding:
    """What a place owes an institution: by closed months, and by the books.

    `payable` is the ledger's figure, of open months too; it knows later deductions as well.
    """

    place: str
    institution: str
    months: int
    settled: Money
    deducted: Money
    paid: Money
    payable: Money

    @property
    def due(self) -> Money:
        """Return what closed months owe it in all."""
        return self.settled - self.deducted

    @property
    def open(self) -> Money:
        """Return what may be paid now: what is due and unpaid, and still in the books."""
        return Money(max(0, min((self.due - self.paid).fen, self.payable.fen)))


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A closed month of an institution's statement."""

    review: str
    month: Month
    totals: ReviewTotals


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionStatement:
    """An institution's statement (应付台账): how it stands, month by month, payment by payment."""

    standing: InstitutionStanding
    months: Sequence[StatementLine]
    payments: Sequence[InstitutionPayment]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthsWanted:
    """Which declarations or reviews a caller looks for; what is None does not matter."""

    place: str | None = None
    month: Month | None = None
    institution: str | None = None
