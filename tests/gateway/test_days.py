"""Day-end: totals, rows in files, and the repair of what only one side has."""

from __future__ import annotations

import base64
import io
import zipfile
from typing import Any

import pytest
import pytest_asyncio

from app.reference.value_sets import value_sets
from tests.support.gateway import Gateway, bill, hospital, ready
from tests.support.institutions import JINAN, JINAN_DEVICES
from tests.support.review import day_of
from tests.support.visit import ready_worker, road
from tests.support.world import World

DAY = "2025-09-01"


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def _road(world: World) -> None:
    await road(world)


def zipped(text: str) -> str:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("day.txt", text)
    return base64.b64encode(held.getvalue()).decode()


def day_line(settled: dict[str, Any]) -> str:
    amounts = [f"{settled[name]:.2f}" for name in ("medfee_sumamt", "fund_pay_sumamt")]
    cells = [settled["setl_id"], settled["mdtrt_id"], settled["psn_no"], *amounts, "0.00", "0"]
    return "\t".join(cells) + "\n"


async def settled(his: Gateway) -> tuple[dict[str, Any], str]:
    worker = await ready_worker(his.world)
    visit = await ready(his, worker)
    message = his.envelope("2304", bill(visit, worker.number))
    answer = (await his.post(message)).json()
    return dict(answer["output"]["setlinfo"]), str(message["msgid"])


def compared(lines: list[dict[str, Any]], **other: Any) -> dict[str, Any]:
    total = sum(it["medfee_sumamt"] for it in lines)
    fund = sum(it["fund_pay_sumamt"] for it in lines)
    body = {
        "insutype": "410",
        "setl_optins": "370100",
        "stmt_begndate": DAY,
        "stmt_enddate": DAY,
        "medfee_sumamt": f"{total:.2f}",
        "fund_pay_sumamt": f"{fund:.2f}",
        "fixmedins_setl_cnt": len(lines),
        "refd_setl_flag": "",
    }
    return {"data": body | other}


async def uploaded(his: Gateway, text: str) -> str:
    body = {"in": zipped(text), "filename": "day.zip", "fixmedins_code": JINAN}
    output = await his.done("9101", {"fsUploadIn": body})
    return str(output["fsUploadOut"]["file_qury_no"])


async def fetched(his: Gateway, number: str) -> list[list[str]]:
    body = {"fsDownloadIn": {"file_qury_no": number, "filename": "", "fixmedins_code": JINAN}}
    answer = await his.post(his.envelope("9102", body))
    assert answer.headers["content-type"] == "application/octet-stream"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as made:
        (name,) = made.namelist()
        text = made.read(name).decode()
    return [line.split("\t") for line in text.splitlines()]


async def test_a_day_that_agrees_is_equal(world: World) -> None:
    his = hospital(world, JINAN_DEVICES)
    output = await his.done("3201", compared([]))
    assert output["stmtinfo"]["stmt_rslt"] == "000000"
    assert output["stmtinfo"]["stmt_rslt_dscr"] == "平账"


async def test_what_only_the_hub_has_is_found_and_reversed(world: World) -> None:
    his = hospital(world)
    mine, _ = await settled(his)
    lost, message = await settled(his)
    output = await his.done("3201", compared([mine]))
    assert output["stmtinfo"]["stmt_rslt"] == "000101"
    assert output["stmtinfo"]["hub_setl_cnt"] == 2
    number = await uploaded(his, day_line(mine))
    output = await his.done("3202", compared([mine], file_qury_no=number))
    assert output["fileinfo"]["diff_cnt"] == 1
    (difference,) = await fetched(his, output["fileinfo"]["file_qury_no"])
    assert difference[2:5] == [lost["setl_id"], message, "000101"]
    data = {"psn_no": lost["psn_no"], "omsgid": difference[3], "oinfno": "2304"}
    undone = await his.done("2601", {"data": data})
    assert undone["result"]["outcome"] == "reversed"
    output = await his.done("3201", compared([mine], refd_setl_flag="0"))
    assert output["stmtinfo"]["stmt_rslt"] == "000000"


async def test_what_only_the_sender_has_and_what_differs_is_told(world: World) -> None:
    his = hospital(world)
    rows = [row for row, _ in [await settled(his)]]
    wrong = dict(rows[0], medfee_sumamt=11.0)
    ghost = dict(rows[0], setl_id="A3701002509019999999")
    number = await uploaded(his, day_line(wrong) + day_line(ghost))
    output = await his.done("3202", compared([wrong, ghost], file_qury_no=number))
    found = {it[2]: it for it in await fetched(his, output["fileinfo"]["file_qury_no"])}
    assert found[rows[0]["setl_id"]][4] == "000103"
    assert found[ghost["setl_id"]][3:5] == ["null", "000102"]
    assert found[ghost["setl_id"]][0] == rows[0]["psn_no"]


async def test_totals_that_are_not_those_of_the_rows_are_refused(world: World) -> None:
    his = hospital(world)
    mine, _ = await settled(his)
    number = await uploaded(his, day_line(mine))
    body = compared([mine], file_qury_no=number, medfee_sumamt="1.00")
    assert await his.refused("3202", body) == ["SUMS_MISMATCH"]
    two_days = compared([], stmt_enddate="2025-09-02")
    assert await his.refused("3201", two_days) == ["FIELD_FORMAT"]


async def test_a_file_is_its_senders_own_and_kept_for_a_while(world: World) -> None:
    his = hospital(world)
    mine, _ = await settled(his)
    number = await uploaded(his, day_line(mine))
    body = {"fsDownloadIn": {"file_qury_no": number}}
    assert await hospital(world, JINAN_DEVICES).refused("9102", body) == ["FILE_UNKNOWN"]
    began = world.clock.now
    world.clock.advance(days=31)
    assert await his.refused("9102", body) == ["FILE_UNKNOWN"]
    world.clock.now = began
    assert await fetched(his, number)


async def test_bytes_may_come_signed_as_java_writes_them(world: World) -> None:
    his = hospital(world)
    mine, _ = await settled(his)
    content = base64.b64decode(zipped(day_line(mine)))
    signed = [each - 256 if each > 127 else each for each in content]
    body = {"fsUploadIn": {"in": signed, "filename": "day.zip"}}
    number = (await his.done("9101", body))["fsUploadOut"]["file_qury_no"]
    assert (await fetched(his, number))[0][0] == mine["setl_id"]


@pytest.mark.parametrize(
    "sent",
    [
        "not base64!",
        [1, 2, 300],
        ["a"],
        {"a": 1},
        base64.b64encode(b"PK\x03\x04 broken").decode(),
        base64.b64encode(b"\xff\xfe\x00").decode(),
        base64.b64encode(b"x" * (4 * 1024 * 1024 + 1)).decode()[:2_000_000],
    ],
)
async def test_what_is_no_zip_of_a_text_is_refused_at_once(world: World, sent: object) -> None:
    codes = await hospital(world).refused("9101", {"fsUploadIn": {"in": sent, "filename": "x"}})
    assert codes[0] in {"FILE_UNREADABLE", "DAY_FILE_UNREADABLE", "FIELD_FORMAT"}


async def test_a_small_zip_that_holds_very_much_is_refused(world: World) -> None:
    bomb = zipped("x" * (4 * 1024 * 1024 + 1))
    body = {"fsUploadIn": {"in": bomb, "filename": "x"}}
    assert await hospital(world).refused("9101", body) == ["FILE_UNREADABLE"]


async def test_both_faces_compare_a_day_alike(world: World) -> None:
    his, rest = hospital(world), world.institution(JINAN)
    rows = [row for row, _ in [await settled(his), await settled(his)]]
    ghost = dict(rows[0], setl_id="A3701002509019999998")
    days = await rest.get(f"/v1/reconciliations/days/{DAY}", params={"limit": "200"})
    shown = {it["settlement"]: it for it in days.json()["items"]}
    books = [
        dict(rows[0], setl_id=number, **_amounts(it["total"], it["fund"]))
        for number, it in shown.items()
    ]
    wrong = [dict(books[0], **_amounts("77.00", "0.00")), *books[1:]]
    for lines in (books, books[1:], [*books, ghost], wrong):
        output = await his.done("3201", compared(lines, refd_setl_flag="1"))
        told = (await rest.post("/v1/reconciliations", _day(lines))).json()
        assert value_sets()["stmt_rslt"].shown(told["result"]) == output["stmtinfo"]["stmt_rslt"]
        number = await uploaded(his, "".join(map(day_line, lines)))
        body = compared(lines, refd_setl_flag="1", file_qury_no=number)
        found = (await his.done("3202", body))["fileinfo"]
        named = await fetched(his, found["file_qury_no"])
        counts = [told[f"{kind}_count"] for kind in ("only_hub", "only_sender", "different")]
        assert [[it[4] for it in named].count(code) for code in RESULTS] == counts


RESULTS = ("000101", "000102", "000103")


def _amounts(total: str, fund: str) -> dict[str, float]:
    return {"medfee_sumamt": float(total), "fund_pay_sumamt": float(fund)}


def _day(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Write rows of 3202 as REST compares them."""
    rows = [
        {
            "settlement": it["setl_id"],
            "total": f"{it['medfee_sumamt']:.2f}",
            "fund": f"{it['fund_pay_sumamt']:.2f}",
        }
        for it in lines
    ]
    return day_of(DAY, rows)
