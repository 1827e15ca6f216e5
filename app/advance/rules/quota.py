"""How much an insured place keeps with a treatment place, every figure on the way explained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from app.advance.errors import AdvanceYearWrong
from app.advance.model import Pair, Quota, QuotaReason, QuotaRow, Terms
from app.kernel.basis import basis
from app.kernel.calendar import Month
from app.kernel.money import ZERO, Money
from app.kernel.regions import Scheme, city_of, province_of, scheme_between
from app.policy.book import PolicyBook


@basis("hub-default/advance-base", "hub-default/advance-quota", "hub-default/advance-floor")
def terms_of(year: int, day: date, book: PolicyBook) -> Terms:
    """The base period ends so many months before the year; the amounts are the policy's."""
    length = book.months("advance.base_months", day, of="length")
    last = Month(year, 1).plus(-1 - book.months("advance.base_months", day, of="gap"))
    return Terms(
        months=tuple(last.plus(n - length + 1) for n in range(length)),
        cover_months=book.months("advance.months_of_cover", day),
        floor=book.money("advance.floor_fen", day),
        step=book.money("advance.round_up_fen", day),
    )


@basis("hub-default/advance-base")
def require_year(year: int, terms: Terms, today: date) -> None:
    """Quotas are computed from the day the base period is over until the year is."""
    first_day, last_day = terms.months[-1].next().first, Month(year, 12).last
    if not first_day <= today <= last_day:
        raise AdvanceYearWrong(year=year, first_day=first_day, last_day=last_day)


@basis("hub-default/advance-quota", "hub-default/advance-floor", "hub-default/advance-rounding")
def quota(months: Sequence[Money], terms: Terms) -> Quota:
    """Months of cover × mean monthly fund amount, rounded up, and at least the floor (额度).

    It is computed from the sum of the base period, not from the mean shown beside it, so that only
    one figure is rounded: half up to the fen, then up to the full step. A sum below zero (more
    cancelled than settled) counts as nothing.
    """
    base = Money.total(months)
    counted = max(base, ZERO)
    exact = _ratio(counted, terms.cover_months, len(months))
    rounded = Money(-(-exact.fen // terms.step.fen) * terms.step.fen)
    reason = QuotaReason.HISTORY
    if rounded < terms.floor:
        reason = QuotaReason.FLOOR if counted.fen else QuotaReason.NEW_PAIR
    return Quota(
        base=base,
        mean=_ratio(counted, 1, len(months)),
        exact=exact,
        rounded=rounded,
        quota=max(rounded, terms.floor),
        reason=reason,
    )


@basis("hub-default/advance-floor", "hub-default/advance-float")
def worksheet(
    spent: Mapping[Pair, Mapping[Month, Money]],
    filed: Iterable[Pair],
    held: Mapping[Pair, Money],
    terms: Terms,
) -> tuple[QuotaRow, ...]:
    """One row for every pair that settled in the base period, has filings, or holds an advance."""
    pairs = sorted({*spent, *filed, *(pair for pair, amount in held.items() if amount.fen)})
    rows = []
    for pair in pairs:
        known = spent.get(pair, {})
        months = tuple(known.get(month, ZERO) for month in terms.months)
        rows.append(
            QuotaRow(
                pair=pair,
                months=months,
                figures=quota(months, terms),
                held=held.get(pair, ZERO),
            )
        )
    return tuple(rows)


@basis("hub-default/gross")
def pair_of(insured_region: str, treatment_region: str, scheme: Scheme) -> Pair:
    """Between provinces the province keeps and owes the advance, within one the city."""
    if scheme is Scheme.CROSS_PROVINCE:
        return Pair(province_of(insured_region), province_of(treatment_region))
    places = [city_of(it) or province_of(it) for it in (insured_region, treatment_region)]
    return Pair(places[0], places[1])


@basis("hub-default/gross")
def is_pair(pair: Pair) -> bool:
    """Two places keep an advance with each other where one owes the other by some scheme."""
    scheme = scheme_between(*pair.places)
    return scheme is not None and pair_of(*pair.places, scheme) == pair


@basis("hub-default/gross")
def is_of(pair: Pair, scheme: Scheme) -> bool:
    """A pair belongs to the scheme by which one of its places owes the other."""
    return scheme_between(*pair.places) is scheme


def _ratio(amount: Money, times: int, parts: int) -> Money:
    """Multiply, then divide, rounded half up to the fen."""
    return Money((2 * amount.fen * times + parts) // (2 * parts))
