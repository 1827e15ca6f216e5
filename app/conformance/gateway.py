"""The window that speaks numbered transactions in one envelope (兼容层)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, ClassVar

from app.conformance.desk import Charge, Desk, Person, Said, Stay
from app.conformance.rest import ITEM, ITEM_NAME
from app.conformance.wire import Line, Reply

PATH = "/compat/fsi/api/callService"
CHINA = timezone(timedelta(hours=8))
BRACKETED = re.compile(r"\[([A-Z0-9_]+)\] .+")
ERR_MSG_MAX = 200
OURS: Mapping[str, str] = {
    "mdtrt_id": "visit",
    "visit_stas": "state",
    "accepted_count": "accepted",
    "replayed_count": "replayed",
    "removed_count": "removed",
    "visit_line_count": "line_count",
    "visit_total_amt": "total",
    "setl_id": "settlement",
    "medfee_sumamt": "total",
    "fund_pay_sumamt": "fund",
    "psn_part_amt": "own",
    "outcome": "outcome",
}
ACTS: Mapping[str, str] = {"admit": "2401", "settle": "2304", "cancel": "2305"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What stands around the input of a transaction."""

    sender: str
    place: str
    now: datetime

    def wrap(self, number: str, message: str, node: str, content: object) -> dict[str, Any]:
        """Write a message."""
        return {
            "infno": number,
            "msgid": message,
            "mdtrtarea_admvs": self.place,
            "insuplc_admdvs": self.place,
            "recer_sys_code": "WI",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": "0001",
            "opter_name": "示例收费员",
            "inf_time": written(self.now),
            "fixmedins_code": self.sender,
            "fixmedins_name": "示例机构",
            "input": {node: content},
        }


def written(at: datetime) -> str:
    """Write an instant as the clocks of China show it."""
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def said(reply: Reply) -> Said:
    """Read an answer of the gateway, numbers as they were written."""
    try:
        told = json.loads(reply.body, parse_float=str)
    except ValueError:
        told = {}
    output = told.get("output") or {}
    codes = [found[1]] if (found := BRACKETED.match(str(told.get("err_msg", "")))) else []
    codes += [str(each.get("code")) for each in output.get("errors", [])]
    facts: dict[str, str] = {}
    for node in ("result", "setlinfo", "totals"):
        shown = output.get(node)
        for name, value in shown.items() if isinstance(shown, dict) else ():
            if name in OURS:
                facts[OURS[name]] = str(value)
    return Said(
        done=told.get("infcode") == 0,
        status=reply.status,
        codes=tuple(codes),
        facts=facts,
        replayed=reply.is_replay,
        text=reply.body.decode("utf-8", "replace"),
    )


class GatewayDesk(Desk):
    """Speaks the gateway's transactions."""

    face: ClassVar = "gateway"

    def __init__(self, line: Line, now: datetime) -> None:
        super().__init__(line)
        self.envelope = Envelope(sender=line.party, place=line.region, now=now)

    def come_to(self, now: datetime) -> None:
        """Write this time into the messages from here on."""
        self.envelope = replace(self.envelope, now=now)

    async def call(self, number: str, node: str, content: object, key: str) -> Said:
        """Send one transaction."""
        body = self.envelope.wrap(number, key, node, content)
        return said(await self.line.send("POST", PATH, body))

    async def fetch(self, number: str, node: str, content: object, key: str) -> Reply:
        """Send one transaction whose answer is a file."""
        body = self.envelope.wrap(number, key, node, content)
        return await self.line.send("POST", PATH, body)

    async def admit(self, person: Person, at: datetime, key: str) -> Said:
        """2401."""
        asked = {
            "psn_no": person.worker,
            "insutype": "410",
            "begntime": written(at),
            "mdtrt_cert_type": "03",
            "mdtrt_cert_no": person.card,
            "psn_name": person.name,
            "certno": person.certificate,
            "med_type": "42",
            "cost_kind": "420",
            "ipt_no": f"ZY{person.worker[-7:]}",
            "chfpdr_name": "示例医师",
            "adm_dept_name": "骨科",
            "dscg_maindiag_code": "S82.201",
            "dscg_maindiag_name": "胫骨干骨折",
        }
        return await self.call("2401", "mdtrtinfo", asked, key)

    async def upload(self, stay: Stay, charges: Sequence[Charge], key: str) -> Said:
        """2301."""
        rows = [_row(stay, charge) for charge in charges]
        return await self.call("2301", "feedetail", rows, key)

    async def remove_lines(self, stay: Stay, key: str) -> Said:
        """2302 with 0000."""
        return await self.call("2302", "data", _of(stay) | {"feedetl_sn": "0000"}, key)

    async def discharge(self, stay: Stay, at: datetime, key: str) -> Said:
        """2402."""
        asked = _of(stay) | {"endtime": written(at), "dscg_way": "1"}
        return await self.call("2402", "dscginfo", asked, key)

    async def undo_discharge(self, stay: Stay, key: str) -> Said:
        """2405."""
        return await self.call("2405", "data", _of(stay), key)

    async def cancel_visit(self, stay: Stay, key: str) -> Said:
        """2404."""
        return await self.call("2404", "data", _of(stay), key)

    async def preview(self, stay: Stay, total: Decimal, key: str) -> Said:
        """2303."""
        return await self.call("2303", "data", _of(stay) | {"medfee_sumamt": str(total)}, key)

    async def settle(self, stay: Stay, total: Decimal, key: str) -> Said:
        """2304."""
        return await self.call("2304", "data", _of(stay) | {"medfee_sumamt": str(total)}, key)

    async def cancel(self, stay: Stay, settlement: str, key: str) -> Said:
        """2305."""
        asked = _of(stay) | {"setl_id": settlement, "memo": "符合性测试"}
        return await self.call("2305", "data", asked, key)

    async def reverse(self, message: str, kind: str, key: str) -> Said:
        """2601."""
        asked = {"psn_no": "", "omsgid": message, "oinfno": ACTS[kind]}
        return await self.call("2601", "data", asked, key)


def _of(stay: Stay) -> dict[str, str]:
    return {"mdtrt_id": stay.visit, "psn_no": stay.person.worker}


def _row(stay: Stay, charge: Charge) -> dict[str, str]:
    return _of(stay) | {
        "feedetl_sn": charge.serial,
        "init_feedetl_sn": charge.refund_of or "",
        "fee_ocur_time": written(stay.at),
        "med_list_codg": ITEM,
        "medins_list_codg": "YP0001",
        "medins_list_name": ITEM_NAME,
        "fee_category": "drug",
        "det_item_fee_sumamt": str(charge.amount),
        "cnt": str(charge.quantity),
        "pric": str(charge.unit_price),
        "injury_flag": "0" if charge.for_injury else "1",
    }
