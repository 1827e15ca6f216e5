"""Reversals 冲正: undone whatever became of it, once, and safe against the late original."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from app.conformance.bench import Bench, at_once, expect
from app.conformance.case import REST, Family
from app.conformance.desk import Said, Stay

FAMILY = Family.of("reversals")
FOUR = Decimal(4)


@FAMILY.case("A settlement is undone by its twin, and told so", "冲正结算生成负数记录并可查询")
async def settlement_reversed(at: Bench) -> None:
    stay, key = await _settled(at)
    _came_to(await at.desk.reverse(key, "settle", at.key()), "reversed")
    expect(await _standing(at, stay) == 0, "the settlement still stands")
    state = (await at.visit(stay.visit)).get("state")
    expect(state == "discharged", f"the visit is {state}")
    told = (await at.outcome(key)).json.get("outcome")
    expect(told == "reversed", f"outcome {told}")


@FAMILY.case("Reversing again changes nothing", "重复冲正不产生变化")
async def reversed_again(at: Bench) -> None:
    stay, key = await _settled(at)
    _came_to(await at.desk.reverse(key, "settle", at.key()), "reversed")
    _came_to(await at.desk.reverse(key, "settle", at.key()), "already_reversed")
    expect(len(await at.settlements(stay.visit)) == 2, "not exactly two rows")  # noqa: PLR2004 -- it and its twin


@FAMILY.case("A reversal repeated with its id is one", "冲正报文重发仅生效一次")
async def reversal_repeated(at: Bench) -> None:
    _, key = await _settled(at)
    own = at.key()
    _came_to(await at.desk.reverse(key, "settle", own), "reversed")
    again = await at.desk.reverse(key, "settle", own)
    _came_to(again, "reversed")
    expect(again.replayed, "the second answer is not marked as a replay")


@FAMILY.case("The reversal overtakes: the late original is refused", "冲正先到，迟到原报文不予受理")
async def late_after_reversal(at: Bench) -> None:
    stay, key = await at.left(), at.key()
    _came_to(await at.desk.reverse(key, "settle", at.key()), "nothing_to_reverse")
    (await at.desk.settle(stay, FOUR, key)).must_refuse("message-fenced")
    expect(not await at.settlements(stay.visit), "the late original was booked")
    (await at.desk.settle(stay, FOUR, at.key())).must()


@FAMILY.case("What was reversed does not come back under its id", "已冲正报文重发不得再次生效")
async def resent_after_reversal(at: Bench) -> None:
    stay, key = await _settled(at)
    _came_to(await at.desk.reverse(key, "settle", at.key()), "reversed")
    (await at.desk.settle(stay, FOUR, key)).must_refuse("message-reversed")
    expect(await _standing(at, stay) == 0, "it was booked again")


@FAMILY.case("A refused message has nothing to reverse", "被拒绝报文无可冲正")
async def refused_reversed(at: Bench) -> None:
    stay, key = await at.left(), at.key()
    (await at.desk.settle(stay, Decimal(9), key)).must_refuse("total-mismatch")
    _came_to(await at.desk.reverse(key, "settle", at.key()), "nothing_to_reverse")


@FAMILY.case("An admission reversed frees the worker", "冲正入院后可重新登记")
async def admission_reversed(at: Bench) -> None:
    person, key = await at.person(), at.key()
    (await at.desk.admit(person, at.now, key)).must()
    _came_to(await at.desk.reverse(key, "admit", at.key()), "reversed")
    (await at.desk.admit(person, at.now, at.key())).must()


@FAMILY.case("An admission that has moved on is not reversed", "已有后续业务的入院不可冲正")
async def admission_moved_on(at: Bench) -> None:
    person, key = await at.person(), at.key()
    visit = (await at.desk.admit(person, at.now, key)).must().facts["visit"]
    stay = Stay(visit=visit, person=person, at=at.now)
    (await at.desk.discharge(stay, at.now, at.key())).must()
    told = await at.desk.reverse(key, "admit", at.key())
    stands = not told.done or told.facts.get("outcome") == "not_reversible"
    expect(stands, f"it came to {told.facts.get('outcome')}")
    state = (await at.visit(visit)).get("state")
    expect(state == "discharged", f"the visit is {state}")


@FAMILY.case("A cancellation reversed: the settlement stands again", "冲正撤销后结算恢复")
async def cancellation_reversed(at: Bench) -> None:
    stay, told = await at.settled()
    key = at.key()
    (await at.desk.cancel(stay, told.facts["settlement"], key)).must()
    _came_to(await at.desk.reverse(key, "cancel", at.key()), "reversed")
    expect(await _standing(at, stay) == 1, "no settlement stands")


@FAMILY.case("Original and reversal at one instant: nothing stands in the end", "原报文与冲正并发")
async def at_one_instant(at: Bench) -> None:
    stay, key = await at.left(), at.key()
    await at_once(
        partial(at.desk.settle, stay, FOUR, key),
        partial(at.desk.reverse, key, "settle", at.key()),
    )
    again = await at.desk.reverse(key, "settle", at.key())
    expect(again.done, f"got {list(again.codes)}")
    expect(await _standing(at, stay) == 0, "a settlement stands")


@FAMILY.case("Nobody reverses another's message", "不得冲正他人报文", (REST,))
async def anothers_message(at: Bench) -> None:
    stay, key = await _settled(at)
    own = at.keys.next(at.other.party)
    await at.other.send("POST", "/v1/reversals", {"message": key}, key=own)
    expect(await _standing(at, stay) == 1, "it was reversed by another")


@FAMILY.case("A fenced id is shut out for ever", "封存的报文编号不再受理", (REST,))
async def fenced(at: Bench) -> None:
    stay, key = await at.left(), at.key()
    line = at.lines.institution
    reply = await line.send("POST", f"/v1/messages/{key}/fence", key=at.key())
    expect(reply.json.get("outcome") == "fenced", f"outcome {reply.json.get('outcome')}")
    (await at.desk.settle(stay, FOUR, key)).must_refuse("message-fenced")


@FAMILY.case("What has happened is told, not fenced", "已生效报文不可封存", (REST,))
async def fence_comes_too_late(at: Bench) -> None:
    stay, key = await _settled(at)
    line = at.lines.institution
    reply = await line.send("POST", f"/v1/messages/{key}/fence", key=at.key())
    expect(reply.json.get("outcome") == "applied", f"outcome {reply.json.get('outcome')}")
    expect(await _standing(at, stay) == 1, "the settlement is gone")


async def _settled(at: Bench) -> tuple[Stay, str]:
    stay, key = await at.left(), at.key()
    (await at.desk.settle(stay, FOUR, key)).must()
    return stay, key


async def _standing(at: Bench, stay: Stay) -> int:
    rows = await at.settlements(stay.visit)
    return sum(row["kind"] == "settlement" and not row["cancelled_by"] for row in rows)


def _came_to(told: Said, outcome: str) -> None:
    found = told.must().facts.get("outcome")
    expect(found == outcome, f"the reversal came to {found}, expected {outcome}")
