"""A period that is over is claimed once, gross per pair, and both sides can recompute it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date

import pytest
import pytest_asyncio

from app.kernel.money import Money
from app.policy.book import PolicyBook
from app.runtime.work import Law
from tests.support.clearing import (
    Arranged,
    all_items,
    arranged,
    cleared,
    periods_of,
    root_of,
    run,
)
from tests.support.queries import recorded
from tests.support.world import World

JULY, AUGUST, SEPTEMBER = date(2025, 7, 4), date(2025, 8, 5), date(2025, 9, 30)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def quarter(world: World) -> AsyncIterator[str]:
    """Clear the third quarter of 2025; return the clearing's number."""
    world.clock.set_day("2025-10-21")
    await arranged(
        world,
        Arranged("110000", "370000", 100_000, JULY, total=120_000),
        Arranged("110000", "370000", 50_005, AUGUST, total=60_000),
        Arranged("110000", "370000", 1, SEPTEMBER),
        Arranged("110000", "370000", 0, SEPTEMBER, total=900),
        Arranged("370000", "110000", 30_000, AUGUST),
        Arranged("210000", "370000", 700, AUGUST),
        Arranged("210000", "370000", -1_000, SEPTEMBER, total=-1_100),
        Arranged("370100", "370200", 4_400, AUGUST, scheme="in_province"),
        Arranged("110000", "370000", 999, date(2025, 10, 1)),
    )
    yield await cleared(world, "2025Q3")


async def test_a_quarter_is_claimed_gross_per_ordered_pair(world: World, quarter: str) -> None:
    it = (await world.operator.get(f"/v1/clearings/{quarter}")).json()
    assert (it["scheme"], it["period"], it["state"]) == ("cross_province", "2025Q3", "generated")
    assert it["claims"] == 3
    assert it["totals"] == {"settlements": 7, "total": "2105.01", "fund": "1797.06"}
    assert it["policy_version"] == world.hub.law.book.version
    assert it["noticed_at"] is None
    assert quarter.startswith("C000000251021")
    assert len(quarter) == 20


async def test_a_place_reads_what_it_pays_and_what_it_receives(world: World, quarter: str) -> None:
    answer = await world.agency("370000").get(f"/v1/clearings/{quarter}/statements/370000")
    it = answer.json()
    assert [(c["insured_place"], c["totals"]["fund"]) for c in it["receivable"]] == [
        ("110000", "1500.06"),
        ("210000", "-3.00"),
    ]
    assert [(c["treatment_place"], c["totals"]["fund"]) for c in it["payable"]] == [
        ("110000", "300.00")
    ]
    assert it["totals"] == {
        "place": "370000",
        "payable": {"settlements": 1, "total": "300.00", "fund": "300.00"},
        "receivable": {"settlements": 6, "total": "1805.01", "fund": "1497.06"},
        "net": "1197.06",
    }


async def test_the_nets_of_all_places_sum_to_zero(world: World, quarter: str) -> None:
    first = (await world.operator.get(f"/v1/clearings/{quarter}/statements", limit=2)).json()
    rest = (
        await world.operator.get(f"/v1/clearings/{quarter}/statements", cursor=first["next"])
    ).json()
    nets = {it["place"]: Money.yuan(it["net"]).fen for it in first["items"] + rest["items"]}
    assert nets == {"110000": -120_006, "210000": 300, "370000": 119_706}
    assert sum(nets.values()) == 0


@pytest.mark.parametrize(
    ("reader", "insured", "treatment"),
    [
        ("110000", "110000", "370000"),
        ("370000", "110000", "370000"),
        ("370000", "370000", "110000"),
        ("210000", "210000", "370000"),
    ],
)
async def test_a_side_recomputes_the_root_from_the_items(
    world: World, quarter: str, reader: str, insured: str, treatment: str
) -> None:
    agency = world.agency(reader)
    items = await all_items(agency, quarter, insured_place=insured, treatment_place=treatment)
    statement = (await agency.get(f"/v1/clearings/{quarter}/statements/{reader}")).json()
    (claim,) = [
        c
        for c in statement["payable"] + statement["receivable"]
        if (c["insured_place"], c["treatment_place"]) == (insured, treatment)
    ]
    assert claim["root"] == root_of(items)
    assert claim["totals"]["settlements"] == len(items)
    assert claim["totals"]["fund"] == str(Money.total(Money.yuan(it["fund"]) for it in items))
    assert claim["root"] != root_of(items[:-1])


async def test_the_items_an_agency_reads_are_its_own(world: World, quarter: str) -> None:
    items = await all_items(world.agency("210000"), quarter)
    assert {(it["insured_place"], it["treatment_place"]) for it in items} == {("210000", "370000")}
    assert [it["fund"] for it in items] == ["7.00", "-10.00"]
    assert len(await all_items(world.operator, quarter)) == 7


async def test_an_agencys_totals_cover_its_own_claims(world: World, quarter: str) -> None:
    it = (await world.agency("110000").get(f"/v1/clearings/{quarter}")).json()
    assert it["claims"] == 2
    assert it["totals"] == {"settlements": 5, "total": "2109.01", "fund": "1800.06"}
    listed = (await world.agency("110000").get("/v1/clearings")).json()["items"]
    assert [each["number"] for each in listed] == [quarter]
    assert listed[0]["totals"] == it["totals"]


@pytest.mark.parametrize("path", ["", "/statements", "/statements/370000", "/items", "/notices"])
async def test_a_clearing_is_not_there_for_those_without_a_claim(
    world: World, quarter: str, path: str
) -> None:
    strangers = (
        world.agency("510000"),
        world.agency("370100"),
        world.institution("H37000000001"),
        world.channel(),
    )
    for stranger in strangers:
        answer = await stranger.get(f"/v1/clearings/{quarter}{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "clearing-unknown")
    unknown = await world.operator.get(f"/v1/clearings/C0000002510219999999{path}")
    assert unknown.json()["code"] == "clearing-unknown"


async def test_those_without_a_claim_list_nothing(world: World, quarter: str) -> None:
    assert quarter
    for stranger in (world.agency("510000"), world.institution("H37000000001"), world.channel()):
        assert (await stranger.get("/v1/clearings")).json()["items"] == []


@pytest.mark.parametrize("place", ["370000", "510000"])
async def test_the_statement_of_another_place_is_not_there(
    world: World, quarter: str, place: str
) -> None:
    answer = await world.agency("110000").get(f"/v1/clearings/{quarter}/statements/{place}")
    assert (answer.status_code, answer.json()["code"]) == (404, "statement-unknown")
    listed = (await world.agency("110000").get(f"/v1/clearings/{quarter}/statements")).json()
    assert [it["place"] for it in listed["items"]] == ["110000"]


async def test_a_place_without_claims_has_no_statement(world: World, quarter: str) -> None:
    answer = await world.operator.get(f"/v1/clearings/{quarter}/statements/510000")
    assert answer.json()["code"] == "statement-unknown"


async def test_a_period_is_cleared_once_and_the_refusal_names_the_clearing(
    world: World, quarter: str
) -> None:
    answer = await run(world, "2025Q3")
    assert (answer.status_code, answer.json()["code"]) == (409, "clearing-exists")
    assert answer.json()["clearing"] == quarter


async def test_the_same_message_again_gets_the_same_answer(world: World) -> None:
    world.clock.set_day("2025-10-21")
    asked = {"scheme": "cross_province", "period": "2024Q2"}
    first = await world.operator.post("/v1/clearings", asked, key="clear-2024Q2")
    again = await world.operator.post("/v1/clearings", asked, key="clear-2024Q2")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.content == first.content
    assert first.json()["totals"]["settlements"] == 0


async def test_the_cities_of_a_province_clear_in_a_clearing_of_their_own(
    world: World, quarter: str
) -> None:
    assert quarter
    number = await cleared(world, "2025Q3", "in_province")
    it = (await world.agency("370200").get(f"/v1/clearings/{number}/statements/370200")).json()
    assert [(c["insured_place"], c["totals"]["fund"]) for c in it["receivable"]] == [
        ("370100", "44.00")
    ]
    # The province governs both cities, so it reads both statements.
    listed = (await world.agency("370000").get(f"/v1/clearings/{number}/statements")).json()
    assert [(each["place"], each["net"]) for each in listed["items"]] == [
        ("370100", "-44.00"),
        ("370200", "44.00"),
    ]


@pytest.mark.parametrize(
    ("period", "status", "code"),
    [
        ("2025Q9", 400, "clearing-period-unreadable"),
        ("2024Q1", 422, "clearing-period-too-early"),
        ("2025-09", 422, "clearing-period-cycle"),
        ("2025-12", 422, "clearing-period-cycle"),
        ("2025Q4", 422, "clearing-period-not-over"),
    ],
)
async def test_a_period_that_cannot_be_cleared_is_refused(
    world: World, quarter: str, period: str, status: int, code: str
) -> None:
    assert quarter
    world.clock.set_day("2025-12-31")
    answer = await run(world, period)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_only_the_operator_clears(world: World, quarter: str) -> None:
    for stranger in (world.agency("370000"), world.institution("H37000000001"), world.channel()):
        asked = {"scheme": "cross_province", "period": "2025Q1"}
        assert (await stranger.post("/v1/clearings", asked)).status_code == 403
        answer = await stranger.post(f"/v1/clearings/{quarter}/notices")
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"scheme": "cross_province"},
        {"scheme": "by_region", "period": "2025Q3"},
        {"scheme": "cross_province", "period": "2025Q3", "force": True},
        {"scheme": "cross_province", "period": 20253},
        {"scheme": "cross_province", "period": "2025Q3 or so"},
    ],
)
async def test_a_run_that_cannot_be_read_is_malformed(
    world: World, asked: dict[str, object]
) -> None:
    answer = await world.operator.post("/v1/clearings", asked)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_what_is_settled_late_falls_in_the_next_period(world: World, quarter: str) -> None:
    """Late means: of a day whose month was closed, so that it counts in the next."""
    late, due = await arranged(
        world,
        Arranged("110000", "370000", 7, SEPTEMBER, month="2025-10"),
        Arranged("110000", "370000", 8, date(2025, 12, 31)),
    )
    world.clock.set_day("2026-01-21")
    number = await cleared(world, "2025Q4")
    assert await periods_of(world, [late, due]) == [number, number]
    items = await all_items(world.operator, number)
    assert [it["fund"] for it in items] == ["0.07", "9.99", "0.08"]
    assert [it["of_period"] for it in items] == ["2025Q3", "2025Q4", "2025Q4"]
    before = await all_items(world.operator, quarter)
    assert late not in {it["number"] for it in before}


async def test_a_run_costs_eleven_statements_and_a_look_for_each_further_portion(
    world: World,
) -> None:
    world.clock.set_day("2027-01-21")
    many = [
        Arranged(f"{n}0000", "370000", n, date(2026, 11, 1))
        for n in (11, 12, 13, 14, 15, 21, 22, 23)
        for _ in range(5)
    ]
    await arranged(world, *many)
    with recorded(world) as statements:
        await cleared(world, "2026Q4")
    assert [statement.split()[0] for statement in statements[1:]] == [  # after the message
        "INSERT",  # the clearing
        "WITH",  # the months, closed under their locks
        "INSERT",  # the months it holds
        "SELECT",  # the contests that roll on, held
        "SELECT",  # the newest settlement
        "WITH",  # what they hold, totalled by pair, with what rolled into it
        "SELECT",  # whether anybody settled since, once a portion
        "WITH",  # the claims
        "WITH",  # what rolled, linked
        "SELECT",  # the clearing
        "WITH",  # the answer
    ]


async def test_clearing_by_the_month_is_a_matter_of_configuration(
    database_url: str, world: World
) -> None:
    assert database_url
    monthly = PolicyBook.parse(
        """
edition = "monthly"
[clearing.cycle]
unit = "cycle"
means = "How often"
means_zh = "周期"
[[clearing.cycle.national]]
from = 2026-01-01
clause = "hub-default/clearing-cycle"
value = "monthly"
[clearing.due_day]
unit = "day of the month after the period"
means = "Generated and confirmed by"
means_zh = "生成与确认"
[[clearing.due_day.national]]
from = 2024-04-01
clause = "hub-default/clearing-calendar"
value = { generated = 21, confirmed = 25 }
"""
    )
    quarterly = world.hub
    (number,) = await arranged(world, Arranged("110000", "370000", 5, date(2027, 3, 3)))
    world.clock.set_day("2027-04-01")
    world.app.state.hub = replace(
        quarterly, law=Law(book=monthly, provisions=quarterly.law.provisions)
    )
    try:
        assert (await run(world, "2027Q1")).json()["code"] == "clearing-period-cycle"
        clearing = await cleared(world, "2027-03")
    finally:
        world.app.state.hub = quarterly
    assert await periods_of(world, [number]) == [clearing]
