"""Day files 对账文件: 9101 takes the rows of a day, 3202 compares them, 9102 hands what differs."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Sequence
from decimal import Decimal

from app.conformance.bench import CHINA, Bench, expect
from app.conformance.case import GATEWAY, Family
from app.conformance.desk import Said
from app.conformance.evidence import DeviationError
from app.conformance.gateway import GatewayDesk, said

FAMILY = Family.of("files")
ONLY = (GATEWAY,)
ZIPPED = b"PK"
# Columns of a row that differs.
SETTLEMENT, MESSAGE, RESULT = 2, 3, 4
HUB_HAS_MORE, SENDER_HAS_MORE, AMOUNTS_DIFFER = "000101", "000102", "000103"
GHOST = "A0000000000000000000"
Row = tuple[str, str, str, str, str]  # settlement, visit, worker, total, fund


@FAMILY.case("A day file that agrees leaves nothing to mend", "对账文件一致无差异", ONLY)
async def file_agrees(at: Bench) -> None:
    await at.settled()
    rows = await _day(at)
    expect(not await _differences(at, rows), "differences are told of equal rows")


@FAMILY.case(
    "What the file lacks comes back with its msgid, and is reversed by it",
    "缺失行可按 msgid 冲正",
    ONLY,
)
async def file_lacks_a_row(at: Bench) -> None:
    stay, key = await at.left(), at.key()
    settled = (await at.desk.settle(stay, Decimal(4), key)).must().facts["settlement"]
    (found,) = await _differences(at, [row for row in await _day(at) if row[0] != settled])
    expect(found[SETTLEMENT] == settled, f"{found[SETTLEMENT]} is named instead")
    expect(found[RESULT] == HUB_HAS_MORE, f"stmt_rslt is {found[RESULT]}")
    expect(found[MESSAGE] == key, "the msgid it was booked under is not told")
    told = (await at.desk.reverse(found[MESSAGE], "settle", at.key())).must()
    expect(told.facts.get("outcome") == "reversed", f"outcome {told.facts.get('outcome')}")


@FAMILY.case(
    "What only the file has, and what differs, is told row by row", "多出与不符逐行列出", ONLY
)
async def file_has_more(at: Bench) -> None:
    _, told = await at.settled()
    mine = told.facts["settlement"]
    rows = [row if row[0] != mine else (*row[:3], "5.00", row[4]) for row in await _day(at)]
    ghost: Row = (GHOST, rows[0][1], rows[0][2], "1.00", "0.00")
    found = {row[SETTLEMENT]: row[RESULT] for row in await _differences(at, [*rows, ghost])}
    wanted = {mine: AMOUNTS_DIFFER, GHOST: SENDER_HAS_MORE}
    expect(found == wanted, f"told {found}")


@FAMILY.case("A file that is no zip of one text is refused", "无法读取的文件应拒绝", ONLY)
async def file_unreadable(at: Bench) -> None:
    torn = base64.b64encode(ZIPPED + b"torn").decode()
    (await _upload(at, torn)).must_refuse("file-unreadable")


@FAMILY.case("A file is its sender's alone", "文件仅上传方可取", ONLY)
async def file_is_private(at: Bench) -> None:
    number = await _uploaded(at, _packed([]))
    other = GatewayDesk(at.other, at.now)
    reply = await other.fetch("9102", *_asked(number, at.other.party), at.keys.next(at.other.party))
    said(reply).must_refuse("file-unknown")


async def _day(at: Bench) -> list[Row]:
    """Return the hospital's rows of the day, as its own books would have them."""
    line, rows = at.lines.institution, []
    day, cursor = (at.now + CHINA).date().isoformat(), ""
    while True:
        path = f"/v1/settlements?limit=200&month={day[:7]}{cursor}"
        page = (await line.send("GET", path)).json
        rows += [it for it in page["items"] if it["business_day"] == day]
        if not page["next"]:
            break
        cursor = f"&cursor={page['next']}"
    return [(it["number"], it["visit"], it["worker"], it["total"], it["fund"]) for it in rows]


async def _differences(at: Bench, rows: Sequence[Row]) -> list[list[str]]:
    """Upload the rows, let the hub compare them, and fetch what differs."""
    told = (await _compared(at, rows, await _uploaded(at, _packed(rows)))).must()
    number = json.loads(told.text)["output"]["fileinfo"]["file_qury_no"]
    own = at.lines.institution.party
    reply = await _desk(at).fetch("9102", *_asked(number, own), at.key())
    if not reply.body.startswith(ZIPPED):
        raise DeviationError(f"9102 answers no zip but {reply.body[:80]!r}")
    with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
        (name,) = archive.namelist()
        text = archive.read(name).decode()
    return [row.split("\t") for row in text.splitlines()]


def _desk(at: Bench) -> GatewayDesk:
    assert isinstance(at.desk, GatewayDesk), "these are the gateway's cases"
    return at.desk


async def _upload(at: Bench, packed: str) -> Said:
    asked = {"in": packed, "filename": "day.zip", "fixmedins_code": at.lines.institution.party}
    return await _desk(at).call("9101", "fsUploadIn", asked, at.key())


async def _uploaded(at: Bench, packed: str) -> str:
    told = (await _upload(at, packed)).must()
    return str(json.loads(told.text)["output"]["fsUploadOut"]["file_qury_no"])


def _asked(number: str, party: str) -> tuple[str, dict[str, str]]:
    return "fsDownloadIn", {"file_qury_no": number, "filename": "", "fixmedins_code": party}


async def _compared(at: Bench, rows: Sequence[Row], number: str) -> Said:
    day = (at.now + CHINA).date().isoformat()
    asked = {
        "insutype": "410",
        "setl_optins": at.lines.institution.region,
        "file_qury_no": number,
        "stmt_begndate": day,
        "stmt_enddate": day,
        "medfee_sumamt": str(sum((Decimal(row[3]) for row in rows), Decimal("0.00"))),
        "fund_pay_sumamt": str(sum((Decimal(row[4]) for row in rows), Decimal("0.00"))),
        "fixmedins_setl_cnt": str(len(rows)),
        "refd_setl_flag": "1",
    }
    return await _desk(at).call("3202", "data", asked, at.key())


def _packed(rows: Sequence[Row]) -> str:
    """Write rows as the file of a day: columns separated by tabs, zipped, as base64."""
    text = "".join("\t".join((*row, "0.00", _refunded(row))) + "\n" for row in rows)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("day.txt", text)
    return base64.b64encode(held.getvalue()).decode()


def _refunded(row: Row) -> str:
    return "1" if row[3].startswith("-") else "0"
