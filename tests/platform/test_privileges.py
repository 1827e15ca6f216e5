"""What the service's own role can do to the tables, whatever a mistake in the service asks for."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from tests.support.world import World

GRANTED = """
    SELECT c.relname AS name,
           has_table_privilege('hub_app', c.oid, 'TRUNCATE, REFERENCES, TRIGGER') AS owns,
           has_table_privilege('hub_app', c.oid, 'DELETE') AS deletes,
           has_table_privilege('hub_app', c.oid, 'INSERT') AS inserts,
           ARRAY(SELECT a.attname::text FROM pg_attribute a
                  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                    AND has_column_privilege('hub_app', c.oid, a.attnum, 'UPDATE')) AS updates
      FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
"""
# A version not yet in force, lines of a visit not yet settled, scopes that are stated anew.
DELETED_FROM = {"catalogue_version", "fee_line", "institution_scope"}
WRITTEN_ONCE = {
    "announcement",
    "audit_trail",
    "catalogue_item",
    "catalogue_version",
    "cleared_month",
    "due_act",
    "entitlement_loss",
    "fee_line",
    "fee_line_removed",
    "filing_history",
    "policy_edition",
    "seal",
    "sealing",
    "settlement_line",
    "settlement_month",
}
BOOKED_BY_FUNCTION = {"account", "entry", "posting"}
# Whatever else may change of these, what was decided and who it was about never does.
CHANGED: Mapping[str, set[str]] = {
    "settlement": {"cancelled_by", "conceded_fen"},
    "worker": {"employer", "updated_at"},
    "worker_identity": {
        "card_number",
        "card_number_index",
        "electronic_card",
        "electronic_card_index",
        "phone",
    },
    "determination": {"state", "withdrawn_at", "withdrawal_reason"},
    "filing_cover": {"live"},
}
NEVER_CHANGED: Mapping[str, set[str]] = {
    "message": {"party", "key", "fingerprint"},
    "filing": {"number", "worker_id", "kind", "cost_kinds", "treatment_region", "submitted_at"},
    "visit": {"number", "worker_id", "filing_id", "determination_id", "admitted_at", "cost_kind"},
}


async def granted(world: World) -> Mapping[str, sa.Row[tuple[object, ...]]]:
    async with world.tx() as tx:
        return {row.name: row for row in await tx.execute(sa.text(GRANTED))}


async def test_the_service_owns_no_table_and_deletes_from_three_of_the_road(world: World) -> None:
    found = await granted(world)
    assert not [name for name, row in found.items() if row.owns]
    deleted_from = {name for name, row in found.items() if row.deletes}
    assert {name for name in deleted_from if not name.startswith("sandbox_")} == DELETED_FROM


async def test_what_was_written_once_is_never_changed(world: World) -> None:
    found = await granted(world)
    assert not [name for name in WRITTEN_ONCE | BOOKED_BY_FUNCTION if found[name].updates]
    assert not [name for name in BOOKED_BY_FUNCTION if found[name].inserts]


async def test_of_what_moves_only_its_moving_parts_change(world: World) -> None:
    found = await granted(world)
    assert {name: set(found[name].updates) for name in CHANGED} == CHANGED
    assert not {name for name, kept in NEVER_CHANGED.items() if kept & set(found[name].updates)}
