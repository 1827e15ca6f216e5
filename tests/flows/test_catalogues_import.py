"""Importing versions: whole or not at all, replaceable until the first day, and never after."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app.catalogues.errors import CatalogueInForce
from app.catalogues.files import COLUMNS, EXAMPLE_CSV
from app.kernel.money import Money
from app.runtime.sheets import XLSX_TYPE, write_xlsx
from tests.support.catalogues import IMPORT, edition, imported, item, listed, loaded
from tests.support.parties import seeded
from tests.support.queries import recorded
from tests.support.world import World

HEADING = {"place": "370000", "kind": "device", "first_day": "2099-01-01", "source": "synthetic"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hub(world: World) -> World:
    await seeded(world)
    await loaded(world, edition(place="370000"), [item("A1")])
    return world


async def test_the_agency_of_the_place_imports_a_version_of_each_kind(hub: World) -> None:
    for kind in ("drug", "service", "rehabilitation", "bed"):
        answer = await imported(hub.agency("370000"), [listed(), listed("A2", cap=None)], kind=kind)
        assert answer.status_code == 201, answer.text
        told = answer.json()
        assert (told["change"], told["version"]["item_count"]) == ("created", 2)
        assert told["version"]["imported_by"] == "370000"


async def test_csv_workbook_and_json_say_the_same_list(hub: World) -> None:
    agency, heading = hub.agency("370000"), HEADING | {"label": "三种格式"}
    rows = [line.split(",") for line in EXAMPLE_CSV.splitlines()[1:]]
    as_csv = await agency.post(
        IMPORT,
        content=EXAMPLE_CSV.encode("gb18030"),
        headers={"Content-Type": "text/csv"},
        params=heading,
    )
    assert as_csv.json()["change"] == "created", as_csv.text
    as_workbook = await agency.post(
        IMPORT,
        content=write_xlsx(COLUMNS, rows),
        headers={"Content-Type": XLSX_TYPE},
        params=heading,
    )
    code, name, unit, _, cap, _, life = rows[0]
    said = listed(code, name=name, unit=unit, cap=cap, minimum_life_months=int(life))
    as_json = await imported(agency, [said], label="三种格式")
    for answer in (as_workbook, as_json):
        assert answer.json() == as_csv.json() | {"change": "unchanged"}


async def test_until_its_first_day_a_version_is_replaced_by_its_label(hub: World) -> None:
    heading = {"label": "2098版", "first_day": "2098-01-01"}
    first = await imported(hub.agency("370000"), [listed()], **heading)
    again = await imported(hub.agency("370000"), [listed()], **heading)
    other = await imported(
        hub.agency("370000"), [listed(cap="1.00")], **heading | {"first_day": "2098-02-01"}
    )
    changes = [answer.json()["change"] for answer in (first, again, other)]
    assert changes == ["created", "unchanged", "replaced"]
    gone = await hub.operator.get(f"/v1/catalogues/{first.json()['version']['version']}")
    assert gone.status_code == 404


async def test_a_hub_whose_clock_is_behind_cannot_replace_what_the_database_knows_has_begun(
    hub: World,
) -> None:
    kept = hub.clock.now
    hub.clock.set_day("2020-01-01")
    try:
        heading = {"label": "2020版", "first_day": "2020-02-01"}
        first = await imported(hub.agency("370000"), [listed()], **heading)
        again = await imported(hub.agency("370000"), [listed(cap="1.00")], **heading)
    finally:
        hub.clock.now = kept
    assert first.json()["change"] == "created"
    assert (again.status_code, again.json()["code"]) == (409, "catalogue-in-force")


# In order of precedence.
REFUSALS: list[tuple[str, list[dict[str, Any]], dict[str, str], int, str]] = [
    ("110000", [], {"first_day": "2020-01-01"}, 403, "forbidden-region"),
    ("370200", [listed()], {"place": "370100"}, 403, "forbidden-region"),
    ("370000", [], {"first_day": "2020-01-01"}, 400, "catalogue-items-refused"),
    ("370000", [listed()], {"place": "370999"}, 404, "region-unknown"),
    ("370000", [listed()], {"label": "2024", "first_day": "2020-01-01"}, 409, "catalogue-in-force"),
    ("370000", [listed()], {"label": "2024"}, 409, "catalogue-in-force"),
    ("370000", [listed()], {"first_day": "2025-08-31"}, 422, "catalogue-day-past"),
    ("370000", [listed()], {"first_day": "2090-01-01"}, 409, "catalogue-day-taken"),
]


@pytest.mark.parametrize(("agency", "items", "heading", "status", "code"), REFUSALS)
async def test_refusals_of_a_version_come_in_order(
    hub: World,
    agency: str,
    items: list[dict[str, Any]],
    heading: dict[str, str],
    status: int,
    code: str,
) -> None:
    await imported(hub.agency("370000"), [listed()], label="taken", first_day="2090-01-01")
    before = (await hub.operator.get("/v1/catalogues")).json()
    answer = await imported(hub.agency(agency), items, **{"label": "新版"} | heading)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await hub.operator.get("/v1/catalogues")).json() == before


async def test_every_faulty_cell_is_told_and_nothing_is_kept(hub: World) -> None:
    content = (
        "code,name,unit,specification,cap,restricted,minimum_life_months\n"
        "A1,甲,具,,12.345,2,x\n"
        ",,,,-1,,\n"
        "A1,乙,具,,,,36\n"
        "A3,丙,具,,0,否,0\n"
    )
    answer = await hub.agency("370000").post(
        IMPORT,
        content=content.encode(),
        headers={"Content-Type": "text/csv"},
        params=HEADING | {"label": "有误"},
    )
    assert answer.json()["code"] == "catalogue-items-refused"
    faults = [(each["line"], each["column"]) for each in answer.json()["errors"]]
    assert faults == [
        (2, "cap"),
        (2, "restricted"),
        (2, "minimum_life_months"),
        (3, "code"),
        (3, "name"),
        (3, "unit"),
        (3, "cap"),
        (4, "code"),
        (5, "cap"),
        (5, "minimum_life_months"),
    ]


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed"),
        (b'{"items": [{"code": 1}]}', "application/json", 400, "malformed"),
        (b"[]", "application/json", 400, "malformed"),
        (b"code\n1\n", "text/csv", 400, "sheet-unreadable"),
        (b"x", "application/pdf", 415, "content-type-unsupported"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(
    hub: World, content: bytes, kind: str, status: int, code: str
) -> None:
    answer = await hub.agency("370000").post(
        IMPORT,
        content=content,
        headers={"Content-Type": kind},
        params=HEADING | {"label": "不可读"},
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_institutions_and_channels_import_nothing(hub: World) -> None:
    for client in (hub.institution("H37010000001"), hub.channel()):
        answer = await imported(client, [listed()])
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_thousand_items_take_as_many_statements_as_one(hub: World) -> None:
    counts = []
    for year, many in ((2095, 1), (2096, 1000)):
        items = [listed(f"A{n}") for n in range(many)]
        with recorded(hub) as statements:
            heading = {"label": f"{year}版", "first_day": f"{year}-01-01"}
            answer = await imported(hub.agency("370000"), items, **heading)
        assert answer.json()["version"]["item_count"] == many
        counts.append(len(statements))
    assert counts[0] == counts[1]


async def test_of_two_imports_at_once_one_makes_the_version_and_the_other_finds_it(
    hub: World,
) -> None:
    heading = {"label": "2097版", "first_day": "2097-01-01"}
    answers = await asyncio.gather(
        *(imported(hub.agency("370000"), [listed()], **heading) for _ in range(5))
    )
    assert sorted(answer.json()["change"] for answer in answers) == ["created"] + ["unchanged"] * 4


MEDDLING = [
    "UPDATE catalogue_version SET label = 'x'",
    "UPDATE catalogue_item SET cap_fen = 1",
    "DELETE FROM catalogue_item",
    "DELETE FROM catalogue_version WHERE first_day < '2026-01-01'",
    "INSERT INTO catalogue_item SELECT id, 'new', 'x', 'x', 'x', 1, false FROM catalogue_version",
]


@pytest.mark.parametrize("role", ["hub_app", "owner"])
@pytest.mark.parametrize("statement", MEDDLING)
async def test_the_database_itself_refuses_to_alter_what_is_in_force(
    hub: World, role: str, statement: str
) -> None:
    """The service's role lacks the right or meets the trigger; the owner meets the trigger."""

    async def meddle() -> None:
        async with hub.tx() as tx:
            if role == "hub_app":
                await tx.execute(sa.text("SET LOCAL ROLE hub_app"))
            await tx.execute(sa.text(statement))

    with pytest.raises(DBAPIError) as refused:
        await meddle()
    state = getattr(refused.value.orig, "sqlstate", None)
    assert state in ({"HC001", "42501"} if role == "hub_app" else {"HC001"})


async def test_the_hubs_own_first_list_cannot_be_loaded_otherwise_later(hub: World) -> None:
    again = await loaded(hub, edition(place="370000"), [item("A1")])
    assert again.change == "unchanged"
    with pytest.raises(CatalogueInForce):
        await loaded(hub, edition(place="370000"), [item("A1", Money(1))])


async def test_a_coming_version_goes_with_its_items(hub: World) -> None:
    coming = edition(place="370000", label="2094", first_day=edition().first_day.replace(year=2094))
    kept = await loaded(hub, coming, [item("A1")])
    async with hub.tx() as tx:
        await tx.execute(sa.text("SET LOCAL ROLE hub_app"))
        await tx.execute(sa.text("DELETE FROM catalogue_version WHERE label = '2094'"))
        left = sa.text("SELECT count(*) FROM catalogue_item WHERE version_id = :of")
        assert (await tx.execute(left, {"of": kept.version.id})).scalar_one() == 0
