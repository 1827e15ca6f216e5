"""What the hub's records are called in the mapping: `from` names these facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from app.entitlement.model import Determination, Person, Worker
from app.filing.model import Filing
from app.gateway.outputs import Facts
from app.institutions.model import Institution
from app.kernel.money import ZERO, Money
from app.kernel.refusal import Refusal
from app.policy.provisions import Provisions
from app.reference.value_sets import value_sets
from app.settlement.model import Bill, LineResult, Preview, Reason, Settlement
from app.visit.model import Course, FeeLine, Visit

CAPS = (Reason.OVER_CAP, Reason.DEVICE_OVER_CAP)


def of_person(worker: Worker, person: Person, today: date) -> Facts:
    """Tell who somebody is."""
    born = person.birth_date
    birthday_ahead = (today.month, today.day) < (born.month, born.day)
    return {
        "worker": worker.number,
        "certificate_kind": person.certificate_kind,
        "certificate_number": person.certificate_number,
        "name": person.name,
        "sex": person.sex,
        "birth_date": born,
        "age": today.year - born.year - birthday_ahead,
    }


def of_worker(worker: Worker) -> Facts:
    """Tell where and through whom a worker is insured."""
    return {"insured_region": worker.insured_region, "employer": worker.employer}


def of_determination(it: Determination) -> Facts:
    """Tell a determination."""
    return {
        "number": it.number,
        "kind": it.kind,
        "document_number": it.document_number,
        "decided_on": it.decided_on,
        "last_day": it.last_day,
        "injured_parts": it.injured_parts,
        "diagnoses": it.diagnoses,
        "third_party": "1" if it.third_party else "0",
    }


def of_filing(it: Filing) -> Facts:
    """Tell a filing."""
    return {
        "filing": it.number,
        "worker": it.worker,
        "kind": it.kind,
        "state": it.state,
        "insured_region": it.insured_region,
        "treatment_region": it.treatment_region,
        "cost_kinds": it.cost_kinds,
        "first_day": it.term.first,
        "last_day": it.term.last,
        "admission_deadline": it.admission_deadline,
    }


def of_institution(it: Institution, today: date) -> Facts:
    """Tell an institution as it stands today."""
    types = sorted(it.types)
    scopes = (
        f"{scope.cost_kind}/{scope.scheme}/{scope.first_day}/{scope.last_day or ''}"
        for scope in it.scopes
    )
    return {
        "code": it.code,
        "name": it.name,
        "uscc": it.uscc,
        "type": types[0] if types else None,
        "types": types,
        "grade": it.grade,
        "region": it.region,
        "address": it.address,
        "state": it.state_on(today),
        "scopes": tuple(scopes),
    }


def of_visit(it: Visit) -> Facts:
    """Tell a visit."""
    main = next((each for each in it.diagnoses if each.main), None)
    return {
        "visit": it.number,
        "worker": it.worker_number,
        "state": it.state,
        "visit_kind": it.kind,
        "cost_kind": it.cost_kind,
        "admitted_at": it.admitted_at,
        "discharged_at": it.discharged_at,
        "admission_no": it.admission_no,
        "department": it.department,
        "bed": it.bed,
        "physician": it.physician,
        "main_diagnosis_code": main and main.code,
        "main_diagnosis_name": main and main.name,
        "filing": it.filing_number,
        "determination": it.determination_number,
        "insured_region": it.insured_region,
        "line_count": it.line_count,
        "total": it.total,
    }


def of_line(it: FeeLine) -> Facts:
    """Tell a fee line as it was uploaded; nothing of it is decided."""
    return {
        "serial": it.serial,
        "refund_of": it.refund_of,
        "item_code": it.item_code,
        "category": it.category,
        "amount": it.amount,
        "quantity": it.quantity,
        "unit_price": it.unit_price,
    }


def of_result(it: LineResult, provisions: Provisions) -> Facts:
    """Tell the decision on a line; its own share stands under a cap or as wholly the worker's."""
    capped = it.reason in CAPS
    charge = it.charge
    cap = charge.listing and charge.listing.cap
    return {
        "serial": charge.serial,
        "refund_of": charge.refund_of,
        "item_code": charge.item_code,
        "category": charge.category,
        "amount": charge.amount,
        "quantity": charge.quantity,
        "unit_price": charge.unit_price,
        "cap": cap or None,
        "restricted": "1" if charge.listing and charge.listing.restricted else "0",
        "fund": it.fund,
        "over_cap": it.own if capped else ZERO,
        "full_own": ZERO if capped else it.own,
        "reason": it.reason,
        "reason_zh": _sentence(it, provisions),
        "clause": it.clause,
    }


def of_undecided(it: FeeLine, refusal: Refusal) -> Facts:
    """Tell a line of a visit that could not be settled as things stand: the fund pays nothing."""
    return {
        **of_line(it),
        "fund": ZERO,
        "over_cap": ZERO,
        "full_own": it.amount,
        "restricted": "0",
        "reason_zh": f"暂不能直接结算：{refusal.title_zh}",
    }


def of_bill(bill: Bill) -> Facts:
    """Tell the sums of a bill."""
    over = _over_cap(bill.lines)
    return {
        "line_count": len(bill.lines),
        "total": bill.total,
        "fund": bill.fund,
        "own": bill.own,
        "over_cap": over,
        "full_own": bill.own - over,
    }


def of_preview(it: Preview, visit: Course) -> Facts:
    """Tell a preview: a settlement without number or instant."""
    return {
        "visit": it.visit_number,
        "worker": visit.worker_number,
        "visit_kind": visit.kind,
        "cost_kind": visit.cost_kind,
        "cancelled": False,
        **of_bill(it.bill),
    }


def of_settlement(it: Settlement, visit: Course, bill: Bill | None) -> Facts:
    """Tell a settlement or a cancellation."""
    return {
        **(of_bill(bill) if bill is not None else {}),
        "visit": it.visit_number,
        "settlement": it.number,
        "worker": it.worker_number,
        "settled_at": it.settled_at,
        "visit_kind": visit.kind,
        "cost_kind": visit.cost_kind,
        "line_count": it.line_count,
        "total": it.total,
        "fund": it.fund,
        "own": it.own,
        "invoice_no": it.invoice_no,
        "cancels": it.cancels,
        "cancelled": it.cancelled_by is not None,
        "treatment_place": it.treatment_place,
        "insured_place": it.insured_place,
    }


def of_fund(amount: Money) -> Facts:
    """Tell what the fund pays."""
    return {"fund": amount}


def _over_cap(lines: Sequence[LineResult]) -> Money:
    return Money.total(line.own for line in lines if line.reason in CAPS)


def _sentence(it: LineResult, provisions: Provisions) -> str:
    """Say in Chinese why the fund does not pay all of a line."""
    if it.reason is None:
        return ""
    known = value_sets()["line_reason"].code(it.reason)
    clause = provisions.clauses.get(it.clause)
    told = known.zh if known is not None else it.reason.value
    return f"{told}（{clause.document_number or clause.document}）" if clause else told
