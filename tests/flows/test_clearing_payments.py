"""Notices are printed, paid in full or in part, misdirected, returned, and grow old."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy.exc import DBAPIError

from app.clearing.service import issuing
from app.runtime.door import Door
from app.runtime.work import Work
from tests.support.clearing import Arranged, arranged, cleared, noticed
from tests.support.ledger import Done, balances, proven
from tests.support.world import Client, World

BEIJING, SHANDONG, LIAONING = "110000", "370000", "210000"
HEADER = "bank_reference,reference,payer,payee,amount,date"
IMPORT = "/v1/clearing-payments/import"
_BANK = itertools.count(1)
Row = dict[str, Any]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clearing(world: World) -> AsyncIterator[str]:
    """Notice a quarter of two claims, one of them a credit."""
    day = date(2025, 8, 5)
    await arranged(
        world,
        Arranged(BEIJING, SHANDONG, 150_000, day),
        Arranged(SHANDONG, BEIJING, 40_000, day),
        Arranged(LIAONING, SHANDONG, 700, day),
        Arranged(LIAONING, SHANDONG, -1_000, day),
    )
    world.clock.set_day("2025-10-21")
    number = await cleared(world, "2025Q3")
    world.clock.set_day("2025-10-31")
    await noticed(world, number)
    yield number


async def notice_of(world: World, clearing: str, insured: str, treatment: str) -> Row:
    answer = await world.operator.get(f"/v1/clearings/{clearing}/notices")
    return next(
        it
        for it in answer.json()["items"]
        if (it["kind"], it["party_place"], it["counter_place"]) == ("payable", insured, treatment)
    )


def bank_row(reference: str, payer: str, payee: str, amount: str, day: str) -> str:
    return f"B{next(_BANK):08d},{reference},{payer},{payee},{amount},{day}"


async def imported(client: Client, *rows: str) -> Any:
    sheet = "\n".join([HEADER, *rows])
    headers = {"Content-Type": "text/csv"}
    return await client.post(IMPORT, content=sheet.encode(), headers=headers)


async def outcomes(client: Client, *rows: str) -> list[str]:
    answer = await imported(client, *rows)
    assert answer.status_code == 201, answer.text
    return [it["outcome"] for it in answer.json()["items"]]


async def test_a_notice_is_printed_in_the_official_manner(world: World, clearing: str) -> None:
    it = await notice_of(world, clearing, BEIJING, SHANDONG)
    path = f"/v1/clearings/{clearing}/notices/{it['number']}"
    beijing = world.agency(BEIJING)
    assert (await beijing.get(path)).json() == it
    headers = beijing.headers() | {"Accept": "text/html"}
    page = await world.http.get(path, headers=headers)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["vary"] == "Accept"
    for shown in (
        "付款通知书",
        "Notice of payment",
        it["number"],
        it["counterpart"],
        "1,500.00",
        "壹仟伍佰元整",
        it["root"],
        "2025年11月21日",
        "1 笔",
        "@page",
    ):
        assert shown in page.text
    for stranger in (world.agency(SHANDONG), world.agency(LIAONING)):
        refused = await stranger.get(path)
        assert (refused.status_code, refused.json()["code"]) == (404, "notice-unknown")


async def test_a_credit_and_a_receipt_say_who_pays(world: World, clearing: str) -> None:
    it = await notice_of(world, clearing, LIAONING, SHANDONG)
    assert it["amount"] == "-3.00"
    pages = {}
    for place, number in ((LIAONING, it["number"]), (SHANDONG, it["counterpart"])):
        client = world.agency(place)
        headers = client.headers() | {"Accept": "text/html"}
        answer = await world.http.get(f"/v1/clearings/{clearing}/notices/{number}", headers=headers)
        pages[place] = answer.text
    assert "370000 pays you 3.00 yuan" in pages[LIAONING]
    assert "Please pay 3.00 yuan to 210000" in pages[SHANDONG]
    assert "收款通知书" in pages[SHANDONG]


async def test_a_payers_advice_lists_what_it_has_to_pay(world: World, clearing: str) -> None:
    answer = await world.agency(SHANDONG).get(f"/v1/clearings/{clearing}/payment-advice")
    own = await notice_of(world, clearing, SHANDONG, BEIJING)
    credit = await notice_of(world, clearing, LIAONING, SHANDONG)
    assert answer.headers["content-type"].startswith("text/csv")
    lines = answer.content.decode("utf-8-sig").split("\r\n")
    due = own["due"]["pay_by"]
    assert lines[0] == "reference,payer,payee,amount,pay_by,notice"
    assert sorted(lines[1:-1]) == sorted(
        [
            f"{own['number']},{SHANDONG},{BEIJING},400.00,{due},{own['number']}",
            f"{credit['number']},{SHANDONG},{LIAONING},3.00,{due},{credit['counterpart']}",
        ]
    )


async def test_a_notice_is_open_until_it_is_paid_in_full_and_again_when_money_returns(
    world: World, clearing: str
) -> None:
    it = await notice_of(world, clearing, BEIJING, SHANDONG)
    bank, reference = world.agency(SHANDONG), it["number"]
    way = (reference, BEIJING, SHANDONG)
    part = bank_row(*way, "600.00", "2025-11-18")
    assert await outcomes(bank, part) == ["partial"]
    kept = await balances(world)
    assert kept["notified:110000:370000"][0] == 90_000
    assert kept["treasury:370000"][0] == 60_000
    # The same sheet again is known by the bank's own number, and counts once.
    again = await imported(bank, part)
    assert (again.json()["items"], again.json()["known"]) == ([], 1)
    changed = await imported(bank, part.replace("600.00", "601.00"))
    assert (changed.status_code, changed.json()["code"]) == (409, "bank-reference-reused")
    wrong = [
        bank_row(*way, "900.01", "2025-11-19"),
        bank_row("N0000000000000000000", BEIJING, SHANDONG, "900.00", "2025-11-19"),
        bank_row(reference, LIAONING, SHANDONG, "900.00", "2025-11-19"),
        bank_row(reference, SHANDONG, BEIJING, "900.00", "2025-11-19"),
        bank_row(*way, "-600.01", "2025-11-19"),
    ]
    assert await outcomes(bank, *wrong) == ["misdirected"] * 5
    assert (await balances(world))["notified:110000:370000"][0] == 90_000
    rest = bank_row(it["counterpart"], BEIJING, SHANDONG, "900.00", "2025-11-20")
    assert await outcomes(bank, rest) == ["matched"]
    paid = await notice_of(world, clearing, BEIJING, SHANDONG)
    assert (paid["paid"], paid["outstanding"], paid["paid_on"]) == (
        "1500.00",
        "0.00",
        "2025-11-20",
    )
    back = bank_row(*way, "-900.00", "2025-11-21")
    assert await outcomes(bank, back) == ["returned"]
    reopened = await notice_of(world, clearing, BEIJING, SHANDONG)
    assert (reopened["outstanding"], reopened["paid_on"]) == ("900.00", None)
    twice = [bank_row(*way, yuan, "2025-11-24") for yuan in ("400.00", "500.00")]
    assert await outcomes(bank, *twice) == ["partial", "matched"]
    assert (await balances(world))["notified:110000:370000"][0] == 0
    assert (await proven(world)).holds
    misdirected = await bank.get("/v1/clearing-payments", outcome="misdirected")
    assert len(misdirected.json()["items"]) == 5
    assert (await world.agency("510000").get("/v1/clearing-payments")).json()["items"] == []


async def test_a_credit_is_paid_the_other_way(world: World, clearing: str) -> None:
    it = await notice_of(world, clearing, LIAONING, SHANDONG)
    before = (await balances(world)).get("treasury:370000", (0, 0))[0]
    row = bank_row(it["number"], SHANDONG, LIAONING, "3.00", "2025-11-18")
    assert await outcomes(world.operator, row) == ["matched"]
    kept = await balances(world)
    assert kept["notified:210000:370000"][0] == 0
    assert kept["treasury:370000"][0] == before - 300


async def test_rows_that_cannot_be_read_or_are_not_ones_own_change_nothing(
    world: World, clearing: str
) -> None:
    assert clearing
    bad = ["B1,,110000,37,1.00,2025-11-18", "B2,N1,110000,370000,0.00,yesterday"]
    bad.append("B3,N1,110000,370000,1.00,9999-12-31")
    unread = await imported(world.agency(SHANDONG), *bad)
    assert (unread.status_code, unread.json()["code"]) == (400, "bank-rows-unreadable")
    assert [(it["line"], it["column"]) for it in unread.json()["errors"]] == [
        (2, "reference"),
        (2, "payee"),
        (3, "amount"),
        (3, "date"),
        (4, "date"),
    ]
    row = bank_row("N1", BEIJING, SHANDONG, "1.00", "2025-11-18")
    foreign = await imported(world.agency("510000"), row)
    assert (foreign.status_code, foreign.json()["code"]) == (403, "bank-rows-foreign")
    assert foreign.json()["lines"] == [2]
    assert (await imported(world.institution("H37000000001"), row)).status_code == 403


async def alert(world: World, key: str) -> None:
    """Tell what is overdue, as the tick does."""

    async def use_case(work: Work) -> None:
        await issuing.alert_overdue(work)

    door = Door(
        hub=world.hub,
        caller=world.operator.caller,
        key=key,
        fingerprint=key.encode(),
        action="test",
        request="test",
    )
    await door.write(use_case, show=lambda _: Done())


async def told_overdue(world: World, number: str) -> list[list[str]]:
    async with world.tx() as tx:
        told = await tx.exec_driver_sql(
            "SELECT parties FROM announcement WHERE topic = 'clearing.overdue' AND subject = $1 "
            "ORDER BY seq",
            (number,),
        )
        return list(told.scalars())


async def test_what_is_overdue_ages_and_is_told_once(world: World, clearing: str) -> None:
    world.clock.set_day("2025-11-22")
    number = (await notice_of(world, clearing, SHANDONG, BEIJING))["number"]
    await alert(world, "alert-1")
    await alert(world, "alert-2")
    assert await told_overdue(world, number) == [[SHANDONG, BEIJING]]
    shandong = world.agency(SHANDONG)
    overdue = (await shandong.get("/v1/notices/open", overdue=True)).json()["items"]
    mine = next(it for it in overdue if it["notice"]["number"] == number)
    assert (mine["days_overdue"], mine["band"]) == (1, "within_30_days")
    world.clock.set_day("2026-03-01")
    sums = (await shandong.get("/v1/notices/ages")).json()["items"]
    told_sums = {it["band"]: (it["notices"], it["outstanding"]) for it in sums}
    assert told_sums["over_90_days"] == (1, "400.00")
    assert told_sums["not_due"] == (0, "0.00")


async def test_what_falls_due_again_is_told_again_each_time_once(
    world: World, clearing: str
) -> None:
    world.clock.set_day("2026-03-01")
    number = (await notice_of(world, clearing, SHANDONG, BEIJING))["number"]
    way = (number, SHANDONG, BEIJING)
    bank, told = world.agency(BEIJING), [[SHANDONG, BEIJING]]
    # A part that comes and goes again leaves it as open, and as told, as it was.
    for yuan in ("100.00", "-100.00"):
        await outcomes(bank, bank_row(*way, yuan, "2026-02-27"))
    await alert(world, "alert-3")
    assert await told_overdue(world, number) == told
    for time in (1, 2):
        assert await outcomes(bank, bank_row(*way, "400.00", "2026-02-27")) == ["matched"]
        await alert(world, f"alert-{time}-paid")
        assert await told_overdue(world, number) == told * time
        assert await outcomes(bank, bank_row(*way, "-400.00", "2026-02-28")) == ["returned"]
        await alert(world, f"alert-{time}-again")
        await alert(world, f"alert-{time}-twice")
        assert await told_overdue(world, number) == told * (time + 1)
    # The database holds the service to it.
    for unsaid in (
        "UPDATE notice SET alerted_at = now() WHERE alerted_at IS NOT NULL",
        "UPDATE notice SET alerted_count = alerted_count - 1 WHERE alerted_at IS NOT NULL",
        "UPDATE notice SET alerted_count = alerted_count + 1 WHERE alerted_at IS NOT NULL",
        "UPDATE notice SET reopened_count = reopened_count - 1",
    ):
        with pytest.raises(DBAPIError, match="was said once"):
            async with world.service_tx() as tx:
                await tx.exec_driver_sql(unsaid)


@pytest.mark.parametrize("path", ["/v1/notices/open", "/v1/notices/ages"])
async def test_strangers_find_nothing_open(world: World, clearing: str, path: str) -> None:
    assert clearing
    answer = (await world.agency("510000").get(path)).json()
    assert all(it.get("notices", 0) == 0 for it in answer["items"])
