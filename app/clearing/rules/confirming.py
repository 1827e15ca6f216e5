"""Who confirms a claim, with which figures, and by when silence does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from app.clearing.errors import (
    ClaimConfirmed,
    ClaimForeign,
    ClaimNoticed,
    ClaimUnconfirmed,
    ContestSideWrong,
    DigestMismatch,
    LinesMismatch,
    TotalrowMismatch,
)
from app.clearing.model import Claim, Item, Period, Side
from app.clearing.model.confirming import Confirmation, Digest, LinesAsked, Standing
from app.kernel.basis import basis
from app.kernel.calendar import Month
from app.policy.book import PolicyBook


@basis("hub-default/clearing-calendar")
def confirm_by(period: Period, generated_on: date, book: PolicyBook) -> date:
    """Silence until the 25th of the month after the period confirms (逾期视同确认).

    A clearing generated late leaves both sides as many days as one generated on its day.
    """
    name = "clearing.due_day"
    last = book.whole(name, generated_on, of="confirmed")
    usual = last - book.whole(name, generated_on, of="generated")
    on_calendar = Month.of(period.last).next().first.replace(day=last)
    return max(on_calendar, generated_on + timedelta(days=usual))


@basis("hub-default/confirmation")
def side_of(claim: Claim, region: str) -> Side:
    """The agency of the very place speaks for its side: not a province for its city."""
    for side, place in (
        (Side.INSURED, claim.insured_place),
        (Side.TREATMENT, claim.treatment_place),
    ):
        if region == place:
            return side
    raise ClaimForeign(place=f"{claim.insured_place}、{claim.treatment_place}")


@basis("hub-default/confirmation")
def require_unsaid(standing: Standing, side: Side, *, objections: int) -> None:
    """A side confirms once, before notices are issued; the insured side alone contests."""
    if standing.claim.noticed_at is not None:
        raise ClaimNoticed
    said = standing.said_by(side)
    if said is not None and said.confirmed_at is not None:
        raise ClaimConfirmed(at=said.confirmed_at)
    if objections and side is not Side.INSURED:
        raise ContestSideWrong


@basis("hub-default/confirmation")
def require_digest(claim: Claim, asked: Digest) -> None:
    """Count, sum and root hash are the hub's, each (笔数、金额、摘要)."""
    totals = claim.totals
    figures = {
        "settlements": asked.settlements == totals.settlements,
        "fund": asked.fund == totals.fund,
        "root": asked.root == claim.root,
    }
    different = [name for name, same in figures.items() if not same]
    if different:
        raise DigestMismatch(different=different, settlements=totals.settlements, fund=totals.fund)


@basis("hub-default/confirmation")
def require_lines(claim: Claim, asked: LinesAsked, items: Mapping[str, Item]) -> None:
    """The side counts as many lines as the claim has; each line is in it with its amount."""
    settlements = claim.totals.settlements
    if asked.totalrow != settlements:
        raise TotalrowMismatch(totalrow=asked.totalrow, settlements=settlements)
    faults = []
    for index, line in enumerate(asked.lines):
        found = items.get(line.settlement)
        if found is None:
            code = "not_in_claim"
        elif found.fund != line.fund:
            code = "amount_mismatch"
        else:
            continue
        faults.append({"index": index, "settlement": line.settlement, "code": code})
    if faults:
        raise LinesMismatch(errors=faults)


@basis("hub-default/confirmation")
def require_withdrawable(
    standing: Standing, side: Side, *, only: int | None = None
) -> Confirmation:
    """Until notices are issued, a confirmation can be taken back.

    With `only`, that very confirmation and none that was given after it.
    """
    if standing.claim.noticed_at is not None:
        raise ClaimNoticed
    said = standing.said_by(side)
    if said is None or only not in (None, said.id):
        raise ClaimUnconfirmed
    return said


@basis("hub-default/confirmation")
def agreed_lines(asked: LinesAsked) -> Sequence[bool]:
    """A line without an objection is agreed."""
    return [line.objection is None for line in asked.lines]
