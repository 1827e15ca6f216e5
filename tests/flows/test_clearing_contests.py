"""Items are contested with coded reasons and answered; what is unanswered rolls, then stands."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.kernel.money import Money
from tests.support.clearing import (
    Arranged,
    all_claims,
    all_items,
    arranged,
    claim_path,
    cleared,
    digest_of,
    noticed,
    root_of,
)
from tests.support.events import all_told
from tests.support.ledger import balances, proven
from tests.support.world import World

Row = dict[str, Any]


async def a_contest(
    world: World, pair: tuple[str, str], quarter: str, day: date, **contest: object
) -> tuple[str, Row, Row]:
    """Settle 100, 200 and 300 yuan, clear, and contest the last; return all three."""
    numbers = await arranged(world, *(Arranged(*pair, fen, day) for fen in (10000, 20000, 30000)))
    clearing = await cleared(world, quarter)
    claim = next(
        it["claim"]
        for it in await all_claims(world, clearing)
        if (it["claim"]["insured_place"], it["claim"]["treatment_place"]) == pair
    )
    objection = {
        "settlement": numbers[-1],
        "reason": "wrong_amount",
        "note": "与收费票据不符",
        **contest,
    }
    path = f"{claim_path(clearing, claim)}/confirmations"
    said = await world.agency(pair[0]).post(path, digest_of(claim) | {"contests": [objection]})
    assert said.status_code == 201, said.text
    assert said.json()["contested"] == {"items": 1, "fund": "300.00"}
    listed = (await world.agency(pair[1]).get("/v1/contests", clearing=clearing)).json()
    return clearing, claim, listed["items"][0]


async def replied(world: World, contest: Row, reply: str, **more: object) -> Any:
    place = contest["treatment_place"]
    body = {"reply": reply, "note": "已核对", **more}
    return await world.agency(place).post(f"/v1/contests/{contest['number']}/reply", body)


@pytest.mark.parametrize(
    ("treatment", "quarter", "reply", "more", "owed"),
    [
        ("310000", "2024Q2", "accepted", {}, "300.00"),
        ("320000", "2024Q3", "accepted_in_part", {"amount": "120.50"}, "420.50"),
        ("330000", "2024Q4", "rejected", {}, "600.00"),
    ],
)
async def test_an_answer_decides_what_the_notices_call_for(
    world: World, treatment: str, quarter: str, reply: str, more: Row, owed: str
) -> None:
    year, n = int(quarter[:4]), int(quarter[-1])
    after = date(year + n // 4, n % 4 * 3 + 1, 21)
    world.clock.set_day(after.isoformat())
    pair = ("110000", treatment)
    clearing, claim, contest = await a_contest(world, pair, quarter, date(year, n * 3, 3))
    assert (contest["state"], contest["in_time"], contest["rolls"]) == ("open", True, 0)
    answer = await replied(world, contest, reply, **more)
    assert (answer.status_code, answer.json()["state"]) == (201, reply)
    again = await replied(world, contest, "accepted")
    assert (again.status_code, again.json()["code"]) == (409, "no-such-move")
    issued = await noticed(world, clearing)
    assert issued["payable_fund"] == owed
    kept = await balances(world)
    fen = int(owed.replace(".", ""))
    assert kept[f"notified:110000:{treatment}"][0] == fen
    assert kept[f"uncleared:110000:{treatment}"][0] == 0
    institution = f"H{treatment[:4]}0000001"
    assert kept[f"payable:{treatment}:{institution}"][0] == -fen
    listed = await world.agency("110000").get(f"/v1/clearings/{clearing}/notices")
    (notice,) = listed.json()["items"]
    assert notice["totals"]["fund"] == claim["totals"]["fund"] == "600.00"
    assert (await proven(world)).holds
    taken = 60_000 - fen
    month = {"settlement": contest["settlement"], "month": f"{year}-{n * 3:02d}"}
    expected = [month | {"amount": str(Money(taken))}] if taken else []
    assert await conceded(world, institution, contest["number"]) == expected


async def conceded(world: World, institution: str, contest: str) -> list[Row]:
    """Read what an institution is told was taken from it, by contest."""
    await all_told(world)
    found = await world.institution(institution).get("/v1/events", topic="clearing.conceded")
    assert found.status_code == 200, found.text
    return [it["data"] for it in found.json()["items"] if it["subject"] == contest]


async def test_replies_are_refused_in_the_order_of_precedence(world: World) -> None:
    world.clock.set_day("2025-04-21")
    _, _, contest = await a_contest(world, ("110000", "340000"), "2025Q1", date(2025, 3, 3))
    path = f"/v1/contests/{contest['number']}/reply"
    body = {"reply": "accepted", "note": "已核对"}
    assert (await world.agency("510000").post(path, body)).json()["code"] == "contest-unknown"
    assert (await world.agency("110000").post(path, body)).json()["code"] == "claim-foreign"
    wrong = await replied(world, contest, "accepted", amount="1.00")
    assert wrong.json()["code"] == "reply-amount-wrong"
    for amount in ("-1.00", "300.00", "300.01", "0.00"):
        wrong = await replied(world, contest, "accepted_in_part", amount=amount)
        assert wrong.json()["code"] == "reply-amount-wrong"
    in_time = await replied(world, contest, "not_in_time")
    assert in_time.json()["code"] == "contest-was-in-time"
    for state in ("open", "withdrawn", "unanswered"):
        assert (await replied(world, contest, state)).status_code == 400
    assert (await replied(world, contest, "rejected")).status_code == 201


async def test_a_late_contest_may_be_answered_as_late(world: World) -> None:
    world.clock.set_day("2025-07-21")
    pair = ("110000", "350000")
    (_, _, number) = await arranged(
        world, *(Arranged(*pair, fen, date(2025, 6, 2)) for fen in (100, 200, 300))
    )
    clearing = await cleared(world, "2025Q2")
    claim = next(it["claim"] for it in await all_claims(world, clearing))
    world.clock.set_day("2025-07-28")
    objection = {"settlement": number, "reason": "other", "note": "迟报", "proposed": "1.00"}
    path = f"{claim_path(clearing, claim)}/confirmations"
    body = digest_of(claim) | {"contests": [objection]}
    assert (await world.agency("110000").post(path, body)).status_code == 201
    (contest,) = (await world.agency("350000").get("/v1/contests", clearing=clearing)).json()[
        "items"
    ]
    assert not contest["in_time"]
    assert contest["reply_by"] == "2025-07-31"
    answer = await replied(world, contest, "not_in_time")
    assert (answer.json()["state"], answer.json()["agreed"]) == ("not_in_time", "3.00")
    assert (await noticed(world, clearing))["payable_fund"] == "6.00"


async def test_an_unanswered_item_rolls_twice_linked_and_then_stands(world: World) -> None:
    """A contest of the first quarter of 2026 is in the claims of the second and the third."""
    pair, total = ("130000", "360000"), 60000
    world.clock.set_day("2026-04-21")
    first, _, contest = await a_contest(world, pair, "2026Q1", date(2026, 3, 3), proposed="50.00")
    issued = await noticed(world, first)
    assert issued["payable_fund"] == "300.00"
    (notice,) = (await world.agency("130000").get(f"/v1/clearings/{first}/notices")).json()["items"]
    assert notice["rolled"] == {"items": 1, "fund": "300.00"}
    assert (await balances(world))["uncleared:130000:360000"][0] == total - 30000

    carried_into = []
    for day, quarter in (("2026-07-21", "2026Q2"), ("2026-10-21", "2026Q3")):
        world.clock.set_day(day)
        clearing = await cleared(world, quarter)
        items = await all_items(world.operator, clearing)
        (it,) = items
        assert (it["number"], it["fund"]) == (contest["settlement"], "300.00")
        assert it["carried_from"] == first
        (standing,) = await all_claims(world, clearing)
        assert standing["claim"]["root"] == root_of(items)
        assert standing["open_contests"] == 1
        carried_into.append(clearing)
        if quarter == "2026Q2":
            assert (await noticed(world, clearing))["payable"] == 0
    found = (await world.agency("130000").get(f"/v1/contests/{contest['number']}")).json()
    assert (found["rolls"], found["state"], found["clearing"]) == (2, "open", first)
    last = await noticed(world, carried_into[-1])
    assert last["payable_fund"] == "50.00"
    found = (await world.agency("130000").get(f"/v1/contests/{contest['number']}")).json()
    assert (found["state"], found["agreed"]) == ("unanswered", "50.00")
    (told,) = await conceded(world, f"H{pair[1][:4]}0000001", contest["number"])
    assert (told["settlement"], told["amount"]) == (contest["settlement"], "250.00")
    kept = await balances(world)
    assert kept["uncleared:130000:360000"][0] == 0
    assert kept["notified:130000:360000"][0] == 35000
    assert (await proven(world)).holds


async def test_an_item_answered_between_two_clearings_is_owed_in_the_next(world: World) -> None:
    pair = ("130000", "410000")
    world.clock.set_day("2027-04-21")
    first, _, contest = await a_contest(world, pair, "2027Q1", date(2027, 3, 3))
    assert (await noticed(world, first))["payable_fund"] == "300.00"
    answer = await replied(world, contest, "accepted_in_part", amount="250.00")
    assert answer.status_code == 201
    world.clock.set_day("2027-07-21")
    second = await cleared(world, "2027Q2")
    (it,) = await all_items(world.operator, second)
    assert (it["fund"], it["carried_from"]) == ("250.00", first)
    assert (await noticed(world, second))["payable_fund"] == "250.00"
    assert (await balances(world))["uncleared:130000:410000"][0] == 0
    assert (await balances(world))["notified:130000:410000"][0] == 55000


async def test_nothing_rolls_beyond_the_close_of_its_year(world: World) -> None:
    """The fourth quarter's next clearing comes after 31 March: an answer is waited for till due."""
    world.clock.set_day("2028-01-21")
    pair = ("130000", "420000")
    clearing, _, contest = await a_contest(world, pair, "2027Q4", date(2027, 11, 3))
    open_year = (await world.operator.get("/v1/clearing-years/2027")).json()
    assert (open_year["closes_on"], open_year["open_contests"]) == ("2028-03-31", 1)
    claim = next(it["claim"] for it in await all_claims(world, clearing))
    path = f"{claim_path(clearing, claim)}/confirmations"
    await world.agency("420000").post(path, digest_of(claim))
    early = await world.operator.post(f"/v1/clearings/{clearing}/notices")
    assert early.json()["code"] == "claims-unconfirmed"
    world.clock.set_day("2028-02-28")
    assert (await noticed(world, clearing))["payable_fund"] == "300.00"
    found = (await world.agency("130000").get(f"/v1/contests/{contest['number']}")).json()
    assert (found["state"], found["rolls"]) == ("unanswered", 0)
    close = "/v1/clearing-years/2027/close"
    refused = await world.operator.post(close)
    assert refused.json()["code"] == "clearing-year-not-over"
    world.clock.set_day("2028-04-01")
    closed = await world.operator.post(close)
    assert (closed.status_code, closed.json()["is_closed"]) == (201, True), closed.text


async def test_a_year_with_something_open_is_not_closed(world: World) -> None:
    await arranged(world, Arranged("130000", "430000", 5, date(2029, 2, 1)))
    world.clock.set_day("2030-04-01")
    refused = await world.operator.post("/v1/clearing-years/2029/close")
    assert (refused.status_code, refused.json()["code"]) == (409, "clearing-year-not-clear")
    assert refused.json()["uncleared"] == 1


async def test_a_settlement_is_contested_once_and_only_as_part_of_its_claim(world: World) -> None:
    world.clock.set_day("2031-04-21")
    pair = ("130000", "440000")
    numbers = await arranged(world, *(Arranged(*pair, 100 * n, date(2031, 2, 1)) for n in (1, 2)))
    clearing = await cleared(world, "2031Q1")
    claim = next(
        it["claim"]
        for it in await all_claims(world, clearing)
        if it["claim"]["treatment_place"] == pair[1]
    )
    path = f"{claim_path(clearing, claim)}/confirmations"

    def objection(number: str, proposed: str = "0.00") -> Row:
        return {"settlement": number, "reason": "other", "note": "示例", "proposed": proposed}

    asked = [
        objection(numbers[0], "1.00"),
        objection(numbers[1]),
        objection(numbers[1]),
        objection(numbers[0], "-1.00"),
    ]
    refused = await world.agency(pair[0]).post(path, digest_of(claim) | {"contests": asked})
    assert refused.json()["code"] == "contest-refused"
    assert [(it["index"], it["code"]) for it in refused.json()["errors"]] == [
        (0, "proposed_amount"),
        (2, "contested_before"),
        (3, "proposed_amount"),
    ]


async def test_an_answered_contest_holds_its_confirmation(world: World) -> None:
    world.clock.set_day("2032-04-21")
    pair = ("130000", "450000")
    clearing, claim, contest = await a_contest(world, pair, "2032Q1", date(2032, 3, 3))
    assert (await replied(world, contest, "rejected")).status_code == 201
    other = world.client(world.agency(pair[0]).caller.kind, "130000-b", "130000")
    path = f"{claim_path(clearing, claim)}/withdrawals"
    refused = await other.post(path, {"reason": "重新核对"})
    assert (refused.status_code, refused.json()["code"]) == (409, "contest-answered")
