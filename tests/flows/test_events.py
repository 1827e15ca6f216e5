"""The feed of events: each party what names it, in one order, and nothing personal."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

import app
from app.events.model.catalogue import FIELDS, TOPICS, told
from app.events.store import feed
from app.sandbox.people import person
from tests.support.events import all_told, announced, announcing, read, read_on, read_until
from tests.support.filing import submitted
from tests.support.parties import as_operator
from tests.support.settlement import cancelled, ready, settled
from tests.support.visit import road
from tests.support.world import World

APP = Path(app.__file__).parent
ANNOUNCED = re.compile(r"'([a-z_]+\.[a-z_]+)', (?:raised|told)\b")  # by a function of the database
# Topics the code puts together, and what stands in the gap.
STATES = {
    "institution.": ("suspend", "resume", "take_offline"),
    "filing.": (
        "submitted", "approved", "rejected", "expired", "cancelled", "changed", "terminated",
    ),
    "deduction.": ("final", "withdrawn"),
}  # fmt: skip
FORWARDED = {"topic", "action"}  # a function's own argument, whose callers are looked at


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def places(world: World) -> AsyncIterator[None]:
    await road(world)
    yield


def _topics(node: ast.expr) -> Iterator[str]:
    """Name the topics an expression can be; what cannot be told is no topic of the catalogue."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.JoinedStr):
        assert isinstance(node.values[0], ast.Constant)
        start = str(node.values[0].value)
        yield from (start + state for state in STATES[start])
    elif not (isinstance(node, ast.Name) and node.id in FORWARDED):
        yield f"unreadable: {ast.unparse(node)}"


def _announced_in_code() -> dict[str, str]:
    """Every topic the code announces, with the file that does it."""
    found: dict[str, str] = {}
    for file in sorted(APP.rglob("*.py")):
        place = file.relative_to(APP).as_posix()
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            at = {"announce": 0, "announcement_of": 0, "_announce": 1, "_told": 3}.get(name)
            if name == "announce" and isinstance(node.func, ast.Name):
                at = 1
            if at is None or len(node.args) <= at:
                continue
            found |= dict.fromkeys(_topics(node.args[at]), place)
    return {topic: place for topic, place in found.items() if "." in topic}


def test_every_topic_the_code_announces_is_in_the_catalogue_and_no_other() -> None:
    in_code = _announced_in_code()
    assert set(in_code) == set(TOPICS), set(in_code) ^ set(TOPICS)


def test_what_the_database_itself_announces_is_in_the_catalogue() -> None:
    migrations = APP.parent.joinpath("migrations", "versions").glob("*.py")
    written = [
        topic
        for file in migrations
        for topic in re.findall(r"'([a-z_]+\.[a-z_]+)'", file.read_text())
    ]
    assert "advance.crossed" in written
    assert {it for it in written if it.startswith("advance.")} <= set(TOPICS)


def test_no_field_of_an_event_has_room_for_a_person() -> None:
    someone = person(1, "110000")
    personal = [
        someone.number, someone.name, someone.card_number, "13800000000", "text with a space",
        "示例文字", someone.number[:17], "K" + someone.number,
    ]  # fmt: skip
    for name, field in FIELDS.items():
        for value in personal:
            assert not field.shape.fits(value), f"{name} takes {value}"
            assert not field.shape.fits([value]), f"{name} takes [{value}]"


def test_what_does_not_fit_its_field_stays_inside() -> None:
    body = {
        "due": "12.00", "month": "2025-13", "place": "张三", "name": "张三",
        "reason": "see 110101199001011237",
    }  # fmt: skip
    assert told("review.closed", body) == {"due": "12.00"}
    assert told("no.such_topic", body) == {}
    assert told("filing.approved", {"cost_kinds": ["medical", "device"]}) == {
        "cost_kinds": ["medical", "device"]
    }


def test_the_webhooks_section_tells_every_topic_in_both_languages(world: World) -> None:
    section = world.app.openapi()["webhooks"]
    assert set(section) == set(TOPICS)
    for name, it in section.items():
        post = it["post"]
        assert re.search(r"[一-鿿]", post["summary"]), name
        shape = post["requestBody"]["content"]["application/json"]["schema"]
        data = shape["properties"]["data"]
        assert set(data["properties"]) == set(TOPICS[name].fields)
        assert data["additionalProperties"] is False
        for field in TOPICS[name].fields:
            assert FIELDS[field].shape.fits(FIELDS[field].example), field
            assert re.search(r"[一-鿿]", FIELDS[field].means), field


def test_every_field_is_used() -> None:
    used = set(itertools.chain(*(it.fields for it in TOPICS.values())))
    assert used == set(FIELDS)


async def test_a_case_of_the_road_is_told_to_its_institution_and_both_places_without_its_person(
    world: World,
) -> None:
    settlement = await settled(world, await ready(world))
    await cancelled(world, settlement["number"])
    await all_told(world)
    hospital = world.institution(settlement["institution"])
    for client in (world.agency("110000"), world.agency("370000"), hospital):
        found = await read_on(client)
        topics = [it["type"] for it in found]
        assert {"settlement.settled", "settlement.cancelled"} <= set(topics)
        of_it = [it for it in found if it["subject"] == settlement["number"]]
        assert of_it[0]["data"]["total"] == settlement["total"]
        assert of_it[0]["data"]["settlement"] == settlement["number"]
    everything = await read_on(world.operator)
    async with world.tx() as tx:
        kept = await tx.scalar(sa.text("SELECT count(*) FROM announcement"))
        bodies = {
            f"evt_{row.seq}": row
            for row in await tx.execute(sa.text("SELECT seq, topic, body FROM announcement"))
        }
    assert len(everything) == kept
    for it in everything:  # everything the road told has its place in the catalogue, and fits
        row = bodies[it["id"]]
        assert set(row.body) - set(TOPICS[row.topic].fields) <= {"reason"}
        assert it["data"] == {k: v for k, v in row.body.items() if k != "reason"}


async def test_a_channel_is_told_what_became_of_what_it_submitted(world: World) -> None:
    number = (await submitted(world))["number"]
    answer = await world.agency("110000").post(f"/v1/filings/{number}/approve", {})
    assert answer.is_success, answer.text
    await all_told(world)
    found = [it for it in await read_on(world.channel()) if it["subject"] == number]
    assert [it["type"] for it in found] == ["filing.submitted", "filing.approved"]
    other = await read_on(world.channel("zwfw-platform"))
    assert number not in {it["subject"] for it in other}


async def test_each_party_reads_what_names_it_and_an_agency_its_cities_too(world: World) -> None:
    mine: dict[str, str] = {
        "370000": "to-province", "370100": "to-city", "H37010000001": "to-hospital",
        "national-platform": "to-channel", "110000": "to-beijing",
    }  # fmt: skip
    for party, subject in mine.items():
        await announced(world, subject, party=party)
    await read_until(world.operator, "to-beijing")

    async def seen(client: Any) -> set[str]:
        return {it["subject"] for it in await read_on(client)} & set(mine.values())

    assert await seen(world.operator) == set(mine.values())
    assert await seen(world.agency("370000")) == {"to-province", "to-city"}
    assert await seen(world.agency("370100")) == {"to-city"}
    assert await seen(world.agency("370200")) == set()
    assert await seen(world.institution("H37010000001")) == {"to-hospital"}
    assert await seen(world.institution("H37010000002")) == set()
    assert await seen(world.channel()) == {"to-channel"}
    assert await seen(world.channel("zwfw-platform")) == set()


async def test_the_order_is_the_same_for_everybody_and_a_page_ends_where_the_next_begins(
    world: World,
) -> None:
    names = [f"ordered-{n}" for n in range(7)]
    await announced(world, *names[:4])
    for name in names[4:]:
        await announced(world, name)
    whole = await read_until(world.agency("370000"), names[-1])
    everybody = await read_on(world.operator)
    own = [it["id"] for it in whole]
    assert [it["id"] for it in everybody if it["id"] in own] == own
    assert await read_on(world.agency("370000"), limit=2) == whole
    assert [it["subject"] for it in whole][-7:] == names
    middle = whole[-4]["cursor"]
    assert await read_on(world.agency("370000"), middle) == whole[-3:]
    assert (await read(world.agency("370000"), whole[-1]["cursor"]))["items"] == []


async def test_only_topics_that_are_asked_for(world: World) -> None:
    await announced(world, "about-money", topic="review.requested")
    await read_until(world.operator, "about-money")
    found = await read_on(world.operator, topic="review.requested")
    assert {it["type"] for it in found} == {"review.requested"}
    answer = await world.operator.get("/v1/events", topic="review.imagined")
    assert (answer.status_code, answer.json()["code"]) == (422, "topic-unknown")


async def test_what_is_not_a_cursor_of_the_feed_is_refused(world: World) -> None:
    for cursor in ("nonsense", "WyIxIl0", "WyIxLngiXQ", "WyItMS4yIl0"):
        answer = await world.operator.get("/v1/events", after=cursor)
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor-unreadable"), cursor


async def test_a_reading_looks_at_so_many_and_says_where_to_go_on(
    world: World, monkeypatch: Any
) -> None:
    start = (await read_until(world.operator, "about-money"))[-1]["cursor"]
    await announced(world, *(f"foreign-{n}" for n in range(10)), party="620000")
    await announced(world, "own-after-all")
    await read_until(world.operator, "own-after-all")
    monkeypatch.setattr(feed, "LOOKED_AT_MAX", 4)
    page = await read(world.agency("370000"), start)
    assert (page["items"], page["more"]) == ([], True)
    found = await read_on(world.agency("370000"), start)
    assert [it["subject"] for it in found] == ["own-after-all"]


async def test_a_refused_write_tells_nothing(world: World) -> None:
    async def refused(work: Any) -> None:
        await announcing("never")(work)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await as_operator(world, refused)
    await announced(world, "afterwards")
    found = await read_until(world.operator, "afterwards")
    assert "never" not in [it["subject"] for it in found]


async def test_rows_taken_over_from_another_server_stay_before_what_comes(world: World) -> None:
    """Transactions of a new server count from the beginning; the old turns are added to them."""
    async with world.tx() as tx:
        await tx.execute(
            sa.text("INSERT INTO announcement (at, topic, subject, parties, body, turn)"
                    " VALUES (now(), 'review.closed', 'of-the-old-server', '{370000}', '{}',"
                    " (SELECT turns_settled() + 1000000))")
        )  # fmt: skip
        await tx.execute(
            sa.text("UPDATE turns_before SET number = (SELECT max(turn) FROM announcement)")
        )
    await announced(world, "of-the-new-server")
    found = await read_until(world.operator, "of-the-new-server")
    assert [it["subject"] for it in found][-2:] == ["of-the-old-server", "of-the-new-server"]
