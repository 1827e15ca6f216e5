"""What is done about months in a play: declared, deducted, appealed, closed, asked for and paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from app.kernel.calendar import Month, business_day
from app.kernel.money import ZERO, Money
from app.kernel.regions import Scheme
from app.review.model import DeductionReason, DeductionState
from app.review.model.deducting import Deduction, DeductionAsked, DeductionEvent
from app.review.model.monthly import (
    CloseAsked,
    DeclarationAsked,
    FundRequest,
    InstitutionStanding,
    MonthsWanted,
    PaymentAsked,
    Review,
    UploadAsked,
)
from app.review.service import closing, declaring, deducting, paying
from app.runtime.paging import PageAsked
from app.runtime.work import Work
from app.sandbox.play.deeds import ROWS_A_PAGE, Stage
from app.sandbox.play.expected import payable
from app.sandbox.play.timetable import Stay
from app.sandbox.sender import agency, institution
from app.settlement import service as settlements

# How a deduction is played to its end, one after another.
ENDS = (
    DeductionEvent.UPHOLD,
    DeductionEvent.LOWER,
    DeductionEvent.WITHDRAW,
    DeductionEvent.LAPSE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A deduction under way, the stay it is from, and how it will end."""

    number: str
    stay: Stay
    amount: Money
    end: DeductionEvent


@dataclass(slots=True)
class Reviewing:
    """The monthly review of a play, from the side of treatment places and institutions."""

    stage: Stage
    under_way: list[Played] = field(default_factory=list)
    ended: dict[DeductionEvent, int] = field(default_factory=lambda: dict.fromkeys(ENDS, 0))
    of_lines: int = 0
    final: dict[str, tuple[Stay, Month, Money]] = field(default_factory=dict)
    given_back: int = 0
    declared: int = 0
    closed: list[Review] = field(default_factory=list)
    requests: int = 0
    payments: int = 0
    paid: Money = ZERO

    async def declare(self, code: str, month: Month, of: Sequence[Stay]) -> None:
        """Let an institution declare a month in which nothing of its was undone (申报)."""
        asked = DeclarationAsked(
            scheme=Scheme.CROSS_PROVINCE,
            month=month,
            settlements=len(of),
            total=Money.total(it.total for it in of),
            fund=Money.total(self.stage.funds[it.number] for it in of),
        )
        by = institution(code, code[1:7])
        await self.stage.do(
            f"{code}-{month}-declare", lambda work: declaring.declare(work, asked), by
        )
        self.declared += 1

    async def propose(self, it: Stay, end: DeductionEvent, *, by_line: bool) -> None:
        """Deduct a quarter of a settlement, or of a line of it, with its reason (扣款)."""
        place, number = it.pair[1], self.stage.settlements[it.number]
        serial, fund = None, self.stage.funds[it.number]
        if by_line:
            async with self.stage.look(agency(place)) as look:
                bill = (await settlements.find(look, number)).bill
            line = max(bill.lines, key=lambda each: each.fund)
            serial, fund = line.charge.serial, line.fund
            refunds = [each.fund for each in bill.lines if each.charge.refund_of == serial]
            fund += Money.total(refunds)
        amount = Money(max(fund.fen // 4, 2))
        asked = DeductionAsked(
            settlement=number,
            serial=serial,
            reason=DeductionReason.OVERCHARGED if by_line else DeductionReason.NOT_INDICATED,
            amount=amount,
            note="示例：病历与收费清单不符",
        )
        made = await self.stage.do(
            f"{it.number}-deduct", lambda work: deducting.propose(work, [asked]), agency(place)
        )
        self.of_lines += by_line
        self.under_way.append(Played(number=made[0].number, stay=it, amount=amount, end=end))

    async def appeal_all(self) -> None:
        """Let the institutions appeal, but against those they are silent about (申诉)."""
        for it in self.under_way:
            if it.end is DeductionEvent.LAPSE:
                continue
            code = it.stay.visit.institution
            appealing = partial(deducting.appeal, number=it.number, note="示例：已补充病历")
            by = institution(code, code[1:7])
            await self.stage.do(f"{it.number}-appeal", appealing, by)

    async def decide_all(self) -> None:
        """Let the agencies uphold, lower or withdraw what was appealed against (裁定)."""
        for it in [each for each in self.under_way if each.end is not DeductionEvent.LAPSE]:
            lowered = Money(it.amount.fen // 2) if it.end is DeductionEvent.LOWER else None
            deciding = partial(
                deducting.decide,
                number=it.number,
                event=it.end,
                amount=lowered,
                note="示例：复核意见",
            )
            by = agency(it.stay.pair[1])
            made = await self.stage.do(f"{it.number}-decide", deciding, by)
            self._end(it, made)

    async def note_lapsed(self) -> None:
        """Take down what became final by silence, as the hub tells it."""
        for it in list(self.under_way):
            async with self.stage.look(agency(it.stay.pair[1])) as look:
                found = await deducting.find(look, it.number)
            if found.state is DeductionState.FINAL:
                self._end(it, found)

    async def give_back(self, number: str) -> None:
        """Let an agency give a final deduction back by its negative twin (返还)."""
        stay, _, amount = self.final[number]
        twin = await self.stage.do(
            f"{number}-return",
            lambda work: deducting.give_back(work, number, "示例：复查后返还"),
            agency(stay.pair[1]),
        )
        assert twin.month is not None, "a return is booked at once"
        self.final[twin.number] = (stay, twin.month, -amount)
        self.stage.books.deducted(stay.pair, stay.visit.institution, -amount)
        self.given_back += 1

    async def close(self, place: str, month: Month) -> tuple[Review, FundRequest]:
        """Close a month, upload its totals and ask for its money (关账、上传、用款申请)."""
        by, asked = agency(place), CloseAsked(place=place, month=month, early=False)
        review = await self.stage.do(
            f"{place}-{month}-close", lambda work: closing.close(work, asked), by
        )
        it = review.totals
        control = UploadAsked(
            settlements=it.settlements,
            fund=it.fund,
            deductions=it.deductions,
            deducted=it.deducted,
        )
        number = review.number
        await self.stage.do(f"{number}-upload", partial(_upload, number, control), by)
        await self.stage.do(
            f"{number}-request", lambda work: closing.request_funds(work, number), by
        )
        self.closed.append(review)
        self.requests += 1
        async with self.stage.look(by) as look:
            return review, await closing.fund_request(look, number)

    async def pay(self, place: str) -> None:
        """Pay every institution of a place what its closed months are owed (拨付协议机构)."""
        today = business_day(self.stage.clock())
        for it in await self._standings(place):
            if it.open == ZERO:
                continue
            asked = PaymentAsked(
                place=place,
                institution=it.institution,
                amount=it.open,
                bank_reference=f"INS{it.institution}{today:%Y%m%d}",
                paid_on=today,
            )
            await self.stage.do(
                f"{it.institution}-{today}-pay", partial(paying.pay, asked=asked), agency(place)
            )
            self.stage.books.institution_paid(place, it.institution, it.open)
            self.payments += 1
            self.paid += it.open

    async def owing(self, place: str) -> list[str]:
        """Name the institutions the hub would still pay, or whose standing is not the books'."""
        wrong = []
        for it in await self._standings(place):
            owed = -self.stage.books.balances[payable(place, it.institution)]
            if it.open != ZERO or it.payable != owed:
                wrong.append(f"{it.institution} {it.open} {it.payable} {owed}")
        return wrong

    async def _standings(self, place: str) -> list[InstitutionStanding]:
        found: list[InstitutionStanding] = []
        async with self.stage.look(agency(place)) as look:
            after: str | None = ""
            while after is not None:
                asked = PageAsked(after, ROWS_A_PAGE)
                page = await paying.standings(look, MonthsWanted(place=place), asked)
                found += page.rows
                after = page.last
        return found

    def _end(self, it: Played, found: Deduction) -> None:
        self.under_way.remove(it)
        self.ended[it.end] += 1
        if found.state is DeductionState.FINAL:
            assert found.month is not None, "final is booked, in a month"
            # What lowered it is the play's own figure, and not the answer's.
            amount = Money(it.amount.fen // 2) if it.end is DeductionEvent.LOWER else it.amount
            self.final[it.number] = (it.stay, found.month, amount)
            self.stage.books.deducted(it.stay.pair, it.stay.visit.institution, amount)


async def _upload(number: str, control: UploadAsked, work: Work) -> Review:
    return await closing.upload(work, number, control)
