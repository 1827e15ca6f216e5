"""What two persons change: modes, quotas, emergency increases, and held settlements."""

from __future__ import annotations

from typing import Any

import pytest_asyncio

from tests.support.advance import (
    CHANGES,
    another,
    approved,
    confirmed,
    done,
    funded,
    items,
    mode_changed,
    open_payments,
    usage,
    used,
)
from tests.support.clearing import a_hospital_with_one_drug, ready_to_settle
from tests.support.institutions import JINAN
from tests.support.ledger import balances, booked
from tests.support.world import World

BEIJING, SHANDONG, HENAN, HUBEI = "110000", "370000", "410000", "420000"
INCREASES, HOLDS = "/v1/advances/increases", "/v1/advances/holds"


def of(insured: str, treatment: str, **more: str) -> dict[str, str]:
    """Write a request about a pair."""
    return {"insured_place": insured, "treatment_place": treatment, "reason": "业务需要"} | more


async def test_a_mode_is_changed_by_two_persons(world: World) -> None:
    asked = of(BEIJING, HENAN, mode="hold")
    change = await done(world.operator.post("/v1/advances/modes", asked), 201)
    assert (change["state"], change["kind"]) == ("proposed", "mode")
    path = f"{CHANGES}/{change['number']}"
    alone = await world.operator.post(f"{path}/approval")
    assert (alone.status_code, alone.json()["code"]) == (403, "second-person-needed")
    twice = await world.operator.post("/v1/advances/modes", of(BEIJING, HENAN, mode="hard"))
    assert (twice.status_code, twice.json()["change"]) == (409, change["number"])
    assert (await approved(world, change["number"]))["state"] == "approved"
    assert (await usage(world, BEIJING, HENAN))["mode"] == "hold"
    same = await world.operator.post("/v1/advances/modes", asked)
    assert same.json()["code"] == "advance-unchanged"
    again = await another(world.operator).post(f"{path}/approval")
    assert again.json()["code"] == "no-such-move"
    for region, status in ((BEIJING, 200), (HENAN, 200), (HUBEI, 404)):
        assert (await world.agency(region).get(path)).status_code == status
    assert [it["number"] for it in await items(world.agency(HENAN), CHANGES)] == [change["number"]]


async def test_a_change_can_be_turned_down_and_proposed_anew(world: World) -> None:
    asked = of(BEIJING, HUBEI, mode="hard")
    change = await done(world.operator.post("/v1/advances/modes", asked), 201)
    path = f"{CHANGES}/{change['number']}/rejection"
    rejected = await done(another(world.operator).post(path, {"note": "依据不足"}))
    assert (rejected["state"], rejected["note"]) == ("rejected", "依据不足")
    await done(world.operator.post("/v1/advances/modes", asked), 201)


async def test_places_that_owe_each_other_nothing_keep_no_advance(world: World) -> None:
    for pair in ((BEIJING, BEIJING), ("370000", "370100"), ("110100", "370100")):
        for what, more in (("modes", {"mode": "hard"}), ("quotas", {"quota": "1.00"})):
            answer = await world.operator.post(f"/v1/advances/{what}", of(*pair, **more))
            assert (answer.status_code, answer.json()["code"]) == (422, "advance-pair-wrong")
    unknown = "M3700002509010000000"
    path = f"{CHANGES}/{unknown}"
    for answer in (
        await world.operator.get(path),
        await world.operator.post(f"{path}/approval"),
        await world.operator.post(f"{path}/rejection", {"note": "x"}),
    ):
        assert answer.json()["code"] == "advance-change-unknown"


async def test_a_quota_that_is_lowered_is_returned_and_one_that_is_met_calls_for_nothing(
    world: World,
) -> None:
    await funded(world, "130000", HENAN, "500.00")
    await funded(world, "130000", HENAN, "200.00")
    assert (await balances(world))[f"advance:130000:{HENAN}"][0] == -20_000
    same = await world.operator.post("/v1/advances/quotas", of("130000", HENAN, quota="200.00"))
    assert same.json()["code"] == "advance-unchanged"
    # What was called for meanwhile counts as held: approved, the proposal has nothing to move.
    asked = of("130000", HENAN, quota="300.00")
    change = await done(world.operator.post("/v1/advances/quotas", asked), 201)
    await approved(world, change["number"])
    assert len(await open_payments(world, "130000", HENAN)) == 1
    asked = of("130000", HENAN, quota="0.00")
    change = await done(world.operator.post("/v1/advances/quotas", asked), 201)
    await approved(world, change["number"])
    amounts = [it["amount"] for it in await open_payments(world, "130000", HENAN)]
    assert amounts == ["100.00", "300.00"]


async def test_red_opens_an_increase_which_the_operator_decides_and_the_insured_place_pays(
    world: World,
) -> None:
    await funded(world, "140000", HENAN, "1000.00")
    henan, asked = world.agency(HENAN), of("140000", HENAN, amount="500.00")
    early = await henan.post(INCREASES, asked)
    assert (early.status_code, early.json()["code"]) == (422, "advance-not-red")
    await booked(world, [used("140000", HENAN, 900)])
    foreign = await world.agency("140000").post(INCREASES, asked)
    assert (foreign.status_code, foreign.json()["code"]) == (403, "advance-foreign")
    change = await done(henan.post(INCREASES, asked), 201)
    assert (change["state"], change["amount"], change["decided"]) == ("asked", "500.00", None)
    path = f"{CHANGES}/{change['number']}"
    early = await world.operator.post(f"{path}/approval")
    assert early.json()["code"] == "no-such-move"
    decision = {"amount": "400.00", "note": "按近期支出"}
    decided = await done(world.operator.post(f"{path}/decision", decision))
    assert (decided["state"], decided["decided"]) == ("proposed", "400.00")
    assert decided["proposed_by"] == "operator-test"
    alone = await world.operator.post(f"{path}/approval")
    assert alone.json()["code"] == "second-person-needed"
    await approved(world, change["number"])
    notice = (await open_payments(world, "140000", HENAN))[0]
    assert (notice["purpose"], notice["amount"]) == ("increase", "400.00")
    await confirmed(world, notice)
    it = await usage(world, "140000", HENAN)
    assert (it["advance"], it["percent"], it["level"]) == ("1400.00", "64.28", "normal")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def holding(world: World) -> None:
    """A pair that holds settlements, with 500 of its 1,000 yuan used."""
    await a_hospital_with_one_drug(world)
    await funded(world, BEIJING, SHANDONG, "1000.00")
    await mode_changed(world, BEIJING, SHANDONG, "hold")
    await booked(world, [used(BEIJING, SHANDONG, 500)])


@pytest_asyncio.fixture(loop_scope="session")
async def held(world: World, holding: None) -> str:  # noqa: ARG001 -- the pair must hold before
    """A visit of 900 yuan that would overdraw the advance."""
    return await ready_to_settle(world, 900)


async def test_a_held_settlement_is_refused_by_name_and_everything_is_rolled_back(
    world: World, held: str
) -> None:
    hospital = world.institution(JINAN)
    before = await balances(world)
    key = "held-settle-1"
    path, bill = f"/v1/visits/{held}/settle", {"total": "900.00"}
    answer = await hospital.post(path, bill, key=key)
    assert answer.status_code == 422
    problem: dict[str, Any] = answer.json()
    assert problem["code"] == "advance-hold"
    assert (problem["used"], problem["advance"]) == ("1400.00", "1000.00")
    assert await balances(world) == before
    assert (await done(hospital.get(f"/v1/visits/{held}")))["state"] == "discharged"
    assert await items(hospital, "/v1/settlements") == []
    outcome = await done(hospital.get(f"/v1/messages/{key}"))
    assert outcome["outcome"] == "refused"
    assert outcome["answer"]["code"] == "advance-hold"


async def test_an_approved_visit_settles_up_to_the_amount_under_the_same_message(
    world: World, held: str
) -> None:
    hospital, shandong = world.institution(JINAN), world.agency(SHANDONG)
    path, bill, key = f"/v1/visits/{held}/settle", {"total": "900.00"}, "held-settle-2"
    assert (await hospital.post(path, bill, key=key)).json()["code"] == "advance-hold"
    asked = {"visit": held, "fund": "899.99", "reason": "患者急需出院"}
    hold = await done(hospital.post(HOLDS, asked), 201)
    assert (hold["state"], hold["visit"]) == ("asked", held)
    twice = await shandong.post(HOLDS, asked)
    assert (twice.status_code, twice.json()["code"]) == (409, "hold-open")
    foreign = await world.agency(BEIJING).post(f"{HOLDS}/{hold['number']}/approval")
    assert (foreign.status_code, foreign.json()["code"]) == (403, "advance-foreign")
    hidden = await world.agency(HENAN).post(f"{HOLDS}/{hold['number']}/approval")
    assert hidden.json()["code"] == "hold-unknown"
    assert (await world.agency(HENAN).get(f"{HOLDS}/{hold['number']}")).status_code == 404
    await done(shandong.post(f"{HOLDS}/{hold['number']}/approval"))
    # One fen short of the bill: that is not what was approved.
    assert (await hospital.post(path, bill, key=key)).json()["code"] == "advance-hold"
    own = await done(shandong.post(HOLDS, asked | {"fund": "900.00"}), 201)
    alone = await shandong.post(f"{HOLDS}/{own['number']}/approval")
    assert (alone.status_code, alone.json()["code"]) == (403, "second-person-needed")
    await done(another(shandong).post(f"{HOLDS}/{own['number']}/approval"))
    await done(hospital.post(path, bill, key=key), 201)
    assert (await usage(world, BEIJING, SHANDONG))["used"] == "1400.00"
    seen = await items(hospital, HOLDS)
    assert [it["state"] for it in seen] == ["approved", "approved"]
    assert (await done(hospital.get(f"{HOLDS}/{own['number']}")))["fund"] == "900.00"


async def test_a_declined_visit_stays_unsettled_and_may_be_asked_for_again(
    world: World, held: str
) -> None:
    hospital, shandong = world.institution(JINAN), world.agency(SHANDONG)
    asked = {"visit": held, "fund": "900.00", "reason": "患者急需出院"}
    hold = await done(hospital.post(HOLDS, asked), 201)
    path = f"{HOLDS}/{hold['number']}/rejection"
    declined = await done(shandong.post(path, {"note": "待补足"}))
    assert (declined["state"], declined["note"]) == ("rejected", "待补足")
    answer = await hospital.post(f"/v1/visits/{held}/settle", {"total": "900.00"})
    assert answer.json()["code"] == "advance-hold"
    assert (await hospital.post(HOLDS, asked)).status_code == 201
