"""A page is answered from hand only while it is what the database would say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest_asyncio
import sqlalchemy as sa
from fastapi import Response

from app.runtime.at_hand import PagesAtHand
from app.runtime.etags import not_modified, whole
from tests.support.institutions import JINAN, entry, row, seeded_institutions
from tests.support.queries import recorded
from tests.support.world import START, Client, World, open_world

LIST = "/v1/institutions"
PATH = f"{LIST}/H37010000701"
ASKED: dict[str, Any] = {"place": "370100", "q": "示例"}
REVOKED = sa.text(
    "INSERT INTO client (id, party, state, created_at) VALUES (:id, :party, 'disabled', :at)"
).bindparams(sa.bindparam("at", type_=sa.DateTime(timezone=True)))
MONDAY, TUESDAY = date(2025, 9, 1), date(2025, 9, 2)


@pytest_asyncio.fixture(loop_scope="session")
async def hub(world: World) -> World:
    world.clock.now = START
    await seeded_institutions(world, "institutions.csv")
    await stated(world)
    return world


async def stated(world: World, **other: Any) -> None:
    answer = await world.agency("370000").put(PATH, entry(**other))
    assert answer.status_code == 200, answer.text


async def names(client: Client, **asked: Any) -> list[str]:
    answer = await client.get(LIST, **(asked or ASKED))
    assert answer.status_code == 200, answer.text
    return [it["name"] for it in answer.json()["items"]]


async def test_a_page_asked_again_is_one_statement_and_the_same_answer(hub: World) -> None:
    first = await hub.channel().get(LIST, **ASKED)
    with recorded(hub, entering=True) as statements:
        again = await hub.institution(JINAN).get(LIST, **ASKED)
    assert len(statements) == 1
    assert (again.status_code, again.content) == (200, first.content)
    for name in ("etag", "cache-control", "vary", "content-type"):
        assert again.headers[name] == first.headers[name]


async def test_an_institution_looked_up_again_is_one_statement(hub: World) -> None:
    first = await hub.channel().get(PATH)
    with recorded(hub, entering=True) as statements:
        assert (await hub.operator.get(PATH)).json() == first.json()
        assert len(statements) == 1
        for _ in range(2):
            assert (await hub.operator.get(f"{LIST}/H37010000999")).status_code == 404
    assert len(statements) == 5, "that there is none is not kept"


async def test_another_question_is_another_page(hub: World) -> None:
    assert len(await names(hub.channel(), **ASKED, limit=1)) == 1
    assert len(await names(hub.channel(), **ASKED)) == 1
    assert len(await names(hub.channel(), place="370000")) > 1
    assert await names(hub.channel(), place="370000", q="无此机构") == []


async def test_an_entry_that_changes_is_changed_for_the_very_next_request(hub: World) -> None:
    for name in ("济南示例甲医院", "济南示例乙医院", "济南示例医院"):
        await stated(hub, name=name)
        assert await names(hub.channel()) == [name]
        assert await names(hub.channel()) == [name]
        assert (await hub.channel().get(PATH)).json()["name"] == name


async def test_a_scope_that_goes_is_gone_for_the_very_next_request(hub: World) -> None:
    asked = {"q": "济南示例", "scheme": "cross_province", "on": "2025-09-01"}
    assert await names(hub.channel(), **asked) == ["济南示例医院"]
    await stated(hub, scopes=[])
    assert await names(hub.channel(), **asked) == []
    await stated(hub)


async def test_an_import_is_seen_by_the_very_next_request(hub: World) -> None:
    agency = hub.agency("370000")
    before = await names(agency)
    sheet = row(code="H37010000702", name="济南示例导入医院")
    content = ",".join(sheet) + "\n" + ",".join(sheet.values())
    taken = await hub.http.post(
        f"{LIST}/import",
        content=content.encode(),
        headers=agency.headers() | {"Content-Type": "text/csv"},
    )
    assert taken.status_code == 200, taken.text
    assert sorted(await names(agency)) == sorted([*before, "济南示例导入医院"])


async def test_a_planned_suspension_is_seen_at_once_and_on_its_day(hub: World) -> None:
    asked = {"q": "济南示例医院"}
    client = hub.channel()
    assert await names(client, **asked, on="2025-09-10") == ["济南示例医院"]
    plan = {"first_day": "2025-09-05", "reason": "整改"}
    answer = await hub.agency("370100").post(f"{PATH}/suspend", plan)
    assert answer.status_code == 200, answer.text
    for _ in range(2):
        assert await names(client, **asked, on="2025-09-10") == []
        assert await names(client, **asked, on="2025-09-04") == ["济南示例医院"]
    assert (await client.get(PATH)).json()["state"] == "suspended"
    off = await hub.agency("370100").post(f"{PATH}/resume", plan)
    assert off.status_code == 200, off.text
    assert await names(client, **asked, on="2025-09-10") == ["济南示例医院"]


async def test_a_page_is_read_anew_on_another_day(hub: World) -> None:
    await names(hub.channel())
    hub.clock.advance(days=1)
    with recorded(hub, entering=True) as statements:
        await names(hub.channel())
        await names(hub.channel())
    assert len(statements) == 3


@pytest_asyncio.fixture(loop_scope="session")
async def beside(database_url: str, hub: World) -> AsyncIterator[World]:
    async with open_world(database_url) as other:
        other.clock.now = hub.clock.now
        other.keys = hub.keys  # message ids are one hub's, whichever process takes them
        yield other


async def test_what_another_process_changes_is_seen_by_the_very_next_request(
    hub: World, beside: World
) -> None:
    assert "济南示例医院" in await names(hub.channel())
    await stated(beside, name="济南示例他处医院")
    assert "济南示例他处医院" in await names(hub.channel())
    await stated(hub)
    assert "济南示例医院" in await names(beside.channel())


async def test_a_change_under_way_is_not_believed_and_not_missed(hub: World) -> None:
    change = sa.text(
        "UPDATE institution SET revision = nextval('institution_revision'),"
        " name = '济南示例改名医院' WHERE code = 'H37010000701'"
    )
    async with hub.service_tx() as tx:
        await tx.execute(change)
        for _ in range(2):
            assert "济南示例医院" in await names(hub.channel())
    assert "济南示例改名医院" in await names(hub.channel())
    await stated(hub)


async def test_who_holds_the_page_is_told_so_from_hand(hub: World) -> None:
    client = hub.channel()
    tag = (await client.get(LIST, **ASKED, limit=7)).headers["etag"]
    fresh = {"If-None-Match": tag}
    hub.app.state.pages.pages.clear()
    query = f"{LIST}?place=370100&q=示例&limit=7"
    counts = []
    for _ in range(2):
        with recorded(hub, entering=True) as statements:
            held = await hub.http.get(query, headers=client.headers() | fresh)
        assert (held.status_code, held.content, held.headers["etag"]) == (304, b"", tag)
        counts.append(len(statements))
    assert counts == [2, 1]
    whole_page = await hub.http.get(query, headers=client.headers())
    assert (whole_page.status_code, whole_page.headers["etag"]) == (200, tag)
    await stated(hub, name="济南示例新医院")
    news = await hub.http.get(query, headers=client.headers() | fresh)
    assert (news.status_code, news.headers["etag"] != tag) == (200, True)
    await stated(hub)


async def test_since_tells_what_changed_page_after_page(hub: World) -> None:
    client = hub.institution(JINAN)
    asked = {"since": 0, "limit": 200}
    seen = max(it["revision"] for it in (await client.get(LIST, **asked)).json()["items"])
    assert (await client.get(LIST, since=seen)).json()["items"] == []
    await stated(hub, name="济南示例再改医院")
    (news,) = (await client.get(LIST, since=seen)).json()["items"]
    assert (news["name"], news["revision"] > seen) == ("济南示例再改医院", True)
    await stated(hub)


async def test_a_page_at_hand_opens_for_nobody_whose_client_was_revoked(hub: World) -> None:
    client = hub.agency("440000")
    assert await names(client)
    row = {"id": client.caller.client, "party": "440000", "at": hub.clock.now}
    async with hub.tx() as tx:
        await tx.execute(REVOKED, row)
    answer = await client.get(LIST, **ASKED)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert (await hub.http.get(LIST, params=ASKED)).status_code == 401


async def test_what_cannot_be_read_is_refused_before_and_after_the_page_is_at_hand(
    hub: World,
) -> None:
    for _ in range(2):
        assert (await hub.channel().get(LIST, place="37")).status_code == 400
        assert (await hub.channel().get(LIST, cursor="!!")).status_code == 400


def page(text: str) -> Response:
    return whole(text.encode(), f"tag of {text}")


def test_only_so_many_pages_are_kept_and_the_least_used_goes_first() -> None:
    pages = PagesAtHand(pages_max=2)
    for query in (b"1", b"2"):
        pages.keep(("/", query), (7, MONDAY), page("x"))
    assert pages.find(("/", b"1"), (7, MONDAY)) is not None
    pages.keep(("/", b"3"), (7, MONDAY), page("x"))
    assert [query for _, query in pages.pages] == [b"1", b"3"]
    assert pages.taken == 2 * len("/1x")


def test_only_so_many_bytes_are_kept() -> None:
    pages = PagesAtHand(bytes_max=100)
    pages.keep(("/", b"1"), (7, MONDAY), page("x" * 60))
    pages.keep(("/", b"1"), (7, MONDAY), page("x" * 70))
    assert pages.taken == 72
    pages.keep(("/", b"2"), (7, MONDAY), page("x" * 70))
    assert [query for _, query in pages.pages] == [b"2"]
    pages.keep(("/", b"3"), (7, MONDAY), page("x" * 700))
    assert (pages.pages, pages.taken) == ({}, 0)


def test_a_page_of_another_revision_or_day_is_none() -> None:
    pages = PagesAtHand()
    pages.keep(("/", b""), (7, MONDAY), page("x"))
    assert pages.find(("/", b""), (7, MONDAY)) is not None
    for revision in ((8, MONDAY), (7, TUESDAY), (None, MONDAY)):
        assert pages.find(("/", b""), revision) is None
    pages.keep(("/", b""), (8, MONDAY), not_modified("tag"))
    kept = pages.find(("/", b""), (8, MONDAY))
    assert kept is not None
    assert (kept.tag, kept.body) == ("tag", None)
