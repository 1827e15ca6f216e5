"""Act (c): somebody who may not be settled directly is told every reason at once."""

from __future__ import annotations

from datetime import time
from uuid import uuid4

from app.sandbox.clock import in_china
from app.sandbox.story import filing
from app.sandbox.story.stage import Stage
from app.sandbox.story.wire import Answer, DeviationError
from hub_client import HubRefusedError
from hub_client.orders import Admission, Diagnosis

ARRIVED_AT = time(11, 30)
ANOTHER_CARD = "Z00000000"
REASONS = ("card-mismatch", "third-party-liable", "filing-missing")


async def play(stage: Stage) -> None:
    """Refuse an admission: another's card, a third party liable, nothing filed."""
    stage.clock.go_to(stage.dates.refused, ARRIVED_AT)
    patient = await filing.register(stage, "injury", third_party=True)
    admission = Admission(
        worker=patient.identity(ANOTHER_CARD),
        admitted_at=in_china(stage.dates.refused, ARRIVED_AT),
        admission_no=f"ZY{uuid4().hex[:8].upper()}",
        department="急诊科",
        physician="示例医师丙",
        diagnoses=(Diagnosis("S72.3", "股骨干骨折", main=True),),
    )
    problem = stage.expect_refusal(await _refused(stage, admission), 422, REASONS)
    held = await stage.cast.hospital.read("/v1/visits", worker=patient.worker)
    stage.expect_equal("The number of visits after the refusal", len(held["items"]), 0)
    stage.tale.refusals.append(
        {
            "act": "admission_refused",
            "status": problem["status"],
            "code": problem["code"],
            "reasons": [
                {
                    name: it.get(name)
                    for name in ("code", "title", "title_zh", "detail", "detail_zh")
                }
                for it in (problem, *problem.get("also", ()))
            ],
        }
    )
    stage.teller.refusal(problem)
    stage.teller.says("All three reasons come in one answer 一次告知全部原因; nothing was stored")


async def _refused(stage: Stage, admission: Admission) -> Answer:
    """Let the hospital try, and return the hub's own words from its journal."""
    desk = stage.cast.desks.hospital
    try:
        visit = await desk.admit(admission)
    except HubRefusedError:
        kept = desk.desk.journal.latest("admit")
        assert kept is not None, "it was meant a moment ago"
        return Answer(kept.status or 0, kept.answer or b"{}", replayed=False)
    raise DeviationError(f"{visit.number} was admitted, and should have been refused.")
