"""What the parties do in a play, each through the one door at the clock's present instant."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, TypeVar

from app.entitlement import service as entitlement
from app.entitlement.model import CertificateKind, DeterminationKind
from app.entitlement.service import DeterminationAsked, Registration
from app.filing import service as filings
from app.filing.model import BatchRow, FilingAsked, FilingKind, Referral
from app.kernel.costs import CostKind
from app.kernel.money import Money
from app.kernel.refusal import Refusal
from app.reversal import service as reversals
from app.reversal.model import ReversalOutcome
from app.runtime.auth import Caller
from app.runtime.door import reading
from app.runtime.work import Reading, Work
from app.sandbox.casting import OPERATOR
from app.sandbox.moved_clock import MovedClock
from app.sandbox.people import SyntheticPerson
from app.sandbox.personas import HOSPITAL, SHANDONG
from app.sandbox.play.expected import Expected, Pair
from app.sandbox.play.timetable import Expiring, Resident, Stay
from app.sandbox.reported import DIAGNOSIS, admission_at, admission_of, fee_line_of, referral_of
from app.sandbox.sender import Kept, Sender, agency, institution
from app.sandbox.traffic import PlannedCase
from app.settlement import service as settlements
from app.settlement.model import CancelAsked, SettleAsked, SettlementWithLines
from app.visit import service as visits
from app.visit.model import DischargeWay

T = TypeVar("T")
ROWS_A_BATCH = 1_000
ROWS_A_PAGE = 200


class _Numbered(Protocol):
    """Anything with a public number."""

    @property
    def number(self) -> str: ...


def _numbered(it: _Numbered) -> Kept:
    return Kept(number=it.number)


@dataclass(frozen=True, slots=True)
class Wish:
    """One row of a batch: a worker's number and what is to be filed."""

    worker: str
    asked: FilingAsked


@dataclass(slots=True)
class Stage:
    """Everybody who plays, and what they were told."""

    sender: Sender
    clock: MovedClock
    visits: dict[int, str] = field(default_factory=dict)
    funds: dict[int, Money] = field(default_factory=dict)
    settlements: dict[int, str] = field(default_factory=dict)
    messages: int = 0
    books: Expected = field(default_factory=Expected)
    turns: dict[Pair, asyncio.Lock] = field(default_factory=dict)
    filed: int = 0
    batches: int = 0
    reversed: int = 0
    refusals: list[tuple[str, ...]] = field(default_factory=list)

    async def case(self, case: PlannedCase, who: SyntheticPerson) -> Wish:
        """Register a worker and the determination; return what is to be filed."""
        kind = DeterminationKind(case.determination_kind)
        worker = await self._register(f"{case.number}", who, kind, case.determined_on)
        filing_kind = FilingKind(case.filing.kind)
        asked = FilingAsked(
            kind=filing_kind,
            treatment_region=case.filing.treatment_place,
            cost_kinds=frozenset({CostKind(case.cost_kind)}),
            referral=referral_of(case) if filing_kind is FilingKind.REFERRAL else None,
        )
        return Wish(worker, asked)

    async def expiring(self, it: Expiring) -> Wish:
        """Register somebody whose referral will run out."""
        decided_on = it.filed_on.replace(day=1)
        worker = await self._register(f"x{it.number}", it.who, DeterminationKind.INJURY, decided_on)
        asked = FilingAsked(
            kind=FilingKind.REFERRAL,
            treatment_region=SHANDONG,
            cost_kinds=frozenset({CostKind.MEDICAL}),
            referral=Referral(
                diagnosis_code=DIAGNOSIS.code,
                diagnosis=DIAGNOSIS.name,
                institution="示例转出医院",
                reason="参保地不具备救治条件",
                referred_on=it.filed_on,
            ),
        )
        return Wish(worker, asked)

    async def resident(self, it: Resident) -> Wish:
        """Register somebody who lives elsewhere, and may never need to be treated there."""
        worker = await self._register(
            f"r{it.number}", it.who, DeterminationKind.INJURY, it.decided_on
        )
        asked = FilingAsked(
            kind=FilingKind.RESIDENCE,
            treatment_region=it.treatment_province,
            cost_kinds=frozenset({CostKind.MEDICAL}),
            referral=None,
        )
        return Wish(worker, asked)

    async def file(self, province: str, wishes: Sequence[Wish]) -> None:
        """Let a province's agency file a day's workers in one batch."""
        rows = [
            BatchRow(row=number, worker=it.worker, claim=None, asked=it.asked)
            for number, it in enumerate(wishes[:ROWS_A_BATCH], start=1)
        ]
        kept = await self.send(
            f"{province}-{self.clock():%Y%m%d}-batch",
            agency(province),
            lambda work: filings.file_batch(work, rows),
            lambda outcomes: Kept(number=str(sum(1 for it in outcomes if it.filing))),
        )
        self.filed += int(kept.number)
        self.batches += 1

    async def turn_away(self, it: Expiring) -> None:
        """Let a hospital try to admit somebody whose filing has run out; keep the reasons."""
        asked = admission_at(self.clock(), it.who, CostKind.MEDICAL, f"X{it.number}")
        hospital = institution(HOSPITAL, HOSPITAL[1:7])
        try:
            await self.send(
                f"x{it.number}-admit", hospital, lambda work: visits.admit(work, asked), _numbered
            )
        except Refusal as refusal:
            self.refusals.append(tuple(each.code for each in (refusal, *refusal.also)))

    async def admit(self, it: Stay) -> None:
        """Admit a worker."""
        asked = admission_of(it.case, it.visit, it.who)
        kept = await self._at(it, "admit", lambda work: visits.admit(work, asked), _numbered)
        self.visits[it.number] = kept.number

    async def charge(self, it: Stay) -> None:
        """Upload the bill and discharge whoever was in a bed."""
        number, lines = self.visits[it.number], [fee_line_of(line) for line in it.visit.lines]
        await self._at(
            it,
            "lines",
            lambda work: visits.take_lines(work, number, lines),
            lambda taken: Kept(number=taken.visit),
        )
        if it.visit.discharged_on is not None:
            left, way = self.clock(), DischargeWay.ADVISED
            await self._at(
                it, "discharge", lambda work: visits.discharge(work, number, left, way), _numbered
            )

    async def settle(self, it: Stay) -> None:
        """Settle; a few are cancelled at once, or reversed by their message, and settled again.

        What a pair settles is settled one after another, so that it is known when a line of its
        advance is crossed.
        """
        async with self.turns.setdefault(it.pair, asyncio.Lock()):
            settled = await self.settle_once(it, "settle")
            if it.again:
                cancelling = CancelAsked(adjustment=False, reason="示例：发票重开")
                await self._undo(
                    it, "cancel", lambda work: settlements.cancel(work, settled, cancelling)
                )
                await self.settle_once(it, "resettle")
            elif it.reversed:
                message = f"{self.sender.plan}-{it.number}-settle"
                undone = await self._undo(
                    it, "reverse", lambda work: reversals.reverse(work, message)
                )
                assert undone.outcome is ReversalOutcome.REVERSED, undone.why
                self.reversed += 1
                await self.settle_once(it, "resettle")

    async def settle_once(self, it: Stay, step: str) -> str:
        """Settle for what was charged, and take down what the fund pays."""
        kept = await self._at(
            it, step, *settling(self.visits[it.number], it.total, len(it.visit.lines))
        )
        self.note_settled(it, kept)
        return kept.number

    def note_settled(self, it: Stay, kept: Kept) -> None:
        """Take down the answer to a settlement."""
        self.funds[it.number], self.settlements[it.number] = kept.fund, kept.number
        self.books.settled(it.pair, it.visit.institution, kept.fund)

    async def adjust(self, it: Stay) -> None:
        """Cancel a settlement that was cleared before: a negative item of a later period."""
        cancelling = CancelAsked(adjustment=True, reason="示例：清算后调整")
        number = self.settlements[it.number]
        await self._undo(it, "adjust", lambda work: settlements.cancel(work, number, cancelling))

    async def _undo(self, it: Stay, step: str, use_case: Callable[[Work], Awaitable[T]]) -> T:
        code = it.visit.institution
        done = await self.do(f"{it.number}-{step}", use_case, institution(code, code[1:7]))
        self.books.settled(it.pair, code, -self.funds[it.number])
        return done

    async def _register(
        self, name: str, who: SyntheticPerson, kind: DeterminationKind, decided_on: date
    ) -> str:
        registration = Registration(
            certificate_kind=CertificateKind.SOCIAL_SECURITY_NUMBER,
            certificate_number=who.number,
            name=who.name,
            insured_region=who.region,
            employer="示例用人单位",
            card_number=who.card_number,
        )
        kept = await self.send(
            f"{name}-register",
            agency(who.region),
            lambda work: entitlement.register(work, registration),
            lambda look: Kept(number=look.registered.worker.number),
        )
        determination = DeterminationAsked(
            worker=kept.number,
            kind=kind,
            document_number=f"示例认字〔{decided_on.year}〕{name}号",
            decided_on=decided_on,
            injured_parts=("左小腿",),
            diagnoses=(DIAGNOSIS.name,),
        )
        await self.send(
            f"{name}-determine",
            agency(who.region),
            lambda work: entitlement.register_determination(work, determination),
            _numbered,
        )
        return kept.number

    async def _at(
        self,
        it: Stay,
        step: str,
        use_case: Callable[[Work], Awaitable[T]],
        show: Callable[[T], Kept],
    ) -> Kept:
        """Let the institution of a stay do something."""
        code = it.visit.institution
        return await self.send(f"{it.number}-{step}", institution(code, code[1:7]), use_case, show)

    async def send(
        self,
        step: str,
        caller: Caller,
        use_case: Callable[[Work], Awaitable[T]],
        show: Callable[[T], Kept],
    ) -> Kept:
        """Let a caller do something at the clock's present instant."""
        self.messages += 1
        return (await self.sender.send(step, caller, self.clock(), use_case, show)).kept

    async def do(
        self, step: str, use_case: Callable[[Work], Awaitable[T]], caller: Caller = OPERATOR
    ) -> T:
        """Let somebody do something new, and return what came of it."""
        kept: list[T] = []

        async def watched(work: Work) -> T:
            kept[:] = [await use_case(work)]
            return kept[0]

        await self.send(step, caller, watched, lambda it: Kept(number=getattr(it, "number", step)))
        return kept[0]

    def look(self, caller: Caller = OPERATOR) -> AbstractAsyncContextManager[Reading]:
        """Let somebody look at the hub as it stands."""
        return reading(self.sender.hub, caller, "play")


def settling(
    visit: str, total: Money, lines: int
) -> tuple[Callable[[Work], Awaitable[SettlementWithLines]], Callable[[SettlementWithLines], Kept]]:
    """Say what is asked for the settlement of a visit, and what is kept of the answer."""
    asked = SettleAsked(total=total, line_count=lines, invoice_no=None)

    def show(settled: SettlementWithLines) -> Kept:
        return Kept(
            number=settled.settlement.number,
            total_fen=settled.bill.total.fen,
            fund_fen=settled.bill.fund.fen,
        )

    return lambda work: settlements.settle(work, visit, asked), show
