"""What every act does with a bill: preview it, settle it, hold it to the story's own figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.kernel.money import Money
from app.sandbox.story.stage import UNCLEARED, Stage
from app.sandbox.story.tale import DecidedLine, ReasonGroup, grouped
from app.sandbox.story.wire import Answer, Body, Client


@dataclass(frozen=True, slots=True)
class Figures:
    """What a bill ought to come to: in all, from the fund, and by reason to the worker."""

    total: Money
    fund: Money
    own_by_reason: Mapping[str, Money]

    @property
    def own(self) -> Money:
        """Return what the worker pays."""
        return self.total - self.fund


def decided(settlement: Body) -> list[DecidedLine]:
    """Read the line results of a preview or a settlement."""
    return [DecidedLine.of(line) for line in settlement["lines"]]


def hold(stage: Stage, what: str, settlement: Body, expected: Figures) -> list[ReasonGroup]:
    """Hold a bill to its figures, in sum and line by line; return it grouped by reason."""
    lines = decided(settlement)
    for name, figure in (
        ("total", expected.total),
        ("fund share 基金支付", expected.fund),
        ("own share 个人支付", expected.own),
    ):
        key = name.partition(" ")[0]
        stage.expect_equal(f"The {name} of {what}", settlement[key], str(figure))
    sums = (Money.total(line.fund for line in lines), Money.total(line.own for line in lines))
    stage.expect_equal(f"The sum of the lines of {what}", sums, (expected.fund, expected.own))
    uneven = [line.serial for line in lines if line.fund + line.own != line.amount]
    stage.expect(not uneven, f"Lines {uneven[:5]} of {what} do not add up to their amounts.")
    groups = grouped(lines)
    found = {group.reason: str(group.own) for group in groups if group.reason is not None}
    wanted = {reason: str(own) for reason, own in expected.own_by_reason.items()}
    stage.expect_equal(f"The own share by reason of {what}", found, wanted)
    return groups


def keep(stage: Stage, act: str, settlement: Body, groups: list[ReasonGroup]) -> None:
    """Put a settlement or cancellation into the document, every amount explained."""
    fields = (
        "number", "kind", "visit", "cancels", "institution", "insured_place", "treatment_place",
        "month", "line_count", "total", "fund", "own",
    )  # fmt: skip
    stage.tale.settlements.append(
        {
            "act": act,
            **{name: settlement[name] for name in fields},
            "by_reason": [group.document() for group in groups],
        }
    )


async def preview(stage: Stage, client: Client, visit: str, expected: Figures, act: str) -> None:
    """Preview the visit's settlement and hold it to its figures."""
    computed = await client.compute(f"/v1/visits/{visit}/preview")
    hold(stage, f"the preview 预结算 ({act})", computed, expected)


async def settle(
    stage: Stage, client: Client, visit: str, expected: Figures, *, key: str, act: str
) -> Answer:
    """Settle a visit under a new message id; hold what was booked to its figures and keep it."""
    path, before = f"/v1/visits/{visit}/settle", await stage.balance(UNCLEARED)
    answer = client.sound("POST", path, await client.send(path, settle_body(expected), key=key))
    stage.expect(not answer.replayed, "The first settle was answered as if it were a replay.")
    groups = await booked(stage, client, str(answer.body["number"]), expected, act)
    owed = await stage.balance(UNCLEARED) - before
    stage.expect_equal(f"What the settlement ({act}) adds to Beijing's debt", owed, expected.fund)
    stage.teller.bill(f"Settlement {answer.body['number']} 结算单: {act}, yuan 元", groups)
    return answer


async def booked(
    stage: Stage, client: Client, number: str, expected: Figures, act: str
) -> list[ReasonGroup]:
    """Read a settlement back, hold it to its figures, and let the hub compute it again."""
    settlement = await client.read(f"/v1/settlements/{number}")
    groups = hold(stage, f"the settlement 结算 ({act})", settlement, expected)
    again = await client.read(f"/v1/settlements/{number}/recomputation")
    stage.expect(again["equal"], f"{number} computed again differs in {again['different'][:5]}.")
    keep(stage, act, settlement, groups)
    return groups


def settle_body(expected: Figures) -> dict[str, object]:
    """Tell the hub the institution's own total."""
    return {"total": str(expected.total)}
