"""The hub explains itself: health, counters, refusals, words, dictionaries, outcomes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import sqlalchemy as sa

from app.parties import service
from app.parties.errors import PartyUnknown
from app.reference import refusals, vocabulary
from app.runtime.auth import PartyKind
from app.runtime.door import Door
from app.runtime.problems import catalogue
from tests.support.parties import Nothing, seeded
from tests.support.world import Client, World


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def regions_and_parties(world: World) -> AsyncIterator[None]:
    await seeded(world)
    yield


def chinese(text: str) -> bool:
    return any("一" <= character <= "鿿" for character in text)


async def send(world: World, sender: Client, key: str, party: str) -> None:
    """Send a message as a party: give `party` a client named after the key."""
    door = Door(
        hub=world.hub,
        caller=sender.caller,
        key=key,
        fingerprint=party.encode(),
        action="POST /v1/test",
        request="test",
    )
    name = key.replace("/", "-")
    await door.write(lambda work: service.create_client(work, party, name), show=Nothing.of)


async def test_the_process_says_that_it_lives(world: World) -> None:
    answer = await world.http.get("/v1/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


async def test_a_migrated_hub_is_ready_and_says_what_it_looked_at(world: World) -> None:
    answer = await world.http.get("/v1/health/ready")
    assert answer.status_code == 200
    names = [check["name"] for check in answer.json()["checks"]]
    assert names == ["database", "writable", "migrated", "disk", "policy", "tick", "seals"]


async def test_a_hub_on_another_schema_is_not_ready(world: World) -> None:
    async with world.tx() as owner:
        newest = await owner.scalar(sa.text("SELECT version_num FROM alembic_version"))
        await owner.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    answer = await world.http.get("/v1/health/ready")
    async with world.tx() as owner:
        await owner.execute(sa.text("UPDATE alembic_version SET version_num = :n"), {"n": newest})
    assert (answer.status_code, answer.json()["code"]) == (503, "not-ready")
    assert answer.json()["failed"] == ["migrated"]
    assert answer.headers["Retry-After"] == "1"


async def test_counters_tell_paths_as_templates_and_nothing_of_anyone(world: World) -> None:
    await world.operator.get("/v1/regions/370100")
    text = (await world.http.get("/v1/metrics")).text
    assert 'hub_requests_total{method="GET",path="/v1/regions/{code}",status="200"}' in text
    assert "370100" not in text


async def test_every_refusal_of_the_hub_is_explained_in_both_languages(world: World) -> None:
    items = (await world.http.get("/v1/problems")).json()["items"]
    assert [item["code"] for item in items] == [kind.code for kind in catalogue()]
    for item in items:
        assert chinese(item["title_zh"]), item["code"]
        assert chinese(item["remedy_zh"]), item["code"]
        assert item["remedy"], item["code"]
        assert item["meaning"], item["code"]
        assert 400 <= item["status"] < 600


async def test_the_type_of_a_refusal_leads_to_its_page(world: World) -> None:
    refused = (await world.operator.get("/v1/regions/999999")).json()
    page = await world.http.get(refused["type"], headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert refused["title_zh"] in page.text
    shown = await world.http.get(refused["type"], headers={"Accept": "application/json"})
    assert shown.json()["code"] == "region-unknown"


async def test_a_browser_sees_the_list_of_refusals_as_a_page(world: World) -> None:
    page = await world.http.get("/v1/problems", headers={"Accept": "text/html"})
    assert page.text.count("<tr>") == len(refusals.all_explanations()) + 1


async def test_a_refusal_that_does_not_exist_is_refused(world: World) -> None:
    answer = await world.http.get("/v1/problems/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "problem-unknown")


async def test_the_vocabulary_gives_every_word_its_chinese(world: World) -> None:
    items = (await world.http.get("/v1/glossary")).json()["items"]
    assert {"filing", "settlement", "clearing"} <= {item["term"] for item in items}
    assert all(chinese(item["zh"]) for item in items)


async def test_every_value_of_every_dictionary_has_a_chinese_label(world: World) -> None:
    items = (await world.http.get("/v1/dictionaries")).json()["items"]
    unlabelled = [
        f"{item['name']}.{code['value']}"
        for item in items
        for code in item["items"]
        if not chinese(code["label"])
    ]
    assert not unlabelled
    assert {"party-kind", "level", "scheme", "outcome"} <= {item["name"] for item in items}


async def test_one_dictionary_is_found_by_its_name(world: World) -> None:
    kinds = (await world.http.get("/v1/dictionaries/party-kind")).json()
    assert [code["value"] for code in kinds["items"]] == [kind.value for kind in PartyKind]
    answer = await world.http.get("/v1/dictionaries/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "dictionary-unknown")


def test_no_two_dictionaries_share_a_name() -> None:
    names = [name for name, _ in vocabulary.enums()]
    assert len(names) == len(set(names))


async def test_an_applied_message_is_told_with_its_stored_answer(world: World) -> None:
    sender = world.agency("370000")
    await send(world, sender, "told/1", "370000")
    found = (await sender.get("/v1/messages/told/1")).json()
    assert (found["id"], found["outcome"], found["status"]) == ("told/1", "applied", 201)
    assert (found["action"], found["answer"]) == ("POST /v1/test", {})


async def test_a_refused_message_is_told_with_its_problem(world: World) -> None:
    sender = world.agency("370000")
    with pytest.raises(PartyUnknown):
        await send(world, sender, "told-2", "nobody")
    found = (await sender.get("/v1/messages/told-2")).json()
    assert (found["outcome"], found["status"]) == ("refused", 404)
    assert found["answer"]["code"] == "party-unknown"


async def test_a_message_nobody_sent_was_never_seen(world: World) -> None:
    found = (await world.agency("370000").get("/v1/messages/told-3")).json()
    assert (found["outcome"], found["answer"]) == ("never_seen", None)


async def test_the_messages_of_others_were_never_seen_either(world: World) -> None:
    await send(world, world.agency("370000"), "told-4", "370000")
    for other in (world.agency("110000"), world.operator, world.channel()):
        assert (await other.get("/v1/messages/told-4")).json()["outcome"] == "never_seen"
