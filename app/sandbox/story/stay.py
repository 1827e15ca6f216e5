"""Acts (a) and (d): a stay of two weeks with 160 fee lines, and its settle sent twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from uuid import uuid4

from app.kernel.money import Money
from app.sandbox.clock import in_china
from app.sandbox.story import filing
from app.sandbox.story.bill import FIRST_UPLOAD, LINES, NIGHTS, BillLine, hospital_bill
from app.sandbox.story.dates import Dates
from app.sandbox.story.settling import Figures, preview, settle, settle_body
from app.sandbox.story.stage import HOSPITAL, UNCLEARED, Stage
from app.sandbox.story.wire import Answer

STAY = "stay"
ADMITTED_AT, SUPPLIED_AT, DISCHARGED_AT = time(14, 30), time(15, 0), time(16, 0)


async def play(stage: Stage) -> None:
    """Play the stay from the filing to the settlement, then send the settlement again."""
    stage.clock.go_to(stage.dates.filed)
    patient = await filing.register(stage, "injury")
    await filing.file(stage, patient, ["medical"])
    visit = await _admit(stage, patient)
    bill = hospital_bill()
    await _upload(stage, visit, bill[:FIRST_UPLOAD])
    await _upload(stage, visit, bill[FIRST_UPLOAD:])
    await _discharge(stage, visit)
    await _settle(stage, visit, bill)


def figures(bill: Sequence[BillLine]) -> Figures:
    """Add up what the price list alone says of the bill."""
    own: dict[str, Money] = {}
    for line in bill:
        if line.reason is not None:
            own[line.reason] = own.get(line.reason, Money(0)) + line.amount - line.fund
    return Figures(
        Money.total(line.amount for line in bill), Money.total(line.fund for line in bill), own
    )


async def _admit(stage: Stage, patient: filing.Patient) -> str:
    stage.clock.go_to(stage.dates.admitted, SUPPLIED_AT)
    hospital = stage.cast.hospital
    known = await hospital.write("/v1/workers/identify", patient.claim())
    stage.expect_equal("The number of filings usable today", len(known["filings"]), 1)
    visit = await hospital.write(
        "/v1/visits",
        {
            "worker": patient.claim(),
            "kind": "inpatient",
            "cost_kind": "medical",
            "admitted_at": in_china(stage.dates.admitted, ADMITTED_AT).isoformat(),
            "admission_no": f"ZY{uuid4().hex[:8].upper()}",
            "department": "骨科",
            "ward": "骨科二病区",
            "bed": "12",
            "physician": "示例医师甲",
            "diagnoses": [{"code": "S82.2", "name": "胫骨骨干骨折", "main": True}],
        },
    )
    number = str(visit["number"])
    stage.expect_equal("The state of the visit", visit["state"], "admitted")
    stage.teller.says(
        f"{HOSPITAL} 山东中医药大学第二附属医院 identifies the worker by number, name and card, "
        f"and admits: visit {number} 入院登记"
    )
    return number


async def _upload(stage: Stage, visit: str, lines: Sequence[BillLine]) -> None:
    """Upload some lines in one call, on the day of the last, and read the running totals."""
    stage.clock.go_to(max(stage.dates.night(line.night) for line in lines), DISCHARGED_AT)
    taken = await stage.cast.hospital.write(
        f"/v1/visits/{visit}/lines", {"lines": [wire(stage.dates, line) for line in lines]}
    )
    stage.expect_equal("The number of lines accepted", taken["accepted"], len(lines))
    stage.teller.says(
        f"{len(lines)} fee lines uploaded 费用明细上传: the visit now holds "
        f"{taken['line_count']} lines, {taken['total']} yuan"
    )


async def _discharge(stage: Stage, visit: str) -> None:
    stage.clock.go_to(stage.dates.night(NIGHTS), SUPPLIED_AT)
    body = {
        "discharged_at": in_china(stage.dates.night(NIGHTS), ADMITTED_AT).isoformat(),
        "way": "advised",
    }
    left = await stage.cast.hospital.write(f"/v1/visits/{visit}/discharge", body)
    stage.expect_equal("The state of the visit", left["state"], "discharged")
    stage.teller.says(f"Discharged 出院登记 after {NIGHTS} nights")


async def _settle(stage: Stage, visit: str, bill: Sequence[BillLine]) -> None:
    """Preview, settle, and send the same settle again."""
    hospital, expected, key = stage.cast.hospital, figures(bill), str(uuid4())
    await preview(stage, hospital, visit, expected, STAY)
    first = await settle(stage, hospital, visit, expected, key=key, act=STAY)
    settled = first.body
    stage.expect_equal("The number of lines settled", settled["line_count"], LINES)
    stage.teller.says(
        f"Settled 直接结算: of {settled['total']} the fund pays {settled['fund']}, the worker "
        f"{settled['own']} at the desk; exactly what the preview 预结算 said"
    )
    await _again(stage, visit, expected, key, first)


async def _again(stage: Stage, visit: str, expected: Figures, key: str, first: Answer) -> None:
    """Send the same settle under the same message id: one effect, the same bytes."""
    before = await stage.balance(UNCLEARED)
    again = await stage.cast.hospital.send(
        f"/v1/visits/{visit}/settle", settle_body(expected), key=key
    )
    number = first.body["number"]
    postings = await stage.cast.operator.read("/v1/ledger/postings", subject=number)
    kept = await stage.cast.hospital.read("/v1/settlements", visit=visit)
    stage.expect(again.replayed, "The second settle was not marked Idempotency-Replayed.")
    stage.expect_equal("The second answer", again.content, first.content)
    stage.expect_equal("The number of postings", len(postings["items"]), 1)
    stage.expect_equal("The number of settlements of the visit", len(kept["items"]), 1)
    stage.expect_equal("What Beijing owes", await stage.balance(UNCLEARED), before)
    stage.tale.replays.append(
        {
            "act": "settle_twice",
            "message": key,
            "first": {"status": first.status, "replayed": first.replayed, "settlement": number},
            "second": {
                "status": again.status,
                "replayed": again.replayed,
                "settlement": again.body["number"],
            },
            "equal_bytes": again.content == first.content,
            "settlements": len(kept["items"]),
            "postings": len(postings["items"]),
        }
    )
    stage.teller.says(
        f"The same settle is sent again 重发: {again.status}, Idempotency-Replayed: true, the same "
        f"{len(again.content)} bytes; still one settlement, one posting"
    )


def wire(dates: Dates, line: BillLine) -> dict[str, object]:
    """Write a fee line for the wire."""
    return {
        "serial": line.serial,
        "refund_of": line.refund_of,
        "category": line.category,
        "item_code": line.code,
        "item_name": line.name,
        "unit": line.unit,
        "quantity": str(line.quantity),
        "unit_price": str(line.price),
        "amount": str(line.amount),
        "occurred_at": in_china(dates.night(line.night), SUPPLIED_AT).isoformat(),
        "injury_related": line.injury_related,
        "restricted_approved": line.restricted_approved,
    }
