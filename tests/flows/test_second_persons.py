"""A party with two persons does by persons what takes two; one without compares clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest_asyncio
import sqlalchemy as sa

from tests.support.advance import CHANGES, RUNS, done, funded
from tests.support.clearing import (
    Arranged,
    a_hospital_with_one_drug,
    all_claims,
    arranged,
    claim_path,
    cleared,
    digest_of,
    ready_to_settle,
)
from tests.support.institutions import JINAN
from tests.support.parties import made_client, seeded
from tests.support.persons import agency_person, enrolled
from tests.support.world import Client, World

BEIJING, SHANDONG, HENAN = "110000", "370000", "410000"
HOLDS, MODES = "/v1/advances/holds", "/v1/advances/modes"
REASON = {"reason": "核对后发现金额有误"}


def as_client(client: Client, client_id: str) -> Client:
    """Return a party's other client, or a session of one of its people."""
    return replace(client, caller=replace(client.caller, client=client_id))


async def machine(world: World, client: Client) -> Client:
    """Give a party one more client of its system."""
    return as_client(client, (await made_client(world, client.caller.party)).id)


def code(answer: Any) -> tuple[int, str | None]:
    """Return status and code of an answer."""
    return answer.status_code, answer.json().get("code")


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def persons(world: World) -> AsyncIterator[None]:
    """A claim's places with money between them; Beijing, and Shandong alone, with two persons."""
    await seeded(world)
    await funded(world, BEIJING, SHANDONG, "1000.00")
    two = (await enrolled(world, "chen"), await enrolled(world, "wang"))
    for party, who in ((SHANDONG, "li"), (SHANDONG, "wu"), (BEIJING, "bei"), (BEIJING, "jing")):
        await agency_person(world, two, party, who)
    yield


async def a_claim(world: World, period: str) -> str:
    """Clear a quarter of one pair; return the clearing's number."""
    year, number = int(period[:4]), int(period[-1])
    await arranged(world, Arranged(BEIJING, SHANDONG, 100, date(year, number * 3 - 1, 5)))
    world.clock.set_day(date(year + number // 4, number % 4 * 3 + 1, 21).isoformat())
    return await cleared(world, period)


async def confirmed(world: World, clearing: str, by: Client) -> str:
    """Confirm a clearing's only claim; return its path."""
    (it,) = await all_claims(world, clearing)
    path = claim_path(clearing, it["claim"])
    await done(by.post(f"{path}/confirmations", digest_of(it["claim"])), 201)
    return path


async def test_what_a_machine_confirmed_two_persons_take_back(world: World) -> None:
    beijing = world.agency(BEIJING)
    system, spare = await machine(world, beijing), await machine(world, beijing)
    bei, jing = as_client(beijing, "person:bei"), as_client(beijing, "person:jing")
    clearing = await a_claim(world, "2026Q1")
    path = f"{await confirmed(world, clearing, system)}/withdrawals"
    for alone in (system, spare):
        assert code(await alone.post(path, REASON)) == (403, "person-required")
    asked = (await done(bei.post(path, REASON), 201))["insured"]
    assert (asked["withdrawal_asked_by"], asked["confirmed_at"] is None) == ("person:bei", False)
    assert code(await bei.post(path, REASON)) == (403, "second-person-needed")
    assert code(await spare.post(path, REASON)) == (403, "person-required")
    assert (await done(jing.post(path, REASON), 201))["insured"] is None
    assert code(await jing.post(path, REASON)) == (409, "claim-unconfirmed")


async def test_two_sessions_of_one_person_who_ask_at_once_are_one_and_two_persons_are_two(
    world: World,
) -> None:
    shandong = world.agency(SHANDONG)
    system = await machine(world, shandong)
    li, wu = (as_client(shandong, f"person:{who}") for who in ("li", "wu"))
    path = f"{await confirmed(world, await a_claim(world, '2026Q2'), system)}/withdrawals"
    answers = await asyncio.gather(*(li.post(path, REASON) for _ in range(3)))
    assert sorted(it.status_code for it in answers) == [201, 403, 403]
    assert (await done(wu.post(path, REASON), 201))["treatment"] is None
    path = f"{await confirmed(world, await a_claim(world, '2026Q3'), system)}/withdrawals"
    answers = await asyncio.gather(*(it.post(path, REASON) for it in (li, wu)))
    assert [it.status_code for it in answers] == [201, 201]
    assert sorted(it.json()["treatment"] is None for it in answers) == [False, True]


async def test_what_a_person_confirmed_another_takes_back(world: World) -> None:
    beijing = world.agency(BEIJING)
    bei, jing = as_client(beijing, "person:bei"), as_client(beijing, "person:jing")
    path = f"{await confirmed(world, await a_claim(world, '2026Q4'), bei)}/withdrawals"
    assert code(await bei.post(path, REASON)) == (403, "second-person-needed")
    assert (await done(jing.post(path, REASON), 201))["insured"] is None


async def test_a_person_of_another_agency_is_no_second_one(world: World) -> None:
    beijing = world.agency(BEIJING)
    bei = as_client(beijing, "person:bei")
    path = f"{await confirmed(world, await a_claim(world, '2027Q1'), bei)}/withdrawals"
    li = as_client(world.agency(SHANDONG), "person:li")
    assert code(await li.post(path, REASON)) == (409, "claim-unconfirmed")
    stranger = as_client(world.agency(HENAN), "person:nobody")
    assert (await stranger.post(path, REASON)).status_code in {401, 404}


async def test_with_one_person_left_clients_are_compared_again(world: World) -> None:
    shandong = world.agency(SHANDONG)
    system, spare = await machine(world, shandong), await machine(world, shandong)
    path = f"{await confirmed(world, await a_claim(world, '2027Q2'), system)}/withdrawals"
    assert code(await spare.post(path, REASON)) == (403, "person-required")
    async with world.tx() as owner:
        await owner.execute(sa.text("UPDATE person SET state = 'disabled' WHERE id = 'wu'"))
    assert code(await system.post(path, REASON)) == (403, "second-person-needed")
    assert (await done(spare.post(path, REASON), 201))["treatment"] is None
    async with world.tx() as owner:
        await owner.execute(sa.text("UPDATE person SET state = 'active' WHERE id = 'wu'"))


async def test_persons_of_the_operator_change_a_mode_and_its_machines_do_not(
    world: World,
) -> None:
    chen, wang = (as_client(world.operator, f"person:{who}") for who in ("chen", "wang"))
    system = await machine(world, world.operator)
    asked = {"insured_place": BEIJING, "treatment_place": HENAN, "mode": "hold", "reason": "试"}
    assert code(await system.post(MODES, asked)) == (403, "person-required")
    change = await done(chen.post(MODES, asked), 201)
    path = f"{CHANGES}/{change['number']}/approval"
    assert code(await system.post(path)) == (403, "person-required")
    assert code(await chen.post(path)) == (403, "second-person-needed")
    assert (await done(wang.post(path)))["state"] == "approved"


async def test_what_a_machine_proposed_before_there_were_persons_is_begun_again(
    world: World,
) -> None:
    chen, system = as_client(world.operator, "person:chen"), await machine(world, world.operator)
    asked = {"insured_place": HENAN, "treatment_place": BEIJING, "mode": "hard", "reason": "试"}
    change = await done(chen.post(MODES, asked), 201)
    path = f"{CHANGES}/{change['number']}"
    async with world.tx() as owner:
        await owner.execute(
            sa.text("UPDATE advance_change SET proposed_by = :by WHERE number = :number"),
            {"by": system.caller.client, "number": change["number"]},
        )
    assert code(await chen.post(f"{path}/approval")) == (403, "second-person-needed")
    assert (await done(chen.post(f"{path}/rejection", {"note": "重新提出"})))["state"] == "rejected"
    await done(chen.post(MODES, asked), 201)


async def test_a_years_quotas_are_computed_and_issued_by_persons(world: World) -> None:
    chen, wang = (as_client(world.operator, f"person:{who}") for who in ("chen", "wang"))
    asked = {"scheme": "cross_province", "year": world.clock.now.year}
    system = await machine(world, world.operator)
    assert code(await system.post(RUNS, asked)) == (403, "person-required")
    run = await done(chen.post(RUNS, asked), 201)
    path = f"{RUNS}/{run['number']}/issue"
    assert code(await system.post(path)) == (403, "person-required")
    assert code(await chen.post(path)) == (403, "second-person-needed")
    assert (await done(wang.post(path)))["state"] == "issued"


async def test_a_held_settlement_is_asked_for_and_approved_by_persons_of_the_agency(
    world: World,
) -> None:
    await a_hospital_with_one_drug(world)
    visit = await ready_to_settle(world, 900)
    shandong, hospital = world.agency(SHANDONG), world.institution(JINAN)
    li, wu = (as_client(shandong, f"person:{who}") for who in ("li", "wu"))
    system = await machine(world, shandong)
    asked = {"visit": visit, "fund": "900.00", "reason": "患者急需出院"}
    assert code(await system.post(HOLDS, asked)) == (403, "person-required")
    hold = await done(li.post(HOLDS, asked), 201)
    path = f"{HOLDS}/{hold['number']}/approval"
    assert code(await system.post(path)) == (403, "person-required")
    assert code(await li.post(path)) == (403, "second-person-needed")
    assert (await done(wu.post(path)))["state"] == "approved"
    # What the hospital's system asks for, one person of the agency answers.
    theirs = await done(hospital.post(HOLDS, asked | {"fund": "901.00"}), 201)
    path = f"{HOLDS}/{theirs['number']}/approval"
    assert code(await system.post(path)) == (403, "person-required")
    assert (await done(li.post(path)))["state"] == "approved"
