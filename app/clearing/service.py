"""What can be done with a clearing: run it, read it, issue its notices."""

from __future__ import annotations

from collections.abc import Sequence

from app.clearing.errors import ClearingExists, ClearingUnknown, StatementUnknown
from app.clearing.model import (
    LIFE,
    Claim,
    Clearing,
    ClearingEvent,
    Issue,
    Item,
    Net,
    Notice,
    NoticeKind,
    Opening,
    Run,
    Statement,
)
from app.clearing.rules import net, notices, periods
from app.clearing.store import claims as kept_claims
from app.clearing.store import notices as kept_notices
from app.clearing.store import runs
from app.kernel.money import Money
from app.ledger import service as ledger
from app.ledger.entries import notice_issued
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work
from app.settlement import service as settlements


async def run(work: Work, asked: Run) -> Clearing:
    """Clear a period that is over: close its months, take its settlements in, claim them.

    The months are closed under the lock that every settlement's month is fixed under, so that
    each settlement is in exactly one clearing whatever is settled meanwhile.
    """
    period = periods.period_of(asked.period, work.book)
    periods.require_over(period, work.today)
    opening = Opening(
        scheme=asked.scheme,
        period=str(period),
        state=LIFE.start,
        at=work.now,
        by=work.caller.client,
        policy_version=work.book.version,
    )
    opened = await runs.open_clearing(work.tx, opening)
    if opened is None:
        existing = await runs.number_of_period(work.tx, asked.scheme, str(period))
        raise ClearingExists(scheme=asked.scheme, period=str(period), clearing=existing)
    clearing_id, number = opened
    months = periods.months_of(period)
    await settlements.close_months(work, None, months[-1])
    pairs = await settlements.take_into_clearing(work, number, asked.scheme, months)
    await kept_claims.make_claims(work.tx, clearing_id, pairs)
    made = await runs.clearing_by_number(work.tx, work.caller.scope, number)
    assert made is not None, "it was opened in this transaction"
    claims = await kept_claims.claims(work.tx, work.caller.scope, clearing_id)
    work.record("clearing.run", number, scheme=asked.scheme, period=made.period)
    body = {"scheme": made.scheme, "period": made.period}
    work.announce("clearing.generated", number, _places(claims), body)
    return made


async def issue_notices(work: Work, number: str) -> Issue:
    """Call for every claim: number its notices, and move the books from uncleared to notified."""
    scope = work.caller.scope
    clearing = await runs.locked(work.tx, scope, number)
    if clearing is None:
        raise ClearingUnknown(clearing=number)
    state = LIFE.after(clearing.state, ClearingEvent.ISSUE_NOTICES)
    claims = await kept_claims.claims(work.tx, scope, clearing.id)
    due = notices.due_dates(work.today, work.book)
    drafts = notices.notices_of(claims)
    await kept_notices.issue(work.tx, drafts, due, at=work.now, day=work.today)
    await runs.move(work.tx, clearing, state, work.now)
    issued = await kept_notices.issued(work.tx, clearing.id)
    payable = [each for each in issued if each.kind is NoticeKind.PAYABLE]
    receivable = [each for each in issued if each.kind is NoticeKind.RECEIVABLE]
    ledger.book(
        work,
        [
            notice_issued(
                each.number, work.today, each.party_place, each.counter_place, each.totals.fund
            )
            for each in payable
        ],
    )
    result = Issue(
        clearing=number,
        payable=len(payable),
        payable_fund=_fund(payable),
        receivable=len(receivable),
        receivable_fund=_fund(receivable),
        due=due,
    )
    assert result.payable_fund == result.receivable_fund, "both sides of a claim are one amount"
    work.record("clearing.issue_notices", number, notices=len(issued))
    work.announce("clearing.noticed", number, _places(claims), {"pay_by": due.pay_by})
    return result


async def clearings(reading: Reading, page: PageAsked) -> Page[Clearing]:
    """List the clearings the caller has a part in."""
    found = await runs.clearings(reading.rx, reading.caller.scope, page)
    return Page.of(found, page, lambda it: it.id)


async def find(reading: Reading, number: str) -> Clearing:
    """Read one clearing."""
    found = await runs.clearing_by_number(reading.rx, reading.caller.scope, number)
    if found is None:
        raise ClearingUnknown(clearing=number)
    return found


async def nets(reading: Reading, number: str, page: PageAsked) -> Page[Net]:
    """List what each place pays and receives, for the places the caller governs."""
    clearing = await find(reading, number)
    claims = await kept_claims.claims(reading.rx, reading.caller.scope, clearing.id)
    governed = [
        each
        for each in net.nets_of(claims)
        if reading.caller.governs(each.place) and each.place > page.after
    ]
    return Page.of(governed, page, lambda it: it.place)


async def statement(reading: Reading, number: str, place: str) -> Statement:
    """Read one place's statement."""
    clearing = await find(reading, number)
    claims = await kept_claims.claims(reading.rx, reading.caller.scope, clearing.id)
    drawn = net.statement_of(place, claims)
    if not reading.caller.governs(place) or not (drawn.payable or drawn.receivable):
        raise StatementUnknown(clearing=number, place=place)
    return drawn


async def items(
    reading: Reading,
    number: str,
    page: PageAsked,
    *,
    insured_place: str | None,
    treatment_place: str | None,
) -> Page[Item]:
    """List the settlements in a clearing that the caller is a side of."""
    await find(reading, number)
    found = await kept_claims.items(
        reading.rx,
        reading.caller.scope,
        page,
        number=number,
        insured_place=insured_place,
        treatment_place=treatment_place,
    )
    return Page.of(found, page, lambda it: it.number)


async def notices_of(reading: Reading, number: str, page: PageAsked) -> Page[Notice]:
    """List the notices addressed to the caller."""
    clearing = await find(reading, number)
    found = await kept_notices.notices(reading.rx, reading.caller.scope, page, clearing.id)
    return Page.of(found, page, lambda it: it.id)


def _places(claims: Sequence[Claim]) -> tuple[str, ...]:
    sides = {side for each in claims for side in (each.insured_place, each.treatment_place)}
    return tuple(sorted(sides))


def _fund(issued: Sequence[Notice]) -> Money:
    return Money.total(each.totals.fund for each in issued)
