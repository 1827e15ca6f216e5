"""A plan of national traffic: who is insured where, treated where, when, for what, at what price.

Pure: the same arguments always give the same plan; one of more workers begins with that of fewer.
Loading a plan into a hub is somebody else's work.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import accumulate

from app.kernel.calendar import Month, corresponding_day
from app.sandbox.dice import Dice
from app.sandbox.fees import PlannedLine, fitting_lines, stay_lines
from app.sandbox.places import SeededInstitution, cities_of, institutions_in

FIRST_MONTH = Month(2024, 4)  # direct settlement across provinces began

# From the busiest: where injured workers are insured, and where they are treated.
SENDING = (
    "410000", "340000", "130000", "510000", "430000", "360000", "420000", "370000",
    "520000", "450000", "610000", "140000", "320000", "500000", "230000", "220000",
    "530000", "210000", "620000", "150000", "330000", "350000", "440000", "650000",
    "110000", "310000", "120000", "640000", "630000", "460000", "660000", "540000",
)  # fmt: skip
RECEIVING = (
    "110000", "310000", "440000", "320000", "330000", "370000", "510000", "420000",
    "120000", "500000", "430000", "610000", "210000", "410000", "340000", "350000",
    "220000", "130000", "230000", "530000", "360000", "450000", "140000", "650000",
    "150000", "520000", "620000", "460000", "640000", "630000", "660000", "540000",
)  # fmt: skip

# Running totals of weights.
FILING_KINDS, FILING_SHARES = ("residence", "posting", "referral"), (40, 75, 100)
COST_KINDS, COST_SHARES = ("medical", "rehabilitation", "device"), (78, 93, 100)
# National terms, and the shortest time any province leaves between a referral and the admission.
TERM_MONTHS = {"residence": 12, "posting": 12, "referral": 6}
LEAD_DAYS = {"residence": 150, "posting": 150, "referral": 25}
REFERRAL_DAYS_MAX = 30

STAY_DAYS = {"medical": (3, 22), "rehabilitation": (10, 26)}
DETERMINED_BEFORE_DAYS = (10, 700)
RECURRENCE = 12
READMITTED = 8
STAYS_MAX = 3
GAP_DAYS = (2, 25)
Pairs = tuple[tuple[tuple[str, str], ...], tuple[float, ...]]
CITIES_NAMED = 40  # per cent of filings that name a city rather than the province


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFiling:
    """Leave (备案) to be treated elsewhere; both days are usable."""

    kind: str
    treatment_place: str
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedVisit:
    """An inpatient stay, or a fitting: then nobody is discharged."""

    institution: str
    admitted_on: date
    discharged_on: date | None
    lines: tuple[PlannedLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCase:
    """One worker's way through the hub: determination, filing, and one to three visits."""

    number: int
    person: int
    insured_place: str
    insured_province: str
    treatment_province: str
    determination_kind: str
    determined_on: date
    cost_kind: str
    filing: PlannedFiling
    visits: tuple[PlannedVisit, ...]


def plan(
    workers: int,
    months: int,
    seed: int,
    first_month: Month,
    among: frozenset[str] = frozenset(SENDING),
) -> Iterator[PlannedCase]:
    """Plan the traffic of so many workers, one filing each, within so many months.

    `among` keeps it between some provinces.
    """
    if workers < 0 or months < 1 or first_month < FIRST_MONTH:
        message = f"a plan has workers, at least one month, and starts in {FIRST_MONTH} or later"
        raise ValueError(message)
    first, last = first_month.first, first_month.plus(months - 1).last
    pairs = _pairs(among)
    return (_case(index, seed, (first, last), pairs) for index in range(workers))


@cache
def _pairs(among: frozenset[str]) -> Pairs:
    """Return the ordered pairs (of all provinces, 992), busiest first, with Zipf's totals."""
    ranked = sorted(
        ((i + 1) * (t + 1), i, t)
        for i, insured in enumerate(SENDING)
        for t, treatment in enumerate(RECEIVING)
        if insured != treatment and {insured, treatment} <= among
    )
    pairs = tuple((SENDING[i], RECEIVING[t]) for _, i, t in ranked)
    return pairs, tuple(accumulate(1 / rank for rank in range(1, len(pairs) + 1)))


def _case(index: int, seed: int, span: tuple[date, date], pairs: Pairs) -> PlannedCase:
    first, last = span
    dice = Dice(f"traffic {seed} {first} {last} {index}")
    insured, treatment = dice.weighted(*pairs)
    cost_kind = dice.weighted(COST_KINDS, COST_SHARES)
    insured_place = _busy_city(dice, insured)
    institution = dice.one_of(institutions_in(treatment, cost_kind))
    days = dice.whole(*STAY_DAYS[cost_kind]) if cost_kind in STAY_DAYS else 0
    admitted = first + timedelta(days=dice.whole(0, (last - first).days - days))
    filing = _filing(dice, institution, treatment, first=first, admitted=admitted)
    return PlannedCase(
        number=index + 1,
        person=index,
        insured_place=insured_place,
        insured_province=insured,
        treatment_province=treatment,
        determination_kind=_determination_kind(dice, cost_kind),
        determined_on=filing.first_day - timedelta(days=dice.whole(*DETERMINED_BEFORE_DAYS)),
        cost_kind=cost_kind,
        filing=filing,
        visits=tuple(
            _fitting(dice, insured, institution, admitted)
            if cost_kind == "device"
            else _stay(dice, treatment, cost_kind, institution, span)
            for span in _stays(dice, cost_kind, filing, admitted, days=days, last=last)
        ),
    )


def _busy_city(dice: Dice, province: str) -> str:
    """Pick a city; those that come first in the code list have more workers."""
    cities = cities_of(province)
    return cities[min(dice.whole(0, len(cities) - 1), dice.whole(0, len(cities) - 1))]


def _determination_kind(dice: Dice, cost_kind: str) -> str:
    """Medical cost rests on the injury or its recurrence, the others on their own confirmation."""
    if cost_kind != "medical":
        return cost_kind
    return "recurrence" if dice.happens(RECURRENCE) else "injury"


def _filing(
    dice: Dice, institution: SeededInstitution, treatment: str, *, first: date, admitted: date
) -> PlannedFiling:
    """File on the day of admission or before it, never before the plan begins."""
    kind = dice.weighted(FILING_KINDS, FILING_SHARES)
    lead = min(dice.whole(0, LEAD_DAYS[kind]), (admitted - first).days)
    filed_on = admitted - timedelta(days=lead)
    return PlannedFiling(
        kind=kind,
        treatment_place=institution.region if dice.happens(CITIES_NAMED) else treatment,
        first_day=filed_on,
        last_day=corresponding_day(filed_on, TERM_MONTHS[kind]),
    )


def _stays(
    dice: Dice, cost_kind: str, filing: PlannedFiling, admitted: date, *, days: int, last: date
) -> Iterator[tuple[date, int]]:
    """Yield first day and length of each stay; a few workers come back under the same filing."""
    yield admitted, days
    deadline = filing.last_day
    if filing.kind == "referral":
        deadline = filing.first_day + timedelta(days=REFERRAL_DAYS_MAX)
    for _ in range(STAYS_MAX - 1):
        if cost_kind != "medical" or not dice.happens(READMITTED):
            return
        admitted += timedelta(days=days + dice.whole(*GAP_DAYS))
        days = dice.whole(*STAY_DAYS[cost_kind])
        if admitted > deadline or admitted + timedelta(days=days) > last:
            return
        yield admitted, days


def _stay(
    dice: Dice,
    treatment: str,
    cost_kind: str,
    institution: SeededInstitution,
    span: tuple[date, int],
) -> PlannedVisit:
    admitted, days = span
    lines = stay_lines(
        dice,
        treatment,
        cost_kind=cost_kind,
        grade=institution.grade,
        first=admitted,
        days=days,
    )
    return PlannedVisit(
        institution=institution.code,
        admitted_on=admitted,
        discharged_on=admitted + timedelta(days=days),
        lines=lines,
    )


def _fitting(dice: Dice, insured: str, institution: SeededInstitution, day: date) -> PlannedVisit:
    return PlannedVisit(
        institution=institution.code,
        admitted_on=day,
        discharged_on=None,
        lines=fitting_lines(dice, insured, day),
    )
