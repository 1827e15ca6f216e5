"""What is done about advances in a play: quotas, notices, warnings, increases, returns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from app.advance.model import Direction, Notice, NoticeKind, Pair, Run, Said
from app.advance.model.watching import ChangeKind, Crossing, Level, Wish
from app.advance.service import changing, runs, transfers, watching
from app.kernel.calendar import business_day
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.runtime.paging import PageAsked
from app.sandbox.casting import OPERATOR
from app.sandbox.play.deeds import ROWS_A_PAGE, Stage
from app.sandbox.play.report import Checks
from app.sandbox.sender import agency, second_person

SECOND = second_person(OPERATOR)
PAID_AFTER = timedelta(days=7)


@dataclass(slots=True)
class Advances:
    """The advances of a play, from the side of those who keep them."""

    stage: Stage
    increased: int = 0
    returned: int = 0
    acknowledged: int = 0

    async def issue_quotas(self, year: int) -> Run:
        """Let one person of the operator compute a year's quotas and another issue them."""
        stage = self.stage
        run = await stage.do(
            f"{year}-compute", lambda work: runs.compute(work, Scheme.CROSS_PROVINCE, year)
        )
        return await stage.do(f"{year}-issue", lambda work: runs.issue(work, run.number), SECOND)

    async def confirm_all(self) -> int:
        """Let both sides of every open notice say what was paid; return how many transfers."""
        found = [it for it in await self._open_notices() if it.kind is NoticeKind.PAYMENT]
        for it in found:
            transfer = it.transfer
            said = Said(
                amount=transfer.amount,
                bank_reference=f"ADV{transfer.payment_number}",
                paid_on=business_day(self.stage.clock()),
            )
            sides = (
                (transfer.payer, transfer.payment_number),
                (transfer.receiver, transfer.receipt_number),
            )
            for place, number in sides:
                confirming = partial(transfers.confirm, number=number, said=said)
                await self.stage.do(f"{number}-confirm", confirming, agency(place))
            back = transfer.direction is Direction.RETURNED
            self.returned += back
            amount = -transfer.amount if back else transfer.amount
            self.stage.books.advanced(transfer.pair.places, amount)
        return len(found)

    async def change_quota(self, pair: tuple[str, str], amount: Money) -> None:
        """Set a pair's quota by two persons; the difference is called for or given back."""
        wish = Wish(
            kind=ChangeKind.QUOTA, pair=Pair(*pair), mode=None, amount=amount, reason="示例调整"
        )
        name = f"{'-'.join(pair)}-{business_day(self.stage.clock())}"
        change = await self.stage.do(
            f"{name}-propose", lambda work: changing.propose(work, wish), OPERATOR
        )
        await self.stage.do(
            f"{name}-approve", lambda work: changing.approve(work, change.number), SECOND
        )

    async def increase(self, pair: tuple[str, str], amount: Money) -> None:
        """Let a treatment place ask for more, one person decide, another approve (紧急调增)."""
        wish = Wish(
            kind=ChangeKind.INCREASE,
            pair=Pair(*pair),
            mode=None,
            amount=amount,
            reason="示例：预付金红色预警",
        )
        stage, name = self.stage, f"{'-'.join(pair)}-{business_day(self.stage.clock())}"
        change = await stage.do(
            f"{name}-ask", lambda work: changing.ask_increase(work, wish), agency(pair[1])
        )
        number = change.number
        await stage.do(
            f"{name}-decide", lambda work: changing.decide(work, number, amount, "示例：同意")
        )
        await stage.do(f"{name}-grant", lambda work: changing.approve(work, number), SECOND)
        self.increased += 1

    async def acknowledge_all(self) -> list[Crossing]:
        """Let every addressee of a warning say that it has read it (签收)."""
        found = await self.crossings(only_open=True)
        for it in found:
            reading_it = partial(watching.acknowledge, number=it.number)
            await self.stage.do(f"{it.number}-read", reading_it, agency(it.addressee))
        self.acknowledged += len(found)
        return found

    async def crossings(self, *, only_open: bool) -> list[Crossing]:
        """Read every crossing, or those nobody acknowledged."""
        found: list[Crossing] = []
        async with self.stage.look() as it:
            after: str | None = ""
            while after is not None:
                asked = PageAsked(after, ROWS_A_PAGE)
                page = await watching.crossings(it, asked, only_open=only_open)
                found += page.rows
                after = page.last
        return found

    async def check_warnings(self, report: Checks) -> tuple[int, int]:
        """Hold the warnings of the watched pairs to what had to be told; return yellow and red."""
        told = await self.crossings(only_open=False)
        wrong = []
        for pair, seen in self.stage.books.watched.items():
            found = [
                (it.level.value, it.used, it.advance)
                for it in told
                if (it.insured_place, it.treatment_place) == pair and it.addressee == pair[1]
            ]
            if found != seen.told:
                wrong.append(f"{'→'.join(pair)} told {found}, should be {seen.told}")
        report.expect(
            f"warnings of {len(self.stage.books.watched)} pairs", "; ".join(wrong[:2]), ""
        )
        report.expect(
            "warnings nobody acknowledged", sum(it.acknowledged_at is None for it in told), 0
        )
        levels = [each[0] for seen in self.stage.books.watched.values() for each in seen.told]
        return levels.count(Level.YELLOW), levels.count(Level.RED)

    async def _open_notices(self) -> list[Notice]:
        found: list[Notice] = []
        async with self.stage.look() as it:
            after: str | None = ""
            while after is not None:
                asked = PageAsked(after, ROWS_A_PAGE)
                page = await transfers.notices(it, asked, only_open=True)
                found += page.rows
                after = page.last
        return found
