"""The pages of docs/gateway tell what really was exchanged; `make golden` writes them anew."""

from __future__ import annotations

import base64
import io
import itertools
import json
import os
import zipfile
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest_asyncio

from app.gateway.mapping import transactions
from app.gateway.pages import (
    Exchanged,
    codes_page,
    index_page,
    transaction_page,
    values_page,
)
from app.sandbox.people import person
from tests.support.entitlement import KnownWorker, determination, registration
from tests.support.gateway import (
    Gateway,
    about,
    admission,
    bill,
    bureau,
    discharge,
    hospital,
    line,
    person_shown,
    ready,
)
from tests.support.visit import road
from tests.support.world import World

PAGES = Path(__file__).parents[2] / "docs" / "gateway"
REWRITE = os.environ.get("HUB_GOLDEN") == "write"
SIGN_IN = {"opter_no": "0017", "mac": "00-00-00-00-00-00", "ip": "127.0.0.1"}


@dataclass(slots=True)
class Recorder:
    """Keeps the first exchange of every transaction that is asked to be shown."""

    exchanged: dict[str, Exchanged] = field(default_factory=dict)

    async def shown(self, his: Gateway, infno: str, body: object) -> dict[str, Any]:
        """Carry a transaction out, and keep it for its page."""
        message = his.envelope(infno, body)
        sent = await his.post(message)
        if sent.headers["content-type"] == "application/octet-stream":
            self.exchanged.setdefault(infno, Exchanged(message, text_in(sent.content)))
            return {}
        answer = json.loads(sent.content, parse_float=Decimal)
        assert answer["infcode"] == 0, answer
        self.exchanged.setdefault(infno, Exchanged(message, answer))
        return dict(answer["output"])


def text_in(content: bytes) -> str:
    """Return the one text in a zip."""
    with zipfile.ZipFile(io.BytesIO(content)) as made:
        return made.read(made.namelist()[0]).decode().rstrip("\n")


async def compared(recorder: Recorder, his: Gateway) -> None:
    """Compare a day of which the sender lost everything but one row that never was."""
    ghost = "A3701002509019999999\tnull\tnull\t10.00\t10.00\t0.00\t0\n"
    content = base64.b64encode(ghost.encode()).decode()
    sent = {"in": content, "filename": "20250901.txt", "fixmedins_code": "H37010000001"}
    kept = await recorder.shown(his, "9101", {"fsUploadIn": sent})
    day = {
        "insutype": "410",
        "setl_optins": "370100",
        "stmt_begndate": "2025-09-01",
        "stmt_enddate": "2025-09-01",
        "medfee_sumamt": "10.00",
        "fund_pay_sumamt": "10.00",
        "fixmedins_setl_cnt": "1",
        "refd_setl_flag": "1",
    }
    await recorder.shown(his, "3201", {"data": day})
    number = kept["fsUploadOut"]["file_qury_no"]
    made = await recorder.shown(his, "3202", {"data": day | {"file_qury_no": number}})
    wanted = {"file_qury_no": made["fileinfo"]["file_qury_no"], "filename": ""}
    await recorder.shown(his, "9102", {"fsDownloadIn": wanted})


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def _road(world: World) -> None:
    await road(world)


async def known(world: World, place: int) -> KnownWorker:
    """Register a person who is the same in every run."""
    someone, agency = person(place, "110000"), world.agency("110000")
    answer = await agency.post("/v1/workers", registration(someone))
    number = str(answer.json()["number"])
    await agency.post("/v1/determinations", determination(number))
    return KnownWorker(someone, number)


async def filed(recorder: Recorder, agency: Gateway, workers: list[KnownWorker]) -> None:
    """File for two workers and revoke both, then file for the first again."""
    first, second = (it.number for it in workers)
    residence = {
        "data": {
            "psn_no": first,
            "biz_appy_type": "08",
            "filing_type": "long_term_residence",
            "mdtrtarea_admdvs": "370000",
            "begndate": "",
            "enddate": "",
            "fix_srt_no": "1",
        }
    }
    referral = {
        "refmedin": {
            "psn_no": second,
            "insutype": "410",
            "diag_code": "S82.2",
            "diag_name": "胫骨干骨折",
            "reflin_medins_no": "H37010000001",
            "reflin_medins_name": "山东中医药大学第二附属医院",
            "reflout_medins_name": "北京示例医院",
            "mdtrtarea_admdvs": "370100",
            "refl_date": "2025-09-01",
            "refl_rea": "本地无此项技术",
        }
    }
    made = await recorder.shown(agency, "2505", residence)
    await recorder.shown(agency, "2506", _revocation(made, first))
    made = await recorder.shown(agency, "2501", referral)
    await recorder.shown(agency, "2502", _revocation(made, second))
    await recorder.shown(agency, "2505", residence)


def _revocation(made: dict[str, Any], worker: str) -> dict[str, Any]:
    number = made["result"]["trt_dcla_detl_sn"]
    return {"data": {"trt_dcla_detl_sn": number, "psn_no": worker, "memo": "职工申请"}}


async def stayed(recorder: Recorder, his: Gateway, worker: KnownWorker) -> None:
    """Go along a stay and back."""
    number = worker.number
    made = await recorder.shown(his, "2401", admission(worker))
    visit = made["result"]["mdtrt_id"]
    amended = {"mdtrt_id": visit, "psn_no": number, "adm_bed": "33"}
    await recorder.shown(his, "2403", {"adminfo": amended})
    rows = [
        line(visit, number, "F0001", pric="5.00", det_item_fee_sumamt="50.00"),
        line(visit, number, "F0002", injury_flag="1"),
        line(visit, number, "F0003"),
    ]
    await recorder.shown(his, "2301", {"feedetail": rows})
    await recorder.shown(his, "2302", about(visit, number, feedetl_sn="F0003"))
    leaving = discharge(his.world, visit, number)
    await recorder.shown(his, "2402", leaving)
    await recorder.shown(his, "2405", about(visit, number))
    await recorder.shown(his, "2402", leaving)
    await recorder.shown(his, "2303", bill(visit, number, "60.00"))
    made = await recorder.shown(his, "2304", bill(visit, number, "60.00"))
    settlement = made["setlinfo"]["setl_id"]
    await recorder.shown(his, "5203", {"data": {"psn_no": number, "setl_id": settlement}})
    await recorder.shown(his, "5204", about(visit, number, setl_id=settlement))
    await recorder.shown(his, "5303", {"data": {"psn_no": number}})
    await recorder.shown(his, "2305", about(visit, number, setl_id=settlement, memo="录入有误"))
    await recorder.shown(his, "2405", about(visit, number))
    await recorder.shown(his, "2302", about(visit, number, feedetl_sn="0000"))
    await recorder.shown(his, "2404", about(visit, number))


async def cleared(recorder: Recorder, world: World, worker: KnownWorker) -> None:
    """Clear a quarter with one settlement in it, in October."""
    his = hospital(world)
    his.serials = itertools.count(9000)
    await filed_again(world, worker)
    stay = await ready(his, worker)
    await his.done("2304", bill(stay, worker.number))
    began = world.clock.now
    world.clock.set_day("2025-10-21")
    made = {"scheme": "cross_province", "period": "2025Q3"}
    answer = await world.operator.post("/v1/clearings", made)
    assert answer.status_code == 201, answer.text
    agency = bureau(world, "370000")
    agency.serials = his.serials
    asked = {"trt_year": "2025", "trt_month": "9", "startrow": "1"}
    found = await recorder.shown(agency, "3260", {"data": asked})
    month = {"trt_year": "2025", "trt_month": "9"}
    names = ("mdtrt_id", "mdtrt_setl_time", "setl_sn", "medfee_sumamt", "optins_pay_sumamt")
    rows = [{name: str(row[name]) for name in names} for row in found["data"]]
    detail = [{"certno": "", **row, "cnfm_flag": "1"} for row in rows]
    body = {"data": month | {"totalrow": str(len(rows))}, "detail": detail}
    told = await recorder.shown(agency, "3261", body)
    caller = replace(agency.client.caller, client="370000-second")
    agency.client = replace(agency.client, caller=caller)  # rolled back by a second person
    back = month | {"otransid": told["result"]["otransid"], "memo": "核对有误"}
    await recorder.shown(agency, "3262", {"data": back})
    world.clock.now = began


async def filed_again(world: World, worker: KnownWorker) -> None:
    """File a residence for a worker whose referral was revoked."""
    body = {"worker": worker.number, "kind": "residence", "treatment_region": "370000"}
    answer = await world.agency("110000").post("/v1/filings", body | {"cost_kinds": ["medical"]})
    assert answer.status_code == 201, answer.text


async def played(world: World) -> dict[str, Exchanged]:
    """Play every transaction once, on a clock that stands still."""
    recorder, serials = Recorder(), itertools.count(1)
    his, agency = hospital(world), bureau(world)
    his.serials = agency.serials = serials
    signed = await recorder.shown(his, "9001", {"signIn": SIGN_IN})
    his.sign_no = signed["signinoutb"]["sign_no"]
    await recorder.shown(his, "1201", {"medinsinfo": {"fixmedins_code": "H37010000001"}})
    await recorder.shown(his, "1901", {"data": {"type": "med_type"}})
    workers = [await known(world, place) for place in (701, 702)]
    await filed(recorder, agency, workers)
    await recorder.shown(his, "1101", person_shown(workers[0]))
    await stayed(recorder, his, workers[0])
    await compared(recorder, his)
    unseen = {"psn_no": workers[0].number, "omsgid": his.message_id(), "oinfno": "2304"}
    await recorder.shown(his, "2601", {"data": unseen})
    await cleared(recorder, world, workers[1])
    sign_out = {"sign_no": his.sign_no, "opter_no": "0017"}
    await recorder.shown(his, "9002", {"signOut": sign_out})
    return recorder.exchanged


async def test_the_pages_tell_what_was_exchanged(world: World) -> None:
    exchanged = await played(world)
    assert set(exchanged) == set(transactions())
    pages = {
        f"{it.number}.md": transaction_page(it, exchanged[it.number])
        for it in transactions().values()
    }
    pages |= {"README.md": index_page(), "value-sets.md": values_page(), "codes.md": codes_page()}
    for name, text in pages.items():
        if REWRITE:
            (PAGES / name).write_text(text, "utf-8")
        fresh = (PAGES / name).read_text("utf-8") == text
        assert fresh, f"docs/gateway/{name} is stale: `make golden`"
    assert {page.name for page in PAGES.glob("*.md")} == set(pages)
