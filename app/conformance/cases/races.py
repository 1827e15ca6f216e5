"""Races 并发: two windows, ten presses, one effect."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from app.conformance.bench import Bench, at_once, charges, effects, expect
from app.conformance.case import Family

FAMILY = Family.of("races")


@FAMILY.case("Ten presses at once with one id settle once", "同一报文十次并发仅结算一次")
async def ten_presses(at: Bench) -> None:
    stay, key = await at.left(), at.key()
    press = partial(at.desk.settle, stay, Decimal(4), key)
    answers = await at_once(*[press] * 10)
    told = [each for each in answers if each.done]
    expect(bool(told), "nobody was told that it is settled")
    expect(len({each.facts["settlement"] for each in told}) == 1, "the answers differ")
    (await press()).must()
    expect(len(await at.settlements(stay.visit)) == 1, "not exactly one settlement")


@FAMILY.case("Two windows of one clerk admit one worker once", "两个窗口同时入院登记仅成功一次")
async def two_windows_admit(at: Bench) -> None:
    person = await at.person()
    answers = await at_once(
        partial(at.desk.admit, person, at.now, at.key()),
        partial(at.desk.admit, person, at.now, at.key()),
    )
    expect(effects(answers) == 1, f"{effects(answers)} admissions")


@FAMILY.case("Two windows settle one visit once", "两个窗口同时结算仅成功一次")
async def two_windows_settle(at: Bench) -> None:
    stay = await at.left()
    answers = await at_once(
        partial(at.desk.settle, stay, Decimal(4), at.key()),
        partial(at.desk.settle, stay, Decimal(4), at.key()),
    )
    expect(effects(answers) == 1, f"{effects(answers)} settlements told")
    expect(len(await at.settlements(stay.visit)) == 1, "not exactly one settlement")


@FAMILY.case("Lines that arrive while it settles count wholly or not at all", "结算与上传并发一致")
async def lines_while_settling(at: Bench) -> None:
    stay = await at.left()
    settle, upload = await at_once(
        partial(at.desk.settle, stay, Decimal(4), at.key()),
        partial(at.desk.upload, stay, charges(1, first=9), at.key()),
    )
    expect(effects([settle, upload]) == 1, "both or neither took effect")


@FAMILY.case("Two cancellations at once book one twin", "并发撤销仅生效一次")
async def two_cancellations(at: Bench) -> None:
    stay, told = await at.settled()
    answers = await at_once(
        partial(at.desk.cancel, stay, told.facts["settlement"], at.key()),
        partial(at.desk.cancel, stay, told.facts["settlement"], at.key()),
    )
    expect(effects(answers) == 1, f"{effects(answers)} cancellations told")


@FAMILY.case("The same batch by two windows is stored once", "两个窗口上传同一批明细不重复入库")
async def same_batch_twice(at: Bench) -> None:
    stay = await at.stay()
    answers = await at_once(
        partial(at.desk.upload, stay, charges(50), at.key()),
        partial(at.desk.upload, stay, charges(50), at.key()),
    )
    expect(effects(answers) >= 1, "neither was taken")
    await at.must_hold(stay.visit, lines=50, total="100.00")
