"""Load a plan of national traffic into a hub, each case on its own days, through the services."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import Protocol, TypeVar

from app.entitlement import service as entitlement
from app.entitlement.model import CertificateKind, DeterminationKind
from app.entitlement.service import DeterminationAsked, Look, Registration
from app.filing import service as filings
from app.filing.model import FilingAsked, FilingKind
from app.filing.service import Submission
from app.kernel.calendar import Month
from app.kernel.costs import CostKind
from app.kernel.money import ZERO, Money
from app.kernel.refusal import Refusal
from app.runtime.door import Hub
from app.runtime.work import Work
from app.sandbox.clock import in_china
from app.sandbox.people import SyntheticPerson, person
from app.sandbox.reported import ADMITTED, DIAGNOSIS, admission_of, fee_line_of, referral_of
from app.sandbox.sender import Kept, Sender, Sent, agency, institution
from app.sandbox.traffic import PlannedCase, PlannedVisit, plan
from app.settlement import service as settlements
from app.settlement.model import SettleAsked, SettlementWithLines
from app.visit import service as visits
from app.visit.model import DischargeWay, FeeLine, Visit

T = TypeVar("T")

LINES_A_CALL = 100
STRANGERS = 9_000_000  # people a plan may begin at, so that two plans rarely share one
REGISTERED, DETERMINED, FILED = time(8, 30), time(8, 40), time(9, 0)
UPLOADED, LEFT, DISCHARGED, SETTLED = time(13, 0), time(14, 0), time(15, 0), time(16, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Which plan: how many workers, how many months, from which on, by which seed."""

    workers: int
    months: int
    seed: int
    first_month: Month

    @property
    def digest(self) -> bytes:
        """Digest all but the number of workers: more of them continue the same plan."""
        return hashlib.sha256(f"{self.seed} {self.first_month} {self.months}".encode()).digest()

    def cases(self) -> Iterator[PlannedCase]:
        """Return the cases, one a worker."""
        return plan(self.workers, self.months, self.seed, self.first_month)


@dataclass(slots=True)
class Loaded:
    """What is in the hub now by this plan, and how much of it is new."""

    messages: Counter[str] = field(default_factory=Counter)
    applied_now: int = 0
    total: Money = ZERO
    fund: Money = ZERO
    refusals: Counter[str] = field(default_factory=Counter)

    def note(self, step: str, sent: Sent) -> str:
        """Count an answer; return its number."""
        self.messages[step] += 1
        self.applied_now += not sent.replayed
        if step == "settle":
            self.total += sent.kept.total
            self.fund += sent.kept.fund
        return sent.kept.number


async def load(hub: Hub, traffic: Traffic, *, at_once: int, advance: Callable[[], None]) -> Loaded:
    """Load every case, so many at once; loading a plan again changes nothing."""
    name = traffic.digest.hex()[:12]
    first = int.from_bytes(traffic.digest[-4:], "big") % STRANGERS
    loading = _Loading(Sender(hub, f"sandbox-{name}"), first)
    cases = traffic.cases()
    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(_some(loading, cases, advance))
    return loading.loaded


async def _some(
    loading: _Loading, cases: Iterable[PlannedCase], advance: Callable[[], None]
) -> None:
    """Take case after case from a stock that others take from as well."""
    for case in cases:
        try:
            await loading.case(case)
        except Refusal as refusal:
            loading.loaded.refusals.update(each.code for each in (refusal, *refusal.also))
        advance()


@dataclass(frozen=True, slots=True)
class _Loading:
    """One loading of one plan."""

    sender: Sender
    first_person: int
    loaded: Loaded = field(default_factory=Loaded)

    async def case(self, case: PlannedCase) -> None:
        """Take one worker from the register to the last settlement."""
        someone = person(self.first_person + case.person, case.insured_place)
        worker = await self._register(case, someone)
        await self._determine(case, worker)
        await self._file(case, worker)
        for order, visit in enumerate(case.visits, start=1):
            await self._visit(case, visit, someone, order)

    async def _register(self, case: PlannedCase, someone: SyntheticPerson) -> str:
        asked = Registration(
            certificate_kind=CertificateKind.SOCIAL_SECURITY_NUMBER,
            certificate_number=someone.number,
            name=someone.name,
            insured_region=case.insured_place,
            employer=f"示例用人单位{case.number % 97 + 1}",
            card_number=someone.card_number,
        )
        sent = await self.sender.send(
            f"{case.number}-register",
            agency(case.insured_place),
            in_china(case.filing.first_day, REGISTERED),
            lambda work: entitlement.register(work, asked),
            _worker_kept,
        )
        return self.loaded.note("register", sent)

    async def _determine(self, case: PlannedCase, worker: str) -> None:
        asked = DeterminationAsked(
            worker=worker,
            kind=DeterminationKind(case.determination_kind),
            document_number=f"示例认字〔{case.determined_on.year}〕{case.number}号",
            decided_on=case.determined_on,
            injured_parts=("左小腿",),
            diagnoses=(DIAGNOSIS.name,),
        )
        sent = await self.sender.send(
            f"{case.number}-determine",
            agency(case.insured_place),
            in_china(case.filing.first_day, DETERMINED),
            lambda work: entitlement.register_determination(work, asked),
            _numbered,
        )
        self.loaded.note("determine", sent)

    async def _file(self, case: PlannedCase, worker: str) -> None:
        """File offline: the insured agency's own upload is approved at once."""
        kind = FilingKind(case.filing.kind)
        asked = FilingAsked(
            kind=kind,
            treatment_region=case.filing.treatment_place,
            cost_kinds=frozenset({CostKind(case.cost_kind)}),
            referral=referral_of(case) if kind is FilingKind.REFERRAL else None,
        )
        sent = await self.sender.send(
            f"{case.number}-file",
            agency(case.insured_place),
            in_china(case.filing.first_day, FILED),
            lambda work: filings.submit(work, Submission(asked=asked, worker=worker)),
            _numbered,
        )
        self.loaded.note("file", sent)

    async def _visit(
        self, case: PlannedCase, planned: PlannedVisit, someone: SyntheticPerson, order: int
    ) -> None:
        asked = admission_of(case, planned, someone)
        stay = _Stay(self, planned, f"{case.number}-{order}")
        number = await stay.send(
            "admit", planned.admitted_on, ADMITTED, lambda work: visits.admit(work, asked)
        )
        await stay.take_lines(number)
        if planned.discharged_on is not None:
            await stay.discharge(number, planned.discharged_on)
        await stay.settle(number)


@dataclass(frozen=True, slots=True)
class _Stay:
    """One visit as its institution reports it, message by message."""

    loading: _Loading
    planned: PlannedVisit
    name: str

    @property
    def last_day(self) -> date:
        """The day of discharge, or of the fitting."""
        return self.planned.discharged_on or self.planned.admitted_on

    async def send(
        self, step: str, day: date, at: time, use_case: Callable[[Work], Awaitable[Visit]]
    ) -> str:
        """Let the institution do something to the visit."""
        return await self._send(step, day, at, use_case, _numbered)

    async def take_lines(self, number: str) -> None:
        """Upload the bill, at most a hundred lines a call."""
        lines = [fee_line_of(line) for line in self.planned.lines]
        for start in range(0, len(lines), LINES_A_CALL):
            await self._take(number, lines[start : start + LINES_A_CALL], f"lines{start}")

    async def _take(self, number: str, call: Sequence[FeeLine], step: str) -> None:
        await self._send(
            step,
            self.last_day,
            UPLOADED,
            lambda work: visits.take_lines(work, number, call),
            lambda taken: Kept(number=taken.visit),
        )

    async def discharge(self, number: str, day: date) -> None:
        """Discharge the worker."""
        left = in_china(day, LEFT)
        await self.send(
            "discharge",
            day,
            DISCHARGED,
            lambda work: visits.discharge(work, number, left, DischargeWay.ADVISED),
        )

    async def settle(self, number: str) -> None:
        """Settle for what was charged."""
        total = Money.total(line.amount for line in self.planned.lines)
        asked = SettleAsked(total=total, line_count=len(self.planned.lines), invoice_no=None)
        await self._send(
            "settle",
            self.last_day,
            SETTLED,
            lambda work: settlements.settle(work, number, asked),
            _settlement_kept,
        )

    async def _send(
        self,
        step: str,
        day: date,
        at: time,
        use_case: Callable[[Work], Awaitable[T]],
        show: Callable[[T], Kept],
    ) -> str:
        code = self.planned.institution
        by = institution(code, code[1:7])
        sender = self.loading.sender
        sent = await sender.send(f"{self.name}-{step}", by, in_china(day, at), use_case, show)
        return self.loading.loaded.note(step, sent)


class _Numbered(Protocol):
    """Anything with a public number."""

    @property
    def number(self) -> str: ...


def _numbered(it: _Numbered) -> Kept:
    return Kept(number=it.number)


def _worker_kept(it: Look) -> Kept:
    return Kept(number=it.registered.worker.number)


def _settlement_kept(it: SettlementWithLines) -> Kept:
    settled = it.settlement
    return Kept(number=settled.number, total_fen=settled.total.fen, fund_fen=settled.fund.fen)
