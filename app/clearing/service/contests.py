"""Contests: read by both sides, answered by the treatment side."""

from __future__ import annotations

from collections.abc import Sequence

from app.clearing.errors import ClaimForeign, ContestUnknown
from app.clearing.model.confirming import Answered, Contest, ContestsAsked, Reply
from app.clearing.rules import contests
from app.clearing.store import contests as kept
from app.kernel.calendar import Month
from app.ledger import service as ledger
from app.ledger.entries import deduction_made
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work
from app.settlement import service as settlements


async def list_contests(reading: Reading, page: PageAsked, asked: ContestsAsked) -> Page[Contest]:
    """List the contests the caller is a side of."""
    found = await kept.contests(reading.rx, reading.caller.scope, page, asked)
    return Page.of(found, page, lambda it: it.id)


async def find_contest(reading: Reading, number: str) -> Contest:
    """Read one contest."""
    found = await kept.contest_by_number(reading.rx, reading.caller.scope, number)
    if found is None:
        raise ContestUnknown(contest=number)
    return found


async def reply(work: Work, number: str, asked: Reply) -> Contest:
    """Answer a contest; what is no longer owed is taken from the institution (争议答复)."""
    seen = await kept.contest_by_number(work.tx, work.caller.scope, number)
    if seen is None:
        raise ContestUnknown(contest=number)
    await settlements.hold(work, [seen.settlement])
    it = await kept.locked(work.tx, work.caller.scope, number)
    assert it is not None, "contests are never deleted"
    if work.caller.region != it.pair.treatment_place:
        raise ClaimForeign(place=it.pair.treatment_place)
    said = contests.answer(it, asked)
    await end(work, [(it, said)], asked.note)
    work.record("clearing.reply", number, state=said.state, agreed=said.agreed)
    places = (it.pair.insured_place, it.pair.treatment_place)
    told = {"state": said.state, "agreed": said.agreed, "settlement": it.settlement}
    work.announce("clearing.contest_answered", number, places, told)
    now = await kept.contest_by_number(work.tx, work.caller.scope, number)
    assert now is not None, "it was locked in this transaction"
    return now


async def end(work: Work, answered: Sequence[tuple[Contest, Answered]], note: str | None) -> None:
    """Keep answers, and book under the contests' numbers what the insured place no longer owes.

    The settlements are held, so that none is cancelled for more than what is left of it. What is
    taken from the institution counts in the month of its place that is open, kept from closing.
    """
    taken = [(it, it.fund - said.agreed) for it, said in answered if it.fund != said.agreed]
    since = {it.id: (it.pair.treatment_place, Month.of(it.business_day)) for it, _ in taken}
    months = await settlements.open_months(work, set(since.values())) if taken else {}
    dated = [(it, said, months[since[it.id]] if it.id in since else None) for it, said in answered]
    await kept.answer(work.tx, dated, note=note, at=work.now, client=work.caller.client)
    if not taken:
        return
    await settlements.concede(work, {it.settlement: amount for it, amount in taken})
    entries = [
        deduction_made(
            it.number,
            work.today,
            it.pair.insured_place,
            it.pair.treatment_place,
            it.institution,
            amount,
        )
        for it, amount in taken
    ]
    ledger.book(work, entries)
    for it, amount in taken:
        body = {"settlement": it.settlement, "amount": amount, "month": months[since[it.id]]}
        # On whose statement it is found, and who pays it out.
        parties = (it.institution, it.pair.treatment_place)
        work.announce("clearing.conceded", it.number, parties, body)
