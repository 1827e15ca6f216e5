"""Every request of the hub as every kind of caller sends it, about rows that are theirs or not.

What is laid out for the documentation page is one province's worker treated in another's city. A
write is played to its very last statement and then undone by the database, so that each row of the
matrix meets the same world.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import sqlalchemy as sa

from app.gateway.examples import example_of
from app.runtime.openapi import Example
from tests.flows.test_examples import bodies, operations
from tests.support.gateway import Gateway
from tests.support.world import Client, World

Node = dict[str, Any]
HOSPITAL = "H37010000001"
# Where each caller stands to a worker insured in Beijing and treated in Jinan.
RELATIONS: Mapping[str, str] = {
    "operator": "operator",
    "insured-agency": "110000",
    "treatment-agency": "370100",
    "treatment-province": "370000",
    "sibling-city": "370200",
    "foreign-agency": "620100",
    "own-institution": HOSPITAL,
    "neighbour-institution": "A37010000001",
    "foreign-institution": "H61010090001",
    "own-channel": "national-platform",
    "foreign-channel": "zwfw-platform",
    "anonymous": "",
}
STRANGERS = ("sibling-city", "foreign-agency", "neighbour-institution", "foreign-institution")
# Commits nothing that took effect, and says with which status it would have.
VETO = (
    """
    CREATE FUNCTION veto() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'veto %', NEW.status USING ERRCODE = 'HVETO';
    END $$
    """,
    """
    CREATE CONSTRAINT TRIGGER veto AFTER INSERT OR UPDATE ON message DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.state = 'applied' AND NEW.status IS NOT NULL) EXECUTE FUNCTION veto()
    """,
)
REFUSED = 400
VETOED = re.compile(r"veto (\d{3})")
# The number of each transaction's specimen: what was laid for the same deed over REST.
DEEDS: Mapping[str, str] = {
    "2402": "POST /v1/visits/{number}/discharge",
    "2403": "PATCH /v1/visits/{number}",
    "2404": "POST /v1/visits/{number}/cancel",
    "2405": "POST /v1/visits/{number}/discharge/undo",
    "2301": "POST /v1/visits/{number}/lines",
    "2302": "DELETE /v1/visits/{number}/lines",
    "2303": "POST /v1/visits/{number}/preview",
    "2304": "POST /v1/visits/{number}/settle",
    "2305": "POST /v1/settlements/{number}/cancel",
    "2502": "POST /v1/filings/{number}/cancel",
    "2506": "POST /v1/filings/{number}/cancel",
    "5203": "GET /v1/settlements/{number}",
    "5204": "GET /v1/settlements/{number}",
}
ABOUT = """
    SELECT w.number AS psn_no, v.number AS mdtrt_id, s.number AS setl_id,
           f.number AS trt_dcla_detl_sn
      FROM worker w
      JOIN filing f ON f.worker_id = w.id
      LEFT JOIN visit v ON v.filing_id = f.id
      LEFT JOIN settlement s ON s.visit_id = v.id
     WHERE $1 IN (v.number, s.number, f.number)
     LIMIT 1
"""


@dataclass(slots=True)
class Stage:
    """A hub with everything laid out, on which nothing more comes about."""

    world: World
    laid: Mapping[str, Example]
    vetoed: list[str] = field(default_factory=list)
    serials: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def client(self, relation: str) -> Client | None:
        """Return the caller of a relation; nobody for the anonymous one."""
        party = RELATIONS[relation]
        if not party:
            return None
        if party == "operator":
            return self.world.operator
        if party.isdigit():
            return self.world.agency(party)
        if re.fullmatch(r"[HA]\d{11}", party):
            return self.world.institution(party)
        return self.world.channel(party)

    def operations(self) -> list[tuple[str, Node]]:
        """List every operation of the interface but the gateway's, which goes by number."""
        return [it for it in operations(self.world) if "/compat/" not in it[0]]

    async def send(self, name: str, operation: Node, relation: str) -> tuple[str, httpx.Response]:
        """Send an operation's example as a caller; return what to note down, and the answer."""
        example = self.laid.get(name, Example(client="operator"))
        method, _, path = name.partition(" ")
        query: dict[str, str] = {}
        for it in operation.get("parameters", []):
            if it["in"] == "path":
                given = example.parameters.get(it["name"], it.get("example", "0"))
                path = re.sub(rf"{{{it['name']}(:path)?}}", str(given), path)
            elif it["in"] == "query" and "example" in it:
                query[it["name"]] = str(it["example"])
        shown = bodies(self.world, operation)
        client = self.client(relation)
        headers = {} if client is None else client.headers(f"matrix-{next(self.serials):08d}")
        more: Node = {}
        if shown:
            media, content = shown[0]
            headers["Content-Type"] = media
            more = {"content": content.encode()} if isinstance(content, str) else {"json": content}
        self.vetoed.clear()
        answer = await self.world.http.request(method, path, params=query, headers=headers, **more)
        return self._noted(answer), answer

    async def transact(self, number: str, relation: str) -> tuple[str, httpx.Response]:
        """Send a transaction's specimen to the gateway as a caller."""
        body = await self.specimen(number)
        client = self.client(relation)
        gateway = Gateway(self.world, client or self.world.operator, serials=self.serials)
        headers = {} if client is not None else {"Authorization": ""}
        self.vetoed.clear()
        answer = await gateway.post(gateway.envelope(number, body), headers=headers)
        return self._noted(answer), answer

    async def specimen(self, number: str) -> object:
        """Return a transaction's input, about what was laid."""
        specimen = json.dumps(example_of(number)["input"])
        laid = self.laid.get(DEEDS.get(number, "GET /v1/settlements/{number}"))
        if laid is not None:
            async with self.world.tx() as tx:
                found = await tx.exec_driver_sql(ABOUT, (laid.parameters["number"],))
                about = found.mappings().one()
            for name, value in about.items():
                specimen = re.sub(rf'"{name}": "[^"]*"', f'"{name}": "{value}"', specimen)
        return json.loads(specimen)

    def _noted(self, answer: httpx.Response) -> str:
        if self.vetoed:
            return self.vetoed[-1]
        if answer.status_code >= REFUSED:
            return f"{answer.status_code} {answer.json().get('code', '')}".strip()
        if "/compat/" not in str(answer.request.url) or not answer.content.startswith(b"{"):
            return str(answer.status_code)
        told = answer.json()
        faults = told["output"].get("errors", []) if told["infcode"] else []
        return " ".join([str(told["infcode"]), *sorted({it["code"] for it in faults})])


@contextmanager
def vetoing(stage: Stage) -> Iterator[None]:
    """Note the statuses of what the database undoes."""
    engine = stage.world.hub.engine.sync_engine

    def note(context: sa.engine.ExceptionContext) -> None:
        found = VETOED.search(str(context.original_exception))
        if found is not None:
            stage.vetoed.append(found[1])

    sa.event.listen(engine, "handle_error", note)
    try:
        yield
    finally:
        sa.event.remove(engine, "handle_error", note)


def rows(name: str, answers: Mapping[str, str]) -> str:
    """Write what one request was answered, callers with the same answer together."""
    told: dict[str, list[str]] = {}
    for relation, answer in answers.items():
        told.setdefault(answer, []).append(relation)
    lines = [f"    {answer:44} {' '.join(who)}" for answer, who in sorted(told.items())]
    return "\n".join([name, *lines, ""])
