"""When silence confirms, how far an item rolls, what a bank line is, and how cities add up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clearing.errors import (
    ClaimForeign,
    ContestAnswered,
    ContestDeducted,
    ContestMoot,
    ReplyAmountWrong,
)
from app.clearing.model import (
    CONTEST_LIFE,
    BankOutcome,
    Claim,
    ContestEvent,
    ContestReason,
    ContestState,
    Part,
    Side,
    Totals,
)
from app.clearing.model.confirming import Answered, Contest, Pair, Reply
from app.clearing.model.paying import BankLine, Call, CityShare
from app.clearing.rules import cities, confirming, contests, payments
from app.kernel.calendar import Month, Quarter
from app.kernel.money import ZERO, Money
from app.policy.book import PolicyBook

BOOK = PolicyBook.load()
CLAIM = Claim(
    id=1,
    insured_place="110000",
    treatment_place="370000",
    totals=Totals(2, Money(500), Money(400)),
    reviewed=Part(),
    root=bytes(32),
)
CONTEST = Contest(
    id=1,
    number="Z1100002510220000001",
    clearing="C0000002510210000001",
    claim_id=1,
    held_by=1,
    pair=Pair("110000", "370000"),
    settlement="A3701002509010000001",
    institution="H37010000001",
    business_day=date(2025, 8, 5),
    is_cancelled=False,
    left=Money(300),
    fund=Money(300),
    reason=ContestReason.OTHER,
    proposed=Money(100),
    note="示例",
    raised_at=datetime(2025, 10, 22, tzinfo=UTC),
    in_time=True,
    reply_by=date(2025, 10, 27),
    state=ContestState.OPEN,
    agreed=None,
    reply_note=None,
    replied_at=None,
    rolls=0,
)
CALL = Call(
    claim_id=1,
    subject="N1",
    references=frozenset({"N1", "N2"}),
    insured_place="110000",
    treatment_place="370000",
    amount=Money(400),
    paid=ZERO,
    paid_on=None,
)


def bank_line(fen: int, number: int = 1) -> BankLine:
    return BankLine(
        line=number,
        bank_reference=f"B{number}",
        reference="N1",
        payer="110000",
        payee="370000",
        amount=Money(fen),
        paid_on=date(2025, 11, 18),
    )


@pytest.mark.parametrize(
    ("generated", "last"),
    [
        (date(2025, 10, 21), date(2025, 10, 25)),
        (date(2025, 10, 1), date(2025, 10, 25)),
        (date(2025, 11, 3), date(2025, 11, 7)),
    ],
)
def test_silence_confirms_after_the_25th_or_as_many_days_after_a_late_run(
    generated: date, last: date
) -> None:
    assert confirming.confirm_by(Quarter(2025, 3), generated, BOOK) == last


@pytest.mark.parametrize(("region", "side"), [("110000", Side.INSURED), ("370000", Side.TREATMENT)])
def test_an_agency_speaks_for_the_side_of_its_own_place(region: str, side: Side) -> None:
    assert confirming.side_of(CLAIM, region) is side


@pytest.mark.parametrize("region", ["370100", "110101", "510000"])
def test_nobody_else_speaks_for_a_side(region: str) -> None:
    with pytest.raises(ClaimForeign):
        confirming.side_of(CLAIM, region)


@pytest.mark.parametrize(
    ("settled", "period", "rolls", "may"),
    [
        (date(2025, 2, 1), Quarter(2025, 1), 0, True),
        (date(2025, 2, 1), Quarter(2025, 2), 1, True),
        (date(2025, 2, 1), Quarter(2025, 3), 2, False),
        (date(2025, 8, 1), Quarter(2025, 3), 0, True),
        (date(2025, 11, 1), Quarter(2025, 4), 0, False),
        (date(2025, 12, 1), Month(2025, 12), 0, True),
        (date(2025, 12, 1), Month(2026, 1), 1, True),
        (date(2025, 12, 1), Month(2026, 2), 0, False),
    ],
)
def test_an_item_rolls_at_most_twice_and_never_beyond_the_close_of_its_year(
    settled: date, period: Quarter | Month, rolls: int, *, may: bool
) -> None:
    contest = replace(CONTEST, business_day=settled, rolls=rolls)
    assert contests.may_roll(contest, period, BOOK) is may


@pytest.mark.parametrize(
    ("event", "amount", "state", "agreed"),
    [
        (ContestEvent.ACCEPT, None, ContestState.ACCEPTED, 100),
        (ContestEvent.ACCEPT_IN_PART, 200, ContestState.ACCEPTED_IN_PART, 200),
        (ContestEvent.REJECT, None, ContestState.REJECTED, 300),
    ],
)
def test_an_answer_says_what_is_owed(
    event: ContestEvent, amount: int | None, state: ContestState, agreed: int
) -> None:
    reply = Reply(event, None if amount is None else Money(amount), "示例")
    assert contests.answer(CONTEST, reply) == Answered(state, Money(agreed))


@pytest.mark.parametrize("fen", [-1, 100, 300, 301])
def test_a_part_lies_between_nothing_and_the_whole_and_is_neither_sides_own(fen: int) -> None:
    with pytest.raises(ReplyAmountWrong):
        contests.answer(CONTEST, Reply(ContestEvent.ACCEPT_IN_PART, Money(fen), "示例"))


def test_what_was_cancelled_is_not_taken_off_a_second_time() -> None:
    cancelled = replace(CONTEST, is_cancelled=True)
    with pytest.raises(ContestMoot):
        contests.answer(cancelled, Reply(ContestEvent.ACCEPT, None, "示例"))
    assert contests.lapse(cancelled).agreed == CONTEST.fund
    assert contests.lapse(CONTEST).agreed == CONTEST.proposed


def test_what_review_deducted_is_not_taken_off_a_second_time() -> None:
    """Of 300 review took 120: a contest takes 180 at most, and what lapses no more than that."""
    deducted = replace(CONTEST, left=Money(180))
    with pytest.raises(ContestDeducted) as refused:
        contests.answer(deducted, Reply(ContestEvent.ACCEPT, None, "示例"))
    assert refused.value.facts["left"] == Money(180)
    in_part = Reply(ContestEvent.ACCEPT_IN_PART, Money(120), "示例")
    assert contests.answer(deducted, in_part).agreed == Money(120)
    assert contests.lapse(deducted).agreed == Money(120)
    credit = replace(CONTEST, fund=Money(-300), proposed=Money(0), left=Money(-180))
    assert contests.lapse(credit).agreed == Money(-120)


@pytest.mark.parametrize("moved", [{"state": ContestState.REJECTED}, {"rolls": 1}])
def test_a_contest_that_moved_on_holds_its_confirmation(moved: dict[str, object]) -> None:
    contests.require_unanswered([CONTEST])
    with pytest.raises(ContestAnswered):
        contests.require_unanswered([CONTEST, replace(CONTEST, **moved)])  # type: ignore[arg-type]  # fields by name


def test_every_answer_is_final() -> None:
    assert CONTEST_LIFE.states() == set(ContestState)
    assert CONTEST_LIFE.ends() == set(ContestState) - {ContestState.OPEN}


@pytest.mark.parametrize("sign", [1, -1])
def test_payments_in_parts_close_a_notice_and_a_return_opens_it(sign: int) -> None:
    way = (
        {"payer": "110000", "payee": "370000"}
        if sign > 0
        else {
            "payer": "370000",
            "payee": "110000",
        }
    )
    amounts = [150, 250, -250, 300, 250, -500, 0 + 10]
    lines = [replace(bank_line(fen, n), **way) for n, fen in enumerate(amounts)]  # type: ignore[arg-type]  # fields by name
    found, (after,) = payments.match(lines, [replace(CALL, amount=Money(400 * sign))])
    assert [it.outcome for it in found] == [
        BankOutcome.PARTIAL,
        BankOutcome.MATCHED,
        BankOutcome.RETURNED,
        BankOutcome.MISDIRECTED,
        BankOutcome.MATCHED,
        BankOutcome.MISDIRECTED,
        BankOutcome.MISDIRECTED,
    ]
    assert after.paid == Money(400 * sign)
    assert after.paid_on == date(2025, 11, 18)


@given(st.lists(st.integers(min_value=-500, max_value=500).filter(bool), max_size=12))
def test_whatever_the_bank_says_never_more_is_paid_than_called_for(amounts: list[int]) -> None:
    lines = [bank_line(fen, n) for n, fen in enumerate(amounts)]
    found, (after,) = payments.match(lines, [CALL])
    assert ZERO <= after.paid <= CALL.amount
    assert after.paid == Money.total(it.booked for it in found)
    assert (after.paid_on is not None) == (after.paid == CALL.amount)
    for it in found:
        assert (it.claim_id is None) == (it.outcome is BankOutcome.MISDIRECTED)
        assert (it.booked == ZERO) == (it.outcome is BankOutcome.MISDIRECTED)


def test_a_number_of_the_bank_is_one_payment() -> None:
    line, other = bank_line(5), replace(bank_line(5), line=2, amount=Money(6))
    new = payments.new_lines([line, replace(line, line=9), other], {})
    assert (new.lines, new.known, new.reused) == ((line,), 1, ("B1",))
    assert payments.new_lines([line], {"B1": line}).known == 1


def test_districts_add_up_to_their_city_and_a_single_city_is_its_province() -> None:
    def share(region: str) -> CityShare:
        return CityShare(
            city=region,
            insured_place="110000",
            treatment_place="370000",
            settlements=1,
            total=Money(5),
            fund=Money(4),
        )

    found = cities.by_city(share(region) for region in ("370102", "370100", "110105", "370000"))
    assert [(it.city, it.settlements, it.fund) for it in found] == [
        ("110000", 1, Money(4)),
        ("370000", 1, Money(4)),
        ("370100", 2, Money(8)),
    ]
