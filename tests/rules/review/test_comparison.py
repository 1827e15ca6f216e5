"""What a comparison says, which sides are open, which acts repair what, and the day file's text."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.kernel.money import ZERO, Money
from app.kernel.parties import PartyKind
from app.review import rules
from app.review.errors import (
    DayFileUnreadable,
    DayNotCome,
    DifferenceRepaired,
    RepairMessageMissing,
    RepairMismatch,
    RowsRepeated,
    SideNotOpen,
    SumsMismatch,
)
from app.review.model import (
    ACTS,
    ROWS_MAX,
    DayRow,
    DayTotals,
    Difference,
    DifferenceKind,
    DifferenceState,
    KeptDifference,
    ReconciliationAsked,
    ReconciliationResult,
    RepairAct,
    RepairAsked,
    SenderRow,
    Side,
)
from app.settlement.model import SettlementKind

DAY = date(2025, 9, 1)
TEN = Money.yuan("10.00")
ROW = SenderRow("A1", TEN, ZERO)
ASKED = ReconciliationAsked(
    day=DAY,
    side=None,
    institution=None,
    with_cancelled=True,
    totals=DayTotals(1, TEN, ZERO),
    rows=(ROW,),
)
HUB_ROW = DayRow(
    id=1,
    settlement="A3701002509010000001",
    kind=SettlementKind.SETTLEMENT,
    cancels=None,
    visit="S3701002509010000001",
    worker="W1100002509010000001",
    institution="H37010000001",
    settled_at=datetime(2025, 9, 1, tzinfo=UTC),
    total=TEN,
    fund=Money.yuan("8.00"),
    own=Money.yuan("2.00"),
    message=None,
)


def totals(count: int, total: str, fund: str) -> DayTotals:
    return DayTotals(count, Money.yuan(total), Money.yuan(fund))


@pytest.mark.parametrize(
    ("sender", "differences", "result"),
    [
        (totals(2, "20.00", "10.00"), 0, ReconciliationResult.EQUAL),
        (totals(1, "20.00", "10.00"), 0, ReconciliationResult.HUB_HAS_MORE),
        (totals(3, "20.00", "10.00"), 0, ReconciliationResult.SENDER_HAS_MORE),
        (totals(2, "20.01", "10.00"), 0, ReconciliationResult.AMOUNTS_DIFFER),
        (totals(2, "20.00", "9.99"), 0, ReconciliationResult.AMOUNTS_DIFFER),
        (totals(2, "20.00", "10.00"), 2, ReconciliationResult.AMOUNTS_DIFFER),
    ],
)
def test_the_count_decides_before_the_amounts_and_rows_before_equality(
    sender: DayTotals, differences: int, result: ReconciliationResult
) -> None:
    assert rules.result_of(sender, totals(2, "20.00", "10.00"), differences) is result


def test_each_party_has_its_sides() -> None:
    assert rules.side_of(PartyKind.INSTITUTION, None) is Side.OWN
    assert rules.side_of(PartyKind.AGENCY, None) is Side.TREATMENT
    assert rules.side_of(PartyKind.AGENCY, Side.INSURED) is Side.INSURED
    wrong = [
        (PartyKind.INSTITUTION, Side.INSURED),
        (PartyKind.AGENCY, Side.OWN),
        (PartyKind.CHANNEL, None),
    ]
    for kind, side in wrong:
        with pytest.raises(SideNotOpen):
            rules.side_of(kind, side)


def test_a_day_is_compared_from_the_day_itself_on() -> None:
    rules.require_comparable(ASKED, DAY)
    with pytest.raises(DayNotCome):
        rules.require_comparable(replace(ASKED, day=date(2025, 9, 2)), DAY)


def test_rows_are_single_and_sum_to_the_totals() -> None:
    with pytest.raises(RowsRepeated) as repeated:
        rules.require_comparable(replace(ASKED, rows=(ROW, ROW)), DAY)
    assert repeated.value.facts["settlements"] == ["A1"]
    for wrong in (totals(2, "10.00", "0.00"), totals(1, "9.00", "0.00"), totals(1, "10.00", "1")):
        with pytest.raises(SumsMismatch):
            rules.require_comparable(replace(ASKED, totals=wrong), DAY)
    rules.require_comparable(replace(ASKED, rows=None, totals=totals(7, "1.00", "0.00")), DAY)


def kept(kind: DifferenceKind, state: DifferenceState) -> KeptDifference:
    found = Difference(
        row=1, kind=kind, settlement="A1", hub=None, sender=None, hub_day=None, message=None
    )
    return KeptDifference(found, state, None, None)


@pytest.mark.parametrize("kind", list(DifferenceKind))
@pytest.mark.parametrize("act", list(RepairAct))
def test_only_fitting_acts_repair_a_difference(kind: DifferenceKind, act: RepairAct) -> None:
    asked = RepairAsked(row=1, act=act, message="m", note=None)
    for state in (DifferenceState.OPEN, DifferenceState.AWAITED):
        if act in ACTS[kind]:
            rules.require_repairable(kept(kind, state), asked)
        else:
            with pytest.raises(RepairMismatch):
                rules.require_repairable(kept(kind, state), asked)
    with pytest.raises(DifferenceRepaired):
        rules.require_repairable(kept(kind, DifferenceState.REPAIRED), asked)


def test_what_will_be_sent_names_its_message() -> None:
    asked = RepairAsked(row=1, act=RepairAct.RESEND, message=None, note=None)
    with pytest.raises(RepairMessageMissing):
        rules.require_repairable(kept(DifferenceKind.ONLY_SENDER, DifferenceState.OPEN), asked)


def test_every_kind_of_difference_can_be_repaired() -> None:
    assert all(ACTS[kind] for kind in DifferenceKind)


def test_a_day_file_is_read_as_it_is_written() -> None:
    twin = replace(
        HUB_ROW,
        settlement="A3701002509010000002",
        kind=SettlementKind.CANCELLATION,
        total=-HUB_ROW.total,
        fund=-HUB_ROW.fund,
    )
    text = rules.day_text([HUB_ROW, twin])
    assert text.splitlines()[1].split("\t")[3:] == ["-10.00", "-8.00", "0.00", "1"]
    assert rules.read_day_text(text) == (
        SenderRow(HUB_ROW.settlement, HUB_ROW.total, HUB_ROW.fund),
        SenderRow(twin.settlement, twin.total, twin.fund),
    )


def test_a_senders_file_may_hold_more_columns_nulls_and_a_byte_order_mark() -> None:
    text = "\ufeffA1\tnull\tnull\t10\t8.5\tnull\t0\textra\r\n\r\n"
    assert rules.read_day_text(text) == (SenderRow("A1", TEN, Money.yuan("8.50")),)


@pytest.mark.parametrize(
    "line",
    ["A1", "A1\tS\tW\tten\t8.00\t0\t0", "A1\tS\tW\t1.001\t1\t0\t0", "null\tS\tW\t1\t1\t0\t0"],
)
def test_a_line_that_cannot_be_read_is_named(line: str) -> None:
    good = "A0\tS\tW\t1.00\t1.00\t0.00\t0"
    with pytest.raises(DayFileUnreadable) as unreadable:
        rules.read_day_text(f"{good}\n{line}\n")
    faults = unreadable.value.facts["errors"]
    assert isinstance(faults, list)
    assert [fault["line"] for fault in faults] == [2]


def test_a_day_file_longer_than_is_taken_at_once_is_refused() -> None:
    line = "A3701002509010000001\tnull\tnull\t1.00\t1.00\t0.00\t0\n"
    assert len(rules.read_day_text(line * ROWS_MAX)) == ROWS_MAX
    with pytest.raises(DayFileUnreadable) as refused:
        rules.read_day_text(line * (ROWS_MAX + 1))
    assert refused.value.facts["errors"] == [
        {"line": ROWS_MAX + 1, "detail": f"more than {ROWS_MAX} rows 行数超出上限"}
    ]
