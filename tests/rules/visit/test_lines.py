"""Fee lines, on paper: every fault of every line, replays, refunds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.money import Money
from app.visit import rules
from app.visit.errors import LineHasRefunds, LinesRefused, LinesTooMany, LineUnknown
from app.visit.model import (
    FAULT_SAYS,
    LINES_PER_VISIT_MAX,
    Charges,
    FaultCode,
    FeeCategory,
    FeeLine,
    Span,
    VisitKind,
)
from tests.rules.visit.test_admission import visit

SPAN = Span(kind=VisitKind.INPATIENT, first_day=date(2025, 9, 1), last_day=date(2025, 9, 3))
TOLERANCE = Money(1)


def line(serial: str, **other: Any) -> FeeLine:
    """Return a line: two of something for 5.00 each."""
    about: dict[str, Any] = {
        "refund_of": None,
        "category": FeeCategory.DRUG,
        "item_code": "D1",
        "item_name": "示例药品",
        "institution_item_code": None,
        "specification": None,
        "unit": None,
        "quantity": Decimal(2),
        "unit_price": Decimal(5),
        "amount": Money(1000),
        "occurred_at": datetime(2025, 9, 1, 2, tzinfo=UTC),
        "injury_related": True,
        "restricted_approved": False,
        "department": None,
        "physician": None,
    }
    return FeeLine(serial=serial, **about | other)


def refund(serial: str, of: str, **other: Any) -> FeeLine:
    return line(serial, refund_of=of, quantity=Decimal(-2), amount=Money(-1000), **other)


def faults(*call: FeeLine, stored: tuple[FeeLine, ...] = ()) -> list[tuple[object, object, object]]:
    with pytest.raises(LinesRefused) as refused:
        rules.fresh_lines(call, stored, SPAN, TOLERANCE)
    told: Any = refused.value.facts["lines"]
    return [(it["index"], it["field"], it["code"]) for it in told]


def fresh(*call: FeeLine, stored: tuple[FeeLine, ...] = ()) -> list[str]:
    return [it.serial for it in rules.fresh_lines(call, stored, SPAN, TOLERANCE)]


def test_new_lines_are_taken_and_repetitions_passed_over() -> None:
    assert fresh(line("1"), line("2"), stored=(line("1"),)) == ["2"]


def test_a_serial_with_other_content_is_a_fault() -> None:
    assert faults(line("1", amount=Money(1001)), stored=(line("1"),)) == [
        (0, "serial", "serial_reused")
    ]


@pytest.mark.parametrize(
    "written",
    [Decimal("2.0000"), Decimal(2), Decimal("2.00")],
)
def test_the_same_number_written_otherwise_is_the_same_content(written: Decimal) -> None:
    assert line("1", quantity=written) == line("1")


def test_every_field_makes_a_difference_to_the_content() -> None:
    changed: dict[str, Any] = {
        "refund_of": "0",
        "category": FeeCategory.SERVICE,
        "item_code": None,
        "item_name": "另一项目",
        "institution_item_code": "x",
        "specification": "x",
        "unit": "x",
        "quantity": Decimal("2.0001"),
        "unit_price": Decimal("5.000001"),
        "amount": Money(999),
        "occurred_at": datetime(2025, 9, 1, 3, tzinfo=UTC),
        "injury_related": False,
        "restricted_approved": True,
        "department": "x",
        "physician": "x",
    }
    contents = {line("1", **{name: value}) for name, value in changed.items()}
    assert len(contents | {line("1")}) == len(changed) + 1


@pytest.mark.parametrize(
    ("other", "field", "code"),
    [
        ({"amount": Money(1002)}, "amount", "amount_mismatch"),
        ({"amount": Money(998)}, "amount", "amount_mismatch"),
        (
            {"quantity": Decimal(-2), "amount": Money(-1000)},
            "quantity",
            "sign",
        ),
        ({"quantity": Decimal(0), "amount": Money(0)}, "quantity", "sign"),
        ({"refund_of": "0"}, "quantity", "sign"),
        (
            {"occurred_at": datetime(2025, 8, 31, 15, 59, tzinfo=UTC)},
            "occurred_at",
            "outside_visit",
        ),
        ({"occurred_at": datetime(2025, 9, 3, 16, 0, tzinfo=UTC)}, "occurred_at", "outside_visit"),
        ({"category": FeeCategory.DEVICE}, "category", "category_not_for_visit"),
    ],
)
def test_a_faulty_line_is_told_by_field_and_code(
    other: dict[str, Any], field: str, code: str
) -> None:
    assert faults(line("1", **other)) == [(0, field, code)]


@pytest.mark.parametrize("amount", [999, 1000, 1001])
def test_an_amount_within_a_fen_of_the_product_is_accepted(amount: int) -> None:
    assert fresh(line("1", amount=Money(amount))) == ["1"]


def test_the_product_is_not_rounded_before_it_is_compared() -> None:
    third = {"quantity": Decimal("0.3333"), "unit_price": Decimal("0.100000")}
    assert fresh(line("1", amount=Money(3), **third)) == ["1"]
    assert faults(line("1", amount=Money(5), **third)) == [(0, "amount", "amount_mismatch")]


def test_a_fitting_charges_devices_and_subsidies_only() -> None:
    span = Span(kind=VisitKind.FITTING, first_day=SPAN.first_day, last_day=SPAN.last_day)
    good = [line("1", category=FeeCategory.DEVICE), line("2", category=FeeCategory.TRAVEL)]
    assert len(rules.fresh_lines(good, [], span, TOLERANCE)) == 2
    with pytest.raises(LinesRefused):
        rules.fresh_lines([line("1")], [], span, TOLERANCE)


def test_a_refund_takes_back_a_stored_line_or_an_earlier_one_of_the_call() -> None:
    assert fresh(refund("2", "1"), stored=(line("1"),)) == ["2"]
    assert fresh(line("1"), refund("2", "1")) == ["1", "2"]


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ((refund("2", "1"), line("1")), [(0, "refund_of", "refund_of_unknown")]),
        (
            (line("1"), refund("2", "1"), refund("3", "2")),
            [(2, "refund_of", "refund_of_refund")],
        ),
        (
            (line("1"), refund("2", "1", item_code="D2")),
            [(1, "item_code", "refund_of_other_item")],
        ),
        (
            (line("1"), refund("2", "1"), refund("3", "1")),
            [(2, "quantity", "refund_exceeds_quantity"), (2, "amount", "refund_exceeds_amount")],
        ),
        ((line("1"), line("1")), [(1, "serial", "repeated_in_call")]),
    ],
)
def test_refunds_are_linked_and_never_below_zero(
    call: tuple[FeeLine, ...], told: list[tuple[int, str, str]]
) -> None:
    assert faults(*call) == told


def test_all_bad_lines_of_a_call_are_told_at_once() -> None:
    call = (line("1"), line("2", amount=Money(7)), refund("3", "9"), line("1"))
    assert faults(*call) == [
        (1, "amount", "amount_mismatch"),
        (2, "refund_of", "refund_of_unknown"),
        (3, "serial", "repeated_in_call"),
    ]


def test_one_line_is_told_every_fault_it_has() -> None:
    bad = line("1", amount=Money(7), category=FeeCategory.DEVICE, quantity=Decimal(-2))
    assert {code for _, _, code in faults(bad)} == {
        "amount_mismatch",
        "category_not_for_visit",
        "sign",
    }


@given(parts=st.lists(st.integers(1, 60), min_size=1, max_size=8))
def test_refunds_are_accepted_exactly_until_nothing_is_left(parts: list[int]) -> None:
    charge = line("0", quantity=Decimal(100), unit_price=Decimal(1), amount=Money(100_00))
    call = [charge]
    call += [
        line(
            str(n),
            refund_of="0",
            quantity=Decimal(-part),
            unit_price=Decimal(1),
            amount=Money(-part * 100),
        )
        for n, part in enumerate(parts, start=1)
    ]
    if sum(parts) <= 100:
        assert len(rules.fresh_lines(call, [], SPAN, TOLERANCE)) == len(call)
    else:
        assert faults(*call)


def test_a_visit_holds_a_limited_number_of_lines() -> None:
    rules.require_room(LINES_PER_VISIT_MAX - 1, 1)
    with pytest.raises(LinesTooMany):
        rules.require_room(LINES_PER_VISIT_MAX, 1)


def test_a_line_is_removed_unless_unknown_or_refunded() -> None:
    rules.require_removable("1", [line("1")])
    with pytest.raises(LineUnknown):
        rules.require_removable("2", [line("1")])
    with pytest.raises(LineHasRefunds):
        rules.require_removable("1", [line("1"), refund("2", "1")])


def test_every_fault_is_said_in_both_languages() -> None:
    assert set(FAULT_SAYS) == set(FaultCode)
    assert all(says.isascii() and not says_zh.isascii() for says, says_zh in FAULT_SAYS.values())


def test_the_span_of_a_visit_runs_from_admission_to_today() -> None:
    span = Span.of(visit(), date(2025, 9, 9))
    assert (span.first_day, span.last_day) == (date(2025, 9, 1), date(2025, 9, 9))


CATEGORIES = st.sampled_from(FeeCategory)
CHARGES = st.builds(
    line,
    st.sampled_from(["1", "2", "3", "4"]),
    category=st.one_of(st.just(FeeCategory.DRUG), CATEGORIES),
    quantity=st.one_of(st.just(Decimal(2)), st.decimals(-1, 3, places=4)),
    amount=st.builds(Money, st.one_of(st.sampled_from([-1, 999, 1000]), st.integers(-5, 1002))),
    occurred_at=st.one_of(
        st.just(datetime(2025, 9, 1, 2, tzinfo=UTC)),
        st.integers(0, 96).map(
            lambda hours: datetime(2025, 8, 31, tzinfo=UTC) + timedelta(hours=hours)
        ),
    ),
)


def charges(call: list[FeeLine]) -> Charges:
    """Write a call of lines column by column."""
    return Charges(
        serials=tuple(it.serial for it in call),
        categories=tuple(it.category for it in call),
        item_codes=tuple(it.item_code for it in call),
        item_names=tuple(it.item_name for it in call),
        institution_item_codes=tuple(it.institution_item_code for it in call),
        specifications=tuple(it.specification for it in call),
        units=tuple(it.unit for it in call),
        quantities=tuple(it.quantity for it in call),
        unit_prices=tuple(it.unit_price for it in call),
        amounts=tuple(it.amount for it in call),
        occurred_at=tuple(it.occurred_at for it in call),
        injury_related=tuple(it.injury_related for it in call),
        restricted_approved=tuple(it.restricted_approved for it in call),
        departments=tuple(it.department for it in call),
        physicians=tuple(it.physician for it in call),
    )


@given(call=st.lists(CHARGES, min_size=1, max_size=4), kind=st.sampled_from(VisitKind))
def test_a_call_is_all_fresh_exactly_if_line_by_line_all_of_it_is(
    call: list[FeeLine], kind: VisitKind
) -> None:
    span = Span(kind=kind, first_day=SPAN.first_day, last_day=SPAN.last_day)
    try:
        taken = len(rules.fresh_lines(call, [], span, TOLERANCE)) == len(call)
    except LinesRefused:
        taken = False
    assert rules.all_fresh(charges(call), span, TOLERANCE) is taken


@pytest.mark.parametrize(
    "other",
    [
        {"category": FeeCategory.DEVICE},
        {"quantity": Decimal(0), "amount": Money(0)},
        {"unit_price": Decimal(0), "amount": Money(-1)},
        {"amount": Money(1002)},
        {"occurred_at": datetime(2025, 9, 3, 16, tzinfo=UTC)},
    ],
)
def test_one_line_with_a_fault_keeps_a_call_from_being_all_fresh(other: dict[str, Any]) -> None:
    assert rules.all_fresh(charges([line("1"), line("2")]), SPAN, TOLERANCE)
    assert not rules.all_fresh(charges([line("1"), line("2", **other)]), SPAN, TOLERANCE)
    assert not rules.all_fresh(charges([line("1"), line("1")]), SPAN, TOLERANCE)
