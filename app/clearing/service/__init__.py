"""What can be done with a clearing: run it and read it; each further step is a room beside this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.clearing.errors import ClearingExists, ClearingUnknown, StatementUnknown
from app.clearing.model import (
    LIFE,
    Claim,
    Clearing,
    Item,
    Net,
    Opening,
    PairTotal,
    Run,
    Statement,
)
from app.clearing.model.paying import CityShare
from app.clearing.rules import cities, net, periods
from app.clearing.rules.confirming import confirm_by
from app.clearing.service import counting
from app.clearing.store import claims as kept_claims
from app.clearing.store import contests as kept_contests
from app.clearing.store import items as kept_items
from app.clearing.store import runs
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
        confirm_by=confirm_by(period, work.today, work.book),
    )
    opened = await runs.open_clearing(work.tx, opening)
    if opened is None:
        existing = await runs.number_of_period(work.tx, asked.scheme, str(period))
        raise ClearingExists(scheme=asked.scheme, period=str(period), clearing=existing)
    clearing_id, number = opened
    months = periods.months_of(period)
    await settlements.close_months(work, None, months[-1])
    held = await settlements.take_into_clearing(work, number, asked.scheme, months)
    waiting = await kept_contests.hold_waiting(work.tx, asked.scheme)
    pairs = await counting.totals(work.tx, asked.scheme, held, waiting)
    await kept_claims.make_claims(work.tx, clearing_id, pairs)
    await kept_contests.carry(work.tx, clearing_id, waiting)
    made = await runs.clearing_by_number(work.tx, work.caller.scope, number)
    assert made is not None, "it was opened in this transaction"
    work.record("clearing.run", number, scheme=asked.scheme, period=made.period)
    body = {"scheme": made.scheme, "period": made.period}
    work.announce("clearing.generated", number, places_of(pairs), body)
    return made


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
    clearing = await find(reading, number)
    found = await kept_items.items(
        reading.rx,
        reading.caller.scope,
        page,
        number=number,
        insured_place=insured_place,
        treatment_place=treatment_place,
    )
    period = periods.kept_period(clearing.period)
    linked = [
        replace(it, of_period=str(periods.of_period(it.business_day, period))) for it in found
    ]
    return Page.of(linked, page, lambda it: it.number)


async def city_shares(reading: Reading, number: str, place: str) -> tuple[CityShare, ...]:
    """Split a place's claims by the cities of its own side (分市明细)."""
    await statement(reading, number, place)
    found = await kept_items.shares(reading.rx, reading.caller.scope, number, place)
    return cities.by_city(found)


def places_of(claims: Sequence[Claim | PairTotal]) -> tuple[str, ...]:
    """Return every place on either side."""
    sides = {side for each in claims for side in (each.insured_place, each.treatment_place)}
    return tuple(sorted(sides))
