"""The end of a year's play: every balance, every law, and the way of one settlement's money."""

from __future__ import annotations

from app.deadlines.model import Act
from app.kernel.money import ZERO, Money
from app.proof.model.tracing import Stage as Step
from app.proof.service import tracing
from app.review.model.deducting import DeductionEvent
from app.sandbox.dice import Dice
from app.sandbox.play.expected import notified, uncleared
from app.sandbox.play.proving import check_books, prove
from app.sandbox.play.year.bank import Way
from app.sandbox.play.year.steps import Steps

ENOUGH = 500  # settlements, for everything that can happen to happen
# The way of every settlement's money, whatever befell it.
WAY = (
    Step.LINE,
    Step.BILL,
    Step.ENTRY,
    Step.MONTH,
    Step.PERIOD,
    Step.CLAIM,
    Step.NOTICE,
    Step.PAYMENT,
    Step.INSTITUTION_PAYMENT,
    Step.ADVANCE,
)


async def end(steps: Steps, seed: int) -> None:
    """Hold everything to everything, and write down what was done."""
    stage, report = steps.stage, steps.report
    _count(steps)
    report.expect("visits settled", len(stage.funds), len(steps.table.stays))
    turned_away = sum(len(it.turned_away) for it in steps.table.days.values())
    expected = [("filing-expired",)] * turned_away
    report.expect("reasons of those turned away", stage.refusals, expected)
    report.expect("differences of the daily reconciliations", steps.comparing.wrong, [])
    await _check_due_acts(steps)
    yellow, red = await steps.advances.check_warnings(report)
    report.counts |= {"warnings_yellow": yellow, "warnings_red": red}
    await check_books(stage.sender.hub, report, "at the end", stage.books.balances)
    for pair in stage.books.watched:
        left = (stage.books.balances[uncleared(pair)], stage.books.balances[notified(pair)])
        report.expect(f"left to pay {'→'.join(pair)}", left, (ZERO, ZERO))
    for place in steps.places:
        report.expect(f"institutions of {place} unpaid", await steps.reviewing.owing(place), [])
    await _verify(steps)
    await _trace(steps, seed)
    if len(stage.funds) >= ENOUGH:
        report.expect("what was not played", [it for it, n in report.counts.items() if not n], [])


async def _check_due_acts(steps: Steps) -> None:
    """Hold what the hub did by itself to what was left to it."""
    report, acts = steps.report, steps.acts
    for what, act, expected in (
        (
            "deductions final by silence",
            Act.FINISH_DEDUCTIONS,
            steps.reviewing.ended[DeductionEvent.LAPSE],
        ),
        ("sides that confirmed by silence", Act.CONFIRM_SILENT, steps.clearings.silent),
        ("clearings noticed", Act.ISSUE_NOTICES, 4),
        ("notices told overdue", Act.ALERT_OVERDUE, steps.bank.ways[Way.LATE]),
        ("months told unclosed", Act.ALERT_UNCLOSED, steps.late_closes),
        ("years closed", Act.CLOSE_YEARS, 1),
    ):
        report.expect(what, acts[act], expected)


async def _verify(steps: Steps) -> None:
    """Let the hub prove itself."""
    report, before = steps.report, len(steps.report.checks)
    extent = await prove(steps.stage, report)
    report.laws = len(report.checks) - before - 1
    report.accounts, report.turnover = extent.accounts, extent.turnover
    report.counts |= {
        "entries": extent.entries,
        "postings": extent.postings,
        "bank_lines": extent.payments,
        "seals": extent.seals,
    }


async def _trace(steps: Steps, seed: int) -> None:
    """Follow one settlement's money by the service behind `hub trace`, from line to payment."""
    report, stage = steps.report, steps.stage
    gone = {it.number for it, _ in steps.adjusted}
    stays = [
        it
        for it in steps.table.stays
        if it.number not in gone and stage.funds[it.number] != ZERO and it.number not in steps.taken
    ]
    it = Dice(f"trace {seed}").one_of(stays)
    number = stage.settlements[it.number]
    async with stage.look() as look:
        found = await tracing.trace(look, number)
    met = {step.stage for step in found.steps}
    missing = [step.value for step in WAY if step not in met]
    report.expect(f"steps missing on the way of {number}", missing, [])
    bill = [step.fund for step in found.steps if step.stage is Step.BILL]
    report.expect(f"fund share on the way of {number}", bill, [stage.funds[it.number]])
    lines = Money.total(step.fund or ZERO for step in found.steps if step.stage is Step.LINE)
    report.expect(f"lines on the way of {number}", lines, stage.funds[it.number])
    report.traced = number
    report.trace = [
        f"{step.stage.value} {step.number or ''} {step.day or ''} {step.fund or ''}".strip()
        for step in found.steps
        if step.stage is not Step.LINE
    ]


def _count(steps: Steps) -> None:
    """Write down how much of each was done."""
    stage, report, reviewing = steps.stage, steps.report, steps.reviewing
    clearings, bank, advances = steps.clearings, steps.bank, steps.advances
    again = [it for it in steps.table.stays if it.again]
    report.total = Money.total(it.total for it in steps.table.stays)
    report.fund = Money.total(stage.funds.values())
    report.messages, report.days = stage.messages, len(steps.table.days)
    report.counts = {
        "filings": stage.filed,
        "filings_expired": steps.acts[Act.EXPIRE_FILINGS],
        "turned_away": len(stage.refusals),
        "settlements": len(stage.funds),
        "cancelled": len(again),
        "reversed": stage.reversed,
        "adjusted_after_clearing": len(steps.adjusted),
        "days_compared": steps.comparing.days,
        "differences_repaired": sum(steps.comparing.repaired.values()),
        "declarations": reviewing.declared,
        **{f"deductions_{name.value}": count for name, count in reviewing.ended.items()},
        "deductions_of_lines": reviewing.of_lines,
        "deductions_given_back": reviewing.given_back,
        "months_closed": len(reviewing.closed),
        "fund_requests": reviewing.requests,
        "institution_payments": reviewing.payments,
        "contests": sum(clearings.answered.values()),
        **{f"contests_{name}": count for name, count in clearings.answered.items()},
        "rolled_forward": clearings.rolled,
        "confirmed_by_lines": clearings.by_lines,
        "confirmed_by_silence": clearings.silent,
        "confirmations_taken_back": clearings.withdrawn,
        "overdue_told": steps.acts[Act.ALERT_OVERDUE],
        **{f"bank_{name.value}": count for name, count in bank.outcomes.items()},
        "increases": advances.increased,
        "advances_returned": advances.returned,
        "warnings_acknowledged": advances.acknowledged,
    }
    report.sums = {
        "settled": report.fund,
        "deducted": Money.total(amount for _, _, amount in reviewing.final.values()),
        "conceded": Money.total(amount for _, _, amount in clearings.conceded),
        "received": bank.received,
        "paid_to_institutions": reviewing.paid,
        "advances_held": Money.total(stage.books.held(pair) for pair in stage.books.watched),
    }
