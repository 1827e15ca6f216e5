"""Claims are paid in full, statements add up, and every claim calls for two notices."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from app.clearing.model import Claim, Due, NoticeKind, Part, Totals
from app.clearing.rules.net import nets_of, statement_of
from app.clearing.rules.notices import due_dates, notices_of
from app.kernel.money import ZERO, Money
from app.policy.book import PolicyBook

BOOK = PolicyBook.load()
PLACES = ["110000", "210000", "370000", "510000"]


def claim(
    insured: str, treatment: str, fund: int, *, total: int = 0, settlements: int = 1
) -> Claim:
    return Claim(
        id=1,
        insured_place=insured,
        treatment_place=treatment,
        totals=Totals(settlements, Money(total), Money(fund)),
        reviewed=Part(),
        root=bytes(32),
    )


THERE = claim("110000", "370000", 900, total=1000, settlements=3)
BACK = claim("370000", "110000", 400, total=500)
ASIDE = claim("210000", "370000", -50, total=-60)


def test_a_place_pays_and_receives_in_full_and_nothing_is_set_off() -> None:
    statement = statement_of("370000", [THERE, BACK, ASIDE])
    assert statement.payable == (BACK,)
    assert statement.receivable == (THERE, ASIDE)
    assert statement.net.payable == Totals(1, Money(500), Money(400))
    assert statement.net.receivable == Totals(4, Money(940), Money(850))


def test_the_net_is_what_would_remain_for_information() -> None:
    assert [(it.place, it.net.fen) for it in nets_of([THERE, BACK, ASIDE])] == [
        ("110000", -500),
        ("210000", 50),
        ("370000", 450),
    ]


def test_a_place_without_claims_has_an_empty_statement() -> None:
    statement = statement_of("510000", [THERE])
    assert (statement.payable, statement.receivable) == ((), ())
    assert statement.net.net == ZERO


def test_every_claim_calls_for_a_notice_on_each_side() -> None:
    made = [(it.kind, it.party_place, it.counter_place) for it in notices_of([Due(THERE)])]
    assert made == [
        (NoticeKind.PAYABLE, "110000", "370000"),
        (NoticeKind.RECEIVABLE, "370000", "110000"),
    ]


def test_a_claim_below_zero_is_called_for_as_a_credit() -> None:
    assert [it.due.amount for it in notices_of([Due(ASIDE)])] == [Money(-50)] * 2


def test_a_claim_of_nothing_calls_for_no_notice() -> None:
    assert notices_of([Due(claim("110000", "370000", 0, total=700))]) == ()


def test_the_agency_has_five_working_days_and_finance_ten_after_them() -> None:
    due = due_dates(date(2025, 10, 31), BOOK)
    assert due.to_finance_by == date(2025, 11, 7)
    assert due.pay_by == date(2025, 11, 21)
    assert due.announced


def test_the_national_holiday_is_not_counted_and_its_shifted_days_are() -> None:
    # 2025: holiday from 1 to 8 October; Sunday 28 September and Saturday 11 October are worked.
    due = due_dates(date(2025, 9, 26), BOOK)
    assert due.to_finance_by == date(2025, 10, 10)
    assert due.pay_by == date(2025, 10, 23)


def test_dates_in_a_year_not_announced_yet_say_so() -> None:
    assert not due_dates(date(2999, 1, 4), BOOK).announced


pairs = st.tuples(st.sampled_from(PLACES), st.sampled_from(PLACES)).filter(lambda p: p[0] != p[1])
funds = st.integers(min_value=-(10**13), max_value=10**13)


@given(st.dictionaries(pairs, funds))
def test_what_all_places_pay_is_what_all_receive_and_the_nets_sum_to_zero(
    matrix: dict[tuple[str, str], int],
) -> None:
    claims = [claim(*pair, fund) for pair, fund in matrix.items()]
    nets = nets_of(claims)
    assert sum(it.net.fen for it in nets) == 0
    for side in (Totals.of(it.payable for it in nets), Totals.of(it.receivable for it in nets)):
        assert side == Totals.of(each.totals for each in claims)
    for it in nets:
        assert it == statement_of(it.place, claims).net


@given(st.dictionaries(pairs, funds))
def test_payable_and_receivable_notices_come_to_the_same(
    matrix: dict[tuple[str, str], int],
) -> None:
    drafts = notices_of(Due(claim(*pair, fund)) for pair, fund in matrix.items())
    sums = {
        kind: Money.total(it.due.amount for it in drafts if it.kind is kind) for kind in NoticeKind
    }
    assert sums[NoticeKind.PAYABLE] == sums[NoticeKind.RECEIVABLE] == Money(sum(matrix.values()))
