"""Each business event moves the amounts that the table of accounts says, and nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.basis import BASES
from app.kernel.money import ZERO, Money
from app.ledger import entries
from app.ledger.chart import advance, normal_side, notified, payable, treasury, uncleared
from app.ledger.model import Account, AccountKind, Entry, Event, Posting, Proof, Side

DAY = date(2025, 9, 1)
HOSPITAL = "H37010000001"
PAIR = ("110000", "370000")
PAID = Money(1_825_000)
NUMBER = "A3700002509010000001"
SETTLED = entries.settlement_booked(NUMBER, DAY, *PAIR, HOSPITAL, PAID)

UNCLEARED, NOTIFIED, ADVANCE = uncleared(*PAIR), notified(*PAIR), advance(*PAIR)
PAYABLE, TREASURY = payable("370000", HOSPITAL), treasury("370000")

TABLE: list[tuple[Entry, Event, Account, Account]] = [
    (SETTLED, Event.SETTLEMENT_BOOKED, UNCLEARED, PAYABLE),
    (
        entries.settlement_cancelled("A2", DAY, SETTLED),
        Event.SETTLEMENT_CANCELLED,
        PAYABLE,
        UNCLEARED,
    ),
    (
        entries.deduction_made("X1", DAY, *PAIR, HOSPITAL, PAID),
        Event.DEDUCTION_MADE,
        PAYABLE,
        UNCLEARED,
    ),
    (entries.notice_issued("N1", DAY, *PAIR, PAID), Event.NOTICE_ISSUED, NOTIFIED, UNCLEARED),
    (entries.payment_matched("P1", DAY, *PAIR, PAID), Event.PAYMENT_MATCHED, TREASURY, NOTIFIED),
    (entries.advance_paid("V1", DAY, *PAIR, PAID), Event.ADVANCE_PAID, TREASURY, ADVANCE),
    (entries.advance_returned("V2", DAY, *PAIR, PAID), Event.ADVANCE_RETURNED, ADVANCE, TREASURY),
    (
        entries.institution_paid("P2", DAY, "370000", HOSPITAL, PAID),
        Event.INSTITUTION_PAID,
        PAYABLE,
        TREASURY,
    ),
]


def summed(made: Iterable[Entry]) -> dict[Account, int]:
    """Add up what entries do to each account."""
    balances: dict[Account, int] = defaultdict(int)
    for each in made:
        for posting in each.postings:
            balances[posting.debit] += posting.amount.fen
            balances[posting.credit] -= posting.amount.fen
    return balances


@pytest.mark.parametrize(("made", "event", "debit", "credit"), TABLE, ids=lambda it: str(it)[:20])
def test_an_event_debits_and_credits_the_accounts_of_the_table(
    made: Entry, event: Event, debit: Account, credit: Account
) -> None:
    assert made.event is event
    assert made.postings == (Posting(debit, credit, PAID),)
    assert made.day == DAY


def test_every_event_has_its_line_in_the_table() -> None:
    assert [event for _, event, _, _ in TABLE] == list(Event)


def test_every_event_names_the_clause_it_rests_on() -> None:
    for event in Event:
        assert BASES[f"app.ledger.entries.{event}"]


def test_a_cancellation_points_to_what_it_undoes_and_nothing_else_does() -> None:
    assert [made.reverses for made, *_ in TABLE] == [None, NUMBER, *[None] * 6]


def test_an_amount_of_zero_leaves_a_trace_without_postings() -> None:
    nothing = entries.settlement_booked(NUMBER, DAY, *PAIR, HOSPITAL, ZERO)
    assert nothing.postings == ()
    assert entries.settlement_cancelled("A2", DAY, nothing).postings == ()


def test_a_claim_below_zero_runs_the_other_way() -> None:
    credit = entries.notice_issued("N1", DAY, *PAIR, Money(-500))
    assert credit.postings == (Posting(UNCLEARED, NOTIFIED, Money(500)),)


def test_a_posting_needs_an_amount_above_zero_and_two_accounts() -> None:
    with pytest.raises(AssertionError):
        Posting(UNCLEARED, PAYABLE, ZERO)
    with pytest.raises(AssertionError):
        Posting(UNCLEARED, UNCLEARED, PAID)


def test_an_accounts_name_says_all_of_it() -> None:
    assert UNCLEARED.name == "uncleared:110000:370000"
    assert PAYABLE.name == "payable:370000:H37010000001"
    assert TREASURY.name == "treasury:370000"


def test_debts_to_others_grow_on_the_credit_side() -> None:
    owed = {kind for kind in AccountKind if normal_side(kind) is Side.CREDIT}
    assert owed == {AccountKind.PAYABLE, AccountKind.ADVANCE}


def test_a_proof_without_a_difference_holds() -> None:
    proof = Proof(accounts=0, entries=0, postings=0, turnover=ZERO, difference=None)
    assert proof.holds


places = st.sampled_from(["110000", "210000", "370000"])
amounts = st.integers(min_value=-(10**12), max_value=10**12).map(Money)


@st.composite
def an_entry(draw: st.DrawFn) -> Entry:
    """Any event with any amount."""
    insured, treatment, amount = draw(places), draw(places), draw(amounts)
    return draw(
        st.sampled_from(
            [
                entries.settlement_booked("A", DAY, insured, treatment, HOSPITAL, amount),
                entries.deduction_made("X", DAY, insured, treatment, HOSPITAL, amount),
                entries.notice_issued("N", DAY, insured, treatment, amount),
                entries.payment_matched("P", DAY, insured, treatment, amount),
                entries.advance_paid("V", DAY, insured, treatment, amount),
                entries.advance_returned("V", DAY, insured, treatment, amount),
                entries.institution_paid("P", DAY, treatment, HOSPITAL, amount),
            ]
        )
    )


@given(st.lists(an_entry(), max_size=30))
def test_any_sequence_of_entries_sums_to_zero(made: list[Entry]) -> None:
    assert sum(summed(made).values()) == 0


@given(st.lists(an_entry(), max_size=10), amounts)
def test_a_cancellation_restores_every_balance(before: list[Entry], fund: Money) -> None:
    booked = entries.settlement_booked("A1", DAY, *PAIR, HOSPITAL, fund)
    cancelled = entries.settlement_cancelled("A2", DAY, booked)
    after = summed([*before, booked, cancelled])
    assert {k: v for k, v in after.items() if v} == {k: v for k, v in summed(before).items() if v}
