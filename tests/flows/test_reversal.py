"""Reversals (冲正): as if the message had never been, by the same deeds as always."""

from __future__ import annotations

from typing import Any

import httpx
import pytest_asyncio

from tests.support.institutions import JINAN, JINAN_DEVICES
from tests.support.ledger import balances, proven
from tests.support.settlement import SETTLEMENTS, bill, cancelled, ready, settle, settled
from tests.support.visit import (
    VISITS,
    admission,
    admitted,
    charged,
    fitted,
    line,
    ready_worker,
    road,
)
from tests.support.world import World

REVERSALS = "/v1/reversals"


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


async def reverse(
    world: World, message: str, *, key: str | None = None, institution: str = JINAN
) -> dict[str, Any]:
    """Reverse a message and return the answer."""
    sender = world.institution(institution)
    answer = await sender.post(REVERSALS, {"message": message}, key=key)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def outcome(world: World, message: str) -> str:
    answer = await world.institution(JINAN).get(f"/v1/messages/{message}")
    return str(answer.json()["outcome"])


async def state(world: World, visit: str) -> str:
    return str((await world.operator.get(f"{VISITS}/{visit}")).json()["state"])


async def cancel_as(world: World, settlement: str, key: str) -> httpx.Response:
    return await world.institution(JINAN).post(f"{SETTLEMENTS}/{settlement}/cancel", {}, key=key)


async def test_a_settlement_is_booked_off_and_its_visit_open_again(world: World) -> None:
    visit = await ready(world)
    before = {name: fen for name, (fen, _) in (await balances(world)).items()}
    done = (await settle(world, visit, key="r-settle")).json()
    undone = await reverse(world, "r-settle")
    assert (undone["outcome"], undone["subject"]) == ("reversed", done["number"])
    twin = (await world.operator.get(f"{SETTLEMENTS}/{undone['undone_by']}")).json()
    assert (twin["kind"], twin["cancels"], twin["total"]) == (
        "cancellation",
        done["number"],
        "-10.00",
    )
    assert await state(world, visit) == "discharged"
    assert await outcome(world, "r-settle") == "reversed"
    after = {name: fen for name, (fen, _) in (await balances(world)).items()}
    assert {name: fen for name, fen in after.items() if fen} == {
        name: fen for name, fen in before.items() if fen
    }


async def test_a_late_copy_of_what_was_reversed_is_refused_and_has_no_effect(world: World) -> None:
    visit = await ready(world)
    await settle(world, visit, key="r-copy")
    await reverse(world, "r-copy", key="r-copy-undo")
    late = await settle(world, visit, key="r-copy")
    assert (late.status_code, late.json()["code"]) == (422, "message-reversed")
    assert late.json()["reversed_by"] == "r-copy-undo"
    assert await state(world, visit) == "discharged"


async def test_what_never_came_is_fenced_and_a_late_original_refused(world: World) -> None:
    visit = await ready(world)
    assert (await reverse(world, "r-unseen"))["outcome"] == "nothing_to_reverse"
    late = await settle(world, visit, key="r-unseen")
    assert late.json()["code"] == "message-fenced"
    assert (await reverse(world, "r-unseen"))["outcome"] == "nothing_to_reverse"
    assert await state(world, visit) == "discharged"


async def test_what_was_refused_is_fenced_as_well(world: World) -> None:
    visit = await ready(world)
    await settle(world, visit, "9.99", key="r-refused")
    assert (await reverse(world, "r-refused"))["outcome"] == "nothing_to_reverse"
    assert (await settle(world, visit, "9.99", key="r-refused")).json()["code"] == "message-fenced"


async def test_a_reversal_is_answered_alike_again_and_a_second_one_says_so(world: World) -> None:
    visit = await ready(world)
    await settle(world, visit, key="r-again")
    first = await reverse(world, "r-again", key="r-again-undo")
    assert await reverse(world, "r-again", key="r-again-undo") == first
    assert (await reverse(world, "r-again"))["outcome"] == "already_reversed"


async def test_a_settlement_cancelled_by_hand_is_already_reversed(world: World) -> None:
    visit = await ready(world)
    done = (await settle(world, visit, key="r-by-hand")).json()
    await cancelled(world, done["number"])
    assert (await reverse(world, "r-by-hand"))["outcome"] == "already_reversed"


async def test_an_admission_is_reversed_to_a_cancelled_visit(world: World) -> None:
    worker = await ready_worker(world)
    sender = world.institution(JINAN)
    visit = (await sender.post(VISITS, admission(worker), key="r-admit")).json()["number"]
    undone = await reverse(world, "r-admit")
    assert (undone["outcome"], undone["undone_by"]) == ("reversed", visit)
    assert await state(world, visit) == "cancelled"
    assert (await sender.post(VISITS, admission(worker))).status_code == 201


async def test_an_admission_that_was_cancelled_is_already_reversed(world: World) -> None:
    sender = world.institution(JINAN)
    body = admission(await ready_worker(world))
    visit = (await sender.post(VISITS, body, key="r-admit-2")).json()["number"]
    await sender.post(f"{VISITS}/{visit}/cancel")
    assert (await reverse(world, "r-admit-2"))["outcome"] == "already_reversed"


async def test_an_admission_stands_once_the_visit_has_moved_on(world: World) -> None:
    sender = world.institution(JINAN)
    body = admission(await ready_worker(world))
    visit = (await sender.post(VISITS, body, key="r-moved")).json()["number"]
    await charged(world, visit, line("1"))
    refused = await reverse(world, "r-moved")
    assert (refused["outcome"], refused["why"]["code"]) == ("not_reversible", "lines-remain")
    assert (await outcome(world, "r-moved"), await state(world, visit)) == ("applied", "admitted")
    assert (await sender.post(VISITS, body, key="r-moved")).headers["Idempotency-Replayed"]


async def test_a_discharge_is_reversed_and_a_later_one_left_alone(world: World) -> None:
    visit = await admitted(world)
    sender, path = world.institution(JINAN), f"{VISITS}/{visit}/discharge"
    body = {"discharged_at": world.clock.now.isoformat(), "way": "advised"}
    await sender.post(path, body, key="r-leave-1")
    assert (await reverse(world, "r-leave-1"))["outcome"] == "reversed"
    assert await state(world, visit) == "admitted"
    await sender.post(path, body, key="r-leave-2")
    await sender.post(f"{path}/undo")
    await sender.post(path, body, key="r-leave-3")
    assert (await reverse(world, "r-leave-2"))["outcome"] == "already_reversed"
    assert await state(world, visit) == "discharged"


async def test_a_discharge_stands_once_the_worker_is_admitted_again(world: World) -> None:
    worker = await ready_worker(world)
    visit = await admitted(world, worker)
    sender = world.institution(JINAN)
    body = {"discharged_at": "2025-09-01T08:45:00+08:00", "way": "advised"}
    await sender.post(f"{VISITS}/{visit}/discharge", body, key="r-left")
    await admitted(world, worker, admitted_at="2025-09-01T08:50:00+08:00")
    refused = await reverse(world, "r-left", key="r-left-undo")
    assert (refused["outcome"], refused["why"]["code"]) == ("not_reversible", "visit-open")
    assert (await state(world, visit), await outcome(world, "r-left")) == ("discharged", "applied")
    assert await outcome(world, "r-left-undo") == "applied"  # the answer itself is kept


async def test_a_cancellation_is_undone_by_an_equal_settlement(world: World) -> None:
    visit = await ready(world, None, line("1"), line("2", injury_related=False))
    done = await settled(world, visit, "20.00")
    twin = (await cancel_as(world, done["number"], "r-cancel")).json()
    undone = await reverse(world, "r-cancel")
    assert (undone["outcome"], undone["subject"]) == ("reversed", twin["number"])
    again = (await world.operator.get(f"{SETTLEMENTS}/{undone['undone_by']}")).json()
    same = ("kind", "visit", "total", "fund", "own", "line_count", "insured_place", "month")
    assert {name: again[name] for name in same} == {name: done[name] for name in same}
    assert again["number"] not in (done["number"], twin["number"])
    assert await bill(world, again["number"]) == await bill(world, done["number"])
    assert await state(world, visit) == "settled"
    recomputed = await world.operator.get(f"{SETTLEMENTS}/{again['number']}/recomputation")
    assert recomputed.json()["equal"] is True
    assert (await settle(world, visit, "20.00")).status_code == 409
    assert (await proven(world)).holds


async def test_a_cancellation_stands_once_the_lines_have_changed(world: World) -> None:
    visit = await ready(world)
    done = await settled(world, visit)
    await cancel_as(world, done["number"], "r-lines")
    sender = world.institution(JINAN)
    await sender.delete(f"{VISITS}/{visit}/lines/1")
    await charged(world, visit, line("1", unit_price="2.00", amount="20.00"))
    refused = await reverse(world, "r-lines")
    assert (refused["outcome"], refused["why"]["code"]) == ("not_reversible", "visit-moved-on")


async def test_a_cancellation_stands_once_the_visit_is_settled_again(world: World) -> None:
    visit = await ready(world)
    done = await settled(world, visit)
    await cancel_as(world, done["number"], "r-resettled")
    await settled(world, visit)
    assert (await reverse(world, "r-resettled"))["why"]["code"] == "no-such-move"


async def test_the_settlement_of_a_fitting_is_reversed_too(world: World) -> None:
    visit = await fitted(world)
    device = line("1", category="device", item_code="F010001", item_name="假肢")
    await charged(world, visit, device, institution=JINAN_DEVICES)
    done = await settle(world, visit, institution=JINAN_DEVICES, key="r-fitting")
    assert done.status_code == 201, done.text
    undone = await reverse(world, "r-fitting", institution=JINAN_DEVICES)
    assert (undone["outcome"], await state(world, visit)) == ("reversed", "admitted")


async def test_what_is_cleared_stands_and_says_why(world: World) -> None:
    visit = await ready(world)
    assert (await settle(world, visit, key="r-cleared")).status_code == 201
    world.clock.set_day("2025-10-21")
    run = await world.operator.post(
        "/v1/clearings", {"scheme": "cross_province", "period": "2025Q3"}
    )
    assert run.status_code == 201, run.text
    refused = await reverse(world, "r-cleared")
    assert (refused["outcome"], refused["why"]["code"]) == (
        "not_reversible",
        "settlement-in-clearing",
    )
    assert run.json()["number"] in refused["why"]["detail"]
    world.clock.set_day("2025-09-01")


async def test_other_kinds_of_message_are_not_reversed(world: World) -> None:
    visit = await admitted(world)
    sender = world.institution(JINAN)
    await sender.post(f"{VISITS}/{visit}/lines", {"lines": [line("1")]}, key="r-kind")
    refused = await reverse(world, "r-kind")
    assert (refused["outcome"], refused["why"]["code"]) == (
        "not_reversible",
        "deed-not-reversible",
    )


async def test_a_reversal_is_not_reversed_and_does_not_reverse_itself(world: World) -> None:
    await reverse(world, "r-nothing", key="r-undo")
    assert (await reverse(world, "r-undo"))["why"]["code"] == "deed-not-reversible"
    own = await world.institution(JINAN).post(REVERSALS, {"message": "r-own"}, key="r-own")
    assert (own.status_code, own.json()["code"]) == (422, "message-own")


async def test_nobody_reverses_the_messages_of_another_party(world: World) -> None:
    visit = await ready(world)
    await settle(world, visit, key="r-foreign")
    answer = await world.agency("370000").post(REVERSALS, {"message": "r-foreign"})
    assert answer.json()["outcome"] == "nothing_to_reverse"
    assert await state(world, visit) == "settled"
