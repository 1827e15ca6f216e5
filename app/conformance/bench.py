"""Where a case is set up: people with filings, stays with lines, ids, and the hub's own clock."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from app.conformance.desk import Charge, Desk, Person, Said, Stay
from app.conformance.evidence import DeviationError
from app.conformance.wire import Line, Reply

CHINA = timedelta(hours=8)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
NUMERALS = "甲乙丙丁戊己庚辛壬癸"
BORN = date(1950, 1, 1)  # before every synthetic person of a sandbox
BIRTH_DAYS = 3_600
CLOCK_SECONDS_MAX = 60.0
OK, NOT_FOUND = 200, 404


@dataclass(slots=True, kw_only=True)
class People:
    """Makes up people: valid check digits under a province's own code, which no one is given."""

    dice: random.Random

    def next(self, region: str) -> tuple[str, str, str]:
        """Return number, name and card of somebody new."""
        born = BORN + timedelta(days=self.dice.randrange(BIRTH_DAYS))
        body = f"{region[:2]}0000{born:%Y%m%d}{self.dice.randrange(1, 1_000):03d}"
        total = sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True))
        name = "验例" + "".join(self.dice.choices(NUMERALS, k=2))
        return body + "10X98765432"[total % 11], name, f"Z{self.dice.randrange(10**8):08d}"


@dataclass(slots=True, kw_only=True)
class Keys:
    """Message ids in the national form, new for every message of every run."""

    started: datetime
    serial: itertools.count[int] = field(default_factory=itertools.count)

    def next(self, party: str) -> str:
        """Return an id nobody has had."""
        second, place = divmod(next(self.serial), 10_000)
        stamp = self.started + CHINA + timedelta(seconds=second)
        return f"{party.ljust(12, '0')}{stamp:%Y%m%d%H%M%S}{place:04d}"


@dataclass(slots=True, kw_only=True)
class Lines:
    """The clients a run was given; a case whose client is missing is skipped."""

    institution: Line
    agency: Line  # of the insured place
    other: Line | None = None  # a second institution
    operator: Line | None = None  # the operator of a sandbox whose clock may be set

    @property
    def given(self) -> tuple[Line, ...]:
        """Return the lines there are."""
        known = (self.institution, self.agency, self.other, self.operator)
        return tuple(line for line in known if line is not None)


class ClientMissingError(Exception):
    """The case needs a client, or a hub, the run was not given."""


@dataclass(slots=True, kw_only=True)
class Bench:
    """One case's bench."""

    desk: Desk
    lines: Lines
    people: People
    keys: Keys
    journal: Path  # of the hub's own client, one window for the whole run
    now: datetime

    def key(self) -> str:
        """Return a new message id of the institution's."""
        return self.keys.next(self.lines.institution.party)

    @property
    def other(self) -> Line:
        """Return the second institution's line."""
        if self.lines.other is None:
            raise ClientMissingError("a client of a second institution")
        return self.lines.other

    @property
    def operator(self) -> Line:
        """Return the operator's line."""
        if self.lines.operator is None:
            raise ClientMissingError("the operator's client, to set the sandbox's clock forward")
        return self.lines.operator

    async def set_clock(self, moment: datetime) -> None:
        """Set the sandbox's clock forward for everybody; tokens expire with it."""
        operator = self.operator
        asked = {"act": "jump", "to": moment.isoformat()}
        key = self.keys.next(operator.party)
        reply = await operator.send("PUT", "/v1/sandbox/clock", asked, key=key)
        if reply.status == NOT_FOUND:
            raise ClientMissingError("a sandbox: this hub has no clock that can be set")
        expect(reply.status == OK, f"the clock was not set: HTTP {reply.status}")
        for line in self.lines.given:
            await line.sign_in()
        self.now = self.lines.agency.issued_at
        self.desk.come_to(self.now)

    async def person(self, *, filed: bool = True) -> Person:
        """Register somebody with a determination, and a filing to the institution's region."""
        region = self.lines.agency.region
        certificate, name, card = self.people.next(region)
        body: dict[str, object] = {
            "certificate_number": certificate,
            "name": name,
            "insured_region": region,
            "employer": "示例用人单位",
            "card_number": card,
            "electronic_card": f"ecard-{card}",
        }
        worker = str((await self._agency("/v1/workers", body)).get("number"))
        determination: dict[str, object] = {
            "worker": worker,
            "kind": "injury",
            "document_number": f"示例认字〔{worker[-9:]}〕",
            "decided_on": (self.now + CHINA - timedelta(days=30)).date().isoformat(),
            "injured_parts": ["左小腿"],
            "diagnoses": ["S82.2 胫骨干骨折"],
        }
        await self._agency("/v1/determinations", determination)
        if filed:
            filing: dict[str, object] = {
                "kind": "residence",
                "treatment_region": self.lines.institution.region,
                "cost_kinds": ["medical"],
                "worker": worker,
            }
            await self._agency("/v1/filings", filing)
        return Person(worker=worker, certificate=certificate, name=name, card=card)

    async def stay(self, person: Person | None = None) -> Stay:
        """Admit somebody."""
        someone = person or await self.person()
        told = (await self.desk.admit(someone, self.now, self.key())).must()
        return Stay(visit=told.facts["visit"], person=someone, at=self.now)

    async def stay_with(self, count: int) -> Stay:
        """Admit somebody and upload so many lines of two yuan."""
        stay = await self.stay()
        (await self.desk.upload(stay, charges(count), self.key())).must()
        return stay

    async def left(self, count: int = 2) -> Stay:
        """Admit, upload and discharge."""
        stay = await self.stay_with(count)
        (await self.desk.discharge(stay, self.now, self.key())).must()
        return stay

    async def settled(self, count: int = 2) -> tuple[Stay, Said]:
        """Carry a stay to its settlement."""
        stay = await self.left(count)
        told = await self.desk.settle(stay, Decimal(2 * count), self.key())
        return stay, told.must()

    async def visit(self, number: str) -> dict[str, object]:
        """Read a visit as the hub has it, through REST whatever the face."""
        return (await self.lines.institution.send("GET", f"/v1/visits/{number}")).json

    async def settlements(self, visit: str) -> list[dict[str, object]]:
        """Read every settlement and cancellation of a visit."""
        path = f"/v1/settlements?visit={visit}"
        found = (await self.lines.institution.send("GET", path)).json.get("items")
        return list(found) if isinstance(found, list) else []

    async def outcome(self, message: str, line: Line | None = None) -> Reply:
        """Ask what became of a message."""
        return await (line or self.lines.institution).send("GET", f"/v1/messages/{message}")

    async def must_hold(self, visit: str, *, lines: int, total: str) -> None:
        """Insist on what the hub holds of a visit."""
        held = await self.visit(visit)
        expect(
            (held.get("line_count"), held.get("total")) == (lines, total),
            f"the visit holds {held.get('line_count')} lines of {held.get('total')},"
            f" expected {lines} of {total}",
        )

    async def _agency(self, path: str, body: dict[str, object]) -> dict[str, object]:
        key = self.keys.next(self.lines.agency.party)
        reply = await self.lines.agency.send("POST", path, body, key=key)
        if not 200 <= reply.status < 300:  # noqa: PLR2004 -- HTTP's own
            raise DeviationError(f"cannot set the case up: {path} answered {reply.status}")
        return reply.json


def charges(count: int, first: int = 1) -> list[Charge]:
    """Return so many lines of two yuan each."""
    return [Charge(serial=f"{number:06d}") for number in range(first, first + count)]


def expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001 -- reads as a sentence
    """Insist on something; `otherwise` says what was found instead."""
    if not holds:
        raise DeviationError(otherwise)


async def at_once(*acts: Callable[[], Awaitable[Said]]) -> list[Said]:
    """Do things at the same instant."""
    return list(await asyncio.gather(*(act() for act in acts)))


def effects(answers: Sequence[Said]) -> int:
    """Count the answers that report success."""
    return sum(answer.done for answer in answers)


async def hub_now(agency: Line) -> datetime:
    """Learn the hub's clock, which need not be the wall's, from the token it gave last."""
    if time.monotonic() - agency.signed_in_at > CLOCK_SECONDS_MAX:
        await agency.sign_in()
    return agency.issued_at
