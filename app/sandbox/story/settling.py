"""What every act does with a bill: preview it, settle it, hold it to the story's own figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.kernel.money import Money
from app.sandbox.story.stage import UNCLEARED, Stage
from app.sandbox.story.tale import DecidedLine, ReasonGroup, grouped, money
from hub_client import AsyncHubClient, adopt_the_hubs
from hub_client.answers import Preview, Settlement
from hub_client.orders import DayRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a bill ought to come to: in all, from the fund, and by reason to the worker."""

    lines: int
    total: Money
    fund: Money
    own_by_reason: Mapping[str, Money]

    @property
    def own(self) -> Money:
        """Return what the worker pays."""
        return self.total - self.fund


def hold(
    stage: Stage, what: str, bill: Preview | Settlement, expected: Figures
) -> list[ReasonGroup]:
    """Hold a bill to its figures, in sum and line by line; return it grouped by reason."""
    lines = [DecidedLine.of(line) for line in bill.lines]
    for name, found, figure in (
        ("total", bill.total, expected.total),
        ("fund share 基金支付", bill.fund, expected.fund),
        ("own share 个人支付", bill.own, expected.own),
    ):
        stage.expect_equal(f"The {name} of {what}", money(found), figure)
    sums = (Money.total(line.fund for line in lines), Money.total(line.own for line in lines))
    stage.expect_equal(f"The sum of the lines of {what}", sums, (expected.fund, expected.own))
    uneven = [line.serial for line in lines if line.fund + line.own != line.amount]
    stage.expect(not uneven, f"Lines {uneven[:5]} of {what} do not add up to their amounts.")
    groups = grouped(lines)
    reasons = {group.reason: str(group.own) for group in groups if group.reason is not None}
    wanted = {reason: str(own) for reason, own in expected.own_by_reason.items()}
    stage.expect_equal(f"The own share by reason of {what}", reasons, wanted)
    return groups


def keep(stage: Stage, act: str, settlement: Settlement, groups: list[ReasonGroup]) -> None:
    """Put a settlement or cancellation into the document, every amount explained."""
    stage.tale.settlements.append(
        {
            "act": act,
            "number": settlement.number,
            "kind": settlement.kind,
            "visit": settlement.visit,
            "cancels": settlement.cancels,
            "institution": settlement.institution,
            "insured_place": settlement.insured_place,
            "treatment_place": settlement.treatment_place,
            "month": settlement.month,
            "line_count": settlement.line_count,
            "total": str(settlement.total),
            "fund": str(settlement.fund),
            "own": str(settlement.own),
            "by_reason": [group.document() for group in groups],
        }
    )


async def preview(
    stage: Stage, desk: AsyncHubClient, visit: str, expected: Figures, act: str
) -> None:
    """Preview the visit's settlement and hold it to its figures."""
    hold(stage, f"the preview 预结算 ({act})", await desk.preview(visit), expected)


async def settle(
    stage: Stage, desk: AsyncHubClient, visit: str, expected: Figures, act: str
) -> Settlement:
    """Settle a visit; hold what was booked to its figures and keep it."""
    before = await stage.balance(UNCLEARED)
    total = Decimal(str(expected.total))
    settled = await desk.settle(visit, total=total, line_count=expected.lines)
    groups = await booked(stage, desk, settled.number, expected, act)
    owed = await stage.balance(UNCLEARED) - before
    stage.expect_equal(f"What the settlement ({act}) adds to Beijing's debt", owed, expected.fund)
    stage.teller.bill(f"Settlement {settled.number} 结算单: {act}, yuan 元", groups)
    return settled


async def booked(
    stage: Stage, desk: AsyncHubClient, number: str, expected: Figures, act: str
) -> list[ReasonGroup]:
    """Read a settlement back, hold it to its figures, and let the hub compute it again."""
    settlement = await desk.settlement(number)
    groups = hold(stage, f"the settlement 结算 ({act})", settlement, expected)
    again = await stage.cast.operator.read(f"/v1/settlements/{number}/recomputation")
    stage.expect(again["equal"], f"{number} computed again differs in {again['different'][:5]}.")
    keep(stage, act, settlement, groups)
    return groups


async def end_the_day(
    stage: Stage, desk: AsyncHubClient, day: date, settled: Sequence[Settlement]
) -> None:
    """Compare the day with the hub's books (日对账).

    What an earlier run that was broken off left on the same day is adopted, as a hospital would.
    """
    rows = [DayRow(it.number, it.total, it.fund) for it in settled]
    compared = await desk.reconcile_day(day, rows, adopt_the_hubs)
    stage.expect(compared.is_clean, f"{day} is not clean: {compared.left} differences are left.")
    stage.teller.says(
        f"The day's books are compared 日对账: {day}, {len(rows)} settlements and cancellations, "
        f"{compared.result}, nothing open"
    )
