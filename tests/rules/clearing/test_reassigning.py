"""Which misdirected payments are put to which notices, by whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.clearing.errors import PaymentMisfit, PaymentPlaced
from app.clearing.model import BankOutcome
from app.clearing.model.paying import BankLine, Call
from app.clearing.model.reassigning import (
    REASSIGNMENT_LIFE,
    Reassignment,
    ReassignmentState,
    Stray,
)
from app.clearing.rules import payments
from app.kernel.money import Money

LINE = BankLine(
    line=0,
    bank_reference="B1",
    reference="XJ-0001",
    payer="110000",
    payee="370000",
    amount=Money(300),
    paid_on=date(2025, 11, 18),
)
CALL = Call(
    claim_id=7,
    subject="N1100002510310000001",
    references=frozenset({"N1100002510310000001"}),
    insured_place="110000",
    treatment_place="370000",
    amount=Money(1000),
    paid=Money(600),
    paid_on=None,
)
MADE = Reassignment(
    id=1,
    number="G0000002511200000001",
    payment_id=1,
    line=LINE,
    outcome=BankOutcome.MISDIRECTED,
    notice=CALL.subject,
    note="示例",
    state=ReassignmentState.PROPOSED,
    proposed_at=datetime(2025, 11, 20, tzinfo=UTC),
    proposed_by="one",
    decided_at=None,
    decided_by=None,
    decision_note=None,
)


def test_a_reassignment_is_decided_once() -> None:
    assert REASSIGNMENT_LIFE.states() == set(ReassignmentState)
    assert REASSIGNMENT_LIFE.ends() == {ReassignmentState.APPROVED, ReassignmentState.REJECTED}


@pytest.mark.parametrize(
    ("fen", "outcome", "paid_on"),
    [
        (300, BankOutcome.PARTIAL, None),
        (400, BankOutcome.MATCHED, LINE.paid_on),
        (-600, BankOutcome.RETURNED, None),
    ],
)
def test_a_stray_under_the_right_places_is_matched_on_its_own_day(
    fen: int, outcome: BankOutcome, paid_on: date | None
) -> None:
    payment, now = payments.reassigned(replace(LINE, amount=Money(fen)), CALL)
    assert (payment.outcome, payment.claim_id, payment.booked) == (outcome, 7, Money(fen))
    assert (now.paid, now.paid_on) == (Money(600 + fen), paid_on)


def test_a_citys_treasury_pays_and_is_paid_for_its_province() -> None:
    payment, _ = payments.reassigned(replace(LINE, payer="110100", payee="370100"), CALL)
    assert payment.outcome is BankOutcome.PARTIAL


@pytest.mark.parametrize("other", [{"payer": "120000"}, {"payee": "380000"}])
def test_money_of_other_places_is_not_placed(other: dict[str, str]) -> None:
    with pytest.raises(PaymentMisfit) as refused:
        payments.reassigned(replace(LINE, **other), CALL)  # type: ignore[arg-type]  # by name
    assert refused.value.facts["why"] == "parties"


@pytest.mark.parametrize("fen", [401, -601])
def test_no_more_is_placed_than_is_open_nor_returned_than_was_paid(fen: int) -> None:
    with pytest.raises(PaymentMisfit) as refused:
        payments.reassigned(replace(LINE, amount=Money(fen)), CALL)
    assert refused.value.facts["why"] == "amount"


def test_a_credit_is_paid_by_the_treatment_place() -> None:
    credit = replace(CALL, amount=Money(-300), paid=Money(0))
    back = replace(LINE, payer="370000", payee="110000")
    payment, now = payments.reassigned(back, credit)
    assert (payment.outcome, now.paid) == (BankOutcome.MATCHED, Money(-300))


def test_only_what_is_booked_nowhere_is_put_to_a_notice_and_by_one_proposal() -> None:
    stray = Stray(1, LINE, BankOutcome.MISDIRECTED)
    payments.require_stray(stray, is_open=False)
    for placed, is_open in ((stray, True), (replace(stray, outcome=BankOutcome.MATCHED), False)):
        with pytest.raises(PaymentPlaced):
            payments.require_stray(placed, is_open=is_open)
