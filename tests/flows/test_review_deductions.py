"""Deductions over HTTP: proposed, appealed, decided, final, given back, and their limits."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy.exc import IntegrityError

from app.kernel.calendar import Month
from app.review.service import deducting
from app.settlement import service as settlements
from tests.support.institutions import JINAN, JINAN_DEVICES
from tests.support.ledger import balances, proven
from tests.support.parties import as_operator
from tests.support.queries import recorded
from tests.support.review import (
    DEDUCTIONS,
    appeal,
    decide,
    deducted,
    deduction,
    given_back,
    off,
    propose,
    ready_on,
    settlements_on,
    upheld,
)
from tests.support.settlement import cancel, cancelled, settle
from tests.support.visit import admitted, charged, discharged, line, road, rows
from tests.support.world import World

PAYABLE, UNCLEARED = f"payable:370000:{JINAN}", "uncleared:110000:370000"


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


async def settled_on(world: World, day: str = "2025-09-01") -> str:
    return str((await settlements_on(world, day, 1))[0]["number"])


async def figures(world: World) -> tuple[int, int]:
    """Return what the institution is owed, and what the insured place owes, in fen."""
    found = await balances(world)
    return -found[PAYABLE][0], found[UNCLEARED][0]


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_what_is_upheld_after_an_appeal_is_final_and_booked_in_the_settlements_month(
    world: World,
) -> None:
    number = await settled_on(world)
    world.clock.set_day("2025-10-08")
    owed, claimed = await figures(world)
    it = await deducted(world, number, "4.00", reason="not_injury_related")
    assert (it["state"], it["amount"], it["appeal_by"]) == ("proposed", "4.00", "2025-10-14")
    assert await figures(world) == (owed, claimed)
    assert (await appeal(world, it["number"])).json()["state"] == "appealed"
    said = (await decide(world, it["number"], "upheld")).json()
    assert (said["state"], said["decision"], said["month"]) == ("final", "upheld", "2025-09")
    assert await figures(world) == (owed - 400, claimed - 400)
    told = await world.operator.get("/v1/ledger/postings", subject=it["number"])
    assert [each["event"] for each in told.json()["items"]] == ["deduction_made"]
    assert (await proven(world)).holds


async def test_a_deduction_is_lowered_or_withdrawn_and_leaves_room_for_another(
    world: World,
) -> None:
    number = await settled_on(world)
    lowered = await deducted(world, number, "10.00")
    assert refusal(await propose(world, off(number, "0.01"))) == (422, "deductions-refused")
    await appeal(world, lowered["number"])
    wrong = await decide(world, lowered["number"], "lowered", amount="10.00")
    assert refusal(wrong) == (422, "decision-amount")
    assert refusal(await decide(world, lowered["number"], "lowered")) == (422, "decision-amount")
    said = (await decide(world, lowered["number"], "lowered", amount="3.00")).json()
    assert (said["proposed"], said["amount"], said["state"]) == ("10.00", "3.00", "final")
    again = await deducted(world, number, "7.00")
    withdrawn = (await decide(world, again["number"], "withdrawn")).json()
    assert (withdrawn["state"], withdrawn["month"]) == ("withdrawn", None)
    assert refusal(await decide(world, again["number"], "upheld")) == (409, "no-such-move")
    assert (await deducted(world, number, "7.00"))["state"] == "proposed"


async def test_a_deduction_takes_no_more_than_its_line_bears_and_refunds_lessen_it(
    world: World,
) -> None:
    world.clock.set_day("2025-09-01")
    visit = await admitted(world)
    await charged(world, visit, line("1"), line("2"))
    half = {"refund_of": "1", "quantity": "-6", "amount": "-6.00"}
    await charged(world, visit, line("3", **half))
    await discharged(world, visit)
    answer = await world.institution(JINAN).post(f"/v1/visits/{visit}/settle", {"total": "14.00"})
    number = answer.json()["number"]
    refused = await propose(
        world,
        off(number, "4.01", serial="1"),
        off(number, "1.00", serial="no such line"),
        off("A3701002509019999999", "1.00"),
        off(number, "4.00", serial="1"),
        off(number, "0.01", serial="1"),
        off(number, "10.01"),
    )
    assert [(it["index"], it["code"]) for it in refused.json()["errors"]] == [
        (0, "more_than_the_line_bears"),
        (1, "line_unknown"),
        (2, "settlement_unknown"),
        (4, "more_than_the_line_bears"),
        (5, "more_than_the_fund_bears"),
    ]
    assert (await world.operator.get(DEDUCTIONS, settlement=number)).json()["items"] == []
    made = await propose(world, off(number, "4.00", serial="1"), off(number, "10.00", serial="2"))
    assert [it["serial"] for it in made.json()["items"]] == ["1", "2"]


async def test_the_database_itself_refuses_more_than_the_fund_bears(world: World) -> None:
    number = await settled_on(world)
    it = await deducted(world, number, "6.00", serial="1")
    more = """
        INSERT INTO deduction (number, settlement_id, settlement, serial, institution,
            insured_region, treatment_region, insured_place, treatment_place, scheme, reason, note,
            proposed_fen, amount_fen, state, proposed_at, proposed_by, appeal_by, policy_version)
        SELECT number || :mark, settlement_id, settlement, {serial}, institution, insured_region,
               treatment_region, insured_place, treatment_place, scheme, reason, note, :fen, :fen,
               'proposed', proposed_at, proposed_by, appeal_by, policy_version
          FROM deduction WHERE number = :number
    """
    for serial in ("serial", "NULL", "'2'"):
        with pytest.raises(IntegrityError):
            await rows(world, more.format(serial=serial), mark="x", fen=401, number=it["number"])
    with pytest.raises(IntegrityError, match="bears less"):
        await rows(world, more.format(serial="'2'"), mark="x", fen=1, number=it["number"])
    await rows(world, more.format(serial="NULL"), mark="y", fen=400, number=it["number"])
    taken = await rows(
        world, "SELECT deducted_fen FROM settlement WHERE number = :number", number=number
    )
    assert [row.deducted_fen for row in taken] == [1000]
    decided = await upheld(world, await settled_on(world), "2.00")
    with pytest.raises(IntegrityError, match="is decided"):
        await rows(
            world,
            "UPDATE deduction SET amount_fen = 1 WHERE number = :number",
            number=decided["number"],
        )


async def test_the_database_itself_refuses_a_twin_that_is_none_and_a_cancellation_beside_it(
    world: World,
) -> None:
    it = await upheld(world, await settled_on(world), "2.00")
    twin = """
        INSERT INTO deduction (number, settlement_id, settlement, serial, institution,
            insured_region, treatment_region, insured_place, treatment_place, scheme, reason, note,
            proposed_fen, amount_fen, state, proposed_at, proposed_by, appeal_by, final_at, month,
            cancels, policy_version)
        SELECT number || 'z', settlement_id, settlement, serial, institution, insured_region,
               treatment_region, insured_place, treatment_place, scheme, reason, note, :fen, :fen,
               'final', proposed_at, proposed_by, appeal_by, final_at, month, id, policy_version
          FROM deduction WHERE number = :number
    """
    for fen in (-199, -201):
        with pytest.raises(IntegrityError, match="gives back"):
            await rows(world, twin, fen=fen, number=it["number"])
    with pytest.raises(IntegrityError, match="cancelled_whole"):
        await rows(
            world,
            "UPDATE settlement SET cancelled_by = id WHERE number = :number",
            number=it["settlement"],
        )
    await rows(world, twin, fen=-200, number=it["number"])
    with pytest.raises(IntegrityError, match="uq_deduction"):
        await rows(world, twin.replace("|| 'z'", "|| 'w'"), fen=-200, number=it["number"])


async def test_what_nobody_appealed_against_becomes_final_when_the_term_ends_once(
    world: World,
) -> None:
    world.clock.set_day("2025-11-03")
    await as_operator(world, deducting.finish_unappealed)
    one, other = await settled_on(world, "2025-10-31"), await settled_on(world, "2025-11-03")
    world.clock.set_day("2025-11-03")
    first, second = await deducted(world, one, "1.00"), await deducted(world, other, "2.00")
    assert first["appeal_by"] == "2025-11-10"
    world.clock.set_day("2025-11-10")
    assert await as_operator(world, deducting.finish_unappealed) == 0
    world.clock.set_day("2025-11-11")
    assert refusal(await appeal(world, first["number"])) == (422, "appeal-term-over")
    owed, claimed = await figures(world)
    assert await as_operator(world, deducting.finish_unappealed) == 2
    assert await as_operator(world, deducting.finish_unappealed) == 0
    assert await figures(world) == (owed - 300, claimed - 300)
    found = [await deduction(world, it["number"]) for it in (first, second)]
    assert [(it["decision"], it["month"]) for it in found] == [
        ("unappealed", "2025-10"),
        ("unappealed", "2025-11"),
    ]
    assert refusal(await appeal(world, first["number"])) == (409, "no-such-move")


async def test_a_deduction_falls_into_the_first_month_still_open_and_not_further_back(
    world: World,
) -> None:
    number = await settled_on(world, "2025-11-28")
    world.clock.set_day("2025-12-02")

    async def close(work: Any) -> None:
        await settlements.close_months(work, ["370000"], Month(2025, 11))

    await as_operator(world, close)
    assert (await upheld(world, number, "1.00"))["month"] == "2025-12"
    world.clock.set_day("2026-03-02")
    assert (await upheld(world, number, "1.00"))["month"] == "2026-01"


async def test_a_settlement_with_deductions_is_not_cancelled_and_no_fen_counts_twice(
    world: World,
) -> None:
    before = await figures(world)
    number = await settled_on(world, "2026-03-02")
    it = await deducted(world, number, "4.00")
    refused = await cancel(world, number)
    assert refusal(refused) == (422, "settlement-deducted")
    assert refused.json()["deducted"] == "4.00"
    await appeal(world, it["number"])
    assert (await decide(world, it["number"], "upheld")).status_code == 201
    assert refusal(await cancel(world, number)) == (422, "settlement-deducted")
    twin = (await given_back(world, it["number"])).json()
    assert (twin["amount"], twin["state"], twin["month"]) == ("-4.00", "final", "2026-03")
    assert twin["cancels"] == it["number"]
    assert (await deduction(world, it["number"]))["cancelled_by"] == twin["number"]
    assert refusal(await given_back(world, it["number"])) == (409, "deduction-not-returnable")
    assert refusal(await given_back(world, twin["number"])) == (409, "deduction-not-returnable")
    await cancelled(world, number)
    assert await figures(world) == before
    assert (await proven(world)).holds
    moot = (await propose(world, off(number, "1.00"))).json()
    assert [each["code"] for each in moot["errors"]] == ["does_not_stand"]


async def test_a_reversal_of_a_settlement_with_deductions_says_why_it_cannot_be(
    world: World,
) -> None:
    world.clock.set_day("2026-03-03")
    visit = await ready_on(world, "2026-03-03")
    key = f"{JINAN}202603030900000001"
    number = (await settle(world, visit, key=key)).json()["number"]
    it = await deducted(world, number, "4.00")
    hospital = world.institution(JINAN)
    told = (await hospital.post("/v1/reversals", {"message": key})).json()
    assert (told["outcome"], told["why"]["code"]) == ("not_reversible", "settlement-deducted")
    await decide(world, it["number"], "withdrawn")
    again = (await hospital.post("/v1/reversals", {"message": key})).json()
    assert again["outcome"] == "reversed"


async def test_each_side_sees_and_does_what_is_its_own(world: World) -> None:
    number = await settled_on(world, "2026-03-04")
    it = await deducted(world, number, "1.00")
    path = f"{DEDUCTIONS}/{it['number']}"
    for who in (
        world.institution(JINAN),
        world.agency("370000"),
        world.agency("370100"),
        world.agency("110000"),
        world.operator,
    ):
        assert (await who.get(path)).status_code == 200
    strangers = (world.institution(JINAN_DEVICES), world.agency("210000"), world.agency("370200"))
    for who in strangers:
        assert refusal(await who.get(path)) == (404, "deduction-unknown")
        assert it["number"] not in (await who.get(DEDUCTIONS)).text
    beijing = world.agency("110000")
    assert refusal(await decide(world, it["number"], "withdrawn", by=beijing)) == (
        403,
        "review-foreign",
    )
    foreign = await propose(world, off(number, "1.00"), by=beijing)
    assert [each["code"] for each in foreign.json()["errors"]] == ["settlement_unknown"]
    assert refusal(await appeal(world, it["number"], JINAN_DEVICES)) == (404, "deduction-unknown")
    own = await world.institution(JINAN).get(DEDUCTIONS, settlement=number, state="proposed")
    assert [each["number"] for each in own.json()["items"]] == [it["number"]]
    assert own.json()["items"][0]["reason"] == "overcharged"


async def test_deductions_cost_the_same_statements_whatever_their_number(world: World) -> None:
    numbers = [await settled_on(world, "2026-03-05") for _ in range(4)]
    counts = []
    for some in (numbers[:1], numbers[1:]):
        with recorded(world) as seen:
            await propose(world, *(off(number, "1.00") for number in some))
        counts.append(len(seen))
    assert counts[0] == counts[1]
    world.clock.set_day("2026-03-20")
    with recorded(world) as seen:
        assert await as_operator(world, deducting.finish_unappealed) >= 4
    assert len(seen) <= 12, "\n".join(seen)
