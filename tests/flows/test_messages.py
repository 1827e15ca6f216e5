"""What became of a message: asked by its id, shut out, and told for ever."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from tests.support.institutions import JINAN
from tests.support.settlement import ready, settle, settled
from tests.support.visit import admission, ready_worker, road
from tests.support.world import World

MESSAGES = "/v1/messages"


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


async def told(world: World, key: str) -> dict[str, Any]:
    answer = await world.institution(JINAN).get(f"{MESSAGES}/{key}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def fence(world: World, key: str) -> httpx.Response:
    return await world.institution(JINAN).post(f"{MESSAGES}/{key}/fence")


async def test_an_applied_message_is_found_with_its_answer_and_its_number(world: World) -> None:
    visit = await ready(world)
    answer = await settle(world, visit, key="m-applied")
    found = await told(world, "m-applied")
    assert (found["outcome"], found["status"]) == ("applied", 201)
    assert found["answer"] == answer.json()
    assert found["subject"] == answer.json()["number"]
    assert found["action"] == "POST /v1/visits/{number}/settle"


async def test_an_unseen_id_is_fenced_and_a_late_original_is_refused(world: World) -> None:
    visit = await ready(world)
    assert (await told(world, "m-late"))["outcome"] == "never_seen"
    fenced = await fence(world, "m-late")
    assert (fenced.status_code, fenced.json()["outcome"]) == (200, "fenced")
    late = await settle(world, visit, key="m-late")
    assert (late.status_code, late.json()["code"]) == (422, "message-fenced")
    found = await told(world, "m-late")
    assert (found["outcome"], found["answer"]["code"]) == ("fenced", "message-fenced")
    assert (await settle(world, visit, key="m-new")).status_code == 201


async def test_a_fenced_id_is_closed_to_any_body(world: World) -> None:
    await fence(world, "m-any-body")
    visit = await ready(world)
    answers = [await settle(world, visit, total, key="m-any-body") for total in ("10.00", "1.00")]
    assert {it.json()["code"] for it in answers} == {"message-fenced"}


async def test_fencing_what_took_effect_changes_nothing_and_tells_it(world: World) -> None:
    visit = await ready(world)
    done = await settle(world, visit, key="m-stands")
    fenced = (await fence(world, "m-stands")).json()
    assert (fenced["outcome"], fenced["answer"]) == ("applied", done.json())
    again = await settle(world, visit, key="m-stands")
    assert (again.content, again.headers["Idempotency-Replayed"]) == (done.content, "true")


async def test_fencing_is_idempotent_under_one_id_and_under_another(world: World) -> None:
    sender = world.institution(JINAN)
    path = f"{MESSAGES}/m-twice/fence"
    first = await sender.post(path, key="f-m-twice")
    again = await sender.post(path, key="f-m-twice")
    other = await sender.post(path, key="f-m-twice-2")
    assert first.content == again.content
    assert {it.json()["outcome"] for it in (first, again, other)} == {"fenced"}


async def test_a_refused_message_that_is_given_up_can_no_longer_succeed(world: World) -> None:
    visit = await ready(world)
    wrong = await settle(world, visit, "11.00", key="m-refused")
    assert wrong.json()["code"] == "total-mismatch"
    assert (await told(world, "m-refused"))["outcome"] == "refused"
    fenced = (await fence(world, "m-refused")).json()
    assert (fenced["outcome"], fenced["answer"]["code"]) == ("fenced", "total-mismatch")
    late = await settle(world, visit, "11.00", key="m-refused")
    assert late.json()["code"] == "message-fenced"


async def test_a_refused_message_succeeds_under_its_id_once_the_cause_is_mended(
    world: World,
) -> None:
    worker = await ready_worker(world)
    body = admission(worker)
    sender = world.institution(JINAN)
    first = await sender.post("/v1/visits", body, key="m-first")
    refused = await sender.post("/v1/visits", body, key="m-second")
    assert refused.json()["code"] == "visit-open"
    await sender.post(f"/v1/visits/{first.json()['number']}/cancel")
    mended = await sender.post("/v1/visits", body, key="m-second")
    assert mended.status_code == 201
    assert (await told(world, "m-second"))["subject"] == mended.json()["number"]


async def test_after_a_month_the_same_message_still_has_its_one_answer(world: World) -> None:
    visit = await ready(world)
    first = await settle(world, visit, key="m-month")
    world.clock.advance(days=31)
    late = await settle(world, visit, key="m-month")
    assert (late.content, late.headers["Idempotency-Replayed"]) == (first.content, "true")
    found = await told(world, "m-month")
    assert (found["outcome"], found["answer"]) == ("applied", first.json())
    world.clock.advance(days=-31)


async def test_a_message_cannot_fence_itself(world: World) -> None:
    answer = await world.institution(JINAN).post(f"{MESSAGES}/m-self/fence", key="m-self")
    assert (answer.status_code, answer.json()["code"]) == (422, "message-own")
    assert (await told(world, "m-self"))["outcome"] == "never_seen"


@pytest.mark.parametrize("key", ["%20", "x" * 65, "%E9"])
async def test_only_what_can_be_an_id_is_fenced(world: World, key: str) -> None:
    answer = await fence(world, key)
    assert (answer.status_code, answer.json()["code"]) == (400, "message-id-format")


async def test_one_party_cannot_fence_the_messages_of_another(world: World) -> None:
    visit = await ready(world)
    await world.agency("370000").post(f"{MESSAGES}/m-others/fence")
    assert (await settle(world, visit, key="m-others")).status_code == 201


async def test_every_line_of_the_trail_names_the_message_it_was_asked_under(world: World) -> None:
    visit = await ready(world)
    done = await settled(world, visit)
    async with world.tx() as tx:
        found = await tx.execute(
            sa.text(
                "SELECT a.message, m.subject, m.deed FROM audit_trail a "
                "JOIN message m ON m.key = a.message WHERE a.subject = :number"
            ),
            {"number": done["number"]},
        )
        key, subject, deed = found.one()
    assert (subject, deed) == (done["number"], "settlement.settle")
    assert (await told(world, key))["outcome"] == "applied"
