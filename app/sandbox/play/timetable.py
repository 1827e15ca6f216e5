"""Which day of the month brings what: made of the traffic plan, and filings that run out in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import count

from app.kernel.calendar import Month, corresponding_day
from app.kernel.money import Money
from app.sandbox.people import SyntheticPerson, person
from app.sandbox.traffic import PlannedCase, PlannedVisit, plan

FIRST_PERSON = 12_000_000
EXPIRING_EVERY = 20  # one filing that runs out for so many settlements
EXPIRING_A_YEAR = 400  # one a month for so many settlements
CANCELLED_EVERY = 100
REVERSED = 7  # of so many, which is reversed
TURNED_AWAY_MAX = 10
MONTHS_IN_A_YEAR = 12
REFERRAL_MONTHS = 6
DAYS_IN_EVERY_MONTH = 28
BEIJING = "110000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """One planned visit of a case.

    `again`: it is settled, cancelled and settled once more; `reversed`: its message is reversed,
    and it is settled by another.
    """

    number: int
    case: PlannedCase
    visit: PlannedVisit
    again: bool
    reversed: bool = False

    @property
    def last_day(self) -> date:
        """Return the day it is settled on."""
        return self.visit.discharged_on or self.visit.admitted_on

    @property
    def total(self) -> Money:
        """Return what is charged."""
        return Money.total(line.amount for line in self.visit.lines)

    @property
    def pair(self) -> tuple[str, str]:
        """Return insured and treatment place."""
        return self.case.insured_province, self.case.treatment_province

    @property
    def who(self) -> SyntheticPerson:
        """Return whom it is about."""
        return person(FIRST_PERSON + self.case.person, self.case.insured_place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiring:
    """A referral filed half a year ago that runs out within the month."""

    number: int
    filed_on: date

    @property
    def last_day(self) -> date:
        """Return its last day."""
        return corresponding_day(self.filed_on, REFERRAL_MONTHS)

    @property
    def who(self) -> SyntheticPerson:
        """Return whose it is."""
        return person(FIRST_PERSON + 1_000_000 + self.number, BEIJING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """Somebody of one province who lives in another, filed at the beginning."""

    number: int
    insured_province: str
    treatment_province: str
    decided_on: date

    @property
    def who(self) -> SyntheticPerson:
        """Return whose it is."""
        return person(FIRST_PERSON + 2_000_000 + self.number, self.insured_province)


@dataclass(slots=True)
class Day:
    """What happens on one day."""

    expiring: list[Expiring] = field(default_factory=list)
    residents: list[Resident] = field(default_factory=list)
    cases: list[tuple[PlannedCase, SyntheticPerson]] = field(default_factory=list)
    turned_away: list[Expiring] = field(default_factory=list)
    admissions: list[Stay] = field(default_factory=list)
    settlements: list[Stay] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Timetable:
    """The days on which something happens, and the settlements among it."""

    days: dict[date, Day]
    stays: tuple[Stay, ...]
    expiring: tuple[Expiring, ...]


def timetable(month: Month, settlements: int, seed: int) -> Timetable:
    """Plan a month with exactly so many settlements."""
    stays = tuple(_stays(plan(settlements, 1, seed, month), settlements))
    expiring = tuple(_expiring(month, max(settlements // EXPIRING_EVERY, 1)))
    return _by_day(stays, expiring)


def year_table(year: int, among: Sequence[str], settlements: int, seed: int) -> Timetable:
    """Plan a year between some provinces; every pair of them has somebody who lives elsewhere."""
    first = Month(year, 1)
    cases = plan(settlements, MONTHS_IN_A_YEAR, seed, first, frozenset(among))
    stays = tuple(_stays(cases, settlements))
    # Those who filed in the first months run out in the last.
    a_month = 1 + settlements // EXPIRING_A_YEAR
    run_out = [
        it
        for month in range(REFERRAL_MONTHS)
        for it in _expiring(first.plus(REFERRAL_MONTHS + month), a_month)
    ]
    expiring = tuple(replace(it, number=number) for number, it in enumerate(run_out))
    table = _by_day(stays, expiring)
    pairs = [(i, t) for i in sorted(among) for t in sorted(among) if i != t]
    table.days.setdefault(first.first, Day()).residents += [
        Resident(
            number=number, insured_province=i, treatment_province=t, decided_on=first.plus(-1).first
        )
        for number, (i, t) in enumerate(pairs)
    ]
    return table


def _by_day(stays: tuple[Stay, ...], expiring: tuple[Expiring, ...]) -> Timetable:
    days: defaultdict[date, Day] = defaultdict(Day)
    for first in {it.case.number: it for it in reversed(stays)}.values():
        days[first.case.filing.first_day].cases.append((first.case, first.who))
    for it in stays:
        days[it.visit.admitted_on].admissions.append(it)
        days[it.last_day].settlements.append(it)
    for each in expiring:
        days[each.filed_on].expiring.append(each)
    for each in expiring[:TURNED_AWAY_MAX]:
        days[each.last_day + timedelta(days=1)].turned_away.append(each)
    return Timetable({day: days[day] for day in sorted(days)}, stays, expiring)


def _stays(cases: Iterable[PlannedCase], settlements: int) -> Iterator[Stay]:
    numbers = count(1)
    for case in cases:
        for visit in case.visits:
            number = next(numbers)
            if number > settlements:
                return
            again = number % CANCELLED_EVERY == 1
            undone = number % CANCELLED_EVERY == REVERSED
            yield Stay(number=number, case=case, visit=visit, again=again, reversed=undone)


def _expiring(month: Month, number: int) -> Iterator[Expiring]:
    first = month.plus(-REFERRAL_MONTHS).first
    for each in range(number):
        day = first + timedelta(days=each % DAYS_IN_EVERY_MONTH)
        yield Expiring(number=each, filed_on=day)
