"""People for the rungs that ask who somebody is: registered, or laid in beside the stock."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import asyncpg

from app.kernel.parties import PartyKind
from app.runtime.vault import Vault
from app.sandbox.people import SyntheticPerson, person
from benchmarks.ladder.client import Target, post
from benchmarks.ladder.place import DATA_KEY, INDEX_KEY, gate
from benchmarks.ladder.stock import IDS, new_key

PEOPLE = 62
COLUMNS = (
    "worker_id",
    "certificate_kind",
    "certificate_number",
    "certificate_number_index",
    "name",
    "sex",
    "birth_date",
)


async def identify_stock(connection: asyncpg.Connection, workers: int) -> None:
    """Say who the first workers of the stock are, encrypted as the hub would have."""
    vault = Vault.from_texts((DATA_KEY,), INDEX_KEY)
    found = await connection.fetch(
        "SELECT id, insured_region FROM worker WHERE id BETWEEN $1 + 1 AND $1 + $2",
        *(IDS, workers),
    )
    await connection.copy_records_to_table(
        "worker_identity",
        columns=COLUMNS,
        records=[_identity(vault, it["id"], it["insured_region"]) for it in found],
    )


def _identity(vault: Vault, worker: int, region: str) -> tuple[object, ...]:
    it = person(PEOPLE + worker - IDS, region)
    birth_date = it.birth_date.isoformat()
    return (
        worker,
        "social_security_number",
        vault.encrypt(it.number, worker, "certificate_number"),
        vault.index(it.number, "certificate_number"),
        vault.encrypt(it.name, worker, "name"),
        it.sex.value,
        vault.encrypt(birth_date, worker, "birth_date"),
    )


async def registered(target: Target, places: Sequence[str]) -> list[tuple[SyntheticPerson, str]]:
    """Register people with a determination and a filing each; return who asks where for care."""
    people = [person(index, places[index % len(places)]) for index in range(PEOPLE)]
    elsewhere = [places[(index + 1) % len(places)] for index in range(PEOPLE)]
    made = await _all(
        target,
        [
            _written(
                "/v1/workers",
                it.region,
                {
                    "certificate_number": it.number,
                    "name": it.name,
                    "insured_region": it.region,
                    "employer": "示例用人单位",
                    "card_number": it.card_number,
                },
            )
            for it in people
        ],
    )
    numbers = [json.loads(body)["number"] for body in made]
    decided = (date.today() - timedelta(days=90)).isoformat()  # noqa: DTZ011 -- any day will do
    await _all(
        target,
        [
            _written(
                "/v1/determinations",
                it.region,
                {
                    "worker": number,
                    "kind": "injury",
                    "document_number": f"示例认字{index}号",
                    "decided_on": decided,
                    "injured_parts": ["左小腿"],
                    "diagnoses": ["S82.2 胫骨骨折"],
                    "third_party": False,
                },
            )
            for index, (it, number) in enumerate(zip(people, numbers, strict=True))
        ],
    )
    await _all(
        target,
        [
            _written(
                "/v1/filings",
                it.region,
                {
                    "worker": number,
                    "kind": "residence",
                    "treatment_region": place,
                    "cost_kinds": ["medical"],
                },
            )
            for it, number, place in zip(people, numbers, elsewhere, strict=True)
        ],
    )
    return list(zip(people, elsewhere, strict=True))


def identifications(people: Sequence[tuple[SyntheticPerson, str]]) -> Iterator[bytes]:
    """Write what a desk asks when somebody stands before it, over and over."""
    asked = [
        post(
            "/v1/workers/identify",
            json.dumps(
                {
                    "certificate_number": it.number,
                    "name": it.name,
                    "card_kind": "physical",
                    "card": it.card_number,
                }
            ).encode(),
            gate(f"H{place}90001"),
        )
        for it, place in people
    ]
    return itertools.cycle(asked)


def _written(path: str, region: str, body: dict[str, object]) -> bytes:
    sender = gate(region, PartyKind.AGENCY)
    return post(path, json.dumps(body).encode(), sender, new_key())


async def _all(target: Target, requests: Sequence[bytes]) -> list[bytes]:
    """Send one after the other; each must be taken."""
    taken = await target.closed(1, 600, iter(requests))
    if taken.accepted != len(requests):
        raise RuntimeError(f"people could not be registered: {dict(taken.refused)}")
    return taken.bodies
