"""The books: written in one statement, never altered, read by those they concern."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, ProgrammingError

from app.kernel.money import ZERO, Money
from app.ledger.entries import (
    notice_issued,
    settlement_booked,
    settlement_cancelled,
)
from app.ledger.model import Entry
from tests.support.ledger import balances, booked, proven
from tests.support.queries import recorded
from tests.support.world import World

DAY = date(2025, 9, 1)
HOSPITAL = "H37010000001"


def settled(number: str, fen: int, insured: str = "110000", treatment: str = "370000") -> Entry:
    return settlement_booked(
        number, DAY, insured, treatment, f"H{treatment[:4]}0000001", Money(fen)
    )


async def test_the_first_use_of_an_account_creates_it_and_the_balance_is_debits_less_credits(
    world: World,
) -> None:
    await booked(world, [settled("A-first", 5000, "120000")])
    kept = await balances(world)
    assert kept["uncleared:120000:370000"] == (5000, 1)
    assert kept["payable:370000:H37000000001"][0] == -5000


async def test_entries_of_one_transaction_step_through_the_balances_in_order(world: World) -> None:
    made = [settled(f"A-step-{n}", n, "130000", "330000") for n in (1, 2, 3)]
    await booked(world, made[:1], made[1:])
    answer = await world.operator.get("/v1/ledger/postings", account="uncleared:130000:330000")
    steps = [(it["subject"], it["version"], it["balance"]) for it in answer.json()["items"]]
    assert steps == [
        ("A-step-1", 1, "0.01"),
        ("A-step-2", 2, "0.03"),
        ("A-step-3", 3, "0.06"),
    ]
    assert (await balances(world))["uncleared:130000:330000"] == (6, 3)


async def test_all_that_a_transaction_books_is_one_statement(world: World) -> None:
    made = [settled(f"A-one-{n}", 10, "140000", "330000") for n in range(50)]
    with recorded(world) as statements:
        await booked(world, made[:20], made[20:])
    assert [s for s in statements if "ledger" in s or "account" in s] == [statements[-1]]


async def test_a_cancellation_restores_the_balances_and_points_to_what_it_undoes(
    world: World,
) -> None:
    await booked(world, [settled("A-undo-0", 700, "150000")])
    before = (await balances(world))["uncleared:150000:370000"][0]
    it = settled("A-undo-1", 900, "150000")
    await booked(world, [it])
    await booked(world, [settlement_cancelled("A-undo-2", DAY, it)])
    assert (await balances(world))["uncleared:150000:370000"] == (before, 3)
    async with world.tx() as tx:
        query = sa.text(
            "SELECT was.subject FROM entry e JOIN entry was ON was.id = e.reverses "
            "WHERE e.subject = 'A-undo-2'"
        )
        assert (await tx.execute(query)).scalar_one() == "A-undo-1"


async def test_nothing_is_undone_twice_and_nothing_unknown_is_undone(world: World) -> None:
    it = settled("A-twice", 900, "150000")
    with pytest.raises(DBAPIError, match="not in the books"):
        await booked(world, [settlement_cancelled("A-twice-1", DAY, it)])
    await booked(world, [it])
    await booked(world, [settlement_cancelled("A-twice-1", DAY, it)])
    with pytest.raises(DBAPIError, match="uq_entry_reverses"):
        await booked(world, [settlement_cancelled("A-twice-2", DAY, it)])
    assert (await proven(world)).holds


async def test_an_amount_of_zero_is_an_entry_without_postings(world: World) -> None:
    before = (await balances(world)), (await proven(world)).entries
    zero = settlement_booked("A-zero", DAY, "110000", "370000", HOSPITAL, ZERO)
    await booked(world, [zero], [])
    assert (await balances(world)) == before[0]
    assert (await proven(world)).entries == before[1] + 1


async def test_booking_nothing_asks_nothing_of_the_database(world: World) -> None:
    before = (await proven(world)).entries
    await booked(world, [])
    assert (await proven(world)).entries == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE posting SET fen = fen + 1",
        "DELETE FROM posting",
        "TRUNCATE posting",
        "UPDATE entry SET subject = 'other'",
        "DELETE FROM entry",
        "UPDATE account SET balance_fen = 0",
        "DELETE FROM account",
        "INSERT INTO posting (fen) VALUES (1)",
        "INSERT INTO entry (subject) VALUES ('N')",
        "INSERT INTO account (name) VALUES ('treasury:999999')",
        "DROP FUNCTION ledger_book",
        "ALTER TABLE posting DISABLE TRIGGER ALL",
    ],
)
async def test_the_services_role_cannot_write_the_books_by_hand(
    world: World, statement: str
) -> None:
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        async with world.hub.engine.begin() as tx:
            await tx.exec_driver_sql(statement)


async def test_the_function_that_books_finds_only_our_own_tables(world: World) -> None:
    async with world.tx() as tx:
        query = sa.text("SELECT prosecdef, proconfig FROM pg_proc WHERE proname = 'ledger_book'")
        row = (await tx.execute(query)).one()
    assert row.prosecdef
    assert "search_path=pg_catalog, public, pg_temp" in row.proconfig


async def test_a_proof_counts_what_there_is_and_misses_the_settlements(world: World) -> None:
    await booked(world, [settled("A-proof", 12_345)])
    answer = await world.operator.get("/v1/ledger/proof")
    proof = answer.json()
    assert answer.status_code == 200
    # the books alone are sound; what they were booked for is not there
    assert proof["holds"] is False
    assert proof["difference"]["law"] == "entries_have_subjects"
    assert (await proven(world)).holds
    assert proof["postings"] > 0
    async with world.tx() as tx:
        turnover = (await tx.exec_driver_sql("SELECT sum(fen) FROM posting")).scalar_one()
    assert proof["turnover"] == str(Money(int(turnover)))


async def test_an_agency_sees_the_accounts_of_its_place_on_either_side(world: World) -> None:
    await booked(world, [settled("A-see-1", 100, "110000", "210000")])
    await booked(world, [settled("A-see-2", 100, "120000", "220000")])
    insured = await world.agency("110000").get("/v1/ledger/accounts", limit=200)
    names = {it["name"] for it in insured.json()["items"]}
    assert "uncleared:110000:210000" in names
    assert not any(name.startswith("payable") for name in names)
    assert all("110000" in name for name in names)
    treatment = await world.agency("210000").get("/v1/ledger/accounts")
    names = {it["name"] for it in treatment.json()["items"]}
    assert names == {"uncleared:110000:210000", "payable:210000:H21000000001"}


async def test_an_institution_sees_what_it_is_owed(world: World) -> None:
    await booked(world, [settled("A-owed", 100, "110000", "310000")])
    answer = await world.institution("H31000000001").get("/v1/ledger/accounts")
    assert [(it["name"], it["balance"], it["normal_side"]) for it in answer.json()["items"]] == [
        ("payable:310000:H31000000001", "-1.00", "credit")
    ]


async def test_a_channel_has_no_business_with_the_books(world: World) -> None:
    for path in ("accounts", "postings", "proof"):
        answer = await world.channel().get(f"/v1/ledger/{path}")
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_only_the_operator_asks_for_the_proof(world: World) -> None:
    answer = await world.agency("370000").get("/v1/ledger/proof")
    assert answer.status_code == 403


async def test_accounts_are_listed_by_kind_and_place_in_pages(world: World) -> None:
    for insured in ("410000", "420000", "430000"):
        await booked(world, [settled(f"A-page-{insured}", 1, insured, "460000")])
    asked = {"kind": "uncleared", "place": "460000", "limit": 2}
    first = (await world.operator.get("/v1/ledger/accounts", **asked)).json()
    rest = (await world.operator.get("/v1/ledger/accounts", **asked, cursor=first["next"])).json()
    names = [it["name"] for it in first["items"] + rest["items"]]
    assert names == [f"uncleared:{i}:460000" for i in ("410000", "420000", "430000")]
    assert rest["next"] is None


async def test_the_postings_of_an_account_are_read_in_pages_from_both_sides(world: World) -> None:
    pair = "510000", "460000"
    await booked(world, [settled(f"A-both-{n}", 10, *pair) for n in range(3)])
    await booked(world, [notice_issued("N-both", DAY, *pair, Money(30))])
    await booked(world, [settled("A-both-9", 10, *pair)])
    seen: list[tuple[int, str]] = []
    asked: dict[str, object] = {"account": "uncleared:510000:460000", "limit": 2}
    while True:
        page = (await world.operator.get("/v1/ledger/postings", **asked)).json()
        seen += [(it["version"], it["balance"]) for it in page["items"]]
        if page["next"] is None:
            break
        asked["cursor"] = page["next"]
    assert seen == [(1, "0.10"), (2, "0.20"), (3, "0.30"), (4, "0.00"), (5, "0.10")]


async def test_the_postings_of_a_subject_are_seen_by_both_places_and_nobody_else(
    world: World,
) -> None:
    await booked(world, [settled("A-subject", 321, "110000", "340000")])
    for region, rows in (("110000", 1), ("340000", 1), ("370000", 0)):
        answer = await world.agency(region).get("/v1/ledger/postings", subject="A-subject")
        assert len(answer.json()["items"]) == rows
    it = (await world.operator.get("/v1/ledger/postings", subject="A-subject")).json()["items"][0]
    assert it["amount"] == "3.21"
    assert it["effective_day"] == "2025-09-01"
    assert it["policy_version"] == world.hub.law.book.version
    assert (it["version"], it["balance"]) == (None, None)


async def test_an_account_of_others_is_not_there(world: World) -> None:
    await booked(world, [settled("A-foreign", 100, "110000", "350000")])
    name = "uncleared:110000:350000"
    for asked in (name, "uncleared:000000:000000"):
        answer = await world.agency("370000").get("/v1/ledger/postings", account=asked)
        assert (answer.status_code, answer.json()["code"]) == (404, "account-unknown")


@pytest.mark.parametrize("asked", [{}, {"account": "treasury:370000", "subject": "A-1"}])
async def test_postings_are_asked_for_by_exactly_one_of_account_and_subject(
    world: World, asked: dict[str, str]
) -> None:
    answer = await world.operator.get("/v1/ledger/postings", **asked)
    assert (answer.status_code, answer.json()["code"]) == (400, "postings-of-what")
