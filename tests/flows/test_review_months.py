"""Months over HTTP: declared, closed in order, uploaded, their money asked for; and who is late."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest_asyncio

from app.review.service import closing
from tests.support.institutions import JINAN, JINAN_DEVICES
from tests.support.parties import as_operator
from tests.support.queries import recorded
from tests.support.review import (
    REVIEWS,
    close,
    closed,
    decide,
    deducted,
    settlements_on,
    upheld,
)
from tests.support.settlement import cancelled
from tests.support.visit import road, rows
from tests.support.world import Client, World

FIGURES = {"settlements": 2, "total": "20.00", "fund": "20.00"}


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    """Lay the road once; afterwards every test begins without settlements and closed months."""
    if not (await rows(world, "SELECT 1 FROM institution LIMIT 1")):
        await road(world)
    await rows(
        world,
        "TRUNCATE settlement, settlement_line, settlement_month, deduction, review, review_line, "
        "review_alert, declaration, institution_payment, account, entry, posting, visit, fee_line, "
        "announcement CASCADE",
    )


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def numbers_on(world: World, day: str, count: int) -> list[str]:
    return [str(it["number"]) for it in await settlements_on(world, day, count)]


async def declare(world: World, month: str, institution: str = JINAN, **other: Any) -> Any:
    body = {"month": month} | FIGURES | other
    return await world.institution(institution).post(f"{REVIEWS}/declarations", body)


async def declarations(client: Client, **asked: Any) -> list[dict[str, Any]]:
    return list((await client.get(f"{REVIEWS}/declarations", **asked)).json()["items"])


async def month_of(world: World, settlement: str) -> str:
    return str((await world.operator.get(f"/v1/settlements/{settlement}")).json()["month"])


async def test_an_institution_declares_a_month_that_is_over_with_the_hubs_own_figures(
    world: World,
) -> None:
    made = await numbers_on(world, "2025-09-30", 2)
    assert refusal(await declare(world, "2025-09")) == (422, "month-running")
    await numbers_on(world, "2025-10-01", 1)
    path = f"{REVIEWS}/declarations/2025-09/figures"
    shown = (await world.institution(JINAN).get(path)).json()["items"]
    assert [{name: it[name] for name in FIGURES} for it in shown] == [FIGURES]
    lines = "\n".join(f"{number} 1000 1000" for number in made)
    assert shown[0]["root"] == hashlib.sha256(lines.encode()).hexdigest()
    wrong = await declare(world, "2025-09", settlements=3)
    assert refusal(wrong) == (422, "control-totals-differ")
    assert (wrong.json()["yours"], wrong.json()["hub"]) == (
        "3 / 20.00 / 20.00",
        "2 / 20.00 / 20.00",
    )
    it = (await declare(world, "2025-09")).json()
    assert (it["place"], it["by_hub"], it["figures"]) == ("370000", False, shown[0])
    again = await declare(world, "2025-09")
    assert refusal(again) == (409, "declaration-made")
    assert again.json()["declaration"] == it["number"]
    assert refusal(await declare(world, "2025-09", JINAN_DEVICES)) == (422, "nothing-to-declare")
    for client in (world.institution(JINAN), world.agency("370000"), world.agency("370100")):
        assert await declarations(client, month="2025-09") == [it]
    for client in (world.agency("110000"), world.institution(JINAN_DEVICES)):
        assert await declarations(client) == []


async def test_figures_are_an_agencys_own_and_the_operator_names_a_place(world: World) -> None:
    await numbers_on(world, "2025-09-30", 1)
    path = f"{REVIEWS}/declarations/2025-09/figures"
    for agency in (world.agency("370000"), world.agency("370100")):
        assert [it["institution"] for it in (await agency.get(path)).json()["items"]] == [JINAN]
    assert (await world.agency("370200").get(path)).json()["items"] == []
    assert refusal(await world.operator.get(path)) == (403, "review-foreign")
    told = await world.operator.get(path, place="370000", institution=JINAN)
    assert [it["settlements"] for it in told.json()["items"]] == [1]
    in_province = await world.agency("370100").get(path, scheme="in_province")
    assert in_province.json()["items"] == []


async def test_a_closed_month_holds_everything_of_it_and_takes_no_more(world: World) -> None:
    made = await numbers_on(world, "2025-09-30", 3)
    taken = await upheld(world, made[0], "4.00")
    carried = await deducted(world, made[1], "1.50")
    world.clock.set_day("2025-10-10")
    it = await closed(world, "2025-09")
    assert it["totals"] == {
        "settlements": 3,
        "total": "30.00",
        "fund": "30.00",
        "own": "0.00",
        "deductions": 1,
        "deducted": "4.00",
        "due": "26.00",
    }
    assert (it["carried"], it["carried_amount"]) == (1, "1.50")
    assert (it["review_by"], it["request_by"]) == ("2025-10-15", "2025-10-20")
    lines = [f"{number} 1000 1000" for number in made] + [f"{taken['number']} 0 -400"]
    assert it["root"] == hashlib.sha256("\n".join(lines).encode()).hexdigest()
    again = await close(world, "2025-09")
    assert refusal(again) == (409, "review-exists")
    assert again.json()["review"] == it["number"]
    said = (await decide(world, carried["number"], "withdrawn")).json()
    assert said["state"] == "withdrawn"
    late = await upheld(world, made[2], "2.00")
    assert late["month"] == "2025-10"
    agency = world.agency("370000")
    assert (await agency.get(f"{REVIEWS}/{it['number']}")).json() == it
    told = (await agency.get(f"{REVIEWS}/{it['number']}/institutions")).json()["items"]
    assert told == [{"institution": JINAN, "totals": it["totals"]}]
    hub_made = await declarations(agency, month="2025-09")
    assert [(each["by_hub"], each["figures"]["settlements"]) for each in hub_made] == [(True, 3)]


async def test_the_hub_declares_at_the_closing_for_who_has_not_or_whose_month_has_changed(
    world: World,
) -> None:
    await numbers_on(world, "2025-09-30", 2)
    world.clock.set_day("2025-10-01")
    assert (await declare(world, "2025-09")).status_code == 201
    await closed(world, "2025-09")
    agency = world.agency("370000")
    assert [it["by_hub"] for it in await declarations(agency, month="2025-09")] == [False]
    await numbers_on(world, "2025-10-31", 2)
    world.clock.set_day("2025-11-01")
    assert (await declare(world, "2025-10")).status_code == 201
    await rows(world, "UPDATE settlement SET month = '2025-10' WHERE month = '2025-09'")
    await closed(world, "2025-10")
    found = await declarations(agency, month="2025-10")
    assert [(it["by_hub"], it["figures"]["settlements"]) for it in found] == [(False, 2), (True, 4)]


async def test_an_agency_may_close_early_and_what_comes_after_falls_into_the_next_month(
    world: World,
) -> None:
    await numbers_on(world, "2025-09-25", 1)
    refused = await close(world, "2025-09")
    assert refusal(refused) == (422, "month-running")
    assert refusal(await close(world, "2025-10", early=True)) == (422, "month-running")
    it = await closed(world, "2025-09", early=True)
    assert it["totals"]["settlements"] == 1
    number = (await numbers_on(world, "2025-09-26", 1))[0]
    assert await month_of(world, number) == "2025-10"


async def test_months_close_in_order_and_empty_ones_need_no_closing(world: World) -> None:
    await numbers_on(world, "2025-07-31", 1)
    world.clock.set_day("2025-10-02")
    refused = await close(world, "2025-09")
    assert refusal(refused) == (422, "earlier-months-open")
    assert refused.json()["months"] == ["2025-07"]
    assert (await closed(world, "2025-07"))["totals"]["settlements"] == 1
    assert (await closed(world, "2025-09"))["totals"]["settlements"] == 0
    waiting = (await world.agency("370000").get(f"{REVIEWS}/open")).json()["items"]
    assert [(it["month"], it["state"]) for it in waiting] == [("2025-07", "closed")]


async def test_a_month_before_the_first_rules_is_nobodys_to_close(world: World) -> None:
    refused = await close(world, "2024-02")
    assert refusal(refused) == (422, "month-too-early")
    assert "2024-02" in refused.json()["detail"]


async def test_a_clearing_may_close_a_month_first_and_the_agency_still_makes_its_statement(
    world: World,
) -> None:
    await numbers_on(world, "2025-09-30", 1)
    world.clock.set_day("2025-10-21")
    asked = {"scheme": "cross_province", "period": "2025Q3"}
    cleared = await world.operator.post("/v1/clearings", asked)
    assert cleared.status_code == 201, cleared.text
    assert (await closed(world, "2025-09"))["totals"]["settlements"] == 1
    await rows(world, "TRUNCATE clearing, cleared_month CASCADE")


async def test_only_the_agency_of_a_place_closes_it(world: World) -> None:
    world.clock.set_day("2025-10-02")
    for region in ("370100", "110000"):
        body = {"place": "370000", "month": "2025-09"}
        answer = await world.agency(region).post(REVIEWS, body)
        assert refusal(answer) == (403, "review-foreign")
    unknown = await world.agency("370000").post(REVIEWS, {"place": "370199", "month": "2025-09"})
    assert refusal(unknown) == (404, "region-unknown")
    city = await closed(world, "2025-09", "370100")
    assert city["scheme"] == "in_province"
    it = await closed(world, "2025-09")
    for client, seen in (
        (world.agency("370000"), 2),
        (world.agency("370100"), 1),
        (world.agency("110000"), 0),
        (world.operator, 2),
    ):
        assert len((await client.get(REVIEWS, month="2025-09")).json()["items"]) == seen
    found = await world.agency("110000").get(f"{REVIEWS}/{it['number']}")
    assert refusal(found) == (404, "review-unknown")
    assert (await world.institution(JINAN).get(REVIEWS)).status_code == 403
    only = (await world.agency("370000").get(REVIEWS, place="370100")).json()["items"]
    assert only == [city]


async def test_a_closed_month_is_uploaded_with_its_totals_and_its_money_asked_for(
    world: World,
) -> None:
    made = await numbers_on(world, "2025-09-30", 2)
    await upheld(world, made[0], "4.00")
    world.clock.set_day("2025-10-14")
    it = await closed(world, "2025-09")
    path = f"{REVIEWS}/{it['number']}"
    agency = world.agency("370000")
    assert refusal(await agency.post(f"{path}/fund-request")) == (409, "no-such-move")
    assert refusal(await agency.get(f"{path}/fund-request")) == (404, "review-unknown")
    totals = {"settlements": 2, "fund": "20.00", "deductions": 1, "deducted": "4.00"}
    wrong = await agency.post(f"{path}/upload", totals | {"deducted": "4.01"})
    assert refusal(wrong) == (422, "control-totals-differ")
    uploaded = (await agency.post(f"{path}/upload", totals)).json()
    assert (uploaded["state"], uploaded["request"]) == ("uploaded", None)
    assert refusal(await agency.post(f"{path}/upload", totals)) == (409, "no-such-move")
    asked = (await agency.post(f"{path}/fund-request")).json()
    assert (asked["state"], asked["request"][:7]) == ("requested", "U370000")
    assert refusal(await agency.post(f"{path}/fund-request")) == (409, "no-such-move")
    shown = (await agency.get(f"{path}/fund-request")).json()
    assert shown["review"] == asked
    assert [(each["insured_place"], each["totals"]) for each in shown["insured_places"]] == [
        ("110000", it["totals"])
    ]
    headers = agency.headers() | {"Accept": "text/html"}
    page = await world.http.get(f"{path}/fund-request", headers=headers)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for text in ("用款申请表", asked["request"], "壹拾陆元整", "2025年10月20日", it["root"], JINAN):
        assert text in page.text
    assert refusal(await world.agency("110000").post(f"{path}/upload", totals)) == (
        404,
        "review-unknown",
    )


async def test_what_waits_is_listed_with_its_last_day_and_a_missed_close_alerts_once(
    world: World,
) -> None:
    await numbers_on(world, "2025-08-29", 1)
    await numbers_on(world, "2025-09-30", 1)
    world.clock.set_day("2025-10-15")
    agency = world.agency("370000")

    async def waiting() -> list[tuple[str, str, str, bool]]:
        found = (await agency.get(f"{REVIEWS}/open")).json()["items"]
        return [
            (it["month"], it["state"], it["last_day"], it["alerted_at"] is not None) for it in found
        ]

    assert await waiting() == [
        ("2025-08", "open", "2025-09-15", False),
        ("2025-09", "open", "2025-10-15", False),
    ]
    assert await as_operator(world, closing.alert_unclosed) == 1
    world.clock.set_day("2025-10-16")
    assert await as_operator(world, closing.alert_unclosed) == 1
    assert await as_operator(world, closing.alert_unclosed) == 0
    told = await rows(
        world, "SELECT subject, parties FROM announcement WHERE topic = 'review.overdue'"
    )
    assert {(row.subject, tuple(row.parties)) for row in told} == {
        ("370000 2025-08", ("370000",)),
        ("370000 2025-09", ("370000",)),
    }
    await closed(world, "2025-08")
    assert await waiting() == [
        ("2025-08", "closed", "2025-09-20", False),
        ("2025-09", "open", "2025-10-15", True),
    ]
    assert (await world.agency("110000").get(f"{REVIEWS}/open")).json()["items"] == []
    assert len((await world.operator.get(f"{REVIEWS}/open")).json()["items"]) == 2


async def test_a_cancellation_of_a_later_month_lowers_that_months_statement(world: World) -> None:
    made = await numbers_on(world, "2025-09-30", 2)
    world.clock.set_day("2025-10-09")
    await closed(world, "2025-09")
    await cancelled(world, made[0])
    world.clock.set_day("2025-11-03")
    it = await closed(world, "2025-10")
    assert (it["totals"]["settlements"], it["totals"]["due"]) == (1, "-10.00")


async def test_a_closing_costs_the_same_statements_whatever_the_month_holds(world: World) -> None:
    counts = []
    for month, count in (("2025-09", 1), ("2025-10", 3)):
        await numbers_on(world, f"{month}-30", count)
        world.clock.set_day("2025-11-05")
        with recorded(world) as seen:
            await closed(world, month)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 16, seen
