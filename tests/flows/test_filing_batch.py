"""Batches of filings: each row alone, all its errors, and nothing twice."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import pytest_asyncio
from openpyxl import load_workbook

from app.entitlement.tables import worker_identity
from app.filing.files import COLUMNS, ERRORS
from app.runtime.sheets import CSV_TYPE, XLSX_TYPE, write_csv, write_xlsx
from app.runtime.vault import vault_of
from app.sandbox.people import SyntheticPerson
from tests.support.entitlement import EMPLOYER, KnownWorker, registered, somebody
from tests.support.filing import FILINGS, filed
from tests.support.parties import seeded
from tests.support.queries import recorded
from tests.support.world import START, World

BATCH = f"{FILINGS}/batch"


@pytest_asyncio.fixture(loop_scope="session")
async def hub(world: World) -> World:
    world.clock.now = START
    await seeded(world)
    return world


def row(someone: KnownWorker | None = None, **other: Any) -> dict[str, Any]:
    who = {}
    if someone is not None:
        who = {"certificate_number": someone.person.number, "name": someone.person.name}
    asked = {"kind": "residence", "treatment_region": "370100", "cost_kinds": ["medical"]}
    return who | asked | other


async def sent(world: World, *rows: dict[str, Any], key: str | None = None) -> dict[str, Any]:
    answer = await world.agency("110000").post(BATCH, {"rows": rows}, key=key)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def codes(answer: dict[str, Any]) -> dict[int, list[str]]:
    return {it["row"]: [e["code"] for e in it["errors"]] for it in answer["refused"]}


def sheet(rows: list[dict[str, Any]], extension: str) -> bytes:
    lines = []
    for each in rows:
        cells = each | {"cost_kinds": "；".join(each["cost_kinds"])}
        lines.append([str(cells.get(column, "")) for column in COLUMNS])
    return write_xlsx(COLUMNS, lines) if extension == "xlsx" else write_csv(COLUMNS, lines)


async def upload(world: World, content: bytes, media_type: str, **params: str) -> Any:
    headers = {"content-type": media_type}
    agency = world.agency("110000")
    return await agency.post(BATCH, content=content, headers=headers, params=params)


async def test_each_row_stands_alone(hub: World) -> None:
    good, without = await registered(hub), await registered(hub, kinds=())
    elsewhere = await registered(hub, "370100")
    answer = await sent(
        hub,
        row(good),
        row(without, cost_kinds=["medical", "device"], treatment_region="110000"),
        row(elsewhere, treatment_region="330000"),
        row(good, name="别人", treatment_region="330000", first_day="2020-01-01"),
    )
    (accepted,) = answer["accepted"]
    assert (accepted["row"], accepted["already_filed"]) == (1, False)
    assert codes(answer) == {
        2: ["treatment-place-at-home", "determination-missing", "determination-missing"],
        3: ["worker-unknown"],
        4: ["name-mismatch", "filing-backdated", "filing-before-determination"],
    }
    kept = (await hub.agency("110000").get(f"{FILINGS}/{accepted['filing']}")).json()
    assert (kept["state"], kept["worker"]) == ("approved", good.number)


async def test_a_row_that_cannot_be_read_tells_every_cell(hub: World) -> None:
    answer = await sent(
        hub,
        {},
        {"worker": "110101", "name": "赵", "kind": "出差", "treatment_region": "山东"},
        row(
            await registered(hub),
            first_day="2025-02-30",
            kind="转诊转院",
            diagnosis="骨折" * 101,
        ),
        row(await registered(hub), first_day="9999-12-31"),
    )
    faults = {
        it["row"]: [e["column"] for e in it["errors"] if e["code"] == "filing-row-faulty"]
        for it in answer["refused"]
    }
    assert faults == {
        1: ["certificate_number", "name", "kind", "treatment_region", "cost_kinds"],
        2: ["worker", "worker", "kind", "treatment_region", "cost_kinds"],
        3: [
            "first_day",
            "diagnosis_code",
            "diagnosis",
            "referring_institution",
            "referral_reason",
            "referred_on",
        ],
        4: ["first_day"],
    }


async def test_a_referral_comes_with_its_details(hub: World) -> None:
    details = {
        "diagnosis_code": "S82.2",
        "diagnosis": "胫骨干骨折",
        "referring_institution": "示例医院",
        "referral_reason": "本地不具备条件",
        "referred_on": "2025-08-30",
    }
    someone = await registered(hub)
    by_number = {"worker": someone.number, "kind": "转诊转院", "treatment_region": "370100"}
    answer = await sent(
        hub,
        by_number | details | {"cost_kinds": ["medical"]},
        by_number | details | {"cost_kinds": ["medical"], "referred_on": "8月30日"},
        row(await registered(hub), **details),
    )
    assert codes(answer) == {2: ["filing-row-faulty"], 3: ["referral-misplaced"]}
    (accepted,) = answer["accepted"]
    kept = (await hub.agency("110000").get(f"{FILINGS}/{accepted['filing']}")).json()
    assert kept["referral"]["institution"] == "示例医院"
    assert kept["last_day"] == "2026-03-01"


async def test_the_same_batch_again_changes_nothing(hub: World) -> None:
    rows = [row(await registered(hub)) for _ in range(3)]
    rows.append(row(await registered(hub), first_day="2025-10-01"))
    first = await sent(hub, *rows)
    assert [it["already_filed"] for it in first["accepted"]] == [False] * 4
    hub.clock.advance(days=1)
    again = await sent(hub, *rows)
    assert [it["filing"] for it in again["accepted"]] == [it["filing"] for it in first["accepted"]]
    assert [it["already_filed"] for it in again["accepted"]] == [True] * 4
    other_day = await sent(hub, rows[3] | {"first_day": "2025-10-02"})
    assert codes(other_day) == {1: ["filing-overlap"]}


async def test_rows_of_one_batch_do_not_overlap_either(hub: World) -> None:
    someone, before = await registered(hub), await registered(hub)
    earlier = await filed(hub, before, treatment_region="370000")
    answer = await sent(
        hub,
        row(someone),
        row(someone),
        row(someone, treatment_region="370000"),
        row(someone, treatment_region="330000"),
        row(before),
    )
    assert [(it["row"], it["already_filed"]) for it in answer["accepted"]] == [
        (1, False),
        (2, True),
        (4, False),
    ]
    assert answer["accepted"][0]["filing"] == answer["accepted"][1]["filing"]
    assert codes(answer) == {3: ["filing-overlap"], 5: ["filing-overlap"]}
    details = [it["errors"][0]["detail"] for it in answer["refused"]]
    assert "row 1" in details[0]
    assert earlier["number"] in details[1]


async def test_a_batch_under_one_message_id_is_answered_once(hub: World) -> None:
    rows = [row(await registered(hub))]
    first, again = await sent(hub, *rows, key="batch-1"), await sent(hub, *rows, key="batch-1")
    assert first == again


@pytest.mark.parametrize(("extension", "media_type"), [("csv", CSV_TYPE), ("xlsx", XLSX_TYPE)])
async def test_a_sheet_is_read_and_its_errors_can_be_mended_and_sent_again(
    hub: World, extension: str, media_type: str
) -> None:
    good, slip = await registered(hub), await registered(hub)
    rows = [row(good, kind="异地长期居住", cost_kinds=["住院工伤医疗"]), row(slip, name="别人")]
    plain = (await upload(hub, sheet(rows, extension), media_type)).json()
    assert [it["row"] for it in plain["accepted"]] == [2]
    assert codes(plain) == {3: ["name-mismatch"]}

    answer = await upload(hub, sheet(rows, extension), media_type, answer=extension)
    assert answer.headers["content-type"].startswith(media_type)
    if extension == "csv":
        lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    else:
        found = load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True)
        lines = [[str(cell or "") for cell in line] for line in found]
    header, (*cells, errors) = lines[0], lines[1]
    assert header == [*COLUMNS, ERRORS]
    assert cells[1] == slip.person.number
    assert errors.startswith("name-mismatch: ")

    cells[2] = slip.person.name
    mended = [[*cells, errors]]
    write = write_xlsx if extension == "xlsx" else write_csv
    again = (await upload(hub, write(header, mended), media_type)).json()
    assert (len(again["accepted"]), again["refused"]) == (1, [])


async def test_the_template_can_be_sent_as_it_stands(hub: World) -> None:
    for extension, media_type in (("csv", CSV_TYPE), ("xlsx", XLSX_TYPE)):
        template = await hub.agency("110000").get(f"{BATCH}/template", format=extension)
        answer = await upload(hub, template.content, media_type)
        assert codes(answer.json()) == {2: ["worker-unknown"]}


async def test_an_unreadable_batch_is_refused_as_a_whole(hub: World) -> None:
    agency = hub.agency("110000")
    too_long = await agency.post(BATCH, {"rows": [row()] * 1_001})
    assert (too_long.status_code, too_long.json()["code"]) == (400, "malformed")
    long_sheet = await upload(hub, sheet([row(name="赵")] * 1_001, "csv"), CSV_TYPE)
    assert (long_sheet.status_code, long_sheet.json()["code"]) == (413, "sheet-too-long")
    assert (await upload(hub, b"a,b\r\n1,2\r\n", CSV_TYPE)).json()["code"] == "sheet-unreadable"
    assert (await upload(hub, b"<rows/>", "application/xml")).status_code == 415
    assert (await hub.channel().post(BATCH, {"rows": [row()]})).status_code == 403


def kept_of(world: World, it: SyntheticPerson, row: int) -> dict[str, object]:
    """Write a person as the vault keeps one."""
    vault = vault_of(world.hub.engine)
    return {
        "worker_id": row,
        "certificate_kind": "social_security_number",
        "certificate_number": vault.encrypt(it.number, row, "certificate_number"),
        "certificate_number_index": vault.index(it.number, "certificate_number"),
        "name": vault.encrypt(it.name, row, "name"),
        "sex": "male",
        "birth_date": vault.encrypt("1980-01-01", row, "birth_date"),
    }


async def people(world: World, number: int) -> list[dict[str, Any]]:
    """Register many workers with a determination by hand, as a province's books would hold."""
    persons = [somebody() for _ in range(number)]
    async with world.tx() as connection:
        made = await connection.exec_driver_sql(
            """
            INSERT INTO worker (number, insured_region, employer, registered_by, created_at,
                   updated_at)
            SELECT 'W110000250901' || (8000000 + n), '110000', $1, '110000', now(), now()
              FROM generate_series(1, $2) n RETURNING id
            """,
            (EMPLOYER, number),
        )
        ids = list(made.scalars())
        await connection.execute(
            worker_identity.insert(),
            [kept_of(world, it, row) for it, row in zip(persons, ids, strict=True)],
        )
        await connection.exec_driver_sql(
            """
            INSERT INTO determination (number, worker_id, kind, document_number, decided_on,
                   injured_parts, diagnoses, third_party, state, registered_by, created_at)
            SELECT 'D' || substr(number, 2), id, 'injury', number, '2025-01-01', '{}', '{}', false,
                   'active', '110000', now() FROM worker WHERE id = ANY ($1)
            """,
            (ids,),
        )
    return [row(certificate_number=it.number, name=it.name) for it in persons]


async def test_a_thousand_rows_cost_as_many_statements_as_one(hub: World) -> None:
    rows = await people(hub, 1_000)
    with recorded(hub) as statements:
        one = await sent(hub, rows[0])
    few = len(statements)
    # claim, lock and read workers, determinations, places, filings, keep and read, finish
    assert (few, len(one["accepted"])) == (9, 1)
    with recorded(hub) as statements:
        answer = await sent(hub, *rows)
    assert len(statements) == few
    assert [it["row"] for it in answer["accepted"]] == list(range(1, 1_001))
    assert [it["already_filed"] for it in answer["accepted"]] == [True] + [False] * 999
    assert len({it["filing"] for it in answer["accepted"]}) == 1_000
    async with hub.tx() as connection:
        counted = await connection.exec_driver_sql(
            "SELECT count(*), count(*) FILTER (WHERE live) FROM filing_cover c JOIN worker w"
            " ON w.id = c.worker_id WHERE w.number LIKE 'W1100002509018%'"
        )
        assert tuple(counted.one()) == (1_000, 1_000)


@pytest.mark.parametrize(("extension", "media_type"), [("csv", CSV_TYPE), ("xlsx", XLSX_TYPE)])
async def test_a_sheet_without_its_header_is_not_quoted_back(
    hub: World, extension: str, media_type: str
) -> None:
    worker = await registered(hub)
    cells = ["", worker.person.number, worker.person.name, "residence", "370100", "medical"]
    lines = [cells + [""] * (len(COLUMNS) - len(cells))] * 2
    write = write_xlsx if extension == "xlsx" else write_csv
    content = write(lines[0], lines[1:])
    answer = await upload(hub, content, media_type)
    assert answer.json()["code"] == "sheet-unreadable"
    assert worker.person.number not in answer.text
    assert worker.person.name not in answer.text
