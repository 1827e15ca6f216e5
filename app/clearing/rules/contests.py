"""What may be contested and how it is answered; how far an item rolls, and when its year closes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.clearing.errors import (
    ContestAnswered,
    ContestDeducted,
    ContestMoot,
    ContestRefused,
    ContestWasInTime,
    ReplyAmountWrong,
    YearNotClear,
    YearNotOver,
)
from app.clearing.model import (
    CONTEST_LIFE,
    ContestEvent,
    ContestState,
    Item,
    ItemKind,
    Period,
)
from app.clearing.model.confirming import (
    Answered,
    Contest,
    Objection,
    Raised,
    Reply,
)
from app.clearing.model.paying import YearStanding
from app.kernel.basis import basis
from app.kernel.calendar import Month, working_days_after
from app.kernel.money import ZERO, Money
from app.policy.book import PolicyBook


@dataclass(frozen=True, slots=True)
class Day:
    """The day objections come, and the last on which they are in time."""

    confirm_by: date
    today: date


@basis("hub-default/contest")
def raise_contests(
    objections: Sequence[Objection],
    items: Mapping[str, Item],
    contested: Collection[str],
    day: Day,
    book: PolicyBook,
) -> tuple[Raised, ...]:
    """A settlement of the claim is contested once, and for less than it is; late ones are marked.

    What review deducted is in the insured place's favour already and is not contested.
    """
    faults = []
    seen = set(contested)
    for index, it in enumerate(objections):
        found = items.get(it.settlement)
        if found is None:
            code = "not_in_claim"
        elif found.kind is ItemKind.DEDUCTION:
            code = "deduction"
        elif it.settlement in seen:
            code = "contested_before"
        elif not _is_part(it.proposed, found.fund) or it.proposed == found.fund:
            code = "proposed_amount"
        else:
            seen.add(it.settlement)
            continue
        faults.append({"index": index, "settlement": it.settlement, "code": code})
    if faults:
        raise ContestRefused(errors=faults)
    days = book.whole("clearing.reply_working_days", day.today)
    due = working_days_after(day.today, days).day
    return tuple(
        Raised(
            objection=it,
            fund=items[it.settlement].fund,
            in_time=day.today <= day.confirm_by,
            reply_by=due,
        )
        for it in objections
    )


@basis("hub-default/contest")
def answer(contest: Contest, reply: Reply) -> Answered:
    """Accepted the proposal is owed, in part the amount named, else the whole.

    Late is answered only what was late. What was cancelled meanwhile is given back already, and
    what review deducted is not taken off again.
    """
    state = CONTEST_LIFE.after(contest.state, reply.event)
    in_part = reply.event is ContestEvent.ACCEPT_IN_PART
    if in_part != (reply.amount is not None):
        raise ReplyAmountWrong
    if reply.event is ContestEvent.REFUSE_AS_LATE and contest.in_time:
        raise ContestWasInTime(reply_by=contest.reply_by)
    if contest.is_cancelled and reply.event in (ContestEvent.ACCEPT, ContestEvent.ACCEPT_IN_PART):
        raise ContestMoot
    if reply.amount is not None:
        between = _is_part(reply.amount, contest.fund)
        if not between or reply.amount in (contest.fund, contest.proposed):
            raise ReplyAmountWrong
        agreed = reply.amount
    else:
        agreed = contest.proposed if state is ContestState.ACCEPTED else contest.fund
    if not _is_part(contest.fund - agreed, contest.left):
        raise ContestDeducted(left=contest.left)
    return Answered(state, agreed)


@basis("hub-default/confirmation")
def require_unanswered(raised: Iterable[Contest]) -> None:
    """A confirmation whose contests were answered stands: the answer is in the books."""
    answered = [it.number for it in raised if it.state is not ContestState.OPEN or it.rolls]
    if answered:
        raise ContestAnswered(contests=answered)


@basis("hub-default/year-close", "hub-default/contest")
def lapse(contest: Contest) -> Answered:
    """A contest nobody answered stands, once it can roll no further; not on what was cancelled.

    It takes off no more than review left.
    """
    state = CONTEST_LIFE.after(contest.state, ContestEvent.LAPSE)
    if contest.is_cancelled:
        return Answered(state, contest.fund)
    off = contest.fund - contest.proposed
    return Answered(state, contest.fund - (off if _is_part(off, contest.left) else contest.left))


@basis("hub-default/year-close")
def year_closes_on(year: int, book: PolicyBook) -> date:
    """A year is cleared by the 31st of March of the next."""
    at = date(year, 12, 31)
    name = "clearing.year_close"
    return date(year + 1, book.whole(name, at, of="month"), book.whole(name, at, of="day"))


@basis("hub-default/roll-forward", "hub-default/year-close")
def may_roll(contest: Contest, period: Period, book: PolicyBook) -> bool:
    """An item rolls at most two periods on, and never into one generated after its year closed."""
    if contest.rolls >= book.whole("clearing.roll_forward_periods_max", period.last):
        return False
    generated = book.whole("clearing.due_day", period.last, of="generated")
    following = Month.of(period.next().last).next().first.replace(day=generated)
    return following <= year_closes_on(contest.business_day.year, book)


@basis("hub-default/year-close")
def require_closable(it: YearStanding, today: date) -> None:
    """A year closes after its last day, when nothing of it is uncleared, unnoticed or open."""
    if today <= it.closes_on:
        raise YearNotOver(year=it.year, closes_on=it.closes_on)
    if it.uncleared or it.unnoticed or it.open_contests:
        raise YearNotClear(
            uncleared=it.uncleared, unnoticed=it.unnoticed, open_contests=it.open_contests
        )


def _is_part(amount: Money, whole: Money) -> bool:
    low, high = sorted((ZERO, whole))
    return low <= amount <= high
