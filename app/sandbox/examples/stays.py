"""Visits at every step from admission to cancellation of the settlement, each of its own worker."""

from __future__ import annotations

from collections.abc import Mapping

from app.runtime.openapi import Example
from app.sandbox.examples.stage import FITTER, HOSPITAL, OPERATOR, Body, Role, Stage

VISITS, SETTLEMENTS = "/v1/visits", "/v1/settlements"
ONE = f"{VISITS}/{{number}}"
TOTAL = "19.20"


async def lay(stage: Stage) -> Mapping[str, Example]:
    """Bring each visit to where its example begins."""
    await stage.filed(Role.PATIENT)
    await stage.filed(Role.FITTED, "device")
    treated = await charged(stage, Role.TREATED)
    return {
        "POST /v1/workers/identify": Example(client=HOSPITAL, body=stage.claim(Role.PATIENT)),
        f"POST {VISITS}": Example(
            client=HOSPITAL,
            body=admission(stage, Role.PATIENT, stage.now),
            further={FITTER: fitting(stage)},
        ),
        f"GET {ONE}": _of(treated),
        f"PATCH {ONE}": _of(treated, {"ward": "骨科二病区", "bed": "3"}),
        f"POST {ONE}/cancel": _of(await admitted(stage, Role.MISTAKEN)),
        f"POST {ONE}/lines": _of(treated, {"lines": [line("000002", stage.now)]}),
        f"GET {ONE}/lines": _of(treated),
        f"POST {ONE}/preview": _of(treated),
        f"DELETE {ONE}/lines": _of(await charged(stage, Role.OVERCHARGED)),
        **await _closing(stage),
    }


async def _closing(stage: Stage) -> Mapping[str, Example]:
    """Lay what is discharged, settled and cancelled."""
    healed = await charged(stage, Role.HEALED)
    left = {"discharged_at": stage.now, "way": "advised"}
    settlement = await settled(stage, Role.SETTLED)
    figures = {"total": TOTAL, "line_count": 1, "invoice_no": "FP0000000001"}
    one = f"{SETTLEMENTS}/{{number}}"
    mistaken = Example(
        client=HOSPITAL,
        parameters={"number": await charged(stage, Role.MISCHARGED), "serial": "000001"},
    )
    return {
        f"DELETE {ONE}/lines/{{serial}}": mistaken,
        f"POST {ONE}/discharge": _of(healed, left),
        f"POST {ONE}/discharge/undo": _of(await discharged(stage, Role.RELAPSED)),
        f"POST {ONE}/settle": _of(await discharged(stage, Role.READY), figures),
        f"GET {one}": _of(settlement),
        "GET /v1/ledger/postings": Example(client=OPERATOR, parameters={"subject": settlement}),
        f"GET {one}/recomputation": _of(settlement),
        f"POST {one}/cancel": _of(settlement, {"reason": "明细录入有误"}),
    }


async def admitted(stage: Stage, role: Role) -> str:
    """File somebody and admit them; return the visit's number."""
    await stage.filed(role)
    body = admission(stage, role, stage.midnight)
    visit = await stage.write(HOSPITAL, VISITS, body, f"{role.name.lower()}-visit")
    return str(visit["number"])


async def charged(stage: Stage, role: Role) -> str:
    """Admit somebody and charge a line."""
    visit = await admitted(stage, role)
    body = {"lines": [line("000001", stage.midnight)]}
    await stage.write(HOSPITAL, f"{VISITS}/{visit}/lines", body, f"{role.name.lower()}-lines")
    return visit


async def discharged(stage: Stage, role: Role) -> str:
    """Admit, charge and discharge somebody."""
    visit = await charged(stage, role)
    body = {"discharged_at": stage.midnight, "way": "advised"}
    path = f"{VISITS}/{visit}/discharge"
    await stage.write(HOSPITAL, path, body, f"{role.name.lower()}-discharge")
    return visit


async def settled(stage: Stage, role: Role) -> str:
    """Settle with somebody; return the settlement's number."""
    visit = await discharged(stage, role)
    path = f"{VISITS}/{visit}/settle"
    made = await stage.write(HOSPITAL, path, {"total": TOTAL}, f"{role.name.lower()}-settle")
    return str(made["number"])


def admission(stage: Stage, role: Role, moment: str) -> Body:
    """Write the body of POST /v1/visits for a stay."""
    return {
        "kind": "inpatient",
        "cost_kind": "medical",
        "worker": stage.claim(role),
        "admitted_at": moment,
        "admission_no": f"ZY{stage.today:%Y%m%d}{role:02d}",
        "department": "骨科",
        "ward": "骨科一病区",
        "bed": "12",
        "physician": "示例医师",
        "diagnoses": [{"code": "S82.201", "name": "胫骨干骨折", "main": True}],
    }


def fitting(stage: Stage) -> Body:
    """Write the body of POST /v1/visits for a fitting."""
    other = {"kind": "fitting", "cost_kind": "device", "department": "假肢装配部"}
    body = admission(stage, Role.FITTED, stage.now) | other
    return {name: it for name, it in body.items() if name not in ("ward", "bed")}


def line(serial: str, moment: str) -> Body:
    """Write a fee line."""
    return {
        "serial": serial,
        "category": "drug",
        "item_code": "D010001",
        "item_name": "注射用头孢唑林钠",
        "unit": "支",
        "quantity": "6",
        "unit_price": "3.20",
        "amount": TOTAL,
        "occurred_at": moment,
        "injury_related": True,
    }


def _of(number: str, body: Body | None = None) -> Example:
    return Example(client=HOSPITAL, parameters={"number": number}, body=body)
