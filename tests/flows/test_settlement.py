"""Preview, settle, cancel over HTTP: one transaction, one computation, a negative twin."""

from __future__ import annotations

import pytest_asyncio
import sqlalchemy as sa

from app.kernel.calendar import Month
from app.runtime.db import Tx
from app.settlement.store import grounds, months
from tests.support.institutions import JINAN, JINAN_DEVICES
from tests.support.ledger import balances, proven
from tests.support.queries import recorded
from tests.support.settlement import (
    SETTLEMENTS,
    at_the_door,
    bill,
    cancel,
    cancelled,
    preview,
    ready,
    settle,
    settled,
)
from tests.support.visit import (
    VISITS,
    admitted,
    charged,
    discharged,
    fitted,
    line,
    ready_worker,
    refund,
    road,
    rows,
    upload,
)
from tests.support.world import World

STATEMENTS_MAX = 12
# What a settlement sends, in order; shared rows (filing, balances) come as late as they can.
SETTLING = (
    "INSERT INTO message",
    "FOR UPDATE OF visit",
    "pg_try_advisory_xact_lock_shared",
    "FROM institution",
    "FROM fee_line",
    "WITH wanted",
    "FROM settlement_month",
    "INSERT INTO settlement_line",
    "UPDATE visit",
    "UPDATE filing",
    "UPDATE message",
    "ledger_book",
)
TAMPER = """
    UPDATE settlement_line SET fund_fen = 1, own_fen = 999
      FROM settlement s WHERE s.id = settlement_id AND s.number = :number
"""
OPEN_VISITS = """
    SELECT open_visits FROM filing f JOIN visit v ON v.filing_id = f.id WHERE v.number = :number
"""
OTHER_HOSPITAL = "H37020000001"


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


async def test_a_stay_is_previewed_discharged_and_settled(world: World) -> None:
    visit = await admitted(world)
    await charged(world, visit, line("1"), line("2", injury_related=False))
    shown = (await preview(world, visit)).json()
    assert (shown["total"], shown["fund"], shown["own"]) == ("20.00", "10.00", "10.00")
    await discharged(world, visit)
    done = await settled(world, visit, "20.00")
    assert {name: done[name] for name in ("total", "fund", "own", "line_count")} == {
        "total": "20.00",
        "fund": "10.00",
        "own": "10.00",
        "line_count": 2,
    }
    assert done["own_by_reason"] == [{"reason": "not_injury_related", "own": "10.00"}]
    assert (done["month"], done["insured_place"], done["treatment_place"]) == (
        "2025-09",
        "110000",
        "370000",
    )
    again = await world.operator.get(f"{VISITS}/{visit}")
    assert again.json()["state"] == "settled"


async def test_a_line_is_told_with_reason_clause_list_and_both_languages(world: World) -> None:
    visit = await ready(world, None, line("1"), line("2", injury_related=False))
    lines = await bill(world, (await settled(world, visit, "20.00"))["number"])
    assert lines["1"]["reason"] is None
    assert lines["1"]["list_place"] == "370000"
    assert lines["1"]["list_version"] == "2024"
    assert lines["2"]["reason"] == "not_injury_related"
    assert lines["2"]["clause"] == "shandong-2024/2.4-illness"
    assert lines["2"]["says"].isascii()
    assert not lines["2"]["says_zh"].isascii()


async def test_the_preview_books_nothing(world: World) -> None:
    visit = await ready(world)
    before = await balances(world)
    assert (await preview(world, visit)).status_code == 200
    assert await balances(world) == before
    listed = await world.operator.get(SETTLEMENTS, visit=visit)
    assert listed.json()["items"] == []


async def test_preview_and_settlement_decide_alike(world: World) -> None:
    visit = await ready(
        world,
        None,
        line("1", unit_price="100", amount="1000.00"),
        line("2", item_code="X000", item_name="目录外"),
        refund("3", "2", item_code="X000"),
    )
    shown = (await preview(world, visit)).json()
    done = await settled(world, visit, "1000.00")
    assert list((await bill(world, done["number"])).values()) == shown["lines"]


async def test_a_total_that_differs_is_refused_with_both_figures(world: World) -> None:
    visit = await ready(world)
    answer = await settle(world, visit, "10.01", line_count=3)
    assert (answer.status_code, answer.json()["code"]) == (422, "total-mismatch")
    body = answer.json()
    assert (body["yours"], body["hub"], body["your_lines"], body["hub_lines"]) == (
        "10.01",
        "10.00",
        3,
        1,
    )


async def test_a_line_count_that_differs_is_refused(world: World) -> None:
    visit = await ready(world)
    assert (await settle(world, visit, line_count=2)).json()["code"] == "total-mismatch"
    assert (await settle(world, visit, line_count=1)).status_code == 201


async def test_a_stay_is_not_settled_before_its_discharge(world: World) -> None:
    visit = await admitted(world)
    await charged(world, visit, line("1"))
    answer = await settle(world, visit)
    assert (answer.status_code, answer.json()["code"]) == (409, "no-such-move")


async def test_a_visit_without_lines_is_not_settled(world: World) -> None:
    visit = await admitted(world)
    await discharged(world, visit)
    assert (await settle(world, visit, "0.00")).json()["code"] == "nothing-to-settle"


async def test_a_settled_visit_is_neither_previewed_nor_settled_again(world: World) -> None:
    visit = await ready(world)
    await settled(world, visit)
    assert (await preview(world, visit)).json()["code"] == "no-such-move"
    assert (await settle(world, visit)).json()["code"] == "no-such-move"
    assert (await upload(world, visit, line("9"))).json()["code"] == "lines-closed"


async def test_a_settlement_and_its_twin_keep_the_ids_they_were_booked_under(
    world: World,
) -> None:
    visit = await ready(world)
    done = (await settle(world, visit, key="booked-once")).json()
    desk = world.institution(JINAN)
    twin = await desk.post(f"{SETTLEMENTS}/{done['number']}/cancel", {}, key="booked-off")
    kept = "SELECT message_key FROM settlement WHERE number = :number"
    for number, key in ((done["number"], "booked-once"), (twin.json()["number"], "booked-off")):
        assert [row.message_key for row in await rows(world, kept, number=number)] == [key]


async def test_the_same_message_again_gets_the_stored_answer(world: World) -> None:
    visit = await ready(world)
    first = await settle(world, visit, key="same-settle")
    again = await settle(world, visit, key="same-settle")
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_a_settlement_books_what_the_insured_place_owes_the_treatment_place(
    world: World,
) -> None:
    visit = await ready(world)
    before = await balances(world)
    await settled(world, visit)
    after = await balances(world)
    moved = {
        name: after[name][0] - before.get(name, (0, 0))[0]
        for name in after
        if after[name] != before.get(name, (0, 0))
    }
    assert sorted(moved.values()) == [-1000, 1000]
    assert (await proven(world)).holds


async def test_a_cancellation_is_a_negative_twin_and_reopens_the_visit(world: World) -> None:
    visit = await ready(world)
    before = await balances(world)
    done = await settled(world, visit)
    twin = await cancelled(world, done["number"])
    assert twin["number"] != done["number"]
    assert (twin["kind"], twin["cancels"]) == ("cancellation", done["number"])
    assert (twin["total"], twin["fund"], twin["own"]) == ("-10.00", "-10.00", "0.00")
    assert (await bill(world, twin["number"]))["1"]["fund"] == "-10.00"
    original = await world.operator.get(f"{SETTLEMENTS}/{done['number']}")
    assert original.json()["cancelled_by"] == twin["number"]
    state = (await world.operator.get(f"{VISITS}/{visit}")).json()["state"]
    assert state == "discharged"
    after = await balances(world)
    assert {name: amount for name, (amount, _) in after.items()} == {
        name: before.get(name, (0, 0))[0] for name in after
    }


async def test_a_cancelled_visit_is_settled_anew_under_another_number(world: World) -> None:
    visit = await ready(world)
    first = await settled(world, visit)
    await cancelled(world, first["number"])
    await charged(world, visit, line("2"))
    second = await settled(world, visit, "20.00")
    assert second["number"] != first["number"]
    listed = (await world.operator.get(SETTLEMENTS, visit=visit)).json()["items"]
    assert [it["total"] for it in listed] == ["10.00", "-10.00", "20.00"]


async def test_neither_a_cancelled_settlement_nor_a_cancellation_is_cancelled(
    world: World,
) -> None:
    done = await settled(world, await ready(world))
    twin = await cancelled(world, done["number"])
    for number in (done["number"], twin["number"]):
        answer = await cancel(world, number)
        assert (answer.status_code, answer.json()["code"]) == (409, "settlement-not-cancellable")


async def test_once_in_a_clearing_a_settlement_is_adjusted_with_a_reason(world: World) -> None:
    done = await settled(world, await ready(world))
    clear = (
        "INSERT INTO cleared_month (scheme, month, clearing) "
        "SELECT scheme, month, 'C1' FROM settlement WHERE number = :number"
    )
    await rows(world, clear, number=done["number"])
    plain = await cancel(world, done["number"])
    assert plain.json()["code"] == "settlement-in-clearing"
    silent = await cancel(world, done["number"], adjustment=True)
    assert silent.json()["code"] == "adjustment-reason-missing"
    twin = await cancelled(world, done["number"], adjustment=True, reason="审核发现明细错误")
    assert twin["adjustment"]
    assert twin["clearing"] is None
    await rows(world, "DELETE FROM cleared_month")


async def test_the_treatment_agency_cancels_and_the_insured_agency_does_not(world: World) -> None:
    done = await settled(world, await ready(world))
    path = f"{SETTLEMENTS}/{done['number']}/cancel"
    insured = await world.agency("110000").post(path, {})
    assert (insured.status_code, insured.json()["code"]) == (403, "settlement-foreign")
    assert (await world.agency("370100").post(path, {})).status_code == 201


async def test_a_foreign_settlement_looks_as_if_it_did_not_exist(world: World) -> None:
    done = await settled(world, await ready(world))
    path = f"{SETTLEMENTS}/{done['number']}"
    for stranger in (world.institution(OTHER_HOSPITAL), world.agency("440000")):
        assert (await stranger.get(path)).json()["code"] == "settlement-unknown"
        assert (await stranger.get(f"{path}/recomputation")).status_code == 404
        assert (await stranger.post(f"{path}/cancel", {})).status_code == 404
    for party in (world.institution(JINAN), world.agency("110000"), world.agency("370000")):
        assert (await party.get(path)).status_code == 200


async def test_a_recomputation_comes_out_the_same_for_both_twins(world: World) -> None:
    visit = await ready(
        world,
        None,
        line("1", unit_price="100", amount="1000.00"),
        refund("2", "1", quantity="-3", unit_price="100", amount="-300.00"),
        line("3", category="meal_subsidy", item_code=None, item_name="伙食补助"),
    )
    done = await settled(world, visit, "710.00")
    twin = await cancelled(world, done["number"])
    for number in (done["number"], twin["number"]):
        answer = (await world.operator.get(f"{SETTLEMENTS}/{number}/recomputation")).json()
        assert answer["equal"], answer
        assert answer["different"] == []


async def test_a_stored_decision_that_was_tampered_with_is_found_out(world: World) -> None:
    done = await settled(world, await ready(world))
    await rows(world, TAMPER, number=done["number"])
    answer = await world.operator.get(f"{SETTLEMENTS}/{done['number']}/recomputation")
    assert (answer.json()["equal"], answer.json()["different"]) == (False, ["1"])


async def test_the_filing_is_let_go_on_settlement_and_held_again_on_cancellation(
    world: World,
) -> None:
    worker = await ready_worker(world)
    visit = await ready(world, worker)

    async def open_visits() -> int:
        (row,) = await rows(world, OPEN_VISITS, number=visit)
        return int(row.open_visits)

    assert await open_visits() == 1
    done = await settled(world, visit)
    assert await open_visits() == 0
    await cancelled(world, done["number"])
    assert await open_visits() == 1


async def test_the_list_is_narrowed_by_month_kind_and_institution(world: World) -> None:
    done = await settled(world, await ready(world))
    everything = {"visit": done["visit"], "month": "2025-09", "institution": JINAN}
    found = await world.operator.get(SETTLEMENTS, kind="settlement", **everything)
    assert [it["number"] for it in found.json()["items"]] == [done["number"]]
    for other in ({"month": "2025-08"}, {"kind": "cancellation"}, {"institution": JINAN_DEVICES}):
        found = await world.operator.get(SETTLEMENTS, **everything | other)
        assert found.json()["items"] == []


async def test_a_settlement_costs_the_same_few_statements_whatever_its_lines(
    world: World, database_url: str
) -> None:
    counts: list[int] = []
    for number in (1, 100):
        lines = [line(str(serial)) for serial in range(number)]
        visit = await ready(world, None, *lines)
        async with at_the_door(world, database_url) as door:
            with recorded(door) as statements:
                await settled(door, visit, f"{number * 10}.00")
        assert [mark in said for mark, said in zip(SETTLING, statements, strict=True)] == [
            True
        ] * len(SETTLING)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= STATEMENTS_MAX


async def test_a_cancellation_costs_no_more_than_a_settlement(world: World) -> None:
    done = await settled(world, await ready(world))
    with recorded(world) as statements:
        await cancelled(world, done["number"])
    assert len(statements) <= STATEMENTS_MAX


async def test_settling_and_closing_a_month_take_the_same_lock(world: World) -> None:
    locks = sa.text(
        "SELECT count(DISTINCT (classid, objid)) FROM pg_locks "
        "WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    )
    async with world.tx() as tx:
        assert await grounds.hold_month(Tx(tx), "370000", Month(2024, 1))
        await months.close(Tx(tx), ["370000"], Month(2024, 1), world.clock.now)
        # The month itself, once, and the two before it: a quarter's.
        assert (await tx.execute(locks)).scalar_one() == 3


async def test_a_fitting_settles_without_discharge_and_reopens_as_admitted(world: World) -> None:
    visit = await fitted(world)
    device = line(
        "1",
        category="device",
        item_code="A010001",
        quantity="1",
        unit_price="100000",
        amount="100000.00",
    )
    await charged(world, visit, device, institution=JINAN_DEVICES)
    done = await settled(world, visit, "100000.00", JINAN_DEVICES)
    decided = (await bill(world, done["number"]))["1"]
    assert decided["list_place"] == "110000"
    twin = await cancelled(world, done["number"], JINAN_DEVICES)
    assert twin["total"] == "-100000.00"
    assert (await world.operator.get(f"{VISITS}/{visit}")).json()["state"] == "admitted"
