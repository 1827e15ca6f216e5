"""The hospital's software, as tests play it: an envelope per message, and a stay's transactions."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from app.kernel.calendar import CHINA
from tests.support.entitlement import KnownWorker
from tests.support.institutions import JINAN
from tests.support.world import Client, World

SINGLE = "/compat/fsi/api/callService"
BY_NUMBER = "/compat/hsa/hgs"
_SERIALS = itertools.count(1)


def clock_text(moment: datetime) -> str:
    """Write an instant as hospital software does."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


@dataclass(slots=True)
class Gateway:
    """One party's connection to the gateway."""

    world: World
    client: Client
    sign_no: str = ""
    header: dict[str, Any] = field(default_factory=dict)
    serials: Iterator[int] = _SERIALS

    def message_id(self) -> str:
        """Return an id nobody has used."""
        stamp = self.world.clock.now.astimezone(CHINA).strftime("%Y%m%d%H%M%S")
        return f"{self.client.caller.party.ljust(12, '0')}{stamp}{next(self.serials):04d}"

    def envelope(self, infno: str, body: object, **other: Any) -> dict[str, Any]:
        """Put a message together."""
        return {
            "infno": infno,
            "msgid": self.message_id(),
            "mdtrtarea_admvs": "370100",
            "insuplc_admdvs": "110000",
            "recer_sys_code": "GSYD",
            "dev_no": "",
            "dev_safe_info": "",
            "cainfo": "",
            "signtype": "",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": "0017",
            "opter_name": "测试员",
            "inf_time": clock_text(self.world.clock.now),
            "fixmedins_code": self.client.caller.party,
            "fixmedins_name": "示例机构",
            "sign_no": self.sign_no,
            "input": body,
            **self.header,
            **other,
        }

    async def post(self, message: object, path: str = SINGLE, **more: Any) -> httpx.Response:
        """Send a message as it is."""
        headers = {"Authorization": self.client.headers()["Authorization"]}
        headers |= more.pop("headers", {})
        content = message if isinstance(message, bytes) else json.dumps(message).encode()
        return await self.world.http.post(path, content=content, headers=headers, **more)

    async def send(self, infno: str, body: object, **other: Any) -> dict[str, Any]:
        """Send a transaction and return the answer, which is HTTP 200 whatever it says."""
        answer = await self.post(self.envelope(infno, body, **other))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def done(self, infno: str, body: object, **other: Any) -> dict[str, Any]:
        """Send a transaction that succeeds and return its output."""
        answer = await self.send(infno, body, **other)
        assert answer["infcode"] == 0, answer
        assert answer["err_msg"] == ""
        return dict(answer["output"])

    async def refused(self, infno: str, body: object, **other: Any) -> list[str]:
        """Send a transaction that is refused and return the codes, in order."""
        answer = await self.send(infno, body, **other)
        assert answer["infcode"] == -1, answer
        return [it["code"] for it in answer["output"]["errors"]]


def hospital(world: World, code: str = JINAN) -> Gateway:
    """Connect an institution."""
    return Gateway(world, world.institution(code))


def bureau(world: World, region: str = "110000") -> Gateway:
    """Connect an agency."""
    return Gateway(world, world.agency(region))


def person_shown(worker: KnownWorker) -> dict[str, Any]:
    """Return the input of 1101."""
    return {
        "data": {
            "mdtrt_cert_type": "03",
            "mdtrt_cert_no": worker.person.card_number,
            "card_sn": "",
            "psn_cert_type": "01",
            "certno": worker.person.number,
            "psn_name": worker.person.name,
        }
    }


def admission(worker: KnownWorker, **other: Any) -> dict[str, Any]:
    """Return the input of 2401."""
    return {
        "mdtrtinfo": {
            "psn_no": worker.number,
            "insutype": "410",
            "begntime": "2025-09-01 08:30:00",
            "mdtrt_cert_type": "03",
            "mdtrt_cert_no": worker.person.card_number,
            "med_type": "42",
            "ipt_no": "ZY0001",
            "chfpdr_name": "示例医师",
            "adm_dept_name": "骨科",
            "adm_bed": "12",
            "dscg_maindiag_code": "S82.201",
            "dscg_maindiag_name": "胫骨干骨折",
        }
        | other,
        "diseinfo": [
            {
                "diag_type": "1",
                "maindiag_flag": "1",
                "diag_srt_no": "1",
                "diag_code": "S82.201",
                "diag_name": "胫骨干骨折",
            }
        ],
    }


def line(visit: str, worker: str, serial: str, **other: Any) -> dict[str, Any]:
    """Return a row of 2301: ten drugs for 1.00 each, numbers as text."""
    return {
        "feedetl_sn": serial,
        "mdtrt_id": visit,
        "psn_no": worker,
        "med_type": "42",
        "fee_ocur_time": "2025-09-01 08:40:00",
        "med_list_codg": "D010001",
        "medins_list_codg": "YP0001",
        "det_item_fee_sumamt": "10.00",
        "cnt": "10",
        "pric": "1.00",
        "bilg_dept_codg": "0301",
        "bilg_dept_name": "骨科",
        "bilg_dr_codg": "D0017",
        "bilg_dr_name": "示例医师",
        "hosp_appr_flag": "0",
    } | other


def bill(visit: str, worker: str, total: object = "10.00", **other: Any) -> dict[str, Any]:
    """Return the input of 2303 and 2304."""
    return {
        "data": {
            "psn_no": worker,
            "mdtrt_cert_type": "03",
            "mdtrt_id": visit,
            "insutype": "410",
            "medfee_sumamt": total,
            "psn_setlway": "01",
            "acct_used_flag": "0",
            "mid_setl_flag": "0",
            "invono": "FP0001",
        }
        | other
    }


def about(visit: str, worker: str, **other: Any) -> dict[str, Any]:
    """Return the input of a transaction about a visit alone."""
    return {"data": {"mdtrt_id": visit, "psn_no": worker} | other}


def discharge(world: World, visit: str, worker: str) -> dict[str, Any]:
    """Return the input of 2402."""
    return {
        "dscginfo": {
            "mdtrt_id": visit,
            "psn_no": worker,
            "insutype": "410",
            "endtime": clock_text(world.clock.now),
            "dscg_way": "1",
            "dscg_dept_name": "骨科",
        }
    }


async def admitted(his: Gateway, worker: KnownWorker, **other: Any) -> str:
    """Admit a worker through the gateway."""
    output = await his.done("2401", admission(worker, **other))
    return str(output["result"]["mdtrt_id"])


async def ready(his: Gateway, worker: KnownWorker, *rows: dict[str, Any]) -> str:
    """Bring a stay to the day it can be settled."""
    visit = await admitted(his, worker)
    lines = [{**line("", worker.number, str(at)), **row} for at, row in enumerate(rows or ({},), 1)]
    detail = [{**each, "mdtrt_id": visit} for each in lines]
    await his.done("2301", {"feedetail": detail})
    await his.done("2402", discharge(his.world, visit, worker.number))
    return visit
