"""Make a set of personas through the services, each step on a day of its own before today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.entitlement import service as entitlement
from app.entitlement.model import CardKind, CertificateKind, LossKind
from app.entitlement.service import DeterminationAsked, LossAsked, Registration
from app.filing import service as filings
from app.filing.model import FilingAsked, FilingKind, Referral
from app.filing.service import Submission
from app.kernel.calendar import business_day, corresponding_day
from app.kernel.parties import PartyKind
from app.runtime.auth import Caller
from app.runtime.door import Hub, lend
from app.runtime.work import Work
from app.sandbox import store
from app.sandbox.clock import in_china
from app.sandbox.model import MadePersona
from app.sandbox.personas import PERSONAS, Ends, Persona, identity_of
from app.sandbox.reported import DIAGNOSIS
from app.sandbox.sender import CLIENT, Kept, Sender, agency

REGISTERED, DETERMINED, FILED, LOST = time(8, 0), time(8, 10), time(8, 20), time(8, 30)
FILED_BEFORE = timedelta(days=10)
DECIDED_BEFORE = timedelta(days=60)
LEFT_DAYS = 5
OPERATOR = Caller(kind=PartyKind.OPERATOR, party="operator", region="000000", client=CLIENT)


async def cast(hub: Hub, set_number: int) -> None:
    """Make every persona of a set, relative to today; a set made before is left as it is."""
    sender = Sender(hub, f"persona-{set_number}")
    now = hub.clock()
    made = [await _Casting(sender, it, set_number, now).make() for it in PERSONAS]

    async def keep(work: Work) -> int:
        await store.keep_personas(work.tx, made)
        await filings.expire_due(work)
        work.record("sandbox.personas", "personas", set_number=set_number)
        return set_number

    await sender.send("keep", OPERATOR, now, keep, lambda number: Kept(number=str(number)))


async def refresh(hub: Hub) -> bool:
    """Make a set unless the newest is of today; say whether one was made."""
    async with lend(hub) as rx:
        newest = await store.newest_set(rx)
        kept = await store.personas(rx, newest)
    if any(it.made_on == business_day(hub.clock()) for it in kept.values()):
        return False
    await cast(hub, newest + 1)
    return True


@dataclass(frozen=True, slots=True)
class _Casting:
    """The making of one persona."""

    sender: Sender
    persona: Persona
    set_number: int
    now: datetime

    async def make(self) -> MadePersona:
        """Register, determine, file, and let happen what is to happen."""
        filed_on = self._filed_on()
        worker = await self._register(filed_on)
        determinations = [
            await self._determine(worker, filed_on, order)
            for order in range(len(self.persona.determinations))
        ]
        filing = await self._file(worker, filed_on)
        if self.persona.lost:
            await self._lose(worker)
        return MadePersona(
            set_number=self.set_number,
            key=self.persona.key,
            made_on=self._today,
            worker=worker,
            determinations=tuple(determinations),
            filing=filing,
            last_day=corresponding_day(filed_on, self._months(filed_on)),
        )

    @property
    def _today(self) -> date:
        return business_day(self.now)

    def _filed_on(self) -> date:
        """Find the day a filing was made on that runs out when this one does.

        Some days end no filing: no half year ends on 31 March. Then it is six days that are left;
        and what ended on no 29 February has ended by then all the same.
        """
        if self.persona.ends is Ends.LATER:
            return self._today - FILED_BEFORE
        if self.persona.ends is Ends.IN_FIVE_DAYS:
            return self._first_until(self._today + timedelta(days=LEFT_DAYS))
        last_day = self._today - timedelta(days=1)
        first = self._first_until(last_day)
        late = corresponding_day(first, self._months(first)) > last_day
        return first - timedelta(days=1) if late else first

    def _first_until(self, last_day: date) -> date:
        """Find the first day whose filing runs until `last_day` at least."""
        day = last_day - timedelta(days=31 * self._months(last_day) + 1)
        while corresponding_day(day, self._months(day)) < last_day:
            day += timedelta(days=1)
        return day

    def _months(self, day: date) -> int:
        it, book = self.persona, self.sender.hub.law.book
        return book.months("filing.term_months", day, it.insured_place, of=it.filing_kind)

    async def _register(self, day: date) -> str:
        it, shown = self.persona, identity_of(self.persona, self.set_number)
        foreign = it.certificate_kind is not CertificateKind.SOCIAL_SECURITY_NUMBER
        electronic = it.card_kind is CardKind.ELECTRONIC
        asked = Registration(
            certificate_kind=it.certificate_kind,
            certificate_number=shown.certificate_number,
            name=shown.name,
            insured_region=it.insured_place,
            employer="示例用人单位",
            card_number=None if electronic else shown.card,
            electronic_card=shown.card if electronic else None,
            sex=shown.who.sex if foreign else None,
            birth_date=shown.who.birth_date if foreign else None,
        )
        sent = await self.sender.send(
            f"{it.key}-register",
            agency(it.insured_place),
            self._moment(day, REGISTERED),
            lambda work: entitlement.register(work, asked),
            lambda look: Kept(number=look.registered.worker.number),
        )
        return sent.kept.number

    async def _determine(self, worker: str, filed_on: date, order: int) -> str:
        it, decided_on = self.persona, filed_on - DECIDED_BEFORE + timedelta(days=order)
        asked = DeterminationAsked(
            worker=worker,
            kind=it.determinations[order],
            document_number=f"示例认字〔{decided_on.year}〕{self.set_number}-{order + 1}号",
            decided_on=decided_on,
            injured_parts=("左小腿",),
            diagnoses=(DIAGNOSIS.name,),
            third_party=it.third_party,
        )
        sent = await self.sender.send(
            f"{it.key}-determine{order}",
            agency(it.insured_place),
            self._moment(filed_on, DETERMINED),
            lambda work: entitlement.register_determination(work, asked),
            lambda made: Kept(number=made.number),
        )
        return sent.kept.number

    async def _file(self, worker: str, day: date) -> str:
        it = self.persona
        referral = Referral(
            diagnosis_code=DIAGNOSIS.code,
            diagnosis=DIAGNOSIS.name,
            institution="示例转出医院",
            reason="参保地不具备救治条件",
            referred_on=day,
        )
        asked = FilingAsked(
            kind=it.filing_kind,
            treatment_region=it.filed_for,
            cost_kinds=frozenset({it.cost_kind}),
            referral=referral if it.filing_kind is FilingKind.REFERRAL else None,
        )
        sent = await self.sender.send(
            f"{it.key}-file",
            agency(it.insured_place),
            self._moment(day, FILED),
            lambda work: filings.submit(work, Submission(asked=asked, worker=worker)),
            lambda made: Kept(number=made.number),
        )
        return sent.kept.number

    async def _lose(self, worker: str) -> None:
        yesterday = self._today - timedelta(days=1)
        asked = LossAsked(
            worker=worker,
            kind=LossKind.RELATIONSHIP_ENDED,
            lost_on=yesterday,
            reason="示例：终结工伤保险关系",
        )
        await self.sender.send(
            f"{self.persona.key}-lose",
            agency(self.persona.insured_place),
            self._moment(yesterday, LOST),
            lambda work: filings.lose(work, asked),
            lambda report: Kept(number=report.loss.number),
        )

    def _moment(self, day: date, at: time) -> datetime:
        return min(in_china(day, at), self.now)
