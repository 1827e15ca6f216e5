"""The hub's own day of an institution: rows, the zip hospitals read, and the CSV clerks open."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest_asyncio

from app.review.service import rows_said
from tests.support.institutions import JINAN
from tests.support.review import RECONCILIATIONS, compare, row_of, settlements_on
from tests.support.settlement import cancelled
from tests.support.visit import road
from tests.support.world import World

DAY = "2025-09-05"


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def booked(world: World) -> list[dict[str, str]]:
    """A day of two settlements, one of them cancelled."""
    await road(world)
    one, two = await settlements_on(world, DAY, 2)
    return [one, two, await cancelled(world, two["number"])]


def text_in(content: bytes) -> tuple[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (name,) = archive.namelist()
        return name, archive.read(name).decode()


async def test_the_zip_holds_seven_columns_parted_by_tabs(
    world: World, booked: list[dict[str, str]]
) -> None:
    answer = await world.institution(JINAN).get(f"{RECONCILIATIONS}/files/{DAY}")
    assert answer.headers["content-type"] == "application/zip"
    assert f"{JINAN}_20250905.zip" in answer.headers["content-disposition"]
    name, text = text_in(answer.content)
    assert name == f"{JINAN}_20250905.txt"
    lines = [line.split("\t") for line in text.splitlines()]
    assert lines == [
        [it["number"], it["visit"], it["worker"], it["total"], it["fund"], "0.00", flag]
        for it, flag in zip(booked, "001", strict=True)
    ]


async def test_the_same_day_makes_the_same_bytes(world: World) -> None:
    sender = world.institution(JINAN)
    first, again = [await sender.get(f"{RECONCILIATIONS}/files/{DAY}") for _ in range(2)]
    assert first.content == again.content


async def test_what_the_hub_writes_it_also_reads_and_finds_equal(world: World) -> None:
    sender = world.institution(JINAN)
    answer = await sender.get(f"{RECONCILIATIONS}/files/{DAY}")
    rows = [
        {"settlement": row.settlement, "total": str(row.total), "fund": str(row.fund)}
        for row in rows_said(text_in(answer.content)[1])
    ]
    totals = {"day": DAY, "count": 3, "total": "10.00", "fund": "10.00", "rows": rows}
    assert (await compare(sender, totals))["result"] == "equal"


async def test_the_csv_has_a_header_and_the_senders_own_messages(
    world: World, booked: list[dict[str, str]]
) -> None:
    sender = world.institution(JINAN)
    answer = await sender.get(f"{RECONCILIATIONS}/files/{DAY}", format="csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [it["settlement"] for it in rows] == [it["number"] for it in booked]
    assert rows[2]["cancels"] == booked[1]["number"]
    for row in rows:
        told = await sender.get(f"/v1/messages/{row['message']}")
        assert told.json()["subject"] == row["settlement"]


async def test_an_agency_names_the_institution_and_sees_its_own_region(world: World) -> None:
    path = f"{RECONCILIATIONS}/files/{DAY}"
    missing = await world.agency("370000").get(path)
    assert (missing.status_code, missing.json()["code"]) == (422, "day-file-institution-missing")
    for reader in (world.agency("370000"), world.operator):
        text = text_in((await reader.get(path, institution=JINAN)).content)[1]
        assert text.count("\n") == 3
    elsewhere = await world.agency("440000").get(path, institution=JINAN)
    assert text_in(elsewhere.content)[1] == ""


async def test_an_institution_gets_its_own_day_whatever_it_names(world: World) -> None:
    other = world.institution("H37020000001")
    answer = await other.get(f"{RECONCILIATIONS}/files/{DAY}", institution=JINAN)
    assert text_in(answer.content)[1] == ""


async def test_a_day_is_paged_as_json(world: World, booked: list[dict[str, str]]) -> None:
    sender = world.institution(JINAN)
    page = (await sender.get(f"{RECONCILIATIONS}/days/{DAY}", limit=2)).json()
    rest = (await sender.get(f"{RECONCILIATIONS}/days/{DAY}", cursor=page["next"])).json()
    listed = [*page["items"], *rest["items"]]
    assert [it["settlement"] for it in listed] == [it["number"] for it in booked]
    assert rest["next"] is None
    assert [row_of({"number": it["settlement"], **it})["total"] for it in listed] == [
        "10.00",
        "10.00",
        "-10.00",
    ]
