"""Workers for tests: people who do not exist, registered by their agency, with determinations."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.sandbox.people import SyntheticPerson, person
from tests.support.world import World

EMPLOYER = "示例用人单位"
_PEOPLE = itertools.count(1_000)


@dataclass(frozen=True, slots=True)
class KnownWorker:
    """A synthetic person, registered."""

    person: SyntheticPerson
    number: str

    def claim(self, **other: Any) -> dict[str, Any]:
        """Return who they are, with their card."""
        return {
            "certificate_number": self.person.number,
            "name": self.person.name,
            "card_kind": "physical",
            "card": self.person.card_number,
        } | other


def somebody(region: str = "110000") -> SyntheticPerson:
    """Return a person nobody has met in this run."""
    return person(next(_PEOPLE), region)


def registration(someone: SyntheticPerson, **other: Any) -> dict[str, Any]:
    """Return the body of POST /v1/workers."""
    return {
        "certificate_number": someone.number,
        "name": someone.name,
        "insured_region": someone.region,
        "employer": EMPLOYER,
        "card_number": someone.card_number,
        "electronic_card": f"ecard-{someone.number[-8:]}-{someone.card_number}",
    } | other


def determination(worker: str, **other: Any) -> dict[str, Any]:
    """Return the body of POST /v1/determinations."""
    return {
        "worker": worker,
        "kind": "injury",
        "document_number": f"示例认字〔2025〕第{worker[-7:]}号",
        "decided_on": "2025-01-15",
        "injured_parts": ["左小腿"],
        "diagnoses": ["S82.2 胫骨干骨折"],
    } | other


async def registered(
    world: World,
    region: str = "110000",
    kinds: Sequence[str] = ("injury",),
    *,
    decided_on: str = "2025-01-15",
) -> KnownWorker:
    """Register somebody with a determination of each kind."""
    someone = somebody(region)
    agency = world.agency(region)
    answer = await agency.post("/v1/workers", registration(someone))
    assert answer.status_code == 200, answer.text
    number = str(answer.json()["number"])
    for kind in kinds:
        body = determination(number, kind=kind, decided_on=decided_on)
        answer = await agency.post("/v1/determinations", body)
        assert answer.status_code == 201, answer.text
    return KnownWorker(someone, number)
