"""Reading catalogues: versions, items in force on a day, and the look-up of a whole bill."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import pytest_asyncio

from app.catalogues.model import CatalogueKind, Wanted
from app.catalogues.service import look_up
from app.kernel.money import Money
from app.runtime.db import Rx
from tests.support.catalogues import edition, item, load_made_up, loaded
from tests.support.parties import seeded
from tests.support.queries import recorded
from tests.support.world import World

PATH = "/v1/catalogues"
DRUG, DEVICE = CatalogueKind.DRUG, CatalogueKind.DEVICE


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hub(world: World) -> World:
    """Beijing's made-up lists; of Shandong two device lists, and one of Jinan's own."""
    await seeded(world)
    await load_made_up(world, "110000")
    shandong = {"place": "370000"}
    await loaded(world, edition(**shandong), [item("A1", Money(100)), item("A2", Money(200))])
    newer = edition(**shandong, label="2025", first_day=date(2025, 7, 1))
    await loaded(world, newer, [item("A1", Money(111))])
    jinan = edition(place="370100", first_day=date(2025, 8, 1))
    await loaded(world, jinan, [item("A1", Money(999))])
    return world


async def found(hub: World, *wanted: Wanted) -> list[tuple[str, str, int | None] | None]:
    """Tell place and label of the version found, and the item's cap in fen."""
    async with hub.hub.reading_engine.connect() as connection:
        answers = await look_up(Rx(connection), wanted)
    told: list[tuple[str, str, int | None] | None] = []
    for each in wanted:
        answer = answers.get(each)
        if answer is None:
            told.append(None)
            continue
        cap = answer.item.cap if answer.item else None
        told.append((answer.version.place, answer.version.label, cap.fen if cap else None))
    return told


async def test_each_item_is_judged_by_the_list_of_its_place_and_day(hub: World) -> None:
    assert await found(
        hub,
        Wanted(DEVICE, "370000", "A1", date(2024, 3, 31)),
        Wanted(DEVICE, "370000", "A1", date(2024, 4, 1)),
        Wanted(DEVICE, "370000", "A1", date(2025, 6, 30)),
        Wanted(DEVICE, "370000", "A1", date(2025, 7, 1)),
        Wanted(DEVICE, "370000", "A2", date(2025, 7, 1)),
        Wanted(DRUG, "370000", "A1", date(2025, 7, 1)),
    ) == [
        None,
        ("370000", "2024", 100),
        ("370000", "2024", 100),
        ("370000", "2025", 111),
        ("370000", "2025", None),
        None,
    ]


async def test_a_city_uses_its_own_list_from_its_first_day_and_its_provinces_before(
    hub: World,
) -> None:
    assert await found(
        hub,
        Wanted(DEVICE, "370100", "A1", date(2025, 7, 31)),
        Wanted(DEVICE, "370100", "A1", date(2025, 8, 1)),
        Wanted(DEVICE, "370200", "A1", date(2025, 8, 1)),
        Wanted(DEVICE, "120000", "A1", date(2025, 8, 1)),
    ) == [("370000", "2025", 111), ("370100", "2024", 999), ("370000", "2025", 111), None]


async def test_a_bill_of_a_hundred_lines_is_looked_up_in_one_statement(hub: World) -> None:
    listing = (
        await hub.operator.get(f"{PATH}/items", place="110000", kind="drug", limit=99)
    ).json()
    day = date(2025, 9, 1)
    wanted = [Wanted(DRUG, "110000", each["code"], day) for each in listing["items"]]
    wanted += [Wanted(DEVICE, "110000", "none such", day), wanted[0]]
    async with hub.hub.reading_engine.connect() as connection:
        with recorded(hub) as statements:
            answers = await look_up(Rx(connection), wanted)
            nothing = await look_up(Rx(connection), [])
    assert len(statements) == 2
    assert len(answers) == 100
    assert sum(answer.item is None for answer in answers.values()) == 1
    assert nothing == {}


async def items(hub: World, **asked: Any) -> list[str]:
    """Return the codes in force that the search finds."""
    answer = await hub.institution("H37010000001").get(f"{PATH}/items", **asked)
    assert answer.status_code == 200, answer.text
    return [each["code"] for each in answer.json()["items"]]


async def test_items_in_force_are_found_by_code_and_by_part_of_the_name(hub: World) -> None:
    assert await items(hub, place="370100", kind="device", on="2025-07-01", code="A1") == ["A1"]
    assert await items(hub, place="110000", kind="drug", code="none such") == []
    named = await items(hub, place="110000", kind="drug", q="头孢", limit=200)
    assert named
    assert len(named) < len(await items(hub, place="110000", kind="drug", limit=200))


async def test_an_item_shows_its_cap_in_yuan_and_what_it_depends_on(hub: World) -> None:
    answer = await hub.channel().get(
        f"{PATH}/items", place="370000", kind="device", on="2024-04-01", code="A1"
    )
    told = answer.json()
    assert told["items"] == [
        {
            "code": "A1",
            "name": "小腿假肢（示例）",
            "unit": "具",
            "specification": "",
            "cap": "1.00",
            "restricted": False,
            "minimum_life_months": None,
        }
    ]
    assert (told["version"]["label"], told["version"]["item_count"]) == ("2024", 2)


async def test_the_day_is_today_when_left_out(hub: World) -> None:
    for day, label in (("2025-06-30", "2024"), ("2025-07-01", "2025")):
        hub.clock.set_day(day)
        answer = await hub.operator.get(f"{PATH}/items", place="370000", kind="device")
        assert answer.json()["version"]["label"] == label


async def test_a_place_without_a_list_on_the_day_is_refused(hub: World) -> None:
    for asked in ({"place": "370000", "on": "2024-03-31"}, {"place": "120000"}):
        answer = await hub.operator.get(f"{PATH}/items", kind="device", **asked)
        assert (answer.status_code, answer.json()["code"]) == (404, "catalogue-unknown")


async def test_versions_are_listed_by_place_kind_and_day(hub: World) -> None:
    async def labels(**asked: str) -> list[tuple[str, str]]:
        answer = await hub.agency("370000").get(PATH, **asked)
        return [(each["place"], each["label"]) for each in answer.json()["items"]]

    assert await labels(place="370000") == [("370000", "2024"), ("370000", "2025")]
    assert await labels(place="370000", on="2025-06-30") == [("370000", "2024")]
    assert await labels(kind="device", on="2025-09-01") == [
        ("110000", "2024"),
        ("370000", "2025"),
        ("370100", "2024"),
    ]


async def test_a_version_is_read_page_by_page(hub: World) -> None:
    (version,) = (await hub.operator.get(PATH, place="110000", kind="device")).json()["items"]
    codes: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await hub.operator.get(f"{PATH}/{version['version']}", limit=30, **cursor)
        codes += [each["code"] for each in answer.json()["items"]]
        if answer.json()["next"] is None:
            break
        cursor = {"cursor": answer.json()["next"]}
    assert len(codes) == version["item_count"] == len(set(codes))
    only = await hub.operator.get(f"{PATH}/{version['version']}", code=codes[3])
    assert [each["code"] for each in only.json()["items"]] == [codes[3]]


async def test_an_unknown_version_is_refused(hub: World) -> None:
    answer = await hub.operator.get(f"{PATH}/999999")
    assert (answer.status_code, answer.json()["code"]) == (404, "catalogue-unknown")


async def test_a_version_held_already_is_not_sent_nor_read_again(hub: World) -> None:
    (version,) = (await hub.operator.get(PATH, place="370100")).json()["items"]
    path = f"{PATH}/{version['version']}"
    first = await hub.operator.get(path)
    headers = hub.operator.headers() | {"If-None-Match": first.headers["etag"]}
    with recorded(hub) as statements:
        again = await hub.http.get(path, headers=headers)
    assert (again.status_code, again.content, len(statements)) == (304, b"", 1)
    other = await hub.http.get(path, params={"q": "假肢"}, headers=headers)
    assert other.status_code == 200


@pytest.mark.parametrize("asked", [{"q": "\x00"}, {"place": "x"}, {"kind": "x"}, {"on": "x"}])
async def test_a_filter_that_cannot_be_read_is_refused(hub: World, asked: dict[str, str]) -> None:
    answer = await hub.operator.get(f"{PATH}/items", **{"place": "110000", "kind": "drug"} | asked)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
