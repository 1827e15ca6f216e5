"""Sheets: what clerks keep in Excel, as rows of text, and back again.

Reads CSV and XLSX under hard limits, and turns every cell into the text its writer meant, so that
a domain checks one kind of row whatever was sent.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import ClassVar

from app.kernel.refusal import Kind, Refusal
from app.runtime.problems import ContentTypeUnsupported

CSV_TYPE = "text/csv"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHEET_TYPES = (CSV_TYPE, XLSX_TYPE)

UNPACKED_BYTES_MAX = 32 * 1024 * 1024
PACKED_FILES_MAX = 200
COLUMNS_MAX = 100
BLANK_ROWS_MAX = 1_000  # rows a spreadsheet keeps for their borders alone
CELL_CHARACTERS_MAX = 4_000
EXACT_DIGITS = 15  # what a spreadsheet's numbers hold; an 18-digit number is already wrong
FAULTS_MAX = 100
LISTED = re.compile(r"[；;]")
# A cell that starts so is run as a formula by the program that opens the CSV; in China and Japan
# it reads the wide signs as the narrow ones.
FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
# What may be quoted of a header. A sheet without one begins with a person's name and number.
COLUMN = re.compile(r"[A-Za-z_]{1,40}")


class SheetUnreadable(Refusal):
    """The sheet cannot be read as rows; `errors` names the line, the column and the fault."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "sheet-unreadable"
    title: ClassVar = "The sheet cannot be read"
    title_zh: ClassVar = "表格无法读取"
    remedy: ClassVar = "Mend what `errors` lists, or start from the template, and send it again."
    remedy_zh: ClassVar = "请按 errors 所列内容修正，或使用模板重新填写后上传。"


class SheetTooLong(Refusal):
    """The sheet has more rows than are taken at once."""

    kind: ClassVar = Kind.TOO_LARGE
    code: ClassVar = "sheet-too-long"
    title: ClassVar = "The sheet has too many rows"
    title_zh: ClassVar = "表格行数超出上限"
    says: ClassVar = "At most {rows_max} rows are taken at once."
    says_zh: ClassVar = "一次最多上传 {rows_max} 行。"


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row: its number as a spreadsheet shows it (the header is 1), and its text by column."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Bad:
    """A cell whose text cannot be told, and why."""

    code: str
    detail: str


_Cell = str | _Bad
_Line = tuple[int, list[_Cell]]


def read_rows(
    content: bytes,
    media_type: str,
    columns: Sequence[str],
    rows_max: int,
    *,
    ignored: Collection[str] = (),
) -> list[SheetRow]:
    """Read the rows below the header; refuse unless exactly `columns` are there, in any order.

    Columns in `ignored` may stand in the sheet and are left out (an errors column sent back).
    Blank rows are skipped, but counted.
    """
    if media_type == CSV_TYPE:
        lines = _csv_lines(content)
    elif media_type == XLSX_TYPE:
        lines = _xlsx_lines(content, rows_max)
    else:
        raise ContentTypeUnsupported(allowed=list(SHEET_TYPES))
    header = _header(next(lines, (1, []))[1], columns, ignored)
    rows: list[SheetRow] = []
    faults: list[dict[str, object]] = []
    for line, cells in lines:
        if not any(cells):
            continue
        if len(rows) == rows_max:
            raise SheetTooLong(rows_max=rows_max)
        faults.extend(_faults_of(line, cells, header))
        if len(faults) >= FAULTS_MAX:
            break
        text = [cell if isinstance(cell, str) else "" for cell in cells]
        padded = text + [""] * (len(header) - len(text))
        named = {name: cell for name, cell in zip(header, padded, strict=False) if name in columns}
        rows.append(SheetRow(line, MappingProxyType(named)))
    if faults:
        raise SheetUnreadable(errors=faults[:FAULTS_MAX])
    return rows


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Write a CSV that Excel opens in Chinese and in which no cell runs as a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_inert(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def write_xlsx(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Write a workbook of text cells, so that no number loses digits and no cell is a formula."""
    from openpyxl import Workbook
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    sheet.freeze_panes = "A2"
    for row in (columns, *rows):
        cells = []
        for text in row:
            cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", text))
            cell.data_type = "s"
            cell.number_format = "@"
            cells.append(cell)
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _fault(line: int, column: str, code: str, detail: str) -> dict[str, object]:
    return {"line": line, "column": column, "code": code, "detail": detail}


def _unreadable(code: str, detail: str, *, line: int = 1, column: str = "") -> SheetUnreadable:
    return SheetUnreadable(errors=[_fault(line, column, code, detail)])


def _header(cells: Sequence[_Cell], columns: Sequence[str], ignored: Collection[str]) -> list[str]:
    """Return the names above the cells, or refuse naming every one that is wrong."""
    names = [cell if isinstance(cell, str) else "" for cell in cells]
    while names and not names[-1]:
        names.pop()
    faults = [
        _fault(1, name, "column-missing", f"the column {name} is missing 缺少此列")
        for name in columns
        if name not in names
    ]
    for position, name in enumerate(names):
        shown = name if COLUMN.fullmatch(name) else f"#{position + 1}"
        if name not in columns and name not in ignored:
            faults.append(_fault(1, shown, "column-unknown", f"{shown} is no column here 未知列"))
        elif name in names[:position]:
            faults.append(_fault(1, shown, "column-twice", f"{shown} stands twice 列名重复"))
    if faults:
        raise SheetUnreadable(errors=faults[:FAULTS_MAX])
    return names


def _faults_of(
    line: int, cells: Sequence[_Cell], header: Sequence[str]
) -> Iterator[dict[str, object]]:
    for position, cell in enumerate(cells):
        column = header[position] if position < len(header) else f"#{position + 1}"
        if isinstance(cell, _Bad):
            yield _fault(line, column, cell.code, cell.detail)
        elif position >= len(header) and cell:
            yield _fault(line, column, "cell-unnamed", "a cell without a column 单元格无列名")
        elif len(cell) > CELL_CHARACTERS_MAX:
            yield _fault(line, column, "cell-too-long", "the text is too long 内容过长")


def _csv_lines(content: bytes) -> Iterator[_Line]:
    reader = csv.reader(io.StringIO(_decoded(content), newline=""), strict=True)
    line = 0
    try:
        for line, cells in enumerate(reader, start=1):
            yield line, [_meant(cell) for cell in cells]
    except csv.Error:
        raise _unreadable("csv", "a quote is out of place 引号不配对", line=line + 1) from None


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise _unreadable("encoding", "neither UTF-8 nor GB18030 text 编码应为 UTF-8 或 GB18030")


def _inert(cell: str) -> str:
    """Put ' before what would run as a formula; a plain number cannot."""
    return f"'{cell}" if FORMULA.match(cell) and not NUMBER.fullmatch(cell) else cell


def _meant(cell: str) -> str:
    """Undo `_inert`, and drop the blanks around (also the wide Chinese one)."""
    meant = cell[1:] if cell[:1] == "'" and FORMULA.match(cell[1:]) else cell
    return meant.strip()


def _xlsx_lines(content: bytes, rows_max: int) -> Iterator[_Line]:
    from openpyxl import load_workbook

    _check_package(content)
    lines_max = 1 + rows_max + BLANK_ROWS_MAX
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what the file claims may be wrong
            rows = sheet.iter_rows(max_row=lines_max + 1, max_col=COLUMNS_MAX)
            for line, cells in enumerate(rows, start=1):
                if line > lines_max:
                    raise SheetTooLong(rows_max=rows_max)
                yield line, _trimmed([_text_of(cell.value, cell.data_type) for cell in cells])
        finally:
            book.close()
    except Refusal:
        raise
    except Exception:  # noqa: BLE001 -- openpyxl raises whatever a broken package makes it meet
        raise _unreadable("xlsx", "not a readable XLSX workbook 不是有效的 XLSX 文件") from None


def _trimmed(cells: list[_Cell]) -> list[_Cell]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _check_package(content: bytes) -> None:
    """Refuse a zip bomb and declared entities before anything is unpacked into memory whole.

    The sizes a package declares can be trusted: reading stops there and then fails its checksum.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            members = package.infolist()
            unpacked = sum(member.file_size for member in members)
            if len(members) > PACKED_FILES_MAX or unpacked > UNPACKED_BYTES_MAX:
                raise _unreadable("xlsx-too-large", "the workbook unpacks to too much 文件过大")
            for member in members:
                part = package.read(member)
                is_xml = member.filename.endswith((".xml", ".rels"))
                if is_xml and (b"<!DOCTYPE" in part or b"\0" in part):
                    raise _unreadable("xlsx-entities", "document types are not read 含不安全内容")
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError):
        raise _unreadable("xlsx", "not a readable XLSX workbook 不是有效的 XLSX 文件") from None


def _text_of(value: object, data_type: str) -> _Cell:
    """Return the text of a spreadsheet's cell, or why it has none that can be trusted."""
    if data_type == "f":
        return _Bad("cell-formula", "a formula is not read: paste its value 不支持公式，请粘贴为值")
    if data_type == "e":
        return _Bad("cell-error", "the cell shows an error 单元格为错误值")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _digits(value)
    return _plain_text(value)


def _plain_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime) and value.time() == time(0):
        return value.date().isoformat()
    if isinstance(value, date | time):  # an instant is a date, too
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else _meant(str(value))


def _digits(value: float) -> _Cell:
    """Write a number as typed: 15 digits is all a spreadsheet keeps, the rest is an artefact."""
    if abs(value) >= 10**EXACT_DIGITS:
        return _Bad(
            "cell-number-long", "more than 15 digits: format as text 超过15位请设为文本格式"
        )
    exact = Decimal(f"{value:.{EXACT_DIGITS}g}")
    whole = exact == exact.to_integral_value()
    return f"{exact.to_integral_value() if whole else exact.normalize():f}"
