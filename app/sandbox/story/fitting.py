"""Acts (b) and (e): a prosthesis above Beijing's cap; its settlement cancelled and made anew."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from uuid import uuid4

from app.kernel.money import Money
from app.sandbox.catalogues import items_of
from app.sandbox.clock import in_china
from app.sandbox.story import filing
from app.sandbox.story.settling import Figures, booked, end_the_day, preview, settle
from app.sandbox.story.stage import BEIJING, FITTER, UNCLEARED, Stage
from app.sandbox.story.tale import money
from hub_client.answers import Settlement
from hub_client.orders import Admission, Diagnosis, FeeLine

DEVICE = "A020006"  # 小腿假肢（硅胶套）
CAP = Money.yuan("21201.80")
PRICE, CORRECTED = Money.yuan("26800.00"), Money.yuan("24960.00")
FITTING = "fitting"
FITTED_AT, NOTED_AT = time(10, 0), time(11, 0)


def figures(price: Money) -> Figures:
    """The fund pays up to Beijing's cap, the worker what is above it."""
    return Figures(lines=1, total=price, fund=CAP, own_by_reason={"device_over_cap": price - CAP})


async def play(stage: Stage) -> None:
    """Fit a prosthesis and settle."""
    (listed,) = [row for row in items_of(BEIJING, "device") if row.code == DEVICE]
    stage.expect_equal("Beijing's cap for the prosthesis", listed.cap, CAP)
    stage.clock.go_to(stage.dates.filed_for_fitting)
    patient = await filing.register(stage, "device")
    await filing.file(stage, patient, ["device"])
    stage.clock.go_to(stage.dates.fitted, NOTED_AT)
    begun = Admission(
        worker=patient.identity(),
        admitted_at=in_china(stage.dates.fitted, FITTED_AT),
        admission_no=f"PZ{uuid4().hex[:8].upper()}",
        department="假肢装配部",
        physician="示例技师乙",
        diagnoses=(Diagnosis("Z89.5", "膝关节或膝关节以下腿后天性缺失", main=True),),
    )
    visit = (await stage.cast.desks.fitter.fit(begun)).number
    stage.teller.says(
        f"{FITTER} 德林义肢矫型器（北京）有限公司济南分公司 opens visit {visit} 辅助器具配置"
    )
    await _charge(stage, visit, "P0001", PRICE)
    settled = await _settle(stage, visit, PRICE, FITTING)
    stage.teller.says(
        f"Devices follow the insured place's list: Beijing's cap is {CAP}, so the fund pays "
        f"{settled.fund} of {PRICE} and the worker {settled.own}"
    )


async def play_undone(stage: Stage) -> None:
    """Cancel the settlement, put the price right, and settle anew."""
    stage.clock.go_to(stage.dates.undone, FITTED_AT)
    desk = stage.cast.desks.fitter
    (settled,) = [it for it in stage.tale.settlements if it["act"] == FITTING]
    number, visit = str(settled["number"]), str(settled["visit"])
    before = await stage.balance(UNCLEARED)
    twin = await desk.cancel_settlement(number, reason="单价录入错误")
    stage.expect_equal("What the cancellation cancels", twin.cancels, number)
    turned = _turned(figures(PRICE))
    groups = await booked(stage, desk, twin.number, turned, "cancellation")
    returned = await stage.balance(UNCLEARED) - before
    stage.expect_equal("What the cancellation takes off the books", returned, -CAP)
    stage.teller.bill(f"Cancellation {twin.number} 撤销单: the negative twin, yuan 元", groups)
    stage.teller.says(
        f"{number} is cancelled by its negative twin {twin.number}: nothing is "
        f"deleted, the books return to {await stage.balance(UNCLEARED)}, the visit is open again"
    )
    await desk.remove_line(visit, "P0001")
    await _charge(stage, visit, "P0002", CORRECTED)
    anew = await _settle(stage, visit, CORRECTED, "new_settlement")
    stage.expect(anew.number != number, "The new settlement bears the number of the old one.")
    stage.teller.says(
        f"Charged {CORRECTED} instead and settled anew: the fund again pays {anew.fund}, the "
        f"worker {anew.own}"
    )
    await end_the_day(stage, desk, stage.dates.undone, [twin, anew])
    await _seen(stage, anew.number)


async def _seen(stage: Stage, number: str) -> None:
    """The treatment city sees what its institutions settle; another institution does not."""
    ours = {str(it["number"]) for it in stage.tale.settlements}
    seen = {str(it["number"]) for it in await stage.cast.jinan.all("/v1/settlements")}
    stage.expect(ours <= seen, f"Jinan's agency does not see {sorted(ours - seen)}.")
    foreign = await stage.cast.hospital.ask("GET", f"/v1/settlements/{number}")
    stage.expect_equal("The status of another's settlement", foreign.status, 404)
    stage.teller.says(
        f"Jinan's agency sees all {len(ours)}; for the hospital, {number} of the device firm does "
        f"not exist: {foreign.status} {foreign.body['code']}"
    )


async def _charge(stage: Stage, visit: str, serial: str, price: Money) -> None:
    line = FeeLine(
        serial=serial,
        category="device",
        item_code=DEVICE,
        item_name="小腿假肢（硅胶套）",
        unit="具",
        quantity=Decimal(1),
        unit_price=Decimal(str(price)),
        amount=Decimal(str(price)),
        occurred_at=in_china(stage.dates.fitted, FITTED_AT),
        injury_related=True,
    )
    taken = await stage.cast.desks.fitter.upload_lines(visit, [line])
    stage.expect_equal("The visit's running total", money(taken.total), price)


async def _settle(stage: Stage, visit: str, price: Money, act: str) -> Settlement:
    """Preview and settle the fitting, and hold both to the cap."""
    expected, desk = figures(price), stage.cast.desks.fitter
    await preview(stage, desk, visit, expected, act)
    return await settle(stage, desk, visit, expected, act)


def _turned(these: Figures) -> Figures:
    own = {reason: -amount for reason, amount in these.own_by_reason.items()}
    return Figures(lines=these.lines, total=-these.total, fund=-these.fund, own_by_reason=own)
