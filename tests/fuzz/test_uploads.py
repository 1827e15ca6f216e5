"""Sheets that are bombs or lies, at every path that takes a sheet."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
import pytest_asyncio

from app.runtime.sheets import CSV_TYPE, XLSX_TYPE, write_xlsx
from tests.support.visit import road
from tests.support.world import Client, World

Sender = Callable[[World], Client]
CATALOGUE = "?place=110000&kind=drug&label=x&first_day=2099-01-01&source=synthetic"
PATHS: dict[str, Sender] = {
    "/v1/filings/batch": lambda world: world.agency("110000"),
    "/v1/institutions/import": lambda world: world.operator,
    f"/v1/catalogues/import{CATALOGUE}": lambda world: world.agency("110000"),
    "/v1/clearing-payments/import": lambda world: world.agency("110000"),
}
SHEET = "xl/worksheets/sheet1.xml"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def repacked(part: str, text: bytes) -> bytes:
    """Return a workbook with one part replaced."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(write_xlsx(("a",), [("1",)]))) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, text if name == part else old.read(name))
        if part not in old.namelist():
            new.writestr(part, text)
    return out.getvalue()


def bombs() -> dict[str, bytes]:
    """Return what unpacks to more than anybody has, or reads what nobody sent."""
    head = b'<?xml version="1.0"?>'
    rows = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">%s'
    one = (
        b'<sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    )
    whole = b'<dimension ref="A1:XFD1048576"/>' + one
    outside = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    return {
        "unpacks to a hundred times as much": repacked("xl/media/a.bin", bytes(64 * 1024 * 1024)),
        "entities in entities": repacked(
            SHEET, head + f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><x>&l9;</x>'.encode()
        ),
        "a file of this machine": repacked(SHEET, head + outside),
        "a sheet as large as sheets can be": repacked(SHEET, head + rows % whole),
        "no workbook": b"PK\x03\x04" + bytes(1_000),
    }


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("bomb", list(bombs()))
async def test_a_bomb_does_not_go_off(world: World, path: str, bomb: str) -> None:
    client, content = PATHS[path](world), bombs()[bomb]
    headers = {"Content-Type": XLSX_TYPE}
    answer = await client.post(path, content=content, headers=headers)
    assert answer.status_code in (400, 413), answer.text
    assert "root:" not in answer.text


@pytest.mark.parametrize("path", PATHS)
async def test_a_sheet_under_another_name_is_what_it_says_it_is(world: World, path: str) -> None:
    """Neither its ending nor its first bytes make a workbook of what is declared to be text."""
    client = PATHS[path](world)
    for name, kind in (("a.csv", CSV_TYPE), ("..%2f..%2fa.csv", ""), ("a\r\nX: y.csv", CSV_TYPE)):
        files = {"file": (name, write_xlsx(("a",), [("=1",)]), kind)}
        answer = await client.http.post(path, files=files, headers=client.headers())
        assert answer.status_code in (400, 415), answer.text
        assert "X" not in answer.headers
