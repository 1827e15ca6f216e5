"""How notices are paid: the bank's lines, what they are to the notices, and what is overdue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.clearing.model import AgeBand, BankOutcome, Notice
from app.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class BankLine:
    """One line of a bank's confirmation; below zero the money came back (退票)."""

    line: int
    bank_reference: str
    reference: str
    payer: str
    payee: str
    amount: Money
    paid_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What a bank's line came to: `booked` is the change of what the claim has been paid."""

    line: BankLine
    outcome: BankOutcome
    claim_id: int | None
    booked: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A claim as its notices call for it: who pays whom under which references."""

    claim_id: int
    subject: str
    references: frozenset[str]
    insured_place: str
    treatment_place: str
    amount: Money
    paid: Money
    paid_on: date | None

    @property
    def payer(self) -> str:
        """Return who pays: the insured place, or of a credit the treatment place."""
        return self.treatment_place if self.amount.is_negative else self.insured_place

    @property
    def payee(self) -> str:
        """Return who is paid."""
        return self.insured_place if self.amount.is_negative else self.treatment_place


@dataclass(frozen=True, slots=True)
class TakenIn:
    """An import of bank lines: what each came to, and how many were known before."""

    payments: tuple[Payment, ...]
    known: int


@dataclass(frozen=True, slots=True)
class Aged:
    """An open notice, how many days it is overdue, and in which band of age."""

    notice: Notice
    days_overdue: int
    band: AgeBand


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeSum:
    """The open payable notices of one band of age."""

    band: AgeBand
    notices: int
    outstanding: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One payment to be made: a line of the advice for the payer's bank (付款清单)."""

    reference: str
    payer: str
    payee: str
    amount: Money
    pay_by: date
    notice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CityShare:
    """What one city of a province has in a claim (分市明细)."""

    city: str
    insured_place: str
    treatment_place: str
    settlements: int
    total: Money
    fund: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class YearStanding:
    """A year's clearing: what is still open in it, and when it closes."""

    year: int
    closes_on: date
    is_closed: bool
    uncleared: int
    unnoticed: int
    open_contests: int
    unpaid: int
