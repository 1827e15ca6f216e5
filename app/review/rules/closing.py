"""By when a month is reviewed, when it may be declared and closed, and which totals agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from app.kernel.basis import basis
from app.kernel.calendar import Month
from app.kernel.regions import Level, Scheme, level_of
from app.policy.book import PolicyBook
from app.review.errors import (
    EarlierMonthsOpen,
    MonthRunning,
    MonthTooEarly,
    NothingToDeclare,
    TotalsDiffer,
)
from app.review.model.monthly import (
    REVIEW_LIFE,
    CloseAsked,
    DeclarationAsked,
    DueDays,
    MonthAsked,
    MonthFigures,
    OpenReview,
    Review,
    UploadAsked,
)

BACK = 24  # months; what lies further back is nobody's to close any more


@basis("hub-default/treatment-place")
def scheme_of(place: str) -> Scheme:
    """A province is owed between provinces, a city by the cities of its province."""
    province = level_of(place) is Level.PROVINCE
    return Scheme.CROSS_PROVINCE if province else Scheme.IN_PROVINCE


@basis("hub-default/review-calendar", "liaoning-2024/3.1")
def due_days(month: Month, place: str, book: PolicyBook) -> DueDays:
    """A month is closed and its money asked for by days of the next, which a province may set."""
    following = month.next().first
    name = "review.due_day"
    return DueDays(
        review_by=following.replace(day=book.whole(name, following, place, of="reviewed")),
        request_by=following.replace(day=book.whole(name, following, place, of="totalled")),
    )


@basis("hub-default/review-calendar")
def require_ruled(month: Month, place: str, book: PolicyBook) -> None:
    """Before the first text nothing says by when a month is closed, and none is."""
    if not book.is_in_force("review.due_day", month.next().first, place):
        raise MonthTooEarly(month=month)


@basis("hub-default/review-close")
def require_over(month: Month, today: date) -> None:
    """What a month holds is known once it is over."""
    if today <= month.last:
        raise MonthRunning(month=month, last=month.last)


@basis("hub-default/review-close")
def agreed(asked: DeclarationAsked, found: MonthFigures | None) -> MonthFigures:
    """An institution declares what the hub has of its month: count, total and fund share."""
    if found is None:
        raise NothingToDeclare
    yours = (asked.settlements, asked.total, asked.fund)
    hub = (found.settlements, found.total, found.fund)
    if yours != hub:
        raise TotalsDiffer(yours=_told(yours), hub=_told(hub))
    return found


@basis("hub-default/review-close")
def require_closable(asked: CloseAsked, before: Sequence[Month], today: date) -> None:
    """Months close in order; one that is not over only where that is said, none before it began."""
    if today < asked.month.first or (not asked.early and today <= asked.month.last):
        raise MonthRunning(month=asked.month, last=asked.month.last)
    if before:
        raise EarlierMonthsOpen(months=[str(month) for month in before])


@basis("liaoning-2024/3.1", "hub-default/review-close")
def require_control_totals(asked: UploadAsked, review: Review) -> None:
    """A month is uploaded (上传) with totals that are those it was closed with."""
    it = review.totals
    yours = (asked.settlements, asked.fund, asked.deductions, asked.deducted)
    hub = (it.settlements, it.fund, it.deductions, it.deducted)
    if yours != hub:
        raise TotalsDiffer(yours=_told(yours), hub=_told(hub))


@basis("hub-default/review-calendar")
def unclosed(found: Iterable[MonthAsked], today: date, book: PolicyBook) -> tuple[OpenReview, ...]:
    """A month with something in it is overdue from the day after its last day to be closed."""
    return tuple(it for it in with_days(found, book) if today > it.due.review_by)


@basis("hub-default/review-calendar")
def with_days(found: Iterable[MonthAsked], book: PolicyBook) -> tuple[OpenReview, ...]:
    """Say by when each month is to be closed."""
    return tuple(
        OpenReview(
            place=it.place,
            month=it.month,
            due=due_days(it.month, it.place, book),
            state=REVIEW_LIFE.start,
            review=None,
            alerted_at=None,
        )
        for it in found
    )


def _told(figures: Sequence[object]) -> str:
    return " / ".join(str(each) for each in figures)
