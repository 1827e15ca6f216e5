"""What callers ask about visits and what they are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.entitlement.model import Determination, IdentityClaim, Person, Worker
from app.filing.model import Filing
from app.kernel.costs import CostKind
from app.kernel.money import Money
from app.visit.model.visits import Diagnosis, Visit, VisitKind, VisitState


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What an institution reports of an admission."""

    kind: VisitKind
    cost_kind: CostKind
    claim: IdentityClaim
    admitted_at: datetime
    admission_no: str
    department: str
    ward: str | None
    bed: str | None
    physician: str
    diagnoses: tuple[Diagnosis, ...]
    memo: str | None
    determination: str | None
    transfer_from: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """The particulars to be changed; None leaves one as it is."""

    admission_no: str | None = None
    department: str | None = None
    ward: str | None = None
    bed: str | None = None
    physician: str | None = None
    diagnoses: tuple[Diagnosis, ...] | None = None
    memo: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitsAsked:
    """What a caller looks for; what is None does not matter."""

    state: VisitState | None = None
    worker: str | None = None
    filing: str | None = None
    institution: str | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """How many lines a visit holds and what they come to."""

    line_count: int
    total: Money


@dataclass(frozen=True, slots=True)
class LinesTaken:
    """What became of a call: new lines, repetitions, and what the visit holds now."""

    visit: str
    accepted: int
    replayed: int
    totals: Totals


@dataclass(frozen=True, slots=True)
class LinesRemoved:
    """How many lines were removed, and what the visit holds now."""

    visit: str
    removed: int
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """A worker at the desk, and what is usable here today."""

    worker: Worker
    person: Person
    determinations: tuple[Determination, ...]
    filings: tuple[Filing, ...]


@dataclass(frozen=True, slots=True)
class NamedVisit:
    """A visit and the person it is about."""

    visit: Visit
    person: Person
