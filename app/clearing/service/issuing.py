"""Notices: issued for what is confirmed, read by their addressees, and watched until paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from app.clearing.errors import ClaimsUnconfirmed, ClearingUnknown, NoticeUnknown
from app.clearing.model import (
    LIFE,
    Clearing,
    ClearingEvent,
    ContestState,
    Issue,
    Notice,
    NoticeKind,
)
from app.clearing.model.confirming import Contest
from app.clearing.model.paying import Advice, Aged, AgeSum
from app.clearing.rules import contests, notices, payments, periods
from app.clearing.rules.notices import Ripe
from app.clearing.service import contests as contest_service
from app.clearing.service import find, places_of
from app.clearing.store import confirming as kept_standings
from app.clearing.store import contests as kept_contests
from app.clearing.store import notices as kept
from app.clearing.store import runs
from app.kernel.money import Money
from app.ledger import service as ledger
from app.ledger.entries import notice_issued
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work
from app.settlement import service as settlements


async def issue_notices(work: Work, number: str) -> Issue:
    """Call for every confirmed claim: number its notices, move the books to notified.

    Contested items roll out of their claims. What is not confirmed yet is noticed another time;
    the clearing is done once nothing is left.
    """
    clearing = await runs.locked(work.tx, work.caller.scope, number)
    if clearing is None:
        raise ClearingUnknown(clearing=number)
    state = LIFE.after(clearing.state, ClearingEvent.ISSUE_NOTICES)
    standings = await kept_standings.locked_standings(work.tx, clearing.id)
    held = await _held_contests(work, [it.claim.id for it in standings])
    period = periods.kept_period(clearing.period)
    ripe = notices.ripe(standings, held, period, work.today, work.book)
    waiting = sum(it.claim.noticed_at is None for it in standings) - len(ripe)
    if waiting and not ripe:
        raise ClaimsUnconfirmed(waiting=waiting)
    await _let_go(work, ripe)
    called = [notices.due_of(it) for it in ripe]
    due = notices.due_dates(work.today, work.book)
    drafts = notices.notices_of(called)
    await kept.issue(work.tx, drafts, due, at=work.now, day=work.today)
    await kept.mark_noticed(work.tx, [it.claim.id for it in called], work.now)
    if not waiting:
        await runs.move(work.tx, clearing, state, work.now)
    issued = await kept.issued(work.tx, [it.claim.id for it in called])
    _book(work, issued)
    payable, receivable = ([each for each in issued if each.kind is kind] for kind in NoticeKind)
    result = Issue(
        clearing=number,
        payable=len(payable),
        payable_fund=_fund(payable),
        receivable=len(receivable),
        receivable_fund=_fund(receivable),
        waiting=waiting,
        due=due,
    )
    assert result.payable_fund == result.receivable_fund, "both sides of a claim are one amount"
    work.record("clearing.issue_notices", number, notices=len(issued), waiting=waiting)
    places = places_of([it.claim for it in called])
    work.announce("clearing.noticed", number, places, {"pay_by": due.pay_by})
    return result


async def alert_overdue(work: Work) -> int:
    """Tell both sides, once, of every payable notice that has become overdue (逾期提醒).

    One that was paid and falls open again, since the bank returned it, is told of once more.
    """
    overdue = await kept.alert(work.tx, work.today, work.now)
    work.record("clearing.alert_overdue", work.today, notices=len(overdue))
    for number, places in overdue:
        work.announce("clearing.overdue", number, places, {"notice": number})
    return len(overdue)


async def notices_of(reading: Reading, number: str, page: PageAsked) -> Page[Notice]:
    """List the notices addressed to the caller."""
    clearing = await find(reading, number)
    found = await kept.notices(reading.rx, reading.caller.scope, page, clearing.id)
    return Page.of(found, page, lambda it: it.id)


async def notice(reading: Reading, number: str, notice_number: str) -> Notice:
    """Read one notice addressed to the caller."""
    clearing = await find(reading, number)
    scope = reading.caller.scope
    found = await kept.notice_by_number(reading.rx, scope, clearing.id, notice_number)
    if found is None:
        raise NoticeUnknown(notice=notice_number)
    return found


async def advice(reading: Reading, number: str) -> tuple[Clearing, tuple[Advice, ...]]:
    """List what the caller has to pay in a clearing, for its bank (付款清单)."""
    clearing = await find(reading, number)
    found = await kept.all_notices(reading.rx, reading.caller.scope, clearing.id)
    return clearing, payments.advice_of(found)


async def open_notices(reading: Reading, page: PageAsked, *, overdue: bool) -> Page[Aged]:
    """List the notices addressed to the caller that are not paid in full, with their age."""
    before = reading.today if overdue else kept.FOREVER
    found = await kept.open_notices(reading.rx, reading.caller.scope, page, before)
    shown = [payments.aged(each, reading.today) for each in found]
    return Page.of(shown, page, lambda it: it.notice.id)


async def ages(reading: Reading) -> tuple[date, tuple[AgeSum, ...]]:
    """Sum the caller's open payable notices by how long they are overdue (账龄)."""
    found = await kept.open_payable(reading.rx, reading.caller.scope)
    return reading.today, payments.age_sums(found, reading.today)


async def _held_contests(work: Work, claim_ids: Sequence[int]) -> Sequence[Contest]:
    """Read the contests of some claims; what is open is not cancelled until this is done."""
    held = await kept_contests.held_by(work.tx, claim_ids)
    still_open = [it.settlement for it in held if it.state is ContestState.OPEN]
    if not still_open:
        return held
    await settlements.hold(work, still_open)
    return await kept_contests.held_by(work.tx, claim_ids)


async def _let_go(work: Work, ripe: Sequence[Ripe]) -> None:
    """Roll what is contested out of the claims; let what can roll no further stand."""
    lapsing = [(each, contests.lapse(each)) for it in ripe for each in it.lapsing]
    if lapsing:
        await contest_service.end(work, lapsing, None)
    rolling = [each for it in ripe for each in it.rolling]
    if rolling:
        await kept_contests.roll(work.tx, rolling)


def _book(work: Work, issued: Sequence[Notice]) -> None:
    ledger.book(
        work,
        [
            notice_issued(
                each.number, work.today, each.party_place, each.counter_place, each.amount
            )
            for each in issued
            if each.kind is NoticeKind.PAYABLE
        ],
    )


def _fund(issued: Sequence[Notice]) -> Money:
    return Money.total(each.amount for each in issued)
