"""What a plan's agencies and institutions report, in the words of the services."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal

from app.entitlement.model import CardKind, IdentityClaim
from app.filing.model import Referral
from app.kernel.costs import CostKind
from app.sandbox.clock import in_china
from app.sandbox.fees import PlannedLine
from app.sandbox.people import SyntheticPerson
from app.sandbox.traffic import PlannedCase, PlannedVisit
from app.visit.model import Admission, Diagnosis, FeeCategory, FeeLine, VisitKind

ADMITTED, SUPPLIED = time(10, 0), time(12, 0)
DIAGNOSIS = Diagnosis("S82.2", "胫骨骨干骨折", main=True)


def referral_of(case: PlannedCase) -> Referral:
    """Say who refers the worker."""
    return Referral(
        diagnosis_code=DIAGNOSIS.code,
        diagnosis=DIAGNOSIS.name,
        institution="示例转出医院",
        reason="参保地不具备救治条件",
        referred_on=case.filing.first_day,
    )


def admission_of(case: PlannedCase, planned: PlannedVisit, someone: SyntheticPerson) -> Admission:
    """Say what the institution reports of a planned admission."""
    at = in_china(planned.admitted_on, ADMITTED)
    return admission_at(at, someone, CostKind(case.cost_kind), f"SB{case.number:07d}")


def admission_at(
    at: datetime, someone: SyntheticPerson, cost_kind: CostKind, admission_no: str
) -> Admission:
    """Say what an institution reports of somebody who comes with the physical card."""
    return Admission(
        kind=VisitKind.FITTING if cost_kind is CostKind.DEVICE else VisitKind.INPATIENT,
        cost_kind=cost_kind,
        claim=IdentityClaim(
            certificate_number=someone.number,
            name=someone.name,
            card_kind=CardKind.PHYSICAL,
            card=someone.card_number,
        ),
        admitted_at=at,
        admission_no=admission_no,
        department="骨科",
        ward=None,
        bed=None,
        physician="示例医师",
        diagnoses=(DIAGNOSIS,),
        memo=None,
        determination=None,
        transfer_from=None,
    )


def fee_line_of(line: PlannedLine) -> FeeLine:
    """Say what was charged, as the institution uploads it."""
    return FeeLine(
        serial=f"{line.serial:04d}",
        refund_of=None if line.refund_of is None else f"{line.refund_of:04d}",
        category=FeeCategory(line.kind),
        item_code=line.code,
        item_name=line.name,
        institution_item_code=None,
        specification=None,
        unit=None,
        quantity=Decimal(line.quantity),
        unit_price=Decimal(str(line.price)),
        amount=line.amount,
        occurred_at=in_china(line.day, SUPPLIED),
        injury_related=line.injury_related,
        restricted_approved=False,
        department=None,
        physician=None,
    )
