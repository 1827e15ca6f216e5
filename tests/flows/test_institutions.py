"""Looking institutions up, and keeping a copy of the list."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from tests.support.institutions import JINAN, JINAN_DEVICES, entry, seeded_institutions
from tests.support.queries import recorded
from tests.support.world import Client, World

SEARCH = "/v1/institutions"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hub(world: World) -> World:
    await seeded_institutions(world)
    return world


async def names(client: Client, **asked: Any) -> list[str]:
    """Return the names on the first page."""
    answer = await client.get(SEARCH, **asked)
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


async def codes(client: Client, **asked: Any) -> list[str]:
    """Return the codes on all pages."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = (await client.get(SEARCH, **asked, **cursor)).json()
        found += [item["code"] for item in answer["items"]]
        if answer["next"] is None:
            return found
        cursor = {"cursor": answer["next"]}


async def test_the_seeds_are_loaded_once_and_again_without_a_change(hub: World) -> None:
    again = await seeded_institutions(hub)
    assert {row.change for taken in again for row in taken.accepted} == {"unchanged"}


async def test_the_notice_names_24_institutions_of_shandong_11_of_them_across_provinces(
    hub: World,
) -> None:
    notice = [code for code in await codes(hub.operator, place="370000") if code[7] == "0"]
    across = await codes(hub.operator, place="370000", scheme="cross_province")
    assert len(notice) == 24
    assert len([code for code in across if code[7] == "0"]) == 11


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("中医药大学第二", "山东中医药大学第二附属医院"),
        ("经八路", "山东中医药大学第二附属医院"),
        ("青岛市中心医院", "康复大学青岛中心医院"),
        ("德林义肢矫型器(北京)", "德林义肢矫型器（北京）有限公司济南分公司"),
    ],
    ids=["name", "address", "other name", "narrow brackets"],
)
async def test_any_part_of_a_name_or_address_finds_an_institution(
    hub: World, words: str, name: str
) -> None:
    assert name in await names(hub.operator, q=words, place="370000")


async def test_both_spellings_of_one_address_find_the_same_hospital(hub: World) -> None:
    found = await hub.operator.get(SEARCH, q="东营市人民医院")
    (hospital,) = found.json()["items"]
    assert hospital["address_aliases"]
    for spelling in (hospital["address"], *hospital["address_aliases"]):
        assert await codes(hub.operator, q=spelling) == [hospital["code"]]


@pytest.mark.parametrize("wild", ["%", "_", "\\"])
async def test_signs_that_databases_read_as_wildcards_are_plain_text(hub: World, wild: str) -> None:
    assert await codes(hub.operator, q=wild) == []


async def test_the_list_is_open_to_every_party(hub: World) -> None:
    for client in (hub.operator, hub.agency("110000"), hub.institution(JINAN), hub.channel()):
        assert await codes(client, place="370100", type="device") == [JINAN_DEVICES]


async def test_filters_narrow_together(hub: World) -> None:
    top = await codes(hub.operator, place="370100", grade="三级甲等", cost_kind="rehabilitation")
    assert JINAN in top
    assert await codes(hub.operator, place="370100", grade="二级") == []
    assert await codes(hub.operator, place="110000", speciality="手外科") == ["H11000090001"]


async def test_nobody_is_online_before_direct_settlement_began(hub: World) -> None:
    assert await codes(hub.operator, on="2024-03-31") == []
    assert JINAN in await codes(hub.operator, on="2024-04-01", cost_kind="medical")


async def test_pages_hold_every_institution_once(hub: World) -> None:
    found = await codes(hub.operator, limit=17)
    assert found == sorted(set(found))
    assert len(found) == 24 + 155


async def test_a_search_is_one_statement_whatever_it_asks(hub: World) -> None:
    for asked in ({}, {"q": "医院", "place": "370000", "on": "2025-09-01", "cost_kind": "medical"}):
        with recorded(hub) as statements:
            await hub.operator.get(SEARCH, **asked)
        assert len(statements) == 1


async def test_the_substring_search_has_an_index_to_use(hub: World) -> None:
    async with hub.tx() as tx:
        await tx.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = await tx.exec_driver_sql(
            "EXPLAIN SELECT code FROM institution WHERE search LIKE '%中医药大学%'"
        )
        assert "ix_institution_search" in "\n".join(plan.scalars())


async def test_what_has_not_changed_is_not_sent_again(hub: World) -> None:
    for path in (SEARCH, f"{SEARCH}/{JINAN}", f"{SEARCH}/coverage"):
        first = await hub.operator.get(path)
        headers = hub.operator.headers() | {"If-None-Match": f'W/"other", {first.headers["etag"]}'}
        again = await hub.http.get(path, headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        stale = hub.operator.headers() | {"If-None-Match": '"other"'}
        assert (await hub.http.get(path, headers=stale)).json() == first.json()


async def test_a_copy_is_kept_by_asking_what_changed_since(hub: World) -> None:
    shandong = hub.agency("370000")
    copy: dict[str, int] = {}

    async def catch_up() -> list[str]:
        since = max(copy.values(), default=0)
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            asked = {"since": since, "limit": 50, **cursor}
            page = (await hub.institution(JINAN).get(SEARCH, **asked)).json()
            for item in page["items"]:
                copy[item["code"]] = item["revision"]
                found.append(item["code"])
            if page["next"] is None:
                return found
            cursor = {"cursor": page["next"]}

    assert sorted(await catch_up()) == await codes(hub.operator)
    assert await catch_up() == []
    await shandong.put(f"{SEARCH}/H37010000801", entry())
    await shandong.post(f"{SEARCH}/{JINAN_DEVICES}/suspend", {"reason": "整改"})
    assert await catch_up() == ["H37010000801", JINAN_DEVICES]
    await shandong.post(f"{SEARCH}/{JINAN_DEVICES}/resume", {"reason": "整改完成"})
    assert await catch_up() == [JINAN_DEVICES]


async def test_an_unknown_code_is_refused_and_a_malformed_one_too(hub: World) -> None:
    unknown = await hub.operator.get(f"{SEARCH}/H37010099999")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "institution-unknown")
    for bad in ("X37010000001", "H3701", "H3701000000１"):
        answer = await hub.operator.get(f"{SEARCH}/{bad}")
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize(
    "asked",
    [{"place": "37"}, {"type": "clinic"}, {"grade": "一级"}, {"on": "2025-02-30"}, {"since": -1}],
)
async def test_a_filter_that_cannot_be_read_is_refused(hub: World, asked: dict[str, Any]) -> None:
    answer = await hub.operator.get(SEARCH, **asked)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
