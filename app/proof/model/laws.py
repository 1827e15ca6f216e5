"""What a law is, what differs where one does not hold, and what a proof reports of them all."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from app.kernel.money import Money


class Unit(enum.StrEnum):
    """What two figures that differ count 计量单位."""

    FEN = "fen"  # 分
    COUNT = "count"  # 笔数
    DAYS = "days"  # 天数


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """Two figures that must be one; `found` and `expected` say which two, in both languages.

    A warning is a law about time: it alarms, and the books add up all the same.
    """

    code: str
    title: str
    title_zh: str
    found: str
    found_zh: str
    expected: str
    expected_zh: str
    unit: Unit = Unit.FEN
    warning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where a law does not hold: whose it is, and the two figures that ought to be one."""

    subject: str | None
    insured_place: str | None
    treatment_place: str | None
    institution: str | None
    period: str | None
    found: int
    expected: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A law, and the first difference from it if there is one."""

    law: Law
    difference: Difference | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much was gone through."""

    accounts: int
    entries: int
    postings: int
    turnover: Money
    settlements: int
    claims: int
    notices: int
    payments: int
    seals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Every law held against the whole hub (账账相符、账款相符)."""

    extent: Extent
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Say whether everything adds up."""
        return not self.broken

    @property
    def broken(self) -> tuple[Finding, ...]:
        """Return the laws that do not hold, in the order of the laws."""
        return tuple(it for it in self._different if not it.law.warning)

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """Return what is late."""
        return tuple(it for it in self._different if it.law.warning)

    @property
    def first(self) -> Finding | None:
        """Return the first law that does not hold."""
        return next(iter(self.broken), None)

    @property
    def _different(self) -> tuple[Finding, ...]:
        return tuple(it for it in self.findings if it.difference is not None)
