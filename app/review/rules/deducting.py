"""What may be taken off a settlement, how long that may be appealed, and what it comes to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from app.kernel.basis import basis
from app.kernel.calendar import working_days_after
from app.kernel.money import ZERO, Money
from app.policy.book import PolicyBook
from app.review.errors import (
    AppealTermOver,
    DecisionAmountWrong,
    DeductionNotReturnable,
    DeductionsRefused,
)
from app.review.model import DeductionState
from app.review.model.deducting import (
    DECISIONS,
    DEDUCTION_LIFE,
    Decided,
    Deductible,
    Deduction,
    DeductionAsked,
    DeductionEvent,
    Proposal,
)

Key = tuple[str, str | None]


@basis("hub-default/deduction", "hub-default/review-appeal")
def proposals(
    asked: Sequence[DeductionAsked],
    found: Mapping[Key, Deductible],
    today: date,
    book: PolicyBook,
) -> tuple[Proposal, ...]:
    """All together take no more than what former deductions left of a settlement and of its line.

    The institution may appeal within its working days, counted from the day after.
    """
    taken: dict[Key, Money] = defaultdict(lambda: ZERO)
    faults: list[dict[str, object]] = []
    made: list[Proposal] = []
    for index, it in enumerate(asked):
        of = found.get((it.settlement, it.serial))
        code = _fault(it, of, taken)
        if code is not None or of is None:
            fault: dict[str, object] = {"index": index, "settlement": it.settlement}
            if it.serial is not None:
                fault["serial"] = it.serial
            faults.append(fault | {"code": code})
            continue
        taken[it.settlement, None] += it.amount
        if it.serial is not None:
            taken[it.settlement, it.serial] += it.amount
        days = book.whole("review.appeal_working_days", today, of.treatment_place)
        appeal_by = working_days_after(today, days).day
        made.append(Proposal(asked=it, of=of, appeal_by=appeal_by))
    if faults:
        raise DeductionsRefused(errors=faults)
    return tuple(made)


def _fault(it: DeductionAsked, of: Deductible | None, taken: Mapping[Key, Money]) -> str | None:
    """Say what is wrong with one deduction; None where nothing is."""
    if of is None:
        return "settlement_unknown"
    if not of.stands:
        return "does_not_stand"
    if it.serial is not None and not of.is_line:
        return "line_unknown"
    if it.amount + taken[it.settlement, None] > of.left:
        return "more_than_the_fund_bears"
    if it.serial is not None and it.amount + taken[it.settlement, it.serial] > of.line_left:
        return "more_than_the_line_bears"
    return None


@basis("hub-default/review-appeal")
def appealed(it: Deduction, today: date) -> DeductionState:
    """A deduction may be appealed against while it is proposed, up to the last day."""
    state = DEDUCTION_LIFE.after(it.state, DeductionEvent.APPEAL)
    if today > it.appeal_by:
        raise AppealTermOver(appeal_by=it.appeal_by)
    return state


@basis("hub-default/review-appeal")
def decide(it: Deduction, event: DeductionEvent, amount: Money | None) -> Decided:
    """The agency upholds what was appealed against, lowers it, or takes it back.

    What nobody appealed against it may take back, too; the term makes it final otherwise.
    """
    state = DEDUCTION_LIFE.after(it.state, event)
    lowers = event is DeductionEvent.LOWER
    fits = amount is None or ZERO < amount < it.amount
    if lowers != (amount is not None) or not fits:
        raise DecisionAmountWrong(amount=it.amount)
    return Decided(state=state, amount=amount or it.amount, decision=DECISIONS[event])


@basis("hub-default/deduction")
def require_returnable(it: Deduction) -> None:
    """What is final and stands is given back once, by its negative twin."""
    why = None
    if it.cancels is not None:
        why = f"the return of {it.cancels}"
    elif it.cancelled_by is not None:
        why = f"given back by {it.cancelled_by}"
    elif it.state is not DeductionState.FINAL:
        why = it.state.value
    if why is not None:
        raise DeductionNotReturnable(deduction=it.number, why=why)
