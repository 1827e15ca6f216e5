"""What can be done about declarations (申报): see a month's figures, declare them, list them."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresAsked:
    """A month of a place; no place: the caller's own, under a scheme."""

    month: Month
    scheme: Scheme
    place: str | None
    institution: str | None


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


async def figures(reading: Reading, asked: FiguresAsked, wanted: PageAsked) -> Page[MonthFigures]:
    """Total a month by institution as the hub has it now: what is to be declared."""
    caller, place = reading.caller, asked.place
    if place is None:
        if caller.kind is PartyKind.OPERATOR:
            raise ReviewForeign
        place = settlements.paying_place(caller.region, asked.scheme)
    month = MonthAsked(place=place, month=asked.month)
    found = await store.figures(reading.rx, caller.scope, month, asked.institution, wanted)
    return Page.of(found, wanted, lambda it: it.institution)


async def declarations(
    reading: Reading, asked: MonthsWanted, wanted: PageAsked
) -> Page[Declaration]:
    """List the declarations the caller may see."""
    found = await store.page(reading.rx, reading.caller.scope, asked, wanted)
    return Page.of(found, wanted, lambda it: it.id)
