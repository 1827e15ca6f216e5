"""Sheets of institutions: each row stands alone, and the same sheet again changes nothing."""

from __future__ import annotations

import pytest
import pytest_asyncio

from app.institutions.files import COLUMNS
from app.runtime.sheets import XLSX_TYPE, read_rows, write_xlsx
from tests.support.institutions import row, seeded_institutions, sheet
from tests.support.queries import recorded
from tests.support.world import Client, World

PATH = "/v1/institutions/import"
CSV = {"Content-Type": "text/csv; charset=utf-8"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hub(world: World) -> World:
    await seeded_institutions(world, "institutions.csv")
    return world


async def stored(client: Client) -> list[str]:
    """Return the codes that this module imported."""
    found = await client.get("/v1/institutions", q="示例", limit=200)
    return [item["code"] for item in found.json()["items"]]


async def test_good_rows_are_taken_in_and_bad_rows_refused_with_all_their_errors(
    hub: World,
) -> None:
    content = sheet(
        row(code="H37010000711"),
        row(code="H3701", types="clinic", first_day="2025-02-30"),
        row(code="A37010000712", grade="", types="medical"),
        row(code="H11000000713", region="110000"),
        row(code="H37099900714", region="370999"),
        row(code="H37010000711", name="济南示例医院二部"),
        row(code="H37020000715", region="370200", schemes="cross_province；in_province"),
    )
    answer = await hub.agency("370000").post(PATH, content=content, headers=CSV)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["accepted"] == [
        {"line": 2, "institution": "H37010000711", "change": "created"},
        {"line": 8, "institution": "H37020000715", "change": "created"},
    ]
    faults = {
        each["line"]: [(error["code"], error["column"]) for error in each["errors"]]
        for each in told["refused"]
    }
    malformed = "institution-row-malformed"
    assert faults == {
        3: [(malformed, "code"), (malformed, "types"), (malformed, "first_day")],
        4: [("institution-code-mismatch", None), ("institution-grade-mismatch", None)],
        5: [("forbidden-region", None)],
        6: [("region-unknown", None)],
        7: [("institution-row-repeated", None)],
    }
    assert await stored(hub.operator) == ["H37010000711", "H37020000715"]


async def test_the_same_sheet_again_changes_nothing(hub: World) -> None:
    content = sheet(
        row(code="H37010000711"), row(code="H37010000721", types="medical；rehabilitation")
    )
    await hub.agency("370000").post(PATH, content=content, headers=CSV)
    again = await hub.agency("370000").post(PATH, content=content, headers=CSV)
    assert [each["change"] for each in again.json()["accepted"]] == ["unchanged"] * 2


async def test_the_template_can_be_sent_as_it_stands_in_either_format(hub: World) -> None:
    for form, kind in (("csv", "text/csv"), ("xlsx", XLSX_TYPE)):
        template = await hub.agency("370100").get(f"{PATH}/template", format=form)
        assert template.headers["content-type"].startswith(kind)
        answer = await hub.agency("370100").post(
            PATH, content=template.content, headers={"Content-Type": kind}
        )
        assert [each["line"] for each in answer.json()["accepted"]] == [2], answer.text


async def test_a_workbook_is_read_like_a_csv(hub: World) -> None:
    rows = [row(code="H37010000731")]
    content = write_xlsx(COLUMNS, [[cells[name] for name in COLUMNS] for cells in rows])
    answer = await hub.agency("370000").post(
        PATH, content=content, headers={"Content-Type": XLSX_TYPE}
    )
    assert answer.json()["accepted"][0]["change"] == "created"


async def test_a_form_is_the_same_message_whatever_its_boundary(hub: World) -> None:
    agency, key = hub.agency("370000"), "one-form-two-boundaries"
    file = ("机构.csv", sheet(row(code="H37010000741")), "application/vnd.ms-excel")
    first = await hub.http.post(PATH, files={"file": file}, headers=agency.headers(key))
    again = await hub.http.post(PATH, files={"file": file}, headers=agency.headers(key))
    assert first.request.headers["content-type"] != again.request.headers["content-type"]
    assert (first.status_code, again.content) == (200, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    other = ("机构.csv", sheet(row(code="H37010000742")), "application/vnd.ms-excel")
    reused = await hub.http.post(PATH, files={"file": other}, headers=agency.headers(key))
    assert reused.json()["code"] == "message-id-reused"


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"{}", "application/json", 415, "content-type-unsupported"),
        (b"code,name\n", "text/csv", 400, "sheet-unreadable"),
        (b"\xff\xfe", "text/csv", 400, "sheet-unreadable"),
        (b"PK", XLSX_TYPE, 400, "sheet-unreadable"),
        (sheet(*[row()] * 2_001), "text/csv", 413, "sheet-too-long"),
        (b"x" * (8 * 2**20 + 1), "text/csv", 413, "body-too-large"),
        (b"no form", "multipart/form-data", 400, "malformed"),
        (b"--b\r\n\r\n--b--", "multipart/form-data; boundary=b", 400, "malformed"),
    ],
    ids=["json", "columns", "encoding", "no workbook", "rows", "bytes", "no boundary", "no file"],
)
async def test_what_is_no_sheet_is_refused_as_a_whole(
    hub: World, content: bytes, kind: str, status: int, code: str
) -> None:
    answer = await hub.agency("370000").post(PATH, content=content, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_form_holds_one_file(hub: World) -> None:
    agency = hub.agency("370000")
    field = await hub.http.post(PATH, files={"file": (None, "no file")}, headers=agency.headers())
    assert (field.status_code, field.json()["code"]) == (400, "malformed")
    assert field.json()["errors"][0]["pointer"] == "/file"
    file = ("list.pdf", sheet(row()), "application/octet-stream")
    vague = await hub.http.post(PATH, files={"file": file}, headers=agency.headers())
    assert (vague.status_code, vague.json()["code"]) == (415, "content-type-unsupported")
    two = [("file", ("a.csv", sheet(row()), "text/csv")), ("more", ("b.csv", b"", "text/csv"))]
    many = await hub.http.post(PATH, files=two, headers=agency.headers())
    assert (many.status_code, many.json()["code"]) == (400, "malformed")


async def test_an_institution_imports_nothing(hub: World) -> None:
    answer = await hub.institution("H37010000001").post(PATH, content=sheet(row()), headers=CSV)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_an_import_takes_as_many_statements_for_many_rows_as_for_two(hub: World) -> None:
    counts = []
    for many in (2, 300):
        rows = [row(code=f"H370100{many * 100 + n:05d}") for n in range(many)]
        with recorded(hub) as statements:
            answer = await hub.agency("370000").post(PATH, content=sheet(*rows), headers=CSV)
        assert len(answer.json()["accepted"]) == many
        counts.append(len(statements))
    assert counts[0] == counts[1]


async def test_the_errors_column_of_a_sent_back_sheet_is_left_out(hub: World) -> None:
    content = sheet(row(code="H37010000751")).decode().replace(",source", ",source,errors", 1)
    answer = await hub.agency("370000").post(PATH, content=content.encode(), headers=CSV)
    assert answer.json()["accepted"][0]["institution"] == "H37010000751"
    assert read_rows(content.encode(), "text/csv", COLUMNS, 5, ignored=("errors",))
