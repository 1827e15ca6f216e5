"""Every claim gets its payable and its receivable notice, and the books move with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy.exc import ProgrammingError

from app.kernel.money import Money
from tests.support.clearing import Arranged, arranged, cleared, confirmed
from tests.support.ledger import balances, proven
from tests.support.world import World

AUGUST = date(2025, 8, 5)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def issued(world: World) -> AsyncIterator[dict[str, Any]]:
    """Clear a quarter of three claims, one below zero and one of nothing, and issue notices."""
    world.clock.set_day("2025-10-21")
    await arranged(
        world,
        Arranged("110000", "370000", 150_000, AUGUST),
        Arranged("370000", "110000", 30_000, AUGUST),
        Arranged("210000", "370000", 700, AUGUST),
        Arranged("210000", "370000", -1_000, AUGUST),
        Arranged("310000", "370000", 0, AUGUST, total=500),
    )
    number = await cleared(world, "2025Q3")
    await confirmed(world, number)
    world.clock.set_day("2025-10-31")
    answer = await world.operator.post(f"/v1/clearings/{number}/notices")
    assert answer.status_code == 201, answer.text
    yield answer.json()


async def test_payable_and_receivable_notices_come_to_the_same(issued: dict[str, Any]) -> None:
    assert (issued["payable"], issued["receivable"]) == (3, 3)
    assert issued["payable_fund"] == issued["receivable_fund"] == "1797.00"


async def test_a_notice_is_due_in_five_and_ten_working_days(issued: dict[str, Any]) -> None:
    due = {"to_finance_by": "2025-11-07", "pay_by": "2025-11-21", "announced": True}
    assert issued["due"] == due


async def test_a_place_reads_the_notices_addressed_to_it(
    world: World, issued: dict[str, Any]
) -> None:
    path = f"/v1/clearings/{issued['clearing']}/notices"
    shandong = (await world.agency("370000").get(path)).json()["items"]
    told = {(it["kind"], it["counter_place"]): it["amount"] for it in shandong}
    assert told == {
        ("receivable", "110000"): "1500.00",
        ("payable", "110000"): "300.00",
        ("receivable", "210000"): "-3.00",
    }
    for it in shandong:
        assert it["number"].startswith("N370000251031")
        assert it["clearing"] == issued["clearing"]
        assert it["party_place"] == "370000"
    assert len((await world.operator.get(path)).json()["items"]) == 6


async def test_both_notices_of_a_claim_carry_its_control_totals_and_name_each_other(
    world: World, issued: dict[str, Any]
) -> None:
    path = f"/v1/clearings/{issued['clearing']}/notices"
    all_of_it = (await world.operator.get(path)).json()["items"]
    by_number = {it["number"]: it for it in all_of_it}
    for it in all_of_it:
        other = by_number[it["counterpart"]]
        assert other["counterpart"] == it["number"]
        assert other["kind"] != it["kind"]
        assert (other["totals"], other["root"]) == (it["totals"], it["root"])
        assert it["totals"]["fund"] == it["amount"]
    payable = [Money.yuan(it["amount"]) for it in all_of_it if it["kind"] == "payable"]
    assert str(Money.total(payable)) == issued["payable_fund"]


async def test_the_notices_are_listed_in_pages(world: World, issued: dict[str, Any]) -> None:
    path = f"/v1/clearings/{issued['clearing']}/notices"
    first = (await world.operator.get(path, limit=4)).json()
    rest = (await world.operator.get(path, limit=4, cursor=first["next"])).json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (4, 2, None)


async def test_what_was_uncleared_is_notified_in_one_entry_a_pair(
    world: World, issued: dict[str, Any]
) -> None:
    kept = {name: fen for name, (fen, _) in (await balances(world)).items()}
    assert kept["notified:110000:370000"] == 150_000
    assert kept["uncleared:110000:370000"] == 0
    assert kept["notified:210000:370000"] == -300
    assert kept["uncleared:210000:370000"] == 0
    assert "notified:310000:370000" not in kept
    path = f"/v1/clearings/{issued['clearing']}/notices"
    for it in (await world.operator.get(path)).json()["items"]:
        answer = await world.operator.get("/v1/ledger/postings", subject=it["number"])
        assert len(answer.json()["items"]) == (it["kind"] == "payable")
    assert (await proven(world)).holds


async def test_a_credit_is_booked_the_other_way(world: World, issued: dict[str, Any]) -> None:
    path = f"/v1/clearings/{issued['clearing']}/notices"
    liaoning = (await world.agency("210000").get(path)).json()["items"]
    answer = await world.operator.get("/v1/ledger/postings", subject=liaoning[0]["number"])
    (posting,) = answer.json()["items"]
    assert (posting["debit"], posting["credit"], posting["amount"]) == (
        "uncleared:210000:370000",
        "notified:210000:370000",
        "3.00",
    )


async def test_notices_are_issued_once(world: World, issued: dict[str, Any]) -> None:
    before = await balances(world)
    answer = await world.operator.post(f"/v1/clearings/{issued['clearing']}/notices")
    assert (answer.status_code, answer.json()["code"]) == (409, "no-such-move")
    assert await balances(world) == before
    it = (await world.operator.get(f"/v1/clearings/{issued['clearing']}")).json()
    assert (it["state"], it["noticed_at"]) == ("noticed", "2025-10-31T01:00:00Z")


async def test_notices_of_an_unknown_clearing_are_refused(world: World) -> None:
    answer = await world.operator.post("/v1/clearings/C0000002510219999999/notices")
    assert (answer.status_code, answer.json()["code"]) == (404, "clearing-unknown")


async def test_a_clearing_of_nothing_issues_nothing(world: World) -> None:
    number = await cleared(world, "2024Q2")
    answer = (await world.operator.post(f"/v1/clearings/{number}/notices")).json()
    assert (answer["payable"], answer["receivable"], answer["payable_fund"]) == (0, 0, "0.00")


async def test_the_places_concerned_are_told(world: World, issued: dict[str, Any]) -> None:
    async with world.tx() as tx:
        rows = await tx.exec_driver_sql(
            "SELECT topic, parties FROM announcement WHERE subject = $1 ORDER BY seq",
            (issued["clearing"],),
        )
        told = [(row.topic, row.parties) for row in rows]
    places = ["110000", "210000", "310000", "370000"]
    told = [it for it in told if it[0] != "clearing.confirm"]
    assert told == [("clearing.generated", places), ("clearing.noticed", places)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE claim SET fund_fen = 0",
        "DELETE FROM claim",
        "UPDATE notice SET fund_fen = 1",
        "UPDATE contest SET fund_fen = 0",
        "UPDATE confirmation SET client = 'other'",
        "DELETE FROM confirmed_line",
        "DELETE FROM carried",
        "UPDATE bank_confirmation SET amount_fen = 1",
        "DELETE FROM notice",
        "UPDATE clearing SET period = '2025Q4'",
        "DELETE FROM clearing",
    ],
)
async def test_the_services_role_cannot_alter_what_was_claimed(
    world: World, statement: str
) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with world.hub.engine.begin() as tx:
            await tx.exec_driver_sql(statement)
