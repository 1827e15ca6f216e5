"""Tables with many rows, for tests that look at how a list is read and not at what it says."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.entitlement.tables import worker_identity
from app.runtime.vault import Vault, vault_of
from tests.support.world import World

ROWS = 10_000
PAGE_MAX = 200
OURS = 60  # the last so many name the places of Shandong, those before it only others
# The others' places; an institution lies in its treatment region, so that the codes agree.
ELSEWHERE = [f"{number}0000" for number in range(11, 60) if number != 37]
CODES = f"(ARRAY{ELSEWHERE})"
PAIRS = f"{CODES}[1 + n % {len(ELSEWHERE)}]", f"{CODES}[1 + (n + 1) % {len(ELSEWHERE)}]"
INSURED = f"CASE WHEN n > {ROWS - OURS} AND n % 2 = 0 THEN '370200' ELSE {PAIRS[0]} END"
TREATED = f"CASE WHEN n > {ROWS - OURS} AND n % 2 = 1 THEN '370100' ELSE {PAIRS[1]} END"
INSURED_PLACE = INSURED.replace("370200", "370000")
TREATED_PLACE = TREATED.replace("370100", "370000")
INSTITUTION = f"'H' || {TREATED} || '00001'"
SIDES = {"insured_region": INSURED, "treatment_region": TREATED}
PLACES = {"insured_place": INSURED_PLACE, "treatment_place": TREATED_PLACE}
# What of each table is not the same in every row, or has to be one of a few words.
MADE: Mapping[str, Mapping[str, str]] = {
    "worker": {"insured_region": INSURED},
    "determination": {
        "kind": "'injury'",
        "state": "'active'",
        "worker_id": "n",
        "last_day": "NULL",
    },
    "filing": SIDES
    | {
        "kind": "'referral'",
        "state": "'approved'",
        "scheme": "'cross_province'",
        "cost_kinds": "ARRAY['medical']",
        "submitted_by": "'national-platform'",
        "worker_id": "n",
        "decided_at": "now()",
        "last_day": "date '2026-09-01'",
    },
    "visit": SIDES
    | {
        "kind": "'inpatient'",
        "cost_kind": "'medical'",
        "state": "'settled'",
        "scheme": "'cross_province'",
        "institution": INSTITUTION,
        "worker_id": "n",
        "determination_id": "n",
        "filing_id": "n",
        "card_kind": "'none'",
        "diagnoses": "'[]'",
        "journey": "gen_random_uuid()",
    },
    "settlement": SIDES
    | PLACES
    | {
        "kind": "'settlement'",
        "cost_kind": "'medical'",
        "scheme": "'cross_province'",
        "institution": INSTITUTION,
        "visit_id": "n",
        "worker_id": "n",
        "filing_id": "n",
        "month": "'2025-08'",
    },
    "deduction": SIDES
    | PLACES
    | {
        "scheme": "'cross_province'",
        "reason": "'other'",
        "state": "'proposed'",
        "institution": INSTITUTION,
        "settlement_id": "n",
        "proposed_fen": "1",
        "amount_fen": "1",
    },
    "reconciliation": {
        "region": TREATED,
        "party": INSTITUTION,
        "day": "date '2000-01-01' + n",
        "side": "'treatment'",
        "result": "'equal'",
    },
    "declaration": {
        "place": TREATED_PLACE,
        "region": TREATED,
        "institution": INSTITUTION,
        "scheme": "'cross_province'",
        "month": "'2025-08'",
    },
    "institution_payment": {
        "place": TREATED_PLACE,
        "region": TREATED,
        "institution": INSTITUTION,
        "amount_fen": "1",
    },
    "review_line": {
        "review_id": "n",
        "place": TREATED_PLACE,
        "institution": f"'H' || {TREATED} || lpad((n / 12)::text, 5, '0')",
        "month": "'2025-08'",
    },
    "contest": PLACES
    | {
        "reason": "'other'",
        "state": "'open'",
        "claim_id": "1",
        "confirmation_id": "1",
        "held_by": "1",
        "settlement": "'settlement' || n",
    },
    "bank_confirmation": {
        "payer": INSURED_PLACE,
        "payee": TREATED_PLACE,
        "outcome": "'misdirected'",
        "amount_fen": "1",
    },
    "account": {
        "kind": "'payable'",
        "name": f"concat_ws(':', 'payable', {TREATED_PLACE}, 'H' || {TREATED} "
        "|| lpad(n::text, 5, '0'))",
        "treatment_place": TREATED_PLACE,
        "institution": f"'H' || {TREATED} || lpad(n::text, 5, '0')",
    },
}
ONE: Mapping[str, Mapping[str, str]] = {
    "clearing": {"scheme": "'cross_province'", "state": "'generated'"},
    "claim": {
        "insured_place": "'110000'",
        "treatment_place": "'370000'",
        "clearing_id": "1",
        "settlement_count": "1",
    },
}


async def fill(world: World) -> None:
    """Write many rows into every table of `MADE`, whatever else they would have to refer to."""
    async with world.tx() as tx:
        await tx.execute(sa.text("SET LOCAL session_replication_role = replica"))
        for tables, rows in ((ONE, 1), (MADE, ROWS)):
            for table, made in tables.items():
                await _fill(tx, table, made, rows)
        named = [*range(1, PAGE_MAX + 2), *range(ROWS - OURS + 1, ROWS + 1)]
        vault = vault_of(world.hub.engine)
        await tx.execute(worker_identity.insert(), [_person(vault, n) for n in named])
    async with world.owner.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(sa.text("ANALYZE"))


def _person(vault: Vault, worker_id: int) -> dict[str, object]:
    """Only those whom a page shows need a name."""
    clear = {
        "certificate_number": f"nobody {worker_id}",
        "name": "示例人员",
        "birth_date": "1980-01-01",
    }
    kept = {name: vault.encrypt(text, worker_id, name) for name, text in clear.items()}
    index = vault.index(clear["certificate_number"], "certificate_number")
    return kept | {
        "worker_id": worker_id,
        "certificate_kind": "social_security_number",
        "certificate_number_index": index,
        "sex": "male",
    }


async def _fill(tx: AsyncConnection, table: str, made: Mapping[str, str], rows: int) -> None:
    found = await tx.execute(
        sa.text(
            "SELECT column_name, data_type FROM information_schema.columns "
            "WHERE table_name = :table AND table_schema = 'public' "
            "AND (is_nullable = 'NO' OR column_name = ANY (:made)) AND is_generated = 'NEVER'"
        ),
        {"table": table, "made": list(made)},
    )
    values = {name: made.get(name) or _plain(table, name, kind) for name, kind in found}
    await tx.execute(
        sa.text(
            f"INSERT INTO {table} ({', '.join(values)}) OVERRIDING SYSTEM VALUE "  # noqa: S608 -- ours
            f"SELECT {', '.join(values.values())} FROM generate_series(1, {rows}) AS n"
        )
    )


def _plain(table: str, name: str, kind: str) -> str:
    if name == "id":
        return "n"
    words = {
        "text": f"'{table}' || n",
        "date": "date '2025-09-01'",
        "timestamp with time zone": "timestamptz '2025-09-01 09:00+08'",
        "boolean": "false",
        "bytea": "sha256(n::text::bytea)",
        "jsonb": "'{}'",
        "ARRAY": "'{}'",
    }
    return words.get(kind, "0")
