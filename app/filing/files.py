"""Filings as rows of a sheet: the columns, how a row is read, the template and the errors file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TypeVar

from app.entitlement.model import IdentityClaim
from app.filing.errors import BatchRowFaulty
from app.filing.model import BatchRow, FilingAsked, FilingKind, Referral
from app.kernel.calendar import is_within_reach
from app.kernel.costs import CostKind
from app.kernel.refusal import Refusal
from app.kernel.regions import REGION_CODE
from app.runtime.sheets import LISTED, write_csv, write_xlsx

T = TypeVar("T")
REFERRAL_COLUMNS = (
    "diagnosis_code",
    "diagnosis",
    "referring_institution",
    "referral_reason",
    "referred_on",
)
COLUMNS = (
    "worker",
    "certificate_number",
    "name",
    "kind",
    "treatment_region",
    "cost_kinds",
    "first_day",
    *REFERRAL_COLUMNS,
)
ERRORS = "errors"  # a column of the errors file, ignored when it comes back
ROWS_MAX = 1_000
EXAMPLE = (
    "",
    "11000019600101001X",
    "赵例甲甲",
    "residence",
    "370100",
    "medical；rehabilitation",
    "",
    *("" for _ in REFERRAL_COLUMNS),
)
EXAMPLE_CSV = f"{','.join(COLUMNS)}\n{','.join(EXAMPLE)}\n"
TEXT_MAX = 200
WORKER_NUMBER = re.compile(r"W[0-9]{19}")
ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# What clerks write in Chinese is understood as well.
KINDS: Mapping[str, FilingKind] = {
    **{kind.value: kind for kind in FilingKind},
    "异地长期居住": FilingKind.RESIDENCE,
    "常驻异地工作": FilingKind.POSTING,
    "转诊转院": FilingKind.REFERRAL,
    "异地转诊转院": FilingKind.REFERRAL,
}
COST_KINDS: Mapping[str, CostKind] = {
    **{kind.value: kind for kind in CostKind},
    "住院工伤医疗": CostKind.MEDICAL,
    "住院工伤康复": CostKind.REHABILITATION,
    "辅助器具配置": CostKind.DEVICE,
}
Cells = Mapping[str, str]


class _Unreadable(Exception):  # noqa: N818 -- never leaves this file
    """A cell cannot be read; says why in both languages."""

    def __init__(self, fault: str, fault_zh: str) -> None:
        super().__init__(fault)
        self.fault, self.fault_zh = fault, fault_zh


def read_row(row: int, cells: Cells) -> BatchRow:
    """Read a row as far as it can be read, noting every cell that cannot."""
    faults: list[Refusal] = []
    worker, claim = _who(cells, faults)
    kind = _cell(cells, "kind", _kind, faults)
    region = _cell(cells, "treatment_region", _region, faults)
    cost_kinds = _cell(cells, "cost_kinds", _cost_kinds, faults)
    first_day = _cell(cells, "first_day", _day, faults) if cells["first_day"] else None
    referral = _referral(cells, faults) if any(cells[c] for c in REFERRAL_COLUMNS) else None
    asked = None
    if kind is not None and region is not None and cost_kinds is not None:
        asked = FilingAsked(
            kind=kind,
            treatment_region=region,
            cost_kinds=cost_kinds,
            first_day=first_day,
            referral=referral,
        )
    return BatchRow(row=row, worker=worker, claim=claim, asked=asked, faults=tuple(faults))


def template(extension: str) -> bytes:
    """Make the sheet to fill in, with one row as an example."""
    return written(extension, COLUMNS, [EXAMPLE])


def errors_file(extension: str, rows: Sequence[tuple[Cells, Sequence[str]]]) -> bytes:
    """Make the sheet of the refused rows: as they were sent, and why beside them."""
    listed = [[*(cells[c] for c in COLUMNS), "；".join(errors)] for cells, errors in rows]
    return written(extension, (*COLUMNS, ERRORS), listed)


def written(extension: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """Write rows in the format asked for."""
    return write_xlsx(columns, rows) if extension == "xlsx" else write_csv(columns, rows)


def _who(cells: Cells, faults: list[Refusal]) -> tuple[str | None, IdentityClaim | None]:
    certificate, name = cells["certificate_number"], cells["name"]
    if cells["worker"]:
        if certificate or name:
            fault = "leave certificate_number and name empty beside it"
            faults.append(_faulty("worker", fault, "已填编号时，证件号码和姓名应留空"))
        return _cell(cells, "worker", _worker, faults), None
    read = [_cell(cells, column, _text, faults) for column in ("certificate_number", "name")]
    if read[0] is None or read[1] is None:
        return None, None
    return None, IdentityClaim(certificate_number=read[0], name=read[1])


def _referral(cells: Cells, faults: list[Refusal]) -> Referral | None:
    texts = [_cell(cells, column, _text, faults) for column in REFERRAL_COLUMNS[:-1]]
    referred_on = _cell(cells, "referred_on", _day, faults)
    code, diagnosis, institution, reason = texts
    if code is None or diagnosis is None or institution is None or reason is None:
        return None
    if referred_on is None:
        return None
    return Referral(
        diagnosis_code=code,
        diagnosis=diagnosis,
        institution=institution,
        reason=reason,
        referred_on=referred_on,
    )


def _cell(cells: Cells, column: str, read: Callable[[str], T], faults: list[Refusal]) -> T | None:
    try:
        return read(cells[column])
    except _Unreadable as unreadable:
        faults.append(_faulty(column, unreadable.fault, unreadable.fault_zh))
        return None


def _faulty(column: str, fault: str, fault_zh: str) -> BatchRowFaulty:
    return BatchRowFaulty(column=column, fault=fault, fault_zh=fault_zh)


def _text(cell: str) -> str:
    if not cell:
        raise _Unreadable("must be filled in", "不能为空")
    if len(cell) > TEXT_MAX:
        raise _Unreadable("is too long", "内容过长")
    return cell


def _worker(cell: str) -> str:
    if not WORKER_NUMBER.fullmatch(cell):
        raise _Unreadable("is not the number of a worker", "不是工伤职工编号")
    return cell


def _kind(cell: str) -> FilingKind:
    if cell not in KINDS:
        raise _Unreadable(
            f"is not one of {', '.join(FilingKind)}", "应为异地长期居住、常驻异地工作或转诊转院"
        )
    return KINDS[cell]


def _region(cell: str) -> str:
    if not REGION_CODE.fullmatch(cell):
        raise _Unreadable("is not a six-digit division code", "应为六位行政区划代码")
    return cell


def _cost_kinds(cell: str) -> frozenset[CostKind]:
    names = [name.strip() for name in LISTED.split(cell) if name.strip()]
    if not names or any(name not in COST_KINDS for name in names):
        raise _Unreadable(
            f"lists one or more of {', '.join(CostKind)}, with ； between",
            "应为住院工伤医疗、住院工伤康复、辅助器具配置，以；分隔",
        )
    return frozenset(COST_KINDS[name] for name in names)


def _day(cell: str) -> date:
    # Other spellings that Python reads (20250901, 2025-W36-1) are slips in a sheet.
    spelled = cell if ISO_DAY.fullmatch(cell) else ""
    try:
        day = date.fromisoformat(spelled)
    except ValueError:
        raise _Unreadable(
            "is not a date such as 2025-09-01", "应为 2025-09-01 形式的日期"
        ) from None
    if not is_within_reach(day):
        raise _Unreadable("lies between 1900 and 2999", "应在 1900 年至 2999 年之间")
    return day
