"""What review deducted is a negative item of the claim: listed, digested, split and noticed."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from tests.support.clearing import (
    Arranged,
    all_claims,
    all_items,
    arranged,
    claim_path,
    cleared,
    deducted,
    digest_of,
    noticed,
    root_of,
)
from tests.support.ledger import balances, proven
from tests.support.world import World

PAIR = ("110000", "370000")


async def the_claim(world: World, clearing: str) -> dict[str, Any]:
    (it,) = await all_claims(world, clearing)
    return dict(it["claim"])


async def test_a_deduction_lowers_the_claim_of_the_month_it_became_final_in(world: World) -> None:
    """300 yuan settled in the third quarter, 30 deducted in it and 20 in the fourth."""
    world.clock.set_day("2025-10-21")
    day = date(2025, 8, 5)
    first, second = await arranged(world, Arranged(*PAIR, 10000, day), Arranged(*PAIR, 20000, day))
    in_time = await deducted(world, first, 30, "2025-09")
    late = await deducted(world, second, 20, "2025-10")
    clearing = await cleared(world, "2025Q3")

    claim = await the_claim(world, clearing)
    assert claim["totals"] == {"settlements": 3, "total": "300.00", "fund": "270.00"}
    items = await all_items(world.agency("110000"), clearing)
    assert [it["number"] for it in items] == [first, second, in_time]
    (item,) = (it for it in items if it["kind"] == "deduction")
    assert (item["total"], item["fund"], item["deducts"]) == ("0.00", "-30.00", first)
    assert (item["month"], item["of_period"]) == ("2025-09", "2025Q3")
    assert claim["root"] == root_of(items)
    split = await world.agency("370000").get(f"/v1/clearings/{clearing}/statements/370000/cities")
    (share,) = split.json()["items"]
    assert share["totals"] == claim["totals"]

    issued = await noticed(world, clearing)
    assert issued["payable_fund"] == "270.00"
    listed = (await world.agency("110000").get(f"/v1/clearings/{clearing}/notices")).json()
    notice = listed["items"][0]
    assert notice["reviewed"] == claim["reviewed"] == {"items": 1, "fund": "30.00"}
    assert notice["deducted"] == {"items": 0, "fund": "0.00"}
    beijing = world.agency("110000")
    page = await world.http.get(
        f"/v1/clearings/{clearing}/notices/{notice['number']}",
        headers=beijing.headers() | {"Accept": "text/html"},
    )
    shown = re.findall(r'<th>(.*?)</th><td class="amount">(.*?)</td><td.*?>(.*?)</td>', page.text)
    assert [(label.split()[0], number, amount) for label, number, amount in shown] == [
        ("结算数", "2", "300.00"),
        ("减：审核扣款", "1", "30.00"),
        ("清算数（控制总数）Claimed", "3", "270.00"),
        ("减：争议核减", "0", "0.00"),
        ("减：争议顺延", "0", "0.00"),
        ("本次应付", "3", "270.00"),
    ]
    kept = await balances(world)
    assert kept["notified:110000:370000"][0] == 27000
    assert kept["uncleared:110000:370000"][0] == -2000

    world.clock.set_day("2026-01-21")
    following = await cleared(world, "2025Q4")
    (item,) = await all_items(world.agency("370000"), following)
    assert (item["number"], item["fund"], item["of_period"]) == (late, "-20.00", "2025Q3")
    assert (await noticed(world, following))["payable_fund"] == "-20.00"
    assert (await balances(world))["uncleared:110000:370000"][0] == 0
    assert (await proven(world)).holds


async def test_a_deduction_is_confirmed_by_line_and_not_contested(world: World) -> None:
    world.clock.set_day("2026-04-21")
    (number,) = await arranged(world, Arranged(*PAIR, 10000, date(2026, 2, 5)))
    taken = await deducted(world, number, 40, "2026-02")
    clearing = await cleared(world, "2026Q1")
    claim = await the_claim(world, clearing)
    beijing = world.agency("110000")
    contest = {"reason": "other", "note": "示例", "proposed": "-10.00"}
    body = digest_of(claim) | {"contests": [{"settlement": taken, **contest}]}
    refused = await beijing.post(f"{claim_path(clearing, claim)}/confirmations", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "contest-refused")
    lines = [{"settlement": number, "fund": "100.00"}, {"settlement": taken, "fund": "-40.00"}]
    page = {"page": 1, "totalrow": 2, "lines": lines}
    said = await beijing.post(f"{claim_path(clearing, claim)}/lines", page)
    assert said.status_code == 201, said.text
    assert said.json()["insured"]["confirmed_at"] is not None


async def test_what_review_took_a_contest_cannot_take_again(world: World) -> None:
    """Of 100 yuan review takes 70: the contest can have 30 of them."""
    world.clock.set_day("2026-07-21")
    (number,) = await arranged(world, Arranged(*PAIR, 10000, date(2026, 5, 5)))
    clearing = await cleared(world, "2026Q2")
    claim = await the_claim(world, clearing)
    objection = {"settlement": number, "reason": "wrong_amount", "note": "示例"}
    path = f"{claim_path(clearing, claim)}/confirmations"
    body = digest_of(claim) | {"contests": [objection]}
    assert (await world.agency("110000").post(path, body)).status_code == 201
    await deducted(world, number, 70, "2026-07")
    listed = await world.agency("370000").get("/v1/contests", clearing=clearing)
    reply = f"/v1/contests/{listed.json()['items'][0]['number']}/reply"
    wrong = await world.agency("370000").post(reply, {"reply": "accepted", "note": "示例"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "contest-deducted")
    assert "30.00" in wrong.json()["detail"]
    in_part = {"reply": "accepted_in_part", "amount": "70.00", "note": "示例"}
    assert (await world.agency("370000").post(reply, in_part)).status_code == 201
    shown = (await world.operator.get(f"/v1/clearings/{clearing}/items")).json()["items"]
    assert [it["fund"] for it in shown] == ["100.00"]
    with pytest.raises(Exception, match="conceded_fen"):
        await deducted(world, number, 1, "2026-07")
