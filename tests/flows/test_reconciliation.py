"""Daily reconciliation: totals, rows, three lists, and every difference repaired in one call."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import pytest
import pytest_asyncio

from tests.support.institutions import JINAN
from tests.support.ledger import proven
from tests.support.queries import recorded
from tests.support.review import (
    RECONCILIATIONS,
    compare,
    day_of,
    ready_on,
    repair,
    row_of,
    settlements_on,
    shown,
    standing,
)
from tests.support.settlement import SETTLEMENTS, cancelled, settle
from tests.support.visit import admission, ready_worker, road
from tests.support.world import Client, World

_DAYS = itertools.count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


@pytest.fixture
def day() -> str:
    """A working day of this test's own."""
    return (date(2025, 9, 1) + timedelta(days=next(_DAYS))).isoformat()


@pytest.fixture
def sender(world: World) -> Client:
    return world.institution(JINAN)


async def test_equal_totals_are_clean_at_once(world: World, sender: Client, day: str) -> None:
    await settlements_on(world, day, 2)
    totals = {"day": day, "count": 2, "total": "20.00", "fund": "20.00"}
    found = await compare(sender, totals)
    assert (found["result"], found["state"], found["rows_sent"]) == ("equal", "clean", False)
    assert found["hub"] == {"count": 2, "total": "20.00", "fund": "20.00"}


@pytest.mark.parametrize(
    ("totals", "result"),
    [
        ((1, "10.00", "10.00"), "hub_has_more"),
        ((3, "30.00", "30.00"), "sender_has_more"),
        ((2, "20.01", "20.00"), "amounts_differ"),
        ((2, "20.00", "19.99"), "amounts_differ"),
    ],
)
async def test_totals_tell_who_has_more(
    world: World, sender: Client, day: str, totals: tuple[int, str, str], result: str
) -> None:
    await settlements_on(world, day, 2)
    mine = dict(zip(("count", "total", "fund"), totals, strict=True))
    found = await compare(sender, {"day": day} | mine)
    assert (found["result"], found["state"]) == (result, "open")


async def test_rows_give_three_lists_with_the_amounts_of_both_sides(
    world: World, sender: Client, day: str
) -> None:
    one, two, three = await settlements_on(world, day, 3)
    mine = [
        row_of(one),
        row_of(two, total="12.00", fund="9.00"),
        {"settlement": "A-MINE-ALONE", "total": "5.00", "fund": "0.00"},
    ]
    found = await compare(sender, day_of(day, mine))
    assert (found["result"], found["state"], found["left"]) == ("amounts_differ", "open", 3)
    (only_hub,), (only_sender,), (different,) = (
        found[name] for name in ("only_hub", "only_sender", "different")
    )
    assert (only_hub["settlement"], only_hub["hub"], only_hub["sender"]) == (
        three["number"],
        {"total": "10.00", "fund": "10.00"},
        None,
    )
    assert (only_sender["settlement"], only_sender["hub"]) == ("A-MINE-ALONE", None)
    assert (different["hub"]["total"], different["sender"]["total"]) == ("10.00", "12.00")
    told = await sender.get(f"/v1/messages/{only_hub['message']}")
    assert told.json()["subject"] == three["number"]


async def test_the_hubs_row_is_adopted(world: World, sender: Client, day: str) -> None:
    one, two = await settlements_on(world, day, 2)
    found = await compare(sender, day_of(day, [row_of(one)]))
    number, row = found["number"], found["only_hub"][0]["row"]
    done = await repair(world, number, row, "adopt", note="补记")
    assert (done.status_code, done.json()["state"]) == (201, "repaired")
    assert done.json()["repair"]["note"] == "补记"
    assert (await shown(world, number))["state"] == "clean"
    assert (await compare(sender, day_of(day, [row_of(one), row_of(two)])))["state"] == "clean"


async def test_what_only_the_hub_has_is_reversed_in_one_call(
    world: World, sender: Client, day: str
) -> None:
    one, two = await settlements_on(world, day, 2)
    found = await compare(sender, day_of(day, [row_of(one)]))
    lost = found["only_hub"][0]
    done = await repair(world, found["number"], lost["row"], "reverse")
    undone_by = done.json()["repair"]["undone_by"]
    twin = (await world.operator.get(f"{SETTLEMENTS}/{undone_by}")).json()
    assert (twin["cancels"], twin["total"]) == (two["number"], "-10.00")
    assert (await shown(world, found["number"]))["state"] == "clean"
    told = await sender.get(f"/v1/messages/{lost['message']}")
    assert told.json()["outcome"] == "reversed"
    left_out = day_of(day, [row_of(one)], cancelled="left_out")
    assert (await compare(sender, left_out))["result"] == "equal"
    both = day_of(day, [row_of(it) for it in (one, two, twin)])
    assert (await compare(sender, both))["result"] == "equal"
    assert (await proven(world)).holds


async def test_what_is_to_be_sent_stays_open_until_it_is_seen(
    world: World, sender: Client, day: str
) -> None:
    world.clock.set_day(day)
    visit = await ready_on(world, day)
    mine = [{"settlement": "A-TO-COME", "total": "10.00", "fund": "10.00"}]
    found = await compare(sender, day_of(day, mine))
    assert found["result"] == "sender_has_more"
    row = found["only_sender"][0]["row"]
    key = f"resend-{day}"
    promised = await repair(world, found["number"], row, "resend", message=key)
    assert promised.json()["state"] == "awaited"
    assert (await shown(world, found["number"]))["state"] == "open"
    assert (await settle(world, visit, key=key)).status_code == 201
    seen = await shown(world, found["number"])
    assert (seen["state"], seen["only_sender"][0]["state"]) == ("clean", "repaired")


async def test_a_row_of_another_day_is_told_its_day(world: World, sender: Client, day: str) -> None:
    (one,) = await settlements_on(world, day, 1)
    next_day = (date.fromisoformat(day) + timedelta(days=100)).isoformat()
    world.clock.set_day(next_day)
    found = await compare(sender, day_of(next_day, [row_of(one)]))
    assert found["only_sender"][0]["hub_day"] == day
    dropped = await repair(world, found["number"], 1, "adopt")
    assert dropped.json()["state"] == "repaired"


async def test_cancellations_are_rows_of_their_own(world: World, sender: Client, day: str) -> None:
    one, two = await settlements_on(world, day, 2)
    twin = await cancelled(world, two["number"])
    found = await compare(sender, day_of(day, [row_of(it) for it in (one, two, twin)]))
    assert (found["result"], found["hub"]["count"], found["hub"]["total"]) == ("equal", 3, "10.00")
    without = await compare(sender, day_of(day, [row_of(one)], cancelled="left_out"))
    assert (without["result"], without["hub"]["count"]) == ("equal", 1)


async def test_a_later_comparison_replaces_the_earlier_one(
    world: World, sender: Client, day: str
) -> None:
    one, two = await settlements_on(world, day, 2)
    first = await compare(sender, day_of(day, [row_of(one)]))
    await compare(sender, day_of(day, [row_of(one), row_of(two)]))
    assert (await shown(world, first["number"]))["state"] == "replaced"
    late = await repair(world, first["number"], first["only_hub"][0]["row"], "adopt")
    assert (late.status_code, late.json()["code"]) == (409, "reconciliation-replaced")


async def test_a_repair_that_does_not_fit_is_refused(
    world: World, sender: Client, day: str
) -> None:
    (one,) = await settlements_on(world, day, 1)
    mine = [{"settlement": "A-NEVER", "total": "1.00", "fund": "1.00"}]
    found = await compare(sender, day_of(day, mine))
    number = found["number"]
    hub, own = found["only_hub"][0]["row"], found["only_sender"][0]["row"]
    assert found["only_hub"][0]["settlement"] == one["number"]
    answers = [
        await repair(world, number, hub, "resend", message="x"),
        await repair(world, number, own, "reverse"),
        await repair(world, number, own, "resend"),
        await repair(world, number, 99, "adopt"),
        await repair(world, number, hub, "adopt", by=world.agency("370000")),
        await repair(world, number, hub, "adopt", by=world.institution("H37020000001")),
    ]
    assert [it.json()["code"] for it in answers] == [
        "repair-mismatch",
        "repair-mismatch",
        "repair-message-missing",
        "difference-unknown",
        "reconciliation-foreign",
        "reconciliation-unknown",
    ]
    assert (await repair(world, number, hub, "adopt")).status_code == 201
    assert (await repair(world, number, hub, "adopt")).json()["code"] == "difference-repaired"


async def test_what_is_cleared_cannot_be_reversed_but_adopted(world: World, sender: Client) -> None:
    day = "2025-09-29"
    await settlements_on(world, day, 1)
    world.clock.set_day("2025-10-21")
    body = {"scheme": "cross_province", "period": "2025Q3"}
    assert (await world.operator.post("/v1/clearings", body)).status_code == 201
    found = await compare(sender, day_of(day, []))
    row = found["only_hub"][-1]["row"]
    refused = await repair(world, found["number"], row, "reverse")
    assert (refused.status_code, refused.json()["code"]) == (422, "settlement-in-clearing")
    assert (await repair(world, found["number"], row, "adopt")).status_code == 201
    assert (await shown(world, found["number"]))["state"] == "clean"


async def test_an_agency_compares_as_treatment_and_as_insured_side(world: World, day: str) -> None:
    rows = [row_of(it) for it in await settlements_on(world, day, 2)]
    treatment = await compare(world.agency("370000"), day_of(day, rows))
    insured = await compare(world.agency("110000"), day_of(day, rows, side="insured"))
    nobody = await compare(world.agency("440000"), day_of(day, []))
    of_one = await compare(world.agency("370000"), day_of(day, rows, institution=JINAN))
    other = await compare(world.agency("370000"), day_of(day, [], institution="H37020000001"))
    for found in (treatment, insured, nobody, of_one, other):
        assert found["result"] == "equal", found
    assert (treatment["side"], insured["side"]) == ("treatment", "insured")
    answer = await world.institution(JINAN).post(RECONCILIATIONS, day_of(day, rows, side="insured"))
    assert (answer.status_code, answer.json()["code"]) == (422, "side-not-open")


async def test_the_insured_side_sees_but_does_not_reverse(world: World, day: str) -> None:
    await settlements_on(world, day, 1)
    agency = world.agency("110000")
    found = await compare(agency, day_of(day, [], side="insured"))
    refused = await repair(world, found["number"], 1, "reverse", by=agency)
    assert (refused.status_code, refused.json()["code"]) == (403, "settlement-foreign")
    treatment = world.agency("370000")
    found = await compare(treatment, day_of(day, []))
    done = await repair(world, found["number"], 1, "reverse", by=treatment)
    assert done.json()["state"] == "repaired"


async def test_am_i_clean_tells_what_is_open(world: World, sender: Client) -> None:
    day, since = "2026-02-03", "2026-02-01"
    one, two = await settlements_on(world, day, 2)
    assert (await standing(sender, since=since))["days"] == []  # the day is not over
    world.clock.set_day("2026-02-05")
    found = await standing(sender, since=since, message=["m-unknown", "m-unknown"])
    assert found["clean"] is False
    assert found["days"] == [{"day": day, "side": "own", "count": 2}]
    assert found["messages"] == [{"id": "m-unknown", "outcome": "never_seen"}]
    made = await compare(sender, day_of(day, [row_of(one)]))
    found = await standing(sender, since=since)
    assert found["days"] == []
    assert made["number"] in [it["number"] for it in found["reconciliations"]]
    await repair(world, made["number"], made["only_hub"][0]["row"], "adopt")
    found = await standing(sender, since=since)
    assert made["number"] not in [it["number"] for it in found["reconciliations"]]
    assert {it["side"] for it in (await standing(world.agency("370000"), since=since))["days"]} == {
        "treatment"
    }
    assert (await standing(world.institution("H37020000001"), since=since))["clean"] is True
    assert row_of(two)


async def test_a_day_with_a_settlement_since_is_to_be_compared_again(
    world: World, sender: Client
) -> None:
    day = "2026-03-03"
    (one,) = await settlements_on(world, day, 1)
    await compare(sender, day_of(day, [row_of(one)]))
    await settlements_on(world, day, 1)
    world.clock.set_day("2026-03-04")
    found = await standing(sender, since=day)
    assert found["days"] == [{"day": day, "side": "own", "count": 2}]


async def test_a_refused_message_is_not_in_doubt(world: World, sender: Client) -> None:
    world.clock.set_day("2026-03-10")
    body = admission(await ready_worker(world), admitted_at="2027-01-01T00:00:00+08:00")
    assert (await sender.post("/v1/visits", body, key="doubt-1")).status_code == 422
    asked: dict[str, Any] = {"since": "2026-03-10", "message": ["doubt-1"]}
    assert (await standing(sender, **asked))["messages"] == []


async def test_rows_that_do_not_sum_or_repeat_are_refused(
    world: World, sender: Client, day: str
) -> None:
    rows = [row_of(it) for it in await settlements_on(world, day, 1)]
    wrong = await sender.post(RECONCILIATIONS, day_of(day, rows, total="9.00"))
    twice = await sender.post(RECONCILIATIONS, day_of(day, rows * 2))
    future = await sender.post(RECONCILIATIONS, day_of("2030-01-01", []))
    assert [it.json()["code"] for it in (wrong, twice, future)] == [
        "sums-mismatch",
        "rows-repeated",
        "day-not-come",
    ]
    assert wrong.json()["row_total"] == "10.00"


async def test_a_comparison_costs_the_same_for_one_row_and_for_a_thousand(
    world: World, sender: Client, day: str
) -> None:
    world.clock.set_day(day)
    counts = []
    for rows in (1, 1_000):
        mine = [{"settlement": f"A-{n:06d}", "total": "1.00", "fund": "1.00"} for n in range(rows)]
        with recorded(world) as statements:
            found = await compare(sender, day_of(day, mine))
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 9
    assert (found["only_sender_count"], len(found["only_sender"])) == (1_000, 200)
    path = f"{RECONCILIATIONS}/{found['number']}/differences"
    page = (await sender.get(path, limit=200, kind="only_sender")).json()
    assert (len(page["items"]), page["items"][-1]["row"]) == (200, 200)
    following = (await sender.get(path, limit=200, cursor=page["next"])).json()
    assert following["items"][0]["row"] == 201
