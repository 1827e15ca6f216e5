"""Whoever no longer stands, or does not keep to what the token says, gets nothing by any way in.

Every request and every transaction is sent by somebody whom it is open to, and then by the same
one after each kind of fall: on the swift way, in the lane, at the door and at the gateway alike.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa

from app.gateway.mapping import transactions
from app.kernel.parties import SignatureScheme
from app.runtime.auth import Terms
from tests.support.laid import laid_out
from tests.support.world import Client, World
from tests.walls.matrix import RELATIONS, VETO, Node, Stage, vetoing

CALLERS = ("own-institution", "treatment-province", "insured-agency", "own-channel", "operator")
AT_THE_GATEWAY = ("own-institution", "own-channel")
# Told to whoever brings a token: nothing of anybody's is in it. A session that ended may end again.
OF_NOBODY = frozenset({
    "POST /oauth/sessions/end",
    "GET /v1/signing-key", "GET /v1/institutions/import/template",
    "GET /v1/filings/batch/template", "GET /v1/ledger/journal/verifier",
})  # fmt: skip
OPENS = "023"  # how what was done is noted down: a status, or the gateway's own
FALLS: Mapping[str, str] = {
    "revoked": "UPDATE client SET tokens_valid_from = :later WHERE id = ANY (:clients)",
    "disabled": "UPDATE client SET state = 'disabled' WHERE id = ANY (:clients)",
    "expired": "UPDATE client SET expires_at = :earlier WHERE id = ANY (:clients)",
    "party disabled": "UPDATE party SET state = 'disabled' WHERE code = ANY (:parties)",
    "gone in production": """
        WITH marked AS (INSERT INTO database_mark (single, mode, marked_at)
                        VALUES (true, 'production', :later))
        DELETE FROM client WHERE id = ANY (:clients)
    """,
}
RISE = (
    "DELETE FROM database_mark",
    """
    INSERT INTO client (id, party, state, created_at)
    SELECT id, party, 'active', :earlier
      FROM unnest(CAST(:clients AS text[]), CAST(:parties AS text[])) AS it (id, party)
        ON CONFLICT DO NOTHING
    """,
    """
    UPDATE client SET tokens_valid_from = NULL, state = 'active', expires_at = NULL
     WHERE id = ANY (:clients)
    """,
    "UPDATE party SET state = 'active' WHERE code = ANY (:parties)",
)
ADD = sa.text(
    "INSERT INTO client (id, party, state, created_at) VALUES (:client, :party, 'active', :now)"
)
# The gateway says it in its own envelope, and names no code beside the status.
FELL = ("401 unauthenticated", "401")
UNKEPT: Mapping[str, tuple[Terms, tuple[str, ...]]] = {
    "from elsewhere": (Terms(addresses=("192.0.2.0/24",)), ("403 address-refused", "403")),
    "unsigned": (
        Terms(signature=SignatureScheme.HMAC_SM3, keys={"K": ""}),
        ("401 signature-required", "401"),
    ),
    "too often": (Terms(client_per_minute=1), ("429 rate-limited", "429")),
}


def _client_of(relation: str) -> str:
    return f"falling-{relation}"


@dataclass(slots=True)
class Falling(Stage):
    """A stage on which every caller has a client of its own, held to terms."""

    terms: Terms = field(default_factory=Terms)

    def client(self, relation: str) -> Client | None:
        """Return the caller of a relation by its own client."""
        found = Stage.client(self, relation)
        if found is None:
            return None
        held = replace(found.caller, client=_client_of(relation), terms=self.terms)
        return replace(found, caller=held)

    async def carry_out(self, statement: str) -> None:
        """Let every caller fall, or rise."""
        now = self.world.clock()
        asked = {
            "clients": [_client_of(it) for it in CALLERS],
            "parties": [RELATIONS[it] for it in CALLERS],
            "later": now + timedelta(seconds=1),
            "earlier": now - timedelta(seconds=1),
        }
        wanted = sa.text(statement)
        said = {name: it for name, it in asked.items() if f":{name}" in statement}
        async with self.world.tx() as owner:
            await owner.execute(wanted, said)


@dataclass(frozen=True, slots=True)
class Open:
    """What was open to whom while they stood."""

    requests: Mapping[str, tuple[Node, str]]
    transactions: Mapping[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(
    world: World, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Falling]:
    """A laid-out hub that keeps nothing from now on, and a client for each caller."""
    laid = await laid_out(world, database_url, tmp_path_factory.mktemp("home"))
    async with world.tx() as tx:
        for relation in CALLERS:
            party, now = RELATIONS[relation], world.clock() - timedelta(days=1)
            await tx.execute(ADD, {"client": _client_of(relation), "party": party, "now": now})
        for statement in VETO:
            await tx.exec_driver_sql(statement)
    it = Falling(world, laid)
    with vetoing(it):
        yield it


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def opened(stage: Falling) -> Open:
    """Find who may send what, by sending it."""
    requests: dict[str, tuple[Node, str]] = {}
    for name, operation in stage.operations():
        to_all = (await stage.send(name, operation, "anonymous"))[0][0] in OPENS
        for relation in () if to_all or name in OF_NOBODY else CALLERS:
            noted, _ = await stage.send(name, operation, relation)
            if noted[0] in OPENS:
                requests[name] = operation, relation
                break
    carried = {}
    for number in transactions():
        for relation in AT_THE_GATEWAY:
            noted, _ = await stage.transact(number, relation)
            if noted[0] in OPENS:
                carried[number] = relation
                break
    assert len(requests) > 100, sorted(requests)
    assert len(carried) > 10, sorted(carried)
    assert {"GET /v1/visits/{number}", "POST /v1/visits/{number}/settle"} <= requests.keys()
    return Open(requests, carried)


async def _told(stage: Falling, opened: Open) -> dict[str, str]:
    told = {}
    for name, (operation, relation) in opened.requests.items():
        told[name] = (await stage.send(name, operation, relation))[0]
    for number, relation in opened.transactions.items():
        told[number] = (await stage.transact(number, relation))[0]
    return told


@pytest.mark.parametrize("how", FALLS)
async def test_who_has_fallen_is_told_nothing_by_any_request(
    stage: Falling, opened: Open, how: str
) -> None:
    await stage.carry_out(FALLS[how])
    try:
        told = await _told(stage, opened)
    finally:
        for statement in RISE:
            await stage.carry_out(statement)
    assert {it: said for it, said in told.items() if said not in FELL} == {}


@pytest.mark.parametrize("how", UNKEPT)
async def test_who_does_not_keep_to_the_terms_is_told_nothing_by_any_request(
    stage: Falling, opened: Open, how: str
) -> None:
    stage.terms, refused = UNKEPT[how]
    try:
        for relation in CALLERS:
            client = stage.client(relation)
            assert client is not None, "a party"
            await client.get("/v1/regions")  # all that a client of one a minute has
        told = await _told(stage, opened)
    finally:
        stage.terms = Terms()
    assert {it: said for it, said in told.items() if said not in refused} == {}
