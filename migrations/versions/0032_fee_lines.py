"""Fee lines come in by the call: one look at many visits, one statement that keeps their lines.

Why: of what a call of a hundred lines cost the database, most was asked a line: twice whether its
visit is there, once whether it may be seen, and a digest nobody read. Through these two functions
many calls are looked at in one statement and kept in one, each with its own message and trail.
Safe because: whatever is not plain (an id known or under way, a visit that moved on or is held, a
serial the visit holds) is written for nobody and left to the door. Both functions ask for the
institution themselves, since their owner sees behind the walls. The foreign keys that go are of
rows written in the statement that counts them into their visit, which nobody can delete; the law
`rows_hang_together` of the proof looks for what they would have refused. The digest said nothing
the row does not say. The new index is of refunds alone; making it reads the table once, while
lines wait.

Revision ID: 0032
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

# Plans are made once a connection, perhaps of a table that was empty then: none reads one whole.

# What decides which charges a visit takes, for each of the calls that is plain so far: the id was
# never used, the visit is open and the institution's own, and the client still stands.
LOOK = """
CREATE FUNCTION lines_look(
    parties text[], clients text[], issued_at timestamptz[], keys text[], numbers text[],
    now timestamptz
) RETURNS TABLE (
    n int, id bigint, kind text, state text, treatment_region text, admitted_at timestamptz,
    discharged_at timestamptz, line_count int, total_fen bigint, revision bigint
) LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT a.n::int, v.id, v.kind, v.state, v.treatment_region::text, v.admitted_at,
           v.discharged_at, v.line_count, v.total_fen, v.revision
      FROM unnest(parties, clients, issued_at, keys, numbers) WITH ORDINALITY
           AS a(party, client, issued_at, key, number, n)
      JOIN visit v ON v.number = a.number AND v.institution = a.party::bpchar
     WHERE v.state IN ('admitted', 'discharged')
       AND NOT EXISTS (SELECT FROM message m WHERE m.party = a.party AND m.key = a.key)
       AND nullif(client_stands(a.client, a.issued_at, now), 'unknown') IS NULL;
END $$
"""
# Keeps what was decided, for all or for nobody; returns the places (from 1) of those that are not
# plain after all. Nobody is waited for. A column of lines comes as one text for each call, its
# values parted by the separator of units, empty where nothing was said: an array costs the sender
# ten times as much.
KEEP = """
CREATE FUNCTION lines_keep(
    at timestamptz, action text, deed text, status smallint,
    parties text[], clients text[], keys text[], fingerprints bytea[], requests text[],
    bodies bytea[], facts text[],
    visit_ids bigint[], revisions bigint[], numbers text[], counts int[], totals bigint[],
    serials text[], categories text[], item_codes text[], item_names text[],
    institution_item_codes text[], specifications text[], units text[], quantities text[],
    unit_prices text[], amounts text[], occurred_at text[], injury_related text[],
    restricted_approved text[], departments text[], physicians text[]
) RETURNS int[] LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    part CONSTANT text := chr(31);
    odd int[];
BEGIN
    SELECT array_agg(a.n) INTO odd
      FROM unnest(parties, keys) WITH ORDINALITY AS a(party, key, n)
     WHERE NOT pg_try_advisory_xact_lock(
               hashtextextended('message ' || a.party || ' ' || a.key, 0));
    IF odd IS NOT NULL THEN RETURN odd; END IF;
    SELECT array_agg(a.n) INTO odd
      FROM unnest(parties, keys, visit_ids, revisions)
           WITH ORDINALITY AS a(party, key, visit_id, revision, n)
      LEFT JOIN (SELECT v.id, v.revision, v.institution FROM visit v
                  WHERE v.id = ANY (visit_ids) ORDER BY v.id
                    FOR NO KEY UPDATE SKIP LOCKED) AS held
             ON held.id = a.visit_id AND held.revision = a.revision
                AND held.institution = a.party::bpchar
     WHERE held.id IS NULL
        OR EXISTS (SELECT FROM message m WHERE m.party = a.party AND m.key = a.key);
    IF odd IS NOT NULL THEN RETURN odd; END IF;
    -- Most calls go on where the last one ended: one look tells. Others are looked at whole.
    SELECT array_agg(a.n) INTO odd
      FROM unnest(visit_ids, serials) WITH ORDINALITY AS a(visit_id, serials, n)
     WHERE CASE WHEN EXISTS (
               SELECT FROM (SELECT min(said.serial), max(said.serial)
                              FROM unnest(string_to_array(a.serials, part)) AS said(serial)
                           ) AS said(least, most)
                 JOIN fee_line f ON f.visit_id = a.visit_id
                                AND f.serial BETWEEN said.least AND said.most)
           THEN EXISTS (SELECT FROM fee_line f
                         WHERE f.visit_id = a.visit_id
                           AND f.serial = ANY (string_to_array(a.serials, part))) END;
    IF odd IS NOT NULL THEN RETURN odd; END IF;

    INSERT INTO message
           (party, key, fingerprint, state, action, client, at, status, body, deed, subject)
    SELECT a.party, a.key, a.fingerprint, 'applied', lines_keep.action, a.client, lines_keep.at,
           lines_keep.status, a.body, lines_keep.deed, a.number
      FROM unnest(parties, keys, fingerprints, clients, bodies, numbers)
           AS a(party, key, fingerprint, client, body, number);
    WITH call AS MATERIALIZED (  -- the last place is looked up once a call
        SELECT c.*, coalesce((SELECT max(f.position) FROM fee_line f
                               WHERE f.visit_id = c.visit_id), 0) AS last
          FROM unnest(visit_ids, serials, categories, item_codes, item_names,
                      institution_item_codes, specifications, units, quantities, unit_prices,
                      amounts, occurred_at, injury_related, restricted_approved, departments,
                      physicians)
               AS c(visit_id, serials, categories, item_codes, item_names,
                    institution_item_codes, specifications, units, quantities, unit_prices,
                    amounts, occurred_at, injury_related, restricted_approved, departments,
                    physicians)
    )
    INSERT INTO fee_line
           (visit_id, position, uploaded_at, serial, category, item_code, item_name,
            institution_item_code, specification, unit, quantity, unit_price, amount_fen,
            occurred_at, injury_related, restricted_approved, department, physician)
    SELECT a.visit_id, a.last + said.n, lines_keep.at, said.serial, said.category, said.item_code,
           said.item_name, said.institution_item_code, said.specification, said.unit,
           said.quantity::numeric, said.unit_price::numeric, said.amount::bigint,
           said.occurred_at::timestamptz, said.injury_related::boolean,
           said.restricted_approved::boolean, said.department, said.physician
      FROM call AS a
     CROSS JOIN LATERAL unnest(
           string_to_array(a.serials, part), string_to_array(a.categories, part),
           string_to_array(a.item_codes, part, ''), string_to_array(a.item_names, part),
           string_to_array(a.institution_item_codes, part, ''),
           string_to_array(a.specifications, part, ''), string_to_array(a.units, part, ''),
           string_to_array(a.quantities, part), string_to_array(a.unit_prices, part),
           string_to_array(a.amounts, part), string_to_array(a.occurred_at, part),
           string_to_array(a.injury_related, part),
           string_to_array(a.restricted_approved, part),
           string_to_array(a.departments, part, ''), string_to_array(a.physicians, part, ''))
           WITH ORDINALITY AS said(serial, category, item_code, item_name, institution_item_code,
                                   specification, unit, quantity, unit_price, amount, occurred_at,
                                   injury_related, restricted_approved, department, physician, n);
    UPDATE visit v SET line_count = v.line_count + a.counted, total_fen = v.total_fen + a.total,
                       revision = v.revision + 1
      FROM unnest(visit_ids, counts, totals) AS a(visit_id, counted, total)
     WHERE v.id = a.visit_id;
    INSERT INTO audit_trail (at, party, client, request, action, subject, facts, message)
    SELECT lines_keep.at, a.party, a.client, a.request, lines_keep.deed, a.number,
           a.facts::jsonb, a.key
      FROM unnest(parties, clients, requests, numbers, facts, keys)
           AS a(party, client, request, number, facts, key);
    RETURN NULL;
END $$
"""
DIGEST = "sha256(convert_to(l::text, 'UTF8'))"
TABLES = ("fee_line", "fee_line_removed")


def upgrade() -> None:
    """Open the lane for fee lines."""
    op.drop_constraint("fk_fee_line_visit_id_visit", "fee_line")
    op.drop_constraint("fk_fee_line_refund_of", "fee_line")
    for table in TABLES:
        op.drop_column(table, "digest")
    op.drop_index("ix_fee_line_refund_of", "fee_line")
    op.create_index(
        "ix_fee_line_refund_of",
        "fee_line",
        ["visit_id", "refund_of"],
        postgresql_where=sa.text("refund_of IS NOT NULL"),
    )
    for name, function in (("lines_look", LOOK), ("lines_keep", KEEP)):
        op.execute(function)
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO hub_app")


def downgrade() -> None:
    """Close it, and tie the lines again; what was digested is digested anew, by another hand."""
    op.execute("DROP FUNCTION lines_keep")
    op.execute("DROP FUNCTION lines_look")
    op.drop_index("ix_fee_line_refund_of", "fee_line")
    op.create_index("ix_fee_line_refund_of", "fee_line", ["visit_id", "refund_of"])
    for table in TABLES:
        op.add_column(table, sa.Column("digest", sa.LargeBinary))
        op.execute(f"UPDATE {table} l SET digest = {DIGEST}")  # noqa: S608 -- names of our own
        op.alter_column(table, "digest", nullable=False)
    op.create_foreign_key("fk_fee_line_visit_id_visit", "fee_line", "visit", ["visit_id"], ["id"])
    op.create_foreign_key(
        "fk_fee_line_refund_of",
        "fee_line",
        "fee_line",
        ["visit_id", "refund_of"],
        ["visit_id", "serial"],
    )
