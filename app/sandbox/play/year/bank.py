"""How a quarter's notices are paid in a play: in full, in parts, astray, returned, or too late."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial

from app.clearing.model import BankOutcome, Notice
from app.clearing.model.paying import BankLine
from app.clearing.model.reassigning import Decision, ReassignmentAsked, ReassignmentEvent
from app.clearing.service import paying, reassigning
from app.kernel.calendar import business_day
from app.kernel.money import ZERO, Money
from app.sandbox.casting import OPERATOR
from app.sandbox.play.deeds import Stage
from app.sandbox.play.report import Checks
from app.sandbox.play.year.agenda import Agenda, Deed
from app.sandbox.sender import agency, second_person

# Days after the notices were issued; the last is after the term to pay.
PAID, RETURNED, REASSIGNED, COMPLETED, AGAIN, LATE = 10, 11, 12, 16, 18, 45
ILLEGIBLE = "illegible"


class Way(enum.StrEnum):
    """How a notice is paid."""

    FULL = "full"
    PARTIAL = "partial"
    MISDIRECTED = "misdirected"
    RETURNED = "returned"
    LATE = "late"


WAYS = (Way.PARTIAL, Way.MISDIRECTED, Way.RETURNED, Way.LATE)


@dataclass(slots=True)
class Bank:
    """The banks of the insured places, and what their lines came to."""

    stage: Stage
    report: Checks
    agenda: Agenda
    ways: Counter[Way] = field(default_factory=Counter)
    outcomes: Counter[BankOutcome] = field(default_factory=Counter)
    received: Money = ZERO

    def expect(self, notices: Sequence[Notice], quarter: int) -> None:
        """Put down how each notice will be paid: four of them badly, and others each quarter."""
        day = business_day(self.stage.clock())
        owed = [it for it in notices if it.amount != ZERO]
        for order, it in enumerate(owed):
            turn = (order + quarter) % max(len(owed), 1)
            way = WAYS[turn] if turn < len(WAYS) else Way.FULL
            self.ways[way] += 1
            _PLANS[way](self, it, day)

    async def line(self, it: Notice, name: str, amount: Money, outcome: BankOutcome) -> None:
        """Report a line of the bank's, and hold what it comes to to what it should."""
        credit = it.amount.is_negative
        places = (it.party_place, it.counter_place)
        payer, payee = places[::-1] if credit else places
        astray = outcome is BankOutcome.MISDIRECTED
        line = BankLine(
            line=1,
            bank_reference=f"{name}{it.number}",
            reference=ILLEGIBLE if astray else it.number,
            payer=payer,
            payee=payee,
            amount=amount,
            paid_on=business_day(self.stage.clock()),
        )
        taken = await self.stage.do(
            f"{line.bank_reference}-bank",
            partial(paying.take_in, lines=[line]),
            agency(payer),
        )
        found = taken.payments[0].outcome
        if found is not outcome:
            self.report.expect(f"bank line {line.bank_reference}", found, outcome)
        self.outcomes[found] += 1
        if not astray:
            self._book(it, amount)

    async def reassign(self, it: Notice) -> None:
        """Put the payment that went astray to its notice, by two persons (错汇更正)."""
        asked = ReassignmentAsked(
            bank_reference=f"A{it.number}", notice=it.number, note="示例：附言有误"
        )
        made = await self.stage.do(
            f"{it.number}-reassign", lambda work: reassigning.propose(work, asked)
        )
        decision = Decision(event=ReassignmentEvent.APPROVE, note="示例：复核无误")
        await self.stage.do(
            f"{made.number}-decide",
            lambda work: reassigning.decide(work, made.number, decision),
            second_person(OPERATOR),
        )
        self._book(it, _owed(it))

    def _book(self, it: Notice, amount: Money) -> None:
        booked = -amount if it.amount.is_negative else amount
        self.received += booked
        self.stage.books.paid((it.party_place, it.counter_place), booked)

    def full(self, it: Notice, issued: date) -> None:
        """Pay in full and in time."""
        self._on(issued, PAID, partial(self.line, it, "A", _owed(it), BankOutcome.MATCHED))

    def in_parts(self, it: Notice, issued: date) -> None:
        """Pay a half, and the rest later (部分到账)."""
        half = Money(_owed(it).fen // 2)
        self._on(issued, PAID, partial(self.line, it, "A", half, BankOutcome.PARTIAL))
        rest = _owed(it) - half
        self._on(issued, COMPLETED, partial(self.line, it, "B", rest, BankOutcome.MATCHED))

    def misdirected(self, it: Notice, issued: date) -> None:
        """Pay under a reference nobody can read (错汇)."""
        self._on(issued, PAID, partial(self.line, it, "A", _owed(it), BankOutcome.MISDIRECTED))
        self._on(issued, REASSIGNED, partial(self.reassign, it))

    def returned(self, it: Notice, issued: date) -> None:
        """Pay, have it come back, and pay again (退票)."""
        owed = _owed(it)
        self._on(issued, PAID, partial(self.line, it, "A", owed, BankOutcome.MATCHED))
        self._on(issued, RETURNED, partial(self.line, it, "B", -owed, BankOutcome.RETURNED))
        self._on(issued, AGAIN, partial(self.line, it, "C", owed, BankOutcome.MATCHED))

    def late(self, it: Notice, issued: date) -> None:
        """Pay when both sides have been told that it is overdue (逾期)."""
        self._on(issued, LATE, partial(self.line, it, "A", _owed(it), BankOutcome.MATCHED))

    def _on(self, issued: date, days: int, deed: Deed) -> None:
        self.agenda.on(issued + timedelta(days=days), deed)


_PLANS = {
    Way.FULL: Bank.full,
    Way.PARTIAL: Bank.in_parts,
    Way.MISDIRECTED: Bank.misdirected,
    Way.RETURNED: Bank.returned,
    Way.LATE: Bank.late,
}


def _owed(it: Notice) -> Money:
    return -it.amount if it.amount.is_negative else it.amount
