"""Fee lines over HTTP: whole calls or nothing, running totals, removal."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from tests.support.institutions import JINAN
from tests.support.queries import recorded
from tests.support.visit import (
    VISITS,
    admitted,
    charged,
    discharged,
    faults,
    line,
    refund,
    road,
    rows,
    upload,
)
from tests.support.world import World

REMOVED = """
    SELECT serial FROM fee_line_removed r JOIN visit v ON v.id = r.visit_id
     WHERE v.number = :number
"""
STATEMENTS = 6  # claim, lock, lines concerned, add, finish; one to spare


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


async def totals(world: World, visit: str) -> tuple[int, str]:
    body = (await world.operator.get(f"{VISITS}/{visit}")).json()
    return body["line_count"], body["total"]


async def test_every_answer_carries_the_running_totals(world: World) -> None:
    visit = await admitted(world)
    first = await charged(world, visit, line("1"), line("2"))
    assert (first["accepted"], first["line_count"], first["total"]) == (2, 2, "20.00")
    second = await charged(world, visit, line("2"), refund("3", "1"))
    assert (second["accepted"], second["replayed"]) == (1, 1)
    assert (second["line_count"], second["total"]) == (3, "10.00")


async def test_a_call_sent_again_changes_nothing(world: World) -> None:
    visit = await admitted(world)
    await charged(world, visit, line("1"))
    again = await charged(world, visit, line("1"))
    assert (again["accepted"], again["replayed"], again["total"]) == (0, 1, "10.00")


async def test_one_bad_line_stores_nothing_and_all_bad_lines_are_told(world: World) -> None:
    visit = await admitted(world)
    await charged(world, visit, line("0"))
    answer = await upload(
        world,
        visit,
        line("1"),
        line("2", amount="10.02"),
        line("0", item_name="另一项目"),
        refund("3", "9"),
    )
    assert answer.status_code == 422
    assert faults(answer) == [
        (1, "amount", "amount_mismatch"),
        (2, "serial", "serial_reused"),
        (3, "refund_of", "refund_of_unknown"),
    ]
    assert await totals(world, visit) == (1, "10.00")


async def test_refunds_over_several_calls_never_go_below_zero(world: World) -> None:
    visit = await admitted(world)
    await charged(world, visit, line("1"), refund("2", "1", quantity="-6", amount="-6.00"))
    answer = await upload(world, visit, refund("3", "1", quantity="-5", amount="-5.00"))
    assert [code for _, _, code in faults(answer)] == [
        "refund_exceeds_quantity",
        "refund_exceeds_amount",
    ]
    await charged(world, visit, refund("3", "1", quantity="-4", amount="-4.00"))
    assert await totals(world, visit) == (3, "0.00")


@pytest.mark.parametrize(
    "other",
    [
        {"amount": "10.005"},
        {"amount": 10.0},
        {"quantity": "1.00001"},
        {"unit_price": "-1.00"},
        {"unit_price": "0.1234567"},
        {"occurred_at": "2025-02-30T08:00:00+08:00"},
        {"occurred_at": "2025-09-01T08:40:00"},
        {"serial": "a b"},
        {"category": "parking"},
        {"surprise": 1},
    ],
)
async def test_what_cannot_be_read_is_refused_and_nothing_stored(
    world: World, other: dict[str, Any]
) -> None:
    visit = await admitted(world)
    answer = await upload(world, visit, line("1", **other))
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert await totals(world, visit) == (0, "0.00")


async def test_a_call_carries_1_to_100_lines(world: World) -> None:
    visit = await admitted(world)
    assert (await upload(world, visit)).status_code == 400
    too_many = [line(str(n)) for n in range(101)]
    assert (await upload(world, visit, *too_many)).status_code == 400
    whole = await charged(world, visit, *too_many[:100])
    assert whole["line_count"] == 100


async def test_lines_keep_the_order_of_upload(world: World) -> None:
    visit = await admitted(world)
    await charged(world, visit, line("b"), line("a"))
    await charged(world, visit, line("c"))
    answer = await world.institution(JINAN).get(f"{VISITS}/{visit}/lines")
    items = answer.json()["items"]
    assert [it["serial"] for it in items] == ["b", "a", "c"]
    assert (items[0]["quantity"], items[0]["amount"]) == ("10.0000", "10.00")


async def test_one_line_or_all_are_removed_and_kept_aside(world: World) -> None:
    visit = await admitted(world)
    await charged(world, visit, line("1"), line("2"), refund("3", "2"))
    hospital = world.institution(JINAN)
    path = f"{VISITS}/{visit}/lines"
    assert (await hospital.delete(f"{path}/2")).json()["code"] == "line-has-refunds"
    assert (await hospital.delete(f"{path}/9")).json()["code"] == "line-unknown"
    one = (await hospital.delete(f"{path}/3")).json()
    assert (one["removed"], one["line_count"], one["total"]) == (1, 2, "20.00")
    everything = (await hospital.delete(path)).json()
    assert (everything["removed"], everything["line_count"], everything["total"]) == (2, 0, "0.00")
    removed = await rows(world, REMOVED, number=visit)
    assert sorted(row.serial for row in removed) == ["1", "2", "3"]


async def test_a_removed_serial_may_be_used_anew(world: World) -> None:
    visit = await admitted(world)
    await charged(world, visit, line("1"))
    await world.institution(JINAN).delete(f"{VISITS}/{visit}/lines/1")
    again = await charged(world, visit, line("1", quantity="5", amount="5.00"))
    assert (again["accepted"], again["total"]) == (1, "5.00")


async def test_late_lines_are_taken_after_the_discharge_for_days_of_the_stay(world: World) -> None:
    visit = await admitted(world)
    await discharged(world, visit)
    await charged(world, visit, line("1"))
    late = await upload(world, visit, line("2", occurred_at="2025-09-02T00:00:00+08:00"))
    assert faults(late) == [(0, "occurred_at", "outside_visit")]


async def test_a_call_costs_the_same_few_statements_whatever_its_lines(world: World) -> None:
    counts = []
    for number in (1, 100):
        visit = await admitted(world)
        with recorded(world) as statements:
            await charged(world, visit, *(line(str(n)) for n in range(number)))
        counts.append(len(statements))
    assert counts[0] == counts[1] <= STATEMENTS
