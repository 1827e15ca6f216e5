"""What can be done about declarations (申报): see a month's figures, declare them, list them."""

from __future__ import annotations

from app.kernel.calendar import Month
from app.kernel.parties import PartyKind
from app.kernel.regions import Scheme
from app.review.errors import DeclarationMade, ReviewForeign
from app.review.model.monthly import (
    Declaration,
    DeclarationAsked,
    MonthAsked,
    MonthFigures,
    MonthsWanted,
)
from app.review.rules import closing
from app.review.store import declarations as store
from app.review.store.stamp import Stamp
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work
from app.settlement import service as settlements

ONE = PageAsked("", 1)


async def declare(work: Work, asked: DeclarationAsked) -> Declaration:
    """Declare an institution's month with its own totals, which must be the hub's."""
    caller = work.caller
    place = settlements.paying_place(caller.region, asked.scheme)
    month = MonthAsked(place=place, month=asked.month)
    closing.require_over(asked.month, work.today)
    found = await store.figures(work.tx, caller.scope, month, caller.party, ONE)
    figures = closing.agreed(asked, found[0] if found else None)
    number = await store.keep(work.tx, month, asked.scheme, figures, Stamp.of(work))
    made = await store.last(work.tx, month, caller.party)
    assert made is not None, "kept, or found to have been"
    if number is None:
        raise DeclarationMade(declaration=made.number)
    work.record("declaration.make", number, month=asked.month, settlements=figures.settlements)
    body = {"institution": caller.party, "month": asked.month, "fund": figures.fund}
    work.announce("declaration.made", number, (place,), body)
    return made


async def figures(
    reading: Reading,
    month: Month,
    scheme: Scheme,
    place: str | None,
    institution: str | None,
    wanted: PageAsked,
) -> Page[MonthFigures]:
    """Total a month by institution as the hub has it now: what is to be declared."""
    kind = reading.caller.kind
    if place is None:
        if kind is PartyKind.OPERATOR:
            raise ReviewForeign
        place = settlements.paying_place(reading.caller.region, scheme)
    asked = MonthAsked(place=place, month=month)
    scope = reading.caller.scope
    found = await store.figures(reading.rx, scope, asked, institution, wanted)
    return Page.of(found, wanted, lambda it: it.institution)


async def declarations(
    reading: Reading, asked: MonthsWanted, wanted: PageAsked
) -> Page[Declaration]:
    """List the declarations the caller may see."""
    found = await store.page(reading.rx, reading.caller.scope, asked, wanted)
    return Page.of(found, wanted, lambda it: it.id)
