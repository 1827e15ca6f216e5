"""Stays 就诊: admitted with every reason told, undone strictly backwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from app.conformance.bench import Bench, charges, expect
from app.conformance.case import REST, Family
from app.conformance.desk import Stay

FAMILY = Family.of("stays")


@FAMILY.case("All that is wrong with an admission is told at once", "入院校验不通过项一次性返回")
async def every_reason(at: Bench) -> None:
    wrong = replace(await at.person(), name="别人", card="Y00000001")
    told = await at.desk.admit(wrong, at.now, at.key())
    told.must_refuse("name-mismatch").must_refuse("card-mismatch")


@FAMILY.case("No admission without a filing", "无备案不得入院登记")
async def no_filing(at: Bench) -> None:
    person = await at.person(filed=False)
    (await at.desk.admit(person, at.now, at.key())).must_refuse("filing-missing")


@FAMILY.case("No admission in the future", "入院时间不得晚于当前")
async def in_the_future(at: Bench) -> None:
    person = await at.person()
    told = await at.desk.admit(person, at.now + timedelta(days=2), at.key())
    told.must_refuse("admission-in-future")


@FAMILY.case("Nobody lies in two beds", "同一时间不得重复住院")
async def two_beds(at: Bench) -> None:
    stay = await at.stay()
    (await at.desk.admit(stay.person, at.now, at.key())).must_refuse("visit-open")


@FAMILY.case("A stay with lines is not cancelled", "有明细不得撤销入院")
async def cancel_with_lines(at: Bench) -> None:
    stay = await at.stay_with(1)
    (await at.desk.cancel_visit(stay, at.key())).must_refuse("lines-remain")
    (await at.desk.remove_lines(stay, at.key())).must()
    (await at.desk.cancel_visit(stay, at.key())).must()
    state = (await at.visit(stay.visit)).get("state")
    expect(state == "cancelled", f"the visit is {state}")


@FAMILY.case("No discharge before the admission", "出院不得早于入院")
async def discharged_before(at: Bench) -> None:
    stay = await at.stay_with(1)
    told = await at.desk.discharge(stay, at.now - timedelta(days=1), at.key())
    told.must_refuse("discharge-out-of-order")


@FAMILY.case("No discharge is undone after the settlement", "已结算不得撤销出院")
async def undo_after_settlement(at: Bench) -> None:
    stay, _ = await at.settled()
    (await at.desk.undo_discharge(stay, at.key())).must_refuse("no-such-move")


@FAMILY.case("The way back: cancel, undo, remove, cancel", "按结算、出院、明细、入院逆序撤销")
async def strictly_backwards(at: Bench) -> None:
    stay, told = await at.settled()
    (await at.desk.cancel(stay, told.facts["settlement"], at.key())).must()
    (await at.desk.undo_discharge(stay, at.key())).must()
    (await at.desk.remove_lines(stay, at.key())).must()
    (await at.desk.cancel_visit(stay, at.key())).must()


@FAMILY.case("A visit that does not exist is unknown", "不存在的就诊编号")
async def unknown_visit(at: Bench) -> None:
    stay = await at.stay()
    ghost = Stay(visit=f"{stay.visit[:-7]}9999999", person=stay.person, at=stay.at)
    (await at.desk.upload(ghost, charges(1), at.key())).must_refuse("visit-unknown")


@FAMILY.case("Another's visit is as if it did not exist", "他机构的就诊视为不存在", (REST,))
async def foreign_visit(at: Bench) -> None:
    stay = await at.stay()
    reply = await at.other.send("GET", f"/v1/visits/{stay.visit}")
    expect(reply.status == 404, f"HTTP {reply.status}")  # noqa: PLR2004 -- HTTP's own
