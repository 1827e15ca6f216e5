"""A sheet is read as its writer meant it, or refused with every fault named."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from app.runtime.problems import ContentTypeUnsupported
from app.runtime.sheets import (
    CSV_TYPE,
    XLSX_TYPE,
    SheetRow,
    SheetTooLong,
    SheetUnreadable,
    read_rows,
    write_csv,
    write_xlsx,
)

COLUMNS = ("code", "name")


def workbook(*rows: tuple[object, ...]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(content: bytes, part: str, text: bytes) -> bytes:
    """Replace one part of a workbook."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, text if name == part else old.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def cells(rows: list[SheetRow]) -> list[tuple[str, ...]]:
    return [tuple(row.cells.values()) for row in rows]


def codes_of(refusal: SheetUnreadable) -> list[tuple[int, str, str]]:
    errors = refusal.facts["errors"]
    assert isinstance(errors, list)
    return [(each["line"], each["column"], each["code"]) for each in errors]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_csv_is_read_in_each_encoding_that_excel_writes(encoding: str) -> None:
    content = "code,name\r\nH1,济南市第二人民医院\r\n".encode(encoding)
    rows = read_rows(content, CSV_TYPE, COLUMNS, 10)
    assert rows == [SheetRow(2, {"code": "H1", "name": "济南市第二人民医院"})]


def test_columns_may_stand_in_any_order_and_blank_rows_are_counted_but_skipped() -> None:
    rows = read_rows(b"name,code\n\na,1\n,\nb\n", CSV_TYPE, COLUMNS, 10)
    assert [(row.line, row.cells["name"], row.cells["code"]) for row in rows] == [
        (3, "a", "1"),
        (5, "b", ""),
    ]


def test_empty_columns_at_the_right_edge_do_not_matter() -> None:
    rows = read_rows(b"code,name,,\n1,a,,\n", CSV_TYPE, COLUMNS, 10)
    assert cells(rows) == [("1", "a")]


def test_every_missing_unknown_and_repeated_column_is_named() -> None:
    with pytest.raises(SheetUnreadable) as refused:
        read_rows(b"name,name,colour\nx,y,z\n", CSV_TYPE, COLUMNS, 10)
    assert codes_of(refused.value) == [
        (1, "code", "column-missing"),
        (1, "name", "column-twice"),
        (1, "colour", "column-unknown"),
    ]


def test_an_errors_column_sent_back_is_left_out() -> None:
    rows = read_rows(b"code,name,errors\n1,a,bad\n", CSV_TYPE, COLUMNS, 10, ignored=("errors",))
    assert cells(rows) == [("1", "a")]


def test_one_row_too_many_is_refused() -> None:
    content = b"code,name\n" + b"1,a\n" * 3
    assert len(read_rows(content, CSV_TYPE, COLUMNS, 3)) == 3
    with pytest.raises(SheetTooLong):
        read_rows(content, CSV_TYPE, COLUMNS, 2)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"\xff\xfe\x00", (1, "", "encoding")),
        (b"code,name\n\x00,b\n", (1, "", "encoding")),
        (b'code,name\n"1"2,b\n', (2, "", "csv")),
        (b"code,name\n1,2,3\n", (2, "#3", "cell-unnamed")),
        (b"code,name\n1," + b"x" * 4_001, (2, "name", "cell-too-long")),
    ],
)
def test_a_broken_csv_is_refused_with_its_place(
    content: bytes, fault: tuple[int, str, str]
) -> None:
    with pytest.raises(SheetUnreadable) as refused:
        read_rows(content, CSV_TYPE, COLUMNS, 10)
    assert codes_of(refused.value) == [fault]


def test_an_empty_sheet_lacks_its_columns() -> None:
    for content, kind in ((b"", CSV_TYPE), (workbook(), XLSX_TYPE)):
        with pytest.raises(SheetUnreadable) as refused:
            read_rows(content, kind, COLUMNS, 10)
        assert [code for _, _, code in codes_of(refused.value)] == ["column-missing"] * 2


def test_another_type_is_not_read() -> None:
    with pytest.raises(ContentTypeUnsupported):
        read_rows(b"", "application/pdf", COLUMNS, 10)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (12.3, "12.3"),
        (0.1 + 0.2, "0.3"),
        (1e-7, "0.0000001"),
        (370100, "370100"),
        (-5.0, "-5"),
        (True, "true"),
        (date(2025, 7, 21), "2025-07-21"),
        (datetime(2025, 7, 21, 8, 30), "2025-07-21T08:30:00"),  # noqa: DTZ001 -- a sheet knows no zone
        (" 济南　", "济南"),
        (None, ""),
    ],
)
def test_a_cell_of_a_workbook_is_the_text_its_writer_meant(cell: object, text: str) -> None:
    rows = read_rows(workbook(COLUMNS, ("1", cell)), XLSX_TYPE, COLUMNS, 10)
    assert rows[0].cells["name"] == text


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("=1+1", "cell-formula"),
        ("#N/A", "cell-error"),
        (110101199001010000, "cell-number-long"),
    ],
)
def test_a_cell_whose_text_cannot_be_trusted_is_refused(cell: object, code: str) -> None:
    with pytest.raises(SheetUnreadable) as refused:
        read_rows(workbook(COLUMNS, ("1", cell)), XLSX_TYPE, COLUMNS, 10)
    assert codes_of(refused.value) == [(2, "name", code)]


def test_faults_are_listed_up_to_a_bound() -> None:
    content = b"code,name\n" + b"1,a,x\n" * 200
    with pytest.raises(SheetUnreadable) as refused:
        read_rows(content, CSV_TYPE, COLUMNS, 1_000)
    assert len(codes_of(refused.value)) == 100


def test_rows_far_below_the_last_row_taken_are_refused_unread() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(COLUMNS)
    sheet.cell(row=1_000_000, column=1, value="far")
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(SheetTooLong):
        read_rows(out.getvalue(), XLSX_TYPE, COLUMNS, 10)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK no workbook", "xlsx"),
        (repacked(workbook(COLUMNS), "xl/workbook.xml", b"<broken"), "xlsx"),
        (repacked(workbook(COLUMNS), "xl/styles.xml", b" " * 33 * 2**20), "xlsx-too-large"),
        (
            repacked(workbook(COLUMNS), "xl/styles.xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"),
            "xlsx-entities",
        ),
    ],
    ids=["no zip", "broken part", "bomb", "entities"],
)
def test_a_dangerous_or_broken_workbook_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(SheetUnreadable) as refused:
        read_rows(content, XLSX_TYPE, COLUMNS, 10)
    assert [fault for _, _, fault in codes_of(refused.value)] == [code]


def test_no_written_cell_runs_as_a_formula() -> None:
    hostile = ("=HYPERLINK(1)", "@x", "-12.30", "+86 1", "-a")
    written = write_csv(("a", "b", "c", "d", "e"), [hostile]).decode("utf-8-sig")
    assert written.splitlines()[1] == "'=HYPERLINK(1),'@x,-12.30,'+86 1,'-a"
    for kind, write in ((CSV_TYPE, write_csv), (XLSX_TYPE, write_xlsx)):
        back = read_rows(
            write(("a", "b", "c", "d", "e"), [hostile]), kind, ("a", "b", "c", "d", "e"), 1
        )
        assert cells(back) == [hostile]


TEXT = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1)


@given(st.lists(st.tuples(TEXT, TEXT), max_size=5))
def test_what_is_written_is_read_back(rows: list[tuple[str, str]]) -> None:
    kept = [tuple(cell.strip().lstrip("'") for cell in row) for row in rows]
    filled = [row for row in kept if any(row)]
    for kind, write in ((CSV_TYPE, write_csv), (XLSX_TYPE, write_xlsx)):
        assert cells(read_rows(write(COLUMNS, kept), kind, COLUMNS, 10)) == filled
