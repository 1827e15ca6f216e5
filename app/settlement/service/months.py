"""The months settlements fall into, and what review and clearing do to settlements."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from app.kernel.calendar import Month
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.runtime.work import Work
from app.settlement import rules
from app.settlement.store import conceding, months
from app.settlement.store import grounds as grounds_store


def paying_place(region: str, scheme: Scheme) -> str:
    """Return the place that owes for a region: its province, or within a province its city."""
    return rules.paying_place(region, scheme)


async def open_months(
    work: Work, wanted: Collection[tuple[str, Month]]
) -> Mapping[tuple[str, Month], Month]:
    """Choose for each place and month the first month still open that is not before it.

    The months chosen are kept from closing until this transaction ends, as a settlement's is: what
    is written with one counts in it. Three statements, however many are wanted.
    """
    places = [place for place, _ in wanted]
    closed = await grounds_store.last_closed_of(work.tx, places)
    first = {
        (place, since): rules.earliest_month(since, work.today, closed.get(place))
        for place, since in wanted
    }
    asked = [(place, month) for (place, _), month in first.items()]
    held = await grounds_store.hold_months_of(work.tx, asked)
    closed = await grounds_store.last_closed_of(work.tx, places)
    return {
        (place, since): rules.open_month(
            [month for of, month in held if of == place and month >= earliest], closed.get(place)
        )
        for (place, since), earliest in first.items()
    }


async def close_months(work: Work, places: Sequence[str] | None, through: Month) -> None:
    """Close a month, and all before it, for some treatment places or for all (月度关账)."""
    closed = await months.close(work.tx, places, through, work.now)
    work.record("settlement.close_months", through, places=closed)


async def take_into_clearing(
    work: Work, clearing: str, scheme: Scheme, period: Sequence[Month]
) -> list[Month]:
    """Let a clearing hold a period's months, and those before that none holds; tell which."""
    taken = await months.take(work.tx, clearing, scheme, period)
    work.record("settlement.clear", clearing, months=taken)
    return taken


async def hold(work: Work, numbers: Sequence[str]) -> None:
    """Hold settlements, so that none is cancelled while a contest about it is answered."""
    await conceding.hold(work.tx, numbers)


async def concede(work: Work, taken: Mapping[str, Money]) -> None:
    """Note what is no longer owed of settlements, so that a cancellation takes the rest only."""
    await conceding.concede(work.tx, taken)
    for number, amount in taken.items():
        work.record("settlement.concede", number, amount=amount)


async def month_held(work: Work, place: str, closed: Month | None, *, held: bool) -> Month:
    """Choose the month this transaction keeps from closing: nearly always the day's own."""
    month = rules.month_of(work.today, closed)
    first = Month.of(work.today)
    if held and month == first:
        return month
    before = first if month == first else month.plus(-1)
    following = await grounds_store.hold_months_after(work.tx, place, before)
    closed = await grounds_store.last_closed(work.tx, place)
    return rules.open_month(following, closed)
