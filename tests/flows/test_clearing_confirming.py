"""Both sides confirm a claim by digest or line by line, take it back, or are silent."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from app.clearing.service import confirming
from app.runtime.door import Door
from app.runtime.work import Work
from tests.support.clearing import (
    Arranged,
    all_claims,
    all_items,
    arranged,
    claim_path,
    cleared,
    digest_of,
)
from tests.support.ledger import Done
from tests.support.queries import recorded
from tests.support.world import Client, World

BEIJING, SHANDONG = "110000", "370000"
_QUARTERS = (f"{year}Q{n}" for year in range(2025, 2040) for n in range(1, 5))
_KEYS = itertools.count(1)


async def a_claim(world: World, items: int = 3) -> tuple[str, dict[str, Any]]:
    """Clear a quarter of one pair; return the clearing's number and the claim."""
    quarter = next(_QUARTERS)
    year, number = int(quarter[:4]), int(quarter[-1])
    day = date(year, number * 3 - 1, 5)
    await arranged(world, *(Arranged(BEIJING, SHANDONG, n * 100, day) for n in range(1, items + 1)))
    after = date(year + number // 4, number % 4 * 3 + 1, 21)
    world.clock.set_day(after.isoformat())
    clearing = await cleared(world, quarter)
    (it,) = await all_claims(world, clearing)
    return clearing, it["claim"]


def second(client: Client) -> Client:
    """Return another person of the same party."""
    other = f"{client.caller.party}-second"
    return replace(client, caller=replace(client.caller, client=other))


async def silent(world: World) -> None:
    """Let the day's silence confirm, as the ticker does."""

    async def use_case(work: Work) -> None:
        await confirming.confirm_silent(work)

    key = f"silent-{next(_KEYS)}"
    door = Door(
        hub=world.hub,
        caller=world.operator.caller,
        key=key,
        fingerprint=key.encode(),
        action="test",
        request="test",
    )
    await door.write(use_case, show=lambda _: Done())


async def lines_of(world: World, number: str) -> list[dict[str, Any]]:
    items = await all_items(world.operator, number)
    return [{"settlement": it["number"], "fund": it["fund"]} for it in items]


async def test_a_claim_is_confirmed_once_both_sides_recomputed_it(world: World) -> None:
    number, claim = await a_claim(world)
    path = f"{claim_path(number, claim)}/confirmations"
    first = await world.agency(BEIJING).post(path, digest_of(claim))
    assert first.status_code == 201
    assert first.json()["insured"]["manner"] == "digest"
    assert (first.json()["is_confirmed"], first.json()["treatment"]) == (False, None)
    refused = await world.operator.post(f"/v1/clearings/{number}/notices")
    assert (refused.status_code, refused.json()["code"]) == (409, "claims-unconfirmed")
    other = await world.agency(SHANDONG).post(path, digest_of(claim))
    assert other.json()["is_confirmed"]
    again = await world.agency(SHANDONG).post(path, digest_of(claim))
    assert (again.status_code, again.json()["code"]) == (409, "claim-confirmed")


@pytest.mark.parametrize(
    ("wrong", "different"),
    [
        ({"settlements": 4}, ["settlements"]),
        ({"fund": "6.01"}, ["fund"]),
        ({"root": "0" * 64}, ["root"]),
        ({"root": "0" * 64, "settlements": 9}, ["settlements", "root"]),
    ],
)
async def test_every_figure_that_differs_is_named(
    world: World, wrong: dict[str, Any], different: list[str]
) -> None:
    number, claim = await a_claim(world)
    path = f"{claim_path(number, claim)}/confirmations"
    answer = await world.agency(BEIJING).post(path, digest_of(claim) | wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "digest-mismatch")
    assert answer.json()["different"] == different


async def test_the_first_refusal_by_precedence_is_told(world: World) -> None:
    number, claim = await a_claim(world)
    path, bad = f"{claim_path(number, claim)}/confirmations", digest_of(claim) | {"fund": "0.01"}
    stranger = await world.agency("510000").post(path, bad)
    assert stranger.json()["code"] == "claim-unknown"
    city = await world.agency("370100").post(path, bad)
    assert city.json()["code"] == "claim-unknown"
    assert (await world.operator.post(path, bad)).status_code == 403
    contest = {"settlement": "A" + "1" * 19, "reason": "other", "note": "示例"}
    wrong_side = await world.agency(SHANDONG).post(path, bad | {"contests": [contest]})
    assert wrong_side.json()["code"] == "contest-side-wrong"
    mismatch = await world.agency(BEIJING).post(path, bad | {"contests": [contest]})
    assert mismatch.json()["code"] == "digest-mismatch"
    unknown = await world.agency(BEIJING).post(path, digest_of(claim) | {"contests": [contest]})
    assert unknown.json()["code"] == "contest-refused"
    assert unknown.json()["errors"][0]["code"] == "not_in_claim"


async def test_lines_are_confirmed_in_pages_and_stay_visible_in_part(world: World) -> None:
    number, claim = await a_claim(world, items=5)
    path, beijing = f"{claim_path(number, claim)}/lines", world.agency(BEIJING)
    lines = await lines_of(world, number)
    first = await beijing.post(path, {"page": 1, "totalrow": 5, "lines": lines[:3]})
    assert first.status_code == 201, first.text
    said = first.json()["insured"]
    assert (said["manner"], said["lines"], said["confirmed_at"]) == ("lines", 3, None)
    again = await beijing.post(path, {"page": 1, "totalrow": 5, "lines": lines[:3]})
    assert again.json()["insured"]["lines"] == 3
    last = await beijing.post(path, {"page": 2, "totalrow": 5, "lines": lines[3:]})
    assert last.json()["insured"]["lines"] == 5
    assert last.json()["insured"]["confirmed_at"] is not None


async def test_a_line_may_be_contested_and_counts_as_sent(world: World) -> None:
    number, claim = await a_claim(world, items=2)
    path, beijing = f"{claim_path(number, claim)}/lines", world.agency(BEIJING)
    agreed, other = await lines_of(world, number)
    contest = {"reason": "counted_twice", "note": "与上期重复"}
    page = {"page": 1, "totalrow": 2, "lines": [other | {"contest": contest}]}
    for _ in range(2):
        said = await beijing.post(path, page)
        assert (said.json()["contested"]["items"], said.json()["insured"]["lines"]) == (1, 1)
    done = await beijing.post(path, {"page": 2, "totalrow": 2, "lines": [agreed]})
    assert done.json()["insured"]["confirmed_at"] is not None
    listed = (await beijing.get("/v1/contests", clearing=number, state="open")).json()
    assert [it["settlement"] for it in listed["items"]] == [other["settlement"]]
    assert (await beijing.get("/v1/contests/Z0000000000000000000")).status_code == 404
    taken = await second(beijing).post(
        f"{claim_path(number, claim)}/withdrawals", {"reason": "补充证据"}
    )
    assert taken.json()["contested"]["items"] == 0
    whole = await beijing.post(path, {"page": 1, "totalrow": 2, "lines": [agreed, other]})
    assert whole.json()["insured"]["confirmed_at"] is not None


async def test_a_page_with_a_bad_line_or_another_total_keeps_nothing(world: World) -> None:
    number, claim = await a_claim(world)
    path, beijing = f"{claim_path(number, claim)}/lines", world.agency(BEIJING)
    lines = await lines_of(world, number)
    short = await beijing.post(path, {"page": 1, "totalrow": 2, "lines": lines[:2]})
    assert (short.status_code, short.json()["code"]) == (422, "totalrow-mismatch")
    bad = [lines[0], lines[1] | {"fund": "9.99"}, {"settlement": "A" + "9" * 19, "fund": "1.00"}]
    answer = await beijing.post(path, {"page": 1, "totalrow": 3, "lines": bad})
    assert answer.json()["code"] == "lines-mismatch"
    assert [(it["index"], it["code"]) for it in answer.json()["errors"]] == [
        (1, "amount_mismatch"),
        (2, "not_in_claim"),
    ]
    twice = await beijing.post(path, {"page": 1, "totalrow": 3, "lines": [lines[0]] * 2})
    assert twice.status_code == 400
    (it,) = await all_claims(world, number)
    assert it["insured"] is None


async def test_a_confirmation_is_taken_back_by_a_second_person_until_notices_are_issued(
    world: World,
) -> None:
    number, claim = await a_claim(world)
    path, beijing = claim_path(number, claim), world.agency(BEIJING)
    reason = {"reason": "核对后发现金额有误"}
    nothing = await beijing.post(f"{path}/withdrawals", reason)
    assert (nothing.status_code, nothing.json()["code"]) == (409, "claim-unconfirmed")
    await beijing.post(f"{path}/confirmations", digest_of(claim))
    same = await beijing.post(f"{path}/withdrawals", reason)
    assert (same.status_code, same.json()["code"]) == (403, "second-person-needed")
    taken = await second(beijing).post(f"{path}/withdrawals", reason)
    assert (taken.status_code, taken.json()["insured"]) == (201, None)
    for place in (BEIJING, SHANDONG):
        await world.agency(place).post(f"{path}/confirmations", digest_of(claim))
    assert (await world.operator.post(f"/v1/clearings/{number}/notices")).status_code == 201
    (kept,) = await all_claims(world, number)
    read = await beijing.get(path)
    assert read.json() == kept
    other_pair = f"/v1/clearings/{number}/claims/{SHANDONG}/{BEIJING}"
    assert (await beijing.get(other_pair)).json()["code"] == "claim-unknown"
    confirmed_late = await beijing.post(f"{path}/confirmations", digest_of(claim))
    assert (confirmed_late.status_code, confirmed_late.json()["code"]) == (409, "claim-noticed")
    late = await second(beijing).post(f"{path}/withdrawals", reason)
    assert (late.status_code, late.json()["code"]) == (409, "claim-noticed")


async def test_silence_confirms_after_its_day_and_is_flagged(world: World) -> None:
    number, claim = await a_claim(world)
    path = f"{claim_path(number, claim)}/confirmations"
    await world.agency(SHANDONG).post(path, digest_of(claim))
    (it,) = await all_claims(world, number)
    last = date.fromisoformat(it["confirm_by"])
    assert last.day == 25
    world.clock.set_day(last.isoformat())
    await silent(world)
    (it,) = await all_claims(world, number)
    assert it["insured"] is None
    world.clock.set_day((last + timedelta(days=1)).isoformat())
    await silent(world)
    await silent(world)
    (it,) = await all_claims(world, number)
    assert it["is_confirmed"]
    assert (it["insured"]["manner"], it["treatment"]["manner"]) == ("silence", "digest")


async def test_what_was_confirmed_in_part_is_confirmed_by_silence_as_well(world: World) -> None:
    number, claim = await a_claim(world)
    lines = await lines_of(world, number)
    body = {"page": 1, "totalrow": 3, "lines": lines[:1]}
    await world.agency(BEIJING).post(f"{claim_path(number, claim)}/lines", body)
    world.clock.advance(days=5)
    await silent(world)
    (it,) = await all_claims(world, number)
    assert (it["insured"]["manner"], it["insured"]["lines"]) == ("silence", 1)
    assert it["is_confirmed"]


async def test_confirming_costs_the_same_statements_whatever_the_claim_counts(
    world: World,
) -> None:
    counts = []
    for items in (1, 60):
        number, claim = await a_claim(world, items=items)
        path = f"{claim_path(number, claim)}/confirmations"
        with recorded(world) as statements:
            answer = await world.agency(BEIJING).post(path, digest_of(claim))
        assert answer.status_code == 201
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 7


async def test_a_statement_is_split_by_the_cities_of_its_own_side(world: World) -> None:
    number, _ = await a_claim(world)
    path = f"/v1/clearings/{number}/statements/{SHANDONG}/cities"
    answer = await world.agency(SHANDONG).get(path)
    (share,) = answer.json()["items"]
    assert (share["city"], share["totals"]["fund"]) == ("370000", "6.00")
    foreign = await world.agency(BEIJING).get(path)
    assert foreign.json()["code"] == "statement-unknown"
