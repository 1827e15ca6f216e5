"""What may be taken off, until when it may be appealed, and what an agency may decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.calendar import Month
from app.kernel.lifecycle import NoSuchMove
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.policy.book import PolicyBook
from app.review.errors import (
    AppealTermOver,
    DecisionAmountWrong,
    DeductionNotReturnable,
    DeductionsRefused,
)
from app.review.model import DeductionDecision, DeductionReason, DeductionState
from app.review.model.deducting import (
    DEDUCTION_LIFE,
    Deductible,
    Deduction,
    DeductionAsked,
    DeductionEvent,
)
from app.review.rules.deducting import appealed, decide, proposals, require_returnable

BOOK, TODAY = PolicyBook.load(), date(2025, 9, 26)
NUMBER = "A3701002509010000001"
Key = tuple[str, str | None]


def deductible(**other: Any) -> Deductible:
    facts: dict[str, Any] = {
        "settlement_id": 1,
        "settlement": NUMBER,
        "serial": None,
        "is_line": False,
        "stands": True,
        "month": Month(2025, 9),
        "institution": "H37010000001",
        "insured_region": "110000",
        "treatment_region": "370100",
        "insured_place": "110000",
        "treatment_place": "370000",
        "scheme": Scheme.CROSS_PROVINCE,
        "fund": Money(1000),
        "deducted": Money(300),
        "line_fund": Money(500),
        "line_deducted": Money(100),
    }
    return Deductible(**facts | other)


FOUND: Mapping[Key, Deductible] = {
    (NUMBER, None): deductible(),
    (NUMBER, "1"): deductible(serial="1", is_line=True),
    (NUMBER, "9"): deductible(serial="9"),
}


def asked(fen: int, serial: str | None = None, settlement: str = NUMBER) -> DeductionAsked:
    return DeductionAsked(
        settlement=settlement,
        serial=serial,
        reason=DeductionReason.OVERCHARGED,
        amount=Money(fen),
        note="示例",
    )


def faults(
    items: Sequence[DeductionAsked], found: Mapping[Key, Deductible]
) -> list[dict[str, Any]]:
    with pytest.raises(DeductionsRefused) as refused:
        proposals(items, found, TODAY, BOOK)
    errors = refused.value.facts["errors"]
    assert isinstance(errors, list)
    return errors


def kept(**other: Any) -> Deduction:
    at = datetime(2025, 9, 26, 1, tzinfo=UTC)
    facts: dict[str, Any] = {
        "id": 1,
        "number": "K3701002509260000001",
        "settlement": NUMBER,
        "settlement_month": Month(2025, 9),
        "serial": None,
        "institution": "H37010000001",
        "insured_region": "110000",
        "treatment_region": "370100",
        "insured_place": "110000",
        "treatment_place": "370000",
        "scheme": Scheme.CROSS_PROVINCE,
        "reason": DeductionReason.OVERCHARGED,
        "note": "示例",
        "proposed": Money(400),
        "amount": Money(400),
        "state": DeductionState.PROPOSED,
        "proposed_at": at,
        "appeal_by": date(2025, 10, 13),
        "appealed_at": None,
        "appeal_note": None,
        "decided_at": None,
        "decision": None,
        "decision_note": None,
        "final_at": None,
        "month": None,
        "cancels": None,
        "cancelled_by": None,
    }
    return Deduction(**facts | other)


def test_a_deduction_may_be_appealed_for_five_working_days_over_a_holiday() -> None:
    made = proposals([asked(700)], FOUND, TODAY, BOOK)
    assert [(it.appeal_by, it.of) for it in made] == [(date(2025, 10, 10), FOUND[NUMBER, None])]


@pytest.mark.parametrize(
    ("items", "codes"),
    [
        ([asked(701)], ["more_than_the_fund_bears"]),
        ([asked(400), asked(300), asked(1)], ["more_than_the_fund_bears"]),
        ([asked(401, "1")], ["more_than_the_line_bears"]),
        ([asked(200, "1"), asked(201, "1")], ["more_than_the_line_bears"]),
        ([asked(400, "1"), asked(301)], ["more_than_the_fund_bears"]),
        ([asked(1, "9")], ["line_unknown"]),
        ([asked(1, None, "A0")], ["settlement_unknown"]),
        ([asked(1, "8")], ["settlement_unknown"]),
    ],
)
def test_what_is_too_much_or_of_nothing_is_refused_by_its_name(
    items: list[DeductionAsked], codes: list[str]
) -> None:
    errors = faults(items, FOUND)
    assert [it["code"] for it in errors] == codes
    assert [it["index"] for it in errors] == [len(items) - 1]
    assert errors[0].get("serial") == items[-1].serial


def test_what_was_cancelled_takes_no_deduction() -> None:
    found: dict[Key, Deductible] = {(NUMBER, None): deductible(stands=False)}
    assert [it["code"] for it in faults([asked(1)], found)] == ["does_not_stand"]


@given(st.lists(st.tuples(st.integers(1, 900), st.sampled_from([None, "1"])), max_size=6))
def test_accepted_deductions_never_take_more_than_is_left(
    items: list[tuple[int, str | None]],
) -> None:
    try:
        made = proposals([asked(fen, serial) for fen, serial in items], FOUND, TODAY, BOOK)
    except DeductionsRefused:
        return
    assert Money.total(it.asked.amount for it in made) <= Money(700)
    of_line = Money.total(it.asked.amount for it in made if it.asked.serial is not None)
    assert of_line <= Money(400)


def test_an_appeal_is_in_time_up_to_the_last_day() -> None:
    assert appealed(kept(), date(2025, 10, 13)) is DeductionState.APPEALED
    with pytest.raises(AppealTermOver):
        appealed(kept(), date(2025, 10, 14))
    with pytest.raises(NoSuchMove):
        appealed(kept(state=DeductionState.APPEALED), date(2025, 10, 13))


@pytest.mark.parametrize(
    ("state", "event", "amount", "then"),
    [
        (
            DeductionState.APPEALED,
            DeductionEvent.UPHOLD,
            None,
            (DeductionState.FINAL, 400, DeductionDecision.UPHELD),
        ),
        (
            DeductionState.APPEALED,
            DeductionEvent.LOWER,
            1,
            (DeductionState.FINAL, 1, DeductionDecision.LOWERED),
        ),
        (
            DeductionState.APPEALED,
            DeductionEvent.WITHDRAW,
            None,
            (DeductionState.WITHDRAWN, 400, DeductionDecision.WITHDRAWN),
        ),
        (
            DeductionState.PROPOSED,
            DeductionEvent.WITHDRAW,
            None,
            (DeductionState.WITHDRAWN, 400, DeductionDecision.WITHDRAWN),
        ),
        (
            DeductionState.PROPOSED,
            DeductionEvent.LAPSE,
            None,
            (DeductionState.FINAL, 400, DeductionDecision.UNAPPEALED),
        ),
    ],
)
def test_how_a_deduction_may_end(
    state: DeductionState,
    event: DeductionEvent,
    amount: int | None,
    then: tuple[DeductionState, int, DeductionDecision],
) -> None:
    said = decide(kept(state=state), event, None if amount is None else Money(amount))
    assert (said.state, said.amount.fen, said.decision) == then


@pytest.mark.parametrize(
    ("event", "amount"),
    [
        (DeductionEvent.LOWER, None),
        (DeductionEvent.LOWER, 400),
        (DeductionEvent.LOWER, 0),
        (DeductionEvent.LOWER, -1),
        (DeductionEvent.UPHOLD, 100),
    ],
)
def test_only_what_is_lowered_takes_an_amount_and_a_smaller_one(
    event: DeductionEvent, amount: int | None
) -> None:
    with pytest.raises(DecisionAmountWrong):
        decide(
            kept(state=DeductionState.APPEALED), event, None if amount is None else Money(amount)
        )


@pytest.mark.parametrize("event", [DeductionEvent.UPHOLD, DeductionEvent.LOWER])
def test_what_nobody_appealed_against_is_not_decided_but_withdrawn_or_left(
    event: DeductionEvent,
) -> None:
    with pytest.raises(NoSuchMove):
        decide(kept(), event, None)


def test_only_a_final_deduction_that_stands_is_given_back() -> None:
    final = {"state": DeductionState.FINAL, "month": Month(2025, 9)}
    require_returnable(kept(**final))
    for other, why in (
        ({"cancels": "K1"}, "the return of K1"),
        ({"cancelled_by": "K2"}, "given back by K2"),
        ({"state": DeductionState.PROPOSED}, "proposed"),
    ):
        with pytest.raises(DeductionNotReturnable) as refused:
            require_returnable(kept(**final | other))
        assert refused.value.facts["why"] == why


def test_a_withdrawn_deduction_takes_nothing_off() -> None:
    assert kept().effect == Money(400)
    assert kept(state=DeductionState.WITHDRAWN).effect == Money(0)


def test_every_state_of_a_deduction_is_reached_and_two_end_it() -> None:
    assert DEDUCTION_LIFE.states() == set(DeductionState)
    assert DEDUCTION_LIFE.ends() == {DeductionState.FINAL, DeductionState.WITHDRAWN}
