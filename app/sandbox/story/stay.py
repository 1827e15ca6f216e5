"""Acts (a) and (d): a stay of two weeks with 160 fee lines, and its settle sent twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from decimal import Decimal
from uuid import uuid4

from app.kernel.money import Money
from app.sandbox.clock import in_china
from app.sandbox.story import filing
from app.sandbox.story.bill import FIRST_UPLOAD, LINES, NIGHTS, BillLine, hospital_bill
from app.sandbox.story.dates import Dates
from app.sandbox.story.settling import Figures, end_the_day, preview, settle
from app.sandbox.story.stage import HOSPITAL, UNCLEARED, Stage
from hub_client.answers import Settlement
from hub_client.orders import Admission, Diagnosis, FeeLine

STAY = "stay"
ADMITTED_AT, SUPPLIED_AT, DISCHARGED_AT = time(14, 30), time(15, 0), time(16, 0)


async def play(stage: Stage) -> None:
    """Play the stay from the filing to the settlement, then deliver the settle again."""
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
        lines=len(bill),
        total=Money.total(line.amount for line in bill),
        fund=Money.total(line.fund for line in bill),
        own_by_reason=own,
    )


async def _admit(stage: Stage, patient: filing.Patient) -> str:
    stage.clock.go_to(stage.dates.admitted, SUPPLIED_AT)
    desk = stage.cast.desks.hospital
    known = await desk.identify(patient.identity())
    stage.expect_equal("The number of filings usable today", len(known.filings), 1)
    admission = Admission(
        worker=patient.identity(),
        admitted_at=in_china(stage.dates.admitted, ADMITTED_AT),
        admission_no=f"ZY{uuid4().hex[:8].upper()}",
        department="骨科",
        ward="骨科二病区",
        bed="12",
        physician="示例医师甲",
        diagnoses=(Diagnosis("S82.2", "胫骨骨干骨折", main=True),),
    )
    visit = await desk.admit(admission)
    stage.expect_equal("The state of the visit", visit.state, "admitted")
    stage.teller.says(
        f"{HOSPITAL} 山东中医药大学第二附属医院 identifies the worker by number, name and card, "
        f"and admits: visit {visit.number} 入院登记"
    )
    return visit.number


async def _upload(stage: Stage, visit: str, lines: Sequence[BillLine]) -> None:
    """Upload some lines on the day of the last, and read the running totals."""
    stage.clock.go_to(max(stage.dates.night(line.night) for line in lines), DISCHARGED_AT)
    charged = [fee_line(stage.dates, line) for line in lines]
    taken = await stage.cast.desks.hospital.upload_lines(visit, charged)
    stage.expect_equal("The number of lines accepted", taken.accepted, len(lines))
    stage.teller.says(
        f"{len(lines)} fee lines uploaded 费用明细上传: the visit now holds "
        f"{taken.line_count} lines, {taken.total} yuan"
    )


async def _discharge(stage: Stage, visit: str) -> None:
    stage.clock.go_to(stage.dates.night(NIGHTS), SUPPLIED_AT)
    left_at = in_china(stage.dates.night(NIGHTS), ADMITTED_AT)
    left = await stage.cast.desks.hospital.discharge(visit, left_at)
    stage.expect_equal("The state of the visit", left.state, "discharged")
    stage.teller.says(f"Discharged 出院登记 after {NIGHTS} nights")


async def _settle(stage: Stage, visit: str, bill: Sequence[BillLine]) -> None:
    """Preview, settle, let the line deliver the settle again, and close the day."""
    desk, expected = stage.cast.desks.hospital, figures(bill)
    await preview(stage, desk, visit, expected, STAY)
    settled = await settle(stage, desk, visit, expected, STAY)
    stage.expect_equal("The number of lines settled", settled.line_count, LINES)
    stage.teller.says(
        f"Settled 直接结算: of {settled.total} the fund pays {settled.fund}, the worker "
        f"{settled.own} at the desk; exactly what the preview 预结算 said"
    )
    await _again(stage, settled)
    await end_the_day(stage, desk, stage.dates.night(NIGHTS), [settled])


async def _again(stage: Stage, settled: Settlement) -> None:
    """Deliver the message in the hospital's journal once more: one effect, the same bytes."""
    sent = stage.cast.desks.hospital.desk.journal.latest("settle")
    assert sent is not None, "it was settled a moment ago"
    assert sent.intent.body is not None, "a settle has a body"
    before = await stage.balance(UNCLEARED)
    hospital = stage.cast.hospital
    again = await hospital.deliver_again(sent.intent.path, sent.intent.body, key=sent.id)
    postings = await stage.cast.operator.read("/v1/ledger/postings", subject=settled.number)
    kept = await hospital.read("/v1/settlements", visit=settled.visit)
    stage.expect_equal("The number of times the first was sent", sent.repeats, 0)
    stage.expect(again.replayed, "The second settle was not marked Idempotency-Replayed.")
    stage.expect_equal("The second answer", again.content, sent.answer)
    stage.expect_equal("The number of postings", len(postings["items"]), 1)
    stage.expect_equal("The number of settlements of the visit", len(kept["items"]), 1)
    stage.expect_equal("What Beijing owes", await stage.balance(UNCLEARED), before)
    stage.tale.replays.append(
        {
            "act": "settle_twice",
            "message": sent.id,
            "first": {"status": sent.status, "replayed": False, "settlement": settled.number},
            "second": {
                "status": again.status,
                "replayed": again.replayed,
                "settlement": again.body["number"],
            },
            "equal_bytes": again.content == sent.answer,
            "settlements": len(kept["items"]),
            "postings": len(postings["items"]),
        }
    )
    stage.teller.says(
        f"The line delivers the same settle again 重发: {again.status}, Idempotency-Replayed: "
        f"true, the same {len(again.content)} bytes; still one settlement, one posting"
    )


def fee_line(dates: Dates, line: BillLine) -> FeeLine:
    """Write a line of the bill as the desk uploads it."""
    return FeeLine(
        serial=line.serial,
        refund_of=line.refund_of,
        category=line.category,
        item_code=line.code,
        item_name=line.name,
        unit=line.unit,
        quantity=Decimal(line.quantity),
        unit_price=Decimal(str(line.price)),
        amount=Decimal(str(line.amount)),
        occurred_at=in_china(dates.night(line.night), SUPPLIED_AT),
        injury_related=line.injury_related,
        restricted_approved=line.restricted_approved,
    )
