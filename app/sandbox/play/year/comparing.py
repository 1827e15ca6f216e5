"""Daily reconciliation in a play: an institution's day beside the hub's, differences repaired."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from app.kernel.money import ZERO, Money
from app.review import service as review
from app.review.model import (
    DayTotals,
    DifferenceKind,
    DifferenceState,
    KeptDifference,
    Reconciled,
    ReconciliationAsked,
    ReconciliationState,
    RepairAct,
    RepairAsked,
    SenderRow,
)
from app.sandbox.dice import Dice
from app.sandbox.play.deeds import Stage
from app.sandbox.play.timetable import Stay
from app.sandbox.sender import institution

STRANGER = "A0000002601010000001"
# What is wrong with an institution's books on a day, one after another.
FAULTS = (None, DifferenceKind.ONLY_HUB, DifferenceKind.DIFFERENT, DifferenceKind.ONLY_SENDER)


@dataclass(slots=True)
class Comparing:
    """The days compared, and the differences found and repaired."""

    stage: Stage
    seed: int
    days: int = 0
    repaired: Counter[DifferenceKind] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    async def compare(self, day: date, of: Sequence[Stay]) -> None:
        """Let one institution of those that settled on a day compare it, repairing what differs."""
        at: defaultdict[str, list[Stay]] = defaultdict(list)
        for it in of:
            at[it.visit.institution].append(it)
        plain = [its for its in at.values() if not any(it.again or it.reversed for it in its)]
        if not plain:
            return
        dice = Dice(f"comparing {self.seed} {day}")
        its = dice.one_of(plain)
        fault = FAULTS[self.days % len(FAULTS)]
        self.days += 1
        await self._compare(day, its[0].visit.institution, self._rows(its, fault), fault)

    async def _compare(
        self,
        day: date,
        code: str,
        rows: tuple[SenderRow, ...],
        fault: DifferenceKind | None,
    ) -> None:
        asked = ReconciliationAsked(
            day=day,
            side=None,
            institution=None,
            with_cancelled=True,
            totals=DayTotals(
                len(rows),
                Money.total(it.total for it in rows),
                Money.total(it.fund for it in rows),
            ),
            rows=rows,
        )
        by = institution(code, code[1:7])
        made: Reconciled = await self.stage.do(
            f"{code}-{day}-compare", lambda work: review.reconcile(work, asked), by
        )
        number, found = made.reconciliation.number, [it.difference for it in made.differences]
        if [it.kind for it in found] != ([] if fault is None else [fault]):
            self.wrong.append(f"{number}: {[it.kind.value for it in found]}, not {fault}")
        for it in found:
            asked_for = RepairAsked(row=it.row, act=RepairAct.ADOPT, message=None, note=None)
            repairing = partial(review.repair, number=number, asked=asked_for)
            kept: KeptDifference = await self.stage.do(f"{number}-{it.row}-adopt", repairing, by)
            self.repaired[it.kind] += kept.state is DifferenceState.REPAIRED
        async with self.stage.look(by) as look:
            after = await review.find(look, number)
        if after.reconciliation.state is not ReconciliationState.CLEAN:
            self.wrong.append(f"{number} is {after.reconciliation.state}")

    def _rows(self, its: Sequence[Stay], fault: DifferenceKind | None) -> tuple[SenderRow, ...]:
        """Write the day as the institution has it, with what is wrong in its books."""
        stage = self.stage
        rows = [
            SenderRow(stage.settlements[it.number], it.total, stage.funds[it.number]) for it in its
        ]
        if fault is DifferenceKind.ONLY_HUB:
            return tuple(rows[1:])
        if fault is DifferenceKind.DIFFERENT:
            first = rows[0]
            return (SenderRow(first.settlement, first.total + Money(1), first.fund), *rows[1:])
        if fault is DifferenceKind.ONLY_SENDER:
            rows.append(SenderRow(STRANGER, Money(100), ZERO))
        return tuple(rows)
