"""Every check of an admission, on paper."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app.entitlement.errors import DeterminationMissing
from app.entitlement.model import (
    CardKind,
    Determination,
    DeterminationKind,
    DeterminationState,
)
from app.kernel.costs import CostKind
from app.kernel.money import ZERO
from app.kernel.refusal import Refusal
from app.kernel.regions import Scheme
from app.policy.book import PolicyBook
from app.visit import errors, rules
from app.visit.model import Visit, VisitKind, VisitState

BOOK = PolicyBook.load()
DAY = date(2025, 9, 1)
AT = datetime(2025, 9, 1, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
QUANTITY = Decimal(1)


def visit(**other: object) -> Visit:
    """Return an open stay of worker 1 under filing 1."""
    about: dict[str, object] = {
        "id": 1,
        "number": "S3701002509010000001",
        "kind": VisitKind.INPATIENT,
        "cost_kind": CostKind.MEDICAL,
        "scheme": Scheme.CROSS_PROVINCE,
        "state": VisitState.ADMITTED,
        "worker_id": 1,
        "worker_number": "W1",
        "determination_id": 1,
        "determination_number": "D1",
        "filing_id": 1,
        "filing_number": "Y1",
        "institution": "H37010000001",
        "insured_region": "110000",
        "treatment_region": "370100",
        "admitted_at": AT,
        "discharged_at": None,
        "card_kind": CardKind.PHYSICAL,
        "admission_no": "ZY1",
        "department": "骨科",
        "ward": None,
        "bed": None,
        "physician": "示例医师",
        "diagnoses": (),
        "discharge_way": None,
        "memo": None,
        "transfer_from": None,
        "continued_at": None,
        "holds_filing": True,
        "line_count": 0,
        "total": ZERO,
        "revision": 1,
        "policy_version": "test",
        "created_at": AT,
    }
    return Visit(**about | other)  # type: ignore[arg-type]  # the table above is complete


def determination(**other: object) -> Determination:
    about: dict[str, object] = {
        "id": 1,
        "number": "D1",
        "worker_id": 1,
        "worker": "W1",
        "kind": DeterminationKind.INJURY,
        "document_number": "示例",
        "decided_on": DAY,
        "last_day": None,
        "injured_parts": (),
        "diagnoses": (),
        "third_party": False,
        "state": DeterminationState.ACTIVE,
        "registered_by": "110000",
        "created_at": AT,
    }
    return Determination(**about | other)  # type: ignore[arg-type]  # the table above is complete


def kinds(found: list[Refusal]) -> list[str]:
    return [refusal.code for refusal in found]


def test_before_the_first_text_no_scheme_was_open() -> None:
    places = rules.Places("110000", "370100")
    _, found = rules.scheme_faults(places, VisitKind.OUTPATIENT, date(1970, 1, 1), BOOK)
    assert kinds(found) == ["scheme-not-open", "scheme-not-open", "outpatient-closed"]


def test_an_admission_may_be_now_but_not_later() -> None:
    assert rules.future_fault(AT, AT) is None
    found = rules.future_fault(AT + timedelta(seconds=1), AT)
    assert isinstance(found, errors.AdmissionInFuture)


@pytest.mark.parametrize(
    ("kind", "cost_kind", "fits"),
    [
        (VisitKind.INPATIENT, CostKind.MEDICAL, True),
        (VisitKind.INPATIENT, CostKind.REHABILITATION, True),
        (VisitKind.INPATIENT, CostKind.DEVICE, False),
        (VisitKind.FITTING, CostKind.DEVICE, True),
        (VisitKind.FITTING, CostKind.MEDICAL, False),
        (VisitKind.OUTPATIENT, CostKind.MEDICAL, True),
        (VisitKind.OUTPATIENT, CostKind.DEVICE, False),
    ],
)
def test_a_kind_of_visit_is_for_its_kinds_of_cost(
    kind: VisitKind, cost_kind: CostKind, *, fits: bool
) -> None:
    assert (rules.kind_fault(kind, cost_kind) is None) is fits


@pytest.mark.parametrize(
    ("insured", "treatment", "kind", "scheme", "refused"),
    [
        ("110000", "370100", VisitKind.INPATIENT, Scheme.CROSS_PROVINCE, []),
        ("110000", "370100", VisitKind.OUTPATIENT, Scheme.CROSS_PROVINCE, ["outpatient-closed"]),
        ("370100", "370200", VisitKind.INPATIENT, Scheme.IN_PROVINCE, []),
        ("370100", "370200", VisitKind.OUTPATIENT, Scheme.IN_PROVINCE, []),
        ("440100", "440300", VisitKind.INPATIENT, Scheme.IN_PROVINCE, ["scheme-not-open"]),
        (
            "440100",
            "440300",
            VisitKind.OUTPATIENT,
            Scheme.IN_PROVINCE,
            ["scheme-not-open", "outpatient-closed"],
        ),
        ("370100", "370100", VisitKind.INPATIENT, None, ["not-elsewhere"]),
        ("370000", "370100", VisitKind.INPATIENT, None, ["not-elsewhere"]),
    ],
)
def test_the_two_places_make_the_scheme_and_the_provinces_open_it(
    insured: str, treatment: str, kind: VisitKind, scheme: Scheme | None, refused: list[str]
) -> None:
    found = rules.scheme_faults(rules.Places(insured, treatment), kind, DAY, BOOK)
    assert (found[0], kinds(found[1])) == (scheme, refused)


MISSING = [DeterminationMissing(cost_kind="medical", needs=["injury"], day=DAY)]


def test_a_determination_that_is_there_is_no_fault() -> None:
    assert not rules.determination_faults([], [], CostKind.MEDICAL, DAY, None)


def test_a_determination_that_came_later_is_told_with_its_day() -> None:
    later = [determination(decided_on=date(2025, 9, 9)), determination(decided_on=date(2025, 9, 5))]
    (found,) = rules.determination_faults(MISSING, later, CostKind.MEDICAL, DAY, "D1")
    assert isinstance(found, errors.AdmissionBeforeDetermination)
    assert found.facts["decided_on"] == date(2025, 9, 5)


def test_a_named_determination_that_will_not_do_is_told_by_name() -> None:
    (found,) = rules.determination_faults(MISSING, [], CostKind.MEDICAL, DAY, "D1")
    assert isinstance(found, errors.DeterminationNotUsable)
    assert rules.determination_faults(MISSING, [], CostKind.MEDICAL, DAY, None) == MISSING


def test_third_party_liability_is_refused() -> None:
    assert rules.liability_fault(determination()) is None
    found = rules.liability_fault(determination(third_party=True))
    assert isinstance(found, errors.ThirdPartyLiable)


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (None, "not a visit of this worker"),
        (visit(worker_id=2), "not a visit of this worker"),
        (visit(state=VisitState.CANCELLED), "cancelled"),
        (visit(continued_at=AT), "continued by another visit"),
        (visit(admitted_at=AT + HOUR), "admitted later than this one"),
        (visit(filing_id=2), "under another filing"),
        (visit(), None),
    ],
)
def test_a_transfer_continues_a_visit_of_the_same_worker_and_filing(
    before: Visit | None, why: str | None
) -> None:
    found = rules.transfer_fault("S1", before, 1, 1, AT)
    assert (None if found is None else found.facts["why"]) == why


def test_a_refused_filing_says_nothing_about_the_transfer() -> None:
    assert rules.transfer_fault("S1", visit(filing_id=2), 1, None, AT) is None


@pytest.mark.parametrize(
    ("other", "transfer_from", "refused"),
    [
        (visit(), None, True),
        (visit(admitted_at=AT + HOUR), None, True),
        (visit(state=VisitState.DISCHARGED, discharged_at=AT + HOUR), None, True),
        (visit(state=VisitState.DISCHARGED, discharged_at=AT), None, False),
        (visit(state=VisitState.SETTLED), None, False),
        (visit(state=VisitState.CANCELLED), None, False),
        (visit(), "S3701002509010000001", False),
        (visit(), "S3701002509010000009", True),
    ],
)
def test_no_other_visit_is_open_over_the_same_time_save_the_one_continued(
    other: Visit, transfer_from: str | None, *, refused: bool
) -> None:
    found = rules.open_visit_fault([other], AT, transfer_from)
    assert (found is not None) is refused


def test_the_day_of_admission_is_a_day_in_china() -> None:
    assert rules.admission_day(datetime(2025, 8, 31, 16, 0, tzinfo=UTC)) == DAY
