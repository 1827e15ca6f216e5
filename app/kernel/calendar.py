"""The hub's days are China's days, wherever its servers think they are.

Months, quarters, corresponding days and working days are counted here and nowhere else.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

import chinese_calendar

from app.kernel.basis import basis

# China has kept UTC+8 without daylight saving since September 1991, long before work-injury
# insurance existed: a fixed offset is right for every date here and needs no zone data.
CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")

# What is asked for lies in these years: every instant in between has a day in China and every day a
# place in a column. The database's driver writes the last day Python knows, and the first, as
# infinity, and there is no month after the last.
YEAR_MIN, YEAR_MAX = 1900, 2999
MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
QUARTER = re.compile(r"([0-9]{4})Q([1-4])")
SATURDAY = 5


@basis("hub-default/civil-time")
def business_day(moment: datetime) -> date:
    """Return the calendar day in China on which `moment` falls."""
    assert moment.tzinfo is not None, "a moment without a zone is not a moment"
    return moment.astimezone(CHINA).date()


def is_within_reach(day: date) -> bool:
    """Say whether a day, or an instant's, is one that can be counted with and kept."""
    return YEAR_MIN <= day.year <= YEAR_MAX


@basis("civil-code/201-202")
def corresponding_day(day: date, months: int) -> date:
    """Return the last day of a period of `months` that starts on `day` (民法典 201, 202).

    The first day is not counted; the last is the corresponding day (对应日), or the month's last
    day where there is none.
    """
    there = Month.of(day).plus(months)
    return there.first.replace(day=min(day.day, there.last.day))


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month (月度), written 2025-07."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Month:
        """Return the month a day lies in."""
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read "2025-07"."""
        found = MONTH.fullmatch(text)
        if found is None:
            message = f"{text[:20]!r} is not a month such as 2025-07"
            raise ValueError(message)
        return cls(int(found[1]), int(found[2]))

    @property
    def first(self) -> date:
        """Return the first day."""
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        """Return the last day."""
        return date(self.year, self.number, monthrange(self.year, self.number)[1])

    @property
    def quarter(self) -> Quarter:
        """Return the quarter the month lies in."""
        return Quarter(self.year, (self.number + 2) // 3)

    def plus(self, months: int) -> Month:
        """Return the month so many months later (or earlier)."""
        years, month = divmod(self.number - 1 + months, 12)
        return Month(self.year + years, month + 1)

    def next(self) -> Month:
        """Return the month that follows."""
        return self.plus(1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A calendar quarter (季度), written 2025Q3."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Quarter:
        """Return the quarter a day lies in."""
        return Month.of(day).quarter

    @classmethod
    def parse(cls, text: str) -> Quarter:
        """Read "2025Q3"."""
        found = QUARTER.fullmatch(text)
        if found is None:
            message = f"{text[:20]!r} is not a quarter such as 2025Q3"
            raise ValueError(message)
        return cls(int(found[1]), int(found[2]))

    @property
    def months(self) -> tuple[Month, Month, Month]:
        """Return the three months, in order."""
        first = Month(self.year, self.number * 3 - 2)
        return first, first.plus(1), first.plus(2)

    @property
    def first(self) -> date:
        """Return the first day."""
        return self.months[0].first

    @property
    def last(self) -> date:
        """Return the last day."""
        return self.months[2].last

    def next(self) -> Quarter:
        """Return the quarter that follows."""
        return self.months[2].next().quarter

    def __str__(self) -> str:
        return f"{self.year:04d}Q{self.number}"


@dataclass(frozen=True, slots=True)
class WorkingDay:
    """A deadline in working days, and whether the holiday calendar it rests on was announced."""

    day: date
    announced: bool


@basis("hub-default/working-days")
def working_days_after(day: date, number: int) -> WorkingDay:
    """Count working days (工作日) from the day after `day`, shifted weekends included.

    The State Council announces a year's holidays in the autumn before it. A day of a year not
    announced yet counts as a working day when it is no weekend, and the answer says so.
    """
    if number < 1:
        message = f"{number} is not a number of working days"
        raise ValueError(message)
    announced = True
    while number:
        day += timedelta(days=1)
        known = _announced(day)
        announced = announced and known is not None
        number -= day.weekday() < SATURDAY if known is None else known
    return WorkingDay(day, announced)


def _announced(day: date) -> bool | None:
    """Say whether `day` is a working day by the announced calendar; None where there is none."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None
