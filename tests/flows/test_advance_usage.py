"""Usage: exact at every commit, told once a crossing, and kept within the pair's mode."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.kernel.money import Money
from app.ledger.entries import (
    advance_returned,
    deduction_made,
    notice_issued,
    payment_matched,
    settlement_cancelled,
)
from app.ledger.errors import AdvanceExhausted
from tests.support.advance import (
    DAY,
    another,
    done,
    funded,
    items,
    mode_changed,
    pool,
    repeated,
    told,
    usage,
    used,
)
from tests.support.clearing import a_hospital_with_one_drug, ready_to_settle
from tests.support.institutions import JINAN
from tests.support.ledger import balances, booked, proven
from tests.support.queries import recorded
from tests.support.world import World


async def crossed(world: World, subject: str) -> list[dict[str, object]]:
    """Return the announcements of the crossings one business caused."""
    query = sa.text(
        "SELECT a.parties, a.body FROM announcement a JOIN advance_crossing c "
        "ON c.number = a.subject WHERE c.subject = :subject ORDER BY a.seq"
    )
    async with world.tx() as tx:
        rows = await tx.execute(query, {"subject": subject})
        return [{"to": row.parties, **row.body} for row in rows]


async def test_usage_is_what_is_uncleared_and_notified_over_the_advance(world: World) -> None:
    await funded(world, "110000", "330000", "1000.00")
    await booked(world, [used("110000", "330000", 200)])
    await booked(world, [notice_issued("N-usage", DAY, "110000", "330000", Money(15_000))])
    it = await usage(world, "110000", "330000")
    assert (it["uncleared"], it["notified"], it["used"]) == ("50.00", "150.00", "200.00")
    assert (it["advance"], it["percent"], it["level"]) == ("1000.00", "20.00", "normal")
    await booked(world, [payment_matched("N-usage", DAY, "110000", "330000", Money(15_000))])
    assert (await usage(world, "110000", "330000"))["percent"] == "5.00"


async def test_a_crossing_is_told_once_to_both_sides_with_the_figures_of_its_commit(
    world: World,
) -> None:
    await funded(world, "120000", "330000", "100.00")
    await booked(world, [used("120000", "330000", 69)])
    assert await told(world, "120000", "330000") == []
    await booked(world, [used("120000", "330000", 1, "A-yellow")])
    await booked(world, [used("120000", "330000", 5)])
    assert await told(world, "120000", "330000") == ["yellow"]
    pair = [it for it in await crossed(world, "A-yellow") if it["insured_place"] == "120000"]
    assert [it["to"] for it in pair] == [["330000"], ["120000"]]
    assert {(it["level"], it["used"], it["advance"]) for it in pair} == {
        ("yellow", "70.00", "100.00")
    }
    await booked(world, [used("120000", "330000", 15)])
    assert await told(world, "120000", "330000") == ["yellow", "red"]


async def test_a_leap_over_both_lines_is_one_red_crossing(world: World) -> None:
    await funded(world, "130000", "340000", "100.00")
    await booked(world, [used("130000", "340000", 95)])
    assert await told(world, "130000", "340000") == ["red"]


async def test_a_line_is_told_again_only_after_usage_has_fallen_well_below_it(
    world: World,
) -> None:
    await funded(world, "140000", "340000", "100.00")
    top = used("140000", "340000", 10, "A-top")
    await booked(world, [used("140000", "340000", 82)])
    await booked(world, [top])
    await booked(world, [settlement_cancelled("A-down", DAY, top)])
    # 82 %: below 90, not below 85. The line is told again; nothing above is.
    await booked(world, [used("140000", "340000", 10)])
    assert await told(world, "140000", "340000") == ["yellow", "red", "red"]
    # 92 → 87 → 92: it never fell below 85, so nothing is told.
    few = used("140000", "340000", 5, "A-few")
    await booked(
        world, [deduction_made("Z-1", DAY, "140000", "340000", "H34000000001", Money(500))]
    )
    await booked(world, [few])
    assert await told(world, "140000", "340000") == ["yellow", "red", "red"]
    assert (await usage(world, "140000", "340000"))["level"] == "red"


async def test_more_advance_lowers_usage_and_arms_the_lines_again(world: World) -> None:
    await funded(world, "150000", "340000", "100.00")
    await booked(world, [used("150000", "340000", 95)])
    await funded(world, "150000", "340000", "1000.00")
    assert (await usage(world, "150000", "340000"))["level"] == "normal"
    await booked(world, [used("150000", "340000", 700)])
    assert await told(world, "150000", "340000") == ["red", "yellow"]


async def test_a_pool_is_watched_as_one_whatever_pairs_it_is_used_by(world: World) -> None:
    await funded(world, "210000", "350000", "100.00")
    await funded(world, "220000", "350000", "300.00")
    # Jilin overdraws its own; a pair without an advance uses the pool, too.
    await booked(world, [used("210000", "350000", 150)])
    await booked(world, [used("230000", "350000", 129)])
    assert await told(world, None, "350000") == []
    await booked(world, [used("220000", "350000", 1)])
    assert await told(world, None, "350000") == ["yellow"]
    it = await pool(world, "350000")
    assert (it["used"], it["advance"], it["percent"]) == ("280.00", "400.00", "70.00")
    # Told to the place of the pool alone.
    mine = await items(world.agency("210000"), "/v1/advances/crossings")
    assert not [each for each in mine if each["insured_place"] is None]


async def test_a_hard_pair_refuses_to_be_overdrawn_and_keeps_nothing_of_it(world: World) -> None:
    await funded(world, "310000", "360000", "100.00")
    await mode_changed(world, "310000", "360000", "hard")
    before = await balances(world)
    with pytest.raises(AdvanceExhausted) as caught:
        await booked(world, [used("310000", "360000", 60) for _ in range(3)])
    facts = caught.value.facts
    assert (facts["used"], facts["advance"]) == (Money(18_000), Money(10_000))
    assert await balances(world) == before
    await booked(world, [used("310000", "360000", 100)])
    assert (await usage(world, "310000", "360000"))["percent"] == "100.00"
    assert (await proven(world)).holds


async def test_what_lowers_usage_passes_even_where_a_hard_pair_is_overdrawn(world: World) -> None:
    await funded(world, "320000", "360000", "100.00")
    first, second = used("320000", "360000", 80, "A-h1"), used("320000", "360000", 80, "A-h2")
    await booked(world, [first, second])
    await mode_changed(world, "320000", "360000", "hard")
    await booked(world, [notice_issued("N-h", DAY, "320000", "360000", Money(5_000))])
    await booked(world, [settlement_cancelled("A-h3", DAY, first)])
    await booked(world, [payment_matched("N-h", DAY, "320000", "360000", Money(5_000))])
    with pytest.raises(AdvanceExhausted):
        await booked(world, [used("320000", "360000", 71)])
    await booked(world, [used("320000", "360000", 70)])


async def test_what_the_bank_sends_back_is_booked_even_where_a_hard_pair_is_overdrawn_by_it(
    world: World,
) -> None:
    await funded(world, "350000", "420000", "100.00")
    await mode_changed(world, "350000", "420000", "hard")
    pair = ("350000", "420000")
    await booked(world, [used(*pair, 100)])
    await booked(world, [notice_issued("N-b", DAY, *pair, Money(10_000))])
    await booked(world, [payment_matched("N-b", DAY, *pair, Money(10_000))])
    await booked(world, [used(*pair, 100)])
    await booked(world, [payment_matched("N-b", DAY, *pair, Money(-10_000))])
    assert (await usage(world, *pair))["percent"] == "200.00"
    with pytest.raises(AdvanceExhausted):
        await booked(world, [used(*pair, 1)])


async def test_a_hard_pair_gives_no_advance_back_that_is_in_use(world: World) -> None:
    await funded(world, "330000", "360000", "100.00")
    await mode_changed(world, "330000", "360000", "hard")
    await booked(world, [used("330000", "360000", 60)])
    with pytest.raises(AdvanceExhausted):
        await booked(world, [advance_returned("P-x", DAY, "330000", "360000", Money(4_001))])
    await booked(world, [advance_returned("P-y", DAY, "330000", "360000", Money(4_000))])


async def test_no_advance_is_given_back_that_is_not_there(world: World) -> None:
    await funded(world, "340000", "360000", "100.00")
    with pytest.raises(AdvanceExhausted):
        await booked(world, [advance_returned("P-z", DAY, "340000", "360000", Money(10_001))])


async def test_booking_on_a_guarded_pair_is_one_statement_as_before(world: World) -> None:
    await funded(world, "350000", "360000", "100.00")
    with recorded(world) as statements:
        await booked(world, [used("350000", "360000", 95)])
    assert [it for it in statements if "ledger" in it] == [statements[-1]]


async def test_days_until_empty_follow_what_was_settled_lately(world: World) -> None:
    await a_hospital_with_one_drug(world)
    await funded(world, "110000", "370000", "10000.00")
    it = await usage(world, "110000", "370000")
    assert (it["daily"], it["days_until_empty"]) == ("0.00", None)
    visit = await ready_to_settle(world, 3000)
    hospital = world.institution(JINAN)
    await done(hospital.post(f"/v1/visits/{visit}/settle", {"total": "3000.00"}), 201)
    it = await usage(world, "110000", "370000")
    # 7000 are left and 3000 went in 30 days.
    assert (it["used"], it["daily"], it["days_until_empty"]) == ("3000.00", "100.00", 70)
    world.clock.advance(days=31)
    assert (await usage(world, "110000", "370000"))["days_until_empty"] is None
    world.clock.set_day("2025-09-01")


async def test_a_crossing_is_told_daily_until_its_addressee_acknowledges(world: World) -> None:
    await funded(world, "410000", "420000", "100.00")
    await booked(world, [used("410000", "420000", 75)])
    world.clock.advance(days=1)
    open_before = await items(world.operator, "/v1/advances/crossings", open="true")
    assert await repeated(world) == len(open_before)
    assert await repeated(world) == 0
    mine = await items(world.agency("420000"), "/v1/advances/crossings", open="true")
    number = next(it["number"] for it in mine if it["insured_place"] == "410000")
    path = f"/v1/advances/crossings/{number}/acknowledgement"
    foreign = await world.agency("410000").post(path)
    assert foreign.status_code == 404
    read = await done(world.agency("420000").post(path))
    assert read["acknowledged_by"] == "420000-test"
    again = await done(another(world.agency("420000")).post(path))
    assert again["acknowledged_by"] == "420000-test"
    left = await items(world.agency("410000"), "/v1/advances/crossings", open="true")
    assert [it["insured_place"] for it in left] == ["410000"]
    world.clock.set_day("2025-09-01")
