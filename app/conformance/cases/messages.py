"""Messages 报文: one id, one effect, one answer, whatever the sender does."""

from __future__ import annotations

from decimal import Decimal

from app.conformance.bench import Bench, charges, expect
from app.conformance.case import REST, Family
from app.conformance.desk import Stay

FAMILY = Family.of("messages")
FOUR, TWO = Decimal(4), Decimal(2)


@FAMILY.case("The same message again answers the same, as a replay", "同一报文重发返回原应答")
async def repeated(at: Bench) -> None:
    person, key = await at.person(), at.key()
    first = (await at.desk.admit(person, at.now, key)).must()
    again = (await at.desk.admit(person, at.now, key)).must()
    expect(again.replayed, "the second answer is not marked as a replay")
    expect(again.facts["visit"] == first.facts["visit"], "the second answer is another visit")


@FAMILY.case("An id is not used twice for different things", "同一报文编号不得用于不同内容")
async def id_reused(at: Bench) -> None:
    stay, key = await at.stay(), at.key()
    (await at.desk.upload(stay, charges(1), key)).must()
    (await at.desk.upload(stay, charges(2), key)).must_refuse("message-id-reused")
    await at.must_hold(stay.visit, lines=1, total="2.00")


@FAMILY.case("An id of another institution is refused", "报文编号前缀须为发送方机构编码")
async def foreign_prefix(at: Bench) -> None:
    person = await at.person()
    mine = at.key()
    foreign = f"H99999999999{mine[12:]}"
    (await at.desk.admit(person, at.now, foreign)).must_refuse("message-id-prefix")


@FAMILY.case("An id that is not one is refused", "报文编号格式错误应予拒绝")
async def malformed_id(at: Bench) -> None:
    person = await at.person()
    told = await at.desk.admit(person, at.now, "a b")
    told.must_refuse("message-id-format")


@FAMILY.case("A write without an id is refused", "写操作缺少报文编号应予拒绝", (REST,))
async def missing_id(at: Bench) -> None:
    reply = await at.lines.institution.send("POST", "/v1/visits", {})
    expect(reply.status in (400, 428), f"HTTP {reply.status}")


@FAMILY.case(
    "The outcome of an applied message is told with its answer", "可查询已生效报文及其应答"
)
async def outcome_applied(at: Bench) -> None:
    person, key = await at.person(), at.key()
    visit = (await at.desk.admit(person, at.now, key)).must().facts["visit"]
    told = await at.outcome(key)
    expect(told.json.get("outcome") == "applied", f"outcome {told.json.get('outcome')}")
    expect(visit in told.body.decode(), "the stored answer is not told")


@FAMILY.case("The outcome of a refused message is told", "可查询被拒绝报文")
async def outcome_refused(at: Bench) -> None:
    stay, key = await at.stay(), at.key()
    (await at.desk.settle(stay, TWO, key)).must_refuse()
    told = (await at.outcome(key)).json.get("outcome")
    expect(told == "refused", f"outcome {told}")


@FAMILY.case("A message that never came is told as never seen", "未收到的报文应答 never_seen")
async def outcome_never_seen(at: Bench) -> None:
    told = (await at.outcome(at.key())).json.get("outcome")
    expect(told == "never_seen", f"outcome {told}")


@FAMILY.case("Nobody learns of another's messages", "不得查询他人报文")
async def outcome_is_private(at: Bench) -> None:
    person, key = await at.person(), at.key()
    (await at.desk.admit(person, at.now, key)).must()
    told = (await at.outcome(key, at.other)).json.get("outcome")
    expect(told == "never_seen", f"outcome {told}")


@FAMILY.case(
    "A refused message succeeds under its id once the cause is mended",
    "原因消除后同一报文编号可重发成功",
)
async def refused_then_mended(at: Bench) -> None:
    stay, key = await at.left(1), at.key()
    (await at.desk.settle(stay, FOUR, key)).must_refuse("total-mismatch")
    (await at.desk.upload(stay, charges(1, first=2), at.key())).must()
    (await at.desk.settle(stay, FOUR, key)).must()
    expect(len(await at.settlements(stay.visit)) == 1, "not exactly one settlement")


@FAMILY.case(
    "An answer the sender did not wait for: asking or repeating leaves one effect",
    "应答丢失后查询或重发，仅生效一次",
)
async def answer_not_awaited(at: Bench) -> None:
    stay, key = await at.stay(), at.key()
    path, body = f"/v1/visits/{stay.visit}/lines", {"lines": [_line(stay)]}
    await at.lines.institution.cut_off("POST", path, body, key, after=0.001)
    reply = await at.lines.institution.send("POST", path, body, key=key)
    expect(reply.status in (200, 201), f"HTTP {reply.status}")
    await at.must_hold(stay.visit, lines=1, total="2.00")


@FAMILY.case("A settle that overtakes its discharge is done once that came", "结算先于出院到达")
async def reordered(at: Bench) -> None:
    stay, key = await at.stay_with(2), at.key()
    (await at.desk.settle(stay, FOUR, key)).must_refuse("no-such-move")
    (await at.desk.discharge(stay, at.now, at.key())).must()
    (await at.desk.settle(stay, FOUR, key)).must()
    expect(len(await at.settlements(stay.visit)) == 1, "not exactly one settlement")


def _line(stay: Stay) -> dict[str, object]:
    return {
        "serial": "000001",
        "category": "drug",
        "item_code": "D010001",
        "item_name": "注射用头孢唑林钠",
        "quantity": "1",
        "unit_price": "2",
        "amount": "2.00",
        "occurred_at": stay.at.isoformat(),
        "injury_related": True,
    }
