"""A stolen token of one party, and every place where a number or a cursor of another can be put.

What the paths, bodies and transactions answer to strangers is in tests/golden/matrix*.txt.
"""

from __future__ import annotations

import base64
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

import httpx
import pytest_asyncio

from tests.support.entitlement import KnownWorker
from tests.support.filing import FILINGS
from tests.support.settlement import SETTLEMENTS, ready, settled
from tests.support.visit import VISITS, ready_worker, road
from tests.support.world import Client, World

FORGED = (
    "0", "-1", "99999999999999999999", "1e9", "0x10", " ", "a|b", "2025-13-99", "\0", "'--", "%",
    "2025-09-01|1", "2999-12-31|999999999999999999", '["x",1]', "{}", "１２", "x" * 280,
)  # fmt: skip
OPAQUE = re.compile(r"[A-Z]\d{19}")


@dataclass(frozen=True, slots=True)
class Victim:
    """Somebody insured in Beijing and treated in Jinan, and all that is known of them."""

    worker: KnownWorker
    visit: str
    settlement: str
    filing: str

    @property
    def secrets(self) -> set[str]:
        """Return what no stranger is to be told."""
        person = self.worker.person
        known = {self.worker.number, self.visit, self.settlement, self.filing}
        return known | {person.number, person.name, person.card_number}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def victims(world: World) -> list[Victim]:
    """Lay the road and let some go along it, so that lists have further pages."""
    await road(world)
    gone = []
    for _ in range(3):
        worker = await ready_worker(world)
        listed = await world.agency("110000").get(FILINGS, worker=worker.number)
        visit = await ready(world, worker)
        settlement = (await settled(world, visit))["number"]
        gone.append(Victim(worker, visit, settlement, listed.json()["items"][0]["number"]))
    return gone


def thieves(world: World) -> list[Client]:
    """Return who has nothing to do with any of them."""
    return [
        world.institution("H61010090001"),
        world.institution("A37010000001"),
        world.agency("620100"),
        world.agency("370200"),
    ]


def told(answer: httpx.Response, victims: list[Victim]) -> set[str]:
    """Return the secrets in an answer that were not in its question."""
    asked = unquote_plus(str(answer.request.url)) + answer.request.content.decode()
    secrets = set().union(*(it.secrets for it in victims))
    return {it for it in secrets if it in answer.text and it not in asked}


def sealed(key: object) -> str:
    return base64.urlsafe_b64encode(json.dumps([key]).encode()).decode().rstrip("=")


def lists(world: World) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name every reading with its parameters, parts of the path filled in by their examples."""
    for path, operations in world.app.openapi()["paths"].items():
        operation = operations.get("get")
        if operation is None or path == "/v1/audit-trail":  # it tells what one has asked oneself
            continue
        asked = operation.get("parameters", [])
        at = path
        for it in (it for it in asked if it["in"] == "path"):
            at = at.replace(f"{{{it['name']}}}", str(it.get("example", "0")))
        yield at, {it["name"]: it for it in asked if it["in"] == "query"}


async def test_a_cursor_of_anothers_list_opens_no_more_than_ones_own(
    world: World, victims: list[Victim]
) -> None:
    """It says where to go on, never whose rows."""
    cursors, turns = dict[str, str](), itertools.cycle(thieves(world))
    for path, asked in lists(world):
        if "cursor" in asked:
            page = await world.operator.get(path, **needed(asked), limit=1)
            if page.status_code == 200 and page.json()["next"]:
                cursors[path] = page.json()["next"]
    assert {VISITS, SETTLEMENTS, FILINGS} <= set(cursors)
    for (path, asked), cursor in itertools.product(lists(world), set(cursors.values())):
        if "cursor" in asked:
            answer = await next(turns).get(path, **needed(asked), cursor=cursor)
            assert answer.status_code in (200, 400, 403, 404), (path, answer.text)
            assert told(answer, victims) == set(), path


async def test_a_cursor_of_the_attackers_own_making_is_a_place_or_a_fault(
    world: World, victims: list[Victim]
) -> None:
    thief, reader = world.agency("620100"), world.operator
    for path, asked in lists(world):
        if "cursor" not in asked:
            continue
        for key in FORGED:
            at = needed(asked) | {"cursor": sealed(key)}
            read = await reader.get(path, **at)
            assert read.status_code in (200, 400, 403, 404), (path, key, read.text)
            if key.isdecimal():  # some place of some list
                stolen = await thief.get(path, **at)
                assert told(stolen, victims) == set(), (path, key)


async def test_no_filter_of_any_list_opens_what_is_anothers(
    world: World, victims: list[Victim]
) -> None:
    victim = victims[0]
    known = (*sorted(victim.secrets), "110000", "H37010000001")
    seen, turns = set[int](), itertools.cycle(thieves(world))
    for path, asked in lists(world):
        for name in asked.keys() - {"cursor", "limit", "format"}:
            for value in known:
                answer = await next(turns).get(path, **(needed(asked) | {name: value}))
                seen.add(answer.status_code)
                assert told(answer, victims) == set(), (path, name, value)
    assert seen <= {200, 304, 400, 403, 404, 422}


def needed(asked: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters without which a reading is not answered."""
    return {
        name: it.get("example", it["schema"].get("examples", ["2025-09-01"])[0])
        for name, it in asked.items()
        if it["required"]
    }


async def test_a_tag_or_a_message_id_of_anothers_answer_opens_nothing(
    world: World, victims: list[Victim]
) -> None:
    victim = victims[0]
    hospital = world.institution("H37010000001")
    ready_made = await ready(world)
    body = {"total": "10.00"}
    done = await hospital.post(f"{VISITS}/{ready_made}/settle", body, key="a-known-message")
    assert done.status_code == 201
    for thief in thieves(world):
        for path in (f"{VISITS}/{victim.visit}", f"{SETTLEMENTS}/{victim.settlement}"):
            headers = thief.headers() | {"If-None-Match": "*", "If-Match": "*"}
            answer = await world.http.get(path, headers=headers)
            assert answer.status_code in (403, 404), answer.text
        again = await thief.post(f"{VISITS}/{ready_made}/settle", body, key="a-known-message")
        assert again.status_code in (403, 404, 422)
        assert "Idempotency-Replayed" not in again.headers
        asked = await thief.get("/v1/messages/a-known-message")
        assert done.json()["number"] not in asked.text
        reversed_ = await thief.post("/v1/reversals", {"message": "a-known-message"})
        assert done.json()["number"] not in reversed_.text
    kept = await hospital.get(f"{SETTLEMENTS}/{done.json()['number']}")
    assert kept.json()["cancelled_by"] is None


async def test_a_row_about_anothers_worker_is_refused_without_a_word_of_them(
    world: World, victims: list[Victim]
) -> None:
    victim = victims[0]
    wish = {"kind": "residence", "treatment_region": "370100", "cost_kinds": ["medical"]}
    who = {"certificate_number": victim.worker.person.number, "name": victim.worker.person.name}
    rows = [wish | {"worker": victim.worker.number}, wish | who]
    thief = world.agency("620100")
    answer = await thief.post(f"{FILINGS}/batch", {"rows": rows})
    assert [it["row"] for it in answer.json()["refused"]] == [1, 2]
    assert told(answer, victims) == set()
    assert OPAQUE.findall(answer.text) in ([], [victim.worker.number])
    sheet = "worker,certificate_number,name,kind,treatment_region,cost_kinds,first_day"
    head = f"{sheet},diagnosis_code,diagnosis,referring_institution,referral_reason,referred_on"
    rest = "residence,370100,medical,,,,,,"
    person = victim.worker.person
    text = f"{head}\n{victim.worker.number},,,{rest}\n,{person.number},{person.name},{rest}\n"
    headers = {"content-type": "text/csv"}
    answer = await thief.post(f"{FILINGS}/batch", content=text.encode(), headers=headers)
    assert len(answer.json()["refused"]) == 2
    assert told(answer, victims) == set()
