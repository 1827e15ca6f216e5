"""Usage as it stands, and the crossings that are told until somebody acknowledges them."""

from __future__ import annotations

from app.advance.errors import AdvanceForeign, CrossingUnknown
from app.advance.model.watching import Crossing, Usage, UsageAsked
from app.advance.rules import usage as rules
from app.advance.store import watching as kept
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work


async def usages(
    reading: Reading, page: PageAsked, *, pools: bool, place: str | None
) -> Page[Usage]:
    """List how far the advances of pairs, or of pools, are used at this moment (使用情况)."""
    days = reading.book.whole("advance.burn_days", reading.today)
    asked = UsageAsked(pools=pools, place=place, today=reading.today, burn_days=days)
    found = await kept.standings(reading.rx, reading.caller.scope, page, asked)
    return Page.of([rules.usage(it) for it in found], page, lambda it: it.standing.id)


async def crossings(reading: Reading, page: PageAsked, *, only_open: bool) -> Page[Crossing]:
    """List the crossings told to the caller; the operator sees everybody's."""
    found = await kept.crossings(reading.rx, reading.caller.scope, page, only_open=only_open)
    return Page.of(found, page, lambda it: it.id)


async def acknowledge(work: Work, number: str) -> Crossing:
    """Let the addressee say that it has read of a crossing; told no more after that (签收)."""
    it = await kept.crossing_by_number(work.tx, work.caller.scope, number)
    if it is None:
        raise CrossingUnknown(crossing=number)
    if work.caller.region != it.addressee:
        raise AdvanceForeign(place=it.addressee)
    await kept.acknowledge(work.tx, number, at=work.now, by=work.caller.client)
    work.record("advance.acknowledge", number, level=it.level)
    now = await kept.crossing_by_number(work.tx, work.caller.scope, number)
    assert now is not None, "crossings are never deleted"
    return now


async def repeat_alerts(work: Work) -> int:
    """Announce every crossing nobody has acknowledged again, once a day; return how many.

    For whoever does what is due: asking again on the same day announces nothing.
    """
    repeated = await kept.repeat(work.tx, work.today)
    for it in repeated:
        told = {
            "level": it.level,
            "insured_place": it.insured_place,
            "treatment_place": it.treatment_place,
            "used": it.used,
            "advance": it.advance,
        }
        work.announce("advance.crossed", it.number, (it.addressee,), told)
    work.record("advance.repeat_alerts", work.today, crossings=len(repeated))
    return len(repeated)
