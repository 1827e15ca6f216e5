"""The hospital bill of the demo: 160 fee lines, each charged to show something.

Beside every line stands what ought to become of it, worked out from the price list alone, so that
the story can hold the hub's answer against figures the hub did not make.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice

from app.kernel.money import Money
from app.sandbox.catalogues import CatalogueRow, ItemKind, items_of

PLACE = "370000"
NIGHTS = 14
FIRST_UPLOAD = 100
LINES = 160

BED = "B010001"  # 普通病房床位费（三级甲等）
BED_PRICE = Money.yuan("98.00")
DAILY = ("S010001", "S020003")  # 住院诊察费, Ⅱ级护理
OPERATION, ANAESTHESIA = ("S070017",), ("S10",)  # 胫腓骨干骨折切开复位内固定术
EVERYDAY = ("S03", "S04", "S05", "S06", "S11")
HEALING = ("D01", "D02", "D03", "D04", "D05", "D06", "D08", "D09", "D10", "D11", "D12")
CHRONIC = ("D07",)  # heart and blood pressure
OVER_CAP_PERCENT = 125
UNMAPPED = Money.yuan("45.50")
SUBSIDY = Money.yuan("100.00")
JOURNEY = Money.yuan("186.00")
WEEK = 7
NOTHING = Money(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """One line as charged, with the fund's part and the reason it ought to get."""

    serial: str = ""
    category: str
    code: str | None
    name: str
    unit: str | None
    quantity: int
    price: Money
    night: int
    injury_related: bool = True
    restricted_approved: bool = False
    refund_of: str | None = None
    covered: Money  # of one unit, by the fund
    reason: str | None = None

    @property
    def amount(self) -> Money:
        """Return quantity × price, exact for whole quantities."""
        return Money(self.price.fen * self.quantity)

    @property
    def fund(self) -> Money:
        """Return what the fund ought to pay; negative for a refund."""
        return Money(self.covered.fen * self.quantity)


def hospital_bill() -> tuple[BillLine, ...]:
    """Write up the bill: charges by day of stay, and at its end what was taken back."""
    charged = sorted(chain(_stay(), _treatment(), _unpaid()), key=lambda line: line.night)
    numbered = [
        replace(line, serial=f"F{position:04d}") for position, line in enumerate(charged, start=1)
    ]
    refunds = [
        replace(line, serial=f"F{position:04d}")
        for position, line in enumerate(_taken_back(numbered), start=len(numbered) + 1)
    ]
    bill = (*numbered, *refunds)
    assert len(bill) == LINES, f"the bill of the story has {LINES} lines, not {len(bill)}"
    return bill


def _charge(row: CatalogueRow, quantity: int, night: int) -> BillLine:
    """Charge an item of the place's list at its usual price, which the fund pays whole."""
    return BillLine(
        category=row.kind,
        code=row.code,
        name=row.name,
        unit=row.unit,
        quantity=quantity,
        price=row.usual_price,
        night=night,
        covered=row.usual_price,
    )


def _shelf(
    kind: ItemKind, *classes: str, restricted: bool = False, capped: bool = False
) -> Iterator[CatalogueRow]:
    """Go along the place's items of a kind, in the order of the list."""
    for row in items_of(PLACE, kind):
        fits = not classes or row.code.startswith(classes)
        if fits and row.restricted is restricted and (row.cap is not None or not capped):
            yield row


def _stay() -> Iterator[BillLine]:
    """Charge bed, round and nursing for every night: 42 lines, the bed above the standard."""
    (bed,) = _shelf("bed", BED)
    for night in range(NIGHTS):
        yield replace(_charge(bed, 1, night), price=BED_PRICE, reason="over_cap")
        for row in _shelf("service", *DAILY):
            yield _charge(row, 1, night)


def _treatment() -> Iterator[BillLine]:
    """Charge what heals: an operation, 24 examinations, 64 drugs, 8 of them above their cap."""
    yield _charge(next(_shelf("service", *OPERATION)), 1, 1)
    yield _charge(next(_shelf("service", *ANAESTHESIA)), 1, 1)
    for turn, row in enumerate(islice(_shelf("service", *EVERYDAY), 0, 96, 4)):
        yield _charge(row, 1, turn % NIGHTS)
    for turn, row in enumerate(islice(_shelf("drug", *HEALING), 0, 224, 4)):
        yield _charge(row, 1 + turn % 3, turn % NIGHTS)
    for turn, row in enumerate(islice(_shelf("drug", *HEALING, capped=True), 1, 33, 4)):
        dear = Money(row.usual_price.fen * OVER_CAP_PERCENT // 100)
        yield replace(_charge(row, 2, 2 + turn), price=dear, reason="over_cap")
    for turn, row in enumerate(islice(_shelf("drug", restricted=True), 4, 6)):
        yield replace(_charge(row, 1, 3 + turn), restricted_approved=True)


def _unpaid() -> Iterator[BillLine]:
    """Charge what the fund does not pay: 20 lines of four kinds."""
    for turn, row in enumerate(islice(_shelf("drug", restricted=True), 4)):
        yield replace(_charge(row, 2, 4 + turn), covered=NOTHING, reason="restricted")
    for turn in range(6):
        yield BillLine(
            category="service" if turn % 2 else "drug",
            code=f"X99{turn:04d}" if turn % 3 else None,
            name=f"目录外示例项目{turn + 1}",
            unit="次",
            quantity=1 + turn % 2,
            price=UNMAPPED,
            night=5 + turn,
            covered=NOTHING,
            reason="not_in_catalogue",
        )
    for turn, row in enumerate(islice(_shelf("drug", *CHRONIC), 0, 14, 2)):
        yield replace(
            _charge(row, 2, 6 + turn),
            injury_related=False,
            covered=NOTHING,
            reason="not_injury_related",
        )
    yield from _subsidies()


def _subsidies() -> Iterator[BillLine]:
    """Note meals and travel, which the insured agency reimburses (参保地经办机构报销)."""
    meal = BillLine(
        category="meal_subsidy",
        code=None,
        name="住院伙食补助费",
        unit="日",
        quantity=WEEK,
        price=SUBSIDY,
        night=WEEK - 1,
        covered=NOTHING,
        reason="out_of_scope",
    )
    yield meal
    yield replace(meal, night=2 * WEEK - 1)
    yield replace(
        meal, category="travel", name="交通食宿费", unit="次", quantity=1, price=JOURNEY, night=0
    )


def _taken_back(charged: list[BillLine]) -> Iterator[BillLine]:
    """Refund six lines, one of each kind that matters: two whole, the others by one unit."""
    wanted = ("over_cap", "over_cap", "restricted", "not_injury_related", None, None)
    drugs = [line for line in charged if line.category == "drug" and line.quantity > 1]
    taken: set[str] = set()
    for turn, reason in enumerate(wanted):
        line = next(it for it in drugs if it.reason == reason and it.serial not in taken)
        taken.add(line.serial)
        yield replace(
            line,
            quantity=-line.quantity if turn % 3 == 0 else -1,
            night=NIGHTS - 1,
            refund_of=line.serial,
        )
