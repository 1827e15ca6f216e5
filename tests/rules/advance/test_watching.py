"""Usage, days left, who may change what, and what both sides say of a payment."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum

import pytest

from app.advance.errors import (
    AdvanceNotRed,
    AdvancePairWrong,
    ConfirmationMismatch,
    PaidLater,
)
from app.advance.model import (
    LIFE_OF_RUN,
    LIFE_OF_TRANSFER,
    Direction,
    Draft,
    DueDays,
    Pair,
    Purpose,
    RunState,
    Said,
    Transfer,
    TransferState,
)
from app.advance.model.watching import (
    LIFE_OF_CHANGE,
    LIFE_OF_HOLD,
    ChangeState,
    Guard,
    HoldState,
    Level,
    Lines,
    Mode,
    Standing,
)
from app.advance.rules import changes, quota, transfers
from app.advance.rules.usage import usage
from app.kernel.money import ZERO, Money
from app.ledger.entries import advance_paid, advance_returned
from app.policy.book import PolicyBook

BOOK, DAY = PolicyBook.load(), date(2025, 9, 1)
PAIR = Pair("110000", "370000")
TERMS = quota.terms_of(2026, date(2026, 1, 6), BOOK)
SAID = Said(amount=Money(5_000), bank_reference="B1", paid_on=date(2025, 9, 2))


def standing(used: int, advance: int, burnt: int = 0) -> Standing:
    """A pair as it stands, part of its usage on a notice."""
    guard = Guard(
        insured_place="110000",
        treatment_place="370000",
        mode=Mode.WARN,
        lines=Lines(yellow=70, red=90, rearm=5),
        level=Level.NORMAL,
    )
    return Standing(
        id=1,
        guard=guard,
        uncleared=Money(used - used // 3),
        notified=Money(used // 3),
        advance=Money(advance),
        burnt=Money(burnt),
        burn_days=30,
    )


def transfer(direction: Direction = Direction.PAID) -> Transfer:
    """A transfer of 50 yuan, called for on the first of September."""
    return Transfer(
        id=1,
        pair=PAIR,
        direction=direction,
        purpose=Purpose.YEARLY,
        amount=Money(5_000),
        payment_number="P1",
        receipt_number="P2",
        state=TransferState.CALLED,
        issued_at=datetime(2025, 9, 1, 1, tzinfo=UTC),
        due=DueDays(agency_by=DAY, finance_by=DAY, announced=True),
        bank_reference=None,
        paid_on=None,
        received_at=None,
    )


@pytest.mark.parametrize(
    ("used", "advance", "burnt", "percent", "days"),
    [
        (0, 10_000, 0, "0.00", None),
        (6_999, 10_000, 3_000, "69.99", 30),
        (8_999_999, 10_000_000, 0, "89.99", None),  # cut, not rounded up to a line
        (10_000, 10_000, 3_000, "100.00", 0),
        (15_000, 10_000, 3_000, "150.00", 0),
        (15_000, 10_000, 0, "150.00", 0),
        (15_000, 10_000, -5, "150.00", 0),
        (500, 0, 3_000, None, 0),
        (-500, 10_000, 3_000, "-5.00", 105),
    ],
)
def test_usage_is_cut_to_two_decimals_and_days_left_are_whole(
    used: int, advance: int, burnt: int, percent: str | None, days: int | None
) -> None:
    it = usage(standing(used, advance, burnt))
    assert (it.percent, it.days_until_empty) == (percent, days)
    assert it.daily == Money(max(burnt, 0) // 30)


def test_the_lines_and_the_first_mode_are_the_policys() -> None:
    assert changes.lines_of(DAY, BOOK) == Lines(yellow=70, red=90, rearm=5)
    assert changes.first_mode(DAY, "110000", BOOK) is Mode.WARN


@pytest.mark.parametrize(
    ("pair", "pool", "opened"),
    [
        (Level.RED, Level.NORMAL, True),
        (Level.YELLOW, Level.RED, True),
        (Level.YELLOW, Level.YELLOW, False),
        (Level.NORMAL, Level.NORMAL, False),
    ],
)
def test_a_red_pair_or_a_red_pool_opens_an_increase(
    pair: Level, pool: Level, *, opened: bool
) -> None:
    if opened:
        changes.require_red(pair, pool)
        return
    with pytest.raises(AdvanceNotRed):
        changes.require_red(pair, pool)


def test_an_advance_is_kept_between_places_that_owe_each_other() -> None:
    changes.require_pair(PAIR)
    with pytest.raises(AdvancePairWrong):
        changes.require_pair(Pair("370000", "370100"))


def test_what_is_short_is_paid_and_what_is_too_much_is_returned() -> None:
    (paid,) = transfers.draft(PAIR, Money(5), Purpose.YEARLY)
    assert (paid.payer, paid.receiver, paid.amount) == ("110000", "370000", Money(5))
    (back,) = transfers.draft(PAIR, Money(-5), Purpose.ADJUSTMENT)
    assert (back.payer, back.receiver, back.amount) == ("370000", "110000", Money(5))
    assert isinstance(back, Draft)
    assert transfers.draft(PAIR, ZERO, Purpose.YEARLY) == ()


def test_a_run_calls_for_what_is_short_and_what_is_over_line_by_line() -> None:
    spent = {PAIR: {TERMS.months[0]: Money(30_000_000)}}
    other, fits = Pair("120000", "370000"), Pair("130000", "370000")
    held = {other: Money(9_000_000), fits: Money(5_000_000)}
    found = transfers.drafts(quota.worksheet(spent, [], held, TERMS))
    assert [(it.pair, it.direction, str(it.amount)) for it in found] == [
        (PAIR, Direction.PAID, "100000.00"),
        (other, Direction.RETURNED, "40000.00"),
    ]
    assert {it.purpose for it in found} == {Purpose.YEARLY}


def test_a_notice_of_january_counts_its_working_days_over_the_spring_festival() -> None:
    due = transfers.due_days(date(2025, 1, 20), BOOK)
    # The 26th was a working Sunday; the holiday ran from the 28th to 4 February.
    assert (due.agency_by, due.finance_by) == (date(2025, 1, 26), date(2025, 2, 14))
    assert due.announced


def test_the_payer_pays_what_was_called_for_between_the_notice_and_today() -> None:
    it, today = transfer(), date(2025, 9, 3)
    transfers.require_payable(it, SAID, today)
    for day in (date(2025, 8, 31), date(2025, 9, 4)):
        late = Said(amount=SAID.amount, bank_reference="B1", paid_on=day)
        with pytest.raises(PaidLater):
            transfers.require_payable(it, late, today)
    other = Said(amount=Money(4_999), bank_reference="B1", paid_on=SAID.paid_on)
    with pytest.raises(ConfirmationMismatch) as caught:
        transfers.require_payable(it, other, today)
    assert caught.value.facts["theirs"] == {"amount": "50.00"}


@pytest.mark.parametrize(
    ("received", "different"),
    [
        (Said(amount=Money(1), bank_reference="B1", paid_on=SAID.paid_on), ["amount"]),
        (Said(amount=SAID.amount, bank_reference="B2", paid_on=SAID.paid_on), ["bank_reference"]),
        (Said(amount=SAID.amount, bank_reference="B1", paid_on=DAY), ["paid_on"]),
        (
            Said(amount=Money(1), bank_reference="B2", paid_on=DAY),
            ["amount", "bank_reference", "paid_on"],
        ),
    ],
)
def test_every_figure_the_sides_differ_in_is_told_with_both(
    received: Said, different: list[str]
) -> None:
    with pytest.raises(ConfirmationMismatch) as caught:
        transfers.require_agreed(SAID, received)
    facts = caught.value.facts
    assert facts["different"] == different
    assert facts["yours"] == {name: received.facts()[name] for name in different}
    assert facts["theirs"] == {name: SAID.facts()[name] for name in different}
    transfers.require_agreed(SAID, SAID)


def test_a_float_is_booked_the_way_it_went() -> None:
    paid, back = transfer(), transfer(Direction.RETURNED)
    assert transfers.entry_of(paid, DAY) == advance_paid("P1", DAY, *PAIR.places, Money(5_000))
    assert transfers.entry_of(back, DAY) == advance_returned("P1", DAY, *PAIR.places, Money(5_000))


@pytest.mark.parametrize(
    ("reached", "ended", "states", "ends"),
    [
        (LIFE_OF_RUN.states(), LIFE_OF_RUN.ends(), RunState, {"issued", "withdrawn"}),
        (LIFE_OF_TRANSFER.states(), LIFE_OF_TRANSFER.ends(), TransferState, {"received"}),
        (LIFE_OF_CHANGE.states(), LIFE_OF_CHANGE.ends(), ChangeState, {"approved", "rejected"}),
        (LIFE_OF_HOLD.states(), LIFE_OF_HOLD.ends(), HoldState, {"approved", "rejected"}),
    ],
)
def test_every_state_is_reached_and_only_ends_have_no_way_on(
    reached: frozenset[str], ended: frozenset[str], states: type[StrEnum], ends: set[str]
) -> None:
    assert reached == set(states)
    assert ended == ends
