"""What can be done about a month: close it, upload it, ask for its money, tell who is late.

A month is closed under the lock that every settlement and final deduction fixes its month under, so
that the statement holds everything of the month, whatever happens meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.kernel.calendar import Month
from app.kernel.parties import PartyKind
from app.parties import service as parties
from app.review.errors import ReviewExists, ReviewForeign, ReviewUnknown
from app.review.model.monthly import (
    REVIEW_LIFE,
    CloseAsked,
    FundRequest,
    MonthAsked,
    MonthsWanted,
    OpenReview,
    Review,
    ReviewEvent,
    ReviewLine,
    UploadAsked,
)
from app.review.rules import closing
from app.review.store import closing as store
from app.review.store import declarations
from app.review.store import reviews as kept
from app.review.store.stamp import Stamp
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work
from app.settlement import service as settlements

INSTITUTIONS_MAX = 10_000


async def close(work: Work, asked: CloseAsked) -> Review:
    """Close a month of a place: no settlement or deduction falls into it any more (月度关账).

    Deductions still open are carried into a later month; who has not declared is declared for.
    """
    if work.caller.kind is not PartyKind.AGENCY or not work.caller.governs(asked.place):
        raise ReviewForeign
    await parties.region(work.tx, asked.place)
    month = MonthAsked(place=asked.place, month=asked.month)
    await store.hold(work.tx, asked.place)
    existing = await kept.number_of(work.tx, month)
    if existing is not None:
        raise ReviewExists(review=existing)
    closing.require_ruled(asked.month, asked.place, work.book)
    earliest, before = asked.month.plus(-closing.BACK), asked.month.plus(-1)
    open_before = await store.unclosed(work.tx, earliest, before, place=asked.place, scope=None)
    closing.require_closable(asked, [it.month for it in open_before], work.today)
    await settlements.close_months(work, [asked.place], asked.month)
    scheme = closing.scheme_of(asked.place)
    declared = await declarations.declare_rest(work.tx, month, scheme, Stamp.of(work))
    number = await store.close(
        work.tx,
        month,
        scheme,
        closing.due_days(asked.month, asked.place, work.book),
        Stamp.of(work),
    )
    work.record("review.close", number, place=asked.place, month=asked.month, declared=declared)
    made = await _shown(work, number)
    body = {"place": asked.place, "month": asked.month, "due": made.totals.due}
    work.announce("review.closed", number, (asked.place,), body)
    return made


async def upload(work: Work, number: str, asked: UploadAsked) -> Review:
    """Take in the control totals of a closed month (上传)."""
    it = await _locked(work, number)
    REVIEW_LIFE.after(it.state, ReviewEvent.UPLOAD)
    closing.require_control_totals(asked, it)
    await store.upload(work.tx, number, Stamp.of(work))
    work.record("review.upload", number)
    return await _shown(work, number)


async def request_funds(work: Work, number: str) -> Review:
    """Ask finance for what an uploaded month owes to institutions (用款申请)."""
    it = await _locked(work, number)
    REVIEW_LIFE.after(it.state, ReviewEvent.REQUEST)
    await store.request(work.tx, number, Stamp.of(work))
    made = await _shown(work, number)
    work.record("review.request_funds", number, request=made.request, due=made.totals.due)
    body = {"request": made.request, "month": made.month, "due": made.totals.due}
    work.announce("review.requested", number, (made.place,), body)
    return made


async def alert_unclosed(work: Work) -> int:
    """Tell each place, once, of a month it should have closed by now; tell how many."""
    last = Month.of(work.today).plus(-1)
    found = await store.unclosed(work.tx, last.plus(-closing.BACK), last, place=None, scope=None)
    overdue = closing.unclosed(found, work.today, work.book)
    alerted = await store.alert(work.tx, overdue, work.now) if overdue else []
    work.record("review.alert_unclosed", work.today, months=len(alerted))
    days = {(it.place, it.month): it.due.review_by for it in overdue}
    for it in alerted:
        body = {"place": it.place, "month": it.month, "review_by": days[it.place, it.month]}
        work.announce("review.overdue", f"{it.place} {it.month}", (it.place,), body)
    return len(alerted)


async def find(reading: Reading, number: str) -> Review:
    """Show a closed month."""
    found = await kept.find(reading.rx, reading.caller.scope, number)
    if found is None:
        raise ReviewUnknown
    return found


async def reviews(reading: Reading, asked: MonthsWanted, wanted: PageAsked) -> Page[Review]:
    """List the closed months the caller may see."""
    found = await kept.page(reading.rx, reading.caller.scope, asked, wanted)
    return Page.of(found, wanted, lambda it: it.id)


async def lines(reading: Reading, number: str, wanted: PageAsked) -> Page[ReviewLine]:
    """List what a closed month comes to, by institution."""
    it = await find(reading, number)
    found = await kept.lines(reading.rx, it.id, wanted.after, wanted.rows + 1)
    return Page.of(found, wanted, lambda line: line.institution)


async def fund_request(reading: Reading, number: str) -> FundRequest:
    """Show what is asked of finance for a month, as a document does (用款申请表)."""
    it = await find(reading, number)
    if it.request is None:
        raise ReviewUnknown
    return FundRequest(
        number=it.request,
        review=it,
        place_name=await kept.name_of(reading.rx, it.place),
        institutions=await kept.lines(reading.rx, it.id, "", INSTITUTIONS_MAX),
        insured_places=await kept.by_insured_place(reading.rx, it),
    )


async def open_reviews(reading: Reading) -> Sequence[OpenReview]:
    """List the months over that the caller's places have to close, or to ask the money of.

    Each says by which day; oldest month first.
    """
    scope = reading.caller.scope
    last = Month.of(reading.today).plus(-1)
    first = last.plus(-closing.BACK)
    found = await store.unclosed(reading.rx, first, last, place=None, scope=scope)
    alerted = await store.alerts(reading.rx, scope)
    unclosed = [
        replace(it, alerted_at=alerted.get((it.place, it.month)))
        for it in closing.with_days(found, reading.book)
    ]
    unasked = await store.unasked(reading.rx, scope)
    return sorted([*unclosed, *unasked], key=lambda it: (it.month, it.place))


async def _locked(work: Work, number: str) -> Review:
    found = await kept.locked(work.tx, work.caller.scope, number)
    if found is None:
        raise ReviewUnknown
    return found


async def _shown(work: Work, number: str) -> Review:
    found = await kept.find(work.tx, work.caller.scope, number)
    assert found is not None, "it was written by this transaction, or is held"
    return found
