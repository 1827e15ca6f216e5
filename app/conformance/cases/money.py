"""Money 结算: totals that agree, one settlement, a cancellation that restores."""

from __future__ import annotations

from decimal import Decimal

from app.conformance.bench import Bench, charges, expect
from app.conformance.case import Family

FAMILY = Family.of("money")


@FAMILY.case("Totals that differ book nothing and both are told", "总额不符不入账并告知双方数额")
async def total_mismatch(at: Bench) -> None:
    stay = await at.left(2)
    told = await at.desk.settle(stay, Decimal("4.01"), at.key())
    told.must_refuse("total-mismatch")
    expect("4.01" in told.text and "4.00" in told.text, "both figures are not told")
    expect(not await at.settlements(stay.visit), "something was booked")


@FAMILY.case("Nothing is settled where nothing was charged", "无明细不得结算")
async def nothing_to_settle(at: Bench) -> None:
    stay = await at.stay()
    (await at.desk.discharge(stay, at.now, at.key())).must()
    (await at.desk.settle(stay, Decimal(0), at.key())).must_refuse("nothing-to-settle")


@FAMILY.case("A patient in bed is not settled", "未出院不得结算")
async def before_discharge(at: Bench) -> None:
    stay = await at.stay_with(1)
    (await at.desk.settle(stay, Decimal(2), at.key())).must_refuse("no-such-move")


@FAMILY.case("The preview is the settlement; fund and own make the total", "预结算与结算一致")
async def preview_is_settlement(at: Bench) -> None:
    stay = await at.left(3)
    seen = (await at.desk.preview(stay, Decimal(6), at.key())).must().facts
    done = (await at.desk.settle(stay, Decimal(6), at.key())).must().facts
    for name in ("total", "fund", "own"):
        expect(seen.get(name) == done.get(name), f"{name}: {seen.get(name)}, {done.get(name)}")
    parts = Decimal(done["fund"]) + Decimal(done["own"])
    expect(parts == Decimal(done["total"]), f"{parts} is not {done['total']}")


@FAMILY.case("A preview books nothing", "预结算不入账")
async def preview_books_nothing(at: Bench) -> None:
    stay = await at.left(1)
    (await at.desk.preview(stay, Decimal(2), at.key())).must()
    expect(not await at.settlements(stay.visit), "something was booked")


@FAMILY.case("A second settlement under a new id is refused", "已结算不得以新报文再次结算")
async def pressed_again_with_a_new_id(at: Bench) -> None:
    stay, _ = await at.settled()
    (await at.desk.settle(stay, Decimal(4), at.key())).must_refuse("no-such-move")
    expect(len(await at.settlements(stay.visit)) == 1, "not exactly one settlement")


@FAMILY.case("A cancellation is a negative twin, and the visit settles anew", "撤销生成负数记录")
async def cancelled_and_again(at: Bench) -> None:
    stay, told = await at.settled()
    (await at.desk.cancel(stay, told.facts["settlement"], at.key())).must()
    again = (await at.desk.settle(stay, Decimal(4), at.key())).must()
    expect(again.facts["settlement"] != told.facts["settlement"], "the number was used twice")
    sums = [Decimal(str(row["total"])) for row in await at.settlements(stay.visit)]
    expect(sorted(sums) == [Decimal(-4), Decimal(4), Decimal(4)], f"rows {sums}")


@FAMILY.case("Nothing is cancelled twice", "不得重复撤销")
async def cancelled_twice(at: Bench) -> None:
    stay, told = await at.settled()
    (await at.desk.cancel(stay, told.facts["settlement"], at.key())).must()
    again = await at.desk.cancel(stay, told.facts["settlement"], at.key())
    again.must_refuse("settlement-not-cancellable")
    expect(len(await at.settlements(stay.visit)) == 2, "not exactly two rows")  # noqa: PLR2004 -- it and its twin


@FAMILY.case("A cancellation repeated with its id is one", "撤销重发仅生效一次")
async def cancellation_repeated(at: Bench) -> None:
    stay, told = await at.settled()
    key = at.key()
    first = (await at.desk.cancel(stay, told.facts["settlement"], key)).must()
    again = (await at.desk.cancel(stay, told.facts["settlement"], key)).must()
    expect(first.facts["settlement"] == again.facts["settlement"], "two cancellations")


@FAMILY.case("Illness is not paid by the work-injury fund", "非工伤费用基金不予支付")
async def mixed_bill(at: Bench) -> None:
    stay = await at.stay()
    rows = charges(2)
    rows[1] = rows[1].but(for_injury=False)
    (await at.desk.upload(stay, rows, at.key())).must()
    (await at.desk.discharge(stay, at.now, at.key())).must()
    told = (await at.desk.settle(stay, Decimal(4), at.key())).must().facts
    expect(told["own"] == "2.00", f"own share {told['own']}, and the illness cost 2.00")


@FAMILY.case("A third decimal is refused, not rounded", "金额三位小数应拒绝")
async def third_decimal(at: Bench) -> None:
    stay = await at.left(1)
    (await at.desk.settle(stay, Decimal("2.001"), at.key())).must_refuse()
    expect(not await at.settlements(stay.visit), "something was booked")
