"""Fee lines 费用明细: nothing lost, nothing twice, nothing half."""

from __future__ import annotations

from decimal import Decimal

from app.conformance.bench import Bench, charges, expect
from app.conformance.case import Family

FAMILY = Family.of("lines")


@FAMILY.case("A hundred lines go in one call", "单次可上传 100 条明细")
async def hundred(at: Bench) -> None:
    told = (await at.desk.upload(await at.stay(), charges(100), at.key())).must()
    expect(told.facts.get("line_count") == "100", f"line_count {told.facts.get('line_count')}")
    expect(told.facts.get("total") == "200.00", f"total {told.facts.get('total')}")


@FAMILY.case("A hundred and one are refused and none is kept", "单次超过 100 条应整批拒绝")
async def hundred_and_one(at: Bench) -> None:
    stay = await at.stay()
    (await at.desk.upload(stay, charges(101), at.key())).must_refuse()
    await at.must_hold(stay.visit, lines=0, total="0.00")


@FAMILY.case("201 lines in three calls are all there", "201 条分三次上传不得丢失")
async def two_hundred_and_one(at: Bench) -> None:
    stay = await at.stay()
    for first, count in ((1, 100), (101, 100), (201, 1)):
        told = (await at.desk.upload(stay, charges(count, first), at.key())).must()
        expected = str(first + count - 1)
        expect(told.facts.get("line_count") == expected, f"not {expected} after a call")
    await at.must_hold(stay.visit, lines=201, total="402.00")


@FAMILY.case("Batches in the wrong order are all there", "批次乱序到达不得丢失")
async def batches_reordered(at: Bench) -> None:
    stay = await at.stay()
    for first, count in ((201, 1), (101, 100), (1, 100)):
        (await at.desk.upload(stay, charges(count, first), at.key())).must()
    await at.must_hold(stay.visit, lines=201, total="402.00")


@FAMILY.case("A refund that overtakes its line is done once that came", "退费先于原明细到达")
async def refund_overtakes(at: Bench) -> None:
    stay, key = await at.stay(), at.key()
    back = charges(1)[0].but(
        serial="R1", refund_of="000001", quantity=Decimal(-1), amount=Decimal(-2)
    )
    (await at.desk.upload(stay, [back], key)).must_refuse("lines-refused")
    (await at.desk.upload(stay, charges(1), at.key())).must()
    (await at.desk.upload(stay, [back], key)).must()
    await at.must_hold(stay.visit, lines=2, total="0.00")


@FAMILY.case("An empty batch is refused, not shrugged at", "空批次应予拒绝")
async def empty_batch(at: Bench) -> None:
    (await at.desk.upload(await at.stay(), [], at.key())).must_refuse()


@FAMILY.case("The same lines under a new id are told as repeated", "明细重复上传应识别为重发")
async def same_lines_again(at: Bench) -> None:
    stay = await at.stay_with(3)
    told = (await at.desk.upload(stay, charges(3), at.key())).must()
    expect(told.facts.get("replayed") == "3", f"replayed {told.facts.get('replayed')}")
    await at.must_hold(stay.visit, lines=3, total="6.00")


@FAMILY.case("A serial with another content is refused", "同流水号不同内容应予拒绝")
async def serial_reused(at: Bench) -> None:
    stay = await at.stay_with(1)
    other = charges(1)[0].but(unit_price=Decimal(9), amount=Decimal(9))
    (await at.desk.upload(stay, [other], at.key())).must_refuse("lines-refused")
    await at.must_hold(stay.visit, lines=1, total="2.00")


@FAMILY.case("One bad line: the call stores nothing", "一条有误则整批不入库")
async def one_bad_line(at: Bench) -> None:
    stay = await at.stay()
    rows = charges(3)
    rows[1] = rows[1].but(amount=Decimal("9.99"))
    told = (await at.desk.upload(stay, rows, at.key())).must_refuse("lines-refused")
    expect("000002" in told.text, "the bad line is not named")
    await at.must_hold(stay.visit, lines=0, total="0.00")


@FAMILY.case("Every bad line is named at once", "所有错误明细一次性列出")
async def all_bad_lines(at: Bench) -> None:
    rows = [row.but(amount=Decimal("9.99")) for row in charges(4)]
    told = (await at.desk.upload(await at.stay(), rows, at.key())).must_refuse("lines-refused")
    missing = [row.serial for row in rows if row.serial not in told.text]
    expect(not missing, f"not named: {missing}")


@FAMILY.case("A serial twice in one call is refused", "同批次流水号重复应予拒绝")
async def twice_in_a_call(at: Bench) -> None:
    stay = await at.stay()
    (await at.desk.upload(stay, charges(1) * 2, at.key())).must_refuse("lines-refused")
    await at.must_hold(stay.visit, lines=0, total="0.00")


@FAMILY.case("A fen of rounding is let pass", "数量×单价与金额相差 0.01 以内应接受")
async def rounding_within_a_fen(at: Bench) -> None:
    price = Decimal("3.335")
    row = charges(1)[0].but(quantity=Decimal(3), unit_price=price, amount=Decimal("10.00"))
    (await at.desk.upload(await at.stay(), [row], at.key())).must()


@FAMILY.case("More than a fen is not", "数量×单价与金额相差超过 0.01 应拒绝")
async def rounding_beyond_a_fen(at: Bench) -> None:
    row = charges(1)[0].but(amount=Decimal("2.02"))
    (await at.desk.upload(await at.stay(), [row], at.key())).must_refuse("lines-refused")


@FAMILY.case("Refunds never exceed what was charged", "退费累计不得超过原费用")
async def refund_below_zero(at: Bench) -> None:
    stay = await at.stay_with(1)
    back = charges(1)[0].but(
        refund_of="000001", quantity=Decimal(-1), amount=Decimal(-2), serial="R1"
    )
    (await at.desk.upload(stay, [back], at.key())).must()
    more = back.but(serial="R2")
    (await at.desk.upload(stay, [more], at.key())).must_refuse("lines-refused")
    await at.must_hold(stay.visit, lines=2, total="0.00")


@FAMILY.case("A refund names a line that is there", "退费须关联已上传的原明细")
async def refund_of_nothing(at: Bench) -> None:
    stay = await at.stay_with(1)
    back = charges(1)[0].but(
        serial="R1", refund_of="999999", quantity=Decimal(-1), amount=Decimal(-2)
    )
    (await at.desk.upload(stay, [back], at.key())).must_refuse("lines-refused")


@FAMILY.case("Negative without naming a line is refused", "负数明细未关联原明细应拒绝")
async def negative_alone(at: Bench) -> None:
    row = charges(1)[0].but(quantity=Decimal(-1), amount=Decimal(-2))
    (await at.desk.upload(await at.stay(), [row], at.key())).must_refuse("lines-refused")


@FAMILY.case("A settled visit takes no more lines", "已结算就诊不得再上传明细")
async def after_settlement(at: Bench) -> None:
    stay, _ = await at.settled()
    told = await at.desk.upload(stay, charges(1, first=9), at.key())
    told.must_refuse("lines-closed")


@FAMILY.case("Removed lines can be uploaded again", "明细撤销后可重新上传")
async def removed_and_again(at: Bench) -> None:
    stay = await at.stay_with(3)
    (await at.desk.remove_lines(stay, at.key())).must()
    await at.must_hold(stay.visit, lines=0, total="0.00")
    (await at.desk.upload(stay, charges(3), at.key())).must()
    await at.must_hold(stay.visit, lines=3, total="6.00")
